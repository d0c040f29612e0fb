"""gunicorn's ASGI worker with what it lacks: a bound on connections, and a clean end.

No request is lost when a worker ends: it takes what waits in the listen queue, answers
with ``Connection: close``, and closes only connections on which nothing has come for a
moment.

Built on the inside of one version of gunicorn; the version is pinned, and
``tests/edge/`` holds the rest. Neither HTTP/2 nor websockets nor the lifespan protocol:
nothing here needs them.
"""

import asyncio
import errno
import heapq
import os
import socket
import sys
from collections import deque
from contextlib import suppress
from typing import Any, Final

from gunicorn.workers.gasgi import ASGIWorker

from ruletag.edge.connection import QUIET, Connection, connection_limit

_TICK: Final = 0.25  # seconds between looks at all connections
_LATE: Final = 0.2  # seconds for connections that were on their way when the end began
_SHARE: Final = 0.9  # of the time to end in; then the master kills
_AT_ONCE: Final = 16  # connections accepted before those that are there are looked at
# A newcomer needs some six turns of the loop to be answered, and must not be the one
# that has waited longest by then.
_SHARE_AT_ONCE: Final = 16
_TURNS: Final = 4  # pipelined requests that are begun in one turn of the loop
_MOST_GIVE_WAY: Final = 32  # connections closed at once to make room, as in nginx
_OUT_OF_FILES: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Worker(ASGIWorker):  # type: ignore[misc] # gunicorn is not typed
    """The worker class to give to gunicorn: ``ruletag.edge.worker.Worker``."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*args, **options)
        self.connections: set[Connection] = set()
        self.is_ending = False
        self.client_timeout = 15.0
        # gunicorn's own count closes connections that were not told so.
        self._most_requests: int = self.max_requests
        self.max_requests: int = sys.maxsize
        self._arriving: set[asyncio.Task[Any]] = set()
        self._turns: deque[asyncio.Future[None]] = deque()
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
        self._limit = connection_limit(self.cfg.worker_connections, self.log)
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

    async def turn(self) -> None:
        """Wait until only a few others go on in the same turn of the loop.

        For requests that were sent before the last one was answered: many clients that
        do so must not come between the steps of every other request.
        """
        turn = self.loop.create_future()
        if not self._turns:
            self.loop.call_soon(self._give_turns)
        self._turns.append(turn)
        await turn

    def _give_turns(self) -> None:
        for _ in range(min(_TURNS, len(self._turns))):
            turn = self._turns.popleft()
            if not turn.done():  # else its connection is gone
                turn.set_result(None)
        if self._turns:
            self.loop.call_soon(self._give_turns)

    # ------------------------------------------------------------------- connections

    def _listen(self) -> None:
        self._is_full = False
        for listener in self.sockets:
            listener.sock.settimeout(0)
            self.loop.add_reader(listener.sock.fileno(), self._accept_some, listener.sock)

    def _stop_listening(self) -> None:
        for listener in self.sockets if self._is_open else ():
            self.loop.remove_reader(listener.sock.fileno())

    def _pause_listening(self) -> None:
        """Accept nothing until the next look at all connections."""
        self._stop_listening()
        self._is_full = True

    def _accept_some(self, listener: socket.socket) -> None:
        """Accept what has come, but leave something to other workers."""
        at_once = min(_AT_ONCE, self._limit // _SHARE_AT_ONCE) if self.cfg.workers == 1 else 1
        for _ in range(max(1, at_once)):
            if not self._accept(listener):
                break

    def _accept(self, listener: socket.socket) -> bool:
        """Accept one connection; return whether there was one."""
        is_full = len(self.connections) + len(self._arriving) >= self._limit
        if is_full and not self._make_room():
            self._pause_listening()
            return False
        try:
            accepted, _ = listener.accept()
        except OSError as error:
            if error.errno in _OUT_OF_FILES:
                self.log.warning("No connection can be accepted: %s", error.strerror)
                self._make_room()
                self._pause_listening()
            return False
        accepted.settimeout(0)
        arriving = self.loop.create_task(
            self.loop.connect_accepted_socket(lambda: Connection(self), accepted)
        )
        self._arriving.add(arriving)
        arriving.add_done_callback(self._arriving.discard)
        return True

    def _make_room(self) -> bool:
        """Close the connections that have kept us waiting longest; return whether any have."""
        waiting = [
            (since, id(connection), connection)
            for connection in self.connections
            if (since := connection.waiting_since) is not None
        ]
        count = max(1, min(_MOST_GIVE_WAY, len(waiting) // 8))
        for _, _, connection in heapq.nsmallest(count, waiting):
            self.connections.discard(connection)
            connection.abort()
        return bool(waiting)

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
        self.asgi.end_idle_streams(QUIET)

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
