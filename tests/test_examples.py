"""Tests inside rules: what came of them, and what they make use of."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.examples import (
    Result,
    check_examples,
    count_examples,
    coverage,
    marked,
    results,
)
from ruletag.problems import RuleSetError
from ruletag.rules.definitions import split_marks
from ruletag.rules.loader import parse_rules


def compiled(text: str) -> CompiledRules:
    return compile_rules(parse_rules({"a.yaml": text.encode()}))


def only_result(category: str) -> Result:
    """Run the one test of a category called x."""
    (result,) = results(compiled(f"categories:\n  x: {category}"))
    return result


# name, the category, how the test ended, its code, part of what is said
OUTCOMES: Final = [
    ("tagged", "{match: [a], tests: {tag: [an a]}}", "passed", "", ""),
    ("not tagged", "{match: [a], tests: {tag: [b]}}", "failed", "E405", "x is not tagged"),
    ("marked", '{match: [a], tests: {tag: ["an [[a]]"]}}', "passed", "", ""),
    ("marked wrongly", '{match: [a], tests: {tag: ["[[an]] a"]}}', "failed", "E405", "`an`; found"),
    ("skipped", "{match: [a], tests: {skip: [b]}}", "passed", "", ""),
    (
        "not skipped",
        "{match: [a], tests: {skip: [an a]}}",
        "failed",
        "E405",
        "by `a` (a.yaml:2:15)",
    ),
    (
        "not skipped, in another form",
        "{match: [ship], tests: {skip: [the ships]}}",
        "failed",
        "E405",
        "by `ships` (ship, a.yaml:2:15)",
    ),
    ("to do", "{match: [a], tests: {todo: [b]}}", "open", "", ""),
    ("to do and done", "{match: [a], tests: {todo: [a]}}", "mended", "W591", "is tagged now"),
    ("to do, other marks", '{match: [a], tests: {todo: ["a [[b]]"]}}', "open", "", ""),
    ("a draft", "{status: draft, match: [a], tests: {tag: [a]}}", "passed", "", ""),
    (
        "a bad draft",
        "{status: draft, match: [a], tests: {tag: [b]}}",
        "failed",
        "W590",
        "not tagged",
    ),
    (
        "what does not count is not marked",
        '{match: [a], ignore: [negated], tests: {tag: ["not a. [[A]] b"]}}',
        *("passed", "", ""),
    ),
    (
        "a block is one mark",
        '{match: [{all: [a, b]}], tests: {tag: ["[[a c b]]"]}}',
        "passed",
        "",
        "",
    ),
]


@pytest.mark.parametrize(
    ("category", "outcome", "code", "said"),
    [pytest.param(*case, id=name) for name, *case in OUTCOMES],
)
def test_outcomes(category: str, outcome: str, code: str, said: str) -> None:
    result = only_result(category)

    assert result.outcome == outcome
    assert (result.problem.code if result.problem else "") == code
    assert said in (result.problem.detail if result.problem else "")


def test_a_test_that_fails_for_want_of_a_tag_says_why() -> None:
    result = only_result("{match: [smuggle], tests: {tag: [A smuggling plot.]}}")

    assert result.problem is not None
    assert "write `smuggle~`" in result.problem.hint


# name, what is matched, a sentence to skip, what may be written under `except`
WAYS_OUT: Final = [
    ("a word before", "smuggler", "He wore budgie smugglers.", ", such as `budgie smugglers`"),
    ("a word behind", "smuggler", "A smuggler sang.", ", such as `smuggler sang`"),
    ("no word beside", "smuggler", "Smuggler, he.", ""),
    ("evidence that no keyword can hold", "smuggle~ it", "Nobody smuggles/it.", ""),
    ("a gap", "smuggle~ ... copper", "He smuggled old copper pipes.", ""),
]


@pytest.mark.parametrize(
    ("keyword", "text", "such"), [pytest.param(*case, id=name) for name, *case in WAYS_OUT]
)
def test_a_test_that_fails_for_a_tag_says_what_to_write(keyword: str, text: str, such: str) -> None:
    result = only_result(f"{{match: [{keyword}], tests: {{skip: ['{text}']}}}}")

    assert result.problem is not None
    assert result.problem.hint == (
        f"write under `except` a phrase that cancels it{such};"
        " or under `none` of the entry a word that must not stand near"
    )


def test_what_only_children_bring_is_not_cancelled_here() -> None:
    parent, *_ = results(compiled("categories:\n  x: {match: [b], tests: {skip: [a]}}\n  x.y: [a]"))

    assert parent.problem is not None
    assert (parent.problem.detail, parent.problem.hint) == ("x is tagged, by its children x.y", "")


def test_what_is_off_is_not_tested() -> None:
    rules = compiled("categories: {x: {status: off, match: [a], tests: {tag: [b]}}, y: [a]}")

    assert (list(results(rules)), count_examples(rules)) == ([], 0)


def test_only_tests_of_what_is_on_keep_rules_from_being_served() -> None:
    check_examples(compiled("categories: {x: {status: draft, match: [a], tests: {tag: [b]}}}"))
    with pytest.raises(RuleSetError, match="E405"):
        check_examples(compiled("categories: {x: {match: [a], tests: {tag: [b]}}}"))


def test_entries_that_no_test_uses() -> None:
    rules = compiled(
        """
lists: {l: [c, d]}
categories:
  x:
    match: [a, b, $l, {all: [e, f]}]
    ignore: [quoted]
    tests: {tag: [an a with d], skip: [e]}
  y: [a]
"""
    )

    first, second = coverage(rules)

    assert (first.category, first.entries, [str(place) for place in first.places]) == (
        *("x", 4),
        ["a.yaml:5:16", "a.yaml:5:23"],
    )
    assert (second.entries, len(second.unused)) == (1, 1)


# name, text, marks, as written
MARKED: Final = [
    ("one", "an a", ((3, 4),), "an [[a]]"),
    ("two", "a b", ((0, 1), (2, 3)), "[[a]] [[b]]"),
    ("none", "a", (), "a"),
    ("brackets of its own", "[[a]] b", ((6, 7),), "\\[[a\\]] [[b]]"),
    ("one within another cannot be written", "a b", ((0, 1), (0, 3)), "a b"),
]


@pytest.mark.parametrize(
    ("text", "marks", "written"), [pytest.param(*case, id=name) for name, *case in MARKED]
)
def test_marks(text: str, marks: tuple[tuple[int, int], ...], written: str) -> None:
    assert marked(text, marks) == written


@given(st.lists(st.text("ab[]\\ ", min_size=1, max_size=4), min_size=1, max_size=6))
def test_what_is_marked_reads_as_it_was(pieces: list[str]) -> None:
    # Evidence neither begins nor ends with a space, and a backslash before a mark escapes it.
    text, marks = "", []
    for i, piece in enumerate(pieces):
        kept = piece.replace("[", "(").replace("]", ")").replace("\\", "/").strip() or "x"
        if i % 2:
            marks.append((len(text), len(text) + len(kept)))
        text += kept + " "

    assert split_marks(marked(text, tuple(marks))) == (text, tuple(marks))
