"""A keyword becomes words, marks and gaps, or a problem whose caret stands below the mistake."""

from typing import Any, Final

import pytest

from ruletag.problems import Location, ProblemLog
from ruletag.rules.keywords import KeywordReader
from ruletag.rules.model import Phrase, Reference, Word


def a(*words: str, exact: bool = False, forms: Any = "default") -> Phrase:  # noqa: ANN401
    """Write a phrase short: `~` and `*` at the end of a word are its marks."""
    made = (Word(w.rstrip("~*"), inflected=w.endswith("~"), open=w.endswith("*")) for w in words)
    return Phrase(tuple(made), exact, forms)


metals: Final = Reference("metals")
plain_tilde: Final = Phrase((Word("a~"),))

# name, keyword, parts
KEYWORDS: Final[list[tuple[str, str, list[Phrase | Reference]]]] = [
    ("a word", "copper", [a("copper")]),
    ("several words", "border  closure", [a("border", "closure")]),
    ("spaces around", "  copper ", [a("copper")]),
    ("a line break inside", "border\nclosure", [a("border", "closure")]),
    ("verb forms", "close~ the border", [a("close~", "the", "border")]),
    ("an open end", "smuggl*", [a("smuggl*")]),
    ("an open end after one syllable", "밀*", [a("밀*")]),
    ("three letters, one in two pieces", "e\u0301ab*", [a("e\u0301ab*")]),
    ("a gap", "strip~ ... membership", [a("strip~"), a("membership")]),
    ("a gap of one character", "strip~ … membership", [a("strip~"), a("membership")]),
    ("two gaps", "a ... b ... c d", [a("a"), a("b"), a("c", "d")]),
    ("a list", "$metals", [metals]),
    ("a list in a gap", "smuggle~ ... $metals", [a("smuggle~"), metals]),
    ("an exact word", "=WPK", [a("WPK", exact=True, forms="none")]),
    ("an exact phrase", "=New Year", [a("New", "Year", exact=True, forms="none")]),
    ("an exact part", "expel~ ... =WPK", [a("expel~"), a("WPK", exact=True, forms="none")]),
    ("an escaped tilde", r"a\~", [plain_tilde]),
    ("an escaped tilde, inflected", r"a\~~", [Phrase((Word("a~", inflected=True),))]),
    ("an escaped star", r"C\*", [Phrase((Word("C*"),))]),
    ("an escaped equals sign", r"\=WPK", [Phrase((Word("=WPK"),))]),
    ("an escaped dollar", r"\$500", [Phrase((Word("$500"),))]),
    ("an escaped backslash", r"a\\b", [Phrase((Word(r"a\b"),))]),
    ("a backslash that escapes nothing", r"a\b", [Phrase((Word(r"a\b"),))]),
    ("an equals sign inside", "E=mc2", [Phrase((Word("E=mc2"),))]),
    ("an equals sign between words", "x = y", [Phrase((Word("x"), Word("="), Word("y")))]),
    ("a dollar behind", "US$ 5 $", [Phrase((Word("US$"), Word("5"), Word("$")))]),
    ("signs inside", "AT&T C++ 10,000", [Phrase((Word("AT&T"), Word("C++"), Word("10,000")))]),
    ("dots of an abbreviation", "U.S. a.m.", [Phrase((Word("U.S."), Word("a.m.")))]),
    ("an apostrophe", "workers' party", [Phrase((Word("workers'"), Word("party")))]),
    ("straight quotation marks", '"border closure"', [Phrase((Word('"border'), Word('closure"')))]),
    ("a quotation mark in front alone", "“tis", [Phrase((Word("“tis"),))]),
    ("a digit", "7", [a("7")]),
    ("Arabic letters that fold to many", "ﷺ", [Phrase((Word("ﷺ"),))]),
    ("256 characters", "a" * 256, [a("a" * 256)]),
]


@pytest.mark.parametrize(
    ("written", "parts"), [pytest.param(*case, id=name) for name, *case in KEYWORDS]
)
def test_keywords(written: str, parts: list[Phrase | Reference]) -> None:
    log = ProblemLog()
    place = Location("a.yaml", 1, 1, len(written))

    keyword = KeywordReader("en", log).read(written, place)

    assert log.problems == ()
    assert keyword is not None
    assert (keyword.written, keyword.location, keyword.language) == (written, place, "en")
    assert keyword.parts == tuple(parts)


# name, keyword, code, what the caret marks
BAD_KEYWORDS: Final = [
    ("nothing", "", "E301", ""),
    ("signs", "copper ... !!!", "E301", "!!!"),
    ("an underscore", "_", "E301", "_"),
    ("a superscript", "¹", "E301", "¹"),
    ("a filler of Hangul", "\u3164", "E301", "\u3164"),
    ("a mark on nothing", "\u0301", "E301", "\u0301"),
    ("an equals sign", "=", "E301", "="),
    ("an escaped mark", r"\~", "E301", r"\~"),
    ("257 characters", "a" * 257, "E302", "a" * 257),
    ("a million characters", "a " * 500_000, "E302", "a " * 500_000),
    ("a private-use character", "a\ue000", "E103", "\ue000"),
    ("a private-use character of plane 16", "a\U0010fffd", "E103", "\U0010fffd"),
    ("a stand-in of our own", "a\uf8f0", "E103", "\uf8f0"),
    ("a control character", "a\x07b", "E103", "\x07"),
    ("a tilde apart", "smuggle ~", "E303", "~"),
    ("a star apart", "x smuggl *", "E303", "*"),
    ("a tilde alone in a part", "a ... ~", "E301", "~"),
    ("a tilde in front", "to ~smuggle", "E303", "~smuggle"),
    ("a tilde inside", "smu~ggle", "E303", "smu~ggle"),
    ("two tildes", "x smuggle~~", "E303", "smuggle~~"),
    ("both marks", "smuggle~*", "E303", "smuggle~*"),
    ("a list with a capital", "$Metals", "E303", "$Metals"),
    ("a list with a hyphen", "a ... $raw-metals", "E303", "$raw-metals"),
    ("words behind a list", "$metals price", "E303", "$metals price"),
    ("a list behind words", "price of $metals", "E303", "$metals"),
    ("a dollar alone", "$", "E303", "$"),
    ("an equals sign apart", "a ... = WPK", "E303", "="),
    ("an equals sign behind a word", "the =WPK", "E303", "=WPK"),
    ("two equals signs", "==WPK", "E303", "=WPK"),
    ("two letters before the star", "x sm*", "E304", "sm*"),
    ("a gap in front", "... a", "E305", "..."),
    ("a gap behind", "a b …", "E305", "…"),
    ("nothing but a gap", "...", "E305", "..."),
    ("two gaps", "a ... … b", "E305", "…"),
    ("a gap without spaces", "x strip...y", "E305", "strip...y"),
    ("a gap with one space", "strip …y", "E305", "…y"),
    ("two dots", "a .. b", "E305", ".."),
    ("four dots", "a .... b", "E305", "...."),
    ("dots at the end of a word", "and so on...", "E305", "on..."),
    ("typographic quotation marks", "“a b”", "E309", "“a b”"),
    ("German quotation marks", " „a b“", "E309", "„a b“"),
    ("a comma behind", "a b,", "E309", ","),
    ("a semicolon behind", "a~;", "E309", ";"),
]


@pytest.mark.parametrize(
    ("written", "code", "marked"), [pytest.param(*case, id=name) for name, *case in BAD_KEYWORDS]
)
def test_keywords_refused(written: str, code: str, marked: str) -> None:
    log = ProblemLog()

    keyword = KeywordReader("en", log).read(written, Location("a.yaml", 1, 1, len(written)))

    assert keyword is None
    (problem,) = log.problems
    assert problem.code == code
    start = problem.location.column - 1
    assert written[start : start + problem.location.length] == marked
