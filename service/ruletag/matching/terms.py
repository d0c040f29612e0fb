"""Number the phrases that rules seek, each once, and gather the strings they are sought by."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from ruletag.matching.automaton import Automaton
from ruletag.matching.wordforms import Form, TooManyFormsError, phrase_forms, plain_keys
from ruletag.problems import Problem, ProblemLog, RuleSetError
from ruletag.rules.model import Keyword, LineTable, Phrase


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


class Keys(NamedTuple):
    """All that is sought: strings number ``len(keys)`` and up are each one plain term.

    Of those only the length and the term are kept, so that a million of them
    take little room: they stand where their words do, side by side. ``nested`` are
    the terms of which one form begins as another does.
    """

    automaton: Automaton
    keys: tuple[Key, ...]
    lengths: "array[int]"
    terms: "array[int]"
    nested: frozenset[int]

    def __len__(self) -> int:
        return len(self.keys) + len(self.terms)


class Terms:
    """Numbers phrases by a count that it shares with everything else rules seek."""

    def __init__(self, log: ProblemLog, most_forms: int) -> None:
        self._log = log
        self._most_forms = most_forms
        self._numbers: dict[tuple[Phrase, str], int] = {}
        self._forms: dict[int, tuple[Form, ...]] = {}
        self._plain: dict[int, tuple[str, ...]] = {}
        self._tables: list[tuple[LineTable, int]] = []
        self._count = 0
        self._next = 0

    def take_number(self) -> int:
        """Give a number that nothing else has."""
        self._next += 1
        return self._next - 1

    def number(self, phrase: Phrase, keyword: Keyword) -> int:
        """Give the phrase's number. Raises `RuleSetError` where all have too many forms."""
        identity = (phrase, keyword.language)
        known = self._numbers.get(identity)
        if known is not None:
            return known
        number = self._numbers[identity] = self.take_number()
        keys, forms = self._forms_of(phrase, keyword)
        if keys:
            self._plain[number] = keys
        else:
            self._forms[number] = forms
        return number

    def _forms_of(
        self, phrase: Phrase, keyword: Keyword
    ) -> tuple[tuple[str, ...], tuple[Form, ...]]:
        """Give the keys of a phrase of plain words, or the forms of any other."""
        keys: tuple[str, ...] = ()
        forms: tuple[Form, ...] = ()
        try:
            keys = plain_keys(phrase, keyword.language)
            forms = () if keys else phrase_forms(phrase, keyword.language)
        except TooManyFormsError as error:
            self._log.add("E308", keyword.location, f"`{keyword.written}` has {error}")
        self._add_to_count(len(keys) + len(forms), keyword)
        return keys, forms

    def _add_to_count(self, forms: int, keyword: Keyword) -> None:
        self._count += forms
        if self._count > self._most_forms:
            detail = f"all keywords together have more than {self._most_forms:,} forms"
            problem = Problem(keyword.location, "E308", detail)
            raise RuleSetError([*self._log.problems, problem])

    def take_table(self, table: LineTable) -> int:
        """Give its words numbers in a row, the first of which is returned."""
        first = self._next
        if table.forms == "none":
            self._add_to_count(len(table), table[-1].keyword)
        self._next += len(table)
        self._tables.append((table, first))
        return first

    def keys(self) -> "Keys":
        """Give what the automaton seeks, and what each finding means."""
        words: dict[str, list[int]] = defaultdict(list)
        phrases: dict[str, list[int]] = defaultdict(list)
        checked: dict[str, list[tuple[int, Form]]] = defaultdict(list)
        for number, forms in self._forms.items():
            for form in forms:
                if form.is_bare:
                    words[form.key].append(number)
                elif form.is_plain_phrase:
                    phrases[form.key].append(number)
                else:
                    checked[form.key].append((number, form))
        plain: dict[str, int] = {}
        for number, string in self._plain_keys():
            if string not in plain and not (
                string in words or string in phrases or string in checked
            ):
                plain[string] = number
                continue
            known = (words if " " not in string[1:-1] else phrases)[string]
            known += [number] if string not in plain else [plain.pop(string), number]
        strings = dict.fromkeys((*words, *phrases, *checked))
        keys = tuple(
            Key(
                length=len(string),
                lead=int(string[0] == " "),
                words=tuple(sorted(words.get(string, ()))),
                inner=string[1:-1],
                phrases=tuple(sorted(phrases.get(string, ()))),
                checked=tuple(checked.get(string, ())),
            )
            for string in strings
        )
        return Keys(
            Automaton((*strings, *plain)),
            keys,
            array("H", map(len, plain)),
            array("L", plain.values()),
            frozenset(self._nested()),
        )

    def _nested(self) -> Iterator[int]:
        """Give the terms of which one form begins as another does.

        Plain words do not: all keys of one phrase have as many spaces, the last at the end.
        """
        for number, forms in self._forms.items():
            if _are_nested([form.key for form in forms]):
                yield number

    def _plain_keys(self) -> Iterator[tuple[int, str]]:
        """Give what is sought for terms of plain words, each string with the term's number."""
        for number, keys in self._plain.items():
            for string in keys:
                yield number, string
        for table, first in self._tables:
            yield from self._table_keys(table, first)

    def _table_keys(self, table: LineTable, first: int) -> Iterator[tuple[int, str]]:
        """Give the numbers of a table's words, each with the strings it is sought by."""
        for i, word in enumerate(table.words):
            if not word:
                continue
            if table.forms == "none":
                yield first + i, f" {word.lower()} "
                continue
            line = table[i]
            phrase = line.keyword.parts[0]
            if isinstance(phrase, Phrase):
                keys, forms = self._forms_of(phrase, line.keyword)
                for string in (*keys, *(form.key for form in forms)):
                    yield first + i, string


def _are_nested(keys: Iterable[str]) -> bool:
    """Say whether two of the keys may be found where one and the same begins."""
    return any(longer.startswith(shorter) for shorter, longer in pairwise(sorted(keys)))
