"""Every name that goes over the wire, in and out: requests, answers, faults.

The types here decode requests, encode answers and make the OpenAPI document, so
the three cannot differ. A request is read strictly: every fault is listed with
a JSON pointer, and the submitted text is never repeated.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NoReturn, TypeVar

import msgspec

from ruletag.limits import LIMITS
from ruletag.matching.tagger import Evidence, Tag, Tagging, in_units
from ruletag.problems import nearest
from ruletag.serving.store import Active, Refusal
from ruletag.text.offsets import Unit, converted

_Type = TypeVar("_Type", bound=msgspec.Struct)

Id = str | int | None
Amount = Literal["all", "first", "none"]

# ----------------------------------------------------------------------- faults

_TITLES: Final = {
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_MOST_FAULTS: Final = 100  # listed; a body can hold a million
_MOST_QUOTED: Final = 40  # characters of a member's name


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


def _invalid(errors: Iterable[Fault]) -> RequestError:
    faults = tuple(errors)
    detail = faults[0].detail if len(faults) == 1 else f"{len(faults)} faults"
    return RequestError(422, "invalid_request", detail, faults[:_MOST_FAULTS])


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


# The last quote is optional: a string that never ends is eaten once, not tried
# again from each of its characters.
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]"))


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Read JSON, strictly: UTF-8, no NaN, no member twice, no more than 64 levels."""
    _check_depth(body)
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        detail = f"the body is not UTF-8 (byte {error.start})"
        raise RequestError(400, "not_utf8", detail) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        detail = f"the body is not JSON: {error.msg} ({where})"
        raise RequestError(400, "not_json", detail) from None
    except ValueError:
        # Python refuses to read integers of more than 4,300 digits.
        raise RequestError(400, "not_json", "the body holds a number out of range") from None


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= LIMITS.json_depth:
        return
    brackets = _STRING.sub(b"", body).translate(_BRACKETS).translate(None, _NO_BRACKETS)
    for _ in range(LIMITS.json_depth):
        brackets = brackets.replace(b"[]", b"")
    # What is still nested is nested deeper than so many rounds; what is left open
    # is no JSON, but the parser must not be led into it.
    if b"[]" in brackets or brackets.count(b"[") > LIMITS.json_depth:
        detail = f"the body is nested more than {LIMITS.json_depth} levels deep"
        raise RequestError(400, "too_deep", detail)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(n for n, _ in pairs if n in seen or seen.add(n))  # type: ignore[func-returns-value]
        raise RequestError(400, "duplicate_member", f"the member {_quoted(twice)} stands twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise RequestError(400, "not_json", f"{name} is not JSON")


def read_tag_request(body: bytes) -> TagRequest:
    """Read the body of ``POST /v1/tag``. Raises `RequestError`."""
    request = _convert(read_json(body), TagRequest)
    check_text(request.text, request.title)
    return request


def read_batch_request(body: bytes) -> BatchRequest:
    """Read the JSON body of ``POST /v1/tag/batch``. Raises `RequestError`."""
    value = read_json(body)
    documents = value.get("documents") if isinstance(value, dict) else None
    if not isinstance(documents, list):
        return _convert(value, BatchRequest)
    if len(documents) > LIMITS.documents:
        detail = f"{len(documents):,} documents; a batch may have {LIMITS.documents:,}"
        raise RequestError(413, "too_many_documents", detail)
    request = _convert(value | {"documents": []}, BatchRequest)
    return msgspec.structs.replace(request, documents=documents)


def read_document(value: Any) -> Document:  # noqa: ANN401 - any JSON
    """Read one document of a batch. Raises `RequestError`."""
    document = _convert(value, Document)
    check_text(document.text, document.title)
    return document


def id_of(value: Any) -> Id:  # noqa: ANN401 - any JSON
    """Give the id of a document that was refused, if it has a usable one."""
    found = value.get("id") if isinstance(value, dict) else None
    if isinstance(found, str) and _half_pair(found) is not None:
        return None
    return found if _is_of_type(found, Id) else None


def read_options(query: Mapping[str, list[str]], allowed: type[msgspec.Struct]) -> dict[str, Any]:
    """Read options from query parameters: those of the type, but for ``text``.

    ``categories`` may be repeated or separated by commas. Raises `RequestError`.
    """
    names = [name for name in allowed.__struct_fields__ if name not in {"text", "documents"}]
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, given in query.items():
        if name not in names:
            known = f"known: {', '.join(names)}" if names else "JSON has its options in the body"
            hint = nearest(name[:_MOST_QUOTED], names) or known
            faults.append(
                Fault(f"unknown query parameter {_quoted(name)}; {hint}", f"?{name[:40]}")
            )
        elif name == "categories":
            values[name] = [part for text in given for part in text.split(",")]
        elif len(given) > 1:
            faults.append(Fault(f"the query parameter `{name}` stands twice", f"?{name}"))
        else:
            values[name] = given[0]
    if faults:
        raise _invalid(faults)
    return values


def options_from(values: Mapping[str, Any]) -> TagOptions:
    """Check options that came as query parameters. Raises `RequestError`."""
    return _convert(dict(values), TagOptions, prefix="?")


def request_from_text(text: str, values: Mapping[str, Any]) -> TagRequest:
    """Make a request from a raw text and query parameters. Raises `RequestError`."""
    request = _convert({"text": text, **values}, TagRequest, prefix="?")
    check_text(request.text, request.title)
    return request


_REQUIRED: Final = {"text": "the text to tag", "documents": "the list of documents"}
_EXPECTED: Final = {
    "text": "a string",
    "title": "a string",
    "id": "a string or an integer",
    "categories": "a list of strings",
    "offsets": "one of codepoint, utf16, utf8",
    "evidence": "one of all, first, none",
    "if_rules": "a string",
    "documents": "a list",
}


def _convert(value: Any, kind: type[_Type], prefix: str = "/") -> _Type:  # noqa: ANN401
    """Give the value as the type; on failure list the faults of every member."""
    if not isinstance(value, dict):
        raise _invalid([Fault("a JSON object is needed", "")])
    halves = list(_half_pairs(value, prefix))
    if halves:
        raise _invalid(halves)
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):
        # The second for half a surrogate pair deep in a member that is refused anyway.
        raise _invalid(_faults(value, kind, prefix)) from None


def _half_pairs(value: dict[str, Any], prefix: str) -> Iterator[Fault]:
    """Find names and strings with half a surrogate pair: JSON can write them, UTF-8 cannot."""
    for name, member in value.items():
        pointer = prefix + _escaped(_printable(name[:_MOST_QUOTED]))
        if _half_pair(name) is not None:
            yield Fault("the member's name holds half a surrogate pair", pointer)
        for string, place in _strings(member, pointer):
            at = _half_pair(string)
            if at is not None:
                detail = f"`{_printable(name[:_MOST_QUOTED])}` holds half a surrogate pair"
                yield Fault(f"{detail} (character {at})", place)


def _strings(member: Any, pointer: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Give the strings of a member, a list's too, each with its place."""
    if isinstance(member, str):
        yield member, pointer
    elif isinstance(member, list):
        in_query = pointer.startswith("?")
        for i, item in enumerate(member):
            if isinstance(item, str):
                yield item, pointer if in_query else f"{pointer}/{i}"


def _half_pair(text: str) -> int | None:
    """Give the position of half a surrogate pair, if the text holds one."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


def _printable(name: str) -> str:
    return name.encode("utf-8", "replace").decode()


def _faults(value: dict[str, Any], kind: type[msgspec.Struct], prefix: str) -> list[Fault]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    faults = [
        Fault(f"`{name}` is missing: {_REQUIRED[name]}", prefix + name)
        for name, field in fields.items()
        if field.required and name not in value
    ]
    for name, member in value.items():
        pointer = prefix + _escaped(_printable(name[:_MOST_QUOTED]))
        if name == "rules" and name not in fields:
            faults.append(Fault("`rules` is not yet supported", pointer))
        elif name not in fields:
            hint = nearest(name[:_MOST_QUOTED], fields) or f"known: {', '.join(fields)}"
            faults.append(Fault(f"unknown member {_quoted(name)}; {hint}", pointer))
        elif not _is_of_type(member, fields[name].type):
            faults.append(Fault(f"`{name}` must be {_EXPECTED[name]}", pointer))
        if len(faults) >= _MOST_FAULTS:
            break
    return faults


def _is_of_type(member: Any, kind: Any) -> bool:  # noqa: ANN401 - any JSON, any type
    try:
        msgspec.convert(member, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return False
    return True


def check_text(text: str, title: str = "") -> None:
    """Refuse a text or title that is too long. Raises `RequestError`."""
    if len(text) > LIMITS.text or len(title) > LIMITS.text:
        detail = f"{max(len(text), len(title)):,} characters; a text may have {LIMITS.text:,}"
        raise RequestError(413, "text_too_long", detail)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _quoted(name: str) -> str:
    """Name a member that the caller made up: short, and without control characters."""
    return json.dumps(name if len(name) <= _MOST_QUOTED else name[:_MOST_QUOTED] + "…")


def selected(
    patterns: Collection[str] | None, known: Collection[str], pointer: str = "/categories/{}"
) -> frozenset[str] | None:
    """Give the categories that the patterns name; None stands for all.

    ``economy.*`` is the category ``economy`` and everything below it. Raises
    `RequestError` for patterns that name nothing; ``pointer`` says where the
    pattern of a number stands.
    """
    if patterns is None:
        return None
    chosen: set[str] = set()
    faults: list[Fault] = []
    for pattern, i in {pattern: i for i, pattern in enumerate(patterns)}.items():
        stem = pattern.removesuffix(".*")
        below = f"{stem}." if stem != pattern else None
        named = {id_ for id_ in known if id_ == stem or (below and id_.startswith(below))}
        chosen |= named
        if not named:
            hint = nearest(pattern[: LIMITS.category_id], known)
            detail = f"there is no category {_quoted(pattern)}"
            faults.append(Fault(f"{detail}; {hint}" if hint else detail, pointer.format(i)))
        if len(faults) >= _MOST_FAULTS:
            break
    if faults:
        raise _invalid(faults)
    return frozenset(chosen)


# ----------------------------------------------------------- answers about texts


class PartAnswer(msgspec.Struct, frozen=True, gc=False):
    """One part of a gap: its span and what stands there."""

    start: int
    end: int
    text: str


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
        (),
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
    for given in tagging.tags:
        for piece in given.evidence:
            places[piece.in_title].update((piece.start, piece.end), piece.sentence)
            for part in piece.parts:
                places[piece.in_title].update((part.start, part.end))
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
        else tuple(_evidence(piece, in_title if piece.in_title else in_text) for piece in evidence),
    )


def _evidence(piece: Evidence, positions: _Positions) -> EvidenceAnswer:
    start, end, sentence = piece.start, piece.end, piece.sentence
    if positions is not None:
        start, end = positions[start], positions[end]
        sentence = positions[sentence[0]], positions[sentence[1]]
    entry = piece.entry
    return EvidenceAnswer(
        start,
        end,
        piece.text,
        entry.keyword,
        entry.path,
        entry.source,
        sentence,
        piece.contexts,
        piece.counts,
        "title" if piece.in_title else None,
        entry.ids,
        tuple(
            PartAnswer(
                part.start if positions is None else positions[part.start],
                part.end if positions is None else positions[part.end],
                part.text,
            )
            for part in piece.parts
        ),
    )


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


class Check(msgspec.Struct, frozen=True):
    """One thing that readiness depends on, or that an operator should know."""

    name: str
    status: Literal["pass", "warn", "fail"]
    detail: str
    problems: tuple[Diagnostic, ...] = ()


class HealthAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether the process is alive or ready, and with ``?verbose`` why."""

    status: Literal["alive", "ready", "not ready"]
    checks: tuple[Check, ...] | None = None


def rules_answer(active: Active, refusal: Refusal | None) -> RulesAnswer:
    """Describe the rules in force."""
    rules = active.rules
    return RulesAnswer(
        rules.digest,
        active.generation,
        _instant(active.loaded_at),
        tuple(FileAnswer(f.name, f.size, f.sha256) for f in rules.rule_set.files),
        tuple(category.id for category in rules.categories),
        Counts(
            len(rules.rule_set.files),
            len(rules.categories),
            sum(len(category.entries) for category in rules.categories),
            len(rules.keys),
        ),
        asdict(LIMITS),
        RefusalAnswer(_instant(refusal.refused_at), _diagnostics(refusal)) if refusal else None,
    )


def categories_answer(active: Active) -> CategoriesAnswer:
    """List the categories in force."""
    return CategoriesAnswer(
        active.rules.digest,
        tuple(
            CategorySummary(
                category.id,
                in_units(category.threshold),
                len(category.entries),
                category.label,
                category.description,
                category.severity,
            )
            for category in active.rules.categories
        ),
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
    return in_force, Check("last edit", "warn", detail, _diagnostics(refusal))


def _diagnostics(refusal: Refusal) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            problem.code,
            problem.title,
            "error" if problem.is_error else "warning",
            _printable(problem.detail),
            _printable(problem.hint),
            _printable(problem.location.file),
            problem.location.line,
            problem.location.column,
        )
        for problem in refusal.problems
    )


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
