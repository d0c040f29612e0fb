"""Every problem is shown so that the author of a rule file can mend it."""

import re
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.linting.runner import lint
from ruletag.matching.compiler import compile_rules
from ruletag.problems import (
    CODES,
    Location,
    Problem,
    ProblemLog,
    Related,
    RuleSetError,
    as_dict,
    nearest,
    printable,
    quoted,
    render,
)
from ruletag.rules.loader import parse_rules

TESTS: Final = Path(__file__).parent
GOLDEN: Final = TESTS / "golden" / "problems"
BROKEN: Final = sorted(GOLDEN.glob("*.yaml"))
DOUBTFUL: Final = "w_"  # files that can be used, and should not stay as they are
TODAY: Final = date(2026, 1, 31)
PROBLEMS_PAGE: Final = TESTS.parent / "docs" / "problems.md"

# What a single small file cannot show, and the test that does.
ELSEWHERE: Final = {
    "E109": "test_yamltree.py",
    "E112": "test_wordlists.py",
    "E401": "test_parser.py",
    "E403": "test_loader.py",
    "E404": "test_loader.py",
    "E405": "serving/test_reload.py",
    "E498": "test_problems.py",
    "E499": "serving/test_reload.py",
    "W590": "test_examples.py",
    "W591": "test_examples.py",
}
ESCAPE: Final = re.compile(r"\x1b\[[0-9;]*m")


def problems_of(content: bytes, name: str = "a.yaml") -> tuple[Problem, ...]:
    """Give the problems of a rule file, all that loading it can find."""
    try:
        compile_rules(parse_rules({name: content}))
    except RuleSetError as error:
        return error.problems
    return ()


def warnings_of(content: bytes, name: str = "a.yaml") -> tuple[Problem, ...]:
    """Give what is doubtful about a rule file."""
    return lint(compile_rules(parse_rules({name: content})), {name: content}, TODAY)


# --------------------------------------------------------------------- golden


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_the_report_is_as_ever(path: Path, regold: bool) -> None:  # noqa: FBT001 - a fixture
    golden = path.with_suffix(".txt")
    is_doubtful = path.stem.startswith(DOUBTFUL)
    found = (warnings_of if is_doubtful else problems_of)(path.read_bytes(), path.name)
    shown = "\n\n".join(map(render, found)) + "\n"
    if regold:
        golden.write_text(shown, encoding="utf-8")

    assert shown == golden.read_text(encoding="utf-8")
    assert shown.startswith("warning[" if is_doubtful else "error[")


def test_no_report_is_left_over() -> None:
    assert [path.stem for path in sorted(GOLDEN.glob("*.txt"))] == [path.stem for path in BROKEN]


def test_every_code_has_a_golden_or_a_test() -> None:
    shown = "".join(path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.txt"))
    golden = set(re.findall(r"^\w+\[([EW]\d+)\]", shown, re.MULTILINE))

    assert golden | ELSEWHERE.keys() == CODES.keys()
    assert not golden & ELSEWHERE.keys()
    for code, test in ELSEWHERE.items():
        assert code in (TESTS / test).read_text(encoding="utf-8")


# ----------------------------------------------------------------------- docs


def sections() -> dict[str, str]:
    """Cut the page of problems into its sections, by code."""
    page = PROBLEMS_PAGE.read_text(encoding="utf-8")
    parts = re.split(r"^## ([EW]\d{3})(?=[ :])", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_code_stands_on_the_page_with_its_title() -> None:
    titles = {code: text.partition("\n")[0].strip() for code, text in sections().items()}

    assert titles == CODES


@pytest.mark.parametrize("code", CODES)
def test_bad_examples_are_bad_and_good_ones_good(code: str) -> None:
    section = sections()[code]
    examples = re.findall(r"^```yaml\n(.*?)^```", section, re.DOTALL | re.MULTILINE)

    look = problems_of if code.startswith("E") else warnings_of

    found = [{problem.code for problem in look(text.encode())} for text in examples]

    assert found == ([{code}, set()] if examples else [])
    assert bool(examples) == (code not in {*ELSEWHERE, "E102"})  # YAML in this page is UTF-8


# --------------------------------------------------------------------- render

HERE: Final = Location("a.yaml", 3, 5, 4)

# name, source line, column, length, the line as shown, the carets
EXCERPTS: Final = [
    ("plain", "    mach: [x]", 5, 4, "    mach: [x]", "    ^^^^"),
    ("length unknown", "- a", 3, 0, "- a", "  ^"),
    ("behind the end", "- a", 9, 1, "- a", "   ^"),
    ("far behind", "x" * 80 + " ab", 82, 2, "x" * 80 + " ab", " " * 81 + "^^"),
    ("wide letters before", "- 국경 ab", 6, 2, "- 국경 ab", "       ^^"),
    ("wide letters marked", "- 국경", 3, 2, "- 국경", "  ^^^^"),
    ("full width", "- ａ b", 5, 1, "- ａ b", "     ^"),
    ("decomposed Hangul", "- \u1100\u1161\u11a8 b", 7, 1, "- \u1100\u1161\u11a8 b", "     ^"),
    ("an accent apart", "- e\u0301 b", 6, 1, "- e\u0301 b", "    ^"),
    ("a tab", "a:\tb", 4, 1, "a:    b", "      ^"),
    ("a control character", "a\x1bb c", 5, 1, "a␛b c", "    ^"),
    ("a delete", "a\x7fb", 3, 1, "a\ufffdb", "  ^"),
    ("a character that turns the line", "a\u202eb c", 5, 1, "a\ufffdb c", "    ^"),
    ("an invisible character", "a\u200bb c", 5, 1, "ab c", "   ^"),
    ("a character of no font", "a\ue000b c", 5, 1, "a\ufffdb c", "    ^"),
    ("spaces at the end", "- a   ", 3, 4, "- a", "  ^"),
    ("cut behind", "ab " + "x" * 200, 1, 2, "ab " + "x" * 97 + "…", "^^"),
    ("cut before", "x" * 200 + " ab", 202, 2, "…" + "x" * 39 + " ab", " " * 41 + "^^"),
    ("cut on both sides", "x" * 200, 101, 1, "…" + "x" * 100 + "…", " " * 41 + "^"),
    ("cut before wide letters", "국" * 200, 101, 1, "…" + "국" * 50 + "…", " " * 41 + "^^"),
    ("longer than the line", "- " + "x" * 300, 3, 300, "- " + "x" * 98 + "…", "  " + "^" * 98),
    ("marks without end", "- e" + "\u0301" * 9000, 3, 1, "- e" + "\u0301" * 399 + "…", "  ^"),
    (
        "marks without end before",
        "e" + "\u0301" * 9000 + " ab",
        9003,
        2,
        "…" + "\u0301" * 399 + " ab",
        "  ^^",
    ),
]


@pytest.mark.parametrize(
    ("line", "column", "length", "shown", "carets"),
    [pytest.param(*case, id=name) for name, *case in EXCERPTS],
)
def test_the_caret_stands_below_what_is_wrong(
    line: str, column: int, length: int, shown: str, carets: str
) -> None:
    problem = Problem(Location("a.yaml", 7, column, length), "E201", "wrong", line=line)

    assert render(problem).split("\n") == [
        "error[E201]: wrong",
        " --> a.yaml:7:" + str(column),
        "  |",
        f"7 | {shown}",
        f"  | {carets}",
    ]


# name, problem, what is shown
SHOWN: Final = [
    (
        "without a source line",
        Problem(HERE, "E201", "wrong", "mend it"),
        "error[E201]: wrong\n --> a.yaml:3:5\n  = hint: mend it",
    ),
    (
        "a file as a whole",
        Problem(Location("a.yaml", 0, 0), "E110", "a.yaml: permission denied"),
        "error[E110]: a.yaml: permission denied\n --> a.yaml",
    ),
    (
        "all files together",
        Problem(Location("", 0, 0), "E498", "5 more problems are not shown"),
        "error[E498]: 5 more problems are not shown",
    ),
    (
        "a hint too long for the line",
        Problem(HERE, "E201", "wrong", "mend " + "x" * 90, "    mach: [x]"),
        (
            "error[E201]: wrong\n --> a.yaml:3:5\n  |\n3 |     mach: [x]\n  |     ^^^^\n"
            "  = hint: mend " + "x" * 90
        ),
    ),
    (
        "two places",
        Problem(
            HERE,
            "E104",
            "twice",
            "join them",
            "    mach: [x]",
            (Related(Location("b.yaml", 12, 1, 4), "first here", "mach: [y]"),),
        ),
        (
            "error[E104]: twice\n  --> a.yaml:3:5\n   |\n 3 |     mach: [x]\n"
            "   |     ^^^^ join them\n   |\n"
            "  ::: b.yaml:12:1\n   |\n12 | mach: [y]\n   | ---- first here"
        ),
    ),
    (
        "a second place whose line is not known",
        Problem(HERE, "E104", "twice", related=(Related(Location("b.yaml", 1, 2), "here"),)),
        "error[E104]: twice\n --> a.yaml:3:5\n ::: b.yaml:1:2: here",
    ),
    ("a warning", Problem(HERE, "W501", "odd"), "warning[W501]: odd\n --> a.yaml:3:5"),
    (
        "what would break out of its line",
        Problem(Location("a\n\x1b[2J.yaml", 1, 1), "E201", "a\nb\x1b[0m", "c\u2028d\u202e"),
        "error[E201]: a b␛[0m\n --> a ␛[2J.yaml:1:1\n  = hint: c d\ufffd",
    ),
]


@pytest.mark.parametrize(
    ("problem", "shown"), [pytest.param(*case, id=name) for name, *case in SHOWN]
)
def test_render(problem: Problem, shown: str) -> None:
    assert render(problem) == shown


def test_a_folder_stands_before_each_file() -> None:
    problem = Problem(HERE, "E104", "twice", related=(Related(Location("b.yaml", 1, 2), "here"),))

    shown = render(problem, folder="my/rules")

    assert " --> my/rules/a.yaml:3:5\n ::: my/rules/b.yaml:1:2" in shown


def test_colour_changes_nothing_but_colour() -> None:
    for path in BROKEN:
        for problem in problems_of(path.read_bytes()):
            assert ESCAPE.sub("", render(problem, colour=True)) == render(problem)


def test_colours() -> None:
    problem = Problem(HERE, "E201", "wrong", "mend it", "    mach: [x]")

    assert render(problem, colour=True) == (
        "\x1b[1;31merror[E201]\x1b[0m\x1b[1m: wrong\x1b[0m\n"
        " \x1b[1;34m-->\x1b[0m a.yaml:3:5\n"
        "  \x1b[1;34m|\x1b[0m\n"
        "\x1b[1;34m3\x1b[0m \x1b[1;34m|\x1b[0m     mach: [x]\n"
        "  \x1b[1;34m|\x1b[0m     \x1b[1;31m^^^^ mend it\x1b[0m"
    )
    assert render(Problem(HERE, "W501", "odd"), colour=True).startswith("\x1b[1;33mwarning")


@given(
    line=st.text(max_size=300),
    detail=st.text(max_size=50),
    column=st.integers(1, 400),
    length=st.integers(0, 400),
)
def test_nothing_leaves_its_line_or_its_place(
    line: str, detail: str, column: int, length: int
) -> None:
    problem = Problem(Location("a.yaml", 1, column, length), "E201", detail, detail, line)

    shown = render(problem).split("\n")

    assert len(shown) in ({5, 6} if line else {2, 3})
    assert not any(ord(c) < 32 or c in "\x7f\x9b\u202e\u2028\ud800" for row in shown for c in row)


# ------------------------------------------------------------------------ log


def test_problems_come_in_file_order_each_once() -> None:
    log = ProblemLog()
    for line in (3, 1, 3):
        log.add("E201", Location("b.yaml", line, 1), "wrong")
    log.add("E102", Location("a.yaml", 9, 1), "wrong")

    places = [str(problem.location) for problem in log.problems]

    assert places == ["a.yaml:9:1", "b.yaml:1:1", "b.yaml:3:1"]


def test_the_first_thousand_are_kept_and_the_rest_counted() -> None:
    log = ProblemLog()
    for line in range(1, 5001):
        log.add("E201", Location("a.yaml", line, 1), "wrong", hint=lambda: "worked out")

    *kept, last = RuleSetError(log.problems).problems

    assert [problem.location.line for problem in kept] == list(range(1, 1001))
    assert sum(problem.hint != "" for problem in kept) == 100
    assert str(last) == "E498 4,000 more problems are not shown (mend these first)"
    assert sorted([last, kept[0]]) == [kept[0], last]


def test_warnings_alone_are_no_errors() -> None:
    log = ProblemLog()
    log.add("W501", HERE, "odd")

    assert not log.has_errors


# name, text, index, line and column
PLACES: Final = [
    ("the first", "ab", 0, (1, 1)),
    ("newline", "a\nbc", 3, (2, 2)),
    ("carriage return and newline", "a\r\nbc", 4, (2, 2)),
    ("carriage return", "a\rbc", 3, (2, 2)),
    ("line separator", "a\u2028bc", 3, (2, 2)),
    ("next line", "a\x85bc", 3, (2, 2)),
    ("form feed is none", "a\x0cbc", 3, (1, 4)),
]


@pytest.mark.parametrize(
    ("text", "index", "expected"), [pytest.param(*case, id=name) for name, *case in PLACES]
)
def test_places(text: str, index: int, expected: tuple[int, int]) -> None:
    log = ProblemLog()
    log.add_source("a.yaml", text)

    place = log.place("a.yaml", index)

    assert (place.line, place.column) == expected
    assert log.line(place)[place.column - 1] == text[index]


def test_lines_that_are_not_known_are_empty() -> None:
    log = ProblemLog()
    log.add_source("a.yaml", "a")

    assert log.line(Location("a.yaml", 0, 0)) == log.line(Location("b.yaml", 1, 1)) == ""


# name, what is written, its length in the file, the piece, column and length
PIECES: Final = [
    ("plain", "smuggle sm*", 11, (8, 11), (13, 3)),
    ("in quotes", "smuggle sm*", 13, (8, 11), (14, 3)),
    ("escaped in the file", "smuggle sm*", 14, (8, 11), (5, 14)),
    ("over lines", "smuggle sm*", 0, (8, 11), (5, 0)),
]


@pytest.mark.parametrize(
    ("written", "length", "piece", "expected"),
    [pytest.param(*case, id=name) for name, *case in PIECES],
)
def test_pieces(
    written: str, length: int, piece: tuple[int, int], expected: tuple[int, int]
) -> None:
    place = Location("a.yaml", 3, 5, length).piece(written, *piece)

    assert (place.column, place.length) == expected


# ---------------------------------------------------------------------- words


def test_a_problem_in_one_line() -> None:
    assert str(Problem(HERE, "E201", "a\nb", "mend it")) == "a.yaml:3:5: E201 a b (mend it)"


def test_quoted_is_short() -> None:
    assert quoted("copper") == "`copper`"
    assert quoted("x" * 100) == f"`{'x' * 59}…`"


def test_printable_keeps_what_is_visible() -> None:
    assert printable("국경 é 𠮷 “x”") == "국경 é 𠮷 “x”"


def test_nearest_knows_no_case_and_no_far_words() -> None:
    assert nearest("High", ["low", "high"]) == "did you mean `high`?"
    assert nearest("x" * 10_000_000, ["low", "high"]) == ""


def test_as_dict() -> None:
    related = (Related(Location("b.yaml", 1, 2), "first here", "x"),)

    given = as_dict(Problem(HERE, "E104", "twice", "join them", "x", related))

    assert given == {
        "code": "E104",
        "title": "key given twice",
        "severity": "error",
        "detail": "twice",
        "hint": "join them",
        "file": "a.yaml",
        "line": 3,
        "column": 5,
        "related": [{"file": "b.yaml", "line": 1, "column": 2, "detail": "first here"}],
    }
