"""``ruletag describe``: a rule in plain English."""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final, TypedDict, Unpack

import click

from ruletag.cli.common import (
    InputError,
    counted,
    read_folder,
    rule_folder,
    rules_option,
    usable_rules,
)
from ruletag.cli.selection import selected_categories
from ruletag.cli.terminal import (
    BOLD,
    DIM,
    Cell,
    Table,
    columns,
    is_terminal,
    one_line,
    paint,
    visible_json,
    wants_colour,
    width,
)
from ruletag.language.cues import CUES, Cue
from ruletag.matching.compiler import CompiledRules
from ruletag.rules.describe import MOST, Description
from ruletag.rules.describe import describe as describe_category
from ruletag.rules.model import Category

_HEAD: Final = ("category", "about", "entries", "status", "tests")
_ABOUT: Final = 1  # the column that is shortened on a narrow terminal
_CUT: Final = re.compile(r" and [0-9,]+ more\b")
_BULLET: Final = "- "
_LEAST_COLUMNS: Final = 20
_PLACES: Final = {"before": "before a match", "after": "after a match"}


class _Options(TypedDict):
    rules: Path | None
    full: bool
    cues: bool
    as_json: bool


@click.command(
    epilog="""\b
Examples:
  ruletag describe
  ruletag describe smuggling
  ruletag describe 'commodities.*' --rules my-rules --full
  ruletag describe smuggling --json | jq -r '.points[].text'
  ruletag describe --cues                 what makes a match negated, historical …
""",
)
@click.argument("categories", nargs=-1, metavar="[CATEGORY...]")
@rules_option
@click.option("--full", is_flag=True, help="Show every word, not only the first of a long row.")
@click.option("--cues", is_flag=True, help="Show the cues of contexts in force, and their reach.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def describe(categories: tuple[str, ...], **options: Unpack[_Options]) -> None:
    """Say in plain English what a rule finds.

    `economy.*` is the category economy and all below. Without a CATEGORY there is
    a line for each; in a pipe its cells are parted by tabs.
    """
    if options["cues"] and (categories or options["full"]):
        raise click.UsageError("--cues shows all cues; leave CATEGORY and --full out")
    outcome = read_folder(rule_folder(options["rules"]))
    compiled = usable_rules(outcome)
    as_json = options["as_json"]
    if options["cues"]:
        _show_cues(compiled, as_json=as_json)
        return
    if not compiled.rule_set.categories:
        raise InputError("the rules have no category")
    chosen = _chosen(categories, compiled, outcome.folder)
    if not categories and not as_json:
        _list(chosen, compiled)
        return
    most = None if options["full"] else MOST
    told = (describe_category(category, compiled.rule_set, most) for category in chosen)
    if as_json:
        _as_json(description.as_dict() for description in told)
    else:
        _as_text(told)


def _chosen(patterns: Sequence[str], rules: CompiledRules, folder: Path) -> Sequence[Category]:
    """Give the categories that are named; all, where none is."""
    known = [category.id for category in rules.rule_set.categories]
    above = next((p for p in patterns if p in rules.ids and p not in known), None)
    if above is not None:
        raise click.UsageError(
            f"`{above}` has no rule of its own; `{above}.*` are the categories below it"
        )
    names = selected_categories(patterns, known, folder)
    return [c for c in rules.rule_set.categories if names is None or c.id in names]


# ------------------------------------------------------------------------ output


def _list(categories: Sequence[Category], rules: CompiledRules) -> None:
    """Show a line for each category."""
    sizes = {compiled.id: len(compiled.entries) for compiled in rules.categories}
    rows = [
        _row(category, sizes.get(category.id, len(category.entries))) for category in categories
    ]
    if not is_terminal(sys.stdout):
        for row in rows:
            click.echo("\t".join(row))
        return
    colour = wants_colour(sys.stdout, os.environ)
    cells = [[Cell(row[0], BOLD), *map(Cell, row[1:])] for row in rows]
    for line in Table(_HEAD, cells, shrink=_ABOUT).lines(columns(sys.stdout), colour=colour):
        click.echo(line, color=colour)


def _row(category: Category, entries: int) -> tuple[str, ...]:
    about = category.about.label or category.about.description or _first_words(category)
    return (
        category.id,
        one_line(about),
        str(entries),
        category.status,
        str(len(category.examples)),
    )


def _first_words(category: Category) -> str:
    lines = [line for entry in category.entries for group in entry.groups for line in group]
    return ", ".join(line.keyword.written for line in lines[:MOST])


def _as_json(told: Iterable[dict[str, Any]]) -> None:
    guard = visible_json if is_terminal(sys.stdout) else bytes
    for one in told:
        line = json.dumps(one, ensure_ascii=False)
        click.echo(guard(line.encode("utf-8", "backslashreplace")))


def _as_text(told: Iterator[Description]) -> None:
    screen = columns(sys.stdout)
    colour = wants_colour(sys.stdout, os.environ)
    is_cut = False
    for number, description in enumerate(told):
        if number:
            click.echo()
        click.echo(paint(one_line(description.title), BOLD if colour else ""), color=colour)
        is_cut = is_cut or any(_CUT.search(point.text) for point in description.points)
        for line in _lines(description, screen):
            click.echo(line)
    if is_cut and is_terminal(sys.stdout):
        click.echo()
        click.echo(paint("`--full` shows all of them", DIM if colour else ""), color=colour)


def _lines(description: Description, screen: int | None) -> Iterator[str]:
    """Give the paragraph and the points, broken into lines for a terminal."""
    yield from _wrapped(one_line(description.summary), "", screen)
    yield ""
    for point in description.points:
        yield from _wrapped(one_line(point.text), _BULLET, screen)


def _wrapped(text: str, bullet: str, screen: int | None) -> Iterator[str]:
    """Break a text between its words, so that each line fits; further lines are indented."""
    line = bullet
    most = max(screen, _LEAST_COLUMNS) if screen is not None else None
    for word in text.split(" "):
        longer = line + word if line in {"", bullet} else f"{line} {word}"
        if most is not None and width(longer) > most and line != bullet:
            yield line
            longer = " " * len(bullet) + word
        line = longer
    yield line


# -------------------------------------------------------------------------- cues


def _show_cues(rules: CompiledRules, *, as_json: bool) -> None:
    """Show the cues that ruletag knows and those of the rule files."""
    added = (
        Cue(line.keyword.written, line.context, line.role, line.reach, line.keyword.language)
        for line in rules.rule_set.cues
    )
    cues = [*CUES, *added]
    if as_json:
        _as_json(cue._asdict() for cue in cues)
        return
    screen = columns(sys.stdout)
    colour = wants_colour(sys.stdout, os.environ)
    for number, (kind, alike) in enumerate(groupby(cues, lambda cue: cue[1:])):
        if number:
            click.echo()
        heading = _heading(Cue("", *kind))
        click.echo(paint(heading, BOLD if colour else ""), color=colour)
        for line in _wrapped(one_line(", ".join(cue.keyword for cue in alike)), "  ", screen):
            click.echo(line)


def _heading(cue: Cue) -> str:
    """Say what cues of a kind do."""
    language = "" if cue.language == "en" else f" ({cue.language})"
    if cue.role == "ends":
        return f"the reach of every cue ends at{language}"
    if cue.role == "never":
        return f"{cue.context}: phrases that look like a cue and are none{language}"
    words = counted(cue.reach, "word") if cue.reach else "no word"
    most = "at most " if cue.reach else ""
    return f"{cue.context}: {_PLACES[cue.role]}, {most}{words} between{language}"
