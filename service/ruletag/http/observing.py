"""All that is told of requests, in one place: log lines, metrics, the decision log, traces."""

import logging
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

import msgspec

from ruletag.http import api, decisions, logs, refusals, tallies, traces
from ruletag.http.handling import NOT_FOUND, Finished
from ruletag.http.lines import STDOUT, Lines
from ruletag.http.metrics import OPENMETRICS, TEXT, Metrics, asks_for_openmetrics
from ruletag.matching.tagging import Tagging
from ruletag.serving.store import Store
from ruletag.settings import Settings

_LOG: Final = logging.getLogger("ruletag")
_QUIET: Final = 60.0  # seconds between two words of lost decisions
_PROBES: Final = frozenset({"/livez", "/readyz", "/metrics"})


class RequestLine(msgspec.Struct, omit_defaults=True):
    """The log line of a request. Nothing of it is the caller's but the checked request id.

    ``rules_digest`` is there where texts were tagged, ``trace_id`` where the request
    is part of a trace.
    """

    ts: str
    level: str
    logger: str
    msg: str
    request_id: str
    method: str
    route: str
    status: int
    duration_ms: float
    chars: int
    documents: int
    categories: int
    rules_digest: str = ""
    trace_id: str = ""


class Observer:
    """Tells logs, metrics, the decision log and traces; see `ruletag.http.handling.Observer`."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        lines: Lines = STDOUT,
        counts: tallies.Tallies | None = None,
    ) -> None:
        """Raise `SettingsError` where something is wanted that is not there."""
        self._metrics = Metrics(store, counts or tallies.shared())
        self._shows_metrics = settings.metrics != "off"
        self._lines = lines if settings.log_requests == "on" else None
        self._line = _encoder(settings.log_format)
        self._spans = traces.spans(settings)
        self._decisions = decisions.decision_log(settings)
        self._mask = settings.decision_mask
        self._mask_checked = ""  # the digest of the rules it was held against last
        self._store = store
        self._told_again = 0.0
        lines.dropped = lambda count: self._metrics.add("log_lines_dropped", count)
        if self._decisions is not None:
            self._decisions.lines.dropped = self._decisions_dropped
        self.started = self._metrics.started

    def _decisions_dropped(self, count: int) -> None:
        self._metrics.add("decisions_dropped", count)
        if time.monotonic() >= self._told_again:
            self._told_again = time.monotonic() + _QUIET
            _LOG.warning("decisions are lost: the decision log cannot take them, or not so many")

    def refused(self, reason: str) -> None:
        """Count a request that was one too many."""
        self._metrics.add("requests_refused", 1, reason)

    def tagged(
        self, request_id: str, document: api.Document, digest: str, tagging: Tagging
    ) -> None:
        """Count the categories that a text was given, and log the decision."""
        self._metrics.tagged(_statuses(tagging))
        if self._decisions is not None:
            if self._mask and digest != self._mask_checked:
                self._check_mask(digest)
            try:
                self._decisions.tagged(request_id, document, digest, tagging)
            except Exception:  # noqa: BLE001 - the answer is good all the same
                _LOG.exception("a decision could not be written")
                self._metrics.add("decisions_dropped", 1)

    def _check_mask(self, digest: str) -> None:
        """Warn, once for each rule set, of names that hide nothing: they may be misspelt."""
        self._mask_checked = digest
        active = self._store.current
        categories = active.rules.ids if active is not None else ()
        for name in decisions.unknown_in(self._mask, categories):
            _LOG.warning(
                "RULETAG_DECISION_MASK names a category that the rules do not have; "
                "if it is misspelt, evidence is logged that should not be",
                extra={"category": name, "rules_digest": digest},
            )

    def finished(self, finished: Finished) -> None:
        """Count a request that has been answered, log it, and send its span."""
        work = finished.work
        of = finished.route, finished.method, finished.status
        self._metrics.finished(of, finished.seconds, work.documents, work.characters)
        trace = traces.trace_id(finished.traceparent) if finished.traceparent else ""
        if self._spans is not None:
            trace = self._span(self._spans, finished) or trace
        if self._lines is not None and not _is_quiet(finished):
            self._lines.put(self._line(_request_line(finished, trace)))

    def _span(self, spans: traces.Spans, finished: Finished) -> str:
        try:
            return spans.add(finished, finished.traceparent)
        except Exception:  # noqa: BLE001 - it is not the request's fault
            _LOG.exception("a span could not be made")
            return ""

    def get_metrics(self, request: api.Request) -> api.Response:
        """Show the metrics of all workers."""
        if not self._shows_metrics:
            raise refusals.RequestError(404, "not_found", NOT_FOUND)
        openmetrics = asks_for_openmetrics(request.headers.get("accept", ""))
        body = self._metrics.shown(openmetrics=openmetrics)
        return api.Response(200, body, OPENMETRICS if openmetrics else TEXT)


def _statuses(tagging: Tagging) -> Iterable[tuple[str, str]]:
    given = [(tag.category, "deprecated" if tag.is_deprecated else "on") for tag in tagging.tags]
    return given + [(tag.category, "draft") for tag in tagging.drafts] if tagging.drafts else given


def _is_quiet(finished: Finished) -> bool:
    """Whether nobody needs a line: a probe that says each second that all is well."""
    return finished.status == HTTPStatus.OK and finished.route in _PROBES


def _request_line(finished: Finished, trace: str) -> RequestLine:
    work = finished.work
    return RequestLine(
        logs.timestamp(time.time()),
        *("info", "ruletag.request", "request"),
        finished.request_id,
        finished.method,
        finished.route,
        finished.status,
        round(finished.seconds * 1000, 3),
        work.characters,
        work.documents,
        work.categories,
        work.digest,
        trace,
    )


def _encoder(style: str) -> Callable[[RequestLine], bytes]:
    if style == "text":
        return _as_text
    encode = msgspec.json.Encoder().encode
    return lambda line: encode(line) + b"\n"


def _as_text(line: RequestLine) -> bytes:
    fields = msgspec.structs.asdict(line)
    start = {name: fields.pop(name) for name in ("ts", "level", "logger", "msg")}
    return logs.text_line(start, {name: value for name, value in fields.items() if value != ""})
