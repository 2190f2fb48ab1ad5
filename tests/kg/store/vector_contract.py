"""What every GraphStore must do with vectors; the tests of each store inherit it beside `StoreContract`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import StoreError
from kg.filters import Filter, FilterIndex
from kg.records import Fact, Interaction, NodeKind, Product, Record
from kg.store.base import GraphStore, WriteCounts
from kg.vectors import Vectors
from tests import strategies
from tests.kg.store.contract import BOUGHT, FITS, LAMP, Fresh, several_examples, snapshot_of
from tests.tiny import RECORDS


def vectors_of(ids: Sequence[str], *, dim: int = 8, seed: int = 0) -> Vectors:
    """Random vectors, all present."""
    matrix = np.random.default_rng(seed).normal(size=(len(ids), dim)).astype(np.float32)
    return Vectors(ids=tuple(ids), matrix=matrix, present=np.ones(len(ids), dtype=np.bool_))


def kept(store: GraphStore, name: str) -> dict[str, list[float]]:
    return {
        node_id: row.tolist()
        for block in store.vectors(name)
        for node_id, row in zip(block.ids, block.matrix, strict=True)
    }


CONDITIONS = (
    "brand=LUMO", "brand!=Lumo", "brand in nori,Holt", "category=lighting", "category=Home > Tables",
    "category in Bulbs,tools", "category!=Home", "price<=25", "price>149", "price=4.990", "price!=4.99",
    "price in 22,25", "availability=IN_STOCK", "availability!=in_stock", "language=zh", "id!=lamp-black",
    "attr.colour=Black", "attr.colour!=black", "attr.colour in brass,white", "attr.height>=74",
    "attr.height<74", "attr.height=72.0", "attr.dimmable=yes", "attr.dimmable=no", "attr.dimmable!=true",
    "attr.weight>1.5", "attr.weight=1.2 kg", "attr.weight<=1500 g", "attr.weight!=1.2", "attr.nothing=1",
    "attr.nothing!=1", "attr.nothing<1", "id=lamp-black", "id in spade,rug,nobody",
)  # fmt: skip


class VectorContract:
    """Inherit, and give the fixtures `fresh` and `store` (see `StoreContract`)."""

    @pytest.fixture
    def filled(self, fresh: Fresh) -> GraphStore:
        """The tiny shop with a vector for each product, stubs included."""
        store = fresh()
        store.upsert(RECORDS)
        store.put_vectors("v", vectors_of(list(snapshot_of(RECORDS).nodes["product"])))
        return store

    def test_nearest_vectors(self, store: GraphStore) -> None:
        ids = ("a", "b", "c", "d", "e")
        store.upsert([Product(id=i) for i in ids])
        matrix = np.array([[1, 0], [0, 2], [3, 3], [-1, 0], [9, 9]], dtype=np.float32)
        present = np.array([True, True, True, True, False])
        store.put_vectors("text", Vectors(ids=ids, matrix=matrix, present=present))
        found = store.nearest("text", np.array([2, 0], dtype=np.float32), k=10)
        assert [node_id for node_id, _ in found] == ["a", "c", "b", "d"]
        assert [score for _, score in found] == pytest.approx([1.0, 2**-0.5, 0.0, -1.0], abs=1e-5)
        assert [i for i, _ in store.nearest("text", np.array([0, 1], dtype=np.float32), k=2)] == ["b", "c"]

    @pytest.mark.parametrize("dim", [3, 50, 385])
    def test_equal_vectors_are_ordered_by_id(self, store: GraphStore, dim: int) -> None:
        ids = tuple(sorted([*"abcdefghijkl", "😀", "\uffff"]))
        store.upsert([Product(id=i) for i in ids])
        rng = np.random.default_rng(dim)
        row, query = rng.normal(size=(2, dim)).astype(np.float32)
        vectors = Vectors(
            ids=ids[::-1], matrix=np.tile(row, (len(ids), 1)), present=np.ones(len(ids), dtype=np.bool_)
        )
        store.put_vectors("same", vectors)
        assert [node_id for node_id, _ in store.nearest("same", query, k=9)] == list(ids[:9])

    def test_nearest_agrees_with_numpy(self, store: GraphStore) -> None:
        rng = np.random.default_rng(0)
        ids = tuple(f"p{n:03}" for n in range(200))
        matrix = rng.normal(size=(200, 24)).astype(np.float32)
        matrix[7] = 0.0  # without a direction: alike to nothing
        store.upsert([Product(id=i) for i in ids])
        vectors = Vectors(ids=ids, matrix=matrix, present=np.ones(200, dtype=np.bool_))
        store.put_vectors("v", vectors)
        query = rng.normal(size=24).astype(np.float32)
        cosine = vectors.unit() @ (query / np.linalg.norm(query))
        best = np.argsort(-cosine, kind="stable")
        found = store.nearest("v", query, k=200)
        assert [node_id for node_id, _ in found] == [ids[i] for i in best]
        assert [score for _, score in found] == pytest.approx(cosine[best].tolist(), abs=1e-5)
        nothing = store.nearest("v", np.zeros(24, dtype=np.float32), k=3)
        assert nothing == [("p000", 0.0), ("p001", 0.0), ("p002", 0.0)]

    def test_vectors_are_replaced_kept_apart_by_name_and_go_with_their_product(
        self, store: GraphStore
    ) -> None:
        ids = ("a", "b")
        store.upsert([Product(id=i) for i in ids])
        present = np.array([True, True])
        store.put_vectors("x", Vectors(ids=ids, matrix=np.eye(2, dtype=np.float32), present=present))
        store.put_vectors("y", Vectors(ids=ids, matrix=np.eye(2, 3, dtype=np.float32), present=present))
        one = Vectors(ids=("b",), matrix=np.ones((1, 4), dtype=np.float32), present=np.array([True]))
        store.put_vectors("x", one)
        assert [i for i, _ in store.nearest("x", np.ones(4, dtype=np.float32))] == ["b"]
        assert [i for i, _ in store.nearest("y", np.ones(3, dtype=np.float32))] == ["a", "b"]
        store.upsert([Product(id="a", title="renamed")])
        assert len(store.nearest("y", np.ones(3, dtype=np.float32))) == 2
        assert store.delete(products=["a"]) == WriteCounts(deleted=1)
        assert [i for i, _ in store.nearest("y", np.ones(3, dtype=np.float32))] == ["b"]

    def test_vectors_that_are_not_there(self, store: GraphStore) -> None:
        store.upsert([Product(id="a")])
        one = Vectors(ids=("a",), matrix=np.ones((1, 4), dtype=np.float32), present=np.array([True]))
        store.put_vectors("text", one)
        with pytest.raises(StoreError, match=r"'image'.*text"):
            store.nearest("image", np.ones(4, dtype=np.float32))
        with pytest.raises(StoreError, match="4 numbers"):
            store.nearest("text", np.ones(5, dtype=np.float32))

    def test_they_come_back_in_blocks_in_the_order_of_ids(self, store: GraphStore) -> None:
        ids = sorted([f"p{n:04}" for n in range(2_500)] + ["\uffff", "😀"])
        store.upsert([Product(id=i) for i in ids])
        assert store.vector_names() == ()
        given = vectors_of(ids[::-1], dim=5)
        halves = (vectors_of(ids[:1_500], dim=5, seed=1), vectors_of(ids[1_500:], dim=5, seed=2))
        store.put_vectors("whole", given)
        store.put_vectors("halves", iter(halves))
        assert store.vector_names() == ("halves", "whole")
        blocks = list(store.vectors("whole"))
        assert [i for block in blocks for i in block.ids] == ids
        np.testing.assert_array_equal(np.concatenate([b.matrix for b in blocks]), given.matrix[::-1])
        assert len(blocks) > 1
        assert all(block.present.all() and block.dim == 5 for block in blocks)
        assert kept(store, "halves") == {
            i: row.tolist() for half in halves for i, row in zip(half.ids, half.matrix, strict=True)
        }

    def test_vectors_of_unknown_products_are_left_out(self, store: GraphStore) -> None:
        store.upsert([LAMP, BOUGHT, FITS, Interaction(user="ann", product="stub")])
        store.put_vectors("v", vectors_of(["lamp", "desk", "stub", "nobody", "ann", "Lumo"]))
        assert sorted(kept(store, "v")) == ["desk", "lamp", "stub"]
        assert {i for i, _ in store.nearest("v", np.ones(8, dtype=np.float32))} == {"desk", "lamp", "stub"}

    def test_vectors_go_with_the_last_that_was_known_of_a_product(self, store: GraphStore) -> None:
        store.upsert([LAMP, Interaction(user="ann", product="stub"), Fact(head="a", relation="r", tail="b")])
        store.put_vectors("v", vectors_of(["a", "b", "lamp", "stub"]))
        store.delete(users=["ann"])
        assert sorted(kept(store, "v")) == ["a", "b", "lamp"]
        store.delete(products=["b"])
        assert sorted(kept(store, "v")) == ["lamp"]
        store.upsert([Product(id="a"), Product(id="stub")])
        assert sorted(kept(store, "v")) == ["lamp"]

    def test_none_at_all_are_kept_too(self, store: GraphStore) -> None:
        store.upsert([LAMP])
        store.put_vectors("none", vectors_of([], dim=3))
        store.put_vectors("strange", vectors_of(["nobody"], dim=3))
        for name in ("none", "strange"):
            assert [(block.ids, block.dim) for block in store.vectors(name)] == [((), 3)]
            assert store.nearest(name, np.ones(3, dtype=np.float32)) == []

    def test_they_can_be_dropped(self, store: GraphStore) -> None:
        store.upsert([LAMP])
        store.put_vectors("v", vectors_of(["lamp"]))
        store.drop_vectors("v")
        store.drop_vectors("never-there")
        assert store.vector_names() == ()
        with pytest.raises(StoreError, match="'v'"):
            store.nearest("v", np.ones(8, dtype=np.float32))
        with pytest.raises(StoreError, match="'v'"):
            next(store.vectors("v"))

    def test_what_cannot_be_kept_is_refused_and_changes_nothing(self, store: GraphStore) -> None:
        store.upsert([LAMP])
        store.put_vectors("v", vectors_of(["lamp"]))
        for name in ("", "9a", "a b", "x`y", "x" * 61):
            with pytest.raises(StoreError, match="letters, digits"):
                store.put_vectors(name, vectors_of(["lamp"]))
        with pytest.raises(StoreError, match="no block"):
            store.put_vectors("v", [])
        assert sorted(kept(store, "v")) == ["lamp"]
        with pytest.raises(StoreError, match="3 numbers, the first of 8"):
            store.put_vectors("w", iter([vectors_of(["lamp"]), vectors_of(["lamp"], dim=3)]))
        assert store.vector_names() == ("v",)

    def test_nearest_with_a_filter(self, filled: GraphStore) -> None:
        for wanted in CONDITIONS:
            assert_filtered(filled, (Filter.parse(wanted),))

    def test_all_of_several_filters_must_hold(self, filled: GraphStore) -> None:
        for several in (
            ("brand=Lumo", "price<50"),
            ("brand!=Lumo", "category=Home", "attr.colour=white"),
            ("price>0", "price<=4.99", "id!=bulb-cold"),
            ("category=Lighting", "category=Desks"),
        ):
            assert_filtered(filled, tuple(map(Filter.parse, several)))

    def test_a_type_takes_in_those_below_it(self, fresh: Fresh) -> None:
        def fact(head: str, relation: str, tail: str, kind: NodeKind) -> Fact:
            return Fact(head=head, relation=relation, tail=tail, head_kind=kind, tail_kind="type")

        records: list[Record] = [
            *(Product(id=i) for i in "abcd"),
            fact("a", "of_type", "lamp", "product"),
            fact("b", "of_type", "Desk lamp", "product"),
            fact("c", "of_type", "rug", "product"),
            fact("Desk lamp", "subtype_of", "lamp", "type"),
        ]
        store = fresh()
        store.upsert(records)
        store.put_vectors("v", vectors_of(list("abcd")))
        found = {
            where: "".join(sorted(i for i, _ in store.nearest("v", QUERY, where=where)))
            for where in ("type=LAMP", "type=desk lamp", "type in desk lamp,rug", "type!=lamp", "type=sofa")
        }
        assert list(found.values()) == ["ab", "b", "bc", "cd", ""]

    @several_examples
    @given(
        products=st.lists(strategies.products(strategies.few_ids), max_size=5, unique_by=lambda p: p.id),
        data=st.data(),
    )
    def test_any_filter_means_what_it_means_elsewhere(
        self, fresh: Fresh, products: list[Product], data: st.DataObject
    ) -> None:
        names = sorted({name for p in products for name in p.attributes if name}) or ["colour"]
        texts = {t for p in products for t in (p.brand, *p.category, *p.labels, p.availability, p.language)}
        texts |= {str(value) for p in products for name in names for value in p.values(name)} | {
            "x",
            "1",
            "yes",
        }
        filters = data.draw(
            st.lists(some_filter(names, sorted(texts), [p.price for p in products]), max_size=2)
        )
        ids = ["p1", "p2", "p3", "😀", "\uffff"]
        records: list[Record] = [*products, *(Interaction(user="u", product=i) for i in ids)]
        store = fresh()
        store.upsert(records)
        store.put_vectors("v", vectors_of(ids))
        graph = snapshot_of(records)
        mask = FilterIndex(graph.products).mask(filters)
        expected = {i for i, good in zip(graph.nodes["product"], mask.tolist(), strict=True) if good}
        assert {i for i, _ in store.nearest("v", QUERY, where=filters)} == expected
        for most in (1, 2):
            every = store.nearest("v", QUERY, where=filters)
            assert store.nearest("v", QUERY, where=filters, k=most) == every[:most]


QUERY = np.linspace(-1, 1, 8).astype(np.float32)


def some_filter(
    attributes: Sequence[str], texts: Sequence[str], prices: Sequence[Decimal | None]
) -> st.SearchStrategy[Filter]:
    """Filters that may find something among products with these attributes, texts and prices."""
    text = st.one_of(
        st.sampled_from(texts),
        st.sampled_from(texts).map(str.upper),
        st.sampled_from(texts).map(str.casefold),
    )
    named = st.sampled_from([f"attr.{attribute}" for attribute in attributes])
    fields = st.one_of(st.sampled_from(["brand", "category", "availability", "language", "id"]), named)
    number = st.sampled_from([0.0, 1.0, -1.5, *(float(p) for p in prices if p is not None)])
    orders = st.sampled_from(["<", "<=", ">", ">="])
    several = st.lists(text, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Filter, field=fields, op=st.sampled_from(["=", "!="]), value=text),
        st.builds(Filter, field=fields, op=st.just("in"), value=several),
        st.builds(Filter, field=st.just("price"), op=st.one_of(st.just("!="), orders), value=number),
        st.builds(Filter, field=named, op=orders, value=number),
    )


def assert_filtered(store: GraphStore, filters: tuple[Filter, ...]) -> None:
    """The nearest under filters are the nearest of all, without those that the filters drop."""
    graph = snapshot_of(RECORDS)
    mask = FilterIndex(graph.products).mask(filters)
    allowed = {i for i, good in zip(graph.nodes["product"], mask.tolist(), strict=True) if good}
    expected = [pair for pair in store.nearest("v", QUERY, k=100) if pair[0] in allowed]
    found = store.nearest("v", QUERY, k=100, where=filters)
    assert [i for i, _ in found] == [i for i, _ in expected], filters
    assert list(store.nearest("v", QUERY, k=2, where=filters)) == expected[:2], filters
