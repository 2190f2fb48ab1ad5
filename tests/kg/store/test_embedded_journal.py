"""An embedded graph knows what changed, whatever happened to its file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from kg.errors import StoreError
from kg.records import Interaction, Product, Record
from kg.store import embedded_journal
from kg.store.embedded import SCHEMA_VERSION, EmbeddedStore
from kg.store.embedded_rows import ADD_RANK, SCHEMA, batches, write
from kg.store.embedded_snapshot import read_snapshot
from kg.vectors import Vectors
from tests.kg.store.contract import BOUGHT, DESK, FITS, LAMP, assert_same_graph, everything, snapshot_of

EVERYTHING: list[Record] = [DESK, LAMP, FITS, BOUGHT]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.sqlite"


def older(path: Path, version: int) -> None:
    """A graph as an earlier Shelfgraph made it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN")
        for statement in SCHEMA.split(";"):
            db.execute(statement)
        if version > 1:
            embedded_journal.start_journal(db)
        db.execute(f"PRAGMA user_version = {version}")
        db.execute(ADD_RANK)
        for kind, batch in batches(EVERYTHING):
            write(db, kind, batch)
        db.execute("ALTER TABLE interaction DROP COLUMN rank")
        db.execute("INSERT INTO vector_set VALUES ('text', 2)")
        db.execute("INSERT INTO vector VALUES ('text', 'lamp', ?)", (np.ones(2, dtype="<f4").tobytes(),))
        db.execute("COMMIT")


@pytest.mark.parametrize("version", [1, 2])
def test_a_graph_of_an_earlier_version_is_taken_over(path: Path, version: int) -> None:
    older(path, version)
    with EmbeddedStore.open(path) as store:
        assert everything(store) == EVERYTHING
        assert store.nearest("text", np.ones(2, dtype=np.float32))[0][0] == "lamp"
        before = store.current()
        store.upsert([replace(DESK, title="Table")])
        assert store.changed_products(before.revision) == ("desk",)
        assert_same_graph(store.current(before).graph, snapshot_of(everything(store)))
        store.upsert([replace(BOUGHT, rank=4)])
        assert list(store.interactions()) == [replace(BOUGHT, rank=4)]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_a_graph_of_the_first_version_can_be_read_without_being_changed(path: Path) -> None:
    older(path, 1)
    with EmbeddedStore.open(path, read_only=True) as store:
        assert everything(store) == EVERYTHING
        first = store.current()
        again = store.current(first)  # nobody can tell whether anything was written between
        assert (first.revision != again.revision, again.changed) == (True, None)
        assert_same_graph(again.graph, first.graph)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_graph_without_ranks_can_be_read_without_being_changed(path: Path) -> None:
    older(path, 2)
    with EmbeddedStore.open(path, read_only=True) as store:
        assert everything(store) == EVERYTHING
        assert_same_graph(store.snapshot(), snapshot_of(EVERYTHING))
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_graph_of_a_later_version_is_refused(path: Path, read_only: bool) -> None:
    EmbeddedStore.open(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="newer Shelfgraph"):
        EmbeddedStore.open(path, read_only=read_only)


def test_what_changes_nothing_makes_no_revision(path: Path) -> None:
    with EmbeddedStore.open(path) as store:
        store.upsert(EVERYTHING)
        before = store.revision()
        store.upsert(EVERYTHING)
        store.delete(products=["nobody"], users=["nobody"])
        vectors = Vectors(ids=("lamp",), matrix=np.ones((1, 2), dtype=np.float32), present=np.array([True]))
        store.put_vectors("text", vectors)

        def refuse(listed: Collection[str]) -> NoReturn:
            raise ValueError(f"{len(listed)} products")

        with pytest.raises(ValueError, match="2 products"):
            store.upsert([Product(id="kept by nobody")], retire=refuse)
        assert everything(store) == EVERYTHING
        assert store.revision() == before
        assert store.changed_products(before) == ()


def test_changes_add_up_across_revisions_and_handles(path: Path) -> None:
    with EmbeddedStore.open(path) as one, EmbeddedStore.open(path) as other:
        one.upsert(EVERYTHING)
        first = one.revision()
        other.upsert([Product(id="a")])
        second = one.revision()
        one.upsert([Product(id="b")])
        one.delete(products=["a"])
        assert one.revision() == other.revision()
        assert other.changed_products(first) == ("a", "b")
        assert one.changed_products(second) == ("a", "b")
        other.delete(users=["ann"])  # she bought something
        assert one.changed_products(first) is None
        third = one.revision()
        one.delete(products=["desk"])  # an expert knew of it
        assert one.changed_products(third) is None


def test_a_restored_copy_is_another_story(path: Path, tmp_path: Path) -> None:
    with EmbeddedStore.open(path) as store:
        store.upsert(EVERYTHING)
    copy = tmp_path / "copy.sqlite"
    shutil.copy(path, copy)
    with EmbeddedStore.open(path) as store, EmbeddedStore.open(copy) as restored:
        common = store.revision()
        assert restored.revision() == common
        store.upsert([Product(id="lost")])
        lost = store.revision()
        restored.upsert([Product(id="instead")])
        assert restored.revision() not in (common, lost)
        assert restored.changed_products(common) == ("instead",)
        assert restored.changed_products(lost) is None
        assert store.changed_products(restored.revision()) is None
    path.unlink()
    with EmbeddedStore.open(path) as new:
        assert new.changed_products(common) is None


def test_the_journal_does_not_grow_for_ever(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_journal, "REVISIONS_KEPT", 3)
    with EmbeddedStore.open(path) as store:
        names = [store.revision()]
        for n in range(10):
            store.upsert([Product(id=f"p{n}")])
            names.append(store.revision())
        assert [store.changed_products(name) for name in names[-4:]] == [
            None,
            ("p8", "p9"),
            ("p9",),
            (),
        ]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM revision").fetchone() == (3,)
        assert db.execute("SELECT count(*) FROM product_change").fetchone() == (3,)


def test_reading_what_changed_sees_one_moment(path: Path) -> None:
    """A write between the reading of the journal and that of the products does not show."""
    with EmbeddedStore.open(path) as store, EmbeddedStore.open(path) as writer:
        store.upsert(EVERYTHING)
        before = store.current()
        writer.upsert([replace(LAMP, title="first")])
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("BEGIN")
            name = embedded_journal.revision(db)
            writer.upsert([replace(LAMP, title="second"), Interaction(user="u", product="desk")])
            seen = read_snapshot(db, before)
        assert (seen.revision, seen.changed) == (name, ("lamp",))
        assert seen.graph.products.title[seen.graph.number("lamp")] == "first"
        assert store.current(seen).changed is None
