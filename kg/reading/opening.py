"""From a path to bytes: finds gzip by its content and refuses what is no table."""

from __future__ import annotations

import gzip
import io
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from kg.errors import DataError
from kg.reading import encoding

HEAD = 1 << 16
MAX_LINE = 64 << 20
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
_BOM = b"\xef\xbb\xbf"

_WRONG: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG picture", "give the table that names the picture"),
    (b"\xff\xd8\xff", "a JPEG picture", "give the table that names the picture"),
    (b"GIF8", "a GIF picture", "give the table that names the picture"),
    (b"%PDF", "a PDF document", "export it as CSV"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", "unpack it, or save the sheet as CSV UTF-8"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV UTF-8"),
    (b"BZh", "compressed with bzip2", "unpack it: bunzip2"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it: unxz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it: unzstd"),
    (b"\x1f\x8b", "compressed with gzip twice", "unpack it once: gunzip"),
    (b"SQLite format 3", "a SQLite database", "export its table as CSV"),
)


@dataclass(frozen=True, kw_only=True)
class OpenFile:
    """A file open for reading from its start: `stream` is unpacked, `head` a look at its first bytes."""

    path: Path
    stream: io.BufferedReader[Any]
    head: bytes
    gzipped: bool
    until_closed: ExitStack

    def seekable(self) -> IO[bytes]:
        """The content as a file that can be read from its end; unpacked to a temporary one if need be."""
        if not self.gzipped and self.stream.seekable():
            return self.stream
        copy = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the file itself)
        self.until_closed.enter_context(copy)
        try:
            shutil.copyfileobj(self.stream, copy)
        except _DAMAGED as error:
            raise DataError(f"{self.name}: the gzip file is damaged ({error}); download it again") from None
        except OSError as error:
            raise DataError(f"{self.name} cannot be unpacked ({error}); make room on the disk") from None
        copy.seek(0)
        return copy

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def suffix(self) -> str:
        """The ending of the name in lower case, '.gz' left out: '.csv'."""
        endings = [s.lower() for s in self.path.suffixes if s.lower() not in (".gz", ".gzip")]
        return endings[-1] if endings else ""


class _Unpacked(io.RawIOBase):
    """Gives what gzip has unpacked so far, so that a damaged file is read up to its damage."""

    def __init__(self, packed: gzip.GzipFile) -> None:
        self._packed = packed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._packed.read1(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def open_file(path: Path) -> Iterator[OpenFile]:
    """Open a file, unpacking gzip; DataError if it cannot be a table."""
    if path.is_dir():
        raise DataError(f"{path} is a folder; give the files in it, as {path}/*.csv in a shell")
    try:
        raw = open(path, "rb")  # noqa: SIM115  (closed below)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; check the path") from None
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror}); check its permissions") from None
    with ExitStack() as until_closed:
        until_closed.enter_context(raw)
        start = _peek(raw, path)
        gzipped = start.startswith(b"\x1f\x8b")
        stream: io.BufferedReader[Any] = raw
        if gzipped:
            stream = io.BufferedReader(_Unpacked(gzip.GzipFile(fileobj=raw)), buffer_size=1 << 18)
            start = _peek(stream, path)
        _refuse(start, path)
        yield OpenFile(
            path=path, stream=stream, head=start[:HEAD], gzipped=gzipped, until_closed=until_closed
        )


def _peek(stream: io.BufferedReader[Any], path: Path) -> bytes:
    try:
        return stream.peek(HEAD)
    except _DAMAGED as error:
        raise _damaged(path, 1, error) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error}); check the disk") from None


def _refuse(head: bytes, path: Path) -> None:
    if not head.removeprefix(_BOM).strip():
        raise DataError(f"{path} is empty; a table needs a header and rows")
    for magic, what, fix in _WRONG:
        if head.startswith(magic):
            raise DataError(f"{path} is {what}, not a table; {fix}")
    if not head.startswith(b"PAR1") and encoding.guess(head) in (
        "",
        "UTF-16",
        "UTF-16LE",
        "UTF-16BE",
        "UTF-32",
    ):
        raise DataError(f"{path} is not UTF-8: {encoding.advice(head, path.name)}")


def text_lines(file: OpenFile) -> Iterator[str]:
    """The lines of a UTF-8 file, line ends kept; DataError with the line where it cannot go on."""
    number = 0
    offset = 0
    lines = iter(partial(file.stream.readline, MAX_LINE), b"")
    if b"\r" in file.head and b"\n" not in file.head:
        lines = _carriage_return_lines(file.stream)
    try:
        for raw in lines:
            number += 1
            line = raw.removeprefix(_BOM) if number == 1 else raw
            if len(raw) >= MAX_LINE:
                raise DataError(f"{file.name}: line {number} is longer than 64 MB; write one record per line")
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                at = offset + error.start + len(raw) - len(line)
                sample = file.head if number == 1 else raw
                raise DataError(
                    f"{file.name} is not UTF-8: byte {at:,} in line {number:,} is 0x{line[error.start]:02x}; "
                    + encoding.advice(sample, file.path.name)
                ) from None
            offset += len(raw)
            yield text
    except _DAMAGED as error:
        raise _damaged(file.path, number + 1, error) from None
    except OSError as error:
        raise DataError(f"{file.name}: no reading after line {number:,} ({error}); check the disk") from None


def _carriage_return_lines(stream: io.BufferedReader[Any]) -> Iterator[bytes]:
    # the way of old spreadsheets; readline() would take the whole file for one line
    rest = b""
    while chunk := stream.read(1 << 20):
        *whole, rest = (rest + chunk).split(b"\r")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def _damaged(path: Path, line: int, error: Exception) -> DataError:
    what = "ends too early" if isinstance(error, EOFError) else f"is damaged ({error})"
    return DataError(f"{path}: the gzip file {what} at line {line:,}; copy or download it again")
