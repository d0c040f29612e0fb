"""Numbers that the processes of one service add up together, in memory that they share.

The memory is anonymous and made before the first process is forked off: there is no
file to clean up, no folder that must be writable or can be full. Each process writes
a *row* of its own; whoever is asked reads all rows. A row stays when its process ends,
and the next process goes on in it, so that nothing is lost and nothing piles up
however often processes are replaced.

The memory begins with how many words of each row are in use. A row is *records*, never
moved and never taken away: the lengths of a key and of its values, the key, the values.
"""

import fcntl
import mmap
import os
import struct
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

Key = tuple[str, ...]  # the name of a metric, and the values of its labels

_WORD: Final = 8  # bytes
_ROWS: Final = 128  # processes, at most: 64 workers, and as many that are about to leave
_ROOM: Final = 512 * 1024  # bytes of a row; pages that are not written to take no room
_LENGTHS: Final = struct.Struct("=II")
_BETWEEN: Final = "\x1f"


@dataclass(frozen=True, slots=True)
class Row:
    """What one process has counted; ``lives`` says whether it still runs."""

    lives: bool
    values: dict[Key, list[float]]


class Tallies:
    """Rows of numbers. ``fleeting`` names those which end with their process."""

    def __init__(
        self, fleeting: Collection[str] = (), *, rows: int = _ROWS, room: int = _ROOM
    ) -> None:
        self._fleeting = frozenset(fleeting)
        self._count = rows
        self._length = room // _WORD
        memory = memoryview(mmap.mmap(-1, rows * (_WORD + room)))
        self._bytes = memory
        self.values = memory.cast("d")
        self._locks = _nameless()
        self.begin()

    def begin(self) -> None:
        """Take a row when one is next needed; a process that was forked off calls this."""
        self._row: int | None = None
        self._places: dict[Key, int] = {}

    def place(self, key: Key, size: int) -> int | None:
        """Give where in ``values`` this process counts something, in so many numbers.

        None if its row is full, or all rows are taken. Calls must not overlap.
        """
        row = self._take_row() if self._row is None else self._row
        if row is None:
            return None
        found = self._places.get(key)
        return self._append(row, key, size) if found is None else found

    def rows(self) -> Iterator[Row]:
        """Give what each process has counted, those that have ended too."""
        for number in range(self._count):
            if self._used(number):
                yield Row(self._lives(number), dict(self._read(number)))

    # ------------------------------------------------------------------------ a row

    def _take_row(self) -> int | None:
        """Take the first row that no living process has."""
        self._row = row = next((i for i in range(self._count) if self._lock(i)), None)
        if row is None:
            return None
        for key, place, size in self._records(row):
            self._places[key] = place
            if key[0] in self._fleeting:
                self._clear(place, size)
        return row

    def _append(self, row: int, key: Key, size: int) -> int | None:
        content = _BETWEEN.join(key).encode()
        words = 1 + -(-len(content) // _WORD)
        used = self._used(row)
        if used + words + size > self._length:
            return None
        start = self._start(row) + used
        _LENGTHS.pack_into(self._bytes, start * _WORD, len(content), size)
        self._bytes[(start + 1) * _WORD :][: len(content)] = content
        place = start + words
        self._clear(place, size)
        # Only now is the record there, for others and for whoever takes the row next.
        self.values[row] = used + words + size
        self._places[key] = place
        return place

    def _clear(self, place: int, size: int) -> None:
        for i in range(place, place + size):
            self.values[i] = 0

    def _read(self, row: int) -> Iterator[tuple[Key, list[float]]]:
        for key, place, size in self._records(row):
            yield key, [float(value) for value in self.values[place : place + size]]

    def _records(self, row: int) -> Iterator[tuple[Key, int, int]]:
        at = self._start(row)
        end = at + self._used(row)
        while at < end:
            length, size = _LENGTHS.unpack_from(self._bytes, at * _WORD)
            key = bytes(self._bytes[(at + 1) * _WORD :][:length]).decode()
            place = at + 1 + -(-length // _WORD)
            yield tuple(key.split(_BETWEEN)), place, size
            at = place + size

    def _start(self, row: int) -> int:
        return self._count + row * self._length

    def _used(self, row: int) -> int:
        return int(self.values[row])

    # ------------------------------------------------------------------------ locks

    def _lock(self, row: int) -> bool:
        """Take the lock of a row, until this process ends."""
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, row)
        except OSError:
            return False
        return True

    def _lives(self, row: int) -> bool:
        if row == self._row or not self._lock(row):
            return True
        fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, row)
        return False


def _nameless() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("ruletag-tallies", os.MFD_CLOEXEC)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


_inherited: Final[list[Tallies]] = []
FLEETING: Final = ("requests_at_work",)


def share() -> Tallies:
    """Make what the processes of this service share; to be called before any is forked off."""
    _inherited[:] = [Tallies(FLEETING)]
    return _inherited[0]


def shared() -> Tallies:
    """Give what this process shares with others; of its own where nobody called `share`."""
    return _inherited[0] if _inherited else share()
