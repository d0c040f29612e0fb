"""Precision, recall and F1 with intervals, from what came of each document.

Of a category, *right* is a tag that the labels have too, *wrong* one that they
have not, *missing* a label without a tag. Then (Manning, Raghavan & Schütze,
Introduction to Information Retrieval, 2008, 8.3 and 13.6)

    precision  right / (right + wrong): how many of its tags are right
    recall     right / (right + missing): how many of its labels are found
    F1         2 right / (2 right + wrong + missing): their harmonic mean
    micro      the same of the sums over all categories: each tag weighs alike
    macro      the mean over categories: each category weighs alike

Macro F1 is the mean of the F1 of the categories, not the F1 of mean precision and
mean recall (Opitz & Burst, Macro F1 and Macro F1, 2019). A share of nothing is
None, and is left out of means.

The intervals are those of the bootstrap by percentiles (Efron & Tibshirani, An
Introduction to the Bootstrap, 1993, chapter 13): as many documents are drawn as
there are, each time from all of them; what 95 % of a thousand such rounds come to
lies in the interval. Documents are drawn, not tags, since the tags of one document
go together. Two sets of rules are compared on the same draws.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from random import Random
from typing import Final, Generic, Literal, NamedTuple, TypeVar

import msgspec

ROUNDS: Final = 1_000
SEED: Final = 1993
_MICRO: Final = "micro"
_MACRO: Final = "macro"
_TAIL: Final = 0.025  # of the rounds lie below the interval, and as many above

Kind = Literal["right", "wrong", "missing"]


class Outcome(NamedTuple):
    """What came of a category in a document; a right "no" has no outcome."""

    category: str
    kind: Kind
    is_borderline: bool


Outcomes = tuple[Outcome, ...]  # of one document
_Weights = Sequence[int]  # how often each distinct document is drawn
_Key = tuple[str, str]  # a category, or micro or macro, and the measure
_Values = dict[_Key, float | None]
_Document = TypeVar("_Document", bound=Hashable)


class Counts(NamedTuple):
    """How often tags are right and wrong, and how often one is missing."""

    right: int
    wrong: int
    missing: int

    @property
    def support(self) -> int:
        """How many documents have the label."""
        return self.right + self.missing

    @property
    def precision(self) -> float | None:
        """How many of the tags are right."""
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        """How many of the labels are found."""
        return _share(self.right, self.right + self.missing)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall."""
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missing)


class Figure(msgspec.Struct, frozen=True):
    """A value and the interval that it lies in at 95 %; None where there is nothing to count."""

    value: float | None
    interval: tuple[float, float] | None


class Scores(msgspec.Struct, frozen=True):
    """The figures of a category, or of all of them; the counts of a mean are those of all."""

    support: int
    right: int
    wrong: int
    missing: int
    precision: Figure
    recall: Figure
    f1: Figure


class Table(msgspec.Struct, frozen=True):
    """The scores of each category, and those of all together."""

    micro: Scores
    macro: Scores
    categories: dict[str, Scores]


class Difference(msgspec.Struct, frozen=True):
    """By how much the F1 of one set of rules is above that of another."""

    micro: Figure
    macro: Figure
    categories: dict[str, Figure]


def table(
    documents: Sequence[Outcomes], categories: Sequence[str], *, with_borderline: bool
) -> Table:
    """Give the scores of all categories, counting borderline pairs or leaving them out."""
    sample = _Sample(documents)
    tally = _Tally(sample.distinct, categories, with_borderline=with_borderline)
    figures = sample.figures(lambda weights: _measures(tally.counts(weights)))
    counts = tally.counts(sample.weights)
    total = _sum(counts)
    return Table(
        _scores(total, figures, _MICRO),
        _scores(total, figures, _MACRO),
        {id_: _scores(counts[id_], figures, id_) for id_ in categories},
    )


def difference(
    ours: Sequence[Outcomes],
    theirs: Sequence[Outcomes],
    categories: Sequence[str],
    *,
    with_borderline: bool,
) -> Difference:
    """Give by how much our F1 is above theirs; both are of the same documents in order."""
    sample = _Sample(tuple(zip(ours, theirs, strict=True)))
    one, other = (
        _Tally(
            [pair[side] for pair in sample.distinct], categories, with_borderline=with_borderline
        )
        for side in (0, 1)
    )

    def gains(weights: _Weights) -> _Values:
        before = _measures(other.counts(weights))
        now = _measures(one.counts(weights))
        return {key: _minus(now[key], before[key]) for key in now if key[1] == "f1"}

    figures = sample.figures(gains)
    return Difference(
        figures[_MICRO, "f1"],
        figures[_MACRO, "f1"],
        {id_: figures[id_, "f1"] for id_ in categories},
    )


def interval(values: Sequence[float | None]) -> tuple[float, float] | None:
    """Give what the middle 95 % of the values lie between; rounds without a value are left out."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    outside = int(_TAIL * len(known))
    return known[outside], known[-1 - outside]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _minus(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


# ----------------------------------------------------------------- counting


class _Sample(Generic[_Document]):
    """Documents to draw from. Those of which the same came are told apart by nobody."""

    def __init__(self, documents: Sequence[_Document]) -> None:
        counts = Counter(documents)
        self.distinct = list(counts)
        self.weights: _Weights = list(counts.values())
        numbers = {document: i for i, document in enumerate(self.distinct)}
        self._numbers = [numbers[document] for document in documents]

    def figures(self, statistic: Callable[[_Weights], _Values]) -> dict[_Key, Figure]:
        """Give what the statistic says of the sample, with the intervals of its values."""
        rounds = [statistic(weights) for weights in self._draws()]
        return {
            key: Figure(value, interval([values[key] for values in rounds]))
            for key, value in statistic(self.weights).items()
        }

    def _draws(self) -> Iterator[_Weights]:
        random = Random(SEED)  # noqa: S311 - figures must be the same each time
        for _ in range(ROUNDS):
            drawn = Counter(random.choices(self._numbers, k=len(self._numbers)))
            yield [drawn.get(i, 0) for i in range(len(self.distinct))]


class _Tally:
    """Counts outcomes of documents that weigh differently."""

    def __init__(
        self, documents: Sequence[Outcomes], categories: Sequence[str], *, with_borderline: bool
    ) -> None:
        # In which documents it is: most categories are in few.
        self._places: dict[tuple[str, Kind], list[int]] = defaultdict(list)
        self._categories = categories
        for i, outcomes in enumerate(documents):
            for outcome in outcomes:
                if with_borderline or not outcome.is_borderline:
                    self._places[outcome.category, outcome.kind].append(i)

    def counts(self, weights: _Weights) -> dict[str, Counts]:
        """Count for each category."""

        def count(id_: str, kind: Kind) -> int:
            return sum([weights[i] for i in self._places.get((id_, kind), ())])

        return {
            id_: Counts(count(id_, "right"), count(id_, "wrong"), count(id_, "missing"))
            for id_ in self._categories
        }


def _sum(counts: Mapping[str, Counts]) -> Counts:
    return Counts(*(sum(column) for column in zip(*counts.values(), strict=True)))


def _measures(counts: Mapping[str, Counts]) -> _Values:
    """Give precision, recall and F1 of each category and of all."""
    named = {**counts, _MICRO: _sum(counts)}
    values: _Values = {}
    for id_, counted in named.items():
        values[id_, "precision"] = counted.precision
        values[id_, "recall"] = counted.recall
        values[id_, "f1"] = counted.f1
    for measure in ("precision", "recall", "f1"):
        values[_MACRO, measure] = _mean([values[id_, measure] for id_ in counts])
    return values


def _scores(counts: Counts, figures: Mapping[_Key, Figure], name: str) -> Scores:
    precision, recall, f1 = (figures[name, measure] for measure in ("precision", "recall", "f1"))
    return Scores(counts.support, *counts, precision, recall, f1)
