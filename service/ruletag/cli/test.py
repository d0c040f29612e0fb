"""``ruletag test``: run the tests inside the rules."""

import os
import sys
from pathlib import Path

import click

from ruletag.cli.common import (
    FINDINGS,
    InputError,
    counted,
    folder_argument,
    read_folder,
    rule_folder,
    rules_option,
    usable_rules,
)
from ruletag.cli.terminal import wants_colour
from ruletag.matching.examples import count_examples, failures


@click.command(
    epilog="""\b
Examples:
  ruletag test
  ruletag test my-rules
""",
)
@folder_argument
@rules_option
@click.pass_context
def test(ctx: click.Context, folder: Path | None, rules: Path | None) -> None:
    """Run the tests inside the rules.

    Each test that fails is shown with what was found. Exit 1 if one fails, 2 if
    there are none, 78 if the rules cannot be used.
    """
    outcome = read_folder(rule_folder(folder, rules))
    if outcome.is_empty:
        raise InputError(outcome.problems[0].detail)
    compiled = usable_rules(outcome)
    number = count_examples(compiled)
    if not number:
        raise InputError(f"there are no tests in {outcome.folder}")
    colour = wants_colour(sys.stdout, os.environ)
    failed = 0
    for problem in failures(compiled):
        click.echo(outcome.shown(problem, colour=colour) + "\n", color=colour)
        failed += 1
    click.echo(f"{counted(number, 'test')}, {failed:,} failed", err=True)
    ctx.exit(FINDINGS if failed else 0)
