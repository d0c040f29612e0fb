"""Positions in the units that callers count in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.text.offsets import Unit, converted

# name, text, positions by code point, in UTF-16 units, in bytes
CASES = [
    ("nothing asked", "copper", [], [], []),
    ("ASCII", "copper", [0, 3, 6], [0, 3, 6], [0, 3, 6]),
    ("Latin", "café au lait", [3, 4, 5], [3, 4, 5], [3, 5, 6]),
    ("Hangul", "밀수 구리", [1, 2, 3], [1, 2, 3], [3, 6, 7]),
    ("emoji", "a😀b", [1, 2, 3], [1, 3, 4], [1, 5, 6]),
    ("the same twice", "😀", [1, 1], [2, 2], [4, 4]),
    ("half a surrogate pair", "\ud800a", [1, 2], [1, 2], [3, 4]),
]


@pytest.mark.parametrize(
    ("text", "positions", "utf16", "utf8"), [pytest.param(*c[1:], id=c[0]) for c in CASES]
)
def test_positions(text: str, positions: list[int], utf16: list[int], utf8: list[int]) -> None:
    assert converted(text, positions, "codepoint") == dict(zip(positions, positions, strict=True))
    assert converted(text, positions, "utf16") == dict(zip(positions, utf16, strict=True))
    assert converted(text, positions, "utf8") == dict(zip(positions, utf8, strict=True))


@given(st.text("aé밀😀\r\n"), st.sampled_from(["utf16", "utf8"]))
def test_agrees_with_encoding_the_beginning(text: str, unit: Unit) -> None:
    encoding, width = ("utf-16-le", 2) if unit == "utf16" else ("utf-8", 1)

    found = converted(text, range(len(text) + 1), unit)

    assert found == {i: len(text[:i].encode(encoding)) // width for i in range(len(text) + 1)}
