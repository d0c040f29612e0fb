"""Hold rules against labelled documents: what they find, miss and confuse.

A pair of a document and a category is right where tag and label agree. A tag on a
category is one on those above it, and so is a label. Categories that are drafts
are judged as if they were on: they are measured before they are switched on.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from ruletag.corpus.gold import Gold, Quote, is_within
from ruletag.corpus.scores import Kind, Outcome, Outcomes
from ruletag.lazy import lazy
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.explainer import explain, explainable
from ruletag.matching.reasons import EntryReport, Explanation, Place
from ruletag.matching.tagger import tag
from ruletag.matching.tagging import Evidence

_MOST_REASONS: Final = 3  # given for a missing tag
_Key = tuple[int, str]  # the number of a document, and a category


class Overlap(msgspec.Struct, frozen=True):
    """Of how many quotes that labels rest on our evidence has at least one character."""

    quotes: int
    found: int

    @property
    def share(self) -> float | None:
        """How many of the quotes that is; None without quotes."""
        return self.found / self.quotes if self.quotes else None


@dataclass(frozen=True)
class Evaluation:
    """What came of each document. ``cut_short`` of them reached a limit."""

    documents: tuple[Outcomes, ...]
    overlaps: Mapping[str, Overlap]
    cut_short: int

    @lazy
    def outcomes(self) -> Mapping[_Key, Outcome]:
        """Give the outcome of each pair that has one."""
        numbered = enumerate(self.documents)
        return {(i, outcome.category): outcome for i, found in numbered for outcome in found}

    def errors(self) -> tuple[_Key, ...]:
        """Give the pairs that are wrong, or miss a tag, in the order of documents."""
        return tuple(key for key, outcome in self.outcomes.items() if outcome.kind != "right")


class Names(NamedTuple):
    """Which categories can be judged, and which labels the rules do not know."""

    judged: tuple[str, ...]
    unknown: Mapping[str, int]  # and in how many documents each stands


def judged_names(rules: CompiledRules, golds: Collection[Gold]) -> Names:
    """Give the categories that labels name: those that are judged unless others are asked for."""
    seen = Counter(id_ for gold in golds for id_ in gold.named)
    known = explainable(rules)
    unknown = {id_: number for id_, number in sorted(seen.items()) if id_ not in known}
    return Names(tuple(sorted(seen.keys() & known)), unknown)


def evaluate(rules: CompiledRules, golds: Sequence[Gold], judged: Sequence[str]) -> Evaluation:
    """Tag each document and compare with its labels."""
    wanted = below(rules, judged)
    quotes: Counter[str] = Counter()
    found: Counter[str] = Counter()
    documents: list[Outcomes] = []
    cut_short = 0
    for gold in golds:
        given, is_complete = _evidence(rules, gold, wanted)
        cut_short += not is_complete
        documents.append(tuple(_outcomes(gold, given, judged)))
        for id_ in judged:
            stretches = gold.quotes(id_) if gold.has(id_) else ()
            quotes[id_] += len(stretches)
            pieces = _within(given, id_)
            found[id_] += sum(any(_overlaps(q, e) for e in pieces) for q in stretches)
    overlaps = {id_: Overlap(quotes[id_], found[id_]) for id_ in judged}
    return Evaluation(tuple(documents), overlaps, cut_short)


def below(rules: CompiledRules, judged: Collection[str]) -> frozenset[str]:
    """Give the categories with all that lie below them, where their evidence is."""
    return frozenset(
        id_ for id_ in explainable(rules) if any(is_within(id_, category) for category in judged)
    )


def _evidence(
    rules: CompiledRules, gold: Gold, wanted: Collection[str]
) -> tuple[dict[str, tuple[Evidence, ...]], bool]:
    """Give the categories that a document is given, each with its evidence that counts."""
    tagging = tag(rules, gold.text, gold.title, frozenset(wanted))
    given = {
        one.category: tuple(piece for piece in one.evidence if piece.counts)
        for one in (*tagging.drafts, *tagging.tags)
    }
    return given, tagging.complete


def _outcomes(gold: Gold, given: Collection[str], judged: Sequence[str]) -> Iterator[Outcome]:
    for id_ in judged:
        kind = _kind(is_tagged=id_ in given, is_labelled=gold.has(id_))
        if kind is not None:
            yield Outcome(id_, kind, gold.is_borderline(id_))


def _kind(*, is_tagged: bool, is_labelled: bool) -> Kind | None:
    if is_tagged:
        return "right" if is_labelled else "wrong"
    return "missing" if is_labelled else None


def _within(given: Mapping[str, tuple[Evidence, ...]], category: str) -> list[Evidence]:
    return [piece for id_, pieces in given.items() if is_within(id_, category) for piece in pieces]


def _overlaps(one: Quote, other: Evidence | Place) -> bool:
    return one.in_title == other.in_title and one.start < other.end and other.start < one.end


def merged(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Give the spans in order, those that overlap as one: marks must not overlap."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


# ----------------------------------------------------------------- errors


class Stretch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stretch of the text, or of the title; ``sentence`` is that of what was found."""

    start: int
    end: int
    text: str
    category: str
    in_title: bool = False
    keyword: str = ""
    source: str = ""
    sentence: tuple[int, int] | None = None


class Why(msgspec.Struct, frozen=True):
    """What was near to being found: an entry, where it stands, and why it does not count."""

    category: str
    entry: str
    source: str
    detail: str
    in_quote: bool


class Error(msgspec.Struct, frozen=True, omit_defaults=True):
    """A wrong tag with what was found, or a missing one with the quotes it should rest on.

    ``detail`` says of a missing one what became of its category.
    """

    document: str | int
    line: int
    category: str
    kind: Kind
    is_borderline: bool
    evidence: tuple[Stretch, ...] = ()
    quotes: tuple[Quote, ...] = ()
    detail: str = ""
    why: tuple[Why, ...] = ()


def error(rules: CompiledRules, gold: Gold, outcome: Outcome) -> Error:
    """Give the particulars of an outcome, by tagging or explaining its document once more."""
    name = gold.id if gold.id is not None else gold.line
    bare = Error(name, gold.line, outcome.category, outcome.kind, outcome.is_borderline)
    wanted = below(rules, [outcome.category])
    if outcome.kind != "missing":
        given, _ = _evidence(rules, gold, wanted)
        stretches = tuple(_stretch(id_, piece) for id_ in given for piece in given[id_])
        return msgspec.structs.replace(bare, evidence=stretches)
    quotes = gold.quotes(outcome.category)
    explanations = explain(rules, gold.text, gold.title, sorted(wanted))
    said = next((e.detail for e in explanations if e.category == outcome.category), "")
    return msgspec.structs.replace(
        bare, quotes=quotes, detail=said, why=_nearest(explanations, quotes)
    )


def _stretch(category: str, piece: Evidence) -> Stretch:
    return Stretch(
        piece.start,
        piece.end,
        piece.text,
        category,
        piece.in_title,
        piece.keyword,
        piece.source,
        (piece.sentence[0], piece.sentence[1]),
    )


def _nearest(explanations: Sequence[Explanation], quotes: Sequence[Quote]) -> tuple[Why, ...]:
    """Give the reasons that say most: first those about what stands in a quote."""
    reasons = [
        _why(explanation, report, quotes)
        for explanation in explanations
        for report in explanation.entries
        if report.reasons and not report.counts
    ]
    return tuple(sorted(reasons, key=lambda why: not why.in_quote)[:_MOST_REASONS])


def _why(explanation: Explanation, report: EntryReport, quotes: Sequence[Quote]) -> Why:
    reason = next(
        (r for r in report.reasons if any(_overlaps(q, p) for q in quotes for p in r.places)), None
    )
    shown = reason or report.reasons[0]
    return Why(explanation.category, report.entry, report.source, shown.detail, reason is not None)
