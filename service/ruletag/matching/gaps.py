"""Find the phrases of a gap near each other, in order, with little between them.

All positions are in the text as sent, so that what stands between two phrases
is judged as a reader sees it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any, Final, TypeVar

from ruletag.deadline import NEVER, Deadline
from ruletag.text.sentences import Sentences
from ruletag.text.words import has_at_most_words

Span = tuple[int, int]
_Match = TypeVar("_Match", bound=tuple[Any, ...])

MOST_WORDS_BETWEEN: Final = 5
_FEW_CHARACTERS: Final = 100  # between two phrases, looked at in a simpler way first
# What a gap may not pass: brackets, colons and semicolons, dashes, opening
# quotation marks, and commas but for the one inside a number. The end of a
# sentence and a blank line are `Sentences`' business.
PHRASE_END: Final = re.compile(
    r"[:;()\[\]{}<>—―⸺⸻：；（）［］｛｝【】〔〕＜＞“‘„‚«‹「『《〈、]"
    r"|(?<!\d)[,，]|[,，](?!\d)|[-‐‑−﹣－]{2}|(?<!\S)–|–(?!\S)|(?<!\S)[\"'](?=\w)"
)
# What is left of these where a gap may pass from clause to clause.
_CLAUSES_END: Final = re.compile(
    r"[:()\[\]{}<>：（）［］｛｝【】〔〕＜＞“‘„‚«‹「『《〈]|(?<!\S)[\"'](?=\w)"
)


class Spans:
    """Stretches of text, merged, that can be asked what they overlap."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def overlap(self, span: Span) -> bool:
        """Say whether one of them shares a character with the span."""
        i = bisect_left(self._starts, span[1]) - 1
        return i >= 0 and self._ends[i] > span[0]


class GapFinder:
    """Finds the gaps of one text.

    ``across_clauses`` lets commas, semicolons and dashes stand in them. Raises
    `DeadlineError`.
    """

    def __init__(
        self,
        text: str,
        sentences: Sentences,
        *,
        across_clauses: bool = False,
        deadline: Deadline = NEVER,
    ) -> None:
        self._deadline = deadline
        self._text = text
        self._sentences = sentences
        self._ends = _CLAUSES_END if across_clauses else PHRASE_END

    def find(self, parts: Sequence[Sequence[_Match]]) -> list[tuple[_Match, ...]]:
        """Give the places where all parts stand in order, each as one match a part.

        ``parts`` holds the matches of each part, tuples that begin with start and
        end. From left to right, every match
        of the last part is tried as the end (of those that begin together the
        longest first); the nearest matches before it are the other parts. Of
        places that overlap, the first is taken.
        """
        ordered = [
            sorted(set(matches), key=_by_end) if len(matches) > 1 else matches for matches in parts
        ]
        dead: set[tuple[int, int, int]] = set()
        found: list[tuple[_Match, ...]] = []
        for last in sorted(ordered[-1], key=lambda match: (match[0], -match[1])):
            if found and last[0] < found[-1][-1][1]:
                continue
            chain = self._before(ordered, len(parts) - 1, last, dead)
            if chain is not None and not (found and chain[0][0] < found[-1][-1][1]):
                found.append(chain)
        return found

    def _before(
        self,
        parts: Sequence[Sequence[_Match]],
        number: int,
        match: _Match,
        dead: set[tuple[int, int, int]],
    ) -> tuple[_Match, ...] | None:
        """Lead a match of part ``number`` back to a match of the first part."""
        if number == 0:
            return (match,)
        place = (number, match[0], match[1])
        if place in dead:
            return None
        earlier = parts[number - 1]
        for i in range(bisect_right(earlier, match[0], key=_end) - 1, -1, -1):
            if not self._is_passable(earlier[i], match):
                break
            if number == 1:
                return earlier[i], match
            chain = self._before(parts, number - 1, earlier[i], dead)
            if chain is not None:
                return (*chain, match)
        dead.add(place)
        return None

    def _is_passable(self, left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
        """Say whether a gap may lie between two matches. If not, no wider one may."""
        if self._sentences.ends_between(left[0], right[1]):
            return False
        start, end = left[1], right[0]
        self._deadline.spend(1 + (end - start) // _FEW_CHARACTERS)
        # Mostly there are words alone between, and no sign to look for.
        if end - start <= _FEW_CHARACTERS:
            between = self._text[start : end + 1]
            if between.isascii() and between.replace(" ", "").isalnum():
                return len(between[:-1].split()) <= MOST_WORDS_BETWEEN
        # First, since it bounds what the pattern then has to search.
        if not has_at_most_words(self._text, start, end, MOST_WORDS_BETWEEN):
            return False
        # Looked at with the character behind it, for the sake of quotes and commas.
        return self._ends.search(self._text, start, min(end + 1, len(self._text))) is None


_end: Final = itemgetter(1)
_by_end: Final = itemgetter(1, 0)
