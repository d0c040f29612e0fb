"""`ruletag check` and `ruletag test`: what is said of rule files, and the exit code."""

import json
from pathlib import Path
from typing import Final

import pytest

from cli.conftest import Process, Run, Terminal

GOOD: Final = "categories: {metals: [copper]}"
UNKNOWN_KEY: Final = "categories:\n  metals: {match: [copper], threshhold: 2}\n"
TOO_MANY_FORMS: Final = f"categories: {{a: ['{' '.join(['organize~'] * 4)}']}}"
TAGGED: Final = "categories:\n  a:\n    match: [copper]\n    tests:\n      tag: [%s]\n"
SKIPPED: Final = "categories:\n  a:\n    match: [copper]\n    tests:\n      skip: [%s]\n"
UNKNOWN_KEY_SHOWN: Final = """\
error[E201]: unknown key `threshhold` in category metals
 --> rules/sub/a.yaml:2:29
  |
2 |   metals: {match: [copper], threshhold: 2}
  |                             ^^^^^^^^^^ did you mean `threshold`?

"""
NOT_TAGGED_SHOWN: Final = """\
error[E405]: a is not tagged
 --> rules/a.yaml:5:13
  |
5 |       tag: [zinc, copper]
  |             ^^^^

"""

# name, files, exit code, what stands on standard output, the last line
CHECKS: Final[list[tuple[str, dict[str, str], int, str, str]]] = [
    ("good", {"a.yaml": GOOD}, 0, "", "1 file, 1 category, 1 keyword: no problems"),
    (
        "an error",
        {"sub/a.yaml": UNKNOWN_KEY, "b.yaml": "categories: {lead: [lead]}"},
        1,
        UNKNOWN_KEY_SHOWN,
        "1 error in 2 files",
    ),
    (
        "what only the compiler sees",
        {"a.yaml": TOO_MANY_FORMS},
        1,
        " --> rules/a.yaml:1:18\n  |\n1 | categories: {a: ['organize~ ",
        "1 error in 1 file",
    ),
    ("a broken test", {"a.yaml": TAGGED % "zinc"}, 0, "", "no problems"),
    ("a folder without rules", {"a.txt": ""}, 2, " --> rules\n", "1 error"),
]


def write(files: dict[str, str]) -> None:
    for name, text in files.items():
        path = Path("rules", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("files", "code", "shown", "last"), [pytest.param(*case, id=name) for name, *case in CHECKS]
)
def test_check(run: Run, files: dict[str, str], code: int, shown: str, last: str) -> None:
    write(files)

    done = run("check")

    assert done.exit_code == code
    assert shown in done.stdout
    assert bool(done.stdout) == bool(shown)
    assert done.stderr.endswith(f"{last}\n")


@pytest.mark.parametrize("arguments", [["rules"], ["--rules", "rules"], []])
def test_the_folder_can_be_named_in_two_ways(run: Run, arguments: list[str]) -> None:
    write({"a.yaml": GOOD})

    assert run("check", *arguments).exit_code == 0


def test_a_list_counts_once(run: Run) -> None:
    write({"a.yaml": "lists: {l: [x, y]}\ncategories: {a: [$l, z], b: [$l], c: [z ... $l]}"})

    assert "3 categories, 4 keywords" in run("check").stderr


def test_strict_finds_nothing_in_good_rules(run: Run) -> None:
    write({"a.yaml": GOOD})

    assert run("check", "--strict").exit_code == 0


def test_check_as_json(run: Run) -> None:
    write({"a.yaml": UNKNOWN_KEY})

    done = run("check", "--format", "json")

    report = json.loads(done.stdout)
    [problem] = report.pop("problems")
    assert report == {"folder": "rules", "files": 1, "errors": 1, "warnings": 0}
    assert (problem["code"], problem["file"], problem["line"]) == ("E201", "a.yaml", 2)
    assert (done.exit_code, done.stderr) == (1, "")


def test_the_rules_in_the_package_are_checked_where_there_are_no_others(run: Run) -> None:
    assert run("check").exit_code == 0


# name, environment, whether there is colour
COLOUR: Final[list[tuple[str, dict[str, str], bool]]] = [
    ("a terminal", {}, True),
    ("unwanted", {"NO_COLOR": "1"}, False),
    ("unwanted and forced", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ("not possible", {"TERM": "dumb"}, False),
]


@pytest.mark.parametrize(
    ("variables", "expected"), [pytest.param(*case, id=name) for name, *case in COLOUR]
)
def test_colour_on_a_terminal(
    terminal: Terminal, variables: dict[str, str], *, expected: bool
) -> None:
    write({"a.yaml": UNKNOWN_KEY})

    code, shown = terminal("check", **variables)

    assert code == 1
    assert ("\x1b[1;31merror[E201]\x1b[0m" in shown) == expected
    assert ("\x1b" in shown) == expected


@pytest.mark.parametrize(
    ("force", "expected"), [("1", True), ("0", False), ("", False)], ids=["yes", "no", "empty"]
)
def test_colour_in_a_pipe(process: Process, force: str, *, expected: bool) -> None:
    write({"a.yaml": UNKNOWN_KEY})

    assert ("\x1b" in process("ruletag check", FORCE_COLOR=force).stdout) == expected


# name, rules, exit code, what stands on standard output, the last line
TESTS: Final = [
    ("passed", TAGGED % "copper", 0, "", "1 test, 0 failed"),
    (
        "not tagged",
        TAGGED % "zinc, copper",
        1,
        NOT_TAGGED_SHOWN,
        "2 tests, 1 failed",
    ),
    ("tagged", SKIPPED % "copper", 1, "a is tagged, by `copper`", "1 test, 1 failed"),
    ("marked", TAGGED % "'[[copper]] pipe'", 0, "", "1 test, 0 failed"),
    ("other evidence", TAGGED % "'copper [[pipe]]'", 1, "not found: `pipe`", "1 test, 1 failed"),
    ("none", GOOD, 2, "", "ruletag: there are no tests in rules"),
]


@pytest.mark.parametrize(
    ("rules", "code", "shown", "last"), [pytest.param(*case, id=name) for name, *case in TESTS]
)
def test_test(run: Run, rules: str, code: int, shown: str, last: str) -> None:
    write({"a.yaml": rules})

    done = run("test")

    assert done.exit_code == code
    assert shown in done.stdout
    assert bool(done.stdout) == bool(shown)
    assert done.stderr == f"{last}\n"


def test_rules_that_cannot_be_tested(run: Run) -> None:
    write({"a.yaml": UNKNOWN_KEY})

    done = run("test")

    assert (done.exit_code, done.stdout) == (78, "")
    assert done.stderr.startswith("error[E201]")
    assert done.stderr.endswith("\n\nruletag: the rules in rules cannot be used: 1 error\n")


def test_a_folder_without_rules_holds_no_tests(run: Run) -> None:
    done = run("test", "none")

    assert done.exit_code == 2
    assert done.stderr.startswith("ruletag: the rule folder does not exist")


def test_a_problem_cannot_steer_the_terminal(run: Run) -> None:
    write({"a.yaml": SKIPPED % '"scrap copper\\nwire"'.replace("copper", "\\x1bcopper")})

    assert "\x1b" not in run("test").output
