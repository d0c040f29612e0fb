"""``ruletag check``: what is wrong with the rule files."""

import json
import os
import sys
from pathlib import Path
from typing import Literal

import click

from ruletag.cli.common import (
    FINDINGS,
    UNREADABLE,
    Outcome,
    counted,
    folder_argument,
    problem_counts,
    read_folder,
    rule_folder,
    rules_option,
)
from ruletag.cli.terminal import wants_colour
from ruletag.problems import as_dict
from ruletag.rules.model import Entry, ListReference, RuleSet


@click.command(
    epilog="""\b
Examples:
  ruletag check
  ruletag check my-rules --strict
  ruletag check --format json | jq '.problems[].code'
""",
)
@folder_argument
@rules_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people, or one JSON object.",
)
@click.option("--strict", is_flag=True, help="Let warnings fail, too.")
@click.pass_context
def check(
    ctx: click.Context,
    folder: Path | None,
    rules: Path | None,
    form: Literal["text", "json"],
    *,
    strict: bool,
) -> None:
    """Say what is wrong with the rule files.

    All problems of all files in DIR are reported in one run. Exit 1 if there are
    errors, or with --strict if there is anything. The tests inside the rules are
    run by `ruletag test`.
    """
    outcome = read_folder(rule_folder(folder, rules))
    if form == "json":
        click.echo(json.dumps(_as_json(outcome), ensure_ascii=False, indent=2))
    else:
        _report(outcome)
    ctx.exit(_exit_code(outcome, strict=strict))


def _exit_code(outcome: Outcome, *, strict: bool) -> int:
    if outcome.is_empty:
        return UNREADABLE
    return FINDINGS if outcome.rules is None or (strict and outcome.problems) else 0


def _report(outcome: Outcome) -> None:
    colour = wants_colour(sys.stdout, os.environ)
    for problem in outcome.problems:
        click.echo(outcome.shown(problem, colour=colour) + "\n", color=colour)
    click.echo(_summary(outcome), err=True)


def _summary(outcome: Outcome) -> str:
    files = counted(len(outcome.files), "file")
    if outcome.problems or outcome.rules is None:
        counts = problem_counts(outcome.problems)
        return f"{counts} in {files}" if outcome.files else counts
    rule_set = outcome.rules.rule_set
    categories = counted(len(rule_set.categories), "category", "categories")
    return f"{files}, {categories}, {counted(_keywords(rule_set), 'keyword')}: no problems"


def _keywords(rule_set: RuleSet) -> int:
    """Count the keywords that authors wrote: a list counts once, where it is defined."""
    entries = [entry for category in rule_set.categories for entry in category.entries]
    entries += [entry for word_list in rule_set.lists for entry in word_list.entries]
    return sum(not _is_list(entry) for entry in entries)


def _is_list(entry: Entry) -> bool:
    parts = entry.keyword.parts
    return len(parts) == 1 and isinstance(parts[0], ListReference)


def _as_json(outcome: Outcome) -> dict[str, object]:
    errors = sum(problem.is_error for problem in outcome.problems)
    return {
        "folder": str(outcome.folder),
        "files": len(outcome.files),
        "errors": errors,
        "warnings": len(outcome.problems) - errors,
        "problems": [as_dict(problem) for problem in outcome.problems],
    }
