"""No request is lost when a worker, or all of them, are told to end."""

import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from contract.rules import RULES
from contract.service import Server
from contract.slow import BODY, HEAD, LINE, STREAM, post

REQUEST: Final = HEAD % len(BODY) + BODY
CLIENTS: Final = 8


@pytest.fixture(params=["worker", "granian"])
def start(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Server]]:
    """Give what starts a server with settings, under each of the workers."""
    for name, text in RULES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    servers: list[Server] = []

    def started(kind: str = request.param, **settings: object) -> Server:
        if kind == "serve" and request.param == "granian":
            settings["server"] = "granian"
        servers.append(Server(tmp_path, kind, **settings))
        return servers[-1]

    yield started
    for server in servers:
        server.stop()


class Load:
    """Clients that post on kept connections until they are told to stop."""

    def __init__(self, port: int, pauses: tuple[float, ...] = (0, 0.01, 0.1, 0.4)) -> None:
        self._port = port
        self._is_over = threading.Event()
        self.answered = 0
        self.lost: list[str] = []
        self.refused = 0
        self._threads = [
            threading.Thread(target=self._client, args=(pauses[i % len(pauses)],))
            for i in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the clients come to their end."""
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _client(self, pause: float) -> None:
        while not self._is_over.is_set():
            try:
                connection = socket.create_connection(("127.0.0.1", self._port), timeout=10)
            except ConnectionRefusedError:
                self.refused += 1
                time.sleep(0.05)
                continue
            with closing(connection):
                self._use(connection, pause)

    def _use(self, connection: socket.socket, pause: float) -> None:
        lives = True
        number = 0
        while lives and not self._is_over.is_set():
            try:
                status, lives = post(connection, REQUEST)
            except OSError as error:
                self.lost.append(f"request {number} of a connection: {error!r}")
                return
            number += 1
            self.answered += status == 200
            if status != 200:
                self.lost.append(str(status))
            time.sleep(pause)


def test_no_request_is_lost_when_workers_end_one_after_another(
    start: Callable[..., Server],
) -> None:
    server = start(workers=2)
    load = Load(server.port)

    for _ in range(4):
        time.sleep(0.5)
        os.kill(server.workers()[0], signal.SIGTERM)
        time.sleep(1.5)
    load.stop()

    assert load.lost == []
    assert load.refused == 0
    assert load.answered > 100


def test_no_request_is_lost_when_workers_are_recycled(start: Callable[..., Server]) -> None:
    server = start(workers=2, recycle=100)
    first = set(server.workers())
    load = Load(server.port, pauses=(0.005,))

    time.sleep(5)
    load.stop()

    assert load.lost == []
    assert load.refused == 0
    assert not first & set(server.workers())


def test_no_request_is_lost_when_the_service_ends(start: Callable[..., Server]) -> None:
    server = start(workers=2)
    load = Load(server.port)
    time.sleep(1)

    seconds = server.end()
    load.stop()

    assert load.lost == []
    assert seconds < 3


def test_no_request_is_lost_when_the_service_drains_and_ends(
    start: Callable[..., Server],
) -> None:
    server = start("serve", workers=2, drain=1)
    load = Load(server.port)
    time.sleep(1)

    seconds = server.end()
    load.stop()

    assert load.lost == []
    assert load.answered > 100
    assert 1 < seconds < 5


def test_idle_connections_do_not_hold_the_end_up(start: Callable[..., Server]) -> None:
    server = start()
    connections = [
        socket.create_connection(("127.0.0.1", server.port), timeout=5) for _ in range(20)
    ]
    for connection in connections[10:]:
        post(connection, REQUEST)
    time.sleep(1)

    seconds = server.end()

    assert seconds < 2
    for connection in connections:
        assert connection.recv(1) == b""
        connection.close()


def test_a_request_under_way_is_answered_before_the_end(start: Callable[..., Server]) -> None:
    server = start()
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as connection:
        connection.sendall(HEAD % len(BODY) + BODY[:100])
        time.sleep(0.3)
        ending = threading.Thread(target=server.end)
        ending.start()
        for i in range(100, len(BODY), 600):
            time.sleep(0.4)
            connection.sendall(BODY[i : i + 600])
        received = connection.recv(1000)
        ending.join()

    assert received.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in received.lower()


def test_what_waits_to_be_accepted_is_answered_before_the_end(
    start: Callable[..., Server],
) -> None:
    """The worker is stopped, connections come, and then it is told to end: they are answered."""
    server = start()
    (worker,) = server.workers()
    os.kill(worker, signal.SIGSTOP)
    connections = []
    for _ in range(10):
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
        connection.sendall(REQUEST)
        connections.append(connection)
    os.kill(worker, signal.SIGTERM)
    os.kill(worker, signal.SIGCONT)

    found = [connection.recv(100) for connection in connections]

    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in found), found
    for connection in connections:
        connection.close()


def test_nobody_is_let_in_once_the_end_has_begun(start: Callable[..., Server]) -> None:
    """Who was let in before is answered; others are passed over, not let in and turned away."""
    server = start("serve")
    (worker,) = server.workers()
    os.kill(worker, signal.SIGSTOP)
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as inside:
        inside.sendall(REQUEST)
        os.kill(server.pid, signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", server.port), timeout=0.5)
        os.kill(worker, signal.SIGCONT)

        assert inside.recv(100).startswith(b"HTTP/1.1 200 ")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)


def test_who_waits_for_a_free_place_is_answered_before_the_end(tmp_path: Path) -> None:
    """With 40 places, 40 connections that say nothing, and 40 more that wait with a request."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (140, before[1]))
    try:
        server = Server(tmp_path, "worker")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    try:
        idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
        time.sleep(0.5)
        waiting = [socket.create_connection(("127.0.0.1", server.port), 10) for _ in range(40)]
        for connection in waiting:
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.5)

        seconds = server.end()
        answers = [connection.recv(100) for connection in waiting]
    finally:
        server.stop()
    for connection in (*idle, *waiting):
        connection.close()

    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers), answers
    assert seconds < 4
    assert "Traceback" not in server.log


# -------------------------------------------------------------------------- streams


def test_an_idle_stream_is_ended_with_a_line_that_says_so(start: Callable[..., Server]) -> None:
    server = start()
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        connection.sendall(STREAM % (len(LINE) * 9) + LINE * 2 + LINE[:100])
        received = b""
        while received.count(b"\n{") < 2:
            received += connection.recv(1 << 20)
        time.sleep(1)

        seconds = server.end()
        received += b"".join(iter(lambda: connection.recv(1 << 20), b""))

    assert seconds < 4
    assert received.count(b'"complete":') == 2
    last = received.rpartition(b"\n{")[2]
    assert b'"status":503' in last
    assert b'"code":"stopping"' in last
    assert last.endswith(b"\n\r\n0\r\n\r\n")


def test_a_stream_that_goes_on_is_answered_to_its_end(start: Callable[..., Server]) -> None:
    server = start()
    line = b'{"text":"copper"}\n'
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        connection.sendall(STREAM % (len(line) * 10))
        ending = threading.Thread(target=server.end)
        for number in range(10):
            connection.sendall(line)
            time.sleep(0.3)
            if number == 2:
                ending.start()
        received = b"".join(iter(lambda: connection.recv(1 << 20), b""))
        ending.join()

    assert received.count(b'"complete":true') == 10
    assert b"stopping" not in received
