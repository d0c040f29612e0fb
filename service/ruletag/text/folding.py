"""Make text and keywords comparable, and lead each match back to the text as sent.

Keywords are sought in a folded reading of the text; spans are reported in the
text as sent. The two differ in length where a character folds to several
(``ß``, ``ﬁ``, ``İ``), where several fold to one (a decomposed accent, Hangul
written in letters) or to none (a soft hyphen). `Reading.span` closes that gap
and is the only place in the program where positions are translated.

A reading holds the text twice, position by position alike. ``plain`` keeps the
punctuation, so that a phrase can be checked for what stands between its words.
``scan`` is what the automaton reads: letters and digits, and one space for
every other character. Keywords stand in the automaton between spaces, and so
the automaton itself enforces word edges.

Nearly all text folds one character to one and pays for two table look-ups per
character, done in C. What does not is rewritten place by place, each rewriting
leaving behind its `Origins`.
"""

import codecs
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import lru_cache
from sys import maxsize
from typing import Final, NamedTuple
from unicodedata import category, combining, decomposition, normalize

from ruletag.deadline import NEVER, Deadline
from ruletag.text.words import HANGUL, HAS_OTHER_EDGES, UNSPACED, in_word

# What stands in `plain` for whole classes of characters.
JOINER: Final = " "  # may stand between the words of a phrase
BLANK_LINE: Final = "\x1e"
DASH: Final = "—"
QUOTE: Final = '"'
_EN_DASH: Final = "–"  # a hyphen between two words, a dash between two spaces
_LINE_BREAK: Final = "\n"
_STEPS: Final = 5  # what it takes to write a place anew, as a `Deadline` counts
_UNSETTLED: Final = "\x01"  # does not fold to one character by itself

_LINE_BREAKS: Final = "\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_CLASSES: Final = {
    **dict.fromkeys("-\u2010\u2011\u2212\ufe63\uff0d", JOINER),
    **dict.fromkeys("/\u2044\u2215", JOINER),
    **dict.fromkeys("'\u2019\u201b\u02bc\u00b4`\uff07", JOINER),
    **dict.fromkeys(_LINE_BREAKS, _LINE_BREAK),
    **dict.fromkeys("“”„‟‘‚«»‹›「」『』《》〈〉\uff62\uff63", QUOTE),
    **dict.fromkeys("—―⸺⸻", DASH),
    **dict.fromkeys("–‒", _EN_DASH),
    "…": "…",  # NFKC makes three dots of it; as punctuation it can stay what it is
    "\x01": "\x02",
    "\r": _UNSETTLED,  # a line break of its own, or half of one
}
# Their compatibility forms read as letters or digits that nobody wrote:
# `copper¹` is no `copper1`, `10½` no `101/2`, `Coppe™` no `coppetm`.
_EDGE_FORMS: Final = ("<super>", "<circle>", "<fraction>")
_VISIBLE_FORMATS: Final = frozenset(
    map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD))
)
_IGNORED: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
# Letters that NFKC may join to the one before, though they are no marks: Hangul
# in all its encodings, half-width voicing marks, and the Kirat Rai vowels.
_JOINING: Final = re.compile(
    "[\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\ud7b0-\ud7ff\uff9e-\uffdc\U00016d63-\U00016d6a]"
)
# The hyphen goes and the word is whole; where it was a pair, `fold` finds the pair.
# Begins with a single character, which alone makes the search for it quick.
_BROKEN_WORD: Final = re.compile(
    r"[-\u2010\u00ad](?<=[^\W\d_].)[ \t]*+(?:\r\n|[\n\r\u2028])[ \t]*+(?=[^\W\d_])"
)
_BEFORE_BREAK: Final = frozenset("-\u2010\u00ad \t\r")
# Hangul in letters is all unsettled; by syllables it is met again and again.
_PIECE: Final = re.compile(
    "[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?|(?:(?![\u1100-\u1112][\u1161-\u1175]).)+",
    re.DOTALL,
)
# A change between scripts with and without spaces is a word edge (``10톤``, ``K팝``).
_CHANGE: Final = re.compile(
    f"(?<=[{HANGUL}{UNSPACED}])(?=[^\\W_])(?![{HANGUL}{UNSPACED}])"
    f"|(?<=[^\\W_])(?<![{HANGUL}{UNSPACED}])(?=[{HANGUL}{UNSPACED}])"
)
# A run of joiners that may be no single joiner, told by its first two characters;
# and an en dash, which is a hyphen or a dash by what surrounds it. Found by
# `str.find`, at a fifth of the cost of one regular expression over the text.
_RUN_SIGNS: Final = ("  ", " \n", "\n ", _EN_DASH)
_RUN: Final = re.compile("[ \n–]+")
_OPENS_QUOTE: Final = re.compile(r"\s['`\uff07]$")
# A character may fold to four at most; one that would fold to more stays as it
# is. Marks beyond this many on one letter count as standing by themselves
# (30 is the bound of Unicode's stream-safe text), so that no text costs more
# than linear time.
_MOST_FOLDED: Final = 4
_MOST_MARKS: Final = 30
# A table holds what it has met; a text with every character there is would
# leave 1.1 million behind.
_MOST_REMEMBERED: Final = 30_000


def _is_ignored(character: str) -> bool:
    """Say whether the character is invisible and has no width: soft hyphen, joiner, BOM."""
    if _IGNORED.match(character):
        return True
    return category(character) == "Cf" and character not in _VISIBLE_FORMATS


def _may_join(character: str) -> bool:
    """Say whether normalisation may join the character to the one before it."""
    return category(character)[0] == "M" or _JOINING.match(character) is not None


def _fold_together(characters: str) -> str:
    """Fold a character with the marks upon it."""
    if decomposition(characters[0]).startswith(_EDGE_FORMS):
        return "\x02"
    folded = normalize("NFKC", normalize("NFKC", characters).casefold())
    spacing_accent = folded[0] == " " and len(characters) == 1 < len(folded)
    if spacing_accent or len(folded) > _MOST_FOLDED * len(characters):
        return characters
    return "".join(_CLASSES.get(c, JOINER if c.isspace() else c) for c in folded)


def _plain_of(character: str) -> str:
    """Give the one plain character for this one, or the sign that there is none."""
    if character in _CLASSES:
        return _CLASSES[character]
    if _may_join(character) or _is_ignored(character):
        return _UNSETTLED
    folded = _fold_together(character)
    return folded if len(folded) == 1 else _UNSETTLED


def _scan_of(plain: str) -> str:
    """Give what the automaton reads for a plain character."""
    return plain if in_word(plain) else " "


# The characters of English and Western European news: where a text has no
# others, it is folded by the codec machinery, six times as fast as `str.translate`.
_COMMON: Final = (
    "".join(map(chr, range(0x80)))
    + "\u00a0£§©«®°±´·»¿¡€¥¢"
    + "‘’‚“”„–—…‐‑•″\u2009\u200a\u202f−"
    + "áàâäãåāæçćčéèêëēíìîïīñńóòôöõøōœśšúùûüūýÿžğış"
    + "ÁÀÂÄÃÅĀÆÇĆČÉÈÊËĒÍÌÎÏĪÑŃÓÒÔÖÕØŌŒŚŠÚÙÛÜŪÝŸŽĞŞ"
)
_PADDING: Final = "".join(map(chr, range(0xE000, 0xE000 + 256 - len(_COMMON))))
# `charmap_build` is how the standard library makes its own one-byte codecs.
_TO_COMMON: Final = codecs.charmap_build(_COMMON + _PADDING)


class _Table(dict[int, str]):
    """A translation of single characters, made on demand and applied in C."""

    def __init__(self, translate: Callable[[str], str]) -> None:
        super().__init__()
        self._translate = translate
        self._common = "".join(map(translate, _COMMON)) + _PADDING

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        return self.setdefault(code, self._translate(chr(code)))

    def apply(self, text: str) -> str:
        """Translate every character of the text."""
        if text.isascii():
            return text.translate(self)
        common = _in_common(text)
        return self.of_common(common) if common is not None else text.translate(self)

    def of_common(self, common: bytes) -> str:
        """Translate a text that `_in_common` could write."""
        return codecs.charmap_decode(common, "strict", self._common)[0]


def _in_common(text: str) -> bytes | None:
    """Write the text in the one-byte code of common characters; None if it has others."""
    try:
        return codecs.charmap_encode(text, "strict", _TO_COMMON)[0]
    except UnicodeEncodeError:
        return None


_PLAIN: Final = _Table(_plain_of)
_SCAN: Final = _Table(_scan_of)


class _Place(NamedTuple):
    """``before[start:end]`` is written anew."""

    start: int
    end: int
    new: str


class Origins:
    """Which stretch of the text before a rewriting each character after it came from."""

    __slots__ = ("_ends", "_new_ends", "_new_starts", "_starts")

    def __init__(self) -> None:
        self._new_starts = array("q")
        self._new_ends = array("q")
        self._starts = array("q")
        self._ends = array("q")

    def add(self, place: _Place, new_start: int) -> None:
        """Record that the place now begins at ``new_start``; places come in order."""
        self._new_starts.append(new_start)
        self._new_ends.append(new_start + len(place.new))
        self._starts.append(place.start)
        self._ends.append(place.end)

    @property
    def first(self) -> int:
        """The position of the first place; before it nothing changed."""
        return self._new_starts[0]

    def stretch(self, position: int) -> tuple[int, int, int]:
        """Give the stretch between two places that a position is in, and how far it has moved.

        A position within a place comes before the stretch that is given.
        """
        i = bisect_right(self._new_starts, position)
        high = self._new_starts[i] if i < len(self._new_starts) else maxsize
        if not i:
            return -1, high, 0
        return self._new_ends[i - 1], high, self._ends[i - 1] - self._new_ends[i - 1]

    def start(self, position: int) -> int:
        """Give the position before the rewriting at which this character began."""
        i = bisect_right(self._new_starts, position) - 1
        if i < 0:
            return position
        beyond = position - self._new_ends[i]
        return self._starts[i] if beyond < 0 else self._ends[i] + beyond

    def end(self, position: int) -> int:
        """Give the position before the rewriting at which the span ending here ended."""
        i = bisect_right(self._new_starts, position - 1) - 1
        if i < 0:
            return position
        beyond = position - self._new_ends[i]
        return self._ends[i] + max(beyond, 0)


class Reading:
    """A text in its folded form, and the way back to the text as sent.

    ``plain`` and ``scan`` have the same length; both begin and end with a space,
    so that the first and the last word have an edge as every other. Up to ``kept``
    every character of the text as sent kept its place, one behind that space.
    """

    __slots__ = ("_asked", "_origins", "_span", "kept", "plain", "scan")

    def __init__(self, plain: str, origins: tuple[Origins, ...]) -> None:
        self.plain = f" {plain} "
        self.scan = _SCAN.apply(self.plain)
        self._origins = origins
        self.kept = min((o.first for o in origins), default=len(plain))
        # A place where several terms are found is asked for again at once.
        self._asked = self._span = (0, 0)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Give the span of the text as sent from which ``scan[start:end]`` came."""
        if end <= self.kept + 1:
            return start - 1, end - 1
        if (start, end) != self._asked:
            self._asked = start, end
            start, end = start - 1, end - 1
            for origins in self._origins:
                start, end = origins.start(start), origins.end(end)
            self._span = start, end
        return self._span

    def stretch(self, position: int) -> tuple[int, int, int]:
        """Give a stretch of ``scan`` and how far it is moved: what `span` says of all within it.

        The position is in it, but where it stands in a character that was rewritten.
        """
        position -= 1
        low, high, moved = -1, maxsize, 0
        for origins in self._origins:
            first, last, further = origins.stretch(position + moved)
            low, high = max(low, first - moved), min(high, last - moved)
            moved += further
        return low + 1, high + 1, moved - 1


def fold(text: str, deadline: Deadline = NEVER) -> Reading:
    """Fold a text or a keyword.

    Case, compatibility forms, quotes, dashes and invisible characters cease to
    matter; see ``docs/rules.md``. Any string is accepted, lone surrogates included.
    """
    return _fold(text, [], deadline)


def fold_joined(text: str, deadline: Deadline = NEVER) -> Reading | None:
    """Fold a text with the words joined that a hyphen breaks at a line end.

    None where no line ends so. Together with `fold` this finds both a word that
    was broken (``smug-/gling``) and a pair that was (``border-/closure``).
    """
    if not _may_break_words(text):
        return None
    log: list[Origins] = []
    broken = (_Place(*m.span(), "") for m in _BROKEN_WORD.finditer(text))
    joined = _rewrite(text, broken, log, deadline)
    return _fold(joined, log, deadline) if log else None


def join_broken_words(text: str) -> str:
    """Give the text with the words joined that a hyphen breaks at a line end."""
    return _BROKEN_WORD.sub("", text)


def _may_break_words(text: str) -> bool:
    """Say whether some line ends with a hyphen, or with something that may hide one."""
    position = text.find("\n")
    while position >= 0:
        if text[position - 1 : position] in _BEFORE_BREAK:
            return True
        position = text.find("\n", position + 1)
    return "\r" in text or "\u2028" in text


def _fold(text: str, log: list[Origins], deadline: Deadline) -> Reading:
    """Fold a text that the rewritings in the log have led to."""
    common = None if text.isascii() else _in_common(text)
    plain = text.translate(_PLAIN) if common is None else _PLAIN.of_common(common)
    settled: list[Origins] = []
    if _UNSETTLED in plain:
        plain = _rewrite(plain, _unsettled_places(text, plain), settled, deadline)
    log += settled
    plain = _rewrite(plain, _run_places(text, plain, settled, deadline), log, deadline)
    plain = plain.replace(_LINE_BREAK * 2, BLANK_LINE * 2).replace(_LINE_BREAK, JOINER)
    if not (common or plain.isascii()) and HAS_OTHER_EDGES.search(plain):
        changes = (_Place(*m.span(), " ") for m in _CHANGE.finditer(plain))
        plain = _rewrite(plain, changes, log, deadline)
    return Reading(plain, tuple(reversed(log)))


def _rewrite(before: str, places: Iterable[_Place], log: list[Origins], deadline: Deadline) -> str:
    """Write the places anew; note in the log where what came from, unless nothing moved."""
    pieces: list[str] = []
    origins = Origins()
    done = length = 0
    for place in places:
        deadline.spend(_STEPS)
        kept = before[done : place.start]
        length += len(kept)
        origins.add(place, length)
        pieces += (kept, place.new)
        length += len(place.new)
        done = place.end
    if not pieces:
        return before
    pieces.append(before[done:])
    log.append(origins)
    return "".join(pieces)


def _unsettled_places(text: str, plain: str) -> Iterable[_Place]:
    """Find what does not fold one to one, and fold it with the letter it stands on."""
    done = 0
    start = plain.find(_UNSETTLED)
    while start >= 0:
        end = start + 1
        while plain[end : end + 1] == _UNSETTLED:
            end += 1
        if text[end - 1] == "\r" and text[end : end + 1] == "\n":
            end += 1
        if start > done and _may_join(text[start]):
            start -= 1
        for characters, folded in _clusters(text[start:end]):
            yield _Place(start, start + len(characters), folded)
            start += len(characters)
        done = end
        start = plain.find(_UNSETTLED, end)


def _clusters(characters: str) -> Iterable[tuple[str, str]]:
    """Split into letters with what joins them, each with its folded form."""
    for piece in _PIECE.findall(characters):
        if len(piece) <= 3:  # noqa: PLR2004 - a letter and its mark, or a Hangul syllable
            yield from _short_clusters(piece)
        else:
            yield from _split_clusters(piece)


@lru_cache(maxsize=4096)
def _short_clusters(characters: str) -> tuple[tuple[str, str], ...]:
    return tuple(_split_clusters(characters))


def _split_clusters(characters: str) -> Iterable[tuple[str, str]]:
    cluster = ""
    for character in characters:
        if cluster and not _joins(cluster, character):
            yield cluster, _fold_cluster(cluster)
            cluster = ""
        cluster += character
    yield cluster, _fold_cluster(cluster)


def _joins(cluster: str, character: str) -> bool:
    """Say whether the two fold differently together than apart."""
    if cluster == "\r":
        return character == "\n"
    if character == "\r" or len(cluster) > _MOST_MARKS:
        return False
    if _is_ignored(character) or _is_ignored(cluster[0]):
        return False
    if combining(character):
        return True
    if decomposition(cluster[0]).startswith(_EDGE_FORMS):
        return False
    apart = _fold_together(cluster) + _fold_together(character)
    return _fold_together(cluster + character) != apart


def _fold_cluster(cluster: str) -> str:
    if cluster[0] == "\r":
        return _LINE_BREAK
    return "" if _is_ignored(cluster[0]) else _fold_together(cluster)


def _run_places(
    text: str, plain: str, settled: list[Origins], deadline: Deadline
) -> Iterable[_Place]:
    """Find the runs of spaces, line breaks, hyphens and the like that are no single joiner."""
    runs: dict[int, int] = {}
    for sign in _RUN_SIGNS:
        start = plain.find(sign)
        while start >= 0:
            deadline.spend(1)
            run = _RUN.match(plain, start)
            end = run.end() if run else start + 1
            while start and plain[start - 1] in " \n–":
                start -= 1
            runs[start] = end
            start = plain.find(sign, end)
    return (
        _Place(start, end, _settle_run(text, plain, (start, end), settled))
        for start, end in sorted(runs.items())
    )


def _settle_run(text: str, plain: str, run: tuple[int, int], settled: list[Origins]) -> str:
    """Say what a run of joiners is: one joiner, or something that ends a phrase."""
    start, end = run
    is_between = start > 0 and end < len(plain)
    for origins in settled:
        start, end = origins.start(start), origins.end(end)
    return _kind_of_run(text[start:end], is_between)


@lru_cache(maxsize=1024)
def _kind_of_run(run: str, is_between: bool) -> str:  # noqa: FBT001 - a key of the cache
    joined = "".join(character for character in run if not _is_ignored(character))
    if (
        sum(
            _CLASSES.get(c) == _LINE_BREAK for c in joined.replace("\r\n", "\n").replace("\r", "\n")
        )
        > 1
    ):
        return BLANK_LINE
    classes = [_CLASSES.get(character, "") for character in joined]
    if _EN_DASH in classes and not (is_between and len(joined) == 1):
        return DASH
    if sum(map(joined.count, "-/\u2010\u2011")) > 1:
        return DASH
    return QUOTE if _OPENS_QUOTE.search(joined) else JOINER
