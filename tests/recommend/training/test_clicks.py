"""Typed queries: counts, correction for ranks, grades, and the metrics on known lists."""

from __future__ import annotations

import numpy as np
import pytest

from kg.errors import SettingsError
from recommend.training.clicks import Click, ClickLog, click_metrics, held_out, typed_queries
from tests.tiny import tiny_graph


def test_the_clicks_of_a_graph() -> None:
    graph = tiny_graph()
    log = ClickLog.of_graph(graph)
    assert log.query == ("brass lamp", "desk lamp")
    assert log.counts.tolist() == [2.0, 1.0]
    assert [graph.nodes["product"][int(p)] for p in log.products] == ["lamp-brass", "lamp-black"]


def test_a_click_further_down_counts_more() -> None:
    graph = tiny_graph()
    clicks = [
        Click(query="lamp", product="lamp-black", rank=1, count=3),
        Click(query="lamp", product="lamp-brass", rank=3, count=1),
        Click(query="lamp", product="rug", rank=2),  # a stub
        Click(query="lamp", product="floor-arc", rank=1_000),
        Click(query="lamp", product="desk-oak"),
    ]
    log = ClickLog.of(clicks, graph)
    found = {
        graph.nodes["product"][int(p)]: float(c) for p, c in zip(log.products, log.corrected, strict=True)
    }
    assert found == {"lamp-black": 3.0, "lamp-brass": 3.0, "floor-arc": 10.0, "desk-oak": 1.0}
    plain = ClickLog.of(clicks, graph, eta=0)
    np.testing.assert_array_equal(plain.corrected, plain.counts)


def test_ranks_and_eta_have_limits() -> None:
    with pytest.raises(SettingsError, match=r"rank=0.*at least 1"):
        ClickLog.of([Click(query="lamp", product="lamp-black", rank=0)], tiny_graph())
    with pytest.raises(SettingsError, match=r"eta=-1"):
        ClickLog.of([], tiny_graph(), eta=-1)


def test_grades_of_clicks() -> None:
    graph = tiny_graph()
    clicks = [
        Click(query="lamp", product="lamp-black", count=10),
        Click(query="lamp", product="lamp-brass", count=5),
        Click(query="lamp", product="floor-arc", count=2),
        Click(query="lamp", product="desk-oak", count=1),
        Click(query="seldom", product="spade", count=2),
    ]
    made = typed_queries(ClickLog.of(clicks, graph))
    assert made.text == ("lamp",)
    products, grades = made.graded(0)
    found = {graph.nodes["product"][int(p)]: int(g) for p, g in zip(products, grades, strict=True)}
    assert found == {"lamp-black": 3, "lamp-brass": 3, "floor-arc": 2, "desk-oak": 1}


def test_what_is_held_out_depends_on_the_text_alone() -> None:
    texts = [f"query {number}" for number in range(1_000)]
    share = np.mean([held_out(text) for text in texts])
    assert 0.25 < share < 0.35
    assert all(held_out(text) == held_out(f"  {text.upper()} ") for text in texts[:50])
    graph = tiny_graph()
    log = ClickLog.of([Click(query=text, product="spade") for text in texts], graph)
    parts = [log.held(held=held) for held in (True, False)]
    assert len(parts[0]) + len(parts[1]) == len(log) == 1_000
    assert not set(parts[0].query) & set(parts[1].query)


def test_metrics_on_a_known_list() -> None:
    """Of ten products, 1 and 3 are clicked; the list has 1 first and 3 third."""
    graph = tiny_graph()
    ids = [graph.nodes["product"][1], graph.nodes["product"][3]]
    log = ClickLog.of([Click(query="q", product=product) for product in ids], graph)
    assert log.products.tolist() == [1, 3]
    found = click_metrics([np.array([1, 5, 3])], log, listed=10, k=2)
    assert found.precision.tolist() == [0.5]
    assert found.recall.tolist() == [0.5]
    assert found.f1.tolist() == [0.5]
    assert found.auc.tolist() == pytest.approx([(8 + 7) / 16])


@pytest.mark.parametrize(("ranking", "auc"), [([1, 3, 0, 2], 1.0), ([0, 2, 1, 3], 0.75), ([], 0.5)])
def test_auc(ranking: list[int], auc: float) -> None:
    graph = tiny_graph()
    ids = [graph.nodes["product"][1], graph.nodes["product"][3]]
    log = ClickLog.of([Click(query="q", product=product) for product in ids], graph)
    found = click_metrics([np.array(ranking, dtype=np.int64)], log, listed=10)
    assert found.auc.tolist() == pytest.approx([auc])


def test_no_clicks_no_queries() -> None:
    log = ClickLog.of([], tiny_graph())
    assert len(log) == len(typed_queries(log)) == 0
    assert len(click_metrics([], log, listed=10).auc) == 0
