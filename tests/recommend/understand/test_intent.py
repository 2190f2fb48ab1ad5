"""What whole texts ask for, in a space where every type has a direction of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from kg.graph import Graph, Node
from kg.records import Product
from kg.snapshot import assemble
from kg.vectors import Vectors
from recommend.understand.intent import LEAST_PRODUCTS, IntentModel
from tests.recommend.understand.gadgets import fact

TYPES = ("lamp", "desk", "rug", "pen")
DIM = 8


def _shop() -> Graph:
    products = [Product(id=f"{kind}{i}", title=f"Acme {kind} number {i}") for kind in TYPES for i in range(5)]
    rare = Product(id="rare", title="Acme rarity")
    facts = [fact(product.id, "of_type", product.id[:-1], "type") for product in products]
    return assemble((*products, rare), (*facts, fact("rare", "of_type", "rarity", "type")), ())


def _vector(text: str) -> npt.NDArray[np.float32]:
    """The directions of the types that a text names, and a little noise."""
    rng = np.random.default_rng(sum(map(ord, text)))
    vector = rng.normal(scale=0.05, size=DIM)
    for place, kind in enumerate(TYPES):
        vector[place] += kind in text
    return vector.astype(np.float32)


def _encode(texts: Sequence[str]) -> npt.NDArray[np.float32]:
    return np.stack([_vector(text) for text in texts])


def _vectors(graph: Graph) -> Vectors:
    ids = tuple(graph.nodes["product"])
    present = np.array([not one.startswith("pen4") for one in ids])
    return Vectors(ids=ids, matrix=_encode(list(graph.products.title)), present=present)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return _shop()


@pytest.fixture(scope="module")
def model(graph: Graph) -> IntentModel:
    return IntentModel.fit(graph, _vectors(graph), encode=_encode)


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_is_found_by_its_direction(graph: Graph, model: IntentModel, kind: str) -> None:
    guess = model.of(_vector(f"some {kind} for me"))
    assert graph.node_id(guess[0][0]) == kind
    assert guess[0][1] > 0.8


def test_chances_are_chances(model: IntentModel) -> None:
    guess = model.of(_vector("a lamp or a desk"), least=0.0)
    assert len(guess) == len(TYPES), "a type of one product has no prototype"
    assert LEAST_PRODUCTS > 1
    assert sum(chance for _, chance in guess) == pytest.approx(1.0)
    assert [chance for _, chance in guess] == sorted((chance for _, chance in guess), reverse=True)
    assert guess[0][1] + guess[1][1] > 0.85


def test_a_longer_vector_means_the_same(model: IntentModel) -> None:
    vector = _vector("rug")
    assert model.of(vector)[0][1] == pytest.approx(model.of(7 * vector)[0][1])
    assert model.of(np.zeros(DIM, dtype=np.float32)) == ()


def test_calibration_is_settled_on_queries_of_the_catalog(graph: Graph, model: IntentModel) -> None:
    plain = IntentModel.fit(graph, _vectors(graph))
    assert plain.temperature == 0.05
    assert model.temperature != plain.temperature
    again = IntentModel.fit(graph, _vectors(graph), encode=_encode)
    assert (again.temperature, again.prior) == (model.temperature, model.prior)


def test_arrays_and_back(model: IntentModel) -> None:
    again = IntentModel.from_arrays(model.arrays())
    vector = _vector("a pen on a desk")
    assert again.of(vector) == model.of(vector)


def test_a_shop_without_types() -> None:
    graph = assemble((Product(id="a", title="Acme lamp"),), (), ())
    vectors = Vectors(ids=("a",), matrix=_encode(["lamp"]), present=np.ones(1, dtype=np.bool_))
    model = IntentModel.fit(graph, vectors, encode=_encode)
    assert model.of(_vector("lamp")) == ()
    assert IntentModel.from_arrays(model.arrays()).of(_vector("lamp")) == ()


def test_nodes_are_those_of_the_graph(graph: Graph, model: IntentModel) -> None:
    for node, _ in model.of(_vector("lamp"), least=0.0):
        assert isinstance(node, Node)
        assert graph.node_id(node) in TYPES
