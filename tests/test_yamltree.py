"""A YAML file becomes a tree that knows its places, or a located problem; whatever its bytes."""

import time
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog
from ruletag.rules.yamltree import Mapping, Node, Scalar, Sequence, read_tree

SHIPPED: Final = sorted((Path(__file__).parent.parent / "rules").glob("*.yaml"))


def read(content: bytes) -> tuple[Node | None, list[str]]:
    """Read a file; give its tree, and the codes and places of its problems."""
    log = ProblemLog()
    tree = read_tree("a.yaml", content, log)
    found = [f"{p.code} {p.location.line}:{p.location.column}" for p in log.problems]
    return tree, found


def values(node: Node | None) -> Any:  # noqa: ANN401 - any JSON
    """Give the plain values of a tree."""
    if isinstance(node, Sequence):
        return [values(item) for item in node.items]
    if isinstance(node, Mapping):
        return {key.value: values(value) for key, value in node.pairs}
    return node.value if node is not None else None


# --------------------------------------------------------------------- accepted

# name, content, values
READ: Final = [
    ("a mapping", b"a: b", {"a": "b"}),
    ("a list", b"- a\n- b", ["a", "b"]),
    ("text", b"a", "a"),
    ("brackets and braces", b"{a: [b, {c: d}]}", {"a": ["b", {"c": "d"}]}),
    ("a byte order mark", b"\xef\xbb\xbfa: b", {"a": "b"}),
    ("lines that end in CR LF", b"a:\r\n- b\r\n- c\r\n", {"a": ["b", "c"]}),
    ("lines that end in CR", b"a:\r- b\r- c\r", {"a": ["b", "c"]}),
    ("a document marked at both ends", b"---\na: b\n...\n", {"a": "b"}),
    ("a directive", b"%YAML 1.1\n---\na: b\n", {"a": "b"}),
    ("comments", b"# x\na: b # y\n", {"a": "b"}),
    ("Korean", "가: [밀수]".encode(), {"가": ["밀수"]}),
    ("beyond the basic plane", "a: 𠮷".encode(), {"a": "𠮷"}),
    ("what YAML 1.1 takes for truth", b"[no, on, Yes, y]", ["no", "on", "Yes", "y"]),
    ("what it takes for numbers", b"[012, 1e3, 0x1F, 1_0]", ["012", "1e3", "0x1F", "1_0"]),
    ("what it takes for times", b"[12:30:45, 2020-01-22]", ["12:30:45", "2020-01-22"]),
    ("what it takes for nothing", b"[~, null, '']", ["~", "null", ""]),
    ("infinity", b"[.inf, .nan]", [".inf", ".nan"]),
    ("an equals sign", b"['=WPK', =WPK, =]", ["=WPK", "=WPK", "="]),
    ("a block of text", b"a: |\n  b\n  c\n", {"a": "b\nc\n"}),
    ("a text over lines", b"a: b\n  c\n", {"a": "b c"}),
    ("escapes", b"[\"\\u00e9\\t\", 'it''s']", ["é\t", "it's"]),
    ("an escaped merge key", b"'<<': a", {"<<": "a"}),
    ("sixteen levels", b"[" * 16 + b"]" * 16, [[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]),
]


@pytest.mark.parametrize(
    ("content", "expected"), [pytest.param(*case, id=name) for name, *case in READ]
)
def test_accepted(content: bytes, expected: object) -> None:
    tree, problems = read(content)

    assert values(tree) == expected
    assert problems == []


# ---------------------------------------------------------------------- refused

MIB: Final = 1024 * 1024

# name, content, codes and places
REFUSED: Final = [
    ("nothing", b"", ["E111 1:1"]),
    ("comments", b"# a\n", ["E111 1:1"]),
    ("a byte order mark alone", b"\xef\xbb\xbf", ["E111 1:1"]),
    ("a document without content", b"---\n...\n", ["E111 1:1"]),
    ("an unclosed bracket", b"a: [b", ["E101 1:4"]),
    ("an unclosed bracket, then lines", b"a: [b\nc: d\n", ["E101 1:4"]),
    ("the wrong bracket", b"a: {b: [c}\n", ["E101 1:8"]),
    ("dashes inside brackets", b"a: [\n- b\n]\n", ["E101 2:1"]),
    ("an unclosed quotation mark", b"a: 'b\nc: d\n", ["E101 1:4"]),
    ("a tab as indent", b"a:\n\tb: c\n", ["E101 2:1"]),
    ("a tab in a block of text", b"a: |\n\tb\n", ["E101 2:1"]),
    ("two colons", b"a: b: c", ["E101 1:5"]),
    ("no space behind a colon", b"a:\n  b:[c]\n  d: e\n", ["E101 2:4"]),
    ("a lone surrogate", b'a: "\\ud800"', ["E101 1:7"]),
    ("a key of 2,000 characters", b"a" * 2000 + b": b", ["E101 1:2001"]),
    ("a NUL", b"a: \0", ["E103 1:4"]),
    ("an escape sequence", b"a: b\nc: \x1b[31m", ["E103 2:4"]),
    ("a delete", b"a: \x7f", ["E103 1:4"]),
    ("a control character of Latin-1", b"a: \xc2\x80", ["E103 1:4"]),
    ("not a character", "a: \ufffe".encode(), ["E103 1:4"]),
    ("Latin-1", b"a: caf\xe9", ["E102 1:7"]),
    ("Latin-1 in line 2, behind a mark", b"\xef\xbb\xbfa: b\r\nc: \xe9\n", ["E102 2:4"]),
    ("Windows-1252", b"a: \x93b\x94", ["E102 1:4"]),
    ("no encoding at all", b"a: \x81\xff", ["E102 1:4"]),
    ("CP949", "a: 밀수".encode("cp949"), ["E102 1:4"]),
    ("a surrogate", b"a: \xed\xa0\x80", ["E102 1:4"]),
    ("half a character", b"a: \xec\x88", ["E102 1:4"]),
    ("UTF-16", "a: b".encode("utf-16"), ["E102 1:1"]),
    ("UTF-16 without a mark", "a: b".encode("utf-16-le"), ["E102 1:1"]),
    ("UTF-32", "a: b".encode("utf-32"), ["E102 1:1"]),
    ("two documents", b"a: b\n---\nc: d\n", ["E107 2:1"]),
    ("three dashes at the end", b"a: b\n---\n", ["E107 2:1"]),
    ("a key twice", b"a: b\nc: d\na: e\na: f\n", ["E104 3:1", "E104 4:1"]),
    ("a key twice, in quotes", b"a: b\n'a': c\n", ["E104 2:1"]),
    ("an empty key", b"{'': b, ' ': c, ~: d}", ["E204 1:2", "E204 1:9"]),
    ("a list as key", b"? [a]\n: b\n", ["E203 1:3"]),
    ("a mapping as key", b"{{a: b}: c}", ["E203 1:2"]),
    ("an alias", b"- *a", ["E105 1:3"]),
    ("an anchor", b"- &a b", ["E105 1:3"]),
    ("an anchor and a tag", b"- &a !b c", ["E105 1:3"]),
    ("a tag and an anchor", b"- !b &a c", ["E106 1:3"]),
    ("an anchor on a list", b"- &a [b]", ["E105 1:3"]),
    ("an alias of itself", b"&a [*a]", ["E105 1:1"]),
    ("a merge key", b"<<: {a: b}", ["E105 1:1"]),
    ("a tag", b"- !!str a", ["E106 1:3"]),
    ("a tag on a mapping", b"!!python/object/apply:os.system {a: b}", ["E106 1:1"]),
    ("a tag without a name", b"- ! a", ["E106 1:3"]),
    ("a local tag", b"!a:\n  b: c\n", ["E106 1:1"]),
    ("seventeen levels", b"[" * 17, ["E108 1:17"]),
    ("more than 8 MiB", b"#" * (LIMITS.rule_file + 1), ["E109 0:0"]),
    ("more than 500,000 values", b"- a\n" * 500_000, ["E109 500000:3"]),
]


@pytest.mark.parametrize(
    ("content", "expected"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_refused(content: bytes, expected: list[str]) -> None:
    assert read(content)[1] == expected


def test_what_was_left_out_is_known() -> None:
    log = ProblemLog()

    tree = read_tree("a.yaml", b"{a: b, a: c}", log)

    assert isinstance(tree, Mapping)
    assert not tree.is_whole
    assert len(tree.pairs) == 1


# name, content: none may take long, or much memory
GIANTS: Final = [
    ("keys inside one another", b"a: " * (8 * MIB // 3)),
    ("keys without values", b"".join(b"a%d:\n" % i for i in range(700_000))),
    ("a list", b"- x\n" * (2 * MIB)),
    ("a list in brackets", b"[" + b"x," * (4 * MIB - 1)),
    ("brackets", b"[" * 8 * MIB),
    ("100,000 brackets", b"[" * 100_000),
    ("closing brackets", b"]" * 8 * MIB),
    ("braces", b"{" * 8 * MIB),
    ("dashes", b"- " * 4 * MIB),
    ("question marks", b"? " * 4 * MIB),
    ("question marks in lines", b"?\n" * 4 * MIB),
    ("double quotation marks", b'"' * 8 * MIB),
    ("single quotation marks", b"' " * 4 * MIB),
    ("one word", b"a" * 8 * MIB),
    ("one quoted text", b'"' + b"a" * (8 * MIB - 2) + b'"'),
    ("one block of text", b"a: |\n" + b" a\n" * (2 * MIB)),
    ("one comment", b"#" * 8 * MIB),
    ("line breaks", b"\n" * 8 * MIB),
    ("lines one deeper than the last", b"".join(b" " * i + b"a:\n" for i in range(4000))),
    ("documents", b"---\n" * (2 * MIB)),
    ("tags", b"!!a " * (2 * MIB)),
    ("anchors", b"&a " * (2 * MIB)),
    ("a bad byte at the end", b"a\n" * (4 * MIB - 1) + b"\xff"),
    ("an alias bomb", b"a: &a [x]\n" + b"".join(b"b%d: &b [*a, *a]\n" % i for i in range(9))),
    ("a merge bomb", b"a: &a {b: c}\n" + b"d: {<<: [*a, *a]}\n" * 9),
]


@pytest.mark.parametrize("content", [pytest.param(c, id=name) for name, c in GIANTS])
def test_giants_are_answered_soon(content: bytes) -> None:
    began = time.process_time()

    read(content[: LIMITS.rule_file])

    assert time.process_time() - began < 10  # three on a machine that is not busy


# ----------------------------------------------------------------------- places

# name, content, the place of the value of `a`: line, column, length
PLACES: Final = [
    ("a word", "a: bc", (1, 4, 2)),
    ("a word in quotes", "a: 'bc'", (1, 4, 4)),
    ("behind Korean", "{밀수: x, a: bc}", (1, 12, 2)),
    ("behind a letter beyond the basic plane", "{𠮷: x, a: bc}", (1, 11, 2)),
    ("behind a byte order mark", "\ufeffa: bc", (1, 4, 2)),
    ("behind a comment", "# x\n\na: bc # y", (3, 4, 2)),
    ("over lines", "a: b\n  c", (1, 4, 0)),
    ("a block", "a: |\n  b\n", (1, 4, 0)),
    ("nothing", "a:\nb: c", (1, 3, 0)),
    ("a list in brackets", "a: [b]", (1, 4, 1)),
    ("a list in lines", "a:\n  - b", (2, 3, 0)),
    ("a mapping in lines", "a:\n  b: c", (2, 3, 0)),
]


@pytest.mark.parametrize(
    ("content", "expected"), [pytest.param(*case, id=name) for name, *case in PLACES]
)
def test_places(content: str, expected: tuple[int, int, int]) -> None:
    tree, _ = read(content.encode())

    assert isinstance(tree, Mapping)
    place = next(value.location for key, value in tree.pairs if key.value == "a")
    assert place == Location("a.yaml", *expected)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_word_stands_where_its_place_says(path: Path) -> None:
    tree, problems = read(path.read_bytes())

    assert problems == []
    lines = path.read_text(encoding="utf-8").split("\n")
    for scalar in scalars(tree):
        if scalar.location.length == len(scalar.value):
            line, column, length = scalar.location[1:]
            assert lines[line - 1][column - 1 : column - 1 + length] == scalar.value


def scalars(node: Node | None) -> list[Scalar]:
    """List all words of a tree, keys included."""
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Sequence):
        return [scalar for item in node.items for scalar in scalars(item)]
    pairs = node.pairs if node is not None else ()
    return [scalar for key, value in pairs for scalar in (key, *scalars(value))]


# -------------------------------------------------------------------- any bytes

# What YAML is made of, so that most of what comes out is nearly valid.
fragments = st.lists(
    st.sampled_from(
        [*"[]{}:,#&*!|>'\"%@`-?~ \n\t\r\\", ": ", "- ", "\n  ", "a", "밀", "---\n", "\u2028"]
    ),
    max_size=40,
).map("".join)


@given(st.binary(max_size=200) | fragments.map(str.encode) | st.text().map(str.encode))
@example(b"\xff\xfe")
@example(b"%")
@example(b"!")
def test_any_bytes_give_a_tree_or_problems(content: bytes) -> None:
    log = ProblemLog()

    tree = read_tree("a.yaml", content, log)

    assert tree is not None or log.has_errors
    for problem in log.problems:
        lines = content.decode("utf-8", "replace").splitlines() or [""]
        assert 0 <= problem.location.line <= len(lines) + 1
