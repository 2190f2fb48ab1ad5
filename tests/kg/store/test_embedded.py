"""The embedded store keeps the contract, and what only a file can promise."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from kg.errors import StoreError
from kg.records import Product, Record
from kg.store.embedded import EmbeddedStore
from tests.kg.store.contract import DESK, LAMP, Fresh, StoreContract, everything
from tests.kg.store.vector_contract import VectorContract


class TestEmbeddedStore(StoreContract, VectorContract):
    @pytest.fixture
    def fresh(self, tmp_path: Path) -> Iterator[Fresh]:
        opened: list[EmbeddedStore] = []
        numbers = count()

        def fresh() -> EmbeddedStore:
            opened.append(EmbeddedStore.open(tmp_path / f"graph-{next(numbers)}.sqlite"))
            return opened[-1]

        yield fresh
        for store in opened:
            store.close()


def test_it_is_all_there_after_closing(tmp_path: Path) -> None:
    with EmbeddedStore.open(tmp_path / "graph.sqlite") as store:
        store.upsert([LAMP, DESK])
    with EmbeddedStore.open(tmp_path / "graph.sqlite", read_only=True) as store:
        assert everything(store) == [DESK, LAMP]


def test_a_load_is_all_or_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[Record]:
        yield from (Product(id=f"p{n}") for n in range(5_000))
        raise ValueError("row 5001")

    with EmbeddedStore.open(tmp_path / "graph.sqlite") as store:
        with pytest.raises(ValueError, match="row 5001"):
            store.upsert(broken())
        assert everything(store) == []
        assert store.counts().unfinished_load == ""


def test_reading_only(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"graph\.sqlite"):
        EmbeddedStore.open(tmp_path / "graph.sqlite", read_only=True)
    EmbeddedStore.open(tmp_path / "graph.sqlite").close()
    with EmbeddedStore.open(tmp_path / "graph.sqlite", read_only=True) as store:
        with pytest.raises(StoreError, match="reading only"):
            store.upsert([LAMP])
        with pytest.raises(StoreError, match="reading only"):
            store.delete(products=["lamp"])


def test_a_file_that_is_no_graph(tmp_path: Path) -> None:
    path = tmp_path / "graph.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at as one " * 100)
    with pytest.raises(StoreError, match=r"graph\.sqlite"):
        EmbeddedStore.open(path)
