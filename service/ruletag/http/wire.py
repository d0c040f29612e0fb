"""Every name that goes over the wire, in and out: requests, answers, faults.

The types here decode requests, encode answers and make the OpenAPI document, so
the three cannot differ.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec

from ruletag.limits import LIMITS
from ruletag.matching.compiler import WEIGHT_UNIT, CompiledCategory
from ruletag.matching.reasons import Code, Explanation, Outcome, Place
from ruletag.matching.tagger import in_units
from ruletag.matching.tagging import Evidence, Part, Tag, Tagging
from ruletag.problems import Problem
from ruletag.rules.describe import describe
from ruletag.rules.model import Category
from ruletag.serving.store import Active, Refusal
from ruletag.text.offsets import Unit, converted

Id = str | int | None
Amount = Literal["all", "first", "none"]

# ----------------------------------------------------------------------- faults

_MOST_FAULTS: Final = 100  # listed; a draft can hold more

_TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    428: "Precondition Required",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class Fault(msgspec.Struct, frozen=True):
    """One fault of a request: what is wrong, and where (a JSON pointer, or a query parameter)."""

    detail: str
    pointer: str


class ProblemDetails(msgspec.Struct, frozen=True):
    """A refusal, as ``application/problem+json`` (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: tuple[Fault, ...] = ()


class RequestError(Exception):
    """The request is refused; ``headers`` go with the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def details(self, instance: str) -> ProblemDetails:
        """Give the refusal as it goes over the wire; ``instance`` is the path asked for."""
        title = _TITLES.get(self.status, "Error")
        kind = f"urn:ruletag:problem:{self.code}"
        return ProblemDetails(
            kind, title, self.status, self.detail, instance, self.code, self.errors
        )


def of_draft(problems: Iterable[Problem]) -> RequestError:
    """Refuse a request for what is wrong with the rules that it brings along."""
    faults = tuple(Fault(printable(str(problem)), "/rules") for problem in problems)
    detail = "the draft rules cannot be used"
    return RequestError(422, "invalid_rules", detail, faults[:_MOST_FAULTS])


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
    explanation: Explanation, positions: Mapping[bool, "_Positions"]
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
    places: Iterable[Place], positions: Mapping[bool, "_Positions"]
) -> tuple[PlaceAnswer, ...]:
    answers = []
    for place in places:
        known = positions[place.in_title]
        start, end = (
            (place.start, place.end) if known is None else (known[place.start], known[place.end])
        )
        answers.append(PlaceAnswer(start, end, place.text, "title" if place.in_title else None))
    return tuple(answers)


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


# ----------------------------------------------------------- answers about rules


class Diagnostic(msgspec.Struct, frozen=True):
    """Something wrong with a rule file; line and column count from 1."""

    code: str
    title: str
    severity: Literal["error", "warning"]
    detail: str
    hint: str
    file: str
    line: int
    column: int


class RefusalAnswer(msgspec.Struct, frozen=True):
    """The last edit of the rules, which was not put in force, and why."""

    refused_at: str
    problems: tuple[Diagnostic, ...]


class FileAnswer(msgspec.Struct, frozen=True):
    """A rule file in force; its size is in bytes."""

    name: str
    size: int
    sha256: str


class CategorySummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """A category of the rules in force."""

    id: str
    threshold: int | float
    entries: int
    label: str = ""
    description: str = ""
    severity: Literal["low", "medium", "high", "critical"] | None = None
    status: Literal["on", "draft", "off", "deprecated"] = "on"
    owner: str = ""
    links: tuple[str, ...] = ()
    meta: dict[str, str] = {}
    review_by: str = ""


class Counts(msgspec.Struct, frozen=True):
    """How large the rules in force are; ``forms`` is what the matcher seeks."""

    files: int
    categories: int
    entries: int
    forms: int


class RulesAnswer(msgspec.Struct, frozen=True):
    """The rules in force. ``refused`` is null when the folder holds just these."""

    digest: str
    generation: int
    loaded_at: str
    files: tuple[FileAnswer, ...]
    categories: tuple[str, ...]
    counts: Counts
    limits: dict[str, int]
    refused: RefusalAnswer | None


class CategoriesAnswer(msgspec.Struct, frozen=True):
    """The catalogue of the rules in force, by id."""

    rules: str
    categories: tuple[CategorySummary, ...]


class DescriptionPoint(msgspec.Struct, frozen=True):
    """One point of a description; ``keywords`` are those that it tells of, as written."""

    about: str
    text: str
    keywords: tuple[str, ...]


class CategoryDescription(CategorySummary, frozen=True, omit_defaults=True):
    """A category, and its rule in plain English."""

    rules: str = ""
    summary: str = ""
    points: tuple[DescriptionPoint, ...] = ()


class Check(msgspec.Struct, frozen=True):
    """One thing that readiness depends on, or that an operator should know."""

    name: str
    status: Literal["pass", "warn", "fail"]
    detail: str
    problems: tuple[Diagnostic, ...] = ()


class HealthAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the process is alive or ready, and with ``?verbose`` why."""

    status: Literal["alive", "ready", "not ready", "draining"]
    checks: tuple[Check, ...] | None = None


def rules_answer(active: Active, refusal: Refusal | None) -> RulesAnswer:
    """Describe the rules in force."""
    rules = active.rules
    return RulesAnswer(
        rules.digest,
        active.generation,
        _instant(active.loaded_at),
        tuple(FileAnswer(f.name, f.size, f.sha256) for f in rules.source.files),
        rules.source.ids,
        Counts(
            len(rules.source.files),
            len(rules.categories),
            sum(len(category.entries) for category in rules.categories),
            len(rules.keys),
        ),
        asdict(LIMITS),
        RefusalAnswer(_instant(refusal.refused_at), diagnostics(refusal.problems))
        if refusal
        else None,
    )


def categories_answer(active: Active) -> CategoriesAnswer:
    """List the categories of the rules in force, those that are off included."""
    compiled = {category.id: category for category in active.rules.categories}
    return CategoriesAnswer(
        active.rules.digest,
        tuple(_summary(category, compiled) for category in active.rules.rule_set.categories),
    )


def category_description(active: Active, id_: str) -> CategoryDescription | None:
    """Describe one category of the rules in force; None where there is none of this id."""
    rule_set = active.rules.rule_set
    category = next((known for known in rule_set.categories if known.id == id_), None)
    if category is None:
        return None
    compiled = {known.id: known for known in active.rules.categories}
    told = describe(category, rule_set)
    return CategoryDescription(
        **msgspec.structs.asdict(_summary(category, compiled)),
        rules=active.rules.digest,
        summary=told.summary,
        points=tuple(DescriptionPoint(p.about, p.text, tuple(p.keywords)) for p in told.points),
    )


def _summary(category: Category, compiled: Mapping[str, CompiledCategory]) -> CategorySummary:
    about = category.about
    entries = compiled[category.id].entries if category.id in compiled else category.entries
    return CategorySummary(
        category.id,
        in_units(int(category.threshold * WEIGHT_UNIT)),
        len(entries),
        about.label,
        about.description,
        about.severity,
        category.status,
        about.owner,
        about.links,
        dict(about.meta),
        about.review_by.isoformat() if about.review_by is not None else "",
    )


def checks(active: Active | None, refusal: Refusal | None) -> tuple[Check, ...]:
    """Say what is well and what is not."""
    if active is not None:
        detail = f"{active.rules.digest}, generation {active.generation}"
        in_force = Check("rules", "pass", detail)
    else:
        in_force = Check("rules", "fail", "no rules are in force")
    if refusal is None:
        return in_force, Check("last edit", "pass", "in force")
    detail = f"refused at {_instant(refusal.refused_at)}"
    return in_force, Check("last edit", "warn", detail, diagnostics(refusal.problems))


def printable(name: str) -> str:
    """Replace half surrogate pairs, which UTF-8 cannot write."""
    return name.encode("utf-8", "replace").decode()


def diagnostics(problems: Iterable[Problem]) -> tuple[Diagnostic, ...]:
    """Describe what is wrong with rule files."""
    return tuple(
        Diagnostic(
            problem.code,
            problem.title,
            "error" if problem.is_error else "warning",
            printable(problem.detail),
            printable(problem.hint),
            printable(problem.location.file),
            problem.location.line,
            problem.location.column,
        )
        for problem in problems
    )


# ---------------------------------------------------------------- edits of rules


class CheckAnswer(msgspec.Struct, frozen=True):
    """What `ruletag check` would say about a rule file; nothing where all is well."""

    problems: tuple[Diagnostic, ...]


class EditAnswer(msgspec.Struct, frozen=True):
    """A file that was written; ``rules`` is the digest that will be in force."""

    file: str
    sha256: str
    rules: str


class EditRefusal(ProblemDetails, frozen=True):
    """The refusal of an edit after which the rules could not be used, and why."""

    problems: tuple[Diagnostic, ...] = ()


class EditError(RequestError):
    """An edit is refused for what would then be wrong with the rules."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        detail = "the rules could not be used after this edit; nothing was changed"
        super().__init__(422, "invalid_rules", detail)
        self.problems = tuple(problems)

    def details(self, instance: str) -> EditRefusal:
        """Give the refusal as it goes over the wire; ``instance`` is the path asked for."""
        plain = msgspec.structs.asdict(super().details(instance))
        return EditRefusal(**plain, problems=diagnostics(self.problems))


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
