"""What reads alike folds alike, and every folded character leads back to the text as sent."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracle
from ruletag.text.folding import Reading, fold, fold_joined
from ruletag.text.words import in_word

Word = tuple[str, int, int]

# name, text, its words as read, each with what it stands for
CASES: Final = [
    ("nothing", "", []),
    ("a space", " ", []),
    ("capitals", "Copper WIRE", ["copper=Copper", "wire=WIRE"]),
    ("sharp s", "Straße", ["strasse=Straße"]),
    ("capital sharp s", "STRAẞE", ["strasse=STRAẞE"]),
    ("long s", "ſmug", ["smug=ſmug"]),
    ("a ligature", "ﬁne oﬃce", ["fine=ﬁne", "office=oﬃce"]),
    ("dotted capital i", "İs", ["i̇s=İs"]),
    ("final sigma", "ΟΔΟΣ ὁδός", ["οδοσ=ΟΔΟΣ", "ὁδόσ=ὁδός"]),
    ("superscripts", "copper¹ m²x nᵗʰ", ["copper=copper", "m=m", "x=x", "n=n"]),
    ("a subscript", "CO₂", ["co2=CO₂"]),
    ("circled", "①copper Ⓐb", ["copper=copper", "b=b"]),
    ("a mark upon a superscript", "copper¹\u0301", ["copper=copper"]),
    ("fractions", "10½ ⅓x", ["10=10", "x=x"]),
    ("a trade mark", "copper™ ℠x", ["copper=copper", "x=x"]),
    ("a unit in one character", "5 ㎏", ["5=5", "kg=㎏"]),
    ("a unit in one character beside its number", "5㎏", ["5kg=5㎏"]),
    ("a decomposed accent", "cafe\u0301s", ["cafés=cafe\u0301s"]),
    ("two marks in the other order", "a\u0301\u0323", ["ạ\u0301=a\u0301\u0323"]),
    ("a mark with nothing to join", "q\u0301s", ["q\u0301s=q\u0301s"]),
    ("a syllable and a final consonant", "\uac00\u11a8", ["각=\uac00\u11a8"]),
    ("jamo", "\u1100\u1161\u11a8\u1100\u1161", ["각가=\u1100\u1161\u11a8\u1100\u1161"]),
    ("half-width kana", "ｶﾞｽ", ["ガス=ｶﾞｽ"]),
    ("half-width Hangul", "ﾡﾢ", None),
    ("full width", "ＷＰＫ１", ["wpk1=ＷＰＫ１"]),
    ("a Roman numeral", "Ⅷ", ["viii=Ⅷ"]),
    ("a soft hyphen", "cop\u00adper", ["copper=cop\u00adper"]),
    ("a soft hyphen at the edges", "\u00adcopper\u00ad", ["copper=copper"]),
    ("a zero-width space", "cop\u200bper", ["copper=cop\u200bper"]),
    ("a zero-width space below an accent", "e\u200b\u0301", ["e\u0301=e\u200b\u0301"]),
    ("jamo behind a circled digit", "\u2460\u314b\u314b", ["\u110f\u110f=\u314b\u314b"]),
    ("a byte order mark", "\ufeffcopper", ["copper=copper"]),
    ("an emoji with joiners", "👩\u200d🚒 copper", ["copper=copper"]),
    ("a variation selector", "copper\ufe0f 葛\U000e0100", ["copper=copper", "葛=葛"]),
    ("CR LF", "a\r\nb", ["a=a", "b=b"]),
    ("line and paragraph separators", "a\u2028b\u2029c\x85d", ["a=a", "b=b", "c=c", "d=d"]),
    ("a no-break space", "a\u00a0b\u202fc\u3000d", ["a=a", "b=b", "c=c", "d=d"]),
    ("more than four", "ﷺ", ["ﷺ=ﷺ"]),
    ("just four", "㍿", ["株式会社=㍿"]),
    ("beyond the basic plane", "𠮷𝐚𝐛", ["𠮷=𠮷", "ab=𝐚𝐛"]),
    ("Deseret", "𐐀𐐁", ["𐐨𐐩=𐐀𐐁"]),
    ("an underscore", "a_b", ["a=a", "b=b"]),
    ("a change of script", "10톤 K팝", ["10=10", "톤=톤", "k=K", "팝=팝"]),
    ("a lone surrogate", "a\ud800b", ["a=a", "b=b"]),
    ("a null character", "a\x00b", ["a=a", "b=b"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [pytest.param(text, words, id=name) for name, text, words in CASES if words is not None],
)
def test_words(text: str, expected: list[str]) -> None:
    words = [f"{word}={text[start:end]}" for word, start, end in words_read(fold(text))]

    assert words == expected


# name, text, its words when what a line end breaks is joined; None where nothing is
JOINED: Final = [
    ("a word", "smug-\ngling ring", ["smuggling=smug-\ngling", "ring=ring"]),
    ("CR LF and white space", "smug- \r\n  gling", ["smuggling=smug- \r\n  gling"]),
    ("a typographic hyphen", "smug‐\ngling", ["smuggling=smug‐\ngling"]),
    ("two words", "a-\nb c-\nd", ["ab=a-\nb", "cd=c-\nd"]),
    ("a character that grows", "ﬁ-\nß", ["fiss=ﬁ-\nß"]),
    ("Hangul", "밀-\n수", ["밀수=밀-\n수"]),
    ("no hyphen", "smug\ngling", None),
    ("no line end", "smug-gling", None),
]


@pytest.mark.parametrize(
    ("text", "expected"), [pytest.param(*case, id=name) for name, *case in JOINED]
)
def test_joined_words(text: str, expected: list[str] | None) -> None:
    reading = fold_joined(text)

    found = None
    if reading is not None:
        found = [f"{word}={text[start:end]}" for word, start, end in words_read(reading)]
    assert found == expected


def words_read(reading: Reading) -> list[Word]:
    """Give the words of a reading, and where each stands in the text as sent."""
    plain = reading.plain
    runs = runs_of([in_word(char) for char in plain], plain)
    return [(plain[start:end], *reading.span(start, end)) for start, end in runs]


def words_sent(text: str) -> list[Word]:
    """Give the words of a text by the oracle's definition."""
    chars = oracle.read(text)
    plain = "".join(char.text for char in chars)
    runs = runs_of([oracle.is_letter(char.text) for char in chars], plain)
    return [(plain[i:j], chars[i].start, chars[j - 1].end) for i, j in runs]


def runs_of(letters: list[bool], plain: str) -> Iterator[tuple[int, int]]:
    """Give the stretches of letters, cut where scripts with and without spaces meet."""
    start = 0
    for i in range(len(plain) + 1):
        ended = i == len(plain) or not letters[i]
        if i > start and (ended or oracle.script_changes(plain[i - 1], plain[i])):
            yield start, i
            start = i
        if ended:
            start = i + 1


SPECIAL: Final = (
    *"aßſİﬁ①¹½™㎏ﷺ㍿-‐–—'’“\"_𠮷𝐚가각ガ밀\n\r \u2028\u00a0\u00ad\u200b\u200d\ufe0f\ufeff",
    "e\u0301", "a\u0323\u0301", "q\u0301", "ｶﾞ", "ﾊﾟ", "\r\n", "ก\u0e34", "\u1112\u1161\u11ab",
)  # fmt: skip
anything = st.text(st.characters())
# Marks, and letters that join the one before them, stand where a writer puts them.
unmarked = st.characters(exclude_categories=["M", "Cn", "Co", "Lm"])
written = st.lists(st.sampled_from(SPECIAL) | unmarked, max_size=20).map("".join)


@given(written)
def test_words_are_those_of_the_definition(text: str) -> None:
    assert words_read(fold(text)) == words_sent(text)


@given(anything | written)
def test_spans_stand_in_the_text_and_rise(text: str) -> None:
    reading = fold(text)

    # A space may also stand for a change of script, and so for nothing that was sent.
    places = [i for i, char in enumerate(reading.plain) if char != " "]
    spans = [reading.span(i, i + 1) for i in places]
    assert len(reading.plain) == len(reading.scan)
    assert reading.plain[0] == reading.plain[-1] == reading.scan[0] == reading.scan[-1] == " "
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert all(one[0] <= other[0] and one[1] <= other[1] for one, other in pairwise(spans))
    assert all(start < end for _, start, end in words_read(reading))


@given(written)
def test_spans_of_a_joined_reading_stand_in_the_text_and_rise(text: str) -> None:
    reading = fold_joined(text)

    words = [] if reading is None else words_read(reading)
    assert all(0 <= start < end <= len(text) for _, start, end in words)
    assert all(one[2] <= other[1] or one[1:] == other[1:] for one, other in pairwise(words))


@given(anything | written)
def test_what_is_folded_stays_so(text: str) -> None:
    plain = fold(text).plain

    assert [word for word, *_ in words_read(fold(plain))] == [w for w, *_ in words_read(fold(text))]


@given(anything, anything)
def test_texts_fold_apart(first: str, second: str) -> None:
    both = words_read(fold(f"{first}\n{second}"))

    shift = len(first) + 1
    moved = [(word, start + shift, end + shift) for word, start, end in words_read(fold(second))]
    assert both == words_read(fold(first)) + moved
