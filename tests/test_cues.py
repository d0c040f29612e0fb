"""The tables of cues hold what the rule language can read, each thing once."""

import re
from collections import Counter
from pathlib import Path
from typing import Final, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.language.cues import CONTEXTS, CUES, DEFAULT_REACH, Cue, CuedContext, Role
from ruletag.problems import Location, ProblemLog
from ruletag.rules.keywords import KeywordReader

# Words that news uses for other things, so that no table may hold them by themselves.
LEFT_OUT: Final = (
    "allegedly reportedly suspected alleged will once until used tried attempted escape"
    " may that only as"
).split()


RULES_PAGE: Final = Path(__file__).parents[1] / "docs" / "rules.md"


def test_contexts_stand_in_the_order_of_answers() -> None:
    assert CONTEXTS == ("negated", "hypothetical", "historical", "quoted", "capitals")


def test_each_cue_stands_once() -> None:
    counts = Counter((cue.keyword, cue.context, cue.role, cue.language) for cue in CUES)

    assert [key for key, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_cue_is_a_keyword(language: str) -> None:
    log = ProblemLog()
    reader = KeywordReader(language, log)
    read = [reader.read(c.keyword, Location("", 0, 0)) for c in CUES if c.language == language]

    assert [keyword.written for keyword in read if keyword and len(keyword.parts) != 1] == []
    assert list(log.problems) == []


def test_only_words_that_end_all_reach_have_no_context() -> None:
    assert {cue.role for cue in CUES if not cue.context} == {"ends"}
    assert {cue.role for cue in CUES if cue.context} == {"before", "after", "never"}


def test_reach_is_that_of_a_clause() -> None:
    reached = [cue for cue in CUES if cue.role in {"before", "after"}]

    assert [cue for cue in reached if not 0 <= cue.reach <= DEFAULT_REACH] == []
    assert {cue.reach for cue in CUES if cue not in reached} == {0}


def test_words_that_say_other_things_are_left_out() -> None:
    reached = {cue.keyword for cue in CUES if cue.role in {"before", "after"}}

    assert reached.isdisjoint(LEFT_OUT)


@pytest.mark.parametrize("context", ["negated", "hypothetical", "historical"])
def test_every_phrase_that_is_none_holds_or_touches_a_cue(context: CuedContext) -> None:
    words = {
        word.rstrip("~").lstrip("=")
        for cue in CUES
        if cue.context == context and cue.role != "never"
        for word in cue.keyword.split()
    }
    idle = [
        cue.keyword
        for cue in CUES
        if cue.context == context and cue.role == "never" and cue.language == "en"
        if words.isdisjoint(word.rstrip("~") for word in cue.keyword.split())
    ]

    assert idle == []


@given(
    st.builds(
        Cue,
        st.text(),
        st.sampled_from(get_args(CuedContext)),
        st.sampled_from(get_args(Role)),
        st.integers(0, 50),
        st.just("en"),
    )
)
def test_a_cue_of_a_rule_file_has_the_same_shape(cue: Cue) -> None:
    assert cue == Cue(*cue)


# ------------------------------------------------------------------------ docs


def told() -> set[tuple[str, str, str, int]]:
    """Give what the table of the page says: keyword, context, role and reach."""
    table = RULES_PAGE.read_text(encoding="utf-8").partition("| context | cues before")[2]
    lines = table.partition("\n\n")[0].splitlines()[2:]
    found = set()
    for line in lines:
        context, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        for role, cell in zip(("before", "after"), cells, strict=True):
            for alike in cell.split(";"):
                words, reach = alike.strip().rsplit(" ", 1)
                keywords = re.findall("`([^`]+)`", words)
                found |= {(word, context.strip("`"), role, int(reach)) for word in keywords}
    return found


def test_the_cues_of_the_page_have_the_reach_it_says() -> None:
    known = {(cue.keyword, cue.context, cue.role, cue.reach) for cue in CUES}

    assert len(told()) > 30
    assert told() - known == set()


def test_every_reach_of_an_english_cue_is_shown_on_the_page() -> None:
    english = [cue for cue in CUES if cue.language == "en" and cue.role in {"before", "after"}]

    assert {tuple(cue[1:4]) for cue in english} == {one[1:] for one in told()}
