"""Products that nobody bought yet: weights of their own, exact sums, and what happens when one is bought."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from kg.graph import Graph, Node
from kg.records import Fact, Interaction, Product
from kg.shop import Shop
from kg.snapshot import assemble
from kg.split import without_behaviour
from recommend import Recommender, build
from recommend.behaviour import Behaviour
from recommend.channels.around import fit as around
from recommend.channels.base import FitContext, ItemFit, Links
from recommend.channels.onward import fit as onward
from recommend.channels.taste_traces import TasteTrace
from recommend.channels.tastes import fit as tastes
from recommend.earlier import Earlier
from recommend.opening import open_fitted
from recommend.query import Query
from recommend.rank.additive import Additive, by_task
from recommend.settings import Settings
from recommend.stages import Stages
from recommend.update import update
from recommend.vector_stages import Made, learn_graph
from recommend.welcoming import linked
from tests.recommend.shops import PLAIN

BRANDS, PER_BRAND = 24, 12
USERS = 900
NEW = tuple(f"new{i:02d}" for i in range(BRANDS))


def records(seed: int = 0) -> tuple[list[Product], list[Interaction]]:
    """Brands come in pairs: who buys the one buys the other too. Each has one product that nobody bought."""
    rng = np.random.default_rng(seed)
    products = [
        Product(id=f"p{brand:02d}-{i:02d}", title=f"Thing {brand} {i}", brand=f"brand{brand:02d}")
        for brand in range(BRANDS)
        for i in range(PER_BRAND)
    ]
    products += [Product(id=NEW[b], title=f"New {b}", brand=f"brand{b:02d}") for b in range(BRANDS)]
    log = []
    for user in range(USERS):
        pair = int(rng.integers(BRANDS // 2))
        for _ in range(5):
            brand = 2 * pair + int(rng.integers(2))
            log.append(
                Interaction(user=f"u{user:03d}", product=f"p{brand:02d}-{rng.integers(PER_BRAND):02d}")
            )
        log.append(Interaction(user=f"u{user:03d}", product=f"p{rng.integers(BRANDS):02d}-00"))
    return products, log


@pytest.fixture(scope="module")
def graph() -> Graph:
    products, log = records()
    return assemble(products, [], log)


@pytest.fixture(scope="module")
def model(graph: Graph) -> Recommender:
    return Recommender.fit(graph, settings=replace(PLAIN, learn_users=2_000, search_queries=0, best_lists=0))


def test_weights_of_their_own_are_learned_and_told(model: Recommender) -> None:
    told = model.fitted.card["newcomers"]
    assert told["kept"] == "on"
    assert told["gain"] > 0
    assert told["interval"][0] > 0
    theirs, usual = model.weights["newcomer"], model.weights["history"]
    assert theirs["taste_made_by"] > 0
    assert usual["taste_made_by"] == 0  # it links to nothing that was bought
    assert theirs["co_purchase"] == 0
    assert usual["co_purchase"] > 0


def test_a_new_product_of_the_brand_that_goes_along_is_found(model: Recommender) -> None:
    """A history of one brand of a pair: the new product of the other is next, which the brand alone cannot
    say."""
    fitted = model.fitted
    n = fitted.graph.product_count
    plain = Additive.of(fitted.links, fitted.priors, fitted.weights["history"], products=n)
    number = fitted.graph.nodes["product"].number
    places, before = [], []
    for brand in range(BRANDS):
        ids = [f"p{brand:02d}-{i:02d}" for i in range(1, 4)]
        found = [hit.product.id for hit in model.recommend(history=ids, k=300) if hit.product.id in NEW]
        assert set(found[:2]) == {NEW[brand], NEW[brand ^ 1]}
        places.append(found.index(NEW[brand ^ 1]))
        history = model._recommending.known(Query(history=tuple(ids)))
        before.append(float(plain.scores(history)[number(NEW[brand ^ 1])]))
    assert max(before) == 0
    assert max(places) <= 1


def test_contributions_add_up_to_the_score_and_have_true_paths(model: Recommender, graph: Graph) -> None:
    results = model.recommend(history=["p00-01", "p00-02", "p05-03"], k=300)
    new = [hit for hit in results if hit.product.id in NEW]
    assert len(new) >= 4
    for hit in new:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        explained = model.explain(results.query, hit.product.id, paths=1_000)
        assert sum(path.contribution for path in explained.paths) == pytest.approx(hit.score, rel=1e-5)
        steps = [path for path in explained.paths if path.channel == "taste_made_by"]
        assert steps
        assert all(path.edges[0].support and path.edges[0].support > 0 for path in steps)


def test_in_a_batch_they_score_as_one_by_one(model: Recommender) -> None:
    additive = model._recommending._additive["history"]
    for user in range(0, USERS, 100):
        history = model.fitted.behaviour.history(user)
        np.testing.assert_allclose(
            additive.scores_by_merged(history), additive.scores(history), rtol=1e-5, atol=1e-7
        )


def test_a_saved_model_gives_the_same(model: Recommender, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = Recommender.open(tmp_path / "model")
    for user in ("u001", "u002", "u003"):
        assert [(hit.product.id, hit.score) for hit in again.recommend(user, k=200)] == [
            (hit.product.id, hit.score) for hit in model.recommend(user, k=200)
        ]


def test_it_arrives_by_an_update_and_has_the_usual_weights_once_it_is_bought(tmp_path: Path) -> None:
    products, log = records()
    sold = [one for one in products if one.id not in NEW]
    shop = Shop.create(tmp_path / "shop")
    shop.load(sold)
    shop.load(log, kind="interactions")
    settings = replace(PLAIN, learn_users=2_000)
    build(shop, settings=settings)
    opened = Recommender.open(tmp_path / "shop")
    assert opened.weights["newcomer"]["taste_made_by"] > 0
    assert all(not one.name.startswith("taste") for one in opened.fitted.links)

    update(shop, [products[-1]])
    updated = Recommender.open(tmp_path / "shop")
    history = ["p22-01", "p22-02"]  # the brand that goes along with that of the new product
    hit = next(hit for hit in updated.recommend(history=history, k=300) if hit.product.id == NEW[-1])
    assert hit.signals["taste_made_by"] == pytest.approx(hit.score, rel=1e-5)

    update(shop, [Interaction(user="u000", product=NEW[-1])], kind="interactions")
    bought = Recommender.open(tmp_path / "shop")
    usual = by_task(
        bought.fitted.links,
        bought.fitted.priors,
        bought.fitted.weights,
        products=bought.graph.product_count,
    )["history"]
    known = bought._recommending.known(Query(history=tuple(history)))
    here = bought._recommending._additive["history"].scores(known)
    np.testing.assert_array_equal(here, usual.scores(known))
    assert bought.weights["newcomer"] == pytest.approx(opened.weights["newcomer"])


STRANGE = tuple(f"strange{i:02d}" for i in range(BRANDS))


@pytest.fixture(scope="module")
def linked_records() -> tuple[list[Product], list[Fact], list[Interaction]]:
    """The same shop, where relations link what is bought together; each brand also has a stranger, that
    nothing is linked to."""
    products, log = records()
    facts = [
        Fact(
            head=f"p{brand:02d}-{i:02d}",
            relation="also_viewed",
            tail=f"p{other:02d}-{(i + step) % PER_BRAND:02d}",
        )
        for brand in range(BRANDS)
        for i in range(PER_BRAND)
        for other in (brand, brand ^ 1)
        for step in (1, 2, 3)
    ]
    facts += [
        Fact(head=f"p{b:02d}-{i:02d}", relation="also_viewed", tail=NEW[b])
        for b in range(BRANDS)
        for i in range(4)
    ]
    products += [Product(id=STRANGE[b], title=f"Strange {b}", brand=f"brand{b:02d}") for b in range(BRANDS)]
    return products, facts, log


def test_strangers_have_weights_of_their_own_until_a_relation_links_them(
    linked_records: tuple[list[Product], list[Fact], list[Interaction]], tmp_path: Path
) -> None:
    products, facts, log = linked_records
    settings = replace(PLAIN, learn_users=2_000, search_queries=0, best_lists=0)
    model = Recommender.fit(assemble(products, facts, log), settings=settings)
    told = model.fitted.card["strangers"]
    assert told["products"] == model.fitted.card["newcomers"]["products"]
    assert told["weights"]
    of_relations = {one.name for one in model.fitted.links if one.trace.of_relations}
    assert of_relations > {"also_viewed", "also_viewed_shared", "onward_also_viewed"}
    assert not of_relations & told["weights"].keys()

    theirs = {"made_by": 0.5, "taste_made_by": 2.0}
    model.fitted.weights["stranger"] = theirs
    model.save(tmp_path / "model")
    opened = open_fitted(tmp_path / "model")
    more = [*facts, Fact(head="p04-01", relation="also_viewed", tail=STRANGE[5])]
    later = Recommender.refit(opened, assemble(products, more, log))
    assert later.weights["stranger"].items() >= theirs.items()
    for known, mine in ((Recommender.open(tmp_path / "model"), STRANGE), (later, STRANGE[:5] + STRANGE[6:])):
        ids = (*NEW, *STRANGE)
        numbers = np.array([known.graph.number(name) for name in ids])
        history = known._recommending.known(Query(history=("p04-01", "p04-02")))
        additive = known._recommending._additive["history"]
        signals = additive.signals(history, numbers)
        scores = additive.scores(history)[numbers]
        np.testing.assert_allclose(np.sum(list(signals.values()), axis=0), scores, rtol=1e-5)
        usual = Additive.of(
            known.fitted.links, (), dict.fromkeys(signals, 1.0), products=known.graph.product_count
        )
        plain = usual.signals(history, numbers)
        for name, values in signals.items():
            weights = [known.weights["stranger" if one in mine else "newcomer"].get(name, 0.0) for one in ids]
            np.testing.assert_allclose(values, plain.get(name, 0) * np.array(weights), rtol=1e-5)
        assert scores[ids.index(STRANGE[4])] > 0
        assert ("also_viewed" in signals and signals["also_viewed"][ids.index(STRANGE[5])] > 0) == (
            known is later
        )


def test_a_shop_without_relations_has_no_strangers(model: Recommender) -> None:
    assert "strangers" not in model.fitted.card
    assert "stranger" not in model.weights
    assert not linked(model.graph).any()


def test_tastes_count_other_products_than_the_one_itself() -> None:
    """u and v met a and another one of its brand, w only a."""
    products = [Product(id=name, brand="b") for name in ("a", "c", "new")] + [Product(id="d", brand="e")]
    met = (("u", "a"), ("u", "c"), ("v", "a"), ("v", "c"), ("w", "a"), ("w", "d"))
    graph = assemble(products, [], [Interaction(user=user, product=product) for user, product in met])
    (one,) = tastes(_context(graph))
    number = graph.nodes["product"].number
    a, d, new = (number(name) or 0 for name in ("a", "d", "new"))
    assert set(one.matrix.tocoo().col.tolist()) == {new}
    assert isinstance(one.trace, TasteTrace)
    (path,) = one.trace.paths(graph, Behaviour.of(graph), a, new, 1.0)
    assert path.edges[0].support == 2
    (path,) = one.trace.paths(graph, Behaviour.of(graph), d, new, 1.0)
    assert path.edges[0].support == 1
    assert one.matrix[a, new] > one.matrix[d, new] > 0


def test_what_is_bought_of_a_brand_is_shared_among_its_products() -> None:
    """Two brands are met as often with a; the one has many products more."""
    products = [
        Product(id="a"),
        *(Product(id=f"{brand}{i}", brand=brand) for brand in "bc" for i in range(3)),
    ]
    products += [Product(id=f"more{i}", brand="c") for i in range(9)]
    log = [Interaction(user=user, product=product) for user in "uv" for product in ("a", "b0", "c0")]
    graph = assemble(products, [], log)
    (one,) = tastes(_context(graph))
    a, small, large = (graph.nodes["product"].number(name) or 0 for name in ("a", "b1", "c1"))
    assert one.matrix[a, small] == pytest.approx(2 * one.matrix[a, large])  # of 3 products, and of 12


def test_around_goes_by_what_things_are_like_that_a_product_is_linked_to() -> None:
    brands = {"a": "", "b": "x", "c": "x", "d": "y", "new": "x", "other": "y", "late": "z"}
    products = [Product(id=name, brand=brand) for name, brand in brands.items()]
    facts = [Fact(head="a", relation="also_viewed", tail=name) for name in ("b", "d", "late", "new")]
    facts.append(Fact(head="c", relation="goes_with", tail="a"))
    graph = assemble(products, facts, [Interaction(user="u", product=name) for name in "abcd"])
    (one,) = around(_context(graph))
    number = graph.nodes["product"].number
    a, b, new, other, late = (number(name) or 0 for name in ("a", "b", "new", "other", "late"))
    assert one.matrix[a, new] > one.matrix[a, other] > 0  # two things of the one brand, one of the other
    assert one.matrix[a, late] == 0  # nobody met it: what it is like is no evidence
    assert one.matrix[b, new] == 0  # that a is of no brand says nothing
    paths = one.trace.paths(graph, Behaviour.of(graph), a, new, 1.0)
    assert sum(path.share for path in paths) == pytest.approx(1)
    told = [
        [
            (
                graph.node_id(cast(Node, edge.start)),
                edge.relation,
                graph.node_id(edge.end),
                edge.forward,
                edge.stored,
            )
            for edge in path.edges
        ]
        for path in paths
    ]
    brand = told[0][1][2]
    assert told == [
        [
            ("a", name, thing, along, True),
            (thing, "made_by", brand, True, True),
            (brand, "made_by", "new", False, True),
        ]
        for name, thing, along in (("also_viewed", "b", True), ("goes_with", "c", False))
    ]


def test_onward_goes_by_what_was_met_together() -> None:
    products = [Product(id=name) for name in ("a", "b", "c", "new")]
    facts = [
        Fact(head="b", relation="also_viewed", tail="new"),
        Fact(head="new", relation="goes_with", tail="c"),
    ]
    log = [Interaction(user=user, product=product) for user in "uv" for product in "ab"]
    log += [Interaction(user="w", product=product) for product in "bc"]
    graph = assemble(products, facts, log)
    found = {one.name: one for one in onward(_context(graph))}
    number = graph.nodes["product"].number
    a, b, c, new = (number(name) or 0 for name in ("a", "b", "c", "new"))
    assert found.keys() == {"onward_also_viewed", "onward_goes_with_back"}
    assert found["onward_also_viewed"].matrix[a, new] > found["onward_also_viewed"].matrix[c, new] > 0
    assert found["onward_goes_with_back"].matrix[b, new] > 0
    assert found["onward_goes_with_back"].matrix[a, new] == 0


@pytest.mark.parametrize("channel", [around, tastes, onward])
def test_an_update_makes_them_anew_only_where_something_changed_that_they_say(channel: ItemFit) -> None:
    products = [Product(id=name, brand="b") for name in ("a", "b", "c", "late", "new")]
    facts = [Fact(head="b", relation="also_viewed", tail=name) for name in ("late", "new")]
    log = [Interaction(user=user, product=product) for user in "uv" for product in "ab"]
    fitted = Recommender.fit(assemble(products, facts, log), settings=PLAIN).fitted
    graph = fitted.graph
    known = {one.name: one for one in fitted.links}

    def made(newer: Graph) -> dict[str, Links]:
        context = replace(_context(newer), earlier=Earlier(fitted, newer, folder=Path()))
        return {one.name: one for one in channel(context)}

    table = graph.products
    dearer = replace(graph, products=replace(table, price=np.full_like(table.price, 5.0)))
    kept = made(dearer)
    assert kept
    assert all(
        one.matrix is known[name].matrix and one.trace is known[name].trace for name, one in kept.items()
    )

    listed = table.listed.copy()
    listed[graph.nodes["product"].number("late")] = False
    more = assemble(
        products, facts, [*log, Interaction(user="w", product="a"), Interaction(user="w", product="b")]
    )
    bought = assemble(products, facts, [*log, Interaction(user="u", product="late")])
    linked = assemble(
        [*(replace(one, brand=f"other {one.id}") for one in products[:3]), *products[3:]], facts[:1], log
    )
    for newer in (replace(graph, products=replace(table, listed=listed)), more, bought, linked):
        anew = {one.name: one for one in channel(_context(newer))}
        found = made(newer)
        assert found.keys() == anew.keys()
        for name, one in found.items():
            assert one.matrix is not known[name].matrix
            np.testing.assert_array_equal(one.matrix.toarray(), anew[name].matrix.toarray())


def _context(graph: Graph) -> FitContext:
    return FitContext(
        graph=graph, behaviour=Behaviour.of(graph), vectors={}, indexes={}, settings=Settings(), seed=0
    )


def test_a_graph_network_is_taught_by_nothing_that_was_done_with_what_plays_new(graph: Graph) -> None:
    settings = replace(PLAIN, gnn=True, gnn_dim=8, gnn_steps=4, threads=1)
    new = np.isin(np.arange(graph.product_count), np.arange(0, graph.product_count, 7))
    left = without_behaviour(graph, new)
    assert left.edge_count < graph.edge_count
    told, deaf = Made(), Made()
    learn_graph(graph, settings, Stages(None), told, new=new, cache=None, seed=0)
    learn_graph(left, settings, Stages(None), deaf, cache=None, seed=0)
    ids = tuple(graph.products.id)
    # the same network; but the vectors that serve know everything
    again = told.models["gnn"].extend(left, ids).matrix
    np.testing.assert_allclose(again, deaf.vectors["gnn"].matrix, atol=1e-5)
    assert np.abs(told.vectors["gnn"].matrix - again).max() > 0.01
