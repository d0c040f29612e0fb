"""Judge one text by the rules: from where terms stand to evidence and scores.

Hits are fed to the sets they stand in. A gap or a block is looked at once every
part of it has something, a category once one of its entries may match; its
counted matches are then fed on to what refers to it. Exceptions cancel first,
then overlaps are settled, then weights are summed.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from heapq import heappop, heappush
from itertools import pairwise
from typing import Final, NamedTuple

from ruletag.language.cues import CONTEXTS
from ruletag.matching.compiler import GAP, Block, CompiledCategory, CompiledEntry, CompiledRules
from ruletag.matching.contexts import Contexts
from ruletag.matching.findings import NOTHING, Cancelled, Findings
from ruletag.matching.gaps import Span
from ruletag.matching.scanning import Hits
from ruletag.matching.tagging import Evidence, Part
from ruletag.matching.windows import Finding, Hit
from ruletag.rules.model import Phrase
from ruletag.text.sentences import LINE_BREAK

_JOINED: Final = " + "
_OWN_LINE: Final = -1  # the match is of the entry's own keyword
_TWO_PARTS: Final = 3  # the bits of the first two, which every gap has
_NO_LINE: Final = -2  # it is of another category, which knows its contexts


class Verdict(NamedTuple):
    """What came of one category: its evidence by position, its score in thousandths."""

    category: CompiledCategory
    evidence: list[Evidence]
    score: int

    @property
    def is_tagged(self) -> bool:
        """Say whether the category is given to the text."""
        counts = any(piece.counts for piece in self.evidence)
        return counts and self.score >= self.category.threshold


class _Match(NamedTuple):
    """A keyword stands at ``[start, end)`` for an entry."""

    start: int
    end: int
    entry: int
    line: int = _OWN_LINE


class _Candidate:
    """What was found that concerns one category: words that are entries, slots of blocks."""

    __slots__ = ("blocks", "words")

    def __init__(self) -> None:
        self.words: list[tuple[int, int]] = []  # entry, source
        self.blocks: dict[int, int] = {}  # the slots that have something, as bits


class Judge:
    """Judges one text. ``body_start`` is where the text begins behind its title."""

    def __init__(self, rules: CompiledRules, text: str, body_start: int, hits: Hits) -> None:
        self._rules = rules
        self._text = text
        self._body_start = body_start
        self._hits = hits
        self._found: dict[int, list[tuple[int, int]]] = {}
        self._candidates: dict[int, _Candidate] = {}
        self._waiting: list[int] = []
        self._gap_bits: dict[int, int] = {}
        self._fed: set[int] = set()
        self._now = -1  # the category that is being judged
        self._findings = Findings(rules, text, body_start, hits, self._found)
        self._sentences = self._findings.sentences

    @property
    def was_cut_short(self) -> bool:
        """Say whether conditions took so long that findings may be missing."""
        return self._findings.was_cut_short

    def verdicts(self, only: AbstractSet[int] | None) -> Iterator[Verdict]:
        """Judge the categories with such numbers (all, if None), as far as they have matches.

        What others refer to is judged before them.
        """
        for source in tuple(self._hits):
            self._feed(source)
        while self._waiting:
            number = self._now = heappop(self._waiting)
            if only is not None and number not in only:
                continue
            verdict = self._judge(self._rules.categories[number], self._candidates[number])
            if verdict.evidence:
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

    def reasons_of(self, parts: Sequence[Span], language: str) -> Mapping[str, Span]:
        """Give the contexts of a match, each with the cue or quotation that puts it there."""
        return self._contexts.reasons(parts, language)

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
        sources = verdict.category.sources
        hits = [self._as_hit(piece) for piece in verdict.evidence if piece.counts and sources]
        for source in sources if hits else ():
            self._findings.add_matches(source, hits)
            if source not in self._fed:
                self._fed.add(source)
                self._feed(source)

    def _as_hit(self, piece: Evidence) -> Hit:
        """Give evidence as what refers to its category sees it."""
        parts = [
            Hit(part.start + shift, part.end + shift, _NO_LINE)
            for part in piece.parts
            for shift in (0 if part.in_title else self._body_start,)
        ]
        shift = 0 if piece.in_title else self._body_start
        start, end = piece.start + shift, piece.end + shift
        return Hit(start, end, _NO_LINE, tuple(parts), piece.contexts)

    # ----------------------------------------------------------------- judging

    def _judge(self, category: CompiledCategory, candidate: _Candidate) -> Verdict:
        blocks = [
            category.blocks[number]
            for number, bits in candidate.blocks.items()
            if bits == category.blocks[number].needs
        ]
        if not (blocks or candidate.words):
            return Verdict(category, [], 0)
        for block in blocks:
            if block.is_veto and self._findings.of_block(block, NOTHING):
                return Verdict(category, [], 0)
        cancelled = self._findings.cancelled(category) if category.exceptions else NOTHING
        matches = self._keyword_matches(candidate, cancelled)
        evidence: list[Evidence] = []
        for block in blocks:
            for finding in () if block.is_veto else self._findings.of_block(block, cancelled):
                if self.is_keyword_match(finding):
                    hit = finding[0]
                    matches.append(_Match(hit.start, hit.end, block.entry.number, hit.line))
                else:
                    evidence.append(self._of_finding(category, block, finding))
        evidence += [
            self._of_match(category, match) for match in _settle(matches, category.entries)
        ]
        evidence.sort(key=_by_start)
        counting = {piece.entry.number: piece.entry.weight for piece in evidence if piece.counts}
        return Verdict(category, evidence, sum(counting.values()))

    def _keyword_matches(self, candidate: _Candidate, cancelled: Cancelled) -> list[_Match]:
        hits = self._hits
        matches = [
            _Match(start, end, entry)
            for entry, source in candidate.words
            for start, end in hits[source]
        ]
        if cancelled:
            matches = [m for m in matches if not cancelled.cover(m.entry, (m.start, m.end))]
        return matches

    def is_keyword_match(self, finding: Finding) -> bool:
        """Say whether a finding is a single phrase, which competes with other keywords."""
        hit = finding[0]
        if len(finding) > 1 or hit.parts:
            return False
        return isinstance(self._rules.lines[hit.line].keyword.parts[0], Phrase)

    # ---------------------------------------------------------------- evidence

    def _of_match(self, category: CompiledCategory, match: _Match) -> Evidence:
        entry = category.entries[match.entry]
        keyword, ids = entry.keyword, entry.ids
        if match.line != _OWN_LINE:
            line = self._rules.lines[match.line]
            keyword, ids = line.keyword.written, line.ids
        hit = Hit(match.start, match.end, match.line)
        return self._evidence(category, entry, (hit,), (keyword, ids))

    def _of_finding(self, category: CompiledCategory, block: Block, finding: Finding) -> Evidence:
        if len(finding) == 1:
            line = self._rules.lines[finding[0].line]
            said = line.keyword.written, tuple(dict.fromkeys(line.ids))
            return self._evidence(category, block.entry, finding, said)
        hits = sorted(finding)
        lines = [self._rules.lines[hit.line] for hit in hits]
        keyword = _JOINED.join(line.keyword.written for line in lines)
        ids = tuple(dict.fromkeys(id_ for line in lines for id_ in line.ids))
        return self._evidence(category, block.entry, hits, (keyword, ids))

    def _evidence(
        self,
        category: CompiledCategory,
        entry: CompiledEntry,
        hits: Sequence[Hit],
        said: tuple[str, tuple[str, ...]],
    ) -> Evidence:
        """Lead what was found back to the text, or the title, as sent."""
        start, end, _, parts, _ = hits[0]
        if len(hits) > 1:
            parts = tuple(hits)
            # A condition over the whole document may have parts in the title as well:
            # then its span is that of the parts in the text.
            in_text = [hit for hit in hits if hit.start >= self._body_start] or hits
            start, end = in_text[0].start, max(hit.end for hit in in_text)
        in_title = start < self._body_start
        shift = 0 if in_title else self._body_start
        first, last = self._sentences.span_at(start)
        if len(hits) == 1 and last < end:  # a name with a full stop in it
            last = self._sentences.span_at(end - 1)[1]
        contexts = self._contexts_of(hits, entry)
        return Evidence(
            start - shift,
            end - shift,
            self._text[start:end],
            said[0],
            entry,
            said[1],
            (first - shift, last - shift),
            contexts,
            category.ignore.isdisjoint(contexts),
            tuple([self._part(part) for part in parts]) if parts else (),
            in_title,
        )

    def _part(self, hit: Hit) -> Part:
        start, end = hit[0], hit[1]
        in_title = start < self._body_start
        shift = 0 if in_title else self._body_start
        return Part(start - shift, end - shift, self._text[start:end], in_title)

    def _contexts_of(self, hits: Sequence[Hit], entry: CompiledEntry) -> tuple[str, ...]:
        """Judge the contexts on every phrase that was found."""
        if len(hits) == 1 and not hits[0].parts:
            leaves = hits
            contexts = self._contexts.of((hits[0][:2],), entry.language)
        else:
            leaves = sorted([leaf for hit in hits for leaf in hit.leaves()])
            contexts = self._contexts.of(tuple([leaf[:2] for leaf in leaves]), entry.language)
        if len(hits) == 1 and not hits[0].contexts and not self._has_capitals:  # mostly
            return contexts
        known = {context for hit in hits for context in hit.contexts}
        if self._has_capitals and any(self._is_in_capitals(leaf, entry) for leaf in leaves):
            known.add("capitals")
        if known.issubset(contexts):
            return contexts
        return tuple(context for context in CONTEXTS if context in known.union(contexts))

    def _is_in_capitals(self, leaf: Hit, entry: CompiledEntry) -> bool:
        """Say whether an exact keyword stands in a line of capitals, where case says nothing."""
        if leaf.line == _NO_LINE:
            return False
        if leaf.line == _OWN_LINE:
            is_exact = entry.is_exact
        else:
            phrase = self._rules.lines[leaf.line].keyword.parts[0]
            is_exact = isinstance(phrase, Phrase) and phrase.exact
        return is_exact and self._lines.are_in_capitals(leaf.start, leaf.end)

    @cached_property
    def _has_capitals(self) -> bool:
        """Whether a line may be in capitals, though it be divided further than `_Lines` does."""
        return any(map(str.isupper, self._text.splitlines()))

    @cached_property
    def _lines(self) -> "_Lines":
        return _Lines(self._text)

    @cached_property
    def _contexts(self) -> Contexts:
        cues, hits = self._rules.cues, self._hits
        seen = [
            (start, end, cue)
            for source in cues.keys() & hits.keys()
            for start, end in hits[source]
            for cue in cues[source]
        ]
        return Contexts(self._text, self._sentences, seen)


class _Lines:
    """The lines of a text, asked whether they have no small letters."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edges = [0, *(found.end() for found in LINE_BREAK.finditer(text)), len(text)]
        self._known: dict[Span, bool] = {}

    def are_in_capitals(self, start: int, end: int) -> bool:
        """Say whether the lines in which a stretch lies are all in capitals."""
        first = self._edges[bisect_right(self._edges, start) - 1]
        last = self._edges[bisect_left(self._edges, end)]
        if (first, last) not in self._known:
            self._known[first, last] = self._text[first:last].isupper()
        return self._known[first, last]


def _settle(matches: list[_Match], entries: Sequence[CompiledEntry]) -> list[_Match]:
    """Let the longest of overlapping matches win, then the left-most.

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
    kept: list[_Match] = []
    for match in ranked:
        i = bisect_left(taken, (match.end, 0))
        if i and taken[i - 1][1] > match.start:
            continue
        insort(taken, (match.start, match.end))
        kept.append(match)
    return kept


def _by_start(piece: Evidence) -> tuple[bool, int, int, int]:
    return not piece.in_title, piece.start, -piece.end, piece.entry.number
