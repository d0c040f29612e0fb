"""Compressed bodies: read in bounded memory, written where the caller takes them."""

import io
import re
import zlib
from collections.abc import Iterator
from typing import Final, Protocol

GZIP: Final = "gzip"
SMALLEST: Final = 1024  # bytes; below it compressing costs more than it saves
_LEVEL: Final = 1  # half the time of 6 for a tenth more bytes
_GZIP_FORMAT: Final = 16 + zlib.MAX_WBITS
_PIECE: Final = 64 * 1024  # compressed bytes read, and plain bytes made, at once
_WEIGHT: Final = re.compile(r";\s*q=([01](?:\.\d{0,3})?)\s*$", re.IGNORECASE)


class Readable(Protocol):
    """Anything that bytes can be read from."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes; none at the end."""


class MalformedError(ValueError):
    """The body is no gzip, or breaks off."""


class Unpacked(io.RawIOBase):
    """What a gzip body holds; never more than a piece of it is in memory.

    One body may hold several members (RFC 1952, 2.2). Raises `MalformedError`.
    """

    def __init__(self, packed: Readable) -> None:
        self._packed = packed
        self._waiting = b""
        self._member = zlib.decompressobj(_GZIP_FORMAT)
        self._within = False  # a member has begun and has not ended

    def readable(self) -> bool:
        """Say that this can be read."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # io has Buffer, of Python 3.12
        """Read the next bytes into the buffer; none at the end."""
        size = min(len(buffer), _PIECE)
        while size:
            self._waiting = self._waiting or self._packed.read(_PIECE)
            if not self._waiting:
                self._end()
                return 0
            found = self._unpack(size)
            if found:
                buffer[: len(found)] = found
                return len(found)
        return 0

    def _unpack(self, size: int) -> bytes:
        try:
            found = self._member.decompress(self._waiting, size)
        except zlib.error:
            raise MalformedError from None
        self._within = not self._member.eof
        if self._member.eof:
            self._waiting = self._member.unused_data
            self._member = zlib.decompressobj(_GZIP_FORMAT)
        else:
            self._waiting = self._member.unconsumed_tail
        return found

    def _end(self) -> None:
        if self._within:
            raise MalformedError


def unpacked(packed: Readable) -> io.BufferedReader:
    """Give what a gzip body holds, to be read by pieces or by lines."""
    return io.BufferedReader(Unpacked(packed), _PIECE)


def takes_gzip(accept_encoding: str) -> bool:
    """Say whether a caller who sends this ``Accept-Encoding`` takes gzip (RFC 9110, 12.5.3)."""
    weights: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        found = _WEIGHT.search(part)
        weights[part.partition(";")[0].strip()] = float(found[1]) if found else 1.0
    asked = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return asked > 0 and asked >= weights.get("identity", 0.0)


def packed(body: bytes) -> bytes:
    """Compress a whole body; the same body is always the same bytes."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    return compressor.compress(body) + compressor.flush()


def packed_pieces(pieces: Iterator[bytes], *, by_piece: bool) -> Iterator[bytes]:
    """Compress a stream; ``by_piece``: each piece can be unpacked before the next one comes."""
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    for piece in pieces:
        found = compressor.compress(piece)
        if by_piece:
            found += compressor.flush(zlib.Z_SYNC_FLUSH)
        if found:
            yield found
    yield compressor.flush()
