"""Typed queries: what a log of clicks with ranks says, grades, and the metrics on known lists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kg.graph import FOUND, EdgeType, Graph
from kg.shop import Shop
from kg.snapshot import assemble
from recommend.training.clicks import ClickLog, click_metrics, held_out, typed_queries
from tests.recommend.training.logs import log_of
from tests.tiny import PRODUCTS, tiny_graph


def test_the_clicks_of_a_graph() -> None:
    graph = tiny_graph()
    log = ClickLog.of_graph(graph)
    assert log.query == ("brass lamp", "desk lamp")
    assert log.weight.tolist() == [2.0, 1.0]
    assert [graph.nodes["product"][int(p)] for p in log.products] == ["lamp-brass", "lamp-black"]


def loaded(folder: Path, rows: list[str]) -> dict[str, float]:
    """product → weight of the clicks on 'lamp' of a shop that loaded these rows, and one on a stub."""
    graph, log = clicked(folder, rows)
    return dict(zip(graph.nodes["product"].texts.take(log.products), log.weight.tolist(), strict=True))


def clicked(folder: Path, rows: list[str]) -> tuple[Graph, ClickLog]:
    """A shop that loaded clicks on 'lamp' (product and rank), and its log."""
    shop = Shop.create(folder / "shop")
    shop.load(PRODUCTS)
    lines = [f"u{n},click,lamp,{row}" for n, row in enumerate([*rows, "rug,2"])]
    (folder / "clicks.csv").write_text("\n".join(["user,kind,query,product,rank", *lines]) + "\n")
    assert shop.load(folder / "clicks.csv", kind="interactions").ok
    graph = shop.graph()
    log = ClickLog.of_graph(graph)
    assert log.query == ("lamp",)
    return graph, log


def test_a_click_further_down_counts_more(tmp_path: Path) -> None:
    rows = ["lamp-black,1", "lamp-brass,3", "floor-arc,1000", "desk-oak,"]
    assert loaded(tmp_path, rows) == {
        "lamp-black": 1.0,
        "lamp-brass": 3.0,
        "floor-arc": 10.0,
        "desk-oak": 1.0,
    }


@pytest.mark.parametrize(
    ("rows", "taught"),
    [
        (["lamp-black,9"], 0),
        (["lamp-black,9", "lamp-brass,9"], 0),
        (["lamp-black,9", "lamp-brass,9", "floor-arc,9"], 1),
        (["lamp-black,1", "lamp-black,1", "lamp-black,1"], 1),
    ],
)
def test_three_clicks_are_three_whatever_they_weigh(tmp_path: Path, rows: list[str], taught: int) -> None:
    _, log = clicked(tmp_path, rows)
    assert len(typed_queries(log)) == taught


def test_one_click_far_down_is_not_two(tmp_path: Path) -> None:
    graph, log = clicked(tmp_path, ["lamp-black,1", "lamp-black,1", "lamp-black,2", "lamp-brass,9"])
    assert graph.relations[EdgeType("query", FOUND, "product")].times is not None
    again = ClickLog.of_graph(Graph.from_arrays(graph.arrays()))
    for one in (log, again):
        products, grades = typed_queries(one).graded(0)
        names = [graph.nodes["product"][int(product)] for product in products]
        assert dict(zip(names, grades.tolist(), strict=True)) == {"lamp-black": 2, "lamp-brass": 2}


def test_what_an_old_ranking_hid_is_found_to_be_better(tmp_path: Path) -> None:
    """The old ranking showed the worse lamp first and the better one fifth; who looks at rank r, one in r
    people, clicks what he likes."""
    random = np.random.default_rng(0)
    shown = {"lamp-black": (1, 0.3), "lamp-brass": (5, 0.9)}
    rows = [
        f"{product},{rank}"
        for product, (rank, liked) in shown.items()
        for _ in range((random.random(1_000) < liked / rank).sum())
    ]
    clicks = {product: sum(row.startswith(product) for row in rows) for product in shown}
    assert clicks["lamp-black"] > 1.3 * clicks["lamp-brass"]
    weight = loaded(tmp_path, rows)
    assert weight["lamp-brass"] > 2 * weight["lamp-black"]


def test_grades_of_clicks() -> None:
    graph = tiny_graph()
    clicks = [("lamp", "lamp-black", 10.0), ("lamp", "lamp-brass", 5.0), ("lamp", "floor-arc", 2.0)]
    rare = [("lamp", "desk-oak", 1.0), ("seldom", "spade", 2.0)]
    made = typed_queries(log_of(graph, [*clicks, *rare]))
    assert made.text == ("lamp",)
    products, grades = made.graded(0)
    found = {graph.nodes["product"][int(p)]: int(g) for p, g in zip(products, grades, strict=True)}
    assert found == {"lamp-black": 3, "lamp-brass": 3, "floor-arc": 2, "desk-oak": 1}


def test_what_is_held_out_depends_on_the_text_alone() -> None:
    texts = [f"query {number}" for number in range(1_000)]
    share = np.mean([held_out(text) for text in texts])
    assert 0.25 < share < 0.35
    assert all(held_out(text) == held_out(f"  {text.upper()} ") for text in texts[:50])


def test_metrics_on_a_known_list() -> None:
    """Of ten products, 1 and 3 are clicked; the list has 1 first and 3 third."""
    graph = tiny_graph()
    log = log_of(graph, [("q", graph.nodes["product"][number], 1.0) for number in (1, 3)])
    assert log.products.tolist() == [1, 3]
    found = click_metrics([np.array([1, 5, 3])], log, listed=10, k=2)
    assert found.precision.tolist() == [0.5]
    assert found.recall.tolist() == [0.5]
    assert found.f1.tolist() == [0.5]
    assert found.auc.tolist() == pytest.approx([(8 + 7) / 16])


@pytest.mark.parametrize(("ranking", "auc"), [([1, 3, 0, 2], 1.0), ([0, 2, 1, 3], 0.75), ([], 0.5)])
def test_auc(ranking: list[int], auc: float) -> None:
    graph = tiny_graph()
    log = log_of(graph, [("q", graph.nodes["product"][number], 1.0) for number in (1, 3)])
    found = click_metrics([np.array(ranking, dtype=np.int64)], log, listed=10)
    assert found.auc.tolist() == pytest.approx([auc])


def test_no_clicks_no_queries() -> None:
    log = ClickLog.of_graph(assemble(PRODUCTS, (), ()))
    assert len(log) == len(typed_queries(log)) == 0
    assert len(click_metrics([], log, listed=10).auc) == 0
