"""The header ``traceparent`` is taken where it is good; spans are sent where that is wanted."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

import ruletag
from ruletag.http import api
from ruletag.http.handling import Finished
from ruletag.http.spans import OpenTelemetry
from ruletag.http.traces import spans, trace_id
from ruletag.settings import Settings

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{PARENT}-01"

# name, the header, the trace id
CASES = [
    ("as the standard has it", GOOD, TRACE),
    ("not sampled", f"00-{TRACE}-{PARENT}-00", TRACE),
    ("a later version", f"cc-{TRACE}-{PARENT}-01", TRACE),
    ("a later version with more", f"cc-{TRACE}-{PARENT}-01-what-follows", TRACE),
    ("nothing", "", ""),
    ("this version with more", f"{GOOD}-more", ""),
    ("version ff", f"ff-{TRACE}-{PARENT}-01", ""),
    ("no trace", f"00-{'0' * 32}-{PARENT}-01", ""),
    ("no parent", f"00-{TRACE}-{'0' * 16}-01", ""),
    ("capitals", GOOD.upper(), ""),
    ("too short", GOOD[:-1], ""),
    ("a line feed", f"{GOOD}\n", ""),
    ("other digits", GOOD.replace("4", "４"), ""),
    ("very long", f"cc-{TRACE}-{PARENT}-01-" + "x" * 100_000, ""),
    ("two of them", f"{GOOD},{GOOD}", ""),
]


@pytest.mark.parametrize(
    ("header", "expected"), [pytest.param(*case, id=name) for name, *case in CASES]
)
def test_trace_ids(header: str, expected: str) -> None:
    assert trace_id(header) == expected


@given(st.text(alphabet="0123456789abcdefg-\n", max_size=80))
def test_any_header_gives_a_trace_id_or_nothing(header: str) -> None:
    found = trace_id(header)

    assert not found or (len(found) == 32 and found in header)


# ------------------------------------------------------------------------------ spans


def request(traceparent: str = "", status: int = 200) -> Finished:
    work = api.Work()
    return Finished("/v1/tag", "POST", status, 0.5, "request-1", work, traceparent)


def test_a_request_is_a_span_of_its_callers_trace() -> None:
    exporter = InMemorySpanExporter()
    sent = OpenTelemetry(exporter)

    assert sent.add(request(GOOD), GOOD) == TRACE
    sent.flush()

    (span,) = exporter.get_finished_spans()
    assert span.name == "POST /v1/tag"
    assert span.kind == SpanKind.SERVER
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == PARENT
    assert span.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/tag",
        "http.response.status_code": 200,
        "ruletag.request_id": "request-1",
    }
    assert span.end_time is not None
    assert span.start_time is not None
    assert span.end_time - span.start_time == 500_000_000
    assert span.resource.attributes["service.name"] == "ruletag"


def test_a_request_without_a_trace_begins_one() -> None:
    exporter = InMemorySpanExporter()
    sent = OpenTelemetry(exporter)

    found = {sent.add(request(), ""), sent.add(request("nonsense"), "nonsense")}
    sent.flush()

    assert len(found) == 2
    assert all(len(id_) == 32 for id_ in found)
    assert [span.parent for span in exporter.get_finished_spans()] == [None, None]


@pytest.mark.parametrize(("status", "code"), [(422, StatusCode.UNSET), (500, StatusCode.ERROR)])
def test_only_our_own_faults_are_errors(status: int, code: StatusCode) -> None:
    exporter = InMemorySpanExporter()
    sent = OpenTelemetry(exporter)

    sent.add(request(status=status), "")
    sent.flush()

    assert exporter.get_finished_spans()[0].status.status_code == code


class Failing(SpanExporter):
    """An exporter that nobody answers."""

    def export(self, spans: object) -> SpanExportResult:
        """Fail."""
        del spans
        return SpanExportResult.FAILURE


def test_a_collector_that_is_not_there_stops_nobody() -> None:
    sent = OpenTelemetry(Failing())

    assert sent.add(request(GOOD), GOOD) == TRACE
    sent.flush()


def test_there_are_no_spans_unless_asked_for() -> None:
    assert spans(Settings()) is None


def test_what_is_missing_is_said_at_the_start() -> None:
    script = """
import sys
sys.modules["opentelemetry"] = None
from ruletag.http.traces import check, spans
from ruletag.settings import Settings, SettingsError
check(Settings(traces="off"))
for act in (check, spans):
    try:
        act(Settings(traces="on"))
    except SettingsError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    said = "RULETAG_TRACES=on needs OpenTelemetry, which is not installed; "
    assert done.stdout.splitlines() == 2 * [f"{said}pip install 'ruletag[traces]'"]


def test_one_module_knows_opentelemetry() -> None:
    folder = Path(ruletag.__file__).parent
    texts = {path: path.read_text(encoding="utf-8") for path in folder.rglob("*.py")}

    knowing = [path.name for path, text in texts.items() if "import opentelemetry" in text]
    knowing += [path.name for path, text in texts.items() if "from opentelemetry" in text]
    assert knowing == ["spans.py"]


def test_the_log_has_the_trace_that_was_begun_and_nobody_waits_for_the_collector(
    capfd: pytest.CaptureFixture[str],
) -> None:
    script = """
import io, os
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9"
from ruletag.http import api, handling
from ruletag.http.observing import Observer
from ruletag.serving.store import Store
from ruletag.settings import Settings
watching = Observer(Settings(traces="on"), Store())
watching.started()
watching.finished(handling.Finished("/v1/tag", "POST", 200, 0.1, "id", api.Work(), ""))
"""
    start = time.monotonic()
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60)

    assert time.monotonic() - start < 6
    line = json.loads(capfd.readouterr().out.splitlines()[0])
    assert len(line["trace_id"]) == 32
