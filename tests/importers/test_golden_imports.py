"""What comes of each file in ``data``: the rule file and the report, byte for byte.

The folder is the format. Beside ``smuggling.txt`` stand ``smuggling.rules.yaml``
and, where there is something to say, ``smuggling.report``.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from ruletag.matching.compiler import compile_rules
from ruletag.rules.importers import nexis, presidio, quanteda, spacy, words
from ruletag.rules.importers.rulefile import Imported, Source, write
from ruletag.rules.loader import parse_rules

DATA: Final = Path(__file__).parent / "data"
READERS: Final[dict[str, Callable[[Source], Imported]]] = {
    "nexis": nexis.read,
    "presidio": presidio.read,
    "quanteda": quanteda.read,
    "spacy": spacy.read,
    "words": words.read,
}
GOLDEN: Final = (".rules.yaml", ".report")
INPUTS: Final = sorted(p for p in DATA.glob("*/*") if not p.name.endswith(GOLDEN))


def imported(path: Path, category: str = "") -> Imported:
    return READERS[path.parent.name](Source(path.read_bytes(), path.name, category))


def report(found: Imported) -> str:
    return "".join(f"{remark.line}:{remark.column}: {remark}\n" for remark in found.all_remarks)


def golden(path: Path, given: str, ending: str, *, regold: bool) -> str:
    """Give what is expected; write it anew if that was asked for."""
    kept = path.with_name(path.stem + ending)
    if regold:
        kept.unlink(missing_ok=True)
        if given:
            kept.write_text(given, encoding="utf-8")
    return kept.read_text(encoding="utf-8") if kept.exists() else ""


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_rule_file_is_as_ever(path: Path, regold: bool) -> None:  # noqa: FBT001 - a fixture
    found = imported(path)

    given = write(found), report(found)

    assert given[0] == golden(path, given[0], ".rules.yaml", regold=regold)
    assert given[1] == golden(path, given[1], ".report", regold=regold)


@pytest.mark.parametrize("category", ["", "desk.imports"])
@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_rule_file_can_be_used(path: Path, category: str) -> None:
    found = imported(path, category)

    rules = compile_rules(parse_rules({"a.yaml": write(found).encode()}))

    ids = {c.id for c in found.categories if c.entries}
    assert {c.id for c in rules.rule_set.categories} == ids
    assert all(id_.startswith(category) for id_ in ids)


def test_each_format_has_its_examples() -> None:
    assert {path.parent.name for path in INPUTS} == READERS.keys()
