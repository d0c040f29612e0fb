"""``ruletag import``: word lists, dictionaries and queries become a rule file."""

import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import click

from ruletag.cli.common import FINDINGS, UNREADABLE, InputError, counted, tell
from ruletag.cli.terminal import one_line
from ruletag.limits import LIMITS
from ruletag.rules.importers import nexis, presidio, quanteda, spacy, words
from ruletag.rules.importers.rulefile import (
    Imported,
    Source,
    UnreadableError,
    write,
    write_beside_list,
)

_READERS: Final[dict[str, Callable[[Source], Imported]]] = {
    "words": words.read,
    "quanteda": quanteda.read,
    "nexis": nexis.read,
    "presidio": presidio.read,
    "spacy": spacy.read,
}
_STDIN: Final = "-"
_LIST: Final = ".txt"
_MOST_READ: Final = 64 * 1024 * 1024
_MOST_SAID: Final = 100  # lines; all of them stand in the rule file
_ID: Final = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*")


@click.command(
    name="import",
    epilog="""\b
Examples:
  ruletag import words metals.txt > rules/metals.yaml
  ruletag import nexis queries.txt --category smuggling --output rules/smuggling.yaml
  ruletag import quanteda dictionary.yml --output rules/topics.yaml
""",
)
@click.argument("form", metavar="FORMAT", type=click.Choice(list(_READERS)))
@click.argument("file", metavar="FILE", type=click.Path(readable=False))
@click.option(
    "--category",
    default="",
    metavar="ID",
    help="The category; where FILE names its own, the one they stand under.",
)
@click.option(
    "--output",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Write a new file. Default: standard output.",
)
@click.pass_context
def import_(ctx: click.Context, form: str, file: str, category: str, output: Path | None) -> None:
    """Turn word lists, dictionaries and queries into a rule file.

    FORMAT is words, quanteda, nexis (also Factiva and kin), presidio or spacy.
    `-` is standard input. What a rule cannot say is listed, and stands as a
    comment in the rule file; the exit code is 1 then.
    """
    _check(category)
    source = Source(_read(file), _name(file), category)
    try:
        imported = _READERS[form](source)
        texts = _texts(imported, output)
    except UnreadableError as error:
        ctx.exit(_refuse(file, error))
    remarks = imported.all_remarks
    _say(f"{_shown(file)}:{r.line}:{r.column}: {r}" for r in remarks)
    if any(found.entries for found in imported.categories):
        _write(texts, output)
    _sum_up(imported)
    ctx.exit(FINDINGS if any(not remark.carried for remark in remarks) else 0)


# -------------------------------------------------------------------- input


def _check(category: str) -> None:
    if category and not _ID.fullmatch(category):
        raise click.UsageError("--category: an id has small letters, digits, _ and dots")
    if len(category) > LIMITS.category_id:
        raise click.UsageError(f"--category: an id has at most {LIMITS.category_id} characters")


def _read(file: str) -> bytes:
    try:
        if file != _STDIN:
            with Path(file).open("rb") as opened:
                content = opened.read(_MOST_READ + 1)
        elif sys.stdin is None:  # the shell closed it
            raise InputError("standard input is closed")
        else:
            content = sys.stdin.buffer.read(_MOST_READ + 1)
    except OSError as error:
        raise InputError(f"{_shown(file)}: {(error.strerror or str(error)).lower()}") from None
    if len(content) > _MOST_READ:
        raise InputError(
            f"{_shown(file)}: more than {_MOST_READ // 1024**2} MiB; import it in parts"
        )
    return content


def _shown(file: str) -> str:
    return "standard input" if file == _STDIN else os.fsencode(file).decode("utf-8", "replace")


def _name(file: str) -> str:
    return "" if file == _STDIN else Path(_shown(file)).name


# ------------------------------------------------------------------- output


def _texts(imported: Imported, output: Path | None) -> dict[Path | None, str]:
    """Give the text of every file to write; None is standard output."""
    if not imported.list_file:
        return {output: write(imported)}
    if output is None or output.suffix == _LIST:
        why = "so many words go into a list beside the rule file: give --output NAME.yaml"
        raise UnreadableError([(0, 0, why)])
    beside = output.with_suffix(_LIST)
    return {beside: imported.list_file, output: write_beside_list(imported, beside.name)}


def _write(texts: dict[Path | None, str], output: Path | None) -> None:
    files = {path: text for path, text in texts.items() if path is not None}
    for path in files:
        if os.path.lexists(path):
            raise InputError(f"{_shown(str(path))} is there already; name another file")
    for path, text in files.items():
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    if output is None:
        sys.stdout.buffer.write("".join(texts.values()).encode())
        sys.stdout.buffer.flush()
    else:
        tell(f"wrote {' and '.join(_shown(str(path)) for path in files)}")


# ------------------------------------------------------------------- report


def _refuse(file: str, error: UnreadableError) -> int:
    for line, column, why in error.places[:_MOST_SAID]:
        place = f"{_shown(file)}:{line}:{column}" if line else _shown(file)
        click.echo(one_line(f"{place}: {why}"), err=True)
    return UNREADABLE


def _say(lines: Iterable[str]) -> None:
    number = 0
    for number, line in enumerate(lines, 1):
        if number <= _MOST_SAID:
            click.echo(one_line(line), err=True)
    if number > _MOST_SAID:
        click.echo(f"… and {number - _MOST_SAID:,} more, all in the rule file", err=True)


def _sum_up(imported: Imported) -> None:
    entries = sum(len(category.entries) for category in imported.categories)
    full = sum(bool(category.entries) for category in imported.categories)
    lost = sum(not remark.carried for remark in imported.all_remarks)
    said = f"{counted(entries, 'entry', 'entries')} in {counted(full, 'category', 'categories')}"
    if not entries:
        said = "no entry, so no rule file"
    click.echo(f"{said}; {counted(lost, 'piece')} not carried" if lost else said, err=True)
