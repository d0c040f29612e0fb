"""What the master does where gunicorn's would give up."""

import logging
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from ruletag.edge import master
from ruletag.edge.master import Master
from ruletag.serving.shared import Published, Shared, State


@pytest.fixture
def shared() -> Iterator[Shared]:
    with closing(Shared()) as shared:
        yield shared


@pytest.fixture
def failing(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> Master:
    """A master of whose workers one could not begin."""

    def reap(_: Arbiter) -> None:
        raise HaltServer("Worker failed to boot.", Arbiter.WORKER_BOOT_ERROR)

    monkeypatch.setattr(Arbiter, "reap_workers", reap)
    monkeypatch.setattr(master, "_PAUSE", 0)
    one = object.__new__(Master)
    one._shared = shared
    one.log = logging.getLogger("gunicorn.error")
    return one


def test_a_worker_that_cannot_begin_ends_the_first_start(failing: Master) -> None:
    with pytest.raises(HaltServer):
        failing.reap_workers()


def test_later_another_is_started_in_its_place(
    failing: Master, shared: Shared, caplog: pytest.LogCaptureFixture
) -> None:
    shared.write(State(active=Published(1, 0, 0, "", "sha256:1")))

    failing.reap_workers()

    assert caplog.messages == ["Worker failed to boot. Another is started"]


class Worker(NamedTuple):
    """As much of a worker as the master looks at."""

    age: int


@pytest.fixture
def sharing(shared: Shared, monkeypatch: pytest.MonkeyPatch) -> Master:
    """A master that is about to replace two workers, and keeps those it starts in ``WORKERS``."""
    monkeypatch.setattr(Arbiter, "manage_workers", lambda _: None)
    monkeypatch.setattr(master, "_PAUSE", 0)
    one = object.__new__(Master)
    one._shared = shared
    one._leaves_at = float("inf")
    one._next_at = 0.0
    one._generation = 1
    one._old_workers = {1, 2}
    one._num_workers = 2
    one.WORKERS = {1: Worker(1), 2: Worker(2)}
    monkeypatch.setattr(one, "spawn_worker", lambda: one.WORKERS.update({3: Worker(3)}))
    shared.write(State(active=Published(1, 0, 0, "", "sha256:1")))
    return one


def test_workers_stay_while_an_edit_is_compiled(sharing: Master, shared: Shared) -> None:
    shared.set_compiling(True)
    sharing.manage_workers()
    assert list(sharing.WORKERS) == [1, 2]

    shared.set_compiling(False)
    sharing.manage_workers()
    assert list(sharing.WORKERS) == [1, 2, 3]


def test_no_worker_is_started_with_rules_that_are_out_of_force(
    sharing: Master, shared: Shared
) -> None:
    shared.write(State(active=Published(2, 1, 0, "", "sha256:2")))

    sharing.manage_workers()

    assert list(sharing.WORKERS) == [1, 2]
