"""What passes between the loop and a thread arrives whole, in order and in bounded memory."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ruletag.edge.streams import MOST_HELD, Incoming, LeftError, Outgoing, Room

pieces = st.lists(st.binary(min_size=1, max_size=50), max_size=20)


def received(sent: list[bytes], read: Callable[[Incoming], list[bytes]]) -> list[bytes]:
    """Send pieces through the loop; give what a thread reads."""

    async def run() -> list[bytes]:
        incoming = Incoming(asyncio.get_running_loop())
        reading = asyncio.create_task(asyncio.to_thread(read, incoming))
        for piece in sent:
            await incoming.put(piece)
        incoming.end()
        return await reading

    return asyncio.run(run())


@given(sent=pieces, size=st.integers(1, 70))
def test_a_body_arrives_whole(sent: list[bytes], size: int) -> None:
    def read(incoming: Incoming) -> list[bytes]:
        return list(iter(lambda: incoming.read(size), b""))

    found = received(sent, read)

    assert b"".join(found) == b"".join(sent)
    assert all(len(piece) <= size for piece in found)


@given(sent=st.lists(st.text("a\n", min_size=1, max_size=9).map(str.encode), max_size=20))
def test_lines_arrive_as_lines(sent: list[bytes]) -> None:
    def read(incoming: Incoming) -> list[bytes]:
        return list(iter(incoming.readline, b""))

    assert received(sent, read) == b"".join(sent).splitlines(keepends=True)


def test_a_long_line_comes_in_parts() -> None:
    def read(incoming: Incoming) -> list[bytes]:
        return list(iter(lambda: incoming.readline(4), b""))

    assert received([b"abcdefgh", b"ij\nk"], read) == [b"abcd", b"efgh", b"ij\n", b"k"]


def test_the_sender_waits_for_the_reader() -> None:
    async def run() -> tuple[bool, int]:
        incoming = Incoming(asyncio.get_running_loop())
        await incoming.put(b"a" * MOST_HELD)
        waiting = asyncio.create_task(incoming.put(b"b"))
        await asyncio.sleep(0.05)
        has_waited = not waiting.done()
        read = await asyncio.to_thread(incoming.read)
        await asyncio.wait_for(waiting, 5)
        return has_waited, len(read)

    assert asyncio.run(run()) == (True, MOST_HELD + 1)


def test_a_reader_hears_that_the_client_has_left() -> None:
    async def run() -> None:
        incoming = Incoming(asyncio.get_running_loop())
        reading = asyncio.create_task(asyncio.to_thread(incoming.readline))
        await incoming.put(b"half a li")
        incoming.leave()
        with pytest.raises(LeftError):
            await reading

    asyncio.run(run())


def test_an_idle_body_can_be_ended_with_a_fault() -> None:
    async def run() -> list[bytes]:
        incoming = Incoming(asyncio.get_running_loop())
        await incoming.put(b"a\nhalf a li")
        incoming.end_if_idle(0, ValueError("not read yet"))
        read = [await asyncio.to_thread(incoming.readline)]
        reading = asyncio.create_task(asyncio.to_thread(incoming.readline))
        await asyncio.sleep(0.05)
        incoming.end_if_idle(60, ValueError("too soon"))
        incoming.end_if_idle(0.01, ValueError("idle"))
        with pytest.raises(ValueError, match="idle"):
            await reading
        return read

    assert asyncio.run(run()) == [b"a\n"]


@given(sent=pieces)
def test_an_answer_arrives_whole(sent: list[bytes]) -> None:
    async def run() -> bytes:
        outgoing = Outgoing(asyncio.get_running_loop())

        def write() -> None:
            for piece in sent:
                outgoing.put(piece)
            outgoing.end()

        thread = threading.Thread(target=write)
        thread.start()
        found, has_more = b"", True
        while has_more:
            piece, has_more = await outgoing.take()
            found += piece
        thread.join()
        return found

    assert asyncio.run(run()) == b"".join(sent)


def test_the_writer_waits_until_something_is_taken_and_hears_when_nobody_is_there() -> None:
    async def run() -> list[str]:
        outgoing = Outgoing(asyncio.get_running_loop())
        done: list[str] = []

        def write() -> None:
            try:
                for number in range(10):
                    outgoing.put(b"a" * MOST_HELD)
                    done.append(f"written {number}")
            except LeftError:
                done.append("left")

        thread = threading.Thread(target=write)
        thread.start()
        await asyncio.sleep(0.05)
        outgoing.leave()
        await asyncio.to_thread(thread.join)
        return done

    assert asyncio.run(run()) == ["written 0", "written 1", "left"]


def test_the_largest_is_sent_away() -> None:
    room = Room(100)
    gone: list[str] = []

    def take(name: str, size: int) -> None:
        room.take(name, size, lambda: gone.append(name))

    take("small", 10)
    take("large", 60)
    take("middle", 20)
    assert gone == []
    take("small", 11)
    assert gone == ["large"]
    take("middle", 60)
    assert gone == ["large", "middle"]
    take("small", 79)
    assert gone == ["large", "middle"]
