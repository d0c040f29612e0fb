"""What the sets of the rules come to in one text: gaps, exceptions, blocks.

`Found` is fed with sources that stand in the text and knows which sets have
something; `Findings` then gives the matches of a block that hold, each with the
matches it is made of.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from ruletag.limits import LIMITS
from ruletag.matching.compiler import Block, CompiledCategory, CompiledRules
from ruletag.matching.gaps import GapFinder, Span, Spans
from ruletag.matching.scanning import Hits
from ruletag.matching.windows import Finding, Hit, Neighbours, Windows
from ruletag.text.sentences import BLANK_LINE, Sentences

_LONGEST_TITLE: Final = 150  # characters of a first line that may be a title

Found = Mapping[int, list[tuple[int, int]]]  # by set: sources that stand in the text, lines


class Cancelled:
    """What the exceptions of a category cancel; false where that is nothing."""

    def __init__(self, by_entry: Mapping[int | None, Spans], *also: Spans) -> None:
        self._by_entry = by_entry
        self._also = also

    def __bool__(self) -> bool:
        return bool(self._by_entry or self._also)

    def also(self, spans: Spans | None) -> "Cancelled":
        """Give what is cancelled by this, or by the exceptions of a single line."""
        return Cancelled(self._by_entry, *self._also, spans) if spans is not None else self

    def cover(self, entry: int, span: Span) -> bool:
        """Say whether a match of this entry is cancelled."""
        for owner in (None, entry):
            spans = self._by_entry.get(owner)
            if spans is not None and spans.overlap(span):
                return True
        return any(spans.overlap(span) for spans in self._also)

    def cover_part(self, entry: int, hit: Hit) -> bool:
        """Say whether a match, or a part of it, is cancelled."""
        return any(self.cover(entry, (leaf.start, leaf.end)) for leaf in hit.leaves())


NOTHING: Final = Cancelled({})


class Findings:
    """Finds what blocks and exceptions ask for in one text.

    ``body_start`` is where the text begins behind its title.
    """

    def __init__(
        self, rules: CompiledRules, text: str, body_start: int, hits: Hits, found: Found
    ) -> None:
        self._rules = rules
        self._text = text
        self._body_start = body_start
        self._hits = hits
        self._found = found
        self.sentences = Sentences(text)
        self.windows = Windows(text, self.sentences)
        self._known: dict[int, list[Hit]] = {}
        self._guards: dict[int, Spans] = {}
        self._left = LIMITS.conditions

    def of_block(self, block: Block, cancelled: Cancelled) -> list[Finding]:
        """Give what satisfies a block; each finding has one match for each thing asked for."""
        groups = [self._matches(sets, block.entry.number, cancelled) for sets in block.groups]
        condition = block.condition
        if condition.in_title:
            groups = [[h for h in hits if h.end <= self._title_end] for hits in groups]
        if not all(groups) or not self._affords(sum(map(len, groups))):
            return []
        if len(groups) > 1:
            has_neighbours = block.company or block.none
            return self.windows.together(
                groups,
                condition.within,
                (lambda finding: self._has_its_company(block, finding)) if has_neighbours else None,
                in_order=condition.in_order,
            )
        hits = groups[0]
        if block.company or block.none:
            hits = [hit for hit in hits if self._has_its_company(block, (hit,))]
        most = max(condition.at_least, condition.times)
        if most == 1:
            return [(hit,) for hit in hits]
        different = condition.at_least > 1
        return self.windows.counted(hits, condition.within, most, different=different)

    @property
    def was_cut_short(self) -> bool:
        """Say whether conditions would have taken too long, so that findings may be missing."""
        return self._left < 0 or self.windows.was_cut_short

    def _affords(self, matches: int) -> bool:
        """Say whether so many more matches may be looked at; from then on no block is."""
        self._left -= matches
        return self._left >= 0

    def cancelled(self, category: CompiledCategory) -> Cancelled:
        """Find what the exceptions cover: of the whole category, and of single entries."""
        by_entry = {
            entry: Spans(spans)
            for entry, sets in category.exceptions.items()
            if (spans := self._covers(sets))
        }
        return Cancelled(by_entry) if by_entry else NOTHING

    # -------------------------------------------------- what explanations ask for

    def matches(
        self, sets: Iterable[int], entry: int = -1, cancelled: Cancelled = NOTHING
    ) -> list[Hit]:
        """Give the matches of sets that no exception cancels."""
        return self._matches(sets, entry, cancelled)

    def seen(self, sets: Iterable[int]) -> list[Hit]:
        """Give the matches of sets, those that the exceptions of single lines cancel too."""
        return [
            hit
            for number in sets
            for source, line in self._found.get(number, ())
            for hit in (
                self._whole(source, line, -1, NOTHING)
                if source in self._rules.whole
                else [Hit(start, end, line) for start, end in self._hits[source]]
            )
        ]

    def accepts(self, block: Block, finding: Finding) -> bool:
        """Say whether the words of ``with`` stand near, and none of ``none`` does."""
        return self._has_its_company(block, finding)

    @property
    def title_end(self) -> int:
        """Where the title ends; 0 where there is none."""
        return self._title_end

    # ------------------------------------------------------------------ matches

    def add_matches(self, source: int, hits: Iterable[Hit]) -> None:
        """Tell what a category found, as a source that others refer to."""
        # What was worked out without it may be asked for again, by a draft.
        for gap in self._rules.gap_of:
            self._known.pop(gap, None)
        self._known_neighbours.clear()
        self._guards.clear()
        self._known[source] = sorted({*self._known.get(source, ()), *hits})

    def _matches(self, sets: Iterable[int], entry: int, cancelled: Cancelled) -> list[Hit]:
        """Give the matches of sets that neither their own exceptions nor others cancel."""
        hits: list[Hit] = []
        for number in sets:
            for source, line in self._found.get(number, ()):
                guarded = cancelled.also(self._guard(line)) if self._rules.guards else cancelled
                if source in self._rules.whole:
                    matches = self._whole(source, line, entry, guarded)
                else:
                    matches = [Hit(start, end, line) for start, end in self._hits[source]]
                if guarded:
                    matches = [hit for hit in matches if not guarded.cover_part(entry, hit)]
                hits += matches
        return hits

    def _whole(self, source: int, line: int, entry: int, cancelled: Cancelled) -> list[Hit]:
        """Give the matches of a gap or a category, each with its parts."""
        gap = self._rules.gap_of.get(source)
        if gap is not None and cancelled:
            known = self._gap(gap, entry, cancelled)
        elif gap is not None and source not in self._known:
            known = self._known[source] = self._gap(gap, entry, NOTHING)
        else:
            known = self._known[source]
        return [hit._replace(line=line) for hit in known]

    def _gap(self, number: int, entry: int, cancelled: Cancelled) -> list[Hit]:
        """Find where a gap stands; a part that is cancelled is not used."""
        gap = self._rules.gaps[number]
        parts = [self._matches(sets, entry, cancelled) for sets in gap.parts]
        if not all(parts):
            return []
        finder = self._across_clauses if gap.across_clauses else self._gaps
        return [Hit(chain[0].start, chain[-1].end, -1, chain) for chain in finder.find(parts)]

    @cached_property
    def _gaps(self) -> GapFinder:
        return GapFinder(self._text, self.sentences)

    @cached_property
    def _across_clauses(self) -> GapFinder:
        return GapFinder(self._text, self.sentences, across_clauses=True)

    # --------------------------------------------------------------- exceptions

    def _covers(self, sets: Iterable[int]) -> list[Span]:
        return [(hit.start, hit.end) for hit in self._matches(sets, -1, NOTHING)]

    def _guard(self, line: int) -> Spans | None:
        """Give what the exceptions of a single line cover, or None."""
        sets = self._rules.guards.get(line)
        if sets is None:
            return None
        if line not in self._guards:
            self._guards[line] = Spans(self._covers(sets))
        return self._guards[line]

    # --------------------------------------------------------------- conditions

    def _has_its_company(self, block: Block, finding: Finding) -> bool:
        """Say whether the words of ``with`` stand near, and none of ``none`` does."""
        near = block.condition.near
        if block.company:
            others = self._neighbours(block.company)
            if not self.windows.is_near(near, finding, others):
                return False
        if block.none:
            others = self._neighbours(block.none)
            if self.windows.is_disturbed(near, finding, others):
                return False
        return True

    def _neighbours(self, sets: tuple[int, ...]) -> Neighbours:
        known = self._known_neighbours.get(sets)
        if known is None:
            known = self._known_neighbours[sets] = Neighbours(self._matches(sets, -1, NOTHING))
        return known

    @cached_property
    def _known_neighbours(self) -> dict[tuple[int, ...], Neighbours]:
        return {}

    @cached_property
    def _title_end(self) -> int:
        """Where the title ends: that of the document, else a first line that looks like one."""
        if self._body_start:
            return self._body_start
        start = len(self._text) - len(self._text.lstrip())
        blank = BLANK_LINE.search(self._text, start)
        line = self._text[start : blank.start()] if blank is not None else ""
        is_title = len(line) <= _LONGEST_TITLE and len(line.splitlines()) == 1
        return start + len(line) if is_title and not line.rstrip().endswith((".", "。")) else 0
