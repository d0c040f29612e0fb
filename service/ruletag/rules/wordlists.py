"""Read lists that stand in files of their own: ``.txt`` with a keyword a line, or ``.csv``.

In a ``.txt`` file marks are active and ``#`` begins a comment. In a ``.csv``
cell every character stands for itself; the columns ``case``, ``forms`` and
``weight`` say what marks would.
"""

import csv
import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final, NamedTuple

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog, cropped, nearest, quoted
from ruletag.rules.entries import EntryReader
from ruletag.rules.model import FormsKind, Line
from ruletag.rules.values import NUMBER
from ruletag.rules.yamltree import Node, Scalar, decode

# Gives the name (in the rule folder) and the bytes of the file that a rule file
# names, or None where the log says why there is none.
ReadList = Callable[[Node, str], tuple[str, bytes] | None]

_FORMS: Final[tuple[FormsKind, ...]] = ("none", "plural", "verb")
_COMMENT: Final = "#"


class ListOptions(NamedTuple):
    """What a rule file says of a list file; columns are empty where it does not."""

    column: str
    id: str
    exact_case: bool
    forms: FormsKind


class _Columns(NamedTuple):
    """Where in a row the values stand; -1 for a column that is not there."""

    word: int
    id: int
    case: int
    forms: int
    weight: int


class ListFileReader:
    """Reads one file; what is wrong with it goes to the log."""

    def __init__(
        self, file: str, entries: EntryReader, log: ProblemLog, options: ListOptions
    ) -> None:
        self._file = file
        self._entries = entries
        self._log = log
        self._options = options

    def read(self, content: bytes, node: Node) -> Iterator[Line]:
        """Give the lines; ``node`` is where the rule file names the file."""
        text = decode(self._file, content, self._log, LIMITS.list_file)
        if text is None:
            return
        lines = self._rows(text, node) if self._file.lower().endswith(".csv") else self._plain(text)
        count = 0
        for line in lines:
            count += 1
            yield line
        if not count and not self._log.has_errors:
            self._log.add("E111", Location(self._file, 1, 1), "the list holds no words")

    # --------------------------------------------------------------------- txt

    def _plain(self, text: str) -> Iterator[Line]:
        options = self._options
        for number, written in enumerate(text.splitlines(), 1):
            word = written.strip()
            if _COMMENT in word:
                word = _without_comment(word)
            if not word:
                continue
            place = Location(self._file, number, written.find(word) + 1, len(word))
            node = Scalar(place, word, quoted=False)
            keyword = self._entries.keyword(
                node, exact_case=options.exact_case, forms=options.forms
            )
            if keyword is not None:
                yield Line(keyword)

    # --------------------------------------------------------------------- csv

    def _rows(self, text: str, node: Node) -> Iterator[Line]:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = next(rows, None)
            if header is None:
                return
            columns = self._columns([name.strip() for name in header], node)
            if columns is None:
                return
            before = rows.line_num
            for row in rows:
                if any(cell.strip() for cell in row):
                    yield from self._row(row, columns, before + 1)
                before = rows.line_num
        except csv.Error as error:
            place = Location(self._file, rows.line_num, 1)
            self._log.add("E112", place, f"not readable as CSV: {error}")

    def _columns(self, header: list[str], node: Node) -> _Columns | None:
        options = self._options
        places = {name: i for i, name in reversed(list(enumerate(header)))}
        for name in filter(None, (options.column, options.id)):
            if name not in places:
                detail = f"there is no column {quoted(name)} in {self._file}"
                hint = nearest(name, places) or f"it has {cropped(', '.join(header))}"
                self._log.add("E206", node.location, detail, hint=hint)
                return None
        return _Columns(
            places[options.column] if options.column else 0,
            places.get(options.id or "id", -1),
            places.get("case", -1),
            places.get("forms", -1),
            places.get("weight", -1),
        )

    def _row(self, row: list[str], columns: _Columns, number: int) -> Iterator[Line]:
        word = _cell(row, columns.word)
        place = Location(self._file, number, 1)
        if not word:
            detail = "the row has no word"
            self._log.add("E204", place, detail, hint="write one, or delete the row")
            return
        case = self._choice(_cell(row, columns.case), "case", ("exact", "any"), place)
        forms = self._choice(_cell(row, columns.forms), "forms", _FORMS, place)
        keyword = self._entries.literal(
            word,
            place,
            exact_case=case == "exact" if case else self._options.exact_case,
            forms=next((known for known in _FORMS if known == forms), self._options.forms),
        )
        identity = _cell(row, columns.id)
        weight = self._weight(_cell(row, columns.weight), place)
        if keyword is not None:
            yield Line(keyword, (), (identity,) if identity else (), weight)

    def _choice(self, value: str, column: str, allowed: tuple[str, ...], place: Location) -> str:
        if not value or value in allowed:
            return value
        detail = f"column `{column}` can be {', '.join(allowed)}; not {quoted(value)}"
        self._log.add("E206", place, detail, hint=nearest(value, allowed))
        return ""

    def _weight(self, value: str, place: Location) -> Fraction | None:
        if not value:
            return None
        if NUMBER.fullmatch(value):
            return Fraction(value)
        detail = f"column `weight` is a number with at most three decimals; not {quoted(value)}"
        self._log.add("E206", place, detail)
        return None


def _without_comment(line: str) -> str:
    """Cut off a comment: a ``#`` at the beginning or behind white space."""
    if line.startswith(_COMMENT):
        return ""
    for blank in (" ", "\t"):
        line = line.partition(f"{blank}{_COMMENT}")[0].rstrip()
    return line


def _cell(row: list[str], column: int) -> str:
    return row[column].strip() if 0 <= column < len(row) else ""
