"""Unpacking as a stream, and an end to it when a small file unpacks to far too much."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

from kg.errors import DataError

MAX_UNPACKED = 64 << 30
"""The most that one packed file may unpack to, in bytes: a feed of ten million products has 20 to 40 GB."""

MAX_RATIO = 250
"""How many times its packed size a file may unpack to. Feeds reach 5 to 30 (Icecat 5; as one CSV of 5,366
mostly empty columns 21), bombs start at 1,000."""

HARMLESS = 256 << 20
"""The ratio does not count before so many bytes have come out."""

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile)
"""What the standard library raises on packed data that is broken."""


class Limit:
    """Counts what comes out of one packed file; DataError as soon as it is too much.

    `packed()` tells how many packed bytes went in so far.
    """

    def __init__(self, name: str, packed: Callable[[], int]) -> None:
        self._name = name
        self._packed = packed
        self._unpacked = 0

    def add(self, count: int) -> None:
        self._unpacked += count
        if self._unpacked > MAX_UNPACKED:
            raise DataError(
                f"{self._name} unpacks to more than {MAX_UNPACKED:,} bytes; split it, or unpack it yourself"
            )
        if self._unpacked > HARMLESS and self._unpacked > MAX_RATIO * max(1, self._packed()):
            raise DataError(
                f"{self._name} unpacks to more than {MAX_RATIO} times its size, as a bomb does; if you trust "
                "it, unpack it yourself"
            )


class Unpacked(io.RawIOBase):
    """What `read1` gives, buffer by buffer. A damaged file is read up to its damage."""

    def __init__(self, read1: Callable[[int], bytes], limit: Limit) -> None:
        self._read1 = read1
        self._limit = limit
        self._held: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._held is not None:
            raise self._held
        filled = 0
        while filled < len(buffer):  # a full buffer is a good look at the start of a file
            try:
                data = self._read1(len(buffer) - filled)
                self._limit.add(len(data))
            except (*DAMAGED, OSError, DataError) as error:
                if not filled:
                    raise
                self._held = error
                break
            if not data:
                break
            buffer[filled : filled + len(data)] = data
            filled += len(data)
        return filled
