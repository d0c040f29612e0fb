"""Granian in the place of gunicorn's own workers: what only it needs to be held to.

That it answers as the others do is in ``tests/http/test_contract.py``, how it ends in
``test_ending.py``, what slow clients may do in ``test_slow_clients.py``, and that
signals, edits and crashes come to the same in ``tests/serving/test_life.py``; that
workers log and count together is in ``tests/http/test_observed_service.py``.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from contract.fixtures import Started
from contract.rules import RULES
from contract.service import Server
from contract.slow import BODY, HEAD
from ruletag.edge.granian import MOST_HELD
from serving.life import Life, living

REQUEST: Final = HEAD % len(BODY) + BODY
LONG: Final = json.dumps({"text": "copper oil " * 10_000}).encode()


@pytest.fixture(scope="module")
def server(servers: Started) -> Server:
    return servers.get("granian")


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with living(tmp_path / "rules", workers="2", server="granian") as life:
        life.until(lambda: life.readiness() == 200 and len(life.workers()) == 2)
        yield life


def test_where_it_is_not_installed_the_start_says_so() -> None:
    script = """
import sys
sys.modules["granian"] = None
from ruletag.cli.serve import serve
serve([])
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": os.environ["PATH"], "RULETAG_SERVER": "granian"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 78
    assert done.stderr == (
        "ruletag: RULETAG_SERVER=granian: granian is not installed; "
        "run: pip install 'ruletag[granian]'\n"
    )


def test_the_server_that_answers_is_granian(life: Life) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", life.port, timeout=10)
    with closing(connection):
        connection.request("GET", "/livez")
        answer = connection.getresponse()
        answer.read()

    assert answer.getheader("server") == "granian"


def test_each_line_of_its_log_is_ours(life: Life) -> None:
    life.found()
    life.stop()

    lines = life.log_file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(life.logged())
    assert "experimental" not in "".join(lines)


def test_workers_end_with_their_master(life: Life) -> None:
    workers = life.workers()

    os.kill(life.master.pid, signal.SIGKILL)
    life.master.wait()

    life.until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_a_taken_port_ends_the_start(life: Life, tmp_path: Path) -> None:
    """Granian's own master would share the port with whoever has it, without a word."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "ruletag.edge.master"],
        env={
            "PATH": os.environ["PATH"],
            "RULETAG_SERVER": "granian",
            "RULETAG_RULES": str(tmp_path),
            "RULETAG_PORT": str(life.port),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert done.returncode == 1
    assert "Connection in use" in done.stdout


# ------------------------------------------------------------------------ by strangers


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a server that waits a second for clients."""
    folder = tmp_path_factory.mktemp("hasty")
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    server = Server(folder, "granian", client_timeout=1)
    yield server
    server.stop()


def test_a_client_that_takes_nothing_of_an_answer_is_cut_off(hasty: Server) -> None:
    """By the kernel: Granian has no deadline for it."""
    started = time.monotonic()
    with closing(socket.socket()) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", hasty.port))
        with pytest.raises(ConnectionError):
            connection.sendall(REQUEST * 10_000)

    assert time.monotonic() - started < 5


def test_an_idle_connection_is_closed_with_the_time_for_a_head(hasty: Server) -> None:
    started = time.monotonic()

    answer = hasty.exchange(REQUEST)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert 0.9 < time.monotonic() - started < 3


HEADS: Final = [("a head of 60 KB", 60 * 1024, b"200"), ("a head of 140 KB", 140 * 1024, b"431")]


@pytest.mark.parametrize(("size", "status"), [pytest.param(*row, id=name) for name, *row in HEADS])
def test_how_long_a_head_may_be(server: Server, size: int, status: bytes) -> None:
    head = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: "

    answer = server.exchange(head + b"a" * (size - len(head)) + b"\r\n\r\n")

    assert answer.split()[1] == status


# ----------------------------------------------------------------------- what is sent


def test_a_long_answer_comes_whole_and_its_connection_lives_on(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    with closing(connection):
        for _ in range(2):
            connection.request("POST", "/v1/tag", LONG, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            body = answer.read()

            assert len(body) == int(answer.getheader("content-length", "")) > 4 * MOST_HELD
            assert json.loads(body)["categories"]
