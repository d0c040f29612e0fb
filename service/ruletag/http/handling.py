"""One way through for every request, whatever server carries it: `Service.handle`.

Who may call, how many at once, the handler, faults as problem details, compression,
the headers of every answer, and what is told to logs and metrics: in this order, and
nowhere else. The adapters (`ruletag.http.app` for WSGI, `ruletag.edge.asgi` for
gunicorn's ASGI worker) only translate.
"""

import logging
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from threading import Lock
from time import perf_counter
from typing import Final, Protocol
from urllib.parse import parse_qs

from ruletag.http import api, compression, refusals
from ruletag.http.openapi import OPERATIONS, Operation, openapi_document
from ruletag.matching.tagging import Tagging

_LOG: Final = logging.getLogger("ruletag.http")
NOT_FOUND: Final = "there is nothing at this path; /openapi.json lists what there is"
OTHER: Final = "other"  # the route of all paths that are none
_ALWAYS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_RETRY_AFTER: Final = {"Retry-After": "1"}
_METHODS: Final = frozenset("GET HEAD POST PUT DELETE OPTIONS PATCH TRACE CONNECT".split())
_HEALTH: Final = frozenset({"get_livez", "get_readyz"})  # must answer under any load
# uri-host [":" port], by RFC 9110, 7.2, and RFC 3986, 3.2.2; the group is an address of IPv6.
_HOST: Final = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|\[v[0-9A-Fa-f]+\.[\w.~!$&'()*+,;=:-]+\]"
    r"|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)(?::[0-9]*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A request that has been answered, the last piece of a stream too.

    ``route`` is the template of the path, `OTHER` for what is none; ``method`` is
    one of HTTP's own, or `OTHER`. ``traceparent`` is as the caller sent it, unchecked.
    """

    route: str
    method: str
    status: int
    seconds: float
    request_id: str
    work: api.Work
    traceparent: str


class Observer(Protocol):
    """Who is told of requests: logs, metrics, decision log. No call may raise."""

    def started(self) -> None:
        """Take note that a request is at work."""

    def refused(self, reason: str) -> None:
        """Take note that a request was one too many; the cap is ``at_work`` or ``streams``."""

    def tagged(
        self, request_id: str, document: api.Document, digest: str, tagging: Tagging
    ) -> None:
        """Take note of a text that the rules in force have judged."""

    def finished(self, finished: Finished) -> None:
        """Take note that a request has been answered: each that was started, once."""


class Guard(Protocol):
    """Who may call, and what answers say to browsers."""

    def check(self, operation: Operation | None, request: api.Request) -> None:
        """Raise `refusals.RequestError` if the caller may not; no operation: an unknown path."""

    def is_stranger(self, request: api.Request) -> bool:
        """Whether tokens are asked for, and the caller has sent none that is known."""

    def is_preflight(self, request: api.Request) -> bool:
        """Whether a browser asks, without a token, if a page that may call may do so."""

    def headers(self, request: api.Request) -> Mapping[str, str]:
        """Give the security and CORS headers of the answer, a preflight's too."""


class Silent:
    """An observer that tells nobody."""

    def started(self) -> None:
        """Do nothing."""

    def refused(self, reason: str) -> None:
        """Do nothing."""

    def tagged(
        self, request_id: str, document: api.Document, digest: str, tagging: Tagging
    ) -> None:
        """Do nothing."""

    def finished(self, finished: Finished) -> None:
        """Do nothing."""


class Open:
    """A guard that lets everybody in."""

    def check(self, operation: Operation | None, request: api.Request) -> None:
        """Let the caller in."""

    def is_stranger(self, request: api.Request) -> bool:
        """Know everybody."""
        del request
        return False

    def is_preflight(self, request: api.Request) -> bool:
        """Let no pages call."""
        del request
        return False

    def headers(self, request: api.Request) -> Mapping[str, str]:
        """Add nothing."""
        del request
        return {}


class Cap:
    """So many at once and no more; threads may share it."""

    def __init__(self, reason: str, most: int) -> None:
        self.reason = reason
        self._most = most
        self._count = 0
        self._lock = Lock()

    def take(self) -> bool:
        """Take a place, if one is free."""
        with self._lock:
            if self._count >= self._most:
                return False
            self._count += 1
            return True

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._count -= 1


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms requests are served."""

    guard: Guard = Open()  # noqa: RUF009 - it holds nothing
    observer: Observer = Silent()  # noqa: RUF009 - it holds nothing
    at_work: int = 64
    streams: int = 8


DEFAULT: Final = Terms()


class Service:
    """Answers every request; built once in a process.

    ``handlers`` are objects whose methods `OPERATIONS` name; what none of them has
    is no route.
    """

    def __init__(self, handlers: Sequence[object], terms: Terms = DEFAULT) -> None:
        self._handlers = _found(handlers)
        document = openapi_document(tuple(self.operations))
        self._handlers[""] = lambda _: api.Response(200, document)
        self._guard = terms.guard
        self._observer = terms.observer
        self._at_work = Cap("at_work", terms.at_work)
        self._streams = Cap("streams", terms.streams)

    @property
    def operations(self) -> list[Operation]:
        """Give the operations that have a handler."""
        return [
            operation
            for operation in OPERATIONS
            if not operation.handler or operation.handler in self._handlers
        ]

    def cap(self, operation: Operation | None, headers: Mapping[str, str]) -> Cap | None:
        """Give the cap that a request falls under, if any."""
        if operation is not None and operation.handler in _HEALTH:
            return None
        is_stream = operation is not None and operation.streams and is_ndjson(headers)
        return self._streams if is_stream else self._at_work

    def handle(self, operation: Operation, request: api.Request) -> api.Response:
        """Answer a request; never raises."""
        return self._watch(operation, request, lambda: self._respond(operation, request))

    def refused(
        self, error: refusals.RequestError, request: api.Request, operation: Operation | None = None
    ) -> api.Response:
        """Refuse what an adapter found wrong: no such path, not this method."""

        def respond() -> api.Response:
            _check_http(request)
            self._guard.check(operation, request)
            raise error

        return self._watch(operation, request, respond)

    def overloaded(
        self, cap: Cap, request: api.Request, operation: Operation | None
    ) -> api.Response:
        """Refuse a request that is one too many."""
        self._observer.refused(cap.reason)
        return self.refused(_overloaded(), request, operation)

    def options(self, methods: Collection[str], request: api.Request) -> api.Response:
        """Answer which methods a path takes, if any; a preflight learns nothing of the path."""

        def respond() -> api.Response:
            _check_http(request)
            if self._guard.is_preflight(request):
                return api.Response(200, b"", "")
            self._guard.check(None, request)
            if not methods:
                raise not_found()
            return api.Response(200, b"", "", {"Allow": allow(methods)})

        return self._watch(None, request, respond)

    def failed(self, request: api.Request) -> api.Response:
        """Answer for a fault of our own outside of any handler, while it is being handled."""
        return self._watch(None, request, lambda: api.fault(request.path, request.id))

    def _watch(
        self,
        operation: Operation | None,
        request: api.Request,
        respond: Callable[[], api.Response],
    ) -> api.Response:
        started = perf_counter()
        self._observer.started()
        cap = None if request.is_counted else self.cap(operation, request.headers)
        taken = cap is not None and cap.take()
        if cap is None or taken:
            response = _without_faults(respond, request)
        else:
            self._observer.refused(cap.reason)
            response = api.refusal(_overloaded(), request.path)
        self._complete(request, response)

        def end(status: int) -> None:
            if cap is not None and taken:
                cap.leave()
            self._observer.finished(_finished(operation, request, status, started))

        if isinstance(response.body, bytes):
            end(response.status)
        else:
            response.body = _Watched(response.body, response.status, request, end)
        return response

    def _respond(self, operation: Operation, request: api.Request) -> api.Response:
        _check_http(request)
        self._guard.check(operation, request)
        if operation.access == "open" and self._guard.is_stranger(request):
            request = replace(request, is_strange=True)
        return self._handlers[operation.handler](request)

    def _complete(self, request: api.Request, response: api.Response) -> None:
        """Compress the answer where the caller likes that, and add what every answer has."""
        headers = dict(_ALWAYS)
        headers.update(self._guard.headers(request))
        vary = headers.pop("Vary", "")
        headers.update(response.headers)
        headers["X-Request-ID"] = request.id
        if response.compressible and _is_long(response):
            vary = f"{vary}, Accept-Encoding" if vary else "Accept-Encoding"
            if compression.takes_gzip(request.headers.get("accept-encoding", "")):
                _compress(response, headers)
        if vary:
            headers["Vary"] = vary
        response.headers = headers


def allow(methods: Iterable[str]) -> str:
    """Return the value of ``Allow`` for the methods that a path takes."""
    return ", ".join(sorted({*methods, "OPTIONS"}))


def is_ndjson(headers: Mapping[str, str]) -> bool:
    """Say whether the body is a stream of lines."""
    return headers.get("content-type", "").partition(";")[0].strip().lower() == api.NDJSON


def read_query(query: bytes, *, strict: bool) -> dict[str, list[str]]:
    """Read the query; strictly where texts come in it, since bad bytes are no signs.

    Raises `refusals.RequestError`.
    """
    if not query:
        return {}
    errors = "strict" if strict else "replace"
    try:
        return parse_qs(query.decode("ascii", errors), keep_blank_values=True, errors=errors)
    except UnicodeDecodeError:
        raise refusals.RequestError(400, "not_utf8", "the query is not UTF-8") from None


def not_found() -> refusals.RequestError:
    """Refuse a path that is none."""
    return refusals.RequestError(404, "not_found", NOT_FOUND)


def _check_http(request: api.Request) -> None:
    """Refuse what every server should, and not every one does. Raises `refusals.RequestError`."""
    host = request.headers.get("host", "")
    if not host and request.version == "1.1":
        raise refusals.RequestError(400, "bad_request", "the header Host is missing")
    if host and not is_host(host):
        detail = "the header Host must be a host and perhaps a port, as in `news.example:8080`"
        raise refusals.RequestError(400, "bad_request", detail)
    if request.headers.get("transfer-encoding", "chunked").strip().lower() != "chunked":
        # Servers take the chunks apart and leave the rest in what they give as the body.
        detail = "only `chunked` is taken as Transfer-Encoding; compress with Content-Encoding"
        raise refusals.RequestError(501, "unsupported_transfer_coding", detail)


def is_host(text: str) -> bool:
    """Whether this is a host, perhaps with a port, as the header Host has it."""
    found = _HOST.fullmatch(text)
    if found is None or found[1] is None:
        return found is not None
    try:
        IPv6Address(found[1])
    except ValueError:
        return False
    return True


_Handler = Callable[[api.Request], api.Response]


def _found(handlers: Sequence[object]) -> dict[str, _Handler]:
    """Give the handler of each operation that has one."""
    found: dict[str, _Handler] = {}
    for operation in OPERATIONS:
        for holder in handlers:
            handler = getattr(holder, operation.handler, None) if operation.handler else None
            if handler is not None:
                found.setdefault(operation.handler, handler)
    return found


def _without_faults(respond: Callable[[], api.Response], request: api.Request) -> api.Response:
    try:
        return respond()
    except refusals.RequestError as error:
        return api.refusal(error, request.path)
    except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer
        return api.fault(request.path, request.id)


def _overloaded() -> refusals.RequestError:
    detail = "too many requests are at work; try again"
    return refusals.RequestError(503, "overloaded", detail, headers=_RETRY_AFTER)


def _finished(
    operation: Operation | None, request: api.Request, status: int, started: float
) -> Finished:
    return Finished(
        operation.path if operation else OTHER,
        request.method if request.method in _METHODS else OTHER,
        status,
        perf_counter() - started,
        request.id,
        request.work,
        request.headers.get("traceparent", ""),
    )


def _is_long(response: api.Response) -> bool:
    """Say whether compressing is worth while; a 304 stands for an answer for which it is."""
    if isinstance(response.body, bytes):
        return len(response.body) >= compression.SMALLEST or response.status == 304  # noqa: PLR2004
    return True


def _compress(response: api.Response, headers: dict[str, str]) -> None:
    """Compress the answer; two answers that differ in their bytes share no strong tag."""
    if response.status == 304:  # noqa: PLR2004
        return
    tag = headers.get("ETag", "")
    if tag.startswith('"'):
        headers["ETag"] = f"W/{tag}"
    headers["Content-Encoding"] = compression.GZIP
    if isinstance(response.body, bytes):
        response.body = compression.packed(response.body)
    else:
        by_piece = response.content_type == api.NDJSON
        response.body = compression.packed_pieces(response.body, by_piece=by_piece)


class _Watched:
    """A streamed body that tells when it has ended, however it ends, once."""

    def __init__(
        self,
        pieces: Iterator[bytes],
        status: int,
        request: api.Request,
        end: Callable[[int], None],
    ) -> None:
        self._pieces = pieces
        self._status = status
        self._request = request
        self._end: Callable[[int], None] | None = end

    def __iter__(self) -> "_Watched":
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._pieces)
        except StopIteration:
            self.close()
            raise
        except Exception:
            api.fault(self._request.path, self._request.id)  # logs it
            self._status = 500
            self.close()
            raise

    def close(self) -> None:
        """Take note that nobody reads on."""
        end, self._end = self._end, None
        if end is not None:
            close = getattr(self._pieces, "close", None)
            if close is not None:
                close()
            end(self._status)
