"""Rules that come with a request are compiled once, within bounds."""

import pytest

from contract.rules import store_with
from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.tagger import tag
from ruletag.problems import RuleSetError
from ruletag.serving.drafts import Drafts

ACTIVE = """\
lists:
  metals: [copper, zinc]
  places: [$regions]
cues: {negated: {before: [far from]}}
categories:
  regions: [onsong]
  other: [$metals]
"""


def rules_in_force(text: str = ACTIVE) -> CompiledRules:
    active = store_with({"a.yaml": text}).current
    assert active is not None
    return active.rules


def test_a_draft_takes_the_place_of_the_categories_and_uses_the_lists_and_cues() -> None:
    in_force = rules_in_force()

    rules = Drafts().compiled("categories: {x: ['$metals', '$places', gold]}", in_force)

    tagging = tag(rules, "Far from zinc. Onsong")
    assert tagging.categories == ("x",)
    assert [piece.contexts for piece in tagging.tags[0].evidence] == [("negated",)]
    assert rules.digest != in_force.digest


def test_a_list_of_its_own_comes_first() -> None:
    draft = "lists: {metals: [tin]}\ncategories: {x: [$metals]}"

    rules = Drafts().compiled(draft, rules_in_force())

    assert tag(rules, "zinc").categories == ()
    assert tag(rules, "tin").categories == ("x",)


def test_a_draft_is_compiled_once_for_the_rules_in_force() -> None:
    drafts, draft = Drafts(), "categories: {x: [$metals]}"
    in_force, later = rules_in_force(), rules_in_force(ACTIVE + "  new: [tin]\n")

    first = drafts.compiled(draft, in_force)

    assert drafts.compiled(draft, in_force) is first
    assert drafts.compiled(draft, later) is not first


def test_only_the_latest_are_kept() -> None:
    drafts, in_force = Drafts(), rules_in_force()
    first = drafts.compiled("categories: {x: [a]}", in_force)

    for i in range(16):
        drafts.compiled(f"categories: {{x: [a{i}]}}", in_force)

    assert drafts.compiled("categories: {x: [a]}", in_force) is not first


# name, the draft, what is said
REFUSED = [
    ("no such list", "categories: {x: [$nope]}", "draft.yaml:1:18: E306"),
    ("a category in force", "categories: {x: [$other]}", "draft.yaml:1:18: E306"),
    ("a file", "lists: {l: {file: a.txt}}\ncategories: {x: [$l]}", "no files beside it"),
    ("not YAML", "categories: [", "draft.yaml:1:13: E101"),
    ("nothing", "", "E111"),
]


@pytest.mark.parametrize(
    ("draft", "said"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_what_is_wrong_with_a_draft_is_said(draft: str, said: str) -> None:
    with pytest.raises(RuleSetError, match="draft") as caught:
        Drafts().compiled(draft, rules_in_force())

    assert said in str(caught.value)


@pytest.mark.parametrize("draft", ["categories: {x: [$l]}", "categories: {x: [{any: [$l]}]}"])
def test_the_forms_of_a_draft_are_bounded_lists_included(draft: str) -> None:
    words = [f"=w{i}" for i in range(LIMITS.draft_forms + 1)]
    few, many = (
        rules_in_force(f"lists: {{l: [{', '.join(known)}]}}\ncategories: {{y: [a]}}")
        for known in (words[:15_000], words)
    )

    assert tag(Drafts().compiled(draft, few), "w7").categories == ("x",)
    with pytest.raises(RuleSetError, match="E308"):
        Drafts().compiled(draft, many)
