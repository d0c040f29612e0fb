"""What a terminal is shown: colour, columns, tables, and symbols for what it must not obey."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from shutil import get_terminal_size
from typing import IO, Any, Final, NamedTuple
from unicodedata import category, east_asian_width

BOLD: Final = "1"
DIM: Final = "2"
RED: Final = "1;31"
_BETWEEN: Final = "  "
_INDENT: Final = "    "
_LEAST_SHRUNK: Final = 16  # columns of a shortened cell
_LEAST_WRAPPED: Final = 28  # columns of a wrapped cell; with fewer it goes below its row
_SYMBOLS: Final = {
    **{code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"},
    0x7F: 0x2421,
    # There are no symbols for these: further controls, and marks that turn
    # the direction of what follows.
    **dict.fromkeys((*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),  # bytes of file names that are not UTF-8
}
_OBEYED: Final = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def is_terminal(stream: IO[Any] | None) -> bool:
    """Say whether a person looks at the stream. A closed one is no terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def wants_colour(stream: IO[Any] | None, environment: Mapping[str, str]) -> bool:
    """Say whether to colour: on a terminal, unless ``NO_COLOR`` or ``FORCE_COLOR`` decide."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in {"", "0"}:
        return True
    return is_terminal(stream) and environment.get("TERM") != "dumb"


def columns(stream: IO[Any] | None) -> int | None:
    """Give the width of the terminal; None for a pipe, where nothing need be shortened."""
    return get_terminal_size().columns if is_terminal(stream) else None


def paint(text: str, style: str) -> str:
    """Give the text in a style (the numbers of an SGR sequence); as it is without one."""
    return f"\x1b[{style}m{text}\x1b[0m" if style and text else text


def visible(text: str) -> str:
    """Show control characters as symbols, so that no text can steer the terminal."""
    return text.replace("\r\n", "\n").translate(_SYMBOLS)


def visible_json(line: bytes) -> bytes:
    """Escape what JSON lets pass but a terminal would obey; the values stay the same."""
    text = line.decode("utf-8")
    return _OBEYED.sub(lambda found: f"\\u{ord(found.group()):04x}", text).encode("utf-8")


def one_line(text: str) -> str:
    """Give the text as one visible line, with single spaces for other white space."""
    return visible(re.sub(r"\s+", " ", text))


def width(text: str) -> int:
    """Count terminal columns: Hangul and Han take two, marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def shortened(text: str, most: int) -> str:
    """Give the text in at most so many columns; an ellipsis stands for what was cut off."""
    if width(text) <= most:
        return text
    kept, used = [], 1
    for character in text:
        used += _character_width(character)
        if used > most:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


class Cell(NamedTuple):
    """One cell of a table; the text is visible already, the style may be none."""

    text: str
    style: str = ""


class Table(NamedTuple):
    """Rows under a head.

    ``shrink`` numbers the column that is shortened where the terminal is too
    narrow, ``wrap`` says that the last one is broken into lines instead.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    shrink: int | None = None
    wrap: bool = False

    def lines(self, screen: int | None, *, colour: bool) -> Iterator[str]:
        """Give the lines of the table for a terminal of so many columns."""
        rows = [[Cell(name, DIM) for name in self.head], *self.rows]
        widths = [max(width(row[i].text) for row in rows) for i in range(len(self.head))]
        if self.shrink is not None and screen is not None:
            surplus = max(0, sum(widths) + len(_BETWEEN) * (len(widths) - 1) - screen)
            least = min(widths[self.shrink], _LEAST_SHRUNK)
            widths[self.shrink] = max(widths[self.shrink] - surplus, least)
        for i, row in enumerate(rows):
            cells = [*row]
            if self.shrink is not None:
                short = shortened(row[self.shrink].text, widths[self.shrink])
                cells[self.shrink] = Cell(short, row[self.shrink].style)
            if not self.wrap or screen is None:
                yield _line(cells, widths, colour=colour)
            else:
                yield from _wrapped(cells, widths, screen, is_head=i == 0, colour=colour)


def _wrapped(
    cells: Sequence[Cell], widths: Sequence[int], screen: int, *, is_head: bool, colour: bool
) -> Iterator[str]:
    """Break the last cell into lines; below the others, where they leave it no room."""
    *others, last = cells
    indent = sum(widths[:-1]) + len(_BETWEEN) * len(others)
    if screen - indent >= _LEAST_WRAPPED:
        first, *more = textwrap.wrap(last.text, screen - indent) or [""]
        yield _line([*others, Cell(first, last.style)], widths, colour=colour)
        yield from (" " * indent + line for line in more)
        return
    yield _line(others, widths[:-1], colour=colour)
    if not is_head:
        below = textwrap.wrap(last.text, max(screen - len(_INDENT), _LEAST_WRAPPED))
        yield from (_INDENT + line for line in below)


def _line(cells: Sequence[Cell], widths: Sequence[int], *, colour: bool) -> str:
    padded = [
        paint(cell.text, cell.style if colour else "") + " " * (most - width(cell.text))
        for cell, most in zip(cells, widths, strict=True)
    ]
    return _BETWEEN.join(padded).rstrip()
