"""Lines on their way out, so that whoever writes one never waits for whoever reads them.

A line is put into a bounded queue; a thread of its own writes what has gathered.
Where standard output is closed, or a reader or a disk is slow, the queue fills:
then the oldest ordinary lines make room, errors and warnings last of all. What was
dropped is counted, and told in one line as soon as lines get through again.
"""

import atexit
import errno
import fcntl
import os
import select
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

_GATHERING: Final = 0.02  # seconds; many lines then cost one turn of the thread and one write
_AT_ONCE: Final = 64 * 1024  # bytes
_PATIENCE: Final = 0.5  # seconds for what is left when the process ends
_ROOM: Final = 1024 * 1024  # bytes
_BOOKKEEPING: Final = 128  # bytes that a line takes beside its own

_Entry = tuple[int, bytes]  # its number, so that two queues can be put in one order again


class Sink(Protocol):
    """Where lines end up."""

    def write(self, content: bytes) -> None:
        """Write whole lines; may wait. Raises `OSError` where that cannot be done."""

    def after_fork(self) -> None:
        """Begin anew in a process that was forked off."""


class Descriptor:
    """A sink that is open already, as standard output is, or not at all.

    Others may write there, too.
    """

    def __init__(self, number: int | None) -> None:
        self._number = number
        self._turn = threading.Lock()
        self._broke_off = False

    def write(self, content: bytes) -> None:
        """Write whole lines; waits as long as it takes."""
        if self._number is None:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        with self._turn, _locked(self._number):
            # A line that a full disk cut short is ended first.
            whole = b"\n" + content if self._broke_off else content
            left = memoryview(whole)
            try:
                while left:
                    left = self._some_of(left)
            finally:
                written = len(whole) - len(left)
                if written:
                    self._broke_off = not whole.endswith(b"\n", 0, written)

    def _some_of(self, left: memoryview) -> memoryview:
        """Write what there is room for, after a while; give the rest."""
        assert self._number is not None  # noqa: S101 - for the type checker
        try:
            return left[os.write(self._number, left) :]
        except BlockingIOError:
            select.select([], [self._number], [], 1)
            return left

    def after_fork(self) -> None:
        """Begin anew in a process that was forked off."""
        self._turn = threading.Lock()


@contextmanager
def _locked(number: int) -> Iterator[None]:
    """Keep lines of other workers from getting into the middle of long ones."""
    try:
        fcntl.lockf(number, fcntl.LOCK_EX)
    except OSError:  # not every kind of file can be locked
        yield
        return
    try:
        yield
    finally:
        fcntl.lockf(number, fcntl.LOCK_UN)


def _tell_nobody(count: int) -> None:
    del count


class Lines:
    """A bounded queue of lines, and the thread that writes them.

    ``note`` makes the line which tells how many were dropped; ``dropped`` is called
    with how many each time some are. Both may be set later.
    """

    def __init__(self, sink: Sink, room: int = _ROOM) -> None:
        self.note: Callable[[int], bytes] | None = None
        self.dropped: Callable[[int], None] = _tell_nobody
        self._sink = sink
        self._room = room
        self._begin()
        _all.add(self)

    def _begin(self) -> None:
        # A signal may come, and be logged, while a line is being put here.
        self._lock = threading.RLock()
        self._ordinary: deque[_Entry] = deque()
        self._important: deque[_Entry] = deque()
        self._size = 0
        self._next = 0
        self._untold = 0
        self._is_busy = False
        self._work = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, line: bytes, *, important: bool = False) -> None:
        """Have a line written, soon. Never waits, never raises."""
        with self._lock:
            dropped = self._make_room(len(line) + _BOOKKEEPING, important=important)
            if self._size + len(line) + _BOOKKEEPING <= self._room:
                queue = self._important if important else self._ordinary
                queue.append((self._next, line))
                self._next += 1
                self._size += len(line) + _BOOKKEEPING
            else:
                dropped += 1
            self._untold += dropped
            wakes, self._is_busy = not self._is_busy, True
        if dropped:
            self.dropped(dropped)
        if wakes:
            self._wake()

    def _make_room(self, size: int, *, important: bool) -> int:
        """Drop the oldest lines until there is room, but none for what is less important."""
        count = 0
        while self._size + size > self._room >= size and self._drop_one(important=important):
            count += 1
        return count

    def _drop_one(self, *, important: bool) -> bool:
        queue = self._ordinary or (self._important if important else None)
        if not queue:
            return False
        self._size -= len(queue.popleft()[1]) + _BOOKKEEPING
        return True

    def flush(self, seconds: float = _PATIENCE) -> None:
        """Wait until all is written, but no longer than that."""
        end = time.monotonic() + seconds
        while self._is_busy and time.monotonic() < end:
            if self._thread is None or not self._thread.is_alive():
                self._write_all()
            else:
                time.sleep(0.001)

    # -------------------------------------------------------------------- the thread

    def _wake(self) -> None:
        thread = self._thread
        if thread is None or not thread.is_alive():
            thread = threading.Thread(target=self._run, name="write lines", daemon=True)
            self._thread = thread
            try:
                thread.start()
            except RuntimeError:
                return  # no thread to be had: `flush` writes what there is
        self._work.set()

    def _run(self) -> None:
        while True:
            self._work.wait()
            self._work.clear()
            time.sleep(_GATHERING)
            self._write_all()

    def _write_all(self) -> None:
        while lines := self._taken():
            self._tell()
            for content in _joined(lines):
                if not self._is_written(content):
                    self._lost(content.count(b"\n"))

    def _taken(self) -> list[bytes]:
        """Take all lines there are, in the order in which they came."""
        with self._lock:
            entries = sorted([*self._important, *self._ordinary])
            self._important.clear()
            self._ordinary.clear()
            self._size = 0
            self._is_busy = bool(entries)
        return [line for _, line in entries]

    def _tell(self) -> None:
        """Say how many lines were dropped since that was last said."""
        with self._lock:
            untold, self._untold = self._untold, 0
        if untold and self.note is not None and not self._is_written(self.note(untold)):
            with self._lock:
                self._untold += untold

    def _is_written(self, content: bytes) -> bool:
        try:
            self._sink.write(content)
        except OSError:
            return False
        return True

    def _lost(self, count: int) -> None:
        """Take note of lines that could not be written."""
        with self._lock:
            self._untold += count
        self.dropped(count)

    # -------------------------------------------------------------------------- forks

    def before_fork(self) -> None:
        """Let nobody be in the middle of a change while the process is copied."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew: the lines are the parent's to write, and its thread stays there."""
        self._begin()
        self._sink.after_fork()


def _joined(lines: list[bytes]) -> Iterator[bytes]:
    """Put lines together into pieces of a size to be written at once."""
    piece: list[bytes] = []
    size = 0
    for line in lines:
        if size + len(line) > _AT_ONCE and piece:
            yield b"".join(piece)
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    yield b"".join(piece)


_all: Final[weakref.WeakSet[Lines]] = weakref.WeakSet()
# Where a process starts without standard output, whatever it opens next has that number.
STDOUT_SINK: Final = Descriptor(1 if sys.__stdout__ is not None else None)
STDOUT: Final = Lines(STDOUT_SINK)


def flush_all(seconds: float = _PATIENCE) -> None:
    """Wait until all lines of this process are written, but no longer than that."""
    end = time.monotonic() + seconds
    for lines in list(_all):
        lines.flush(max(0.0, end - time.monotonic()))


def _each(act: Callable[[Lines], None]) -> None:
    for lines in sorted(_all, key=id):
        act(lines)


atexit.register(flush_all)
os.register_at_fork(
    before=lambda: _each(Lines.before_fork),
    after_in_parent=lambda: _each(Lines.after_fork_in_parent),
    after_in_child=lambda: _each(Lines.after_fork_in_child),
)
