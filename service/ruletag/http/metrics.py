"""Metrics for Prometheus: what is counted for each request, and what ``/metrics`` shows.

Counting is adding to numbers in memory that all workers share (`ruletag.http.tallies`),
so that any worker can answer for all. The library of Prometheus only writes the text.
"""

import os
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client import generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from ruletag.http.tallies import Key, Tallies
from ruletag.serving.store import Store
from ruletag.version import VERSION

TEXT: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
BUCKETS: Final = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)  # seconds
MOST_CATEGORIES: Final = 1_000  # that have numbers of their own; the others share one
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Description:
    """What a metric is called, what kind it is, its labels, and what it says."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str

    @property
    def full_name(self) -> str:
        """The name under which it is asked for."""
        return {"counter": f"ruletag_{self.name}_total", "info": f"ruletag_{self.name}_info"}.get(
            self.kind, f"ruletag_{self.name}"
        )


COUNTED: Final = (
    Description(
        "request_duration_seconds",
        "histogram",
        ("route", "method", "status"),
        "seconds from a request's head to the end of its answer",
    ),
    Description("requests_at_work", "gauge", (), "requests being answered now"),
    Description(
        "requests_refused",
        "counter",
        ("reason",),
        "requests answered 503 because too many were at work (at_work, streams)",
    ),
    Description("documents", "counter", (), "texts that were tagged"),
    Description("characters", "counter", (), "characters of these texts and their titles"),
    Description(
        "category_tags",
        "counter",
        ("category", "status"),
        "texts to which a category was given (on, deprecated, draft)",
    ),
    Description("log_lines_dropped", "counter", (), "log lines that nobody took in time"),
    Description("decisions_dropped", "counter", (), "decisions that could not be written in time"),
)
OF_RULES: Final = (
    Description("rules", "info", ("digest",), "the rules in force"),
    Description("rules_generation", "gauge", (), "how often rules were put in force"),
    Description(
        "rules_loaded_timestamp_seconds", "gauge", (), "when the rules in force were put in force"
    ),
    Description("rules_refusals", "counter", (), "edits of rules that were refused"),
    Description(
        "rules_last_edit_refused", "gauge", (), "1 while the last edit of rules stands refused"
    ),
    Description("ready", "gauge", (), "1 while requests should be sent here"),
    Description("build", "info", ("version",), "the version of ruletag"),
)
DESCRIPTIONS: Final = COUNTED + OF_RULES
_DURATION: Final = COUNTED[0]
_PLAIN: Final = [description.name for description in COUNTED if not description.labels]


class Metrics:
    """Counts. Threads and processes may share it; nothing raises."""

    def __init__(self, store: Store, tallies: Tallies) -> None:
        self._store = store
        self._tallies = tallies
        self._begin(tallies)
        os.register_at_fork(after_in_child=self._after_fork)

    def _begin(self, tallies: Tallies) -> None:
        # Lines that are dropped are counted wherever the process is, in here too.
        self._lock = threading.RLock()
        self._values = tallies.values
        self._durations: dict[tuple[str, str, int], int | None] = {}
        self._categories: dict[tuple[str, str], int | None] = {}
        self._places: dict[Key, int | None] = {}

    def _after_fork(self) -> None:
        self._tallies.begin()
        self._begin(self._tallies)

    # --------------------------------------------------------------------- counting

    def started(self) -> None:
        """Count a request among those at work."""
        self.add("requests_at_work", 1)

    def finished(
        self, of: tuple[str, str, int], seconds: float, documents: int, characters: int
    ) -> None:
        """Count a request that has been answered: its route, method and status, and its size."""
        with self._lock:
            values = self._values
            place = self._durations.get(of) or self._duration_place(of)
            if place:
                values[place + bisect_left(BUCKETS, seconds)] += 1
                values[place + len(BUCKETS) + 1] += seconds
            self._add(("requests_at_work",), -1)
            if documents:
                self._add(("documents",), documents)
                self._add(("characters",), characters)

    def tagged(self, given: Iterable[tuple[str, str]]) -> None:
        """Count the categories given to a text, each with its status."""
        with self._lock:
            for pair in given:
                place = self._categories.get(pair) or self._category_place(pair)
                if place:
                    self._values[place] += 1

    def add(self, name: str, amount: float, *labels: str) -> None:
        """Add to a number."""
        with self._lock:
            self._add((name, *labels), amount)

    def _add(self, key: Key, amount: float) -> None:
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = self._tallies.place(key, 1)
        if place is not None:
            self._values[place] += amount

    def _duration_place(self, of: tuple[str, str, int]) -> int | None:
        key = (_DURATION.name, of[0], of[1], str(of[2]))
        place = self._durations[of] = self._tallies.place(key, len(BUCKETS) + 2)
        return place

    def _category_place(self, pair: tuple[str, str]) -> int | None:
        known = len(self._categories) < MOST_CATEGORIES
        key = ("category_tags", *pair) if known else ("category_tags", OTHER, pair[1])
        place = self._tallies.place(key, 1)
        if known:
            self._categories[pair] = place
        return place

    # ---------------------------------------------------------------------- showing

    def shown(self, *, openmetrics: bool = False) -> bytes:
        """Give all metrics as text, of all processes."""
        write: Callable[[Any], bytes] = generate_openmetrics if openmetrics else generate_latest
        return write(self)

    def collect(self) -> Iterator[Metric]:
        """Give all metrics, as the library of Prometheus takes them."""
        self.add("requests_at_work", 0)  # takes a row, which is not to happen while rows are read
        totals = _totals(self._tallies)
        for description in COUNTED:
            yield _counted(description, totals)
        for description, value in zip(OF_RULES, self._of_rules(), strict=True):
            yield _single(description, value)

    def _of_rules(self) -> list[Any]:
        active = self._store.current
        return [
            active.rules.digest if active else None,
            active.generation if active else 0,
            active.loaded_at.timestamp() if active else None,
            self._store.refusals,
            int(self._store.refusal is not None),
            int(self._store.is_ready),
            VERSION,
        ]


def asks_for_openmetrics(accept: str) -> bool:
    """Say whether a header ``Accept`` asks for OpenMetrics, as Prometheus itself does."""
    kinds = (part.partition(";")[0].strip().lower() for part in accept.split(","))
    return OPENMETRICS.partition(";")[0] in kinds


def _totals(tallies: Tallies) -> dict[str, dict[Key, list[float]]]:
    """Add up all rows: the name of a metric, the values of its labels, its numbers."""
    totals: dict[str, dict[Key, list[float]]] = {name: {(): [0.0]} for name in _PLAIN}
    for row in tallies.rows():
        for (name, *labels), values in row.values.items():
            if row.lives or name != "requests_at_work":
                _add_up(totals.setdefault(name, {}), tuple(labels), values)
    return totals


def _add_up(series: dict[Key, list[float]], labels: Key, values: list[float]) -> None:
    if labels not in series and len(series) >= MOST_CATEGORIES:
        labels = (OTHER, *labels[1:])
    before = series.get(labels)
    series[labels] = (
        values if before is None else [a + b for a, b in zip(before, values, strict=True)]
    )


def _counted(description: Description, totals: Mapping[str, dict[Key, list[float]]]) -> Metric:
    series = totals.get(description.name, {})
    if description.kind == "histogram":
        return _histogram(description, series)
    family = GaugeMetricFamily if description.kind == "gauge" else CounterMetricFamily
    metric = family(*_heading(description), labels=description.labels)
    for labels, values in sorted(series.items()):
        metric.add_metric(labels, max(0.0, values[0]) if description.kind == "gauge" else values[0])
    return metric


def _histogram(description: Description, series: Mapping[Key, list[float]]) -> Metric:
    metric = HistogramMetricFamily(*_heading(description), labels=description.labels)
    bounds = [*map(str, BUCKETS), "+Inf"]
    for labels, values in sorted(series.items()):
        buckets, count = [], 0.0
        for bound, value in zip(bounds, values, strict=False):
            count += value
            buckets.append((bound, count))
        metric.add_metric(labels, buckets, values[-1])
    return metric


def _single(description: Description, value: Any) -> Metric:  # noqa: ANN401 - a text or a number
    heading = _heading(description)
    if description.kind == "info":
        metric = InfoMetricFamily(*heading)
        if value is not None:
            metric.add_metric([], {description.labels[0]: value})
        return metric
    family = GaugeMetricFamily if description.kind == "gauge" else CounterMetricFamily
    return family(*heading, value=value)


def _heading(description: Description) -> tuple[str, str]:
    return f"ruletag_{description.name}", description.meaning
