"""``ruletag check``: what is wrong with the rule files, and what a code means."""

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Literal, TypedDict, Unpack

import click

from ruletag.cli.common import (
    FINDINGS,
    UNREADABLE,
    InputError,
    Outcome,
    RuleFolder,
    counted,
    named,
    problem_counts,
    read_folder,
    rule_folder,
    rules_option,
)
from ruletag.cli.explanations import UnknownCodeError, explained, explanations
from ruletag.cli.reports import Places, as_json, as_sarif, as_workflow_commands
from ruletag.cli.terminal import one_line, wants_colour
from ruletag.linting.fixes import fixes
from ruletag.linting.runner import lint
from ruletag.matching.examples import count_examples
from ruletag.rules.loader import list_reader
from ruletag.rules.model import Line, Reference, RuleSet, lines_of
from ruletag.rules.patches import difference, edited, shown_difference, write_file

_ALL_CODES: Final = "list"


class _Options(TypedDict):
    rules: Path | None
    form: Literal["text", "json", "github", "sarif"]
    explain: tuple[str, ...]
    strict: bool
    fix: bool
    write: bool


@click.command(
    epilog="""\b
Examples:
  ruletag check
  ruletag check my-rules --strict
  ruletag check --explain E203
  ruletag check --fix                     show what can be mended; --write mends it
  ruletag check --format github            in a workflow: notes beside the lines
  ruletag check --format sarif > rules.sarif
  ruletag check --format json | jq '.problems[].code'
""",
)
@click.argument(
    "folders",
    nargs=-1,
    metavar="[DIR]",
    type=RuleFolder(),
)
@rules_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="Text for people, one JSON object, or what GitHub and code scanners read.",
)
@click.option(
    "--explain",
    metavar="[CODE...]",
    is_flag=False,
    flag_value=_ALL_CODES,
    multiple=True,
    help="Say what these codes mean, and check nothing; without a CODE list them all.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail, too.")
@click.option("--fix", is_flag=True, help="Show the edits that answer warnings, as a patch.")
@click.option("--write", is_flag=True, help="With --fix: make the edits.")
@click.pass_context
def check(ctx: click.Context, folders: tuple[Path, ...], **options: Unpack[_Options]) -> None:
    """Say what is wrong with the rule files, and what is doubtful.

    All problems of all files in DIR are reported in one run. Exit 1 if there are
    errors, or with --strict if there is anything. A comment `# allow: name` in a
    rule file silences a warning. The tests inside the rules are run by
    `ruletag test`.
    """
    _check_usage(options)
    if options["explain"]:
        _explain([*options["explain"], *map(str, folders)])
        return
    given = [folder for folder in (*folders, options["rules"]) if folder is not None]
    outcome = with_warnings(read_folder(rule_folder(*given)), datetime.now(UTC).date())
    if options["fix"]:
        outcome = _fix(outcome, write=options["write"])
    _report(outcome, options["form"], _test_command(given))
    ctx.exit(_exit_code(outcome, strict=options["strict"]))


def _check_usage(options: _Options) -> None:
    if options["form"] != "text" and (options["explain"] or options["fix"]):
        given = "--explain" if options["explain"] else "--fix"
        raise click.UsageError(f"{given} gives text; leave --format out")
    if options["write"] and not options["fix"]:
        raise click.UsageError("--write makes the edits that --fix shows: give both")


def with_warnings(outcome: Outcome, today: date) -> Outcome:
    """Add what is doubtful, where the rules can be used."""
    if outcome.rules is None:
        return outcome
    warnings = lint(outcome.rules, _sources(outcome), today)
    return replace(outcome, problems=tuple(sorted({*outcome.problems, *warnings})))


def _sources(outcome: Outcome) -> dict[str, bytes]:
    """Give the bytes of all files of the rules, list files too."""
    sources = dict(outcome.files)
    read_list = list_reader(outcome.folder)
    for file in outcome.rules.rule_set.files if outcome.rules is not None else ():
        if file.name not in sources:
            with suppress(OSError):  # gone since it was read: its lines are not shown
                sources[file.name] = read_list(file.name)
    return sources


def _fix(outcome: Outcome, *, write: bool) -> Outcome:
    """Show or make the edits that answer warnings; give what is left, or all if only shown."""
    edits = fixes(outcome.problems, outcome.files)
    changed = edited(outcome.files, [edit for group in edits.values() for edit in group])
    colour = wants_colour(sys.stdout, os.environ)
    for name, after in changed.items():
        if write:
            write_file(outcome.folder, name, outcome.files[name], after)
            click.echo(f"{one_line(name)}: mended", err=True)
        else:
            shown = difference(name, outcome.files[name], after)
            click.echo(shown_difference(shown, colour=colour), nl=False, color=colour)
    if not edits:
        click.echo("nothing here has one right answer", err=True)
    if not write:
        return outcome
    return with_warnings(read_folder(outcome.folder), datetime.now(UTC).date())


def _exit_code(outcome: Outcome, *, strict: bool) -> int:
    if outcome.is_empty:
        return UNREADABLE
    return FINDINGS if outcome.rules is None or (strict and outcome.problems) else 0


def _report(outcome: Outcome, form: str, test_command: str) -> None:
    """Write the problems to standard output, and for people a summary beside them."""
    if form == "json":
        click.echo(as_json(outcome))
    elif form == "sarif":
        click.echo(as_sarif(outcome.problems, Places.of(outcome, os.environ)))
    elif form == "github":
        places = Places.of(outcome, os.environ)
        click.echo(as_workflow_commands(outcome.problems, places), nl=False)
        click.echo(_summary(outcome), err=True)
    else:
        colour = wants_colour(sys.stdout, os.environ)
        for problem in outcome.problems:
            click.echo(outcome.shown(problem, colour=colour) + "\n", color=colour)
        click.echo(_summary(outcome) + _not_run(outcome, test_command), err=True)


def _summary(outcome: Outcome) -> str:
    files = counted(len(outcome.files), "file")
    counts = problem_counts(outcome.problems) if outcome.problems else "no problems"
    if outcome.rules is None:
        return f"{counts} in {files}" if outcome.files else counts
    rule_set = outcome.rules.rule_set
    categories = counted(len(rule_set.categories), "category", "categories")
    files += f" in {named(outcome.folder)}"
    return f"{files}, {categories}, {counted(_keywords(rule_set), 'keyword')}: {counts}"


def _not_run(outcome: Outcome, test_command: str) -> str:
    """Remind of the tests inside the rules, which are another command's business."""
    number = count_examples(outcome.rules) if outcome.rules else 0
    return f" ({counted(number, 'test')} not run: {test_command})" if number else ""


def _test_command(given: Sequence[Path]) -> str:
    return one_line(shlex.join(["ruletag", "test", *map(str, given)]))


def _keywords(rule_set: RuleSet) -> int:
    """Count the keywords that authors wrote: a list counts once, where it is defined."""
    lines = [line for category in rule_set.categories for line in lines_of(category)]
    listed = sum(len(word_list.lines) for word_list in rule_set.lists)
    lists = [line for word_list in rule_set.lists for line in word_list.marked]
    return sum(not _is_reference(line) for line in lines) + listed - sum(map(_is_reference, lists))


def _is_reference(line: Line) -> bool:
    parts = line.keyword.parts
    return len(parts) == 1 and isinstance(parts[0], Reference)


# -------------------------------------------------------------------- explain


def _explain(given: Sequence[str]) -> None:
    codes = [code for text in given for code in text.replace(",", " ").split()]
    if _ALL_CODES in map(str.lower, codes) or not codes:
        for explanation in explanations().values():
            click.echo(f"{explanation.code}  {explanation.title}")
        return
    try:
        found = explained(codes)
    except UnknownCodeError as error:
        raise InputError(str(error)) from None
    colour = wants_colour(sys.stdout, os.environ)
    click.echo("\n\n".join(e.shown(colour=colour) for e in found), color=colour)
