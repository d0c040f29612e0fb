"""Read documents from files and standard input, one after another in bounded memory.

What cannot be read is a value like the rest, a `Fault` that says where: one
broken line must not cost the other million.
"""

import glob
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from ruletag.http.refusals import RequestError
from ruletag.http.requests import check_text, read_document
from ruletag.http.wire import Document
from ruletag.limits import LIMITS

_STDIN: Final = "-"
_MOST_TEXT: Final = 4 * LIMITS.text  # bytes; a character has at most four
_MOST_LINE: Final = 6 * LIMITS.text + LIMITS.line  # bytes; JSON may write six for one
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_MEMBERS: Final = ("text", "title", "id")


class Fault(NamedTuple):
    """A document that cannot be read: where it is, and why."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


class Named(NamedTuple):
    """A document, and what a person calls it: its file, and for a line the line."""

    name: str
    document: Document


class Source(NamedTuple):
    """A file, or standard input, that holds one text or a document a line."""

    path: str
    is_jsonl: bool

    @property
    def id(self) -> str:
        """What names it in an answer; bytes that are not UTF-8 are replaced."""
        return os.fsencode(self.path).decode("utf-8", "replace")

    @property
    def name(self) -> str:
        """What a person calls it."""
        return "standard input" if self.path == _STDIN else self.id


def find_sources(given: Iterable[str], *, jsonl: bool) -> Iterator[Source | Fault]:
    """Give the sources in the order given; patterns such as ``news/*.txt`` are expanded here."""
    for path in given:
        if path == _STDIN or os.path.lexists(path) or not glob.has_magic(path):
            yield _source(path, jsonl=jsonl)
            continue
        names = glob.glob(path, recursive=True)  # noqa: PTH207 - the pattern may be absolute
        found = [name for name in sorted(names) if not _is_folder(name)]
        if not found:
            yield Fault(path, "no file matches")
        yield from (_source(name, jsonl=jsonl) for name in found)


def read_documents(source: Source, title: str = "") -> Iterator[Named | Fault]:
    """Give the documents of a source, or why they cannot be read; ``title`` is that of a text."""
    if _is_folder(source.path):
        hint = f"name its files, as in '{source.name.rstrip('/')}/*.txt'"
        yield Fault(source.name, f"this is a folder; {hint}")
        return
    try:
        with _opened(source) as file:
            yield from _lines(source, file) if source.is_jsonl else _text(source, file, title)
    except OSError as error:
        yield Fault(source.name, (error.strerror or str(error)).lower())


def looks_like_jsonl(text: str) -> bool:
    """Say whether a text is more likely a file of documents under another ending."""
    first = text.lstrip("\ufeff")[: LIMITS.line].split("\n", 1)[0]
    if not first.startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _source(path: str, *, jsonl: bool) -> Source:
    return Source(path, jsonl or path.lower().endswith(".jsonl"))


def _is_folder(path: str) -> bool:
    return path != _STDIN and Path(path).is_dir()


def _opened(source: Source) -> AbstractContextManager[BinaryIO]:
    if source.path != _STDIN:
        return Path(source.path).open("rb")
    # None where the shell closed it: `ruletag tag - <&-`.
    if sys.stdin is None:
        raise OSError(None, "it is closed")
    return nullcontext(sys.stdin.buffer)


def _text(source: Source, file: BinaryIO, title: str) -> Iterator[Named | Fault]:
    content = file.read(_MOST_TEXT + 1)
    if len(content) > _MOST_TEXT:
        yield Fault(source.name, f"more than {LIMITS.text:,} characters, the most a text may have")
        return
    try:
        text = content.decode("utf-8")
        check_text(text, title)
    except UnicodeDecodeError as error:
        yield Fault(source.name, _not_utf8(error))
    except RequestError as error:
        yield Fault(source.name, error.detail)
    else:
        identity = None if source.path == _STDIN else source.id
        yield Named(source.name, Document(text=text, title=title, id=identity))


def _lines(source: Source, file: BinaryIO) -> Iterator[Named | Fault]:
    number = 0
    while line := file.readline(_MOST_LINE + 1):
        number += 1
        name = f"{source.name}:{number}"
        if len(line) > _MOST_LINE:
            while line and not line.endswith(b"\n"):
                line = file.readline(_MOST_LINE)
            yield Fault(name, f"a line may have {_MOST_LINE:,} bytes")
            continue
        if number == 1:
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if line.strip():
            yield _document(name, line, f"{source.id}:{number}")


def _document(name: str, line: bytes, place: str) -> Named | Fault:
    """Read ``text``, ``title`` and ``id`` of a line; ``place`` stands in for an id not given."""
    try:
        value = json.loads(line.decode("utf-8").rstrip("\r\n"))
    except UnicodeDecodeError as error:
        return Fault(name, _not_utf8(error))
    except json.JSONDecodeError as error:
        reason = error.msg.lower().removesuffix(" at").removesuffix(" starting")
        return Fault(name, f"not JSON: {reason} (column {error.colno})")
    except (RecursionError, ValueError):
        return Fault(name, "not JSON that can be read: nested too deeply, or a number too long")
    if isinstance(value, dict):
        value = {member: value[member] for member in _MEMBERS if value.get(member) is not None}
    try:
        document = read_document(value)
    except RequestError as error:
        return Fault(name, "; ".join(f.detail for f in error.errors) or error.detail)
    if document.id is None:
        return Named(name, Document(text=document.text, title=document.title, id=place))
    return Named(f"{document.id} ({name})", document)


def _not_utf8(error: UnicodeDecodeError) -> str:
    return f"not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}"
