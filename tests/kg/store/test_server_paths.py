"""The search inside the server finds what the search in memory finds, in the same order, and reads little."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.paths import find_paths
from kg.records import NODE_KINDS, Fact, Interaction, NodeKind, Product, Record
from kg.snapshot import ATTRIBUTE_FLOOR, ATTRIBUTE_LENGTH
from kg.store.server import ServerStore
from kg.store.server_paths import search_paths
from tests import strategies
from tests.graph_servers import ServerAddress
from tests.kg.store.contract import last_of_each, several_examples, snapshot_of
from tests.kg.store.emptied import driver_of, emptied
from tests.tiny import RECORDS

pytestmark = pytest.mark.neo4j
Name = tuple[NodeKind, str]


@pytest.fixture
def store(graph_server: ServerAddress) -> Iterator[ServerStore]:
    with emptied(graph_server) as store:
        yield store


def assert_as_in_memory(
    store: ServerStore, records: Sequence[Record], ends: Sequence[tuple[Name, Name]], **asked: Any
) -> int:
    """How many paths there were."""
    graph = snapshot_of(records)
    seen = 0
    for start, end in ends:
        expected = find_paths(graph, start, end, **asked)
        assert store.paths(start, end, **asked) == expected, (start, end, asked)
        seen += len(expected)
    return seen


def test_all_paths_of_the_tiny_shop(store: ServerStore) -> None:
    store.upsert(RECORDS)
    graph = snapshot_of(RECORDS)
    chosen: list[Name] = [
        ("user", "ann"),
        ("user", "dee"),
        ("product", "lamp-black"),
        ("product", "dimmer"),
        ("product", "mystery"),
        ("brand", "Lumo"),
        ("category", "Home > Lighting"),
        ("query", "brass lamp"),
        ("attribute", "colour=black"),
        ("collection", "study"),
    ]
    assert all(graph.nodes[kind].number(node_id) is not None for kind, node_id in chosen)
    ends = list(product(chosen, chosen))
    assert assert_as_in_memory(store, RECORDS, ends[::2], max_hops=4, limit=10_000) > 150
    assert assert_as_in_memory(store, RECORDS, ends[1::6], max_hops=4, limit=3) > 5
    some = {"made_by", "purchased", "subcategory_of", "in_category"}
    assert assert_as_in_memory(store, RECORDS, ends[::4], relations=some, max_hops=4, limit=50) > 5


links = st.lists(
    st.builds(
        Fact,
        head=st.sampled_from(["a", "b", "😀", "\uffff"]),
        head_kind=st.sampled_from(NODE_KINDS),
        relation=st.sampled_from(["r", "s", "has_attribute", "made_by", "viewed"]),
        tail=st.sampled_from(["a", "b", "😀", "\uffff"]),
        tail_kind=st.sampled_from(NODE_KINDS),
        source=st.sampled_from(["", "x"]),
    ),
    max_size=25,
)


@several_examples
@given(
    records=strategies.records,
    links=links,
    data=st.data(),
    limit=st.sampled_from([1, 5, 10_000]),
    max_hops=st.integers(1, 4),
)
def test_any_graph(
    graph_server: ServerAddress,
    records: list[Record],
    links: list[Fact],
    data: Any,
    limit: int,
    max_hops: int,
) -> None:
    graph = snapshot_of(last_of_each([*records, *links]).values())
    nodes: list[Name] = [(kind, node_id) for kind in NODE_KINDS for node_id in graph.nodes[kind]]
    nodes.append(("product", "nobody's"))
    ends = data.draw(st.lists(st.tuples(*[st.sampled_from(nodes)] * 2), min_size=3, max_size=6))
    relations = data.draw(st.sampled_from([None, {"r", "made_by", "viewed"}, set[str]()]))
    asked: dict[str, Any] = {"max_hops": max_hops, "limit": limit, "relations": relations}
    with emptied(graph_server) as store:
        store.upsert([*records, *links])
        for start, end in ends:
            assert store.paths(start, end, **asked) == find_paths(graph, start, end, **asked)


def test_attributes_that_make_no_edge(store: ServerStore) -> None:
    long_name, edge = "n" * 290, "t" * ATTRIBUTE_LENGTH
    values: dict[str, Any] = {
        "size": 3.0,
        "note": "x" * (ATTRIBUTE_LENGTH + 1),
        "edge": edge,
        "new": True,
        "used": False,
        "count": "1.0",
        long_name: "v" * 60,
        "smile": "😀" * ATTRIBUTE_LENGTH,
    }
    one = Product(id="one", attributes=values)
    two = Product(id="two", attributes={**values, "count": 1.0, "used": "no"})
    records: list[Record] = [
        one,
        two,
        # facts may name any attribute, by the id that it has in a snapshot
        Fact(head="three", relation="has_attribute", tail=f"{long_name}={'v' * 60}", tail_kind="attribute"),
        Fact(head="one", relation="has_attribute", tail="size=3.0", tail_kind="attribute"),
    ]
    store.upsert(records)
    pair: list[tuple[Name, Name]] = [(("product", "one"), ("product", "two"))]
    assert assert_as_in_memory(store, records, pair, max_hops=2, limit=99) == 4
    long_one: Name = ("attribute", f"{long_name}={'v' * 60}")
    others: list[tuple[Name, Name]] = [
        (("product", "three"), ("product", "two")),
        (("product", "three"), long_one),
        (long_one, ("product", "one")),
    ]
    assert assert_as_in_memory(store, records, others, max_hops=4, limit=99) >= 3


def test_common_attribute_values_are_no_way(store: ServerStore) -> None:
    count = 5 * ATTRIBUTE_FLOOR + 25
    share = count // 5  # exactly as many as may have a value
    shelf = [
        Product(
            id=f"p{n:03}",
            attributes={"at the limit": n < share, "above": n <= share, "on all": ("yes", True, 1.0)},
        )
        for n in range(count)
    ]
    told = [Fact(head="p001", relation="has_attribute", tail="above=yes", tail_kind="attribute")]
    store.upsert([*shelf, *told])
    ends: list[tuple[Name, Name]] = [
        (("product", "p000"), ("product", "p001")),
        (("product", "p001"), ("attribute", "above=yes")),
        (("product", "p002"), ("attribute", "above=yes")),
        (("attribute", "on all=yes"), ("product", "p002")),
        (("product", "p000"), ("attribute", "at the limit=yes")),
    ]
    assert assert_as_in_memory(store, [*shelf, *told], ends, max_hops=3, limit=500) == 4
    assert [str(p) for p in store.paths(*ends[0], max_hops=2)] == [
        "(product p000)-[has_attribute]->(attribute at the limit=yes)<-[has_attribute]-(product p001)"
    ]


def test_what_is_not_ours_is_no_way(store: ServerStore, graph_server: ServerAddress) -> None:
    records: list[Record] = [Product(id="a"), Product(id="b", brand="Lumo")]
    store.upsert(records)
    with driver_of(graph_server) as driver:
        driver.execute_query(
            "MATCH (a:Product {id: 'a'}), (b:Product {id: 'b'}), (l:Brand) "
            "MERGE (a)-[:NOTED]->(b) MERGE (a)-[:SEEN_AT]->(:Note)<-[:SEEN_AT]-(b) MERGE (l)-[:MADE_BY]->(a)"
        )
    assert assert_as_in_memory(store, records, [(("product", "a"), ("product", "b"))], max_hops=4) == 0


# few edges read, however many paths there are

HUB = 3_000


@pytest.fixture(scope="class")
def hub(graph_server: ServerAddress) -> Iterator[tuple[ServerStore, list[Record]]]:
    """All of one brand, in two categories and one collection, and each followed by the next."""
    shelf = [Product(id=f"p{n:06}", brand="Hub", labels=("x", "y"), collections=("all",)) for n in range(HUB)]
    log = [Interaction(user="u", product=p.id, time=float(n)) for n, p in enumerate(shelf[: HUB // 2])]
    chain = [Fact(head=a.id, relation="next", tail=b.id) for a, b in pairwise(shelf)]
    with emptied(graph_server) as store:
        store.upsert([*shelf, *chain, *log])
        yield store, [*shelf, *chain, *log]


class TestHubs:
    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (("product", "p000000"), ("product", "p002999")),
            (("user", "u"), ("product", "p001000")),
            (("product", "p001000"), ("user", "u")),
            (("brand", "Hub"), ("category", "x")),
            (("brand", "Hub"), ("product", "p000007")),
        ],
    )
    @pytest.mark.parametrize("max_hops", [2, 3, 4])
    def test_a_hub_is_no_explosion(
        self, hub: tuple[ServerStore, list[Record]], start: Name, end: Name, max_hops: int
    ) -> None:
        store, records = hub
        read = 0

        def counting(query: str, /, **parameters: Any) -> list[dict[str, Any]]:
            nonlocal read
            rows = store._read(query, **parameters)
            read += sum(len(row.get("found", ())) + len(row.get("stated", ())) for row in rows)
            return rows

        expected = find_paths(snapshot_of(records), start, end, max_hops=max_hops, limit=300)
        began = time.perf_counter()
        assert search_paths(counting, start, end, max_hops=max_hops, limit=300) == expected
        assert time.perf_counter() - began < 60  # an explosion would take hours
        # between these nodes lie up to nine million paths of four steps, over some 17,000 edges
        edges = len(records) + 4 * HUB
        assert read <= 3 * edges
