"""Number the phrases that rules seek, each once, and gather the strings they are sought by."""

from collections import defaultdict
from typing import NamedTuple

from ruletag.matching.wordforms import Form, TooManyFormsError, phrase_forms
from ruletag.problems import Problem, ProblemLog, RuleSetError
from ruletag.rules.model import Keyword, Phrase


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


class Terms:
    """Numbers phrases by a count that it shares with everything else rules seek."""

    def __init__(self, log: ProblemLog, most_forms: int) -> None:
        self._log = log
        self._most_forms = most_forms
        self._numbers: dict[tuple[Phrase, str], int] = {}
        self._forms: dict[int, tuple[Form, ...]] = {}
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
        try:
            forms = phrase_forms(phrase, keyword.language)
        except TooManyFormsError as error:
            forms = ()
            self._log.add("E308", keyword.location, f"`{keyword.written}` has {error}")
        self._count += len(forms)
        if self._count > self._most_forms:
            detail = f"all keywords together have more than {self._most_forms:,} forms"
            problem = Problem(keyword.location, "E308", detail)
            raise RuleSetError([*self._log.problems, problem])
        number = self._numbers[identity] = self.take_number()
        self._forms[number] = forms
        return number

    def keys(self) -> dict[str, Key]:
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
