"""Rule files are edited in place: what is not replaced stays, and no file is half written."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ruletag.problems import Location, ProblemLog
from ruletag.rules.patches import (
    Edit,
    Source,
    as_scalar,
    difference,
    edited,
    shown_difference,
    write_file,
)
from ruletag.rules.yamltree import Mapping, Scalar, Sequence, read_tree

# --------------------------------------------------------------------- places

# name, content, line, column and length of the place, what stands there
PLACES: Final = [
    ("the first word", "ab: c", (1, 1, 2), "ab"),
    ("the third line", "a: b\nc: d\ne: fg\n", (3, 4, 2), "fg"),
    ("lines that end in CR LF", "a: b\r\nc: d\r\n", (2, 4, 1), "d"),
    ("lines that end in CR", "a: b\rc: d\r", (2, 4, 1), "d"),
    ("lines that end in NEL", "a: b\x85c: d", (2, 4, 1), "d"),
    ("lines that end in LS and PS", "a: b\u2028c: d\u2029e: f", (3, 4, 1), "f"),
    ("a form feed, which ends no line", "a: b\x0cc: d\ne: f", (2, 4, 1), "f"),
    ("behind a byte order mark", "\ufeffa: bc", (1, 4, 2), "bc"),
    ("behind a letter beyond the basic plane", "𠮷: bc", (1, 4, 2), "bc"),
    ("the end, where something is missing", "a: [b", (2, 1, 0), ""),
    ("of unknown length", "a: bc", (1, 4, 0), ""),
]


@pytest.mark.parametrize(
    ("content", "place", "there"), [pytest.param(*case, id=name) for name, *case in PLACES]
)
def test_span(content: str, place: tuple[int, int, int], there: str) -> None:
    source = Source("a.yaml", content.encode())

    start, end = source.span(Location("a.yaml", *place))

    assert source.text[start:end] == there


@pytest.mark.parametrize("line", [0, 4])
def test_no_such_line(line: int) -> None:
    source = Source("a.yaml", b"a: b\n")

    with pytest.raises(ValueError, match="is no place in the text"):
        source.span(Location("a.yaml", line, 1))


@given(st.lists(st.sampled_from(["밀수", "a", " ", "\n", "\r\n", "\r", "\x85", "\u2028"])))
def test_every_position_is_where_a_problem_would_say(pieces: list[str]) -> None:
    text = "".join(pieces) + "."
    source = Source("a.yaml", text.encode())
    log = ProblemLog()
    log.add_source("a.yaml", text)

    for i in range(len(text)):
        if text[i - 1 : i + 1] != "\r\n":  # nothing stands within a line break
            place = log.place("a.yaml", i)
            assert source.span(place) == (i, i + 1)
            assert source.line(i) == place.line


# ---------------------------------------------------------------------- edits

# name, content, edits as (start, end, text), what becomes of it
EDITS: Final[list[tuple[str, str, list[tuple[int, int, str]], str]]] = [
    ("none", "a: b", [], "a: b"),
    ("a replacement", "a: b # c\n", [(3, 4, "de")], "a: de # c\n"),
    ("two, the later first", "a: b", [(3, 4, "d"), (0, 1, "c")], "c: d"),
    ("an insertion at the end", "a: b", [(4, 4, "\n")], "a: b\n"),
    ("insertions at one place", "a: b", [(3, 3, "c"), (3, 3, "d")], "a: cdb"),
    ("an insertion before a replacement", "a: b", [(3, 4, "c"), (3, 3, "d")], "a: dc"),
    ("a deletion", "a: b", [(1, 4, "")], "a"),
    ("side by side", "a: b", [(0, 1, "c"), (1, 2, ";")], "c; b"),
    ("a byte order mark", "\ufeffa: b", [(0, 1, "c")], "\ufeffc: b"),
    ("lines that end in CR LF", "a: b\r\n", [(3, 4, "c\nd: e")], "a: c\r\nd: e\r\n"),
    ("CR LF given", "a: b\n", [(3, 4, "c\r\nd: e")], "a: c\nd: e\n"),
    ("lines that end in CR", "a: b\r", [(4, 4, "\nc: d")], "a: b\rc: d\r"),
    ("what nobody touches", "a:  b\t \r\n\x85 c", [(0, 1, "d")], "d:  b\t \r\n\x85 c"),
]


@pytest.mark.parametrize(
    ("content", "edits", "expected"), [pytest.param(*case, id=name) for name, *case in EDITS]
)
def test_edits(content: str, edits: list[tuple[int, int, str]], expected: str) -> None:
    listed = [Edit("a.yaml", *edit) for edit in edits]

    assert Source("a.yaml", content.encode()).edited(listed) == expected.encode()


# name, edits as (start, end), what is said of them
REFUSED: Final = [
    ("one in another", [(0, 4), (1, 2)], "overlap"),
    ("the same twice", [(0, 1), (0, 1)], "overlap"),
    ("one begins in another", [(0, 2), (1, 3)], "overlap"),
    ("an insertion inside a replacement", [(0, 2), (1, 1)], "overlap"),
    ("behind the end", [(4, 5)], "does not lie in the file"),
    ("before the beginning", [(-1, 0)], "does not lie in the file"),
    ("backwards", [(2, 1)], "does not lie in the file"),
]


@pytest.mark.parametrize(
    ("edits", "said"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_refused_edits(edits: list[tuple[int, int]], said: str) -> None:
    source = Source("a.yaml", b"a: b")

    with pytest.raises(ValueError, match=said):
        source.edited(Edit("a.yaml", start, end, "x") for start, end in edits)


def test_a_place_is_edited() -> None:
    source = Source("a.yaml", b"a: b\nc: dd # e\n")

    edit = source.edit(Location("a.yaml", 2, 4, 2), "f")

    assert source.edited([edit]) == b"a: b\nc: f # e\n"


def test_only_files_that_change_are_given() -> None:
    files = {"a.yaml": b"a", "b.yaml": b"b", "c.yaml": b"c"}
    edits = [Edit("b.yaml", 0, 1, "x"), Edit("c.yaml", 0, 1, "c"), Edit("b.yaml", 1, 1, "y")]

    assert edited(files, edits) == {"b.yaml": b"xy"}


# -------------------------------------------------------------------- scalars

# name, text, how it is written, how it is written in brackets
SCALARS: Final = [
    ("a word", "copper", "copper", "copper"),
    ("a phrase", "scrap metal", "scrap metal", "scrap metal"),
    ("Korean", "밀수", "밀수", "밀수"),
    ("marks", r"smuggle~ ... $metals \~", r"smuggle~ ... $metals \~", r"smuggle~ ... $metals \~"),
    ("an apostrophe", "Smugglers' Cove", "Smugglers' Cove", "Smugglers' Cove"),
    ("nothing", "", '""', '""'),
    ("a tilde", "~", '"~"', '"~"'),
    ("null", "null", '"null"', '"null"'),
    ("truth", "no", '"no"', '"no"'),
    ("a number", "012", '"012"', '"012"'),
    ("a date", "2020-01-22", '"2020-01-22"', '"2020-01-22"'),
    ("a time", "12:30", '"12:30"', '"12:30"'),
    ("a merge key", "<<", '"<<"', '"<<"'),
    ("exact spelling", "=WPK", '"=WPK"', '"=WPK"'),
    ("exact spelling inside", "expel~ ... =WPK", "expel~ ... =WPK", "expel~ ... =WPK"),
    ("marked evidence", "[[Rice]] fell.", '"[[Rice]] fell."', '"[[Rice]] fell."'),
    ("marked evidence inside", "The [[rice]] fell.", "The [[rice]] fell.", '"The [[rice]] fell."'),
    ("a colon", "Police: he fled", '"Police: he fled"', '"Police: he fled"'),
    ("a colon at the end", "a:", '"a:"', '"a:"'),
    ("a colon without a space", "a:b", "a:b", '"a:b"'),
    ("a hash", "No #1", '"No #1"', '"No #1"'),
    ("a hash without a space", "C#", "C#", "C#"),
    ("a hash in front", "#1", '"#1"', '"#1"'),
    ("a comma", "1,000 tons", "1,000 tons", '"1,000 tons"'),
    ("a question mark", "Who fled? He.", "Who fled? He.", '"Who fled? He."'),
    ("a dash", "-", '"-"', '"-"'),
    ("a dash and a space", "- a", '"- a"', '"- a"'),
    ("a dash and a word", "-free", "-free", "-free"),
    ("three dashes", "---", '"---"', '"---"'),
    ("three dots", "...", '"..."', '"..."'),
    ("a gap in front", "... a", '"... a"', '"... a"'),
    ("a space in front", " a", '" a"', '" a"'),
    ("a tab", "a\tb", r'"a\tb"', r'"a\tb"'),
    ("a newline", "a\nb", r'"a\nb"', r'"a\nb"'),
    ("a line separator", "a\u2028b", r'"a\u2028b"', r'"a\u2028b"'),
    ("a control character", "a\x07", r'"a\u0007"', r'"a\u0007"'),
    ("quotation marks", '"Go!"', "'\"Go!\"'", "'\"Go!\"'"),
    ("quotation marks inside", 'He said "no"', 'He said "no"', 'He said "no"'),
    ("both quotation marks", "'a' \"b\": c", "'''a'' \"b\": c'", "'''a'' \"b\": c'"),
    ("a backslash", r"[\[[", r"'[\[['", r"'[\[['"),
    ("a backslash and a newline", "\\\n", r'"\\\n"', r'"\\\n"'),
    ("a star in front", "*a", '"*a"', '"*a"'),
]


@pytest.mark.parametrize(
    ("text", "block", "flow"), [pytest.param(*case, id=name) for name, *case in SCALARS]
)
def test_scalars(text: str, block: str, flow: str) -> None:
    assert as_scalar(text) == block
    assert as_scalar(text, in_flow=True) == flow


# What YAML is made of, and what it takes for other things than text.
_pieces = st.lists(
    st.sampled_from(
        [*"[]{}:,#&*!|>'\"%@`-?~=.<\\ \n\t\r1", ": ", " #", "a", "밀", "\u2028", "\ufeff", "\x07"]
    ),
    max_size=8,
).map("".join)
_texts = _pieces | st.text() | st.sampled_from(["yes", "1e3", "0x1F", ".inf", "1_0", "---", "..."])


@given(_texts)
@example("a" * 900 + ": b")
def test_a_scalar_reads_as_it_was(text: str) -> None:
    in_block, in_flow = as_scalar(text), as_scalar(text, in_flow=True)
    content = f"- {in_block}\n- {{k: {in_flow}}}\n- [{in_flow}, {in_flow}]\n- x: {in_block} # y\n"

    items = _items(content)

    assert isinstance(items[0], Scalar)
    assert isinstance(items[1], Mapping)
    assert isinstance(items[2], Sequence)
    assert isinstance(items[3], Mapping)
    scalars = [items[0], items[1].pairs[0][1], *items[2].items, items[3].pairs[0][1]]
    assert [scalar.value for scalar in scalars if isinstance(scalar, Scalar)] == [text] * 5


@given(_texts.filter(lambda text: bool(text.strip()) and text != "x"))
def test_a_key_reads_as_it_was(text: str) -> None:
    content = f"- {as_scalar(text)}: b\n  x: c\n- {{{as_scalar(text, in_flow=True)}: b}}\n"

    for item in _items(content):
        assert isinstance(item, Mapping)
        assert item.pairs[0][0].value == text


def _items(content: str) -> tuple[object, ...]:
    log = ProblemLog()
    tree = read_tree("a.yaml", content.encode(), log)
    assert log.problems == ()
    assert isinstance(tree, Sequence)
    return tree.items


# ---------------------------------------------------------------- differences

CHANGED: Final = """\
--- rules/a.yaml
+++ rules/a.yaml
@@ -1,2 +1,2 @@
 a: b
-c: d
+c: e
"""


def test_difference() -> None:
    assert difference("rules/a.yaml", b"a: b\nc: d\n", b"a: b\nc: e\n") == CHANGED
    assert difference("rules/a.yaml", b"a: b", b"a: b") == ""


# name, file before and after, with thousands of further lines around it, the changes
LONG_FILES: Final = [
    ("one line", b"b\n", b"c\n", "@@ -6001,1 +6001,1 @@\n-b\n+c\n"),
    ("several", b"b\nd\ne\n", b"c\nd\nf\n", "@@ -6001,3 +6001,3 @@\n-b\n-d\n-e\n+c\n+d\n+f\n"),
    ("an insertion", b"", b"c\n", "@@ -6000,0 +6001,1 @@\n+c\n"),
    ("a deletion", b"c\n", b"", "@@ -6001,1 +6000,0 @@\n-c\n"),
    ("nothing", b"c\n", b"c\n", ""),
]


@pytest.mark.parametrize(
    ("before", "after", "expected"), [pytest.param(*case, id=name) for name, *case in LONG_FILES]
)
def test_a_long_file_is_compared_in_one_piece(before: bytes, after: bytes, expected: str) -> None:
    around = b"a\n" * 6000

    shown = difference("x", around + before + around, around + after + around)

    assert shown == (f"--- x\n+++ x\n{expected}" if expected else "")


def test_a_missing_newline_shows() -> None:
    shown = difference("a", b"a: b", b"a: b\n")

    assert shown.endswith("-a: b\n\\ No newline at end of file\n+a: b\n")


def test_a_form_feed_splits_no_line() -> None:
    shown = difference("a", "a: b\u2028c: d\n".encode(), b"a\n")

    assert "-a: b\u2028c: d\n" in shown


def test_what_a_terminal_may_show() -> None:
    shown = difference("a", "a: \u202eb\tc\n".encode(), b"a: \x1b[31m\n")

    assert shown_difference(shown, colour=False).endswith("-a: \ufffdb    c\n+a: ␛[31m\n")


def test_colour() -> None:
    painted = shown_difference(CHANGED, colour=True).split("\n")

    assert painted == [
        "\x1b[1m--- rules/a.yaml\x1b[0m",
        "\x1b[1m+++ rules/a.yaml\x1b[0m",
        "\x1b[36m@@ -1,2 +1,2 @@\x1b[0m",
        " a: b",
        "\x1b[31m-c: d\x1b[0m",
        "\x1b[32m+c: e\x1b[0m",
        "",
    ]


def test_line_ends_show_only_where_they_change() -> None:
    windows = difference("a", b"a\r\n", b"b\r\n")
    mixed = difference("a", b"a\r\n", b"a\n")

    assert shown_difference(windows, colour=False).endswith("-a\n+b\n")
    assert shown_difference(mixed, colour=False).endswith("-a␍\n+a\n")


# -------------------------------------------------------------------- writing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rule folder with one file that its group may write."""
    (tmp_path / "rules" / "sub").mkdir(parents=True)
    path = tmp_path / "rules" / "sub" / "a.yaml"
    path.write_bytes(b"old")
    path.chmod(0o664)
    return tmp_path / "rules"


def everything_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_write(folder: Path) -> None:
    write_file(folder, "sub/a.yaml", b"old", b"new")

    path = folder / "sub" / "a.yaml"
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o664
    assert everything_in(folder) == ["sub", "sub/a.yaml"]


def test_a_file_that_changed_is_left_alone(folder: Path) -> None:
    with pytest.raises(OSError, match="it has changed since it was read"):
        write_file(folder, "sub/a.yaml", b"older", b"new")

    assert (folder / "sub" / "a.yaml").read_bytes() == b"old"


def test_a_file_that_is_gone_is_not_made_again(folder: Path) -> None:
    with pytest.raises(FileNotFoundError) as raised:
        write_file(folder, "b.yaml", b"", b"new")

    assert raised.value.filename == str(folder / "b.yaml")
    assert everything_in(folder) == ["sub", "sub/a.yaml"]


def test_a_link_within_the_folder_stays_a_link(folder: Path) -> None:
    (folder / "b.yaml").symlink_to("sub/a.yaml")

    write_file(folder, "b.yaml", b"old", b"new")

    assert (folder / "b.yaml").readlink() == Path("sub/a.yaml")
    assert (folder / "sub" / "a.yaml").read_bytes() == b"new"


# name, where the link lies
LINKS: Final = [("of a file", "b.yaml"), ("of a folder", "more/b.yaml")]


@pytest.mark.parametrize("name", [pytest.param(name, id=case) for case, name in LINKS])
def test_a_link_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "b.yaml").write_bytes(b"old")
    (folder / "b.yaml").symlink_to(outside / "b.yaml")
    (folder / "more").symlink_to(outside)

    with pytest.raises(OSError, match="leads out of the rule folder"):
        write_file(folder, name, b"old", b"new")

    assert (outside / "b.yaml").read_bytes() == b"old"


def test_a_folder_reached_by_a_link_is_written_to(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder)

    write_file(folder.parent / "link", "sub/a.yaml", b"old", b"new")

    assert (folder / "sub" / "a.yaml").read_bytes() == b"new"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A rule folder that every user can write to, with a file that nobody can."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o777)
    (made / "a.yaml").write_bytes(b"old")
    (made / "a.yaml").chmod(0o444)
    yield made
    shutil.rmtree(made)


def test_a_file_closed_to_changes_is_not_replaced(open_folder: Path) -> None:
    before = os.geteuid()
    if before == 0:  # nothing is closed to root
        os.seteuid(65534)
    try:
        with pytest.raises(PermissionError) as raised:
            write_file(open_folder, "a.yaml", b"old", b"new")
    finally:
        os.seteuid(before)

    assert raised.value.filename == str(open_folder / "a.yaml")
    assert everything_in(open_folder) == ["a.yaml"]


def test_nothing_stays_behind_where_writing_fails(folder: Path) -> None:
    with pytest.raises(TypeError):
        write_file(folder, "sub/a.yaml", b"old", "no bytes")  # type: ignore[arg-type] # to fail

    assert everything_in(folder) == ["sub", "sub/a.yaml"]
    assert (folder / "sub" / "a.yaml").read_bytes() == b"old"
