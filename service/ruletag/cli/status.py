"""``ruletag status``: the rules by which a running service answers, and waiting for an edit."""

import os
import re
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import msgspec

from ruletag.cli.client import SECONDS, AddressError, NoAnswerError, Service, State, problem_of
from ruletag.cli.common import (
    FINDINGS,
    ConfigurationError,
    InputError,
    Outcome,
    problem_counts,
    read_folder,
    tell,
)
from ruletag.cli.terminal import (
    BOLD,
    RED,
    columns,
    is_terminal,
    one_line,
    paint,
    visible_json,
    wants_colour,
)
from ruletag.http.catalogue import RefusalAnswer, RulesAnswer
from ruletag.matching.examples import failures
from ruletag.problems import Problem, render

_VARIABLE: Final = "RULETAG_TOKEN"
_TOKEN_LETTERS: Final = re.compile(r"[\x21-\x7e]*")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_INTERVAL: Final = 0.25
_PATIENCE: Final = 30.0
_MARGIN: Final = 12  # columns of the names on a terminal


@click.command(
    epilog="""\b
Examples:
  ruletag status http://localhost:8080
  ruletag status http://localhost:8080 | jq -r .digest
  ruletag status http://localhost:8080 --wait rules --timeout 60
""",
)
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, as in a pipe.")
@click.option(
    "--wait",
    metavar="DIGEST|DIR",
    help="Return when the service answers by that digest, or by the rules of that folder.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0, 86_400),
    metavar="SECONDS",
    help="How long to wait. Default: 30.",
)
@click.pass_context
def status(
    ctx: click.Context, url: str, *, as_json: bool, wait: str | None, timeout: float | None
) -> None:
    """Show the rules in force in a running service.

    Also the last edit, if it was refused, and why. Exit 0 if all is in force, 1
    if an edit was refused or there are no rules yet, 2 if nobody answers. A
    token is taken from RULETAG_TOKEN.

    With --wait exit 0 as soon as those rules are in force, and 1 when an edit is
    refused meanwhile or the time is over. Of several worker processes the one
    that answers is asked; each watches the folder for itself.
    """
    if timeout is not None and wait is None:
        raise click.UsageError("--timeout goes with --wait")
    service = _service(url)
    as_json = as_json or not is_terminal(sys.stdout)
    if wait is None:
        state = _asked(service)
        _show(service, state, as_json=as_json)
        ctx.exit(0 if state.rules and not state.refused else FINDINGS)
    ending = _wait(service, _target(wait), _PATIENCE if timeout is None else timeout)
    _show(service, ending.state, as_json=as_json, diagnostics=not ending.reports)
    _complain(ending, as_json=as_json)
    ctx.exit(FINDINGS if ending.complaint else 0)


def _service(url: str) -> Service:
    token = os.environ.get(_VARIABLE, "").strip()
    if not _TOKEN_LETTERS.fullmatch(token):
        raise ConfigurationError(f"{_VARIABLE} holds a space or a letter that no token can have")
    try:
        return Service(url, token)
    except AddressError as error:
        raise click.UsageError(str(error)) from None


def _asked(service: Service, seconds: float = SECONDS) -> State:
    try:
        return service.state(seconds)
    except NoAnswerError as error:
        raise InputError(str(error)) from None


# -------------------------------------------------------------------- waiting


@dataclass(frozen=True, slots=True)
class _Target:
    """What is waited for: a digest, and the folder that has it, if it was named.

    ``problems`` are those for which every service refuses that folder.
    """

    digest: str
    outcome: Outcome | None = None
    problems: tuple[Problem, ...] = ()

    def is_same_files(self, state: State) -> bool:
        """Say whether the service has these very files in force, under whatever digest."""
        if self.outcome is None or self.outcome.rules is None or state.rules is None:
            return False
        ours = {(file.name, file.sha256) for file in self.outcome.rules.rule_set.files}
        return ours == {(file.name, file.sha256) for file in state.rules.files}


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a wait ended: well, unless there is a complaint. ``reports`` are to be shown with it."""

    state: State
    complaint: str = ""
    reports: tuple[str, ...] = ()


def _target(wanted: str) -> _Target:
    if _DIGEST.fullmatch(wanted):
        return _Target(wanted)
    if not wanted or not Path(wanted).is_dir():
        raise click.UsageError(
            f"{one_line(wanted)} is no folder, and no digest: "
            "that is sha256: and 64 digits or letters from a to f"
        )
    outcome = read_folder(Path(wanted))
    if outcome.is_empty:
        raise InputError(outcome.problems[0].detail)
    if outcome.rules is None:
        return _Target("", outcome, outcome.problems)
    failed = (problem for problem in failures(outcome.rules) if problem.is_error)
    return _Target(outcome.rules.digest, outcome, tuple(failed))


def _wait(service: Service, target: _Target, seconds: float) -> _Ending:
    """Ask again and again until the wait is over. Raises `InputError` if nobody answers."""
    before: RefusalAnswer | None = None
    last: State | NoAnswerError | None = None
    for number, last in enumerate(_answers(service, seconds)):
        if isinstance(last, NoAnswerError):
            continue
        # What had been refused before the wait is no news, unless it is this folder.
        before = last.refused if number == 0 else before
        ending = _ending(target, last, before)
        if ending:
            return ending
    if not isinstance(last, State):
        raise InputError(str(last))
    return _Ending(last, f"not in force after {seconds:g} seconds; {_instead(last)}")


def _answers(service: Service, seconds: float) -> Iterator[State | NoAnswerError]:
    """Yield what comes of each time the service is asked, until the time is over.

    A service that is being replaced may be away meanwhile.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            yield service.state(min(SECONDS, max(_INTERVAL, end - time.monotonic())))
        except NoAnswerError as error:
            if error.is_final:
                raise InputError(str(error)) from None
            yield error
        if time.monotonic() + _INTERVAL > end:
            return
        time.sleep(_INTERVAL)


def _ending(target: _Target, state: State, before: RefusalAnswer | None) -> _Ending | None:
    """Say how the wait ends with this state; None where it goes on."""
    if target.digest and target.digest == state.digest:
        return _Ending(state)
    if target.outcome and target.problems:
        colour = wants_colour(sys.stderr, os.environ)
        reports = tuple(target.outcome.shown(p, colour=colour) for p in target.problems)
        return _Ending(state, f"{_rejection(target, state)}; {_instead(state)}", reports)
    if target.is_same_files(state):
        return _Ending(
            state,
            "the service has just these files in force, but by another version of ruletag "
            f"or with other limits; {_instead(state)}",
        )
    if state.refused and state.refused != before:
        return _Ending(state, f"{_refused(state.refused)}; {_instead(state)}")
    return None


def _rejection(target: _Target, state: State) -> str:
    """Say what becomes of a folder that no service puts in force."""
    counts = problem_counts(target.problems)
    if state.refused and _places(map(problem_of, state.refused.problems)) == _places(
        target.problems
    ):
        return f"{_refused(state.refused)}, which is this folder: {counts}"
    return f"no service puts this folder in force: {counts}"


def _places(problems: Iterable[Problem]) -> set[tuple[str, str]]:
    return {(problem.code, str(problem.location)) for problem in problems if problem.is_error}


def _refused(refusal: RefusalAnswer) -> str:
    return f"the service refused an edit at {refusal.refused_at}"


def _instead(state: State) -> str:
    """Say what the service answers by."""
    if state.rules is None:
        return "no rules are in force"
    return f"in force is {state.digest}, generation {state.rules.generation}"


def _complain(ending: _Ending, *, as_json: bool) -> None:
    """Say on standard error why a wait ended badly, with what was not shown before."""
    if not ending.complaint:
        return
    colour = wants_colour(sys.stderr, os.environ)
    reports: Iterable[str] = ending.reports
    if as_json and not ending.reports:
        reports = _diagnostics(ending.state, colour=colour)
    for report in reports:
        click.echo(report + "\n", err=True, color=colour)
    tell(ending.complaint)


# -------------------------------------------------------------------- showing


def _show(service: Service, state: State, *, as_json: bool, diagnostics: bool = True) -> None:
    """Write the state to standard output."""
    if as_json:
        click.echo(visible_json(msgspec.json.encode(_as_dict(service, state))))
        return
    colour = wants_colour(sys.stdout, os.environ)
    for row in _rows(service, state):
        click.echo(row.shown(colour=colour), color=colour)
    for report in _diagnostics(state, colour=colour) if diagnostics else ():
        click.echo("\n" + report, color=colour)


def _as_dict(service: Service, state: State) -> Mapping[str, Any]:
    rules = msgspec.to_builtins(state.rules) if state.rules else {}
    return {
        "url": service.url,
        "ready": state.rules is not None,
        **rules,
        "refused": msgspec.to_builtins(state.refused),
    }


class _Row(NamedTuple):
    """A name and a value, which nobody vetted."""

    name: str
    value: str
    style: str = ""

    def shown(self, *, colour: bool) -> str:
        """Give the row as a line, or as several where a list needs them."""
        room = (columns(sys.stdout) or 80) - _MARGIN
        value = one_line(self.value)
        wrapped = textwrap.wrap(value, room, break_long_words=False, break_on_hyphens=False)
        head = paint(self.name, BOLD if colour else "") + " " * (_MARGIN - len(self.name))
        style = self.style if colour else ""
        return head + ("\n" + " " * _MARGIN).join(paint(line, style) for line in wrapped)


def _rows(service: Service, state: State) -> Iterator[_Row]:
    yield _Row("service", service.url)
    if state.rules is None:
        yield _Row("rules", "none are in force", RED)
    else:
        yield from _rows_of_rules(state.rules)
    if state.refused:
        yield _Row("last edit", f"refused at {state.refused.refused_at}", RED)
    elif state.rules:
        yield _Row("last edit", "in force")


def _rows_of_rules(rules: RulesAnswer) -> Iterator[_Row]:
    yield _Row("digest", rules.digest)
    yield _Row("generation", f"{rules.generation:,}")
    yield _Row("loaded at", rules.loaded_at)
    yield _Row("files", _listed(file.name for file in rules.files))
    yield _Row("categories", _listed(rules.categories))
    yield _Row("entries", f"{rules.counts.entries:,}")
    yield _Row("forms", f"{rules.counts.forms:,}")


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    return f"{len(listed):,}: {', '.join(listed)}" if listed else "0"


def _diagnostics(state: State, *, colour: bool) -> Iterator[str]:
    for diagnostic in state.refused.problems if state.refused else ():
        yield render(problem_of(diagnostic), colour=colour)
