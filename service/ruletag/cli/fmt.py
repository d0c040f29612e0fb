"""``ruletag fmt``: rule files in one layout, with their comments."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

import click

from ruletag.cli.common import (
    FINDINGS,
    UNREADABLE,
    InputError,
    counted,
    rule_folder,
    rules_option,
    tell,
)
from ruletag.cli.terminal import is_terminal, one_line, wants_colour
from ruletag.limits import LIMITS
from ruletag.problems import Problem, RuleSetError, render
from ruletag.rules.layout import formatted
from ruletag.rules.loader import snapshot
from ruletag.rules.patches import difference, shown_difference, write_file
from ruletag.settings import SHIPPED_RULES

_STDIN: Final = "-"
_ENDINGS: Final = (".yaml", ".yml")


class _File(NamedTuple):
    """A rule file; the folder is None for standard input."""

    folder: Path | None
    name: str
    content: bytes

    @property
    def place(self) -> str:
        """What a person calls it."""
        return self.name if self.folder is None else (self.folder / self.name).as_posix()


class _Result(Enum):
    """What came of a file."""

    SAME = ""
    CHANGED = "changed"
    WOULD_CHANGE = "would change"
    REFUSED = "left alone"
    FAILED = "could not be read or written"


@click.command(
    epilog="""\b
Examples:
  ruletag fmt
  ruletag fmt my-rules --check
  ruletag fmt my-rules/smuggling.yaml
  ruletag fmt - < smuggling.yaml
""",
)
@click.argument("paths", nargs=-1, metavar="[DIR | FILE... | -]")
@rules_option
@click.option("--check", is_flag=True, help="Write nothing, but show what would change.")
@click.pass_context
def fmt(ctx: click.Context, paths: tuple[str, ...], rules: Path | None, *, check: bool) -> None:
    """Put rule files into the canonical layout.

    Comments and order stay, and so does what the rules mean. Standard input goes to
    standard output. Exit 1 if a file cannot be read as YAML (it is left alone), or
    with --check if one would change.
    """
    if _STDIN in paths:
        if len(paths) > 1 or rules is not None:
            raise click.UsageError("standard input stands alone: `ruletag fmt -`")
        ctx.exit(_exit_code([_format(_standard_input(), check=check)]))
    if paths and rules is not None:
        raise click.UsageError("give the rule folder once: as DIR or with --rules")
    results = [
        _format(file, check=check) if isinstance(file, _File) else file
        for file in _files(paths or [str(_own_folder(rules))])
    ]
    if set(results) != {_Result.FAILED}:
        click.echo(_summary(results), err=True)
    ctx.exit(_exit_code(results))


def _exit_code(results: Sequence[_Result]) -> int:
    if _Result.FAILED in results:
        return UNREADABLE
    return FINDINGS if {_Result.REFUSED, _Result.WOULD_CHANGE}.intersection(results) else 0


def _summary(results: Sequence[_Result]) -> str:
    counts = ((results.count(result), result.value) for result in _Result if result.value)
    noted = [f"{number:,} {result}" for number, result in counts if number]
    return ", ".join([counted(len(results), "file"), *(noted or ["nothing to change"])])


# -------------------------------------------------------------------- reading


def _own_folder(rules: Path | None) -> Path:
    """Give the rule folder; the one in the package belongs to nobody who could want this."""
    folder = rule_folder(rules)
    if folder == SHIPPED_RULES:
        raise InputError("there is no folder `rules` here; name the folder or the files")
    return folder


def _standard_input() -> _File:
    if sys.stdin is None:
        raise InputError("standard input is closed")
    content = sys.stdin.buffer.read(LIMITS.rule_file + 1)
    return _File(None, "standard input", content)


def _files(paths: Iterable[str]) -> Iterator[_File | _Result]:
    """Give the files named, and those of folders; what cannot be read is told, and counted."""
    for path in map(Path, paths):
        try:
            if path.is_dir():
                yield from _files_of(path)
            else:
                yield _File(path.parent, path.name, _content(path))
        except OSError as error:
            yield _failed(path.as_posix(), error)


def _files_of(folder: Path) -> Iterator[_File | _Result]:
    try:
        contents = snapshot(folder)
    except RuleSetError as error:
        for problem in error.problems:
            tell(f"{folder.as_posix()}: {problem.detail}")
            yield _Result.FAILED
        return
    yield from (_File(folder, name, content) for name, content in contents.items())


def _content(path: Path) -> bytes:
    mode = path.stat().st_mode
    if not path.name.lower().endswith(_ENDINGS):
        raise OSError(None, "a rule file ends in `.yaml` or `.yml`")
    if not stat.S_ISREG(mode):
        raise OSError(None, "a pipe, socket or device, not a file")
    with path.open("rb") as file:
        return file.read(LIMITS.rule_file + 1)  # with one byte too many it is refused


def _failed(place: str, error: OSError) -> _Result:
    tell(f"{place}: {(error.strerror or str(error)).lower()}")
    return _Result.FAILED


# ----------------------------------------------------------------- formatting


def _format(file: _File, *, check: bool) -> _Result:
    """Format one file, and say what came of it."""
    try:
        after = formatted(file.name, file.content)
    except RuleSetError as error:
        _report(file, error.problems)
        return _Result.REFUSED
    if check:
        return _compare(file, after)
    if file.folder is None:
        click.echo(after, nl=False)
        return _Result.SAME
    return _write(file, file.folder, after)


def _report(file: _File, problems: Iterable[Problem]) -> None:
    folder = "" if file.folder is None else file.folder.as_posix()
    colour = wants_colour(sys.stderr, os.environ)
    for problem in problems:
        click.echo(render(problem, folder=folder, colour=colour) + "\n", err=True, color=colour)


def _compare(file: _File, after: bytes) -> _Result:
    changes = difference(file.place, file.content, after)
    if not changes:
        return _Result.SAME
    colour = wants_colour(sys.stdout, os.environ)
    if colour or is_terminal(sys.stdout):
        changes = shown_difference(changes, colour=colour)
    click.echo(changes, nl=False, color=colour)
    return _told(file, _Result.WOULD_CHANGE)


def _write(file: _File, folder: Path, after: bytes) -> _Result:
    if after == file.content:
        return _Result.SAME
    try:
        write_file(folder, file.name, file.content, after)
    except OSError as error:
        return _failed(file.place, error)
    return _told(file, _Result.CHANGED)


def _told(file: _File, result: _Result) -> _Result:
    click.echo(one_line(f"{file.place}: {result.value}"), err=True)
    return result
