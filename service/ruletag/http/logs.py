"""Logs: one line an event on standard output, as JSON or as text.

Whatever is logged, a line stays a line of bounded length: control characters and
characters that turn the direction of writing become escapes, and what is long is
cut. Who logs does not wait for who reads (`ruletag.http.lines`).
"""

import json
import logging
import re
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from logging.config import dictConfig
from math import isfinite
from types import TracebackType
from typing import Any, Final

from ruletag.http.lines import STDOUT, Lines

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_MOST_MESSAGE: Final = 8_000  # characters; a problem's report has a line or two of a rule file
_MOST_VALUE: Final = 1_000
_MOST_TRACEBACK: Final = 16_000
_MOST_FAULT: Final = 200  # of what an exception says: it may quote what was sent
_MOST_LINE: Final = 64_000
# What a terminal or a viewer would act on instead of showing it.
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
Write = Callable[[Mapping[str, object], Mapping[str, object]], bytes]
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def timestamp(moment: float) -> str:
    """Give a moment (of `time.time`) as logs have it: UTC, to the millisecond."""
    whole = int(moment)
    return f"{_second(whole)}.{int((moment - whole) * 1000):03}+00:00"


@lru_cache(maxsize=4)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def safe(text: str) -> str:
    """Write characters that are not to be shown as escapes, as JSON has them."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def json_line(start: Mapping[str, object], fields: Mapping[str, object]) -> bytes:
    """Give a line of JSON: how each line begins, then what the event adds."""
    line = dict(start)
    for name, value in fields.items():
        line.setdefault(name, value)
    text = _ENCODE(line)
    if len(text) > _MOST_LINE:
        text = _ENCODE({**start, "cut": True})
    return safe(text).encode() + b"\n"


def text_line(start: Mapping[str, object], fields: Mapping[str, object]) -> bytes:
    """Give the same as text, for people; a traceback follows on lines of its own."""
    more = [f" {name}={_word(value)}" for name, value in fields.items() if name != "traceback"]
    message = safe(f"{start['msg']}{''.join(more)}"[:_MOST_LINE])
    line = f"{start['ts']} {start['level']:7} {start['logger']}: {message}\n"
    frames = str(fields.get("traceback", ""))
    shown = "\n".join(f"    {safe(frame)}" for frame in frames.splitlines())
    return f"{line}{shown}\n".encode() if shown else line.encode()


def _word(value: object) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if not text or " " in text else text


class Formatter(logging.Formatter):
    """Gives ``ts``, ``level``, ``logger``, ``msg``, and what the event adds, in one style."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self._line = line_in(style)

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        start: dict[str, object] = {
            "ts": timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": _cut(record.getMessage(), _MOST_MESSAGE),
        }
        return self._line(start, _fields(record)).decode().removesuffix("\n")


def line_in(style: str) -> Write:
    """Give what writes lines in the style ``json`` or ``text``."""
    return json_line if style == "json" else text_line


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields = {n: _bounded(v) for n, v in vars(record).items() if n not in _STANDARD}
    if record.exc_info and record.exc_info[1] is not None:
        fields["traceback"] = _frames(record.exc_info)
    return fields


def _bounded(value: object) -> object:
    if value is None or isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, str):
        return _cut(value, _MOST_VALUE)
    if isinstance(value, list | tuple):
        return [_bounded(item) for item in value[:_MOST_VALUE]]
    return _cut(str(value), _MOST_VALUE)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def _frames(exc_info: _ExcInfo) -> str:
    """Give a traceback: where, and what in few words, since exceptions may quote a text."""
    told = traceback.TracebackException(*exc_info, limit=-50)
    lines = [line for error in _chain(told) for line in _told(error)]
    text = "".join(lines)
    return text if len(text) <= _MOST_TRACEBACK else f"…{text[-_MOST_TRACEBACK:]}"


def _chain(error: traceback.TracebackException) -> list[traceback.TracebackException]:
    """Give the exceptions that led to one another, the last one last."""
    chain = [error]
    while len(chain) < 8:  # noqa: PLR2004 - enough
        before = chain[-1].__cause__ or chain[-1].__context__
        if before is None or (chain[-1].__suppress_context__ and not chain[-1].__cause__):
            break
        chain.append(before)
    return chain[::-1]


def _told(error: traceback.TracebackException) -> list[str]:
    what = "".join(error.format_exception_only()).strip()
    return [*error.stack.format(), f"{_cut(what, _MOST_FAULT)}\n"]


class ToLines(logging.Handler):
    """Puts each event into the queue of lines for standard output."""

    def __init__(self, lines: Lines = STDOUT) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Have the line written, soon."""
        try:
            line = self.format(record).encode() + b"\n"
        except Exception:  # noqa: BLE001 - logging never raises
            self.handleError(record)
        else:
            self._lines.put(line, important=record.levelno >= logging.WARNING)

    def flush(self) -> None:
        """Wait, not long, until what was put is written."""
        self._lines.flush(0.1)


def note_in(style: str, logger: str, what: str) -> Callable[[int], bytes]:
    """Give what makes the line that tells how many lines were dropped."""
    write = line_in(style)

    def note(count: int) -> bytes:
        start = {"ts": timestamp(time.time()), "level": "warning", "logger": logger, "msg": what}
        return write(start, {"count": count})

    return note


def logging_config(style: str) -> dict[str, Any]:
    """Configure all loggers of the process, gunicorn's too, in the style ``json`` or ``text``."""
    STDOUT.note = note_in(style, "ruletag.log", "log lines were dropped")
    passed_on: dict[str, Any] = {"handlers": [], "propagate": True}
    # gunicorn writes access lines wherever logging is configured; they hold the
    # query, and with it titles that were sent.
    silent: dict[str, Any] = {"handlers": [], "propagate": False, "level": "CRITICAL"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": Formatter, "style": style}},
        "handlers": {"stdout": {"()": ToLines, "formatter": "lines"}},
        "root": {"level": "INFO", "handlers": ["stdout"]},
        "loggers": {"gunicorn.error": passed_on, "gunicorn.access": silent},
    }


def log_to_stdout(style: str) -> None:
    """Send all logs of the process to standard output, in the style ``json`` or ``text``."""
    dictConfig(logging_config(style))
