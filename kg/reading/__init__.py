"""From catalogs, logs and frames to checked records.

file ─ formats ─▶ rows of cells ─ plan, parsing ─▶ fields ─ rules ─▶ Product | Interaction | Fact
"""

from __future__ import annotations

from pathlib import Path

from kg.reading.fetching import Progress
from kg.reading.mapping import Mapping
from kg.reading.named import NamedProducts
from kg.reading.report import LoadReport, Rejection
from kg.reading.run import Reading
from kg.records import RecordKind

__all__ = ["LoadReport", "Mapping", "NamedProducts", "Reading", "Rejection", "read"]


def read(
    source: object,
    *,
    kind: RecordKind | None = "products",
    mapping: Mapping | None = None,
    feed: str | None = None,
    patch: bool = False,
    rejects_file: Path | None = None,
    named: NamedProducts | None = None,
    allow_private: bool = False,
    progress: Progress | None = None,
) -> Reading:
    """Stream checked records from a source, in bounded memory.

    `source` is a path or an http(s) address, or a list of them (CSV, TSV, JSON Lines or Parquet, also gzipped
    or in a ZIP archive), a pandas or polars DataFrame, or an iterable of dicts or of records. `kind=None`
    takes the kind from the mapping, the feed or the records. `feed` names an export with habits of its own
    ('shopify' …; 'none': a plain table); without it and without a mapping it is found by the first file's
    columns. With `patch`, products come as ProductPatch: the columns present are its fields, and a blank
    cell clears its field. Rejected rows go with their reasons to `rejects_file`, made only if needed; `named`
    is told which product each row names.

    An address is fetched at once; `progress` is called meanwhile as (stage, bytes so far, bytes in all or 0).
    Addresses in private networks are refused without `allow_private`.

    DataError for a file that cannot be read at all, MappingError for a mapping that does not fit.
    """
    return Reading(
        source,
        kind=kind,
        mapping=mapping,
        feed=feed,
        patch=patch,
        rejects_file=rejects_file,
        named=named,
        allow_private=allow_private,
        progress=progress,
    )
