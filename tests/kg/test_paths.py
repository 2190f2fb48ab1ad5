"""Paths between two nodes: known ones, all of them, and few of very many."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import SettingsError
from kg.graph import Graph
from kg.paths import Path, Step, find_paths
from kg.records import Fact, Interaction, NodeKind, Product
from kg.snapshot import assemble
from tests.tiny import tiny_graph

NodeName = tuple[NodeKind, str]


def shown(paths: Iterable[Path]) -> list[str]:
    return [str(path) for path in paths]


def test_known_paths() -> None:
    found = find_paths(tiny_graph(), ("user", "ann"), ("product", "lamp-brass"), max_hops=3)
    by_lamp = "(user ann)-[purchased]->(product lamp-black)"
    by_bulb = "(user ann)-[purchased]->(product bulb-warm)"
    assert shown(found) == [
        f"{by_bulb}-[compatible_with]->(product lamp-brass)",
        f"{by_bulb}-[made_by]->(brand Lumo)<-[made_by]-(product lamp-brass)",
        f"{by_lamp}-[has_attribute]->(attribute colour=brass)<-[has_attribute]-(product lamp-brass)",
        f"{by_lamp}-[made_by]->(brand Lumo)<-[made_by]-(product lamp-brass)",
        f"{by_lamp}-[in_category]->(category Home > Lighting > Table lamps)"
        "<-[in_category]-(product lamp-brass)",
        f"{by_lamp}<-[compatible_with]-(product bulb-warm)-[compatible_with]->(product lamp-brass)",
    ]


def test_the_category_tree_is_walked_up_and_down() -> None:
    found = find_paths(
        tiny_graph(), ("product", "lamp-black"), ("product", "floor-arc"), max_hops=4, relations={
            "in_category", "subcategory_of",
        },
    )  # fmt: skip
    assert shown(found) == [
        "(product lamp-black)-[in_category]->(category Home > Lighting > Table lamps)"
        "-[subcategory_of]->(category Home > Lighting)"
        "<-[subcategory_of]-(category Home > Lighting > Floor lamps)<-[in_category]-(product floor-arc)"
    ]


def test_other_users_never_stand_inside_a_path() -> None:
    graph = tiny_graph()
    # ann and bob bought the same lamp, and bob clicked the brass one: that is bob's business
    bought = {"purchased", "clicked"}
    assert find_paths(graph, ("user", "ann"), ("product", "lamp-brass"), max_hops=4, relations=bought) == []
    for start in ("ann", "bob", "dee"):
        for end in graph.nodes["product"]:
            for path in find_paths(graph, ("user", start), ("product", end), max_hops=4, limit=200):
                assert all(step.kind != "user" for step in path.steps)
    # as an end, a user may stand
    found = find_paths(graph, ("user", "ann"), ("user", "bob"), max_hops=2)
    assert [step.id for path in found for step in path.steps] == ["bulb-warm", "bob", "lamp-black", "bob"]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (("user", "nobody"), ("product", "rug")),
        (("product", "rug"), ("product", "nothing")),
        (("product", "rug"), ("product", "rug")),
        (("product", "mystery"), ("product", "rug")),
    ],
)
def test_no_path(start: NodeName, end: NodeName) -> None:
    assert find_paths(tiny_graph(), start, end, max_hops=4) == []


def test_limits() -> None:
    graph = tiny_graph()
    ann, lamp = ("user", "ann"), ("product", "lamp-brass")
    every = find_paths(graph, ann, lamp, max_hops=4, limit=10_000)  # type: ignore[arg-type]
    assert len(every) > 10
    for limit in (1, 2, 7):
        assert find_paths(graph, ann, lamp, max_hops=4, limit=limit) == every[:limit]  # type: ignore[arg-type]
    for hops in (1, 2, 3):
        assert find_paths(graph, ann, lamp, max_hops=hops, limit=10_000) == [  # type: ignore[arg-type]
            path for path in every if len(path) <= hops
        ]
    with pytest.raises(SettingsError, match="max_hops=5"):
        find_paths(graph, ann, lamp, max_hops=5)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="limit=0"):
        find_paths(graph, ann, lamp, limit=0)  # type: ignore[arg-type]


# any small graph

nodes: st.SearchStrategy[NodeName] = st.sampled_from(
    [("product", "a"), ("product", "b"), ("product", "c"), ("brand", "a"), ("user", "u"), ("user", "v")]
)
edges = st.builds(
    lambda head, name, tail: Fact(
        head=head[1], head_kind=head[0], relation=name, tail=tail[1], tail_kind=tail[0]
    ),
    nodes,
    st.sampled_from(["r", "s"]),
    nodes,
)


def every_path(
    facts: Collection[Fact],
    start: NodeName,
    end: NodeName,
    max_hops: int,
    relations: Collection[str] | None,
) -> list[Path]:
    """By trying everything."""
    steps = {
        (here, Step(relation=f.relation, kind=there[0], id=there[1], forward=forward))
        for f in facts
        for forward in (True, False)
        for here, there in [
            ((f.head_kind, f.head), (f.tail_kind, f.tail))[:: 1 if forward else -1],
        ]
        if relations is None or f.relation in relations
    }

    def walk(seen: tuple[NodeName, ...], walked: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
        if seen[-1] == end:
            yield walked
        elif len(walked) < max_hops and (len(seen) == 1 or seen[-1][0] != "user"):
            for here, step in steps:
                if here == seen[-1] and (step.kind, step.id) not in seen:
                    yield from walk((*seen, (step.kind, step.id)), (*walked, step))

    found = [Path(kind=start[0], id=start[1], steps=walked) for walked in walk((start,), ()) if walked]
    return sorted(found, key=lambda p: (len(p), [(s.kind, s.id, s.relation, not s.forward) for s in p.steps]))


@given(
    facts=st.lists(edges, max_size=14),
    start=nodes,
    end=nodes,
    max_hops=st.integers(1, 4),
    limit=st.integers(1, 40),
    relations=st.sampled_from([None, {"r"}, {"r", "s"}, set[str]()]),
)
@settings(max_examples=400)
def test_they_are_the_first_of_all_paths(
    facts: list[Fact],
    start: NodeName,
    end: NodeName,
    max_hops: int,
    limit: int,
    relations: set[str] | None,
) -> None:
    found = find_paths(
        assemble([], facts, []), start, end, max_hops=max_hops, limit=limit, relations=relations
    )
    assert found == every_path(facts, start, end, max_hops, relations)[:limit]


# graphs with millions of paths


def hub_graph(products: int) -> Graph:
    """All of one brand, in two categories and one collection, and each bought by the one before it."""
    shelf = [
        Product(id=f"p{n:06}", brand="Hub", labels=("x", "y"), collections=("all",)) for n in range(products)
    ]
    log = [Interaction(user="u", product=p.id, time=float(n)) for n, p in enumerate(shelf[: products // 2])]
    chain = [Fact(head=a.id, relation="next", tail=b.id) for a, b in pairwise(shelf)]
    return assemble(shelf, chain, log)


@pytest.fixture(scope="module")
def hub() -> Graph:
    graph = hub_graph(20_000)
    for relation in graph.relations.values():
        assert relation.matrix.nnz == relation.backward.nnz
    assert graph.edge_count > 100_000
    return graph


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (("product", "p000000"), ("product", "p019999")),
        (("user", "u"), ("product", "p010000")),
        (("brand", "Hub"), ("category", "x")),
        (("brand", "Hub"), ("product", "p000007")),
    ],
)
@pytest.mark.parametrize("max_hops", [2, 3, 4])
def test_a_hub_is_no_explosion(hub: Graph, start: NodeName, end: NodeName, max_hops: int) -> None:
    began = time.process_time()
    found = find_paths(hub, start, end, max_hops=max_hops, limit=300)
    assert time.process_time() - began < 5
    assert found
    assert len(set(found)) == len(found)
    order = [(len(p), [(s.kind, s.id, s.relation, not s.forward) for s in p.steps]) for p in found]
    assert order == sorted(order)
    assert all((p.steps[-1].kind, p.steps[-1].id) == end for p in found)


def test_a_dead_end_behind_every_edge_of_a_hub() -> None:
    """Thousands of products from which the only way to the end leads back through where we came from."""
    n = 30_000
    facts = [Fact(head="hub", relation="r", tail=f"x{i}") for i in range(n)]
    facts += [Fact(head="start", relation="r", tail="hub"), Fact(head="hub", relation="r", tail="end")]
    graph = assemble([], facts, [])
    ends: tuple[NodeName, NodeName] = (("product", "start"), ("product", "end"))
    find_paths(graph, *ends, max_hops=1)  # the edges are turned round once per graph
    began = time.process_time()
    found = find_paths(graph, *ends, max_hops=4)
    assert time.process_time() - began < 0.3  # to try them all takes several times as long
    assert shown(found) == ["(product start)-[r]->(product hub)-[r]->(product end)"]


def test_a_search_touches_no_array_of_the_graph() -> None:
    graph = tiny_graph()
    before = {name: array.copy() for name, array in graph.arrays().items()}
    find_paths(graph, ("user", "ann"), ("product", "lamp-brass"), max_hops=4)
    for name, array in graph.arrays().items():
        np.testing.assert_array_equal(array, before[name])
