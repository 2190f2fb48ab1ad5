"""The feeds that are understood as they come. A new one is one file and one entry in `FEEDS`."""

from __future__ import annotations

import difflib
from itertools import islice
from pathlib import Path

from kg.errors import DataError
from kg.reading.feeds.base import Feed, Sample
from kg.reading.formats import format_of
from kg.reading.opening import open_file
from kg.records import RecordKind

FEEDS: tuple[Feed, ...] = ()
"""Asked in this order."""

NO_FEED = "none"
_ROWS = 20


def feed_named(name: str) -> Feed | None:
    """The feed of that name; None for 'none'. DataError for any other name."""
    known = {feed.name: feed for feed in FEEDS}
    if name != NO_FEED and name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join((*known, NO_FEED))}"
        raise DataError(f"no feed is called {name!r}; {hint}")
    return known.get(name)


def feed_of(path: Path, delimiter: str, kind: RecordKind | None) -> Feed | None:
    """The feed that claims a file by its first rows, if it can be loaded as such a kind."""
    try:
        sample = _look(path, delimiter)
    except DataError:  # it will be told, with all that led to it, when the file is read
        return None
    for feed in FEEDS:
        if feed.claims is not None and (kind is None or kind in feed.kinds) and feed.claims(sample):
            return feed
    return None


def _look(path: Path, delimiter: str) -> Sample:
    with open_file(path) as file:
        found = format_of(file)
        table = found.table(file, delimiter)
        columns = table.columns
        if columns is None:
            rows = [cells for _, cells in islice(table.rows, _ROWS) if isinstance(cells, dict)]
            columns = tuple(column for cells in rows for column in cells)
    return Sample(format=found.name, file=path.name.lower(), columns=frozenset(columns))
