"""The schema says of a rule file what the parser says, as far as a schema can see."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from jsonschema import Draft7Validator, Draft202012Validator

from ruletag.problems import RuleSetError
from ruletag.rules.loader import parse_rules
from ruletag.rules.schema import MEANINGS, rule_file_schema
from ruletag.rules.values import (
    CATEGORY,
    CUE,
    CUES,
    ENTRY,
    EXCEPTION,
    FILE,
    ITEM,
    LINE,
    LIST,
    TESTS,
    Keys,
)
from strategies import Rules, as_yaml, rule_files

ROOT: Final = Path(__file__).parents[1]
STORED: Final = ROOT / "rules" / "rule-file.schema.json"
GOLDEN: Final = ROOT / "tests" / "golden" / "problems"
SHIPPED: Final = sorted((ROOT / "rules").glob("*.yaml"))

SCHEMA: Final = rule_file_schema()
VALIDATOR: Final = Draft202012Validator(SCHEMA)
# What most editors know.
OLD_VALIDATOR: Final = Draft7Validator(SCHEMA)

KEYS: Final = (FILE, CATEGORY, ENTRY, LINE, ITEM, EXCEPTION, LIST, TESTS, CUES, CUE)


class EditorLoader(yaml.SafeLoader):
    """Reads YAML 1.2 as editors do: `no` is a word there, `012` a number, a day is text."""


EditorLoader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    EditorLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), [*first.replace("\0", ""), ""]
    )


def _mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[str, Any]:
    """Give a mapping whose keys are text, as in JSON."""
    return {str(key.value): loader.construct_object(value, deep=True) for key, value in node.value}


def _number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    return int(str(loader.construct_scalar(node)))


def _day(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


EditorLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
EditorLoader.add_constructor("tag:yaml.org,2002:int", _number)


class OldEditorLoader(yaml.SafeLoader):
    """Reads YAML 1.1: `no` is a boolean, `12:30` a number; a day becomes text in JSON."""


OldEditorLoader.add_constructor("tag:yaml.org,2002:map", _mapping)
OldEditorLoader.add_constructor("tag:yaml.org,2002:timestamp", _day)


def schema_takes(content: bytes, loader: type[yaml.SafeLoader] = EditorLoader) -> bool:
    """Say whether an editor finds nothing wrong, by either draft of JSON Schema."""
    tree = yaml.load(content, loader)  # noqa: S506 - a safe loader, with other resolvers
    verdict = VALIDATOR.is_valid(tree)

    assert OLD_VALIDATOR.is_valid(tree) == verdict
    return verdict


def parser_takes(content: bytes) -> bool:
    """Say whether the rule file can be read."""
    try:
        parse_rules({"a.yaml": content})
    except RuleSetError:
        return False
    return True


# ----------------------------------------------------------------------- tables


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    Draft7Validator.check_schema(SCHEMA)


def mappings(schema: Mapping[str, Any]) -> Iterator[frozenset[str]]:
    """Give the keys of every mapping that the schema describes key by key."""
    for part in (schema, *schema["$defs"].values()):
        if part.get("additionalProperties") is False:
            yield frozenset(part["properties"])


@pytest.mark.parametrize("keys", KEYS, ids=lambda keys: keys.of)
def test_every_key_of_the_parser_is_explained_and_no_other(keys: Keys) -> None:
    assert sorted(MEANINGS[keys.of]) == sorted(keys.known)
    for meaning in MEANINGS[keys.of].values():
        assert meaning.title
        assert meaning.title[0].isupper()
        assert meaning.description.endswith(".")


def test_every_mapping_of_the_parser_is_in_the_schema_and_no_other() -> None:
    assert set(mappings(SCHEMA)) == {frozenset(keys.known) for keys in KEYS}
    assert MEANINGS.keys() == {keys.of for keys in KEYS}


def explained(schema: object) -> Iterator[Mapping[str, Any]]:
    """Give every part of the schema that has an explanation."""
    if isinstance(schema, dict):
        if isinstance(schema.get("description"), str):
            yield schema
        for value in schema.values():
            yield from explained(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from explained(value)


@pytest.mark.parametrize("part", [*explained(SCHEMA)], ids=lambda part: part["title"])
def test_examples_are_valid(part: Mapping[str, Any]) -> None:
    validator = Draft202012Validator({"$ref": "#/part", "part": part, "$defs": SCHEMA["$defs"]})

    for example in part.get("examples", ()):
        validator.validate(example)


def words_of(schema: object) -> set[str]:
    """Give every key that stands anywhere in a schema."""
    if isinstance(schema, dict):
        return set(schema).union(*map(words_of, schema.values()))
    return set().union(*map(words_of, schema)) if isinstance(schema, list) else set()


def test_words_that_older_editors_do_not_know_are_not_used() -> None:
    newer = {
        *("dependentSchemas", "dependentRequired", "prefixItems", "minContains", "maxContains"),
        *("unevaluatedProperties", "unevaluatedItems", "$anchor", "$dynamicRef"),
    }

    assert not newer & words_of(SCHEMA)


def test_the_stored_schema_is_this_one(regold: bool) -> None:  # noqa: FBT001 - a fixture
    if regold:
        written = json.dumps(SCHEMA, ensure_ascii=False, indent=2)
        STORED.write_text(written + "\n", encoding="utf-8")

    assert json.loads(STORED.read_text(encoding="utf-8")) == SCHEMA


# ------------------------------------------------------------- schema and parser

# What no schema sees, and why.
UNSEEN: Final = {
    "E101": "the YAML itself is broken: the editor says so without a schema",
    "E102": "the bytes are no text",
    "E103": "control characters are no matter of structure",
    "E104": "JSON has no keys that are given twice",
    "E105": "anchors and aliases are gone once YAML is read",
    "E106": "tags are gone once YAML is read",
    "E107": "the second document is no part of the first",
    "E108": "what is nested too deeply is refused as a wrong kind of value, if at all",
    "E110": "the list file is elsewhere",
    "E301": "letters and signs are told apart by Unicode tables",
    "E303": "the grammar of marks is no regular expression that anybody could read",
    "E304": "as E303",
    "E305": "as E303",
    "E306": "the list may stand in another file",
    "E307": "as E303",
    "E308": "forms are made when rules are compiled",
    "E309": "as E303",
    "E310": "line breaks are gone once YAML is read",
    "E312": "what leads where is no matter of structure",
    "E402": "names are not compared with each other",
}
# Files whose code a schema can see, but not here.
UNSEEN_HERE: Final = {
    "comments_only": "an editor shows nothing for a file without anything in it",
    "an_empty_file": "an editor shows nothing for a file without anything in it",
    "a_weight_without_a_zero": "to an editor .5 is the number 0.5",
}
BROKEN: Final = sorted(GOLDEN.glob("*.yaml"))


def codes_of(path: Path) -> set[str]:
    """Give the codes of the problems that the golden report of a file shows."""
    report = path.with_suffix(".txt").read_text(encoding="utf-8")
    return set(re.findall(r"^error\[(E\d+)\]", report, re.MULTILINE))


SEEN_FILES: Final = [
    path for path in BROKEN if not codes_of(path) <= UNSEEN.keys() and path.stem not in UNSEEN_HERE
]


@pytest.mark.parametrize("path", SEEN_FILES, ids=lambda path: path.stem)
def test_what_a_schema_can_see_is_refused(path: Path) -> None:
    assert not schema_takes(path.read_bytes())


@pytest.mark.parametrize("name", UNSEEN_HERE)
def test_what_is_said_to_be_unseen_has_a_code_that_is_seen_elsewhere(name: str) -> None:
    codes = codes_of(GOLDEN / f"{name}.yaml")

    assert not codes <= UNSEEN.keys()


def test_reasons_are_given_for_codes_that_files_show() -> None:
    shown = set().union(*map(codes_of, BROKEN))

    assert UNSEEN.keys() <= shown


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_files_are_taken(path: Path) -> None:
    assert schema_takes(path.read_bytes())
    assert schema_takes(path.read_bytes(), OldEditorLoader)


@given(rules=rule_files())
def test_what_the_parser_takes_the_schema_takes(rules: Rules) -> None:
    content = as_yaml(rules)

    assert schema_takes(content) or not parser_takes(content)


_LISTS: Final = "lists: {m: [tin, zinc]}\n"
# name, rule file, whether it is right; `{…}` beside `c:` is one category
CASES: Final = [
    # Words that YAML reads as something else.
    ("numbers as keywords", "c: [1994, 012, 3.5, -1, 1e3]", True),
    ("words of YAML as keywords", "c: [no, on, yes, true, 12:30, 2020-01-22]", True),
    ("null as a keyword", "c: [null]", False),
    ("a lone tilde", "c: [~]", False),
    ("nothing behind a dash", "c:\n    -\n    - copper", False),
    ("blank quotes", "c: ['  ']", False),
    ("numbers for people", "c: {match: [x], label: 2024, owner: 7, meta: {since: 1999}}", True),
    ("a number as a code", "c: [{word: tin, id: 8001}]", True),
    ("numbers as sentences", "c: {match: [x], tests: {tag: [1994]}}", True),
    # Categories.
    ("a category as a list", "c: [copper]", True),
    ("an empty list", "c: []", False),
    ("text", "c: copper", False),
    ("nothing", "c:", False),
    ("no match", "c: {label: C}", False),
    ("everything said", (
        "c: {match: [x], label: l, description: d, severity: high, threshold: 1.5, except: [y], "
        "unless: [z, {all: [q, [r, s]]}], ignore: [negated, capitals], status: draft, "
        "review_by: 2027-01-31, owner: o, links: [https://example.org], meta: {a: b}, "
        "language: ko, tests: {tag: [a], skip: [b], todo: [c]}}"
    ), True),
    ("an id with dots", "a.b_1.c: [x]", True),
    ("an id with a capital", "A: [x]", False),
    ("an id that ends in a dot", "a.: [x]", False),
    ("an id of 64 characters", f"{'a' * 64}: [x]", True),
    ("an id of 65 characters", f"{'a' * 65}: [x]", False),
    ("an id of digits", "2024: [x]", True),
    ("a severity nobody knows", "c: {match: [x], severity: severe}", False),
    ("a status nobody knows", "c: {match: [x], status: disabled}", False),
    ("status on", "c: {match: [x], status: on}", True),
    ("status off", "c: {match: [x], status: off}", True),
    ("a context nobody knows", "c: {match: [x], ignore: [ironic]}", False),
    ("a context without brackets", "c: {match: [x], ignore: negated}", False),
    ("no context", "c: {match: [x], ignore: []}", False),
    ("a threshold in quotes", "c: {match: [x], threshold: '0.5'}", True),
    ("a threshold of nothing", "c: {match: [x], threshold: 0}", False),
    ("a threshold of nothing in quotes", "c: {match: [x], threshold: '0.0'}", False),
    ("a threshold below nothing", "c: {match: [x], threshold: -1}", False),
    ("a threshold in words", "c: {match: [x], threshold: two}", False),
    ("a month for a day", "c: {match: [x], review_by: 2027-01}", False),
    ("a link without brackets", "c: {match: [x], links: https://example.org}", False),
    ("meta as a list", "c: {match: [x], meta: [a]}", False),
    ("meta without anything", "c: {match: [x], meta: {}}", True),
    ("meta with a list in it", "c: {match: [x], meta: {a: [b]}}", False),
    ("a language with a script", "c: {match: [x], language: zh-Hant}", True),
    ("a language by its name", "c: {match: [x], language: Korean}", False),
    ("an exception without brackets", "c: {match: [x], except: y}", False),
    ("an exception in the long form", "c: {match: [x], except: [{word: Y, case: exact}]}", True),
    ("an exception with a weight", "c: {match: [x], except: [{word: y, weight: 2}]}", False),
    ("a sentence without brackets", "c: {match: [x], tests: {tag: A sentence.}}", False),
    ("no tests yet", "c: {match: [x], tests: {}}", True),
    ("tests as a list", "c: {match: [x], tests: [A sentence.]}", False),
    ("a key nobody knows", "c: {match: [x], colour: red}", False),
    # Entries.
    ("a long form", "c: [{word: lead, case: exact, forms: none, weight: 0.5, id: a}]", True),
    ("a long form without a word", "c: [{case: exact}]", False),
    ("a word as a list", "c: [{word: [a, b]}]", False),
    ("a case nobody knows", "c: [{word: x, case: upper}]", False),
    ("further forms", "c: [{word: aluminum, forms: [aluminium, alu]}]", True),
    ("no further forms", "c: [{word: aluminum, forms: []}]", False),
    ("forms nobody knows", "c: [{word: x, forms: all}]", False),
    ("a weight below nothing", "c: [x, {word: y, weight: -0.5}]", True),
    ("a weight in quotes", "c: [{word: x, weight: '0.125'}]", True),
    ("a weight in quotes with four decimals", "c: [{word: x, weight: '0.1255'}]", False),
    ("a weight with a comma", "c: [{word: x, weight: '0,5'}]", False),
    ("a weight in words", "c: [{word: x, weight: half}]", False),
    ("words in braces", "c: {copper, zinc}", False),
    ("words of a block without brackets", "c: [{any: copper}]", False),
    ("a long form without brackets", "c: [{any: {word: x, id: a}}]", False),
    ("a group with a weight in it", "c: [{any: [{word: x, weight: 2}]}]", False),
    ("groups", "c: [{all: [x, [y, {word: Z, case: exact}], {word: q}]}]", True),
    ("no groups", "c: [{all: []}]", False),
    ("an empty group", "c: [{all: [x, []]}]", False),
    ("a group in a group", "c: [{all: [x, [y, [z]]]}]", False),
    ("eight groups", "c: [{all: [a, b, c, d, e, f, g, h]}]", True),
    ("nine groups", "c: [{all: [a, b, c, d, e, f, g, h, i]}]", False),
    ("a block in a block", "c: [{any: [{all: [x, y]}]}]", False),
    ("company", "c: [{word: x, with: [y~, {word: Z, case: exact}], within: 8 words}]", True),
    ("company without brackets", "c: [{word: x, with: y}]", False),
    ("what must not be near, without brackets", "c: [{word: x, none: y}]", False),
    ("no company", "c: [{word: x, none: [], with: [y]}]", False),
    ("nothing but what takes away", "c: [{none: [x]}]", False),
    ("so many different words", "c: [{any: [x, y, z], at_least: 2, within: paragraph}]", True),
    ("so many in quotes", "c: [{any: [x, y, z], at_least: '2'}]", True),
    ("so many matches", "c: [{word: x, times: 3}]", True),
    ("half a match", "c: [{word: x, times: 1.5}]", False),
    ("none at all", "c: [{word: x, times: 0}]", False),
    ("a hundred and one", "c: [{word: x, times: 101}]", False),
    ("a hundred and one in quotes", "c: [{word: x, times: '101'}]", False),
    ("an order", "c: [{all: [x, y], order: as_written}]", True),
    ("an order nobody knows", "c: [{all: [x, y], order: reversed}]", False),
    ("in the title", "c: [{word: x, in: title}]", True),
    ("in the text", "c: [{word: x, in: text}]", False),
    ("across clauses", "c: [{word: x ... y, across: clauses}]", True),
    ("across sentences", "c: [{word: x ... y, across: sentences}]", False),
    ("how a list is found", "c: [{word: $m, case: exact}]", False),
    ("how a list between blanks is found", "c: [{any: [{word: ' $m ', forms: none}]}]", False),
    ("a list with a weight", "c: [{word: $m, weight: 0.5, except: [tin foil]}]", True),
    ("a gap with a list, of exact case", "c: [{word: Buy ... $m, case: exact}]", True),
    *[(f"within {window}", f"c: [{{all: [x, y], within: {window}}}]", is_right)
      for window, is_right in (
          ("phrase", True), ("sentence", True), ("Sentence", True), ("paragraph", True),
          ("document", True), ("8 words", True), ("1 word", True), ("0 words", True),
          ("8  Words", True), ("2 sentences", True), ("1 sentence", True), ("'8 words '", True),
          ("5", False), ("text", False), ("0 sentences", False), ("1000 words", False),
          ("8words", False), ("two words", False), ("8 paragraphs", False),
      )],
]  # fmt: skip
# name, rule file, whether it is right
FILES: Final = [
    ("lists alone", "lists: {m: [tin]}", True),
    ("a version", "version: 1\nlists: {m: [tin]}", True),
    ("a version in quotes", "version: '1'\nlists: {m: [tin]}", True),
    ("the next version", "version: 2\nlists: {m: [tin]}", False),
    ("nothing but a version", "version: 1", False),
    ("no lists", "lists: {}", False),
    ("lists as a list", "lists: [tin]", False),
    ("a file as a list", "[tin]", False),
    ("a list name with a dot", "lists: {a.b: [tin]}", False),
    ("an empty list", "lists: {m: []}", False),
    ("a list in the long form", "lists: {m: {words: [tin], language: en}}", True),
    ("a list of nothing", "lists: {m: {language: en}}", False),
    ("lines in the long form", (
        "lists: {m: [{word: Tin, case: exact, forms: none, weight: 2, except: [a], id: b}]}"
    ), True),
    ("a line with a name", "lists: {m: [{word: tin, name: n}]}", False),
    ("a list file elsewhere", "lists: {m: {file: /etc/words.txt}}", False),
    ("a list file of a wrong kind", "lists: {m: {file: words.json}}", False),
    ("cues", (
        "cues: {negated: {before: [no], after: [was false], never: [no doubt], reach: 4}, "
        "ends: [but]}"
    ), True),
    ("no cues", "cues: {}", True),
    ("cues as a list", "cues: {negated: [no]}", False),
    ("cues of a context nobody knows", "cues: {ironic: {before: [no]}}", False),
    ("no reach", "cues: {negated: {before: [no], reach: 0}}", True),
    ("too far a reach", "cues: {negated: {before: [no], reach: 101}}", False),
    ("a reach in words", "cues: {negated: {before: [no], reach: far}}", False),
    ("a key nobody knows", "rules: {c: [x]}", False),
]  # fmt: skip
ROWS: Final = [
    *((name, f"{_LISTS}categories:\n  {text}\n", is_right) for name, text, is_right in CASES),
    *((f"file: {name}", f"{text}\n", is_right) for name, text, is_right in FILES),
]


@pytest.mark.parametrize(
    ("text", "is_right"), [pytest.param(*case, id=name) for name, *case in ROWS]
)
def test_schema_and_parser_agree(text: str, is_right: bool) -> None:  # noqa: FBT001 - a column
    assert parser_takes(text.encode()) == is_right
    assert schema_takes(text.encode()) == is_right


_EXAMPLES: Final = {
    "word": "x", "any": "[x, y]", "all": "[x, y]", "none": "[z]", "at_least": "2", "times": "2",
    "within": "sentence", "order": "as_written", "in": "title", "with": "[q]",
    "across": "clauses", "weight": "2", "name": "n", "case": "exact", "forms": "none",
    "except": "[e]", "id": "i",
}  # fmt: skip


@pytest.mark.parametrize("number", [1, 2, 3])
def test_schema_and_parser_agree_on_which_keys_go_together(number: int) -> None:
    for keys in combinations(ENTRY.known, number):
        entry = ", ".join(f"{key}: {_EXAMPLES[key]}" for key in keys)
        content = f"categories: {{c: [{{{entry}}}]}}".encode()

        assert schema_takes(content) == parser_takes(content), entry


def test_keywords_are_taken_however_an_editor_reads_yaml() -> None:
    content = b"categories: {c: [no, on, 1994, 012, 12:30, 2020-01-22, {word: yes, weight: .5}]}"

    assert schema_takes(content, OldEditorLoader)


# What the schema refuses for having no effect: name, rule file
STRICTER: Final = [
    ("words and a file", "lists: {m: {words: [tin], file: m.txt}}"),
    ("a column of words that stand here", "lists: {m: {words: [tin], column: name}}"),
    ("the case of words that stand here", "lists: {m: {words: [tin], case: exact}}"),
    ("forms written out for a whole file", "lists: {m: {file: m.txt, forms: [tins]}}"),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in STRICTER])
def test_keys_of_a_list_without_effect_are_refused(text: str) -> None:
    assert not schema_takes(text.encode())


# What only the parser refuses: name, rule file
LOOSER: Final = [
    ("a weight without a zero", "categories: {c: [{word: x, weight: .5}]}"),
    ("a weight with four decimals", "categories: {c: [{word: x, weight: 0.1255}]}"),
    ("a version with a point", "{version: 1.0, lists: {m: [tin]}}"),
    ("more words than there are", "categories: {c: [{any: [x, y], at_least: 3}]}"),
    ("a day that no month has", "categories: {c: {match: [x], review_by: 2027-02-30}}"),
    ("a cue with a gap", "cues: {negated: {before: [no ... way]}}"),
]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in LOOSER])
def test_what_only_the_parser_sees(text: str) -> None:
    assert schema_takes(text.encode())
    assert not parser_takes(text.encode())
