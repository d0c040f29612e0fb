"""``ruletag expand``: every form of a keyword that is sought, in plain words."""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import click

from ruletag.cli.common import (
    InputError,
    Outcome,
    problem_counts,
    read_folder,
    rule_folder,
    rules_option,
    usable_rules,
)
from ruletag.cli.selection import selected_categories
from ruletag.cli.terminal import DIM, Cell, Table, columns, is_terminal, one_line, wants_colour
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.wordforms import STAR, TooManyFormsError, written_forms
from ruletag.problems import Location, ProblemLog, nearest, render
from ruletag.rules.keywords import KeywordReader
from ruletag.rules.model import Keyword, Phrase, Reference, WordList, lines_of
from ruletag.text.words import is_hangul

_HEAD: Final = ("form", "keyword", "rule")
_GAP: Final = " ... "
_OPEN: Final = "…"
_COMMAND_LINE: Final = "argument"  # where the keywords of the command line are said to stand
# A word with dots after letters: without them it is found in capitals only.
_DOTTED: Final = re.compile(r"(?:[^\W_]*[^\W\d_]\.)+[^\W_]*")

_Lists = Mapping[str, WordList]


class Expansion(NamedTuple):
    """The forms of each part of a keyword, and where the keyword stands in the rules."""

    keyword: str
    place: str
    parts: Sequence[Sequence[str]]

    def forms(self) -> Iterator[str]:
        """Give every form, the parts of a gap side by side."""
        return map(_GAP.join, product(*self.parts))


@click.command(
    epilog="""\b
Examples (the quotes keep the marks from the shell):
  ruletag expand 'smuggle~' 'smuggl*'
  ruletag expand 'strip~ ... party membership'
  ruletag expand '$metals' --rules my-rules
  ruletag expand --category smuggling
""",
)
@click.argument("words", nargs=-1, metavar="[WORD...]")
@click.option(
    "--category",
    multiple=True,
    metavar="PATTERN",
    help="Show the keywords of this category; `economy.*` is it and all below. Repeatable.",
)
@rules_option
def expand(words: tuple[str, ...], category: tuple[str, ...], rules: Path | None) -> None:
    """Show every form of a keyword that is sought.

    Each WORD is read as a keyword with its marks, as it would stand in a rule
    file: `smuggle~`, `smuggl*`, `=WPK`, `close~ ... border`, `$metals`. The sign
    … ends a form that may go on. In a pipe each line is a form, a tab, and its
    keyword.
    """
    if not words and not category:
        raise click.UsageError("give a WORD, or --category")
    if "" in words:
        raise click.UsageError("a WORD is empty; marks such as $ need single quotes in the shell")
    log = ProblemLog()
    keywords = _read(words, log)
    outcome: Outcome | None = None
    lists: _Lists = {}
    if category or any(_list_names(keywords)):
        outcome = read_folder(rule_folder(rules))
        compiled = usable_rules(outcome)
        lists = {word_list.name: word_list for word_list in compiled.rule_set.lists}
        _check_lists(keywords, lists, compiled.ids, log)
        keywords += _of_categories(category, compiled, outcome.folder)
    _stop_at_problems(log)
    expansions = [e for keyword in keywords for e in _expansions(keyword, lists, log)]
    _stop_at_problems(log)
    _show(expansions, outcome)


def _read(words: Sequence[str], log: ProblemLog) -> list[Keyword]:
    """Read the words of the command line as keywords."""
    log.add_source(_COMMAND_LINE, "\n".join(map(one_line, words)))
    reader = KeywordReader("en", log)
    places = (Location(_COMMAND_LINE, i, 1, len(word)) for i, word in enumerate(words, 1))
    read = [reader.read(word, place) for word, place in zip(words, places, strict=True)]
    return [keyword for keyword in read if keyword is not None]


def _stop_at_problems(log: ProblemLog) -> None:
    colour = wants_colour(sys.stderr, os.environ)
    for problem in log.problems:
        click.echo(render(problem, colour=colour), err=True, color=colour)
    if log.has_errors:
        raise InputError(f"no keyword: {problem_counts(log.problems)}")


def _list_names(keywords: Iterable[Keyword]) -> Iterator[str]:
    parts = (part for keyword in keywords for part in keyword.parts)
    return (part.name for part in parts if isinstance(part, Reference))


def _check_lists(
    keywords: Iterable[Keyword], lists: _Lists, categories: Collection[str], log: ProblemLog
) -> None:
    for keyword in keywords:
        for name in _list_names([keyword]):
            if name not in lists:
                hint = nearest(f"${name}", [f"${known}" for known in lists])
                if name in categories:
                    hint = f"it is a category: `ruletag expand --category {name}`"
                log.add("E306", keyword.location, f"there is no list `{name}`", hint=hint)


def _of_categories(
    patterns: Sequence[str], rules: CompiledRules, folder: Path
) -> Iterator[Keyword]:
    chosen = selected_categories(patterns, rules.ids, folder) or frozenset()
    for category in rules.rule_set.categories:
        if category.id in chosen:
            yield from (line.keyword for line in lines_of(category))


# ------------------------------------------------------------------------ forms


def _expansions(keyword: Keyword, lists: _Lists, log: ProblemLog) -> Iterator[Expansion]:
    """Expand a keyword; in place of a list, each of its lines."""
    first = keyword.parts[0]
    if len(keyword.parts) == 1 and isinstance(first, Reference):
        for line in lists[first.name].lines if first.name in lists else ():
            yield from _expansions(line.keyword, lists, log)
        return
    place = "" if keyword.location.file == _COMMAND_LINE else str(keyword.location)
    try:
        parts = [list(_part_forms(part, keyword, lists)) for part in keyword.parts]
        yield Expansion(keyword.written, place, parts)
    except TooManyFormsError as error:
        log.add("E308", keyword.location, f"`{keyword.written}` has {error}")


def _part_forms(part: Phrase | Reference, keyword: Keyword, lists: _Lists) -> Iterator[str]:
    if isinstance(part, Phrase):
        yield from readable_forms(part, keyword.language)
        return
    for line in lists[part.name].lines if part.name in lists else ():
        for inner in line.keyword.parts:
            yield from _part_forms(inner, line.keyword, lists)


def readable_forms(phrase: Phrase, language: str) -> tuple[str, ...]:
    """Give the forms of a phrase as a reader would write them, each once.

    Raises `TooManyFormsError`.
    """
    forms: dict[str, str] = {}
    for written in written_forms(phrase, language):
        text = written.replace(STAR, _OPEN)
        for form in (text, _DOTTED.sub(_undotted, text)):
            forms.setdefault(form if phrase.exact else form.casefold(), _with_open_end(form))
    return tuple(forms.values())


def _undotted(dotted: re.Match[str]) -> str:
    return dotted.group().replace(".", "").upper()


def _with_open_end(form: str) -> str:
    """Mark what may carry a Korean particle or ending: a word of two syllables or more."""
    is_open = len(form) > 1 and is_hangul(form[-1]) and is_hangul(form[-2])
    return form + _OPEN if is_open else form


# ----------------------------------------------------------------------- output


def _show(expansions: Sequence[Expansion], outcome: Outcome | None) -> None:
    if not is_terminal(sys.stdout):
        for expansion in expansions:
            for form in expansion.forms():
                click.echo(f"{form}\t{expansion.keyword}")
        return
    colour = wants_colour(sys.stdout, os.environ)
    rows = [row for expansion in expansions for row in _rows(expansion, outcome)]
    # Keywords of the command line stand in no rule, and need no column for it.
    number = len(_HEAD) if outcome is not None else len(_HEAD) - 1
    table = Table(_HEAD[:number], [row[:number] for row in rows])
    for line in table.lines(columns(sys.stdout), colour=colour):
        click.echo(line, color=colour)


def _rows(expansion: Expansion, outcome: Outcome | None) -> Iterator[tuple[Cell, ...]]:
    """Give a row for each form; the keyword and its place stand in the first."""
    place = outcome.place(expansion.place) if outcome is not None and expansion.place else ""
    origin = (Cell(one_line(expansion.keyword)), Cell(one_line(place), DIM))
    for form in expansion.forms():
        yield (Cell(one_line(form)), *origin)
        origin = (Cell(""), Cell(""))
