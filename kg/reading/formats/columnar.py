"""Parquet: columns with types, read a batch of rows at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kg.errors import DataError
from kg.reading.formats.base import Format, Row, Table
from kg.reading.opening import OpenFile

CELLS_PER_BATCH = 1 << 18


def _table(file: OpenFile, delimiter: str) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    source = file.seekable()  # Parquet is read from its end
    try:
        reader = pq.ParquetFile(source, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{file.name} is a damaged Parquet file ({error}); write it again") from None
    columns = tuple(reader.schema_arrow.names)
    twice = [column for column, count in Counter(columns).items() if count > 1]
    if twice:
        raise DataError(f"{file.name} has the column {twice[0]!r} twice; rename one of them")

    def rows() -> Iterator[Row]:
        number = 0
        size = max(1, CELLS_PER_BATCH // max(1, len(columns)))
        try:
            for batch in reader.iter_batches(batch_size=size):
                for cells in batch.to_pylist():
                    number += 1
                    yield number, cells
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{file.name}: damaged after row {number:,} ({error}); write it again") from None

    return Table(name=file.name, columns=columns, rows=rows(), typed=True)


FORMAT = Format(name="Parquet", claims=lambda file: file.head.startswith(b"PAR1"), table=_table)
