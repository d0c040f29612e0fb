"""``ruletag serve``: the service, under gunicorn."""

import importlib.util
import os
import sys

import click

from ruletag.http import auth, decisions, traces
from ruletag.settings import TABLE, Settings, SettingsError, read_settings

_MASTER = "ruletag.edge.master"


@click.command(
    epilog="Example: ruletag serve --rules ./rules --port 8080 --workers 2",
    short_help="Run the HTTP service.",
)
@click.option("--rules", metavar="DIR", help="The rule folder.")
@click.option("--host", metavar="ADDRESS", help="The address to listen on. Default: 127.0.0.1.")
@click.option("--port", metavar="PORT", help="The port to listen on. Default: 8080.")
@click.option("--workers", metavar="N", help="Processes that answer requests. Default: 1.")
@click.option("--threads", metavar="N", help="Requests at work at once in each. Default: 8.")
def serve(**options: str | None) -> None:
    """Run the HTTP service until it is told to stop.

    Every option is also a setting (see `ruletag settings`); the option wins. The
    process becomes gunicorn's master. With rules that cannot be used it stays
    alive, answers 503, and is ready as soon as the folder is mended.
    """
    given = {
        setting.variable: value
        for setting in TABLE
        if (value := options.get(setting.name)) is not None
    }
    try:
        settings = read_settings(os.environ | given)
        auth.check(settings)
        decisions.check(settings)
        traces.check(settings)
        _check_server(settings)
    except SettingsError as error:
        click.echo(f"ruletag: {error}", err=True)
        sys.exit(78)
    os.environ.update(given)
    os.environ.setdefault("RULETAG_RULES", str(settings.rules))
    # -P keeps a file of the working directory from standing in for a module.
    os.execv(  # noqa: S606 - the interpreter that runs us, with arguments of our own
        sys.executable,
        [sys.executable, "-P", "-m", _MASTER],
    )


def _check_server(settings: Settings) -> None:
    """Raise `SettingsError` if the server that is asked for is not installed."""
    if settings.server == "granian" and importlib.util.find_spec("granian") is None:
        missing = "granian is not installed; run: pip install 'ruletag[granian]'"
        raise SettingsError(f"RULETAG_SERVER=granian: {missing}")
