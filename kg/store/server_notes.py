"""Our own notes in a graph server: how often the graph was changed, and which loads have not ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from neo4j import ManagedTransaction

from kg.store.server_read import Read, run
from kg.store.server_schema import BOOK_LABEL


@dataclass(frozen=True, kw_only=True, slots=True)
class Marker:
    """What a load of several batches leaves beside them until it has ended.

    `started` is in the server's milliseconds. `signs` are those of the first record of each batch: by them a
    later load knows that it is the same again.
    """

    id: str
    started: int
    records: int
    signs: list[int]


def take_turn(tx: ManagedTransaction) -> None:
    """Count a change. Its lock, held to the end of the transaction, makes other writers wait for us."""
    run(
        tx,
        f"MERGE (g:{BOOK_LABEL} {{id: 'graph'}}) "
        "SET g.changes = coalesce(g.changes, 0) + 1, g.revision = randomUUID()",
    )


def revision(read: Read) -> str:
    """The random name that the last write gave to the state of the graph."""
    rows = read(
        f"MATCH (g:{BOOK_LABEL} {{id: 'graph'}}) RETURN coalesce(g.revision, toString(g.changes)) AS revision"
    )
    return str(rows[0]["revision"]) if rows else "never written"


def mark(tx: ManagedTransaction, marker: Marker) -> None:
    """Say in the graph that a load has begun, and how far it has got."""
    run(
        tx,
        f"MERGE (m:{BOOK_LABEL} {{id: $id}}) SET m.load = $id, m.started = $started, "
        "m.touched = timestamp(), m.records = $records, m.signs = $signs",
        id=f"load {marker.id}",
        started=marker.started,
        records=marker.records,
        signs=marker.signs,
    )


def unmark(tx: ManagedTransaction, marker: Marker, made_good: Collection[str]) -> None:
    """Take the marker of an ended load away, and those of loads that it has made good.

    One that was touched after this load began is alive; if it has only paused for so long, it leaves its
    marker again with its next batch.
    """
    run(
        tx,
        f"MATCH (m:{BOOK_LABEL}) WHERE m.load = $id OR (m.load IN $good AND m.touched < $started) DELETE m",
        id=f"load {marker.id}",
        good=list(made_good),
        started=marker.started,
    )


def signs_of_unfinished(read: Read) -> tuple[int, dict[str, list[int]]]:
    """(now, in the server's milliseconds; the signs of each load that has not ended)."""
    (row,) = read(
        f"OPTIONAL MATCH (m:{BOOK_LABEL}) WHERE m.load IS NOT NULL "
        "RETURN timestamp() AS now, collect([m.load, m.signs]) AS loads"
    )
    return row["now"], {load: signs or [] for load, signs in row["loads"] if load is not None}


def unfinished_loads(read: Read) -> str:
    """What to tell about loads that have begun and not ended; empty if there are none."""
    rows = read(
        f"MATCH (m:{BOOK_LABEL}) WHERE m.load IS NOT NULL "
        "RETURN toString(datetime({epochMillis: m.started})) AS started, m.records AS records "
        "ORDER BY m.started"
    )
    return "; ".join(
        f"a load begun {row['started']} has kept {row['records']:,} records and has not ended" for row in rows
    )
