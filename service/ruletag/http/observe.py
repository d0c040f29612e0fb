"""Logs: one line an event on standard output, as JSON or as text."""

import json
import logging
from datetime import UTC, datetime
from logging.config import dictConfig
from typing import Any, Final

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: ``ts``, ``level``, ``logger``, ``msg``, and what the event adds."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line."""
        line: dict[str, object] = {
            "ts": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "msg": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        # Names of files may hold bytes that are no text.
        text = json.dumps(line, ensure_ascii=False, default=str)
        return text.encode("utf-8", "replace").decode()


class TextLines(logging.Formatter):
    """One line of text an event, for people; control characters are written as escapes."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, and the lines of a traceback where there is one."""
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        message = json.dumps(record.getMessage(), ensure_ascii=False)[1:-1].replace('\\"', '"')
        line = f"{moment} {record.levelname.lower():7} {record.name}: {message}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def logging_config(style: str) -> dict[str, Any]:
    """Configure all loggers of the process, gunicorn's too, in the style ``json`` or ``text``."""
    lines = JsonLines if style == "json" else TextLines
    passed_on: dict[str, Any] = {"handlers": [], "propagate": True}
    # gunicorn writes access lines wherever logging is configured; they hold the
    # query, and with it titles that were sent.
    silent: dict[str, Any] = {"handlers": [], "propagate": False, "level": "CRITICAL"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": lines}},
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "stream": "ext://sys.stdout",
            }
        },
        "root": {"level": "INFO", "handlers": ["stdout"]},
        "loggers": {"gunicorn.error": passed_on, "gunicorn.access": silent},
    }


def log_to_stdout(style: str) -> None:
    """Send all logs of the process to standard output, in the style ``json`` or ``text``."""
    dictConfig(logging_config(style))
