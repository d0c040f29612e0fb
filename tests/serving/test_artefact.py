"""Compiled rules are the same after they went to another process."""

import gc
from pathlib import Path

import pytest
from hypothesis import given

from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.explainer import explain
from ruletag.matching.tagger import tag
from ruletag.rules.loader import parse_rules, read_rules
from ruletag.serving.artefact import dump, load
from strategies import Rules, as_yaml, rule_files

ROOT = Path(__file__).parent.parent.parent
SEED = ROOT / "seeds" / "couple_arrested_for_smuggling_copper.txt"


def there_and_back(rules: CompiledRules) -> CompiledRules:
    return load(b"".join(dump(rules)))


@pytest.fixture(scope="module")
def shipped() -> CompiledRules:
    return compile_rules(read_rules(ROOT / "rules"))


def test_the_shipped_rules_answer_as_before(shipped: CompiledRules) -> None:
    text = SEED.read_text(encoding="utf-8")
    loaded = there_and_back(shipped)

    assert tag(loaded, text, "Copper seized") == tag(shipped, text, "Copper seized")
    assert (loaded.digest, loaded.source.ids) == (shipped.digest, shipped.source.ids)


def test_what_describes_the_rules_is_read_again_when_asked_for(shipped: CompiledRules) -> None:
    loaded = there_and_back(there_and_back(shipped))

    assert loaded.rule_set.categories == shipped.rule_set.categories
    assert explain(loaded, "no copper", "", ["arrests"]) == explain(
        shipped, "no copper", "", ["arrests"]
    )


def test_list_files_come_along() -> None:
    files = {
        "a.yaml": b"lists: {goods: {file: l.csv}}\ncategories: {metals: [$goods]}",
        "l.csv": b"term,id\ncopper,CU\nred copper,RC\n",
    }
    rules = compile_rules(parse_rules({"a.yaml": files["a.yaml"]}, files.__getitem__))
    loaded = there_and_back(rules)

    assert tag(loaded, "Red copper!") == tag(rules, "Red copper!")
    assert loaded.rule_set.lists[0].lines[1] == rules.rule_set.lists[0].lines[1]


@given(written=rule_files())
def test_any_rules_are_the_same_afterwards(written: Rules) -> None:
    rules = compile_rules(parse_rules({"a.yaml": as_yaml(written)}))
    loaded = there_and_back(rules)

    assert loaded.categories == rules.categories
    assert loaded.keys.keys == rules.keys.keys
    assert (loaded.members, loaded.uses, loaded.words) == (rules.members, rules.uses, rules.words)


def test_the_search_for_garbage_goes_on_afterwards(shipped: CompiledRules) -> None:
    assert gc.isenabled()
    there_and_back(shipped)
    assert gc.isenabled()
