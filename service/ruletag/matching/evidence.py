"""Describe matches as evidence: what stands where, by which line, in what context.

Judging moves matches; evidence is made of those alone that are reported, since most
of what it says costs more than the match did.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from ruletag.deadline import NEVER, Deadline
from ruletag.language.cues import CONTEXTS
from ruletag.lazy import lazy
from ruletag.matching.compiler import CompiledCategory, CompiledRules
from ruletag.matching.contexts import Contexts, CueHit
from ruletag.matching.entries import CompiledEntry
from ruletag.matching.gaps import Span
from ruletag.matching.scanning import Hits
from ruletag.matching.tagging import Evidence, Part
from ruletag.matching.windows import NO_MATCH, Finding, Hit
from ruletag.rules.model import Phrase
from ruletag.text.sentences import LINE_BREAK, Sentences

OWN_LINE: Final = -1  # the match is of the entry's own keyword
_JOINED: Final = " + "
_STEPS: Final = 5  # what it takes to describe a match, as a `Deadline` counts
_NO_LINE: Final = -2  # it is of another category, which knows its contexts


class Match(NamedTuple):
    """An entry matches at ``[start, end)``.

    ``hits`` are what it is made of, by position, where that is more than one phrase.
    """

    start: int
    end: int
    entry: int
    line: int = OWN_LINE
    hits: Finding = ()


class _Told(NamedTuple):
    """A match of which other categories were told, and what it was an entry of."""

    match: Match
    entry: CompiledEntry


_Place = tuple[int, int, tuple[Hit, ...]]  # where a match stands, and its parts


class Describer:
    """Describes the matches of one text. ``body_start`` is where it begins behind its title.

    What looks at contexts raises `DeadlineError`.
    """

    def __init__(  # noqa: PLR0913 - a text and what has been found in it
        self,
        rules: CompiledRules,
        text: str,
        body_start: int,
        hits: Hits,
        sentences: Sentences,
        *,
        deadline: Deadline = NEVER,
    ) -> None:
        self._deadline = deadline
        self._rules = rules
        self._text = text
        self._body_start = body_start
        self._hits = hits
        self._sentences = sentences
        self._contexts = Contexts(text, sentences, _cues_in(rules, hits), deadline)
        self._told: list[_Told] = []
        self._told_contexts: dict[int, tuple[str, ...]] = {}
        self._told_at: dict[_Place, int] = {}
        self._told_also: dict[int, list[int]] = defaultdict(list)  # in the same place

    def match_of(self, entry: int, finding: Finding) -> Match:
        """Give what satisfies a condition as a match of its entry."""
        if len(finding) == 1:
            return Match(finding[0].start, finding[0].end, entry, finding[0].line, finding)
        hits = tuple(sorted(finding))
        # A condition over the whole document may have parts in the title as well:
        # then its span is that of the parts in the text.
        in_text = [hit for hit in hits if hit.start >= self._body_start] or hits
        end = max(hit.end for hit in in_text)
        return Match(in_text[0].start, end, entry, in_text[0].line, hits)

    # ------------------------------------------------------------------ evidence

    def evidence(self, category: CompiledCategory, match: Match) -> Evidence:
        """Lead a match back to the text, or the title, as sent."""
        start, end, number, _, hits = match
        entry = category.entries[number]
        self._deadline.spend(_STEPS + len(hits))
        in_title = start < self._body_start
        shift = 0 if in_title else self._body_start
        first, last = self._sentences.span_at(start)
        if last < end and len(hits) < 2:  # noqa: PLR2004 - a name with a full stop in it
            last = self._sentences.span_at(end - 1)[1]
        contexts = self.contexts(entry, match)
        keyword, ids = self._said(entry, match)
        return Evidence(
            start - shift,
            end - shift,
            self._text[start:end],
            keyword,
            entry,
            ids,
            (first - shift, last - shift),
            contexts,
            category.ignore.isdisjoint(contexts),
            tuple([self._part(part) for part in parts_of(hits)]) if hits else (),
            in_title,
        )

    def _said(self, entry: CompiledEntry, match: Match) -> tuple[str, tuple[str, ...]]:
        """Give what was found, as its author wrote it, and the ids of that."""
        if len(match.hits) > 1:
            lines = [self._rules.lines[hit.line] for hit in match.hits]
            keyword = _JOINED.join([line.keyword.written for line in lines])
            return keyword, tuple(dict.fromkeys([id_ for line in lines for id_ in line.ids]))
        if match.line == OWN_LINE:
            return entry.keyword, entry.ids
        line = self._rules.lines[match.line]
        return line.keyword.written, tuple(dict.fromkeys(line.ids)) if match.hits else line.ids

    def _part(self, hit: Hit) -> Part:
        start, end = hit[0], hit[1]
        in_title = start < self._body_start
        shift = 0 if in_title else self._body_start
        return Part(start - shift, end - shift, self._text[start:end], in_title)

    # ------------------------------------------------------------------ contexts

    def contexts(self, entry: CompiledEntry, match: Match) -> tuple[str, ...]:
        """Judge the contexts of a match on every phrase that was found."""
        hits = match.hits
        if not (hits or self._has_capitals):  # mostly
            return self._contexts.of((match[:2],), entry.language)
        self._deadline.spend(_STEPS)
        if not hits:
            hits = (Hit(match.start, match.end, match.line),)
        leaves = sorted([leaf for hit in hits for leaf in hit.leaves()])
        contexts = self._contexts.of(tuple([leaf[:2] for leaf in leaves]), entry.language)
        known = {
            context for hit in hits if hit.match != NO_MATCH for context in self._told_in(hit.match)
        }
        if self._has_capitals and any(self._is_in_capitals(leaf, entry) for leaf in leaves):
            known.add("capitals")
        if known.issubset(contexts):
            return contexts
        return tuple(context for context in CONTEXTS if context in known.union(contexts))

    def reasons(self, parts: Sequence[Span], language: str) -> Mapping[str, Span]:
        """Give the contexts of a match, each with the cue or quotation that puts it there."""
        return self._contexts.reasons(parts, language)

    @property
    def was_cut_short(self) -> bool:
        """Whether the contexts of some matches were not worked out."""
        return self._contexts.was_cut_short

    def _is_in_capitals(self, leaf: Hit, entry: CompiledEntry) -> bool:
        """Say whether an exact keyword stands in a line of capitals, where case says nothing."""
        if leaf.line == _NO_LINE:
            return False
        if leaf.line == OWN_LINE:
            is_exact = entry.is_exact
        else:
            phrase = self._rules.lines[leaf.line].keyword.parts[0]
            is_exact = isinstance(phrase, Phrase) and phrase.exact
        return is_exact and self._lines.are_in_capitals(leaf.start, leaf.end)

    @lazy
    def _has_capitals(self) -> bool:
        """Whether a line may be in capitals, though it be divided further than `_Lines` does."""
        return any(map(str.isupper, self._text.splitlines()))

    @lazy
    def _lines(self) -> "_Lines":
        return _Lines(self._text)

    # ------------------------------------------------- what other categories are told

    def as_hit(self, category: CompiledCategory, match: Match) -> Hit:
        """Give a match as what refers to its category sees it.

        Matches of one stretch in the same contexts are given alike.
        """
        parts = tuple([Hit(part.start, part.end, _NO_LINE) for part in parts_of(match.hits)])
        told = _Told(match, category.entries[match.entry])
        place = match.start, match.end, parts
        number = len(self._told)
        first = self._told_at.setdefault(place, number)
        if first == number:
            self._add_told(told)
        else:
            number = self._number(told, first)
        return Hit(match.start, match.end, _NO_LINE, parts, number)

    def _number(self, told: _Told, first: int) -> int:
        """Number a match where others stand already: as that which has the same contexts."""
        contexts = self.contexts(told.entry, told.match)
        for number in (first, *self._told_also[first]):
            if self._told_in(number) == contexts:
                return number
        self._told_also[first].append(len(self._told))
        self._add_told(told)
        return len(self._told) - 1

    def _add_told(self, told: _Told) -> None:
        self._told.append(told)
        if any(hit.match != NO_MATCH for hit in told.match.hits):
            # Now, lest a chain of categories be followed at once.
            self._told_in(len(self._told) - 1)

    def _told_in(self, number: int) -> tuple[str, ...]:
        """Give the contexts of a match of which others were told."""
        known = self._told_contexts.get(number)
        if known is None:
            match, entry = self._told[number]
            known = self._told_contexts[number] = self.contexts(entry, match)
        return known


def _cues_in(rules: CompiledRules, hits: Hits) -> Iterator[CueHit]:
    for source in rules.cues.keys() & hits.keys():
        for start, end in hits[source]:
            for cue in rules.cues[source]:
                yield start, end, cue


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


def parts_of(hits: Finding) -> Sequence[Hit]:
    """Give the parts that are shown: those of a gap, or of a condition."""
    return hits if len(hits) > 1 else hits[0].parts if hits else ()
