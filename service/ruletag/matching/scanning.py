"""Find where each term stands in a text: one pass of the automaton, or two."""

from collections import defaultdict

from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.gaps import Span
from ruletag.matching.wordforms import Form, has_case, stands
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
    return hits, () if left else ("hits",)


def _scan(rules: CompiledRules, text: str, reading: Reading, hits: Hits, budget: int) -> int:
    """Add the hits of one reading of the text; give what is left of the budget."""
    keys, plain, span, kept = rules.keys, reading.plain, reading.span, reading.kept
    for last, number in rules.automaton.hits(reading.scan):
        length, lead, words, inner, phrases, checked = keys[number]
        start = last + 1 - length
        if words:
            if last < kept:  # what `span` would say, at a third of its cost
                place = (start + lead - 1, last - lead)
            else:
                place = span(start + lead, last + 1 - lead)
            for term in words:
                hits[term].append(place)
        if phrases and plain.startswith(inner, start + 1):
            place = span(start + 1, last)
            for term in phrases:
                hits[term].append(place)
        if checked:
            _check(checked, text, reading, start, hits)
        budget -= 1
        if not budget:
            break
    return budget


def _check(
    checked: tuple[tuple[int, Form], ...], text: str, reading: Reading, start: int, hits: Hits
) -> None:
    """Add the hits of forms of which the automaton knows a part only."""
    for term, form in checked:
        folded = stands(form, reading, start)
        if folded is None:
            continue
        place = reading.span(*folded)
        if has_case(form, text[place[0] : place[1]]):
            hits[term].append(place)
