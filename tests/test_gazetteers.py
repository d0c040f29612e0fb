"""The lists of places and organisations: off as they ship, on by one word, with ids."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.examples import failures
from ruletag.matching.tagger import tag
from ruletag.problems import render
from ruletag.rules.loader import read_rules

RULES: Final = Path(__file__).parents[1] / "rules"
CATEGORIES: Final = ("organisations", "places")

# name, a sentence, the names found in it with their ids
FOUND: Final[list[tuple[str, str, list[tuple[str, list[str]]]]]] = [
    (
        "a county beside smuggling",
        "A couple smuggled copper out of Onsong County.",
        [("Onsong", ["KP-09-onsong-county"])],
    ),
    (
        "other spellings",
        "From Onseong by way of Shinuiju to Ch'ongjin.",
        [
            ("Onseong", ["KP-09-onsong-county"]),
            ("Shinuiju", ["KP-03-sinuiju-city"]),
            ("Ch'ongjin", ["KP-09-chongjin-city"]),
        ],
    ),
    ("capitals", "ONSONG COUNTY SEALED", [("ONSONG", ["KP-09-onsong-county"])]),
    (
        "Hangul with a particle",
        "부부는 온성군에서 압록강까지 갔다.",
        [("온성군", ["KP-09-onsong-county"]), ("압록강", ["KP-yalu-river"])],
    ),
    (
        "a town and a river of one name",
        "North Korea rebuilt the bridge at Tumen.",
        [("Tumen", ["CN-tumen-city", "KP-tumen-river"])],
    ),
    (
        "a name that needs its kind",
        "A fire in Anak County.",
        [("Anak County", ["KP-05-anak-county"])],
    ),
    ("a common word", "Every anak knows the orang utan of Samsu.", []),
    ("a Korean word that begins so", "회담은 무산됐고 청진기가 남았다.", []),
    (
        "a body",
        "The Storm Corps and the Workers' Party of Korea.",
        [
            ("Storm Corps", ["KP-storm-corps"]),
            ("Workers' Party of Korea", ["KP-workers-party-of-korea"]),
        ],
    ),
    (
        "a body of a shared name, with the North near",
        "In Hyesan the MSS arrested a broker.",
        [("Hyesan", ["KP-10-hyesan-city"]), ("MSS", ["KP-ministry-of-state-security"])],
    ),
    ("a body of a shared name, alone", "The MSS. of the poet are lost, the KPA said.", []),
]


@pytest.fixture(scope="module")
def switched_on(tmp_path_factory: pytest.TempPathFactory) -> CompiledRules:
    """Compile a copy of the shipped rules in which one word of each file is another."""
    folder = tmp_path_factory.mktemp("copy") / "rules"
    shutil.copytree(RULES, folder)
    for category in CATEGORIES:
        path = folder / f"{category}.yaml"
        text = path.read_text(encoding="utf-8")
        assert text.count('    status: "off"\n') == 1
        path.write_text(text.replace('    status: "off"\n', "    status: on\n"), encoding="utf-8")
    return compile_rules(read_rules(folder))


@pytest.fixture(scope="module")
def as_shipped() -> CompiledRules:
    return compile_rules(read_rules(RULES))


def rows() -> Iterator[tuple[str, str, str]]:
    """Give the term, the id and the file of each row."""
    for category in CATEGORIES:
        with (RULES / "lists" / f"{category}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                yield row["term"], row["id"], category


def test_they_are_off_as_they_ship(as_shipped: CompiledRules) -> None:
    tagging = tag(as_shipped, "A couple smuggled copper out of Onsong County.")

    assert "smuggling" in tagging.categories
    assert "places" not in tagging.categories


def test_their_own_sentences_pass_once_they_are_on(switched_on: CompiledRules) -> None:
    assert [render(problem) for problem in failures(switched_on)] == []


@pytest.mark.parametrize(
    ("text", "expected"), [pytest.param(*case, id=name) for name, *case in FOUND]
)
def test_names_are_found_with_their_ids(
    switched_on: CompiledRules, text: str, expected: list[tuple[str, list[str]]]
) -> None:
    tags = [t for t in tag(switched_on, text).tags if t.category in CATEGORIES]
    found = sorted((e.start, e.text, sorted(e.ids)) for t in tags for e in t.evidence)

    assert [(name, ids) for _, name, ids in found] == expected


def test_other_tags_stay_when_they_are_on(
    switched_on: CompiledRules, as_shipped: CompiledRules
) -> None:
    text = (RULES.parent / "seeds" / "couple_arrested_for_smuggling_copper.txt").read_text("utf-8")

    before, after = (set(tag(rules, text).categories) for rules in (as_shipped, switched_on))

    assert after - before == set(CATEGORIES)
    assert before <= after


@pytest.mark.parametrize("category", CATEGORIES)
def test_no_name_is_given_twice(category: str) -> None:
    terms = Counter((term, identity) for term, identity, file in rows() if file == category)

    assert [row for row, count in terms.items() if count > 1] == []


def test_ids_say_which_state_they_mean() -> None:
    assert {identity.partition("-")[0] for _, identity, _ in rows()} == {"CN", "KP", "RU"}


def test_no_short_name_stands_in_any_case() -> None:
    with (RULES / "lists" / "places.csv").open(encoding="utf-8", newline="") as file:
        loose = [row["term"] for row in csv.DictReader(file) if row["case"] != "exact"]

    assert [term for term in loose if term.isascii() and len(term) < 4] == []
