"""What other programs are given, whatever the rules hold: JSON, commands, SARIF, JUnit."""

import json
import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.conftest import Run
from ruletag.cli.common import Outcome, read_folder
from ruletag.cli.explanations import explanations
from ruletag.cli.reports import Places, as_json, as_junit, as_sarif, as_workflow_commands
from ruletag.matching.examples import Result
from ruletag.problems import CODES, Location, Problem, Related
from ruletag.rules.model import Category, Example

FOLDER: Final = Path("/srv/my rules")
PLACES: Final = Places(FOLDER, Path("/srv"))
HERE: Final = Location("a.yaml", 3, 5, 4)
TWICE: Final = Problem(
    HERE, "E401", "twice", "join them", "  a: x", (Related(Location("b,c.yaml", 1, 2), "first"),)
)


def outcome_of(*problems: Problem) -> Outcome:
    return Outcome(FOLDER, {}, None, problems)


# --------------------------------------------------------------------- places

# name, rule folder, file, path, URI
PATHS: Final[list[tuple[str, str, str, str, str]]] = [
    ("below", "rules", "a.yaml", "rules/a.yaml", "rules/a.yaml"),
    ("in a folder", "rules", "b/a.yaml", "rules/b/a.yaml", "rules/b/a.yaml"),
    ("here", ".", "a.yaml", "a.yaml", "a.yaml"),
    ("here by its whole path", "{here}", "a.yaml", "a.yaml", "a.yaml"),
    ("by a detour", "x/../rules", "a.yaml", "rules/a.yaml", "rules/a.yaml"),
    ("elsewhere", "/r", "a b.yaml", "/r/a b.yaml", "file:///r/a%20b.yaml"),
    ("all files", "rules", "", "rules", "rules"),
    ("the folder", "rules", "rules", "rules", "rules"),
    ("escaped", "50%", "é: #?.yaml", "50%/é: #?.yaml", "50%25/%C3%A9%3A%20%23%3F.yaml"),
    ("a name that is no UTF-8", "\udcff", "a.yaml", "\udcff/a.yaml", "%FF/a.yaml"),
]


@pytest.mark.parametrize(
    ("folder", "file", "path", "uri"), [pytest.param(*case, id=name) for name, *case in PATHS]
)
def test_paths(home: Path, folder: str, file: str, path: str, uri: str) -> None:
    folder = folder.format(here=home)

    places = Places.of(Outcome(Path(folder), {}, None, ()), {})

    assert (places.path(file).as_posix(), places.uri(file)) == (path, uri)


# name, GITHUB_WORKSPACE, path
WORKSPACES: Final = [
    ("around us", "{around}", "{name}/rules/a.yaml"),
    ("here", "{here}", "rules/a.yaml"),
    ("elsewhere", "/elsewhere", "rules/a.yaml"),
    ("empty", "", "rules/a.yaml"),
]


@pytest.mark.parametrize(
    ("workspace", "path"), [pytest.param(*case, id=name) for name, *case in WORKSPACES]
)
def test_paths_in_a_working_copy(home: Path, workspace: str, path: str) -> None:
    names = {"around": str(home.parent), "here": str(home), "name": home.name}
    environment = {"GITHUB_WORKSPACE": workspace.format(**names)}

    places = Places.of(Outcome(Path("rules"), {}, None, ()), environment)

    assert places.path("a.yaml").as_posix() == path.format(**names)


# ----------------------------------------------------------------------- JSON


def test_json() -> None:
    report = json.loads(as_json(outcome_of(TWICE)))

    [problem] = report.pop("problems")
    assert report == {"folder": str(FOLDER), "files": 0, "errors": 1, "warnings": 0}
    assert (problem["code"], problem["related"][0]["detail"]) == ("E401", "first")


# --------------------------------------------------------------------- GitHub

COMMAND: Final = re.compile(r"::(error|warning) ([^\n]*?)::([^\r\n]*)\n")


def decoded(line: str) -> tuple[str, dict[str, str], str]:
    """Read a command as GitHub documents it: the level, the properties, the message."""
    found = COMMAND.fullmatch(line)
    assert found is not None, line
    level, listed, message = found.groups()
    properties = dict(pair.split("=", 1) for pair in listed.split(","))
    return level, {name: unescaped(value) for name, value in properties.items()}, unescaped(message)


def unescaped(text: str) -> str:
    for written, meant in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(written, meant)
    return text


# name, problem, the line
COMMANDS: Final = [
    (
        "a place",
        Problem(HERE, "E201", "100 %, sure: no", "mend it"),
        (
            "::error file=my rules/a.yaml,line=3,col=5,endColumn=9,title=E201 unknown key"
            "::100 %25, sure: no%0Amend it"
        ),
    ),
    (
        "a length that is not known",
        Problem(Location("a.yaml", 3, 5), "E201", "wrong"),
        "::error file=my rules/a.yaml,line=3,col=5,title=E201 unknown key::wrong",
    ),
    (
        "a file as a whole",
        Problem(Location("a,b:c%.yaml", 0, 0), "E110", "closed"),
        "::error file=my rules/a%2Cb%3Ac%25.yaml,title=E110 file cannot be read::closed",
    ),
    (
        "all files together",
        Problem(Location("", 0, 0), "E498", "5 more"),
        "::error file=my rules,title=E498 too many problems::5 more",
    ),
    (
        "two places",
        TWICE,
        (
            "::error file=my rules/a.yaml,line=3,col=5,endColumn=9,title=E401 defined twice"
            "::twice%0Amy rules/b,c.yaml:1:2: first%0Ajoin them"
        ),
    ),
    (
        "several lines",
        Problem(HERE, "E201", "a\r\nb\n::error::c\x1b"),
        (
            "::error file=my rules/a.yaml,line=3,col=5,endColumn=9,title=E201 unknown key"
            "::a b ::error::c␛"
        ),
    ),
]


@pytest.mark.parametrize(
    ("problem", "line"), [pytest.param(*case, id=name) for name, *case in COMMANDS]
)
def test_a_workflow_command(problem: Problem, line: str) -> None:
    assert as_workflow_commands([problem], PLACES).decode() == f"{line}\n"


def test_no_problems_are_no_commands() -> None:
    assert as_workflow_commands([], PLACES) == b""


TEXTS: Final = st.text(max_size=30)
NAMES: Final = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in {".", ".."})
PLACES_IN_FILES: Final = st.builds(
    Location, NAMES, st.integers(0, 9), st.integers(1, 9), length=st.integers(0, 9)
)
PROBLEMS: Final = st.builds(
    Problem,
    PLACES_IN_FILES,
    st.sampled_from(sorted(CODES)),
    TEXTS,
    TEXTS,
    TEXTS,
    st.lists(st.builds(Related, PLACES_IN_FILES, TEXTS), max_size=2).map(tuple),
)


@given(problem=PROBLEMS)
def test_a_command_says_what_was_meant(problem: Problem) -> None:
    line = as_workflow_commands([problem], PLACES).decode()

    level, properties, message = decoded(line)
    assert level == ("error" if problem.is_error else "warning")
    assert properties["file"] == f"my rules/{problem.location.file}"
    assert properties["title"] == f"{problem.code} {problem.title}"
    assert len(message.split("\n")) == 1 + len(problem.related) + bool(problem.hint)


# ---------------------------------------------------------------------- SARIF

TEXT_MESSAGE: Final = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string"}, "markdown": {"type": "string"}},
    "additionalProperties": False,
}
POSITION: Final = {"type": "integer", "minimum": 1}
LOCATION: Final = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "message": TEXT_MESSAGE,
        "physicalLocation": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "format": "uri-reference"}},
                    "additionalProperties": False,
                },
                "region": {
                    "type": "object",
                    "required": ["startLine", "startColumn"],
                    "properties": {
                        "startLine": POSITION,
                        "startColumn": POSITION,
                        "endColumn": POSITION,
                    },
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
LEVELS: Final = {"enum": ["none", "note", "warning", "error"]}
# The part of the schema of SARIF 2.1.0 that is used here; its objects are closed, too.
SARIF: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["tool", "results", "columnKind"],
                "additionalProperties": False,
                "properties": {
                    "columnKind": {"const": "unicodeCodePoints"},
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "additionalProperties": False,
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "rules"],
                                "additionalProperties": False,
                                "properties": {
                                    "name": {"type": "string"},
                                    "version": {"type": "string"},
                                    "semanticVersion": {"type": "string"},
                                    "rules": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription", "help"],
                                            "additionalProperties": False,
                                            "properties": {
                                                "id": {"type": "string"},
                                                "name": {"pattern": r"^([A-Z0-9]\w*)+$"},
                                                "shortDescription": TEXT_MESSAGE,
                                                "fullDescription": TEXT_MESSAGE,
                                                "help": TEXT_MESSAGE,
                                                "defaultConfiguration": {
                                                    "type": "object",
                                                    "properties": {"level": LEVELS},
                                                    "additionalProperties": False,
                                                },
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            # A code scanner refuses a result without a place.
                            "required": ["message", "locations"],
                            "additionalProperties": False,
                            "properties": {
                                "ruleId": {"type": "string"},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "level": LEVELS,
                                "message": TEXT_MESSAGE,
                                "locations": {"type": "array", "minItems": 1, "items": LOCATION},
                                "relatedLocations": {
                                    "type": "array",
                                    "uniqueItems": True,
                                    "items": LOCATION,
                                },
                                "partialFingerprints": {
                                    "type": "object",
                                    "additionalProperties": {"type": "string"},
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def sarif(*problems: Problem) -> Any:  # noqa: ANN401 - any JSON
    """Give the one run of a log that agrees with the schema."""
    log = json.loads(as_sarif(problems, PLACES))
    jsonschema.Draft202012Validator(SARIF).validate(log)
    return log["runs"][0]


def test_every_code_is_a_rule() -> None:
    rules = sarif()["tool"]["driver"]["rules"]

    assert {rule["id"]: rule["shortDescription"]["text"] for rule in rules} == CODES
    assert len({rule["name"] for rule in rules}) == len(rules)
    for rule in rules:
        kind = "error" if rule["id"].startswith("E") else "warning"
        assert rule["defaultConfiguration"]["level"] == kind
        assert explanations()[rule["id"]].passage == rule["help"]["markdown"]
        assert rule["fullDescription"]["text"].endswith(".")


def test_a_result() -> None:
    run = sarif(TWICE)

    [result] = run["results"]
    [first], [second] = result["locations"], result["relatedLocations"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "E401"
    assert result["level"] == "error"
    assert first["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20rules/a.yaml"},
        "region": {"startLine": 3, "startColumn": 5, "endColumn": 9},
    }
    assert second["physicalLocation"] == {
        "artifactLocation": {"uri": "my%20rules/b%2Cc.yaml"},
        "region": {"startLine": 1, "startColumn": 2},
    }
    assert second["message"] == {"text": "first"}


def test_what_has_no_line_has_no_region() -> None:
    [result] = sarif(Problem(Location("", 0, 0), "E498", "5 more"))["results"]

    assert result["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "my%20rules"}}}
    ]


def test_a_problem_is_known_again_when_its_line_has_moved() -> None:
    def fingerprints(*problems: Problem) -> list[str]:
        return [
            result["partialFingerprints"].popitem()[1] for result in sarif(*problems)["results"]
        ]

    here = Problem(Location("a.yaml", 3, 5), "E201", "wrong", line="  mach: [x]")
    below = Problem(Location("a.yaml", 9, 9), "E201", "wrong", line="      mach: [x]  ")
    other = Problem(Location("a.yaml", 3, 5), "E201", "wrong", line="  mach: [y]")

    assert fingerprints(here) == fingerprints(below) != fingerprints(other)
    assert len(set(fingerprints(here, below))) == 2


@given(problems=st.lists(PROBLEMS, max_size=3))
def test_any_problems_are_valid_sarif(problems: list[Problem]) -> None:
    run = sarif(*problems)

    for problem, result in zip(problems, run["results"], strict=True):
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[\w.~/%-]+", uri, re.ASCII)
        assert unquote(uri) == f"my rules/{problem.location.file}"


def test_columns_are_code_points(run: Run) -> None:
    folder = Path("rules")
    folder.mkdir()
    text = "categories:\n  a: {match: ['😀 국경', x], mach: [x]}\n"
    (folder / "a.yaml").write_text(text, encoding="utf-8")

    [result] = json.loads(run("check", "--format", "sarif").stdout)["runs"][0]["results"]

    region = result["locations"][0]["physicalLocation"]["region"]
    line = text.splitlines()[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == "mach"


# ---------------------------------------------------------------------- JUnit


def category(*examples: Example, name: str = "a") -> Category:
    return Category(name, HERE, (), examples=examples)


def junit(*categories: Category, failed: dict[Location, str] | None = None) -> ET.Element:
    reports = failed or {}
    results = [
        Result(category, example, None, reports.get(example.location, ""))
        for category in categories
        for example in category.examples
    ]
    return ET.fromstring(as_junit(results, reports, PLACES))  # noqa: S314 - our own


def example(text: str, file: str = "a.yaml", line: int = 1) -> Example:
    return Example("tag", text, None, Location(file, line, 9, 3))


def test_a_suite_for_each_file_and_a_case_for_each_sentence() -> None:
    good, bad, other = example("copper"), example("zinc", line=2), example("tin", "b/c d.yaml")
    report = "error[E405]: a is not tagged\n --> a.yaml:2:9\n  |\n2 | zinc"

    root = junit(category(bad, other), category(good, name="b.c"), failed={bad.location: report})

    counts = {name: root.get(name) for name in ("name", "tests", "failures", "errors", "skipped")}
    assert list(counts.values()) == ["ruletag", "3", "1", "0", "0"]
    first, second = root
    assert [first.get(name) for name in ("name", "file", "tests", "failures")] == [
        "a.yaml",
        "my rules/a.yaml",
        "2",
        "1",
    ]
    assert (second.get("file"), second.get("tests")) == ("my rules/b/c d.yaml", "1")
    cases = [dict(case.attrib) for case in root.iter("testcase")]
    assert cases[0] == {
        "classname": "b.c",
        "name": "tag: copper",
        "file": "my rules/a.yaml",
        "line": "1",
    }
    [failure] = root.iter("failure")
    assert (failure.get("message"), failure.text) == (report.partition("\n")[0], report)
    assert first[1][0] is failure


NASTY: Final = "a ]]> <b> & \"' \x00\x08\x1b\x85 \ufffe\uffff \U0001f600 \ud800 국경"


def test_what_xml_cannot_hold_is_replaced() -> None:
    bad = example(NASTY)

    root = junit(category(bad), failed={bad.location: f"{NASTY}\n  {NASTY}"})

    shown = "a ]]> <b> & \"' ␀␈␛{} \ufffd\ufffd \U0001f600 \ufffd 국경"
    [case], [failure] = root.iter("testcase"), root.iter("failure")
    assert case.get("name") == "tag: " + shown.format(" ").replace("  ", " ")
    assert failure.get("message") == shown.format("\ufffd")
    assert failure.text == f"{shown}\n  {shown}".replace("{}", "\ufffd")


@given(sentence=st.text(), report=st.text(min_size=1), file=st.text(min_size=1))
def test_any_sentence_is_valid_xml(sentence: str, report: str, file: str) -> None:
    bad = Example("skip", sentence, None, Location(file, 1, 1))

    root = junit(category(bad), failed={bad.location: report})

    assert [len(list(root.iter(tag))) for tag in ("testsuite", "testcase", "failure")] == [1, 1, 1]


def test_the_report_of_a_folder(home: Path, run: Run) -> None:
    folder = home / "rules"
    folder.mkdir()
    rules = "categories:\n  a: {match: [copper], tests: {tag: [copper, zinc]}}\n"
    (folder / "a.yaml").write_text(rules, encoding="utf-8")
    assert read_folder(folder).rules is not None

    done = run("test", "--format", "junit")

    root = ET.fromstring(done.stdout_bytes)  # noqa: S314 - our own
    assert (done.exit_code, done.stderr) == (1, "2 tests in ./rules, 1 failed\n")
    assert [case.get("file") for case in root.iter("testcase")] == ["rules/a.yaml"] * 2
    [failure] = root.iter("failure")
    assert failure.get("message") == "error[E405]: a is not tagged"
    assert " --> rules/a.yaml:2:46\n" in str(failure.text)
