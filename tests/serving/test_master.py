"""What the master does where gunicorn's would give up."""

import logging
from collections.abc import Iterator
from contextlib import closing

import pytest
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer

from ruletag import master
from ruletag.master import Master
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
