"""Edit rule files as text: whatever is not replaced stays as its author wrote it.

The one module through which rule files are changed. It knows lines, places and
YAML scalars, but no rule language: what to write, and where, others decide.
"""

import difflib
import os
import re
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import groupby, pairwise
from pathlib import Path
from typing import Final, NamedTuple

import yaml

from ruletag.problems import Location, printable

_MARK: Final = "\ufeff"
# As in `problems.ProblemLog.line`: these end a line of YAML.
_BREAK: Final = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


class Edit(NamedTuple):
    """Write ``text`` in place of ``file[start:end]``, in code points of the decoded file.

    A byte order mark does not count. Newlines of ``text`` become the line breaks
    of the file.
    """

    file: str
    start: int
    end: int
    text: str


def yaml_lines(text: str) -> list[str]:
    """Split a text where YAML does; what follows the last line break is a line, too."""
    return _BREAK.split(text)


class Source:
    """A rule file as it was read, and the places in it."""

    def __init__(self, file: str, content: bytes) -> None:
        decoded = content.decode("utf-8")
        self.file = file
        self.text = decoded.removeprefix(_MARK)
        self.mark = decoded[: len(decoded) - len(self.text)]
        self._starts = [0, *(found.end() for found in _BREAK.finditer(self.text))]

    @property
    def line_break(self) -> str:
        """What ends the lines of the file: what ends the first."""
        found = re.search("\r\n|\r|\n", self.text)
        return found.group() if found else "\n"

    def index(self, line: int, column: int) -> int:
        """Give the position of a line and column from 1; behind the text, where it ends."""
        starts = (*self._starts[line - 1 : line], len(self.text))
        return min(starts[0] + column - 1, len(self.text))

    def line(self, index: int) -> int:
        """Give the number, from 1, of the line in which a position lies."""
        return bisect_right(self._starts, index)

    def span(self, location: Location) -> tuple[int, int]:
        """Give where a place starts and ends; one of unknown length ends where it starts."""
        if not 0 < location.line <= len(self._starts) + 1:
            raise ValueError(f"{location} is no place in the text of {self.file}")
        start = self.index(location.line, location.column)
        return start, start + location.length

    def edit(self, location: Location, text: str) -> Edit:
        """Give the edit that writes something in a place of this file."""
        return Edit(self.file, *self.span(location), text)

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """Give the file with its edits; where several insert at one place, in the order given.

        Raises `ValueError` where two overlap, or one lies outside of the file.
        """
        pieces, done = [self.mark], 0
        for edit in self._in_order(edits):
            pieces += self.text[done : edit.start], self._with_own_breaks(edit.text)
            done = edit.end
        return "".join([*pieces, self.text[done:]]).encode("utf-8")

    def _in_order(self, edits: Iterable[Edit]) -> list[Edit]:
        ordered = sorted(edits, key=lambda edit: (edit.start, edit.end))
        for edit in ordered:
            if not 0 <= edit.start <= edit.end <= len(self.text):
                raise ValueError(f"{edit} does not lie in the file")
        for edit, following in pairwise(ordered):
            if following.start < edit.end:
                raise ValueError(f"{edit} and {following} overlap")
        return ordered

    def _with_own_breaks(self, text: str) -> str:
        return text.replace("\r\n", "\n").replace("\n", self.line_break)


def edited(files: Mapping[str, bytes], edits: Iterable[Edit]) -> dict[str, bytes]:
    """Give the files that edits change, by name, in their new state.

    Raises `ValueError` where two edits overlap.
    """
    by_file = groupby(sorted(edits, key=lambda edit: edit.file), key=lambda edit: edit.file)
    changed = {file: Source(file, files[file]).edited(group) for file, group in by_file}
    return {file: content for file, content in changed.items() if content != files[file]}


# ------------------------------------------------------------------- scalars

# A comma that looks as if it parted two words; in quotes it is meant.
COMMA: Final = re.compile(r"(?<![0-9]),|,(?![0-9])")
_INDICATORS: Final = frozenset(",[]{}#&*!|>'\"%@`")
_SPECIAL_BEFORE_SPACE: Final = frozenset("-?:")
_ENDS_PLAIN: Final = re.compile(r":(?: |$)| #")
_ENDS_PLAIN_IN_FLOW: Final = re.compile(r"[,?\[\]{}]")
_ESCAPED: Final = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_SHORT_ESCAPES: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def as_scalar(text: str, *, in_flow: bool = False) -> str:
    """Write a text as YAML in one line: plain where all YAML takes it as it is, else in quotes.

    ``in_flow`` is for a place inside brackets or braces. Words that other readers
    of YAML take for numbers, dates or truth get quotes, and so do those with a
    ``=`` in front, as a matter of style. A lone surrogate cannot be written.
    """
    if _is_plain(text, in_flow=in_flow):
        return text
    if _ESCAPED.search(text) or not ('"' in text or "\\" in text):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{_ESCAPED.sub(_escape, escaped)}"'
    return "'" + text.replace("'", "''") + "'"


def _is_plain(text: str, *, in_flow: bool) -> bool:
    if text != text.strip(" ") or _begins_otherwise(text) or _is_resolved(text):
        return False
    if _ESCAPED.search(text) or _ENDS_PLAIN.search(text):
        return False
    # Some parsers end a word in brackets at any colon or question mark.
    return not (in_flow and (_ENDS_PLAIN_IN_FLOW.search(text) or ":" in text))


def _begins_otherwise(text: str) -> bool:
    """Say whether YAML, or the style of rule files, lets no plain text begin so."""
    first, second = text[:1], text[1:2]
    if first in _SPECIAL_BEFORE_SPACE:
        return second in {"", " "} or second in _INDICATORS or text.startswith("---")
    return first in _INDICATORS or first == "=" or text == "..." or text.startswith("... ")


def _is_resolved(text: str) -> bool:
    """Say whether YAML 1.1 takes the plain text for something else, or for nothing."""
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers
    return any(expression.match(text) for _, expression in resolvers.get(text[:1], ()))


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return _SHORT_ESCAPES.get(character, f"\\u{ord(character):04x}")


# --------------------------------------------------------------- differences

_STYLES: Final = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
_BOLD: Final = "\x1b[1m"
_RESET: Final = "\x1b[0m"
_HEAD: Final = 2  # lines of a difference that name the file
_MOST_COMPARED: Final = 10_000  # lines: the time that comparing takes grows with their square


def difference(file: str, before: bytes, after: bytes) -> str:
    """Give what changed as a unified diff, which `patch -p0` takes; nothing if nothing did."""
    old, new = (_ended(content.decode("utf-8").split("\n")) for content in (before, after))
    if len(old) + len(new) <= _MOST_COMPARED:
        lines = difflib.unified_diff(old, new, file, file)
    else:
        lines = _in_one_piece(file, old, new)
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _ended(lines: list[str]) -> list[str]:
    """Put back the newlines between lines; `str.splitlines` would split at more than those."""
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _in_one_piece(file: str, old: list[str], new: list[str]) -> Iterator[str]:
    """Give all from the first line that changed to the last as one change."""
    head = _alike(old, new)
    old, new = old[head:], new[head:]
    tail = _alike(old[::-1], new[::-1])
    old, new = old[: len(old) - tail], new[: len(new) - tail]
    if old or new:
        yield f"--- {file}\n"
        yield f"+++ {file}\n"
        # An empty range is named by the line before it.
        yield f"@@ -{head + bool(old)},{len(old)} +{head + bool(new)},{len(new)} @@\n"
    yield from (f"-{line}" for line in old)
    yield from (f"+{line}" for line in new)


def _alike(old: list[str], new: list[str]) -> int:
    """Count the lines that are the same from the beginning."""
    differs = (i for i, lines in enumerate(zip(old, new, strict=False)) if lines[0] != lines[1])
    return next(differs, min(len(old), len(new)))


def shown_difference(shown: str, *, colour: bool) -> str:
    """Give a unified diff as a terminal may show it: nothing in it steers, some is coloured."""
    lines = shown.removesuffix("\n").split("\n")
    if all(line.endswith("\r") for line in lines[_HEAD:] if line[:1] in {"+", "-"}):
        lines = [line.removesuffix("\r") for line in lines]
    painted = (
        _painted(printable(line), is_head=i < _HEAD) if colour else printable(line)
        for i, line in enumerate(lines)
    )
    return "".join(f"{line}\n" for line in painted)


def _painted(line: str, *, is_head: bool) -> str:
    style = _BOLD if is_head else _STYLES.get(line[:1], "")
    return f"{style}{line}{_RESET}" if style else line


# ------------------------------------------------------------------- writing


def write_file(folder: Path, name: str, before: bytes, after: bytes) -> None:
    """Write one file of a rule folder anew, whole or not at all, with its mode and owner.

    ``before`` is what was read of it. Raises `OSError` if it is no longer that,
    if its link leads out of the folder, or if it cannot be written.
    """
    path = folder / name
    real = Path(os.path.realpath(path))
    try:
        if not real.is_relative_to(os.path.realpath(folder)):
            raise OSError(None, "the link leads out of the rule folder")  # noqa: TRY301
        _replace(real, before, after)
    except OSError as error:
        # Without this a file beside it, which nobody knows of, would be named.
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


def _replace(path: Path, before: bytes, after: bytes) -> None:
    # Opened for writing, though not written to: a file that is closed to
    # changes could be replaced all the same.
    with path.open("r+b") as file:
        if file.read() != before:
            raise OSError(None, "it has changed since it was read; nothing was written")
        found = os.fstat(file.fileno())
    # A hidden name: should it stay behind, nobody takes it for a rule file.
    handle, beside = tempfile.mkstemp(prefix=".ruletag-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(after)
            file.flush()
            with suppress(PermissionError):
                os.fchown(file.fileno(), found.st_uid, found.st_gid)
            os.fchmod(file.fileno(), found.st_mode & 0o7777)
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(beside).unlink()
        raise
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Let a crash of the machine not undo what was renamed in the folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
