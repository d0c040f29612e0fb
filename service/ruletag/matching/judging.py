"""Judge one text by the rules: from where terms stand to evidence and scores.

Hits are fed to the sets they stand in. A gap or a block is looked at once every
part of it has something, a category once one of its entries may match; its
counted matches are then fed on to what refers to it. Exceptions cancel first,
then overlaps are settled, then weights are summed.
"""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final

from ruletag.deadline import NEVER, Deadline
from ruletag.matching.compiler import GAP, CompiledCategory, CompiledRules
from ruletag.matching.entries import CompiledEntry
from ruletag.matching.evidence import Describer, Match
from ruletag.matching.findings import NOTHING, Cancelled, Findings
from ruletag.matching.gaps import Span
from ruletag.matching.scanning import Hits
from ruletag.matching.windows import Finding
from ruletag.rules.model import Phrase

_STEPS: Final = 20  # what it takes to begin with a category, as a `Deadline` counts
_TWO_PARTS: Final = 3  # the bits of the first two, which every gap has


@dataclass(frozen=True)
class Verdict:
    """What came of one category: its matches, those of them that count, and the score.

    The score is in thousandths.
    """

    category: CompiledCategory
    matches: Sequence[Match] = ()
    counting: Sequence[Match] = ()
    score: int = 0

    @property
    def is_tagged(self) -> bool:
        """Say whether the category is given to the text."""
        return bool(self.counting) and self.score >= self.category.threshold


class _Candidate:
    """What was found that concerns one category: words that are entries, slots of blocks."""

    __slots__ = ("blocks", "words")

    def __init__(self) -> None:
        self.words: list[tuple[int, int]] = []  # entry, source
        self.blocks: dict[int, int] = {}  # the slots that have something, as bits


class Judge:
    """Judges one text. ``body_start`` is where the text begins behind its title."""

    def __init__(
        self,
        rules: CompiledRules,
        text: str,
        body_start: int,
        hits: Hits,
        deadline: Deadline = NEVER,
    ) -> None:
        self.deadline = deadline
        self._rules = rules
        self._hits = hits
        self._found: dict[int, list[tuple[int, int]]] = {}
        self._candidates: dict[int, _Candidate] = {}
        self._waiting: list[int] = []
        self._gap_bits: dict[int, int] = {}
        self._fed: set[int] = set()
        self._now = -1  # the category that is being judged
        self._findings = Findings(rules, text, body_start, hits, self._found, deadline=deadline)
        sentences = self._findings.sentences
        self._describer = Describer(rules, text, body_start, hits, sentences, deadline=deadline)

    @property
    def cut_short_by(self) -> tuple[str, ...]:
        """The limits that were reached, so that findings or contexts may be missing."""
        conditions = ("conditions",) if self._findings.was_cut_short else ()
        return (*conditions, "contexts") if self._describer.was_cut_short else conditions

    def verdicts(self, only: AbstractSet[int] | None) -> Iterator[Verdict]:
        """Judge the categories with such numbers (all, if None), as far as they have matches.

        What others refer to is judged before them. Raises `DeadlineError`; the
        categories judged until then are judged in full.
        """
        for source in tuple(self._hits):
            self._feed(source)
        self.deadline.spend(len(self._hits))
        while self._waiting:
            number = self._now = heappop(self._waiting)
            if only is not None and number not in only:
                continue
            self.deadline.spend(_STEPS)
            verdict = self._judge(self._rules.categories[number], self._candidates[number])
            if verdict.matches:
                yield verdict
                self._feed_on(verdict)

    # -------------------------------------------------- what explanations ask for

    @property
    def findings(self) -> Findings:
        """What the sets of the rules come to in this text."""
        return self._findings

    def words_of(self, category: int) -> Sequence[tuple[int, int]]:
        """Give the entries of a category that are phrases in the text, each with its source."""
        candidate = self._candidates.get(category)
        return candidate.words if candidate is not None else ()

    def slots_of(self, category: int) -> Mapping[int, int]:
        """Give the blocks of a category of which a slot has something, with these as bits."""
        candidate = self._candidates.get(category)
        return candidate.blocks if candidate is not None else {}

    def gap_slots(self, gap: int) -> int:
        """Give the parts of a gap that have something, as bits."""
        return self._gap_bits.get(gap, 0)

    @property
    def describer(self) -> Describer:
        """What makes evidence of matches, and knows their contexts."""
        return self._describer

    # ----------------------------------------------------------------- feeding

    def _feed(self, source: int) -> None:
        """Tell the sets that a source stands in, and through them who seeks it."""
        for number, entry in self._rules.words.get(source, ()):
            self._candidate(number).words.append((entry, source))
        for set_, line in self._rules.members.get(source, ()):
            self._feed_set(set_, source, line)
        for table in self._rules.tables:
            if table.first <= source < table.end:
                number = source - table.first
                for category, first in table.words:
                    self._candidate(category).words.append((first + number, source))
                for set_, first in table.sets:
                    self._feed_set(set_, source, first + number)

    def _feed_set(self, set_: int, source: int, line: int) -> None:
        """Note that a set has something; the first time, tell what seeks it."""
        found = self._found.get(set_)
        if found is not None:
            found.append((source, line))
            return
        self._found[set_] = [(source, line)]
        gap_bits = self._gap_bits
        for category, number, bit in self._rules.uses.get(set_, ()):
            if category == GAP:
                bits = gap_bits[number] = gap_bits.get(number, 0) | bit
                if bits & _TWO_PARTS == _TWO_PARTS:  # spares most a closer look
                    self._feed_gap(number, bits)
            elif category > self._now:  # else it is none that may see a draft
                candidate = self._candidates.get(category) or self._candidate(category)
                blocks = candidate.blocks
                blocks[number] = blocks.get(number, 0) | bit

    def _feed_gap(self, number: int, bits: int) -> None:
        """Feed a gap on as a source once all its parts have something."""
        gap = self._rules.gaps[number]
        if bits + 1 == 1 << len(gap.parts):
            self._feed(gap.source)

    def _candidate(self, number: int) -> _Candidate:
        candidate = self._candidates.get(number)
        if candidate is None:
            candidate = self._candidates[number] = _Candidate()
            heappush(self._waiting, number)
        return candidate

    def _feed_on(self, verdict: Verdict) -> None:
        """Feed the counted matches of a category to what refers to it or to its parents."""
        category = verdict.category
        if not (category.sources and verdict.counting):
            return
        hits = [self._describer.as_hit(category, match) for match in verdict.counting]
        for source in category.sources:
            self._findings.add_matches(source, hits)
            if source not in self._fed:
                self._fed.add(source)
                self._feed(source)

    # ----------------------------------------------------------------- judging

    def _judge(self, category: CompiledCategory, candidate: _Candidate) -> Verdict:
        blocks = [
            category.blocks[number]
            for number, bits in candidate.blocks.items()
            if bits == category.blocks[number].needs
        ]
        if not (blocks or candidate.words):
            return Verdict(category)
        for block in blocks:
            if block.is_veto and self._findings.of_block(block, NOTHING):
                return Verdict(category)
        cancelled = self._findings.cancelled(category) if category.exceptions else NOTHING
        words = self._keyword_matches(candidate, cancelled)
        others: list[Match] = []
        for block in blocks:
            for finding in () if block.is_veto else self._findings.of_block(block, cancelled):
                number = block.entry.number
                if self.is_keyword_match(finding):
                    words.append(Match(finding[0].start, finding[0].end, number, finding[0].line))
                else:
                    others.append(self._describer.match_of(number, finding))
        matches = _settle(words, category.entries, self.deadline)
        if others:
            matches = sorted([*others, *matches], key=_by_start)
        counting = self._counting(category, matches)
        weights = {match.entry: category.entries[match.entry].weight for match in counting}
        return Verdict(category, matches, counting, sum(weights.values()))

    def _counting(self, category: CompiledCategory, matches: list[Match]) -> list[Match]:
        """Leave out the matches that stand in a context which the category ignores."""
        if not category.ignore:
            return matches
        contexts = self._describer.contexts
        return [
            match
            for match in matches
            if category.ignore.isdisjoint(contexts(category.entries[match.entry], match))
        ]

    def _keyword_matches(self, candidate: _Candidate, cancelled: Cancelled) -> list[Match]:
        matches: list[Match] = []
        for entry, source in candidate.words:
            hits = self._hits[source]
            self.deadline.spend(len(hits))
            matches += [Match(start, end, entry) for start, end in hits]
        if cancelled:
            matches = [m for m in matches if not cancelled.cover(m.entry, (m.start, m.end))]
        return matches

    def is_keyword_match(self, finding: Finding) -> bool:
        """Say whether a finding is a single phrase, which competes with other keywords."""
        hit = finding[0]
        if len(finding) > 1 or hit.parts:
            return False
        return isinstance(self._rules.lines[hit.line].keyword.parts[0], Phrase)


def _settle(
    matches: list[Match], entries: Sequence[CompiledEntry], deadline: Deadline
) -> list[Match]:
    """Let the longest of overlapping matches win, then the left-most; give them by position.

    Of entries with the same span the one of larger weight wins, then the first
    in the file.
    """
    in_order = sorted(matches)
    if all(left.end <= right.start for left, right in pairwise(in_order)):
        return in_order
    ranked = sorted(
        matches, key=lambda m: (m.start - m.end, m.start, -entries[m.entry].weight, m.entry, m.line)
    )
    taken: list[Span] = []
    kept: list[Match] = []
    for match in ranked:
        deadline.spend(1)
        i = bisect_left(taken, (match.end, 0))
        if i and taken[i - 1][1] > match.start:
            continue
        insort(taken, (match.start, match.end))
        kept.append(match)
    return sorted(kept)


def _by_start(match: Match) -> tuple[int, int, int]:
    return match.start, -match.end, match.entry
