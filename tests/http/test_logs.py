"""Logs never stop a request, and never hold what they must not."""

import io
import json
import logging
import os
import random
import resource
import select
import string
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.edge import gunicorn_config
from ruletag.http import api, handling
from ruletag.http.lines import Descriptor, Lines
from ruletag.http.logs import (
    Formatter,
    ToLines,
    json_line,
    logging_config,
    note_in,
    text_line,
    timestamp,
)
from ruletag.http.observing import Observer
from ruletag.http.tallies import Tallies
from ruletag.serving.store import Store
from ruletag.settings import Settings

NOTE = note_in("json", "ruletag.log", "log lines were dropped")
START: dict[str, object] = {"ts": "now", "level": "info", "logger": "ruletag", "msg": "said"}


class Pipe:
    """A pipe that lines are written to; it holds no more than a page until it is read."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()

    def close(self) -> None:
        """Close what is still open."""
        for end in (self.reading, self.writing):
            if end >= 0:
                os.close(end)

    def close_reading(self) -> None:
        """Be a reader that went away."""
        os.close(self.reading)
        self.reading = -1

    def read(self, seconds: float = 5) -> bytes:
        """Give what is there, once there is something."""
        ready, _, _ = select.select([self.reading], [], [], seconds)
        return os.read(self.reading, 1 << 20) if ready else b""

    def read_lines(self, count: int) -> list[bytes]:
        """Give so many lines."""
        found = b""
        while found.count(b"\n") < count:
            piece = self.read()
            assert piece, found
            found += piece
        return found.splitlines()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    made.close()


class Held:
    """A sink that waits until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.entered = threading.Event()
        self.content = b""

    def write(self, content: bytes) -> None:
        """Write, when let go."""
        self.entered.set()
        assert self.go.wait(10)
        self.content += content

    def after_fork(self) -> None:
        """Do nothing."""

    def hold(self, lines: Lines) -> None:
        """Have the thread of the lines wait."""
        lines.put(b"first\n")
        assert self.entered.wait(5)

    def lines(self) -> list[bytes]:
        """Give the lines written."""
        return self.content.splitlines()


class Broken:
    """A sink that fails as often as it is told to."""

    def __init__(self) -> None:
        self.fails = True
        self.content = b""

    def write(self, content: bytes) -> None:
        """Fail, or write."""
        if self.fails:
            raise BrokenPipeError
        self.content += content

    def after_fork(self) -> None:
        """Do nothing."""


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("ruletag.test", logging.INFO, __file__, 1, message, None, None)
    vars(made).update(extra)
    return made


# ------------------------------------------------------------------------ the queue


def test_lines_are_written_in_order(pipe: Pipe) -> None:
    lines = Lines(Descriptor(pipe.writing))

    for i in range(100):
        lines.put(b"%d\n" % i, important=i % 3 == 0)

    assert pipe.read_lines(100) == [b"%d" % i for i in range(100)]


def test_a_full_queue_drops_the_oldest_ordinary_lines_and_says_so() -> None:
    sink = Held()
    lines = Lines(sink, room=10 * (128 + 8))
    lines.note = NOTE
    dropped: list[int] = []
    lines.dropped = dropped.append
    sink.hold(lines)

    for i in range(12):
        lines.put(b"line %02d\n" % i)
    for i in range(4):
        lines.put(b"error %d\n" % i, important=True)
    sink.go.set()
    lines.flush(5)

    first, note, *others = sink.lines()
    assert first == b"first"
    assert json.loads(note) | {"ts": ""} == {
        "ts": "",
        "level": "warning",
        "logger": "ruletag.log",
        "msg": "log lines were dropped",
        "count": 6,
    }
    kept = [b"line %02d" % i for i in range(6, 12)]
    assert others == kept + [b"error %d" % i for i in range(4)]
    assert sum(dropped) == 6


def test_errors_are_not_dropped_for_ordinary_lines() -> None:
    sink = Held()
    lines = Lines(sink, room=4 * (128 + 8))
    sink.hold(lines)

    for i in range(5):
        lines.put(b"error %d\n" % i, important=True)
    for i in range(50):
        lines.put(b"line %02d\n" % i)
    sink.go.set()
    lines.flush(5)

    assert sink.lines()[1:] == [b"error %d" % i for i in range(1, 5)]


def test_a_line_larger_than_the_queue_is_dropped_alone() -> None:
    sink = Held()
    lines = Lines(sink, room=1000)
    sink.hold(lines)
    lines.put(b"kept\n")
    lines.put(b"x" * 2000 + b"\n")
    sink.go.set()
    lines.flush(5)

    assert sink.lines() == [b"first", b"kept"]


def test_a_closed_output_stops_nobody_and_what_is_lost_is_told_later() -> None:
    sink = Broken()
    lines = Lines(sink)
    lines.note = NOTE
    dropped: list[int] = []
    lines.dropped = dropped.append

    lines.put(b"a\n")
    lines.flush(5)
    lines.put(b"b\n")
    lines.flush(5)
    sink.fails = False
    lines.put(b"c\n")
    lines.flush(5)

    note, line = sink.content.splitlines()
    assert json.loads(note)["count"] == sum(dropped) == 2
    assert line == b"c"


def test_a_pipe_without_a_reader_stops_nobody(pipe: Pipe) -> None:
    lines = Lines(Descriptor(pipe.writing))
    pipe.close_reading()

    lines.put(b"a\n")
    lines.flush(5)


def test_a_slow_reader_stops_nobody(pipe: Pipe) -> None:
    lines = Lines(Descriptor(pipe.writing), room=64 * 1024)
    lines.note = NOTE
    dropped: list[int] = []
    lines.dropped = dropped.append

    start = time.monotonic()
    for _ in range(20_000):
        lines.put(b"x" * 99 + b"\n")
    spent = time.monotonic() - start

    assert spent < 2
    assert sum(dropped) > 15_000
    found = pipe.read_lines(20_000 - sum(dropped))
    lines.put(b"after\n")
    while b"after" not in found:
        found += pipe.read_lines(1)
    notes = [json.loads(line)["count"] for line in found if line.startswith(b"{")]
    assert sum(notes) == sum(dropped)


def test_an_output_that_does_not_wait_is_waited_for(pipe: Pipe) -> None:
    os.set_blocking(pipe.writing, False)
    lines = Lines(Descriptor(pipe.writing))

    for _ in range(3_000):
        lines.put(b"x" * 99 + b"\n")

    assert pipe.read_lines(3_000) == [b"x" * 99] * 3_000


def test_a_process_that_is_forked_off_writes_its_own_lines_only() -> None:
    script = """
import os, time
from ruletag.http.lines import STDOUT
for turn in range(20):
    STDOUT.put(b"parent %d\\n" % turn)
    child = os.fork()
    if not child:
        STDOUT.put(b"child %d\\n" % turn)
        raise SystemExit
    os.waitpid(child, 0)
"""
    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], capture_output=True, check=True, timeout=60
    )

    expected = [f"{who} {turn}" for turn in range(20) for who in ("parent", "child")]
    assert sorted(found.stdout.decode().splitlines()) == sorted(expected)


def test_what_is_left_is_written_when_the_process_ends() -> None:
    script = """
import logging
from ruletag.http.logs import log_to_stdout
log_to_stdout("json")
for i in range(2000):
    logging.getLogger("ruletag").info("line %d", i)
"""
    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, timeout=60
    )

    messages = [json.loads(line)["msg"] for line in found.stdout.splitlines()]
    assert messages == [f"line {i}" for i in range(2000)]


def test_a_process_ends_though_nobody_reads_its_lines() -> None:
    script = """
from ruletag.http.lines import STDOUT
for i in range(5000):
    STDOUT.put(b"x" * 99 + b"\\n")
"""
    start = time.monotonic()
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - start < 5


def test_a_process_without_standard_output_writes_into_nothing_else(tmp_path: Path) -> None:
    script = f"""
import sys
other = open({str(tmp_path / "other")!r}, "w")
assert other.fileno() == 1
from ruletag.http.lines import STDOUT
from ruletag.http.logs import log_to_stdout
import logging
log_to_stdout("json")
lost = []
STDOUT.dropped = lost.append
logging.warning("lost")
STDOUT.flush(5)
assert lost == [1], lost
"""
    command = 'exec "$0" -c "$1" >&-'
    subprocess.run(["/bin/sh", "-c", command, sys.executable, script], check=True, timeout=60)

    assert (tmp_path / "other").read_text() == ""


def test_long_lines_of_several_processes_stay_whole(pipe: Pipe) -> None:
    script = f"""
import os, sys
from ruletag.http.lines import Descriptor, Lines
lines = Lines(Descriptor({pipe.writing}), 1 << 26)
for i in range(200):
    lines.put(sys.argv[1].encode() * 9000 + b"\\n")
lines.flush(30)
"""
    workers = [
        subprocess.Popen([sys.executable, "-c", script, who], pass_fds=[pipe.writing])
        for who in "abc"
    ]
    found = pipe.read_lines(600)
    for worker in workers:
        assert worker.wait() == 0

    assert sorted(found) == sorted([who * 9000 for who in (b"a", b"b", b"c") for _ in range(200)])


# ------------------------------------------------------------------------- the lines


def test_an_event_is_an_object_with_what_it_adds() -> None:
    line = Formatter("json").format(record("rules activated", generation=3, digest="abc"))

    found = json.loads(line)
    assert list(found) == ["ts", "level", "logger", "msg", "generation", "digest"]
    assert found["generation"] == 3


@given(st.floats(min_value=0, max_value=4e9))
def test_moments_are_written_to_the_millisecond(moment: float) -> None:
    found = datetime.fromisoformat(timestamp(moment))

    assert 0 <= moment - found.timestamp() < 0.001001


def test_an_event_cannot_pass_for_another() -> None:
    line = json_line(START, {"level": "critical", "ts": "never"})

    assert json.loads(line) == START


def test_text_has_what_an_event_adds() -> None:
    line = text_line(START, {"file": "a b.yaml", "count": 3, "traceback": "here\nthere"})

    assert line == b'now info    ruletag: said file="a b.yaml" count=3\n    here\n    there\n'


# Newlines, escape sequences of both kinds, a bidirectional override, half a pair.
UNSAFE = "\r\n\x00\x1b[31m\x9b31m\x7f\u2028\u202e\ud800"


@pytest.mark.parametrize("style", ["json", "text"])
def test_control_characters_become_escapes(style: str) -> None:
    line = Formatter(style).format(record(f"a{UNSAFE}b", file=UNSAFE))

    assert line.isprintable()
    assert "\\u001b" in line
    if style == "json":
        assert json.loads(line)["file"] == UNSAFE


@given(st.text(), st.dictionaries(st.text(min_size=1), st.text()))
def test_any_event_is_one_line_of_json(message: str, fields: dict[str, str]) -> None:
    line = json_line(START | {"msg": message}, fields)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    found: dict[str, Any] = json.loads(line)
    assert found == fields | START | {"msg": message}


@given(st.text(), st.dictionaries(st.text(min_size=1), st.text()))
def test_any_event_is_one_line_of_text(message: str, fields: dict[str, str]) -> None:
    fields.pop("traceback", None)

    line = text_line(START | {"msg": message}, fields)

    assert line.endswith(b"\n")
    assert len(line.decode().splitlines()) == 1


# name, a value
LONG = [
    ("a text", "x" * 10_000_000),
    ("bytes", b"x" * 10_000_000),
    ("a list", ["x" * 10_000] * 10_000),
    ("a mapping", {"x" * 1000: list(range(100_000))}),
]


@pytest.mark.parametrize("style", ["json", "text"])
@pytest.mark.parametrize("value", [pytest.param(value, id=name) for name, value in LONG])
def test_lines_are_of_bounded_length(style: str, value: object) -> None:
    line = Formatter(style).format(record("said", value=value))

    assert len(line) < 70_000
    assert "said" in line


def test_a_long_message_is_cut() -> None:
    line = Formatter("json").format(record("x" * 1_000_000))

    assert len(line) < 10_000
    assert json.loads(line)["msg"].endswith("… (1,000,000 characters)")


def test_a_number_that_json_does_not_have_is_text() -> None:
    assert (
        json.loads(Formatter("json").format(record("said", value=float("nan"))))["value"] == "nan"
    )


def fail(text: str) -> None:
    try:
        os.environ[text]
    except KeyError as error:
        raise ValueError(text) from error


def test_a_traceback_quotes_little_of_what_an_exception_says() -> None:
    made = record("a request failed")
    try:
        fail("The whole article, from its first word to its last. " * 100)
    except ValueError:
        made.exc_info = sys.exc_info()

    found = json.loads(Formatter("json").format(made))["traceback"]

    assert found.index("KeyError") < found.index("ValueError")
    assert "test_logs.py" in found
    assert found.count("The whole article") < 10


def test_warnings_and_errors_are_the_important_ones() -> None:
    sink = Held()
    lines = Lines(sink, room=10_000)
    handler = ToLines(lines)
    handler.setFormatter(Formatter("text"))
    sink.hold(lines)

    failed = record("failed")
    failed.levelno, failed.levelname = logging.ERROR, "ERROR"
    handler.emit(failed)
    for _ in range(1_000):
        handler.emit(record("ordinary"))
    sink.go.set()
    lines.flush(5)

    assert b"failed" in sink.content


def test_a_line_that_a_full_disk_cut_short_is_ended_before_the_next(tmp_path: Path) -> None:
    path = tmp_path / "log"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with path.open("wb") as file:
        sink = Descriptor(file.fileno())
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, limits[1]))
        try:
            sink.write(b"one\n")
            for _ in range(2):
                with pytest.raises(OSError, match="too large"):
                    sink.write(b"two three\n")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        sink.write(b"four\n")
        sink.write(b"five\n")

    assert path.read_bytes() == b"one\ntwo \nfour\nfive\n"


def test_access_lines_of_gunicorn_are_silent() -> None:
    assert logging_config("json")["loggers"]["gunicorn.access"]["level"] == "CRITICAL"
    assert not gunicorn_config.logger_class.access_log_enabled  # nor are they made


# ------------------------------------------------------------------------- requests

FINISHED = handling.Finished(
    "/v1/tag",
    "POST",
    200,
    0.0012344,
    "abc-123",
    api.Work(1, 42, 2, "0123456789abcdef"),
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
)


def line_of(finished: handling.Finished, **settings: str) -> str:
    """Give the line of a request."""
    sink = Broken()
    sink.fails = False
    lines = Lines(sink)
    watching = Observer(Settings(**settings), Store(), lines)  # type: ignore[arg-type]  # texts all
    watching.started()
    watching.finished(finished)
    lines.flush(5)
    return sink.content.decode()


def test_a_request_has_a_line() -> None:
    found = json.loads(line_of(FINISHED))

    moment = found.pop("ts")
    assert len(moment) == len("2026-01-01T00:00:00.000+00:00")
    assert found == {
        "level": "info",
        "logger": "ruletag.request",
        "msg": "request",
        "request_id": "abc-123",
        "method": "POST",
        "route": "/v1/tag",
        "status": 200,
        "duration_ms": 1.234,
        "chars": 42,
        "documents": 1,
        "categories": 2,
        "rules_digest": "0123456789abcdef",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def test_a_request_has_a_line_of_text() -> None:
    line = line_of(FINISHED, log_format="text")

    assert " info    ruletag.request: request request_id=abc-123 method=POST" in line
    assert line.endswith("trace_id=4bf92f3577b34da6a3ce929d0e0e4736\n")


def test_what_a_request_has_not_is_left_out() -> None:
    plain = handling.Finished("other", "GET", 404, 0.001, "a", api.Work(), "nonsense\x1b")

    assert {"rules_digest", "trace_id"}.isdisjoint(json.loads(line_of(plain)))
    assert "trace_id" not in line_of(plain, log_format="text")


def test_requests_need_not_have_lines() -> None:
    assert line_of(FINISHED, log_requests="off") == ""


@pytest.mark.parametrize(
    ("route", "status", "has_line"),
    [
        ("/readyz", 200, False),
        ("/livez", 200, False),
        ("/metrics", 200, False),
        ("/readyz", 503, True),
        ("/v1/rules", 200, True),
    ],
)
def test_a_probe_that_finds_all_well_has_no_line(
    route: str,
    status: int,
    has_line: bool,  # noqa: FBT001 - a row of the table
) -> None:
    probe = handling.Finished(route, "GET", status, 0.001, "a", api.Work(), "")

    assert bool(line_of(probe)) == has_line


def test_dropped_lines_are_counted() -> None:
    sink = Broken()
    lines = Lines(sink)
    watching = Observer(Settings(), Store(), lines, Tallies())
    watching.started()
    watching.finished(FINISHED)
    lines.flush(5)

    request = api.Request("", "GET", "/metrics", {}, {}, io.BytesIO())
    body = watching.get_metrics(request).body
    assert isinstance(body, bytes)
    found = next(n for n in body.decode().splitlines() if n.startswith("ruletag_log_"))
    assert found == "ruletag_log_lines_dropped_total 1.0"


def test_no_line_is_lost_or_torn_under_many_threads(pipe: Pipe) -> None:
    lines = Lines(Descriptor(pipe.writing))
    words = ["".join(random.choices(string.ascii_letters, k=50)) for _ in range(8)]  # noqa: S311

    def write(word: str) -> None:
        for _ in range(300):
            lines.put(word.encode() + b"\n")

    threads = [threading.Thread(target=write, args=(word,)) for word in words]
    for thread in threads:
        thread.start()
    found = pipe.read_lines(2400)
    for thread in threads:
        thread.join()

    assert sorted(found) == sorted([word.encode() for word in words for _ in range(300)])
