"""The entries of a category as they are judged, one for each line that can be evidence."""

from bisect import bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple, TypeVar, overload

from ruletag.rules.model import Entry, Line, LineTable, Phrase

_Row = TypeVar("_Row")

WEIGHT_UNIT: Final = 1000  # weights are whole thousandths, and so are summed exactly


class CompiledEntry(NamedTuple):
    """One line of a category's ``match``, or one line of a list that stands there.

    ``weight`` is in thousandths. ``is_exact`` says that case matters.
    """

    number: int
    keyword: str
    path: str
    source: str
    weight: int
    ids: tuple[str, ...]
    name: str
    language: str
    is_exact: bool


class Rows(Sequence[_Row]):
    """Sequences one behind the other, of which some make their items when asked."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._pieces: list[Sequence[_Row]] = []
        self._single: list[_Row] = []
        self._length = 0

    def append(self, row: _Row) -> None:
        if not self._pieces or self._pieces[-1] is not self._single:
            self._single = []
            self._add(self._single)
        self._single.append(row)
        self._length += 1

    def extend(self, rows: Sequence[_Row]) -> None:
        self._add(rows)
        self._length += len(rows)

    def _add(self, rows: Sequence[_Row]) -> None:
        self._starts.append(self._length)
        self._pieces.append(rows)

    def settled(self) -> Sequence[_Row]:
        """Give the plain tuple where nothing is made when asked."""
        return tuple(self._single) if len(self._pieces) == 1 and self._single else self

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, number: int) -> _Row: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[_Row]: ...

    def __getitem__(self, number: int | slice) -> _Row | Sequence[_Row]:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(self._length))]
        if not 0 <= number < self._length:
            raise IndexError(number)
        piece = bisect_right(self._starts, number) - 1
        return self._pieces[piece][number - self._starts[piece]]


class TableEntries(Sequence[CompiledEntry]):
    """The lines of a list file as entries of a category."""

    def __init__(self, table: LineTable, entry: Entry, first: int, path: str) -> None:
        self._table = table
        self._entry = entry
        self._first = first
        self._path = path

    def __len__(self) -> int:
        return len(self._table)

    @overload
    def __getitem__(self, number: int) -> CompiledEntry: ...

    @overload
    def __getitem__(self, number: slice) -> Sequence[CompiledEntry]: ...

    def __getitem__(self, number: int | slice) -> CompiledEntry | Sequence[CompiledEntry]:
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        return line_entry(self._table[number], self._entry, self._first + number, self._path)


def block_entry(entry: Entry, number: int, path: str) -> CompiledEntry:
    """Describe a block, whose keyword is whichever of its words was found."""
    lines = [line for group in entry.groups for line in group]
    return CompiledEntry(
        number,
        lines[0].keyword.written if len(lines) == 1 else "",
        path,
        str(entry.location),
        _weight(entry.weight),
        (),
        entry.name,
        lines[0].keyword.language,
        is_exact=any(map(_is_exact, lines)),
    )


def line_entry(line: Line, entry: Entry, number: int, path: str) -> CompiledEntry:
    """Describe one line of an entry, which stands by itself."""
    return CompiledEntry(
        number,
        line.keyword.written,
        path,
        str(line.keyword.location),
        _weight(line.weight if line.weight is not None else entry.weight),
        line.ids,
        entry.name,
        line.keyword.language,
        is_exact=_is_exact(line),
    )


def _is_exact(line: Line) -> bool:
    return True in [isinstance(part, Phrase) and part.exact for part in line.keyword.parts]


def _weight(weight: Fraction | None) -> int:
    return WEIGHT_UNIT if weight is None else thousandths(weight)


def thousandths(number: Fraction) -> int:
    """Give a weight or a threshold as it is summed."""
    return int(number * WEIGHT_UNIT)
