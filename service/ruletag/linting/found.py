"""What a phrase finds, in a shape in which one phrase can be compared with another."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

from ruletag.matching.wordforms import Form, phrase_forms, written_forms
from ruletag.rules.model import Keyword, Phrase, Word

# A stretch of text that is found wherever it stands as words, or a form for
# which more must hold.
Base = str | Form
# A form whose case is asked for: what is found, its words, those in capitals.
Bound = tuple[Base, tuple[str, ...], tuple[int, ...]]

_PLAIN: Final = re.compile("[A-Za-z]+(?: [A-Za-z]+)*")
_MOST_KEPT: Final = 1 << 17
_ONE_STAR: Final = ("",)


class Found(NamedTuple):
    """What a phrase finds: ``free`` in any case, ``bound`` in a certain one only."""

    free: frozenset[Base]
    bound: frozenset[Bound] = frozenset()

    @property
    def stem(self) -> str:
        """What all words begin with that the phrase finds; nothing if it has no star."""
        base = next(iter(self.free), "")
        return open_stem(base) if len(self.free) == 1 else ""

    def one(self) -> Base:
        """Give one of the things found, always the same of equal ones or more of them."""
        return min((*self.free, *(base for base, *_ in self.bound)), key=_order)


def _order(base: Base) -> tuple[int, str]:
    text = base if isinstance(base, str) else base.key
    return len(text), text


@lru_cache(maxsize=_MOST_KEPT)  # several questions are asked of one category after another
def found_by(phrase: Phrase, language: str) -> Found:
    """Give what a phrase of this language finds."""
    if _is_plain(phrase):
        return Found(frozenset(map(str.lower, written_forms(phrase, language))))
    free: set[Base] = set()
    bound: set[Bound] = set()
    for form in phrase_forms(phrase, language):
        base = _base(form)
        if form.spelled or form.capitals:
            bound.add((base, form.spelled, form.capitals))
        else:
            free.add(base)
    return Found(frozenset(free), frozenset(bound))


def _is_plain(phrase: Phrase) -> bool:
    is_simple = not phrase.exact and isinstance(phrase.forms, str)
    return is_simple and all(not w.open and _PLAIN.fullmatch(w.text) for w in phrase.words)


def _base(form: Form) -> Base:
    if form.spelled or form.capitals:
        form = replace(form, spelled=(), capitals=())
    if not form.is_plain_phrase:
        return form
    return form.key[1:-1] if form.key[0] == " " else form.key


def open_stem(base: Base) -> str:
    """Give what stands before the star, where a single word with a star is found."""
    is_open = isinstance(base, Form) and base.pieces == _ONE_STAR and " " not in base.plain
    return base.plain if isinstance(base, Form) and is_open else ""


def covers(wider: Found, narrower: Found) -> bool:
    """Say whether a phrase finds all that another one finds, at the same places."""
    stem = wider.stem
    return all(_is_in(base, wider, stem) for base in narrower.free) and all(
        bound in wider.bound or _is_in(bound[0], wider, stem) for bound in narrower.bound
    )


def _is_in(base: Base, wider: Found, stem: str) -> bool:
    return base in wider.free or (stem != "" and _begins(base, stem))


def _begins(base: Base, stem: str) -> bool:
    if isinstance(base, str):
        return " " not in base and base.startswith(stem)
    return open_stem(base).startswith(stem)


# --------------------------------------------------------------------- keywords


def phrases(keyword: Keyword) -> Iterator[Phrase]:
    """Give the phrases of a keyword: one, or those of a gap that are no lists."""
    return (part for part in keyword.parts if isinstance(part, Phrase))


def single_phrase(keyword: Keyword) -> Phrase | None:
    """Give the phrase of a keyword that is nothing but one."""
    part = keyword.parts[0]
    return part if len(keyword.parts) == 1 and isinstance(part, Phrase) else None


def single_word(keyword: Keyword) -> Word | None:
    """Give the word of a keyword that is nothing but one word, in any case."""
    phrase = single_phrase(keyword)
    if phrase is None or phrase.exact or len(phrase.words) != 1:
        return None
    return phrase.words[0]
