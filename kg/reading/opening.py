"""From a path to bytes and lines: unpacks gzip and ZIP, decodes, and refuses what is no table."""

from __future__ import annotations

import codecs
import gzip
import io
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import IO, Any, TypeAlias

from kg.errors import DataError
from kg.reading import archives
from kg.reading.encoding import Encoding, Recoded, advice, guess, looks_like_utf8
from kg.reading.fetching import Download
from kg.reading.pictures import Pictures, below, beside, packed
from kg.reading.unpacking import DAMAGED, Limit, Unpacked

Location: TypeAlias = Path | Download

HEAD = 1 << 16
MAX_LINE = 64 << 20
_BUFFER = 1 << 18
_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"

_WRONG: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG picture", "give the table that names the picture"),
    (b"\xff\xd8\xff", "a JPEG picture", "give the table that names the picture"),
    (b"GIF8", "a GIF picture", "give the table that names the picture"),
    (b"%PDF", "a PDF document", "export it as CSV"),
    (b"PK\x03\x04", "a ZIP archive inside another archive", "unpack the outer one"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV UTF-8"),
    (b"BZh", "compressed with bzip2", "unpack it: bunzip2"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it: unxz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it: unzstd"),
    (_GZIP, "compressed with gzip twice", "unpack it once: gunzip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it"),
    (b"Rar!", "a RAR archive", "unpack it"),
    (b"SQLite format 3", "a SQLite database", "export its table as CSV"),
)


@dataclass(frozen=True, kw_only=True)
class OpenFile:
    """A file open for reading from its start: `stream` is unpacked, `head` a look at its first bytes.

    UTF-16 and UTF-32 come as UTF-8 here already; others are decoded by `text_lines`, and `encoding` is the
    first guess at it, or what was `given`. `notes`, for the user, grow while the file is read.
    """

    name: str
    stream: io.BufferedReader[Any]
    head: bytes
    packed: bool
    encoding: Encoding
    given: bool
    pictures: Pictures
    until_closed: ExitStack
    notes: list[str] = field(default_factory=list)

    def seekable(self) -> IO[bytes]:
        """The content as a file that can be read from its end; unpacked to a temporary one if need be."""
        if not self.packed and self.stream.seekable():
            return self.stream
        copy = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the file itself)
        self.until_closed.enter_context(copy)
        try:
            shutil.copyfileobj(self.stream, copy)
        except DAMAGED as error:
            raise DataError(f"{self.name}: the packed file is damaged ({error}); download it again") from None
        except OSError as error:
            raise DataError(f"{self.name} cannot be unpacked ({error}); make room on the disk") from None
        copy.seek(0)
        return copy

    @property
    def suffix(self) -> str:
        """The ending of the name in lower case, '.gz' left out: '.csv'."""
        path = PurePosixPath(self.name.partition("?")[0])
        endings = [s.lower() for s in path.suffixes if s.lower() not in (".gz", ".gzip")]
        return endings[-1] if endings else ""


@contextmanager
def open_file(location: Location, encoding: str = "") -> Iterator[OpenFile]:
    """Open a file that is one table, or an archive of one; DataError if it cannot be a table.

    `encoding` is that of the text if it is known, else it is found out.
    """
    with closing(open_files(location, encoding, only_one=True)) as files:
        yield next(files)


def open_files(
    location: Location, encoding: str = "", *, only_one: bool = False
) -> Generator[OpenFile, None, None]:
    """Open the one table of a file, or every table of a ZIP archive in turn; each is open until the next."""
    with ExitStack() as until_closed:
        if isinstance(location, Download):
            raw, name, pictures = location.file, location.name, below(location.address)
            raw.seek(0)
        else:
            raw, name = until_closed.enter_context(_open(location)), str(location)
            pictures = beside(location.parent.absolute())
        if not _peek(raw, name).startswith(archives.MARKS):
            layers = 2 if isinstance(location, Download) and location.gzipped else 1
            yield _opened(raw, name, encoding, pictures, until_closed, layers)
            return
        notes: list[str] = []
        with closing(archives.members(raw, name, notes, only_one=only_one)) as members:
            for member, stream in members:
                with ExitStack() as until_next:
                    file = _opened(stream, f"{name}/{member}", encoding, packed(), until_next, 0)
                    file.notes[:0] = notes
                    notes.clear()
                    yield file


def _open(path: Path) -> io.BufferedReader[Any]:
    if path.is_dir():
        raise DataError(f"{path} is a folder; give the files in it, as {path}/*.csv in a shell")
    try:
        return io.BufferedReader(io.FileIO(path), _BUFFER)
    except FileNotFoundError:
        raise DataError(f"{path} does not exist; check the path") from None
    except OSError as error:
        raise DataError(f"{path} cannot be opened ({error.strerror}); check its permissions") from None


def _opened(
    stream: io.BufferedReader[Any],
    name: str,
    given: str,
    pictures: Pictures,
    until_closed: ExitStack,
    layers: int,
) -> OpenFile:
    """A stream as a table; up to `layers` wrappings of gzip are taken off."""
    head = _peek(stream, name)
    inside = not layers
    limit = Limit(name, stream.tell)
    while layers and head.startswith(_GZIP):
        layers -= 1
        inside = True
        unpacked = gzip.GzipFile(fileobj=stream)
        stream = io.BufferedReader(Unpacked(unpacked.read1, limit), buffer_size=_BUFFER)
        head = _peek(stream, name)
    if not head.removeprefix(_BOM).strip():
        raise DataError(f"{name} is empty; a table needs a header and rows")
    for magic, what, fix in _WRONG:
        if head.startswith(magic):
            raise DataError(f"{name} is {what}, not a table; {fix}")
    found = Encoding(name=codecs.lookup(given).name) if given else guess(head[:HEAD])
    notes: list[str] = []
    if head.startswith(b"PAR1"):
        found = Encoding(name="utf-8")
    elif not found.name:
        raise DataError(f"{name} is no text that can be read; {advice(head)}")
    elif found.wide:
        inside = True
        notes = [] if given else [_read_as(name, found)]
        stream = io.BufferedReader(Recoded(stream, found, name), buffer_size=_BUFFER)
        head = _peek(stream, name)
        found = Encoding(name="utf-8")
    return OpenFile(
        name=name,
        stream=stream,
        head=head[:HEAD],
        packed=inside,
        encoding=found,
        given=bool(given),
        pictures=pictures,
        until_closed=until_closed,
        notes=notes,
    )


def _peek(stream: io.BufferedReader[Any], name: str) -> bytes:
    try:
        return stream.peek(HEAD)
    except DAMAGED as error:
        raise _damaged(name, 1, error) from None
    except OSError as error:
        raise DataError(f"{name} cannot be read ({error}); check the disk") from None


def _read_as(name: str, found: Encoding, start: str = "") -> str:
    return f'{name}:{start} read as {found.label}; say encoding = "…" in a mapping if that is wrong'


def text_lines(file: OpenFile) -> Iterator[str]:
    """The lines of a text file, decoded, line ends kept; DataError with the line where it cannot go on."""
    lines = iter(partial(file.stream.readline, MAX_LINE), b"")
    if b"\r" in file.head and b"\n" not in file.head:
        lines = _carriage_return_lines(file.stream)
    found = file.encoding
    name, settled = found.name, found.settled
    if name != "utf-8" and not file.given:
        file.notes.append(_read_as(file.name, found))
    number = 0
    offset = 0
    try:
        while raw := next(lines, b""):
            number += 1
            line = raw.removeprefix(_BOM) if number == 1 and name == "utf-8" else raw
            if len(raw) >= MAX_LINE:
                raise DataError(f"{file.name}: line {number} is longer than 64 MB; write one record per line")
            try:
                text = line.decode(name)
            except UnicodeDecodeError as error:
                ahead: list[bytes] = []
                if not settled:  # all was ASCII so far: it may be any encoding
                    while sum(map(len, ahead)) < HEAD and (next_line := next(lines, b"")):
                        ahead.append(next_line)
                    lines = chain(ahead, lines)
                    found = guess(b"".join((line, *ahead)))
                again = _second_try(line, found, file)
                if again is None:
                    at = offset + error.start + len(raw) - len(line)
                    where = f"byte {at:,} in line {number:,} is 0x{line[error.start]:02x}"
                    raise DataError(
                        f"{file.name} is not {Encoding(name=name).label}: {where}; {advice(line)}"
                    ) from None
                text = again
                if not settled:
                    name, settled = found.name, True
                    file.notes.append(_read_as(file.name, found, f" ASCII up to line {number:,}, from there"))
            if not settled and len(text) != len(line):
                settled = True
            if name == "cp1252" and not file.given and looks_like_utf8(line):
                raise DataError(
                    f"{file.name} mixes encodings: line {number:,} is UTF-8, others are not; mend it, "
                    'or name its encoding in a mapping, as encoding = "latin-1"'
                )
            offset += len(raw)
            yield text
    except DAMAGED as error:
        raise _damaged(file.name, number + 1, error) from None
    except OSError as error:
        raise DataError(f"{file.name}: no reading after line {number:,} ({error}); check the disk") from None


def _second_try(line: bytes, found: Encoding, file: OpenFile) -> str | None:
    if file.given or not found.name or found.wide:
        return None
    try:
        return line.decode(found.name)
    except UnicodeDecodeError:
        # five bytes mean nothing in Windows-1252; as control characters they cost their row, not the file
        return line.decode("latin-1") if found.name == "cp1252" else None


def _carriage_return_lines(stream: io.BufferedReader[Any]) -> Iterator[bytes]:
    # the way of old spreadsheets; readline() would take the whole file for one line
    rest = b""
    while chunk := stream.read(1 << 20):
        *whole, rest = (rest + chunk).split(b"\r")
        for line in whole:
            yield line + b"\n"
    if rest:
        yield rest


def _damaged(name: str, line: int, error: Exception) -> DataError:
    what = "ends too early" if isinstance(error, EOFError) else f"is damaged ({error})"
    return DataError(f"{name}: the packed file {what} at line {line:,}; copy or download it again")
