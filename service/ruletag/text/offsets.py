"""Count positions in the unit that a caller's language counts in."""

from collections.abc import Iterable
from typing import Literal, get_args

Unit = Literal["codepoint", "utf16", "utf8"]
UNITS: tuple[Unit, ...] = get_args(Unit)

_ENCODINGS = {"utf16": ("utf-16-le", 2), "utf8": ("utf-8", 1)}


def converted(text: str, positions: Iterable[int], unit: Unit) -> dict[int, int]:
    """Give each position (in code points from 0) in the unit asked for.

    ``utf16`` counts as JavaScript and Java do, ``utf8`` counts bytes. The text is
    encoded once, piece by piece between the positions.
    """
    distinct = sorted(set(positions))
    if unit == "codepoint" or text.isascii():
        return {position: position for position in distinct}
    encoding, width = _ENCODINGS[unit]
    found: dict[int, int] = {}
    length = done = 0
    for position in distinct:
        length += len(text[done:position].encode(encoding, "surrogatepass")) // width
        found[position] = length
        done = position
    return found
