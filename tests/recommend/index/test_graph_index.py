"""A space kept in the graph answers as the one in the version's files does, within what its index finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from kg import Shop
from kg.errors import VersionError
from kg.records import Product
from kg.store.embedded import EmbeddedStore
from kg.vectors import Vectors
from kg.versions import SEAL
from recommend.index.graph_index import GraphIndex, put_spaces, spaces_in_graph, vectors_name
from recommend.index.vector_index import SpaceIndex

COUNT, DIM = 3_000, 24


def version(folder: Path, name: str, seal: str = "0123456789abcdef") -> Path:
    (folder / name).mkdir()
    (folder / name / SEAL).write_text(seal)
    return folder / name


@pytest.fixture(scope="module")
def spaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SpaceIndex, GraphIndex]]:
    """The same space twice; every seventh product has no vector."""
    rng = np.random.default_rng(0)
    ids = tuple(f"p{n:04}" for n in range(COUNT))
    present = np.arange(COUNT) % 7 > 0
    vectors = Vectors(ids=ids, matrix=rng.normal(size=(COUNT, DIM)).astype(np.float32), present=present)
    local = SpaceIndex.of(vectors)
    folder = tmp_path_factory.mktemp("spaces")
    with EmbeddedStore.open(folder / "graph.sqlite") as store:
        store.upsert(Product(id=i) for i in ids)
        graph = store.snapshot()
        put_spaces(store, version(folder, "0001"), {"text": local}, ids)
        yield local, spaces_in_graph(store, folder / "0001", {"text": local}, graph.nodes["product"])["text"]


def queries(count: int) -> npt.NDArray[np.float32]:
    matrix = np.random.default_rng(1).normal(size=(count, DIM)).astype(np.float32)
    unit: npt.NDArray[np.float32] = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    return unit


@pytest.mark.parametrize("share", [None, 1.0, 0.5, 0.05, 0.001, 0.0])
@pytest.mark.parametrize("k", [1, 10, 700])
def test_the_same_products_are_found(
    spaces: tuple[SpaceIndex, GraphIndex], share: float | None, k: int
) -> None:
    local, there = spaces
    allowed = None if share is None else np.random.default_rng(2).random(COUNT) < share
    (one, ones), (other, others) = (index.search(queries(4), k, allowed=allowed) for index in (local, there))
    np.testing.assert_array_equal(ones, others)
    np.testing.assert_allclose(one[ones >= 0], other[others >= 0], atol=1e-5)


def test_the_same_cosines(spaces: tuple[SpaceIndex, GraphIndex]) -> None:
    local, there = spaces
    for query in queries(3):
        for products in (np.arange(0, COUNT, 3), np.array([5, 5, 7, 0]), np.empty(0, dtype=np.int64)):
            np.testing.assert_allclose(
                local.cosine(query, products), there.cosine(query, products), atol=1e-5
            )
    some = np.arange(20)
    np.testing.assert_array_equal(local.covers(some), there.covers(some))
    assert [local.has(n) for n in range(20)] == [there.has(n) for n in range(20)]
    np.testing.assert_array_equal(local.products, there.products)


def test_the_graph_holds_the_vectors_of_one_version(
    spaces: tuple[SpaceIndex, GraphIndex], tmp_path: Path
) -> None:
    local, _ = spaces
    ids = tuple(f"p{n:04}" for n in range(COUNT))
    with EmbeddedStore.open(tmp_path / "graph.sqlite") as store:
        store.upsert(Product(id=i) for i in ids)
        nodes = store.snapshot().nodes["product"]
        own = Vectors(ids=("p0001",), matrix=np.ones((1, 2), dtype=np.float32), present=np.array([True]))
        store.put_vectors("mine", own)
        first, second = version(tmp_path, "0001"), version(tmp_path, "0002", "fedcba9876543210")
        put_spaces(store, first, {"text": local, "fused": local}, ids)
        opened = spaces_in_graph(store, first, {"text": local}, nodes)["text"]
        opened.search(queries(1), 3)
        put_spaces(store, second, {"text": local}, ids)
        assert store.vector_names() == ("mine", "text_v0002_fedcba98")
        # neither a version that is opened too late nor one that is open already gets those of another
        with pytest.raises(
            VersionError, match=r"text vectors of version 0001_01234567.*0002_fedcba98.*build"
        ):
            spaces_in_graph(store, first, {"text": local}, nodes)
        with pytest.raises(VersionError, match="--vectors-to-graph"):
            opened.search(queries(1), 3)
        put_spaces(store, first, {"text": local}, ids)
        assert (opened.search(queries(1), 3)[1] >= 0).all()


def test_names_fit_what_stores_take(tmp_path: Path) -> None:
    name = vectors_name(version(tmp_path, "a folder: of 很 odd name, and a very long one at that"), "fused")
    assert name.startswith("fused_va-folder--of---odd-name")
    assert len(name) <= 60
    with pytest.raises(VersionError, match="not a complete version"):
        vectors_name(tmp_path, "text")


def test_a_shop_of_nothing_is_no_trouble(tmp_path: Path) -> None:
    none = SpaceIndex.of(
        Vectors(ids=("a",), matrix=np.zeros((1, 3), dtype=np.float32), present=np.array([False]))
    )
    shop = Shop.create(tmp_path / "shop")
    with shop.store() as store:
        store.upsert([Product(id="a")])
        folder = version(tmp_path, "0001")
        put_spaces(store, folder, {"text": none}, ("a",))
        index = spaces_in_graph(store, folder, {"text": none}, store.snapshot().nodes["product"])["text"]
        assert index.search(np.ones((2, 3), dtype=np.float32), 5)[1].shape == (2, 0)
        assert index.cosine(np.ones(3, dtype=np.float32), np.array([0])).tolist() == [0.0]
