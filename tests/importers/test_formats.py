"""Small inputs of the other formats, each with its entries and with what is said of it."""

import json
from typing import Any, Final

import pytest

from ruletag.rules.importers import presidio, quanteda, spacy, words
from ruletag.rules.importers.rulefile import Imported, Names, Source, UnreadableError, write


def body(found: Imported) -> list[str]:
    """Give the lines below ``categories:``, without comments."""
    lines = write(found).partition("categories:\n")[2].splitlines()
    return [line.strip() for line in lines if not line.lstrip().startswith("#")]


def said(found: Imported) -> list[str]:
    return [f"{remark.line}:{remark.column}: {remark}" for remark in found.all_remarks]


# ---------------------------------------------------------------------- words

MEANT_AS_A_STAR: Final = (
    "found as written; delete the backslash if every word that begins so is meant"
)
# name, list, entries, what is said
WORDS: Final[list[tuple[str, str, list[str], list[str]]]] = [
    ("white space", "  scrap \t metal  \n\n\ttin", ["- scrap metal", "- tin"], []),
    ("line ends", "copper\r\nzinc\rtin\n", ["- copper", "- zinc", "- tin"], []),
    ("a sharp is no comment", "C#\ntin#ore", ["- C#", "- tin#ore"], []),
    ("a comma", "zinc, vitamin\n10,000 tons", ['- "zinc, vitamin"', "- 10,000 tons"], []),
    ("what repeats", "tin\nTin\ntin", ["- tin", "- Tin"], []),
    (
        "a star of two letters is a star",
        "ab*\nsmuggl*",
        ["- ab\\*", "- smuggl\\*"],
        [f"2:1: note: `smuggl*`: {MEANT_AS_A_STAR}"],
    ),
    (
        "an invisible character",
        "tin\na\x07b",
        ["- tin"],
        ["2:1: not carried: `a␇b`: control character U+0007"],
    ),
    (
        "a very long line",
        "tin\n" + "x" * 300,
        ["- tin"],
        [f"2:1: not carried: `{'x' * 200}…`: a keyword of 300 characters; it may have 256"],
    ),
]


@pytest.mark.parametrize(
    ("text", "entries", "remarks"), [pytest.param(*case, id=name) for name, *case in WORDS]
)
def test_words(text: str, entries: list[str], remarks: list[str]) -> None:
    found = words.read(Source(text.encode(), "", "a"))

    assert body(found) == ["a:", *entries]
    assert said(found) == remarks


def test_comments_of_a_long_list_stay_in_it() -> None:
    listed = "".join(f"name{i}  # number {i}\n" for i in range(20_001))

    found = words.read(Source((listed + "x ... y\n").encode(), "a.txt"))

    assert found.list_file.startswith("# number 0\nname0\n")
    assert found.list_file.endswith("# not carried: `x ... y`: dots would make a gap of it\n")


def test_a_list_of_very_long_lines_is_long() -> None:
    listed = "".join(f"{i} {'x' * 240}\n" for i in range(19_000))

    found = words.read(Source(listed.encode(), "a.txt"))

    assert found.list_file


# ------------------------------------------------------------------- quanteda

# name, dictionary, lines, what is said
DICTIONARIES: Final[list[tuple[str, str, list[str], list[str]]]] = [
    ("one word", "a: tin", ["a:", "- {word: tin, forms: none}"], []),
    ("stars", "a: [tin*, iron ore*]", ["a:", "- tin*", "- {word: iron ore*, forms: none}"], []),
    ("a backslash and a star", "a: ['tin\\*']", ["a:", "- tin\\\\*"], []),
    (
        "one key twice",
        "a: [{b: [tin]}, {b: [zinc]}]",
        ["a.b:", "- {word: tin, forms: none}", "- {word: zinc, forms: none}"],
        [],
    ),
    ("an empty key among others", "a:\nb: [tin*]\nc: []\nd: ''", ["b:", "- tin*"], []),
    (
        "a key with dots",
        "1.2 Trade: [tin*]",
        ["1_2_trade:", "label: 1.2 Trade", "match:", "- tin*"],
        [],
    ),
    ("accents", "Économie: [tin*]", ["economie:", "label: Économie", "match:", "- tin*"], []),
    (
        "two stars",
        "a: [tin*, '*tin*']",
        ["a:", "- tin*"],
        ["1:11: not carried: `*tin*`: a star can only end a word"],
    ),
]


@pytest.mark.parametrize(
    ("text", "lines", "remarks"), [pytest.param(*case, id=name) for name, *case in DICTIONARIES]
)
def test_quanteda(text: str, lines: list[str], remarks: list[str]) -> None:
    found = quanteda.read(Source(text.encode(), "a.yml"))

    assert body(found) == lines
    assert said(found) == remarks


def test_a_dictionary_of_long_keys_has_ids_that_are_allowed() -> None:
    text = "".join(f"{'long key ' * 20}{i}: [tin*]\n" for i in range(12))

    found = quanteda.read(Source(text.encode(), "a.yml", "x" * 60))

    ids = [category.id for category in found.categories]
    assert len(set(ids)) == 12
    assert all(len(identity) <= 64 for identity in ids)


# ------------------------------------------------------------------- presidio

ONLY_A_SCORE: Final = (
    "such words only raise the score of what is found anyway; `with:` would demand them"
)
# name, recognizers, lines, what is said
RECOGNIZERS: Final[list[tuple[str, str, list[str], list[str]]]] = [
    (
        "a list of them",
        "[{supported_entity: A, deny_list: [tin]}, {name: B, deny_list: [zinc]}, nothing]",
        ["a:", "- {word: tin, forms: none}", "b:", "- {word: zinc, forms: none}"],
        [],
    ),
    (
        "several entities",
        '{"supported_entities": ["A", "B"], "deny_list": ["tin"], "context": [], "patterns": null}',
        ["a:", "- {word: tin, forms: none}"],
        [],
    ),
    (
        "one off, one on",
        "- {name: A, enabled: no, deny_list: [tin]}\n- {name: A, deny_list: [zinc], context: null}",
        [
            *("a_off:", "label: A", "status: off", "match:", "- {word: tin, forms: none}"),
            *("a:", "- {word: zinc, forms: none}"),
        ],
        [],
    ),
    (
        "without a name",
        "deny_list: [tin]",
        ["entity:", "- {word: tin, forms: none}"],
        [],
    ),
    (
        "context of a language",
        "{name: a, deny_list: [tin], supported_languages: [en, {language: de, context: [zinn]}]}",
        ["a:", "- {word: tin, forms: none}"],
        [f"1:70: not carried: `context: zinn`: {ONLY_A_SCORE}"],
    ),
    (
        "a key of no known meaning",
        "name: a\ndeny_list: [tin]\nvalidate: {by: checksum}\npatterns: none",
        ["a:", "- {word: tin, forms: none}"],
        [
            "3:1: not carried: `validate`: it has no counterpart",
            "4:1: not carried: `patterns: none`: a regex has no counterpart",
        ],
    ),
    (
        "patterns without names",
        "name: a\ndeny_list: [tin]\npatterns: [{regex: x+}, {score: 1}, x]",
        ["a:", "- {word: tin, forms: none}"],
        [
            "3:12: not carried: `x+`: a regex has no counterpart",
            "3:25: not carried: `1`: a regex has no counterpart",
            "3:37: not carried: `pattern`: a regex has no counterpart",
        ],
    ),
]


@pytest.mark.parametrize(
    ("text", "lines", "remarks"), [pytest.param(*case, id=name) for name, *case in RECOGNIZERS]
)
def test_presidio(text: str, lines: list[str], remarks: list[str]) -> None:
    found = presidio.read(Source(text.encode(), "a.yaml"))

    assert body(found) == lines
    assert said(found) == remarks


@pytest.mark.parametrize("others", ["", ", patterns: []", ", patterns: null, deny_list: []"])
def test_a_recognizer_that_finds_nothing_is_told(others: str) -> None:
    found = presidio.read(Source(f"{{name: A{others}}}".encode(), "a.yaml"))

    why = "it has no deny list; what it finds is written in code"
    assert said(found) == [f"1:1: not carried: `A`: {why}"]


def test_what_is_no_recognizer() -> None:
    with pytest.raises(UnreadableError, match="there is no recognizer in it"):
        presidio.read(Source(b"tin", "a.yaml"))


# ---------------------------------------------------------------------- spacy

# name, pattern, entries
PATTERNS: Final[list[tuple[str, Any, list[str]]]] = [
    ("a text", "Apple Inc", ['- "=Apple Inc"']),
    ("a text without case", "10", ['- "=10"']),
    ("any case", [{"LOWER": "tin"}], ["- {word: tin, forms: none}"]),
    ("one case", [{"TEXT": "Tin"}, {"ORTH": "Ore"}], ['- "=Tin Ore"']),
    ("case and what has none", [{"ORTH": "No"}, {"LOWER": "10"}], ['- "=No 10"']),
    ("a mark", [{"ORTH": "tin*"}], ["- {word: tin\\*, case: exact, forms: none}"]),
    ("a verb", [{"LEMMA": "smuggle"}], ["- smuggle~"]),
    ("a verb among others", [{"LOWER": "to"}, {"LEMMA": "go"}], ["- to go~"]),
    ("a noun", [{"LEMMA": "child"}], ["- child~", "- {word: children, forms: none}"]),
    ("small keys", [{"lower": "tin", "op": "1"}], ["- {word: tin, forms: none}"]),
    ("perhaps", [{"LOWER": "a", "OP": "?"}, {"LOWER": "b"}], [
        "- {word: b, forms: none}", "- {word: a b, forms: none}"]),
    ("nothing but perhaps", [{"LOWER": "tin", "OP": "?"}], ["- {word: tin, forms: none}"]),
    ("twice", [{"LOWER": "tin", "OP": "{2}"}], ["- {word: tin tin, forms: none}"]),
    ("at most twice", [{"LOWER": "tin", "OP": "{,2}"}], [
        "- {word: tin, forms: none}", "- {word: tin tin, forms: none}"]),
    ("one of", [{"LOWER": {"IN": ["tin", "zinc"]}}], [
        "- {word: tin, forms: none}", "- {word: zinc, forms: none}"]),
    ("a hyphen", [{"LOWER": "x"}, {"ORTH": "-"}, {"LOWER": "y"}], ["- {word: x-y, forms: none}"]),
    ("an apostrophe", [{"LOWER": "korea"}, {"LOWER": "'s"}], ["- {word: korea's, forms: none}"]),
]  # fmt: skip

# name, pattern, what is said
NOT_CARRIED: Final[list[tuple[str, Any, str]]] = [
    ("a list in a list", [["tin"]], "a token is an object"),
    ("a condition besides", [{"LOWER": "tin", "LEMMA": "tin"}], "a token with several conditions"),
    ("a part of speech", [{"LEMMA": "tin", "POS": "NOUN"}], "`POS` of a token"),
    ("not in", [{"LOWER": {"NOT_IN": ["tin"]}}], "`NOT_IN` of a token"),
    ("no text", [{"LOWER": 3}], "a token without a text"),
    ("an empty text", [{"LOWER": " "}], "a token without a text"),
    ("an empty choice", [{"LOWER": {"IN": []}}], "a token without a text"),
    ("any number", [{"LOWER": "tin", "OP": "{2,}"}], "`OP: {2,}` repeats a token too often"),
    ("many", [{"LOWER": "tin", "OP": "{9}"}], "`OP: {9}` repeats a token too often"),
    ("the other way round", [{"LOWER": "tin", "OP": "{3,2}"}], "repeats a token too often"),
    ("an operator that is none", [{"LOWER": "tin", "OP": "{,}"}], "`OP: {,}` has no counterpart"),
    ("an object as operator", [{"LOWER": "tin", "OP": {}}], "`OP: {}` has no counterpart"),
    ("a not", [{"LOWER": "tin", "OP": "!"}], "`OP: !` has no counterpart"),
    (
        "many combinations",
        [{"LOWER": {"IN": ["a", "b", "c"]}, "OP": "{4}"}],
        "it stands for more than 32 phrases",
    ),
    ("nothing", "", "it is empty"),
]


def pattern(value: Any, **others: Any) -> Imported:  # noqa: ANN401 - any JSON
    line = json.dumps({"label": "A", "pattern": value} | others)
    return spacy.read(Source(line.encode(), "a.jsonl"))


@pytest.mark.parametrize(
    ("value", "entries"), [pytest.param(*case, id=name) for name, *case in PATTERNS]
)
def test_spacy(value: Any, entries: list[str]) -> None:  # noqa: ANN401 - any JSON
    found = pattern(value)

    assert body(found) == ["a:", *entries]
    assert said(found) == []


@pytest.mark.parametrize(
    ("value", "why"), [pytest.param(*case, id=name) for name, *case in NOT_CARRIED]
)
def test_spacy_patterns_that_a_rule_cannot_say(value: Any, why: str) -> None:  # noqa: ANN401
    (remark,) = said(pattern(value))

    assert remark.startswith("1:16: not carried: ")
    assert why in remark


def test_ids_of_patterns() -> None:
    assert body(pattern("Tin", id="x 1")) == [
        "a:",
        "- {word: Tin, case: exact, forms: none, id: x 1}",
    ]
    assert body(pattern("Tin", id=7)) == ["a:", '- {word: Tin, case: exact, forms: none, id: "7"}']
    assert said(pattern("Tin", id=[])) == ["1:16: not carried: `Tin`: `id` is no text"]


# name, line, place and what is said
UNREADABLE: Final = [
    ("no object", "[]", (1, 1, "each line is an object")),
    ("no pattern", '{"label": "A"}', (1, 1, "a pattern is an object with")),
    ("an empty label", '{"label": " ", "pattern": "x"}', (1, 1, "a pattern is an object with")),
    ("broken", '{"label": "A",}', (1, 15, "not JSON: expecting property name")),
    ("a long number", f'{{"label": {"9" * 5000}}}', (1, 1, "not JSON that can be read")),
]


@pytest.mark.parametrize(
    ("line", "place"), [pytest.param(*case, id=name) for name, *case in UNREADABLE]
)
def test_lines_that_are_no_patterns(line: str, place: tuple[int, int, str]) -> None:
    with pytest.raises(UnreadableError) as caught:
        spacy.read(Source(line.encode(), "a.jsonl"))

    ((row, column, why),) = caught.value.places
    assert (row, column) == place[:2]
    assert why.startswith(place[2])


# ---------------------------------------------------------------------- names


def test_every_path_has_an_id_of_its_own() -> None:
    names = Names("desk")

    given = [names.id("Über", "A-B"), names.id("uber", "A"), names.id("밀수"), names.id("Über")]

    assert given == ["desk.uber.a_b", "desk.uber_2.a", "desk.category", "desk.uber"]
    assert names.id("Über", "A-B") == "desk.uber.a_b"
