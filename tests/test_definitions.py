"""Categories and lists become plain values, every shorthand written out."""

from fractions import Fraction
from typing import Any, Final

import pytest

from ruletag.problems import Location
from ruletag.rules.loader import parse_rules
from ruletag.rules.model import Category, Phrase, RuleSet, Word


def read(*files: str) -> RuleSet:
    """Read rule files, called a.yaml, b.yaml and so on."""
    return parse_rules({f"{'abc'[i]}.yaml": text.encode() for i, text in enumerate(files)})


def only_category(text: str) -> Category:
    """Read a file with one category, indented under its name."""
    (category,) = read("categories:\n  x:\n" + text).categories
    return category


def a(word: str, *, exact: bool = False, forms: Any = "default") -> Phrase:  # noqa: ANN401
    """Give a phrase of one word."""
    return Phrase((Word(word),), exact, forms)


# ------------------------------------------------------------------- categories


def test_a_category_as_a_list_has_every_default() -> None:
    (category,) = read("categories:\n  smuggling: [smuggle~, smuggler]\n").categories

    assert category.id == "smuggling"
    assert category.location == Location("a.yaml", 2, 3, 9)
    assert [entry.keyword.written for entry in category.entries] == ["smuggle~", "smuggler"]
    assert (category.threshold, category.label) == (Fraction(1), "")
    assert category.severity is None
    assert (category.excepts, category.examples, category.description) == ((), (), "")


def test_a_category_as_a_mapping() -> None:
    category = only_category(
        """
    label: ' Smuggling '
    description: Illicit movement
    severity: high
    threshold: 1.5
    match: [smuggle~]
    except: [smuggle~ news]
"""
    )

    assert (category.label, category.description) == ("Smuggling", "Illicit movement")
    assert (category.severity, category.threshold) == ("high", Fraction(3, 2))
    assert [keyword.written for keyword in category.excepts] == ["smuggle~ news"]


def test_the_long_form() -> None:
    category = only_category(
        "    match: [{word: lead, case: exact, forms: none, weight: -0.125,"
        " except: [lead singer], id: HS-78}]"
    )

    (entry,) = category.entries
    assert entry.keyword.parts == (a("lead", exact=True, forms="none"),)
    assert (entry.weight, entry.ids) == (Fraction(-1, 8), ("HS-78",))
    assert [keyword.written for keyword in entry.excepts] == ["lead singer"]


# name, the long form, the phrase
LONG_FORMS: Final = [
    ("any case", "{word: a, case: any}", a("a")),
    ("verb", "{word: a, forms: verb}", a("a", forms="verb")),
    ("forms written out", "{word: a, forms: [b, c d]}", a("a", forms=("b", "c d"))),
    ("an equals sign", "{word: =a}", a("a", exact=True, forms="none")),
    ("an equals sign and forms", "{word: =a, forms: [b]}", a("a", exact=True, forms=("b",))),
]


@pytest.mark.parametrize(
    ("written", "phrase"), [pytest.param(*case, id=name) for name, *case in LONG_FORMS]
)
def test_forms(written: str, phrase: Phrase) -> None:
    (entry,) = only_category(f"    match: [{written}]").entries

    assert entry.keyword.parts == (phrase,)


# What is written is what is meant.
LITERAL: Final = ["no", "on", "012", "1e3", "12:30:45", "2020-01-22", "0x1F", "true", ".inf", "y"]


@pytest.mark.parametrize("word", LITERAL)
def test_words_that_yaml_would_change_stay_words(word: str) -> None:
    (entry,) = only_category(f"    match: [{word}]").entries

    assert entry.keyword.written == word


def test_words_that_mean_nothing_can_be_quoted() -> None:
    category = only_category("    match: ['null', \"Null\"]")

    assert [entry.keyword.written for entry in category.entries] == ["null", "Null"]


def test_a_language_goes_with_its_file_only() -> None:
    rules = read("language: ko\ncategories: {a: [밀수]}", "categories: {b: [copper]}")

    languages = [category.entries[0].keyword.language for category in rules.categories]
    assert languages == ["ko", "en"]


def test_categories_come_in_order_of_id_and_lists_in_order_of_files() -> None:
    rules = read("lists: {z: [b]}\ncategories: {c: [a], a.b: [a]}", "lists: {y: [b]}")

    assert [category.id for category in rules.categories] == ["a.b", "c"]
    assert [word_list.name for word_list in rules.lists] == ["z", "y"]


# -------------------------------------------------------------------- sentences

# name, sentence, text, marks
MARKED: Final = [
    ("no marks", "They smuggle.", "They smuggle.", None),
    ("one", "They [[smuggle]].", "They smuggle.", ((5, 12),)),
    ("two", "[[a]] [[b c]]", "a b c", ((0, 1), (2, 5))),
    ("side by side", "[[a]][[b]]", "ab", ((0, 1), (1, 2))),
    ("Korean", "부부가 [[밀수]]하다", "부부가 밀수하다", ((4, 6),)),
    ("escaped", r"\[[a\]] [[b]]", "[[a]] b", ((6, 7),)),
    ("escaped inside", r"[[a\[[b]]", "a[[b", ((0, 4),)),
    ("one bracket", "[a] b]", "[a] b]", None),
]


@pytest.mark.parametrize(
    ("written", "text", "marks"), [pytest.param(*case, id=name) for name, *case in MARKED]
)
def test_marks(written: str, text: str, marks: tuple[tuple[int, int], ...] | None) -> None:
    category = only_category(f"    match: [a]\n    tests:\n      tag: ['{written}']\n")

    (sentence,) = category.examples
    assert (sentence.kind, sentence.text, sentence.marks) == ("tag", text, marks)
    assert sentence.location == Location("a.yaml", 5, 13, len(written) + 2)


def test_sentences_to_skip() -> None:
    category = only_category("    match: [a]\n    tests: {tag: [a], skip: [b, c]}\n")

    kinds = [(sentence.kind, sentence.text) for sentence in category.examples]
    assert kinds == [("tag", "a"), ("skip", "b"), ("skip", "c")]
