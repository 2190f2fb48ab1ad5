"""The feeds that are understood as they come. A new one is one file and one entry in `FEEDS`."""

from __future__ import annotations

import difflib
from contextlib import closing
from itertools import islice

from kg.errors import DataError
from kg.reading.feeds import (
    amazon,
    esci,
    google_merchant,
    kgat,
    kgcn,
    rdf,
    schema_org,
    shopify,
    triples,
    wands,
)
from kg.reading.feeds.base import Feed, Sample
from kg.reading.formats import format_of
from kg.reading.opening import Location, open_files
from kg.records import RecordKind

FEEDS: tuple[Feed, ...] = (
    google_merchant.FEED,
    schema_org.FEED,
    rdf.FEED,
    shopify.FEED,
    amazon.FEED,
    amazon.REVIEWS,
    wands.FEED,
    esci.FEED,
    kgat.FEED,
    kgat.ITEMS,
    kgat.INTERACTIONS,
    kgcn.FEED,
    kgcn.ITEMS,
    kgcn.INTERACTIONS,
    triples.FEED,
)
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


def feed_of(location: Location, delimiter: str, kind: RecordKind | None) -> Feed | None:
    """The feed that claims a file by its first rows, if it can be loaded as such a kind."""
    try:
        sample = look(location, delimiter)
    except DataError:  # it will be told, with all that led to it, when the file is read
        return None
    for feed in FEEDS:
        if feed.claims is not None and (kind is None or kind in feed.kinds) and feed.claims(sample):
            return feed
    return None


def look(location: Location, delimiter: str) -> Sample:
    """What feeds are recognised by. DataError for a file that cannot be opened."""
    with closing(open_files(location)) as files:
        file = next(files)
        found = format_of(file)
        try:
            table = found.table(file, delimiter)
        except DataError:  # a feed may know by its name what makes no table by itself
            return Sample(format=found.name, path=file.name, columns=frozenset())
        columns = table.columns
        if columns is None:
            rows = [cells for _, cells in islice(table.rows, _ROWS) if isinstance(cells, dict)]
            columns = tuple(column for cells in rows for column in cells)
    return Sample(format=found.name, path=file.name, columns=frozenset(columns))
