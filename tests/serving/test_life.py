"""Processes are killed, edits are bad, signals arrive: the service answers on."""

import os
import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from serving.life import COPPER, ZINC, Life, living

servers = pytest.mark.parametrize("server", ["gunicorn", "granian"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "rules"


@servers
def test_each_worker_killed_in_turn_with_bad_rules_on_disk(folder: Path, server: str) -> None:
    with living(folder, workers="2", server=server) as life:
        life.until(lambda: life.readiness() == 200 and len(life.workers()) == 2)
        life.write("categories: {metals: [zinc")
        life.until(lambda: life.ask("GET", "/v1/rules")[1]["refused"] is not None)

        for worker in life.workers():
            os.kill(worker, signal.SIGKILL)
            life.until(lambda worker=worker: worker not in life.workers())  # type: ignore[misc]
            life.until(lambda: len(life.workers()) == 2)
            assert [life.found() for _ in range(10)] == [["copper"]] * 10

        life.write(ZINC)
        life.until(lambda: life.found() == ["zinc"])
        assert [life.found() for _ in range(10)] == [["zinc"]] * 10
        assert life.ask("GET", "/v1/rules")[1]["refused"] is None


@servers
def test_a_hangup_means_to_look_now_and_costs_no_worker(folder: Path, server: str) -> None:
    with living(folder, workers="2", poll_interval="3600", server=server) as life:
        life.until(lambda: life.readiness() == 200 and len(life.workers()) == 2)
        before = life.workers()
        life.write(ZINC)
        time.sleep(0.5)
        assert life.found() == ["copper"]

        life.master.send_signal(signal.SIGHUP)

        life.until(lambda: life.found() == ["zinc"])
        assert life.workers() == before


def test_a_refused_edit_may_make_it_unready(folder: Path) -> None:
    with living(folder, on_bad_rules="unready") as life:
        life.until(lambda: life.readiness() == 200)

        life.write("[")
        life.until(lambda: life.readiness() == 503)
        assert life.found() == ["copper"]

        life.write(COPPER)
        life.until(lambda: life.readiness() == 200)


@servers
@pytest.mark.parametrize("first", [COPPER, "["])
def test_a_refused_edit_may_end_it(folder: Path, first: str, server: str) -> None:
    with living(folder, first, on_bad_rules="exit", server=server) as life:
        life.write("[")

        assert life.master.wait(20) == 78
        assert any(line["msg"].startswith("rules refused") for line in life.logged())


@servers
def test_it_drains_before_it_stops(folder: Path, server: str) -> None:
    with living(folder, drain="1", server=server) as life:
        life.until(lambda: life.readiness() == 200)
        life.master.send_signal(signal.SIGTERM)
        told = time.monotonic()

        life.until(lambda: life.readiness() == 503)
        assert life.found() == ["copper"]

        assert life.master.wait(20) == 0
        assert 0.9 < time.monotonic() - told < 6


def test_the_leader_is_killed_while_it_compiles(folder: Path) -> None:
    with living(folder, workers="2") as life:
        life.until(lambda: life.readiness() == 200 and len(life.workers()) == 2)
        many = "".join(f"  - word{i}~ ... other{i}\n" for i in range(20_000))
        life.write(f"categories:\n  many:\n{many}", "many.yaml")
        time.sleep(0.6)

        # One of them leads; whichever it is, it is at work now.
        for worker in life.workers():
            os.kill(worker, signal.SIGKILL)

        life.until(lambda: life.readiness() == 200)
        life.until(lambda: "many" in life.ask("GET", "/v1/rules")[1]["categories"])
        assert life.found() == ["copper"]


def test_the_last_good_rules_outlive_the_service(folder: Path, tmp_path: Path) -> None:
    state = str(tmp_path / "state")
    with living(folder, state=state) as life:
        life.until(lambda: life.readiness() == 200)

    with living(folder, "[", state=state) as life:
        life.until(lambda: life.readiness() == 200)
        assert life.found() == ["copper"]
        assert life.ask("GET", "/v1/rules")[1]["refused"]["problems"]


@servers
def test_no_answer_is_lost_over_good_and_bad_edits(folder: Path, server: str) -> None:
    with ExitStack() as stack:
        life = stack.enter_context(living(folder, workers="2", server=server))
        life.until(lambda: life.readiness() == 200)
        answers: list[list[str]] = []
        stop = threading.Event()
        asking = threading.Thread(target=ask_until, args=(stop, life, answers))
        asking.start()
        stack.callback(asking.join)
        stack.callback(stop.set)

        for content in (ZINC, "[", COPPER, ZINC, "nonsense", COPPER):
            life.write(content)
            time.sleep(0.5)

    assert len(answers) > 100
    assert {tuple(answer) for answer in answers} <= {("copper",), ("zinc",)}


def ask_until(stop: threading.Event, life: Life, answers: list[list[str]]) -> None:
    """Ask again and again; what raises ends up as an answer that nobody expects."""
    while not stop.is_set():
        try:
            answers.append(life.found())
        except Exception as error:  # noqa: BLE001 - looked at by the test
            answers.append([repr(error)])


@servers
def test_large_rules_are_held_in_common(folder: Path, server: str) -> None:
    many = "".join(f"  - word{i} other{i}\n" for i in range(30_000))
    with living(folder, workers="2", server=server) as life:
        life.until(lambda: life.readiness() == 200 and len(life.workers()) == 2)
        before = set(life.workers())
        life.write(f"categories:\n  many:\n{many}", "many.yaml")
        life.until(lambda: "many" in life.ask("GET", "/v1/rules")[1]["categories"])
        alone = max(map(private_memory, before))

        life.until(lambda: len(life.workers()) == 2 and not before & set(life.workers()))

        assert life.found() == ["copper"]
        assert life.ask("GET", "/v1/rules")[1]["generation"] == 2
        assert max(map(private_memory, life.workers())) < alone - 15_000


def private_memory(process: int) -> int:
    """Give the kibibytes of a process that no other has too."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))
