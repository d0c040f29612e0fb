"""What is counted is counted once, by all workers together, whatever becomes of each."""

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from ruletag.http import api, refusals, wire
from ruletag.http.handling import Finished
from ruletag.http.lines import Descriptor, Lines
from ruletag.http.metrics import BUCKETS, DESCRIPTIONS, MOST_CATEGORIES, Metrics
from ruletag.http.observing import Observer
from ruletag.http.tallies import FLEETING, Tallies
from ruletag.matching.compiler import compile_rules
from ruletag.matching.tagger import tag
from ruletag.problems import Location, Problem
from ruletag.rules.loader import parse_rules
from ruletag.serving.store import Store
from ruletag.settings import Settings
from ruletag.version import VERSION

RULES = b"""
categories:
  metals: {match: [copper]}
  old: {match: [copper], status: deprecated}
  new: {match: [copper], status: draft}
"""
TAG = ("/v1/tag", "POST", 200)


@pytest.fixture
def tallies() -> Tallies:
    return Tallies(FLEETING)


@pytest.fixture
def metrics(tallies: Tallies) -> Metrics:
    return Metrics(Store(), tallies)


def values(metrics: Metrics) -> dict[str, float]:
    """Give all numbers, by name and labels as they are written."""
    text = metrics.shown().decode()
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines}


def observer(tallies: Tallies, store: Store | None = None, **settings: str) -> Observer:
    """Give an observer whose log lines go nowhere."""
    lines = Lines(Descriptor(os.open(os.devnull, os.O_WRONLY)))
    return Observer(Settings(**settings), store or Store(), lines, tallies)  # type: ignore[arg-type]  # texts all


def asked(accept: str = "") -> api.Request:
    """Ask for the metrics."""
    return api.Request("id", "GET", "/metrics", {}, {"accept": accept}, io.BytesIO())


def shown(watching: Observer, accept: str = "") -> str:
    """Give what ``/metrics`` shows."""
    body = watching.get_metrics(asked(accept)).body
    assert isinstance(body, bytes)
    return body.decode()


# ------------------------------------------------------------------------- a request


def test_nothing_has_happened_yet(metrics: Metrics) -> None:
    found = values(metrics)

    assert found == {
        "ruletag_requests_at_work": 0,
        "ruletag_documents_total": 0,
        "ruletag_characters_total": 0,
        "ruletag_log_lines_dropped_total": 0,
        "ruletag_decisions_dropped_total": 0,
        "ruletag_rules_generation": 0,
        "ruletag_rules_refusals_total": 0,
        "ruletag_rules_last_edit_refused": 0,
        "ruletag_ready": 0,
        f'ruletag_build_info{{version="{VERSION}"}}': 1,
    }


def test_a_request_is_counted(metrics: Metrics) -> None:
    metrics.started()
    assert values(metrics)["ruletag_requests_at_work"] == 1

    metrics.finished(TAG, 0.003, 1, 42)

    found = values(metrics)
    counted = {k: v for k, v in found.items() if k.startswith("ruletag_request_duration")}
    assert found["ruletag_requests_at_work"] == 0
    assert found["ruletag_documents_total"] == 1
    assert found["ruletag_characters_total"] == 42
    assert [v for k, v in counted.items() if "_count{" in k] == [1]
    assert [v for k, v in counted.items() if "_sum{" in k] == [0.003]
    assert [v for k, v in counted.items() if "_bucket{" in k] == [0] * 3 + [1] * 12
    labels = ('route="/v1/tag"', 'method="POST"', 'status="200"')
    assert all(label in key for label in labels for key in counted)


# name, seconds, the first bucket that has it
BOUNDS = [
    ("no time", 0.0, 0),
    ("less than the first", 0.0004, 0),
    ("the first bound", 0.0005, 0),
    ("a bound", 0.25, 8),
    ("more than a bound", 0.2500001, 9),
    ("the last bound", 10.0, 13),
    ("more than the last", 10.1, 14),
]


@pytest.mark.parametrize(
    ("seconds", "first"), [pytest.param(*case, id=name) for name, *case in BOUNDS]
)
def test_buckets(metrics: Metrics, seconds: float, first: int) -> None:
    metrics.finished(TAG, seconds, 0, 0)

    buckets = [value for key, value in values(metrics).items() if "_bucket" in key]
    assert buckets == [0] * first + [1] * (len(BUCKETS) + 1 - first)


def test_each_route_method_and_status_has_its_own(metrics: Metrics) -> None:
    for of in (TAG, ("/v1/tag", "POST", 422), ("other", "GET", 404), TAG):
        metrics.finished(of, 0.001, 0, 0)

    counts = {key: value for key, value in values(metrics).items() if "_count" in key}
    assert sorted(counts.values()) == [1, 1, 2]


def test_a_refused_request_is_counted_by_its_reason(metrics: Metrics) -> None:
    metrics.add("requests_refused", 1, "at_work")
    metrics.add("requests_refused", 1, "streams")
    metrics.add("requests_refused", 1, "at_work")

    found = values(metrics)
    assert found['ruletag_requests_refused_total{reason="at_work"}'] == 2
    assert found['ruletag_requests_refused_total{reason="streams"}'] == 1


# ------------------------------------------------------------------------ categories


def test_categories_are_counted_by_status(tallies: Tallies) -> None:
    watching = observer(tallies)
    rules = compile_rules(parse_rules({"a.yaml": RULES}))

    for _ in range(2):
        watching.tagged("id", wire.TagRequest(text="copper"), rules.digest, tag(rules, "copper"))

    found = shown(watching)
    for category, status in (("metals", "on"), ("old", "deprecated"), ("new", "draft")):
        name = f'ruletag_category_tags_total{{category="{category}",status="{status}"}}'
        assert f"{name} 2.0" in found


def test_categories_are_bounded(metrics: Metrics) -> None:
    for i in range(2 * MOST_CATEGORIES):
        metrics.tagged([(f"category_{i}", "on")])
    metrics.tagged([("category_0", "on")])

    found = {k: v for k, v in values(metrics).items() if k.startswith("ruletag_category_tags")}
    assert len(found) == MOST_CATEGORIES + 1
    assert found['ruletag_category_tags_total{category="category_0",status="on"}'] == 2
    assert found['ruletag_category_tags_total{category="other",status="on"}'] == MOST_CATEGORIES


# ------------------------------------------------------------------------- the rules


def test_the_rules_in_force_are_shown(tallies: Tallies) -> None:
    store = Store()
    rules = compile_rules(parse_rules({"a.yaml": RULES}))
    loaded_at = datetime(2026, 1, 1, tzinfo=UTC)
    store.activate(rules, 7, loaded_at)

    found = values(Metrics(store, tallies))

    assert found[f'ruletag_rules_info{{digest="{rules.digest}"}}'] == 1
    assert found["ruletag_rules_generation"] == 7
    assert found["ruletag_rules_loaded_timestamp_seconds"] == loaded_at.timestamp()
    assert found["ruletag_ready"] == 1
    assert found["ruletag_rules_last_edit_refused"] == 0


def test_a_refused_edit_shows(tallies: Tallies) -> None:
    store = Store(needs_good_rules=True)
    store.activate(compile_rules(parse_rules({"a.yaml": RULES})))
    store.refuse((Problem(Location("a.yaml", 1, 1), "E101", "broken"),))
    store.refusals = 3

    found = values(Metrics(store, tallies))

    assert found["ruletag_rules_last_edit_refused"] == 1
    assert found["ruletag_rules_refusals_total"] == 3
    assert found["ruletag_ready"] == 0


def test_only_one_digest_is_shown_at_a_time(tallies: Tallies) -> None:
    store = Store()
    metrics = Metrics(store, tallies)
    for i in range(50):
        store.activate(compile_rules(parse_rules({"a.yaml": RULES.replace(b"copper", b"w%d" % i)})))

    assert metrics.shown().decode().count("ruletag_rules_info{") == 1


# -------------------------------------------------------------------------- processes

BEGIN = """
import os, signal, sys, time
from ruletag.http.metrics import Metrics
from ruletag.http.tallies import FLEETING, Tallies
from ruletag.serving.store import Store
TAG = ("/v1/tag", "POST", 200)
tallies = Tallies(FLEETING, rows=int(sys.argv[1]))
metrics = Metrics(Store(), tallies)
def values(metrics):
    lines = metrics.shown().decode().splitlines()
    return {n: float(v) for n, _, v in (l.rpartition(" ") for l in lines if l[0] != "#")}
def forked(act):
    process = os.fork()
    if not process:
        act(Metrics(Store(), tallies))
        os._exit(0)
    return process
def total(name):
    return sum(v for k, v in values(metrics).items() if k.startswith("ruletag_" + name))
def check(name, expected):
    found = total(name)
    assert found == expected, (name, found, expected)
"""


def in_processes(script: str, rows: int = 128) -> None:
    """Run a script in which processes count."""
    command = [sys.executable, "-W", "ignore", "-c", BEGIN + script, str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


def test_processes_count_together() -> None:
    in_processes("""
def work(own):
    for i in range(1000):
        own.started()
        own.tagged([("metals", "on")])
        own.finished(TAG, 0.001, 1, 10)
processes = [forked(work) for _ in range(8)]
for process in processes:
    os.waitpid(process, 0)
work(metrics)
check("documents_total", 9000)
check("category_tags_total", 9000)
check("request_duration_seconds_count", 9000)
check("requests_at_work", 0)
""")


def test_a_process_can_answer_for_all_while_they_count() -> None:
    in_processes("""
def work(own):
    while True:
        own.finished(TAG, 0.001, 1, 10)
processes = [forked(work) for _ in range(3)]
before = 0
for _ in range(300):
    now = total("documents_total")
    assert now >= before
    before = now
assert before
for process in processes:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
last = total("documents_total")
assert last >= before and last == total("documents_total")
""")


def test_what_a_killed_process_was_at_is_at_work_no_more() -> None:
    in_processes("""
def work(own):
    own.started()
    own.started()
    own.finished(TAG, 0.001, 1, 10)
    time.sleep(60)
process = forked(work)
while total("documents_total") < 1:
    time.sleep(0.01)
check("requests_at_work", 1)
os.kill(process, signal.SIGKILL)
os.waitpid(process, 0)
check("requests_at_work", 0)
check("documents_total", 1)
forked(lambda own: own.add("documents", 1))
os.wait()
check("requests_at_work", 0)
check("documents_total", 2)
""")


def test_nothing_piles_up_when_processes_are_replaced() -> None:
    in_processes(
        """
metrics.add("documents", 1)
for _ in range(2000):
    os.waitpid(forked(lambda own: own.finished(TAG, 0.001, 1, 10)), 0)
check("documents_total", 2001)
check("request_duration_seconds_count", 2000)
assert len(list(tallies.rows())) == 2
""",
        rows=3,
    )


def test_categories_of_all_processes_together_are_bounded() -> None:
    in_processes("""
for turn in range(4):
    given = [(f"category_{turn}_{i}", "on") for i in range(1000)]
    os.waitpid(forked(lambda own: own.tagged(given)), 0)
check("category_tags_total", 4000)
assert len([name for name in values(metrics) if "category_tags" in name]) <= 1001
""")


def test_processes_that_are_too_many_go_on_uncounted() -> None:
    in_processes(
        """
metrics.add("documents", 1)
first = forked(lambda own: (own.add("documents", 1), time.sleep(60)))
while total("documents_total") < 2:
    time.sleep(0.01)
def work(own):
    own.started()
    own.tagged([("metals", "on")])
    own.finished(TAG, 0.001, 1, 10)
_, status = os.waitpid(forked(work), 0)
assert status == 0
check("documents_total", 2)
os.kill(first, signal.SIGKILL)
""",
        rows=2,
    )


def test_a_full_row_counts_what_it_has_room_for(tallies: Tallies) -> None:
    del tallies
    small = Tallies(FLEETING, rows=1, room=1024)
    metrics = Metrics(Store(), small)

    for i in range(200):
        metrics.tagged([(f"category_{i}", "on")])
    metrics.tagged([("category_0", "on")])

    found = values(metrics)
    assert found['ruletag_category_tags_total{category="category_0",status="on"}'] == 2


def test_threads_lose_no_count(metrics: Metrics) -> None:
    def work() -> None:
        for _ in range(2_000):
            metrics.started()
            metrics.tagged([("metals", "on")])
            metrics.finished(TAG, 0.001, 1, 10)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = values(metrics)
    assert found["ruletag_documents_total"] == 16_000
    assert found["ruletag_requests_at_work"] == 0


# -------------------------------------------------------------------------- /metrics


@pytest.fixture
def busy(tallies: Tallies) -> Observer:
    """Give an observer that has seen something of everything."""
    store = Store()
    rules = compile_rules(parse_rules({"a.yaml": RULES}))
    store.activate(rules)
    watching = observer(tallies, store)
    watching.started()
    watching.tagged("id", wire.TagRequest(text="copper"), rules.digest, tag(rules, "copper"))
    watching.refused("at_work")
    work = api.Work(1, 6, digest=rules.digest)
    watching.finished(Finished("/v1/tag", "POST", 200, 0.003, "id", work, ""))
    return watching


@pytest.mark.parametrize(
    ("accept", "read"),
    [
        pytest.param("", read_text, id="text"),
        pytest.param("application/openmetrics-text;version=1.0.0", read_openmetrics, id="open"),
    ],
)
def test_every_metric_is_shown_as_described(
    busy: Observer, accept: str, read: Callable[[str], Iterator[object]]
) -> None:
    families = {family.name: family for family in read(shown(busy, accept))}  # type: ignore[attr-defined]  # of the library

    described = {f"ruletag_{description.name}": description for description in DESCRIPTIONS}
    assert {name.removesuffix("_info") for name in families} == described.keys()
    for name, family in families.items():
        description = described[name.removesuffix("_info")]
        assert family.documentation == description.meaning  # type: ignore[attr-defined]
        for sample in family.samples:  # type: ignore[attr-defined]
            assert sample.labels.keys() - {"le"} == set(description.labels)


def test_the_media_type_is_that_of_the_format(busy: Observer) -> None:
    kinds = [busy.get_metrics(asked(accept)).content_type for accept in ACCEPTS]

    assert [kind.partition(";")[0] for kind in kinds] == [
        *("text/plain", "text/plain", "text/plain"),
        *("application/openmetrics-text", "application/openmetrics-text"),
    ]


ACCEPTS = (
    "",
    "*/*",
    "text/plain;version=nonsense;escaping=\x00",
    "application/openmetrics-text",
    # What Prometheus sends.
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
)


def test_there_need_be_no_metrics(tallies: Tallies) -> None:
    watching = observer(tallies, metrics="off")

    with pytest.raises(refusals.RequestError) as refused:
        watching.get_metrics(asked())

    assert refused.value.status == 404


def test_metrics_hold_no_text(busy: Observer) -> None:
    assert "copper" not in shown(busy)


# ---------------------------------------------------------------------- what it costs


def test_the_command_line_does_not_load_the_library() -> None:
    script = """
import sys
import ruletag.cli.main, ruletag.cli.tag, ruletag.http.logs, ruletag.http.tallies
import ruletag.http.decisions, ruletag.http.traces
print([name for name in sys.modules if name.startswith(("prometheus", "opentelemetry"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "[]"


def test_counting_takes_no_time_to_speak_of(metrics: Metrics) -> None:
    given = [(f"category_{i}", "on") for i in range(5)]
    best = 1.0
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(1_000):
            metrics.started()
            metrics.tagged(given)
            metrics.finished(TAG, 0.001, 1, 10)
        best = min(best, (time.perf_counter() - start) / 1_000)

    assert best < 100e-6  # about 3 on a quiet machine
