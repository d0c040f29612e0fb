"""Traces: the header ``traceparent`` (W3C Trace Context), and OpenTelemetry where it is wanted.

OpenTelemetry costs more than a request does, and is an extra: nothing here needs it
until a setting asks for it.
"""

import importlib
import re
from typing import Any, Final, Protocol

from ruletag.settings import Settings, SettingsError

_TRACEPARENT: Final = re.compile(
    "(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<parent>[0-9a-f]{16})-[0-9a-f]{2}(?P<more>-.*)?"
)
_LONGEST: Final = 256
_SPANS: Final = "ruletag.http.spans"  # the one module that knows OpenTelemetry
_WHERE: Final = "pip install 'ruletag[traces]'"


class Attributes(Protocol):
    """What a span says of a request."""

    @property
    def route(self) -> str:
        """The template of its path."""

    @property
    def method(self) -> str:
        """Its method."""

    @property
    def status(self) -> int:
        """The status of its answer."""

    @property
    def seconds(self) -> float:
        """How long it took."""

    @property
    def request_id(self) -> str:
        """Its id."""


class Spans(Protocol):
    """Where spans are sent."""

    def add(self, request: Attributes, traceparent: str) -> str:
        """Tell of a request that has just been answered; give the id of its trace."""


def trace_id(traceparent: str) -> str:
    """Give the trace id of a header ``traceparent``, or nothing where it is not a good one."""
    found = _TRACEPARENT.fullmatch(traceparent) if len(traceparent) <= _LONGEST else None
    if found is None or found["version"] == "ff" or (found["version"] == "00" and found["more"]):
        return ""
    return found["trace"] if found["trace"].strip("0") and found["parent"].strip("0") else ""


def check(settings: Settings) -> None:
    """Raise `SettingsError` where OpenTelemetry is wanted and not installed."""
    if settings.traces == "on":
        _load()


def spans(settings: Settings) -> Spans | None:
    """Give what sends spans, if that is wanted. Raises `SettingsError` if it is not installed."""
    if settings.traces == "off":
        return None
    made: Spans = _load().OpenTelemetry()
    return made


def _load() -> Any:  # noqa: ANN401 - a module that need not be there
    try:
        return importlib.import_module(_SPANS)
    except ImportError:
        missing = f"RULETAG_TRACES=on needs OpenTelemetry, which is not installed; {_WHERE}"
        raise SettingsError(missing) from None
