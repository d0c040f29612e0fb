"""Whatever lies in a rule folder can harm no more than the process that compiles it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bad_inputs.processes import children
from ruletag.serving.artefact import load
from ruletag.serving.builder import Builder, Job
from ruletag.serving.lastgood import keep, kept
from ruletag.serving.shared import Published, Slot


@pytest.fixture
def slot() -> Iterator[Slot]:
    with closing(Slot.new()) as slot:
        yield slot


@pytest.fixture
def builder(slot: Slot) -> Iterator[Builder]:
    builder = Builder([slot.handle])
    yield builder
    builder.stop()


def write(folder: Path, content: str) -> Path:
    (folder / "a.yaml").write_text(content, encoding="utf-8")
    return folder


def test_a_good_folder_is_in_the_slot_afterwards(
    builder: Builder, slot: Slot, tmp_path: Path
) -> None:
    for word in ("copper", "zinc"):
        report = builder.run(Job(write(tmp_path, f"categories: {{m: [{word}]}}"), slot.handle))

        content = slot.read(Published(1, 0, report.size, report.sha256, report.digest))
        assert content is not None
        assert load(content).digest == report.digest
        assert (report.outcome, report.files, report.categories) == ("built", 1, 1)


def test_rules_in_force_are_not_compiled_again(
    builder: Builder, slot: Slot, tmp_path: Path
) -> None:
    folder = write(tmp_path, "categories: {m: [copper]}")
    report = builder.run(Job(folder, slot.handle))

    assert builder.run(Job(folder, slot.handle, report.digest)).outcome == "same"


def test_what_is_wrong_is_reported(builder: Builder, slot: Slot, tmp_path: Path) -> None:
    report = builder.run(Job(write(tmp_path, "categories: {m: [}"), slot.handle))

    assert report.outcome == "refused"
    assert [problem.code for problem in report.problems] == ["E101"]


def test_a_compiler_that_takes_too_long_is_ended(slot: Slot, tmp_path: Path) -> None:
    builder = Builder([slot.handle], seconds=0.001)
    report = builder.run(Job(write(tmp_path, "categories: {m: [copper]}"), slot.handle))
    builder.stop()

    assert report.outcome == "failed"
    assert "signal 9" in report.problems[0].detail


def test_a_compiler_that_is_killed_is_a_report(
    builder: Builder, slot: Slot, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "b.txt")
    many = "\n".join(f"  - word{i} ... other{i}" for i in range(20_000))
    folder = write(tmp_path, f"categories:\n  m:\n{many}\n")
    threading.Timer(0.4, builder.stop).start()

    report = builder.run(Job(folder, slot.handle))

    assert (report.outcome, report.problems[0].code) == ("failed", "E499")


def test_a_waiting_compiler_that_died_is_replaced(
    builder: Builder, slot: Slot, tmp_path: Path
) -> None:
    job = Job(write(tmp_path, "categories: {m: [copper]}"), slot.handle)
    builder.run(job)
    builder.stop()
    time.sleep(0.05)

    assert builder.run(job).outcome == "built"


def test_a_compiler_that_is_stopped_is_ended_soon(
    builder: Builder, slot: Slot, tmp_path: Path
) -> None:
    many = "\n".join(f"  - word{i} ... other{i}" for i in range(20_000))
    folder = write(tmp_path, f"categories:\n  m:\n{many}\n")
    before = children(os.getpid())
    builder.prepare()
    (compiler,) = set(children(os.getpid())) - set(before)
    threading.Timer(0.4, os.kill, (compiler, signal.SIGSTOP)).start()
    began = time.monotonic()

    report = builder.run(Job(folder, slot.handle))

    assert (report.outcome, report.problems[0].code) == ("failed", "E499")
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("stop", ["", "os.kill(builder._next.pid, signal.SIGSTOP)"])
def test_it_ends_with_the_process_that_started_it(stop: str) -> None:
    program = f"""
import os, signal, time
from pathlib import Path
from ruletag.serving.builder import Builder
from ruletag.serving.shared import Slot
builder = Builder([Slot.new().handle])
builder._next = builder._started()
print(builder._next.pid, flush=True)
while Path(f"/proc/{{builder._next.pid}}/oom_score_adj").read_text() != "1000\\n":
    time.sleep(0.01)  # until it has begun
{stop}
os.kill(os.getpid(), 9)
"""
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL

    late = time.monotonic() + 10
    while Path(f"/proc/{int(done.stdout)}").exists() and _state(int(done.stdout)) != "Z":
        assert time.monotonic() < late
        time.sleep(0.01)


def _state(process: int) -> str:
    try:
        return (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
        )
    except OSError:
        return "Z"


def test_rules_that_are_kept_are_there_again(tmp_path: Path) -> None:
    contents = {"a.yaml": b"categories: {}", "lists/b.txt": "구리\n".encode()}

    keep(tmp_path / "new", contents)

    assert kept(tmp_path / "new") == contents
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_nothing_is_kept_where_nothing_can_be_read(tmp_path: Path) -> None:
    assert kept(tmp_path) == {}
    (tmp_path / "last-good-rules.zip").write_bytes(b"PK\x03\x04 cut short")
    assert kept(tmp_path) == {}
