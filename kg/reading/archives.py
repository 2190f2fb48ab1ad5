"""ZIP archives: the tables in them, one after the other, without unpacking to disk."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Generator
from contextlib import closing
from pathlib import PurePosixPath
from typing import IO, Any

from kg.errors import DataError
from kg.reading.unpacking import DAMAGED, Limit, Unpacked

MARKS = (b"PK\x03\x04", b"PK\x05\x06")
MAX_ENTRIES = 10_000

_PICTURES = frozenset((".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".svg", ".avif"))
_PAPERS = frozenset((".pdf", ".doc", ".docx", ".md", ".rtf"))
_BY_SYSTEMS = frozenset((".ds_store", "thumbs.db", "desktop.ini"))
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others unpack a chunk to any size at once


def members(
    packed: IO[bytes], name: str, notes: list[str], *, only_one: bool = False
) -> Generator[tuple[str, io.BufferedReader[Any]], None, None]:
    """(name inside, stream) of each file that may be a table, in the archive's order.

    What was left out is told in `notes`. DataError for an archive that is damaged, locked, or tries to
    reach out of itself.
    """
    try:
        archive = zipfile.ZipFile(packed)
    except (*DAMAGED, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{name}: the ZIP archive is damaged ({error}); copy or download it again") from None
    with closing(archive):
        entries = archive.infolist()
        _refuse(entries, name)
        tables = [entry for entry in entries if _may_be_table(entry)]
        pictures = sum(PurePosixPath(e.filename).suffix.lower() in _PICTURES for e in entries)
        if not tables:
            raise DataError(f"{name} holds no table; put a CSV, TSV, JSON Lines or Parquet file into it")
        if only_one and len(tables) > 1:
            raise DataError(f"{name} holds {len(tables)} tables, and one is wanted; unpack it")
        if pictures:
            notes.append(f"{name}: {pictures:,} pictures in the archive were not read; unpack it to use them")
        size = packed.seek(0, io.SEEK_END)
        limit = Limit(name, lambda: size)  # for all members together: several can share the same bytes
        for entry in tables:
            try:
                member = archive.open(entry)
            except (*DAMAGED, OSError, RuntimeError, ValueError) as error:
                raise DataError(
                    f"{name}/{entry.filename} cannot be unpacked ({error}); copy or download {name} again"
                ) from None
            with member:
                read1 = member.read1  # type: ignore[attr-defined]
                yield entry.filename, io.BufferedReader(Unpacked(read1, limit), buffer_size=1 << 18)


def _refuse(entries: list[zipfile.ZipInfo], name: str) -> None:
    inside = {entry.filename for entry in entries}
    if "[Content_Types].xml" in inside:
        raise DataError(
            f"{name} is an Excel workbook or another Office document; save the sheet as CSV UTF-8"
        )
    if "mimetype" in inside and "content.xml" in inside:
        raise DataError(f"{name} is an OpenDocument sheet; save it as CSV UTF-8")
    if len(entries) > MAX_ENTRIES:
        raise DataError(f"{name} holds {len(entries):,} files, more than {MAX_ENTRIES:,}; unpack it")
    for entry in entries:
        # the name as it was written: zipfile itself cuts at a NUL and turns backslashes on some systems
        path = entry.orig_filename.replace("\\", "/")
        if path.startswith("/") or path[1:2] == ":" or ".." in path.split("/") or "\0" in path:
            raise DataError(f"{name}: {path!r} leads out of the archive; pack it anew, by relative paths")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise DataError(f"{name}: {path!r} is a link; pack the file itself")
        if not _may_be_table(entry):
            continue
        if entry.flag_bits & 0x1:
            raise DataError(f"{name}: {path!r} is locked with a password; unpack it yourself")
        if entry.compress_type not in _METHODS:
            raise DataError(
                f"{name}: {path!r} is packed by method {entry.compress_type}; pack it by deflate, as usual"
            )


def _may_be_table(entry: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(entry.filename)
    return not (
        entry.is_dir()
        or path.parts[:1] == ("__MACOSX",)
        or path.name.startswith("._")
        or path.name.lower() in _BY_SYSTEMS
        or path.suffix.lower() in _PICTURES | _PAPERS
        or path.stem.lower() in ("readme", "license", "licence")
    )
