"""What a reader of a kind of files must offer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from kg.reading.opening import OpenFile
from kg.reading.pictures import Pictures

Cells: TypeAlias = dict[str, object]
"""One row: column → value. A column without a value holds None or ''."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BadRow:
    """A row that is no row: what stands there and which rule of the format it breaks."""

    text: str
    rule: str


Row: TypeAlias = tuple[int, Cells | BadRow]
"""A line number, from 1, and what was found there."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows from one source.

    `columns` is None if each row names its own. `typed` says that values carry their type; otherwise
    every value is text, and '12' may mean a number. `pictures` finds those that rows name, if the table is
    a file; `late_notes` grow while rows are read: feeds add theirs.
    """

    name: str
    columns: tuple[str, ...] | None
    rows: Iterator[Row]
    typed: bool
    notes: tuple[str, ...] = ()
    pictures: Pictures | None = None
    late_notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Format:
    """A kind of files: `claims(file)` looks only at the head and the name, `table(file, delimiter)`
    streams it in bounded memory and raises DataError for a file that makes no sense as a whole."""

    name: str
    claims: Callable[[OpenFile], bool]
    table: Callable[[OpenFile, str], Table]


def byte_order_note(file: OpenFile) -> tuple[str, ...]:
    marked = file.head.startswith(b"\xef\xbb\xbf")
    return (f"{file.name}: UTF-8 with a byte-order mark",) if marked else ()
