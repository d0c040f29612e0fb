"""Find where each term stands in a text: one pass of the automaton, or two."""

from collections import defaultdict
from typing import Final

from ruletag.deadline import NEVER, Deadline, DeadlineError
from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.gaps import Span
from ruletag.matching.terms import Key
from ruletag.matching.wordforms import has_case, stands
from ruletag.text.folding import Reading, fold, fold_joined

Hits = dict[int, list[Span]]
_AT_ONCE: Final = 500  # hits between questions to the deadline


def find_hits(
    rules: CompiledRules, text: str, deadline: Deadline = NEVER
) -> tuple[Hits, tuple[str, ...]]:
    """Find where each term stands in the text as sent, and which limit ended the search."""
    hits: Hits = defaultdict(list)
    budget = _Budget(deadline)
    joined = None
    try:
        _scan(rules, text, fold(text, deadline), hits, budget)
        joined = fold_joined(text, deadline) if budget.left else None
        if joined is not None:
            _scan(rules, text, joined, hits, budget)
        ended_by: tuple[str, ...] = () if budget.left else ("hits",)
    except DeadlineError:
        ended_by = ("deadline",)
    if joined is not None:
        for term, spans in hits.items():
            hits[term] = sorted(set(spans))
    for term in rules.keys.nested & hits.keys():
        # Of `U.S.` and `U.S`, found in one place, only the first is meant.
        hits[term] = sorted({start: (start, end) for start, end in sorted(hits[term])}.values())
    return hits, ended_by


class _Budget:
    """How many more hits are looked at in a text, by stretches, and until when."""

    def __init__(self, deadline: Deadline) -> None:
        self.left = LIMITS.hits
        self._deadline = deadline

    def stretch(self) -> int:
        """Take a stretch and return its length, 0 at the end. Raises `DeadlineError`."""
        self._deadline.spend(_AT_ONCE)
        taken = min(self.left, _AT_ONCE)
        self.left -= taken
        return taken


def _scan(rules: CompiledRules, text: str, reading: Reading, hits: Hits, budget: _Budget) -> None:
    """Add the hits of one reading of the text."""
    keys, lengths, terms = rules.keys.keys, rules.keys.lengths, rules.keys.terms
    scan, plain = reading.scan, reading.plain
    count = len(keys)
    low, high, moved = reading.stretch(0)
    left = budget.stretch()
    for last, number in rules.keys.automaton.hits(scan):
        if number < count:
            _add(keys[number], text, reading, last, hits)
        else:  # a plain word, or a phrase if its words stand side by side
            start = last + 2 - lengths[number - count]
            word = scan[start:last]
            if " " not in word or plain[start:last] == word:
                if low <= start and last <= high:  # mostly
                    place = (start + moved, last + moved)
                else:
                    low, high, moved = reading.stretch(start)
                    if low <= start and last <= high:
                        place = (start + moved, last + moved)
                    else:
                        place = reading.span(start, last)
                hits[terms[number - count]].append(place)
        left = left - 1 or budget.stretch()
        if not left:
            break
    budget.left += left


def _add(key: Key, text: str, reading: Reading, last: int, hits: Hits) -> None:
    """Add the hits of a key that may stand for several terms, or for none."""
    start = last + 1 - key.length
    if key.words:
        place = reading.span(start + key.lead, last + 1 - key.lead)
        for term in key.words:
            hits[term].append(place)
    if key.phrases and reading.plain.startswith(key.inner, start + 1):
        place = reading.span(start + 1, start + key.length - 1)
        for term in key.phrases:
            hits[term].append(place)
    for term, form in key.checked:
        folded = stands(form, reading, start)
        if folded is None:
            continue
        place = reading.span(*folded)
        if has_case(form, text[place[0] : place[1]]):
            hits[term].append(place)
