"""Show a tagged text on a terminal: the evidence marked in the text, and a table below it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

from ruletag.cli.terminal import BOLD, DIM, Cell, Table, one_line, paint, visible
from ruletag.http.wire import Document
from ruletag.matching.tagging import Evidence, Tag, Tagging

_COLOURS: Final = ("32", "33", "36", "35", "34", "31", "92", "93", "96", "95", "94", "91")
_UNDERLINED: Final = "4"
_HEAD: Final = ("category", "score", "severity", "evidence", "rule")
_EVIDENCE: Final = _HEAD.index("evidence")


class Palette:
    """Gives each category a colour, and the same one as long as the program runs."""

    def __init__(self) -> None:
        self._colours: dict[str, str] = {}

    def __getitem__(self, category: str) -> str:
        number = len(self._colours) % len(_COLOURS)
        return self._colours.setdefault(category, _COLOURS[number])


class Layer(IntEnum):
    """What a stretch of evidence is; of two over the same text the first is shown."""

    KEYWORD = 0
    PART = 1
    GAP = 2


class Mark(NamedTuple):
    """A stretch of text that is evidence for a category."""

    start: int
    end: int
    category: str
    layer: Layer


class Marker:
    """Shows documents for one terminal. Without a palette evidence is put in ``[[ ]]``.

    ``place`` turns the source of an entry into what a person can open.
    """

    def __init__(
        self, place: Callable[[str], str], screen: int | None, palette: Palette | None
    ) -> None:
        self._place = place
        self._screen = screen
        self._palette = palette

    def lines(self, name: str, document: Document, tagging: Tagging) -> Iterator[str]:
        """Give all there is to show of a document."""
        yield self._paint(one_line(name), BOLD)
        yield ""
        if document.title:
            yield self._marked(document.title, _marks(tagging, in_title=True))
            yield ""
        yield self._marked(document.text, _marks(tagging, in_title=False)).rstrip("\n")
        yield ""
        yield from self._table(tagging)
        if not tagging.complete:
            limits = " and ".join(tagging.truncated)
            yield self._paint(f"not complete: the limit of {limits} was reached", BOLD)

    def _paint(self, text: str, style: str) -> str:
        return paint(text, style) if self._palette is not None else text

    def _marked(self, text: str, marks: Sequence[Mark]) -> str:
        if self._palette is None:
            return _bracketed(text, marks)
        return "".join(
            # Each line for itself: pagers forget a colour at the end of a line.
            "\n".join(
                paint(line, _style(active, self._palette))
                for line in visible(text[start:end]).split("\n")
            )
            for start, end, active in stretches(len(text), marks)
        )

    def _table(self, tagging: Tagging) -> Iterator[str]:
        if not tagging.tags:
            yield self._paint("no category", DIM)
            return
        rows = [row for tag in tagging.tags for row in self._rows(tag)]
        table = Table(_HEAD, rows, shrink=_EVIDENCE)
        yield from table.lines(self._screen, colour=self._palette is not None)

    def _rows(self, tag: Tag) -> Iterator[tuple[Cell, ...]]:
        """Give a row for each entry that matched; what is said of the category stands once."""
        colour = f"{BOLD};{self._palette[tag.category]}" if self._palette is not None else ""
        score = "" if tag.score is None else f"{tag.score:g}"
        begin = (Cell(tag.category, colour), Cell(score), Cell(tag.severity or ""))
        by_entry: dict[int, list[Evidence]] = defaultdict(list)
        for piece in tag.evidence:
            by_entry[piece.entry.number].append(piece)
        if not by_entry:
            implied = f"implied by {', '.join(tag.implied_by)}" if tag.implied_by else ""
            yield (*begin, Cell(implied, DIM), Cell(""))
        for pieces in by_entry.values():
            place = one_line(self._place(pieces[0].source))
            yield (*begin, Cell(_counts(pieces)), Cell(place, DIM))
            begin = (Cell(""), Cell(""), Cell(""))


def stretches(length: int, marks: Sequence[Mark]) -> Iterator[tuple[int, int, tuple[Mark, ...]]]:
    """Cut a text where marks begin and end; give each stretch with the marks over it."""
    edges = {0, length, *(mark.start for mark in marks), *(mark.end for mark in marks)}
    waiting = sorted(marks, reverse=True)
    active: list[Mark] = []
    for start, end in pairwise(sorted(edges)):
        active = [mark for mark in active if mark.end > start]
        while waiting and waiting[-1].start <= start:
            active.append(waiting.pop())
        yield start, end, tuple(active)


def _marks(tagging: Tagging, *, in_title: bool) -> list[Mark]:
    marks = []
    for tag in tagging.tags:
        for piece in tag.evidence:
            if piece.in_title != in_title:
                continue
            layer = Layer.GAP if piece.parts else Layer.KEYWORD
            marks.append(Mark(piece.start, piece.end, tag.category, layer))
            marks += (Mark(p.start, p.end, tag.category, Layer.PART) for p in piece.parts)
    return marks


def _style(active: Sequence[Mark], palette: Palette) -> str:
    """Let the shortest mark give its colour; underlined, there is more than one category."""
    if not active:
        return ""
    inner = min(active, key=lambda mark: (mark.end - mark.start, mark.layer))
    several = len({mark.category for mark in active}) > 1
    styles = (
        BOLD if inner.layer < Layer.GAP else "",
        palette[inner.category],
        _UNDERLINED if several else "",
    )
    return ";".join(filter(None, styles))


def _bracketed(text: str, marks: Sequence[Mark]) -> str:
    """Put evidence in ``[[ ]]``, as tests in rules do; what overlaps stands in one pair."""
    pieces: list[str] = []
    is_open = False
    ends = 0
    for start, end, active in stretches(len(text), marks):
        if is_open and (not active or start >= ends):
            pieces.append("]]")
            is_open = False
        if active and not is_open:
            pieces.append("[[")
            is_open = True
        ends = max([ends, *(mark.end for mark in active)])
        pieces.append(visible(text[start:end]))
    return "".join([*pieces, "]]" if is_open else ""])


def _counts(pieces: Sequence[Evidence]) -> str:
    """Give the distinct texts of the evidence, with how often each stands there."""
    texts = Counter(_named(piece) for piece in pieces)
    return ", ".join(text if n == 1 else f"{text} ×{n}" for text, n in texts.items())


def _named(piece: Evidence) -> str:
    text = one_line(piece.text)
    return f"{text} ({', '.join(piece.contexts)})" if piece.contexts else text
