"""A rule file comes out in one layout, says what it said, and keeps every comment."""

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext, suppress
from itertools import repeat
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ruletag.problems import ProblemLog, RuleSetError
from ruletag.rules.layout import formatted
from ruletag.rules.patches import as_scalar
from ruletag.rules.yamltree import Mapping, Node, Sequence, read_tree
from strategies import rule_files

TESTS: Final = Path(__file__).parent
SHIPPED: Final = sorted((TESTS.parent / "rules").glob("*.yaml"))
BROKEN: Final = sorted((TESTS / "golden" / "problems").glob("*.yaml"))
LONG: Final = "[" + ", ".join(f"a word {i:02}" for i in range(12)) + "]"  # 133 columns

# name, content, what becomes of it
LAYOUTS: Final = [
    # Indents and spaces.
    ("two spaces", "a:\n    b:\n        c: d\n", "a:\n  b:\n    c: d\n"),
    ("a list below its key", "a:\n- b\n- c\n", "a:\n  - b\n  - c\n"),
    ("a list too far in", "a:\n     -    b\n     -    c\n", "a:\n  - b\n  - c\n"),
    ("a mapping in a list", "a:\n-   b: c\n    d: e\n", "a:\n  - b: c\n    d: e\n"),
    ("a list in a list", "a:\n-\n  - b\n  - c\n", "a:\n  - - b\n    - c\n"),
    ("a key", "a:    b\nc   : d\n", "a: b\nc: d\n"),
    ("a key with a question mark", "? a\n: b\n", "a: b\n"),
    ("a key over lines", "? a\n  b\n: c\n", "a b: c\n"),
    ("white space at line ends", "a: b  \n  \nc: d\t\n", "a: b\n\nc: d\n"),
    ("no newline at the end", "a: b", "a: b\n"),
    ("newlines at the end", "a: b\n\n\n", "a: b\n"),
    ("all indented", "  a: b\n  c: d\n", "a: b\nc: d\n"),
    ("an empty value", "a:   \nb:\n- \n- c\n", "a:\nb:\n  -\n  - c\n"),
    ("one word", "a", None),
    ("a value below its key", "a:\n  b\n", "a: b\n"),
    # Blank lines.
    ("blank lines", "a: b\n\n\n\nc: d\n", "a: b\n\nc: d\n"),
    ("blank lines at the beginning", "\n\na: b\n", "a: b\n"),
    ("blank lines below a key", "a:\n\n  - b\n\n  - c\n", "a:\n  - b\n\n  - c\n"),
    (
        "no blank line between categories",
        "categories:\n  a:\n    - b\n  # c\n  d:\n    - e\n",
        "categories:\n  a:\n    - b\n\n  # c\n  d:\n    - e\n",
    ),
    (
        "categories of one line",
        "categories:\n  a: [b]\n  c: [d]\n  e:\n    - f\n  g: [h]\n",
        "categories:\n  a: [b]\n  c: [d]\n\n  e:\n    - f\n\n  g: [h]\n",
    ),
    ("lists, which may stand together", "lists:\n  a:\n    - b\n  c:\n    - d\n", None),
    # Quotes.
    ("needless quotes", '"a": [\'b\', "c d"]\n', "a: [b, c d]\n"),
    ("needed quotes", "a: ['no', '1', '~', 'b: c', '[d']\n", 'a: ["no", "1", "~", "b: c", "[d"]\n'),
    ("quotes of one kind", "a: ['no', '=WPK']\n", 'a: ["no", "=WPK"]\n'),
    ("quotation marks in quotes", 'a: "[\\"b\\""\n', "a: '[\"b\"'\n"),
    ("words that were plain", "a: [no, 1, 2020-01-22, =WPK]\n", None),
    ("an escape that shows what would not", 'a: "\\u200b"\n', None),
    ("quotes needed in brackets alone", "a: 'b]'\nd: ['b]']\n", 'a: b]\nd: ["b]"]\n'),
    ("quotes around a comma", "- 'b, c'\n- '1,000'\n- d, e\n", '- "b, c"\n- 1,000\n- d, e\n'),
    # Comments.
    ("a comment", "#a\n#b \na: b #c\n", "# a\n# b\na: b  # c\n"),
    ("the rest of a word", "- C #1\n- smuggl #ing\n#1\n", "- C  #1\n- smuggl  #ing\n# 1\n"),
    ("a column of comments", "- a    # b\n- ccc  # d\n", None),
    (
        "what was commented out",
        "#  a:\n#    b\n#\n##c\n#!d\na: b\n",
        "#  a:\n#    b\n#\n## c\n#!d\na: b\n",
    ),
    ("a comment above", "a:\n # b\n - c\n    # d\n - e\n", "a:\n  # b\n  - c\n  # d\n  - e\n"),
    ("a comment at the end of a list", "a:\n  - b\n  # c\nd: e\n", None),
    ("a comment above the next key", "a:\n  - b\n# c\nd: e\n", None),
    ("above a key after a list at its column", "a:\n- b\n# c\nd: e\n", "a:\n  - b\n# c\nd: e\n"),
    ("one of each", "a:\n  b:\n    - c\n    # d\n  # e\n# f\ng: h\n", None),
    ("a comment at the end", "a:\n  - b\n\n# c\n", None),
    ("a comment beside a key", "a: # b\n- c\n", "a:  # b\n  - c\n"),
    ("a comment below a key", "a:\n    # b\n    c\n", "# b\na: c\n"),
    ("a comment beside a dash", "- # a\n  b: c\n", "# a\n- b: c\n"),
    ("a comment beside a list", "a: [b,c] # d\n", "a: [b, c]  # d\n"),
    (
        "comments in brackets",
        "a: [b, # c\n  # d\n  e] # f\n",
        "a:  # f\n  - b  # c\n  # d\n  - e\n",
    ),
    ("a comment in empty brackets", "a: [ # b\n  ]\n", "# b\na: []\n"),
    ("a comment alone in the file's brackets", "{a: b, # c\nd: e} # f\n", "# f\na: b  # c\nd: e\n"),
    ("a comment beside a block of text", "a: | # b\n  c\n", "a: |  # b\n  c\n"),
    ("a comment right behind quotes", "- 'a'#b\n", "- a  # b\n"),
    # Texts of several lines.
    ("a text over lines", "a: b\n      c\n\n      d\n", "a: b\n  c\n\n  d\n"),
    ("a text over lines below its key", "a:\n      b\n      c\n", "a:\n  b\n  c\n"),
    ("a text over lines in a list", "-  a\n   b\n", "- a\n  b\n"),
    ("quotes over lines", "a: 'b \n\n     c'\n", "a: 'b\n\n  c'\n"),
    ("backslashes at line ends", 'a: "b \\\n   c\\ \n   d"\n', 'a: "b \\\n  c\\ \n  d"\n'),
    ("a text over lines in brackets", "a: [b\n c]\n", "a:\n  - b\n    c\n"),
    ("a block of text", "a: |\n     b \n       c\n\n     d\n", "a: |\n  b \n    c\n\n  d\n"),
    ("a folded block", "- >-\n    a\n    b\n", "- >-\n  a\n  b\n"),
    (
        "a block with a number",
        "a:\n    b: |4\n          c\n        d\n",
        "a:\n  b: |2\n      c\n    d\n",
    ),
    ("a block with blank lines behind it", "a: |\n  b\n\n\nc: d\n", "a: |\n  b\n\nc: d\n"),
    ("a block that keeps them", "a: |+\n  b\n\n\nc: d\n", None),
    (
        "a block that keeps nothing",
        "categories:\n  a: |+\n    b\n  c: d\n",
        "categories:\n  a: |\n    b\n\n  c: d\n",
    ),
    ("a block without an end", "a: |\n  b", "a: |-\n  b\n"),
    ("a block of nothing", "a: |\nb: c\n", 'a: ""\nb: c\n'),
    # What fits, and what does not.
    ("brackets", "a: [ b,c ,d ]\n", "a: [b, c, d]\n"),
    ("braces", "a: { b : c,d: e }\n", "a: {b: c, d: e}\n"),
    ("a pair in brackets", "a: [b: c, d]\n", "a: [{b: c}, d]\n"),
    ("brackets over lines that fit in one", "a:\n  [b,\n   c]\n", "a: [b, c]\n"),
    (
        "words that do not fit",
        f"a: {LONG}\n",
        f"a:\n  {LONG[:88]}\n   {LONG[89:]}\n",
    ),
    (
        "a comment beside words that do not fit",
        f"a: {LONG}  # allow: b\n",
        f"# allow: b\na:\n  {LONG[:88]}\n   {LONG[89:]}\n",
    ),
    (
        "a comment beside rows",
        f"a:\n  {LONG[:88]}\n   {LONG[89:]} # b\n",
        f"a:\n  {LONG[:88]}\n   {LONG[89:]}  # b\n",
    ),
    (
        "a comment beside one row",
        f"a long word: {LONG[:88]} f]  # b\n",
        f"a long word:\n  {LONG[:88]} f]  # b\n",
    ),
    (
        "rows that the author made",
        f"- {LONG}\n".replace("02, ", "02,\n    "),
        f"- {LONG}\n".replace("02, ", "02,\n   ").replace("10, ", "10,\n   "),
    ),
    (
        "a line for each word",
        f"a: {LONG}\n".replace(", ", ",\n"),
        "a:\n" + "".join(f"  - a word {i:02}\n" for i in range(12)),
    ),
    (
        "sentences that do not fit",
        f"a: ['{'b ' * 30}c', '{'d ' * 30}e']\n",
        f"a:\n  - {'b ' * 30}c\n  - {'d ' * 30}e\n",
    ),
    (
        "a mapping that does not fit",
        f"- {{b: {LONG[:70]}], c: d, e: {'f' * 20}}} # g\n",
        f"# g\n- b: {LONG[:70]}]\n  c: d\n  e: {'f' * 20}\n",
    ),
    ("a long text below its key", f"a:\n  {'b ' * 49}c\n", None),
    ("a long text", f"a: {'b ' * 60}c\n", None),
    ("empty brackets behind a long key", f"{'a' * 120}: []\n", None),
    # Files.
    ("CR LF", "a:\r\n- b\r\n", "a:\r\n  - b\r\n"),
    ("CR", "a:\r- b\r", "a:\r  - b\r"),
    ("a byte order mark", "\ufeffa:  b\n", "\ufeffa: b\n"),
    ("document marks", "# a\n---\n\n# b\na:   b\n...\n# c\n", "# a\n---\n# b\na: b\n...\n# c\n"),
    ("a directive", "%YAML 1.1\n--- # a\n- b\n", "%YAML 1.1\n---\n# a\n- b\n"),
    ("JSON", '{"a": ["b", "c"], "d": {"e": "1"}}', '{a: [b, c], d: {e: "1"}}\n'),
]


@pytest.mark.parametrize(
    ("content", "expected"), [pytest.param(*case, id=name) for name, *case in LAYOUTS]
)
def test_layouts(content: str, expected: str | None) -> None:
    after = formatted("a.yaml", content.encode()).decode()

    assert after == (content if expected is None else expected)
    assert formatted("a.yaml", after.encode()).decode() == after


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_rules_are_in_this_layout(path: Path) -> None:
    assert formatted(path.name, path.read_bytes()) == path.read_bytes()


# name, content, codes
REFUSED: Final = [
    ("an unclosed bracket", b"a: [b", ["E101"]),
    ("a key twice", b"a: b\na: c\n", ["E104"]),
    ("an anchor", b"a: &b c", ["E105"]),
    ("nothing", b"", ["E111"]),
    ("comments", b"# a\n", ["E111"]),
    ("no text", b"\xff", ["E102"]),
    ("a text that would change", "a: |\n  b\u2028  c\n".encode(), ["E499"]),
]


@pytest.mark.parametrize(
    ("content", "codes"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_refused(content: bytes, codes: list[str]) -> None:
    with pytest.raises(RuleSetError) as raised:
        formatted("a.yaml", content)

    assert [problem.code for problem in raised.value.problems] == codes


# ------------------------------------------------------------------------ laws


def tree_of(content: bytes) -> Node | None:
    """Give the tree of a file; None if there is anything wrong with it."""
    log = ProblemLog()
    tree = read_tree("a.yaml", content, log)
    return None if log.problems else tree


def meaning(node: Node | None) -> object:
    """Give what a tree says, without places and needless quotes."""
    if isinstance(node, Mapping):
        return [(key.value, meaning(value)) for key, value in node.pairs]
    if isinstance(node, Sequence):
        return tuple(meaning(item) for item in node.items)
    assert node is not None
    over_lines = node.over_lines and not node.quoted
    return node.value, over_lines, node.quoted and node.value in {"", "~", "null", "<<"}


def check_laws(content: bytes) -> str:
    """Format twice: the same the second time, the same tree, no more than one blank line."""
    after = formatted("a.yaml", content)

    assert formatted("a.yaml", after) == after
    assert meaning(tree_of(after)) == meaning(tree_of(content))
    return after.decode()


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_laws_hold_for_rules_with_mistakes(path: Path) -> None:
    content = path.read_bytes()
    if tree_of(content) is None:
        with pytest.raises(RuleSetError):
            formatted(path.name, content)
    else:
        check_laws(content)


def texts(tree: Any) -> Any:  # noqa: ANN401 - any JSON
    """Give the tree with numbers written out."""
    if isinstance(tree, list):
        return [texts(item) for item in tree]
    if isinstance(tree, dict):
        return {key: texts(value) for key, value in tree.items()}
    return str(tree)


class Writer:
    """Writes a tree in any layout that YAML allows, with comments in every place."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw
        self._comments = 0

    def file(self, tree: Any) -> str:  # noqa: ANN401 - any JSON
        """Write a whole file."""
        return self._margin("") + self._value(texts(tree), "", 0).lstrip(" ") + self._margin("")

    def _one_in(self, number: int) -> bool:
        return self._draw(st.integers(1, number)) == number

    def _spaces(self, least: int, most: int) -> str:
        return " " * self._draw(st.integers(least, most))

    def _comment(self) -> str:
        self._comments += 1
        return f"#{self._spaces(0, 2)}comment {self._comments} of 'all' [: {{"

    def _margin(self, pad: str) -> str:
        """Write blank lines, and comments at about the indent of what is around them."""
        lines = ""
        while self._one_in(5):
            lines += "  \n" if self._one_in(2) else f"{pad}{self._spaces(0, 5)}{self._comment()}\n"
        return lines

    def _end(self) -> str:
        return f" {self._comment()}\n" if self._one_in(6) else self._draw(ENDS)

    def _value(self, value: Any, pad: str, least: int) -> str:  # noqa: ANN401
        """Write what stands behind a colon or dash, and the end of its line."""
        if isinstance(value, str):
            return self._text(value, pad)
        if not value or self._one_in(3):
            return f" {self._in_brackets(value, pad)}{self._end()}"
        return self._end() + self._block(value, pad + self._spaces(least, 4))

    def _block(self, value: Any, pad: str) -> str:  # noqa: ANN401
        if isinstance(value, list):
            return "".join(f"{self._margin(pad)}{pad}-{self._item(item, pad)}" for item in value)
        return "".join(
            f"{self._margin(pad)}{pad}{self._word(key)}:{self._value(inner, pad, 1)}"
            for key, inner in value.items()
        )

    def _item(self, value: Any, pad: str) -> str:  # noqa: ANN401
        """Write what stands behind a dash; a mapping may begin right there."""
        gap = self._spaces(1, 3)
        if isinstance(value, dict) and value and self._one_in(2):
            written = self._block(value, f"{pad} {gap}")
            starts_at_once = written.startswith(f"{pad} {gap}") and written.lstrip()[0] != "#"
            return gap + written.lstrip() if starts_at_once else f"\n{written}"
        return self._value(value, pad, 1)

    def _text(self, text: str, pad: str) -> str:
        inner = pad + self._spaces(1, 4)
        if " " in text and self._one_in(4):
            style = self._draw(st.sampled_from(["|", "|-", ">", ">-", "|+"]))
            broken = text.replace(" ", f"\n{inner}") if self._one_in(2) else text
            return f" {style}{self._end()}{inner}{broken}\n{self._margin('')}"
        gap = f"{self._end()}{self._margin(inner)}{inner}" if self._one_in(8) else " "
        written = self._word(text)
        if self._one_in(3):
            written = written.replace(" ", f" \n{inner}", 1)
        return f"{gap}{written}{self._end()}"

    def _word(self, text: str) -> str:
        written = as_scalar(text)
        if written != text or '"' in text or "\\" in text:
            return written
        quoted = "'{}'".format(text.replace("'", "''"))
        return self._draw(st.sampled_from([text, quoted, f'"{text}"']))

    def _in_brackets(self, value: Any, pad: str) -> str:  # noqa: ANN401
        if isinstance(value, str):
            return as_scalar(value, in_flow=True)
        if isinstance(value, list):
            return (
                f"[{self._gap(pad)}{self._joined(map(self._in_brackets, value, repeat(pad)), pad)}]"
            )
        pairs = (
            f"{as_scalar(key, in_flow=True)}: {self._gap(pad)}{self._in_brackets(inner, pad)}"
            for key, inner in value.items()
        )
        return f"{{{self._gap(pad)}{self._joined(pairs, pad)}}}"

    def _joined(self, pieces: Iterable[str], pad: str) -> str:
        written = ""
        for piece in pieces:
            comma = f"{self._gap(pad)}," if written else ""
            written += f"{comma}{self._gap(pad)}{piece}"
        comma = f"{self._gap(pad)}," if written and self._one_in(4) else ""
        return f"{written}{comma}{self._gap(pad)}"

    def _gap(self, pad: str) -> str:
        """Write the space between what stands in brackets."""
        if self._one_in(9):
            return f"{self._spaces(0, 1)}{self._end()}{self._margin(pad)}{pad} "
        return self._spaces(0, 1)


ENDS: Final = st.sampled_from(["\n", "\n", "\n", " \n", "\n\n", "\n\n\n"])
WORDS: Final = (
    'a¦scrap metal¦no¦~¦=WPK¦[[a]] b¦b: c¦밀수¦it\'s so¦say "b"¦C#¦\\~¦x, y¦who? he¦- d¦#e¦1¦'
    "a sentence that has so many words"
).split("¦")
words: Final = st.sampled_from(WORDS)
trees: Final = st.recursive(
    words | st.just(""),
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(words, inner, max_size=4),
    max_leaves=25,
)
files: Final = rule_files() | st.dictionaries(
    st.sampled_from(["categories", "lists", "a"]), trees, min_size=1
)
COMMENT: Final = re.compile(r"(?<=[# ])comment \d+ of 'all' \[: \{")


@st.composite
def written_files(draw: st.DrawFn) -> str:
    """A file in any layout."""
    return Writer(draw).file(draw(files))


@given(written_files())
def test_laws_hold_for_any_layout(content: str) -> None:
    assert tree_of(content.encode()) is not None

    after = check_laws(content.encode())

    assert Counter(COMMENT.findall(after)) == Counter(COMMENT.findall(content))
    assert not after.startswith("\n")
    assert after.endswith("\n")


# What YAML is made of, so that much of it is valid.
soup: Final = st.lists(
    st.sampled_from(
        [
            ": ",
            "- ",
            "\n",
            "\n  ",
            "\n    ",
            "a",
            "b c",
            "# d\n",
            " # e\n",
            "[",
            "]",
            "{",
            "}",
            ", ",
            "? ",
            "'",
            '"',
            "|\n",
            ">-\n",
            "|+\n",
            "|2\n",
            " ",
            "\n\n",
            "\t",
            "\r\n",
            "---\n",
            "...\n",
            "\u2028",
            "밀",
            "\\",
            ":",
            "-",
            "%",
            "~",
        ]
    ),
    max_size=30,
).map("".join)


# What is left alone: a line separator inside a text, and `---` or `...` as a key.
LEFT_ALONE: Final = re.compile("\u2028|---|[.][.][.]")


@given(soup)
@example("a: |2\n   b\n")
@example("? ---\n\n  - ")
@example("- |+\n \n- ")
@example("- |+\n\u2028")
def test_laws_hold_for_any_text(content: str) -> None:
    if tree_of(content.encode()) is None:
        with pytest.raises(RuleSetError):
            formatted("a.yaml", content.encode())
        return
    with suppress(RuleSetError) if LEFT_ALONE.search(content) else nullcontext():
        check_laws(content.encode())
