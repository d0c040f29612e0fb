"""Categories and lists become plain values, every shorthand written out."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any, Final

import pytest

from ruletag.problems import Location
from ruletag.rules.loader import parse_rules
from ruletag.rules.model import About, Category, Entry, Line, Phrase, RuleSet, Word


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


def written(entries: Iterable[Entry]) -> list[str]:
    """Give what the entries seek, as their author wrote it."""
    return [line.keyword.written for entry in entries for group in entry.groups for line in group]


def only_line(category: Category) -> Line:
    """Give the one word of the one entry."""
    ((line,),) = only(category).groups
    return line


def only(category: Category) -> Entry:
    """Give the one entry."""
    (entry,) = category.entries
    return entry


# ------------------------------------------------------------------- categories


def test_a_category_as_a_list_has_every_default() -> None:
    (category,) = read("categories:\n  smuggling: [smuggle~, smuggler]\n").categories

    assert category.id == "smuggling"
    assert category.location == Location("a.yaml", 2, 3, 9)
    assert written(category.entries) == ["smuggle~", "smuggler"]
    assert category.threshold == Fraction(1)
    assert category.status == "on"
    assert not category.ignore
    assert (category.excepts, category.unless, category.examples) == ((), (), ())
    assert category.about == About()


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

    assert category.about == About("Smuggling", "Illicit movement", "high")
    assert category.threshold == Fraction(3, 2)
    assert [line.keyword.written for line in category.excepts] == ["smuggle~ news"]


def test_the_long_form() -> None:
    category = only_category(
        "    match: [{word: lead, case: exact, forms: none, weight: -0.125,"
        " except: [lead singer], id: HS-78}]"
    )

    line = only_line(category)
    assert line.keyword.parts == (a("lead", exact=True, forms="none"),)
    assert (only(category).weight, line.ids) == (Fraction(-1, 8), ("HS-78",))
    assert [exception.keyword.written for exception in line.excepts] == ["lead singer"]


def test_everything_a_category_may_say() -> None:
    category = only_category(
        """
    match: [a]
    unless: [b, {all: [c, d]}]
    ignore: [quoted, negated]
    status: draft
    review_by: 2027-01-31
    owner: Desk North
    links: [https://example.org/a, https://example.org/b]
    meta: {desk: 7, x y: "no"}
"""
    )

    assert written(category.unless) == ["b", "c", "d"]
    assert sorted(category.ignore) == ["negated", "quoted"]
    assert category.status == "draft"
    assert category.about == About(
        owner="Desk North",
        links=("https://example.org/a", "https://example.org/b"),
        meta=(("desk", "7"), ("x y", "no")),
        review_by=date(2027, 1, 31),
    )


# name, the long form, the phrase
LONG_FORMS: Final = [
    ("any case", "{word: a, case: any}", a("a")),
    ("verb", "{word: a, forms: verb}", a("a", forms="verb")),
    ("forms written out", "{word: a, forms: [b, c d]}", a("a", forms=("b", "c d"))),
    ("an equals sign", "{word: =a}", a("a", exact=True, forms="none")),
    ("an equals sign and forms", "{word: =a, forms: [b]}", a("a", exact=True, forms=("b",))),
]


@pytest.mark.parametrize(
    ("form", "phrase"), [pytest.param(*case, id=name) for name, *case in LONG_FORMS]
)
def test_forms(form: str, phrase: Phrase) -> None:
    line = only_line(only_category(f"    match: [{form}]"))

    assert line.keyword.parts == (phrase,)


# What is written is what is meant.
LITERAL: Final = ["no", "on", "012", "1e3", "12:30:45", "2020-01-22", "0x1F", "true", ".inf", "y"]


@pytest.mark.parametrize("word", LITERAL)
def test_words_that_yaml_would_change_stay_words(word: str) -> None:
    assert written(only_category(f"    match: [{word}]").entries) == [word]


def test_words_that_mean_nothing_can_be_quoted() -> None:
    category = only_category("    match: ['null', \"Null\"]")

    assert written(category.entries) == ["null", "Null"]


def test_a_language_goes_with_its_file_category_or_list() -> None:
    rules = read(
        "language: ko\ncategories: {a: [밀수], c: {language: fr, match: [cuivre]}}",
        "categories: {b: [copper]}\nlists: {l: {language: ja, words: [銅]}}",
    )

    languages = [c.entries[0].groups[0][0].keyword.language for c in rules.categories]
    assert languages == ["ko", "en", "fr"]
    assert rules.lists[0].lines[0].keyword.language == "ja"


def test_cues() -> None:
    rules = read(
        """
categories: {x: [a]}
cues:
  negated: {before: [far from, deny~], after: [proved wrong], never: [not only], reach: 3}
  historical: {before: [back in]}
  ends: [whereas]
"""
    )

    assert [(c.keyword.written, c.context, c.role, c.reach) for c in rules.cues] == [
        ("whereas", "", "ends", 0),
        ("far from", "negated", "before", 3),
        ("deny~", "negated", "before", 3),
        ("proved wrong", "negated", "after", 3),
        ("not only", "negated", "never", 3),
        ("back in", "historical", "before", 8),
    ]


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
