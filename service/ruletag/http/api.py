"""What each route does: a `Request` in, a `Response` out, no framework in sight.

A handler reads the rules in force once, so that a reload cannot split a request.
Faults are raised as `wire.RequestError` and become problem details in `refusal`.
"""

import logging
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Protocol

import msgspec

from ruletag.http import wire
from ruletag.limits import LIMITS
from ruletag.matching.tagger import tag
from ruletag.serving.store import Active, Store

_LOG: Final = logging.getLogger("ruletag.http")
JSON: Final = "application/json"
PROBLEM_JSON: Final = "application/problem+json"
NDJSON: Final = "application/x-ndjson"
TEXT: Final = "text/plain"
_REQUEST_ID: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{LIMITS.request_id}}}")
_RETRY_AFTER: Final = {"Retry-After": "1"}  # seconds; the folder is looked at more often


class Stream(Protocol):
    """A request's body, to be read once."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes; none at the end."""

    def readline(self, size: int, /) -> bytes:
        """Read up to and with the next line feed, or so many bytes."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as every server can give it. Header names are in small letters."""

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

    def __init__(self, store: Store) -> None:
        self._store = store

    # ------------------------------------------------------------------ tagging

    def post_tag(self, request: Request) -> Response:
        """Tag one text."""
        kind = _content_type(request, (JSON, TEXT))
        _check_accept(request, JSON)
        active = self._active()
        if kind == TEXT:
            options = wire.read_options(request.query, wire.TagRequest)
            sent = wire.request_from_text(_read_text(request), options)
        else:
            wire.read_options(request.query, wire.NoOptions)
            sent = wire.read_tag_request(_read_body(request, LIMITS.body))
        _check_rules(sent.if_rules, active)
        started = perf_counter()
        answer = _answer(active, sent, sent)
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
            given = wire.read_options(request.query, wire.TagOptions)
            options = wire.options_from(given)
            self._check_options(options, active)
            lines = self._stream(request, options, active)
            return Response(200, lines, NDJSON, _ruleset_headers(active))
        wire.read_options(request.query, wire.NoOptions)
        batch = wire.read_batch_request(_read_body(request, LIMITS.batch_body))
        self._check_options(batch, active)
        results = tuple(
            _answer_or_error(active, document, batch, request.path) for document in batch.documents
        )
        return Response(200, wire.encode(wire.BatchAnswer(results)), JSON, _ruleset_headers(active))

    def _check_options(self, options: wire.TagOptions, active: Active) -> None:
        _check_rules(options.if_rules, active)
        wire.selected(options.categories, _known(active))

    def _stream(
        self, request: Request, options: wire.TagOptions, active: Active
    ) -> Iterator[bytes]:
        for line in _lines(request.body):
            if line is None:
                detail = f"a line may have {LIMITS.line:,} bytes"
                error = wire.RequestError(413, "line_too_long", detail)
                answer: msgspec.Struct = wire.ErrorAnswer(None, error.details(request.path))
            else:
                answer = _answer_or_error(active, line, options, request.path)
            yield wire.encode(answer) + b"\n"

    # ------------------------------------------------------------ rules in force

    def get_rules(self, request: Request) -> Response:
        """Describe the rules in force, and the last edit if it was refused."""
        _check_accept(request, JSON)
        active = self._active()
        refusal = self._store.refusal
        headers = _ruleset_headers(active)
        # A refused edit changes the answer though the rules stay the same.
        state = f"{active.generation}.{refusal.refused_at.timestamp()}" if refusal else ""
        headers["ETag"] = f'"{active.rules.digest}{"+" + state if state else ""}"'
        if headers["ETag"] in _list(request.headers.get("if-none-match", "")):
            return Response(304, b"", headers=headers)
        return Response(200, wire.encode(wire.rules_answer(active, refusal)), headers=headers)

    def get_categories(self, request: Request) -> Response:
        """List the categories."""
        _check_accept(request, JSON)
        active = self._active()
        body = wire.encode(wire.categories_answer(active))
        return Response(200, body, headers=_ruleset_headers(active))

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

    def _active(self) -> Active:
        active = self._store.current
        if active is None:
            detail = "no rules are in force yet; /readyz?verbose says why"
            raise wire.RequestError(503, "not_ready", detail, headers=_RETRY_AFTER)
        return active


# ----------------------------------------------------------------------- tagging


def _answer(
    active: Active, document: wire.TagRequest | wire.Document, options: wire.TagOptions
) -> wire.TagAnswer:
    only = wire.selected(options.categories, _known(active)) if options.categories else None
    tagging = tag(active.rules, document.text, document.title, only)
    return wire.tag_answer(document, active.rules.digest, tagging, options)


def _answer_or_error(
    active: Active,
    sent: Any,  # noqa: ANN401 - any JSON
    options: wire.TagOptions,
    path: str,
) -> wire.TagAnswer | wire.ErrorAnswer:
    """Answer one document of a batch: a JSON value, or a line of NDJSON."""
    value = sent
    try:
        value = wire.read_json(sent) if isinstance(sent, bytes) else sent
        return _answer(active, wire.read_document(value), options)
    except wire.RequestError as error:
        return wire.ErrorAnswer(wire.id_of(value), error.details(path))


def _known(active: Active) -> frozenset[str]:
    return active.rules.ids


def _check_rules(expected: str | None, active: Active) -> None:
    if expected is not None and expected != active.rules.digest:
        detail = f"other rules are in force: {active.rules.digest}"
        raise wire.RequestError(409, "other_rules", detail, headers=_ruleset_headers(active))


def _ruleset_headers(active: Active) -> dict[str, str]:
    return {"Ruleset": active.rules.digest, "Ruleset-Generation": str(active.generation)}


# ------------------------------------------------------------------ the request


def _content_type(request: Request, allowed: tuple[str, ...]) -> str:
    """Give the media type of the body. Raises for others, and for a charset that is not UTF-8."""
    header = request.headers.get("content-type", "")
    kind, _, parameters = header.partition(";")
    kind = kind.strip().lower()
    charset = re.search(r'charset="?([^\s";]+)', parameters, re.IGNORECASE)
    if kind not in allowed:
        detail = f"the body must be {' or '.join(allowed)}; say so in Content-Type"
    elif charset and charset.group(1).lower() not in {"utf-8", "utf8"}:
        detail = "the body must be UTF-8"
    else:
        return kind
    accept = {"Accept-Post": ", ".join(allowed)}
    raise wire.RequestError(415, "unsupported_media_type", detail, headers=accept)


def _check_accept(request: Request, offered: str) -> None:
    accepted = [part.partition(";") for part in _list(request.headers.get("accept", ""))]
    ranges = {kind.strip().lower() for kind, _, rest in accepted if not _is_refused(rest)}
    main = offered.partition("/")[0]
    if accepted and not ranges & {offered, f"{main}/*", "*/*"}:
        raise wire.RequestError(406, "not_acceptable", f"the answer can only be {offered}")


def _is_refused(parameters: str) -> bool:
    return re.search(r"\bq=0(?:\.0*)?\s*(?:;|$)", parameters) is not None


def _list(header: str) -> list[str]:
    return [part.strip() for part in header.split(",") if part.strip()]


def _read_body(request: Request, limit: int) -> bytes:
    """Read the whole body, or refuse it: by what it says it has, and by what it has."""
    length = request.headers.get("content-length", "")
    # Servers check the header too; what it says is only ever a first look.
    if not (length.isdecimal() and int(length) > limit):
        body = _read_at_most(request.body, limit + 1)
        if len(body) <= limit:
            return body
    raise wire.RequestError(413, "body_too_large", f"a body may have {limit:,} bytes")


def _read_at_most(stream: Stream, size: int) -> bytes:
    pieces: list[bytes] = []
    while size and (piece := stream.read(size)):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _read_text(request: Request) -> str:
    body = _read_body(request, LIMITS.body)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"the body is not UTF-8 (byte {error.start})"
        raise wire.RequestError(400, "not_utf8", detail) from None


def _lines(stream: Stream) -> Iterator[bytes | None]:
    """Yield the lines of a stream that hold anything; None for one that is too long."""
    while line := stream.readline(LIMITS.line + 2):
        if len(line.rstrip(b"\r\n")) > LIMITS.line:
            while line and not line.endswith(b"\n"):
                line = stream.readline(LIMITS.line)
            yield None
        elif line.strip():
            yield line


# ------------------------------------------------------------------- every route


def request_id(headers: Mapping[str, str]) -> str:
    """Give the caller's request id if it is a harmless one, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def refusal(error: wire.RequestError, path: str) -> Response:
    """Turn a fault into its answer."""
    body = wire.encode(error.details(path))
    return Response(error.status, body, PROBLEM_JSON, error.headers)


def fault(path: str) -> Response:
    """Answer for a fault of our own; called while the exception is being handled."""
    _LOG.exception("a request failed")
    detail = "a fault in ruletag; the log has its traceback under this request's id"
    return refusal(wire.RequestError(500, "internal", detail), path)
