"""Decide what stands near enough: conditions over the sorted matches of one text.

A *finding* is one match for each group of a condition. Of all that fit into the
window those of the smallest cover are wanted, one a window, and no word is to
fill two groups. Everything here is linear in the number of matches, but for the
sorting; only where matches of several groups overlap is there a search, and
that has a budget.

Where a match stands is told by where it begins.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, pairwise
from typing import Final, NamedTuple

from ruletag.deadline import NEVER, Deadline
from ruletag.lazy import lazy
from ruletag.matching.gaps import PHRASE_END, Span, Spans
from ruletag.rules.model import Window
from ruletag.text.sentences import BLANK_LINE, Sentences
from ruletag.text.words import has_at_most_words

NO_MATCH: Final = -1
_SENTENCE: Final = Window("sentences")
_SINGLE: Final = frozenset({"phrase", "paragraph", "document"})  # units of which each has one
_MOST_STEPS: Final = 50_000  # of the search for matches that do not overlap, in one text


class Hit(NamedTuple):
    """A match that may fill a place in a condition.

    ``line`` is the number of the line that found it. ``parts`` are those of a gap
    or of what a category found, else empty. ``match`` numbers what a category
    found, and is `NO_MATCH` for all else.
    """

    start: int
    end: int
    line: int
    parts: tuple["Hit", ...] = ()
    match: int = NO_MATCH

    def leaves(self) -> Sequence["Hit"]:
        """Give the single phrases that it is made of."""
        if not self.parts:
            return (self,)
        return [leaf for part in self.parts for leaf in part.leaves()]


Finding = tuple[Hit, ...]
_Candidate = tuple[int, int, Finding]  # the length of its cover, where that begins
Accept = Callable[[Finding], bool]


class _Taken(NamedTuple):
    """A finding with its cover, and the matches that begin first and last."""

    start: int
    end: int
    first: Hit
    last: Hit
    finding: Finding


class Windows:
    """Tells of one text what stands together in a window.

    ``was_cut_short`` is true once the search for a finding was given up.
    """

    def __init__(self, text: str, sentences: Sentences, deadline: Deadline = NEVER) -> None:
        self._deadline = deadline
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
        edges = self._edges(window)
        self._deadline.spend(1)
        apart = bisect_right(edges, right.start) - bisect_right(edges, left.start)
        if window.unit == "words":
            return apart == 0 and has_at_most_words(self._text, left.end, right.start, window.count)
        return apart < window.count

    def _edges(self, window: Window) -> list[int]:
        """Give where the sentences, paragraphs or phrases begin, which bound a window."""
        if window.unit == "document":
            return []
        if window.unit == "paragraph":
            return self._paragraphs
        return self._phrases if window.unit == "phrase" else self._sentences.starts

    @lazy
    def _paragraphs(self) -> list[int]:
        return [found.end() for found in BLANK_LINE.finditer(self._text)]

    @lazy
    def _phrases(self) -> list[int]:
        ends = [found.end() for found in PHRASE_END.finditer(self._text)]
        return sorted({*ends, *self._sentences.boundaries(), *self._paragraphs})

    def is_near(self, window: Window, finding: Finding, others: "Neighbours") -> bool:
        """Say whether one of the others, not overlapping the finding, fits into its window."""
        first = last = finding[0]
        end = first.end
        if len(finding) > 1:
            first, last = min(finding), max(finding, key=_start)
            end = max(hit.end for hit in finding)
        for other in others.before(first.start):
            if self.fits(window, other, last):
                return True
        for other in (*others.after(end), *others.between(finding)):
            if self.fits(window, first, other):
                return True
        return False

    def is_disturbed(self, window: Window, finding: Finding, others: "Neighbours") -> bool:
        """Say whether one of the others overlaps the finding or fits into its window."""
        for hit in finding:
            if others.overlap((hit.start, hit.end)):
                return True
        return self.is_near(window, finding, others)

    # ----------------------------------------------------------------- findings

    def together(
        self,
        groups: Sequence[Sequence[Hit]],
        window: Window,
        accept: Accept | None = None,
        *,
        in_order: bool = False,
    ) -> list[Finding]:
        """Find one match of every group together in a window.

        From the smallest cover up (of equal ones the left-most first) each
        finding that is accepted is taken, unless it overlaps one that is taken,
        or would fit into one window with it.
        """
        findings: list[Finding] = []
        for hits in self._by_cell(groups, window):
            if in_order:
                candidates: Iterable[_Candidate] = _in_order(hits)
            else:
                candidates = _pair(hits) if _are_single(hits) else self._in_any_order(hits)
            findings += self._choose(candidates, window, accept)
        return findings

    def counted(
        self, hits: Sequence[Hit], window: Window, most: int, *, different: bool
    ) -> list[Finding]:
        """Find so many matches together in a window; ``different`` if of as many lines."""
        findings: list[Finding] = []
        for (cell,) in self._by_cell([settle(hits)], window):
            runs = _runs_of_different(cell, most) if different else _runs(cell, most)
            findings += self._choose(runs, window, None)
        return findings

    def _by_cell(
        self, groups: Sequence[Sequence[Hit]], window: Window
    ) -> Iterator[Sequence[Sequence[Hit]]]:
        """Part the matches by sentence, paragraph or phrase, where none may reach beyond."""
        if window.unit == "document" or (window.unit == "sentences" and window.count > 1):
            yield groups
            return
        edges = self._edges(window)
        cells: dict[int, list[list[Hit]]] = {}
        for number, hits in enumerate(groups):
            for hit in hits:
                cell = bisect_right(edges, hit[0])
                parted = cells.get(cell)
                if parted is None:
                    if number:  # nothing of the first group stands there
                        continue
                    parted = cells[cell] = [[] for _ in groups]
                parted[number].append(hit)
        for _, parted in sorted(cells.items()):
            if all(parted):
                yield parted

    def _choose(
        self, candidates: Iterable[_Candidate], window: Window, accept: Accept | None
    ) -> list[Finding]:
        has_one_only = window.unit in _SINGLE or window == _SENTENCE
        if has_one_only and accept is None:
            best = min(candidates, default=None)
            return [best[2]] if best is not None else []
        taken: list[_Taken] = []
        for size, start, finding in sorted(candidates):
            self._deadline.spend(1)
            first, last = min(finding), max(finding)
            if not (has_one_only or self.fits(window, first, last)):
                continue
            candidate = _Taken(start, start + size, first, last, finding)
            if taken and self._is_in_the_way(candidate, taken, window):
                continue
            if accept is None or accept(finding):
                insort(taken, candidate)
                if has_one_only:
                    break
        return [one.finding for one in taken]

    def _is_in_the_way(self, candidate: "_Taken", taken: list["_Taken"], window: Window) -> bool:
        """Say whether a finding overlaps its neighbours, or shares a window with one."""
        i = bisect_left(taken, candidate)
        for left, right in ((one, candidate) for one in taken[max(0, i - 1) : i]):
            if left.end > right.start or self.fits(window, left.first, right.last):
                return True
        for right in taken[i : i + 1]:
            if candidate.end > right.start or self.fits(window, candidate.first, right.last):
                return True
        return False

    # ------------------------------------------------------------------- sweeps

    def _in_any_order(self, groups: Sequence[Sequence[Hit]]) -> Iterator[_Candidate]:
        """Give, for each match as the one that ends last, the smallest cover."""
        seen = [_Seen() for _ in groups]
        others = [[s for s in seen if s is not own] for own in seen]
        merged = [(hit[1], hit[0], i, hit) for i, hits in enumerate(groups) for hit in hits]
        merged.sort()
        for end, start, number, hit in merged:
            self._deadline.spend(1)
            known = [h for other in others[number] if (h := other.before(start)) is not None]
            seen[number].add(hit)
            if len(known) < len(groups) - 1:
                continue
            finding: Finding | None = (*known, hit)
            if len(known) > 1 and _overlap(known):
                finding = self._apart(others[number], hit)
            if finding is not None:
                first = min(finding)[0]
                yield end - first, first, finding

    def _apart(self, seen: Sequence["_Seen"], last: Hit) -> Finding | None:
        """Search matches of each group before the last that do not overlap each other.

        Of all such the one whose first match begins last is given, and of those the one
        whose first match is longest. Depth first, those nearest to the end tried first.
        """
        best: Finding | None = None
        best_start = best_end = -1
        stack: list[tuple[Finding, int]] = [((), seen[0].count(last.start))]
        while stack:
            self._deadline.spend(1)
            self._steps -= 1
            if self._steps <= 0:
                break
            chosen, i = stack.pop()
            hit = seen[len(chosen)].at(i - 1) if i else None
            if hit is None or hit.end <= best_start:
                continue
            stack.append((chosen, i - 1))
            if hit.start < best_start or any(_share(hit, other) for other in chosen):
                continue
            found = (*chosen, hit)
            if len(found) == len(seen):
                first = min(found)
                if (first.start, first.end) > (best_start, best_end):
                    best, best_start, best_end = found, first.start, first.end
            else:
                stack.append((found, seen[len(found)].count(last.start)))
        return (*best, last) if best is not None else None


def _are_single(groups: Sequence[Sequence[Hit]]) -> bool:
    """Say whether there are two groups with one match each, as in most sentences."""
    return len(groups) == 2 and len(groups[0]) == len(groups[1]) == 1  # noqa: PLR2004


def _pair(groups: Sequence[Sequence[Hit]]) -> list[_Candidate]:
    """Give what any order of two matches allows, at a third of the cost."""
    left, right = groups[0][0], groups[1][0]
    if right.end <= left.start:
        left, right = right, left
    if left.end > right.start:
        return []
    return [(right.end - left.start, left.start, (left, right))]


def _in_order(groups: Sequence[Sequence[Hit]]) -> Iterator[_Candidate]:
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
            yield last.end - finding[0].start, finding[0].start, finding


class _Seen:
    """The matches of one group by rising end; of those so far, which begins last."""

    def __init__(self) -> None:
        self._ends: list[int] = []
        self._hits: list[Hit] = []
        self._latest: list[Hit] = []

    def add(self, hit: Hit) -> None:
        latest = self._latest
        self._ends.append(hit[1])
        self._hits.append(hit)
        latest.append(hit if not latest or hit[0] >= latest[-1][0] else latest[-1])

    def count(self, end: int) -> int:
        """Count the matches that end by a position."""
        return bisect_right(self._ends, end)

    def at(self, number: int) -> Hit:
        return self._hits[number]

    def latest(self, count: int) -> Hit:
        """Give, of the first so many matches, the one that begins last."""
        return self._latest[count - 1]

    def before(self, position: int) -> Hit | None:
        """Give, of the matches that end by a position, the one that begins last."""
        ends = self._ends
        if ends and ends[-1] <= position:
            return self._latest[-1]
        i = bisect_right(ends, position)
        return self._latest[i - 1] if i else None


class Neighbours:
    """The matches of ``with`` or ``none``, asked for those nearest to a finding."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        self._by_start = sorted(set(hits))
        self._by_end = _Seen()
        for hit in sorted(self._by_start, key=_end):
            self._by_end.add(hit)

    @lazy
    def _stretches(self) -> Spans:
        return Spans([(hit.start, hit.end) for hit in self._by_start])

    def overlap(self, span: Span) -> bool:
        """Say whether one shares a character with the span."""
        return self._stretches.overlap(span)

    def before(self, start: int) -> Sequence[Hit]:
        """Give the nearest that ends by a position: the one that begins last, that ends last."""
        number = self._by_end.count(start)
        if not number:
            return ()
        latest, last = self._by_end.latest(number), self._by_end.at(number - 1)
        return (latest,) if latest is last else (latest, last)

    def after(self, end: int) -> Sequence[Hit]:
        """Give the nearest that begins at or after a position."""
        i = bisect_left(self._by_start, (end,))
        return self._by_start[i : i + 1]

    def between(self, finding: Finding) -> Sequence[Hit]:
        """Give those that lie first between two parts of a finding, overlapping none."""
        if len(finding) == 1:
            return ()
        return [
            hit
            for left, right in pairwise(sorted(finding))
            for hit in self.after(left.end)
            if hit.end <= right.start
        ]


def settle(hits: Iterable[Hit]) -> list[Hit]:
    """Let the longest of overlapping matches win, then the left-most; give them in order."""
    ordered = sorted(hits)
    if not _overlap(ordered):
        return ordered
    kept: list[Hit] = []
    for hit in sorted(ordered, key=lambda h: (h.start - h.end, h.start, h.line)):
        i = bisect_left(kept, (hit.end,))
        if i and kept[i - 1].end > hit.start:
            continue
        kept.insert(i, hit)
    return kept


def _runs(hits: Sequence[Hit], count: int) -> Iterator[_Candidate]:
    for i in range(count, len(hits) + 1):
        first, last = hits[i - count], hits[i - 1]
        yield last.end - first.start, first.start, tuple(hits[i - count : i])


def _runs_of_different(hits: Sequence[Hit], count: int) -> Iterator[_Candidate]:
    """Give, for each match as the last, the latest matches of so many different lines."""
    latest: dict[int, Hit] = {}
    for hit in hits:
        latest.pop(hit.line, None)
        latest[hit.line] = hit
        if len(latest) >= count:
            finding = tuple(islice(reversed(latest.values()), count))[::-1]
            yield hit.end - finding[0].start, finding[0].start, finding


def _overlap(hits: Sequence[Hit]) -> bool:
    """Say whether some of the matches share a character."""
    end = -1
    for hit in sorted(hits):
        if hit[0] < end:
            return True
        end = hit[1]
    return False


def _share(one: Hit, other: Hit) -> bool:
    return one.start < other.end and other.start < one.end


def _start(hit: Hit) -> int:
    return hit.start


def _end(hit: Hit) -> int:
    return hit.end
