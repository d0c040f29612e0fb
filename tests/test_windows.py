"""What stands together in a window, and which of all findings are taken."""

from itertools import combinations, pairwise, product
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.matching.windows import Finding, Hit, Neighbours, Windows, settle
from ruletag.rules.model import DOCUMENT, SENTENCE, Window
from ruletag.text.sentences import Sentences

PHRASE: Final = Window("phrase")
PARAGRAPH: Final = Window("paragraph")
WINDOWS: Final = (
    PHRASE,
    SENTENCE,
    PARAGRAPH,
    DOCUMENT,
    Window("sentences", 2),
    *(Window("words", count) for count in (0, 1, 3)),
)


def windows(text: str) -> Windows:
    return Windows(text, Sentences(text))


def hits(text: str, word: str, line: int = 0) -> list[Hit]:
    """Give every place of a word, overlapping ones too."""
    places = (i for i in range(len(text)) if text.startswith(word, i))
    return [Hit(i, i + len(word), line) for i in places]


def spans(findings: list[Finding]) -> list[list[tuple[int, int]]]:
    return [sorted((hit.start, hit.end) for hit in finding) for finding in findings]


# name, window, text in which `a` and `b` stand, whether they fit
FITS: Final = [
    ("a phrase", PHRASE, "a k b", True),
    ("a comma", PHRASE, "a, b", False),
    ("a comma in a number", PHRASE, "a 1,0 b", True),
    ("a bracket before", PHRASE, "(a b", True),
    ("a bracket between", PHRASE, "a (b", False),
    ("an opening quotation mark", PHRASE, 'a "b', False),
    ("a closing quotation mark", PHRASE, '"a" b', True),
    ("a spaced dash", PHRASE, "a – b", False),
    ("a hyphen", PHRASE, "a-b", True),
    ("a phrase and a sentence end", PHRASE, "a k! B b", False),
    ("a phrase and a blank line", PHRASE, "a\n\nb", False),
    ("a phrase and a line break", PHRASE, "a\nb", True),
    ("words", Window("words", 2), "a k k b", True),
    ("too many words", Window("words", 1), "a k k b", False),
    ("no words", Window("words", 0), "a — b", True),
    ("words in two sentences", Window("words", 9), "a k! B b", False),
    ("a sentence", SENTENCE, "a, (k: b", True),
    ("a sentence end", SENTENCE, "a k! B b", False),
    ("two sentences", Window("sentences", 2), "a k! B b", True),
    ("three sentences", Window("sentences", 2), "a k! K! B b", False),
    ("a paragraph", PARAGRAPH, "a k!\nB b", True),
    ("a blank line", PARAGRAPH, "a\n\nb", False),
    ("a blank line of tabs", PARAGRAPH, "a\n\t\nb", False),
    ("CR LF", PARAGRAPH, "a\r\nb", True),
    ("a blank line of CR LF", PARAGRAPH, "a\r\n\r\nb", False),
    ("a document", DOCUMENT, "a\n\nk!\n\nb", True),
]


@pytest.mark.parametrize(
    ("window", "text", "expected"), [pytest.param(*case, id=name) for name, *case in FITS]
)
def test_fits(window: Window, text: str, *, expected: bool) -> None:
    (left,) = hits(text, "a")
    (right,) = hits(text, "b")

    assert windows(text).fits(window, left, right) == expected
    assert windows(text).fits(window, left, left)


# name, window, text, words of each group, in order, spans found
TOGETHER: Final = [
    ("nothing of one group", SENTENCE, "a a", ["a", "b"], False, []),
    ("no text", SENTENCE, "", ["a", "b"], False, []),
    ("the smallest", SENTENCE, "a k b a", ["a", "b"], False, [[(4, 5), (6, 7)]]),
    ("the first of equals", SENTENCE, "a b a", ["a", "b"], False, [[(0, 1), (2, 3)]]),
    ("in order", SENTENCE, "b a k b", ["a", "b"], True, [[(2, 3), (6, 7)]]),
    ("never in order", SENTENCE, "b a", ["a", "b"], True, []),
    ("one word is not two", SENTENCE, "a", ["a", "a"], False, []),
    ("two words are two", SENTENCE, "a a", ["a", "a"], False, [[(0, 1), (2, 3)]]),
    ("not where they overlap", SENTENCE, "aba", ["ab", "ba"], False, []),
    ("overlaps among the others", SENTENCE, "ab b aab", ["a", "ab", "b"], False,
     [[(3, 4), (5, 6), (6, 8)]]),
    ("one in each sentence", SENTENCE, "a b! K b a", ["a", "b"], False,
     [[(0, 1), (2, 3)], [(7, 8), (9, 10)]]),
    ("one in each paragraph", PARAGRAPH, "a b a\n\nb a", ["a", "b"], False,
     [[(0, 1), (2, 3)], [(7, 8), (9, 10)]]),
    ("one in a document", DOCUMENT, "a k b\n\nb a", ["a", "b"], False, [[(7, 8), (9, 10)]]),
    ("no second in one window of words", Window("words", 3), "a b k a b", ["a", "b"], False,
     [[(0, 1), (2, 3)]]),
    ("a second in another", Window("words", 2), "a b k a b", ["a", "b"], False,
     [[(0, 1), (2, 3)], [(6, 7), (8, 9)]]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("window", "text", "groups", "in_order", "expected"),
    [pytest.param(*case, id=name) for name, *case in TOGETHER],
)
def test_together(
    window: Window, text: str, groups: list[str], *, in_order: bool, expected: list[Any]
) -> None:
    found = windows(text).together([hits(text, g) for g in groups], window, in_order=in_order)

    assert spans(found) == expected


def test_what_is_not_accepted_makes_room_for_the_next() -> None:
    text = "a b k k a k b"

    found = windows(text).together(
        [hits(text, "a"), hits(text, "b")], SENTENCE, lambda finding: min(finding).start > 0
    )

    assert spans(found) == [[(8, 9), (12, 13)]]


# name, window, text, words, how many, whether different, spans found
COUNTED: Final = [
    ("too few", DOCUMENT, "a", ["a"], 2, False, []),
    ("enough", DOCUMENT, "a k a", ["a"], 2, False, [[(0, 1), (4, 5)]]),
    ("the smallest", DOCUMENT, "a k a a", ["a"], 2, False, [[(4, 5), (6, 7)]]),
    ("not different", DOCUMENT, "a a", ["a", "b"], 2, True, []),
    ("different", DOCUMENT, "a a b", ["a", "b"], 2, True, [[(2, 3), (4, 5)]]),
    ("three different", DOCUMENT, "a b a c", ["a", "b", "c"], 3, True,
     [[(2, 3), (4, 5), (6, 7)]]),
    ("overlaps are settled", DOCUMENT, "ab", ["a", "ab", "b"], 2, False, []),
    ("apart", PARAGRAPH, "a\n\na", ["a"], 2, False, []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("window", "text", "words", "most", "different", "expected"),
    [pytest.param(*case, id=name) for name, *case in COUNTED],
)
def test_counted(  # noqa: PLR0913 - one argument a column
    window: Window, text: str, words: list[str], most: int, *, different: bool, expected: list[Any]
) -> None:
    found = [hit for line, word in enumerate(words) for hit in hits(text, word, line)]

    assert spans(windows(text).counted(found, window, most, different=different)) == expected


# name, window, text with the finding `a` (all of them), others `k`, near, disturbed
NEAR: Final = [
    ("before", SENTENCE, "k a", "k", True, True),
    ("behind", SENTENCE, "a k", "k", True, True),
    ("between", SENTENCE, "a k a", "k", True, True),
    ("elsewhere", SENTENCE, "a b! K k", "k", False, False),
    ("over it", SENTENCE, "aka", "ak", False, True),
    ("none", SENTENCE, "a", "k", False, False),
    ("too far from all", Window("words", 2), "a b a b k", "k", False, False),
    ("near to all", Window("words", 3), "a b a b k", "k", True, True),
]


@pytest.mark.parametrize(
    ("window", "text", "word", "near", "disturbed"),
    [pytest.param(*case, id=name) for name, *case in NEAR],
)
def test_neighbours(window: Window, text: str, word: str, *, near: bool, disturbed: bool) -> None:
    finding = tuple(hits(text, "a"))
    others = Neighbours(hits(text, word))

    assert windows(text).is_near(window, finding, others) == near
    assert windows(text).is_disturbed(window, finding, others) == disturbed


# name, spans, those left
SETTLED: Final = [
    ("none", [], []),
    ("apart", [(3, 4), (0, 2)], [(0, 2), (3, 4)]),
    ("the longest", [(0, 2), (1, 4)], [(1, 4)]),
    ("the left-most", [(1, 3), (0, 2)], [(0, 2)]),
    ("what the longest leaves", [(0, 2), (1, 4), (4, 5)], [(1, 4), (4, 5)]),
    ("side by side", [(0, 2), (2, 4)], [(0, 2), (2, 4)]),
]


@pytest.mark.parametrize(
    ("given_spans", "expected"), [pytest.param(*case, id=name) for name, *case in SETTLED]
)
def test_settle(given_spans: list[tuple[int, int]], expected: list[tuple[int, int]]) -> None:
    settled = settle(Hit(start, end, 0) for start, end in given_spans)

    assert [(hit.start, hit.end) for hit in settled] == expected


def test_of_one_place_the_first_line_is_left() -> None:
    assert settle([Hit(0, 1, 2), Hit(0, 1, 1)]) == [Hit(0, 1, 1)]


def test_a_search_without_end_is_given_up() -> None:
    text = "ab" * 3000
    crowded = [Hit(i, i + 3000, 0) for i in range(2000)]
    judged = windows(text)

    judged.together([crowded, crowded, crowded, hits(text, "b")], DOCUMENT)

    assert judged.was_cut_short


# ------------------------------------------------------------------------ laws

PIECES: Final = ("a ", "b ", "k ", "ab", "! K ", "\n\n", ", ")
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
groups_of_words = st.lists(
    st.lists(st.sampled_from(("a", "b", "ab", "b a")), min_size=1, max_size=2, unique=True),
    min_size=2,
    max_size=3,
)


@given(texts, groups_of_words, st.sampled_from(WINDOWS), st.booleans())
def test_findings_are_of_every_group_apart_and_in_one_window(
    text: str,
    groups: list[list[str]],
    window: Window,
    in_order: bool,  # noqa: FBT001
) -> None:
    judged = windows(text)
    found_in = [[hit for word in group for hit in hits(text, word)] for group in groups]

    findings = judged.together(found_in, window, in_order=in_order)

    for finding in findings:
        assert any(sorted(finding) == sorted(choice) for choice in product(*found_in)), (
            "one of every group"
        )
        assert all(a.end <= b.start or b.end <= a.start for a, b in combinations(finding, 2))
        assert judged.fits(window, min(finding), max(finding))


@given(texts, groups_of_words, st.sampled_from(WINDOWS))
def test_nothing_is_found_only_where_nothing_fits(
    text: str, groups: list[list[str]], window: Window
) -> None:
    judged = windows(text)
    found_in = [[hit for word in group for hit in hits(text, word)] for group in groups]

    findings = judged.together(found_in, window)

    fitting = [
        choice
        for choice in product(*found_in)
        if all(a.end <= b.start or b.end <= a.start for a, b in combinations(choice, 2))
        and judged.fits(window, min(choice), max(choice))
    ]
    assert bool(findings) == bool(fitting)
    smallest = min((width(choice) for choice in fitting), default=0)
    assert min(map(width, findings), default=0) == smallest


def width(finding: Finding) -> int:
    return max(hit.end for hit in finding) - min(hit.start for hit in finding)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(1, 5)), max_size=12))
def test_what_is_settled_is_apart_and_leaves_no_room(drawn: list[tuple[int, int]]) -> None:
    every = [Hit(start, start + length, line) for line, (start, length) in enumerate(drawn)]

    settled = settle(every)

    assert settled == sorted(settled)
    assert all(left.end <= right.start for left, right in pairwise(settled))
    assert all(any(h.start < o.end and o.start < h.end for o in settled) for h in every)
