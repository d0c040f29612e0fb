"""Tags are held against labels pair by pair, and errors say what an author needs."""

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.corpus.evaluate import Overlap, error, evaluate, judged_names, merged
from ruletag.corpus.gold import Gold, Quote
from ruletag.corpus.scores import Outcome
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.rules.loader import parse_rules

RULES: Final = b"""\
categories:
  goods.metals: [copper]
  goods.grain: {status: draft, match: [wheat]}
  smuggling: ["smuggle~"]
"""


@pytest.fixture
def rules() -> CompiledRules:
    return compile_rules(parse_rules({"a.yaml": RULES}))


def gold(text: str, *labels: str, borderline: tuple[str, ...] = (), title: str = "") -> Gold:
    return Gold(1, None, text, title, frozenset(labels), frozenset(borderline), ())


# name, document, category, outcome
CASES: Final = [
    ("right", gold("copper", "goods.metals"), "goods.metals", "right"),
    ("wrong", gold("copper"), "goods.metals", "wrong"),
    ("missing", gold("tin", "goods.metals"), "goods.metals", "missing"),
    ("a right no", gold("tin"), "goods.metals", None),
    ("a tag on a child", gold("copper", "goods"), "goods", "right"),
    ("a label on a child", gold("copper", "goods.metals"), "goods", "right"),
    ("a draft", gold("wheat", "goods.grain"), "goods.grain", "right"),
    ("in the title", gold("", "goods", title="copper"), "goods", "right"),
]


@pytest.mark.parametrize(
    ("document", "category", "kind"), [pytest.param(*case, id=name) for name, *case in CASES]
)
def test_outcomes(rules: CompiledRules, document: Gold, category: str, kind: str | None) -> None:
    found = evaluate(rules, [document], [category]).documents[0]

    assert [outcome.kind for outcome in found] == ([kind] if kind else [])


def test_a_borderline_pair_says_so(rules: CompiledRules) -> None:
    document = gold("copper", borderline=("goods",))

    found = evaluate(rules, [document], ["goods"]).documents

    assert found == ((Outcome("goods", "wrong", is_borderline=True),),)


def test_names_that_the_rules_do_not_know(rules: CompiledRules) -> None:
    names = judged_names(rules, [gold("", "goods", "tea"), gold("", "tea")])

    assert names.judged == ("goods",)
    assert names.unknown == {"tea": 2}


def test_evidence_of_a_child_overlaps_the_quote(rules: CompiledRules) -> None:
    quotes = (Quote("goods", 0, 8, "a copper"), Quote("goods", 9, 13, "pipe"))
    document = gold("a copper pipe", "goods")._replace(evidence=quotes)

    assert evaluate(rules, [document], ["goods"]).overlaps == {"goods": Overlap(2, 1)}


def test_a_wrong_tag_shows_its_evidence(rules: CompiledRules) -> None:
    found = error(rules, gold("A copper pipe."), Outcome("goods", "wrong", is_borderline=False))

    (stretch,) = found.evidence
    assert (stretch.category, stretch.text, stretch.source) == (
        "goods.metals",
        "copper",
        "a.yaml:2:18",
    )


def test_a_missing_tag_shows_why(rules: CompiledRules) -> None:
    document = gold("Smugglers. A coppersmith.", "goods", "smuggling")
    quoted = document._replace(evidence=(Quote("goods", 13, 24, "coppersmith"),))

    found = error(rules, quoted, Outcome("goods", "missing", is_borderline=False))

    assert found.detail.startswith("not tagged")
    assert [(why.entry, why.in_quote) for why in found.why] == [("copper", True)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)).map(lambda s: (s[0], sum(s)))))
def test_merged_spans_cover_the_same_and_do_not_overlap(spans: list[tuple[int, int]]) -> None:
    found = merged(spans)

    assert {i for span in found for i in range(*span)} == {i for s in spans for i in range(*s)}
    assert all(one[1] <= other[0] for one, other in pairwise(found))
