"""The Cypher of an explanation, pasted into Neo4j, shows exactly the paths of the explanation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import neo4j
import pytest

from kg import Shop
from kg.records import Fact, Interaction, Product, Record
from kg.snapshot import assemble
from recommend import build
from recommend.query import Query
from recommend.recommender import Recommender
from tests.graph_servers import ServerAddress
from tests.kg.store.contract import snapshot_of
from tests.kg.store.emptied import credentials_of, driver_of, emptied
from tests.recommend.cli.lampshop import run
from tests.recommend.server.showing import assert_shown, statements
from tests.recommend.shops import PLAIN
from tests.tiny import RECORDS

pytestmark = pytest.mark.neo4j
ALL = 1_000

NASTY = (
    "it's",
    'say "hi"',
    "back\\slash",
    "\\u0041",
    "tick`s",
    "中文 灯",
    "new\nline\r\ttab",
    "nul\x00",
    "line\u2028end",
    "😀\uffff",
    "}) DETACH DELETE n //",
    "$ids {id: 1}",
    " ",
    "//",
    ";",
)


@pytest.fixture
def driver(graph_server: ServerAddress) -> Iterator[neo4j.Driver]:
    with driver_of(graph_server) as driver:
        yield driver


def nasty_records() -> list[Record]:
    """Products, brands, attributes, categories, users and queries with names that every format chokes on."""
    products = [
        Product(
            id=name,
            title=name,
            brand=NASTY[n // 2],
            category=(name.strip() or "x", NASTY[n // 3]),
            labels=(NASTY[n // 2],),
            attributes={NASTY[n // 4]: NASTY[n // 3], "n" * 290: "long " * (n % 2 + 1)},
            collections=(NASTY[n // 2],),
        )
        for n, name in enumerate(NASTY)
    ]
    facts = [Fact(head=a, relation="goes_with", tail=b) for a, b in pairwise(NASTY)]
    log = [
        Interaction(user=NASTY[n % 5], product=name, time=float(n), query=name if n % 3 else "")
        for n, name in enumerate(NASTY)
    ]
    again = [
        Interaction(user=NASTY[n % 5], product=name, kind="view", time=50.0 + n)
        for n, name in enumerate(NASTY[::2])
    ]
    return [*products, *facts, *log, *again]


def explain_all(
    driver: neo4j.Driver, model: Recommender, queries: Sequence[Query], products: Sequence[str]
) -> int:
    return sum(
        assert_shown(driver, model.explain(query, product, paths=ALL))
        for query in queries
        for product in products
        if product not in (query.product, *query.history)
    )


def test_every_path_of_the_tiny_shop(graph_server: ServerAddress, driver: neo4j.Driver) -> None:
    with emptied(graph_server) as store:
        store.upsert(RECORDS)
        model = Recommender.fit(store.snapshot(), settings=PLAIN)
        queries = [
            *(Query(user=user) for user in ("ann", "bob", "dee")),
            Query(product="lamp-black"),
            Query(product="bulb-warm"),
            Query(history=("spade", "lamp-paper")),
            Query(text="lumo lighting brass dimmable"),
            Query(text="bulbs", user="bob"),
        ]
        products = ["lamp-black", "lamp-brass", "bulb-warm", "floor-arc", "rake", "desk-oak"]
        assert explain_all(driver, model, queries, products) > 100


def test_names_that_every_format_chokes_on(graph_server: ServerAddress, driver: neo4j.Driver) -> None:
    records = nasty_records()
    with emptied(graph_server) as store:
        store.upsert(records)
        model = Recommender.fit(snapshot_of(records), settings=PLAIN)
        queries = [
            *(Query(product=name) for name in NASTY[::2]),
            *(Query(user=name) for name in NASTY[:5]),
            *(Query(text=name) for name in NASTY[:6]),
        ]
        assert explain_all(driver, model, queries, NASTY[::3]) > 100
        assert store.stub_count() == 0
        assert [p.id for p in store.products()] == sorted(NASTY)  # nothing was executed but the reading


def test_neighbours_stand_side_by_side(graph_server: ServerAddress, driver: neo4j.Driver) -> None:
    """What is only similar has no edge; both ends are shown."""
    shelf = [
        Product(id=f"p{n}", title=t)
        for n, t in enumerate(["oak desk", "oak table", "steel desk", "red sofa"])
    ]
    log = [Interaction(user="u", product="p0")]
    with emptied(graph_server) as store:
        store.upsert([*shelf, *log])
        settings = PLAIN.__class__(image=False, kge=False, gnn=False, fusion=None, threads=1)
        model = Recommender.fit(assemble(shelf, [], log), settings=settings)
        asked = [Query(user="u"), Query(product="p0"), Query(text="wooden writing table")]
        assert explain_all(driver, model, asked, ["p1", "p2"]) >= 6


def test_what_the_command_prints_runs(
    graph_server: ServerAddress, driver: neo4j.Driver, tmp_path: Path
) -> None:
    with emptied(graph_server) as store:
        store.upsert(RECORDS)
        shop = Shop.create(
            tmp_path / "shop", graph=graph_server.url, credentials=credentials_of(graph_server)
        )
        build(shop, settings=PLAIN)
        for words in (("--user", "ann"), ("--query", "brass lamp"), ("--product", "bulb-warm")):
            ran = run(
                "explain", "lamp-brass", *words, "--format", "cypher", "--paths", 5, "--shop", shop.path
            )
            assert ran.status == 0, ran.err
            texts = statements(ran.out)
            assert texts
            for text in texts:
                assert driver.execute_query(text).records, text
