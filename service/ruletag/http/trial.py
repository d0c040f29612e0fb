"""Try an edit before it is made: read, compile and test the rules as they would be.

This is done in a process of its own, with limits on its time and memory: whatever
an edit holds, it can cost no more than itself.
"""

import json
import os
import pickle
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ruletag.limits import LIMITS
from ruletag.problems import Location, Problem, RuleSetError
from ruletag.rules.loader import is_rule_file, list_reader, parse_rules, snapshot
from ruletag.serving.builder import build

_NICE: Final = 5  # requests come first
# Imported by name: see `ruletag.serving.builder`.
_COMMAND: Final = "from ruletag.http.trial import main; main()"


@dataclass(frozen=True, slots=True)
class Edit:
    """One file of a rule folder with new content; None removes it."""

    folder: Path
    name: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The digest of the rules after an edit, or what would be wrong with them."""

    digest: str
    problems: tuple[Problem, ...] = ()


def tried(edit: Edit, seconds: float = LIMITS.build_seconds) -> Outcome:
    """Say what would come of an edit; changes nothing."""
    head = json.dumps([str(edit.folder), edit.name, edit.content is not None])
    try:
        done = subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-c", _COMMAND],
            input=f"{head}\n".encode() + (edit.content or b""),
            stdout=subprocess.PIPE,
            timeout=seconds,
            check=True,
        )
        outcome: Outcome = pickle.loads(done.stdout)  # noqa: S301 - from ourselves
    except subprocess.TimeoutExpired:
        return _failure(edit, f"it took more than {seconds:g} seconds")
    except subprocess.CalledProcessError as error:
        how = "signal" if error.returncode < 0 else "exit code"
        return _failure(edit, f"{how} {abs(error.returncode)}")
    except OSError as error:  # no memory or no process to be had
        return _failure(edit, str(error.strerror).lower())
    return outcome


def _failure(edit: Edit, how: str) -> Outcome:
    detail = f"the compiler did not get through: {how}"
    hint = (
        f"it may take {LIMITS.build_seconds} seconds and "
        f"{LIMITS.build_memory // 2**20:,} MiB; standard error may say more"
    )
    return Outcome("", (Problem(Location(edit.name, 0, 0), "E499", detail, hint),))


def run(edit: Edit) -> Outcome:
    """Do the same in this process."""
    try:
        contents = _contents_after(edit)
        rule_set = parse_rules(contents, lambda name: _list_after(edit, name))
        build(rule_set)
    except RuleSetError as error:
        return Outcome("", tuple(replace(p, line="", related=()) for p in error.problems))
    return Outcome(rule_set.digest)


def _contents_after(edit: Edit) -> Mapping[str, bytes]:
    contents = dict(_contents_before(edit.folder))
    contents.pop(edit.name, None)
    if edit.content is not None and is_rule_file(edit.name):
        contents[edit.name] = edit.content
    if not contents:
        detail, hint = "no *.yaml or *.yml files would be left", "keep one"
        raise RuleSetError([Problem(Location(edit.name, 0, 0), "E403", detail, hint)])
    if len(contents) > LIMITS.rule_files:
        detail = f"more than {LIMITS.rule_files:,} rule files in one folder"
        hint = "join small ones into larger ones"
        raise RuleSetError([Problem(Location(edit.name, 0, 0), "E404", detail, hint)])
    return contents


def _contents_before(folder: Path) -> Mapping[str, bytes]:
    try:
        return snapshot(folder)
    except RuleSetError as error:
        if all(problem.code == "E403" for problem in error.problems):
            return {}  # an edit may bring the first file
        raise


def _list_after(edit: Edit, name: str) -> bytes:
    if name != edit.name:
        return list_reader(edit.folder)(name)
    if edit.content is None:
        raise FileNotFoundError(2, "no such file", name)
    return edit.content


def main() -> None:
    """Read an edit from standard input, try it, and write what came of it to standard output."""
    _limit(resource.RLIMIT_AS, LIMITS.build_memory)
    _limit(resource.RLIMIT_CPU, LIMITS.build_seconds)  # it may outlive who asked
    os.nice(_NICE)
    folder, name, has_content = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    outcome = run(Edit(Path(folder), name, content if has_content else None))
    sys.stdout.buffer.write(pickle.dumps(outcome))


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(hard, most), hard))
