"""Find where each term stands in a text: one pass of the automaton, or two."""

from collections import defaultdict

from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.gaps import Span
from ruletag.matching.terms import Key
from ruletag.matching.wordforms import has_case, stands
from ruletag.text.folding import Reading, fold, fold_joined

Hits = dict[int, list[Span]]


def find_hits(rules: CompiledRules, text: str) -> tuple[Hits, tuple[str, ...]]:
    """Find where each term stands in the text as sent, and which limit ended the search."""
    hits: Hits = defaultdict(list)
    left = _scan(rules, text, fold(text), hits, LIMITS.hits)
    joined = fold_joined(text) if left else None
    if joined is not None:
        left = _scan(rules, text, joined, hits, left)
        for term, spans in hits.items():
            hits[term] = sorted(set(spans))
    for term in rules.keys.nested & hits.keys():
        # Of `U.S.` and `U.S`, found in one place, only the first is meant.
        hits[term] = sorted({start: (start, end) for start, end in sorted(hits[term])}.values())
    return hits, () if left else ("hits",)


def _scan(rules: CompiledRules, text: str, reading: Reading, hits: Hits, budget: int) -> int:
    """Add the hits of one reading of the text; give what is left of the budget."""
    keys, lengths, terms = rules.keys.keys, rules.keys.lengths, rules.keys.terms
    scan, plain = reading.scan, reading.plain
    count = len(keys)
    low, high, moved = reading.stretch(0)
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
        budget -= 1
        if not budget:
            break
    return budget


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
