"""What the commands share: where the rules are, loading them, and how a command ends.

Exit codes: 0 done, 1 findings, 2 wrong usage, unreadable input or nothing to
check, 78 rules or settings that cannot be used, 130 interrupted.
"""

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from ruletag.cli.terminal import one_line, wants_colour
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.problems import Problem, RuleSetError, render
from ruletag.rules.loader import list_reader, parse_rules, snapshot
from ruletag.settings import LOCAL_RULES, SHIPPED_RULES, SettingsError, read_settings

FINDINGS: Final = 1
UNREADABLE: Final = 2
CONFIGURATION: Final = 78

_Command = TypeVar("_Command", bound=Callable[..., Any])


class InputError(click.ClickException):
    """What was to be read cannot be read, or there was nothing to read."""

    exit_code = UNREADABLE


class ConfigurationError(click.ClickException):
    """The rules that are needed cannot be used, or a setting is wrong."""

    exit_code = CONFIGURATION


class RuleFolder(click.Path):
    """The type of an argument that is a rule folder; it need not be there."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, readable=False, path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """Give the path; of a file say which folder holds it."""
        if Path(value).is_file():
            holder = one_line(shlex.quote(str(Path(value).parent)))
            self.fail(f"{one_line(str(value))} is a file; give its folder: {holder}", param, ctx)
        return super().convert(value, param, ctx)


def rules_option(command: _Command) -> _Command:
    """Give a command the option ``--rules``."""
    return click.option(
        "--rules",
        type=RuleFolder(),
        metavar="DIR",
        help="The rule folder. Default: RULETAG_RULES, else ./rules, else those in the package.",
    )(command)


def folder_argument(command: _Command) -> _Command:
    """Give a command the argument ``[DIR]``."""
    return click.argument(
        "folder",
        required=False,
        metavar="[DIR]",
        type=RuleFolder(),
    )(command)


def rule_folder(*given: Path | None) -> Path:
    """Give the rule folder: as given on the command line, else from the settings."""
    named = [folder for folder in given if folder is not None]
    if len(named) > 1:
        raise click.UsageError("give the rule folder once: as DIR or with --rules")
    if named:
        return named[0]
    try:
        return read_settings(os.environ).rules
    except SettingsError as error:
        raise ConfigurationError(str(error)) from None


def named(folder: Path) -> str:
    """Name a rule folder; of the rules in the package say why they are read."""
    if folder == SHIPPED_RULES:
        why = "" if LOCAL_RULES.is_dir() else f" (there is no ./{LOCAL_RULES} here)"
        return f"the rules of the package{why}"
    path = one_line(folder.as_posix())
    is_clear = folder.is_absolute() or path in {".", ".."} or path.startswith("../")
    return path if is_clear else f"./{path}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of reading a rule folder. ``rules`` is None where problems forbid their use."""

    folder: Path
    files: Mapping[str, bytes]
    rules: CompiledRules | None
    problems: tuple[Problem, ...]

    @property
    def is_empty(self) -> bool:
        """Say whether there was no rule file at all."""
        return any(problem.code == "E403" for problem in self.problems)

    def place(self, source: str) -> str:
        """Give the file and line of ``file:line:column``, so that they can be opened.

        Rules that ship with ruletag lie deep in the package: only the file is named.
        """
        place = source.rpartition(":")[0]
        return place if self.folder == SHIPPED_RULES else f"{self.folder.as_posix()}/{place}"

    def shown(self, problem: Problem, *, colour: bool) -> str:
        """Give a problem as text, with its source line and a place that can be opened."""
        where = problem.location
        problem = replace(
            problem,
            detail=one_line(problem.detail),
            hint=one_line(problem.hint),
            line=problem.line or _source_line(self.files.get(where.file, b""), where.line),
        )
        # What is wrong with the folder as a whole is placed at the folder itself.
        folder = "" if where.file == str(self.folder) else self.folder.as_posix()
        return render(problem, folder=folder, colour=colour)


def read_folder(folder: Path) -> Outcome:
    """Read and compile a rule folder, whatever is wrong with it."""
    files: Mapping[str, bytes] = {}
    warnings: tuple[Problem, ...] = ()
    try:
        files = snapshot(folder)
        rule_set = parse_rules(files, list_reader(folder))
        warnings = rule_set.warnings
        rules = compile_rules(rule_set)
    except RuleSetError as error:
        return Outcome(folder, files, None, tuple(sorted({*warnings, *error.problems})))
    return Outcome(folder, files, rules, warnings)


def usable_rules(outcome: Outcome) -> CompiledRules:
    """Give the rules; where they cannot be used say why and raise `ConfigurationError`."""
    if outcome.rules is not None:
        return outcome.rules
    colour = wants_colour(sys.stderr, os.environ)
    for problem in outcome.problems:
        click.echo(outcome.shown(problem, colour=colour) + "\n", err=True, color=colour)
    raise ConfigurationError(
        f"the rules in {outcome.folder} cannot be used: {problem_counts(outcome.problems)}"
    )


def _source_line(content: bytes, number: int) -> str:
    lines = content.decode("utf-8", "replace").removeprefix("\ufeff").splitlines()
    return lines[number - 1] if 0 < number <= len(lines) else ""


# ------------------------------------------------------------------ in words


def tell(message: str, kind: str = "ruletag") -> None:
    """Say something on standard error; it may hold names that nobody vetted."""
    click.echo(f"{kind}: {one_line(message)}", err=True)


def counted(number: int, one: str, many: str = "") -> str:
    """Give a number with its noun: 1 file, 2 files, 0 categories."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def problem_counts(problems: Iterable[Problem]) -> str:
    """Give the numbers of errors and warnings in words."""
    listed = list(problems)
    errors = sum(problem.is_error for problem in listed)
    counts = [counted(errors, "error"), counted(len(listed) - errors, "warning")]
    return ", ".join(count for count in counts if not count.startswith("0 "))
