"""What processes of one service share outlives each of them, and is never seen half changed."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from ruletag.problems import Location, Problem
from ruletag.serving.shared import Published, Refused, Shared, State


@pytest.fixture
def shared() -> Iterator[Shared]:
    with closing(Shared()) as shared:
        yield shared


def in_child(do: Callable[[], object]) -> int:
    """Do something in a forked process, and give what it exits with."""
    child = os.fork()
    if child == 0:
        do()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def published(generation: int) -> Published:
    return Published(generation, generation % 2, 0, "", f"sha256:{generation}")


def test_the_board_is_seen_by_other_processes(shared: Shared) -> None:
    in_child(lambda: shared.write(State(active=published(1))))

    assert shared.read() == State(active=published(1))
    assert shared.changes == 1


def test_an_empty_board(shared: Shared) -> None:
    assert (shared.read(), shared.changes) == (State(), 0)


def test_a_writer_that_is_killed_on_the_way_has_changed_nothing(
    shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.write(State(active=published(1)))

    def killed(place: int, number: int) -> None:
        del place, number
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(shared, "_set", killed)
    assert in_child(lambda: shared.write(State(active=published(2)))) == -signal.SIGKILL
    monkeypatch.undo()

    assert shared.read() == State(active=published(1))
    shared.write(State(active=published(3)))
    assert shared.read() == State(active=published(3))


def test_no_reader_ever_sees_half_a_state(shared: Shared) -> None:
    sizes = (1, 400)
    states = [
        State(refused=Refused(0, tuple(problem(i) for i in range(size)), size)) for size in sizes
    ]
    shared.write(states[0])
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            for state in states:
                shared.write(state)

    writer = threading.Thread(target=write)
    writer.start()
    seen = [shared.read() for _ in range(2_000)]
    stop.set()
    writer.join()

    assert all(state in states for state in seen)


def problem(number: int, detail: str = "x") -> Problem:
    return Problem(Location("a.yaml", number, 1), "E201", detail)


@pytest.mark.parametrize(
    ("count", "length", "kept"), [(10, 10, 10), (5_000, 10, 1_000), (1_000, 10_000, 125)]
)
def test_more_problems_than_there_is_room_for_are_left_out(
    shared: Shared, count: int, length: int, kept: int
) -> None:
    details = [f"{i} " + "x" * length for i in range(count)]
    problems = tuple(problem(i, detail) for i, detail in enumerate(details))

    shared.write(State(refused=Refused(0, problems, count)))

    refused = shared.read().refused
    assert refused is not None
    assert (refused.problems, refused.count) == (problems[:kept], count)


def test_a_slot_gives_back_what_was_written(shared: Shared) -> None:
    slot = shared.slots[0]
    size, sha256 = slot.write([b"a" * 3_000_000, b"b"])
    found = Published(1, 0, size, sha256, "")

    assert slot.read(found) == b"a" * 3_000_000 + b"b"

    slot.write([b"shorter"])
    assert slot.read(found) is None


def test_rows_of_the_dead_are_not_waited_for(shared: Shared) -> None:
    row = shared.take_row()
    in_child(shared.take_row)
    assert shared.loaded(1) == (0, 1)

    shared.sign(row, 1)

    assert shared.loaded(1) == (1, 0)
    assert shared.loaded(2) == (0, 1)
    shared.leave(row)
    assert shared.loaded(2) == (0, 0)


def test_two_editions_of_one_generation_have_different_marks() -> None:
    one, other = (replace(published(2), sha256=sha256) for sha256 in ("aa", "ab"))

    assert one.mark != other.mark
    assert 0 not in (one.mark, other.mark, published(2).mark)


# name, the generation in force, seconds since it is, whether one that has the first is behind
BEHIND = [
    ("the same", 1, 5.0, False),
    ("a later one", 2, 5.0, True),
    ("a later one, in a moment", 2, -60.0, False),
]


@pytest.mark.parametrize(
    ("generation", "since", "expected"), [pytest.param(*row, id=name) for name, *row in BEHIND]
)
def test_who_is_behind(
    shared: Shared,
    generation: int,
    since: float,
    expected: bool,  # noqa: FBT001 - a row
) -> None:
    moment = time.monotonic() - since

    in_child(lambda: shared.write(State(replace(published(generation), active_from=moment))))

    assert shared.is_behind(1) is expected


def test_a_stopped_leader_is_told_from_one_that_works(shared: Shared) -> None:
    child = os.fork()
    if child == 0:
        shared.try_to_lead()
        while True:
            time.monotonic()
    try:
        late = time.monotonic() + 10
        while shared.leader != child:
            assert time.monotonic() < late
        assert not shared.is_leader_stopped

        os.kill(child, signal.SIGSTOP)
        os.waitpid(child, os.WUNTRACED)
        assert shared.is_leader_stopped

        shared.ask_for_another_leader()
        assert shared.in_the_way == child
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert not shared.is_leader_stopped


def test_all_have_rules_once_they_are_in_force_in_each(shared: Shared) -> None:
    one, other = shared.take_row(), shared.take_row()
    shared.sign(one, 1, in_force=True)
    assert not shared.all_have_rules

    shared.sign(other, 1)
    assert not shared.all_have_rules

    shared.sign(other, 1, in_force=True)
    assert shared.all_have_rules


def test_what_the_master_asks_for_is_seen(shared: Shared) -> None:
    in_child(shared.ask_for_look)
    in_child(shared.ask_for_look)
    in_child(shared.drain)
    assert (shared.looks, shared.is_draining, shared.is_to_stop) == (2, True, False)

    in_child(shared.ask_to_stop)
    assert shared.is_to_stop
