"""What a feed is: the export of a shop system or a data set, with columns and habits of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeAlias

from kg.reading.formats.base import Format, Table
from kg.records import RecordKind


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A look at the first file: the name of its format ('CSV', 'Parquet' …), its path or address, and the
    columns that its header or its first rows name (none if it makes no table by itself)."""

    format: str
    path: str
    columns: frozenset[str]

    @property
    def file(self) -> str:
        return file_name(self.path)

    def has(self, *columns: str) -> bool:
        """True if all these columns are there."""
        return self.columns.issuperset(columns)


def file_name(path: str) -> str:
    """The name of a file in lower case, '.gz' left out."""
    return PurePosixPath(path).name.lower().removesuffix(".gz")


Convert: TypeAlias = Callable[[Table, RecordKind], Table]


def as_it_is(table: Table, kind: RecordKind) -> Table:
    return table


@dataclass(frozen=True, kw_only=True)
class Feed:
    """One export that is understood as it comes.

    `kinds` are what it can be loaded as, the usual one first. `claims(sample)` must be sure: a table
    that only looks alike would be read wrongly; feeds without a `claims` are read only when they are named.
    `convert(table, kind)` streams the rows as they are to be mapped (variants joined, names put right): it
    returns `replace(table, rows=…)` and may add to `table.late_notes`. `mapping` names the built-in mapping
    of their columns, where the names do not speak for themselves; it counts for the kind that it is for.
    `format` reads the file where no format can tell it by its content.
    """

    name: str
    title: str
    kinds: tuple[RecordKind, ...] = ("products",)
    claims: Callable[[Sample], bool] | None = None
    convert: Convert = as_it_is
    mapping: str = ""
    format: Format | None = None
