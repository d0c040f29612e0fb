"""Granian as the server: its HTTP, written in Rust, in worker processes of gunicorn's master.

The master starts and ends workers as it does with the default server, so that shared
rules, reloading, draining, signals and exit codes are the same. Granian's own master is
not used: its workers listen on a socket each, and what waits there is lost when one of
them ends; it gives up when a worker dies twice in a few seconds; and on systems where
it spawns workers instead of forking them, they would not inherit the shared memory.

Granian has a deadline for heads only. The ones for bodies and readers are added here.
"""

import asyncio
import os
import select
import socket
from contextlib import suppress
from typing import Any, Final

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.net import SocketHolder
from granian.server.embed import Server
from gunicorn.workers.gasgi import ASGIWorker

from ruletag.edge.asgi import AsgiApp, Receive, Scope, Send
from ruletag.edge.connection import connection_limit

_TICK: Final = 0.25  # seconds between signs of life
_STEP: Final = 0.05  # seconds between looks at what is left when the end has begun
_LATE: Final = 0.2  # seconds for connections that were on their way when the end began
_QUIET: Final = 0.6  # seconds in which clients learn that their connection is about to close
_SHARE: Final = 0.9  # of the time to end in; then the master kills
MOST_HELD: Final = 64 * 1024  # bytes that Granian holds of what a client has not yet taken
# Logging is configured; Granian would configure it anew.
_LOGGING: Final[dict[str, Any]] = {"incremental": True, "handlers": {}, "loggers": {}}
_CLOSE: Final = (b"connection", b"close")
_GONE: Final = {"type": "http.disconnect"}


class Worker(ASGIWorker):  # type: ignore[misc] # gunicorn is not typed
    """The worker class to give to gunicorn: ``ruletag.edge.granian.Worker``."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **options)
        self.is_ending = False

    @classmethod
    def check_config(cls, cfg: object, log: object) -> None:
        """Accept any configuration: the application has a use for threads."""

    def handle_exit_signal(self) -> None:
        """End when everything is answered."""
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
        app = _App(self, self.asgi)
        most = connection_limit(self.cfg.worker_connections, self.log)
        engines = [_Engine(app, one.sock, self.cfg.backlog, most) for one in self.sockets]
        serving = asyncio.gather(*(engine.serve() for engine in engines))
        while not self.is_ending and self.ppid == os.getppid() and not serving.done():
            self.notify()
            if self.nr >= self.max_requests:
                self.log.info("Ending after %d requests", self.nr)
                self.is_ending = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), _TICK)
        if serving.done():
            await serving  # raises what ended it
        self.is_ending = True
        await self._end(engines, serving)

    # -------------------------------------------------------------------------- the end

    async def _end(self, engines: "list[_Engine]", serving: "asyncio.Future[Any]") -> None:
        """Take who is on the way, announce the end with each answer, and let work finish."""
        now = self.loop.time
        late = now() + _LATE
        deadline = now() + self.cfg.graceful_timeout * _SHARE
        while now() < deadline and (now() < late or self._is_anyone_waiting()):
            await self._pause()
        for engine in engines:
            engine.stop_listening()
        told = now() + _QUIET
        while now() < min(told, deadline):
            await self._pause()
        for engine in engines:
            engine.stop()
        while now() < deadline and not serving.done():
            await self._pause()
        self.alive = False

    async def _pause(self) -> None:
        if self._quick_shutdown:
            raise SystemExit(0)
        self.notify()
        self.asgi.end_idle_streams(_QUIET)
        await asyncio.sleep(_STEP)

    def _is_anyone_waiting(self) -> bool:
        """Whether a connection waits to be accepted."""
        waiting = select.poll()
        for one in self.sockets:
            waiting.register(one.sock.fileno(), select.POLLIN)
        return bool(waiting.poll(0))


class _Engine(Server):  # type: ignore[misc] # what types Granian has are incomplete
    """Granian within this process, on a port that is open already."""

    def __init__(self, app: "_App", listener: socket.socket, backlog: int, most: int) -> None:
        patience = int(app.client_timeout * 1000)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # the kernel's deadline for readers
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)
        self._listener = listener
        super().__init__(
            app,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=patience, max_buffer_size=MOST_HELD),
            websockets=False,
            backlog=backlog,
            backpressure=most,
            log_level=LogLevels.error,
            log_dictconfig=_LOGGING,
        )

    def _init_shared_socket(self) -> None:
        self._file = os.dup(self._listener.fileno())  # Granian's own, which it closes at its end
        self._shd = SocketHolder(self._file, False, self.backlog)  # noqa: FBT003 - no Unix socket

    def stop_listening(self) -> None:
        """Let nobody in from now on, and keep who is inside.

        Granian itself can only do both at once, and would close connections whose first
        request is on its way. So it gets a port to listen on that nobody knows.
        """
        self._listener.close()
        with socket.create_server(("127.0.0.1", 0)) as unknown:
            unknown.settimeout(0)
            os.dup2(unknown.fileno(), self._file, inheritable=False)


class _App:
    """The application as Granian calls it."""

    def __init__(self, worker: Worker, app: AsgiApp) -> None:
        self.client_timeout = app.client_timeout
        self._worker = worker
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["http_version"] == "1":
            scope["http_version"] = "1.0"
        self._worker.nr += 1
        exchange = _Exchange(scope, receive, send, self)
        try:
            await self._app(scope, exchange.receive, exchange.send)
            if exchange.is_body_missing:
                await exchange.refuse(400, b"the body broke off")
        except asyncio.CancelledError:
            await exchange.refuse(503, b"too much is waiting to be sent or received")

    @property
    def is_ending(self) -> bool:
        """Whether each answer is to be the last of its connection."""
        return self._worker.is_ending


class _Exchange:
    """One request and its answer, with the deadlines that Granian lacks."""

    __slots__ = ("_app", "_has_begun", "_is_over", "_missing", "_receive", "_send")

    def __init__(self, scope: Scope, receive: Receive, send: Send, app: _App) -> None:
        self._receive = receive
        self._send = send
        self._app = app
        self._missing = _length(scope)  # bytes of the body that have not come
        self._has_begun = False
        self._is_over = False

    async def receive(self) -> dict[str, Any]:
        """Wait for the next piece of the body, or until the client leaves."""
        if not self._missing:
            return await self._receive()
        try:
            async with asyncio.timeout(self._app.client_timeout):
                message = await self._receive()
        except TimeoutError:
            await self.refuse(408, b"the body was too slow")
            return _GONE
        if message["type"] == "http.request":
            self._missing -= len(message["body"])
            if not self._missing or not message["more_body"]:
                self._missing = 0
                message["more_body"] = False  # Granian says so one message later
        return message

    @property
    def is_body_missing(self) -> bool:
        """Whether not all of the body has come."""
        return self._missing > 0

    async def send(self, message: dict[str, Any]) -> None:
        """Send the head of the answer, or a piece of its body."""
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            self._has_begun = True
            if self._app.is_ending or self.is_body_missing:
                message["headers"].append(_CLOSE)
        elif len(message["body"]) > MOST_HELD:
            await self._send_in_pieces(message)
            return
        await self._send(message)

    async def _send_in_pieces(self, message: dict[str, Any]) -> None:
        """Send a long body no faster than it is taken; Granian would hold all of it."""
        body, has_more = message["body"], message.get("more_body", False)
        for start in range(0, len(body), MOST_HELD):
            end = start + MOST_HELD
            await self._send(
                {
                    "type": "http.response.body",
                    "body": body[start:end],
                    "more_body": has_more or end < len(body),
                }
            )

    async def refuse(self, status: int, reason: bytes) -> None:
        """Answer, unless that has begun, and close the connection."""
        if not self._has_begun:
            length = b"%d" % len(reason)
            headers = [(b"content-type", b"text/plain"), (b"content-length", length), _CLOSE]
            self._has_begun = True
            await self._send({"type": "http.response.start", "status": status, "headers": headers})
            await self._send({"type": "http.response.body", "body": reason})
        self._is_over = True


def _length(scope: Scope) -> float:
    """Return how many bytes a body has, as far as its head says."""
    length = 0.0
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            return float("inf")
    return length
