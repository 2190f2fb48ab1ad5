"""A copy holds what its source holds, whichever stores they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest
from hypothesis import given

from kg import Shop
from kg.errors import StoreError
from kg.records import Product, Record
from kg.resources import data_folder
from kg.store.base import GraphStore
from kg.store.copying import CopyReport, copy_graph
from kg.store.embedded import EmbeddedStore
from tests import strategies
from tests.graph_servers import ServerAddress
from tests.kg.store.contract import assert_same_graph, exact, several_examples
from tests.kg.store.emptied import emptied
from tests.kg.store.vector_contract import kept, vectors_of
from tests.recommend.cli.lampshop import run
from tests.tiny import RECORDS


class Files(Protocol):
    """Opens a new embedded store each time."""

    def __call__(self) -> EmbeddedStore: ...


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Files]:
    numbers = count()
    with ExitStack() as opened:
        yield lambda: opened.enter_context(EmbeddedStore.open(tmp_path / f"graph-{next(numbers)}.sqlite"))


def assert_same(one: GraphStore, other: GraphStore) -> None:
    """Equal in every record, every array and every vector."""
    assert exact(one.products()) == exact(other.products())
    assert list(one.facts()) == list(other.facts())
    assert list(one.interactions()) == list(other.interactions())
    assert_same_graph(one.snapshot(), other.snapshot())
    assert one.vector_names() == other.vector_names()
    for name in one.vector_names():
        assert kept(one, name) == kept(other, name)


def filled(store: GraphStore) -> GraphStore:
    store.upsert(RECORDS)
    ids = list(store.snapshot().nodes["product"])
    store.put_vectors("text", vectors_of(ids))
    store.put_vectors("image-0003", vectors_of(ids[::3], dim=3))
    return store


def test_all_of_it_arrives(files: Files) -> None:
    source, target = filled(files()), files()
    told: list[tuple[str, int, int]] = []
    report = copy_graph(source, target, progress=lambda *step: told.append(step))
    assert report == CopyReport(products=12, facts=4, interactions=13, vectors=14 + 5, unchanged=0)
    assert_same(source, target)
    assert {("products", 12, 12), ("vectors text", 14, 14), ("checking facts", 4, 4)} <= set(told)


def test_a_target_that_holds_something_is_refused(files: Files) -> None:
    source = filled(files())
    for record, kind in ((RECORDS[0], "products"), (RECORDS[-1], "interactions"), (RECORDS[12], "facts")):
        target = files()
        target.upsert([record])
        with pytest.raises(StoreError, match=rf"holds {kind}.*--merge"):
            copy_graph(source, target)
        assert target.vector_names() == ()
    with pytest.raises(StoreError, match="both"):
        copy_graph(source, source)


def test_merging_replaces_equals_and_keeps_the_rest(files: Files) -> None:
    source, target = filled(files()), files()
    target.upsert([RECORDS[0], Product(id="spade", title="Old"), Product(id="own")])
    target.put_vectors("own", vectors_of(["own"]))
    report = copy_graph(source, target, merge=True)
    assert report.unchanged == 1
    assert [p.id for p in target.products()] == sorted([*(p.id for p in source.products()), "own"])
    assert [p for p in target.products() if p.id != "own"] == list(source.products())
    assert target.vector_names() == ("image-0003", "own", "text")
    assert copy_graph(source, target, merge=True).unchanged == len(RECORDS)


def test_a_loss_is_noticed(files: Files) -> None:
    class Forgetful(EmbeddedStore):
        def facts(self) -> Iterator[Any]:
            yield from list(super().facts())[1:]

    source, target = filled(files()), files()
    target.__class__ = Forgetful
    with pytest.raises(StoreError, match=r"4 facts were read.*holds 3"):
        copy_graph(source, target)


def test_an_interrupted_copy_into_a_file_keeps_nothing(files: Files) -> None:
    class Breaking(EmbeddedStore):
        def interactions(self) -> Iterator[Any]:
            yield next(super().interactions())
            raise KeyboardInterrupt

    source, target = filled(files()), files()
    source.__class__ = Breaking
    with pytest.raises(KeyboardInterrupt):
        copy_graph(source, target)
    assert list(target.products()) == []


# the command


def test_the_command_copies_shops_and_files(tmp_path: Path, files: Files) -> None:
    shop = Shop.create(tmp_path / "shop")
    with shop.store() as store:
        filled(store)
        ran = run("copy", str(shop.path), str(tmp_path / "a.sqlite"))
        assert ran.status == 0, ran.err
        assert "12 products, 4 facts, 13 interactions, 19 vectors" in ran.out
        assert "products: 12" in ran.err
        ran = run("copy", f"sqlite:///{tmp_path / 'a.sqlite'}", str(tmp_path / "other"), "--json")
        assert json.loads(ran.out)["interactions"] == 13
        with Shop.open(tmp_path / "other").store() as other:
            assert_same(store, other)


@pytest.mark.parametrize(
    ("source", "target", "problem"),
    [
        ("nothing", "t.sqlite", "neither a shop"),
        ("nothing.sqlite", "t.sqlite", "no graph at"),
        ("a.sqlite", "a.sqlite", "both"),
        ("a.sqlite", "full", "already holds products"),
        ("a.sqlite", "no/such/t.sqlite", "not a folder"),
        ("http://host", "t.sqlite", "neo4j://"),
        ("a.sqlite", "neo4j://user:hunter2@host", "environment"),
        ("a.sqlite", "neo4j://127.0.0.1:1", "NEO4J_PASSWORD"),
        ("words.txt", "t.sqlite", "cannot be opened as a graph"),
    ],
)
def test_what_cannot_be_copied_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, target: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("NEO4J_PASSWORD", "NEO4J_AUTH"):
        monkeypatch.delenv(variable, raising=False)
    with EmbeddedStore.open(tmp_path / "a.sqlite") as store:
        store.upsert(RECORDS)
    Shop.create("full").load([{"id": "x"}])
    Path("words.txt").write_text("no database, and long enough to be looked at as one " * 50)
    ran = run("copy", source, target)
    assert ran.status == 2
    assert problem in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "hunter2" not in ran.err


# through a server and back


@pytest.mark.neo4j
class TestThroughAServer:
    @several_examples
    @given(records=strategies.records)
    def test_any_records(
        self, graph_server: ServerAddress, tmp_path_factory: pytest.TempPathFactory, records: list[Record]
    ) -> None:
        folder = tmp_path_factory.mktemp("copy")
        with (
            EmbeddedStore.open(folder / "one.sqlite") as one,
            EmbeddedStore.open(folder / "two.sqlite") as two,
            emptied(graph_server) as server,
        ):
            one.upsert(records)
            ids = sorted({p.id for p in one.products()})
            one.put_vectors("v", vectors_of(ids, dim=3))
            copy_graph(one, server)
            assert_same(one, server)
            copy_graph(server, two)
            assert_same(one, two)

    def test_the_tiny_shop_by_the_command(
        self, graph_server: ServerAddress, tmp_path: Path, files: Files
    ) -> None:
        secret = tmp_path / "secret.txt"
        secret.write_text(f"NEO4J_USERNAME={graph_server.username}\nNEO4J_PASSWORD={graph_server.password}\n")
        with EmbeddedStore.open(tmp_path / "a.sqlite") as store, emptied(graph_server) as server:
            filled(store)
            ran = run("copy", str(tmp_path / "a.sqlite"), graph_server.url, "--credentials", str(secret))
            assert ran.status == 0, ran.err
            assert_same(store, server)
            ran = run("copy", graph_server.url, str(tmp_path / "b.sqlite"), "--credentials", str(secret))
            assert ran.status == 0, ran.err
            with EmbeddedStore.open(tmp_path / "b.sqlite", read_only=True) as back:
                assert_same(store, back)
            again = run("copy", str(tmp_path / "a.sqlite"), graph_server.url, "--credentials", str(secret))
            assert again.status == 2
            assert "--merge" in again.err
            assert graph_server.password not in again.err.replace("shelfgraph.sqlite", "")

    def test_the_demo_shop(self, graph_server: ServerAddress, files: Files) -> None:
        source, back = files(), files()
        demo = data_folder() / "demo"
        shop = Shop.create(Path(source.url.removeprefix("sqlite:///")).parent / "demo")
        shop.load(demo / "products.jsonl")
        shop.load(demo / "facts.csv", kind="facts")
        shop.load(demo / "interactions.csv", kind="interactions")
        with shop.store(read_only=True) as store, emptied(graph_server) as server:
            some = [i for n, i in enumerate(store.interactions()) if n % 8 == 0]
            source.upsert([*store.products(), *store.facts(), *some])
            source.put_vectors("v", vectors_of([p.id for p in store.products()], dim=64))
            copy_graph(source, server)
            assert_same_graph(source.snapshot(), server.snapshot())
            copy_graph(server, back)
            assert_same(source, back)

    def test_an_interrupted_copy_is_known_and_can_be_finished(
        self, graph_server: ServerAddress, files: Files
    ) -> None:
        class Breaking(EmbeddedStore):
            def interactions(self) -> Iterator[Any]:
                yield next(super().interactions())
                raise KeyboardInterrupt

        source = files()
        source.upsert([*RECORDS, *(Product(id=f"p{n:04}") for n in range(2_500))])
        source.put_vectors("v", vectors_of(["spade"]))
        source.__class__ = Breaking
        with emptied(graph_server, batch=300) as server:
            with pytest.raises(KeyboardInterrupt):
                copy_graph(source, server)
            assert "has not ended" in server.counts().unfinished_load
            source.__class__ = EmbeddedStore
            with pytest.raises(StoreError, match="--merge"):
                copy_graph(source, server)
            copy_graph(source, server, merge=True)
            assert server.counts().unfinished_load == ""
            assert_same(source, server)
            np.testing.assert_array_equal(next(server.vectors("v")).matrix, next(source.vectors("v")).matrix)
