"""Bodies may come compressed, and answers go compressed where the caller takes them so."""

import gzip
import io
import json
import random
import tracemalloc
import zlib
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.documented import Service
from contract.service import JSON, NDJSON, PLAIN
from ruletag.http.compression import (
    MalformedError,
    packed,
    packed_pieces,
    takes_gzip,
    unpacked,
)
from ruletag.limits import LIMITS

LONG: Final = "copper and oil, smuggled at night. " * 100


# ------------------------------------------------------------------------ requests


def post(service: Service, body: bytes, kind: str = PLAIN, target: str = "/v1/tag") -> int:
    return service.post(target, body, kind, Content_Encoding="gzip").status


@pytest.mark.parametrize("coding", ["gzip", "GZIP", " gzip ", "x-gzip"])
def test_a_compressed_text_is_read_as_the_text(service: Service, coding: str) -> None:
    plain = service.post("/v1/tag", LONG.encode(), PLAIN)

    answer = service.post("/v1/tag", gzip.compress(LONG.encode()), PLAIN, Content_Encoding=coding)

    assert (answer.status, answer.body) == (200, plain.body)


def test_a_compressed_stream_is_read_line_by_line(service: Service) -> None:
    lines = b"".join(b'{"text":"oil","id":%d}\n' % i for i in range(500))
    pieces = [gzip.compress(lines[:5000]), gzip.compress(lines[5000:])]

    answer = service.post("/v1/tag/batch", pieces, NDJSON, Content_Encoding="gzip")

    assert [line["id"] for line in answer.lines] == list(range(500))


# name, body, the media type, the status
BODIES: Final = [
    ("as many bytes as may be", gzip.compress(b"a" * LIMITS.text), PLAIN, 200),
    ("one byte too many", gzip.compress(b"a" * (LIMITS.body + 1)), PLAIN, 413),
    ("a bomb", gzip.compress(b"a" * 100_000_000), PLAIN, 413),
    ("a bomb as JSON", gzip.compress(b"[" * 100_000_000), JSON, 413),
    ("two members", gzip.compress(b"cop") + gzip.compress(b"per"), PLAIN, 200),
    ("members without end that hold nothing", gzip.compress(b"") * 60_000, PLAIN, 413),
    ("nothing", b"", PLAIN, 200),
    ("no gzip", b"copper", PLAIN, 400),
    ("zlib", zlib.compress(b"copper"), PLAIN, 400),
    ("cut short", gzip.compress(LONG.encode())[:-9], PLAIN, 400),
    ("cut before its checksum", gzip.compress(LONG.encode())[:-4], PLAIN, 400),
    ("a wrong checksum", gzip.compress(b"copper")[:-8] + b"\0" * 8, PLAIN, 400),
    ("something behind it", gzip.compress(b"copper") + b"x", PLAIN, 400),
    ("compressed twice", gzip.compress(gzip.compress(b"copper")), PLAIN, 400),
]


@pytest.mark.parametrize(
    ("body", "kind", "status"), [pytest.param(*row, id=name) for name, *row in BODIES]
)
def test_bodies(service: Service, body: bytes, kind: str, status: int) -> None:
    assert post(service, body, kind) == status


@pytest.mark.parametrize("body", [gzip.compress(b"{}\n" * 50)[:-9], b"copper", b"\x1f\x8b\x08"])
def test_a_stream_that_breaks_off_says_so(service: Service, body: bytes) -> None:
    answer = service.post("/v1/tag/batch", body, NDJSON, Content_Encoding="gzip")

    assert answer.lines[-1]["error"]["code"] == "bad_request"


def test_a_line_may_be_too_long_unpacked(service: Service) -> None:
    line = random.Random(1).randbytes(LIMITS.line).hex().encode()  # noqa: S311 - no secret
    body = gzip.compress(b'"%s"\n{"text":"oil"}\n' % line)

    answer = service.post("/v1/tag/batch", body, NDJSON, Content_Encoding="gzip")

    assert [line.get("error", {}).get("code") for line in answer.lines] == ["line_too_long", None]


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "identity, gzip", "x"])
def test_other_codings_are_refused(service: Service, coding: str) -> None:
    answer = service.post("/v1/tag", b"copper", PLAIN, Content_Encoding=coding)

    assert (answer.status, answer.json["code"]) == (415, "unsupported_encoding")
    assert answer.headers["accept-encoding"] == "gzip, identity"


def test_a_bomb_takes_little_memory() -> None:
    bomb = io.BytesIO(gzip.compress(b"\n" * 100_000_000))
    tracemalloc.start()

    reader = unpacked(bomb)
    for _ in range(1000):
        reader.readline(1000)
        reader.read(10_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1_000_000


@given(st.binary(max_size=2000), st.integers(1, 5), st.integers(1, 300))
def test_what_is_packed_is_unpacked(body: bytes, members: int, size: int) -> None:
    found = b""
    reader = unpacked(io.BytesIO(packed(body) * members))
    while piece := reader.read(size):
        found += piece

    assert found == body * members


@given(st.binary(max_size=200))
def test_any_bytes_are_unpacked_or_refused(body: bytes) -> None:
    try:
        expected = gzip.decompress(body) if body else b""
    except (EOFError, OSError, zlib.error):
        expected = None
    try:
        found: bytes | None = unpacked(io.BytesIO(body)).read()
    except MalformedError:
        found = None

    assert found == expected


# ------------------------------------------------------------------------- answers

# Accept-Encoding, whether the answer may be compressed
ACCEPTED: Final = [
    ("", False),
    ("gzip", True),
    ("GZip", True),
    ("x-gzip", True),
    ("gzip, deflate, br", True),
    ("br;q=1.0, gzip;q=0.8", True),
    ("gzip;q=0", False),
    ("gzip;q=0.000", False),
    ("gzip; q=0.001", True),
    ("gzip;q=0, *", False),
    ("*", True),
    ("*;q=0", False),
    ("identity", False),
    ("identity;q=1, gzip;q=0.5", False),
    ("identity;q=0.5, gzip;q=1", True),
    ("deflate, br, zstd", False),
    ("gzip;q=nonsense", True),
    ("gzipped", False),
    (",;q=,", False),
]


@pytest.mark.parametrize(("header", "expected"), ACCEPTED)
def test_who_takes_gzip(header: str, expected: bool) -> None:  # noqa: FBT001 - a row
    assert takes_gzip(header) is expected


def test_a_long_answer_is_compressed(service: Service) -> None:
    plain = service.post("/v1/tag", LONG.encode(), PLAIN)

    answer = service.post("/v1/tag", LONG.encode(), PLAIN, Accept_Encoding="gzip")

    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    assert int(answer.headers["content-length"]) == len(answer.body) < len(plain.body) / 4
    assert gzip.decompress(answer.body) == plain.body


def test_a_short_answer_is_not_compressed(service: Service) -> None:
    answer = service.post("/v1/tag", b"nothing", PLAIN, Accept_Encoding="gzip")

    assert not {"content-encoding", "vary"} & answer.headers.keys()
    assert answer.json["complete"]


@pytest.mark.parametrize("kind", [JSON, NDJSON])
def test_a_streamed_answer_is_compressed(service: Service, kind: str) -> None:
    documents = [{"text": "oil", "id": i} for i in range(300)]
    lines = b"".join(json.dumps(document).encode() + b"\n" for document in documents)
    body = lines if kind == NDJSON else json.dumps({"documents": documents}).encode()
    plain = service.post("/v1/tag/batch", body, kind)

    answer = service.post("/v1/tag/batch", body, kind, Accept_Encoding="gzip")

    assert answer.headers["content-encoding"] == "gzip"
    assert gzip.decompress(answer.body) == plain.body


def test_lines_can_be_unpacked_as_they_come() -> None:
    waiting = iter([b"first\n", b"second\n"])
    reader = zlib.decompressobj(31)
    pieces = packed_pieces(waiting, by_piece=True)

    assert reader.decompress(next(pieces)) == b"first\n"
    assert reader.decompress(next(pieces)) == b"second\n"


def test_the_tag_of_a_compressed_answer_is_weak_and_still_good(service: Service) -> None:
    plain = service.ask("GET", "/v1/categories")
    rules = service.ask("GET", "/v1/rules")
    taken = {"Accept-Encoding": "gzip"}

    answer = service.ask("GET", "/v1/rules", headers=taken)
    etag = answer.headers["etag"]
    again = service.ask("GET", "/v1/rules", headers=taken | {"If-None-Match": etag})

    assert plain.status == 200
    assert (again.status, again.headers["etag"]) == (304, etag)
    compressed = "content-encoding" in answer.headers
    assert etag == ("W/" if compressed else "") + rules.headers["etag"]
