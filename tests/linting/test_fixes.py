"""What has one right answer is mended by edits, and nothing else changes."""

from collections.abc import Mapping
from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.linting.fixes import fixes
from ruletag.linting.runner import lint
from ruletag.matching.compiler import compile_rules
from ruletag.matching.tagger import tag
from ruletag.problems import Problem, RuleSetError
from ruletag.rules.loader import parse_rules
from ruletag.rules.patches import edited

TODAY: Final = date(2026, 1, 31)
# Deleting what these report changes nothing that is found.
HARMLESS: Final = frozenset({"W501", "W502", "W504", "W526"})


def warnings(files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    """Give the warnings about rule files."""
    return lint(compile_rules(parse_rules(files)), files, TODAY)


def fixed(text: str) -> str:
    """Give a rule file with all edits made."""
    files = {"a.yaml": text.encode()}
    edits = [edit for found in fixes(warnings(files), files).values() for edit in found]
    return edited(files, edits).get("a.yaml", files["a.yaml"]).decode()


HEAD: Final = "categories:\n  a:"
TESTS: Final = "\n    tests: {skip: [Nothing.]}\n"

# name, what follows `a:`, what follows it when mended
MENDED: Final = [
    ("nothing to mend", " [copper]", " [copper]"),
    ("the last in brackets", " [copper, zinc, copper]", " [copper, zinc]"),
    ("the middle in brackets", " [copper, copper, zinc]", " [copper, zinc]"),
    ("two in brackets", " [copper, copper, zinc, copper]", " [copper, zinc]"),
    ("the last two in brackets", " [copper, copper, copper]", " [copper]"),
    ("the first in brackets", " [coppers, copper]", " [copper]"),
    ("a comma at the end", " [copper, copper,]", " [copper,]"),
    ("brackets over lines", " [copper,\n    copper,\n    zinc]", " [copper,\n    zinc]"),
    ("the last line in brackets", " [copper,\n    zinc,\n    copper]", " [copper,\n    zinc]"),
    ("in quotes", " [copper, \"copper\", 'zinc']", " [copper, 'zinc']"),
    (
        "a comment between",
        " [copper,  # a metal\n    copper,  # again\n    zinc]",
        " [copper,  # a metal\n    copper,  # again\n    zinc]",
    ),
    ("a line", "\n  - copper\n  - copper\n  - zinc\n", "\n  - copper\n  - zinc\n"),
    ("a line with a comment", "\n  - copper\n  - copper  # again\n", "\n  - copper\n"),
    ("without a line break at the end", "\n  - copper\n  - copper", "\n  - copper\n"),
    ("Windows line breaks", "\r\n  - copper\r\n  - copper\r\n", "\r\n  - copper\r\n"),
    (
        "a long form in a line",
        "\n  - copper\n  - {word: copper, case: any}\n",
        "\n  - copper\n",
    ),
    (
        "a long form over lines stays",
        "\n  - copper\n  - word: copper\n    forms: plural\n",
        "\n  - copper\n  - word: copper\n    forms: plural\n",
    ),
    ("a past", " [smuggled, zinc]", " [smuggle~, zinc]"),
    ("a plural that ends a phrase", " [job cuts, zinc]", " [job cut, zinc]"),
    (
        "a plural in company",
        "\n  - {word: ship, with: [layoffs, $x]}\n  x: [layoff]",
        "\n  - {word: ship, with: [layoff, $x]}\n  x: [layoff]",
    ),
    ("a plural behind a comma", "\n  - 'oil, tankers'\n", '\n  - "oil, tanker"\n'),
    ("a plural in quotes", '\n  - "refugees"\n', "\n  - refugee\n"),
    ("a verb by hand", " [smuggle, smuggled, zinc, smuggling]", " [smuggle~, zinc]"),
    ("a Cyrillic letter", " [c\u043epper, zinc]", " [copper, zinc]"),
    ("invisible characters", " [co\u200bp\u00adper, zinc]", " [copper, zinc]"),
    ("a truth value", " [2020-01-22, zinc]", ' ["2020-01-22", zinc]'),
    ("a star on Hangul", " [밀수*, '走私~']", " [밀수, '走私']"),
    (
        "a sign",
        " [zinc, a_b, {word: b, with: ['a_b']}]\n  a_b: [copper]\n",
        " [zinc, $a_b, {word: b, with: ['$a_b']}]\n  a_b: [copper]\n",
    ),
    ("a count", "\n  - {any: [copper, zinc], at_least: 1}\n", "\n  - {any: [copper, zinc]}\n"),
    (
        "a count in front",
        "\n  - times: 1\n    any: [copper, zinc]\n",
        "\n  - any: [copper, zinc]\n",
    ),
    (
        "a count behind",
        "\n  - any: [copper, zinc]\n    times: 1  # once\n",
        "\n  - any: [copper, zinc]\n",
    ),
    (
        "a count that a window needs",
        "\n  - {any: [copper, zinc], times: 1, within: sentence}\n",
        "\n  - {any: [copper, zinc], times: 1, within: sentence}\n",
    ),
    ("an allow", "\n  - copper  # allow: short\n", "\n  - copper\n"),
    (
        "an allow of two",
        "\n  - lead  # allow: short, homograph\n  - tin  # allow: homograph, short\n",
        "\n  - lead  # allow: homograph\n  - tin  # allow: homograph\n",
    ),
    ("an allow in a line", "\n  # allow: short\n  - copper\n", "\n  - copper\n"),
    (
        "an idle exception",
        f"\n    match: [copper]\n    except: [coper hair, copper hair]{TESTS}",
        f"\n    match: [copper]\n    except: [copper hair]{TESTS}",
    ),
    (
        "the only exception stays",
        f"\n    match: [copper]\n    except: [coper hair]{TESTS}",
        f"\n    match: [copper]\n    except: [coper hair]{TESTS}",
    ),
    (
        "several things at once",
        " [copper, c\u043epper, copper, '밀수*']",
        " [copper, copper, '밀수']",
    ),
]


@pytest.mark.parametrize(
    ("text", "mended"), [pytest.param(*case, id=name) for name, *case in MENDED]
)
def test_mended(text: str, mended: str) -> None:
    assert fixed(HEAD + text) == HEAD + mended


@pytest.mark.parametrize(
    "mended", [pytest.param(mended, id=name) for name, _, mended in MENDED[:-1]]
)
def test_a_second_run_changes_nothing(mended: str) -> None:
    assert fixed(HEAD + mended) == HEAD + mended


def test_files_that_are_no_rules_are_left_alone() -> None:
    files = {"a.yaml": b"lists: {l: {file: l.txt}}\ncategories: {a: [$l]}\n"}
    words = {"l.txt": b"copper\ncopper\n"}
    rules = compile_rules(parse_rules(files, words.__getitem__))
    found = lint(rules, {**files, **words}, TODAY)

    assert [problem.code for problem in found] == ["W501"]
    assert not fixes(found, {**files, **words})


# ------------------------------------------------------------------------- laws

MARKED: Final = ("", "~", "*")
words = st.sampled_from(
    ["ban", "bans", "banned", "Ban", "label", "labeled", "국경", "국", "铜", "U.S."]
)
marks = st.sampled_from(["", "", "", "~", "*"])
keywords = st.lists(st.tuples(words, marks).map("".join), min_size=1, max_size=2).map(" ".join)
texts = st.lists(
    st.sampled_from(
        [
            "ban",
            "bans",
            "banned",
            "banning",
            "label",
            "labelled",
            "국경을",
            "국",
            "铜",
            "US",
            "U.S.",
            ".",
        ]
    ),
    max_size=8,
).map(" ".join)


@given(
    match=st.lists(keywords, min_size=1, max_size=6),
    excepts=st.lists(keywords, min_size=1, max_size=4),
    text=texts,
)
def test_deleting_what_is_needless_changes_no_tag(
    match: list[str], excepts: list[str], text: str
) -> None:
    lines = [f"    - '{keyword}'" for keyword in match]
    lines += ["    except:", *(f"    - '{keyword}'" for keyword in excepts)]
    files = {"a.yaml": "\n".join(["categories:", "  a:", "    match:", *lines, ""]).encode()}
    try:
        rules = compile_rules(parse_rules(files))
    except RuleSetError:
        return
    found = [problem for problem in lint(rules, files, TODAY) if problem.code in HARMLESS]
    edits = [edit for listed in fixes(found, files).values() for edit in listed]
    after = compile_rules(parse_rules({**files, **edited(files, edits)}))

    spans = [
        [[(e.start, e.end) for e in tagged.evidence] for tagged in tag(each, text).tags]
        for each in (rules, after)
    ]

    assert spans[0] == spans[1]


@given(
    match=st.lists(keywords, min_size=1, max_size=4),
    excepts=st.lists(keywords, min_size=1, max_size=3),
    text=texts,
)
def test_a_dead_keyword_never_counts(match: list[str], excepts: list[str], text: str) -> None:
    lines = [f"    - '{keyword}'" for keyword in match]
    lines += ["    except:", *(f"    - '{keyword}'" for keyword in excepts)]
    files = {"a.yaml": "\n".join(["categories:", "  a:", "    match:", *lines, ""]).encode()}
    try:
        rules = compile_rules(parse_rules(files))
    except RuleSetError:
        return
    dead = {str(p.location) for p in lint(rules, files, TODAY) if p.code == "W503"}

    for tagged in tag(rules, text).tags:
        assert not dead & {e.source for e in tagged.evidence}
