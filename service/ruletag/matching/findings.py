"""What the sets of the rules come to in one text: gaps, exceptions, blocks.

`Found` is fed with sources that stand in the text and knows which sets have
something; `Findings` then gives the matches of a block that hold, each with the
matches it is made of.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from ruletag.deadline import NEVER, Deadline
from ruletag.lazy import lazy
from ruletag.limits import LIMITS
from ruletag.matching.compiler import Block, CompiledCategory, CompiledRules
from ruletag.matching.gaps import GapFinder, Span, Spans
from ruletag.matching.scanning import Hits
from ruletag.matching.windows import Finding, Hit, Neighbours, Windows
from ruletag.text.sentences import BLANK_LINE, Sentences

_MOST_KEPT: Final = 1_000  # matches of one set; more are worked out anew, to bound memory
_COMPARED: Final = 3  # what a match costs where words are counted between it and others
_LONGEST_TITLE: Final = 150  # characters of a first line that may be a title

Found = Mapping[int, list[tuple[int, int]]]  # by set: sources that stand in the text, lines
Covered = tuple[Spans, ...]  # what may cancel a match


class Cancelled:
    """What the exceptions of a category cancel; false where that is nothing."""

    def __init__(self, by_entry: Mapping[int | None, Spans]) -> None:
        self._by_entry = by_entry

    def __bool__(self) -> bool:
        return bool(self._by_entry)

    def of(self, entry: int) -> Covered:
        """Give what concerns this entry."""
        by_entry = self._by_entry
        return tuple(by_entry[owner] for owner in (None, entry) if owner in by_entry)

    def cover(self, entry: int, span: Span) -> bool:
        """Say whether a match of this entry is cancelled."""
        return any(spans.overlap(span) for spans in self.of(entry))


NOTHING: Final = Cancelled({})


class Findings:
    """Finds what blocks and exceptions ask for in one text.

    ``body_start`` is where the text begins behind its title. Whatever is asked for
    raises `DeadlineError`.
    """

    def __init__(  # noqa: PLR0913 - a text and what has been found in it
        self,
        rules: CompiledRules,
        text: str,
        body_start: int,
        hits: Hits,
        found: Found,
        *,
        deadline: Deadline = NEVER,
    ) -> None:
        self._deadline = deadline
        self._rules = rules
        self._text = text
        self._body_start = body_start
        self._hits = hits
        self._found = found
        self.sentences = Sentences(text, deadline)
        self.windows = Windows(text, self.sentences, deadline)
        self._fed: dict[int, list[Hit]] = {}  # what categories found, by source
        # What has been worked out, until a category finds more.
        self._known_sets: dict[int, list[Hit]] = {}
        self._known_gaps: dict[int, list[Hit]] = {}
        self._known_guards: dict[int, Covered] = {}
        self._known_neighbours: dict[tuple[int, ...], Neighbours | None] = {}
        self._left = LIMITS.conditions

    def of_block(self, block: Block, cancelled: Cancelled) -> list[Finding]:
        """Give what satisfies a block; each finding has one match for each thing asked for."""
        if self._left < 0:
            return []
        covered = cancelled.of(block.entry.number) if cancelled else ()
        groups = [self._matches(sets, covered) for sets in block.groups]
        condition = block.condition
        if condition.in_title:
            groups = [[h for h in hits if h.end <= self._title_end] for hits in groups]
        if not all(groups) or not self._affords(sum(map(len, groups)) * _cost(block)):
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
        self._deadline.spend(matches)
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
        self, sets: Sequence[int], entry: int = -1, cancelled: Cancelled = NOTHING
    ) -> list[Hit]:
        """Give the matches of sets that no exception cancels."""
        return list(self._matches(sets, cancelled.of(entry)))

    def seen(self, sets: Iterable[int]) -> list[Hit]:
        """Give the matches of sets, those that the exceptions of single lines cancel too."""
        return [
            hit
            for number in sets
            for source, line in self._found.get(number, ())
            for hit in (
                self._whole(source, line, ())
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
        self._known_sets.clear()
        self._known_gaps.clear()
        self._known_guards.clear()
        self._known_neighbours.clear()
        self._fed[source] = sorted({*self._fed.get(source, ()), *hits})

    def _matches(self, sets: Sequence[int], covered: Covered) -> Sequence[Hit]:
        """Give the matches of sets that neither their own exceptions nor others cancel."""
        if covered:
            return [hit for number in sets for hit in self._in_set(number, covered)]
        if len(sets) == 1:
            return self._known_set(sets[0])
        return [hit for number in sets for hit in self._known_set(number)]

    def _known_set(self, number: int) -> Sequence[Hit]:
        if number not in self._found:
            return ()
        known = self._known_sets.get(number)
        if known is None:
            known = self._in_set(number, ())
            if len(known) <= _MOST_KEPT:
                self._known_sets[number] = known
        return known

    def _in_set(self, number: int, covered: Covered) -> list[Hit]:
        hits: list[Hit] = []
        for source, line in self._found.get(number, ()):
            guarded = (*covered, *self._guard(line)) if line in self._rules.guards else covered
            if source in self._rules.whole:
                matches = self._whole(source, line, guarded)
            else:
                matches = [Hit(start, end, line) for start, end in self._hits[source]]
            self._deadline.spend(len(matches) * (1 + len(guarded)))
            for spans in guarded:
                matches = [hit for hit in matches if not _cancels(spans, hit)]
            hits += matches
        return hits

    def _whole(self, source: int, line: int, covered: Covered) -> list[Hit]:
        """Give the matches of a gap or a category, each with its parts."""
        gap = self._rules.gap_of.get(source)
        if gap is None:
            known = self._fed[source]
        else:
            known = self._gap(gap, covered) if covered else self._known_gap(gap)
        return [Hit(hit.start, hit.end, line, hit.parts, hit.match) for hit in known]

    def _known_gap(self, number: int) -> list[Hit]:
        known = self._known_gaps.get(number)
        if known is None:
            known = self._known_gaps[number] = self._gap(number, ())
        return known

    def _gap(self, number: int, covered: Covered) -> list[Hit]:
        """Find where a gap stands; a part that is cancelled is not used."""
        gap = self._rules.gaps[number]
        parts = [self._matches(sets, covered) for sets in gap.parts]
        if not all(parts):
            return []
        finder = self._across_clauses if gap.across_clauses else self._gaps
        return [Hit(chain[0].start, chain[-1].end, -1, chain) for chain in finder.find(parts)]

    @lazy
    def _gaps(self) -> GapFinder:
        return GapFinder(self._text, self.sentences, deadline=self._deadline)

    @lazy
    def _across_clauses(self) -> GapFinder:
        return GapFinder(self._text, self.sentences, across_clauses=True, deadline=self._deadline)

    # --------------------------------------------------------------- exceptions

    def _covers(self, sets: Sequence[int]) -> list[Span]:
        return [(hit.start, hit.end) for hit in self._matches(sets, ())]

    def _guard(self, line: int) -> Covered:
        """Give what the exceptions of a single line cover, which may be nothing."""
        known = self._known_guards.get(line)
        if known is None:
            spans = self._covers(self._rules.guards[line])
            known = self._known_guards[line] = (Spans(spans),) if spans else ()
        return known

    # --------------------------------------------------------------- conditions

    def _has_its_company(self, block: Block, finding: Finding) -> bool:
        """Say whether the words of ``with`` stand near, and none of ``none`` does."""
        near = block.condition.near
        if block.company:
            others = self._neighbours(block.company)
            if others is None or not self.windows.is_near(near, finding, others):
                return False
        if block.none:
            others = self._neighbours(block.none)
            if others is not None and self.windows.is_disturbed(near, finding, others):
                return False
        return True

    def _neighbours(self, sets: tuple[int, ...]) -> Neighbours | None:
        if sets not in self._known_neighbours:
            hits = self._matches(sets, ())
            self._known_neighbours[sets] = Neighbours(hits) if hits else None
        return self._known_neighbours[sets]

    @lazy
    def _title_end(self) -> int:
        """Where the title ends: that of the document, else a first line that looks like one."""
        if self._body_start:
            return self._body_start
        start = len(self._text) - len(self._text.lstrip())
        blank = BLANK_LINE.search(self._text, start)
        line = self._text[start : blank.start()] if blank is not None else ""
        is_title = len(line) <= _LONGEST_TITLE and len(line.splitlines()) == 1
        return start + len(line) if is_title and not line.rstrip().endswith((".", "。")) else 0


def _cost(block: Block) -> int:
    """Give how many times the usual a match costs: where it is compared with its neighbours."""
    return _COMPARED if len(block.groups) > 1 and block.condition.within.unit == "words" else 1


def _cancels(spans: Spans, hit: Hit) -> bool:
    """Say whether one of the stretches overlaps a match, or one of its parts."""
    if not hit.parts:
        return spans.overlap((hit.start, hit.end))
    return any(_cancels(spans, part) for part in hit.parts)
