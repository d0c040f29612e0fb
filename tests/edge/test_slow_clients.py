"""However slow some clients are, the others are answered; and nobody may dawdle for ever."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import pytest

from bad_inputs.processes import memory
from contract.rules import RULES
from contract.service import Server
from contract.slow import (
    BODY,
    HEAD,
    LINE,
    MANY,
    STREAM,
    Slow,
    good_requests,
    half_a_stream,
    slow_reader,
)

PATIENCE: Final = 1.0  # seconds


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slow")
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["worker", "granian"])
def kind(request: pytest.FixtureRequest) -> str:
    """Give each worker that is meant for slow clients."""
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def server(folder: Path, kind: str) -> Iterator[Server]:
    server = Server(folder, kind, client_timeout=PATIENCE)
    yield server
    server.stop()


@pytest.fixture
def patient(folder: Path, kind: str) -> Iterator[Server]:
    """Give a server that waits for clients for as long as it usually does."""
    server = Server(folder, kind, threads=2, streams=2)
    yield server
    server.stop()


@pytest.mark.parametrize("each_connects", [True, False], ids=["new connections", "one connection"])
def test_good_requests_are_answered_beside_slow_ones(patient: Server, each_connects: bool) -> None:  # noqa: FBT001 - a row
    with Slow(patient.port, 100):
        good = good_requests(patient.port, 200, each_connects=each_connects, pause=0.005)

    assert (good.answered, good.lost) == (200, [])
    assert good.quantile(0.99) < 0.5


def test_streams_that_nobody_reads_hold_nobody_else_up(patient: Server) -> None:
    with Slow(patient.port, 10, (half_a_stream,)):
        good = good_requests(patient.port, 100, each_connects=True)

    assert (good.answered, good.lost) == (100, [])


# What is sent, and the status of the answer that comes before the server closes, if any.
DAWDLING: Final = [
    ("nothing", b"", None),
    ("half a head", HEAD[:30], 408),
    ("a head without its body", HEAD % 100, 408),
    ("half a body", HEAD % len(BODY) + BODY[:100], 408),
    (
        "half a chunked body",
        HEAD.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked"),
        408,
    ),
    ("half of a second head", HEAD % len(BODY) + BODY + HEAD[:30], 408),
]


# Granian closes without a word where a head does not come; the last answer is then:
UNDER_GRANIAN: Final = {"half a head": None, "half of a second head": 200}


@pytest.mark.parametrize(("name", "sent", "status"), DAWDLING, ids=[row[0] for row in DAWDLING])
def test_a_client_that_dawdles_is_cut_off(
    server: Server, name: str, sent: bytes, status: int | None
) -> None:
    expected = UNDER_GRANIAN.get(name, status) if server.kind == "granian" else status
    started = time.monotonic()

    answer = server.exchange(sent)

    assert PATIENCE * 0.9 < time.monotonic() - started < PATIENCE + 1.5
    last = answer.rpartition(b"HTTP/1.1 ")[2]
    assert last.startswith(str(expected).encode() if expected else b""), answer
    assert bool(answer) is (expected is not None)


def test_a_head_that_trickles_in_has_one_deadline(server: Server) -> None:
    started = time.monotonic()
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        with suppress(ConnectionError):
            for piece in HEAD[: int(PATIENCE * 15)]:
                connection.sendall(bytes([piece]))
                time.sleep(0.1)
        received = connection.recv(1000)

    assert time.monotonic() - started < PATIENCE + 1.5
    assert received.startswith(b"HTTP/1.1 408 ") or (server.kind, received) == ("granian", b"")


def test_a_body_that_trickles_in_is_waited_for(server: Server) -> None:
    pieces = [BODY[i : i + 600] for i in range(0, len(BODY), 600)]
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        connection.sendall(HEAD % len(BODY))
        for piece in pieces:
            time.sleep(PATIENCE * 0.5)
            connection.sendall(piece)
        received = connection.recv(1000)

    assert received.startswith(b"HTTP/1.1 200 ")


def test_a_body_has_a_least_rate(server: Server) -> None:
    """Each byte comes in time, and the body as a whole does not."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        started = time.monotonic()
        connection.sendall(HEAD % len(BODY))
        with suppress(ConnectionError):
            while time.monotonic() - started < PATIENCE + 2:
                connection.sendall(b" ")
                time.sleep(0.1)
        received = connection.recv(1000)

    assert received.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"body_too_slow"' in received
    assert b"connection: close" in received.lower()


def test_a_body_may_not_take_for_ever(server: Server) -> None:
    """Twenty times the client timeout, at whatever rate it comes."""
    size = 1 << 20
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        started = time.monotonic()
        connection.sendall(HEAD % size)
        with suppress(ConnectionError):
            while time.monotonic() - started < PATIENCE * 20 + 2:
                connection.sendall(b" " * 1_000)
                time.sleep(0.25)
        received = connection.recv(1000)

    assert received.startswith(b"HTTP/1.1 408 ")


def has_place(port: int, seconds: float = 5) -> bool:
    """Return whether there is a place for one more stream before the time is over."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=seconds)) as connection:
        connection.sendall(STREAM % (1 << 30) + LINE * 3)
        return connection.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.fixture
def one_stream(folder: Path, kind: str) -> Iterator[Server]:
    """Start a server that has a place for one stream."""
    server = Server(folder, kind, client_timeout=PATIENCE, streams=1)
    yield server
    server.stop()


def test_a_slow_stream_gives_its_place_to_another(one_stream: Server) -> None:
    with closing(socket.create_connection(("127.0.0.1", one_stream.port), timeout=10)) as slow:
        slow.sendall(STREAM % (1 << 30) + b'{"text":"copper"}\n')
        assert not has_place(one_stream.port)  # it is not slow yet
        for _ in range(int(PATIENCE / 0.1) + 5):
            slow.sendall(b"\n")
            time.sleep(0.1)

        assert has_place(one_stream.port)

        received = b""
        while b"overloaded" not in received:
            received += (piece := slow.recv(65536))
            assert piece


def test_a_stream_that_reads_nothing_gives_its_place_to_another(one_stream: Server) -> None:
    """It takes a little now and then, so no other deadline ends it."""
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", one_stream.port))
        slow.sendall(STREAM % MANY)
        slow.settimeout(0.2)
        with suppress(TimeoutError):
            slow.sendall(LINE * 200)
        late = time.monotonic() + 20
        while not has_place(one_stream.port):
            assert time.monotonic() < late
            with suppress(TimeoutError, ConnectionError):
                slow.recv(4096)


def test_no_other_deadline_ends_a_body(
    folder: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is a timeout of gunicorn's for bodies as well, which would come first."""
    monkeypatch.setenv("GUNICORN_CMD_ARGS", "--timeout 3")
    server = Server(folder, kind, client_timeout=9)
    try:
        with closing(socket.create_connection(("127.0.0.1", server.port), 10)) as connection:
            connection.sendall(HEAD % len(BODY) + BODY[:100])
            time.sleep(4.5)
            connection.sendall(BODY[100:])
            received = connection.recv(1000)
    finally:
        server.stop()

    assert received.startswith(b"HTTP/1.1 200 ")


def test_a_client_that_takes_no_answer_is_cut_off(server: Server) -> None:
    lines = LINE * 40
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(15)
    with closing(connection):
        connection.connect(("127.0.0.1", server.port))
        connection.sendall(STREAM % (len(lines) * 20))
        with pytest.raises(ConnectionError):
            connection.sendall(lines * 20)


def test_an_idle_connection_is_kept_for_a_while(server: Server) -> None:
    """To Granian, idle time is part of the time for the next head."""
    pause = PATIENCE * (0.5 if server.kind == "granian" else 2)
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        for _ in range(2):
            connection.sendall(HEAD % len(BODY) + BODY)
            received = connection.recv(1 << 20)
            time.sleep(pause)

    assert received.startswith(b"HTTP/1.1 200 ")


def test_slow_readers_hold_no_place_among_those_at_work(folder: Path, kind: str) -> None:
    server = Server(folder, kind, at_work=2, threads=1)
    try:
        with Slow(server.port, 20, (slow_reader,)):
            good = good_requests(server.port, 50, each_connects=True)
    finally:
        server.stop()

    assert (good.answered, good.lost) == (50, [])


def test_texts_that_take_long_hold_nobody_up(patient: Server) -> None:
    """Texts of a megabyte are tagged in threads, the short ones beside them."""
    text = b"not smuggling copper, was not arrested. " * 25_000
    senders = [
        threading.Thread(
            target=patient.client.ask,
            args=("POST", "/v1/tag", text, {"Content-Type": "text/plain"}),
        )
        for _ in range(2)
    ]
    for sender in senders:
        sender.start()
    time.sleep(0.2)

    good = good_requests(patient.port, 20, each_connects=True)
    for sender in senders:
        sender.join()

    assert (good.answered, good.lost) == (20, [])
    assert good.quantile(0.5) < 0.5


def test_a_client_that_leaves_ends_the_work_on_its_stream(folder: Path, kind: str) -> None:
    server = Server(folder, kind, streams=1)
    try:
        for _ in range(5):
            late = time.monotonic() + 10
            while not has_place(server.port):
                assert time.monotonic() < late
                time.sleep(0.05)
    finally:
        server.stop()


RESET: Final = b"\1\0\0\0\0\0\0\0"  # SO_LINGER: close without a word


@pytest.mark.parametrize("sent", [b"", HEAD[:30], HEAD % 100, HEAD % len(BODY) + BODY + b"x" * 50])
@pytest.mark.parametrize("resets", [True, False], ids=["reset", "closed"])
@pytest.mark.parametrize("half_closes", [True, False], ids=["half closed before", "at once"])
def test_connections_that_break_off_leave_nothing_behind(
    server: Server,
    sent: bytes,
    resets: bool,  # noqa: FBT001 - a row
    half_closes: bool,  # noqa: FBT001 - a row
) -> None:
    (worker,) = server.workers()
    files = Path(f"/proc/{worker}/fd")
    before = len(list(files.iterdir()))

    for number in range(40):
        with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
            connection.sendall(sent)
            if half_closes:
                connection.shutdown(socket.SHUT_WR)
            time.sleep(0.001 * (number % 3))
            if resets:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    end = time.monotonic() + PATIENCE + 3
    while (left := len(list(files.iterdir()))) > before and time.monotonic() < end:
        time.sleep(0.05)

    assert left <= before


# ------------------------------------------------------------------------ memory


def test_a_stream_takes_bounded_memory_in_both_directions(patient: Server) -> None:
    """A client that sends without end and reads nothing is made to wait."""
    before = memory(patient.workers())

    with Slow(patient.port, 2, (half_a_stream,)):
        time.sleep(2)
        during = memory(patient.workers())

    assert during - before < 40_000_000


def test_bodies_that_wait_take_bounded_memory(patient: Server) -> None:
    """Over 64 MiB of bodies that have not ended, the largest is sent away."""
    before = memory(patient.workers())
    large = b'{"documents":["' + b"a" * (8 << 20)
    head = b"POST /v1/tag/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += b"Content-Length: %d\r\n\r\n" % (15 << 20)
    connections = []
    for _ in range(20):
        connection = socket.create_connection(("127.0.0.1", patient.port), timeout=10)
        connections.append(connection)
        with suppress(ConnectionError):
            connection.sendall(head + large)

    good = good_requests(patient.port, 20, each_connects=True)
    grown = memory(patient.workers()) - before
    for connection in connections:
        connection.close()

    assert good.lost == []
    assert grown < 120_000_000
