"""What no HTTP library would send, sent as bytes to a real server.

Whatever comes, the server says what is wrong or closes the connection, and
answers the next request. Answers given before our code is reached are gunicorn's
own: plain HTML, and the connection is closed after them. Granian takes more than
gunicorn does; tables of its own say what.
"""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Final

import pytest

from contract.documented import REQUEST_ID
from contract.service import Server

TAG: Final = b"POST /v1/tag HTTP/1.1\r\nHost: x\r\n"
TEXT: Final = TAG + b"Content-Type: text/plain\r\n"
BATCH: Final = b"POST /v1/tag/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
JSON_BATCH: Final = b"POST /v1/tag/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LIVE: Final = b"GET /livez HTTP/1.1\r\nHost: x\r\n"
CLOSE: Final = b"Connection: close\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
LAST: Final = b"0\r\n\r\n"


def length(size: int) -> bytes:
    return b"Content-Length: %d\r\n" % size


def statuses(answer: bytes) -> list[int]:
    """Give the status of each answer of a connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", answer)]


@pytest.fixture(autouse=True)
def lives_on(server: Server) -> Iterator[None]:
    """Hold that the server answers the next request, whatever a test has sent."""
    yield
    assert server.client.ask("GET", "/livez").status == 200


# --------------------------------------------------------------- one request, as bytes

# name, bytes, the statuses of all answers until the server closes
ROWS: Final[list[tuple[str, bytes, list[int]]]] = [
    ("a plain request", LIVE + CLOSE + b"\r\n", [200]),
    # what says how long the body is
    ("a length and chunks", TEXT + length(6) + CHUNKED + b"\r\n" + LAST, [400]),
    ("chunks and a length", TEXT + CHUNKED + length(6) + b"\r\n" + LAST, [400]),
    ("two lengths", TEXT + length(6) + length(6) + b"\r\ncopper", [400]),
    ("two different lengths", TEXT + length(6) + length(5) + b"\r\ncopper", [400]),
    ("two lengths in a list", TEXT + b"Content-Length: 6, 6\r\n\r\ncopper", [400]),
    ("+12", TEXT + b"Content-Length: +12\r\n\r\ncopper", [400]),
    ("-1", TEXT + b"Content-Length: -1\r\n\r\ncopper", [400]),
    ("a hexadecimal length", TEXT + b"Content-Length: 0x6\r\n\r\ncopper", [400]),
    ("an underscore in the length", TEXT + b"Content-Length: 1_0\r\n\r\ncopper", [400]),
    ("an empty length", TEXT + b"Content-Length: \r\n\r\n", [400]),
    ("a superscript length", TEXT + b"Content-Length: \xb2\r\n\r\n", [400]),
    ("a length of 5,000 digits", TEXT + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", [400]),
    ("a space before the colon", TEXT + b"Content-Length : 6\r\n\r\ncopper", [400]),
    ("chunked twice", TEXT + CHUNKED + CHUNKED + b"\r\n" + LAST, [400]),
    ("chunked, then not", TEXT + b"Transfer-Encoding: chunked, identity\r\n\r\n" + LAST, [400]),
    (
        "compressed and chunked",
        TEXT + CLOSE + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + LAST,
        [501],
    ),
    (
        "compressed, then chunked",
        TEXT + CLOSE + b"Transfer-Encoding: gzip\r\n" + CHUNKED + b"\r\n" + LAST,
        [501],
    ),
    (
        "as it is, and chunked",
        TEXT + CLOSE + b"Transfer-Encoding: identity, chunked\r\n\r\n" + LAST,
        [501],
    ),
    ("chunked in capitals", TEXT + CLOSE + b"Transfer-Encoding: CHUNKED\r\n\r\n" + LAST, [200]),
    ("only compressed", TEXT + b"Transfer-Encoding: gzip\r\n\r\n", [400]),
    ("an unknown coding", TEXT + b"Transfer-Encoding: xchunked\r\n\r\n" + LAST, [501]),
    ("chunked by a control", TEXT + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + LAST, [400]),
    (
        "chunks in HTTP/1.0",
        b"POST /v1/tag HTTP/1.0\r\nHost: x\r\n" + CHUNKED + b"\r\n" + LAST,
        [400],
    ),
    # headers
    ("two hosts", b"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400]),
    ("no host", b"GET /livez HTTP/1.1\r\n" + CLOSE + b"\r\n", [400]),
    ("a host of two words", b"GET /livez HTTP/1.1\r\nHost: a b/c@d\r\n" + CLOSE + b"\r\n", [400]),
    ("a host with a path", b"GET /livez HTTP/1.1\r\nHost: x/y\r\n" + CLOSE + b"\r\n", [400]),
    (
        "a host with a user, at no path",
        b"GET /nowhere HTTP/1.1\r\nHost: u@x\r\n" + CLOSE + b"\r\n",
        [400],
    ),
    ("such a host in HTTP/1.0", b"GET /livez HTTP/1.0\r\nHost: a b\r\n\r\n", [400]),
    (
        "such a host beside an absolute URL",
        b"GET http://x/livez HTTP/1.1\r\nHost: a b\r\n" + CLOSE + b"\r\n",
        [400],
    ),
    ("a host with a port", b"GET /livez HTTP/1.1\r\nHost: [::1]:8080\r\n" + CLOSE + b"\r\n", [200]),
    ("no host in HTTP/1.0", b"GET /livez HTTP/1.0\r\n\r\n", [200]),
    ("two content types", TEXT + b"Content-Type: text/html\r\n\r\n", [400]),
    ("a folded header", LIVE + b"X: a\r\n b\r\n\r\n", [400]),
    ("NUL in a header", LIVE + b"X: a\0b\r\n\r\n", [400]),
    ("a bare CR in a header", LIVE + b"X: a\rY: b\r\n\r\n", [400]),
    ("a request id with CR LF", LIVE + b"X-Request-ID: a\r\nX: b\r\n" + CLOSE + b"\r\n", [200]),
    ("a header without a name", LIVE + b": a\r\n\r\n", [400]),
    ("a header without a colon", LIVE + b"X\r\n\r\n", [400]),
    ("a space in a name", LIVE + b"X Y: a\r\n\r\n", [400]),
    ("bytes beyond ASCII in a name", LIVE + b"X\xe9: a\r\n\r\n", [400]),
    ("bytes beyond ASCII in a value", LIVE + b"X: \xe9\xff\r\n" + CLOSE + b"\r\n", [200]),
    ("100 headers", LIVE + CLOSE + b"X: a\r\n" * 98 + b"\r\n", [200]),
    ("101 headers", LIVE + CLOSE + b"X: a\r\n" * 99 + b"\r\n", [431]),
    ("a header of 9 KB", LIVE + b"X: " + b"a" * 9000 + b"\r\n\r\n", [431]),
    ("a request id of 10 KB", LIVE + b"X-Request-ID: " + b"a" * 10_000 + b"\r\n\r\n", [431]),
    ("bare line feeds", b"GET /livez HTTP/1.1\nHost: x\n\n", [400]),
    ("one bare line feed", b"GET /livez HTTP/1.1\r\nHost: x\nX: a\r\n\r\n", [400]),
    # the request line
    ("a URL of 5 KB", b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", [414]),
    ("a query of 5 KB", b"GET /livez?" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", [414]),
    ("no version", b"GET /livez\r\nHost: x\r\n\r\n", [400]),
    ("HTTP/0.9", b"GET /livez\r\n\r\n", [400]),
    ("HTTP/2.0", b"GET /livez HTTP/2.0\r\nHost: x\r\n\r\n", [400]),
    ("a method in small letters", b"get /livez HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    ("two spaces", b"GET  /livez HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    ("a space in the path", b"GET /li vez HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    ("NUL in the path", b"GET /livez\0 HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    ("bytes beyond ASCII in the path", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    ("an absolute URL", b"GET http://x/livez HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"\r\n", [200]),
    ("a fragment", b"GET /livez#x HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"\r\n", [200]),
    ("no path", b"GET livez HTTP/1.1\r\nHost: x\r\n\r\n", [400]),
    ("CONNECT", b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", [404]),
    ("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"\r\n", [404]),
    ("TRACE", b"TRACE /livez HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"\r\n", [405]),
    ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), [400]),
    ("HTTP/2 with prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    ("the PROXY protocol", b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n" + LIVE + b"\r\n", [400]),
    ("an upgrade", LIVE + b"Upgrade: h2c\r\nConnection: close\r\n\r\n", [200]),
    (
        "an upgrade to HTTP/2",
        LIVE + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + LIVE + CLOSE + b"\r\n",
        [200, 200],
    ),
    ("an unknown expectation", TEXT + length(3) + b"Expect: 200-ok\r\n\r\noil", [417]),
    # headers that a proxy may set and a stranger may not
    ("a mount point", LIVE + b"SCRIPT_NAME: /x\r\n" + CLOSE + b"\r\n", [200]),
    ("a path by header", LIVE + b"PATH_INFO: /v1/rules\r\n" + CLOSE + b"\r\n", [200]),
    ("a prefix by header", LIVE + b"X-Forwarded-Prefix: /x\r\n" + CLOSE + b"\r\n", [200]),
    ("a scheme", LIVE + b"X-Forwarded-Proto: https\r\n" + CLOSE + b"\r\n", [200]),
    ("another method", LIVE + b"X-HTTP-Method-Override: DELETE\r\n" + CLOSE + b"\r\n", [200]),
    # bodies where none is asked for
    ("a body with GET", LIVE + CLOSE + length(6) + b"\r\ncopper", [200]),
    # chunks
    ("no chunks", TEXT + CLOSE + CHUNKED + b"\r\n" + LAST, [200]),
    ("one chunk", TEXT + CLOSE + CHUNKED + b"\r\n3\r\noil\r\n" + LAST, [200]),
    ("a chunk extension", TEXT + CLOSE + CHUNKED + b"\r\n3;a=b\r\noil\r\n" + LAST, [200]),
    ("trailers", TEXT + CLOSE + CHUNKED + b"\r\n3\r\noil\r\n0\r\nX: a\r\n\r\n", [200]),
]


# The rows that Granian answers differently: the statuses when a plain request follows.
# That it is answered as well shows that both agree on where the first one ended.
UNDER_GRANIAN: Final[dict[str, list[int]]] = {
    "a length and chunks": [200],  # the chunks count, and the connection is closed
    "chunks and a length": [200],
    "two lengths": [200, 200],  # that are the same
    "chunked twice": [501, 200],
    "an unknown coding": [400],
    "two hosts": [400, 200],
    "two content types": [415, 200],
    "a header of 9 KB": [200, 200],
    "a request id of 10 KB": [200, 200],
    "bare line feeds": [200, 200],
    "one bare line feed": [200, 200],
    "a URL of 5 KB": [404, 200],
    "a query of 5 KB": [200, 200],
    "a method in small letters": [200, 200],
    "no path": [404, 200],
    "CONNECT": [404, 200],
    "HTTP/2 with prior knowledge": [],  # closed without a word
    "an unknown expectation": [200, 200],  # not heeded
}


@pytest.mark.parametrize(("name", "sent", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_raw(server: Server, name: str, sent: bytes, expected: list[int]) -> None:
    if server.kind == "granian" and name in UNDER_GRANIAN:
        sent += LIVE + CLOSE + b"\r\n"
        expected = UNDER_GRANIAN[name]

    assert statuses(server.exchange(sent)) == expected


def test_a_websocket_is_not_opened(server: Server) -> None:
    sent = LIVE + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    sent += b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    answer = server.exchange(sent + LIVE + CLOSE + b"\r\n")

    assert statuses(answer) in ([200, 200], [400, 200])  # Flask refuses, others look past it


# A host that is no host is refused, or taken for what it is: nothing depends on it.
HOSTS: Final = [b"", b"a b", b"\xff", b"x:abc", b"[::1", b"a..b", b"x" * 300, b"a/../b", b"<b>"]


@pytest.mark.parametrize("host", HOSTS)
def test_hosts(server: Server, host: bytes) -> None:
    answer = server.exchange(b"GET /livez HTTP/1.1\r\nHost: " + host + b"\r\n" + CLOSE + b"\r\n")

    assert statuses(answer) in ([200], [400])
    assert b"<b>" not in answer


# --------------------------------------------------------- bodies that are not whole

BROKEN_CHUNKS: Final = [
    ("a size that is no number", b"zz\r\noil\r\n" + LAST),
    ("a negative size", b"-3\r\noil\r\n" + LAST),
    ("a size with 0x", b"0x3\r\noil\r\n" + LAST),
    ("a size with a space", b" 3\r\noil\r\n" + LAST),
    ("no size", b"\r\noil\r\n" + LAST),
    ("a chunk longer than its size", b"3\r\noilcopper\r\n" + LAST),
    ("a chunk that ends in a bare line feed", b"3\r\noil\n" + LAST),
    ("a trailer that is no header", b"3\r\noil\r\n0\r\nx\r\n\r\n"),
    ("NUL in a trailer", b"3\r\noil\r\n0\r\nX: \0\r\n\r\n"),
    ("a folded trailer", b"3\r\noil\r\n0\r\nX: a\r\n b\r\n\r\n"),
    ("a trailer with a space before its colon", b"3\r\noil\r\n0\r\nX : a\r\n\r\n"),
]
CUT_SHORT: Final = [
    ("the end within a chunk", CHUNKED + b"\r\n6\r\ncop"),
    ("the end after a chunk", CHUNKED + b"\r\n3\r\noil\r\n"),
    ("the end before the last CR LF", CHUNKED + b"\r\n3\r\noil\r\n0\r\n"),
    ("the end within a size", CHUNKED + b"\r\n6"),
    ("a size beyond measure", CHUNKED + b"\r\n" + b"F" * 20 + b"\r\noil"),
    ("the end before the length", length(100) + b"\r\noil"),
    ("the end before the body", length(100) + b"\r\n"),
]
heads = pytest.mark.parametrize(
    "head",
    [TEXT, TAG + b"Content-Type: application/json\r\n", JSON_BATCH],
    ids=["text", "JSON", "batch"],
)


@heads
@pytest.mark.parametrize("chunks", [pytest.param(sent, id=name) for name, sent in BROKEN_CHUNKS])
def test_broken_chunks(server: Server, head: bytes, chunks: bytes) -> None:
    assert statuses(server.exchange(head + CHUNKED + b"\r\n" + chunks)) == [400]


def test_a_length_in_the_trailer(server: Server) -> None:
    """Refused, or, by Granian, not heeded."""
    trailer = b"3\r\noil\r\n0\r\nContent-Length: 99\r\n\r\n"

    answer = server.exchange(TEXT + CHUNKED + b"\r\n" + trailer + LIVE + CLOSE + b"\r\n")

    assert statuses(answer) == ([200, 200] if server.kind == "granian" else [400])


@heads
@pytest.mark.parametrize("rest", [pytest.param(sent, id=name) for name, sent in CUT_SHORT])
def test_a_body_cut_short_is_never_taken_for_whole(
    server: Server, head: bytes, rest: bytes
) -> None:
    assert statuses(server.exchange(head + rest, half_close=True)) in ([400], [])


@pytest.mark.parametrize("rest", [pytest.param(sent, id=name) for name, sent in CUT_SHORT])
def test_a_stream_cut_short_is_not_ended_well(server: Server, rest: bytes) -> None:
    """A client must be able to tell that not all of its documents were read."""
    line = b'{"text":"oil"}\n'
    sent = rest.replace(b"\r\n3\r\noil\r\n", b"\r\nf\r\n" + line + b"\r\n")
    sent = sent.replace(b"\r\n\r\noil", b"\r\n\r\n" + line)

    answer = server.exchange(BATCH + sent, half_close=True)

    assert statuses(answer) in ([200], [400], [])
    ended_well = answer.endswith(b"0\r\n\r\n")
    told = b'"code":"bad_request"' in answer or b'"status":400' in answer
    assert not ended_well or told, answer[-300:]


@pytest.mark.parametrize("chunks", [pytest.param(sent, id=name) for name, sent in BROKEN_CHUNKS])
def test_a_stream_with_broken_chunks(server: Server, chunks: bytes) -> None:
    line = b'{"text":"oil"}\n'
    first = b"%x\r\n%s\r\n" % (len(line), line)

    answer = server.exchange(BATCH + CHUNKED + b"\r\n" + first + chunks)

    assert statuses(answer) in ([200], [400])
    assert not answer.endswith(b"0\r\n\r\n") or b'"status":400' in answer


def test_faults_of_clients_are_not_logged_as_ours(server: Server) -> None:
    for _, rest in CUT_SHORT:
        server.exchange(TEXT + rest, half_close=True)
    for _, chunks in BROKEN_CHUNKS:
        server.exchange(TEXT + CHUNKED + b"\r\n" + chunks)

    assert "a request failed" not in server.log
    assert "Traceback" not in server.log


def test_a_client_that_goes_away(server: Server) -> None:
    for sent in (b"", b"P", TEXT, TEXT + length(100) + b"\r\noil", BATCH + CHUNKED + b"\r\n"):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(sent)
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.sendall(sent)

    assert server.client.ask("GET", "/readyz").status == 200


def test_a_client_that_does_not_wait_for_its_answer(server: Server) -> None:
    body = b"oil " * 25_000
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(TEXT + length(len(body)) + b"\r\n" + body)

    assert server.client.ask("GET", "/readyz").status == 200


# ---------------------------------------------------------------------- connections


def test_requests_one_after_another_on_one_connection(server: Server) -> None:
    one = TEXT + length(3) + b"\r\noil"

    answer = server.exchange(one * 3 + LIVE + CLOSE + b"\r\n")

    assert statuses(answer) == [200] * 4


def test_a_client_that_has_sent_all_and_waits(server: Server) -> None:
    """It closes its half of the connection, as `nc -N` does, and is answered all the same.

    Not by Granian, which takes it for a client that has left, unless the answer was quicker.
    """
    one = TEXT + length(3) + b"\r\noil"

    for count in (1, 3):
        found = statuses(server.exchange(one * count, half_close=True))
        if server.kind == "granian":
            assert found == [200] * len(found)
        else:
            assert found == [200] * count


def test_what_follows_a_body_that_was_not_read_is_the_next_request(server: Server) -> None:
    unread = (
        b"POST /livez HTTP/1.1\r\nHost: x\r\n" + length(40) + b"\r\n" + b"GET /x HTTP/1.1\r\n" * 2
    )
    unread += b"\r\n" * 3
    with_body = LIVE + length(3) + b"\r\noil"

    answer = server.exchange(unread + with_body + LIVE + CLOSE + b"\r\n")

    assert statuses(answer) == [405, 200, 200]


def test_a_refused_body_is_not_read_as_a_request(server: Server) -> None:
    smuggled = b"GET /v1/rules HTTP/1.1\r\nHost: x\r\n\r\n"
    body = smuggled * 40_000  # over the limit

    answer = server.exchange(TEXT + CLOSE + length(len(body)) + b"\r\n" + body)

    assert statuses(answer) in ([413], [])


HIDDEN: Final = b"GET /v1/rules HTTP/1.1\r\nHost: x\r\n" + CLOSE + b"\r\n"
# name, what stands before a request that must not be answered, the statuses under Granian
SMUGGLED: Final[list[tuple[str, bytes, list[int]]]] = [
    ("a length and chunks", TEXT + length(len(HIDDEN)) + CHUNKED + b"\r\n" + LAST, [200]),
    ("two lengths", TEXT + length(0) + length(len(HIDDEN)) + b"\r\n", [400]),
    ("a bad chunk", TEXT + CHUNKED + b"\r\nzz\r\n", [400]),
    ("a bare line feed", LIVE + b"X: a\n\r\n", [200, 200]),  # to Granian the end of a line
]


@pytest.mark.parametrize(
    ("sent", "under_granian"), [pytest.param(*row, id=name) for name, *row in SMUGGLED]
)
def test_nothing_is_smuggled_behind_a_fault(
    server: Server, sent: bytes, under_granian: list[int]
) -> None:
    expected = under_granian if server.kind == "granian" else [400]

    assert statuses(server.exchange(sent + HIDDEN)) == expected


def test_a_client_that_asks_before_it_sends(server: Server) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as connection:
        connection.sendall(TEXT + CLOSE + length(3) + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.sendall(b"oil")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert statuses(answer) == [200]


def test_a_request_in_single_bytes(server: Server) -> None:
    sent = TEXT + CLOSE + length(3) + b"\r\noil"

    answer = server.exchange(*[sent[i : i + 1] for i in range(len(sent))])

    assert statuses(answer) == [200]


def test_answers_come_while_the_client_still_sends(server: Server) -> None:
    """An answer comes at the latest when a kilobyte more has been sent (gunicorn reads so)."""
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=5)) as connection:
        connection.sendall(BATCH + CLOSE + CHUNKED + b"\r\n")
        for number in range(3):
            line = b'{"text":"oil","id":%d}\n' % number + b"\n" * 1024
            connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            received = b""
            while b'"id":%d,' % number not in received:
                received += connection.recv(65536)
        connection.sendall(LAST)
        rest = b"".join(iter(lambda: connection.recv(65536), b""))

    assert rest.endswith(LAST)


def test_a_stream_answers_an_old_client_too(server: Server) -> None:
    line = b'{"text":"oil"}\n'
    head = BATCH.replace(b"HTTP/1.1", b"HTTP/1.0")

    answer = server.exchange(head + length(len(line) * 3) + b"\r\n" + line * 3)

    assert statuses(answer) == [200]
    body = answer.partition(b"\r\n\r\n")[2]
    assert [json.loads(found)["complete"] for found in body.splitlines()] == [True] * 3


# ----------------------------------------------------------------------- what is logged


def test_neither_texts_nor_control_characters_are_logged(server: Server) -> None:
    written = "zq-Geheimnis-9"
    forged = b'{"ts": "forged"}'
    server.client.ask(
        "POST", "/v1/tag", f"{written} smuggled oil".encode(), {"Content-Type": "text/plain"}
    )
    server.client.ask("POST", f"/v1/tag?title={written}", b"\xff", {"Content-Type": "text/plain"})
    server.client.ask("POST", "/v1/tag", f'{{"{written}'.encode(), {"Content-Type": "text/plain"})
    server.exchange(b"GET /\x1b[31m HTTP/1.1\r\nX: \x1b[2J\r\n\r\n")
    server.exchange(b"GET /livez HTTP/1.1\r\nHost: x\r\nA: b\x00\n" + forged + b"\n\r\n\r\n")

    log = server.log
    assert written not in log
    assert "\x1b" not in log
    assert not [line for line in log.splitlines() if line.startswith(forged.decode())]


def test_each_line_of_the_log_is_an_object(server: Server) -> None:
    server.exchange(b"\x16\x03\x01\r\n\r\n")

    for line in server.log.splitlines():
        assert {"ts", "level", "msg"} <= json.loads(line).keys(), line


def test_a_header_cannot_be_set_by_a_request_id(server: Server) -> None:
    answer = server.exchange(LIVE + CLOSE + b"X-Request-ID: a\r\nSet-Cookie: b\r\n\r\n")
    head = answer.partition(b"\r\n\r\n")[0].decode()

    assert "set-cookie" not in head.lower()
    sent_back = head.lower().partition("x-request-id: ")[2].split("\r\n")[0]
    assert REQUEST_ID.fullmatch(sent_back)
