"""What each route does: a `Request` in, a `Response` out, no framework in sight.

A handler reads the rules in force once, so that a reload cannot split a request.
Faults are raised as `refusals.RequestError` and become problem details in `refusal`.
"""

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Protocol

import msgspec

from ruletag.deadline import NEVER, Deadline, DeadlineError
from ruletag.http import catalogue, compression, explanations, refusals, requests, wire
from ruletag.limits import LIMITS
from ruletag.matching.compiler import CompiledRules
from ruletag.matching.explainer import explain, explainable
from ruletag.matching.tagger import tag
from ruletag.matching.tagging import DEADLINE, Tagging
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
_GZIP: Final = frozenset({compression.GZIP, f"x-{compression.GZIP}"})
_MOST_UNPACKED: Final = 100  # bytes for one of a compressed stream: a few could cost minutes
_PIECE: Final = 64 * 1024  # bytes read at once: some streams make room for all that is asked
_RETRY_AFTER: Final = {"Retry-After": "1"}  # seconds; the folder is looked at more often


class Stream(Protocol):
    """A request's body, to be read once."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes; none at the end."""

    def readline(self, size: int, /) -> bytes:
        """Read up to and with the next line feed, or so many bytes."""


Document = wire.TagRequest | wire.Document


def stays() -> bool:
    """Whether a caller has left of whom nothing is known: no."""
    return False


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How much processor time is spent: on one text, or one draft, and on one JSON batch."""

    text: float = 2
    batch: float = 30


@dataclass(slots=True)
class Work:
    """What a request has come to so far, for logs and metrics.

    ``categories`` counts how often any was given; ``digest`` names the rules that
    judged.
    """

    documents: int = 0
    characters: int = 0
    categories: int = 0
    digest: str = ""

    def add(self, document: Document, answer: wire.TagAnswer) -> None:
        """Count one text that was tagged."""
        self.documents += 1
        self.characters += len(document.text) + len(document.title)
        self.categories += len(answer.categories) + len(answer.drafts)
        self.digest = answer.rules


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as every server can give it. Header names are in small letters.

    ``id`` goes into the answer and the log. ``is_counted`` says that the server
    has counted the request among those at work already, ``is_strange`` that a route
    open to everybody is asked by somebody without a token where tokens are known.
    ``is_gone`` tells, while it is worked on, whether the caller has left.
    """

    id: str
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: Stream
    version: str = "1.1"
    is_counted: bool = False
    is_strange: bool = False
    is_gone: Callable[[], bool] = stays
    work: Work = field(default_factory=Work)


@dataclass(slots=True)
class Response:
    """An answer; ``body`` comes in pieces where it is streamed.

    An answer whose ``ETag`` the caller sends back in ``If-Match`` is not
    ``compressible``: compressing weakens the tag.
    """

    status: int
    body: bytes | Iterator[bytes]
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    compressible: bool = True


Tagged = Callable[[str, Document, str, Tagging], None]


def _tell_nobody(request_id: str, document: Document, digest: str, tagging: Tagging) -> None:
    del request_id, document, digest, tagging


class Api:
    """The handlers, around the rules in force.

    ``tagged`` is told of each text that the rules in force have judged: the id of
    the request, what was sent, the digest of the rules, and what was found.
    """

    def __init__(
        self,
        store: Store,
        drafts: Drafts | None,
        tagged: Tagged = _tell_nobody,
        deadlines: Deadlines = Deadlines(),
    ) -> None:
        self._deadlines = deadlines
        self._store = store
        self._drafts = drafts
        self._tagged = tagged

    # ------------------------------------------------------------------ tagging

    def post_tag(self, request: Request) -> Response:
        """Tag one text."""
        kind = content_type(request, (JSON, TEXT))
        check_accept(request, JSON)
        active = self._active()
        if kind == TEXT:
            options = requests.read_options(request.query, wire.TagRequest)
            sent = requests.request_from_text(_read_text(request), options)
        else:
            requests.read_options(request.query, wire.NoOptions)
            sent = requests.read_tag_request(read_body(request, LIMITS.body))
        _check_rules_in_force(sent, active)
        deadline = Deadline(self._deadlines.text, request.is_gone)
        rules = self._judging(sent.rules, active, deadline)
        only = _chosen(sent, rules, in_query=kind == TEXT)
        started = perf_counter()
        is_draft = rules is not active.rules
        tagged = _refuse_slow_draft if is_draft else self._tagged
        asked = _Asked(request, rules, sent, only, tagged, self._deadlines.text)
        body = asked.answer(sent, deadline)
        spent = (perf_counter() - started) * 1000
        headers = _ruleset_headers(active) | {"Server-Timing": f"tag;dur={spent:.3f}"}
        return Response(200, body, headers=headers)

    def post_batch(self, request: Request) -> Response:
        """Tag many texts; a document that is refused has an error in its place."""
        kind = content_type(request, (JSON, NDJSON))
        check_accept(request, kind)
        active = self._active()
        if kind == NDJSON:
            options = requests.options_from(requests.read_options(request.query, wire.TagOptions))
            _check_rules_in_force(options, active)
            only = _chosen(options, active.rules, in_query=True)
            asked = _Asked(request, active.rules, options, only, self._tagged, self._deadlines.text)
            return Response(200, asked.answer_lines(), NDJSON, _ruleset_headers(active))
        whole = Deadline(self._deadlines.batch, request.is_gone)
        requests.read_options(request.query, wire.NoOptions)
        batch = requests.read_batch_request(read_body(request, LIMITS.batch_body))
        _check_rules_in_force(batch, active)
        only = _chosen(batch, active.rules, in_query=False)
        asked = _Asked(request, active.rules, batch, only, self._tagged, self._deadlines.text)
        answers = (asked.answer_or_error(document, whole) for document in batch.documents)
        return Response(200, _as_results(answers), JSON, _ruleset_headers(active))

    def post_explain(self, request: Request) -> Response:
        """Say why a text is given categories, and why not."""
        content_type(request, (JSON,))
        check_accept(request, JSON)
        active = self._active()
        requests.read_options(request.query, wire.NoOptions)
        sent = requests.read_explain_request(read_body(request, LIMITS.body))
        _check_rules_in_force(sent, active)
        deadline = Deadline(self._deadlines.text, request.is_gone)
        rules = self._judging(sent.rules, active, deadline)
        chosen = requests.selected(sent.categories, explainable(rules)) or frozenset()
        try:
            found = explain(rules, sent.text, sent.title, sorted(chosen), deadline)
        except DeadlineError:
            raise _explanation_too_slow() from None
        answer = explanations.explain_answer(sent, rules.digest, found)
        return Response(200, wire.encode(answer), headers=_ruleset_headers(active))

    # ------------------------------------------------------------ rules in force

    def get_rules(self, request: Request) -> Response:
        """Describe the rules in force, and the last edit if it was refused."""
        check_accept(request, JSON)
        active = self._active()
        refusal = self._store.refusal
        headers = _ruleset_headers(active)
        # A refused edit changes the answer though the rules stay the same.
        since = f"+{refusal.refused_at.timestamp()}" if refusal else ""
        headers["ETag"] = f'"{active.rules.digest}{since}"'
        headers["Cache-Control"] = "no-cache"  # may be kept, must be asked about
        known = _list(request.headers.get("if-none-match", ""))
        # Compared weakly (RFC 9110, 13.1.2): whoever compresses weakens the tag.
        weak = f"W/{headers['ETag']}"
        if weak in known:
            return Response(304, b"", headers=headers | {"ETag": weak})
        if "*" in known or headers["ETag"] in known:
            return Response(304, b"", headers=headers)
        return Response(200, wire.encode(catalogue.rules_answer(active, refusal)), headers=headers)

    def get_categories(self, request: Request) -> Response:
        """List the categories."""
        check_accept(request, JSON)
        active = self._active()
        body = wire.encode(catalogue.categories_answer(active))
        return Response(200, body, headers=_ruleset_headers(active))

    def get_category(self, request: Request) -> Response:
        """Describe one category."""
        check_accept(request, JSON)
        active = self._active()
        id_ = request.path.removeprefix("/v1/categories/")
        answer = catalogue.category_description(active, id_)
        if answer is None:
            ids = [category.id for category in active.rules.rule_set.categories]
            hint = nearest(id_[: LIMITS.category_id], ids) or "/v1/categories lists them"
            raise refusals.RequestError(404, "not_found", f"there is no such category; {hint}")
        return Response(200, wire.encode(answer), headers=_ruleset_headers(active))

    def get_schema(self, request: Request) -> Response:
        """Give the JSON Schema of rule files."""
        check_accept(request, SCHEMA_JSON)
        return Response(200, msgspec.json.encode(rule_file_schema()), SCHEMA_JSON)

    # -------------------------------------------------------------------- health

    def get_livez(self, request: Request) -> Response:
        """Say that the process is alive."""
        del request
        return Response(200, wire.encode(catalogue.HealthAnswer("alive")))

    def get_readyz(self, request: Request) -> Response:
        """Say whether rules are in force; with ``?verbose`` also what was refused."""
        store = self._store
        active, refusal = store.current, store.refusal
        checks = catalogue.checks(active, refusal) if "verbose" in request.query else None
        if checks is not None and request.is_strange:
            checks = catalogue.without_details(checks)
        if store.is_ready:
            return Response(200, wire.encode(catalogue.HealthAnswer("ready", checks)))
        answer = catalogue.HealthAnswer("draining" if store.is_draining else "not ready", checks)
        return Response(503, wire.encode(answer), headers=dict(_RETRY_AFTER))

    def _judging(self, draft: str | None, active: Active, deadline: Deadline) -> CompiledRules:
        """Give the rules to judge by: those in force, or a draft that came with the request."""
        if draft is None:
            return active.rules
        if self._drafts is None:
            detail = "this service takes no draft rules (RULETAG_DRAFTS is off)"
            faults = [refusals.Fault(detail, "/rules")]
            raise refusals.RequestError(422, "invalid_request", detail, faults)
        try:
            return self._drafts.compiled(draft, active.rules, deadline)
        except RuleSetError as error:
            raise refusals.of_draft(error.problems) from None
        except DeadlineError:
            raise draft_too_slow() from None

    def _active(self) -> Active:
        active = self._store.current
        if active is None:
            detail = "no rules are in force yet; /readyz?verbose says why"
            raise refusals.RequestError(503, "not_ready", detail, headers=_RETRY_AFTER)
        return active


# ----------------------------------------------------------------------- tagging


_Only = frozenset[str] | None


def draft_too_slow() -> refusals.RequestError:
    """Refuse draft rules that take too long."""
    detail = "the draft rules take too long; send fewer of them, or a shorter text"
    return refusals.RequestError(422, "draft_too_slow", detail)


def _refuse_slow_draft(request_id: str, document: Document, digest: str, tagging: Tagging) -> None:
    """Refuse what a draft came to if it was cut off; nobody else is told of a draft."""
    del request_id, document, digest
    if DEADLINE in tagging.truncated:
        raise draft_too_slow()


def _explanation_too_slow() -> refusals.RequestError:
    detail = "the explanation takes too long; ask for fewer categories, or send a shorter text"
    return refusals.RequestError(422, "explanation_too_slow", detail)


def _not_judged() -> refusals.RequestError:
    detail = "the batch took too long before this document; send again what was not judged"
    return refusals.RequestError(503, "not_judged", detail)


def _check_rules_in_force(options: wire.TagOptions | wire.ExplainRequest, active: Active) -> None:
    if options.if_rules is not None and options.if_rules != active.rules.digest:
        detail = f"other rules are in force: {active.rules.digest}"
        raise refusals.RequestError(409, "other_rules", detail, headers=_ruleset_headers(active))


def _chosen(options: wire.TagOptions, rules: CompiledRules, *, in_query: bool) -> _Only:
    """Give the categories to judge; refuse names that the rules do not have."""
    pointer = "?categories" if in_query else "/categories/{}"
    return requests.selected(options.categories, rules.ids, pointer)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request to tag: by which rules, with which options, who is told, how long a text has."""

    request: Request
    rules: CompiledRules
    options: wire.TagOptions
    only: _Only
    tagged: Tagged
    seconds: float

    def answer(self, document: Document, deadline: Deadline) -> bytes:
        """Answer one document."""
        tagging = tag(self.rules, document.text, document.title, self.only, deadline)
        answer = wire.tag_answer(document, self.rules.digest, tagging, self.options)
        self.request.work.add(document, answer)
        self.tagged(self.request.id, document, self.rules.digest, tagging)
        return wire.encode(answer)

    def answer_or_error(self, sent: Any, whole: Deadline = NEVER) -> bytes:  # noqa: ANN401 - any JSON
        """Answer one document of a batch: a JSON value, or a line of NDJSON.

        ``whole`` is the deadline of the batch, after which none is judged.
        """
        value = sent
        try:
            if whole.has_passed:
                raise _not_judged()
            value = requests.read_json(sent) if isinstance(sent, bytes) else sent
            document = requests.read_document(value)
            return self.answer(document, Deadline(self.seconds, self.request.is_gone))
        except refusals.RequestError as error:
            details = error.details(self.request.path)
            return wire.encode(wire.ErrorAnswer(requests.id_of(value), details))

    def answer_lines(self) -> Iterator[bytes]:
        """Answer an NDJSON body line by line, while it comes in."""
        try:
            for line in _lines(self.request):
                if line is None:
                    detail = f"a line may have {LIMITS.line:,} bytes"
                    yield self._error_line(refusals.RequestError(413, "line_too_long", detail))
                else:
                    yield self.answer_or_error(line) + b"\n"
        except refusals.RequestError as error:
            # The status is sent long since; the last line says that the body broke off.
            yield self._error_line(error)

    def _error_line(self, error: refusals.RequestError) -> bytes:
        return wire.encode(wire.ErrorAnswer(None, error.details(self.request.path))) + b"\n"


def _as_results(answers: Iterable[bytes]) -> Iterator[bytes]:
    """Write a `wire.BatchAnswer` piece by piece: whole, it could be twenty times its request."""
    yield b'{"results":['
    for i, answer in enumerate(answers):
        yield b"," + answer if i else answer
    yield b"]}"


def _ruleset_headers(active: Active) -> dict[str, str]:
    return {"Ruleset": active.rules.digest, "Ruleset-Generation": str(active.generation)}


# ------------------------------------------------------------------ the request


def content_type(request: Request, allowed: tuple[str, ...]) -> str:
    """Give the media type of the body. Raises for others, and for a charset that is not UTF-8."""
    _check_encoding(request)
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
    raise refusals.RequestError(415, "unsupported_media_type", detail, headers=accept)


def _check_encoding(request: Request) -> None:
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity", *_GZIP}:
        detail = f"the body must be compressed with {compression.GZIP}, or not at all"
        known = {"Accept-Encoding": f"{compression.GZIP}, identity"}
        raise refusals.RequestError(415, "unsupported_encoding", detail, headers=known)


def check_accept(request: Request, offered: str) -> None:
    """Refuse where the most specific range that fits is not wanted (RFC 9110, 12.5.1)."""
    weights: dict[str, bool] = {}
    for part in _list(request.headers.get("accept", "")):
        kind, _, parameters = part.partition(";")
        weights[kind.strip().lower()] = not _REFUSED.search(parameters)
    main = offered.partition("/")[0]
    fitting = [weights[kind] for kind in (offered, f"{main}/*", "*/*") if kind in weights]
    if weights and not (fitting and fitting[0]):
        raise refusals.RequestError(406, "not_acceptable", f"the answer can only be {offered}")


def _list(header: str) -> list[str]:
    return [part.strip() for part in header.split(",") if part.strip()]


class _Body:
    """The body of a request, unpacked if need be; counts what comes over the wire."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._is_packed = request.headers.get("content-encoding", "").strip().lower() in _GZIP
        self._source: Stream = compression.unpacked(self) if self._is_packed else request.body
        self._received = 0
        self._unpacked = 0
        self._most: int | None = None

    def read(self, size: int) -> bytes:
        """Read what comes over the wire, compressed as it may be."""
        piece = self._request.body.read(size)
        self._received += len(piece)
        # Packed, it may hold nothing at all and never end.
        if self._most is not None and self._received > self._most:
            raise _too_large(self._most)
        return piece

    def whole(self, limit: int) -> bytes:
        """Read all of it, or refuse it: by what it says it has, and by what it has."""
        expected = _content_length(self._request)
        self._most = limit
        # Servers check the header too; what it says is only ever a first look.
        if expected is None or expected <= limit:
            read = self._source.read if self._is_packed else self.read
            body = b"".join(_read_at_most(read, limit + 1))
            if len(body) <= limit:
                self.check_complete()
                return body
        raise _too_large(limit)

    def readline(self, size: int) -> bytes:
        """Read up to and with the next line feed, or so many bytes."""
        line = _receive(self._source.readline, size)
        if not self._is_packed:
            self._received += len(line)
            return line
        self._unpacked += len(line)
        if self._unpacked > _MOST_UNPACKED * self._received + _PIECE:
            detail = f"the stream unpacks to more than {_MOST_UNPACKED} times what was sent"
            raise refusals.RequestError(413, "body_too_large", detail)
        return line

    def check_complete(self) -> None:
        """Refuse a body that ended too early: half a text must not be taken for the whole."""
        expected = _content_length(self._request)
        if expected is not None and self._received < expected:
            raise _broken_off()


def read_body(request: Request, limit: int) -> bytes:
    """Read the whole body, unpacked. Raises `refusals.RequestError`, where it is too large too."""
    return _Body(request).whole(limit)


def _too_large(limit: int) -> refusals.RequestError:
    return refusals.RequestError(413, "body_too_large", f"a body may have {limit:,} bytes")


def _content_length(request: Request) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 20 else None  # noqa: PLR2004


def _broken_off() -> refusals.RequestError:
    return refusals.RequestError(400, "bad_request", "the body broke off or is malformed")


def _read_at_most(read: Callable[[int], bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (piece := _receive(read, min(size, _PIECE))):
        yield piece
        size -= len(piece)


def _receive(read: Callable[[int], bytes], size: int) -> bytes:
    try:
        return read(size)
    except refusals.RequestError:
        raise
    except Exception:  # noqa: BLE001 - each server has its own; all mean that the client's body is bad
        raise _broken_off() from None


def _read_text(request: Request) -> str:
    body = read_body(request, LIMITS.body)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        detail = f"the body is not UTF-8 (byte {error.start})"
        raise refusals.RequestError(400, "not_utf8", detail) from None


def _lines(request: Request) -> Iterator[bytes | None]:
    """Yield the lines of a body that hold anything; None for one that is too long.

    Raises `refusals.RequestError` where the body breaks off.
    """
    body = _Body(request)
    while line := body.readline(LIMITS.line + 2):
        if len(line.rstrip(b"\r\n")) > LIMITS.line:
            while line and not line.endswith(b"\n"):
                line = body.readline(LIMITS.line)
            yield None
        elif line.strip():
            yield line
    body.check_complete()


# ------------------------------------------------------------------- every route


def request_id(headers: Mapping[str, str]) -> str:
    """Give the caller's request id if it is a harmless one, else a new one."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def refusal(error: refusals.RequestError, path: str) -> Response:
    """Turn a fault into its answer."""
    body = wire.encode(error.details(path))
    return Response(error.status, body, PROBLEM_JSON, error.headers)


def fault(path: str, request_id: str) -> Response:
    """Answer for a fault of our own; called while the exception is being handled."""
    _LOG.exception("a request failed", extra={"request_id": request_id, "path": path[:200]})
    detail = "a fault in ruletag; the log has its traceback under this request's id"
    return refusal(refusals.RequestError(500, "internal", detail), path)
