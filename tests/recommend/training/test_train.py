"""Training as a whole: learned only where it surely helps, else the defaults."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from kg.graph import Graph
from kg.records import Product
from kg.snapshot import assemble
from recommend.query import PreparedQuery
from recommend.training.clicks import held_out, typed_queries
from recommend.training.generated import generate
from recommend.training.search_weights import learned_weights
from recommend.training.train import compared, train_search
from tests.recommend.training.logs import log_of
from tests.recommend.training.planted import WRONG, Shop, open_shop, read_by
from tests.tiny import tiny_graph


@pytest.fixture(scope="module")
def shop() -> Shop:
    return open_shop()


def test_best_is_chosen_where_it_surely_wins(shop: Shop) -> None:
    found = train_search(shop.graph, shop.channels, shop.prepare, WRONG, count=150)
    assert found.ranker is not None
    assert found.card["best"]["chosen"]
    assert found.card["best"]["gain"][1] > 0
    assert set(found.weights) == set(WRONG)
    assert all(weight > 0 for weight in found.weights.values())
    json.dumps(found.card)


def test_look_ups_of_one_product_choose_nothing(shop: Shop) -> None:
    """What only finds products by pieces of their titles is no better search."""
    held = shop.pools
    kind = np.array([shop.queries.wanted[query].kind is not None for query in held.query.tolist()])
    assert 0.1 < kind.mean() < 0.9
    old = np.full(len(held), 0.5)
    of_look_ups = compared(np.where(kind, old, 0.9), old, held, shop.queries, 0)
    assert of_look_ups["gain"][1] > 0
    assert not of_look_ups["chosen"]
    assert "look-ups" in of_look_ups["why"]
    assert compared(np.where(kind, 0.9, old), old, held, shop.queries, 0)["chosen"]
    worse = compared(np.where(kind, 0.9, 0.3), old, held, shop.queries, 0)
    assert (worse["chosen"], worse["why"]) == (False, "worse on look_ups queries")


def test_the_same_seed_trains_the_same(shop: Shop) -> None:
    one, other = (train_search(shop.graph, shop.channels, shop.prepare, WRONG, count=80) for _ in range(2))
    assert one.weights == other.weights
    assert {**one.card, "seconds": 0} == {**other.card, "seconds": 0}


def test_some_queries_are_asked_with_a_word_that_nobody_knows(shop: Shop) -> None:
    asked: list[str] = []

    def prepare(text: str, meaning: str | None = None) -> PreparedQuery:
        asked.append(text)
        return shop.prepare(text)

    primed: list[str] = []
    found = train_search(shop.graph, shop.channels, prepare, WRONG, prime=primed.extend, count=100)
    strange = set(asked) - set(primed)
    assert 0.1 < len(strange) / found.card["queries"] < 0.45
    assert set(primed) < set(asked)
    assert "gain_strange" in found.card["best"]


@pytest.mark.parametrize("graph", [assemble((), (), ()), assemble([Product(id="a")], (), ()), tiny_graph()])
def test_a_shop_that_teaches_nothing_keeps_the_defaults(shop: Shop, graph: Graph) -> None:
    found = train_search(graph, (), read_by(graph), WRONG)
    assert dict(found.weights) == WRONG
    assert found.ranker is None
    assert not found.card["weights"]["chosen"]
    assert "too few" in found.card["best"]["why"]


def test_weights_move_towards_what_finds_more(shop: Shop) -> None:
    """A channel that says the grade outright becomes worth more; the sum stays."""
    pools = shop.pools
    told = pools.values.copy()
    told[:, :, 0] = pools.grades / 3

    better = replace(pools, values=told)
    start = dict.fromkeys(pools.channels, 0.5)
    found = learned_weights(better, start)
    assert found[pools.channels[0]] > found[pools.channels[1]]
    assert sum(found.values()) == pytest.approx(1.0)
    assert better.ndcg(better.exact(found)).mean() > better.ndcg(better.exact(start)).mean()


def test_silent_and_absent_channels_keep_their_weights(shop: Shop) -> None:

    silent = shop.pools.values.copy()
    silent[:, :, 1] = 0
    start = dict.fromkeys(shop.pools.channels, 0.5)
    assert learned_weights(replace(shop.pools, values=silent), start) == start
    nothing = shop.pools.of(np.zeros(len(shop.pools), dtype=np.bool_))
    assert learned_weights(nothing, start) == start


def test_typed_queries_join_and_some_only_measure(shop: Shop) -> None:
    graph = shop.graph
    names = [name for name in graph.nodes["product"] if "bag" not in name]
    clicks = [(f"nice {name[:4]} {i % 7}", name, 4.0) for i, name in enumerate(names)]
    typed = typed_queries(log_of(graph, clicks))
    found = train_search(graph, shop.channels, shop.prepare, WRONG, count=100, typed=typed, best=False)
    assert found.card["templates"]["clicks"] == len(typed)
    assert found.ranker is None
    assert any(held_out(text) for text in typed.text)
    assert "gain_typed" in found.card["weights"]


def test_typed_queries_replace_generated_ones_of_the_same_text(shop: Shop) -> None:
    made = generate(shop.graph, count=60)
    names = shop.graph.nodes["product"]
    typed = typed_queries(log_of(shop.graph, [(made.text[5].upper(), names[0], 5.0)]))
    both = made.then(typed)
    assert len(both) == len(made)
    assert both.text[-1] == made.text[5].upper()
    for query in range(5):
        np.testing.assert_array_equal(both.graded(query)[0], made.graded(query)[0])
