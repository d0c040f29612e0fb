"""Account for every entry of one category in one text: what counts, and why the rest does not.

What counts is what tagging says; the rest is led back to the exception, the longer
match, the context or the condition that decided.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Final, NamedTuple

from ruletag.language.cues import CONTEXTS, ContextName
from ruletag.lazy import lazy
from ruletag.matching.compiler import COMPANY, Block, CompiledCategory
from ruletag.matching.entries import CompiledEntry
from ruletag.matching.evidence import Match, parts_of
from ruletag.matching.findings import NOTHING
from ruletag.matching.gaps import Span
from ruletag.matching.judging import Verdict
from ruletag.matching.nearmisses import NearMiss, NearMisses
from ruletag.matching.obstacles import Covers, Obstacles, Scene, further
from ruletag.matching.reasons import MOST_PLACES, EntryReport, Explanation, Outcome, Place, Reason
from ruletag.matching.tagger import in_units
from ruletag.matching.windows import Finding, Hit
from ruletag.problems import cropped
from ruletag.rules.model import NO_CONDITION, Category, Keyword, Line, Reference

MOST_ENTRIES: Final = 50  # reported in detail for one category
_MOST_NEAR_MISSES: Final = 20  # among them
_MOST_KEYWORDS: Final = 250_000  # of which near misses are sought
_MOST_WORK: Final = 500_000  # matches looked at for the conditions of one category
_MOST_SHOWN: Final = 3  # words of a group, in the name of an entry
_COUNTS: Final = 0
_FOUND: Final = 1
_PARTLY_FOUND: Final = 2


class Judged(NamedTuple):
    """A text judged by some of the categories."""

    scene: Scene
    verdicts: Mapping[int, Verdict]


class Account:
    """Accounts for every entry of one category in one text."""

    def __init__(self, judged: Judged, number: int, defined: Category, near: NearMisses) -> None:
        self._scene = judged.scene
        self._rules = judged.scene.rules
        self._category: CompiledCategory = self._rules.categories[number]
        self._defined = defined
        self._near = near
        verdict = judged.verdicts.get(number)
        self._verdict = verdict or Verdict(self._category)
        findings = self._scene.findings
        self._cancelled = (
            findings.cancelled(self._category) if self._category.exceptions else NOTHING
        )
        self._words = dict(self._scene.judge.words_of(number))
        self._slots = self._scene.judge.slots_of(number)
        self._hints: dict[tuple[int, ...], NearMiss | None] = {}
        self._obstacles = Obstacles(self._scene, self._category, defined.entries, self._cancelled)
        self._describer = self._scene.judge.describer
        self._matches: dict[int, list[Match]] = defaultdict(list)
        for match in self._verdict.matches:
            self._matches[match.entry].append(match)

    # ------------------------------------------------------------------- the whole

    def explanation(self, implied: tuple[str, ...], truncated: tuple[str, ...]) -> Explanation:
        """Say what came of the category, and then of its entries.

        ``truncated`` are the limits that were reached before it was judged.
        """
        reports, left_out, not_found = self._reports()
        outcome, detail = self._outcome(implied)
        status = self._category.status
        is_tagged = self._verdict.is_tagged and status != "draft"
        return Explanation(
            self._category.id,
            is_tagged or bool(implied),
            outcome,
            detail,
            status,
            in_units(self._verdict.score),
            in_units(self._category.threshold),
            implied,
            self._scene.places(self._veto[1]) if self._veto else (),
            tuple(reports),
            left_out,
            not_found,
            (*truncated, *self._scene.judge.cut_short_by),
        )

    def _outcome(self, implied: tuple[str, ...]) -> tuple[Outcome, str]:
        score, threshold = self._verdict.score, self._category.threshold
        of = f"score {in_units(score)} of {in_units(threshold)}"
        if self._verdict.is_tagged:
            needed = f"score {in_units(score)} ({in_units(threshold)} is needed)"
            if self._category.status != "draft":
                return "tagged", f"tagged, {needed}"
            if not implied:
                return "draft", f"not tagged, being a draft; if it were on, it would be: {needed}"
        if implied:
            return "implied", f"tagged, implied by {names(implied)}; by itself it has {of}"
        if self._veto:
            path, hits = self._veto
            return "vetoed", f"not tagged, vetoed by {path}: {self._scene.named(hits[0][:2])}"
        if self._verdict.counting:
            return "not_enough", f"not tagged, {of}: {in_units(threshold - score)} is missing"
        return "nothing_counts", f"not tagged, nothing counts ({of})"

    @lazy
    def _veto(self) -> tuple[str, list[Hit]] | None:
        """The entry of ``unless`` that vetoes the category, and what it found."""
        for number, bits in self._slots.items():
            block = self._category.blocks[number]
            if block.is_veto and bits == block.needs:
                findings = self._scene.findings.of_block(block, NOTHING)
                if findings:
                    name = block.entry.name or block.entry.keyword
                    path = f"`{block.entry.path}`" + (f" (`{cropped(name)}`)" if name else "")
                    return path, [_whole(finding) for finding in findings]
        return None

    # ----------------------------------------------------------------- the entries

    def _reports(self) -> tuple[list[EntryReport], int, int]:
        """Report the entries nearest to counting; count the rest, and those not found."""
        ranks = self._ranks()
        reports: list[EntryReport] = []
        left_out = 0
        for _, _, number in sorted((rank, missing, n) for n, (rank, missing) in ranks.items()):
            if len(reports) == MOST_ENTRIES or self._obstacles.work > _MOST_WORK:
                left_out += 1
                continue
            reports.append(self._report(self._category.entries[number]))
        room = min(MOST_ENTRIES - len(reports), _MOST_NEAR_MISSES)
        near, absent = self._near_misses(ranks) if room else ([], self._absent(ranks))
        reports += [self._as_report(entry, [miss.reason()]) for entry, miss in near[:room]]
        return reports, left_out + max(len(near) - room, 0), absent

    def _ranks(self) -> dict[int, tuple[int, int]]:
        """Rank the entries of which something stands in the text; then by what they lack."""
        ranks = dict.fromkeys(self._words, (_FOUND, 0))
        for number, bits in self._slots.items():
            block = self._category.blocks[number]
            if not block.is_veto and bits & ~(1 << COMPANY):
                lacking = (block.needs & ~bits).bit_count()
                ranks[number] = (_PARTLY_FOUND if lacking else _FOUND, lacking)
        for number, block in self._category.blocks.items():
            if number not in ranks and not block.is_veto and self._obstacles.has_begun(block):
                ranks[number] = (_PARTLY_FOUND, 1)
        ranks |= dict.fromkeys((match.entry for match in self._verdict.counting), (_COUNTS, 0))
        return ranks

    def _absent(self, ranks: Mapping[int, object]) -> int:
        blocks = self._category.blocks
        vetoes = sum(block.is_veto for block in blocks.values())
        return len(self._category.entries) - len(ranks) - vetoes

    def _report(self, entry: CompiledEntry) -> EntryReport:
        self._scene.judge.deadline.check()
        block = self._category.blocks.get(entry.number)
        reasons = [*self._of_evidence(entry)]
        if block is None:
            reasons += self._of_word(entry)
        else:
            reasons += self._of_block(block)
        return self._as_report(entry, reasons)

    def _as_report(self, entry: CompiledEntry, reasons: Sequence[Reason]) -> EntryReport:
        weight = in_units(entry.weight)
        counts = any(reason.code == "counted" for reason in reasons)
        return EntryReport(
            self._name(entry),
            entry.path,
            entry.source,
            weight,
            weight if counts else 0,
            tuple(reasons),
            entry.name,
        )

    def _name(self, entry: CompiledEntry) -> str:
        if entry.keyword:
            return entry.keyword
        groups = [
            ", ".join(line.keyword.written for line in group[:_MOST_SHOWN])
            + (", …" if len(group) > _MOST_SHOWN else "")
            for group in self._obstacles.entry_of(entry).groups
        ]
        return " + ".join(f"[{group}]" for group in groups)

    # ----------------------------------------------------------------- near misses

    def _near_misses(
        self, ranks: Mapping[int, object]
    ) -> tuple[list[tuple[CompiledEntry, NearMiss]], int]:
        """Give the entries that nearly stand in the text, and count those that do not at all."""
        absent = [(n, keyword) for n, keyword in self._keywords() if n not in ranks]
        absent = absent[:_MOST_KEYWORDS]
        misses = self._near.of([keyword for _, keyword in absent])
        near: dict[int, NearMiss] = {}
        for (number, _), miss in zip(absent, misses, strict=True):
            if miss is not None and (number not in near or miss.rank < near[number].rank):
                near[number] = miss
        ranked = sorted(near.items(), key=lambda known: (known[1].rank, known[0]))
        found = [(self._category.entries[number], miss) for number, miss in ranked]
        return found, self._absent(ranks) - len(found)

    def _keywords(self) -> Iterator[tuple[int, Keyword]]:
        """Give every keyword that entries seek, each with the number of its entry."""
        lists = {word_list.name: word_list.lines for word_list in self._rules.rule_set.lists}
        numbers = count()
        for entry in self._defined.entries:
            keywords = _written_out((line for group in entry.groups for line in group), lists)
            if entry.is_block or entry.condition != NO_CONDITION:
                number = next(numbers)
                yield from ((number, keyword) for keyword in keywords)
            else:
                yield from ((next(numbers), keyword) for keyword in keywords)

    def _hint(self, sets: tuple[int, ...]) -> NearMiss | None:
        """Give what comes nearest to the words of sets, of which none stands in the text."""
        if sets not in self._hints:
            lines = (line for _, line in self._scene.index.members(sets))
            keywords = [self._rules.lines[line].keyword for line in islice(lines, _MOST_KEYWORDS)]
            self._hints[sets] = self._near.best(keywords)
        return self._hints[sets]

    # -------------------------------------------------------------- what was found

    def _of_evidence(self, entry: CompiledEntry) -> Iterator[Reason]:
        """Say what counts of an entry, and what does not because of its context."""
        matches = self._matches.get(entry.number, [])
        by_context: dict[ContextName | None, list[Match]] = defaultdict(list)
        for match in matches:
            by_context[self._ignored(entry, match)].append(match)
        counted = by_context[None]
        if counted:
            weight = in_units(abs(entry.weight))
            does = f"adds {weight}" if entry.weight >= 0 else f"takes {weight} away"
            further = len(counted) - 1
            more = f"; {further:,} further {_matches(further)} nothing" if further else ""
            named = self._scene.named(counted[0][:2])
            yield Reason("counted", f"{named} {does}{more}", self._places_of(counted), len(counted))
        for context in CONTEXTS:
            if by_context[context]:
                yield self._of_context(context, entry, by_context[context])

    def _ignored(self, entry: CompiledEntry, match: Match) -> ContextName | None:
        ignore = self._category.ignore
        contexts = self._describer.contexts(entry, match) if ignore else ()
        return next((c for c in CONTEXTS if c in ignore and c in contexts), None)

    def _of_context(
        self, context: ContextName, entry: CompiledEntry, matches: Sequence[Match]
    ) -> Reason:
        match = matches[0]
        parts = [hit[:2] for hit in parts_of(match.hits)] or [match[:2]]
        cue = self._describer.reasons(sorted(parts), entry.language).get(context)
        places = self._places_of(matches)
        said = f"{self._scene.named(match[:2])} is {context}"
        if context == "capitals":
            said = f"{self._scene.named(match[:2])} stands in a line that is all in capitals"
        elif cue is not None:
            place = self._scene.place(cue)
            by = "by what begins" if context == "quoted" else f'by "{place.text}"'
            said += f" {by} at {self._scene.where(cue[0])}"
            places = (places[0], place, *places[1:])
        detail = f"{said}, which the category ignores{further(len(matches))}"
        return Reason(context, detail, places, len(matches))

    def _of_word(self, entry: CompiledEntry) -> Iterator[Reason]:
        """Say why places where a keyword stands are no evidence."""
        kept = {match[:2] for match in self._matches.get(entry.number, ())}
        source = self._words[entry.number]
        self._scene.judge.deadline.spend(len(self._scene.hits[source]))
        spans = [span for span in self._scene.hits[source] if span not in kept]
        cancelled = [s for s in spans if self._cancelled.cover(entry.number, s)]
        others = [s for s in spans if not self._cancelled.cover(entry.number, s)]
        if cancelled:
            hits = [Hit(start, end, -1) for start, end in cancelled]
            yield self._scene.cancelled(self._category, entry.number, hits)
        if others:
            yield self._overruled(others)

    def _of_block(self, block: Block) -> list[Reason]:
        """Say why a block does not hold, or why what it found is no evidence."""
        number = block.entry.number
        kept = {match[:2] for match in self._matches.get(number, ())}
        is_complete = self._slots.get(number) == block.needs
        found = self._scene.findings.of_block(block, self._cancelled) if is_complete else []
        spans = [
            _whole(f)[:2] for f in found if self._veto or self._scene.judge.is_keyword_match(f)
        ]
        others = [span for span in spans if span not in kept]
        reasons = [self._overruled(others)] if others else []
        reasons += self._obstacles.of_block(block)
        hints = [self._hint(sets) for sets in self._obstacles.missing(block)]
        reasons += [hint.reason() for hint in hints if hint is not None]
        if not reasons and not kept:
            return [Reason("not_together", "its condition takes too long to judge in this text")]
        return reasons

    def _overruled(self, spans: Sequence[Span]) -> Reason:
        """Say that matches are hidden by longer ones, or fall under the veto."""
        span = spans[0]
        named = self._scene.named(span)
        more = further(len(spans))
        places = tuple(map(self._scene.place, spans[:MOST_PLACES]))
        if self._veto:
            return Reason(
                "vetoed", f"{named} would count but for the veto{more}", places, len(spans)
            )
        other = self._winners.over(span)
        if other is None:
            return Reason("hidden", f"{named} is hidden by another match{more}", places, len(spans))
        entry = self._category.entries[other.line]
        by = self._scene.named(other[:2])
        if self._scene.text[other.start : other.end].casefold() != entry.keyword.casefold():
            by += f", a match of `{cropped(self._name(entry))}`"
        kind = "a longer match" if _length(other) > span[1] - span[0] else "an equal match"
        detail = f"{named} is hidden by {kind} of the category: {by}{more}"
        places = (places[0], self._scene.place(other[:2]), *places[1:])
        return Reason("hidden", detail, places, len(spans))

    @lazy
    def _winners(self) -> Covers:
        """The keyword matches that are evidence; the line of each is the number of its entry."""
        return Covers(
            Hit(match.start, match.end, match.entry)
            for match in self._verdict.matches
            if not match.hits
        )

    def _places_of(self, matches: Sequence[Match]) -> tuple[Place, ...]:
        return tuple(self._scene.place(match[:2]) for match in matches[:MOST_PLACES])


def _written_out(lines: Iterable[Line], lists: Mapping[str, Sequence[Line]]) -> Iterator[Keyword]:
    """Give the keywords of lines, for a list those of its lines, in the order of the compiler."""
    for line in lines:
        part = line.keyword.parts[0]
        if len(line.keyword.parts) == 1 and isinstance(part, Reference) and part.name in lists:
            yield from _written_out(lists[part.name], lists)
        else:
            yield line.keyword


def _whole(finding: Finding) -> Hit:
    """Give the stretch from the first to the last match of a finding."""
    return Hit(min(hit.start for hit in finding), max(hit.end for hit in finding), -1)


def _length(hit: Hit) -> int:
    return hit.end - hit.start


def names(ids: Sequence[str]) -> str:
    """Name categories, of many the first."""
    shown = ", ".join(ids[:_MOST_SHOWN])
    return f"{shown} and {len(ids) - _MOST_SHOWN} more" if len(ids) > _MOST_SHOWN else shown


def _matches(number: int) -> str:
    return "match adds" if number == 1 else "matches add"
