"""Read lists that stand in files of their own: ``.txt`` with a keyword a line, or ``.csv``.

In a ``.txt`` file marks are active and ``#`` begins a comment. In a ``.csv``
cell every character stands for itself; the columns ``case``, ``forms`` and
``weight`` say what marks would.
"""

import csv
import io
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final, NamedTuple

from ruletag.limits import LIMITS
from ruletag.problems import Location, ProblemLog, cropped, nearest, quoted
from ruletag.rules.entries import EntryReader
from ruletag.rules.model import FormsKind, Line, LineTable
from ruletag.rules.values import NUMBER
from ruletag.rules.yamltree import Node, Scalar, decode

# Gives the name (in the rule folder) and the bytes of the file that a rule file
# names, or None where the log says why there is none.
ReadList = Callable[[Node, str], tuple[str, bytes] | None]

_FORMS: Final[tuple[FormsKind, ...]] = ("none", "plural", "verb")
_COMMENT: Final = "#"
# What needs no look at its marks, its case or its script.
_PLAIN: Final = re.compile("[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")


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

    def read(self, content: bytes, node: Node) -> LineTable:
        """Give the lines; ``node`` is where the rule file names the file."""
        options = self._options
        table = LineTable(self._file, self._entries.language, options.forms)
        text = decode(self._file, content, self._log, LIMITS.list_file)
        if text is not None:
            if self._file.lower().endswith(".csv"):
                self._add_rows(text, node, table)
            else:
                self._add_lines(text, table)
            if not table and not self._log.has_errors:
                self._log.add("E111", Location(self._file, 1, 1), "the list holds no words")
        return table

    # --------------------------------------------------------------------- txt

    def _add_lines(self, text: str, table: LineTable) -> None:
        options = self._options
        is_plain = _PLAIN.fullmatch if not options.exact_case else _never
        for number, written in enumerate(text.splitlines(), 1):
            word = written.strip()
            if _COMMENT in word:
                word = _without_comment(word)
            if not word:
                continue
            if is_plain(word) and len(word) <= LIMITS.keyword:
                table.add_word(word, number)
                continue
            place = Location(self._file, number, written.find(word) + 1, len(word))
            node = Scalar(place, word, quoted=False)
            keyword = self._entries.keyword(
                node, exact_case=options.exact_case, forms=options.forms
            )
            if keyword is not None:
                table.add_line(Line(keyword))

    # --------------------------------------------------------------------- csv

    def _add_rows(self, text: str, node: Node, table: LineTable) -> None:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            header = next(rows, None)
            if header is None:
                return
            names = [name.strip() for name in header]
            columns = self._columns(names, node)
            if columns is None or not self._are_told_apart(names, columns):
                return
            before = rows.line_num
            for row in rows:
                is_long = len(row) > len(names) and any(map(str.strip, row[len(names) :]))
                if is_long:
                    self._report_long(row, names, before + 1)
                elif any(cell.strip() for cell in row):
                    self._add_row(row, columns, before + 1, table)
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

    def _are_told_apart(self, header: list[str], columns: _Columns) -> bool:
        """Say whether each column that is read is the only one of its name."""
        for name in dict.fromkeys(header[column] for column in columns if column >= 0):
            if name and header.count(name) > 1:
                detail = f"{header.count(name)} columns are named {quoted(name)}"
                hint = "give all but one another name"
                self._log.add("E112", Location(self._file, 1, 1), detail, hint=hint)
                return False
        return True

    def _report_long(self, row: list[str], header: list[str], number: int) -> None:
        """Report cells under no name: most often a bare comma has cut a word in two."""
        detail = f"the row has {len(row)} cells, the line of column names {len(header)}"
        hint = "put quotes around a cell that has a comma in it"
        self._log.add("E112", Location(self._file, number, 1), detail, hint=hint)

    def _add_row(self, row: list[str], columns: _Columns, number: int, table: LineTable) -> None:
        word = _cell(row, columns.word)
        identity = _cell(row, columns.id)
        how = [_cell(row, column) for column in (columns.case, columns.forms, columns.weight)]
        is_plain = _PLAIN.fullmatch(word) and len(word) <= LIMITS.keyword
        if is_plain and not any(how) and not self._options.exact_case:
            table.add_word(word, number, identity)
            return
        place = Location(self._file, number, 1)
        if not word:
            detail = "the row has no word"
            self._log.add("E204", place, detail, hint="write one, or delete the row")
            return
        case = self._choice(how[0], "case", ("exact", "any"), place)
        forms = self._choice(how[1], "forms", _FORMS, place)
        keyword = self._entries.literal(
            word,
            place,
            exact_case=case == "exact" if case else self._options.exact_case,
            forms=next((known for known in _FORMS if known == forms), self._options.forms),
        )
        weight = self._weight(how[2], place)
        if keyword is not None:
            table.add_line(Line(keyword, (), (identity,) if identity else (), weight))

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


def _never(_: str) -> None:
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
