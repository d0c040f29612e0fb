"""Whatever is imported gives rules that can be used, or says where it cannot be read."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ruletag.rules.importers import nexis, presidio, quanteda, spacy, words
from ruletag.rules.importers.rulefile import Imported, Source, UnreadableError, write
from ruletag.rules.loader import parse_rules

Reader = Callable[[Source], Imported]

READERS: Final = {
    "nexis": nexis.read,
    "presidio": presidio.read,
    "quanteda": quanteda.read,
    "spacy": spacy.read,
    "words": words.read,
}
EVERY: Final = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)

# Pieces that mean something in one format or another, and what goes between them.
PIECES: Final = st.sampled_from(
    """copper smuggl! zinc* t?n "scrap_metal" ( ) [ ] { } , : - # ~ \\ $x =y ... … ™ 구리 é
    and or not w/5 w/s pre/3 near5 adj same HEADLINE( ATLEAST3( ALLCAPS( la=en date>1 a: "label"
    "pattern" "LOWER" "OP" "deny_list" "supported_entity" deny_list: supported_entity:""".split()
)
SOUPS: Final = st.lists(PIECES, max_size=20).flatmap(
    lambda pieces: st.sampled_from([" ", "\n", "", ": "]).map(lambda sign: sign.join(pieces))
)
LEAVES: Final = st.sampled_from(["copper", "smuggl*", "", "t?n", "a ... b", "\x01", 3, None, True])
KEYS: Final = st.sampled_from(
    "label pattern id LOWER ORTH LEMMA OP IN POS deny_list supported_entity context patterns "
    "regex recognizers enabled Ü".split()
)
TREES: Final = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def read(reader: Reader, content: bytes, category: str) -> Imported | UnreadableError:
    try:
        found = reader(Source(content, "a.txt", category))
        write(found)
    except UnreadableError as error:
        return error
    return found


def check(reader: Reader, content: bytes, category: str = "") -> None:
    found = read(reader, content, category)
    if isinstance(found, UnreadableError):
        assert found.places
        assert all(line >= 0 and column >= 0 and why for line, column, why in found.places)
        return
    assert all(remark.line > 0 and remark.column > 0 for remark in found.all_remarks)
    if any(category.entries for category in found.categories):
        parse_rules({"a.yaml": write(found).encode()})
    else:
        assert found.all_remarks


@EVERY
@given(content=st.binary(max_size=200))
@example(content=b"\xff\xfea")
@example(content=b"copper\n\xe9")
def test_any_bytes(reader: Reader, content: bytes) -> None:
    check(reader, content)


@EVERY
@given(text=st.text(max_size=100) | SOUPS)
def test_any_text(reader: Reader, text: str) -> None:
    check(reader, text.encode("utf-8", "replace"), "above.all")


@EVERY
@given(tree=TREES)
def test_any_json(reader: Reader, tree: Any) -> None:  # noqa: ANN401 - any JSON
    check(reader, json.dumps(tree).encode())
    check(reader, json.dumps({"label": "X", "pattern": tree}).encode())
    check(reader, json.dumps({"deny_list": tree, "supported_entity": "X"}).encode())


@EVERY
@pytest.mark.parametrize("opening", ["(", "[", "{", '{"a":', "- ", "a: ", "((a) or "])
def test_deep_nesting(reader: Reader, opening: str) -> None:
    check(reader, (opening * 20_000).encode())
