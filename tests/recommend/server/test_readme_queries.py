"""The queries of the README's chapter on Neo4j run on the demo shop, and find what they say."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Any

import neo4j
import pytest

from kg import Shop
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.store.base import GraphStore
from recommend.query import Query
from recommend.recommender import Recommender
from tests.graph_servers import ServerAddress
from tests.kg.store.emptied import driver_of
from tests.kg.store.vector_contract import vectors_of
from tests.recommend.server.showing import assert_shown
from tests.recommend.shops import PLAIN

pytestmark = pytest.mark.neo4j
README = (Path(__file__).resolve().parents[3] / "README.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"([^\n]+):\n\n```cypher\n(.*?)```", README, re.DOTALL)
FENCES = README.count("```cypher")


@pytest.fixture(scope="module")
def driver(graph_server: ServerAddress) -> Iterator[neo4j.Driver]:
    with driver_of(graph_server) as driver:
        yield driver


@pytest.fixture(scope="module")
def store(demo_on_server: Shop) -> Iterator[GraphStore]:
    """The demo shop with a product without brand, one without bounds, a stub, and vectors."""
    with demo_on_server.store() as store:
        odd = Product(id="odd", title="Odd lamp", category=("Home", "Lighting", "Table lamps"), price=100_000)  # type: ignore[arg-type]
        store.upsert([odd, Fact(head="odd", relation="goes_with", tail="only-mentioned")])
        store.put_vectors("text_v0001_00000000", vectors_of(list(store.snapshot().nodes["product"]), dim=16))
        yield store


@pytest.fixture(scope="module")
def graph(store: GraphStore) -> Graph:
    return store.snapshot()


def test_there_are_ten_and_each_has_its_sentence() -> None:
    assert len(QUERIES) == FENCES == 10


@pytest.fixture(scope="module")
def answers(store: GraphStore, driver: neo4j.Driver) -> list[list[dict[str, Any]]]:
    """The rows of each query, in the order of the README."""
    return [[dict(row) for row in driver.execute_query(query).records] for _, query in QUERIES]


@pytest.mark.parametrize("number", range(FENCES), ids=[said[:40] for said, _ in QUERIES])
def test_each_returns_rows(answers: list[list[dict[str, Any]]], number: int) -> None:
    assert answers[number], QUERIES[number][1]


def answer(answers: list[list[dict[str, Any]]], words: str) -> list[dict[str, Any]]:
    (number,) = (n for n, (said, _) in enumerate(QUERIES) if words in said)
    return answers[number]


def test_they_find_the_right_rows(
    answers: list[list[dict[str, Any]]], store: GraphStore, graph: Graph
) -> None:
    products = {p.id: p for p in store.products()}
    log = list(store.interactions())
    assert answer(answers, "without a brand") == [{"p.id": "odd", "p.title": "Odd lamp"}]
    stubs = answer(answers, "only mentioned")
    assert [(row["p.id"], row["mentioned_by"], row["times"]) for row in stubs] == [
        ("only-mentioned", "GOES_WITH", 1)
    ]
    shared = answer(answers, "share")[0]
    having = [p for p in products.values() if shared["a.value"] in p.values(shared["a.name"])]
    assert len(having) == shared["products"] > 100
    tree = {row["c.id"]: row["products"] for row in answer(answers, "category tree")}
    assert set(tree) == set(graph.nodes["category"])
    for branch in ("Home", "Home > Lighting", "Kitchen"):
        inside = [p for p in products.values() if " > ".join(p.category).startswith(branch)]
        assert tree[branch] == len(inside) > 5
    bought = answer(answers, "one user bought")
    own = [i for i in log if i.user == "U0042" and i.kind == "purchase"]
    assert Counter(row["p.title"] for row in bought) == Counter(products[i.product].title for i in own)
    together = answer(answers, "in one order")
    assert [(row["a.id"], row["b.id"], row["orders"]) for row in together] == ordered_together(log)[:10]
    lamps = [float(p.price) for p in products.values() if p.category[-1:] == ("Table lamps",) and p.price]
    odd = answer(answers, "far from the median")[0]
    assert (odd["p.id"], odd["median"]) == ("odd", pytest.approx(median(lamps)))
    searches = Counter(i.query for i in log if i.kind == "click" and i.query)
    said = answer(answers, "searched for")[0]
    assert (said["query"], said["clicks"]) == (said["query"], max(searches.values()))
    assert searches[said["query"]] == said["clicks"]
    nearest = answer(answers, "nearest products")
    vector = {
        i: row for b in store.vectors("text_v0001_00000000") for i, row in zip(b.ids, b.matrix, strict=True)
    }
    exact = [i for i, _ in store.nearest("text_v0001_00000000", vector["SG-0070"], k=6)][1:]
    assert len({row["node.id"] for row in nearest} & set(exact)) >= 4


def ordered_together(log: list[Interaction]) -> list[tuple[str, str, int]]:
    orders: dict[tuple[str, str], set[str]] = defaultdict(set)
    for i in log:
        if i.kind == "purchase" and i.order:
            orders[i.user, i.order].add(i.product)
    found = Counter(pair for basket in orders.values() for pair in combinations(sorted(basket), 2))
    return sorted(((a, b, count) for (a, b), count in found.items()), key=lambda row: (-row[2], row[:2]))


def test_links_of_two_products_are_those_of_the_search_for_paths(
    answers: list[list[dict[str, Any]]], store: GraphStore
) -> None:
    shown = {tuple(node["id"] for node in row["path"].nodes) for row in answer(answers, "links two products")}
    over = {
        "made_by",
        "in_category",
        "subcategory_of",
        "has_attribute",
        "in_collection",
        "goes_with",
        "compatible_with",
    }
    found = store.paths(("product", "SG-0070"), ("product", "SG-0099"), max_hops=4, relations=over, limit=500)
    shortest = {("SG-0070", *(s.id for s in path.steps)) for path in found if len(path) == len(found[0])}
    # what Neo4j walks besides are values that are common to many products
    assert shown & shortest


def test_explanations_of_the_demo_shop_are_shown_as_they_are(graph: Graph, driver: neo4j.Driver) -> None:
    model = Recommender.fit(graph, settings=PLAIN)
    asked = (Query(user="U0042"), Query(product="SG-0070"), Query(history=("SG-0070", "SG-0049")))
    shown = 0
    for query in asked:
        found = (
            model.similar(query.product)
            if query.product
            else model.recommend(query.user, history=query.history)
        )
        for hit in list(found)[:3]:
            shown += assert_shown(driver, model.explain(query, hit.product.id, paths=20))
    for text in ("desk lamp black", "煎锅"):
        results = model.search(text)
        for hit in list(results)[:2]:
            shown += assert_shown(driver, model.explain(results.query, hit.product.id, paths=20))
    assert shown > 60
