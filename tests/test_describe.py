"""A rule is explained in plain English, and nothing in it is passed over."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from ruletag.language.cues import CONTEXTS
from ruletag.problems import RuleSetError
from ruletag.rules.describe import Description, describe
from ruletag.rules.loader import parse_rules, read_rules
from ruletag.rules.model import Category, Keyword, Reference, RuleSet, lines_of
from ruletag.rules.values import CATEGORY, ENTRY
from strategies import Rules, Vocabulary, as_yaml, phrases

RULES: Final = Path(__file__).parents[1] / "rules"
LISTS: Final = "lists: {metals: [copper, zinc, $alloys], alloys: [brass~, =Bronze], one: [tin]}\n"


def told(rules: str, name: str = "c", most: int | None = None) -> Description:
    """Describe one category of a rule file."""
    rule_set = parse_rules({"a.yaml": f"{LISTS}categories:\n  {rules}\n".encode()})
    category = next(category for category in rule_set.categories if category.id == name)
    return describe(category, rule_set, most)


# name, what stands under `match`, the first point
FOUND: Final = [
    ("a noun", "[copper]", "copper or its plural (coppers)"),
    ("nouns", "[ton, price]", "ton, price or their plurals (such as tons)"),
    ("a verb", "[smuggle~]", "smuggle in any verb form (smuggles, smuggled, smuggling)"),
    ("verbs", "[seize~, take~ over]",
     "seize, take over in any verb form (such as seizes, seized, seizing)"),
    ("a verb within a phrase", "[close~ the border]",
     ("close the border in any verb form (closes the border, closed the border, closing the "
     "border)")),
    ("an open end", "[smuggl*]", "smuggl… with any ending"),
    ("exact", "[=WPK, =CCP]", "WPK, CCP with just these capitals"),
    ("exact with forms", "[{word: Lead, case: exact}]",
     "Lead with just these capitals, other forms too (Leads)"),
    ("no forms", "[{word: lead, forms: none}]", "lead, as written"),
    ("a plural asked for", "[{word: lead, forms: plural}]", "lead or its plural (leads)"),
    ("a verb asked for", "[{word: lead, forms: verb}]",
     "lead in any verb form (leads, led, leading)"),
    ("further forms", "[{word: tin, forms: [tins, tinned]}, {word: bus, forms: [coach]}]",
     "tin or its other forms (tins, tinned)"),
    ("a word without a plural", "[police]", "police, as written"),
    ("more forms than can be made", f"[{' '.join(['organize~'] * 4)}]",
     "organize organize organize organize, as written"),
    ("Korean", "[밀수, 국경 봉쇄]", "밀수, 국경 봉쇄 with any ending"),
    ("a single syllable", "[금]", "금, as written"),
    ("Chinese", "[走私]", "走私, as written"),
    ("a gap", "[strip~ ... membership]",
     "strip (any form) … membership, in this order in one sentence with at most 5 words between"),
    ("gaps", "[strip~ of ... card, =WPK ... $metals ... sold]",
     ("in this order in one sentence with at most 5 words between: strip (any form) of … card; "
     "WPK (just so) … any of $metals … sold")),
    ("a list", "[$metals]", ("any of the 4 words of $metals: copper, zinc, brass (any form), "
     "Bronze (just so)")),
    ("a list of one", "[$one]", "the word of $one: tin"),
    ("a category", "[$d.e]", "whatever counts for the category d.e (Label)"),
    ("categories", "[$d]", "whatever counts for the category d or one below it"),
    ("a weight", "[{word: tin, weight: -0.125}]", "tin or its plural (tins); counts -0.125"),
    ("weights", "[{word: tin, weight: 2}, {word: can, weight: 2}]",
     "tin, can or their plurals (such as tins); each counts 2"),
    ("a code", "[{word: tin, id: HS-80}]", "tin or its plural (tins) (id HS-80)"),
    ("a name", "[{word: tin, name: can}]", "tin or its plural (tins); shown as “can”"),
    ("an exception", "[{word: tin, except: [tin foil, take~ tin, no ... tin]}]",
     "tin or its plural (tins); but not inside tin foil, take (any form) tin, no … tin"),
    ("company", "[{word: tin, with: [seize~, $metals], within: 8 words}]",
     ("tin or its plural (tins); only with any of these at most 8 words away in the same sentence: "
     "seize in any verb form (seizes, seized, seizing), or any of $metals")),
    ("company to avoid", "[{word: tin, none: [can]}]",
     ("tin or its plural (tins); only without any of these in the same sentence: can or its plural "
     "(cans)")),
    ("any", "[{any: [ton, 走私], except: [tin ton]}]",
     "ton or its plural (tons), or 走私, as written; but not inside tin ton"),
    ("an exception of one word of several", "[{any: [ton, {word: ore, except: [ore x]}]}]",
     "ton or its plural (tons), or ore or its plural (ores), but not inside ore x"),
    ("so many different words", "[{any: [ton, ore], at_least: 2, within: 1 word}]",
     ("at least 2 different of these in one sentence with at most 1 word between: ton, ore or "
     "their plurals (such as tons)")),
    ("so many matches", "[{word: tin, times: 3, within: paragraph}]",
     "tin or its plural (tins), at least 3 times in one paragraph"),
    ("all", "[{all: [$metals, [seize~]]}]",
     ("all of these in one sentence: any of $metals; and seize in any verb form (seizes, seized, "
     "seizing)")),
    ("all in order", "[{all: [tin, can], order: as_written, within: 2 sentences}]",
     ("all of these within 2 sentences, in this order: tin or its plural (tins); and can or its "
     "plural (cans)")),
    ("all of a phrase", "[{all: [tin, can], within: phrase}]",
     "all of these in one phrase: tin or its plural (tins); and can or its plural (cans)"),
    ("in the title", "[{word: tin, in: title}]", "tin or its plural (tins); only in the title"),
    ("across clauses", "[{word: tin ... can, across: clauses}]",
     ("tin … can, in this order in one sentence with at most 5 words between; commas, semicolons "
     "and dashes may stand between")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("match", "point"), [pytest.param(*case, id=name) for name, *case in FOUND]
)
def test_what_is_sought(match: str, point: str) -> None:
    description = told(f"c: {match}\n  d.e: {{match: [x1], label: Label}}")

    assert description.points[0].text == point
    assert description.points[0].about == "match"


# name, window, in company with it, with others of its kind
WINDOWS: Final = [
    ("phrase", "in the same phrase", "in one phrase"),
    ("8 words", "at most 8 words away in the same sentence",
     "in one sentence with at most 8 words between"),
    ("sentence", "in the same sentence", "in one sentence"),
    ("1 sentence", "in the same sentence", "in one sentence"),
    ("3 sentences", "within 3 sentences", "within 3 sentences"),
    ("paragraph", "in the same paragraph", "in one paragraph"),
    ("document", "anywhere in the text", "anywhere in the text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("window", "near", "together"), [pytest.param(*case, id=case[0]) for case in WINDOWS]
)
def test_windows(window: str, near: str, together: str) -> None:
    company = told(f"c: [{{word: tin, with: [can], within: {window}}}]")
    several = told(f"c: [{{all: [tin, can], within: {window}}}]")

    assert f"any of these {near}: can" in company.text
    assert f"all of these {together}: tin" in several.text


# name, category, a sentence of the paragraph
SCORES: Final = [
    ("one word", "{match: [tin]}", "Tagged when this is found."),
    ("words", "{match: [tin, can]}", "Tagged when any of these is found."),
    ("a list", "{match: [$metals]}", "Tagged when any of these is found."),
    ("weights all high enough", "{match: [tin, {word: can, weight: 2}]}",
     "Tagged when the score reaches 1: any one of these is enough."),
    ("one of several kinds", "{match: [tin, {word: can, weight: 2}, {word: x, weight: 0.5}]}",
     "Tagged when the score reaches 1: any one that counts 1 or more is enough."),
    ("strong and weak", "{match: [tin, {word: x, weight: 0.5}, {word: y, weight: 0.5}]}",
     ("Tagged when the score reaches 1: any one that counts 1 is enough, or 2 different ones "
     "that count 0.5.")),
    ("weak alone", "{match: [tin, can, ore], threshold: 2}",
     "Tagged when the score reaches 2: it takes 2 different ones that count 1."),
    ("weak of several kinds", (
        "{match: [{word: x, weight: 0.5}, {word: y, weight: 0.4}, {word: z, weight: 0.4}]}"
    ), "Tagged when the score reaches 1: it takes several that come to it together."),
    ("never enough", "{match: [{word: tin, weight: 0.5}]}",
     "It never tags by itself: it takes a score of 1, and all that it seeks comes to 0.5."),
    ("one against", "{match: [tin, {word: can, weight: -1}]}", "1 of them counts against it."),
    ("some against", "{match: [tin, {word: can, weight: -1}, {word: x, weight: -2}]}",
     "2 of them count against it."),
    ("one that counts nothing", "{match: [tin, {word: can, weight: 0}]}",
     "Tagged when the score reaches 1: any one that counts 1 is enough."),
    ("a list with a condition is one entry", "{match: [{word: $metals, in: title}]}",
     "Tagged when this is found."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("category", "sentence"), [pytest.param(*case, id=name) for name, *case in SCORES]
)
def test_what_it_takes_to_tag(category: str, sentence: str) -> None:
    assert sentence in told(f"c: {category}").summary


# The key, and what is told of it where it says this.
TOLD: Final = {
    "match": ("[tin]", "- tin or its plural (tins)"),
    "label": ("L", "c (L)\n"),
    "description": ("About tin", "\nAbout tin. "),
    "severity": ("high", "Severity: high."),
    "threshold": ("2", "a score of 2"),
    "except": ("[tin foil, tin cup]", "- a match does not count inside tin foil, tin cup\n"),
    "unless": ("[toy, {all: [a1, b1]}]",
               ("- nothing counts where this is found: toy or its plural (toys)\n- nothing counts "
               "where this is found: all of these in one sentence: a1, as written; and b1, as "
               "written\n")),
    "ignore": ("[capitals, negated]",
               "- a match does not count when it is negated or in a line that is all in capitals"),
    "status": ("draft", "It is a draft: judged and reported apart, and never a tag."),
    "review_by": ("2027-01-31", "- to be reviewed by 31 January 2027\n"),
    "owner": ("Seoul desk", "- owner: Seoul desk\n"),
    "links": ("[https://example.org/a, https://example.org/b]",
              "- see https://example.org/a; see https://example.org/b\n"),
    "meta": ("{desk: Seoul}", "- desk: Seoul\n"),
    "language": ("fr", "Its words in fr take no English forms."),
    "tests": ("{tag: [tin, a tin], skip: [x], todo: [y]}",
              ("- tested by 4 sentences: 2 that it must tag, 1 that it must not tag and 1 that it "
              "should tag and does not yet\n")),
}  # fmt: skip


@pytest.mark.parametrize("key", CATEGORY.known)
def test_every_key_of_a_category_is_told(key: str) -> None:
    value, text = TOLD[key]
    match = "" if key == "match" else "match: [tin], "

    description = told(f"c: {{{match}{key}: {value}}}")

    assert text in description.text


@pytest.mark.parametrize("key", ENTRY.known)
def test_every_key_of_an_entry_is_told(key: str) -> None:
    assert any(f"{key}: " in match for _, match, _ in FOUND)


@pytest.mark.parametrize("context", CONTEXTS)
def test_every_context_is_named(context: str) -> None:
    assert context in told(f"c: {{match: [x], ignore: [{context}]}}").text


@pytest.mark.parametrize("status", ["off", "deprecated"])
def test_other_states_are_told(status: str) -> None:
    assert f"It is {status}: " in told(f"c: {{match: [x], status: '{status}'}}").summary


def test_what_is_in_use_and_untested() -> None:
    description = told("c: [copper]")

    assert description.text == (
        "c\nTagged when this is found.\n\n- copper or its plural (coppers)\n- it has no tests\n"
    )


def test_texts_of_several_lines_become_one() -> None:
    description = told('c: {match: [x1], description: "A\\nB", owner: "C\\n\\tD"}')

    assert description.summary.startswith("A B. ")
    assert "- owner: C D\n" in description.text


def test_lists_that_are_only_named_are_told_at_the_end() -> None:
    description = told("c: [sell~ ... $metals, $one]\n  d: [$c ... sold]")

    assert [p.text for p in description.points if p.about == "list"] == [
        "$metals has 4 words: copper, zinc, brass (any form), Bronze (just so)"
    ]


def test_categories_that_are_only_named_are_told_at_the_end() -> None:
    description = told("c: [$d ... sold]\n  d: {match: [x1], label: L}")

    assert [p.text for p in description.points if p.about == "list"] == [
        "$d is whatever counts for the category d (L)"
    ]


def test_categories_above_and_below_are_named() -> None:
    rules = "a.c: [x]\n  a.c.d: [y]\n  a.c.e: {match: [z], status: draft}\n  a.cf: [z]"

    related = [p.text for p in told(rules, "a.c").points if p.about == "related"]

    assert related == ["tagged too where one below it is: a.c.d", "where it is tagged, so is a"]


def test_weights_of_the_lines_of_a_list_count() -> None:
    rules = b"lists: {m: [{word: x, weight: 0.5}, y]}\ncategories: {c: {match: [$m]}}"
    rule_set = parse_rules({"a.yaml": rules})

    summary = describe(rule_set.categories[0], rule_set).summary

    assert summary == "Tagged when the score reaches 1: any one that counts 1 is enough."


def test_lists_that_lead_to_one_list_twice_are_walked_once() -> None:
    names = [f"m{i}" for i in range(40)]
    lists = {a: [f"${b}", f"${b}"] for a, b in pairwise(names)}
    rules = {"lists": {**lists, names[-1]: ["tin"]}, "categories": {"c": ["$m0"]}}
    rule_set = parse_rules({"a.yaml": as_yaml(rules)})

    description = describe(rule_set.categories[0], rule_set)

    assert description.points[0].text == "the word of $m0: tin"


# --------------------------------------------------------------------- long rows


def test_long_rows_are_shortened_with_their_number() -> None:
    words = ", ".join(f"w{i}" for i in range(20))

    short, full = told(f"c: [{words}]", most=12), told(f"c: [{words}]")

    assert short.points[0].text == (
        f"{', '.join(f'w{i}' for i in range(12))} and 8 more, as written"
    )
    assert full.points[0].text == f"{words}, as written"
    assert short.points[0].keywords == full.points[0].keywords
    assert len(short.points[0].keywords) == 20


def test_one_more_is_shown_rather_than_counted() -> None:
    words = ", ".join(f"w{i}" for i in range(13))

    assert told(f"c: [{words}]", most=12).points[0].text == f"{words}, as written"


def test_many_forms_are_shortened_too() -> None:
    forms = "[f1, f2, f3, f4, f5, f6]"

    short = told(f"c: [{{word: tin, forms: {forms}}}]", most=12)
    full = told(f"c: [{{word: tin, forms: {forms}}}]")

    assert short.points[0].text == "tin or its other forms (f1, f2, f3, f4, …)"
    assert full.points[0].text == "tin or its other forms (f1, f2, f3, f4, f5, f6)"


# -------------------------------------------------------------------------- laws


def keywords(lists: list[str]) -> st.SearchStrategy[str]:
    """Keywords that may name one of the lists."""
    return Vocabulary(phrases(), tuple(lists)).keywords()


def blocks(lists: list[str]) -> st.SearchStrategy[Rules]:
    """Entries with every key that an entry may have."""
    word = keywords(lists) | st.sampled_from([f"${name}" for name in lists] or ["tin"])
    item = word | st.fixed_dictionaries(
        {"word": phrases()},
        optional={"except": st.lists(phrases(), min_size=1, max_size=2), "id": st.just("i")},
    )
    group = st.lists(item, min_size=1, max_size=3)
    said = {
        "with": group,
        "none": group,
        "weight": st.sampled_from(["0.5", "-1", "0"]),
        "name": st.just("n"),
        "in": st.just("title"),
        "across": st.just("clauses"),
        "except": st.lists(word, min_size=1, max_size=2),
    }
    return st.one_of(
        st.fixed_dictionaries({"word": word}, optional=said | {"times": st.just("2")}),
        st.fixed_dictionaries({"any": group}, optional=said | {"at_least": st.just("1")}),
        st.fixed_dictionaries(
            {"all": st.lists(group, min_size=1, max_size=3)},
            optional=said | {"order": st.just("as_written"), "within": st.just("8 words")},
        ),
    )


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    """A rule set with blocks, vetoes and lists."""
    lists = draw(
        st.dictionaries(
            st.sampled_from(("metals", "places")), st.lists(phrases(), min_size=1, max_size=16)
        )
    )
    entries = st.lists(
        keywords(sorted(lists)) | blocks(sorted(lists)),
        min_size=1,
        max_size=5,
    )
    category = st.fixed_dictionaries(
        {"match": entries},
        optional={
            "unless": entries,
            "except": st.lists(keywords(sorted(lists)), min_size=1, max_size=3),
            "threshold": st.sampled_from(["0.5", "3"]),
            "language": st.sampled_from(["fr", "ko"]),
        },
    )
    rules = {"categories": {"c": draw(category), "c.d": draw(category)}}
    try:
        return parse_rules({"a.yaml": as_yaml(rules | ({"lists": lists} if lists else {}))})
    except RuleSetError:  # such as a gap in a list that stands in a gap
        reject()


def own_keywords(category: Category) -> set[Keyword]:
    """Give every keyword that stands in a category, wherever it does."""
    lines = [line for outer in lines_of(category) for line in (outer, *outer.excepts)]
    return {line.keyword for line in lines}


def missing(keyword: Keyword, text: str) -> Iterator[str]:
    """Give the words and list names of a keyword that a text does not hold."""
    for part in keyword.parts:
        sought = [f"${part.name}"] if isinstance(part, Reference) else [w.text for w in part.words]
        yield from (word for word in sought if word not in text)


@given(rule_set=rule_sets())
def test_nothing_written_is_passed_over(rule_set: RuleSet) -> None:
    for category in rule_set.categories:
        full = describe(category, rule_set, None)
        short = describe(category, rule_set, 3)

        own = own_keywords(category)
        written = {keyword for point in short.points for keyword in point.keywords}
        assert {keyword.written for keyword in own} <= written
        assert [word for keyword in own for word in missing(keyword, full.text)] == []
        assert all(point.text and "\n" not in point.text for point in (*full.points, *short.points))
        assert json.loads(json.dumps(short.as_dict()))["text"] == short.text


def test_every_shipped_rule_is_explained() -> None:
    rule_set = read_rules(RULES)

    for category in rule_set.categories:
        description = describe(category, rule_set)
        assert description.summary.startswith(category.about.description)
        assert len(description.text) < 12_000
