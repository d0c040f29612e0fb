"""A worker that is stopped holds no edit back, and never answers by rules that are gone."""

import http.client
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import pytest

from bad_inputs.processes import children
from serving.life import COPPER, PATIENCE, TEXT, ZINC, Life, living

BOTH: Final = "categories: {metals: [copper, zinc]}\n"
CONNECTIONS: Final = 24  # so that each worker has several
ROUNDS: Final = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "rules"


def leader(life: Life) -> int:
    """Return the worker that leads: it keeps a compiler waiting."""
    life.until(lambda: any(map(children, life.workers())))
    return next(worker for worker in life.workers() if children(worker))


def follower(life: Life) -> int:
    """Return a worker that does not lead."""
    leading = leader(life)
    return next(worker for worker in life.workers() if worker != leading)


def seconds_until(life: Life, found: list[str]) -> float:
    began = time.monotonic()
    life.until(lambda: life.found() == found)
    return time.monotonic() - began


class Caller:
    """A client that keeps its connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def send(self) -> None:
        """Send a request, and wait for nothing."""
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/v1/tag", json.dumps({"text": TEXT}), headers)

    def found(self) -> list[str]:
        """Read the answer; return the words that it has as evidence."""
        answer = self._connection.getresponse()
        body = json.loads(answer.read())
        assert answer.status == http.HTTPStatus.OK, body
        return [e["text"] for given in body["categories"] for e in given["evidence"]]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def callers(life: Life, stack: ExitStack) -> list[Caller]:
    """Return clients that have been answered once, spread over all workers."""
    opened = [stack.enter_context(closing(Caller(life.port))) for _ in range(CONNECTIONS)]
    for caller in opened:
        caller.send()
    assert [caller.found() for caller in opened] == [["copper"]] * CONNECTIONS
    return opened


@pytest.mark.parametrize("workers", [2, 3])
@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        pytest.param([ZINC], ["zinc"], id="one edit"),
        pytest.param([ZINC, COPPER, BOTH], ["copper", "zinc"], id="three edits"),
    ],
)
def test_a_worker_that_was_stopped_over_edits_answers_by_the_last(
    folder: Path, stack: ExitStack, workers: int, edits: list[str], expected: list[str]
) -> None:
    life = stack.enter_context(living(folder, workers=str(workers)))
    life.until(lambda: life.readiness() == 200 and len(life.workers()) == workers)
    before, stopped = life.workers(), follower(life)
    clients = callers(life, stack)
    os.kill(stopped, signal.SIGSTOP)
    stack.callback(continued, stopped)
    for number, content in enumerate(edits, 2):
        life.write(content)
        life.until(lambda number=number: generation(life) == number)  # type: ignore[misc]
    assert life.readiness() == 200
    for client in clients:
        client.send()  # to the worker that is stopped, too

    os.kill(stopped, signal.SIGCONT)

    assert [client.found() for client in clients] == [expected] * CONNECTIONS
    for _ in range(ROUNDS):
        for client in clients:
            client.send()
        assert [client.found() for client in clients] == [expected] * CONNECTIONS
    assert life.workers() == before


def continued(process: int) -> None:
    """Let a process go on, so that it can be told to end."""
    os.kill(process, signal.SIGCONT)


def generation(life: Life) -> int:
    """Return the generation in force in a worker that answers."""
    found: int = life.ask("GET", "/v1/rules")[1]["generation"]
    return found


def test_an_edit_waits_little_for_a_worker_that_is_stopped(folder: Path, stack: ExitStack) -> None:
    life = stack.enter_context(living(folder, workers="2"))
    life.until(lambda: life.readiness() == 200 and len(life.workers()) == 2)
    stopped = follower(life)
    os.kill(stopped, signal.SIGSTOP)
    stack.callback(continued, stopped)

    life.write(ZINC)

    assert seconds_until(life, ["zinc"]) < 8
    assert stopped in life.workers()


def test_a_leader_that_is_stopped_is_replaced_if_an_edit_waits(folder: Path) -> None:
    with living(folder, workers="2") as life:
        life.until(lambda: life.readiness() == 200 and len(life.workers()) == 2)
        stopped = leader(life)
        os.kill(stopped, signal.SIGSTOP)

        life.write(ZINC)

        assert seconds_until(life, ["zinc"]) < 12
        life.until(lambda: len(life.workers()) == 2)
        assert stopped not in life.workers()
        assert [life.found() for _ in range(10)] == [["zinc"]] * 10


def test_a_leader_that_is_stopped_while_no_edit_waits_is_left_alone(folder: Path) -> None:
    with living(folder, workers="2") as life:
        life.until(lambda: life.readiness() == 200 and len(life.workers()) == 2)
        before, stopped = life.workers(), leader(life)
        os.kill(stopped, signal.SIGSTOP)
        time.sleep(5)

        os.kill(stopped, signal.SIGCONT)

        life.write(ZINC)
        life.until(lambda: life.found() == ["zinc"])
        assert life.workers() == before
