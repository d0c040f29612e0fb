"""Clients that dawdle on purpose, hundreds of them in one thread, and one that does not."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Self

BODY: Final = json.dumps({"text": "Two were held for smuggling copper at night. " * 60}).encode()
HEAD: Final = (
    b"POST /v1/tag HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n"
)
LINE: Final = b'{"text":"%s"}\n' % (b"copper oil smuggled " * 2000)
STREAM: Final = (
    b"POST /v1/tag/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\n"
    b"Content-Length: %d\r\n\r\n"
)
CHUNKED: Final = (
    b"POST /v1/tag/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
MANY: Final = 64 * 1024 * 1024  # bytes that a reader who does not read is sent, were it to read


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[socket.socket]:
    """Give a connection of which little is in flight that nobody has read."""
    with socket.socket() as connection, suppress(ConnectionError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(0)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
        yield connection


async def idle(port: int) -> None:
    """Connect and say nothing."""
    async with _connected(port) as connection:
        await asyncio.get_running_loop().sock_recv(connection, 100)


async def half_a_head(port: int) -> None:
    """Send a head byte by byte, and never its end."""
    await _trickle(port, HEAD[:40])


async def half_a_body(port: int) -> None:
    """Send a body byte by byte."""
    await _trickle(port, HEAD % len(BODY) + BODY[:1000])


async def _trickle(port: int, start: bytes) -> None:
    async with _connected(port) as connection:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, start)
        while True:
            with suppress(TimeoutError):
                if not await asyncio.wait_for(loop.sock_recv(connection, 1000), 1):
                    return
            await loop.sock_sendall(connection, b" ")


async def slow_reader(port: int) -> None:
    """Ask for more than fits into the buffers, and take the answers byte by byte."""
    async with _connected(port) as connection:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, (HEAD % len(BODY) + BODY) * 5)
        while await loop.sock_recv(connection, 1):  # noqa: ASYNC110 - it waits for time alone
            await asyncio.sleep(1)


async def half_a_stream(port: int) -> None:
    """Send documents without end, and take no answer."""
    await _sends_on(port, STREAM % MANY, LINE)


async def reads_nothing(port: int) -> None:
    """Send requests without end, and take no answer."""
    await _sends_on(port, b"", b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 100)


async def tiny_chunks(port: int) -> None:
    """Send a body in chunks of one byte, without end."""
    await _sends_on(port, CHUNKED, b"1\r\nx\r\n" * 1000)


async def _sends_on(port: int, start: bytes, piece: bytes) -> None:
    async with _connected(port) as connection:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(connection, start)
        while True:
            await loop.sock_sendall(connection, piece)


SLOW: Final[tuple[Callable[[int], Awaitable[None]], ...]] = (
    idle,
    half_a_head,
    half_a_body,
    slow_reader,
)


class Slow:
    """Slow clients of each kind in turn, while in ``with``; one that is cut off comes back."""

    def __init__(
        self, port: int, count: int, kinds: tuple[Callable[..., Awaitable[None]], ...] = SLOW
    ) -> None:
        self._port = port
        self._count = count
        self._kinds = kinds
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.cut_off = 0

    def __enter__(self) -> Self:
        self._thread.start()
        time.sleep(0.5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        clients = [self._loop.create_task(self._client(i)) for i in range(self._count)]
        self._loop.run_forever()
        for client in clients:
            client.cancel()
        self._loop.run_until_complete(asyncio.gather(*clients, return_exceptions=True))
        self._loop.close()

    async def _client(self, number: int) -> None:
        while True:
            try:
                await self._kinds[number % len(self._kinds)](self._port)
            except OSError:
                await asyncio.sleep(0.1)
            self.cut_off += 1


@dataclass(slots=True)
class Good:
    """What came of requests that were sent as they should be; times are in seconds."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """Give the time that this share of the answers did not need."""
        return sorted(self.times)[min(len(self.times) - 1, int(share * len(self.times)))]


def post(connection: socket.socket, request: bytes) -> tuple[int, bool]:
    """Send a request and read its answer; give the status, and whether the connection lives on."""
    connection.sendall(request)
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionResetError("closed without an answer")
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lowered = head.lower()
    size = int(lowered.partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < size:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionResetError("closed within an answer")
        body += piece
    return int(head.split()[1]), b"connection: close" not in lowered


def good_requests(
    port: int, count: int, *, each_connects: bool, pause: float = 0.0, patience: float = 10
) -> Good:
    """Send requests one after another, on one connection or on one each."""
    found = Good()
    request = HEAD % len(BODY) + BODY
    connection: socket.socket | None = None
    for _ in range(count):
        started = time.perf_counter()
        try:
            if connection is None:
                connection = socket.create_connection(("127.0.0.1", port), timeout=patience)
            status, lives = post(connection, request)
            found.answered += status == 200
            if status != 200:
                found.lost.append(str(status))
            if each_connects or not lives:
                connection.close()
                connection = None
        except OSError as error:
            found.lost.append(repr(error))
            connection = None
        found.times.append(time.perf_counter() - started)
        time.sleep(pause)
    if connection:
        connection.close()
    return found
