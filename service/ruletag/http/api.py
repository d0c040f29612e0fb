"""What each route does: a `Request` in, a `Response` out, no framework in sight.

A handler reads the rules in force once, so that a reload cannot split a request.
Faults are raised as `wire.RequestError` and become problem details in `refusal`.
"""

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Protocol

import msgspec

from ruletag.http import requests, wire
from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.explainer import explain, explainable
from ruletag.matching.tagger import tag
from ruletag.problems import RuleSetError, nearest
from ruletag.rules.schema import rule_file_schema
from ruletag.serving.drafts import Drafts
from ruletag.serving.store import Active, Store

_LOG: Final = logging.getLogger("ruletag.http")
JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"
SCHEMA_JSON: Final = "application/schema+json"
NDJSON: Final = "application/x-ndjson"
TEXT: Final = "text/plain"
_REQUEST_ID: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{LIMITS.request_id}}}")
_REFUSED: Final = re.compile(r"\bq=0(?:\.0*)?\s*(?:;|$)")
_PIECE: Final = 64 * 1024  # bytes read at once: some streams make room for all that is asked
_RETRY_AFTER: Final = {"Retry-After": "1"}  # seconds; the folder is looked at more often


class Stream(Protocol):
    """A request's body, to be read once."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes; none at the end."""

    def readline(self, size: int, /) -> bytes:
        """Read up to and with the next line feed, or so many bytes."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as every server can give it. Header names are in small letters.

    ``id`` goes into the answer and the log.
    """

    id: str
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Stream


@dataclass(slots=True)
class Response:
    """An answer; ``body`` comes in pieces where it is streamed."""

    status: int
    body: bytes | Iterator[bytes]
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """The handlers, around the rules in force."""

    def __init__(self, store: Store, drafts: Drafts | None) -> None:
        self._store = store
        self._drafts = drafts

    # ------------------------------------------------------------------ tagging

    def post_tag(self, request: Request) -> Response:
        """Tag one text."""
        kind = _content_type(request, (JSON, TEXT))
        _check_accept(request, JSON)
        active = self._active()
        if kind == TEXT:
            options = requests.read_options(request.query, wire.TagRequest)
            sent = requests.request_from_text(_read_text(request), options)
        else:
            requests.read_options(request.query, wire.NoOptions)
            sent = requests.read_tag_request(_read_body(request, LIMITS.body))
        _check_rules_in_force(sent, active)
        rules = self._judging(sent.rules, active)
        only = _chosen(sent, rules, in_query=kind == TEXT)
        started = perf_counter()
        answer = _answer(rules, sent, sent, only)
        body = wire.encode(answer)
        spent = (perf_counter() - started) * 1000
        headers = _ruleset_headers(active) | {"Server-Timing": f"tag;dur={spent:.3f}"}
        return Response(200, body, headers=headers)

    def post_batch(self, request: Request) -> Response:
        """Tag many texts; a document that is refused has an error in its place."""
        kind = _content_type(request, (JSON, NDJSON))
        _check_accept(request, kind)
        active = self._active()
        if kind == NDJSON:
            options = requests.options_from(requests.read_options(request.query, wire.TagOptions))
            _check_rules_in_force(options, active)
            only = _chosen(options, active.rules, in_query=True)
            lines = _answer_lines(request, options, active, only)
            return Response(200, lines, NDJSON, _ruleset_headers(active))
        requests.read_options(request.query, wire.NoOptions)
        batch = requests.read_batch_request(_read_body(request, LIMITS.batch_body))
        _check_rules_in_force(batch, active)
        only = _chosen(batch, active.rules, in_query=False)
        answers = (
            _answer_or_error(active.rules, document, batch, only, request.path)
            for document in batch.documents
        )
        return Response(200, _as_results(answers), JSON, _ruleset_headers(active))

    def post_explain(self, request: Request) -> Response:
        """Say why a text is given categories, and why not."""
        _content_type(request, (JSON,))
        _check_accept(request, JSON)
        active = self._active()
        requests.read_options(request.query, wire.NoOptions)
        sent = requests.read_explain_request(_read_body(request, LIMITS.body))
        _check_rules_in_force(sent, active)
        rules = self._judging(sent.rules, active)
        chosen = requests.selected(sent.categories, explainable(rules)) or frozenset()
        explanations = explain(rules, sent.text, sent.title, sorted(chosen))
        answer = wire.explain_answer(sent, rules.digest, explanations)
        return Response(200, wire.encode(answer), headers=_ruleset_headers(active))

    # ------------------------------------------------------------ rules in force

    def get_rules(self, request: Request) -> Response:
        """Describe the rules in force, and the last edit if it was refused."""
        _check_accept(request, JSON)
        active = self._active()
        refusal = self._store.refusal
        headers = _ruleset_headers(active)
        # A refused edit changes the answer though the rules stay the same.
        since = f"+{refusal.refused_at.timestamp()}" if refusal else ""
        headers["ETag"] = f'"{active.rules.digest}{since}"'
        headers["Cache-Control"] = "no-cache"  # may be kept, must be asked about
        known = _list(request.headers.get("if-none-match", ""))
        # Compared weakly (RFC 9110, 13.1.2): a proxy that compresses weakens our tag.
        if "*" in known or headers["ETag"] in {tag.removeprefix("W/") for tag in known}:
            return Response(304, b"", headers=headers)
        return Response(200, wire.encode(wire.rules_answer(active, refusal)), headers=headers)

    def get_categories(self, request: Request) -> Response:
        """List the categories."""
        _check_accept(request, JSON)
        active = self._active()
        body = wire.encode(wire.categories_answer(active))
        return Response(200, body, headers=_ruleset_headers(active))

    def get_category(self, request: Request) -> Response:
        """Describe one category."""
        _check_accept(request, JSON)
        active = self._active()
        id_ = request.path.removeprefix("/v1/categories/")
        answer = wire.category_description(active, id_)
        if answer is None:
            ids = [category.id for category in active.rules.rule_set.categories]
            hint = nearest(id_[: LIMITS.category_id], ids) or "/v1/categories lists them"
            raise wire.RequestError(404, "not_found", f"there is no such category; {hint}")
        return Response(200, wire.encode(answer), headers=_ruleset_headers(active))

    def get_schema(self, request: Request) -> Response:
        """Give the JSON Schema of rule files."""
        _check_accept(request, SCHEMA_JSON)
        return Response(200, msgspec.json.encode(rule_file_schema()), SCHEMA_JSON)

    # -------------------------------------------------------------------- health

    def get_livez(self, request: Request) -> Response:
        """Say that the process is alive."""
        del request
        return Response(200, wire.encode(wire.HealthAnswer("alive")))

    def get_readyz(self, request: Request) -> Response:
        """Say whether rules are in force; with ``?verbose`` also what was refused."""
        active, refusal = self._store.current, self._store.refusal
        checks = wire.checks(active, refusal) if "verbose" in request.query else None
        status, headers = (200, {}) if active else (503, dict(_RETRY_AFTER))
        answer = wire.HealthAnswer("ready" if active else "not ready", checks)
        return Response(status, wire.encode(answer), headers=headers)

    def _judging(self, draft: str | None, active: Active) -> CompiledRules:
        """Give the rules to judge by: those in force, or a draft that came with the request."""
        if draft is None:
            return active.rules
        if self._drafts is None:
            detail = "this service takes no draft rules (RULETAG_DRAFTS is off)"
            faults = [wire.Fault(detail, "/rules")]
            raise wire.RequestError(422, "invalid_request", detail, faults)
        try:
            return self._drafts.compiled(draft, active.rules)
        except RuleSetError as error:
            raise wire.of_draft(error.problems) from None

    def _active(self) -> Active:
        active = self._store.current
        if active is None:
            detail = "no rules are in force yet; /readyz?verbose says why"
            raise wire.RequestError(503, "not_ready", detail, headers=_RETRY_AFTER)
        return active


# ----------------------------------------------------------------------- tagging


_Only = frozenset[str] | None


def _check_rules_in_force(options: wire.TagOptions | wire.ExplainRequest, active: Active) -> None:
    if options.if_rules is not None and options.if_rules != active.rules.digest:
        detail = f"other rules are in force: {active.rules.digest}"
        raise wire.RequestError(409, "other_rules", detail, headers=_ruleset_headers(active))


def _chosen(options: wire.TagOptions, rules: CompiledRules, *, in_query: bool) -> _Only:
    """Give the categories to judge; refuse names that the rules do not have."""
    pointer = "?categories" if in_query else "/categories/{}"
    return requests.selected(options.categories, rules.ids, pointer)


def _answer(
    rules: CompiledRules,
    document: wire.TagRequest | wire.Document,
    options: wire.TagOptions,
    only: _Only,
) -> wire.TagAnswer:
    tagging = tag(rules, document.text, document.title, only)
    return wire.tag_answer(document, rules.digest, tagging, options)


def _answer_or_error(
    rules: CompiledRules,
    sent: Any,  # noqa: ANN401 - any JSON
    options: wire.TagOptions,
    only: _Only,
    path: str,
) -> bytes:
    """Answer one document of a batch: a JSON value, or a line of NDJSON."""
    value = sent
    try:
        value = requests.read_json(sent) if isinstance(sent, bytes) else sent
        return wire.encode(_answer(rules, requests.read_document(value), options, only))
    except wire.RequestError as error:
        return wire.encode(wire.ErrorAnswer(requests.id_of(value), error.details(path)))


def _as_results(answers: Iterable[bytes]) -> Iterator[bytes]:
    """Write a `wire.BatchAnswer` piece by piece: whole, it could be twenty times its request."""
    yield b'{"results":['
    for i, answer in enumerate(answers):
        yield b"," + answer if i else answer
    yield b"]}"


def _answer_lines(
    request: Request, options: wire.TagOptions, active: Active, only: _Only
) -> Iterator[bytes]:
    """Answer an NDJSON body line by line, while it comes in."""
    try:
        for line in _lines(request):
            if line is None:
                detail = f"a line may have {LIMITS.line:,} bytes"
                yield _error_line(wire.RequestError(413, "line_too_long", detail), request)
            else:
                yield _answer_or_error(active.rules, line, options, only, request.path) + b"\n"
    except wire.RequestError as error:
        # The status is sent long since; the last line says that the body broke off.
        yield _error_line(error, request)


def _error_line(error: wire.RequestError, request: Request) -> bytes:
    return wire.encode(wire.ErrorAnswer(None, error.details(request.path))) + b"\n"


def _ruleset_headers(active: Active) -> dict[str, str]:
    return {"Ruleset": active.rules.digest, "Ruleset-Generation": str(active.generation)}


# ------------------------------------------------------------------ the request


def _content_type(request: Request, allowed: tuple[str, ...]) -> str:
    """Give the media type of the body. Raises for others, and for a charset that is not UTF-8."""
    header = request.headers.get("content-type", "")
    kind, _, parameters = header.partition(";")
    kind = kind.strip().lower()
    charset = re.search(r'charset="?([^\s";]+)', parameters, re.IGNORECASE)
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        detail = "the body must not be compressed"
        no_encoding = {"Accept-Encoding": "identity"}
        raise wire.RequestError(415, "unsupported_encoding", detail, headers=no_encoding)
    if kind not in allowed:
        detail = f"the body must be {' or '.join(allowed)}; say so in Content-Type"
    elif charset and charset.group(1).lower() not in {"utf-8", "utf8"}:
        detail = "the body must be UTF-8"
    else:
        return kind
    accept = {"Accept-Post": ", ".join(allowed)}
    raise wire.RequestError(415, "unsupported_media_type", detail, headers=accept)


def _check_accept(request: Request, offered: str) -> None:
    """Refuse where the most specific range that fits is not wanted (RFC 9110, 12.5.1)."""
    weights: dict[str, bool] = {}
    for part in _list(request.headers.get("accept", "")):
        kind, _, parameters = part.partition(";")
        weights[kind.strip().lower()] = not _REFUSED.search(parameters)
    main = offered.partition("/")[0]
    fitting = [weights[kind] for kind in (offered, f"{main}/*", "*/*") if kind in weights]
    if weights and not (fitting and fitting[0]):
        raise wire.RequestError(406, "not_acceptable", f"the answer can only be {offered}")


def _list(header: str) -> list[str]:
    return [part.strip() for part in header.split(",") if part.strip()]


def _read_body(request: Request, limit: int) -> bytes:
    """Read the whole body, or refuse it: by what it says it has, and by what it has."""
    expected = _content_length(request)
    # Servers check the header too; what it says is only ever a first look.
    if expected is None or expected <= limit:
        body = b"".join(_read_at_most(request.body.read, limit + 1))
        if len(body) <= limit:
            _check_complete(len(body), expected)
            return body
    raise wire.RequestError(413, "body_too_large", f"a body may have {limit:,} bytes")


def _content_length(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 20 else None  # noqa: PLR2004


def _check_complete(read: int, expected: int | None) -> None:
    """Refuse a body that ended too early: half a text must not be taken for the whole."""
    if expected is not None and read < expected:
        raise _broken_off()


def _broken_off() -> wire.RequestError:
    return wire.RequestError(400, "bad_request", "the body broke off or is malformed")


def _read_at_most(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    while size and (piece := _receive(read, min(size, _PIECE))):
        yield piece
        size -= len(piece)


def _receive(read: Callable[[int], bytes], size: int) -> bytes:
    try:
        return read(size)
    except Exception:  # noqa: BLE001 - each server has its own; all mean that the client's body is bad
        raise _broken_off() from None


def _read_text(request: Request) -> str:
    body = _read_body(request, LIMITS.body)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"the body is not UTF-8 (byte {error.start})"
        raise wire.RequestError(400, "not_utf8", detail) from None


def _lines(request: Request) -> Iterator[bytes | None]:
    """Yield the lines of a body that hold anything; None for one that is too long.

    Raises `wire.RequestError` where the body breaks off.
    """
    readline = request.body.readline
    read = 0
    while line := _receive(readline, LIMITS.line + 2):
        read += len(line)
        if len(line.rstrip(b"\r\n")) > LIMITS.line:
            while line and not line.endswith(b"\n"):
                line = _receive(readline, LIMITS.line)
                read += len(line)
            yield None
        elif line.strip():
            yield line
    _check_complete(read, _content_length(request))


# ------------------------------------------------------------------- every route


def request_id(headers: Mapping[str, str]) -> str:
    """Give the caller's request id if it is a harmless one, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def refusal(error: wire.RequestError, path: str) -> Response:
    """Turn a fault into its answer."""
    body = wire.encode(error.details(path))
    return Response(error.status, body, PROBLEM_JSON, error.headers)


def fault(path: str, request_id: str) -> Response:
    """Answer for a fault of our own; called while the exception is being handled."""
    _LOG.exception("a request failed", extra={"request_id": request_id, "path": path[:200]})
    detail = "a fault in ruletag; the log has its traceback under this request's id"
    return refusal(wire.RequestError(500, "internal", detail), path)
