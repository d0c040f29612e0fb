"""gunicorn's ASGI worker with what it lacks: deadlines, a bound on connections, a clean end.

No client may hold the service up: a head, the next piece of a body and the taking of
an answer each have their deadline. No request is lost when a worker ends: it takes
what waits in the listen queue, answers with ``Connection: close``, and closes only
connections on which nothing has come for a moment.

Built on the inside of one version of gunicorn; the version is pinned, and
``tests/serving/test_slow_clients.py`` and ``tests/http/test_raw.py`` hold the rest.
Neither HTTP/2 nor websockets nor the lifespan protocol: nothing here needs them.
"""

import asyncio
import errno
import os
import resource
import select
import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

from gunicorn.asgi.parser import (
    InvalidHeader,
    PythonProtocol,
)
from gunicorn.asgi.protocol import _REASON_PHRASES, ASGIProtocol, BodyReceiver
from gunicorn.workers.gasgi import ASGIWorker

_TICK: Final = 0.25  # seconds between looks at all connections
_QUIET: Final = 0.6  # seconds without a byte, after which an ending worker closes a connection
_LATE: Final = 0.2  # seconds for connections that were on their way when the end began
_SHARE: Final = 0.9  # of the time to end in; then the master kills
_LINGER: Final = 2.0  # seconds in which what a refused client still sends is thrown away
_AT_ONCE: Final = 16  # connections accepted before those that are there are looked at
_SPARE_FILES: Final = 100  # file descriptors kept for everything but connections
_OUT_OF_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

for _status in HTTPStatus:  # gunicorn's table lacks some
    _REASON_PHRASES.setdefault(_status.value, _status.phrase)


class _Parser(PythonProtocol):  # type: ignore[misc] # gunicorn is not typed
    """gunicorn's parser, as strict about trailers as its threaded worker is."""

    __slots__ = ()

    def _find_line(self, *args: Any) -> Any:  # noqa: ANN401 - passed on
        end = super()._find_line(*args)
        in_trailer = self._state == "chunked" and self._chunk_state == "trailer"
        if in_trailer and end > 0 and self._buffer.find(b":", 0, end) < 1:
            raise InvalidHeader("a trailer is no header")
        return end


class _Body(BodyReceiver):  # type: ignore[misc] # gunicorn is not typed
    """gunicorn's body without a deadline of its own: `Connection.check` has the one that is set."""

    _waiter: asyncio.Future[None] | None

    async def _wait_for_data(self) -> None:
        if self._chunks or self._complete or self._disconnected:
            return
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None


class Connection(ASGIProtocol):  # type: ignore[misc] # gunicorn is not typed
    """One connection, with its deadlines."""

    def __init__(self, worker: "Worker") -> None:
        super().__init__(worker)
        self._closed: bool
        self._body_receiver: Any
        self._clock = worker.loop.time
        now = self._clock()
        self._head_since: float | None = now
        self._idle_since: float | None = None
        self._heard = now
        self._has_spoken = False
        self._unsent = 0
        self._unsent_since = now
        self._lingers_since: float | None = None
        self._is_answering = False
        self._judged: object = None  # the request about which it has been decided:
        self._closes = False  # whether its answer is the last on this connection
        self._is_half_closed = False

    # ------------------------------------------------------------------ what comes in

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as asyncio has it
        """Take note of the connection."""
        self.worker.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.worker.connections.discard(self)
        super().connection_lost(exc)
        if self._flow_control is not None:
            self._flow_control.resume_writing()  # nobody is waited for any more
        if self._request_ready is not None:
            self._request_ready.set()  # else its task waits for three seconds

    def data_received(self, data: bytes) -> None:
        """Read what came, unless it is no longer wanted."""
        if self._lingers_since is None and not self._closed:
            super().data_received(data)

    def eof_received(self) -> bool:
        """Go on answering a client that has sent all it wanted to send."""
        self._is_half_closed = True
        if self._current_request is None or self._lingers_since is not None:
            return False
        if self._is_body_missing():
            self._body_receiver.signal_disconnect()
            self._refuse(400, "the body broke off")
        return True

    def _feed_callback_parser(self, data: bytes) -> bool:
        self._heard = self._clock()
        if self._current_request is None and self._head_since is None:
            self._head_since = self._heard
            self._is_answering = False
        self._has_spoken = True
        try:
            return bool(super()._feed_callback_parser(data))
        except ValueError:  # a Content-Length of more digits than Python reads
            self._refuse(400, "the request is malformed")
            return False

    def _setup_callback_parser(self) -> None:
        super()._setup_callback_parser()
        if self._callback_parser.__class__ is PythonProtocol:
            self._callback_parser.__class__ = _Parser

    def _http1_buffered(self) -> int:
        return int(super()._http1_buffered()) + self._following()

    def _following(self) -> int:
        """Give how many bytes of further requests have come behind this one."""
        parser = self._callback_parser
        is_ours = parser.__class__ is _Parser and parser.is_complete
        return len(parser._buffer) if is_ours else 0  # noqa: SLF001

    def _on_headers_complete(self) -> bool:
        super()._on_headers_complete()
        self._body_receiver = _Body(self._current_request, self)
        self._head_since = self._idle_since = None
        for name, value in self._current_request.headers_bytes:
            if name == b"expect" and value.lower() != b"100-continue":
                self._refuse(417, "the only expectation met is 100-continue")
        return False

    def _is_websocket_upgrade(self, request: object) -> bool:
        del request
        return False

    def _resume_reading(self) -> None:
        self._heard = self._clock()
        super()._resume_reading()

    # ------------------------------------------------------------------ what goes out

    def _send_response_start(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        self._is_answering = True
        super()._send_response_start(*args, **options)

    def _send_error_response(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        if not self._is_answering:  # else it would stand in the middle of an answer
            super()._send_error_response(*args, **options)

    def _will_close(self, request: Any, response_requires_close: bool) -> bool:  # noqa: ANN401, FBT001 - as gunicorn has it
        # Asked before the answer and after it: what was announced is what is done.
        if self._judged is not request:
            self._judged = request
            self._closes = (
                self.worker.is_ending
                or (self._is_half_closed and not self._following())
                or self._is_body_missing()
                or bool(super()._will_close(request, response_requires_close))
            )
        return self._closes

    def _is_body_missing(self) -> bool:
        receiver = self._body_receiver
        return receiver is not None and not receiver._complete  # noqa: SLF001

    # -------------------------------------------------------------------------- the end

    def _refuse(self, status: int, message: str) -> None:
        self._send_error_response(status, message)
        self._close_transport()

    def _close_transport(self) -> None:
        """Close; where the client may still be sending, let it read the answer first.

        A connection closed with bytes unread is reset, and an answer on its way lost.
        """
        if self._closed or self.transport is None:
            return
        whole = self._head_since is None and not self._is_body_missing()
        if whole or self._is_half_closed or not self._has_spoken:
            self._end()
            return
        self._closed = True
        self._lingers_since = self._clock()
        try:
            self.transport.write_eof()
        except (OSError, RuntimeError):
            self.transport.abort()
        self._resume_reading()
        self._request_ready.set()

    def _arm_keepalive_timer(self) -> None:
        self._idle_since = self._clock()
        if self._is_half_closed:
            self._end()  # nothing more can come

    def _cancel_keepalive_timer(self) -> None:
        self._idle_since = None

    def check(self, now: float) -> None:
        """End the connection if a deadline has passed."""
        patience = self.worker.client_timeout
        if self._has_lingered(now) or self._is_stalled(now, patience):
            self.transport.abort()
        elif self._closed:
            pass
        elif _has_passed(self._head_since, now, patience):
            self._end_head()
        elif _has_passed(self._idle_since, now, self._keepalive):
            self._end_idle()
        elif self._is_body_missing() and _has_passed(self._heard, now, patience):
            self._end_body()

    def leave(self, now: float) -> None:
        """Close the connection if nothing has come for a while, and nothing is at work."""
        waits = self._head_since is not None or self._idle_since is not None
        since = max(self._heard, self._idle_since or 0.0)
        if waits and not self._closed and now - since > _QUIET:
            self._end_idle()

    def abort(self) -> None:
        """End the connection at once."""
        self.transport.abort()

    def _is_stalled(self, now: float, patience: float) -> bool:
        """Say whether an answer waits of which nothing has been taken for too long."""
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
            return False
        return bool(now - self._unsent_since > patience)

    def _has_lingered(self, now: float) -> bool:
        return _has_passed(self._lingers_since, now, _LINGER)

    def _end_body(self) -> None:
        if not self._reading_paused:
            self._body_receiver.signal_disconnect()
            self._refuse(408, "the body was too slow")

    def _end_head(self) -> None:
        if self._has_spoken:
            self._refuse(408, "the head was too slow")
        else:
            self._end()

    def _end_idle(self) -> None:
        """Close, unless a request has just come."""
        waiting = select.poll()
        waiting.register(self.transport.get_extra_info("socket").fileno(), select.POLLIN)
        if not waiting.poll(0):
            self._end()

    def _end(self) -> None:
        self._closed = True
        self.transport.close()  # what is still to be sent is sent first
        self._request_ready.set()


class Worker(ASGIWorker):  # type: ignore[misc] # gunicorn is not typed
    """The worker class to give to gunicorn: ``ruletag.worker.Worker``."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **options)
        self.connections: set[Connection] = set()
        self.is_ending = False
        self.client_timeout = 15.0
        # gunicorn's own count closes connections that were not told so.
        self._most_requests: int = self.max_requests
        self.max_requests: int = sys.maxsize
        self._arriving: set[asyncio.Task[Any]] = set()
        self._is_full = False
        self._is_open = True

    @classmethod
    def check_config(cls, cfg: object, log: object) -> None:
        """Find nothing wrong: threads have a use here."""

    def handle_exit_signal(self) -> None:
        """End when all is answered."""
        self.is_ending = True
        self._wake.set()

    def handle_quit_signal(self) -> None:
        """End now."""
        super().handle_quit_signal()
        self.is_ending = True
        self._wake.set()

    def init_process(self) -> None:
        """Begin; the base class goes on until the end."""
        self._wake = asyncio.Event()
        super().init_process()

    async def _serve(self) -> None:
        self.client_timeout = self.asgi.client_timeout
        self._limit = _connection_limit(self.cfg.worker_connections)
        self._listen()
        while not self.is_ending and self.ppid == os.getppid():
            self.notify()
            self._look()
            await self._sleep(_TICK)
        self.is_ending = True
        await self._end()

    async def _sleep(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)

    def _look(self) -> None:
        """Look after every connection, and whether it is time to end."""
        now = self.loop.time()
        for connection in list(self.connections):
            connection.check(now)
        if self._is_full and len(self.connections) < self._limit:
            self._listen()
        if self.nr >= self._most_requests and not self.is_ending:
            self.log.info("Ending after %d requests", self.nr)
            self.handle_exit_signal()

    # ------------------------------------------------------------------- connections

    def _listen(self) -> None:
        self._is_full = False
        for listener in self.sockets:
            listener.sock.settimeout(0)
            self.loop.add_reader(listener.sock.fileno(), self._accept_some, listener.sock)

    def _stop_listening(self) -> None:
        for listener in self.sockets if self._is_open else ():
            self.loop.remove_reader(listener.sock.fileno())

    def _accept_some(self, listener: socket.socket) -> None:
        """Accept what has come, but leave something to other workers."""
        for _ in range(_AT_ONCE if self.cfg.workers == 1 else 1):
            if not self._accept(listener):
                break

    def _accept(self, listener: socket.socket) -> bool:
        """Accept one connection; say whether there was one."""
        if len(self.connections) + len(self._arriving) >= self._limit:
            self._stop_listening()
            self._is_full = True
            return False
        try:
            accepted, _ = listener.accept()
        except OSError as error:
            if error.errno in _OUT_OF_FILES:
                self.log.warning("No connection can be accepted: %s", error.strerror)
                self._stop_listening()
                self._is_full = True
            return False
        accepted.settimeout(0)
        arriving = self.loop.create_task(
            self.loop.connect_accepted_socket(lambda: Connection(self), accepted)
        )
        self._arriving.add(arriving)
        arriving.add_done_callback(self._arriving.discard)
        return True

    # -------------------------------------------------------------------------- the end

    async def _end(self) -> None:
        """Take who is on the way, let what is at work finish, and close everything."""
        self._wake.clear()
        late = self.loop.time() + _LATE
        deadline = self.loop.time() + self.cfg.graceful_timeout * _SHARE
        while not self._quick_shutdown and self._has_work() and self.loop.time() < deadline:
            self.notify()
            self._let_go()
            self._look()
            if self._is_open and self.loop.time() > late:
                self._take_the_last()
            await self._sleep(0.05)
        self._close_port()
        for connection in list(self.connections):
            connection.abort()
        self.alive = False

    def _let_go(self) -> None:
        """End what is idle."""
        now = self.loop.time()
        for connection in list(self.connections):
            connection.leave(now)
        self.asgi.end_idle_streams(_QUIET)

    def _take_the_last(self) -> None:
        """Close the port when nobody waits there: who does would be turned away without a word."""
        for listener in self.sockets:
            while self._accept(listener.sock):
                pass
        if not self._is_full:
            self._close_port()

    def _close_port(self) -> None:
        self._stop_listening()
        for listener in self.sockets:
            listener.close()
        self._is_open = False

    def _has_work(self) -> bool:
        return bool(self._is_open or self.connections or self._arriving)


def _has_passed(since: float | None, now: float, seconds: float) -> bool:
    return since is not None and now - since > seconds


def _connection_limit(most: int) -> int:
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(1, min(most, files - _SPARE_FILES))
