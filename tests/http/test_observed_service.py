"""A real service with several workers, and what it tells of itself."""

import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.life import COPPER, TEXT, ZINC, Life, living

WORKERS = 3
LINE = re.compile(r"ruletag_request_duration_seconds_count\{(?=.*v1/tag).*status=\"200\"\} (\S+)")


def get(life: Life, path: str, **headers: str) -> str:
    """GET a path; give the body."""
    connection = http.client.HTTPConnection("127.0.0.1", life.port, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def number(life: Life, name: str) -> float:
    """Give a number of ``/metrics``."""
    lines = [line for line in get(life, "/metrics").splitlines() if line.startswith(f"{name} ")]
    return float(lines[0].split()[1])


@pytest.fixture(scope="module", params=["gunicorn", "granian"])
def life(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Life]:
    folder = tmp_path_factory.mktemp("observed")
    settings = {"workers": str(WORKERS), "metrics": "open", "decision_log": str(folder / "decided")}
    with living(folder / "rules", COPPER, server=request.param, **settings) as running:
        running.until(lambda: running.readiness() == 200)
        yield running


def test_any_worker_answers_for_all(life: Life) -> None:
    before = number(life, "ruletag_documents_total")
    for _ in range(60):
        life.found()

    for _ in range(20):
        assert number(life, "ruletag_documents_total") == before + 60
        assert number(life, "ruletag_requests_at_work") == 1  # the one that asks
    found = LINE.search(get(life, "/metrics"))
    assert found is not None
    assert float(found[1]) == before + 60


def lines_of(life: Life, request_id: str) -> list[dict[str, Any]]:
    return [line for line in life.logged() if line.get("request_id") == request_id]


def test_each_request_has_one_line(life: Life) -> None:
    body = json.dumps({"text": TEXT})
    connection = http.client.HTTPConnection("127.0.0.1", life.port, timeout=20)
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {
        "Content-Type": "application/json",
        "X-Request-ID": "asked-by-me",
        "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
    }
    connection.request("POST", "/v1/tag?x", body, headers)
    connection.getresponse().read()
    connection.request("POST", "/v1/tag", body, headers)
    connection.getresponse().read()
    connection.close()
    life.until(lambda: len(lines_of(life, "asked-by-me")) == 2)
    refused, answered = lines_of(life, "asked-by-me")
    assert (refused["status"], refused["documents"]) == (422, 0)
    assert (answered["status"], answered["route"], answered["method"]) == (200, "/v1/tag", "POST")
    assert (answered["chars"], answered["documents"], answered["categories"]) == (len(TEXT), 1, 1)
    assert answered["trace_id"] == trace
    assert answered["rules_digest"].startswith("sha256:")


def test_each_text_has_one_decision(life: Life) -> None:
    file = life.folder.parent / "decided"
    document = {"text": "copper 𠮷 copper", "id": "one", "offsets": "utf16", "evidence": "none"}
    life.ask("POST", "/v1/tag", document)
    batch = {"documents": [{"text": "copper", "id": "two"}, {"text": "", "id": "three"}]}
    life.ask("POST", "/v1/tag/batch", batch)
    life.ask("POST", "/v1/tag", {"text": "copper", "id": "draft", "rules": COPPER})

    def decisions() -> dict[str, dict[str, object]]:
        lines = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        return {line["id"]: line for line in lines if line["id"]}

    life.until(lambda: file.exists() and len(decisions()) == 3)
    found = decisions()
    assert found.keys() == {"one", "two", "three"}
    assert found["one"]["text_sha256"] == hashlib.sha256("copper 𠮷 copper".encode()).hexdigest()
    assert found["one"]["categories"] == [
        {
            "category": "metals",
            "score": 1,
            "spans": [
                {"start": 0, "end": 6, "keyword": "copper"},
                {"start": 9, "end": 15, "keyword": "copper"},
            ],
        }
    ]
    assert found["three"]["categories"] == []


def test_a_made_up_category_is_not_counted(life: Life) -> None:
    draft = "categories: {made_up: [copper]}\n"
    status, _ = life.ask("POST", "/v1/tag", {"text": "copper", "rules": draft})

    assert status == 200
    assert "made_up" not in get(life, "/metrics")
    assert 'ruletag_category_tags_total{category="metals",status="on"}' in get(life, "/metrics")


def test_unknown_paths_share_a_label(life: Life) -> None:
    size = len(get(life, "/metrics"))
    connection = http.client.HTTPConnection("127.0.0.1", life.port, timeout=20)
    for i in range(2_000):
        connection.request("GET", f"/{i}/v1/tag")
        assert connection.getresponse().read()
    connection.close()

    assert len(get(life, "/metrics")) < size + 5_000


def test_a_killed_worker_takes_no_count_along(life: Life) -> None:
    for _ in range(30):
        life.found()
    before = number(life, "ruletag_documents_total")

    for worker in life.workers():
        os.kill(worker, signal.SIGKILL)
    life.until(lambda: life.readiness() == 200)

    assert number(life, "ruletag_documents_total") == before
    life.found()
    assert number(life, "ruletag_documents_total") == before + 1
    assert number(life, "ruletag_requests_at_work") == 1


def test_a_refused_edit_shows_in_all_workers(life: Life) -> None:
    life.write("categories: [")
    life.until(lambda: number(life, "ruletag_rules_last_edit_refused") == 1)
    refusals = number(life, "ruletag_rules_refusals_total")
    generation = number(life, "ruletag_rules_generation")
    life.write(ZINC)
    life.until(lambda: number(life, "ruletag_rules_generation") == generation + 1)

    for _ in range(10):
        assert number(life, "ruletag_rules_last_edit_refused") == 0
        assert number(life, "ruletag_rules_refusals_total") == refusals
        assert number(life, "ruletag_ready") == 1
    life.write(COPPER)


def test_no_line_of_the_log_holds_what_was_sent(life: Life) -> None:
    life.ask("POST", "/v1/tag", {"text": "Zanzibar copper", "title": "Zanzibar", "id": "Zanzibar"})
    life.ask("POST", "/v1/tag", {"Zanzibar": "Zanzibar"})
    get(life, "/Zanzibar?title=Zanzibar", **{"X-Request-ID": "Zanzibar\x1b[31m"})
    time.sleep(0.2)

    log = life.log_file.read_text(encoding="utf-8")
    assert "Zanzibar" not in log
    assert all(line.isprintable() for line in log.splitlines())


# --------------------------------------------------------------------- an odd start


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def started(folder: Path, **settings: str) -> subprocess.Popen[bytes]:
    """Start the service as a user does."""
    ours = {f"RULETAG_{name.upper()}": value for name, value in settings.items()}
    kept = {name: value for name, value in os.environ.items() if "RULETAG" not in name}
    command = Path(sys.executable).with_name("ruletag")
    return subprocess.Popen(
        [command, "serve"],
        env=kept | ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
    )


# name, settings, what is said
REFUSED = [
    ("a decision log in no folder", {"decision_log": "no/such/log"}, b"RULETAG_DECISION_LOG"),
    ("a decision log that is a folder", {"decision_log": "."}, b"RULETAG_DECISION_LOG"),
]


def at(port: int, folder: Path) -> Life:
    """Ask a service that was started otherwise."""
    life = Life.__new__(Life)
    life.port, life.log_file = port, folder / "log"
    life.log_file.touch()
    return life


@pytest.mark.parametrize(
    ("settings", "said"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_what_cannot_be_had_ends_the_start(
    tmp_path: Path, settings: dict[str, str], said: bytes
) -> None:
    with started(tmp_path, port=str(free_port()), **settings) as process:
        try:
            _, found = process.communicate(timeout=10)
        finally:
            process.kill()

    assert process.returncode == 78
    assert said in found
    assert found.count(b"\n") == 1


def test_a_service_answers_when_nobody_reads_its_output(tmp_path: Path) -> None:
    port = free_port()
    process = started(tmp_path, port=str(port), metrics="open")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    life = at(port, tmp_path)
    try:
        life.until(lambda: life.readiness() == 200)
        for _ in range(50):
            assert life.ask("POST", "/v1/tag", {"text": TEXT})[0] == 200
        life.until(lambda: number(life, "ruletag_log_lines_dropped_total") >= 50)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_service_answers_and_stops_when_its_output_is_stuck(tmp_path: Path) -> None:
    port = free_port()
    with started(tmp_path, port=str(port), metrics="open", workers="2") as process:
        life = at(port, tmp_path)
        try:
            life.until(lambda: life.readiness() == 200)
            for _ in range(400):  # more than a pipe takes
                assert life.ask("GET", "/v1/categories")[0] == 200
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
            assert time.monotonic() - start < 5
        finally:
            process.kill()
