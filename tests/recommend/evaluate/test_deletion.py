"""Scores after edges are gone: exactly what a model without them would give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.graph import EdgeType, Graph, Node
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.channels.base import FitContext, Links, fit_links
from recommend.channels.traces import Edge, SimilarityTrace
from recommend.evaluate.deletion import Deleting, Removal, edges_of
from recommend.evaluate.faithfulness import Faithfulness
from recommend.query import Query
from recommend.recommender import Recommender
from recommend.sparse import empty
from tests.recommend.shops import PLAIN, planted

VIEWED = EdgeType("product", "also_viewed", "product")


def small(*, timed: bool = False) -> Graph:
    """Ann met 'a'. 'b' is also viewed, 'c' is of the same brand, and two others met 'd' (`timed`: next)."""
    products = [Product(id=name, brand="one" if name in "ac" else "") for name in "abcd"]
    met = [("ann", "a"), ("bob", "a"), ("bob", "d"), ("cid", "a"), ("cid", "d")]
    return assemble(
        products,
        [Fact(head="a", relation="also_viewed", tail="b")],
        [
            Interaction(user=user, product=product, time=float(moment) if timed else None)
            for moment, (user, product) in enumerate(met)
        ],
    )


@pytest.fixture(scope="module")
def model() -> Recommender:
    return Recommender.fit(small(), settings=PLAIN)


@pytest.mark.parametrize(
    ("product", "channel"), [("b", "also_viewed"), ("c", "made_by"), ("d", "co_purchase")]
)
def test_without_its_only_path_popularity_is_left(model: Recommender, product: str, channel: str) -> None:
    graph, deleting = model.graph, Deleting(model)
    ann, number = graph.nodes["user"].number("ann"), graph.number(product)
    assert ann is not None
    history = model.fitted.behaviour.history(ann)
    explanation = model.explain(Query(user="ann"), product)
    (path,) = explanation.paths
    assert path.channel == channel
    edges = edges_of(graph, path)
    assert edges is not None
    removal = deleting.removal(channel, edges, ann)
    before, after = (deleting.scores(history, gone)[number] for gone in (Removal(), removal))
    assert before == pytest.approx(explanation.score, rel=1e-6)
    assert after == deleting.additive.prior[number]
    assert before - after == pytest.approx(path.contribution, rel=1e-5)


def test_paths_that_stand_on_the_same_purchases_fall_together() -> None:
    model = Recommender.fit(small(timed=True), settings=PLAIN)
    graph = model.graph
    ann = graph.nodes["user"].number("ann")
    assert ann is not None
    explanation = model.explain(Query(user="ann"), "d")
    claims = {path.channel: path.contribution / explanation.score for path in explanation.paths}
    assert set(claims) == {"co_purchase", "transitions"}
    faithfulness = Faithfulness(model.fitted, Deleting(model), k=10, rng=np.random.default_rng(0))
    tested = faithfulness.test(0, ann, explanation)
    assert {one.channel: one.own for one in tested} == pytest.approx(claims, rel=1e-5)
    assert [one.fall for one in tested] == pytest.approx([sum(claims.values())] * 2, rel=1e-5)


def test_who_asks_keeps_what_they_did(model: Recommender) -> None:
    graph = model.graph
    ann, a, d = graph.nodes["user"].number("ann"), graph.number("a"), graph.number("d")
    ends = Node("product", a), Node("product", d)
    edge = Edge(start=ends[0], relation="bought_together", end=ends[1], stored=False, support=2.0)
    users = {graph.nodes["user"].number(name) for name in ("bob", "cid")}
    assert Deleting(model).removal("co_purchase", [edge], ann).met == {(user, a) for user in users}
    bob = graph.nodes["user"].number("bob")
    assert bob not in {user for user, _ in Deleting(model).removal("co_purchase", [edge], bob).met}


def test_nothing_gone_is_what_serves() -> None:
    model = Recommender.fit(planted(60, 60, noise=2), settings=PLAIN)
    deleting = Deleting(model)
    assert {one.name for one in deleting.additive.links} == deleting.rebuilt
    for user in model.graph.nodes["user"][:10]:
        number = model.graph.nodes["user"].number(user)
        assert number is not None
        scores = deleting.scores(model.fitted.behaviour.history(number), Removal())
        for hit in model.recommend(user):
            assert scores[model.graph.number(hit.product.id)] == pytest.approx(hit.score, rel=1e-6)


@pytest.fixture(scope="module")
def planted_models() -> list[Recommender]:
    return [Recommender.fit(planted(30, 40, seed=seed, noise=2), settings=PLAIN) for seed in range(2)]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_it_equals_fitting_every_channel_again(planted_models: list[Recommender], seed: int) -> None:
    """Taken out of the graph beforehand, the edges give the same scores."""
    rng = np.random.default_rng(seed)
    model = planted_models[seed % 2]
    fitted, deleting = model.fitted, Deleting(model)
    history = fitted.behaviour.history(int(rng.integers(len(model.graph.nodes["user"]))))
    facts = [t for t in model.graph.relations if t.head == "product"]
    edge_type = facts[int(rng.integers(len(facts)))]
    relation = model.graph.relations[edge_type]
    drawn = rng.choice(len(relation), 2)
    edges = frozenset((edge_type, int(relation.heads[i]), int(relation.tails[i])) for i in drawn)
    met: frozenset[tuple[int, int]] = frozenset()
    if rng.random() < 0.5:
        weight = fitted.behaviour.weight.tocoo()
        met = frozenset((int(weight.row[i]), int(weight.col[i])) for i in rng.choice(weight.nnz, 3))
    scores = deleting.scores(history, Removal(edges=edges, met=met))
    masks = {edge_type: np.array([(edge_type, h, t) in edges for h, t in _pairs(model.graph, edge_type)])}
    for user_type in (t for t in model.graph.relations if t.head == "user"):
        masks[user_type] = np.array([pair in met for pair in _pairs(model.graph, user_type)])
    graph = model.graph.without(edges=masks)
    context = FitContext(
        graph=graph, behaviour=Behaviour.of(graph), vectors={}, indexes={}, settings=PLAIN, seed=0
    )
    again = {one.name: one for one in fit_links(context)}
    links = tuple(
        replace(one, matrix=again[one.name].matrix if one.name in again else empty(*one.matrix.shape))
        for one in deleting.additive.links
    )
    np.testing.assert_allclose(scores, replace(deleting.additive, links=links).scores(history), rtol=1e-5)


def _pairs(graph: Graph, edge_type: EdgeType) -> list[tuple[int, int]]:
    relation = graph.relations[edge_type]
    return list(zip(relation.heads.tolist(), relation.tails.tolist(), strict=True))


def test_the_link_of_a_vector_goes_as_a_whole() -> None:
    model = Recommender.fit(small(), settings=PLAIN)
    a, b = model.graph.number("a"), model.graph.number("b")
    matrix = empty(model.graph.product_count, model.graph.product_count).tolil()
    matrix[a, b] = 0.5
    near = Links(name="near", matrix=matrix.tocsr(), trace=SimilarityTrace(relation="near", power=4))
    model.fitted.links = (*model.fitted.links, near)
    model.fitted.weights["history"]["near"] = 2.0
    deleting = Deleting(model)
    assert "near" not in deleting.rebuilt
    edge = Edge(start=Node("product", a), relation="near", end=Node("product", b), stored=False, support=0.8)
    removal = deleting.removal("near", [edge], None)
    assert removal == Removal(links=frozenset({("near", a, b)}))
    history = model.fitted.behaviour.history(0)
    fall = deleting.scores(history, Removal())[b] - deleting.scores(history, removal)[b]
    assert fall == pytest.approx(1.0)
    assert near.matrix[a, b] == np.float32(0.5)
