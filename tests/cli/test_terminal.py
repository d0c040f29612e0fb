"""What reaches a terminal: width, symbols, tables; and marks that overlap."""

from typing import Final

import pytest

from ruletag.cli.marking import Layer, Mark, Palette, stretches
from ruletag.cli.terminal import Cell, Table, one_line, paint, shortened, visible, width

# name, text, width, in 6 columns
WIDTHS: Final = [
    ("ASCII", "copper", 6, "copper"),
    ("too long", "copper wire", 11, "coppe…"),
    ("Hangul", "국경 봉쇄", 9, "국경…"),
    ("half a syllable does not fit", "a국경봉", 7, "a국경…"),
    ("an accent of its own", "cafe\u0301s", 5, "cafe\u0301s"),
    ("full width", "ＷＰＫ", 6, "ＷＰＫ"),
]


@pytest.mark.parametrize(
    ("text", "columns", "short"), [pytest.param(*case, id=name) for name, *case in WIDTHS]
)
def test_width(text: str, columns: int, short: str) -> None:
    assert width(text) == columns
    assert shortened(text, 6) == short


# name, text, visible, in one line
SYMBOLS: Final = [
    ("an escape", "\x1b[31m", "␛[31m", "␛[31m"),
    ("line ends", "a\r\nb\nc\rd", "a\nb\nc␍d", "a b c d"),
    ("a tab", "a\tb", "a\tb", "a b"),
    ("delete", "\x7f", "␡", "␡"),
    ("controls without symbols", "\x9b1m", "\ufffd1m", "\ufffd1m"),
    ("turned text", "\u202eabc", "\ufffdabc", "\ufffdabc"),
    ("bytes of a file name", "\udcff", "\ufffd", "\ufffd"),
    ("joiners of emoji", "👩\u200d🚀", "👩\u200d🚀", "👩\u200d🚀"),
]


@pytest.mark.parametrize(
    ("text", "shown", "line"), [pytest.param(*case, id=name) for name, *case in SYMBOLS]
)
def test_control_characters_are_symbols(text: str, shown: str, line: str) -> None:
    assert visible(text) == shown
    assert one_line(text) == line


def test_nothing_is_painted_without_a_style() -> None:
    assert paint("a", "") == "a"
    assert paint("", "1") == ""
    assert paint("a", "1") == "\x1b[1ma\x1b[0m"


ROWS: Final = [
    [Cell("밀수", "1"), Cell("a rather long piece of evidence"), Cell("r.yaml:1")],
    [Cell("tin"), Cell("short"), Cell("")],
]


def test_columns_are_aligned() -> None:
    table = Table(("name", "what", "where"), ROWS)

    assert list(table.lines(20, colour=False)) == [
        "name  what                             where",
        "밀수  a rather long piece of evidence  r.yaml:1",
        "tin   short",
    ]


def test_one_column_is_shortened() -> None:
    table = Table(("name", "what", "where"), ROWS, shrink=1)

    assert list(table.lines(40, colour=True))[1:] == [
        "\x1b[1m밀수\x1b[0m  a rather long piece of…   r.yaml:1",
        "tin   short",
    ]
    assert list(table.lines(5, colour=False))[1] == "밀수  a rather long p…  r.yaml:1"
    assert list(table.lines(None, colour=False))[1].endswith("evidence  r.yaml:1")


def test_the_last_column_is_wrapped() -> None:
    words = "one two three four five six seven eight nine ten"
    table = Table(("name", "meaning"), [[Cell("a"), Cell(words)]], wrap=True)

    assert list(table.lines(36, colour=False))[1:] == [
        "a     one two three four five six",
        "      seven eight nine ten",
    ]
    assert list(table.lines(33, colour=False))[1:] == [
        "a",
        "    one two three four five six",
        "    seven eight nine ten",
    ]


# name, marks as (start, end), stretches as (start, end, number of marks)
STRETCHES: Final[list[tuple[str, list[tuple[int, int]], list[tuple[int, int, int]]]]] = [
    ("no mark", [], [(0, 9, 0)]),
    ("one", [(2, 4)], [(0, 2, 0), (2, 4, 1), (4, 9, 0)]),
    ("all", [(0, 9)], [(0, 9, 1)]),
    ("side by side", [(0, 4), (4, 9)], [(0, 4, 1), (4, 9, 1)]),
    (
        "one inside the other",
        [(1, 8), (3, 5)],
        [(0, 1, 0), (1, 3, 1), (3, 5, 2), (5, 8, 1), (8, 9, 0)],
    ),
    ("crossing", [(0, 5), (3, 9)], [(0, 3, 1), (3, 5, 2), (5, 9, 1)]),
    ("twice the same", [(0, 9), (0, 9)], [(0, 9, 2)]),
]


@pytest.mark.parametrize(
    ("spans", "expected"), [pytest.param(*case, id=name) for name, *case in STRETCHES]
)
def test_stretches(spans: list[tuple[int, int]], expected: list[tuple[int, int, int]]) -> None:
    marks = [Mark(start, end, "c", Layer.KEYWORD) for start, end in spans]

    found = [(start, end, len(active)) for start, end, active in stretches(9, marks)]

    assert found == expected


def test_an_empty_text_has_no_stretches() -> None:
    assert list(stretches(0, [])) == []


def test_a_category_keeps_its_colour() -> None:
    palette = Palette()
    colours = [palette[name] for name in "abcabc"]

    assert colours[:3] == colours[3:]
    assert len(set(colours)) == 3
