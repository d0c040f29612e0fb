"""``ruletag``: the commands, loaded when they are called, and how the program ends.

Nothing a user can cause ends in a traceback: messages go to standard error as
one line, a closed pipe and Ctrl-C end it without a word.
"""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Final, NamedTuple, NoReturn

import click

from ruletag.cli.common import UNREADABLE, tell
from ruletag.problems import nearest
from ruletag.version import VERSION

_INTERRUPTED: Final = 130
_PIPE_CLOSED: Final = 141  # what a shell reports of a program that SIGPIPE ended


class _Entry(NamedTuple):
    """Where a command is, and what it does: its help must begin with the same sentence."""

    place: str
    does: str


COMMANDS: Final = {
    "tag": _Entry("ruletag.cli.tag:tag", "Tag texts with categories, and show the evidence."),
    "check": _Entry(
        "ruletag.cli.check:check", "Say what is wrong with the rule files, and what is doubtful."
    ),
    "test": _Entry("ruletag.cli.test:test", "Run the tests inside the rules."),
    "eval": _Entry(
        "ruletag.cli.eval_:eval_", "Measure rules on labelled documents, and show their errors."
    ),
    "expand": _Entry("ruletag.cli.expand:expand", "Show every form of a keyword that is sought."),
    "explain": _Entry(
        "ruletag.cli.explain:explain", "Say why a text is given a category, and why not."
    ),
    "describe": _Entry("ruletag.cli.describe:describe", "Say in plain English what a rule finds."),
    "schema": _Entry(
        "ruletag.cli.schema:schema", "Print the JSON Schema of rule files, for editors."
    ),
    "import": _Entry(
        "ruletag.cli.import_:import_",
        "Turn word lists, dictionaries and queries into a rule file.",
    ),
    "fmt": _Entry("ruletag.cli.fmt:fmt", "Put rule files into the canonical layout."),
    "status": _Entry("ruletag.cli.status:status", "Show the rules in force in a running service."),
    "settings": _Entry(
        "ruletag.cli.settings:settings", "Show each setting, its value and where it comes from."
    ),
    "serve": _Entry("ruletag.cli.serve:serve", "Run the HTTP service."),
}


class _Commands(click.Group):
    """Loads a command when it is called, so that each starts fast."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, attribute = COMMANDS[name].place.split(":")
        command = getattr(import_module(module), attribute)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            hint = nearest(args[0], COMMANDS) or f"there are {', '.join(COMMANDS)}"
            raise click.UsageError(f"there is no command `{args[0]}`; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.does) for name, entry in COMMANDS.items()])

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: object,
    ) -> click.Context:
        with _endings():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with _endings():
            return super().invoke(ctx)


@contextmanager
def _endings() -> Iterator[None]:
    """End the program as its contract says, whatever comes out of a command."""
    try:
        yield
    except KeyboardInterrupt:
        _leave(_INTERRUPTED)
    except BrokenPipeError:
        _leave(_PIPE_CLOSED)
    except click.ClickException as error:
        with suppress(OSError):
            _complain(error)
        _leave(error.exit_code)
    except OSError as error:  # the disk is full, the terminal is gone
        with suppress(OSError):
            tell(f"{error.filename or 'output'}: {(error.strerror or str(error)).lower()}")
        _leave(UNREADABLE)


def _complain(error: click.ClickException) -> None:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    tell(error.format_message())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        click.echo(error.ctx.get_usage(), err=True)
        click.echo(f"Try '{error.ctx.command_path} --help' for help.", err=True)


def _leave(code: int) -> NoReturn:
    """Exit; output that nobody can take is dropped, or it would fail once more at exit."""
    for stream in filter(None, (sys.stdout, sys.stderr)):  # None where the shell closed it
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    sys.exit(code)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: ruletag tag article.txt",
)
@click.version_option(VERSION, message="ruletag %(version)s")
def commands() -> None:
    """Tag text with categories by editable keyword rules, with the exact evidence.

    A rule file is a list of categories and their words; docs/rules.md is the
    language. Exit codes: 0 done, 1 findings, 2 wrong usage or unreadable input,
    78 rules or settings that cannot be used.
    """


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that is not UTF-8 is shown escapes for what it lacks.
            stream.reconfigure(errors="backslashreplace")
    commands.main(prog_name="ruletag")


if __name__ == "__main__":
    main()
