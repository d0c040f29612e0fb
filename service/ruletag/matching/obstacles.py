"""Say why a gap or a block does not hold in a text, although words of it stand there.

The matches are those that tagging judged, and so are the windows; what is added
here is only what a reader wants to know when the answer was no: which part is
not there, or what keeps apart the two places that are nearest.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final

from ruletag.lazy import lazy
from ruletag.matching.compiler import Block, CompiledCategory, CompiledRules, Gap
from ruletag.matching.entries import CompiledEntry
from ruletag.matching.findings import Cancelled, Findings
from ruletag.matching.gaps import MOST_WORDS_BETWEEN, PHRASE_END, GapFinder, Span
from ruletag.matching.judging import Judge
from ruletag.matching.reasons import MOST_PLACES, Code, Place, Reason
from ruletag.matching.scanning import Hits
from ruletag.matching.windows import Finding, Hit, Neighbours
from ruletag.problems import cropped, quoted
from ruletag.rules.model import DOCUMENT, Entry, Line, Window
from ruletag.text.words import count_words, has_at_most_words

_GAP: Final = re.compile(r"\s+(?:\.\.\.|…)\s+")
_MOST_NAMED: Final = 3  # words of a group
_MOST_QUOTED: Final = 200  # characters of a place
_MOST_READ: Final = 5_000  # characters between two places whose words are counted
_CLAUSE_SIGNS: Final = frozenset(",，、;；—―⸺⸻–-‐‑−﹣－")  # what `across: clauses` lets pass
_NOWHERE: Final = "stands nowhere in the text"


class Index:
    """What stands in the sets that some categories ask for.

    Per text nobody needs to know, so that rules do not carry it.
    """

    def __init__(self, rules: CompiledRules, categories: Iterable[int]) -> None:
        self.rules = rules
        blocks = (b for number in categories for b in rules.categories[number].blocks.values())
        sets = {number for block in blocks for group in block.groups for number in group}
        self._members: dict[int, list[tuple[int, int]]] = {}
        self._add(sets)
        gaps = {gap for gap, _ in self.gaps(tuple(sets))}
        self._add({number for gap in gaps for part in rules.gaps[gap].parts for number in part})

    def _add(self, sets: AbstractSet[int]) -> None:
        new: dict[int, list[tuple[int, int]]] = {
            number: [] for number in sets - self._members.keys()
        }
        for source, members in self.rules.members.items() if new else ():
            for set_, line in members:
                if set_ in new:
                    new[set_].append((source, line))
        self._members |= new

    def members(self, sets: Iterable[int]) -> Iterator[tuple[int, int]]:
        """Give what stands in sets: sources and the lines that they stand in."""
        for number in sets:
            yield from self._members[number]

    def gaps(self, sets: Iterable[int]) -> list[tuple[int, int]]:
        """Give the gaps that stand in sets: their numbers, and the lines."""
        gap_of = self.rules.gap_of
        return [(gap_of[source], line) for source, line in self.members(sets) if source in gap_of]


class Scene:
    """One text as it was judged, and how its places are named."""

    def __init__(self, index: Index, text: str, body_start: int, hits: Hits, judge: Judge) -> None:
        self.index = index
        self.rules = index.rules
        self.text = text
        self.body_start = body_start
        self.judge = judge
        self.hits = hits
        self.findings: Findings = judge.findings
        self._exceptions: dict[tuple[int, ...], Covers] = {}
        self._neighbours: dict[tuple[int, ...], Neighbours] = {}

    def place(self, span: Span) -> Place:
        """Give a stretch of the whole as a place in the text, or the title, as sent."""
        start, end = span
        in_title = start < self.body_start
        shift = 0 if in_title else self.body_start
        shown = self.text[start : min(end, start + _MOST_QUOTED)]
        return Place(start - shift, end - shift, shown, in_title)

    def places(self, hits: Iterable[Hit]) -> tuple[Place, ...]:
        """Give the first places of matches."""
        return tuple(self.place(hit[:2]) for hit in list(hits)[:MOST_PLACES])

    def named(self, span: Span) -> str:
        """Quote a stretch and say where it stands."""
        text = self.place(span).text
        return f"`{cropped(' '.join(text.split()))}` at {self.where(span[0])}"

    def where(self, position: int) -> str:
        """Give line and column of a position in the text, both from 1; in the title the column."""
        if position < self.body_start:
            return f"title:{position + 1}"
        number = bisect_right(self._line_starts, position)
        return f"{number}:{position - self._line_starts[number - 1] + 1}"

    @lazy
    def _line_starts(self) -> list[int]:
        breaks = re.finditer("\n", self.text[self.body_start :])
        return [self.body_start, *(self.body_start + found.end() for found in breaks)]

    def known(self, hit: Hit) -> str:
        """Name the keyword of a match, and where it stands, as which form."""
        written = self.rules.lines[hit.line].keyword.written
        named = self.named(hit[:2])
        is_same = self.text[hit.start : hit.end].casefold() == written.casefold()
        return named if is_same else f"{quoted(written)}, which stands there as {named}"

    def neighbours(self, sets: tuple[int, ...]) -> Neighbours:
        """Give the matches of sets, to be asked for the nearest."""
        if sets not in self._neighbours:
            self._neighbours[sets] = Neighbours(self.findings.matches(sets))
        return self._neighbours[sets]

    def sentence(self, position: int) -> str:
        """Name the sentence of a position, counted from the beginning of the text."""
        if position < self.body_start:
            return "the title"
        first = self.findings.sentences.number_at(self.body_start)
        return f"sentence {self.findings.sentences.number_at(position) - first + 1}"

    def covers(self, sets: tuple[int, ...]) -> "Covers":
        """Give what sets of exceptions cover."""
        if sets not in self._exceptions:
            self._exceptions[sets] = Covers(self.findings.matches(sets))
        return self._exceptions[sets]

    def exception(self, category: CompiledCategory, entry: int, hit: Hit) -> Hit | None:
        """Give the match of an exception that cancels a match of an entry."""
        own = [category.exceptions.get(owner, ()) for owner in (None, entry)]
        guards = [self.rules.guards.get(leaf.line, ()) for leaf in (hit, *hit.leaves())]
        for sets in filter(None, (*own, *guards)):
            for leaf in hit.leaves():
                found = self.covers(sets).over(leaf[:2])
                if found is not None:
                    return found
        return None

    def by(self, exception: Hit | None) -> str:
        """Say what cancels a match."""
        if exception is None:  # of a word of a list that a part of a gap is
            return "cancelled by an exception of its own"
        return f"cancelled by the exception {self.known(exception)}"

    def cancelled(self, category: CompiledCategory, entry: int, hits: Sequence[Hit]) -> Reason:
        """Say that matches are cancelled, and by which exception the first one is."""
        exception = self.exception(category, entry, hits[0])
        places = self.places(hits)
        if exception is not None:
            places = (places[0], self.place(exception[:2]), *places[1:])
        detail = f"{self.named(hits[0][:2])} is found but {self.by(exception)}{further(len(hits))}"
        return Reason("cancelled", detail, places, len(hits))


class Covers:
    """Matches that can be asked which of them overlaps a stretch."""

    def __init__(self, hits: Iterable[Hit]) -> None:
        self._hits: list[Hit] = []
        self._starts: list[int] = []
        for hit in sorted(hits):
            # At each place the one that reaches furthest; a later one may reach less far.
            best = self._hits[-1] if self._hits and self._hits[-1].end > hit.end else hit
            self._hits.append(best)
            self._starts.append(hit.start)

    def over(self, span: Span) -> Hit | None:
        """Give one that shares a character with the span."""
        i = bisect_left(self._starts, span[1]) - 1
        return self._hits[i] if i >= 0 and self._hits[i].end > span[0] else None


class Obstacles:
    """Says why the entries of one category do not hold in one text."""

    def __init__(
        self, scene: Scene, category: CompiledCategory, entries: Sequence[Entry], off: Cancelled
    ) -> None:
        self._scene = scene
        self._category = category
        self._entries = entries
        self._cancelled = off
        self._findings = scene.findings
        self._windows = scene.findings.windows
        self.work = 0  # matches looked at so far

    def _seen(self, sets: Iterable[int]) -> list[Hit]:
        hits = self._findings.seen(sets)
        self.work += len(hits)
        return hits

    def has_begun(self, block: Block) -> bool:
        """Say whether a part of one of its gaps stands in the text."""
        sets = (number for group in block.groups for number in group)
        return any(self._scene.judge.gap_slots(gap) for gap, _ in self._scene.index.gaps(sets))

    def missing(self, block: Block) -> list[tuple[int, ...]]:
        """Give the groups of which nothing stands in the text; of a gap, its parts."""
        groups = [sets for sets in block.groups if not self._seen(sets)]
        if len(block.groups) > 1 or not groups:
            return groups
        started = self._started_gaps(block)
        if not started:
            return []
        gap, missing = started[0][0], self._missing_parts(started[0][0])
        parts = self._scene.rules.gaps[gap].parts
        return [sets for i, sets in enumerate(parts) if missing >> i & 1]

    # ------------------------------------------------------------------- blocks

    def of_block(self, block: Block) -> list[Reason]:
        """Say for a block why its words, or some of them, are no match; nothing if they are."""
        absent = self._absent(block)
        if absent is not None:
            return [absent]
        seen = [self._seen(sets) for sets in block.groups]
        groups = [
            self._findings.matches(sets, block.entry.number, self._cancelled)
            for sets in block.groups
        ]
        for before, after in zip(seen, groups, strict=True):
            if before and not after:
                return [self._scene.cancelled(self._category, block.entry.number, before)]
        if block.condition.in_title:
            outside = [hit for hits in groups for hit in hits if not self._in_title(hit)]
            groups = [[hit for hit in hits if self._in_title(hit)] for hits in groups]
            if not all(groups):
                return [self._outside(outside)]
        if len(groups) > 1:
            return list(filter(None, [self._of_groups(block, groups)]))
        return self._of_one_group(block, seen[0], groups[0])

    def _may_stand(self, block: Block, hit: Hit) -> bool:
        return not block.condition.in_title or self._in_title(hit)

    def _in_title(self, hit: Hit) -> bool:
        return hit.end <= self._findings.title_end

    def _outside(self, hits: Sequence[Hit]) -> Reason:
        scene = self._scene
        where = "which is not in the title" if self._findings.title_end else "and there is no title"
        detail = f"found at {scene.where(hits[0].start)}, {where}; the entry asks for `in: title`"
        return Reason("not_in_title", detail, scene.places(hits), len(hits))

    def _absent(self, block: Block) -> Reason | None:
        """Say which group has nothing at all, or that nothing of ``with`` stands in the text."""
        missing = [i for i, sets in enumerate(block.groups) if not self._seen(sets)]
        if missing and len(block.groups) == 1:
            return self._of_gaps(block)
        if missing:
            names = " and ".join(self._group_name(block, i) for i in missing)
            found = [(sets, min(seen)) for sets in block.groups if (seen := self._seen(sets))]
            hits = [hit for _, hit in found]
            beside = ", ".join(self._known(block, *known) for known in found[:_MOST_NAMED])
            number = f"{len(missing)} of {len(block.groups)} groups"
            detail = f"{number} {_is(missing)} not found: {names}; found {_is(hits)} {beside}"
            return Reason("group_missing", detail, self._scene.places(hits))
        if block.company and not self._findings.matches(block.company):
            hits = self._seen(block.groups[0])
            words = _some(block.condition.company)
            detail = f"{self._scene.named(hits[0][:2])} lacks its company: none of `with` "
            detail += f"({words}) {_NOWHERE.replace('nowhere', 'anywhere')}"
            return Reason("no_company", detail, self._scene.places(hits), len(hits))
        return None

    def _known(self, block: Block, sets: tuple[int, ...], hit: Hit) -> str:
        """Name the first match of a group, and what cancels it, if all of them are cancelled."""
        named, number = self._scene.named(hit[:2]), block.entry.number
        if self._findings.matches(sets, number, self._cancelled):
            return named
        exception = self._scene.exception(self._category, number, hit)
        return f"{named}, {self._scene.by(exception)}"

    def _group_name(self, block: Block, number: int) -> str:
        return f"[{_some(self.entry_of(block.entry).groups[number])}]"

    def entry_of(self, entry: CompiledEntry) -> Entry:
        """Give the line of ``match`` that an entry was made from."""
        return self._entries[int(entry.path.partition("[")[2][:-1])]

    # ------------------------------------------------------------- several groups

    def _of_groups(self, block: Block, groups: Sequence[Sequence[Hit]]) -> Reason | None:
        """Say why one match of each group does not stand together."""
        condition = block.condition
        together = self._windows.together(
            groups, condition.within, _any, in_order=condition.in_order
        )
        if together:
            rejected = [f for f in together if not self._findings.accepts(block, f)]
            return self._of_company(block, rejected) if len(rejected) == len(together) else None
        if condition.in_order:
            loose = self._windows.together(groups, condition.within, _any, in_order=False)
            if loose:
                return self._in_wrong_order(loose[0])
        nearest = self._windows.together(groups, DOCUMENT, _any, in_order=False)
        if not nearest:
            hits = [hits[0] for hits in groups]
            detail = "all groups are found, but their words overlap: one word never fills two"
            return Reason("overlapping", detail, self._scene.places(hits))
        return self._apart(f"{_all(groups)} are found", condition.within, sorted(nearest[0]))

    def _in_wrong_order(self, finding: Finding) -> Reason:
        hits = sorted(finding)
        said = " before ".join(self._scene.named(hit[:2]) for hit in hits)
        detail = f"{_all(hits)} are found together, but in the wrong order: {said}"
        return Reason("wrong_order", detail, self._scene.places(hits))

    def _apart(self, found: str, window: Window, hits: Sequence[Hit]) -> Reason:
        """Say that matches do not fit into a window, and how far they miss it."""
        first, last = hits[0], max(hits, key=lambda hit: hit.start)
        nearest = f"{self._scene.named(first[:2])} and {self._scene.named(last[:2])}"
        detail = f"{found}, but not {_within(window)} ({self._between(window, first, last)}); "
        detail += f"the nearest are {nearest}"
        return Reason("not_together", detail, self._scene.places(hits))

    def _between(self, window: Window, first: Hit, last: Hit) -> str:
        """Say what keeps two matches from fitting into one window."""
        scene, sentences = self._scene, self._findings.sentences
        one, other = scene.sentence(first.start), scene.sentence(last.start)
        if window.unit == "paragraph":
            return "a blank line lies between"
        if window.unit == "phrase" and one == other:
            sign = PHRASE_END.search(scene.text, first.start, last.start)
            return f"`{sign.group()}` at {scene.where(sign.start())} lies between" if sign else ""
        if window.unit == "words" and one == other:
            return f"{self._words(first.end, last.start)} between, at most {window.count}"
        if first.start < scene.body_start:
            return f"{one} and {other}"
        if sentences.number_at(first.start) == sentences.number_at(last.start):
            return one
        return f"sentences {one.removeprefix('sentence ')} and {other.removeprefix('sentence ')}"

    def _words(self, start: int, end: int) -> str:
        number = count_words(self._scene.text[start : min(end, start + _MOST_READ)])
        more = "more than " if end > start + _MOST_READ else ""
        return f"{more}{number} word{'' if number == 1 else 's'}"

    # ------------------------------------------------------------------ one group

    def _of_one_group(
        self, block: Block, seen: Sequence[Hit], usable: Sequence[Hit]
    ) -> list[Reason]:
        """Say which matches are cancelled or not accepted, and whether too few are left."""
        reasons = []
        left = set(usable)
        gone = [hit for hit in seen if hit not in left and self._may_stand(block, hit)]
        if gone:
            reasons.append(self._scene.cancelled(self._category, block.entry.number, gone))
        accepted: list[Hit] = []
        rejected: list[Finding] = []
        for hit in usable:
            if self._findings.accepts(block, (hit,)):
                accepted.append(hit)
            else:
                rejected.append((hit,))
        if rejected:
            reasons.append(self._of_company(block, rejected))
        most = max(block.condition.at_least, block.condition.times)
        if accepted and most > 1:
            reasons += filter(None, [self._of_number(block, accepted, most)])
        return reasons

    def _of_number(self, block: Block, hits: Sequence[Hit], most: int) -> Reason | None:
        """Say why so many matches do not come together."""
        different = block.condition.at_least > 1
        within = block.condition.within
        if self._windows.counted(hits, within, most, different=different):
            return None
        anywhere = self._windows.counted(hits, DOCUMENT, most, different=different)
        if anywhere:
            return self._apart(f"{most} are found", within, sorted(anywhere[0]))
        number = len({hit.line for hit in hits} if different else set(hits))
        kind = "different words" if different else "matches"
        said = ", ".join(self._scene.named(hit[:2]) for hit in sorted(hits)[:_MOST_NAMED])
        detail = f"{min(number, most - 1)} of {most} {kind} found: {said}"
        return Reason("too_few", detail, self._scene.places(sorted(hits)), len(hits))

    # -------------------------------------------------------------------- company

    def _of_company(self, block: Block, findings: Sequence[Finding]) -> Reason:
        """Say what the first of the findings lacks nearby, or what disturbs it."""
        scene, near = self._scene, block.condition.near
        finding = findings[0]
        hits = [min(f) for f in findings]
        place = scene.named((min(finding).start, max(hit.end for hit in finding)))
        others = scene.neighbours(block.company)
        if block.company and not self._windows.is_near(near, finding, others):
            other = _nearest(others, finding)
            if other is None:
                said = "what stands there of `with` overlaps it, and must stand beside it"
                detail = f"{place} lacks its company: {said}{further(len(hits))}"
                return Reason("no_company", detail, scene.places(hits), len(hits))
            between = self._between(near, *sorted((min(finding), other)))
            detail = f"{place} lacks its company {_within(near)}: of `with` the nearest is "
            detail += f"{scene.named(other[:2])} ({between}){further(len(hits))}"
            places = (scene.place(min(finding)[:2]), scene.place(other[:2]))
            return Reason("no_company", detail, places, len(hits))
        other = self._disturber(block, finding)
        detail = f"{place} is disturbed by `none`, {_within(near)}: "
        detail += f"{scene.known(other)}{further(len(hits))}"
        places = (scene.place(min(finding)[:2]), scene.place(other[:2]))
        return Reason("disturbed", detail, places, len(hits))

    def _disturber(self, block: Block, finding: Finding) -> Hit:
        """Give the match of ``none`` that overlaps a finding or stands near it."""
        matches = self._findings.matches(block.none)
        covers = Covers(matches)
        over = next(filter(None, (covers.over(hit[:2]) for hit in finding)), None)
        if over is not None:
            return over
        others = self._scene.neighbours(block.none)
        first, last = min(finding).start, max(hit.end for hit in finding)
        beside = (*others.before(first), *others.after(last), *others.between(finding))
        near = block.condition.near
        return next(h for h in beside if self._windows.is_near(near, finding, Neighbours([h])))

    # ----------------------------------------------------------------------- gaps

    def _of_gaps(self, block: Block) -> Reason | None:
        """Say why none of the gaps of a block holds, by the one of which most is found."""
        started = self._started_gaps(block)
        return self._of_gap(block, *started[0]) if started else None

    def _started_gaps(self, block: Block) -> list[tuple[int, int]]:
        """Give the gaps of which something stands in the text, the most complete first."""
        gaps = self._scene.index.gaps(block.groups[0])
        started = [known for known in gaps if self._scene.judge.gap_slots(known[0])]
        return sorted(started, key=lambda known: self._missing_parts(known[0]).bit_count())

    def _missing_parts(self, gap: int) -> int:
        full = (1 << len(self._scene.rules.gaps[gap].parts)) - 1
        return full & ~self._scene.judge.gap_slots(gap)

    def _of_gap(self, block: Block, number: int, line: int) -> Reason:
        scene, gap = self._scene, self._scene.rules.gaps[number]
        names = _GAP.split(scene.rules.lines[line].keyword.written)
        missing = self._missing_parts(number)
        entry = block.entry.number
        parts = [self._findings.matches(sets, entry, self._cancelled) for sets in gap.parts]
        self.work += sum(map(len, parts))
        if missing:
            hits = [min(hits) for hits in parts if hits]
            lost = [name for i, name in enumerate(names) if missing >> i & 1]
            detail = f"{_listed(lost)} of the gap {_NOWHERE}"
            if hits:
                detail += f"; {', '.join(scene.named(hit[:2]) for hit in hits)} {_do(hits)}"
            return Reason("part_missing", detail, scene.places(hits), len(hits))
        for sets, hits in zip(gap.parts, parts, strict=True):
            if not hits:
                return scene.cancelled(self._category, entry, self._seen(sets))
        finder = self._gap_finder(across_clauses=gap.across_clauses)
        for left, right in pairwise(parts):
            if not finder.find([left, right]):
                return self._of_pair(gap, parts, (left, right))
        hits = [min(hits) for hits in parts]
        detail = "each part of the gap stands near the next one, but never all in one stretch"
        return Reason("gap_in_pieces", detail, scene.places(hits))

    def _gap_finder(self, *, across_clauses: bool) -> GapFinder:
        text, sentences = self._scene.text, self._findings.sentences
        deadline = self._scene.judge.deadline
        return GapFinder(text, sentences, across_clauses=across_clauses, deadline=deadline)

    def _of_pair(
        self, gap: Gap, parts: Sequence[Sequence[Hit]], pair: tuple[Sequence[Hit], Sequence[Hit]]
    ) -> Reason:
        """Say what lies between the nearest matches of two neighbouring parts."""
        scene = self._scene
        nearest = _nearest_pair(*pair)
        if nearest is None:
            left, right = min(pair[0]), min(pair[1])
            detail = f"{scene.named(right[:2])} does not stand behind {scene.named(left[:2])}: "
            detail += "a gap has its parts in order (`all` finds them in any)"
            return Reason("gap_order", detail, scene.places((left, right)))
        code, said = self._obstacle(gap, *nearest)
        both = " and ".join(scene.named(hit[:2]) for hit in nearest)
        detail = f"all parts are found, but between {both} {said}"
        ends_clause = code == "gap_ended" and not gap.across_clauses
        if ends_clause and self._gap_finder(across_clauses=True).find(parts):
            detail += "; `across: clauses` lets a gap pass it"
        return Reason(code, detail, scene.places(nearest))

    def _obstacle(self, gap: Gap, left: Hit, right: Hit) -> tuple[Code, str]:
        """Say what ends a gap between two matches."""
        scene, sentences = self._scene, self._findings.sentences
        if sentences.ends_between(left.start, right.end):
            end = sentences.span_at(left.start)[1]
            return "gap_ended", f"the sentence ends, at {scene.where(end)}"
        if not has_at_most_words(scene.text, left.end, right.start, MOST_WORDS_BETWEEN):
            words = self._words(left.end, right.start)
            hint = "`all` with `within` lets more stand between"
            return "gap_too_wide", f"stand {words}, at most {MOST_WORDS_BETWEEN}; {hint}"
        signs = PHRASE_END.finditer(scene.text, left.end, min(right.start + 1, len(scene.text)))
        for sign in signs:
            if not (gap.across_clauses and sign.group()[0] in _CLAUSE_SIGNS):
                where = scene.where(sign.start())
                return "gap_ended", f"stands `{sign.group()}`, at {where}, which ends a gap"
        return "gap_in_pieces", "something ends the gap"


# --------------------------------------------------------------------------- nearness


def _nearest(others: Neighbours, finding: Finding) -> Hit | None:
    """Give the match nearest to a finding that does not overlap it."""
    start, end = min(finding).start, max(hit.end for hit in finding)
    beside = (*others.before(start), *others.after(end), *others.between(finding))
    return min(beside, key=lambda hit: max(start - hit.end, hit.start - end), default=None)


def _nearest_pair(lefts: Sequence[Hit], rights: Sequence[Hit]) -> tuple[Hit, Hit] | None:
    """Give the two matches with the least between them, the first before the second."""
    by_end = sorted(lefts, key=lambda hit: (hit.end, hit.start))
    ends = [hit.end for hit in by_end]
    pairs = [
        (by_end[i - 1], right) for right in rights for i in (bisect_right(ends, right.start),) if i
    ]
    return min(pairs, key=lambda pair: (pair[1].start - pair[0].end, pair[0]), default=None)


def _any(_: Finding) -> bool:
    return True


# ---------------------------------------------------------------------------- in words


def _some(lines: Sequence[Line]) -> str:
    """Name the first words of a group."""
    named = [quoted(line.keyword.written) for line in lines[:_MOST_NAMED]]
    return ", ".join([*named, "…"] if len(lines) > _MOST_NAMED else named)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(map(quoted, names))


def _all(groups: Sequence[object]) -> str:
    return "both groups" if len(groups) == 2 else f"all {len(groups)} groups"  # noqa: PLR2004


def _is(things: Sequence[object]) -> str:
    return "is" if len(things) == 1 else "are"


def _do(things: Sequence[object]) -> str:
    return "does" if len(things) == 1 else "do"


def further(number: int) -> str:
    """Say how many more matches there are of which the same holds."""
    return f" (and {number - 1:,} more like it)" if number > 1 else ""


def _within(window: Window) -> str:
    """Say what window is meant."""
    if window.unit == "words":
        return f"within {window.count} word{'' if window.count == 1 else 's'}"
    if window.unit == "sentences":
        return "in one sentence" if window.count == 1 else f"within {window.count} sentences"
    return f"in one {window.unit}"
