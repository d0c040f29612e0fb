"""The work for a client that has left ends, and the server is idle again."""

import gzip
import json
import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from contract.service import Server

# Without deadlines, what is sent here keeps a processor busy for minutes.
SLOW: Final = "categories: {" + ", ".join(f"c{i}: [x, y]" for i in range(2_000)) + "}"
TEXT: Final = "x y " * 50_000
BATCH: Final = json.dumps({"documents": [{"text": "x y " * 500}] * 500}).encode()
LINE: Final = json.dumps({"text": TEXT}).encode() + b"\n"
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("leaving")
    (folder / "slow.yaml").write_text(SLOW, encoding="utf-8")
    server = Server(folder, "worker", deadline=600, batch_deadline=600)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server on the same rules that answers in the end."""
    folder = tmp_path_factory.mktemp("patient")
    (folder / "slow.yaml").write_text(SLOW, encoding="utf-8")
    server = Server(folder, "worker", deadline=1)
    yield server
    server.stop()


def request(path: str, body: bytes, kind: str, *more: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {kind}", *more]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode() + body


def processor_time(server: Server) -> float:
    """Give the seconds that the workers have worked."""
    stats = [Path(f"/proc/{pid}/stat").read_text(encoding="ascii") for pid in server.workers()]
    fields = [stat.rpartition(")")[2].split() for stat in stats]
    return sum(int(f[11]) + int(f[12]) for f in fields) / _TICKS


def is_idle(server: Server) -> bool:
    before = processor_time(server)
    time.sleep(0.3)
    return processor_time(server) - before < 0.1


def wait_until_idle(server: Server, seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if is_idle(server):
            return True
    return False


# name, what is sent
SENT: Final = [
    ("a text", request("/v1/tag", TEXT.encode(), "text/plain")),
    ("a batch", request("/v1/tag/batch", BATCH, "application/json", "Accept-Encoding: gzip")),
    (
        "a packed batch",
        request(
            "/v1/tag/batch",
            gzip.compress(BATCH),
            "application/json",
            "Content-Encoding: gzip",
            "Accept-Encoding: gzip",
        ),
    ),
    ("a stream", request("/v1/tag/batch", LINE * 3, "application/x-ndjson")),
    (
        "a question why",
        request(
            "/v1/explain",
            json.dumps({"text": TEXT, "categories": [f"c{i}" for i in range(2_000)]}).encode(),
            "application/json",
        ),
    ),
]


@pytest.mark.parametrize("resets", [True, False], ids=["reset", "closed"])
@pytest.mark.parametrize("sent", [pytest.param(sent, id=name) for name, sent in SENT])
def test_the_work_for_a_client_that_has_left_ends(
    server: Server,
    sent: bytes,
    resets: bool,  # noqa: FBT001 - a row
) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(sent)
        time.sleep(0.5)
        assert not is_idle(server)
        if resets:  # as when a client's machine is gone
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert wait_until_idle(server, 5)


def test_a_client_that_only_sends_no_more_is_answered(patient: Server) -> None:
    """It is asked, by an interim answer, whether it still reads."""
    sent = request("/v1/tag", TEXT.encode(), "text/plain", "Connection: close")

    answer = patient.exchange(sent, half_close=True, seconds=30)

    interim, final = b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n"
    assert answer.startswith(interim + final)
    assert b'"deadline"' in answer
