"""What the processes of one service share: the rules in force, outside the memory of each.

All of it is anonymous memory, made before the first worker is forked off and
gone with the last process: there is no file to protect, to clean up, or to find
stale at the next start. A worker that dies takes nothing along, and one that
boots finds the rules in force here, whatever lies in the rule folder by then.

- Two *slots* hold compiled rules (`ruletag.serving.artefact`): one those in
  force, the other those that are to follow.
- The *board* says which is which, and what became of the last edit. One process
  writes it, the leader; a counter lets the others see that it changed. The number
  of the generation in force stands apart, since every request looks at it.
- Each worker has a *row*: its process, and a mark of the rules that it loaded last.
"""

import fcntl
import hashlib
import mmap
import os
import pickle
import struct
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zlib import crc32

from ruletag.problems import Problem

_NUMBER: Final = struct.Struct("=Q")
_MOMENT: Final = struct.Struct("=d")
_ROW: Final = struct.Struct("=QQQ")  # process, mark of what it has loaded, whether any is in force
# Where these numbers are.
_CHANGES, _LOOKS, _FLAGS, _COMPILING, _GENERATION, _ACTIVE_FROM, _LEADS, _IN_THE_WAY = range(
    0, 64, 8
)
_ROWS: Final = 256  # workers, at most: 64, and as many that are about to leave
_FIRST_ROW: Final = 64
_FIRST_STATE: Final = 8 * 1024
_ROOM: Final = 2 * 1024 * 1024  # bytes for a state; pages that are not written to take no room
_DRAINING: Final = 1
_STOPPING: Final = 2
_MOST_PROBLEMS: Final = 1_000  # of a refused edit are kept
_LEADER, _CLAIM = 0, 1  # bytes of the lock file


@dataclass(frozen=True, slots=True)
class Published:
    """Compiled rules in a slot, in force from ``active_from`` on (of `time.monotonic`).

    ``loaded_at`` is the time of day at which they were put in force, in seconds
    since 1970; ``summary`` is for the log.
    """

    generation: int
    slot: int
    size: int
    sha256: str
    digest: str
    active_from: float = float("inf")
    loaded_at: float = 0

    @property
    def mark(self) -> int:
        """A number for the content, never 0. A generation is none: a lost edit had the same."""
        return crc32(self.sha256.encode()) + 1


@dataclass(frozen=True, slots=True)
class Refused:
    """An edit that was not put in force, at that time of day; the first problems of all."""

    refused_at: float
    problems: tuple[Problem, ...]
    count: int


@dataclass(frozen=True, slots=True)
class State:
    """What stands on the board. ``next`` is to be loaded, and not yet to be used.

    ``settled`` is the fingerprint of the folder of which all this came.
    """

    active: Published | None = None
    next: Published | None = None
    refused: Refused | None = None
    refusals: int = 0
    settled: str = ""


class Slot:
    """Memory that holds one set of compiled rules, as a file without a name."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    @classmethod
    def new(cls) -> "Slot":
        """Make a slot."""
        return cls(_nameless("ruletag-rules"))

    def write(self, pieces: Iterable[bytes]) -> tuple[int, str]:
        """Put bytes in place of what there is; give their number and SHA-256."""
        os.ftruncate(self.handle, 0)
        size, digest = 0, hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
            size += _write_all(self.handle, piece, size)
        return size, digest.hexdigest()

    def read(self, published: Published) -> bytes | None:
        """Give what was published, or None where it has been written over since."""
        content = b"".join(self._pieces(published.size))
        return content if hashlib.sha256(content).hexdigest() == published.sha256 else None

    def _pieces(self, size: int) -> Iterator[bytes]:
        """Yield so many bytes, nearly always as one piece, which is joined without a copy."""
        offset = 0
        while piece := os.pread(self.handle, size - offset, offset):
            yield piece
            offset += len(piece)

    def clear(self) -> None:
        """Give the memory back."""
        os.ftruncate(self.handle, 0)

    def close(self) -> None:
        """Let go of the slot; no other process loses anything by it."""
        os.close(self.handle)


def _write_all(handle: int, piece: bytes, offset: int) -> int:
    view, written = memoryview(piece), 0
    while written < len(view):
        written += os.pwrite(handle, view[written:], offset + written)
    return written


def _nameless(name: str) -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create(name, os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class Shared:
    """The shared memory of one service; made once, before any worker is forked off."""

    def __init__(self) -> None:
        self.slots = Slot.new(), Slot.new()
        self._locks = _nameless("ruletag-locks")
        self._memory = mmap.mmap(-1, _FIRST_STATE + 2 * _ROOM)
        self._numbers = memoryview(self._memory).cast("Q")  # the quickest way to one

    def close(self) -> None:
        """Let go of it all; no other process loses anything by it."""
        for slot in self.slots:
            slot.close()
        os.close(self._locks)
        self._numbers.release()
        self._memory.close()

    # ------------------------------------------------------------------- the board

    @property
    def changes(self) -> int:
        """How often the board was changed."""
        return self._number(_CHANGES)

    def read(self) -> State:
        """Give what stands on the board."""
        while True:
            changes = self.changes
            if not changes:
                return State()
            place = _place_of_state(changes)
            length = self._number(place)
            start = place + _NUMBER.size
            content = self._memory[start : start + length]
            # The next state is written elsewhere; only the one after it comes here again.
            if self.changes <= changes + 1:
                state: State = pickle.loads(content)  # noqa: S301 - our own
                return state

    def write(self, state: State) -> None:
        """Change the board. Only the leader may; killed on the way, it has changed nothing."""
        content = _fitting(state)
        changes = self.changes + 1
        place = _place_of_state(changes)
        start = place + _NUMBER.size
        self._memory[start : start + len(content)] = content
        self._set(place, len(content))
        self._set(_CHANGES, changes)
        if state.active is not None:
            _MOMENT.pack_into(self._memory, _ACTIVE_FROM, state.active.active_from)
            self._set(_GENERATION, state.active.generation)

    def is_behind(self, generation: int) -> bool:
        """Whether a later generation than this is in force, so that nobody may answer by this one.

        Nearly always one number is read.
        """
        if self._numbers[_GENERATION // 8] <= generation:
            return False
        moment: float = _MOMENT.unpack_from(self._memory, _ACTIVE_FROM)[0]
        return time.monotonic() >= moment

    @property
    def is_compiling(self) -> bool:
        """Whether an edit is under way, which the leader's end would have begun anew."""
        return bool(self._number(_COMPILING))

    def set_compiling(self, value: bool) -> None:  # noqa: FBT001 - what is set
        """Say that an edit is under way, or no longer. Only the leader may."""
        self._set(_COMPILING, value)

    # ------------------------------------------------------- asked for by the master

    @property
    def looks(self) -> int:
        """How many times a look at the rule folder was asked for."""
        return self._number(_LOOKS)

    def ask_for_look(self) -> None:
        """Have the leader look at the rule folder now."""
        self._set(_LOOKS, self.looks + 1)

    @property
    def is_draining(self) -> bool:
        """Whether the service is about to stop, and should be sent nothing more."""
        return bool(self._number(_FLAGS) & _DRAINING)

    def drain(self) -> None:
        """Say that the service is about to stop."""
        self._set(_FLAGS, self._number(_FLAGS) | _DRAINING)

    @property
    def is_to_stop(self) -> bool:
        """Whether an edit was refused that is to end the service."""
        return bool(self._number(_FLAGS) & _STOPPING)

    def ask_to_stop(self) -> None:
        """End the service, since an edit was refused."""
        self._set(_FLAGS, self._number(_FLAGS) | _STOPPING)

    def _number(self, place: int) -> int:
        number: int = _NUMBER.unpack_from(self._memory, place)[0]
        return number

    def _set(self, place: int, number: int) -> None:
        _NUMBER.pack_into(self._memory, place, number)

    # ----------------------------------------------------------------------- workers

    def take_row(self) -> int:
        """Give this process a row of its own."""
        with self._locked(_CLAIM):
            number = next(i for i in range(_ROWS) if not _lives(self._row(i)[0]))
            self.sign(number, 0)
            return number

    def sign(self, row: int, mark: int, *, in_force: bool = False) -> None:
        """Say what this process has loaded, and whether rules are in force in it."""
        place = _FIRST_ROW + row * _ROW.size
        _ROW.pack_into(self._memory, place, os.getpid(), mark, in_force)

    def leave(self, row: int) -> None:
        """Give the row back: nobody need wait for this process."""
        _ROW.pack_into(self._memory, _FIRST_ROW + row * _ROW.size, 0, 0, 0)

    def loaded(self, mark: int) -> tuple[int, int]:
        """Return how many of the workers that live have loaded this, and how many have not."""
        rows = map(self._row, range(_ROWS))
        marks = [loaded for process, loaded, _ in rows if _lives(process)]
        return marks.count(mark), len(marks) - marks.count(mark)

    @property
    def all_have_rules(self) -> bool:
        """Whether rules are in force in every worker that lives."""
        rows = map(self._row, range(_ROWS))
        return all(in_force for process, _, in_force in rows if _lives(process))

    def _row(self, number: int) -> tuple[int, int, int]:
        process, loaded, in_force = _ROW.unpack_from(self._memory, _FIRST_ROW + number * _ROW.size)
        return process, loaded, in_force

    # ------------------------------------------------------------------------- locks

    def try_to_lead(self) -> bool:
        """Become the leader, if nobody is; until this process ends."""
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _LEADER)
        except OSError:
            return False
        self._set(_LEADS, os.getpid())
        return True

    @property
    def leader(self) -> int:
        """The process that leads, or did so last; 0 before the first."""
        return self._number(_LEADS)

    @property
    def is_leader_stopped(self) -> bool:
        """Whether the leader is stopped (``SIGSTOP``), and so keeps the lead without leading."""
        return is_stopped(self.leader)

    @property
    def in_the_way(self) -> int:
        """The leader that is to be ended, since it is stopped and an edit waits for it; or 0."""
        return self._number(_IN_THE_WAY)

    def ask_for_another_leader(self) -> None:
        """Have the master end the leader."""
        self._set(_IN_THE_WAY, self.leader)

    @contextmanager
    def _locked(self, byte: int) -> Iterator[None]:
        fcntl.lockf(self._locks, fcntl.LOCK_EX, 1, byte)
        try:
            yield
        finally:
            fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, byte)


def _lives(process: int) -> bool:
    if not process:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def is_stopped(process: int) -> bool:
    """Whether a process is stopped (``SIGSTOP``), not merely busy; False where nothing tells."""
    with suppress(OSError):
        state = Path(f"/proc/{process}/stat").read_bytes().rpartition(b")")[2]
        return state.split()[:1] == [b"T"]
    return False


def _place_of_state(changes: int) -> int:
    return _FIRST_STATE + changes % 2 * _ROOM


def _fitting(state: State) -> bytes:
    """Give a state as bytes, with as many problems of a refused edit as there is room for."""
    most = _MOST_PROBLEMS
    while True:
        refused = state.refused
        if refused is not None:
            kept = (replace(p, line="", related=()) for p in refused.problems[:most])
            state = replace(state, refused=replace(refused, problems=tuple(kept)))
        content = pickle.dumps(state)
        if len(content) < _ROOM - _NUMBER.size or not most:
            return content
        most //= 2
