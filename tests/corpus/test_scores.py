"""Figures are those of their definitions, and intervals hold what they should."""

from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.corpus.scores import (
    Counts,
    Figure,
    Kind,
    Outcome,
    Outcomes,
    difference,
    interval,
    table,
)

RIGHT: Final = Outcome("a", "right", is_borderline=False)
WRONG: Final = Outcome("a", "wrong", is_borderline=False)
MISSING: Final = Outcome("a", "missing", is_borderline=False)
WEAK: Final = Outcome("b", "wrong", is_borderline=True)

# name, counts, precision, recall, F1
CASES: Final = [
    ("nothing", Counts(0, 0, 0), None, None, None),
    ("all right", Counts(3, 0, 0), 1.0, 1.0, 1.0),
    ("no tag", Counts(0, 0, 2), None, 0.0, 0.0),
    ("no label", Counts(0, 2, 0), 0.0, None, 0.0),
    ("mixed", Counts(3, 1, 2), 0.75, 0.6, 2 / 3),
]


@pytest.mark.parametrize(
    ("counts", "precision", "recall", "f1"),
    [pytest.param(*case, id=name) for name, *case in CASES],
)
def test_definitions(
    counts: Counts, precision: float | None, recall: float | None, f1: float | None
) -> None:
    assert (counts.precision, counts.recall) == (precision, recall)
    assert counts.f1 == pytest.approx(f1)


def test_micro_is_of_the_sums_and_macro_the_mean() -> None:
    b_right = Outcome("b", "right", is_borderline=False)
    documents: list[Outcomes] = [(RIGHT, b_right), (WRONG,), (MISSING,), (RIGHT,)]

    found = table(documents, ["a", "b"], with_borderline=True)

    assert found.micro.f1.value == pytest.approx(6 / 8)
    assert found.macro.f1.value == pytest.approx((4 / 6 + 1) / 2)
    assert found.categories["a"].support == 3


def test_borderline_pairs_count_or_are_left_out() -> None:
    documents: list[Outcomes] = [(RIGHT, WEAK)]

    without = table(documents, ["a", "b"], with_borderline=False)
    with_them = table(documents, ["a", "b"], with_borderline=True)

    assert without.categories["b"].f1 == Figure(None, None)
    assert without.macro.f1.value == 1.0
    assert with_them.categories["b"].wrong == 1
    assert with_them.micro.precision.value == 0.5


# name, values, interval
INTERVALS: Final[list[tuple[str, list[float | None], tuple[float, float] | None]]] = [
    ("nothing", [], None),
    ("rounds without a value", [None, None], None),
    ("one", [0.5, None], (0.5, 0.5)),
    ("a thousand", [float(i) for i in range(1000)], (25.0, 974.0)),
]


@pytest.mark.parametrize(
    ("values", "expected"), [pytest.param(*case, id=name) for name, *case in INTERVALS]
)
def test_intervals(values: list[float | None], expected: tuple[float, float] | None) -> None:
    assert interval(values) == expected


def test_an_interval_is_about_that_of_the_binomial() -> None:
    documents: list[Outcomes] = [*[(RIGHT,)] * 80, *[(MISSING,)] * 20]

    recall = table(documents, ["a"], with_borderline=True).micro.recall

    # 0.8 ± 1.96 · sqrt(0.8 · 0.2 / 100)
    assert recall.interval == pytest.approx((0.72, 0.88), abs=0.02)


def test_the_same_rules_differ_by_nothing() -> None:
    documents: list[Outcomes] = [(RIGHT,), (WRONG,), ()]

    found = difference(documents, documents, ["a"], with_borderline=True)

    assert found.micro.value == 0
    assert found.micro.interval == (0, 0)


def test_a_difference_is_ours_less_theirs() -> None:
    found = difference([(RIGHT,)] * 9, [(RIGHT,)] * 8 + [(MISSING,)], ["a"], with_borderline=True)

    assert found.categories["a"].value == pytest.approx(1 - 16 / 17)


KINDS: Final[tuple[Kind, ...]] = ("right", "wrong", "missing")
outcomes = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(KINDS), st.booleans()),
    max_size=2,
    unique_by=lambda one: one[0],
).map(lambda found: tuple(Outcome(*one) for one in found))


@given(st.lists(outcomes, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_the_order_of_documents_is_of_no_account(documents: list[Outcomes], random: Random) -> None:
    mixed = [*documents]
    random.shuffle(mixed)

    one = table(documents, ["a", "b"], with_borderline=True)
    other = table(mixed, ["a", "b"], with_borderline=True)

    assert one.micro.f1.value == other.micro.f1.value
    assert one.micro.support == sum(o.kind != "wrong" for found in documents for o in found)
