"""The decision log: for each text which categories it was given, by which rules, and why.

Off unless a setting says where to. It never holds a text, only its SHA-256, so that
a decision can be found again by whoever has the text.
"""

import hashlib
import os
import stat
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

import msgspec

from ruletag.http import logs
from ruletag.http.lines import STDOUT_SINK, Lines, Sink
from ruletag.matching.tagging import Tag, Tagging
from ruletag.settings import Settings, SettingsError

_ROOM: Final = 4 * 1024 * 1024  # bytes that wait to be written, at most
_MOST_SPANS: Final = 100  # of a category
_MOST_ID: Final = 256  # characters of an id that came with a text
_HASHES: Final = 1 << 64
_FLAGS: Final = (
    os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
)


class Document(Protocol):
    """A text that was sent."""

    @property
    def text(self) -> str:
        """The text."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def id(self) -> str | int | None:
        """What its sender calls it."""


class Span(msgspec.Struct, omit_defaults=True):
    """Where evidence stands, in code points, and the keyword as its author wrote it."""

    start: int
    end: int
    keyword: str
    in_: str | None = msgspec.field(default=None, name="in")


class Given(msgspec.Struct, omit_defaults=True):
    """A category that was given; ``spans_left_out`` counts those that are not listed."""

    category: str
    score: int | float | None
    spans: list[Span] | None
    status: str = "on"
    implied_by: tuple[str, ...] = ()
    spans_left_out: int = 0


class Decision(msgspec.Struct):
    """A line of the decision log."""

    ts: str
    level: str
    logger: str
    msg: str
    request_id: str
    rules_digest: str
    id: str | int | None
    text_sha256: str
    title_sha256: str | None
    complete: bool
    categories: list[Given]


class File:
    """A file that lines are added to; opened again where it was moved or taken away."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._turn = threading.Lock()
        self._handle = -1
        self._broke_off = False

    def write(self, content: bytes) -> None:
        """Write whole lines. Raises `OSError`."""
        with self._turn:
            if not self._is_in_place():
                self._open()
            # A line that a full disk cut short is ended first.
            content = b"\n" + content if self._broke_off else content
            written = os.write(self._handle, content)
            self._broke_off = not content[:written].endswith(b"\n")
            if written < len(content):
                raise OSError("written in part")

    def check(self) -> None:
        """Raise `OSError` where the file cannot be opened."""
        with self._turn:
            self._open()

    def after_fork(self) -> None:
        """Begin anew in a process that was forked off."""
        self._turn = threading.Lock()

    def _is_in_place(self) -> bool:
        if self._handle < 0:
            return False
        try:
            there = self._path.stat(follow_symlinks=False)
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(self._handle))

    def _open(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
        handle = os.open(self._path, _FLAGS, 0o600)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError("not a plain file")
        self._handle = handle
        self._broke_off = False


def check(settings: Settings) -> None:
    """Raise `SettingsError` where the decision log cannot be written."""
    sink = _sink(settings)
    if isinstance(sink, File):
        try:
            sink.check()
        except OSError as error:
            reason = error.strerror or str(error)
            detail = f"RULETAG_DECISION_LOG={settings.decision_log!r} cannot be written: {reason}"
            raise SettingsError(detail) from None


def _sink(settings: Settings) -> Sink | None:
    if settings.decision_log == "off":
        return None
    return STDOUT_SINK if settings.decision_log == "stdout" else File(Path(settings.decision_log))


def decision_log(settings: Settings) -> "Decisions | None":
    """Give the decision log, if there is to be one."""
    sink = _sink(settings)
    return Decisions(settings, Lines(sink, _ROOM)) if sink else None


class Decisions:
    """Writes decisions, for a share of the texts that depends on the texts alone."""

    def __init__(self, settings: Settings, lines: Lines) -> None:
        self.lines = lines
        self._below = int(settings.decision_sample * _HASHES)
        self._mask = settings.decision_mask
        self._encode = msgspec.json.Encoder().encode
        note = "decisions were dropped"
        # Lines of the decision log are JSON whatever the style of the log.
        self.lines.note = logs.note_in("json", "ruletag.decision", note)

    def tagged(self, request_id: str, document: Document, digest: str, tagging: Tagging) -> None:
        """Write what a text was given, if it is one of the share."""
        sha256 = hashlib.sha256(document.text.encode())
        if int.from_bytes(sha256.digest()[:8]) >= self._below:
            return
        title = hashlib.sha256(document.title.encode()).hexdigest() if document.title else None
        categories = [*_given(tagging, self._mask)]
        decision = Decision(
            logs.timestamp(time.time()),
            *("info", "ruletag.decision", "decision"),
            request_id,
            digest,
            _short(document.id),
            sha256.hexdigest(),
            title,
            tagging.complete,
            categories,
        )
        self.lines.put(logs.safe(self._encode(decision).decode()).encode() + b"\n")


def _short(id_: str | int | None) -> str | int | None:
    return id_[:_MOST_ID] if isinstance(id_, str) else id_


def _given(tagging: Tagging, mask: Collection[str]) -> Iterator[Given]:
    for tag in tagging.tags:
        yield _category(tag, "deprecated" if tag.is_deprecated else "on", mask)
    for tag in tagging.drafts:
        yield _category(tag, "draft", mask)


def _category(tag: Tag, status: str, mask: Collection[str]) -> Given:
    if _is_masked(tag.category, mask):
        return Given(tag.category, tag.score, None, status, tag.implied_by)
    counting = [piece for piece in tag.evidence if piece.counts]
    spans = [
        Span(piece.start, piece.end, piece.keyword, "title" if piece.in_title else None)
        for piece in counting[:_MOST_SPANS]
    ]
    left_out = len(counting) - len(spans)
    return Given(tag.category, tag.score, spans, status, tag.implied_by, left_out)


def unknown_in(mask: Iterable[str], categories: Iterable[str]) -> list[str]:
    """Give the names of a mask that no category is meant by."""
    known = tuple(categories)
    return [name for name in mask if not any(_means(name, category) for category in known)]


def _is_masked(category: str, mask: Collection[str]) -> bool:
    return any(_means(name, category) for name in mask)


def _means(name: str, category: str) -> bool:
    """Say whether a category is named, as ``economy`` or by ``economy.*``, which has both."""
    if category == name.removesuffix(".*"):
        return True
    return name.endswith(".*") and category.startswith(name[:-1])
