"""The rules that ship do what they say: on their own sentences and on the seed article."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.examples import failures
from ruletag.matching.tagger import tag
from ruletag.problems import render
from ruletag.rules.loader import read_rules
from ruletag.rules.model import Category

ROOT: Final = Path(__file__).parents[1]
SEED: Final = ROOT / "seeds" / "couple_arrested_for_smuggling_copper.txt"

SHIPPED: Final = (
    "arrests",
    "border_closure",
    "commodities",
    "commodities.food",
    "commodities.fuel",
    "commodities.grain",
    "commodities.livestock",
    "commodities.materials",
    "commodities.metals",
    "commodities.minerals",
    "commodity_news",
    "organisations",
    "party_discipline",
    "places",
    "smuggling",
)

SEED_CATEGORIES: Final = {
    "arrests",
    "border_closure",
    "commodities",
    "commodities.metals",
    "party_discipline",
    "smuggling",
}

# category, evidence as it stands in the seed article, how often it is reported
SEED_EVIDENCE: Final = [
    ("smuggling", "smuggle", 4),
    ("smuggling", "smuggling", 1),
    ("border_closure", "border blockade", 1),
    ("border_closure", "closure of the border", 1),
    ("arrests", "arrested", 5),
    ("arrests", "detained", 1),
    ("arrests", "took the husband-and-wife duo into custody", 1),
    ("arrests", "preliminary examination", 1),
    ("party_discipline", "stripped of his Party membership", 1),
    ("party_discipline", "lost his party membership", 1),
    ("commodities.metals", "copper", 2),
    ("commodities.metals", "tons of metal", 1),
    ("commodities.metals", "tons of various metals", 1),
    ("commodities.metals", "precious metal", 1),
]


@pytest.fixture(scope="module")
def rules() -> CompiledRules:
    return compile_rules(read_rules(ROOT / "rules"))


@pytest.fixture(scope="module")
def categories(rules: CompiledRules) -> Mapping[str, Category]:
    return {category.id: category for category in rules.rule_set.categories}


@pytest.fixture(scope="module")
def seed_evidence(rules: CompiledRules) -> Counter[tuple[str, str]]:
    """Count each evidence text of the seed article, having seen that its span is exact."""
    text = SEED.read_text(encoding="utf-8")
    evidence = [(t.category, e) for t in tag(rules, text).tags for e in t.evidence]

    assert [text[e.start : e.end] for _, e in evidence] == [e.text for _, e in evidence]
    return Counter((category, e.text) for category, e in evidence)


def test_every_rule_passes_its_own_tests(rules: CompiledRules) -> None:
    assert [render(problem) for problem in failures(rules)] == []


def test_rules_are_read_without_a_warning(rules: CompiledRules) -> None:
    assert [render(problem) for problem in rules.rule_set.warnings] == []


def test_shipped_categories_are_these(categories: Mapping[str, Category]) -> None:
    assert sorted(categories) == sorted(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_category_is_described_for_people(categories: Mapping[str, Category], name: str) -> None:
    about = categories[name].about

    assert about.label
    assert about.description.endswith(".")
    assert about.severity is not None


@pytest.mark.parametrize("name", SHIPPED)
def test_category_has_tests_both_ways(categories: Mapping[str, Category], name: str) -> None:
    kinds = Counter(example.kind for example in categories[name].examples)

    assert kinds["tag"] >= 3
    assert kinds["skip"] >= 2


@pytest.mark.parametrize("name", SHIPPED)
def test_category_shows_exact_evidence(categories: Mapping[str, Category], name: str) -> None:
    assert any(example.marks for example in categories[name].examples)


def test_seed_article_has_these_categories(rules: CompiledRules) -> None:
    tagging = tag(rules, SEED.read_text(encoding="utf-8"))

    assert set(tagging.categories) == SEED_CATEGORIES
    assert tagging.complete


@pytest.mark.parametrize(
    ("category", "evidence", "count"),
    [pytest.param(*case, id=f"{case[0]}: {case[1]}") for case in SEED_EVIDENCE],
)
def test_seed_article_has_this_evidence(
    seed_evidence: Counter[tuple[str, str]], category: str, evidence: str, count: int
) -> None:
    assert seed_evidence[category, evidence] == count
