"""One connection of gunicorn's ASGI worker, with the deadlines that it lacks.

No client may hold the service up: a head, the next piece of a body and the taking of
an answer each have their deadline.
"""

import asyncio
import re
import resource
import select
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from gunicorn.asgi.parser import (
    InvalidChunkSize,
    InvalidHeader,
    LimitRequestHeaders,
    PythonProtocol,
)
from gunicorn.asgi.protocol import _REASON_PHRASES, ASGIProtocol, BodyReceiver

from ruletag.edge.streams import LEAST_RATE

# Bytes read at once. What is little to send can be much to do: a head, requests that
# follow one another, chunks of one byte. The rest waits in the kernel, and other
# connections get their turn. gunicorn and asyncio would read 256 KiB.
_READ: Final = 4 * 1024
_READ_OF_BODY: Final = 256 * 1024
_MOST_FOLLOWING: Final = 4 * 1024  # bytes of further requests; above it nothing more is read
_MOST_UNSENT: Final = 16 * 1024  # bytes of answers; above it no further request is begun
_MOST_HEAD: Final = 32 * 1024  # bytes of all headers together
_MOST_OVERHEAD: Final = 1 * 1024  # bytes of chunk framing beyond what the data makes up for
_BYTES_FOR_ONE: Final = 4  # bytes of data that make up for one of framing
_LINE_ENDS: Final = 4  # bytes of framing of a chunk besides its size: two line ends
# As gunicorn's parser has it, which looks at each byte in Python.
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NOT_IN_VALUES: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_SPARE_FILES: Final = 32  # file descriptors left for rules, logs and compilers
_FEWEST: Final = 8  # connections, however few files may be open
QUIET: Final = 0.6  # seconds without a byte, after which an ending worker closes a connection
_LINGER: Final = 2.0  # seconds in which what a refused client still sends is thrown away

for _status in HTTPStatus:  # gunicorn's table lacks some
    _REASON_PHRASES.setdefault(_status.value, _status.phrase)


class Parser(PythonProtocol):  # type: ignore[misc] # gunicorn is not typed
    """gunicorn's parser with bounds on what surrounds a body, and as strict about trailers."""

    __slots__ = ("_head_size", "_overhead")

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(**options)
        self._head_size = self._overhead = 0

    def reset(self) -> None:
        """Prepare for the next request."""
        super().reset()
        self._head_size = self._overhead = 0

    def release(self) -> None:
        """Let go of the connection and of all that was read."""
        self.reset()
        for callback in ("_on_headers_complete", "_on_body", "_on_message_complete"):
            setattr(self, callback, None)

    @property
    def following(self) -> int:
        """How many bytes have arrived behind a complete request."""
        return len(self._buffer) if self.is_complete else 0

    @property
    def read_size(self) -> int:
        """How many bytes to read next: few, unless they belong to one piece of a body."""
        wanted: int = max(self._body_remaining, self._chunk_remaining)
        return max(_READ, min(wanted, _READ_OF_BODY))

    def _find_line(self, *args: Any) -> Any:  # noqa: ANN401 - passed on
        end = super()._find_line(*args)
        if end < 0:
            return end
        if self._state == "headers":
            self._head_size += end
            if self._head_size > _MOST_HEAD:
                raise LimitRequestHeaders("Request headers are too large")
        elif self._state == "chunked":
            self._check_chunks(end)
        return end

    def _is_valid_token(self, data: bytes) -> bool:
        return _TOKEN.fullmatch(data) is not None

    def _has_invalid_header_chars(self, value: bytes) -> bool:
        return _NOT_IN_VALUES.search(value) is not None

    def _check_chunks(self, end: int) -> None:
        """Check the line of a chunked body that ends there: a chunk's size, or a trailer."""
        if self._chunk_state == "trailer":
            name, colon, value = bytes(self._buffer[:end]).partition(b":")
            is_field = colon and self._is_valid_token(name)
            if end and (not is_field or self._has_invalid_header_chars(value)):
                raise InvalidHeader("Invalid trailer field")
            return
        # As Go's server does it, but stricter: a chunk costs more to read in Python.
        paid = self._chunk_size // _BYTES_FOR_ONE  # by the chunk before
        self._overhead = max(0, self._overhead + end + _LINE_ENDS - paid)
        if self._overhead > _MOST_OVERHEAD:
            raise InvalidChunkSize("Too much framing for so small a body")


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

    def __init__(self, worker: Any) -> None:  # noqa: ANN401 - `Worker`, which imports this module
        super().__init__(worker)
        self._closed: bool
        self._body_receiver: Any
        self._clock = worker.loop.time
        now = self._clock()
        self._head_since: float | None = now
        self._idle_since: float | None = None
        self._body_since: float = now  # moved on by the time that what has come may take
        self._heard = now
        self._has_spoken = False
        self._unsent = 0
        self._unsent_since: float = now
        self._lingers_since: float | None = None
        self._is_answering = False
        self._judged: object = None  # the request about which it has been decided:
        self._closes = False  # whether its answer is the last on this connection
        self._is_half_closed = False
        self._was_probed = False
        self._is_arriving = False  # data is being read that has just come
        self._is_pipelined = False  # the request had come before the last one was answered

    # ------------------------------------------------------------------ what comes in

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as asyncio has it
        """Take note of the connection."""
        self.worker.connections.add(self)
        super().connection_made(transport)
        transport.max_size = _READ
        transport.set_write_buffer_limits(high=_MOST_UNSENT)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self.worker.connections.discard(self)
        super().connection_lost(exc)
        if self._flow_control is not None:
            self._flow_control.resume_writing()  # nobody is waited for any more
        if self._request_ready is not None:
            self._request_ready.set()  # else its task waits for three seconds
        # Else all that it holds would stay until the next search for cyclic garbage.
        self._callback_parser.release()
        self._body_receiver = None

    def data_received(self, data: bytes) -> None:
        """Read what came, unless it is no longer wanted."""
        if self._lingers_since is not None or self._closed:
            return
        self._is_arriving = True
        super().data_received(data)
        self._is_arriving = False
        self.transport.max_size = self._callback_parser.read_size
        if self._callback_parser.following >= _MOST_FOLLOWING:
            self._pause_reading()

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
            goes_on = bool(super()._feed_callback_parser(data))
        except ValueError:  # a Content-Length of more digits than Python reads
            self._refuse(400, "the request is malformed")
            return False
        if goes_on and not self._callback_parser.is_complete:
            self._maybe_resume_reading()  # nobody else would, before the rest is here
        return goes_on

    def _setup_callback_parser(self) -> None:
        self._callback_parser = Parser(
            on_headers_complete=self._on_headers_complete,
            on_body=self._on_body,
            on_message_complete=self._on_message_complete,
            limit_request_line=self.cfg.limit_request_line,
            limit_request_fields=self.cfg.limit_request_fields,
            limit_request_field_size=self.cfg.limit_request_field_size,
        )

    def _http1_buffered(self) -> int:
        return int(super()._http1_buffered()) + self._callback_parser.following

    def _on_headers_complete(self) -> bool:
        super()._on_headers_complete()
        self._body_receiver = _Body(self._current_request, self)
        self._head_since = self._idle_since = None
        self._body_since = self._heard
        self._is_pipelined = not self._is_arriving
        for name, value in self._current_request.headers_bytes:
            if name == b"expect" and value.lower() != b"100-continue":
                self._refuse(417, "the only expectation met is 100-continue")
        return False

    def _on_body(self, chunk: bytes) -> None:
        self._body_since = min(self._heard, self._body_since + len(chunk) / LEAST_RATE)
        super()._on_body(chunk)

    def _is_websocket_upgrade(self, request: object) -> bool:
        del request
        return False

    def _resume_reading(self) -> None:
        self._heard = self._clock()
        # gunicorn asks after each request, however many others wait behind it.
        if self._callback_parser.following < _MOST_FOLLOWING:
            super()._resume_reading()

    async def _serve_http_request(self, *args: Any) -> Any:  # noqa: ANN401 - passed on
        if self._is_pipelined:
            await self.worker.turn()
        return await super()._serve_http_request(*args)

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
                or (self._is_half_closed and not self._callback_parser.following)
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

    @property
    def waiting_since(self) -> float | None:
        """The time since which the client has kept us waiting; None while we are at work."""
        for since in (self._lingers_since, self._head_since, self._idle_since):
            if since is not None:
                return since
        if self._is_body_missing():
            return self._body_since
        return self._unsent_since if self._unsent else None

    def check(self, now: float) -> None:
        """End the connection if a deadline has passed."""
        patience = self.worker.client_timeout
        if self._has_lingered(now) or self._is_stalled(now, patience):
            self.transport.abort()
        elif self._closed:
            pass
        elif self._is_half_closed:
            self._probe()
        elif _has_passed(self._head_since, now, patience):
            self._end_head()
        elif _has_passed(self._idle_since, now, self._keepalive):
            self._end_idle()
        elif self._is_body_missing() and _has_passed(self._heard, now, patience):
            self._end_body()

    def _probe(self) -> None:
        """Find out whether a client that sends no more still reads; if not, end its work.

        TCP tells one that has closed its side from one that has left only when something
        is sent to it. An interim answer does no harm: clients skip it (RFC 9110, 15.2).
        """
        request = self._current_request
        if self._was_probed:
            socket = select.poll()
            socket.register(self.transport.get_extra_info("socket").fileno(), 0)
            if socket.poll(0):  # reset
                self.transport.abort()
        elif request is not None and request.version > (1, 0) and not self._is_answering:
            self._was_probed = True
            self._safe_write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def leave(self, now: float) -> None:
        """Close the connection if nothing has come for a while, and nothing is at work."""
        waits = self._head_since is not None or self._idle_since is not None
        since = max(self._heard, self._idle_since or 0.0)
        if waits and not self._closed and now - since > QUIET:
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


def _has_passed(since: float | None, now: float, seconds: float) -> bool:
    return since is not None and now - since > seconds


def connection_limit(most: int, log: Any) -> int:  # noqa: ANN401 - gunicorn's
    """Return how many connections there is room for: as set, or as files allow."""
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    open_files = sum(1 for _ in Path("/dev/fd").iterdir())
    limit = max(_FEWEST, min(most, files - open_files - _SPARE_FILES))
    if limit < most:
        log.warning("Only %d connections at once, since at most %d files may be open", limit, files)
    return limit
