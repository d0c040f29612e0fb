"""Say in what context a match stands: negated, hypothetical, historical, quoted.

The first three are told by cues near the match (`ruletag.language.cues`), without
a parser: a cue reaches a match of its sentence that is near enough, with no border
of a clause between. Where punctuation leaves that open, as with a comma, the answer
is silence, since a match in a context may be told not to count.

All positions are in the text as sent. Nothing is computed before the first question.
An answer looks at a bounded stretch around the match, and at a bounded number of cues
in one text: matches beyond it are taken to stand in no context that cues give, as
nearly all do.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple
from unicodedata import name

from ruletag.deadline import NEVER, Deadline
from ruletag.language.cues import CLAUSE_WORDS, CONJUNCTIONS, CONTEXTS, DETERMINERS, Cue
from ruletag.lazy import lazy
from ruletag.limits import LIMITS
from ruletag.matching.gaps import Span, Spans
from ruletag.matching.quotations import Quotations
from ruletag.text.sentences import Sentences
from ruletag.text.words import count_words

CueHit = tuple[int, int, Cue]

# A cue further off than this does not reach, whatever its table says; nor are more
# than so many looked at on each side of a match.
_MOST_CHARACTERS: Final = 300
_MOST_CUES: Final = 16
_STEPS: Final = 10  # what it takes to look at a match or a cue, as a `Deadline` counts

# What ends a clause wherever it stands. A comma may: that is looked into below.
_ENDS_CLAUSE: Final = re.compile(
    r"[;()\[\]{}<>—―⸺⸻：；（）［］｛｝【】〔〕＜＞、，!?]|(?<!\d):|:(?!\d)"
    r"|[-‐‑−﹣－]{2}|(?<!\S)[-‐](?!\S)|(?<!\S)–|–(?!\S)|[,.…][\"”’»]"
)
_COMMA: Final = re.compile(r"(?<!\d),|,(?!\d)")


def _any_of(words: Iterable[str]) -> str:
    return rf"(?:{'|'.join(words)})\b"


_CLAUSE: Final = _any_of(CLAUSE_WORDS)
_AND: Final = _any_of(CONJUNCTIONS)
_GIVEN: Final = _any_of(DETERMINERS)
_IN_CLAUSE: Final = re.compile(rf"\b{_CLAUSE}", re.IGNORECASE)
_NEW_CLAUSE: Final = re.compile(rf"\b{_AND}\s+(?:{_CLAUSE}|{_GIVEN})", re.IGNORECASE)
_LAST_ITEM: Final = re.compile(rf"(?:^|\s){_AND}\s", re.IGNORECASE)
# How a list goes on behind one of its items: at most a word more of it, further items,
# and the conjunction that shows it was a list.
_LIST_GOES_ON: Final = re.compile(
    rf"""
    (?:\s(?!{_CLAUSE}|{_AND})[\w'’-]+)?+
    (?:,(?:\s(?!{_CLAUSE}|{_AND})[\w'’-]+){{1,3}}){{0,6}}
    ,?\s{_AND}\s
    """,
    re.VERBOSE | re.IGNORECASE,
)
_MOST_IN_ITEM: Final = 3  # words
_MOST_BESIDE: Final = 2  # words of the item that the match stands in
# *did not see the smugglers*: a negator does not touch what is taken as given. Where
# the article alone stands between, it does: *denied the smuggling*.
_IS_GIVEN: Final = re.compile(
    rf"\S(?:\s+{_GIVEN}|['’]s?)\s+(?:\S+\s+)?\Z|\A\s+{_GIVEN}\s+\S+\s+\Z", re.IGNORECASE
)


class Contexts:
    """The contexts of the matches of one text.

    ``hits`` are the places where cues stand, in any order; they are not looked at
    before they are needed. ``was_cut_short`` becomes true once matches are left out
    because too many cues were looked at. Every question may raise `DeadlineError`.
    """

    def __init__(
        self,
        text: str,
        sentences: Sentences,
        hits: Iterable[CueHit],
        deadline: Deadline = NEVER,
    ) -> None:
        self.was_cut_short = False
        self._left = LIMITS.contexts
        self._deadline = deadline
        self._text = text
        self._sentences = sentences
        self._hits = hits
        self._known: dict[tuple[str, tuple[Span, ...]], dict[str, Span]] = {}

    def of(self, parts: Sequence[Span], language: str) -> tuple[str, ...]:
        """Give the contexts of a match, in the order of `CONTEXTS`.

        ``parts`` are the spans of its parts, by position; ``language`` is that of its
        keyword. One part in a context puts the whole there, and so does a negator
        between two parts.
        """
        if len(parts) == 1 and not self._may_hold(parts[0]):  # mostly
            return ()
        found = self.reasons(parts, language)
        if len(found) <= 1:
            return tuple(found)
        return tuple(context for context in CONTEXTS if context in found)

    def reasons(self, parts: Sequence[Span], language: str) -> Mapping[str, Span]:
        """Give the contexts of a match, each with the cue or quotation that puts it there."""
        key = (language, tuple(parts))
        known = self._known.get(key)
        if known is not None:
            return known
        found: dict[str, Span] = {}
        if any(map(self._is_cued, parts)):  # in most sentences there is no cue
            self._look_for_cues(key[1], language, found)
        for part in parts:
            held = self._quotations.around(part)
            if held is not None:
                found["quoted"] = held
                break
        self._known[key] = found
        return found

    def _is_cued(self, part: Span) -> bool:
        """Say whether the sentence of a part has a cue."""
        starts, cued = self._cued
        return bool(cued) and bisect_right(starts, part[0]) in cued

    def _may_hold(self, part: Span) -> bool:
        """Say whether a cue or a quotation may put a match in a context."""
        return self._is_cued(part) or self._quotations.around(part) is not None

    def _look_for_cues(
        self, parts: tuple[Span, ...], language: str, found: dict[str, Span]
    ) -> None:
        """Add the contexts that cues put a match in, unless too many were looked at before."""
        if self._left <= 0:
            self.was_cut_short = True
            return
        for part in parts:
            self._look_around(part, parts, language, found)
        if len(parts) > 1 and "negated" not in found:
            negator = self._negator_between(parts, language)
            if negator is not None:
                found["negated"] = negator

    def _look_around(
        self, part: Span, parts: tuple[Span, ...], language: str, found: dict[str, Span]
    ) -> None:
        """Add the contexts of one part of a match."""
        low, high = self._sentences.span_at(part[0])
        has_before = self._cues.has_before(low, part[0])
        has_after = self._cues.has_after(part[1], high)
        if not (has_before or has_after):
            return
        self._count()
        match = _Match(part, parts, language, _is_latin(self._text[slice(*part)]))
        if has_before:
            self._look_before(match, found)
        if has_after:
            self._look_after(match, found)

    @lazy
    def _cues(self) -> "_Cues":
        return _Cues(self._hits)

    @lazy
    def _cued(self) -> tuple[list[int], frozenset[int]]:
        """Where sentences begin, and the numbers, from 1, of those with a cue that may reach."""
        starts = self._sentences.starts
        return starts, frozenset(bisect_right(starts, place) for place in self._cues.places())

    @lazy
    def _quotations(self) -> "Quotations":
        return Quotations(self._text, self._deadline)

    def _count(self) -> None:
        """Count a match, or a cue near it, that is looked at."""
        self._left -= 1
        self._deadline.spend(_STEPS)

    def _look_before(self, match: "_Match", found: dict[str, Span]) -> None:
        """Add the contexts that cues before a part of a match put it in."""
        start, end_of_match = match.part
        low, high = self._sentences.span_at(start)
        behind = self._text[end_of_match : min(high, end_of_match + _MOST_CHARACTERS)]
        seen = start
        for begin, end, cue in self._cues.ending_before(start, low):
            if len(found) == len(self._cues.contexts):
                return
            self._count()
            between = self._text[end:start]
            words = count_words(between)
            if words > self._cues.longest_reach or not self._is_open(end, seen):
                return
            seen = min(end, seen)
            if cue.context in found or not match.concerns(begin, end, cue):
                continue
            if (
                words > cue.reach
                or _is_abbreviation(self._text, end, high)
                or (cue.context == "negated" and _IS_GIVEN.search(between))
            ):
                continue
            if not _is_listed(between, behind):
                return
            found[cue.context] = (begin, end)

    def _look_after(self, match: "_Match", found: dict[str, Span]) -> None:
        """Add the contexts that cues behind a part of a match put it in."""
        start, end = match.part
        seen = end
        for begin, stop, cue in self._cues.beginning_after(end, self._sentences.span_at(start)[1]):
            if len(found) == len(self._cues.contexts):
                return
            self._count()
            between = self._text[end:begin]
            words = count_words(between)
            if words > self._cues.longest_reach or not self._is_open(seen, begin):
                return
            seen = max(seen, begin)
            if cue.context in found or not match.concerns(begin, stop, cue):
                continue
            if words > cue.reach:
                continue
            if not _lists(between):
                return
            found[cue.context] = (begin, stop)

    def _negator_between(self, parts: tuple[Span, ...], language: str) -> Span | None:
        """Give a negator between two neighbouring parts, close to both."""
        for left, right in pairwise(parts):
            if not 0 < right[0] - left[1] <= _MOST_CHARACTERS:
                continue
            if self._sentences.ends_between(left[0], right[1]):
                continue
            match = _Match(left, parts, language, _is_latin(self._text[slice(*left)]))
            for begin, end, cue in self._cues.between(left[1], right[0]):
                self._count()
                if (
                    cue.context == "negated"
                    and match.concerns(begin, end, cue)
                    and self._is_beside(left[1], begin, cue)
                    and self._is_beside(end, right[0], cue)
                ):
                    return begin, end
        return None

    def _is_beside(self, start: int, end: int, cue: Cue) -> bool:
        """Say whether nothing but a few words of one clause stands between."""
        return (
            self._is_open(start, end)
            and count_words(self._text[start:end]) <= cue.reach
            and _COMMA.search(self._text, start, end) is None
        )

    def _is_open(self, start: int, end: int) -> bool:
        """Say whether no sign and no word ends the clause in between, commas apart."""
        if self._cues.end_reach(start, end):
            return False
        # With the character behind, for the sake of dashes and quotation marks.
        behind = min(end + 1, len(self._text))
        if _ENDS_CLAUSE.search(self._text, start, behind):
            return False
        return _NEW_CLAUSE.search(self._text, start, end) is None


class _Match(NamedTuple):
    """One part of a match, and what decides which cues concern it."""

    part: Span
    parts: tuple[Span, ...]
    language: str
    is_latin: bool

    def concerns(self, begin: int, end: int, cue: Cue) -> bool:
        """Say whether the cue is of the keyword's language, or of no Latin script; and no part."""
        if cue.language != self.language and self.is_latin and _is_latin(cue.keyword):
            return False
        return not any(begin < last and first < end for first, last in self.parts)


def _is_abbreviation(text: str, end: int, end_of_sentence: int) -> bool:
    """Say whether the word that ends there is one, as in *No. 3*."""
    return end + 1 < end_of_sentence and text[end] == "."


def _is_latin(text: str) -> bool:
    if text.isascii():
        return True
    return all("LATIN" in name(letter, "") for letter in text if letter.isalpha())


# ------------------------------------------------------------------------- cues


class _Cues:
    """The cues of one text that work, by position."""

    def __init__(self, hits: Iterable[CueHit]) -> None:
        self._before: list[CueHit] = []
        self._after: list[CueHit] = []
        self._ends: list[int] = []
        never: dict[str, list[Span]] = defaultdict(list)
        for hit in hits:
            role = hit[2].role
            if role == "before":
                self._before.append(hit)
            elif role == "after":
                self._after.append(hit)
            elif role == "ends":
                self._ends.append(hit[0])
            else:
                never[hit[2].context].append(hit[:2])
        self._before.sort(key=_by_end)
        self._before_ends = [hit[1] for hit in self._before]
        self._after.sort()
        self._after_starts = [hit[0] for hit in self._after]
        self._ends.sort()
        self.contexts = {hit[2].context for hit in (*self._before, *self._after)}
        # Beyond it no cue reaches, and neither do those that stand further off.
        self.longest_reach = max((hit[2].reach for hit in (*self._before, *self._after)), default=0)
        self._never = {context: Spans(spans) for context, spans in never.items()}

    def places(self) -> Iterator[int]:
        """Give a character of each cue: the last of those that stand before, else the first."""
        for end in self._before_ends:
            yield end - 1
        yield from self._after_starts

    def has_before(self, low: int, position: int) -> bool:
        """Say whether a cue of the kind that stands before ends in a stretch of the text."""
        number = bisect_right(self._before_ends, position)
        return number > 0 and self._before_ends[number - 1] > low

    def has_after(self, position: int, high: int) -> bool:
        """Say whether a cue of the kind that stands behind begins in a stretch of the text."""
        number = bisect_left(self._after_starts, position)
        return number < len(self._after_starts) and self._after_starts[number] < high

    def ending_before(self, position: int, low: int) -> Iterator[CueHit]:
        """Give the cues that stand before a position and not before ``low``, nearest first."""
        low = max(low, position - _MOST_CHARACTERS)
        last = bisect_right(self._before_ends, position)
        for number in range(last - 1, max(-1, last - 1 - _MOST_CUES), -1):
            hit = self._before[number]
            if hit[1] <= low:
                return
            if hit[0] >= low and self._works(hit):
                yield hit

    def beginning_after(self, position: int, high: int) -> Iterator[CueHit]:
        """Give the cues that stand behind a position and not behind ``high``, nearest first."""
        high = min(high, position + _MOST_CHARACTERS)
        first = bisect_left(self._after_starts, position)
        for hit in self._after[first : first + _MOST_CUES]:
            if hit[0] >= high:
                return
            if hit[1] <= high and self._works(hit):
                yield hit

    def between(self, start: int, end: int) -> Iterator[CueHit]:
        """Give the cues of both kinds in a stretch that is not too long."""
        yield from self.ending_before(end, start)
        yield from self.beginning_after(start, end)

    def end_reach(self, start: int, end: int) -> bool:
        """Say whether a word at which all reach ends begins in between."""
        number = bisect_left(self._ends, start)
        return number < len(self._ends) and self._ends[number] < end

    def _works(self, hit: CueHit) -> bool:
        never = self._never.get(hit[2].context)
        return never is None or not never.overlap(hit[:2])


def _by_end(hit: CueHit) -> tuple[int, int, Cue]:
    return hit[1], hit[0], hit[2]


# ------------------------------------------------------------------------ commas


def _is_listed(between: str, behind: str) -> bool:
    """Say whether all commas between a cue and the match behind it part the items of a list.

    *No gold, copper or zinc was found* has such a comma; *Without evidence, police
    arrested him* has one that begins a clause. ``behind`` is what follows the match.
    """
    first, *items = _COMMA.split(between)
    if not items:
        return True
    last = items.pop()
    if not first.strip() or _IN_CLAUSE.search(first) or not all(map(_is_item, items)):
        return False
    *before, beside = _LAST_ITEM.split(last)
    if not _is_item(beside, _MOST_BESIDE):
        return False
    if not before:
        return _LIST_GOES_ON.match(behind) is not None
    # *denied it, and police* begins a clause, *no gold, tin, and zinc* ends a list.
    return all(map(_is_item, before)) and (bool(items) or bool(before[0].strip()))


def _lists(between: str) -> bool:
    """Say whether all commas between a match and the cue behind it part the items of a list."""
    first, *items = _COMMA.split(between)
    if not items:
        return True
    before = _LAST_ITEM.split(items[-1])[:-1]
    if not before or not (len(items) > 1 or before[0].strip()):
        return False
    return _is_item(first, _MOST_BESIDE) and all(map(_is_item, items))


def _is_item(words: str, most: int = _MOST_IN_ITEM) -> bool:
    return count_words(words) <= most and _IN_CLAUSE.search(words) is None
