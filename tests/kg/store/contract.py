"""What every GraphStore must do. A new store's test is a subclass with one fixture, `fresh`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import DataError, SettingsError, StoreError
from kg.graph import Graph
from kg.paths import find_paths
from kg.records import Fact, Interaction, Product, ProductPatch, Quantity, Record
from kg.snapshot import assemble
from kg.store.base import GraphStore, WriteCounts
from tests import strategies

Fresh = Callable[[], GraphStore]

several_examples = settings(
    max_examples=15,
    deadline=None,
    # one set of tests runs in a class per store; each example opens a store of its own
    suppress_health_check=[
        HealthCheck.differing_executors,
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
)

LAMP = Product(
    id="lamp",
    title="Desk lamp",
    description="It bends.",
    brand="Lumo",
    category=("Home", "Lighting"),
    labels=("Sale", "Office"),
    attributes=MappingProxyType(
        {
            "colour": ("black", "brass"),
            "dimmable": True,
            "weight": Quantity(number=1.23, unit="kg"),
            "bulbs": 2.0,
            "note": "x" * 500,
        }
    ),
    price=Decimal("19.90"),
    currency="EUR",
    image="lamp.jpg",
    url="https://example.com/lamp",
    gtin="4006381333931",
    availability="in stock",
    language="en",
    collections=("study",),
)
DESK = Product(id="desk", title="Desk", brand="Lumo", category=("Home", "Tables"), collections=("study",))
BOUGHT = Interaction(user="ann", product="lamp", kind="purchase", time=100.0, order="o1")
FITS = Fact(head="lamp", relation="compatible_with", tail="desk", weight=2.0, source="expert")


def snapshot_of(records: Iterable[Record]) -> Graph:
    """The graph that records with distinct keys must give."""
    kept = list(records)
    return assemble(
        (r for r in kept if isinstance(r, Product)),
        (r for r in kept if isinstance(r, Fact)),
        (r for r in kept if isinstance(r, Interaction)),
    )


def assert_same_graph(one: Graph, other: Graph) -> None:
    """Equal array for array, types included."""
    first, second = one.arrays(), other.arrays()
    assert sorted(first) == sorted(second)
    for name, array in first.items():
        assert array.dtype == second[name].dtype, name
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def last_of_each(records: Iterable[Record]) -> dict[object, Record]:
    """What must be left of records written in order: the last one of each key."""
    kept: dict[object, Record] = {}
    for r in records:
        if isinstance(r, Product):
            kept["product", r.id] = r
        elif isinstance(r, Fact):
            kept["fact", r.head_kind, r.head, r.relation, r.tail_kind, r.tail, r.source] = r
        else:
            moment = r.position if r.time is None else r.time
            kept["interaction", r.user, r.product, r.kind, moment, r.time is None, r.query, r.order] = r
    return kept


def everything(store: GraphStore) -> list[Record]:
    return [*store.products(), *store.facts(), *store.interactions()]


def exact(products: Iterable[Product]) -> list[str]:
    """Every field with its type (1.0 and True are equal, and yet not the same value)."""
    return [repr(replace(p, attributes=dict(sorted(p.attributes.items())))) for p in products]


class StoreContract:
    """Inherit, and give the fixture `fresh`: a function that opens an emptied store."""

    @pytest.fixture
    def store(self, fresh: Fresh) -> GraphStore:
        return fresh()

    # records come back

    def test_a_full_product_comes_back_exactly(self, store: GraphStore) -> None:
        store.upsert([LAMP, DESK])
        assert exact(store.products()) == exact([DESK, LAMP])
        assert exact([store.product("lamp") or DESK]) == exact([LAMP])

    @several_examples
    @given(products=st.lists(strategies.products(), max_size=6, unique_by=lambda p: p.id))
    def test_any_product_comes_back_exactly_and_in_order(self, fresh: Fresh, products: list[Product]) -> None:
        store = fresh()
        store.upsert(products)
        assert exact(store.products()) == exact(sorted(products, key=lambda p: p.id))
        assert store.upsert(products) == WriteCounts(unchanged=len(products))

    @several_examples
    @given(interactions=st.lists(strategies.interactions(), max_size=12))
    def test_any_interaction_comes_back_in_order(self, fresh: Fresh, interactions: list[Interaction]) -> None:
        store = fresh()
        counts = store.upsert(interactions)
        assert counts.written + counts.unchanged == len(interactions)

        def order(i: Interaction) -> tuple[object, ...]:
            moment = i.time if i.time is not None else i.position
            known = float("-inf") if moment is None else float(moment)
            return (i.user, known, i.product, i.kind, i.query, i.order, i.time is not None)

        assert list(store.interactions()) == sorted(last_of_each(interactions).values(), key=order)  # type: ignore[arg-type]

    @several_examples
    @given(facts=st.lists(strategies.facts(), max_size=6))
    def test_any_fact_comes_back_in_order(self, fresh: Fresh, facts: list[Fact]) -> None:
        store = fresh()
        store.upsert(facts)
        expected = sorted(
            last_of_each(facts).values(),
            key=lambda f: (f.head_kind, f.head, f.relation, f.tail_kind, f.tail, f.source),  # type: ignore[union-attr]
        )
        assert list(store.facts()) == expected

    def test_ids_are_ordered_by_code_points(self, store: GraphStore) -> None:
        ids = [
            "a",
            "Z",
            "é",
            "e\u0301",
            "\ue000",
            "\uffff",
            "😀",
            "\U0010ffff",
            "中",
            "a\x00b",
            "'\"`\\",
            " ",
        ]
        store.upsert([Product(id=node_id) for node_id in ids])
        store.upsert([Interaction(user=node_id, product="a") for node_id in ids])
        store.upsert([Fact(head=node_id, relation="next_to", tail="a") for node_id in ids])
        assert [p.id for p in store.products()] == sorted(ids)
        assert [i.user for i in store.interactions()] == sorted(ids)
        assert [f.head for f in store.facts()] == sorted(ids)

    # writing again

    @several_examples
    @given(records=strategies.records)
    def test_the_last_record_of_a_key_wins_and_a_second_load_changes_nothing(
        self, fresh: Fresh, records: list[Record]
    ) -> None:
        store = fresh()
        counts = store.upsert(records)
        assert counts.written + counts.unchanged == len(records)
        assert counts.deleted == 0
        kept = list(last_of_each(records).values())
        assert_same_graph(store.snapshot(), snapshot_of(kept))
        assert store.upsert(kept) == WriteCounts(unchanged=len(kept))
        assert_same_graph(store.snapshot(), snapshot_of(kept))

    @several_examples
    @given(before=strategies.records, after=strategies.records)
    def test_a_product_replaces_itself_and_leaves_nothing_behind(
        self, fresh: Fresh, before: list[Record], after: list[Record]
    ) -> None:
        store = fresh()
        store.upsert(before)
        store.upsert(after)
        assert_same_graph(store.snapshot(), snapshot_of(last_of_each([*before, *after]).values()))

    def test_a_changed_product_is_written_and_an_equal_one_is_not(self, store: GraphStore) -> None:
        assert store.upsert([LAMP, DESK, BOUGHT, FITS]) == WriteCounts(written=4)
        assert store.upsert([LAMP, DESK, BOUGHT, FITS]) == WriteCounts(unchanged=4)
        dearer = replace(LAMP, price=Decimal("20.00"))
        assert store.upsert([dearer, DESK, BOUGHT, replace(FITS, weight=3.0)]) == WriteCounts(
            written=2, unchanged=2
        )
        assert exact(store.products()) == exact([DESK, dearer])
        assert [f.weight for f in store.facts()] == [3.0]

    def test_a_price_written_otherwise_is_a_change(self, store: GraphStore) -> None:
        store.upsert([replace(LAMP, price=Decimal("10.0"))])
        assert store.upsert([replace(LAMP, price=Decimal("10.00"))]) == WriteCounts(written=1)
        assert str(next(store.products()).price) == "10.00"

    def test_true_and_one_are_different_values(self, store: GraphStore) -> None:
        for value in (True, 1.0, "1", Quantity(number=1.0, unit=""), (1.0,), ()):
            product = Product(id="p", attributes={"a": value})
            assert store.upsert([product]) == WriteCounts(written=1)
            assert exact(store.products()) == exact([product])

    def test_duplicates_within_one_load_are_told_from_changes(self, store: GraphStore) -> None:
        other = replace(LAMP, title="Other")
        assert store.upsert([LAMP, LAMP, other, other, BOUGHT, BOUGHT]) == WriteCounts(written=3, unchanged=3)
        assert exact(store.products()) == exact([other])
        assert list(store.interactions()) == [BOUGHT]

    def test_an_empty_load_is_nothing(self, store: GraphStore) -> None:
        assert store.upsert([]) == WriteCounts()
        assert everything(store) == []
        assert store.counts().unfinished_load == ""
        assert store.snapshot().node_count == 0

    def test_more_records_than_a_batch(self, store: GraphStore) -> None:
        products = [Product(id=f"p{n:05}", brand=f"b{n % 7}") for n in range(2_100)]
        assert store.upsert(iter(products)) == WriteCounts(written=2_100)
        assert [p.id for p in store.products()] == [p.id for p in products]
        assert store.upsert(products[:50]) == WriteCounts(unchanged=50)

    def test_something_else_than_a_record_is_refused(self, store: GraphStore) -> None:
        with pytest.raises(StoreError, match="str"):
            store.upsert(["lamp"])  # type: ignore[list-item]

    # patches

    def test_a_patch_changes_the_named_fields_only(self, store: GraphStore) -> None:
        store.upsert([LAMP])
        patch = ProductPatch(
            product=Product(id="lamp", title="ignored", brand="Nova", price=Decimal("5")),
            fields=frozenset({"brand", "price"}),
        )
        assert store.upsert([patch]) == WriteCounts(written=1)
        assert store.upsert([patch]) == WriteCounts(unchanged=1)
        expected = replace(LAMP, brand="Nova", price=Decimal("5"))
        assert exact(store.products()) == exact([expected])
        assert_same_graph(store.snapshot(), snapshot_of([expected]))

    def test_a_patch_of_one_attribute_leaves_the_others(self, store: GraphStore) -> None:
        store.upsert([LAMP])
        patched = Product(id="lamp", attributes={"colour": "red", "weight": 9.0})
        store.upsert([ProductPatch(product=patched, fields=frozenset({"attr.colour"}))])
        expected = replace(LAMP, attributes={**LAMP.attributes, "colour": "red"})
        assert exact(store.products()) == exact([expected])

    @pytest.mark.parametrize(
        "field", ["title", "brand", "category", "labels", "price", "collections", "attributes", "attr.colour"]
    )
    def test_a_blank_patch_clears_the_field(self, store: GraphStore, field: str) -> None:
        store.upsert([LAMP])
        store.upsert([ProductPatch(product=Product(id="lamp"), fields=frozenset({field}))])
        if field == "attr.colour":
            kept = {name: value for name, value in LAMP.attributes.items() if name != "colour"}
            expected = replace(LAMP, attributes=kept)
        else:
            expected = replace(LAMP, **{field: getattr(Product(id="x"), field)})
        assert exact(store.products()) == exact([expected])
        assert_same_graph(store.snapshot(), snapshot_of([expected]))

    def test_a_patch_of_an_unknown_product_makes_it(self, store: GraphStore) -> None:
        store.upsert([ProductPatch(product=LAMP, fields=frozenset({"title"}))])
        assert exact(store.products()) == exact([Product(id="lamp", title="Desk lamp")])

    def test_patches_see_what_came_before_in_the_same_load(self, store: GraphStore) -> None:
        title = ProductPatch(product=Product(id="lamp", title="New"), fields=frozenset({"title"}))
        price = ProductPatch(product=Product(id="lamp", price=Decimal("1")), fields=frozenset({"price"}))
        assert store.upsert([LAMP, title, price]) == WriteCounts(written=3)
        assert exact(store.products()) == exact([replace(LAMP, title="New", price=Decimal("1"))])

    def test_a_patch_of_an_unknown_field_is_refused_and_nothing_is_kept(self, store: GraphStore) -> None:
        with pytest.raises(DataError, match="colour"):
            store.upsert([DESK, ProductPatch(product=LAMP, fields=frozenset({"colour"}))])
        assert everything(store) == []

    # facts and interactions

    def test_several_sources_state_one_edge(self, store: GraphStore) -> None:
        facts = [
            replace(FITS, source=source, weight=weight)
            for source, weight in [("a", 1.0), ("", 5.0), ("b", 2.0)]
        ]
        store.upsert(facts)
        assert [f.source for f in store.facts()] == ["", "a", "b"]
        relation = store.snapshot().relation("compatible_with")
        assert relation is not None
        assert relation.weight.tolist() == [5.0]

    def test_facts_named_like_other_relations_are_kept_apart(self, store: GraphStore) -> None:
        facts = [
            Fact(
                head="Home",
                relation="subcategory_of",
                tail="World",
                head_kind="category",
                tail_kind="category",
            ),
            Fact(head="desk", relation="found", tail="lamp", head_kind="query"),
            Fact(head="lamp", relation="has_attribute", tail="style=modern", tail_kind="attribute"),
            Fact(head="lamp", relation="in_category", tail="Gifts", tail_kind="category"),
            Fact(head="lamp", relation="made_by", tail="Other", tail_kind="brand", source="rumour"),
            Fact(head="ann", relation="purchased", tail="desk", head_kind="user"),
        ]
        key = lambda f: (f.head_kind, f.head, f.relation)  # noqa: E731
        facts.sort(key=key)
        store.upsert([LAMP, DESK, BOUGHT, *facts])
        assert list(store.facts()) == facts
        assert list(store.interactions()) == [BOUGHT]
        assert exact(store.products()) == exact([DESK, LAMP])
        # replacing the product takes its own edges only
        bare = Product(id="lamp")
        store.upsert([bare])
        assert list(store.facts()) == facts
        assert_same_graph(store.snapshot(), snapshot_of([bare, DESK, BOUGHT, *facts]))

    def test_interactions_collapse_by_key(self, store: GraphStore) -> None:
        same = replace(BOUGHT, value=3.0)
        others = [
            replace(BOUGHT, time=101.0),
            replace(BOUGHT, order="o2"),
            replace(BOUGHT, query="lamp"),
            replace(BOUGHT, kind="view"),
            replace(BOUGHT, user="bob"),
            replace(BOUGHT, product="desk"),
            replace(BOUGHT, time=None, position=100),
            replace(BOUGHT, time=None),
        ]
        counts = store.upsert([BOUGHT, *others, same])
        assert counts == WriteCounts(written=10)
        found = list(store.interactions())
        assert len(found) == 9
        assert same in found
        assert BOUGHT not in found

    def test_a_rank_that_was_learned_later_is_a_change(self, store: GraphStore) -> None:
        click = replace(BOUGHT, kind="click", query="lamp")
        assert store.upsert([click]) == WriteCounts(written=1)
        for rank in (7, 3, None):
            told = replace(click, rank=rank)
            assert store.upsert([told]) == WriteCounts(written=1)
            assert store.upsert([told]) == WriteCounts(unchanged=1)
            assert list(store.interactions()) == [told]
            found = store.snapshot().relation("found", "query", "product")
            assert found is not None
            assert found.weight.tolist() == [rank or 1]

    # stubs

    def test_a_mentioned_product_is_a_stub_until_it_is_loaded(self, store: GraphStore) -> None:
        store.upsert([BOUGHT, FITS])
        assert list(store.products()) == []
        assert store.product("lamp") is None
        assert (store.counts().products, store.counts().stubs) == (0, 2)
        assert store.stub_count() == 2
        assert store.snapshot().products.listed.tolist() == [False, False]
        store.upsert([LAMP])
        assert (store.counts().products, store.counts().stubs) == (1, 1)
        assert store.product("lamp") is not None
        assert list(store.interactions()) == [BOUGHT]

    def test_an_unknown_product_is_none(self, store: GraphStore) -> None:
        store.upsert([LAMP])
        assert store.product("' OR 1=1 --") is None

    # deleting

    def test_deleting_a_product_takes_all_that_touches_it(self, store: GraphStore) -> None:
        back = replace(FITS, head="desk", tail="lamp")
        store.upsert([LAMP, DESK, BOUGHT, replace(BOUGHT, product="desk"), FITS, back])
        assert store.delete(products=["lamp", "unknown"]) == WriteCounts(deleted=4)
        assert exact(store.products()) == exact([DESK])
        assert list(store.facts()) == []
        assert list(store.interactions()) == [replace(BOUGHT, product="desk")]
        assert_same_graph(store.snapshot(), snapshot_of([DESK, replace(BOUGHT, product="desk")]))
        assert store.delete(products=["lamp"]) == WriteCounts()

    def test_deleting_a_user_takes_the_log_and_the_facts(self, store: GraphStore) -> None:
        likes = Fact(head="ann", relation="likes", tail="Lumo", head_kind="user", tail_kind="brand")
        known = Fact(head="bob", relation="knows", tail="ann", head_kind="user", tail_kind="user")
        clicks = [
            Interaction(user=u, product="lamp", kind="click", query="desk lamp") for u in ("ann", "bob")
        ]
        only_ann = Interaction(user="ann", product="gone", kind="click", query="ann's words")
        store.upsert([LAMP, BOUGHT, likes, known, *clicks, only_ann])
        assert store.delete(users=["ann"]) == WriteCounts(deleted=5)
        assert_same_graph(store.snapshot(), snapshot_of([LAMP, clicks[1]]))
        assert everything(store) == [LAMP, clicks[1]]

    def test_a_deleted_product_can_come_back(self, store: GraphStore) -> None:
        store.upsert([LAMP, BOUGHT])
        store.delete(products=["lamp"])
        assert everything(store) == []
        assert store.snapshot().node_count == 0
        store.upsert([LAMP])
        assert exact(store.products()) == exact([LAMP])

    def test_a_product_named_like_a_user(self, store: GraphStore) -> None:
        records: list[Record] = [
            Product(id="x"),
            Interaction(user="x", product="x"),
            Interaction(user="x", product="y"),
        ]
        store.upsert(records)
        store.delete(users=["x"])
        assert everything(store) == [Product(id="x")]

    @several_examples
    @given(
        records=strategies.records, products=st.sets(strategies.few_ids), users=st.sets(strategies.few_users)
    )
    def test_deleting_is_as_if_it_had_never_been_known(
        self, fresh: Fresh, records: list[Record], products: set[str], users: set[str]
    ) -> None:
        gone = {("product", p) for p in products} | {("user", u) for u in users}

        def touches(r: Record) -> bool:
            if isinstance(r, Product):
                return ("product", r.id) in gone
            if isinstance(r, Interaction):
                return ("user", r.user) in gone or ("product", r.product) in gone
            return (r.head_kind, r.head) in gone or (r.tail_kind, r.tail) in gone

        store = fresh()
        store.upsert(records)
        counts = store.delete(products=products, users=users)
        kept = last_of_each(records).values()
        assert counts.deleted == sum(touches(r) for r in kept)
        assert store.stub_count() == store.counts().stubs
        assert_same_graph(store.snapshot(), snapshot_of(r for r in kept if not touches(r)))

    # reading it as a whole

    def test_counts(self, store: GraphStore) -> None:
        store.upsert([LAMP, DESK, BOUGHT, FITS, replace(BOUGHT, kind="click", query="a lamp")])
        counts = store.counts()
        assert (counts.products, counts.stubs, counts.unfinished_load) == (2, 0, "")
        assert counts.nodes == {
            "product": 2,
            "brand": 1,
            "category": 5,
            "attribute": 3,
            "user": 1,
            "query": 1,
            "collection": 1,
        }
        assert counts.edges == {
            "made_by": 2,
            "in_category": 4,
            "subcategory_of": 2,
            "has_attribute": 3,
            "in_collection": 2,
            "purchased": 1,
            "clicked": 1,
            "found": 1,
            "compatible_with": 1,
        }

    def test_a_snapshot_does_not_change_with_the_store(self, store: GraphStore) -> None:
        store.upsert([LAMP])
        before = store.snapshot()
        store.upsert([DESK])
        assert before.product_count == 1
        assert store.snapshot().product_count == 2

    def test_paths_are_those_of_the_snapshot(self, store: GraphStore) -> None:
        others = [Interaction(user="bob", product=p, time=1.0) for p in ("lamp", "desk")]
        store.upsert([LAMP, DESK, BOUGHT, FITS, *others])
        paths = store.paths(("user", "ann"), ("product", "desk"), max_hops=3)
        assert [str(p) for p in paths] == [
            "(user ann)-[purchased]->(product lamp)-[compatible_with]->(product desk)",
            "(user ann)-[purchased]->(product lamp)-[made_by]->(brand Lumo)<-[made_by]-(product desk)",
            "(user ann)-[purchased]->(product lamp)-[in_collection]->(collection study)"
            "<-[in_collection]-(product desk)",
        ]
        graph = store.snapshot()
        for hops in (1, 2, 4):
            for relations in (None, {"made_by", "purchased"}, set[str]()):
                asked = store.paths(("user", "ann"), ("product", "desk"), max_hops=hops, relations=relations)
                assert asked == find_paths(
                    graph, ("user", "ann"), ("product", "desk"), max_hops=hops, relations=relations
                )
        assert len(store.paths(("user", "ann"), ("product", "desk"), limit=2)) == 2
        assert store.paths(("user", "nobody"), ("product", "desk")) == []

    def test_a_search_for_paths_without_end_is_refused(self, store: GraphStore) -> None:
        with pytest.raises(SettingsError, match="max_hops=9"):
            store.paths(("user", "ann"), ("product", "desk"), max_hops=9)
        with pytest.raises(SettingsError, match="limit=0"):
            store.paths(("user", "ann"), ("product", "desk"), limit=0)

    # revisions

    def test_a_revision_names_a_state(self, store: GraphStore, fresh: Fresh) -> None:
        names = [store.revision()]
        for records in ([LAMP, DESK], [replace(LAMP, title="Lamp")], [BOUGHT], [FITS]):
            store.upsert(records)
            names.append(store.revision())
        store.delete(products=["desk"])
        names.append(store.revision())
        assert len(set(names)) == len(names)
        assert all(names)
        everything(store), store.snapshot(), store.counts(), store.product("lamp")
        assert store.revision() == names[-1]
        assert store.changed_products(names[-1]) == ()
        assert store.changed_products("of another graph") is None
        other = fresh()
        other.upsert([LAMP, DESK])
        assert other.revision() not in names

    def test_products_that_changed_are_told_in_order_or_not_at_all(self, store: GraphStore) -> None:
        store.upsert([LAMP, DESK, Product(id="rug"), BOUGHT, FITS])
        before = store.revision()
        store.upsert([Product(id="\uffff"), Product(id="😀"), replace(DESK, title="Table"), LAMP])
        store.delete(products=["rug", "nobody"])
        assert store.changed_products(before) in (("desk", "rug", "\uffff", "😀"), None)
        for change in (replace(BOUGHT, product="rug"), replace(FITS, weight=9.0)):
            between = store.revision()
            store.upsert([change])
            assert store.changed_products(between) is None

    def test_a_snapshot_of_what_changed_is_one_read_anew(self, store: GraphStore) -> None:
        store.upsert([LAMP, DESK, *(Product(id=f"p{n}", brand="B") for n in range(9)), BOUGHT, FITS])
        made_by = Fact(head="p3", relation="made_by", tail="Lumo", tail_kind="brand", weight=3.0)
        store.upsert([made_by])
        first = store.current()
        assert first.changed is None
        assert_same_graph(first.graph, store.snapshot())
        assert store.current(first).graph is first.graph
        assert store.current(first).changed == ()
        store.upsert([replace(DESK, brand="Holt"), Product(id="new", attributes={"colour": "red"})])
        store.delete(products=["p4"])
        second = store.current(first)
        assert second.revision == store.revision() != first.revision
        assert second.changed in (("desk", "new", "p4"), None)
        assert_same_graph(second.graph, snapshot_of(everything(store)))
        store.upsert([Product(id=f"p{n}", brand="C") for n in range(9)])  # most of them
        assert_same_graph(store.current(second).graph, snapshot_of(everything(store)))
        store.upsert([replace(BOUGHT, product="p1")])
        third = store.current(second)
        assert third.changed is None
        assert_same_graph(third.graph, snapshot_of(everything(store)))

    def test_products_can_be_retired_with_a_load(self, store: GraphStore) -> None:
        store.upsert([LAMP, DESK, BOUGHT])
        told: list[list[str]] = []

        def retire(listed: Collection[str]) -> list[str]:
            told.append(sorted(listed))
            return ["lamp"]

        counts = store.upsert([Product(id="rug"), DESK], retire=retire)
        assert told == [["desk", "lamp"]]
        assert counts == WriteCounts(written=1, unchanged=1, deleted=2)
        assert everything(store) == [DESK, Product(id="rug")]

    # failures

    def test_a_source_that_breaks_keeps_nothing_of_its_batch(self, store: GraphStore) -> None:
        def broken() -> Iterator[Record]:
            yield LAMP
            raise ValueError("row 2")

        store.upsert([DESK])
        with pytest.raises(ValueError, match="row 2"):
            store.upsert(broken())
        assert everything(store) == [DESK]
        assert store.upsert([LAMP]) == WriteCounts(written=1)

    def test_fragments_of_query_languages_are_only_text(self, store: GraphStore) -> None:
        fragments = [
            "'; DROP TABLE product; --",
            '"}) MATCH (n) DETACH DELETE n //',
            "`",
            "$ids",
            "{id: 1}",
            "\\",
            "%",
        ]
        products = [
            Product(
                id=f,
                title=f,
                brand=f,
                category=(f, f),
                labels=(f,),
                attributes={f: (f, True, 1.0)},
                collections=(f,),
            )
            for f in fragments
        ]
        log = [Interaction(user=f, product=f, kind="click", query=f, order=f) for f in fragments]
        facts = [Fact(head=f, relation="next_to", tail=f, source=f, tail_kind="brand") for f in fragments]
        store.upsert([*products, *log, *facts])
        assert_same_graph(store.snapshot(), snapshot_of([*products, *log, *facts]))
        store.delete(products=fragments[:3], users=fragments[:3])
        assert [p.id for p in store.products()] == sorted(fragments[3:])

    def test_two_threads_read_while_one_writes(self, store: GraphStore) -> None:
        from concurrent.futures import ThreadPoolExecutor

        store.upsert([LAMP])
        with ThreadPoolExecutor(3) as pool:
            reads = [pool.submit(store.product, "lamp") for _ in range(10)]
            write = pool.submit(store.upsert, [replace(DESK, id=f"d{n}") for n in range(200)])
            assert all(read.result() == LAMP for read in reads)
            assert write.result() == WriteCounts(written=200)
