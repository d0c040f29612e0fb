"""``ruletag settings``: each setting, its value and where it comes from."""

import os
import sys

import click

from ruletag.cli.common import ConfigurationError
from ruletag.cli.terminal import (
    BOLD,
    DIM,
    Cell,
    Table,
    columns,
    is_terminal,
    one_line,
    wants_colour,
)
from ruletag.settings import Origin, SettingsError, origins

_HEAD = ("setting", "value", "source", "variable", "meaning")


@click.command(
    epilog="""\b
Examples:
  ruletag settings
  RULETAG_PORT=9000 ruletag settings
""",
)
def settings() -> None:
    """Show each setting, its value and where it comes from.

    In a pipe each line is VARIABLE=value, a tab, and the source. Exit 78 if a
    variable is wrong.
    """
    try:
        found = origins(os.environ)
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None
    if not is_terminal(sys.stdout):
        for origin in found:
            click.echo(f"{origin.setting.variable}={origin.shown}\t{origin.source}")
        return
    table = Table(_HEAD, [_row(origin) for origin in found], wrap=True)
    colour = wants_colour(sys.stdout, os.environ)
    for line in table.lines(columns(sys.stdout), colour=colour):
        click.echo(line, color=colour)


def _row(origin: Origin) -> tuple[Cell, ...]:
    return (
        Cell(origin.setting.name, BOLD),
        Cell(one_line(origin.shown)),
        Cell(origin.source, DIM if origin.source == "default" else ""),
        Cell(origin.setting.variable),
        Cell(origin.setting.meaning),
    )
