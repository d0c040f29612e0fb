"""Problems and test results in the formats of other programs: JSON, GitHub, SARIF, JUnit.

All are bytes in UTF-8, whatever the terminal speaks. Paths are relative to the
working copy, since an annotation lands on its line only under that name.
"""

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from ruletag.cli.common import Outcome
from ruletag.cli.explanations import Explanation, explanations
from ruletag.cli.terminal import one_line, visible, visible_json
from ruletag.matching.examples import Result
from ruletag.problems import Location, Problem, as_dict
from ruletag.version import VERSION

_Json = dict[str, Any]
_WORKSPACE: Final = "GITHUB_WORKSPACE"
_SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT: Final = "ruletagProblem/v1"
_NOT_IN_XML: Final = re.compile("[\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Places:
    """Names files as other programs know them: relative to ``base`` where they lie in it."""

    folder: Path
    base: Path

    @classmethod
    def of(cls, outcome: Outcome, environment: Mapping[str, str]) -> "Places":
        """Take GitHub's working copy for the base where we are in it, else the working folder."""
        here = Path.cwd()
        named = Path(environment.get(_WORKSPACE) or here)
        return cls(outcome.folder, named if here.is_relative_to(named) else here)

    def path(self, file: str) -> Path:
        """Give the path of a rule file; what concerns all files is placed at their folder."""
        is_whole = file in {"", str(self.folder)}
        # Not `resolve`: a link is to be named as the working copy names it.
        full = Path(os.path.abspath(self.folder if is_whole else self.folder / file))  # noqa: PTH100
        return full.relative_to(self.base) if full.is_relative_to(self.base) else full

    def uri(self, file: str) -> str:
        """Give the same as a URI: relative, or with its scheme where it lies outside."""
        path = self.path(file)
        return path.as_uri() if path.is_absolute() else quote(os.fsencode(path))

    def shown(self, location: Location) -> str:
        """Give ``file:line:column``."""
        return str(location._replace(file=self.path(location.file).as_posix()))


def _encoded(value: _Json) -> bytes:
    # Half surrogate pairs, as in names that are not UTF-8, become escapes of JSON.
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return visible_json(text.encode("utf-8", "backslashreplace"))


def as_json(outcome: Outcome) -> bytes:
    """Give the problems as one JSON object."""
    errors = sum(problem.is_error for problem in outcome.problems)
    return _encoded(
        {
            "folder": str(outcome.folder),
            "files": len(outcome.files),
            "errors": errors,
            "warnings": len(outcome.problems) - errors,
            "problems": [as_dict(problem) for problem in outcome.problems],
        }
    )


# --------------------------------------------------------------------- GitHub


def as_workflow_commands(problems: Iterable[Problem], places: Places) -> bytes:
    """Give a line for each problem that GitHub Actions turns into an annotation."""
    lines = [_workflow_command(problem, places) + "\n" for problem in problems]
    return "".join(lines).encode("utf-8", "backslashreplace")


def _workflow_command(problem: Problem, places: Places) -> str:
    where = problem.location
    properties: dict[str, object] = {"file": places.path(where.file).as_posix()}
    if where.line:
        properties |= {"line": where.line, "col": where.column}
    if where.line and where.length:
        properties["endColumn"] = where.column + where.length
    properties["title"] = f"{problem.code} {problem.title}"
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{_level(problem)} {listed}::{_data(_message(problem, places))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _level(problem: Problem) -> str:
    return "error" if problem.is_error else "warning"


def _message(problem: Problem, places: Places) -> str:
    """Give everything that a report says in words, a line for each thing."""
    second = [f"{places.shown(place)}: {label}" for place, label, _ in problem.related]
    hints = [problem.hint] if problem.hint else []
    return "\n".join(map(one_line, [problem.detail, *second, *hints]))


# ---------------------------------------------------------------------- SARIF


def as_sarif(problems: Sequence[Problem], places: Places) -> bytes:
    """Give the problems as a SARIF 2.1.0 log."""
    known = explanations()
    numbers = {code: number for number, code in enumerate(known)}
    prints = _fingerprints(problems)
    results = [
        _result(problem, numbers[problem.code], fingerprint, places)
        for problem, fingerprint in zip(problems, prints, strict=True)
    ]
    driver = {
        "name": "ruletag",
        "version": VERSION,
        "semanticVersion": VERSION,
        "rules": [_reporting_descriptor(explanation) for explanation in known.values()],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _encoded({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def _reporting_descriptor(explanation: Explanation) -> _Json:
    words = re.findall(r"\w+", explanation.title)
    level = "error" if explanation.code.startswith("E") else "warning"
    return {
        "id": explanation.code,
        "name": "".join(word[0].upper() + word[1:] for word in words),
        "shortDescription": {"text": explanation.title},
        "fullDescription": {"text": explanation.summary},
        "help": {"text": explanation.shown(), "markdown": explanation.passage},
        "defaultConfiguration": {"level": level},
    }


def _result(problem: Problem, number: int, fingerprint: str, places: Places) -> _Json:
    related = [
        {"id": i, **_location(second.location, places), "message": {"text": one_line(second.label)}}
        for i, second in enumerate(problem.related)
    ]
    result: _Json = {
        "ruleId": problem.code,
        "ruleIndex": number,
        "level": _level(problem),
        "message": {"text": _message(problem, places)},
        "locations": [_location(problem.location, places)],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
    }
    return result | ({"relatedLocations": related} if related else {})


def _location(where: Location, places: Places) -> _Json:
    physical: _Json = {"artifactLocation": {"uri": places.uri(where.file)}}
    if where.line:
        physical["region"] = {"startLine": where.line, "startColumn": where.column}
    if where.line and where.length:
        physical["region"]["endColumn"] = where.column + where.length
    return {"physicalLocation": physical}


def _fingerprints(problems: Iterable[Problem]) -> list[str]:
    """Name each problem so that it is known again when its line has moved."""
    seen: Counter[str] = Counter()
    found = []
    for problem in problems:
        said = (problem.code, problem.location.file, problem.detail, problem.line.strip())
        name = hashlib.sha256(repr(said).encode()).hexdigest()[:32]
        seen[name] += 1
        found.append(f"{name}:{seen[name]}")
    return found


# ---------------------------------------------------------------------- JUnit


def as_junit(results: Iterable[Result], reports: Mapping[Location, str], places: Places) -> bytes:
    """Give the results of tests: a suite for each rule file, a case for each sentence.

    ``reports`` has for each test that failed what there is to say; the first line
    says what is wrong. What is still to do is skipped.
    """
    ordered = sorted(results, key=lambda result: result.example.location)
    root = Element("testsuites", {"name": "ruletag", **_counts(ordered)})
    for file, group in groupby(ordered, key=lambda result: result.example.location.file):
        of_file = list(group)
        path = _xml(places.path(file).as_posix())
        head = {"name": _xml(file), "file": path, **_counts(of_file)}
        suite = SubElement(root, "testsuite", head)
        for result in of_file:
            _add_case(suite, result, reports.get(result.example.location, ""), path)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _is_failed(result: Result) -> bool:
    return result.problem is not None and result.problem.is_error


def _counts(results: Sequence[Result]) -> dict[str, str]:
    failed = sum(map(_is_failed, results))
    skipped = sum(result.outcome not in {"passed", "failed"} for result in results)
    return {
        "tests": str(len(results)),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(skipped),
    }


def _add_case(suite: Element, result: Result, report: str, path: str) -> None:
    example = result.example
    about = {
        "classname": result.category.id,
        "name": _xml(one_line(f"{example.kind}: {example.text}")),
        "file": path,
        "line": str(example.location.line),
    }
    element = SubElement(suite, "testcase", about)
    if _is_failed(result):
        message = _xml(report.partition("\n")[0])
        failure = SubElement(element, "failure", {"type": "E405", "message": message})
        failure.text = _xml(report)
    elif report:  # a draft that fails, a sentence that passes at last
        SubElement(element, "system-out").text = _xml(report)
    if result.outcome in {"open", "mended"}:
        SubElement(element, "skipped", {"message": "to do"})


def _xml(text: str) -> str:
    """Give the text without the characters that XML cannot hold."""
    return _NOT_IN_XML.sub("\ufffd", visible(text))
