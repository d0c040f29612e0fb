"""`ruletag check` and `ruletag test`: what is said of rule files, and the exit code."""

import json
import re
import shlex
from pathlib import Path
from typing import Any, Final

import click
import pytest
import yaml

import ruletag
from cli.conftest import Process, Run, Terminal
from ruletag.cli.common import named
from ruletag.cli.main import commands
from ruletag.problems import CODES
from ruletag.settings import SHIPPED_RULES

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "problems.md"
HOOKS: Final = ROOT / ".pre-commit-hooks.yaml"

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
    ("good", {"a.yaml": GOOD}, 0, "", "1 file in ./rules, 1 category, 1 keyword: no problems"),
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
    (
        "a broken test",
        {"a.yaml": TAGGED % "zinc"},
        0,
        "",
        "1 file in ./rules, 1 category, 1 keyword: no problems (1 test not run: ruletag test)",
    ),
    (
        "an error beside tests",
        {"a.yaml": TAGGED % "zinc, copper", "b.yaml": UNKNOWN_KEY},
        1,
        UNKNOWN_KEY_SHOWN.replace("sub/a", "b"),
        "1 error in 2 files",
    ),
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


@pytest.mark.parametrize("arguments", [["my rules"], ["--rules", "my rules"]])
def test_the_command_that_runs_the_tests_can_be_copied(run: Run, arguments: list[str]) -> None:
    write({"../my rules/a.yaml": TAGGED % "copper"})

    done = run("check", *arguments)

    assert done.stderr.endswith("no problems (1 test not run: ruletag test 'my rules')\n")


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


# name, format, what standard output begins with, standard error
FORMATS: Final = [
    ("JSON", "json", '{\n  "folder": "rules",', ""),
    ("SARIF", "sarif", '{\n  "$schema": ', ""),
    ("GitHub", "github", "::error file=rules/a.yaml,line=2,col=29,", "1 error in 1 file\n"),
]


@pytest.mark.parametrize(
    ("form", "begins", "stderr"), [pytest.param(*case, id=name) for name, *case in FORMATS]
)
def test_check_for_programs(run: Run, form: str, begins: str, stderr: str) -> None:
    write({"a.yaml": UNKNOWN_KEY})

    done = run("check", "--format", form)

    assert (done.exit_code, done.stderr) == (1, stderr)
    assert done.stdout.startswith(begins)
    assert done.stdout.endswith("\n")


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_programs_are_given_utf_8_on_any_terminal(process: Process, form: str) -> None:
    write({"a.yaml": "categories: {국경: [x]}"})

    done = process(f"ruletag check --format {form}", PYTHONIOENCODING="latin-1")

    assert "국경" in done.stdout


def test_programs_are_not_told_of_tests(run: Run) -> None:
    write({"a.yaml": TAGGED % "copper"})

    done = run("check", "--format", "github")

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "1 file in ./rules, 1 category, 1 keyword: no problems\n"


PACKAGED: Final = "the rules of the package (there is no ./rules here)"


def test_the_rules_in_the_package_are_checked_where_there_are_no_others(run: Run) -> None:
    done = run("check")

    assert done.exit_code == 0
    assert f" files in {PACKAGED}, " in done.stderr


def test_the_rules_in_the_package_are_tested_where_there_are_no_others(run: Run) -> None:
    done = run("test", "--category", "smuggling")

    assert done.exit_code == 0
    assert f" tests in {PACKAGED}, 0 failed" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "shipyard"],
        ["test", "-k", "shipyard"],
        ["describe", "shipyard"],
        ["tag", "--category", "shipyard"],
        ["expand", "--category", "shipyard"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_the_rules_in_the_package_have_no_category_of_others(
    run: Run, arguments: list[str]
) -> None:
    done = run(*arguments)

    assert done.exit_code == 2
    assert f"; these are {PACKAGED}; --rules says where yours are" in done.stderr


def test_the_rules_in_the_package_are_named_as_such_beside_others(run: Run) -> None:
    write({"a.yaml": GOOD})

    done = run("check", str(SHIPPED_RULES))

    assert " files in the rules of the package, " in done.stderr


# name, where the folder is
FOLDERS: Final = [
    ("beside", "my-rules", "./my-rules"),
    ("here", ".", "."),
    ("above", "../rules", "../rules"),
    ("hidden", ".rules", "./.rules"),
    ("from the root", "/etc/rules", "/etc/rules"),
    ("what would steer a terminal", "a\x1bb", "./a␛b"),
]


@pytest.mark.parametrize(
    ("folder", "expected"), [pytest.param(*case, id=name) for name, *case in FOLDERS]
)
def test_folders_are_named(folder: str, expected: str) -> None:
    assert named(Path(folder)) == expected


@pytest.mark.parametrize("arguments", [["check"], ["test"], ["tag", "--rules"]])
def test_of_a_file_the_folder_is_named(run: Run, arguments: list[str]) -> None:
    write({"a b/x.yaml": GOOD})

    done = run(*arguments, "rules/a b/x.yaml")

    assert done.exit_code == 2
    assert "rules/a b/x.yaml is a file; give its folder: 'rules/a b'\n" in done.stderr


# -------------------------------------------------------------------- explain


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained_as_the_page_does(run: Run, code: str) -> None:
    passage = PAGE.read_text(encoding="utf-8").partition(f"\n## {code} ")[2].partition("\n## ")[0]

    done = run("check", "--explain", code)

    assert done.exit_code == 0
    assert done.stdout.startswith(f"{code} {CODES[code]}\n\n")
    assert said(done.stdout) == said(
        re.sub(r"\[([^]\n]+)\]\([^)\n]+\)", r"\1", f"{code} {passage}")
    )
    assert ("\nbad:\n" in done.stdout) == ("\ngood:\n" in done.stdout) == ("```yaml" in passage)


def said(text: str) -> list[str]:
    """Give the lines that hold anything, without what only marks an example."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and line not in {"bad:", "good:", "```yaml", "```"}]


def test_the_package_has_the_page_by_a_link() -> None:
    copy = Path(ruletag.__file__).parent / "problems.md"

    assert copy.is_symlink()
    assert copy.samefile(PAGE)


EXAMPLE_SHOWN: Final = """\
E304 too little before the star

Fewer than three letters stand before a star, so it would find too many words.

bad:

    categories:
      smuggling: [sm*]

good:

    categories:
      smuggling: [smuggl*]

Write more of the word.
"""

# name, arguments, the codes that are explained
EXPLAINED: Final[list[tuple[str, list[str], list[str]]]] = [
    ("one", ["--explain", "E304"], ["E304"]),
    ("in small letters", ["--explain", "e304"], ["E304"]),
    ("several", ["--explain", "E304", "E102"], ["E102", "E304"]),
    ("many", ["--explain", "E304", "E102", "E109", "E110"], ["E102", "E109", "E110", "E304"]),
    ("with commas", ["--explain=E304,e102"], ["E102", "E304"]),
    ("repeated", ["--explain", "E304", "--explain", "E102"], ["E102", "E304"]),
    ("twice the same", ["--explain", "E304", "e304"], ["E304"]),
]


@pytest.mark.parametrize(
    ("arguments", "codes"), [pytest.param(*case, id=name) for name, *case in EXPLAINED]
)
def test_codes_are_explained(run: Run, arguments: list[str], codes: list[str]) -> None:
    done = run("check", *arguments)

    assert done.exit_code == 0
    assert sorted(re.findall(r"^E\d{3}(?= [a-zA-Z])", done.stdout, re.MULTILINE)) == codes
    assert EXAMPLE_SHOWN in done.stdout


@pytest.mark.parametrize("arguments", [["--explain"], ["--explain", "list"], ["--explain", ""]])
def test_all_codes_are_listed(run: Run, arguments: list[str]) -> None:
    done = run("check", *arguments)

    assert done.exit_code == 0
    assert dict(line.split("  ") for line in done.stdout.splitlines()) == CODES


# name, arguments, message
NOT_EXPLAINED: Final = [
    ("mistyped", ["E23"], "there is no code `E23`; did you mean `E203`?"),
    ("unknown", ["rules"], "there is no code `rules`; `ruletag check --explain` lists them"),
    ("one of several", ["E203", "xyzzy"], "there is no code `xyzzy`"),
    ("steering", ["\x1b[2J"], "there is no code `␛[2J`"),
    ("with a format", ["E203", "--format", "json"], "--explain gives text"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), [pytest.param(*case, id=name) for name, *case in NOT_EXPLAINED]
)
def test_what_cannot_be_explained(run: Run, arguments: list[str], message: str) -> None:
    done = run("check", "--explain", *arguments)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("ruletag: ")
    assert message in done.stderr


def test_a_title_is_bold_on_a_terminal(terminal: Terminal) -> None:
    _, shown = terminal("check", "--explain", "E304")

    assert shown == EXAMPLE_SHOWN.replace(
        "E304 too little before the star", "\x1b[1mE304 too little before the star\x1b[0m"
    )


# --------------------------------------------------------------------- colour

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
    ("passed", TAGGED % "copper", 0, "", "1 test in ./rules, 0 failed"),
    (
        "not tagged",
        TAGGED % "zinc, copper",
        1,
        NOT_TAGGED_SHOWN,
        "2 tests in ./rules, 1 failed",
    ),
    ("tagged", SKIPPED % "copper", 1, "a is tagged, by `copper`", "1 test in ./rules, 1 failed"),
    ("marked", TAGGED % "'[[copper]] pipe'", 0, "", "1 test in ./rules, 0 failed"),
    (
        "other evidence",
        TAGGED % "'copper [[pipe]]'",
        1,
        "not found: `pipe`",
        "1 test in ./rules, 1 failed",
    ),
    ("none", GOOD, 2, "", "ruletag: there are no tests in ./rules"),
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


TWO_CATEGORIES: Final = """\
categories:
  goods.metals: {match: [copper], tests: {tag: [copper, zinc]}}
  goods.food: {match: [rice], tests: {tag: [rice]}}
  party: {match: [party], tests: {skip: [party]}}
  empty: [nothing]
"""

# name, arguments, exit code, the last line
CHOSEN: Final = [
    ("all", [], 1, "4 tests in ./rules, 2 failed"),
    ("one", ["--category", "goods.food"], 0, "1 test in ./rules, 0 failed"),
    ("all below one", ["--category", "goods.*"], 1, "3 tests in ./rules, 1 failed"),
    ("two", ["-k", "goods.food", "-k", "party"], 1, "2 tests in ./rules, 1 failed"),
    ("a parent alone", ["-k", "goods"], 2, "ruletag: there are no tests of goods in ./rules"),
    ("one without tests", ["-k", "empty"], 2, "ruletag: there are no tests of empty in ./rules"),
    ("mistyped", ["-k", "good"], 2, 'ruletag: there is no category "good"; did you mean `goods`?'),
]


@pytest.mark.parametrize("form", ["text", "junit"])
@pytest.mark.parametrize(
    ("arguments", "code", "said"), [pytest.param(*case, id=name) for name, *case in CHOSEN]
)
def test_only_the_tests_of_some_categories(
    run: Run, form: str, arguments: list[str], code: int, said: str
) -> None:
    write({"a.yaml": TWO_CATEGORIES})

    done = run("test", "--format", form, *arguments)

    assert done.exit_code == code
    assert done.stderr.splitlines()[0] == said
    assert (" is not tagged" in done.stdout) == said.startswith(("3 tests", "4 tests"))
    if form == "junit" and "ruletag" not in said:
        assert f'tests="{said[0]}" failures="{said[-8]}"' in done.stdout


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


# ----------------------------------------------------------------------- hooks


def hooks() -> list[dict[str, Any]]:
    found = yaml.safe_load(HOOKS.read_text(encoding="utf-8"))
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook["id"])
def test_a_hook_calls_a_command_as_it_can_be_called(hook: dict[str, Any]) -> None:
    program, name, *arguments = shlex.split(hook["entry"])
    command = commands.get_command(click.Context(commands), name)

    assert (program, hook["id"], hook["name"]) == ("ruletag", f"ruletag-{name}", f"ruletag {name}")
    assert (hook["language"], hook["pass_filenames"]) == ("python", False)
    assert command is not None
    command.make_context(name, arguments)  # raises for an option that is not there


# name, path, whether a change of it calls the hooks
CHANGED: Final = [
    ("a rule file", "rules/a.yaml", True),
    ("the other ending", "rules/a.yml", True),
    ("deeper", "services/news/rules/metals/a.yaml", True),
    ("another folder", "config/a.yaml", False),
    ("another file", "rules/README.md", False),
    ("another folder's end", "myrules/a.yaml", False),
]


@pytest.mark.parametrize(
    ("path", "expected"), [pytest.param(*case, id=name) for name, *case in CHANGED]
)
def test_hooks_are_called_for_rule_files(path: str, *, expected: bool) -> None:
    assert [bool(re.search(hook["files"], path)) for hook in hooks()] == [expected] * 3
