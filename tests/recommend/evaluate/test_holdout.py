"""Hidden interactions: what is tested never reaches the model, and the figures are what they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from kg.errors import DataError, SettingsError
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.shop import Shop
from kg.snapshot import assemble
from kg.split import hold_out
from recommend.behaviour import Behaviour
from recommend.evaluate import Report, evaluate_holdout, evaluate_test
from recommend.evaluate.paths import direct_shares
from recommend.measure.units import Units
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN


def chains(users: int = 240, products: int = 120, *, seed: int = 0) -> Graph:
    """Users buy along 'goes_with' edges; too few buy the same products for co-purchase to see it."""
    rng = np.random.default_rng(seed)
    partner = (np.arange(products)[:, None] + np.array([1, 2, 3])) % products
    facts = [
        Fact(head=f"p{i:03d}", relation="goes_with", tail=f"p{int(j):03d}")
        for i in range(products)
        for j in partner[i]
    ]
    interactions = []
    for user in range(users):
        first = int(rng.integers(products))
        bought = {first, *rng.choice(partner[first], 2, replace=False).tolist(), int(rng.integers(products))}
        interactions += [Interaction(user=f"u{user:03d}", product=f"p{i:03d}") for i in sorted(bought)]
    return assemble([Product(id=f"p{i:03d}") for i in range(products)], facts, interactions)


@pytest.fixture(scope="module")
def report() -> Report:
    return evaluate_holdout(chains(), settings=PLAIN, ablation=True)


def test_the_graph_beats_counting_where_it_holds_the_truth(report: Report) -> None:
    exact = report.row("exact").means["ndcg@10"]
    assert exact > 1.2 * report.row("item_knn").means["ndcg@10"] > 0
    assert exact > 3 * report.row("popularity").means["ndcg@10"]
    against = {one.against: one.difference for one in report.comparisons}
    assert against["item_knn"].relative_low > 0
    assert against["item_knn"].relative == pytest.approx(exact / report.row("item_knn").means["ndcg@10"] - 1)


def test_taking_the_graph_away_costs_most(report: Report) -> None:
    deltas = {one.model: one.difference.delta for one in report.ablation}
    graph = next(name for name in deltas if "graph" in name)
    assert deltas[graph] == min(deltas.values()) < 0
    assert set(report.weights) <= {name.removeprefix("without ") for name in deltas}


def test_the_protocol_says_everything(report: Report) -> None:
    split = hold_out(chains(), share=0.25, seed=0)
    protocol = json.loads(json.dumps(report.plain()))["protocol"]
    assert protocol["kind"] == "holdout"
    assert protocol["share"] == 0.25
    assert protocol["users"] == len(split.users)
    assert protocol["hidden_pairs"] == split.hidden.nnz
    assert protocol["candidates"] == 120
    for name in ("seed", "masked", "empty_places", "ideal", "ranking", "baselines", "profile", "settings"):
        assert name in protocol
    row = report.plain()["rows"][0]
    assert row["model"] == "exact"
    assert row["ndcg@10_low"] <= row["ndcg@10"] <= row["ndcg@10_high"]


def test_single_answers_are_those_measured(report: Report) -> None:
    assert report.speed["same_as_ranked_together"] == 1.0
    assert report.speed["recommend_users_per_second"] > 0


def test_the_same_seed_gives_the_same_figures() -> None:
    first, second = (evaluate_holdout(chains(80, 40), settings=PLAIN, seed=4).plain() for _ in range(2))
    assert first["rows"] == second["rows"]
    assert first["comparisons"] == second["comparisons"]
    other = evaluate_holdout(chains(80, 40), settings=PLAIN, seed=5).plain()
    assert other["rows"] != first["rows"]


def test_no_model_is_fitted_on_what_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = chains(80, 40)
    hidden = hold_out(graph, share=0.4, seed=2).hidden
    fitted: list[Graph] = []
    real = Recommender.fit

    def watched(graph: Graph, **options: object) -> Recommender:
        fitted.append(graph)
        return real(graph, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Recommender, "fit", watched)
    evaluate_holdout(graph, share=0.4, seed=2, settings=PLAIN)
    assert len(fitted) == 1
    known = Behaviour.of(fitted[0]).weight.astype(np.bool_)
    assert hidden.nnz > 0
    assert known.multiply(hidden).nnz == 0
    assert known.nnz + hidden.nnz == Behaviour.of(graph).weight.nnz


def test_a_shop_without_users_is_told_so() -> None:
    with pytest.raises(SettingsError, match="load interactions"):
        evaluate_holdout(assemble([Product(id="a")], [], []), settings=PLAIN)


def test_test_interactions_count_for_all_their_users() -> None:
    graph = chains(80, 40)
    has = hold_out(graph).graph
    owned = Behaviour.of(has).history(0).products
    already = has.nodes["product"][int(owned[0])]
    tested = [
        Interaction(user="u000", product=already),  # not a target: it is not recommended again
        Interaction(user="u001", product="no such product"),
        Interaction(user="new", product="p000"),
        Interaction(user="u002", product="p001"),
        Interaction(user="u002", product="p001", time=5.0),
    ]
    report = evaluate_test(has, tested, settings=PLAIN)
    assert report.protocol["users"] == 3
    assert report.protocol["test_pairs"] == 3
    assert report.protocol["pairs_already_in_the_shop"] == 1
    assert report.protocol["unknown_users"] == 1
    assert report.protocol["pairs_with_unknown_products"] == 1
    best = has.nodes["product"].number("p000")
    popular = report.row("popularity").units["hr@10"]
    order = np.lexsort((np.arange(40), -Behaviour.of(has).popularity))
    assert popular[0] == float(best in order[:10].tolist())  # 'new' comes before 'u001'
    assert report.row("exact").units["hr@10"][1] == 0


def test_a_test_file_with_nothing_new_is_an_error() -> None:
    graph = chains(40, 30)
    product = graph.nodes["product"][int(Behaviour.of(graph).history(0).products[0])]
    with pytest.raises(DataError, match="does not have"):
        evaluate_test(graph, [Interaction(user="u000", product=product)], settings=PLAIN)


def test_direct_relations_are_counted_in_both_directions() -> None:
    products = [Product(id=i, brand=b) for i, b in zip("abcde", ("X", "Y", "X", "Y", "Z"), strict=True)]
    facts = [
        Fact(head="a", relation="also_viewed", tail="b"),
        Fact(head="d", relation="also_viewed", tail="a"),
    ]
    graph = assemble(products, facts, [Interaction(user="u", product="a")])
    behaviour = Behaviour.of(graph)
    units = Units.of_hidden(behaviour, behaviour.weight.astype(np.bool_).tocsr())
    # b: along the edge, c: the same brand, d: against the edge, e: nothing; a last place is empty
    shares = direct_shares(graph, units, np.array([[1, 2, 3, 4, -1]]))
    assert shares == {"direct_edge": 0.5, "direct_or_shared_brand": 0.75}


def test_paths_of_the_lists_are_counted(report: Report) -> None:
    assert report.paths["explained_users"] > 0
    assert 0 < report.paths["stored_within_3_hops"] <= report.paths["within_3_hops"] <= 1
    assert report.paths["direct_edge"] <= report.paths["direct_or_shared_brand"]


@pytest.mark.long
@pytest.mark.data
def test_beauty_beats_tuned_item_knn_by_a_fifth(test_data: Path, tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    for mapping, file in (
        ("beauty_products", "products"),
        ("beauty_also_viewed", "also_viewed"),
        ("beauty_bought_together", "bought_together"),
        ("beauty_purchases", "purchases_train"),
    ):
        shop.load(test_data / "beauty" / f"{file}.csv.gz", mapping=mapping)
    report = evaluate_holdout(shop.graph(), share=0.25, settings=PLAIN)
    against = {one.against: one.difference for one in report.comparisons}
    assert against["item_knn"].relative >= 0.20
    assert report.paths["within_3_hops"] >= 0.99
    assert report.paths["direct_or_shared_brand"] >= 0.88
    assert report.speed["same_as_ranked_together"] == 1.0
