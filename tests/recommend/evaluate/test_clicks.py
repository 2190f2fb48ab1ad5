"""Held-out clicks: nothing hidden reaches the model, and the figures are what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kg.errors import SettingsError
from kg.graph import CLICKED, FOUND, PURCHASED, EdgeType, Graph
from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.evaluate import evaluate_clicks
from recommend.evaluate.clicks import hide_clicks
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN

PRODUCTS = [
    Product(id=f"{kind}{n}", title=f"{colour} {kind}", category=("Shop", kind))
    for kind in ("lamp", "cup", "rug")
    for n, colour in enumerate(("black", "white", "green", "blue"))
]


def click(user: str, product: str, query: str, time: float | None) -> Interaction:
    return Interaction(user=user, product=product, kind="click", query=query, time=time)


LOG = [
    click("a", "lamp0", "lamp", 1.0),
    click("b", "lamp0", "lamp", 2.0),
    click("a", "cup1", "mug", 3.0),
    click("b", "rug2", "rug", 4.0),
    Interaction(user="b", product="rug2", kind="purchase", time=4.5),
    click("c", "lamp0", "lamp", 5.0),
    Interaction(user="c", product="lamp0", kind="purchase", time=5.5),
    click("c", "cup1", "white cup", 6.0),
    click("c", "gone", "white cup", 6.5),
    Interaction(user="a", product="cup2", kind="purchase", time=9.0),
]


def shop(log: list[Interaction]) -> Graph:
    return assemble(PRODUCTS, [], log)


def test_the_latest_searches_and_all_that_came_after_are_hidden() -> None:
    graph = shop(LOG)
    split = hide_clicks(graph, LOG, share=0.4, seed=0)
    products, queries = graph.nodes["product"], graph.nodes["query"]
    # the stub 'gone' was clicked, but can be no answer
    assert split.clicks.query == ("lamp", "white cup")
    assert [products[int(number)] for number in split.clicks.products] == ["lamp0", "cup1"]
    found = split.graph.relations[EdgeType("query", FOUND, "product")]
    left = {
        (queries[int(head)], products[int(tail)]): float(weight)
        for head, tail, weight in zip(found.heads, found.tails, found.weight, strict=True)
    }
    assert left == {("lamp", "lamp0"): 2.0, ("mug", "cup1"): 1.0, ("rug", "rug2"): 1.0}
    # nothing is left of a hidden choice, at whatever rank it stood
    ranked = [replace(one, rank=place) for place, one in enumerate(LOG, 1)]
    again = hide_clicks(shop(ranked), ranked, share=0.4, seed=0)
    assert again.clicks.products.tolist() == split.clicks.products.tolist()
    found = again.graph.relations[EdgeType("query", FOUND, "product")]
    assert found.weight.tolist() == [1.0 + 2.0, 3.0, 4.0]
    assert found.times is not None
    assert found.times.tolist() == [2, 1, 1]
    assert again.clicks.times.tolist() == [1, 1]
    for name, most in ((CLICKED, 4.0), (PURCHASED, 4.5)):
        times = split.graph.relations[EdgeType("user", name, "product")].time
        assert times is not None
        assert times.max() == most


def test_without_times_a_random_share_is_hidden() -> None:
    log = [
        click(f"u{n}", f"{kind}{n}", f"{kind} number {n}", None) for kind in ("lamp", "cup") for n in range(4)
    ]
    first, again, other = (hide_clicks(shop(log), log, share=0.25, seed=seed) for seed in (1, 1, 2))
    assert first.clicks.query == again.clicks.query != other.clicks.query
    assert len(first.clicks) == 2
    found = first.graph.relations[EdgeType("query", FOUND, "product")]
    assert len(found) == 6


def test_what_was_clicked_is_found() -> None:
    report = evaluate_clicks(shop(LOG), LOG, share=0.4, k=4, settings=PLAIN)
    exact = report.row("exact").means
    # 'lamp': lamp0 is among four lamps; 'white cup': cup1 is the only one that says both
    assert exact["recall@4"] == 1
    assert exact["precision@4"] == pytest.approx(1 / 4)
    assert exact["f1@4"] == pytest.approx(2 * 1 * 0.25 / 1.25)
    assert exact["auc"] > 0.8
    assert report.row("bm25").means["recall@4"] == 1
    assert report.protocol["queries"] == 2
    assert report.protocol["queries_seen_before"] == 1


def test_no_model_is_fitted_on_what_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[Graph] = []
    real = Recommender.fit

    def watched(graph: Graph, **options: object) -> Recommender:
        fitted.append(graph)
        return real(graph, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Recommender, "fit", watched)
    evaluate_clicks(shop(LOG), LOG, share=0.4, settings=PLAIN)
    (graph,) = fitted
    searched = graph.relations[EdgeType("query", FOUND, "product")]
    assert "white cup" not in {graph.nodes["query"][int(head)] for head in np.unique(searched.heads)}


@pytest.mark.parametrize(
    ("log", "share", "message"),
    [
        (LOG, 1.0, "between 0 and 1"),
        ([one for one in LOG if one.kind == "purchase"], 0.25, "no searches"),
        ([click("a", "gone", "lamp", float(n)) for n in range(4)], 0.5, "no product of the hidden"),
    ],
)
def test_logs_that_cannot_be_tested_on_are_errors(log: list[Interaction], share: float, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        evaluate_clicks(shop(log), log, share=share, settings=PLAIN)
