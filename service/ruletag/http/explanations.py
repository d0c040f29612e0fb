"""Every name that goes over the wire about why a text is given a category, or why not."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from ruletag.http.wire import ExplainRequest, Id
from ruletag.matching.reasons import Code, Explanation, Outcome, Place
from ruletag.text.offsets import Unit, converted

_Positions = dict[int, int] | None  # None: positions are code points already


class PlaceAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A stretch of the text, or of the title."""

    start: int
    end: int
    text: str
    in_: Literal["title"] | None = msgspec.field(default=None, name="in")


class ReasonAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why matches of an entry count, or why not; ``write`` is a keyword that would be found."""

    code: Code
    detail: str
    places: tuple[PlaceAnswer, ...] = ()
    count: int = 1
    write: str = ""


class EntryAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of one entry; ``added`` is what it added to the score."""

    keyword: str
    entry: str
    source: str
    weight: int | float
    added: int | float
    reasons: tuple[ReasonAnswer, ...]
    name: str = ""


class CategoryExplanation(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why the text is given a category, or why not.

    ``entries`` come in this order: what counts, what was found and does not count,
    near misses. ``left_out`` more are not reported, and of ``not_found`` nothing
    stands in the text.
    """

    category: str
    tagged: bool
    outcome: Outcome
    detail: str
    score: int | float | None = None
    threshold: int | float | None = None
    implied_by: tuple[str, ...] = ()
    places: tuple[PlaceAnswer, ...] = ()
    entries: tuple[EntryAnswer, ...] = ()
    left_out: int = 0
    not_found: int = 0


class ExplainAnswer(msgspec.Struct, frozen=True):
    """The explanations, in the order of the categories asked for."""

    id: Id
    rules: str
    offsets: Unit
    complete: bool
    truncated: tuple[str, ...]
    categories: tuple[CategoryExplanation, ...]


def explain_answer(
    request: ExplainRequest, digest: str, explanations: tuple[Explanation, ...]
) -> ExplainAnswer:
    """Make the answer, its positions in the unit asked for."""
    places: dict[bool, set[int]] = {False: set(), True: set()}
    for explanation in explanations:
        for place in _all_places(explanation):
            places[place.in_title].update((place.start, place.end))
    positions = {
        in_title: None
        if request.offsets == "codepoint"
        else converted(request.title if in_title else request.text, known, request.offsets)
        for in_title, known in places.items()
    }
    truncated = tuple(dict.fromkeys(limit for e in explanations for limit in e.truncated))
    return ExplainAnswer(
        request.id,
        digest,
        request.offsets,
        not truncated,
        truncated,
        tuple(_explained(explanation, positions) for explanation in explanations),
    )


def _all_places(explanation: Explanation) -> Iterator[Place]:
    yield from explanation.places
    for report in explanation.entries:
        for reason in report.reasons:
            yield from reason.places


def _explained(
    explanation: Explanation, positions: Mapping[bool, _Positions]
) -> CategoryExplanation:
    return CategoryExplanation(
        explanation.category,
        explanation.is_tagged,
        explanation.outcome,
        explanation.detail,
        explanation.score,
        explanation.threshold,
        explanation.implied_by,
        _places(explanation.places, positions),
        tuple(
            EntryAnswer(
                report.entry,
                report.path,
                report.source,
                report.weight,
                report.added,
                tuple(
                    ReasonAnswer(
                        reason.code,
                        reason.detail,
                        _places(reason.places, positions),
                        reason.count,
                        reason.write,
                    )
                    for reason in report.reasons
                ),
                report.name,
            )
            for report in explanation.entries
        ),
        explanation.left_out,
        explanation.not_found,
    )


def _places(
    places: Iterable[Place], positions: Mapping[bool, _Positions]
) -> tuple[PlaceAnswer, ...]:
    answers = []
    for place in places:
        known = positions[place.in_title]
        start, end = (
            (place.start, place.end) if known is None else (known[place.start], known[place.end])
        )
        answers.append(PlaceAnswer(start, end, place.text, "title" if place.in_title else None))
    return tuple(answers)
