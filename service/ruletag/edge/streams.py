"""Bodies on their way between the event loop, which never waits, and a thread, which may.

Both directions hold a bounded amount: whoever is faster waits for the other.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from threading import Condition
from time import monotonic
from typing import Final

MOST_HELD: Final = 256 * 1024  # bytes in each direction
LEAST_RATE: Final = 500  # bytes a second; a body that comes more slowly keeps us waiting


class LeftError(OSError):
    """The client has left, or has sent a body that broke off."""


class Incoming:
    """A request's body: pieces put in by the loop, read by one thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pieces = bytearray()
        self._changed = Condition()
        self._room = asyncio.Event()
        self._has_ended = False
        self._has_left = False
        self._fault: Exception | None = None
        self._heard = self.waiting_since = monotonic()  # the latter is moved on by what comes

    async def put(self, piece: bytes) -> None:
        """Add a piece; wait while too much is held."""
        with self._changed:
            self._pieces += piece
            self._heard = monotonic()
            self.waiting_since = min(self._heard, self.waiting_since + len(piece) / LEAST_RATE)
            if len(self._pieces) > MOST_HELD:
                self._room.clear()
            else:
                self._room.set()
            self._changed.notify()
        await self._room.wait()

    def end(self) -> None:
        """Say that all of the body is here."""
        with self._changed:
            self._has_ended = True
            self._changed.notify()

    def end_if_idle(self, seconds: float, fault: Exception) -> None:
        """Wait for no more if nothing has come for so long: reading then raises this."""
        with self._changed:
            if not self._pieces and monotonic() - self._heard > seconds:
                self.fail(fault)

    def fail(self, fault: Exception) -> None:
        """Wait for no more: reading raises this."""
        with self._changed:
            self._fault = fault
            self._changed.notify()

    def leave(self) -> None:
        """Say that the rest will not come: reading it raises `LeftError`."""
        with self._changed:
            self._has_left = True
            self._changed.notify()
        self._room.set()

    def read(self, size: int = -1) -> bytes:
        """Read what is here, at most so many bytes; waits for the first; none at the end."""
        with self._changed:
            self._wait_for(lambda: bool(self._pieces))
            return self._taken(len(self._pieces) if size < 0 else min(size, len(self._pieces)))

    def readline(self, size: int = -1) -> bytes:
        """Read up to and with the next line feed, or so many bytes."""
        line = bytearray()
        while size < 0 or len(line) < size:
            with self._changed:
                self._wait_for(lambda: bool(self._pieces))
                most = len(self._pieces) if size < 0 else size - len(line)
                at = self._pieces.find(b"\n", 0, most)
                piece = self._taken(at + 1 if at >= 0 else min(most, len(self._pieces)))
            line += piece
            if at >= 0 or not piece:
                break
        return bytes(line)

    def _wait_for(self, is_there: Callable[[], bool]) -> None:
        self._changed.wait_for(
            lambda: is_there() or self._has_ended or self._has_left or self._fault
        )
        if self._has_left:
            raise LeftError
        if self._fault is not None and not self._has_ended:
            raise self._fault

    def _taken(self, size: int) -> bytes:
        taken = bytes(self._pieces[:size])
        del self._pieces[:size]
        if not self._room.is_set() and len(self._pieces) <= MOST_HELD // 2:
            self._loop.call_soon_threadsafe(self._room.set)
        return taken


class Outgoing:
    """An answer's body: pieces put in by one thread, taken out by the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._changed = Condition()
        self._there = asyncio.Event()
        self._is_told = False
        self._has_ended = False
        self._has_left = False

    def is_left(self) -> bool:
        """Whether nobody takes anything any more."""
        return self._has_left

    def put(self, piece: bytes) -> None:
        """Add a piece; wait while too much is held. Raises `LeftError`."""
        with self._changed:
            self._changed.wait_for(lambda: self._held <= MOST_HELD or self._has_left)
            if self._has_left:
                raise LeftError
            self._pieces.append(piece)
            self._held += len(piece)
            self._tell()

    def end(self) -> None:
        """Say that nothing more will come."""
        with self._changed:
            self._has_ended = True
            self._tell()

    def leave(self) -> None:
        """Say that nobody takes anything any more."""
        with self._changed:
            self._has_left = True
            self._changed.notify()

    def _tell(self) -> None:
        if not self._is_told:
            self._is_told = True
            self._loop.call_soon_threadsafe(self._there.set)

    async def take(self) -> tuple[bytes, bool]:
        """Wait for what comes, and give all of it at once; and whether more can come."""
        await self._there.wait()
        with self._changed:
            self._there.clear()
            self._is_told = False
            pieces = b"".join(self._pieces)
            self._pieces.clear()
            self._held = 0
            self._changed.notify()
            return pieces, not self._has_ended


class Room:
    """How many bytes of bodies may wait in memory, over all connections.

    When there are more, the one that holds most is sent away: never a small
    request, however many large ones dawdle.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._total = 0
        self._held: dict[object, tuple[int, Callable[[], object]]] = {}

    def take(self, holder: object, size: int, send_away: Callable[[], object]) -> None:
        """Count bytes that a holder holds more."""
        held = self._held.get(holder, (0, send_away))[0]
        self._held[holder] = held + size, send_away
        self._total += size
        while self._total > self._most:
            largest = max(self._held, key=lambda known: self._held[known][0])
            leave = self._held[largest][1]
            self.free(largest)
            leave()

    def free(self, holder: object) -> None:
        """Count nothing more for a holder."""
        self._total -= self._held.pop(holder, (0, None))[0]
