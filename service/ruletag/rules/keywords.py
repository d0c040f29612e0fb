"""Read a keyword: its words, its marks ``~ * = $`` and its gaps.

The grammar is section 1 of ``docs/rules.md``. A keyword that cannot be read is
reported and None comes back; nothing is guessed.
"""

import re
from typing import Final
from unicodedata import category

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog
from ruletag.rules.model import FormsKind, Keyword, ListReference, Phrase, Word
from ruletag.text.words import HAS_OTHER_EDGES, in_word

_GAP: Final = re.compile(r"\s+(?:\.\.\.|…)\s+")
_LOOSE_GAP: Final = re.compile(r"^\s*(?:\.\.\.|…)(?:\s|$)|(?:^|\s)(?:\.\.\.|…)\s*$")
_MARKS: Final = "~*=$\\"
# Escaped marks stand as private-use characters while the marks are read.
_ESCAPED: Final = {mark: chr(0xF8F0 + i) for i, mark in enumerate(_MARKS)}
_UNESCAPED: Final = {ord(stand_in): mark for mark, stand_in in _ESCAPED.items()}
_ESCAPE: Final = re.compile(r"\\([~*=$\\])")
_LIST_NAME: Final = re.compile(r"\$([a-z0-9_]+(?:\.[a-z0-9_]+)*)")
_SHORTEST_STEM: Final = 3


class KeywordReader:
    """Reads the keywords of one file; what is wrong goes to the log."""

    def __init__(self, language: str, log: ProblemLog) -> None:
        self._language = language
        self._log = log

    def read(
        self,
        written: str,
        location: Location,
        *,
        exact_case: bool = False,
        forms: FormsKind | tuple[str, ...] = "default",
    ) -> Keyword | None:
        """Give the keyword, or None when the log says what is wrong with it."""
        if len(written) > LIMITS.keyword:
            detail = f"{len(written):,} characters; a keyword may have {LIMITS.keyword}"
            self._log.add("E302", location, detail)
            return None
        private = next((c for c in written if category(c) == "Co"), "")
        if private:
            detail = f"private-use character U+{ord(private):04X}"
            self._log.add("E103", location, detail, hint="delete it")
            return None
        if _LOOSE_GAP.search(written):
            detail = "a gap needs a word on both sides"
            self._log.add("E305", location, detail, hint="as in `strip~ ... membership`")
            return None
        hidden = _ESCAPE.sub(lambda match: _ESCAPED[match.group(1)], written)
        parts = [
            self._part(text.strip(), location, exact_case=exact_case, forms=forms)
            for text in _GAP.split(hidden)
        ]
        read = tuple(part for part in parts if part is not None)
        return Keyword(written, location, self._language, read) if len(read) == len(parts) else None

    def _part(
        self,
        text: str,
        location: Location,
        *,
        exact_case: bool,
        forms: FormsKind | tuple[str, ...],
    ) -> Phrase | ListReference | None:
        if text.startswith("$"):
            return self._list_reference(text, location)
        if text.startswith("="):
            text, exact_case, forms = text[1:].lstrip(), True, "none"
        words = tuple(self._word(word, location) for word in text.split())
        if not any(map(in_word, text)):
            detail = f"`{text.translate(_UNESCAPED)}` holds no letter and no digit"
            self._log.add("E301", location, detail)
            return None
        read = tuple(word for word in words if word is not None)
        return Phrase(read, exact_case, forms) if len(read) == len(words) else None

    def _list_reference(self, text: str, location: Location) -> ListReference | None:
        match = _LIST_NAME.fullmatch(text)
        if match is None:
            detail = f"`{text.translate(_UNESCAPED)}` is no list name"
            hint = "a list stands alone or as a part of a gap; write `\\$` for a dollar sign"
            self._log.add("E303", location, detail, hint=hint)
            return None
        return ListReference(match.group(1))

    def _word(self, text: str, location: Location) -> Word | None:
        stem, mark = (text[:-1], text[-1]) if text[-1] in "~*" else (text, "")
        stray = next((c for c in stem if c in "~*" or (c == "$" and stem[0] == c)), "")
        if stray or (mark and not stem):
            sign = stray or mark
            place = "begin a part of a gap" if sign == "$" else "stand at the end of a word"
            self._log.add(
                "E303",
                location,
                f"`{sign}` must {place}",
                hint=f"write `\\{sign}` for the character itself",
            )
            return None
        if mark == "*" and not self._is_long_enough(stem):
            detail = f"`{stem.translate(_UNESCAPED)}*` would find too much"
            hint = f"at least {_SHORTEST_STEM} letters before the star"
            self._log.add("E304", location, detail, hint=hint)
            return None
        return Word(stem.translate(_UNESCAPED), inflected=mark == "~", open=mark == "*")

    @staticmethod
    def _is_long_enough(stem: str) -> bool:
        # A syllable or a character of an East Asian script says as much as a word.
        if HAS_OTHER_EDGES.search(stem):
            return True
        return sum(map(in_word, stem)) >= _SHORTEST_STEM
