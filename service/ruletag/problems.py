"""What can be wrong with rules, said so that their author can mend it.

A load collects every problem before it gives up, so one run of ``check`` shows
them all. Codes are stable: ``E`` stops the load, ``W`` does not. A number is
never reused. ``docs/problems.md`` holds a bad and a good example of each.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, NamedTuple
from unicodedata import category, east_asian_width

CODES: Final = {
    "E101": "not valid YAML",
    "E102": "not UTF-8",
    "E103": "character not allowed",
    "E104": "key given twice",
    "E105": "anchors, aliases and merge keys are not part of rule files",
    "E106": "tags are not part of rule files",
    "E107": "more than one document",
    "E108": "nested too deeply",
    "E109": "file too large",
    "E110": "file cannot be read",
    "E111": "file holds no rules",
    "E112": "list file cannot be read",
    "E201": "unknown key",
    "E203": "wrong kind of value",
    "E204": "empty value",
    "E205": "missing key",
    "E206": "value not allowed",
    "E207": "name not allowed",
    "E301": "nothing to find",
    "E302": "keyword too long",
    "E303": "misplaced mark",
    "E304": "too little before the star",
    "E305": "incomplete gap",
    "E306": "no such list or category",
    "E307": "unbalanced evidence marks",
    "E308": "too many keyword forms",
    "E309": "sign that is not part of the keyword",
    "E310": "keyword over several lines",
    "E311": "keys that do not go together",
    "E312": "names itself",
    "E401": "defined twice",
    "E402": "one name for a list and a category",
    "E403": "no rule files",
    "E404": "too many rule files",
    "E405": "a test of the rules fails",
    "E498": "too many problems",
    "E499": "a fault in ruletag",
    "W501": "keyword given twice",
    "W502": "keyword that another one finds",
    "W503": "keyword that never counts",
    "W504": "exception that concerns nothing",
    "W505": "one form instead of all",
    "W506": "word with several meanings",
    "W507": "very short word",
    "W508": "letter of another script",
    "W509": "invisible character",
    "W510": "category without tests",
    "W511": "review is due",
    "W512": "beginning of another Korean word",
    "W513": "word that other readers of YAML change",
    "W514": "list that nothing uses",
    "W515": "count of one",
    "W516": "one group under `all`",
    "W517": "weight of zero",
    "W518": "threshold out of reach",
    "W519": "comment that cuts a word short",
    "W520": "mark without effect",
    "W521": "very long keyword",
    "W522": "number that may be part of another",
    "W523": "context without effect",
    "W524": "reference that finds nothing",
    "W525": "reference to what is deprecated",
    "W526": "keywords that differ by case or width only",
    "W527": "unknown name after `allow`",
    "W528": "`allow` without effect",
    "W529": "operator of another search language",
    "W530": "name of a list without its sign",
    "W531": "comma inside a keyword",
    "W590": "a test of a draft fails",
    "W591": "a sentence to do is tagged",
}
_TOO_MANY: Final = "E498"
_MOST_KEPT: Final = 1_000  # of one load; nobody reads more, and a file can hold millions
_MOST_WORKED_OUT: Final = 100  # of the hints that take work, such as a search for a near word


class Location(NamedTuple):
    """A place in a rule file: line and column from 1, in code points; ``length`` 0 if unknown.

    Line 0 is the file as a whole, an empty ``file`` all files together.
    """

    file: str
    line: int
    column: int
    length: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file

    def piece(self, written: str, start: int, end: int) -> "Location":
        """Give the place of ``written[start:end]``, where ``written`` is what stands here.

        Where the file spells it otherwise (escapes, several lines), that is the whole.
        """
        around = self.length - len(written)
        if around not in {0, 2}:  # as it stands, or in quotes
            return self
        return self._replace(column=self.column + around // 2 + start, length=end - start)


class Related(NamedTuple):
    """A second place that belongs to a problem, such as the first of two definitions."""

    location: Location
    label: str
    line: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, where it is, and what to do about it.

    ``line`` is the source line at the location, kept so that a report needs no file.
    """

    location: Location
    code: str
    detail: str
    hint: str = ""
    line: str = ""
    related: tuple[Related, ...] = ()

    @property
    def is_error(self) -> bool:
        """Say whether the problem keeps the rules from being used."""
        return self.code.startswith("E")

    @property
    def title(self) -> str:
        """What the code stands for, without the particulars."""
        return CODES[self.code]

    def __lt__(self, other: "Problem") -> bool:
        """Order by place; that there were too many comes last."""
        return self._order < other._order

    @property
    def _order(self) -> tuple[bool, Location, str, str, str]:
        return self.code == _TOO_MANY, self.location, self.code, self.detail, self.hint

    def __str__(self) -> str:
        place = f"{self.location}: " if self.location.file else ""
        hint = f" ({self.hint})" if self.hint else ""
        return printable(f"{place}{self.code} {self.detail}{hint}")


class RuleSetError(Exception):
    """The rules cannot be used; ``problems`` says why, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class ProblemLog:
    """Collects the problems of one load, with the source lines they stand in.

    Only the first thousand are kept; a last one says how many more there were.
    """

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}
        self._sources: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}
        self._left_out = 0
        self.has_errors = False

    def add_source(self, file: str, text: str) -> None:
        """Remember a file's text, so that its problems can show their line."""
        self._sources[file] = text

    def line(self, location: Location) -> str:
        """Give the source line of a place, or nothing where it is not known."""
        lines = self._lines.get(location.file)
        if lines is None:
            lines = _one_break(self._sources.get(location.file, "")).split("\n")
            self._lines[location.file] = lines
        return lines[location.line - 1] if 0 < location.line <= len(lines) else ""

    def place(self, file: str, index: int) -> Location:
        """Give the place of one character of a file's text."""
        before = _one_break(self._sources[file][:index])
        return Location(file, before.count("\n") + 1, len(before) - before.rfind("\n"), 1)

    def add(
        self,
        code: str,
        location: Location,
        detail: str,
        *,
        hint: str | Callable[[], str] = "",
        related: Iterable[tuple[Location, str]] = (),
    ) -> None:
        """Note a problem; a hint that takes work is worked out for the first hundred only."""
        self.has_errors = self.has_errors or code.startswith("E")
        if len(self._problems) >= _MOST_KEPT:
            self._left_out += 1
            return
        if not isinstance(hint, str):
            hint = hint() if len(self._problems) < _MOST_WORKED_OUT else ""
        places = tuple(Related(place, label, self.line(place)) for place, label in related)
        line = self.line(location)
        self._problems[Problem(location, code, detail, hint, line, places)] = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems so far, in file order, each once."""
        kept = sorted(self._problems)
        if self._left_out:
            detail = f"{self._left_out:,} more problems are not shown"
            kept.append(Problem(Location("", 0, 0), _TOO_MANY, detail, "mend these first"))
        return tuple(kept)


def _one_break(text: str) -> str:
    """Write each line break of YAML as one newline."""
    for written in ("\r\n", "\r", "\x85", "\u2028", "\u2029"):
        text = text.replace(written, "\n")
    return text


# -------------------------------------------------------------------- words

_MOST_QUOTED: Final = 60  # characters of what an author wrote, in a sentence of ours


def quoted(text: str) -> str:
    """Give an author's words for use in a message: in backquotes, short, in one line."""
    return f"`{cropped(text)}`"


def cropped(text: str) -> str:
    """Give the text, or its beginning where it is long."""
    return text if len(text) <= _MOST_QUOTED else text[: _MOST_QUOTED - 1].rstrip() + "…"


def nearest(name: str, known: Iterable[str]) -> str:
    """Give a hint that names the known word closest to a mistyped one, or nothing."""
    by_folded = {word.casefold(): word for word in known}
    close = get_close_matches(name[:100].casefold(), by_folded, n=1, cutoff=0.6)
    return f"did you mean `{by_folded[close[0]]}`?" if close else ""


# -------------------------------------------------------------- on a terminal

_STYLES: Final = {
    "error": "\x1b[1;31m",
    "warning": "\x1b[1;33m",
    "frame": "\x1b[1;34m",
    "title": "\x1b[1m",
}
_RESET: Final = "\x1b[0m"
_MOST_COLUMNS: Final = 100  # of a source line, and of a source line's caret with its hint
_MOST_SHOWN: Final = 400  # characters of it; marks take no column
_BEFORE_CARET: Final = 40  # columns kept before the caret where a line is cut
_REORDERING: Final = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_SHOWN_AS: Final = {
    "Cc": "\ufffd",
    "Cs": "\ufffd",
    "Co": "\ufffd",
    "Cn": "\ufffd",
    "Cf": "",
    "Zl": " ",
    "Zp": " ",
}

_Paint = Callable[[str, str], str]


def render(problem: Problem, *, folder: str = "", colour: bool = False) -> str:
    """Show a problem the way a good compiler does: title, place, source line, caret.

    ``folder`` is put before the file names, so that a terminal can open them.
    """

    def paint(style: str, text: str) -> str:
        return f"{_STYLES[style]}{text}{_RESET}" if colour else text

    kind = "error" if problem.is_error else "warning"
    where = problem.location
    margin = " " * max(len(str(p.line)) for p in (where, *(r.location for r in problem.related)))
    title = paint("title", f": {printable(problem.detail)}")
    lines = [paint(kind, f"{kind}[{problem.code}]") + title]
    if where.file:
        lines.append(f"{margin}{paint('frame', '-->')} {_in_folder(folder, where)}")
    hint = printable(problem.hint)
    if problem.line:
        snippet, hint = _snippet(where, problem.line, (kind, "^", hint), (margin, paint))
        lines += snippet
    for second in problem.related:
        lines += _related(second, folder, (margin, paint))
    if hint:
        lines.append(f"{margin} {paint('frame', '=')} hint: {hint}")
    return "\n".join(lines)


def _related(second: Related, folder: str, frame: tuple[str, _Paint]) -> list[str]:
    """Show the second place of a problem below the first."""
    margin, paint = frame
    place = f"{margin}{paint('frame', ':::')} {_in_folder(folder, second.location)}"
    label = printable(second.label)
    if not second.line:
        return [f"{place}: {label}"]
    lines, _ = _snippet(second.location, second.line, ("frame", "-", label), frame)
    return [f"{margin} {paint('frame', '|')}", place, *lines]


def _snippet(
    where: Location, line: str, mark: tuple[str, str, str], frame: tuple[str, _Paint]
) -> tuple[list[str], str]:
    """Show a source line, marked; give also the note, if there was no room for it."""
    style, sign, note = mark
    margin, paint = frame
    shown, before, width = _excerpt(line, where)
    fits = before + width + 1 + _width(note) <= _MOST_COLUMNS
    underline = sign * width + (f" {note}" if note and (fits or style == "frame") else "")
    bar = paint("frame", "|")
    number = paint("frame", str(where.line).rjust(len(margin)))
    lines = [
        f"{margin} {bar}",
        f"{number} {bar} {shown}",
        f"{margin} {bar} {' ' * before}{paint(style, underline)}",
    ]
    return lines, "" if fits else note


def _in_folder(folder: str, location: Location) -> str:
    return printable(f"{folder}/{location}" if folder else str(location))


def _excerpt(line: str, where: Location) -> tuple[str, int, int]:
    """Give what to show of a line, the terminal columns before the caret, and its width."""
    start = min(where.column - 1, len(line))
    end = min(start + max(where.length, 1), len(line))
    first = _first_shown(line, start)
    last = _last_shown(line, first, min(len(line), start + _MOST_SHOWN))
    before = "…" * (first > 0) + _on_one_line(line[first:start])
    marked = _on_one_line(line[start : min(end, last)].rstrip())
    after = _on_one_line(line[start:last]) + "…" * (last < len(line))
    return f"{before}{after}".rstrip(), _width(before), max(_width(marked), 1)


def _first_shown(line: str, start: int) -> int:
    if start <= _MOST_SHOWN and _width(_on_one_line(line[:start])) < _MOST_COLUMNS // 2:
        return 0
    if len(line) <= _MOST_SHOWN and _width(_on_one_line(line)) <= _MOST_COLUMNS:
        return 0
    columns = 0
    for first in range(start, max(0, start - _MOST_SHOWN), -1):
        columns += _width(_on_one_line(line[first - 1]))
        if columns > _BEFORE_CARET:
            return first
    return max(0, start - _MOST_SHOWN)


def _last_shown(line: str, first: int, last: int) -> int:
    columns = 0
    for i in range(first, last):
        columns += _width(_on_one_line(line[i]))
        if columns > _MOST_COLUMNS:
            return i
    return last


def printable(text: str) -> str:
    """Give the text in one line, without what would move, hide or reorder it on a terminal."""
    return " ".join(_on_one_line(text.replace("\n", " ")).split(" "))


def _on_one_line(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if character == "\t":
        return "    "
    if character < "\x20":
        return chr(0x2400 + ord(character))  # the picture of the control character
    if character in _REORDERING:
        return "\ufffd"
    return _SHOWN_AS.get(category(character), character)


def _width(text: str) -> int:
    """Count terminal columns: Hangul and Han take two, marks none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    is_joining_jamo = "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"
    if is_joining_jamo or category(character) in {"Mn", "Me"}:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


# -------------------------------------------------------------------- as JSON


def as_dict(problem: Problem) -> Mapping[str, object]:
    """Give a problem as the JSON object that logs and answers carry."""
    where = problem.location
    return {
        "code": problem.code,
        "title": problem.title,
        "severity": "error" if problem.is_error else "warning",
        "detail": problem.detail,
        "hint": problem.hint,
        "file": where.file,
        "line": where.line,
        "column": where.column,
        "related": [
            {"file": place.file, "line": place.line, "column": place.column, "detail": label}
            for place, label, _ in problem.related
        ],
    }
