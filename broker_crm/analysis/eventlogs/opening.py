"""Opens a foreign file: unpacks it within bounds, and tells XES from CSV by what stands in it."""

from __future__ import annotations

import gzip
import io
import zlib
from typing import IO, Any, cast

from broker_crm.analysis.eventlogs.staging import LogRefused

GZIP = b"\x1f\x8b"
HEAD = 65_536


class Bounded(io.RawIOBase):
    """A file of which no more than a bound can be read.

    Args:
        inner: to read from.
        most: bytes.

    Raises:
        LogRefused: on reading, when there are more, or what is packed is broken.
    """

    def __init__(self, inner: IO[bytes], most: int) -> None:
        self.inner = inner
        self.most = most
        self.seen = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            piece = self.inner.read(len(view))
        except (OSError, EOFError, zlib.error) as error:
            raise LogRefused("notGzip") from error
        self.seen += len(piece)
        if self.seen > self.most:
            raise LogRefused("tooBig", None, self.most // 1_000_000)
        view[: len(piece)] = piece
        return len(piece)


def unpacked(file: IO[bytes], most: int) -> io.BufferedReader[Any]:
    """The file's bytes, unpacked where it is packed with gzip.

    Args:
        file: seekable or not.
        most: unpacked bytes.

    Raises:
        LogRefused: on reading.
    """
    buffered = io.BufferedReader(cast(io.RawIOBase, Bounded(file, most)), HEAD)
    if buffered.peek(2)[:2] != GZIP:
        return buffered
    inner = gzip.GzipFile(fileobj=buffered)
    return io.BufferedReader(Bounded(cast(IO[bytes], inner), most), HEAD)


def is_xml(file: io.BufferedReader[Any]) -> bool:
    """Does the file begin like XML?

    Raises:
        LogRefused: it is empty.
    """
    head = file.peek(HEAD)[:HEAD]
    if not head.strip():
        raise LogRefused("empty")
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    return start.startswith(b"<")
