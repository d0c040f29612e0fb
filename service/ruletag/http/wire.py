"""Every name that goes over the wire about texts: what is asked, and what was found.

The types here decode requests, encode answers and make the OpenAPI document, so
the three cannot differ. Those of refusals are in `ruletag.http.refusals`, of
explanations in `ruletag.http.explanations`, of rules in `ruletag.http.catalogue`.
"""

from typing import Annotated, Any, Final, Literal

import msgspec

from ruletag.http.refusals import ProblemDetails
from ruletag.matching.tagging import Evidence, Part, Tag, Tagging
from ruletag.text.offsets import Unit, converted

Id = str | int | None
Amount = Literal["all", "first", "none"]

# --------------------------------------------------------------------- requests


class TagOptions(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a caller may choose about the answer."""

    categories: list[str] | None = None
    offsets: Unit = "codepoint"
    evidence: Amount = "all"
    if_rules: str | None = None


class TagRequest(TagOptions, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One text to tag. Only ``text`` is required."""

    text: str
    title: str = ""
    id: Id = None
    rules: str | None = None


_AT_LEAST_ONE: Final = msgspec.Meta(extra_json_schema={"minItems": 1})


class ExplainRequest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A text, and the categories about which to say why it is given them, or why not."""

    text: str
    categories: Annotated[list[str], _AT_LEAST_ONE]
    title: str = ""
    id: Id = None
    offsets: Unit = "codepoint"
    if_rules: str | None = None
    rules: str | None = None


_DOCUMENTS: Final = msgspec.Meta(
    extra_json_schema={"items": {"$ref": "#/components/schemas/Document"}}
)


class Document(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One document of a batch. Only ``text`` is required."""

    text: str
    title: str = ""
    id: Id = None


class BatchRequest(TagOptions, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Many texts to tag, with the options for all of them.

    Each document is read by itself, so that one fault does not cost the others
    their answers.
    """

    documents: Annotated[list[Any], _DOCUMENTS]


class NoOptions(msgspec.Struct, frozen=True):
    """The query parameters of a route that takes its options in the body: none."""


# ----------------------------------------------------------- answers about texts


class PartAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One part of a gap or condition: its span and what stands there."""

    start: int
    end: int
    text: str
    in_: Literal["title"] | None = msgspec.field(default=None, name="in")


class EvidenceAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A match reported for a category. ``start`` and ``end`` are in the unit of the answer."""

    start: int
    end: int
    text: str
    keyword: str
    entry: str
    source: str
    sentence: tuple[int, int]
    contexts: tuple[str, ...]
    counts: bool
    in_: Literal["title"] | None = msgspec.field(default=None, name="in")
    name: str = ""
    ids: tuple[str, ...] = ()
    parts: tuple[PartAnswer, ...] = ()


class CategoryAnswer(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A category given to the text, by its own evidence or ``implied_by`` those below it."""

    category: str
    label: str = ""
    score: int | float | None = None
    threshold: int | float | None = None
    severity: Literal["low", "medium", "high", "critical"] | None = None
    evidence: tuple[EvidenceAnswer, ...] | None = None
    implied_by: tuple[str, ...] = ()
    status: Literal["deprecated"] | None = None


class TagAnswer(msgspec.Struct, frozen=True):
    """The answer to one text; where it is not ``complete``, ``truncated`` says what cut it."""

    id: Id
    rules: str
    offsets: Unit
    complete: bool
    truncated: tuple[str, ...]
    categories: tuple[CategoryAnswer, ...]
    drafts: tuple[CategoryAnswer, ...]


class ErrorAnswer(msgspec.Struct, frozen=True):
    """What stands in a batch in place of the answer to a document that was refused."""

    id: Id
    error: ProblemDetails


_RESULTS: Final = msgspec.Meta(
    extra_json_schema={
        "items": {
            "anyOf": [
                {"$ref": "#/components/schemas/TagAnswer"},
                {"$ref": "#/components/schemas/ErrorAnswer"},
            ]
        }
    }
)


class BatchAnswer(msgspec.Struct, frozen=True):
    """The answers to the documents of a batch, in their order."""

    results: Annotated[tuple[Any, ...], _RESULTS]


def tag_answer(
    document: TagRequest | Document, digest: str, tagging: Tagging, options: TagOptions
) -> TagAnswer:
    """Make the answer to one document, its positions in the unit asked for."""
    in_text, in_title = _positions(tagging, document, options)
    return TagAnswer(
        document.id,
        digest,
        options.offsets,
        tagging.complete,
        tagging.truncated,
        tuple(_category(given, options.evidence, in_text, in_title) for given in tagging.tags),
        tuple(_category(given, options.evidence, in_text, in_title) for given in tagging.drafts),
    )


def encode(answer: msgspec.Struct) -> bytes:
    """Give an answer as JSON; the same answer is always the same bytes."""
    return _ENCODER.encode(answer)


_ENCODER: Final = msgspec.json.Encoder()
_Positions = dict[int, int] | None  # None: positions are code points already


def _positions(
    tagging: Tagging, document: TagRequest | Document, options: TagOptions
) -> tuple[_Positions, _Positions]:
    if options.offsets == "codepoint" or options.evidence == "none":
        return None, None
    places: dict[bool, set[int]] = {False: set(), True: set()}
    for given in (*tagging.tags, *tagging.drafts):
        for piece in given.evidence:
            places[piece.in_title].update((piece.start, piece.end), piece.sentence)
            for part in piece.parts:
                places[part.in_title].update((part.start, part.end))
    return (
        converted(document.text, places[False], options.offsets),
        converted(document.title, places[True], options.offsets),
    )


def _category(
    given: Tag, amount: Amount, in_text: _Positions, in_title: _Positions
) -> CategoryAnswer:
    if given.score is None:
        return CategoryAnswer(given.category, implied_by=given.implied_by)
    evidence = given.evidence[:1] if amount == "first" else given.evidence
    return CategoryAnswer(
        given.category,
        given.label,
        given.score,
        given.threshold,
        given.severity,
        None
        if amount == "none"
        else tuple(_evidence(piece, in_text, in_title) for piece in evidence),
        status="deprecated" if given.is_deprecated else None,
    )


def _evidence(piece: Evidence, in_text: _Positions, in_title: _Positions) -> EvidenceAnswer:
    positions = in_title if piece.in_title else in_text
    start, end, sentence = piece.start, piece.end, piece.sentence
    if positions is not None:
        start, end = positions[start], positions[end]
        sentence = positions[sentence[0]], positions[sentence[1]]
    entry = piece.entry
    return EvidenceAnswer(
        start,
        end,
        piece.text,
        piece.keyword,
        entry.path,
        entry.source,
        sentence,
        piece.contexts,
        piece.counts,
        "title" if piece.in_title else None,
        entry.name,
        piece.ids,
        tuple(_part(part, in_title if part.in_title else in_text) for part in piece.parts),
    )


def _part(part: Part, positions: _Positions) -> PartAnswer:
    start, end = part.start, part.end
    if positions is not None:
        start, end = positions[start], positions[end]
    return PartAnswer(start, end, part.text, "title" if part.in_title else None)
