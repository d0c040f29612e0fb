"""Tell which characters make words, and by which script a word has its edges.

Three kinds of script behave differently and stand side by side in one text.
*Spaced* scripts (Latin, Cyrillic, digits, most others) put white space between
words. *Hangul* puts it between words too, but glues particles to their ends.
*Unspaced* scripts (Han, Kana, Thai and kin) have no visible word edges at all.
"""

import re
from typing import Final
from unicodedata import category

HANGUL: Final = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7a3\ud7b0-\ud7ff"
KATAKANA: Final = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
UNSPACED: Final = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b"  # Han iteration marks and numerals
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u3041-\u309f" + KATAKANA + "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"
)

HAS_OTHER_EDGES: Final = re.compile(f"[{HANGUL}{UNSPACED}]")
_HANGUL_ONLY: Final = re.compile(f"[{HANGUL}]")
_UNSPACED_ONLY: Final = re.compile(f"[{UNSPACED}\uff66-\uff9d]")  # half-width kana, too
_KATAKANA_WORD: Final = re.compile(f"[{KATAKANA}]+")
# How many words a gap passes over is counted by what a reader sees as words.
_STRETCH: Final = 32  # characters looked at for each word allowed
_SPLITS: Final = r"\s\-\u2010-\u2015\u2212\ufe63\uff0d/\u2044\u2215\uff0f"
_BETWEEN_WORDS: Final = re.compile(f"[{_SPLITS}]+")
_WORD_BETWEEN: Final = re.compile(rf"[^{_SPLITS}\w]*+_*+[^\W_][^{_SPLITS}]*+")


def in_word(character: str) -> bool:
    """Say whether the character is a letter, a digit or a mark that stands on one."""
    return character.isalnum() or category(character)[0] == "M"


def is_hangul(character: str) -> bool:
    """Say whether the character is a Hangul syllable or letter."""
    return _HANGUL_ONLY.match(character) is not None


def is_unspaced(character: str) -> bool:
    """Say whether the character belongs to a script written without spaces."""
    return _UNSPACED_ONLY.match(character) is not None


def is_spaced(character: str) -> bool:
    """Say whether the character makes words that have edges on both sides."""
    return in_word(character) and HAS_OTHER_EDGES.match(character) is None


def is_katakana(text: str) -> bool:
    """Say whether the text is katakana and nothing else."""
    return _KATAKANA_WORD.fullmatch(text) is not None


def count_words(text: str) -> int:
    """Count the words of a stretch of text, as the limit of a gap does.

    White space, hyphens, dashes and slashes split words; what holds no letter or
    digit is no word. Where a script has no spaces, two characters count as one
    word (rounded up), so that a gap stays about as wide as in other scripts.
    """
    if text.isascii() or _UNSPACED_ONLY.search(text) is None:
        return len(_WORD_BETWEEN.findall(text))
    count = 0
    for word in _BETWEEN_WORDS.split(text):
        unspaced = len(_UNSPACED_ONLY.findall(word))
        count += (unspaced + 1) // 2 + any(map(str.isalnum, _UNSPACED_ONLY.sub("", word)))
    return count


def has_at_most_words(text: str, start: int, end: int, most: int) -> bool:
    """Say whether ``text[start:end]`` has at most so many words, as `count_words` counts them.

    Costs no more than reading the words up to the first too many, however long
    the stretch is.
    """
    step = _STRETCH * (most + 1)
    count = 0
    while end - start > step and count <= most:
        cut = _next_cut(text, start + step, end)
        count += count_words(text[start:cut])
        start = cut
    return count + count_words(text[start:end]) <= most if count <= most else False


def _next_cut(text: str, position: int, end: int) -> int:
    """Give a place at or behind a position where no word is cut in two."""
    if _UNSPACED_ONLY.match(text, position - 1):
        return position
    gap = _BETWEEN_WORDS.search(text, position, end)
    return gap.start() if gap is not None else end
