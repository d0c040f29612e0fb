"""The page about logs and metrics, the dashboard and the alerts speak of what there is."""

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import promql_parser
import pytest
import yaml

from ruletag.http import api, wire
from ruletag.http.decisions import Decision, Given
from ruletag.http.handling import Finished
from ruletag.http.lines import Descriptor, Lines
from ruletag.http.metrics import DESCRIPTIONS
from ruletag.http.observing import Observer, RequestLine
from ruletag.http.tallies import Tallies
from ruletag.matching.compiler import compile_rules
from ruletag.matching.tagger import tag
from ruletag.rules.loader import parse_rules
from ruletag.serving.store import Store
from ruletag.settings import Settings

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "observing.md").read_text(encoding="utf-8")
DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana-dashboard.json").read_text())
ALERTS: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "alerts.yaml").read_text())


def rows(heading: str) -> list[list[str]]:
    """Give the cells of the table that has such a first heading."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# -------------------------------------------------------------------------- the page


def test_the_page_is_short() -> None:
    assert len(PAGE.splitlines()) <= 120


def test_every_metric_is_described() -> None:
    described = [(names(r[0])[0], r[1], tuple(names(r[2])), r[3]) for r in rows("metric")]

    assert described == [(d.full_name, d.kind, d.labels, d.meaning) for d in DESCRIPTIONS]


def test_every_field_of_a_request_is_described() -> None:
    described = [names(row[0])[0] for row in rows("field of a request")]

    assert described == list(RequestLine.__struct_fields__)


def test_the_example_is_a_line_of_a_request() -> None:
    (example,) = re.findall(r"```json\n(.*)\n```", PAGE)

    line = msgspec.json.decode(example, type=RequestLine)
    assert msgspec.json.encode(line).decode() == example


def test_every_field_of_a_decision_is_described() -> None:
    table = rows("field of a decision")
    described = [name for row in table for name in names(row[0])]

    assert described == list(Decision.__struct_fields__)
    assert set(Given.__struct_fields__) <= set(names(table[-1][1]))


# ------------------------------------------------------------- dashboard and alerts

LABELS = {d.full_name: {*d.labels} for d in DESCRIPTIONS}
LABELS |= {
    f"{d.full_name}{end}": {*d.labels, *({"le"} if end == "_bucket" else ())}
    for d in DESCRIPTIONS
    if d.kind == "histogram"
    for end in ("_bucket", "_count", "_sum")
}
FROM_PROMETHEUS = {"job", "instance"}


def in_dashboard() -> Iterator[tuple[str, str]]:
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]
    for note in DASHBOARD["annotations"]["list"]:
        yield note["name"], note["expr"]


def in_alerts() -> Iterator[tuple[str, str]]:
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


QUERIES = [pytest.param(expr, id=name) for name, expr in (*in_dashboard(), *in_alerts())]


def plain(expression: str) -> str:
    """Put something in the place of Grafana's variables."""
    for variable in ("$__rate_interval", "$__range"):
        expression = expression.replace(variable, "5m")
    return expression.replace("$instance", ".*")


@pytest.mark.parametrize("expression", QUERIES)
def test_a_query_is_well_formed(expression: str) -> None:
    promql_parser.parse(plain(expression))


@pytest.mark.parametrize("expression", QUERIES)
def test_a_query_names_metrics_and_labels_that_there_are(expression: str) -> None:
    metrics = re.findall(r"ruletag_\w+", expression)
    known = FROM_PROMETHEUS.union(*(LABELS[metric] for metric in metrics))
    chosen = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)
    grouped = re.findall(r"\bby \(([^)]*)\)", expression)

    assert metrics
    assert {*chosen, *(name.strip() for names in grouped for name in names.split(","))} <= known


@pytest.mark.parametrize("expression", QUERIES)
def test_a_counter_is_only_looked_at_as_a_rate(expression: str) -> None:
    found = re.findall(r"(\w+)\((?=ruletag_\w+_(?:total|count|bucket)\b)", plain(expression))

    counters = re.findall(r"ruletag_\w+_(?:total|count|bucket)\b", expression)
    if "refusals" not in expression:  # drawn as it stands, beside the generation
        assert found == ["rate" if "rate(" in expression else "increase"] * len(counters)


def test_alerts_say_what_happened_and_what_to_do() -> None:
    names = [name for name, _ in in_alerts()]

    assert len(names) == len(set(names))
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            assert rule["alert"].startswith("Ruletag")
            assert rule["labels"]["severity"] in {"warning", "critical"}
            assert rule["annotations"].keys() == {"summary", "description"}


# name, a part of the expression of an alert
WANTED = [
    ("an edit refused", "ruletag_rules_last_edit_refused"),
    ("not ready", "ruletag_ready"),
    ("p99", "histogram_quantile(0.99"),
    ("dropped log lines", "ruletag_log_lines_dropped_total"),
    ("dropped decisions", "ruletag_decisions_dropped_total"),
    ("overload", "ruletag_requests_refused_total"),
]


@pytest.mark.parametrize("part", [pytest.param(part, id=name) for name, part in WANTED])
def test_there_is_an_alert(part: str) -> None:
    assert [name for name, expression in in_alerts() if part in expression]


def test_labels_in_the_text_of_an_alert_are_those_of_its_query() -> None:
    for group in ALERTS["groups"]:
        for rule in group["rules"]:
            text = " ".join(rule["annotations"].values())
            grouped = re.findall(r"\bby \(([^)]*)\)", rule["expr"])
            assert set(re.findall(r"\$labels\.(\w+)", text)) <= {
                name.strip() for names in grouped[:1] for name in names.split(",")
            }


def test_panels_are_numbered_and_do_not_overlap() -> None:
    numbers = [panel["id"] for panel in DASHBOARD["panels"]]
    cells = [
        (place["x"] + across, place["y"] + down)
        for place in (panel["gridPos"] for panel in DASHBOARD["panels"])
        for across in range(place["w"])
        for down in range(place["h"])
    ]

    assert len(numbers) == len(set(numbers))
    assert len(cells) == len(set(cells))
    assert max(across for across, _ in cells) < 24


# -------------------------------------------------------------------------- its cost


def test_the_benchmark_runs() -> None:
    start = time.monotonic()
    done = subprocess.run(
        [sys.executable, ROOT / "bench" / "observing.py", "--quick"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert time.monotonic() - start < 30
    assert "us a request" in done.stdout


# ------------------------------------------------------------------------- no faults


class Faulty:
    """What fails whenever it is told of something."""

    def add(self, request: object, traceparent: str) -> str:
        """Fail."""
        raise ValueError(request, traceparent)


def test_a_fault_in_observing_is_not_the_requests(caplog: pytest.LogCaptureFixture) -> None:
    lines = Lines(Descriptor(None))
    watching = Observer(Settings(decision_log="stdout"), Store(), lines, Tallies())
    watching._spans = Faulty()  # noqa: SLF001 - OpenTelemetry is said to raise nothing
    rules = compile_rules(parse_rules({"a.yaml": b"categories: {metals: [copper]}\n"}))
    half = "copper \ud800"

    watching.started()
    watching.tagged("id", wire.TagRequest(text=half), rules.digest, tag(rules, half))
    watching.finished(Finished("/v1/tag", "POST", 200, 0.1, "id", api.Work(), ""))

    assert [r.message for r in caplog.records] == [
        "a decision could not be written",
        "a span could not be made",
    ]
    request = api.Request("", "GET", "/metrics", {}, {}, io.BytesIO())
    body = watching.get_metrics(request).body
    assert isinstance(body, bytes)
    assert b"ruletag_decisions_dropped_total 1.0" in body


def test_lost_decisions_are_told_of_once_in_a_while(caplog: pytest.LogCaptureFixture) -> None:
    watching = Observer(Settings(decision_log="stdout"), Store(), counts=Tallies())

    watching._decisions_dropped(3)  # noqa: SLF001 - as the queue of lines does
    watching._decisions_dropped(4)  # noqa: SLF001

    assert [r.levelname for r in caplog.records if "decisions are lost" in r.message] == ["WARNING"]


def test_a_mask_that_hides_nothing_is_warned_of_once_for_a_rule_set(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rules = compile_rules(parse_rules({"a.yaml": b"categories: {trade.metals: [copper, tin]}\n"}))
    store = Store()
    store.activate(rules)
    mask = ("trade.metals", "trade.*", "trade.metal", "tade.*")
    settings = Settings(decision_log="stdout", decision_mask=mask)
    watching = Observer(settings, store, counts=Tallies())

    for text in ("copper", "tin"):
        watching.tagged("id", wire.TagRequest(text=text), rules.digest, tag(rules, text))

    warned = [r.__dict__["category"] for r in caplog.records if "DECISION_MASK" in r.message]
    assert warned == ["trade.metal", "tade.*"]
