"""The service for gunicorn's ASGI worker: bodies are awaited in the loop, where that is cheap.

A short text is tagged in the loop itself, the cheapest way there is; whatever can
take long runs in threads. What is no tagging and no probe goes through the Flask
application. A request takes a thread, and counts as at work, only when its body is
here: slow clients cost memory, and of that only so much.
"""

import asyncio
import io
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Event
from time import monotonic
from typing import Any, Final, TypeVar
from urllib.parse import unquote_to_bytes, urlsplit

from ruletag.edge.streams import LEAST_RATE, Incoming, LeftError, Outgoing, Room
from ruletag.http import api, handling, refusals
from ruletag.http.app import COUNTED, IS_GONE
from ruletag.http.handling import Cap, Service
from ruletag.http.openapi import OPERATIONS, Operation
from ruletag.limits import LIMITS

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_Ends = tuple[Receive | None, Send]
_Result = TypeVar("_Result")
_WsgiHeaders = list[tuple[str, str]]
_Start = Callable[..., Callable[[bytes], object]]
Wsgi = Callable[[dict[str, Any], _Start], Iterable[bytes]]

# Bytes; what is longer, or may be slow, runs in a thread. By the shipped rules the worst
# text of this size takes some 60 ms, in which the loop does nothing else.
_SHORT: Final = 8 * 1024
# Draft rules are compiled. Escapes of small letters could hide them.
_SLOW: Final = (b'"rules"', b"\\u006", b"\\u007")
_ROOM: Final = 64 * 1024 * 1024  # bytes of bodies that may wait, over all connections
_LONGEST: Final = 20  # times as long as for a piece: how long a whole body may take
_HANDOVER: Final = 1.0  # seconds for a slow stream to give its place to another
_DIRECT: Final = frozenset({"post_tag", "get_livez", "get_readyz"})
_BY_ROUTE: Final = {(operation.method, operation.path): operation for operation in OPERATIONS}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's head, as the server has read it."""

    scope: Scope
    path: str
    headers: Mapping[str, str]
    operation: Operation | None

    def request(
        self,
        body: bytes,
        query: Mapping[str, list[str]],
        is_gone: Callable[[], bool] = api.stays,
    ) -> api.Request:
        """Give the request with its body."""
        return api.Request(
            api.request_id(self.headers),
            self.scope["method"],
            self.path,
            query,
            self.headers,
            io.BytesIO(body),
            version=self.scope["http_version"],
            is_counted=True,
            is_gone=is_gone,
        )


@dataclass(slots=True, eq=False)
class _Exchange:
    """One request on its way through a thread."""

    asked: Asked
    body: Any
    outgoing: Outgoing
    place: Cap | None
    status: int = 500
    headers: _WsgiHeaders = field(default_factory=list)
    has_failed: bool = False

    def leave(self) -> None:
        """Let the thread come to its end: it waits neither for the body nor for a reader."""
        self.outgoing.leave()
        if isinstance(self.body, Incoming):
            self.body.leave()

    def finish(self, _: object) -> None:
        """Give back the place among those at work."""
        if self.place is not None:
            self.place.leave()


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many threads there are, and how long the server waits for clients, in seconds."""

    threads: int = 8
    streams: int = 8
    client_timeout: float = 15


class AsgiApp:
    """The application for `ruletag.edge.worker`; ``wsgi`` answers what is not answered here."""

    def __init__(self, service: Service, wsgi: Wsgi, sizes: Sizes) -> None:
        self.service = service
        self.client_timeout = sizes.client_timeout
        self._wsgi = wsgi
        self._threads = ThreadPoolExecutor(sizes.threads, "request")
        # Whose readers are slow, they hold a thread.
        self._batches = ThreadPoolExecutor(sizes.threads, "batch")
        self._streams = ThreadPoolExecutor(sizes.streams, "stream")
        self._room = Room(_ROOM)
        self._incoming: dict[Incoming, asyncio.Task[Any]] = {}  # and what answers it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        asked = _asked(scope)
        operation = asked.operation
        if operation is not None and operation.streams and handling.is_ndjson(asked.headers):
            await self._stream(asked, receive, send)
            return
        asks_for_more = _asks_for_more(asked)  # and is refused by what it says it has
        try:
            body = b"" if asks_for_more else await self._whole_body(asked, receive)
        except TimeoutError:
            refused = self.service.refused(_too_slow(), asked.request(b"", {}), operation)
            await self._send(refused, send)
            return
        if body is None:
            return  # nobody is there to be answered
        cap = self.service.cap(operation, asked.headers)
        if cap is not None and not cap.take():
            await self._overloaded(asked, cap, send)
            return
        # To receive anything would ask the client for the body.
        await self._answer(asked, body, cap, (None if asks_for_more else receive, send))

    def end_idle_streams(self, seconds: float) -> None:
        """End, with a last line that says so, the streams on which nothing has come for so long.

        For a process that is about to end: it would wait for them.
        """
        for incoming in self._incoming:
            incoming.end_if_idle(seconds, _stopping())

    async def _answer(self, asked: Asked, body: bytes, cap: Cap | None, ends: _Ends) -> None:
        """Answer a request that holds a place, which no slow reader holds."""
        operation = asked.operation
        if operation is None or operation.handler not in _DIRECT:
            pool = self._batches if operation and operation.streams else self._threads
            exchange = _Exchange(asked, io.BytesIO(body), Outgoing(asyncio.get_running_loop()), cap)
            await self._through_thread(pool, exchange, *ends)
            return
        receive, send = ends
        try:
            if takes_little(body, asked.headers):
                response = self._handled(operation, asked, body)
            else:
                response = await self._handled_in_thread(operation, asked, body, receive)
        finally:
            if cap is not None:
                cap.leave()
        await self._send(response, send)

    async def _handled_in_thread(
        self, operation: Operation, asked: Asked, body: bytes, receive: Receive | None
    ) -> api.Response:
        """Answer in a thread, which soon ends once the client has left or is sent away."""
        left = Event()
        handled = partial(self._handled, operation, asked, body, left.is_set)
        watching = _watched(receive, left.set)
        try:
            return await _in_thread(self._threads, handled, left.set)
        finally:
            watching.cancel()

    def _handled(
        self,
        operation: Operation,
        asked: Asked,
        body: bytes,
        is_gone: Callable[[], bool] = api.stays,
    ) -> api.Response:
        strict = operation.method == "POST"
        try:
            query = handling.read_query(asked.scope["query_string"], strict=strict)
        except refusals.RequestError as error:
            return self.service.refused(error, asked.request(b"", {}), operation)
        return self.service.handle(operation, asked.request(body, query, is_gone))

    async def _overloaded(self, asked: Asked, cap: Cap, send: Send) -> None:
        operation = asked.operation
        await self._send(self.service.overloaded(cap, asked.request(b"", {}), operation), send)

    async def _send(self, response: api.Response, send: Send) -> None:
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        headers = [(b"content-length", b"%d" % len(body))]
        if response.content_type:
            headers.append((b"content-type", response.content_type.encode("latin-1")))
        for name, value in response.headers.items():
            headers.append((name.encode("latin-1"), value.encode("latin-1")))
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        holder = object()
        self._room.take(holder, len(body), _sends_away())
        try:
            await send({"type": "http.response.body", "body": body})
        finally:
            self._room.free(holder)

    async def _whole_body(self, asked: Asked, receive: Receive) -> bytes | None:
        """Await the body, or as much of it as shows that it is too large; None if it breaks off.

        Raise `TimeoutError` for one that comes too slowly.
        """
        message = await receive()
        if not message.get("more_body"):
            return message.get("body")
        limit = _most(asked.operation)
        pieces = bytearray(message["body"])
        holder = object()
        send_away = _sends_away()
        began = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout(None) as patience:
                while message.get("more_body") and len(pieces) <= limit:
                    patience.reschedule(began + self._patience(len(pieces)))
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    pieces += message["body"]
                    self._room.take(holder, len(message["body"]), send_away)
        finally:
            self._room.free(holder)
        return bytes(pieces)

    def _patience(self, received: int) -> float:
        """Return for how many seconds, from its head on, a body of which so much is here may go on.

        At the least rate; the servers end one of which nothing comes for a while.
        """
        return min(self.client_timeout + received / LEAST_RATE, self.client_timeout * _LONGEST)

    # ---------------------------------------------------------------- through threads

    async def _stream(self, asked: Asked, receive: Receive, send: Send) -> None:
        cap = self.service.cap(asked.operation, asked.headers)
        if cap is not None and not cap.take() and not await self._takes_over(cap):
            await self._overloaded(asked, cap, send)
            return
        loop = asyncio.get_running_loop()
        incoming = Incoming(loop)
        exchange = _Exchange(asked, incoming, Outgoing(loop), cap)
        feeding = loop.create_task(_feed(incoming, receive, exchange.leave))
        self._incoming[incoming] = _current_task()
        try:
            await self._through_thread(self._streams, exchange, None, send)
        finally:
            del self._incoming[incoming]
            feeding.cancel()

    async def _takes_over(self, cap: Cap) -> bool:
        """Take the place of the slowest stream, if it is slow; return whether there is one now."""
        slowest = min(self._incoming, key=lambda known: known.waiting_since, default=None)
        if slowest is None or monotonic() - slowest.waiting_since < self.client_timeout:
            return False
        answering = self._incoming[slowest]
        slowest.waiting_since = float("inf")  # the next newcomer takes the place of another
        slowest.fail(_gives_way())
        await asyncio.wait([answering], timeout=_HANDOVER)
        if not answering.done():  # nobody reads the answers, nor would read that it gives way
            answering.cancel()
            await asyncio.wait([answering], timeout=_HANDOVER)
        return cap.take()

    async def _through_thread(
        self, pool: ThreadPoolExecutor, exchange: _Exchange, receive: Receive | None, send: Send
    ) -> None:
        loop = asyncio.get_running_loop()
        run = partial(self._run, exchange)
        running = loop.create_task(_in_thread(pool, run, exchange.leave))
        running.add_done_callback(exchange.finish)
        watching = _watched(receive, exchange.outgoing.leave)
        try:
            await self._pass_on(exchange, send)
        finally:
            exchange.leave()
            watching.cancel()
            running.cancel()
            await asyncio.wait([running])

    async def _pass_on(self, exchange: _Exchange, send: Send) -> None:
        """Send the answer as it comes; stop short of its end where it failed."""
        has_more = True
        has_started = False
        send_away = _sends_away()
        while has_more:
            piece, has_more = await exchange.outgoing.take()
            if exchange.has_failed:
                return
            if not has_started:
                has_started = True
                await send(_start(exchange))
            self._room.take(exchange, len(piece), send_away)
            try:
                await send({"type": "http.response.body", "body": piece, "more_body": has_more})
            finally:
                self._room.free(exchange)

    def _run(self, exchange: _Exchange) -> None:
        """Run the Flask application on one request; in a thread."""

        def start(status: str, headers: _WsgiHeaders, exc_info: object = None) -> Any:  # noqa: ANN401 - WSGI
            del exc_info
            exchange.status = int(status.partition(" ")[0])
            exchange.headers = headers
            return exchange.outgoing.put

        try:
            environ = _environ(exchange.asked, exchange.body)
            environ[IS_GONE] = exchange.outgoing.is_left
            pieces = self._wsgi(environ, start)
            try:
                for piece in pieces:
                    exchange.outgoing.put(piece)
            finally:
                close = getattr(pieces, "close", None)
                if close is not None:
                    close()
        except LeftError:
            exchange.has_failed = True
        except Exception:  # noqa: BLE001 - logged where it was raised; the answer stops here
            exchange.has_failed = True
        finally:
            exchange.outgoing.end()


async def _in_thread(
    pool: ThreadPoolExecutor, function: Callable[[], _Result], leave: Callable[[], object]
) -> _Result:
    """Run a function in a thread; cancelled, this ends when the thread has, which is told."""
    job = pool.submit(function)
    try:
        return await asyncio.shield(asyncio.wrap_future(job))
    except asyncio.CancelledError:
        leave()
        if not job.cancel():
            await asyncio.wait([asyncio.wrap_future(job)])
        raise


def _stopping() -> refusals.RequestError:
    detail = "the service is stopping; send what has had no answer again"
    return refusals.RequestError(503, "stopping", detail)


def _gives_way() -> refusals.RequestError:
    detail = "other streams wait, and this one is slow; send what has had no answer again"
    return refusals.RequestError(503, "overloaded", detail)


def _too_slow() -> refusals.RequestError:
    return refusals.RequestError(408, "body_too_slow", "the body came too slowly; send it faster")


def _sends_away() -> Callable[[], object]:
    """Return what ends the request at work, without an answer."""
    return _current_task().cancel


def _current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None, "called outside of the loop"  # noqa: S101 - for the type checker
    return task


async def _feed(incoming: Incoming, receive: Receive, leave: Callable[[], object]) -> None:
    """Hand on a body as it comes; end the work when the client leaves."""
    while (message := await receive())["type"] != "http.disconnect":
        if message["body"]:
            await incoming.put(message["body"])
        if not message.get("more_body"):
            incoming.end()
    leave()


def _watched(receive: Receive | None, leave: Callable[[], object]) -> asyncio.Task[None]:
    """Watch, until this is cancelled, for the client to leave."""
    return asyncio.get_running_loop().create_task(_watch(receive, leave))


async def _watch(receive: Receive | None, leave: Callable[[], object]) -> None:
    """End the work when the client leaves; to receive anything may not be allowed."""
    if receive is None:
        return
    while (await receive())["type"] != "http.disconnect":
        pass
    leave()


def _start(exchange: _Exchange) -> dict[str, Any]:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1")) for name, value in exchange.headers
    ]
    return {"type": "http.response.start", "status": exchange.status, "headers": headers}


def _asked(scope: Scope) -> Asked:
    raw = scope["raw_path"]
    path = scope["path"]
    if not raw.startswith(b"/"):  # an absolute URL, `*`, or what CONNECT asks for
        path = _path_of(raw)
    path = path.partition("#")[0]
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return Asked(scope, path, headers, _operation(scope["method"], path))


def _path_of(raw: bytes) -> str:
    try:
        split = urlsplit(raw.decode("latin-1"))
    except ValueError:
        return "*"
    return split.path if split.netloc else raw.decode("latin-1")


def _operation(method: str, path: str) -> Operation | None:
    """Give the operation of a path that stands as it is in the table; HEAD is Flask's business."""
    return _BY_ROUTE.get((method, path))


def _most(operation: Operation | None) -> int:
    """Give how many bytes a body may have, for all that is known before it is read."""
    if operation is None:
        return LIMITS.rule_file
    return LIMITS.batch_body if operation.streams else LIMITS.body


def _asks_for_more(asked: Asked) -> bool:
    """Say whether a client asks, before it sends a body, to send one that is too large."""
    length = asked.headers.get("content-length", "")
    is_number = "expect" in asked.headers and length.isdecimal()
    return is_number and int(length) > _most(asked.operation)


def takes_little(body: bytes, headers: Mapping[str, str]) -> bool:
    """Say whether a text is tagged in so short a time that the loop can do it itself."""
    return (
        len(body) <= _SHORT
        and "content-encoding" not in headers
        and not any(mark in body for mark in _SLOW)
    )


def _environ(asked: Asked, body: object) -> dict[str, Any]:
    """Give the request as WSGI has it (PEP 3333)."""
    scope = asked.scope
    raw = scope["raw_path"].partition(b"#")[0]
    path = raw if raw.startswith(b"/") else asked.path.encode("latin-1", "replace")
    server = scope["server"] or ("", 0)
    client = scope["client"] or ("", 0)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "RAW_URI": raw.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].partition(b"#")[0].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": str(client[0]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        COUNTED: True,
    }
    for name, value in asked.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return environ
