"""Catalogs that say little, nothing or nonsense."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.derive import Derived, derive
from kg.graph import Graph
from kg.records import Product, Record
from kg.snapshot import assemble
from tests import strategies
from tests.kg.store.contract import last_of_each, snapshot_of


def whole(graph: Graph) -> Derived:
    """Derive, and use what comes out in every way there is."""
    derived = derive(graph)
    enriched = derived.added_to(graph)
    assert enriched.product_count == graph.product_count
    for edge_type, edges in derived.edges.items():
        assert len(edges)
        assert (edges.weight > 0).all()
        assert (edges.weight <= 1).all()
        relation = enriched.relations[edge_type]
        assert relation.indptr[-1] == len(relation.tails)
    opened = Derived.from_arrays(derived.arrays(), graph)
    assert list(opened.facts()) == list(derived.facts())
    again = opened.renewed(graph, graph, np.arange(graph.product_count))
    assert sorted(map(repr, again.facts())) == sorted(map(repr, derived.facts()))
    return derived


@pytest.mark.parametrize(
    "products",
    [
        [],
        [Product(id="only")],
        [Product(id="only", title="Lumo desk lamp", brand="Lumo")],
        [Product(id=str(n)) for n in range(20)],
        [Product(id=str(n), title="😀🪔" * n) for n in range(20)],
        [Product(id=str(n), title=f"{n} {n * n} 12345") for n in range(20)],
        [Product(id=str(n), title="x" * 2_000, description="y " * 50_000) for n in range(5)],
        [Product(id=str(n), title="lamp " * 2_000, brand="lamp") for n in range(5)],
        [Product(id=str(n), title="'; DROP TABLE product; --", brand="'") for n in range(20)],
        [Product(id=str(n), title="台灯" * 1_000, brand="台灯") for n in range(5)],
        [Product(id=str(n), title="的", brand="的") for n in range(20)],
        [Product(id=str(n), title="for for with of / - & ( )", brand="for") for n in range(20)],
        [Product(id=str(n), title="same desk lamp", brand="Lumo") for n in range(50)],
    ],
    ids=lambda products: f"{len(products)} {products[0].title[:12] if products else 'none'}",
)
def test_nothing_breaks(products: list[Product]) -> None:
    whole(assemble(products, [], []))


def test_an_empty_shop_has_an_empty_summary() -> None:
    summary = whole(assemble([], [], [])).summary()
    assert (summary.counts, summary.types, summary.series, summary.typed) == ((), 0, 0, 0.0)


def test_no_time_is_lost_on_a_pasted_book() -> None:
    book = "a lamp for every desk " * 5_000
    derived = whole(
        assemble([Product(id=str(n), title=book[:2_000], description=book) for n in range(50)], [], [])
    )
    assert derived.summary().types <= 3


@given(catalog=strategies.records)
@settings(max_examples=60, deadline=None)
def test_any_catalog(catalog: list[Record]) -> None:
    whole(snapshot_of(last_of_each(catalog).values()))


words = st.sampled_from(
    ["desk", "lamp", "lamps", "for", "with", "Arc", "100", "3m", "black", "/", ",", "灯", "🪔"]
)
titles = st.lists(words, max_size=8).map(" ".join)


@given(
    shop=st.lists(
        st.tuples(titles, st.sampled_from(["", "Lumo", "Nori"]), st.sampled_from(["", "E27", "Lamp"])),
        min_size=1,
        max_size=25,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_mixture_of_words(shop: list[tuple[str, str, str]]) -> None:
    products = [
        Product(id=f"{n}", title=title, brand=brand, attributes={"type": value} if value else {})
        for n, (title, brand, value) in enumerate(shop)
    ]
    whole(assemble(products, [], []))
