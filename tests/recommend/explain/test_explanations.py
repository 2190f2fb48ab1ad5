"""A score read aloud: the paths are real, and they add up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kg.graph import EdgeType, Graph, Node
from kg.records import Interaction, NodeKind, Product
from kg.snapshot import assemble
from recommend.explain.explanation import ExplainedEdge, ExplainedNode, Explanation
from recommend.query import Query
from recommend.recommender import Recommender
from recommend.results import Results
from tests.recommend.shops import NASTY, PLAIN

ALL = 1_000
PRIORS = ("popularity", "taste.popularity")

QUESTIONS: dict[str, Callable[[Recommender], Results]] = {
    "search": lambda r: r.search("black table lamp E14 lighting"),
    "search in Chinese": lambda r: r.search("黄铜台灯"),
    "search for a user": lambda r: r.search("lamp with a bulb", user="u1"),
    "search with a history": lambda r: r.search("cup", history=["lamp1", "cup3"]),
    "search for a user with a history": lambda r: r.search("cup", user="u5", history=["lamp1"]),
    "similar": lambda r: r.similar("lamp1"),
    "similar to the ugly one": lambda r: r.similar(NASTY),
    "recommend": lambda r: r.recommend("u1"),
    "recommend after a cart and a view": lambda r: r.recommend("u7"),
    "recommend to a history": lambda r: r.recommend(history=["cup1", "lamp2"]),
    "recommend to a user and a history": lambda r: r.recommend("u3", history=["cup1"]),
    "the same product twice": lambda r: r.recommend(history=["lamp1", "lamp1"]),
    "recommend to a stranger": lambda r: r.recommend("nobody"),
}


@pytest.fixture(params=sorted(QUESTIONS))
def results(request: pytest.FixtureRequest, hand: Recommender) -> Results:
    return QUESTIONS[request.param](hand)


def _listed(graph: Graph) -> list[str]:
    return [i for row, i in enumerate(graph.products.id) if graph.products.listed[row]]


def _exists(graph: Graph, node: ExplainedNode) -> Node:
    kind: NodeKind = node.kind  # type: ignore[assignment]
    number = graph.nodes[kind].number(node.id)
    assert number is not None, f"{node} is not in the graph"
    return Node(kind, number)


def _check_edge(graph: Graph, edge: ExplainedEdge) -> None:
    if edge.start.kind != "word":
        _exists(graph, edge.start)
    _exists(graph, edge.end)
    if edge.stored:
        ends = (edge.start, edge.end) if edge.forward else (edge.end, edge.start)
        head, tail = (_exists(graph, node) for node in ends)
        relation = graph.relations[EdgeType(head.kind, edge.relation, tail.kind)]
        assert tail.number in relation.tails[relation.row(head.number)], edge
    elif edge.relation != "names":
        assert edge.support is not None
        assert edge.support > 0
        assert edge.support_unit in ("users", "similarity", "BM25")


def test_paths_and_priors_add_up_to_the_score(hand: Recommender, results: Results) -> None:
    """Of every product of the shop, whether it is in the results or not."""
    scores = {hit.product.id: hit.score for hit in results}
    assert scores
    for product in _listed(hand.graph):
        found = hand.explain(results.query, product, paths=ALL)
        assert sum(found.signals.values()) == pytest.approx(found.score, rel=1e-5, abs=1e-7)
        priors = sum(found.signals.get(name, 0.0) for name in PRIORS)
        paths = sum(path.contribution for path in found.paths)
        assert paths + priors == pytest.approx(found.score, rel=1e-5, abs=1e-7)
        assert found.explained == pytest.approx(paths, rel=1e-9)
        assert found.path_count == len(found.paths)
        if product in scores:
            assert found.score == pytest.approx(scores[product], rel=1e-5)


def test_signals_of_an_explanation_are_those_of_the_hit(hand: Recommender, results: Results) -> None:
    for hit in results:
        assert hand.explain(results.query, hit.product.id).signals == pytest.approx(hit.signals, rel=1e-5)


def test_every_channel_that_adds_something_has_paths(hand: Recommender, results: Results) -> None:
    for hit in results:
        found = hand.explain(results.query, hit.product.id, paths=ALL)
        by_channel: dict[str, float] = {}
        for path in found.paths:
            assert path.contribution > 0
            by_channel[path.channel] = by_channel.get(path.channel, 0.0) + path.contribution
        expected = {name: value for name, value in hit.signals.items() if name not in PRIORS}
        assert by_channel == pytest.approx(expected, rel=1e-5)


def test_paths_are_in_the_graph_and_hang_together(hand: Recommender, results: Results) -> None:
    for product in _listed(hand.graph):
        for path in hand.explain(results.query, product, paths=ALL).paths:
            for edge in path.edges:
                _check_edge(hand.graph, edge)
            assert path.edges[-1].end.id == product
            for before, after in zip(path.edges, path.edges[1:], strict=False):
                assert before.end == after.start
            assert len(path.edges) <= 4


def test_other_people_are_counted_never_named(hand: Recommender, results: Results) -> None:
    for product in _listed(hand.graph):
        for path in hand.explain(results.query, product, paths=ALL).paths:
            people = {n.id for e in path.edges for n in (e.start, e.end) if n.kind in ("user", "query")}
            assert people <= {results.query.user}


def test_the_planted_shop_adds_up_too(shop: Recommender) -> None:
    for results in (shop.recommend("u010"), shop.similar("p004"), shop.search("kind2 wool", user="u010")):
        for hit in results:
            found = shop.explain(results.query, hit.product.id, paths=ALL)
            priors = sum(found.signals.get(name, 0.0) for name in PRIORS)
            assert sum(p.contribution for p in found.paths) + priors == pytest.approx(hit.score, rel=1e-5)
            for path in found.paths:
                for edge in path.edges:
                    _check_edge(shop.graph, edge)


def test_a_learned_ranking_is_a_rest_of_its_own(shop: Recommender) -> None:
    results = shop.recommend("u010", ranking="best")
    for hit, one in zip(results, shop.explain_all(results), strict=True):
        alone = shop.explain(results.query, hit.product.id)
        for found in (one, alone):
            assert found.score == pytest.approx(hit.score, rel=1e-5)
            assert found.adjustment == pytest.approx(hit.adjustment, rel=1e-4, abs=1e-6)
            assert found.rests.get("adjustment", 0.0) == found.adjustment
            assert found.explained + sum(found.rests.values()) == pytest.approx(hit.score, rel=1e-5)


def test_bought_together_counts_the_people_behind_it(hand: Recommender) -> None:
    """lamp1 and bulb1 were bought by u1 and u2; lamp3 by u3, who bought it, and u1, who only clicked it."""
    found = hand.explain(Query(product="lamp1"), "bulb1", paths=ALL)
    (edge,) = (p.edges[0] for p in found.paths if p.channel == "co_purchase")
    assert (edge.stored, edge.support, edge.support_unit) == (False, 2.0, "users")
    after = hand.explain(Query(history=("lamp1",)), "bulb1", paths=ALL)
    (edge,) = (p.edges[0] for p in after.paths if p.channel == "transitions")
    assert edge.support == 2.0
    before = hand.explain(Query(history=("bulb1",)), "lamp1", paths=ALL)
    assert not [p for p in before.paths if p.channel == "transitions"]


def test_shared_values_are_told_apart_by_their_rarity(hand: Recommender) -> None:
    """lamp1 and lamp3 are both dimmable and both take E14; fewer products are dimmable."""
    found = hand.explain(Query(product="lamp1"), "lamp3", paths=ALL)
    shared = {p.edges[0].end.id: p.contribution for p in found.paths if p.channel == "has_attribute"}
    assert set(shared) == {"dimmable=yes", "fitting=E14"}
    assert shared["dimmable=yes"] > shared["fitting=E14"]


def test_a_recommendation_begins_with_what_the_user_did(hand: Recommender) -> None:
    for product in hand.recommend("u1").ids:
        for path in hand.explain(Query(user="u1"), product, paths=ALL).paths:
            assert path.edges[0].start == ExplainedNode(kind="user", id="u1", label="u1")
            assert path.edges[0].stored
    (viewed,) = {
        path.edges[0].relation
        for path in hand.explain(Query(user="u7"), "lamp1", paths=ALL).paths
        if path.edges[0].end.id == "lamp2"
    }
    assert viewed == "viewed"


@pytest.mark.parametrize("paths", [1, 2, 3, 5])
def test_the_strongest_of_each_pattern_come_first(hand: Recommender, paths: int) -> None:
    for product in hand.recommend("u1").ids:
        everything = hand.explain(Query(user="u1"), product, paths=ALL)
        few = hand.explain(Query(user="u1"), product, paths=paths)
        assert len(few.paths) == min(paths, few.path_count)
        assert few.path_count == everything.path_count
        assert few.explained == everything.explained
        strengths = [path.contribution for path in few.paths]
        assert strengths == sorted(strengths, reverse=True)
        if few.paths:
            assert few.paths[0] == everything.paths[0]
        patterns = {path.pattern for path in everything.paths}
        assert len({path.pattern for path in few.paths}) == min(paths, len(patterns))


def test_two_equal_reasons_are_two(hand: Recommender) -> None:
    twice = hand.explain(Query(history=("lamp1", "lamp1")), "lamp4", paths=ALL)
    assert (
        twice.path_count
        == len(twice.paths)
        == 2 * hand.explain(Query(history=("lamp1",)), "lamp4").path_count
    )


def test_nothing_speaks_for_a_product(hand: Recommender) -> None:
    found = hand.explain(hand.search("woollen").query, "cup1")
    assert (found.score, found.paths, found.signals) == (0.0, (), {})
    assert "cup1" in found.text


def test_of_two_ways_to_meet_a_product_the_more_serious_is_said() -> None:
    log = [
        Interaction(user="u", product="a", kind="view", time=1.0),
        Interaction(user="u", product="a", kind="purchase", time=2.0),
    ]
    graph = assemble([Product(id="a", brand="B"), Product(id="b", brand="B")], [], log)
    found = Recommender.fit(graph, settings=PLAIN).explain(Query(user="u"), "b")
    assert isinstance(found, Explanation)
    assert [edge.relation for edge in found.paths[0].edges] == ["purchased", "made_by", "made_by"]
