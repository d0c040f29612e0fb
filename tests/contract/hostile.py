"""Clients that mean harm, each one a coroutine that lasts until the server closes.

`contract.slow.Slow` runs as many of them as are asked for; those that are cut off come back.
"""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from contract.slow import connected, idle

Client = Callable[[int], Awaitable[None]]

TEXT: Final = "Two were held for smuggling copper at night. "
LIVEZ: Final = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def post(body: bytes, *headers: bytes, path: bytes = b"/v1/tag") -> bytes:
    """Return a request with a JSON body."""
    lines = (
        b"POST %s HTTP/1.1" % path,
        b"Host: x",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
        *headers,
    )
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


TAG: Final = post(json.dumps({"text": TEXT}).encode())
CHUNKED: Final = (
    b"POST /v1/tag HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)


async def _send(port: int, first: bytes, again: bytes = b"", pause: float = 0) -> None:
    """Send something, then something else over and over, and read nothing."""
    loop = asyncio.get_running_loop()
    async with connected(port) as connection:
        await loop.sock_sendall(connection, first)
        while again:
            await asyncio.sleep(pause)
            await loop.sock_sendall(connection, again)
        while await loop.sock_recv(connection, 65536):
            pass


async def pipelined_probes(port: int) -> None:
    """Ask ``GET /livez`` without end, and read no answer."""
    await _send(port, LIVEZ, LIVEZ * 2_000)


async def pipelined_texts(port: int) -> None:
    """Ask ``POST /v1/tag`` without end, and read no answer."""
    await _send(port, TAG, TAG * 500)


async def byte_chunks(port: int) -> None:
    """Send a body without end in chunks of one byte."""
    await _send(port, CHUNKED, b"1\r\na\r\n" * 10_000)


async def small_chunks(port: int) -> None:
    """Send a body without end in chunks that just pay for their framing."""
    await _send(port, CHUNKED, (b"18\r\n%s\r\n" % (b"a" * 24)) * 10_000)


async def chunk_extensions(port: int) -> None:
    """Send chunks that consist of extensions."""
    await _send(port, CHUNKED, (b"1;%s\r\na\r\n" % (b"x" * 8_000)) * 10)


async def large_heads(port: int) -> None:
    """Send as many large headers as are allowed, and never the end of the head."""
    await _send(port, b"GET /livez HTTP/1.1\r\nHost: x\r\n", b"X: %s\r\n" % (b"x" * 8_000), 0.1)


async def slow_body(port: int) -> None:
    """Send a byte of the body every ten seconds."""
    await _send(port, TAG.replace(b"Length: ", b"Length: 9")[: TAG.index(b"{")], b" ", 10)


def _packed(value: object, path: bytes) -> bytes:
    return post(gzip.compress(json.dumps(value).encode()), b"Content-Encoding: gzip", path=path)


# Categories that ignore `negated`, and cues of it near every word of a long text.
COSTLY_DRAFT: Final = """\
cues:
  negated: {before: [a], after: [a], reach: 50}
categories:
""" + "\n".join(f"  c{i}: {{match: [b, a], ignore: [negated]}}" for i in range(20))
COSTLY: Final = _packed({"text": "a b " * 120_000, "rules": COSTLY_DRAFT}, b"/v1/tag")
COSTLY_BATCH: Final = _packed(
    {"documents": [{"text": TEXT * 1_700} for _ in range(200)]}, b"/v1/tag/batch"
)


async def costly_draft(port: int) -> None:
    """Send a draft that costs far more than it weighs, and wait for the answer."""
    await _send(port, COSTLY)


async def abandoned_draft(port: int) -> None:
    """Send the same, and leave."""
    async with connected(port) as connection:
        await asyncio.get_running_loop().sock_sendall(connection, COSTLY)
        await asyncio.sleep(0.5)


async def costly_batch(port: int) -> None:
    """Send a batch that is small on the wire only."""
    await _send(port, COSTLY_BATCH)


class Attack(NamedTuple):
    """So many clients at once that all do the same."""

    clients: int
    act: Client


ATTACKS: Final = {
    "one pipeline of GET /livez": Attack(1, pipelined_probes),
    "50 pipelines of POST /v1/tag": Attack(50, pipelined_texts),
    "150 bodies of one-byte chunks": Attack(150, byte_chunks),
    "150 bodies of small chunks": Attack(150, small_chunks),
    "20 bodies of chunk extensions": Attack(20, chunk_extensions),
    "500 large heads": Attack(500, large_heads),
    "1,100 idle connections": Attack(1_100, idle),
    "3,000 idle connections": Attack(3_000, idle),
    "1,500 slow bodies": Attack(1_500, slow_body),
    "4 costly drafts": Attack(4, costly_draft),
    "4 costly drafts, abandoned": Attack(4, abandoned_draft),
    "4 costly batches": Attack(4, costly_batch),
}
