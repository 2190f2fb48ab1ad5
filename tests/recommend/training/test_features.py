"""What the ranker sees of a query and a product: known answers in the shop of computers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from kg.graph import Graph, Node
from kg.records import NodeKind
from recommend.training.features import AGREED, GIVEN, Features, signs
from recommend.understand.tokens import tokens
from tests.recommend.training.catalog import computers


@dataclass(frozen=True, kw_only=True)
class Said:
    """Some words and what they mean; the reader's own entities have these two fields as well."""

    role: str
    nodes: tuple[tuple[Node, float], ...]


@dataclass(frozen=True, kw_only=True)
class Heard:
    entities: Sequence[Said] = ()
    excluded: Sequence[Said] = ()
    unknown: Sequence[object] = ()


@pytest.fixture(scope="module")
def graph() -> Graph:
    return computers()


@pytest.fixture(scope="module")
def features(graph: Graph) -> Features:
    popularity = np.linspace(0, 1, graph.product_count, dtype=np.float32)
    return Features.of(graph, popularity=popularity)


def _said(graph: Graph, role: str, *names: tuple[NodeKind, str, float]) -> Said:
    nodes = []
    for kind, name, weight in names:
        number = graph.nodes[kind].number(name)
        assert number is not None
        nodes.append((Node(kind, number), weight))
    return Said(role=role, nodes=tuple(nodes))


def _seen(features: Features, text: str, heard: Heard | None, product: str) -> Mapping[str, float]:
    number = features.graph.number(product)
    row = features.given(tokens(text), heard, np.array([number]))
    return dict(zip(GIVEN, row[0].tolist(), strict=True))


def test_kind_brand_and_what_goes_with_it(graph: Graph, features: Features) -> None:
    heard = Heard(
        entities=(
            _said(graph, "brand", ("brand", "HP", 1.0)),
            _said(graph, "type", ("type", "laptop", 0.75), ("type", "tablet", 0.25)),
        )
    )
    found = {
        name: _seen(features, "HP laptop", heard, name)
        for name in ("l-black", "g-red", "t-hp", "b-hp", "m-00")
    }
    kinds = {name: seen["kind"] for name, seen in found.items()}
    expected = {"l-black": 0.9 * 0.75, "g-red": 0.75, "t-hp": 0.25, "b-hp": 0.0, "m-00": 0.0}
    assert kinds == pytest.approx(expected, abs=1e-6)
    assert {name: seen["brand"] for name, seen in found.items()} == {
        **dict.fromkeys(found, 0.0),
        **{"l-black": 1.0, "t-hp": 1.0},
    }
    assert found["b-hp"]["accessory"] == pytest.approx(0.75)
    assert found["m-00"]["accessory"] == found["l-black"]["accessory"] == 0.0
    assert {name: seen["unmet"] for name, seen in found.items()} == {
        "l-black": 0.0,
        "g-red": 1.0,
        "t-hp": 1.0,
        "b-hp": 2.0,
        "m-00": 2.0,
    }
    assert found["m-00"]["kind other"] == 1.0
    assert found["l-black"]["kind other"] == found["t-hp"]["kind other"] == 0.0
    assert {seen["query kind"] for seen in found.values()} == {1.0}


def test_what_stands_after_for(graph: Graph, features: Features) -> None:
    heard = Heard(
        entities=(
            _said(graph, "type", ("type", "laptop bag", 1.0)),
            _said(graph, "target", ("series", "HP Pavo", 1.0)),
        )
    )
    found = {name: _seen(features, "bag for pavo", heard, name) for name in ("b-hp", "b-any", "l-black")}
    assert {name: seen["target"] for name, seen in found.items()} == {
        "b-hp": 1.0,
        "b-any": 0.0,
        "l-black": 0.0,
    }
    assert {name: seen["is target"] for name, seen in found.items()} == {
        "b-hp": 0.0,
        "b-any": 0.0,
        "l-black": 1.0,
    }


def test_words_in_the_title_and_unknown_words(graph: Graph, features: Features) -> None:
    heard = Heard(unknown=("qqq",), excluded=(_said(graph, "attribute", ("attribute", "colour=black", 1.0)),))
    seen = _seen(features, "pavo notebook qqq", heard, "l-black")
    assert 0.5 < seen["title words"] < 1.0
    assert seen["query unknown"] == pytest.approx(1 / 3)
    assert seen["excluded"] == 1.0
    assert _seen(features, "pavo notebook", heard, "l-silver")["title words"] == pytest.approx(1.0)
    assert _seen(features, "pavo notebook", heard, "l-silver")["excluded"] == 0.0
    assert _seen(features, "pavo", heard, "m-01")["title words"] == 0.0


def test_without_a_reading_nothing_is_known_of_the_query(features: Features) -> None:
    seen = _seen(features, "hp laptop", None, "l-black")
    known = {name for name, value in seen.items() if value}
    assert known <= {"title words", "popularity", "price", "query words"}


def test_the_best_products_vote_for_their_kind(graph: Graph, features: Features) -> None:
    names = ("l-black", "l-silver", "t-hp", "b-hp", "thing")
    products = np.array([graph.number(name) for name in names])
    exact = np.array([1.0, 0.9, 0.5, 0.4, 0.3], dtype=np.float32)
    given = features.given(["x"], None, products)
    table = features.table(given, np.zeros((5, 0), dtype=np.float32), products, exact)
    assert table.shape == (5, len(signs(())))
    shared = dict(zip(AGREED, table[:, -len(AGREED) :].T, strict=True))
    np.testing.assert_allclose(shared["exact"], exact)
    kind = shared["kind shared"]
    assert kind[0] == kind[1] > kind[2] > kind[3] > kind[4] == 0
    family = shared["family shared"]
    assert family[2] > family[0] > family[3] == 0  # laptops are a little less sure than tablets
    order = np.array([3, 0, 4, 2, 1])  # the order in which the products are given does not matter
    again = features.table(given[order], np.zeros((5, 0), dtype=np.float32), products[order], exact[order])
    np.testing.assert_allclose(again, table[order])
