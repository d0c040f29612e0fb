"""Write out every form in which a phrase may stand in folded text.

Inflection, spellings and optional dots are multiplied out when rules are
compiled, so that the automaton seeks exact strings and the hot path pays
nothing. What a string alone cannot say (case, punctuation inside a keyword, an
open end, a Korean particle) stands beside it in a `Form` and is checked only
where the string was found.
"""

import re
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import prod
from typing import Final
from unicodedata import category, normalize

from ruletag.language.forms import plural_forms, spellings, verb_forms
from ruletag.language.korean import PARTICLE, begins_word, has_company
from ruletag.rules.model import Phrase, Word
from ruletag.text.folding import Reading, fold, join_broken_words
from ruletag.text.words import (
    HAS_OTHER_EDGES,
    in_word,
    is_hangul,
    is_katakana,
    is_spaced,
)

_LAST_LETTERS: Final = re.compile(r"[^\W\d_]+$")
# A hyphen, slash or apostrophe parts a word into pieces; it stays a piece itself.
_PIECE_END: Final = re.compile(r"([-/'\u2010\u2011\u2019])")
_DOTTED: Final = re.compile(r"[^\W_]+(?:\.[^\W_]+)*\.?")
_DOT: Final = re.compile(r"(?<=[^\W\d_])\.")
_WORD: Final = re.compile(r"[^\W_]+")
_FEW_CHARACTERS: Final = 64  # of so short a text it is remembered what its words are
_PLAIN_WORD: Final = re.compile("[A-Za-z]+")
_PLAIN: Final = re.compile("[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
# Marks an open end until the text is folded: a private-use character, which
# folding leaves alone and which keywords may not hold.
STAR: Final = "\ue000"
_MOST_FORMS: Final = 1_000  # of one keyword; `forms` written out could be millions


@dataclass(frozen=True, slots=True)
class Form:
    """One way a phrase stands in folded text.

    ``key`` is what the automaton seeks in ``scan``: for spaced scripts with a
    space at both ends (at the front only, where the end is open), for others
    bare. The remaining fields say what must hold besides:

    - ``plain``: stands in ``Reading.plain``, ``lead`` characters after the key begins.
    - ``pieces``: of an open form, what follows each star.
    - ``pattern``: of East Asian scripts, matches at the key.
    - ``spelled``: the words, with their case, as they must stand in the text as sent.
    - ``capitals``: the numbers of the words that must be in capitals there.
    """

    key: str
    plain: str = ""
    lead: int = 0
    pieces: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    spelled: tuple[str, ...] = ()
    capitals: tuple[int, ...] = ()

    @property
    def is_bare(self) -> bool:
        """Say whether the key alone decides: one word of a spaced script, or Han."""
        return self.is_plain_phrase and " " not in self.key[1:-1]

    @property
    def is_plain_phrase(self) -> bool:
        """Say whether the words of the key, side by side in ``plain``, decide."""
        is_spaced_out = self.key[0] == " "
        inner = self.key[1:-1] if is_spaced_out else ""
        beside = self.pieces or self.pattern or self.spelled or self.capitals
        return not beside and self.plain == inner and self.lead == is_spaced_out


class TooManyFormsError(ValueError):
    """The phrase has more forms than can be sought."""


def phrase_forms(phrase: Phrase, language: str) -> tuple[Form, ...]:
    """Give every form of the phrase, each once.

    Raises `TooManyFormsError` where marks and spellings multiply beyond reason.
    """
    forms = (
        form
        for text in written_forms(phrase, language)
        for form in _forms_of(text, exact=phrase.exact)
    )
    return tuple(dict.fromkeys(forms))


def plain_keys(phrase: Phrase, language: str) -> tuple[str, ...]:
    """Give the keys of a phrase of plain words, each once: all that its forms would say.

    Nothing for any other phrase. Of these there are most, and for them all the
    rest of this module would be work for nothing. Raises as `phrase_forms` does.
    """
    if phrase.exact or isinstance(phrase.forms, tuple):
        return ()
    for text, _, is_open in phrase.words:
        if is_open or not (text.isalpha() and text.isascii()):
            return ()
    words = [word.text.lower() for word in phrase.words]
    if language != "en" or phrase.forms == "none":
        return (f" {' '.join(words)} ",)
    choices = [*map(_both_spellings_of, words, _inflections(phrase))]
    if len(choices) == 1:
        return tuple([f" {form} " for form in choices[0]])
    _check_count(choices)
    return tuple([f" {' '.join(words)} " for words in product(*choices)])


def _check_count(choices: Iterable[Sized]) -> None:
    count = prod(map(len, choices))
    if count > _MOST_FORMS:
        raise TooManyFormsError(f"{count:,} forms; one keyword may have {_MOST_FORMS:,}")


def written_forms(phrase: Phrase, language: str) -> Iterator[str]:
    """Give each form as text, with a sign where its end is open."""
    inflections = _inflections(phrase)
    choices = [
        _word_forms(phrase, word, inflect, language)
        for word, inflect in zip(phrase.words, inflections, strict=True)
    ]
    _check_count(choices)
    yield from map(" ".join, product(*choices))
    if isinstance(phrase.forms, tuple):
        yield from phrase.forms


def _word_forms(phrase: Phrase, word: Word, inflect: str | None, language: str) -> tuple[str, ...]:
    """Give the forms of one word of the phrase."""
    if word.open:
        return (word.text + STAR,)
    if language != "en" or (inflect is None and phrase.forms == "none"):
        return (word.text,)
    if isinstance(phrase.forms, tuple) and not word.inflected:
        return (word.text,)
    return _inflected(word, inflect, exact=phrase.exact)


def _inflections(phrase: Phrase) -> list[str | None]:
    """Say how each word of the phrase is inflected: the marked words, else the last."""
    inflections: list[str | None] = [None] * len(phrase.words)
    if phrase.forms == "none":
        return inflections
    marked = [word.inflected for word in phrase.words]
    if True in marked:
        return ["verb" if is_marked else None for is_marked in marked]
    if phrase.forms == "verb":
        inflections[0] = "verb"
    elif phrase.forms in {"default", "plural"}:
        inflections[-1] = "plural"
    return inflections


def _inflected(word: Word, inflect: str | None, *, exact: bool) -> tuple[str, ...]:
    """Give all forms of a word: its last piece inflected, each piece in both spellings."""
    if not exact and _PLAIN_WORD.fullmatch(word.text):
        plain = word.text.lower()
        return tuple(dict.fromkeys((word.text, *_both_spellings_of(plain, inflect))))
    *pieces, last = _PIECE_END.split(_in_plain_letters(word.text, exact=exact))
    found = _LAST_LETTERS.search(last)
    front, stem = (last[: found.start()], found.group()) if found else (last, "")
    forms = _with_endings(stem, inflect)
    choices = [_in_both_spellings(piece, (piece,), exact=exact) for piece in pieces]
    choices.append([front + form for form in _in_both_spellings(stem, forms, exact=exact)])
    return tuple(dict.fromkeys((word.text, *map("".join, product(*choices)))))


def _with_endings(stem: str, inflect: str | None) -> tuple[str, ...]:
    if inflect is None:
        return (stem,)
    return verb_forms(stem) if inflect == "verb" else plural_forms(stem)


@lru_cache(maxsize=10_000)
def _both_spellings_of(plain: str, inflect: str | None) -> tuple[str, ...]:
    if inflect is None:
        return spellings(plain)
    forms = _with_endings(plain, inflect)
    return tuple(dict.fromkeys([twin for form in forms for twin in spellings(form)]))


def _in_plain_letters(text: str, *, exact: bool) -> str:
    """Give a word with ligatures, full-width or invisible letters as inflection knows it."""
    if text.isascii() or exact:
        return text
    plain = "".join(c for c in normalize("NFKC", text) if category(c) != "Cf")
    return plain if plain.isascii() and plain.isalpha() else text


def _in_both_spellings(stem: str, forms: tuple[str, ...], *, exact: bool) -> list[str]:
    twins = dict.fromkeys(twin for form in forms for twin in spellings(form))
    return [_as_written(stem, twin) for twin in twins] if exact else list(twins)


def _as_written(stem: str, form: str) -> str:
    """Give a form the case of the word it comes from: MP → MPs, Child → Children."""
    if form.startswith(stem.lower()):
        return stem + form[len(stem) :]
    return form.capitalize() if stem[0].isupper() else form


def _forms_of(text: str, *, exact: bool) -> Iterator[Form]:
    """Give the forms of one written text: each of its words with dots, and without."""
    if "." not in text:
        yield _form(text, exact=exact)
        return
    for undotted, capitals in _dot_variants(text):
        yield replace(_form(undotted, exact=exact), capitals=capitals)


def _dot_variants(text: str) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the text with and without the dots of each word.

    With each comes the numbers of the words that lost their dots, and so must be
    in capitals.
    """
    dotted = [found for found in _DOTTED.finditer(text) if _DOT.search(found.group())]
    for kept in product(*(_with_and_without(found.group()) for found in dotted)):
        pieces: list[str] = []
        capitals: list[int] = []
        done = 0
        for found, (word, lost) in zip(dotted, kept, strict=True):
            pieces.append(text[done : found.start()])
            if lost:
                capitals.append(len(_WORD.findall("".join(pieces))))
            pieces.append(word)
            done = found.end()
        yield "".join((*pieces, text[done:])), tuple(capitals)


def _with_and_without(word: str) -> tuple[tuple[str, bool], ...]:
    """Give U.S., U.S and US (which is to be in capitals) for U.S."""
    undotted = (_DOT.sub("", word), True)
    if word.count(".") > 1 and word.endswith("."):
        return (word, False), (word[:-1], False), undotted
    return (word, False), undotted


def _form(text: str, *, exact: bool) -> Form:
    if not exact and _PLAIN.fullmatch(text):
        plain = text.lower()  # by far the most common, and what folding would give
        return Form(f" {plain} ", plain, 1)
    reading = fold(text)
    begin, end = _trimmed(reading.plain)
    plain, scan = reading.plain[begin:end], reading.scan[begin:end]
    spelled = spelled_words(text) if exact else ()
    if HAS_OTHER_EDGES.search(plain):
        return _other_edges(plain, scan, spelled)
    first, last = _trimmed(scan)
    if STAR in plain:
        return _open_form(plain, first, spelled)
    return Form(f" {scan[first:last]} ", plain, 1 - first, spelled=spelled)


def _trimmed(plain: str) -> tuple[int, int]:
    return len(plain) - len(plain.lstrip()), len(plain.rstrip())


def _open_form(plain: str, first: int, spelled: tuple[str, ...]) -> Form:
    pieces = plain.split(STAR)
    stem = pieces[0]
    key = "".join(c if in_word(c) else " " for c in stem[first:])
    return Form(f" {key}", stem, 1 - first, pieces=tuple(pieces[1:]), spelled=spelled)


def _other_edges(plain: str, scan: str, spelled: tuple[str, ...]) -> Form:
    """Give the form of a phrase that holds Hangul, Han, Kana or Thai."""
    first, _ = _trimmed(scan)
    key = scan[first:].split(" ", 1)[0]
    begins_spaced = is_spaced(key[0])
    needs_check = begins_spaced or is_hangul(key[0]) or is_katakana(key)
    if plain.replace(STAR, "") == key and not needs_check:
        return Form(key, key, spelled=spelled) if spelled else Form(key)
    return Form(
        f" {key}" if begins_spaced else key,
        lead=int(begins_spaced) - first,
        pattern=re.compile(_pattern(plain.split(" "))),
        spelled=spelled,
    )


def _pattern(tokens: list[str]) -> str:
    """Join words so that spaces are optional and Korean words may carry particles."""
    pieces: list[str] = []
    for token, following in zip(tokens, [*tokens[1:], ""], strict=True):
        word = token.removesuffix(STAR)
        pieces.append(re.escape(word))
        if word != token and is_spaced(word[-1:] or " "):
            pieces.append(r"[^\W_]*")
        if not following:
            break
        if is_hangul(word[-1:] or " "):
            pieces.append(f"{PARTICLE}?")
        both_spaced = is_spaced(word[-1:] or " ") and is_spaced(following[0])
        pieces.append(" " if both_spaced else " ?")
    return "".join(pieces)


# ------------------------------------------------------------- where one stands


def stands(form: Form, reading: Reading, start: int) -> tuple[int, int] | None:
    """Give the span of the form in folded text, if it stands where its key was found.

    ``start`` is where the key begins in ``reading.scan``. Case is another
    matter (`has_case`): it needs the text as sent.
    """
    begin = start + form.lead
    if form.pattern is not None:
        return _other_edges_span(form, reading, begin)
    if not reading.plain.startswith(form.plain, begin):
        return None
    end = begin + len(form.plain)
    for piece in form.pieces:
        end = reading.scan.find(" ", end)
        if not reading.plain.startswith(piece, end):
            return None
        end += len(piece)
    if (
        form.pieces
        and form.pieces[-1]
        and reading.scan[end] != " "
        and in_word(form.pieces[-1][-1])
    ):
        return None
    return begin, end


def _other_edges_span(form: Form, reading: Reading, begin: int) -> tuple[int, int] | None:
    plain = reading.plain
    found = form.pattern.match(plain, begin) if form.pattern is not None else None
    if found is None:
        return None
    end = found.end()
    first, last, after = plain[begin], plain[end - 1], plain[end : end + 1] or " "
    if is_spaced(last) and is_spaced(after):
        return None
    if is_hangul(first) and not begins_word(plain, begin):
        return None
    if is_hangul(first) and end == begin + 1 and not has_company(plain, begin, end):
        return None
    if is_katakana(found.group().replace(" ", "")) and (
        is_katakana(after) or is_katakana(plain[begin - 1])
    ):
        return None
    return begin, end


def spelled_words(text: str) -> tuple[str, ...]:
    """Give the words of a text with their case, as exact spelling compares them."""
    if text.isascii() and text.isalnum():  # mostly
        return (text,)
    visible = "".join(character for character in text if category(character) != "Cf")
    return tuple(_WORD.findall(normalize("NFKC", visible)))


def has_case(form: Form, text: str) -> bool:
    """Say whether a stretch of the text as sent has the case that the form asks for."""
    if not form.spelled and not form.capitals:
        return True
    spellings = _few_spellings(text) if len(text) <= _FEW_CHARACTERS else _spellings(text)
    return any(_is_spelled(form, words) for words in spellings)


def _spellings(text: str) -> tuple[tuple[str, ...], ...]:
    """Give the words as they stand, and with those joined that a hyphen breaks at a line end."""
    joined = join_broken_words(text)
    if joined == text:
        return (spelled_words(text),)
    return spelled_words(text), spelled_words(joined)


_few_spellings: Final = lru_cache(maxsize=1024)(_spellings)


def _is_spelled(form: Form, words: tuple[str, ...]) -> bool:
    if form.spelled and not (
        words == form.spelled
        or (form.pieces and len(words) == len(form.spelled) and _begin(words, form.spelled))
    ):
        return False
    return all(number < len(words) and words[number].isupper() for number in form.capitals)


def _begin(words: tuple[str, ...], beginnings: tuple[str, ...]) -> bool:
    return all(w.startswith(b) for w, b in zip(words, beginnings, strict=True))
