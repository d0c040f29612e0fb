"""Operators of other search languages, which are sought as they stand."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ruletag.linting.found import phrases
from ruletag.problems import Problem, quoted
from ruletag.rules.model import Keyword

# Most keywords hold nothing of the kind, and one look is enough to say so.
_MAY_BE: Final = re.compile(r"\b(?:AND|OR|NOT|NEAR)\b|[|?!^/]|&&")
_NEAR: Final = re.compile(r"(?:w|n|near|onear|pre)/([0-9]{1,3}|[sp])", re.IGNORECASE)
_TOKEN: Final = re.compile(r"\S+")
_OR_SIGN: Final = re.compile(r"\|+")
_AND_SIGN: Final = re.compile(r"&&")
_ANY_LETTER: Final = re.compile(r"(?<=\w)\?(?=\w)")
# Not `!Kung`: names of some languages begin with a click.
_NOT_SIGN: Final = re.compile(r"^!(?=[a-z])")
_ANCHOR: Final = re.compile(r"^\^(?=\w)")
_TOGETHER: Final = "words that stand together are `{all: [a, b], within: sentence}`"
_EITHER: Final = "write each on a line of its own, or `{any: [a, b]}` in an entry"
_ABSENT: Final = "`except`, `none` and `unless` say what must not be there"
_WORDS: Final = {"AND": _TOGETHER, "OR": _EITHER, "NOT": _ABSENT, "NEAR": _TOGETHER}
_SIGNS: Final = (
    (_OR_SIGN, _EITHER),
    (_AND_SIGN, _TOGETHER),
    (_ANY_LETTER, "write each spelling out; a star stands at the end of a word"),
    (_NOT_SIGN, _ABSENT),
    (_ANCHOR, "delete it: a keyword is found wherever its words stand"),
)


class _Operator(NamedTuple):
    span: tuple[int, int]
    hint: str


def operators(keyword: Keyword) -> Iterator[Problem]:
    """Report the first operator in a keyword, if there is one."""
    written = keyword.written
    if not _MAY_BE.search(written):
        return
    is_exact = any(phrase.exact for phrase in phrases(keyword))
    found = _near(written) or _sign(written) or (None if is_exact else _word(written))
    if found is not None:
        place = keyword.location.piece(written, *found.span)
        sign = quoted(written[slice(*found.span)])
        detail = f"{sign} is no operator here: it is sought as it stands"
        yield Problem(place, "W529", detail, found.hint)


def _near(written: str) -> _Operator | None:
    """Find what asks for a distance, as `w/5` does."""
    tokens = list(_TOKEN.finditer(written))
    for token in tokens[1:-1]:
        near = _NEAR.fullmatch(token.group())
        if near is not None:
            unit = {"s": "sentence", "p": "paragraph"}.get(near[1].lower(), f"{near[1]} words")
            return _Operator(token.span(), f"write `{{all: [a, b], within: {unit}}}`")
    return None


def _sign(written: str) -> _Operator | None:
    for pattern, hint in _SIGNS:
        found = pattern.search(written)
        if found is not None:
            return _Operator(found.span(), hint)
    return None


def _word(written: str) -> _Operator | None:
    """Find a word in capitals between or before words that are not all in capitals."""
    tokens = list(_TOKEN.finditer(written))
    others = [token.group() for token in tokens if token.group() not in _WORDS]
    if all(map(str.isupper, others)):
        return None
    for i, token in enumerate(tokens[:-1]):
        if token.group() in _WORDS and (i or token.group() == "NOT"):
            return _Operator(token.span(), _WORDS[token.group()])
    return None
