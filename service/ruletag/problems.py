"""What can be wrong with rules, said so that their author can mend it.

A load collects every problem before it gives up, so one run of ``check`` shows
them all. Codes are stable: ``E`` stops the load, ``W`` does not. A number is
never reused. ``docs/problems.md`` holds a bad and a good example of each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final
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
    "E201": "unknown key",
    "E202": "not yet supported",
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
    "E306": "no such list",
    "E307": "unbalanced evidence marks",
    "E308": "too many keyword forms",
    "E401": "defined twice",
    "E402": "one name for a list and a category",
    "E403": "no rule files",
    "E404": "too many rule files",
    "E405": "a test of the rules fails",
    "E499": "a fault in ruletag",
}


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a rule file: line and column from 1, in code points; ``length`` 0 if unknown."""

    file: str
    line: int
    column: int
    length: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong, where it is, and what to do about it.

    ``line`` is the source line at the location, kept so that a report needs no
    file; ``related`` leads to a second place (the first of two definitions).
    """

    location: Location
    code: str
    detail: str
    hint: str = ""
    line: str = ""
    related: tuple[tuple[Location, str], ...] = ()

    @property
    def is_error(self) -> bool:
        """Say whether the problem keeps the rules from being used."""
        return self.code.startswith("E")

    @property
    def title(self) -> str:
        """What the code stands for, without the particulars."""
        return CODES[self.code]

    def __str__(self) -> str:
        line = f"{self.location}: {self.code} {self.detail}"
        return f"{line} ({self.hint})" if self.hint else line


class RuleSetError(Exception):
    """The rules cannot be used; ``problems`` says why, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class ProblemLog:
    """Collects the problems of one load, with the source lines they stand in."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._lines: dict[str, list[str]] = {}

    def add_source(self, file: str, text: str) -> None:
        """Remember a file's text, so that its problems can show their line."""
        self._lines[file] = text.splitlines()

    def add(
        self,
        code: str,
        location: Location,
        detail: str,
        *,
        hint: str = "",
        related: tuple[tuple[Location, str], ...] = (),
    ) -> None:
        """Note a problem."""
        lines = self._lines.get(location.file, [])
        line = lines[location.line - 1] if 0 < location.line <= len(lines) else ""
        self._problems.append(Problem(location, code, detail, hint, line, related))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems so far, in file order, each once."""
        return tuple(sorted(set(self._problems)))

    @property
    def has_errors(self) -> bool:
        """Say whether anything noted keeps the rules from being used."""
        return any(problem.is_error for problem in self._problems)


def nearest(name: str, known: Iterable[str]) -> str:
    """Give a hint that names the known word closest to a mistyped one, or nothing."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""


# ------------------------------------------------------------------ as text

_STYLES: Final = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "place": "\x1b[1;34m"}
_BOLD: Final = "\x1b[1m"
_RESET: Final = "\x1b[0m"
_MOST_SHOWN: Final = 120  # characters of a source line


def render(problem: Problem, *, folder: str = "", colour: bool = False) -> str:
    """Show a problem the way a good compiler does: title, place, source line, caret.

    ``folder`` is put before the file names, so that a terminal can open them.
    """
    kind = "error" if problem.is_error else "warning"

    def paint(style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if colour else text

    where = problem.location
    gutter = " " * len(str(where.line))
    bar = paint(_STYLES["place"], "|")
    arrow = paint(_STYLES["place"], "-->")
    lines = [
        paint(_STYLES[kind], f"{kind}[{problem.code}]") + paint(_BOLD, f": {problem.detail}"),
        f"{gutter} {arrow} {_in_folder(folder, where)}",
    ]
    if problem.line:
        shown, before, width = _excerpt(problem.line, where)
        note = f" {problem.hint}" if problem.hint else ""
        lines += [
            f"{gutter} {bar}",
            f"{paint(_STYLES['place'], str(where.line))} {bar} {shown}".rstrip(),
            f"{gutter} {bar} {' ' * before}{paint(_STYLES[kind], '^' * width + note)}",
        ]
    elif problem.hint:
        lines.append(f"{gutter} = hint: {problem.hint}")
    for place, label in problem.related:
        lines.append(f"{gutter} {arrow} {_in_folder(folder, place)}: {label}")
    return "\n".join(lines)


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
            for place, label in problem.related
        ],
    }


def _in_folder(folder: str, location: Location) -> str:
    place = f"{folder}/{location}" if folder else str(location)
    return place.removesuffix(":0:0")


def _excerpt(line: str, location: Location) -> tuple[str, int, int]:
    """Give what to show of a line, the terminal columns before the caret, and its width."""
    start = min(location.column - 1, len(line))
    end = min(start + max(location.length, 1), start + _MOST_SHOWN // 2)
    first = max(0, start - _MOST_SHOWN // 2) if len(line) > _MOST_SHOWN else 0
    shown = line[first : first + _MOST_SHOWN]
    # What would move or hide the rest of the line on a terminal is replaced.
    shown = "".join("\ufffd" if category(c) == "Cc" else c for c in shown.replace("\t", " "))
    prefix = "…" if first else ""
    marked = line[start:end].rstrip() or " "
    suffix = "…" if first + _MOST_SHOWN < len(line) else ""
    before = _width(prefix) + _width(line[first:start])
    return f"{prefix}{shown}{suffix}", before, max(_width(marked), 1)


def _width(text: str) -> int:
    """Count terminal columns: Hangul and Han take two, marks none."""
    return sum(
        0 if category(c) in {"Mn", "Me", "Cf"} else 2 if east_asian_width(c) in "WF" else 1
        for c in text
    )
