"""Turn text into categories with evidence: the main path of the whole program.

`tag` is a pure function: text and rules in, result out, nothing kept. It folds
the text, finds every keyword in one pass, cancels what exceptions cover, settles
overlaps, sums weights, and leads what is reported back to the text as sent.
HTTP, command line, rule tests and notebooks all call exactly this.
"""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

import msgspec

from ruletag.limits import LIMITS
from ruletag.matching.compiler import (
    WEIGHT_UNIT,
    CompiledCategory,
    CompiledEntry,
    CompiledRules,
    parents,
)
from ruletag.matching.gaps import GapFinder, Span, Spans
from ruletag.matching.wordforms import Form, has_case, stands
from ruletag.rules.model import Severity
from ruletag.text.folding import Reading, fold, fold_joined
from ruletag.text.sentences import Sentences

_TITLE_END: Final = "\n\n"  # a title is judged as a paragraph before the text


class Part(msgspec.Struct, frozen=True, gc=False):
    """One part of a gap: where it stands in the text as sent, and what stands there."""

    start: int
    end: int
    text: str


class Evidence(msgspec.Struct, frozen=True):
    """A match reported for a category.

    ``text[start:end]`` of the text as sent (of the title, where ``in_title``) is
    ``text``; positions are code points. ``sentence`` is the span of the sentence
    it stands in. ``parts`` are the parts of a gap, else empty.
    """

    start: int
    end: int
    text: str
    entry: CompiledEntry
    sentence: Span
    contexts: tuple[str, ...]
    counts: bool
    parts: tuple[Part, ...]
    in_title: bool

    @property
    def keyword(self) -> str:
        """The keyword as its author wrote it."""
        return self.entry.keyword

    @property
    def source(self) -> str:
        """Where the keyword stands: file, line and column."""
        return self.entry.source


class Tag(msgspec.Struct, frozen=True):
    """A category given to a text.

    ``score`` and ``threshold`` are None for a parent that has no evidence of its
    own: ``implied_by`` then names the tagged categories below it.
    """

    category: str
    label: str
    severity: Severity | None
    score: int | float | None
    threshold: int | float | None
    evidence: tuple[Evidence, ...]
    implied_by: tuple[str, ...]


class Tagging(msgspec.Struct, frozen=True):
    """The categories of one text, by score and then by id.

    ``truncated`` names the limits that cut the answer short; it is empty where
    the answer is complete.
    """

    tags: tuple[Tag, ...]
    truncated: tuple[str, ...]

    @property
    def categories(self) -> tuple[str, ...]:
        """The ids of the categories given, in order."""
        return tuple(tag.category for tag in self.tags)

    @property
    def complete(self) -> bool:
        """Say whether no limit cut the answer short."""
        return not self.truncated


def tag(
    rules: CompiledRules, text: str, title: str = "", only: AbstractSet[str] | None = None
) -> Tagging:
    """Tag a text.

    ``title`` is judged as a paragraph before the text. ``only`` names the
    categories to judge; None means all. Any string is a text; nothing is raised.
    """
    whole = f"{title}{_TITLE_END}{text}" if title else text
    hits, truncated = _find_hits(rules, whole)
    judge = _Judge(whole, len(title) + len(_TITLE_END) if title else 0, hits)
    tags = [
        tagged
        for number, candidates in _candidates(rules, hits, only).items()
        if (tagged := judge.judge(rules.categories[number], candidates)) is not None
    ]
    tags += _implied(tags)
    if only is not None:
        tags = [given for given in tags if given.category in only]
    tags.sort(key=_by_score)
    if sum(len(tagged.evidence) for tagged in tags) > LIMITS.matches:
        tags = list(_cut(tags, LIMITS.matches))
        truncated = (*truncated, "matches")
    return Tagging(tuple(tags), truncated)


# ---------------------------------------------------------------------- finding

_Hits = dict[int, list[Span]]


def _find_hits(rules: CompiledRules, text: str) -> tuple[_Hits, tuple[str, ...]]:
    """Find where each term stands in the text as sent, and which limit ended the search."""
    hits: _Hits = defaultdict(list)
    left = _scan(rules, text, fold(text), hits, LIMITS.hits)
    joined = fold_joined(text) if left else None
    if joined is not None:
        left = _scan(rules, text, joined, hits, left)
        for term, spans in hits.items():
            hits[term] = sorted(set(spans))
    return hits, () if left else ("hits",)


def _scan(rules: CompiledRules, text: str, reading: Reading, hits: _Hits, budget: int) -> int:
    """Add the hits of one reading of the text; give what is left of the budget."""
    keys, plain, span = rules.keys, reading.plain, reading.span
    for last, number in rules.automaton.hits(reading.scan):
        length, lead, words, inner, phrases, checked = keys[number]
        start = last + 1 - length
        if words:
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
    checked: tuple[tuple[int, Form], ...], text: str, reading: Reading, start: int, hits: _Hits
) -> None:
    """Add the hits of forms of which the automaton knows a part only."""
    for term, form in checked:
        folded = stands(form, reading, start)
        if folded is None:
            continue
        place = reading.span(*folded)
        if has_case(form, text[place[0] : place[1]]):
            hits[term].append(place)


# ------------------------------------------------------------------- candidates


class _Match(NamedTuple):
    """A keyword of an entry stands at ``[start, end)``."""

    start: int
    end: int
    entry: int


class _Candidates(NamedTuple):
    """What was found that concerns one category, before anything is cancelled.

    Gaps and exceptions are noted with the parts of them that stand somewhere in
    the text, as bits.
    """

    matches: list[_Match]
    gaps: dict[int, int]
    exceptions: dict[int, int]


def _candidates(
    rules: CompiledRules, hits: _Hits, only: AbstractSet[str] | None
) -> dict[int, _Candidates]:
    """Sort the hits by the categories they concern; rules without hits cost nothing."""
    found: dict[int, _Candidates] = defaultdict(lambda: _Candidates([], {}, {}))
    for term, spans in hits.items():
        for category, entry, _ in rules.words.get(term, ()):
            found[category].matches.extend([_Match(*span, entry) for span in spans])
        for category, entry, part in rules.gaps.get(term, ()):
            gaps = found[category].gaps
            gaps[entry] = gaps.get(entry, 0) | part
        for category, exception, part in rules.exceptions.get(term, ()):
            exceptions = found[category].exceptions
            exceptions[exception] = exceptions.get(exception, 0) | part
    if only is None:
        return found
    # What lies below a category asked for is judged too, since it may imply it.
    return {
        number: found[number]
        for number in found
        if not only.isdisjoint(_with_parents(rules.categories[number].id))
    }


def _with_parents(category: str) -> tuple[str, ...]:
    return (category, *parents(category))


# ---------------------------------------------------------------------- judging


class _Judge:
    """Judges the categories of one text."""

    def __init__(self, text: str, body_start: int, hits: _Hits) -> None:
        self._text = text
        self._body_start = body_start
        self._hits = hits
        self._sentences = Sentences(text)
        self._gaps = GapFinder(text, self._sentences)

    def judge(self, category: CompiledCategory, found: _Candidates) -> Tag | None:
        """Give the category's tag, or None where its score stays below the threshold."""
        cancelled = self._cancelled(category, found.exceptions)
        matches = found.matches
        if cancelled:
            matches = [m for m in matches if not cancelled.cover(m.entry, (m.start, m.end))]
        entries = category.entries
        evidence = [
            self._evidence(entries[match.entry], (match.start, match.end), ())
            for match in _settle(matches, entries)
        ]
        evidence += (
            self._evidence(entries[number], (chain[0][0], chain[-1][1]), chain)
            for number, parts in found.gaps.items()
            if parts + 1 == 1 << len(entries[number].parts)  # all of them stand somewhere
            for chain in self._chains(entries[number], cancelled)
        )
        counting = {e.entry.number: e.entry.weight for e in evidence if e.counts}
        score = sum(counting.values())
        if not counting or score < category.threshold:
            return None
        evidence.sort(key=_by_start)
        return Tag(
            category.id,
            category.label,
            category.severity,
            in_units(score),
            in_units(category.threshold),
            tuple(evidence),
            (),
        )

    def _chains(self, entry: CompiledEntry, cancelled: "_Cancelled") -> list[tuple[Span, ...]]:
        """Find where a gap stands; each of its parts as one span."""
        parts = [self._spans(terms) for terms in entry.parts]
        if cancelled:
            parts = [[s for s in spans if not cancelled.cover(entry.number, s)] for spans in parts]
        return self._gaps.find(parts) if all(parts) else []

    def _spans(self, terms: Iterable[int]) -> list[Span]:
        hits = self._hits
        return [span for term in terms if term in hits for span in hits[term]]

    def _cancelled(self, category: CompiledCategory, found: dict[int, int]) -> "_Cancelled":
        """Find what the exceptions cover: of the whole category, and of single entries."""
        by_entry: dict[int | None, list[Span]] = defaultdict(list)
        for number, parts in found.items():
            exception = category.exceptions[number]
            if parts + 1 == 1 << len(exception.parts):
                by_entry[exception.entry] += self._covers(exception.parts)
        return _Cancelled({entry: Spans(spans) for entry, spans in by_entry.items()})

    def _covers(self, parts: Sequence[Sequence[int]]) -> list[Span]:
        spans = [self._spans(terms) for terms in parts]
        if len(spans) == 1:
            return spans[0]
        return [(chain[0][0], chain[-1][1]) for chain in self._gaps.find(spans)]

    def _evidence(self, entry: CompiledEntry, span: Span, chain: tuple[Span, ...]) -> Evidence:
        start, end = span
        in_title = start < self._body_start
        shift = 0 if in_title else self._body_start
        first, last = self._sentences.span_at(start)
        if last < end:  # a name with a full stop in it
            last = self._sentences.span_at(end - 1)[1]
        in_capitals = entry.is_exact and self._line_at(start).isupper()
        return Evidence(
            start - shift,
            end - shift,
            self._text[start:end],
            entry,
            (first - shift, last - shift),
            ("capitals",) if in_capitals else (),
            True,  # noqa: FBT003 - no context stops a match from counting yet
            tuple(Part(s - shift, e - shift, self._text[s:e]) for s, e in chain),
            in_title,
        )

    def _line_at(self, position: int) -> str:
        start = self._text.rfind("\n", 0, position) + 1
        end = self._text.find("\n", position)
        return self._text[start : end if end >= 0 else len(self._text)]


class _Cancelled:
    """What the exceptions of a category cancel; false where that is nothing."""

    def __init__(self, by_entry: dict[int | None, Spans]) -> None:
        self._by_entry = by_entry

    def __bool__(self) -> bool:
        return bool(self._by_entry)

    def cover(self, entry: int, span: Span) -> bool:
        """Say whether a match of this entry is cancelled."""
        for owner in (None, entry):
            spans = self._by_entry.get(owner)
            if spans is not None and spans.overlap(span):
                return True
        return False


def _settle(matches: list[_Match], entries: Sequence[CompiledEntry]) -> list[_Match]:
    """Let the longest of overlapping matches win, then the left-most.

    Of entries with the same span the one of larger weight wins, then the first
    in the file.
    """
    if len(matches) <= 1:
        return matches
    ranked = sorted(
        matches, key=lambda m: (m.start - m.end, m.start, -entries[m.entry].weight, m.entry)
    )
    taken: list[Span] = []
    kept: list[_Match] = []
    for match in ranked:
        i = bisect_left(taken, (match.end, 0))
        if i and taken[i - 1][1] > match.start:
            continue
        insort(taken, (match.start, match.end))
        kept.append(match)
    return kept


# ---------------------------------------------------------------------- the answer


def in_units(thousandths: int) -> int | float:
    """Give a weight or score as a number: whole where it is whole."""
    whole, rest = divmod(thousandths, WEIGHT_UNIT)
    return whole if not rest else thousandths / WEIGHT_UNIT


def _implied(tags: Sequence[Tag]) -> Iterator[Tag]:
    """Tag the parents, defined or not, of tagged categories that are not tagged themselves."""
    tagged = {given.category for given in tags}
    children: dict[str, list[str]] = defaultdict(list)
    for category in sorted(tagged):
        for parent in parents(category):
            children[parent].append(category)
    for parent, below in children.items():
        if parent not in tagged:
            yield Tag(parent, "", None, None, None, (), tuple(below))


def _cut(tags: Iterable[Tag], most: int) -> Iterator[Tag]:
    """Keep the first ``most`` pieces of evidence of all tags together."""
    for given in tags:
        kept = given.evidence[:most]
        most -= len(kept)
        yield msgspec.structs.replace(given, evidence=kept)


def _by_start(evidence: Evidence) -> tuple[bool, int, int, int]:
    return not evidence.in_title, evidence.start, -evidence.end, evidence.entry.number


def _by_score(given: Tag) -> tuple[float, str]:
    return -(given.score if given.score is not None else 0), given.category
