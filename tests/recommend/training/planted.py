"""A shop in which words mislead: what goes with a device speaks of the device more than the device does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kg.graph import ACCESSORY_OF, OF_TYPE, SUBTYPE_OF, Graph
from kg.records import Fact, Product
from kg.snapshot import assemble
from recommend.channels.queries import QueryChannel
from recommend.query import PreparedQuery, Query
from recommend.recommender import Recommender
from recommend.training.features import Features
from recommend.training.generated import GeneratedQueries, generate
from recommend.training.pools import Pools, Prepare, collect
from recommend.understand.reader import Reader
from tests.recommend.shops import PLAIN

DEVICES = (
    "camera",
    "printer",
    "speaker",
    "drone",
    "tablet",
    "kettle",
    "router",
    "scooter",
    "heater",
    "mixer",
)
BRANDS = ("Lumo", "Nori", "Holt", "Terra")
WRONG = {"lexical": 0.4, "entities": 0.2}


def misleading(*, each: int = 14, seed: int = 0) -> Graph:
    """Devices whose titles are models, and bags that say for which device they are, twice."""
    rng = np.random.default_rng(seed)
    products, facts = [], []
    for kind in DEVICES:
        for number in range(each):
            device, bag = f"{kind}-{number:02}", f"{kind}-bag-{number:02}"
            brand = BRANDS[int(rng.integers(len(BRANDS)))]
            title = f"{brand} {kind} model {rng.integers(1000, 9999)} of the {rng.integers(2000, 2020)} line"
            products.append(Product(id=device, title=title, brand=brand))
            products.append(Product(id=bag, title=f"{kind} bag, {kind} case", brand=brand))
            facts.append(Fact(head=device, relation=OF_TYPE, tail=kind, tail_kind="type"))
            facts.append(Fact(head=bag, relation=OF_TYPE, tail=f"{kind} bag", tail_kind="type"))
        facts.append(
            Fact(head=f"{kind} bag", relation=ACCESSORY_OF, tail=kind, head_kind="type", tail_kind="type")
        )
        facts.append(
            Fact(head=f"{kind} bag", relation=SUBTYPE_OF, tail="bag", head_kind="type", tail_kind="type")
        )
    return assemble(products, facts, ())


@dataclass(frozen=True, kw_only=True, eq=False)
class Shop:
    """The shop with its channels, its queries and their candidates."""

    graph: Graph
    channels: tuple[QueryChannel, ...]
    features: Features
    queries: GeneratedQueries
    pools: Pools
    prepare: Prepare


def read_by(graph: Graph) -> Prepare:
    """Makes queries ready for a shop without vectors."""
    reader = Reader.of(graph)

    def prepare(text: str, meaning: str | None = None) -> PreparedQuery:
        return PreparedQuery(query=Query(text=text), encoders={}, read=reader.read)

    return prepare


def open_shop() -> Shop:
    graph = misleading()
    fitted = Recommender.fit(graph, settings=replace(PLAIN, search_queries=0)).fitted
    channels = tuple(channel for _, channel in fitted.query_channels if channel.name in WRONG)
    features = Features.of(graph)
    queries = generate(graph, count=150, titles=features.titles)
    prepare = read_by(graph)
    pools = collect(queries, channels, features, prepare, WRONG, listed=graph.products.listed)
    return Shop(
        graph=graph, channels=channels, features=features, queries=queries, pools=pools, prepare=prepare
    )
