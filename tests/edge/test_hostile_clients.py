"""No client can take the memory of a worker, its event loop, or its connections."""

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import pytest

from bad_inputs.processes import memory
from contract.hostile import (
    LIVEZ,
    TAG,
    Client,
    byte_chunks,
    chunk_extensions,
    large_heads,
    pipelined_probes,
    pipelined_texts,
    slow_body,
    small_chunks,
)
from contract.rules import RULES
from contract.service import Server
from contract.slow import BODY, HEAD, Slow, ask_alone, good_requests, idle, post

LARGE: Final = b"not smuggling copper, was not arrested. " * 25_000  # a text that takes a second


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module", params=["worker", "granian"])
def server(folder: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    server = Server(folder, request.param)
    yield server
    server.stop()


@pytest.fixture
def small(folder: Path) -> Iterator[Server]:
    """Start a server that holds twenty connections."""
    server = Server(folder, "worker", connections=20)
    yield server
    server.stop()


# What hostile clients do, how many of them, and by how much a worker may grow, in bytes.
HOSTILE: Final = [
    ("one that pipelines probes", pipelined_probes, 1, 10_000_000),
    ("20 that pipeline texts", pipelined_texts, 20, 10_000_000),
    ("50 that send chunks of one byte", byte_chunks, 50, 10_000_000),
    ("20 that send chunk extensions", chunk_extensions, 20, 10_000_000),
    ("100 that send large heads", large_heads, 100, 20_000_000),
    ("500 that say nothing", idle, 500, 20_000_000),
    ("500 that send slow bodies", slow_body, 500, 20_000_000),
    # Their bodies are held, up to 64 MiB of them over all connections.
    ("50 that send small chunks", small_chunks, 50, 90_000_000),
]


@pytest.mark.parametrize(
    ("client", "count", "most"), [pytest.param(*row, id=name) for name, *row in HOSTILE]
)
def test_others_are_answered_in_bounded_memory(
    server: Server, client: Client, count: int, most: int
) -> None:
    before = memory(server.workers())

    with Slow(server.port, count, (client,)):
        time.sleep(1.5)
        good = good_requests(server.port, 20, each_connects=True, pause=0.05, patience=4)
        grown = memory(server.workers()) - before

    assert (good.answered, good.lost) == (20, [])
    assert grown < most


# ------------------------------------------------------------------- who has to go


def connect(stack: ExitStack, server: Server, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
    stack.callback(connection.close)
    connection.sendall(sent)
    time.sleep(0.02)  # so that they come one after another
    return connection


def is_open(connection: socket.socket) -> bool:
    connection.settimeout(0.1)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


# What is sent by those that come first, and by those that come next.
WAITING: Final = [
    ("silent ones", b"", b""),
    ("idle ones before halves of heads", LIVEZ, HEAD[:30]),
    ("halves of bodies before idle ones", HEAD % len(BODY) + BODY[:10], LIVEZ),
]


@pytest.mark.parametrize(
    ("first", "next_"), [pytest.param(*row, id=name) for name, *row in WAITING]
)
def test_who_has_waited_longest_makes_room(small: Server, first: bytes, next_: bytes) -> None:
    with ExitStack() as stack:
        old = [connect(stack, small, first) for _ in range(10)]
        young = [connect(stack, small, next_) for _ in range(10)]
        for connection in (*old, *young):  # the answers to whole requests
            connection.settimeout(0.2)
            with suppress(TimeoutError):
                connection.recv(65536)

        assert all(ask_alone(small.port, TAG) for _ in range(5))

        assert not is_open(old[0])
        assert all(map(is_open, young))


def test_a_body_that_comes_quickly_does_not_make_room(small: Server) -> None:
    with ExitStack() as stack:
        quick = connect(stack, small, HEAD % len(BODY))
        slow = [connect(stack, small, HEAD % len(BODY) + BODY[:1]) for _ in range(19)]
        quick.sendall(BODY[:-1])

        assert all(ask_alone(small.port, TAG) for _ in range(5))

        assert not is_open(slow[0])
        quick.sendall(BODY[-1:])
        assert quick.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_request_at_work_does_not_make_room(small: Server) -> None:
    with ExitStack() as stack:
        head = b"POST /v1/tag HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
        at_work = connect(stack, small, head + b"Content-Length: %d\r\n\r\n" % len(LARGE) + LARGE)
        for _ in range(60):
            connect(stack, small)

        at_work.settimeout(20)
        assert at_work.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_few_open_files_leave_room_for_newcomers(folder: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, before[1]))
    try:
        server = Server(folder, "serve")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    try:
        with Slow(server.port, 150, (idle,)):
            good = good_requests(server.port, 50, each_connects=True, pause=0.01)
    finally:
        server.stop()

    assert (good.answered, good.lost) == (50, [])
    assert good.quantile(0.5) < 0.5
    assert "since at most 100 files may be open" in server.log
    assert "Too many open files" not in server.log


def test_a_pipeline_goes_on_when_its_answers_are_read(server: Server) -> None:
    """Reading stops while requests wait, and goes on when one of them is half here."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        sent = HEAD % len(BODY) + BODY
        for _ in range(3):
            connection.sendall(sent * 5 + sent[:-1])
            answers = b""
            while answers.count(b"HTTP/1.1 200 ") < 5:
                answers += connection.recv(65536)
            connection.sendall(sent[-1:])
            while answers.count(b"HTTP/1.1 200 ") < 6:
                answers += connection.recv(65536)
        # Whatever is left of the last answer comes before this one.
        assert post(connection, LIVEZ)[0] == 200
