"""What can be read: files, data frames, rows as dicts, and ready records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from kg.errors import DataError
from kg.reading.feeds.base import Feed, as_it_is
from kg.reading.fetching import Progress, fetch, is_address
from kg.reading.formats import format_of
from kg.reading.formats.base import BadRow, Row, Table
from kg.reading.opening import Location, open_files
from kg.records import Fact, Interaction, Product, ProductPatch, RecordKind

ROWS_PER_SLICE = 8192

AnyRecord: TypeAlias = Product | ProductPatch | Interaction | Fact
RECORD_KINDS: dict[type, RecordKind] = {
    Product: "products",
    ProductPatch: "products",
    Interaction: "interactions",
    Fact: "facts",
}


@dataclass(frozen=True, kw_only=True)
class Files:
    """Files and downloads, opened one after the other."""

    paths: tuple[Location, ...]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table that is in memory or made as it is read."""

    table: Table


@dataclass(frozen=True, kw_only=True)
class Records:
    """Records made by the caller; `kind` is that of the first."""

    records: Iterator[object]
    kind: RecordKind


Source: TypeAlias = Files | Rows | Records


def resolve(source: object, *, allow_private: bool = False, progress: Progress | None = None) -> Source:
    """Say what a source is, and fetch it if it is on the web; DataError for what cannot be read."""
    if isinstance(source, (str, Path)):
        return _files([source], allow_private, progress)
    library = type(source).__module__.partition(".")[0]
    if library == "pandas" and type(source).__name__ == "DataFrame":
        return Rows(table=_pandas_table(source))
    if library == "polars" and type(source).__name__ == "DataFrame":
        return Rows(table=_polars_table(source))
    if library == "polars" and type(source).__name__ == "LazyFrame":
        raise DataError("a polars LazyFrame holds no rows yet; give frame.collect()")
    if isinstance(source, (bytes, dict)) or not isinstance(source, Iterable):
        raise DataError(
            f"cannot read from a {type(source).__name__}; give a path, a list of paths, a pandas or polars "
            "DataFrame, or an iterable of records or dicts"
        )
    items = iter(source)
    try:
        first = next(items)
    except StopIteration:
        return Rows(table=Table(name="nothing", columns=None, rows=iter(()), typed=True))
    if isinstance(first, (str, Path)):
        return _files([first, *items], allow_private, progress)
    if isinstance(first, dict):
        return Rows(
            table=Table(name="rows", columns=None, rows=_dict_rows(chain([first], items)), typed=True)
        )
    kind = RECORD_KINDS.get(type(first))
    if kind is None:
        raise DataError(
            f"cannot read a {type(first).__name__} in an iterable; give paths, dicts, or "
            "Product, Interaction or Fact records"
        )
    return Records(records=chain([first], items), kind=kind)


def _files(paths: list[Any], allow_private: bool, progress: Progress | None) -> Files:
    wrong = [path for path in paths if not isinstance(path, (str, Path))]
    if wrong:
        raise DataError(f"a list of paths contains a {type(wrong[0]).__name__}; give paths only")
    return Files(
        paths=tuple(
            fetch(path, allow_private=allow_private, progress=progress)
            if isinstance(path, str) and is_address(path)
            else Path(path)
            for path in paths
        )
    )


def tables(
    source: Files | Rows, delimiter: str, encoding: str, feed: Feed | None, kind: RecordKind
) -> Generator[Table, None, None]:
    """One table after the other, as its feed converts it; a file is open while its table is in use."""
    convert = as_it_is if feed is None else feed.convert
    if isinstance(source, Rows):
        yield convert(source.table, kind)
        return
    for path in source.paths:
        with closing(open_files(path, encoding)) as files:
            for file in files:
                found = feed.format if feed is not None and feed.format is not None else format_of(file)
                table = replace(found.table(file, delimiter), pictures=file.pictures, late_notes=file.notes)
                yield convert(table, kind)


def _dict_rows(rows: Iterable[object]) -> Iterator[Row]:
    for number, row in enumerate(rows, 1):
        if isinstance(row, dict):
            yield number, {str(column): value for column, value in row.items()}
        else:
            yield (
                number,
                BadRow(text=str(row)[:1000], rule=f"each row must be a dict, not {type(row).__name__}"),
            )


def _columns(names: Iterable[object], what: str) -> tuple[str, ...]:
    columns = tuple(str(name) for name in names)
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise DataError(f"the {what} has the column {twice[0]!r} twice; rename one of them")
    if not columns:
        raise DataError(f"the {what} has no columns; it needs at least an id")
    return columns


def _pandas_table(frame: Any) -> Table:
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()  # a named index is a column that stands apart
    columns = _columns(frame.columns, "pandas DataFrame")

    def rows() -> Iterator[Row]:
        number = 0
        for start in range(0, len(frame), ROWS_PER_SLICE):
            part = frame.iloc[start : start + ROWS_PER_SLICE]
            part = part.astype(object).where(part.notna(), None)
            for cells in part.itertuples(index=False, name=None):
                number += 1
                yield number, dict(zip(columns, cells, strict=True))

    return Table(name="pandas DataFrame", columns=columns, rows=rows(), typed=True)


def _polars_table(frame: Any) -> Table:
    columns = _columns(frame.columns, "polars DataFrame")

    def rows() -> Iterator[Row]:
        number = 0
        for part in frame.iter_slices(ROWS_PER_SLICE):
            for cells in part.iter_rows(named=True):
                number += 1
                yield number, cells

    return Table(name="polars DataFrame", columns=columns, rows=rows(), typed=True)
