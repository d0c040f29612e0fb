"""Bytes that no HTTP library would send, to the whole service as `ruletag serve` runs it.

Most of what can be wrong with one request is in ``tests/edge/test_raw.py``, slow
clients are in ``tests/edge/test_slow_clients.py``: both without guard and observer.
Here is what these two add, what goes on without end, and what comes in great numbers.
"""

import json
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import pytest

from bad_inputs.processes import memory
from contract.rules import RULES
from contract.service import Server

TOKEN: Final = "caller-0123456789abcdef"  # noqa: S105 - of this test alone
TEXT: Final = b"POST /v1/tag HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
BATCH: Final = TEXT.replace(b"/tag", b"/tag/batch").replace(b"text/plain", b"application/json")
CHECK: Final = TEXT.replace(b"/tag", b"/rules/check").replace(b"text/plain", b"application/yaml")
LIVE: Final = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
RULES_OF: Final = b"GET /v1/rules HTTP/1.1\r\nHost: x\r\n"
CLOSE: Final = b"Connection: close\r\n"
CHUNK: Final = b"1e\r\n%s\r\n" % (b"a" * 30)
LAST: Final = b"0\r\n\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n\r\n"


def statuses(answer: bytes) -> list[int]:
    """Give the status of each answer of a connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


def get(path: bytes, method: bytes = b"GET") -> bytes:
    """Give a request without a body."""
    return method + b" " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"\r\n"


@pytest.fixture(autouse=True)
def lives_on(server: Server) -> Iterator[None]:
    """Hold that the same workers answer the next request, whatever a test has sent."""
    before = sorted(server.workers())
    yield
    assert server.client.ask("GET", "/livez").status == 200
    assert sorted(server.workers()) == before


# name, bytes, the statuses of all answers until the server closes
ROWS: Final[list[tuple[str, bytes, list[int]]]] = [
    ("a length and chunks", TEXT + b"Content-Length: 6\r\n" + CHUNKED + b"0\r\n\r\n", [400]),
    ("two lengths", TEXT + b"Content-Length: 6\r\nContent-Length: 5\r\n\r\ncopper", [400]),
    ("+12", TEXT + b"Content-Length: +12\r\n\r\ncopper", [400]),
    ("-1", TEXT + b"Content-Length: -1\r\n\r\n", [400]),
    ("two hosts", LIVE + b"Host: y\r\n\r\n", [400]),
    ("bare line feeds", b"GET /livez HTTP/1.1\nHost: x\n\n", [400]),
    ("a folded header", LIVE + b"X: a\r\n b\r\n\r\n", [400]),
    ("NUL in a header", LIVE + b"X: a\0b\r\n\r\n", [400]),
    ("101 headers", LIVE + b"X: a\r\n" * 100 + b"\r\n", [431]),
    ("a header of 9 KB", LIVE + b"X: " + b"a" * 9000 + b"\r\n\r\n", [431]),
    ("a URL of 5 KB", get(b"/" + b"a" * 5000), [414]),
    ("a path upwards", get(b"/../../etc/passwd"), [404]),
    ("a path upwards, escaped", get(b"/v1/rules/%2e%2e%2f%2e%2e%2fetc%2fpasswd"), [404]),
    ("a path upwards in a rule file", get(b"/v1/rules/../../../etc/passwd"), [404]),
    ("a path with two slashes", get(b"//v1/tag"), [404]),
    ("NUL in the path, escaped", get(b"/%00"), [404]),
    ("NUL in the name of a rule file", get(b"/v1/rules/x%00.yaml"), [404]),
    ("the path of another host", get(b"http://other.example/livez"), [200]),
    ("DELETE where one may only ask", get(b"/v1/tag", b"DELETE"), [405]),
    ("PUT where one may only ask", get(b"/livez", b"PUT"), [405]),
    ("the methods of a neighbour", get(b"/v1/rules/check", b"GET"), [405]),
    ("a method that nobody knows", get(b"/livez", b"BREW"), [405]),
    ("an answer that we do not give", RULES_OF + CLOSE + b"Accept: text/html\r\n\r\n", [406]),
    ("no compression of ours", RULES_OF + CLOSE + b"Accept-Encoding: br\r\n\r\n", [200]),
    ("a request id of 10 KB", LIVE + b"X-Request-ID: " + b"a" * 10_000 + b"\r\n\r\n", [431]),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), [400]),
    ("SSH", b"SSH-2.0-OpenSSH_9.6\r\n", [400]),
    ("Redis", b"*1\r\n$4\r\nPING\r\n", [400]),
    ("mail", b"EHLO x\r\n", [400]),
    # what would go on without end
    ("the size of a chunk without end", TEXT + CHUNKED + b"0" * 100_000, [400]),
    ("an extension without end", TEXT + CHUNKED + b"3;" + b"a" * 100_000, [400]),
    ("a chunk beyond measure", TEXT + CHUNKED + b"7fffffff\r\n" + b"a" * 2_000_000, [413]),
    ("chunks of one byte without end", TEXT + CHUNKED + b"1\r\na\r\n" * 1_100_000, [400]),
    ("chunks of eight bytes without end", TEXT + CHUNKED + b"8\r\ncopper!!\r\n" * 90_000, [400]),
    ("1,000 chunks of 30 bytes", TEXT + CLOSE + CHUNKED + CHUNK * 1_000 + LAST, [200]),
    ("extensions without end", TEXT + CHUNKED + (b"1;" + b"x" * 8000 + b"\r\na\r\n") * 200, [400]),
    ("150 chunks of one byte", TEXT + CLOSE + CHUNKED + b"1\r\na\r\n" * 150 + b"0\r\n\r\n", [200]),
    ("headers of 42 KB in all", LIVE + (b"X: " + b"a" * 7000 + b"\r\n") * 6 + b"\r\n", [431]),
    ("a head without end", LIVE + b"X: a\r\n" * 100_000, [431]),
    ("a first line without end", b"GET /" + b"a" * 1_000_000, [414]),
    ("line ends without end", b"\r\n" * 500_000, [400]),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), [pytest.param(*row, id=name) for name, *row in ROWS])
def test_raw(server: Server, sent: bytes, expected: list[int]) -> None:
    started = time.monotonic()

    answer = server.exchange(sent)

    # The answer may be lost where the client goes on sending after the refusal.
    assert statuses(answer) in ((expected, []) if len(sent) > 50_000 else (expected,))
    assert time.monotonic() - started < 5


# name, what is sent ahead of a body that is too large
TOO_MUCH: Final[list[tuple[str, bytes]]] = [
    ("a text", TEXT + b"Content-Length: 1048577\r\n"),
    ("a batch", BATCH + b"Content-Length: 16777217\r\n"),
    ("a draft", CHECK + b"Content-Length: 9999999999999\r\n"),
]


@pytest.mark.parametrize("head", [pytest.param(head, id=name) for name, head in TOO_MUCH])
def test_a_body_that_is_too_large_is_not_asked_for(server: Server, head: bytes) -> None:
    started = time.monotonic()

    answer = server.exchange(head + b"Expect: 100-continue\r\n\r\n")

    assert statuses(answer) == [413]
    assert b"\r\nConnection: close\r\n" in answer
    assert time.monotonic() - started < 1


def test_trailers_without_end(server: Server) -> None:
    answer = server.exchange(TEXT + CHUNKED + b"3\r\noil\r\n0\r\n" + b"X: a\r\n" * 50_000)

    assert statuses(answer) in ([400], [431], [])


def test_a_real_handshake_of_tls_fails_at_once(server: Server) -> None:
    context = ssl.create_default_context()
    started = time.monotonic()

    with (
        closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as connection,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(connection, server_hostname="x")

    assert time.monotonic() - started < 2


def test_many_requests_at_once_on_one_connection_are_answered_in_order(server: Server) -> None:
    many = b"".join(
        LIVE + b"X-Request-ID: r%d\r\n" % i + (CLOSE if i == 199 else b"") + b"\r\n"
        for i in range(200)
    )

    answer = server.exchange(many)

    assert re.findall(rb"(?i)x-request-id: r(\d+)", answer) == [b"%d" % i for i in range(200)]


def test_clients_that_leave_in_the_middle_leave_nothing_behind(server: Server) -> None:
    (worker,) = sorted(server.workers())
    before = open_files(worker)
    for number in range(300):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            if number % 2:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(TEXT + b"Content-Length: 100000\r\n\r\n" + b"a" * 50_000)

    late = time.monotonic() + 10
    while open_files(worker) > before + 5 and time.monotonic() < late:
        time.sleep(0.1)
    assert open_files(worker) <= before + 5


def open_files(process: int) -> int:
    """Give how many files and sockets a process has open."""
    return len(list(Path(f"/proc/{process}/fd").iterdir()))


STRANGERS: Final = (
    b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n"
    b"X-Forwarded-Prefix: /evil\r\nForwarded: for=6.6.6.6;host=evil.example;proto=https\r\n"
    b"X-Real-IP: 6.6.6.6\r\nX-Original-URL: /v1/rules\r\nX-Rewrite-URL: /v1/rules\r\n"
    b"X-HTTP-Method-Override: DELETE\r\nSCRIPT_NAME: /evil\r\nREMOTE_ADDR: 6.6.6.6\r\n"
)


@pytest.mark.parametrize("path", [b"/livez", b"/v1/rules", b"/nowhere", b"/openapi.json"])
def test_what_strangers_forward_changes_nothing(server: Server, path: bytes) -> None:
    head = b"GET " + path + b" HTTP/1.1\r\nHost: x\r\nX-Request-ID: same\r\n" + CLOSE

    plain, forwarded = (server.exchange(head + more + b"\r\n") for more in (b"", STRANGERS))

    assert without_date(forwarded) == without_date(plain)
    assert "6.6.6.6" not in server.log
    assert "evil" not in server.log


def without_date(answer: bytes) -> bytes:
    """Give an answer without the header that changes by the second."""
    return re.sub(rb"(?i)\r\ndate: [^\r]*", b"", answer)


def test_ten_thousand_paths_that_are_not_there(server: Server) -> None:
    worker = sorted(server.workers())
    one_after_another(server, b"/warm/%d", 2000)
    before = memory(worker)

    assert one_after_another(server, b"/n/%d", 10_000) == {404}

    assert memory(worker) - before < 4 * 1024 * 1024
    metrics = server.exchange(get(b"/metrics"))
    assert b"/n/" not in metrics
    assert b"/warm/" not in metrics


def one_after_another(server: Server, path: bytes, count: int) -> set[int]:
    """Ask for so many paths on one connection, fifty at once; give the statuses."""
    found: set[int] = set()
    for first in range(0, count, 1000):
        asked = [path % (first + i) for i in range(1000)]
        heads = [b"GET " + one + b" HTTP/1.1\r\nHost: x\r\n\r\n" for one in asked[:-1]]
        answers = statuses(server.exchange(*heads, get(asked[-1])))
        assert len(answers) == 1000
        found |= set(answers)
    return found


# ------------------------------------------------------------------------------- tokens


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a service that asks for a token."""
    folder = tmp_path_factory.mktemp("guarded")
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    started = Server(folder, "serve", tokens=TOKEN)
    yield started
    started.stop()


BEARER: Final = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
# name, path, headers, status
TOKENS: Final[list[tuple[str, bytes, bytes, int]]] = [
    ("a token", b"/v1/rules", BEARER, 200),
    ("no token", b"/v1/rules", b"", 401),
    ("a wrong token", b"/v1/rules", b"Authorization: Bearer wrong-0123456789abcdef\r\n", 401),
    ("a token in the query", b"/v1/rules?token=" + TOKEN.encode(), b"", 400),
    ("both", b"/v1/rules?access_token=" + TOKEN.encode(), BEARER, 400),
    ("two headers", b"/v1/rules", BEARER * 2, 401),
    ("a token of 8 KB", b"/v1/rules", b"Authorization: Bearer " + b"a" * 8000 + b"\r\n", 401),
    ("a token of no letters", b"/v1/rules", b"Authorization: Bearer \xff\xfe\r\n", 401),
    ("a path that is not there", b"/nowhere", b"", 401),
    ("the probe", b"/readyz", b"", 200),
    ("figures", b"/metrics", b"", 401),
]


@pytest.mark.parametrize(
    ("path", "headers", "status"), [pytest.param(*row, id=name) for name, *row in TOKENS]
)
def test_tokens(guarded: Server, path: bytes, headers: bytes, status: int) -> None:
    answer = guarded.exchange(
        b"GET " + path + b" HTTP/1.1\r\nHost: x\r\n" + CLOSE + headers + b"\r\n"
    )

    assert statuses(answer) == [status]
    assert TOKEN.encode() not in answer
    with suppress(ValueError):
        assert TOKEN not in json.dumps(guarded.log)


def test_a_body_is_not_read_for_strangers(guarded: Server) -> None:
    answer = guarded.exchange(
        TEXT + CLOSE + b"Content-Length: 900000\r\n\r\n" + b"copper " * 128_572
    )

    assert statuses(answer) in ([401], [])
