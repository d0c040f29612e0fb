"""Turn a rule set into `CompiledRules`: one automaton, and what each of its hits means.

Every phrase becomes a *term*, once, however many categories use it. A form of a
term becomes a *key*, a string that the automaton seeks; several terms may share
one. Categories, their entries and exceptions are numbered in order, so that
what happens per text moves only small integers and tuples.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from ruletag.limits import LIMITS
from ruletag.matching.automaton import Automaton
from ruletag.matching.wordforms import Form, TooManyFormsError, phrase_forms
from ruletag.problems import Problem, ProblemLog, RuleSetError
from ruletag.rules.model import (
    Category,
    Entry,
    Keyword,
    ListReference,
    Phrase,
    RuleSet,
    Severity,
    WordList,
)

WEIGHT_UNIT: Final = 1000  # weights are whole thousandths, and so are summed exactly


class Key(NamedTuple):
    """What it means that the automaton found string number n.

    ``words`` are the terms that stand here whatever surrounds the key; they
    begin ``lead`` characters after it and end ``lead`` before its end.
    ``phrases`` do if ``inner`` is what stands in ``plain``; ``checked`` if
    their form says so.
    """

    length: int
    lead: int
    words: tuple[int, ...]
    inner: str
    phrases: tuple[int, ...]
    checked: tuple[tuple[int, Form], ...]


@dataclass(frozen=True, slots=True)
class CompiledEntry:
    """One line of a category's ``match``, or one line of a list that stands there.

    ``parts`` are the alternatives, as term numbers, for each part of the keyword;
    more than one part is a gap. ``weight`` is in thousandths.
    """

    number: int
    keyword: str
    path: str
    source: str
    weight: int
    ids: tuple[str, ...]
    parts: tuple[tuple[int, ...], ...]
    is_exact: bool


@dataclass(frozen=True, slots=True)
class CompiledException:
    """A phrase or gap that cancels matches: of one entry, or of the category (None)."""

    parts: tuple[tuple[int, ...], ...]
    entry: int | None


@dataclass(frozen=True, slots=True)
class CompiledCategory:
    """A category, ready to be evaluated. ``threshold`` is in thousandths."""

    id: str
    label: str
    description: str
    severity: Severity | None
    threshold: int
    entries: tuple[CompiledEntry, ...]
    exceptions: tuple[CompiledException, ...]


class Use(NamedTuple):
    """A term is sought by entry or exception ``number`` of a category, as part ``part`` of it.

    ``part`` is a bit: 1 for the first part, 2 for the second, 4 for the third.
    """

    category: int
    number: int
    part: int


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """Rules in force: immutable, shared by all threads.

    Made by `compile_rules` only; `ruletag.matching.tagger.tag` reads it. ``ids``
    are all categories that a text can be given, parents that nobody defined included.
    """

    rule_set: RuleSet
    categories: tuple[CompiledCategory, ...]
    automaton: Automaton
    keys: tuple[Key, ...]
    words: dict[int, tuple[Use, ...]]
    gaps: dict[int, tuple[Use, ...]]
    exceptions: dict[int, tuple[Use, ...]]
    ids: frozenset[str]

    @property
    def digest(self) -> str:
        """The ``sha256:…`` of everything that can change an answer."""
        return self.rule_set.digest


def compile_rules(rule_set: RuleSet) -> CompiledRules:
    """Compile a rule set.

    Raises `RuleSetError` where keywords have more forms than can be sought.
    """
    log = ProblemLog()
    terms = _Terms(log)
    lists = {word_list.name: word_list for word_list in rule_set.lists}
    categories = tuple(_category(category, lists, terms) for category in rule_set.categories)
    if log.has_errors:
        raise RuleSetError(log.problems)
    keys = terms.keys()
    return CompiledRules(
        rule_set,
        categories,
        Automaton(keys),
        tuple(keys.values()),
        *_uses(categories),
        frozenset(id_ for category in categories for id_ in (category.id, *parents(category.id))),
    )


class _Terms:
    """Numbers the phrases, each once, and gathers the strings they are sought by."""

    def __init__(self, log: ProblemLog) -> None:
        self._log = log
        self._numbers: dict[tuple[Phrase, str], int] = {}
        self._forms: list[tuple[Form, ...]] = []
        self._count = 0

    def number(self, phrase: Phrase, keyword: Keyword) -> int:
        """Give the phrase's number."""
        identity = (phrase, keyword.language)
        known = self._numbers.get(identity)
        if known is not None:
            return known
        try:
            forms = phrase_forms(phrase, keyword.language)
        except TooManyFormsError as error:
            forms = ()
            self._log.add("E308", keyword.location, f"`{keyword.written}` has {error}")
        self._count += len(forms)
        if self._count > LIMITS.keyword_forms:
            detail = f"all keywords together have more than {LIMITS.keyword_forms:,} forms"
            raise RuleSetError([*self._log.problems, _problem("E308", keyword, detail)])
        self._forms.append(forms)
        self._numbers[identity] = len(self._numbers)
        return self._numbers[identity]

    def keys(self) -> dict[str, Key]:
        """Give what the automaton seeks, and what each finding means."""
        words: dict[str, list[int]] = defaultdict(list)
        phrases: dict[str, list[int]] = defaultdict(list)
        checked: dict[str, list[tuple[int, Form]]] = defaultdict(list)
        for number, forms in enumerate(self._forms):
            for form in forms:
                if form.is_bare:
                    words[form.key].append(number)
                elif form.is_plain_phrase:
                    phrases[form.key].append(number)
                else:
                    checked[form.key].append((number, form))
        strings = dict.fromkeys((*words, *phrases, *checked))
        return {
            string: Key(
                length=len(string),
                lead=int(string[0] == " "),
                words=tuple(words.get(string, ())),
                inner=string[1:-1],
                phrases=tuple(phrases.get(string, ())),
                checked=tuple(checked.get(string, ())),
            )
            for string in strings
        }


def _problem(code: str, keyword: Keyword, detail: str) -> Problem:
    return Problem(keyword.location, code, detail)


def _category(category: Category, lists: dict[str, WordList], terms: _Terms) -> CompiledCategory:
    entries: list[CompiledEntry] = []
    exceptions = [
        CompiledException(_parts(keyword, lists, terms), None)
        for keyword in _written_out(category.excepts, lists)
    ]
    for i, entry in enumerate(category.entries):
        for line in _lines(entry, lists):
            entries.append(
                _entry(line, len(entries), f"match[{i}]", _parts(line.keyword, lists, terms))
            )
            exceptions += (
                CompiledException(_parts(keyword, lists, terms), len(entries) - 1)
                for keyword in _written_out(line.excepts, lists)
            )
    return CompiledCategory(
        category.id,
        category.label,
        category.description,
        category.severity,
        _thousandths(category.threshold),
        tuple(entries),
        tuple(exceptions),
    )


def _entry(
    line: Entry, number: int, path: str, parts: tuple[tuple[int, ...], ...]
) -> CompiledEntry:
    keyword = line.keyword
    return CompiledEntry(
        number,
        keyword.written,
        path,
        str(keyword.location),
        _thousandths(line.weight if line.weight is not None else Fraction(1)),
        line.ids,
        parts,
        is_exact=any(isinstance(part, Phrase) and part.exact for part in keyword.parts),
    )


def _lines(entry: Entry, lists: dict[str, WordList]) -> Iterator[Entry]:
    """Give the entry, or where it is a list all lines of that list in its place."""
    reference = entry.keyword.parts[0]
    if len(entry.keyword.parts) > 1 or not isinstance(reference, ListReference):
        yield entry
        return
    for line in lists[reference.name].entries:
        yield Entry(
            line.keyword,
            line.weight if line.weight is not None else entry.weight,
            line.excepts + entry.excepts,
            line.ids + entry.ids,
        )


def _written_out(keywords: Iterable[Keyword], lists: dict[str, WordList]) -> Iterator[Keyword]:
    for keyword in keywords:
        yield from (line.keyword for line in _lines(Entry(keyword), lists))


def _parts(
    keyword: Keyword, lists: dict[str, WordList], terms: _Terms
) -> tuple[tuple[int, ...], ...]:
    """Number the alternatives of each part of a keyword."""
    return tuple(
        (terms.number(part, keyword),)
        if isinstance(part, Phrase)
        else tuple(
            terms.number(phrase, line.keyword)
            for line in lists[part.name].entries
            for phrase in line.keyword.parts
            if isinstance(phrase, Phrase)
        )
        for part in keyword.parts
    )


def _uses(
    categories: tuple[CompiledCategory, ...],
) -> tuple[dict[int, tuple[Use, ...]], dict[int, tuple[Use, ...]], dict[int, tuple[Use, ...]]]:
    """Give, by term, who seeks it: as a keyword, as a part of a gap, as an exception."""
    words: dict[int, dict[Use, None]] = defaultdict(dict)
    gaps: dict[int, dict[Use, None]] = defaultdict(dict)
    exceptions: dict[int, dict[Use, None]] = defaultdict(dict)
    for number, category in enumerate(categories):
        for entry in category.entries:
            by_term = words if len(entry.parts) == 1 else gaps
            _note_uses(by_term, entry.parts, number, entry.number)
        for i, exception in enumerate(category.exceptions):
            _note_uses(exceptions, exception.parts, number, i)
    return _frozen(words), _frozen(gaps), _frozen(exceptions)


def _note_uses(
    by_term: dict[int, dict[Use, None]],
    parts: tuple[tuple[int, ...], ...],
    category: int,
    number: int,
) -> None:
    for i, part in enumerate(parts):
        for term in part:
            by_term[term][Use(category, number, 1 << i)] = None


def _frozen(by_term: dict[int, dict[Use, None]]) -> dict[int, tuple[Use, ...]]:
    return {term: tuple(uses) for term, uses in by_term.items()}


def parents(category: str) -> Iterator[str]:
    """Give the ids above this one: ``a.b`` and ``a`` for ``a.b.c``."""
    while "." in category:
        category = category.rpartition(".")[0]
        yield category


def _thousandths(number: Fraction) -> int:
    return int(number * WEIGHT_UNIT)
