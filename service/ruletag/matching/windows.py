"""Decide what stands near enough: conditions over the sorted matches of one text.

A *finding* is one match for each group of a condition. Of all that fit into the
window those of the smallest cover are wanted, one a window, and no word is to
fill two groups. Everything here is linear in the number of matches, but for the
sorting; only where matches of several groups overlap is there a search, and
that has a budget.

Where a match stands is told by where it begins.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from ruletag.matching.gaps import PHRASE_END, Span, Spans
from ruletag.rules.model import Window
from ruletag.text.sentences import BLANK_LINE, Sentences
from ruletag.text.words import has_at_most_words

_MOST_STEPS: Final = 50_000  # of the search for matches that do not overlap, in one text


class Hit(NamedTuple):
    """A match that may fill a place in a condition.

    ``line`` is the number of the line that found it. ``parts`` are those of a gap
    or of what a category found, else empty. ``contexts`` are known beforehand for
    what a category found only.
    """

    start: int
    end: int
    line: int
    parts: tuple["Hit", ...] = ()
    contexts: tuple[str, ...] = ()

    def leaves(self) -> Iterator["Hit"]:
        """Give the single phrases that it is made of."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


Finding = tuple[Hit, ...]
Accept = Callable[[Finding], bool]


class Windows:
    """Tells of one text what stands together in a window.

    ``was_cut_short`` is true once the search for a finding was given up.
    """

    def __init__(self, text: str, sentences: Sentences) -> None:
        self._text = text
        self._sentences = sentences
        self._steps = _MOST_STEPS

    @property
    def was_cut_short(self) -> bool:
        """Say whether some findings may be missing."""
        return self._steps <= 0

    # ----------------------------------------------------------------- nearness

    def fits(self, window: Window, left: Hit, right: Hit) -> bool:
        """Say whether two matches, and all between them, stand in one window."""
        if window.unit == "document":
            return True
        if window.unit == "words":
            same = self._sentences.number_at(left.start) == self._sentences.number_at(right.start)
            return same and has_at_most_words(self._text, left.end, right.start, window.count)
        return self._cell(window, right.start) - self._cell(window, left.start) < window.count

    def _cell(self, window: Window, position: int) -> int:
        """Number the sentence, paragraph or phrase that a position is in."""
        if window.unit in {"sentences", "words"}:
            return self._sentences.number_at(position)
        if window.unit == "document":
            return 0
        edges = self._paragraphs if window.unit == "paragraph" else self._phrases
        return bisect_right(edges, position)

    @cached_property
    def _paragraphs(self) -> list[int]:
        return [found.end() for found in BLANK_LINE.finditer(self._text)]

    @cached_property
    def _phrases(self) -> list[int]:
        ends = [found.end() for found in PHRASE_END.finditer(self._text)]
        return sorted({*ends, *self._sentences.boundaries(), *self._paragraphs})

    def is_near(self, window: Window, finding: Finding, others: "Neighbours") -> bool:
        """Say whether one of the others, not overlapping the finding, fits into its window."""
        first, last = min(finding), max(finding, key=_start)
        start, end = first.start, max(hit.end for hit in finding)
        return any(self.fits(window, other, last) for other in others.before(start)) or any(
            self.fits(window, first, other)
            for other in (*others.after(end), *others.between(finding))
        )

    def is_disturbed(self, window: Window, finding: Finding, others: "Neighbours") -> bool:
        """Say whether one of the others overlaps the finding or fits into its window."""
        overlaps = any(others.overlap((hit.start, hit.end)) for hit in finding)
        return overlaps or self.is_near(window, finding, others)

    # ----------------------------------------------------------------- findings

    def together(
        self, groups: Sequence[Sequence[Hit]], window: Window, accept: Accept, *, in_order: bool
    ) -> list[Finding]:
        """Find one match of every group together in a window.

        From the smallest cover up (of equal ones the left-most first) each
        finding that is accepted is taken, unless it overlaps one that is taken,
        or would fit into one window with it.
        """
        findings: list[Finding] = []
        for hits in self._by_cell(groups, window):
            ordered = self._in_order(hits) if in_order else self._in_any_order(hits)
            fitting = (f for f in ordered if self.fits(window, min(f), max(f, key=_start)))
            findings += self._choose(fitting, window, accept)
        return findings

    def counted(
        self, hits: Sequence[Hit], window: Window, most: int, *, different: bool
    ) -> list[Finding]:
        """Find so many matches together in a window; ``different`` if of as many lines."""
        settled = settle(hits)
        findings: list[Finding] = []
        for (cell,) in self._by_cell([settled], window):
            runs = _runs_of_different(cell, most) if different else _runs(cell, most)
            fitting = (run for run in runs if self.fits(window, run[0], run[-1]))
            findings += self._choose(fitting, window, lambda _: True)
        return findings

    def _by_cell(
        self, groups: Sequence[Sequence[Hit]], window: Window
    ) -> Iterator[list[list[Hit]]]:
        """Part the matches by sentence, paragraph or phrase, where a window is just that."""
        if window.unit == "document" or (window.unit == "sentences" and window.count > 1):
            yield [list(hits) for hits in groups]
            return
        cells: dict[int, list[list[Hit]]] = defaultdict(lambda: [[] for _ in groups])
        for number, hits in enumerate(groups):
            for hit in hits:
                cells[self._cell(window, hit.start)][number].append(hit)
        for _, parted in sorted(cells.items()):
            if all(parted):
                yield parted

    def _choose(self, findings: Iterable[Finding], window: Window, accept: Accept) -> list[Finding]:
        ranked = sorted((_cover(f)[1] - _cover(f)[0], _cover(f)[0], f) for f in findings)
        taken: list[tuple[int, int, Finding]] = []
        for _, start, finding in ranked:
            if taken and self._is_in_the_way(finding, taken, window):
                continue
            if accept(finding):
                taken.insert(bisect_left(taken, (start,)), (*_cover(finding), finding))
                if window.unit not in {"words", "sentences"} or window == _SENTENCE:
                    break  # there can be no second one in this cell
        return [finding for _, _, finding in taken]

    def _is_in_the_way(
        self, finding: Finding, taken: list[tuple[int, int, Finding]], window: Window
    ) -> bool:
        """Say whether a finding overlaps its neighbours, or shares a window with one."""
        start, end = _cover(finding)
        i = bisect_left(taken, (start,))
        for neighbour_start, neighbour_end, neighbour in taken[max(0, i - 1) : i + 1]:
            if neighbour_start < end and start < neighbour_end:
                return True
            both = (*finding, *neighbour)
            if self.fits(window, min(both), max(both, key=_start)):
                return True
        return False

    # ------------------------------------------------------------------- sweeps

    def _in_any_order(self, groups: Sequence[Sequence[Hit]]) -> Iterator[Finding]:
        """Give, for each match as the one that ends last, the smallest cover."""
        seen = [_Seen() for _ in groups]
        merged = sorted(
            (hit.end, hit.start, number, hit) for number, hits in enumerate(groups) for hit in hits
        )
        for _, start, number, hit in merged:
            others = [s.before(start) for i, s in enumerate(seen) if i != number]
            seen[number].add(hit)
            known = [other for other in others if other is not None]
            if len(known) < len(others):
                continue
            if not _overlap(known):
                yield (*known, hit)
                continue
            free = self._apart([s for i, s in enumerate(seen) if i != number], start)
            if free is not None:
                yield (*free, hit)

    def _apart(self, seen: Sequence["_Seen"], end: int) -> Finding | None:
        """Search matches of each group, ending by ``end``, that do not overlap each other.

        Of all such the one whose first match begins last is given. Depth first,
        the matches nearest to the end tried first.
        """
        best: Finding | None = None
        best_start = -1
        stack: list[tuple[Finding, int]] = [((), seen[0].count(end))]
        while stack:
            self._steps -= 1
            if self._steps <= 0:
                return best
            chosen, i = stack.pop()
            hit = seen[len(chosen)].at(i - 1) if i else None
            if hit is None or hit.end <= best_start:
                continue
            stack.append((chosen, i - 1))
            if hit.start <= best_start or any(_share(hit, other) for other in chosen):
                continue
            found = (*chosen, hit)
            if len(found) == len(seen):
                best, best_start = found, min(h.start for h in found)
            else:
                stack.append((found, seen[len(found)].count(end)))
        return best

    def _in_order(self, groups: Sequence[Sequence[Hit]]) -> Iterator[Finding]:
        """Give, for each match of the last group, the nearest of the others before it."""
        seen = []
        for hits in groups[:-1]:
            seen.append(_Seen())
            for hit in sorted(hits, key=_end):
                seen[-1].add(hit)
        for last in groups[-1]:
            finding: Finding = (last,)
            for group in reversed(seen):
                earlier = group.before(finding[0].start)
                if earlier is None:
                    break
                finding = (earlier, *finding)
            else:
                yield finding


class _Seen:
    """The matches of one group by rising end; of those so far, which begins last."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._hits: list[Hit] = []
        self._latest: list[Hit] = []

    def add(self, hit: Hit) -> None:
        latest = self._latest[-1] if self._latest else hit
        self._ends.append(hit.end)
        self._hits.append(hit)
        self._latest.append(hit if hit.start >= latest.start else latest)

    def count(self, end: int) -> int:
        """Count the matches that end by a position."""
        return bisect_right(self._ends, end)

    def at(self, number: int) -> Hit:
        return self._hits[number]

    def before(self, position: int) -> Hit | None:
        """Give, of the matches that end by a position, the one that begins last."""
        if self._ends and self._ends[-1] <= position:
            return self._latest[-1]
        i = self.count(position)
        return self._latest[i - 1] if i else None


class Neighbours:
    """The matches of ``with`` or ``none``, asked for those nearest to a finding."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        self._by_start = sorted(set(hits))
        self._by_end = _Seen()
        for hit in sorted(self._by_start, key=_end):
            self._by_end.add(hit)
        self._stretches = Spans((hit.start, hit.end) for hit in self._by_start)

    def overlap(self, span: Span) -> bool:
        """Say whether one shares a character with the span."""
        return self._stretches.overlap(span)

    def before(self, start: int) -> Iterator[Hit]:
        """Give the nearest that ends by a position: the one that begins last, that ends last."""
        latest = self._by_end.before(start)
        if latest is not None:
            yield latest
            yield self._by_end.at(self._by_end.count(start) - 1)

    def after(self, end: int) -> Iterator[Hit]:
        """Give the nearest that begins at or after a position."""
        i = bisect_left(self._by_start, (end,))
        if i < len(self._by_start):
            yield self._by_start[i]

    def between(self, finding: Finding) -> Iterator[Hit]:
        """Give one that lies between the parts of a finding, overlapping none."""
        for left, right in pairwise(sorted(finding)):
            for hit in self.after(left.end):
                if hit.end <= right.start:
                    yield hit


_SENTENCE: Final = Window("sentences")


def settle(hits: Iterable[Hit]) -> list[Hit]:
    """Let the longest of overlapping matches win, then the left-most; give them in order."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.start - h.end, h.start, h.line)):
        i = bisect_left(kept, (hit.end,))
        if i and kept[i - 1].end > hit.start:
            continue
        kept.insert(i, hit)
    return kept


def _runs(hits: Sequence[Hit], count: int) -> Iterator[Finding]:
    for i in range(count, len(hits) + 1):
        yield tuple(hits[i - count : i])


def _runs_of_different(hits: Sequence[Hit], count: int) -> Iterator[Finding]:
    """Give, for each match as the last, the latest matches of so many different lines."""
    latest: dict[int, Hit] = {}
    for hit in hits:
        latest.pop(hit.line, None)
        latest[hit.line] = hit
        if len(latest) >= count:
            last = [
                found for _, found in zip(range(count), reversed(latest.values()), strict=False)
            ]
            yield tuple(reversed(last))


def _cover(finding: Finding) -> Span:
    if len(finding) == 1:
        return finding[0].start, finding[0].end
    return min(hit.start for hit in finding), max(hit.end for hit in finding)


def _overlap(hits: Sequence[Hit]) -> bool:
    if len(hits) <= 1:
        return False
    ordered = sorted(hits)
    return any(left.end > right.start for left, right in pairwise(ordered))


def _share(one: Hit, other: Hit) -> bool:
    return one.start < other.end and other.start < one.end


def _start(hit: Hit) -> int:
    return hit.start


def _end(hit: Hit) -> int:
    return hit.end
