"""``ruletag test``: run the tests inside the rules."""

import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, TypedDict, Unpack

import click

from ruletag.cli.accepting import accept, can_be_accepted
from ruletag.cli.common import (
    FINDINGS,
    InputError,
    Outcome,
    counted,
    folder_argument,
    named,
    read_folder,
    rule_folder,
    rules_option,
    usable_rules,
)
from ruletag.cli.reports import Places, as_junit
from ruletag.cli.selection import selected_categories
from ruletag.cli.terminal import DIM, Cell, Table, columns, one_line, wants_colour
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.examples import Coverage, Result, count_examples, coverage, results
from ruletag.rules.sources import Source

_HEAD: Final = ("CATEGORY", "USED", "NOT USED BY A TEST")
_UNUSED: Final = 2  # the column that may be cut short


class _Options(TypedDict):
    rules: Path | None
    category: tuple[str, ...]
    form: Literal["text", "junit"]
    accept: bool
    coverage: bool
    least: float | None


@click.command(
    epilog="""\b
Examples:
  ruletag test
  ruletag test my-rules --coverage --min 80
  ruletag test --category smuggling --category 'commodities.*'
  ruletag test --accept
  ruletag test --format junit > tests.xml
""",
)
@folder_argument
@rules_option
@click.option(
    "-k",
    "--category",
    multiple=True,
    metavar="PATTERN",
    help="Run the tests of this category only; `economy.*` is it and all below. Repeatable.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "junit"]),
    default="text",
    show_default=True,
    help="Text for people, or the XML that build servers read.",
)
@click.option("--accept", is_flag=True, help="Write the evidence that is found as marks.")
@click.option("--coverage", is_flag=True, help="Show which entries no test makes use of.")
@click.option(
    "--min",
    "least",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="With --coverage: fail where tests make use of fewer entries.",
)
@click.pass_context
def test(ctx: click.Context, folder: Path | None, **options: Unpack[_Options]) -> None:
    """Run the tests inside the rules.

    Each test that fails is shown with what was found. With --accept the marks of
    a sentence that is tagged by other evidence are written anew; one that is not
    tagged, or should not be, is yours to mend. Exit 1 if a test fails, 2 if there
    are none, 78 if the rules cannot be used.
    """
    if options["least"] is not None and not options["coverage"]:
        raise click.UsageError("--min is the least that --coverage may come to")
    outcome = read_folder(rule_folder(folder, options["rules"]))
    if outcome.is_empty:
        raise InputError(outcome.problems[0].detail)
    rules = _of_categories(usable_rules(outcome), options["category"], outcome.folder)
    if not count_examples(rules):
        chosen = f" of {', '.join(options['category'])}" if options["category"] else ""
        raise InputError(f"there are no tests{chosen} in {named(outcome.folder)}")
    found = list(results(rules))
    accepted = accept(found, outcome.folder, outcome.files) if options["accept"] else 0
    if accepted:
        found = [result for result in found if not can_be_accepted(result)]
    if options["form"] == "junit":
        _junit(outcome, found)
    else:
        _text(outcome, found)
    click.echo(_summary(found, accepted, outcome.folder), err=True)
    is_covered = not options["coverage"] or _coverage(outcome, rules, options["least"])
    ctx.exit(FINDINGS if _failed(found) or not is_covered else 0)


def _failed(found: Iterable[Result]) -> int:
    return sum(result.problem is not None and result.problem.is_error for result in found)


def _summary(found: Sequence[Result], accepted: int, folder: Path) -> str:
    """Count the tests by how they ended."""
    tests = counted(len(found) + accepted, "test")
    parts = [f"{tests} in {named(folder)}", f"{_failed(found):,} failed"]
    drafts = sum(result.outcome == "failed" for result in found) - _failed(found)
    outcomes = [result.outcome for result in found]
    parts += [f"{drafts:,} of drafts failed"] if drafts else []
    parts += [f"{accepted:,} accepted"] if accepted else []
    parts += [f"{outcomes.count('open'):,} still to do"] if "open" in outcomes else []
    parts += [f"{outcomes.count('mended'):,} to do passed"] if "mended" in outcomes else []
    return ", ".join(parts)


def _of_categories(rules: CompiledRules, patterns: tuple[str, ...], folder: Path) -> CompiledRules:
    """Leave out the categories, and with them the tests, that were not asked for."""
    chosen = selected_categories(patterns, rules.ids, folder)
    if chosen is None:
        return rules
    kept = tuple(category for category in rules.rule_set.categories if category.id in chosen)
    return replace(rules, source=Source(replace(rules.rule_set, categories=kept)))


def _text(outcome: Outcome, found: Iterable[Result]) -> None:
    """Show each test that failed, or passed without being expected to."""
    colour = wants_colour(sys.stdout, os.environ)
    for result in found:
        if result.problem is not None:
            click.echo(outcome.shown(result.problem, colour=colour) + "\n", color=colour)


def _junit(outcome: Outcome, found: Sequence[Result]) -> None:
    """Write all results as XML."""
    reports = {
        result.example.location: outcome.shown(result.problem, colour=False)
        for result in found
        if result.problem is not None
    }
    places = Places.of(outcome, os.environ)
    click.echo(as_junit(found, reports, places), nl=False)


def _coverage(outcome: Outcome, rules: CompiledRules, least: float | None) -> bool:
    """Show how many entries tests make use of, and say whether they are enough."""
    covered = list(coverage(rules))
    rows = [_coverage_row(one, outcome) for one in covered]
    colour = wants_colour(sys.stdout, os.environ)
    for line in Table(_HEAD, rows, shrink=_UNUSED).lines(columns(sys.stdout), colour=colour):
        click.echo(line, color=colour)
    entries = sum(one.entries for one in covered)
    used = entries - sum(len(one.unused) for one in covered)
    percent = 100 * used / entries if entries else 100.0
    click.echo(
        f"tests make use of {used:,} of {counted(entries, 'entry', 'entries')}: {percent:.1f} %",
        err=True,
    )
    return least is None or percent >= least


def _coverage_row(one: Coverage, outcome: Outcome) -> tuple[Cell, ...]:
    used = one.entries - len(one.unused)
    places = ", ".join(one_line(outcome.place(str(place))) for place in one.places)
    return Cell(one.category), Cell(f"{used}/{one.entries}"), Cell(places, DIM)
