"""Split news text into sentences by rule, in any script, and keep exact positions.

One pattern finds every place where a sentence may end: a mark such as ``.`` with
the closing quotation marks and brackets after it, where white space and something
that can begin a sentence follow; a full stop of a script without capitals; or a
blank line. Only a dot is then in doubt, since abbreviations have one too. They
come in three kinds: never an end (``Mr.``), none before a digit (``Apr. 14``), and
an end only where a typical first word follows (``Inc. The``).

A mark that is followed by no white space is passed over whole, and no mark is
looked at twice, so the time taken grows with the length of the text and no faster.
"""

import re
from bisect import bisect_right
from typing import Final

from ruletag.deadline import NEVER, Deadline
from ruletag.lazy import lazy
from ruletag.text.words import UNSPACED

_BREAKS: Final = r"\n\r\x85\u2028\u2029"
_MARKS: Final = ".!?…‼⁇⁈⁉"
_FULL_MARKS: Final = "。！？．｡।॥؟۔։።፧။។"  # end a sentence whatever follows
_ANY_MARK: Final = _MARKS + _FULL_MARKS
_DASHES: Final = "–—-"  # the hyphen last: it goes into character classes
_OPENERS: Final = '"“”„‘‚«»‹([{¿¡'

# The parts of the pattern. Each unbounded repeat is possessive and begins at the first
# character of its run, so that no run is read again from its middle.
_BLANK: Final = rf"(?<=[{_BREAKS}]) (?:(?<=\r)\n)?+ [ \t]*+ [{_BREAKS}] \s*+"
_FIRST_MARK: Final = rf"(?<=[{_ANY_MARK}]) (?<![{_ANY_MARK}].)"
_FULL_MARK: Final = rf"""
    (?: (?<=[{_FULL_MARKS}]) (?! (?<=．) [0-9A-Za-z０-９Ａ-Ｚａ-ｚ] )
      | [{_MARKS}]*+ [{_FULL_MARKS}]
      | (?<=[{UNSPACED}][!?]) (?=[{UNSPACED}]) )
    [{_ANY_MARK}]*+
    (?: [」』”’）〉》】〕］｝｣)] | ["'](?=\s|\Z) )*+
    (?! (?<=[」』”]) [と、，] )  # 「…。」と goes on
"""
_CLOSERS: Final = r"(?: [\"'”“’‘»«›‹)\]}」』）】》〉］] | [ \xa0\u202f]»(?!\w) )*+"
_LONG_WORD: Final = r"(?<=[a-z]{5}.) (?<!approx.) (?<!Messrs.)"  # spares a look at the lists
_START: Final = rf"""
    (?: (?= [^a-z.,;:!?…)\]}}%&/|+=<>~_{_DASHES}] ) | (?<=[{_BREAKS}]) (?=[{_DASHES}]) )
"""
_QUOTATION_GOES_ON: Final = r"""
    (?<=["'”’»]\s) 이?라  # “…?” 라고
  | (?<=[!?]["'”’]\s) (?!(?:He|She|It|They|We|I)\b) (?:[A-Z][\w.'’-]*+\s){1,3}  # “…?” Kim asked
    (?:said|says|asked|asks|added|cried|replied|shouted|told|wrote)\b
"""
_CANDIDATE: Final = re.compile(
    rf"""
    [{_BREAKS}{_ANY_MARK}]
    (?: {_BLANK}
      | {_FIRST_MARK}
        (?: ( {_FULL_MARK} ) \s*+
          | (?: {_LONG_WORD} ( [{_MARKS}]*+ {_CLOSERS} ) | ( [{_MARKS}]*+ {_CLOSERS} ) )
            \s++ {_START} (?! {_QUOTATION_GOES_ON} )
        )
    )
    """,
    re.VERBOSE | re.DOTALL,
)
_AT_ONCE: Final = 1_000  # places where one may end, between looks at the deadline
_ALWAYS: Final = 1  # the group of a mark that needs nothing to follow
_IN_DOUBT: Final = 3  # the group of a mark behind what may be an abbreviation
LINE_BREAK: Final = re.compile(f"[{_BREAKS}]")
# Begins with a single character, which alone makes the search for it quick.
BLANK_LINE: Final = re.compile(rf"[{_BREAKS}](?:(?<=\r)\n)?+[ \t]*+[{_BREAKS}]")
_WORD_EDGE: Final = re.compile(rf"[{re.escape(_OPENERS)}/{_DASHES}]|\B'")


def _words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NEVER: Final = _words(
    """
    Mr. Mrs. Ms. Mx. Messrs. Mme. Mlle. MM. Sra. Hr. Dr. Prof. Rev. Fr. Hon. Gen. Brig. Maj. Col.
    Lt. Cmdr. Cdr. Adm. Capt. Sgt. Cpl. Pvt. Sen. Rep. Gov. Pres. Supt. Insp. Det. Amb. St. Ste.
    Mt. Ft. vs. v. viz. cf. ca. bzw. e.g. i.e.
    MR. MRS. MS. DR. PROF. REV. HON. GEN. MAJ. COL. LT. CAPT. SGT. SEN. REP. GOV. ST.
    """
)
_NOT_BEFORE_DIGIT: Final = _words(
    """
    Jan. Feb. Mar. Apr. Jun. Jul. Aug. Sep. Sept. Oct. Nov. Dec.
    JAN. FEB. MAR. APR. AUG. SEPT. OCT. NOV. DEC. janv. févr. avr. juil. déc.
    No. Nos. no. nos. NO. Nr. approx. est. p. pp. Art. Sec. Ch. Vol. Fig. Figs. para. Abs. Bd.
    """
)
_MAYBE: Final = _words(
    """
    Inc. Corp. Co. Cos. Ltd. Plc. Pty. Bros. Jr. Sr. Esq. Ph.D. etc. al. usw. Dept. Assn. Univ.
    Prov. Ave. Blvd. Rd. Yahoo! . … Ala. Ariz. Ark. Calif. Colo. Conn. Fla. Ga. Ill. Kan. Ky.
    La. Md. Mich. Minn. Mo. Mont. Neb. Nev. Okla. Ore. Pa. Tenn. Tex. Va. Vt. Wis. Wyo.
    """
)
_INITIALS: Final = re.compile(r"(?:[A-Za-zÀ-ӿ]\.)+")  # J., U.S., p.m.

_STARTERS: Final = _words(
    """
    A According After All Also Although An And Another Any Are As At Because Before Both But By
    Despite Did Do Does During Each Earlier Even Every Few For From Had Has Have He Her Here His
    How However I If In Instead Is It Its Last Later Many Meanwhile More Most My Neither Nobody
    None Nor Not Nothing Now Of On Once One Only Or Other Our Over She Since So Some Still Such
    That The Their Then There These They This Those Though Three Thus To Today Two Under Unlike
    Until Was We Were What When Where Whether Which While Who Why With Yet You
    Authorities Officials Police Prosecutors Witnesses
    """
)
_FIRST_WORD: Final = re.compile(
    rf"[{re.escape(_OPENERS)}']*+([A-Z][A-Za-z]{{0,11}}+)(?![\w.{_DASHES}])"
)

_NUMBER: Final = re.compile(r"\d+\.")
# What ends no sentence because it stands first in one: the number of an item, bare dots.
_ITEM: Final = re.compile(r"(?:\d{1,3}|[A-Za-z]|[IVX]{1,4})?\.|…")
# What goes on after a number: the month of 14. April, the 4. of 2020. 4. 14.
_AFTER_NUMBER: Final = re.compile(
    r"\d{1,2}\.(?!\d)|(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November"
    r"|Dezember)\b"
)


class Sentences:
    """The sentences of one text, found when they are first asked for.

    A *boundary* is the position behind the last character of a sentence: its final
    mark and what closes after that, or its last word where a blank line or the end
    of the text cuts it off.
    """

    def __init__(self, text: str, deadline: Deadline = NEVER) -> None:
        self._text = text
        self._deadline = deadline

    def span_at(self, position: int) -> tuple[int, int]:
        """Give the span of the sentence that holds the character at *position*.

        White space between two sentences belongs to the first of them, whose span
        then does not reach it; white space before them all stands for itself.
        """
        starts, ends = self._spans
        number = bisect_right(starts, position) - 1
        return (starts[number], ends[number]) if number >= 0 else (position, position + 1)

    def number_at(self, position: int) -> int:
        """Number the sentence that holds the character at *position*, from 0."""
        return max(bisect_right(self.starts, position) - 1, 0)

    @property
    def starts(self) -> list[int]:
        """Where the sentences begin, by position; not to be changed."""
        return self._spans[0]

    def ends_between(self, start: int, end: int) -> bool:
        """Say whether there is a boundary with ``start < boundary < end``.

        Two words, of which the first begins at *start* and the last stops at *end*,
        stand in different sentences exactly then.
        """
        ends = self._spans[1]
        number = bisect_right(ends, start)
        return number < len(ends) and ends[number] < end

    def boundaries(self) -> list[int]:
        """List all boundaries, by position."""
        return list(self._spans[1])

    @lazy
    def _spans(self) -> tuple[list[int], list[int]]:
        """The starts and the ends of all sentences, without white space around them."""
        text = self._text
        start = len(text) - len(text.lstrip())
        starts: list[int] = []
        ends: list[int] = []
        for count, found in enumerate(_CANDIDATE.finditer(text), 1):
            if not count % _AT_ONCE:
                self._deadline.check()
            group = found.lastindex
            if group is None:  # a blank line
                end = start + len(text[start : found.start()].rstrip())
            elif _is_end(text, start, found):
                end = found.end(group)
            else:
                continue
            if end > start:
                starts.append(start)
                ends.append(end)
            start = found.end()
        end = len(text.rstrip())
        if end > start:
            starts.append(start)
            ends.append(end)
        return starts, ends


def _is_end(text: str, start: int, found: re.Match[str]) -> bool:
    """Say whether the mark *found* ends the sentence that began at *start*."""
    group = found.lastindex or 0
    if group == _ALWAYS:
        return True
    mark, after = found.span()
    if not (text[after].islower() or (group == _IN_DOUBT and _goes_on(text, start, mark, after))):
        return True
    return BLANK_LINE.search(text, found.end(group), after) is not None


def _goes_on(text: str, start: int, mark: int, after: int) -> bool:
    """Say whether the word before *mark* is one whose dot leaves its sentence open."""
    word = text[max(start, mark - 11) : mark + 1].rsplit(None, 1)[-1]
    if not word[:-1].isalpha():  # (U.S.
        word = _WORD_EDGE.split(word)[-1]
    begin = mark + 1 - len(word)
    if len(word) > 1 and text[mark + 1] in _MARKS:  # U.S.?
        return False
    if word in _NEVER or (begin == start and _ITEM.fullmatch(word)):
        return True
    if text[after].isdigit() and word in _NOT_BEFORE_DIGIT:
        return True
    if _NUMBER.fullmatch(word):
        return _number_goes_on(text, start, begin, after)
    return (word in _MAYBE or _INITIALS.fullmatch(word) is not None) and not _starts(text, after)


def _number_goes_on(text: str, start: int, begin: int, after: int) -> bool:
    """Say whether the number at *begin* counts an item or is part of a date."""
    if _AFTER_NUMBER.match(text, after):
        return True
    before = text[max(start, begin - 40) : begin]
    words = before.rstrip()
    if LINE_BREAK.search(before, len(words)):  # an item, or a sentence wrapped before its end
        return not (words[-1:].isalnum() and _starts(text, after))
    return words[-1:] == "." and words[-2:-1].isdigit()


def _starts(text: str, position: int) -> bool:
    """Say whether a word that often begins a sentence stands at *position*."""
    first = _FIRST_WORD.match(text, position)
    return first is not None and first[1] in _STARTERS
