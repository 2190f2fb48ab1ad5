"""Which state an embedded store is in, and which products changed since an earlier one.

Each transaction that changes the graph is a revision with a random name of its own: a file that was
restored from a copy, or copied and changed on both sides, never uses a name that stands for something
else.
The journal keeps the last revision of each product, not its past.
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

REVISIONS_KEPT = 10_000
"""Of older revisions, nobody can tell any more what changed since."""

_NOTE = (
    "INSERT INTO product_change VALUES ({row}.id, (SELECT max(number) FROM revision)) "
    "ON CONFLICT (id) DO UPDATE SET revision = excluded.revision"
)
JOURNAL = (
    # others: 1 if facts or interactions changed too
    "CREATE TABLE revision (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, others INTEGER NOT NULL)",
    "CREATE TABLE product_change (id TEXT NOT NULL PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID",
    *(
        f"CREATE TRIGGER product_{event.lower()} AFTER {event} ON product BEGIN {_NOTE.format(row=row)}; END"
        for event, row in (("INSERT", "new"), ("UPDATE", "new"), ("DELETE", "old"))
    ),
)
"""The statements that make the journal."""


def start_journal(db: sqlite3.Connection) -> None:
    """Make the journal of a graph that may hold something already."""
    for statement in JOURNAL:
        db.execute(statement)
    db.execute("INSERT INTO revision VALUES (1, ?, 1)", (_name(),))


class Change:
    """What one transaction does to the graph beside its products, which triggers note down."""

    def __init__(self) -> None:
        self.others = False


@contextmanager
def next_revision(db: sqlite3.Connection) -> Iterator[Change]:
    """A revision for what happens inside, within a transaction; none if nothing does."""
    change = Change()
    db.execute("INSERT INTO revision SELECT max(number) + 1, ?, 0 FROM revision", (_name(),))
    before = db.total_changes
    yield change
    if db.total_changes == before:
        db.execute("DELETE FROM revision WHERE number = (SELECT max(number) FROM revision)")
        return
    if change.others:
        db.execute("UPDATE revision SET others = 1 WHERE number = (SELECT max(number) FROM revision)")
    (oldest,) = db.execute("SELECT max(number) - ? FROM revision", (REVISIONS_KEPT,)).fetchone()
    if oldest > 0:
        db.execute("DELETE FROM revision WHERE number <= ?", (oldest,))
        db.execute("DELETE FROM product_change WHERE revision <= ?", (oldest,))


def revision(db: sqlite3.Connection) -> str:
    """The name of the present state."""
    try:
        (name,) = db.execute("SELECT name FROM revision ORDER BY number DESC LIMIT 1").fetchone()
    except sqlite3.OperationalError:  # written by an older Shelfgraph, and opened for reading only
        return _name()
    return str(name)


def changed_products(db: sqlite3.Connection, since: str) -> tuple[str, ...] | None:
    """Ids of the products that were written or deleted since a revision; see `GraphStore`."""
    try:
        known = db.execute("SELECT number FROM revision WHERE name = ?", (since,)).fetchone()
    except sqlite3.OperationalError:
        return None
    if known is None:
        return None
    if db.execute("SELECT 1 FROM revision WHERE number > ? AND others LIMIT 1", known).fetchone():
        return None
    return tuple(
        i for (i,) in db.execute("SELECT id FROM product_change WHERE revision > ? ORDER BY id", known)
    )


def _name() -> str:
    return uuid.uuid4().hex
