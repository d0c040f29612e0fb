"""Read a keyword: its words, its marks ``~ * = $`` and its gaps.

The grammar is section "Words" of ``docs/rules.md``. A keyword that cannot be
read is reported and None comes back; nothing is guessed.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple
from unicodedata import category

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog, quoted
from ruletag.rules.model import FormsKind, Keyword, Phrase, Reference, Word
from ruletag.text.folding import fold
from ruletag.text.words import HAS_OTHER_EDGES, in_word

Forms = FormsKind | tuple[str, ...]

_GAP: Final = re.compile(r"\s+(?:\.\.\.|…)\s+")
_DOTS: Final = re.compile(r"\.\.|…")
_COUNTED_GAP: Final = re.compile(r"(?:\.{2,}|…)([0-9]+)(?:\.{2,}|…)")
_MOST_BETWEEN: Final = 5
_TOKEN: Final = re.compile(r"\S+")
_MARKS: Final = "~*=$\\"
# Escaped marks stand as private-use characters while the marks are read, with a
# second one in the place of the backslash, so that positions stay what they were.
_FILLER: Final = "\uf8ff"
_ESCAPED: Final = {mark: chr(0xF8F0 + i) + _FILLER for i, mark in enumerate(_MARKS)}
_UNESCAPED: Final = {ord(stand_in[0]): mark for mark, stand_in in _ESCAPED.items()} | {
    ord(_FILLER): None
}
_HIDDEN: Final = {ord(mark): stand_in[0] for mark, stand_in in _ESCAPED.items()}
_ESCAPE: Final = re.compile(r"\\([~*=$\\])")
_NEEDS_ESCAPE: Final = re.compile(r"[~*]|^[=$]|\\(?=[~*=$\\])")
_REFUSED: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
# Most keywords are so simple that nothing can be wrong with them.
_SIMPLE: Final = re.compile("[0-9A-Za-z\uac00-\ud7a3]+~?(?: [0-9A-Za-z\uac00-\ud7a3]+~?)*")
_SURELY_FOUND: Final = re.compile("[0-9A-Za-z\uac00-\ud7a3\u3041-\u3096\u4e00-\u9fff]")
_LIST_NAME: Final = re.compile(r"\$([a-z0-9_]+(?:\.[a-z0-9_]+)*)")
_OPENING_QUOTES: Final = "“”„‟«‘‚"
_CLOSING_QUOTES: Final = "”“»’‘"
_SHORTEST_STEM: Final = 3


def as_written(text: str, *, inflected: bool = False) -> str:
    """Give a word as a keyword must hold it, so that only what is meant is a mark."""
    return _NEEDS_ESCAPE.sub(r"\\\g<0>", text) + "~" * inflected


class _RefusedError(Exception):
    """What is wrong with a keyword, and where in it."""

    def __init__(self, code: str, detail: str, hint: str, at: tuple[int, int] | None) -> None:
        self.code, self.detail, self.hint, self.at = code, detail, hint, at


class _Piece(NamedTuple):
    """A stretch of a keyword: ``text`` has its escaped marks hidden, ``written`` has not."""

    text: str
    written: str
    start: int

    def cut(self, start: int, end: int) -> "_Piece":
        return _Piece(self.text[start:end], self.written[start:end], self.start + start)

    def stripped(self) -> "_Piece":
        front = len(self.text) - len(self.text.lstrip())
        return self.cut(front, max(front, len(self.text.rstrip())))

    def refused(self, code: str, detail: str, hint: str) -> _RefusedError:
        return _RefusedError(code, detail, hint, (self.start, self.start + len(self.text)))


class KeywordReader:
    """Reads the keywords of one file; what is wrong goes to the log."""

    def __init__(self, language: str, log: ProblemLog) -> None:
        self._language = language
        self._log = log
        self._words: dict[str, Word] = {}  # most keywords share words with others

    def read(
        self,
        written: str,
        location: Location,
        *,
        exact_case: bool = False,
        forms: Forms = "default",
        literal: bool = False,
    ) -> Keyword | None:
        """Give the keyword, or None when the log says what is wrong with it.

        In a ``literal`` one no character is a mark.
        """
        is_marked = literal and "~" in written
        if len(written) <= LIMITS.keyword and _SIMPLE.fullmatch(written) and not is_marked:
            words = tuple([self._simple_word(token) for token in written.split(" ")])
            phrase = Phrase(words, exact_case, forms)
            return Keyword(written, location, self._language, (phrase,))
        try:
            _check_text(written)
            if literal:
                whole = _Piece(written.translate(_HIDDEN), written, 0).stripped()
                pieces: Iterable[_Piece] = (whole,)
            else:
                has_escapes = "\\" in written
                escaped = _ESCAPE.sub(lambda m: _ESCAPED[m.group(1)], written)
                pieces = _parts(_Piece(escaped if has_escapes else written, written, 0))
            parts = [self._part(part, exact_case, forms) for part in pieces]
        except _RefusedError as refusal:
            self._report(refusal, written, location)
            return None
        return Keyword(written, location, self._language, tuple(parts))

    def _simple_word(self, token: str) -> Word:
        word = self._words.get(token)
        if word is None:
            word = Word(token[:-1], inflected=True) if token[-1] == "~" else Word(token)
            self._words[token] = word
        return word

    def read_form(self, written: str, location: Location) -> str | None:
        """Give one form that an author wrote out; it is found as it stands, without marks."""
        try:
            _check_text(written)
            whole = _Piece(written, written, 0)
            _check_content(whole)
            if written[-1] in "~*" or written[0] in "=$" or _DOTS.search(written):
                hint = "a form is found as it stands: write each one out"
                raise whole.refused(
                    "E303", f"{quoted(written)}: marks do not work in `forms`", hint
                )
        except _RefusedError as refusal:
            self._report(refusal, written, location)
            return None
        return written

    def _report(self, refusal: _RefusedError, written: str, location: Location) -> None:
        place = location.piece(written, *refusal.at) if refusal.at else location
        self._log.add(refusal.code, place, refusal.detail, hint=refusal.hint)

    def _part(
        self,
        part: _Piece,
        exact_case: bool,  # noqa: FBT001 - passed on
        forms: Forms,
    ) -> Phrase | Reference:
        if part.text.startswith("$"):
            return _list_reference(part)
        _check_content(part)
        if part.text.startswith("="):
            if part.text[1:2].isspace():
                hint = f"write {quoted('=' + part.written[1:].lstrip())}, without the space"
                raise part.cut(0, 1).refused("E303", "`=` stands apart from its word", hint)
            part = part.cut(1, len(part.text))
            _refuse_marks(part)
            exact_case, forms = True, "none" if forms == "default" else forms
        words = []
        for token in part.text.split():
            word = self._words.get(token)
            if word is None:
                word = _word(token, part)
                self._words[token] = word
            words.append(word)
        return Phrase(tuple(words), exact_case, forms)


# --------------------------------------------------------- the keyword as a whole


def _check_text(written: str) -> None:
    if len(written) > LIMITS.keyword:
        detail = f"a keyword of {len(written):,} characters; it may have {LIMITS.keyword}"
        raise _RefusedError("E302", detail, "keep the few words that matter", None)
    if written.isascii() and written.isprintable():
        return
    refused = _REFUSED.search(written)
    if refused:
        kind = "private-use" if category(refused.group()) == "Co" else "control"
        detail = f"{kind} character U+{ord(refused.group()):04X}"
        raise _RefusedError("E103", detail, "delete it", refused.span())


def _check_content(piece: _Piece) -> None:
    if _SURELY_FOUND.search(piece.written):
        return
    # Superscripts, circled digits and fillers count as letters or digits, but
    # fold to signs that match no word.
    if not any(map(str.isalnum, fold(piece.text.translate(_UNESCAPED)).scan)):
        detail = f"{quoted(piece.written)} holds no letter and no digit"
        raise piece.refused("E301", detail, "write a word to find, or delete the line")


def _parts(whole: _Piece) -> Iterator[_Piece]:
    """Cut a keyword at its gaps; refuse what only looks like a gap or a part."""
    text = whole.text
    _check_edges(whole)
    if not _DOTS.search(text):
        yield whole.stripped()
        return
    _check_gaps(whole)
    start = 0
    for gap in _GAP.finditer(text):
        yield whole.cut(start, gap.start()).stripped()
        start = gap.end()
    yield whole.cut(start, len(text)).stripped()


def _check_edges(whole: _Piece) -> None:
    """Refuse signs that got into the keyword while it was written down or pasted."""
    piece = whole.stripped()
    if len(piece.text) > 1 and piece.text[0] in _OPENING_QUOTES:
        if piece.text[-1] in _CLOSING_QUOTES:
            inner = piece.written[1:-1]
            hint = f"YAML needs straight quotation marks, or none: {quoted(inner)}"
            raise piece.refused("E309", "typographic quotation marks around the keyword", hint)
    elif piece.text[-1:] in {",", ";"} and piece.text[:-1].strip():
        last = piece.cut(len(piece.text) - 1, len(piece.text))
        raise last.refused("E309", f"`{last.text}` at the end of the keyword", "delete it")


def _check_gaps(whole: _Piece) -> None:
    tokens = [whole.cut(*found.span()) for found in _TOKEN.finditer(whole.text)]
    was_gap = False
    for number, token in enumerate(tokens):
        is_gap = token.text in {"...", "…"}
        if is_gap and number in {0, len(tokens) - 1}:
            hint = "as in `strip~ ... membership`"
            raise token.refused("E305", "a gap needs a word on both sides", hint)
        if is_gap and was_gap:
            raise token.refused("E305", "two gaps side by side", "delete one of them")
        if not is_gap and _DOTS.search(token.text):
            raise _glued(token, whole)
        was_gap = is_gap


def _glued(token: _Piece, whole: _Piece) -> _RefusedError:
    """Say what is wrong with dots that are no gap."""
    if not token.text.strip(".…"):
        return token.refused("E305", "a gap is three dots", "write `...`")
    counted = _COUNTED_GAP.search(token.text)
    if counted:
        number = counted[1].lstrip("0")[:3] or "0"
        block = f"`{{all: [a, b], within: {number} words, order: as_written}}`"
        hint = f"a gap has at most {_MOST_BETWEEN}; for another number write {block}"
        return token.refused("E305", "a gap cannot say how many words it has", hint)
    better = " ".join(re.sub(r"\.{2,}|…", " ... ", whole.written).split())
    hint = f"write {quoted(better)}"
    if better.startswith("...") or better.endswith("..."):
        hint = "delete the dots, or write a word on both sides of them"
    return token.refused("E305", "a gap needs a space on both sides", hint)


# -------------------------------------------------------------- words and lists


def _list_reference(part: _Piece) -> Reference:
    match = _LIST_NAME.fullmatch(part.text)
    if match:
        return Reference(match.group(1))
    name, _, rest = part.written.partition(" ")
    if _LIST_NAME.fullmatch(name.lower()) is None:
        hint = "write `\\$` for a dollar sign"
    elif rest:
        hint = f"a list stands alone or as a part of a gap: {quoted(f'{name} ... {rest.lstrip()}')}"
    else:
        hint = f"list names have small letters: {quoted(name.lower())}"
    raise part.refused("E303", f"{quoted(part.written)} is no list name", hint)


def _refuse_marks(part: _Piece) -> None:
    """Refuse marks that ask for other forms behind a `=`, which asks for none."""
    for token in _TOKEN.finditer(part.text):
        mark = token.group()[-1]
        if mark in "~*" and len(token.group()) > 1:
            piece = part.cut(*token.span())
            hint = f"leave out `=` or `{mark}`; for case alone use the long form, `case: exact`"
            raise piece.refused("E303", f"`=` asks for one form, `{mark}` for others", hint)


def _word(token: str, part: _Piece) -> Word:
    stem, mark = (token[:-1], token[-1]) if token[-1] in "~*" else (token, "")
    if any(c in "~*" for c in stem) or (mark and not stem):
        raise _stray(part, _token_in(part, token))
    if token[0] in "=$" and stem not in {"=", "$"}:
        raise _late_sign(part, _token_in(part, token))
    if mark == "*" and not _is_long_enough(stem):
        piece = _token_in(part, token)
        hint = f"at least {_SHORTEST_STEM} letters before the star"
        raise piece.refused("E304", f"{quoted(piece.written)} would find too much", hint)
    return Word(stem.translate(_UNESCAPED), inflected=mark == "~", open=mark == "*")


def _token_in(part: _Piece, token: str) -> _Piece:
    found = next(found for found in _TOKEN.finditer(part.text) if found.group() == token)
    return part.cut(*found.span())


def _stray(part: _Piece, piece: _Piece) -> _RefusedError:
    """Say what is wrong with a word whose mark stands in the wrong place."""
    sign = next(c for c in piece.text if c in "~*")
    literal = f"`\\{sign}` is the character itself"
    if piece.text == sign:
        before = part.cut(0, piece.start - part.start).written.split()
        hint = f"write {quoted(before[-1] + sign)}, without the space" if before else literal
        return piece.refused("E303", f"`{sign}` stands apart from its word", hint)
    word = piece.text.strip("~*.,:;!?")
    if sign == "*" and _is_long_enough(word.partition("*")[0]):
        word = word.partition("*")[0]
    elif sign == "~":
        word = word.replace("~", "")
    is_plain = not (set("~*") & set(word) or word.startswith(("=", "$")) or _FILLER in word)
    if word and is_plain and (sign == "~" or _is_long_enough(word)):
        literal = f"write {quoted(word + sign)}; {literal}"
    return piece.refused("E303", f"`{sign}` must stand at the end of a word", literal)


def _late_sign(part: _Piece, piece: _Piece) -> _RefusedError:
    sign = piece.text[0]
    before = part.cut(0, piece.start - part.start).written
    if sign == "$":
        hint = f"a list is a part of a gap: {quoted(f'{before}... {piece.written}')}"
    else:
        hint = f"it holds for the whole phrase: {quoted(f'={before}{piece.written[1:]}')}"
    detail = f"`{sign}` must begin the keyword or a part of a gap"
    return piece.refused("E303", detail, f"{hint}; `\\{sign}` is the character itself")


def _is_long_enough(stem: str) -> bool:
    # A syllable or a character of an East Asian script says as much as a word.
    return bool(HAS_OTHER_EDGES.search(stem)) or sum(map(in_word, stem)) >= _SHORTEST_STEM
