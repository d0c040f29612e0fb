"""Find the phrases of a gap near each other, in order, with little between them.

All positions are in the text as sent, so that what stands between two phrases
is judged as a reader sees it.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

from ruletag.text.sentences import Sentences
from ruletag.text.words import count_words

Span = tuple[int, int]

MOST_WORDS_BETWEEN: Final = 5
# What a gap may not pass: brackets, colons and semicolons, dashes, opening
# quotation marks, and commas but for the one inside a number. The end of a
# sentence and a blank line are `Sentences`' business.
_ENDS_GAP: Final = re.compile(
    r"[:;()\[\]{}<>—―⸺⸻：；（）［］｛｝【】〔〕＜＞“‘„‚«‹「『《〈、]"
    r"|(?<!\d)[,，]|[,，](?!\d)|[-‐‑−﹣－]{2}|(?<!\S)–|–(?!\S)|(?<!\S)[\"'](?=\w)"
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
    """Finds the gaps of one text."""

    def __init__(self, text: str, sentences: Sentences) -> None:
        self._text = text
        self._sentences = sentences

    def find(self, parts: Sequence[Sequence[Span]]) -> list[tuple[Span, ...]]:
        """Give the places where all parts stand in order, each as one span a part.

        ``parts`` holds the matches of each part. From left to right, every match
        of the last part is tried as the end (of those that begin together the
        longest first); the nearest matches before it are the other parts. Of
        places that overlap, the first is taken.
        """
        ordered = [sorted(set(spans), key=_by_end) for spans in parts]
        dead: set[tuple[int, Span]] = set()
        found: list[tuple[Span, ...]] = []
        for last in sorted(ordered[-1], key=lambda span: (span[0], -span[1])):
            if found and last[0] < found[-1][-1][1]:
                continue
            chain = self._before(ordered, len(parts) - 1, last, dead)
            if chain is not None and not (found and chain[0][0] < found[-1][-1][1]):
                found.append(chain)
        return found

    def _before(
        self, parts: list[list[Span]], number: int, span: Span, dead: set[tuple[int, Span]]
    ) -> tuple[Span, ...] | None:
        """Lead a match of part ``number`` back to a match of the first part."""
        if number == 0:
            return (span,)
        if (number, span) in dead:
            return None
        earlier = parts[number - 1]
        for i in range(bisect_right(earlier, span[0], key=_end) - 1, -1, -1):
            if not self._is_passable(earlier[i], span):
                break
            chain = self._before(parts, number - 1, earlier[i], dead)
            if chain is not None:
                return (*chain, span)
        dead.add((number, span))
        return None

    def _is_passable(self, left: Span, right: Span) -> bool:
        """Say whether a gap may lie between two matches. If not, no wider one may."""
        if self._sentences.ends_between(left[0], right[1]):
            return False
        # Looked at with the characters around it, for the sake of quotes and commas.
        if _ENDS_GAP.search(self._text, left[1], min(right[0] + 1, len(self._text))):
            return False
        return count_words(self._text[left[1] : right[0]]) <= MOST_WORDS_BETWEEN


def _end(span: Span) -> int:
    return span[1]


def _by_end(span: Span) -> tuple[int, int]:
    return span[1], span[0]
