"""The protocol itself: known ranks, honest hold-out, a shuffle that keeps degrees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders.base import Matrix
from encoders.link_prediction import (
    DegreeScorer,
    HeldOut,
    Numbers,
    hold_out,
    link_metrics,
    shuffle_tails,
)
from kg.errors import SettingsError
from kg.graph import EdgeType, Graph
from kg.records import Fact, Product
from kg.snapshot import assemble
from tests.encoders.planted import planted

VIEWED = EdgeType("product", "also_viewed", "product")


def _products(edges: str) -> Graph:
    pairs = [pair.split(">") for pair in edges.split()]
    return assemble(
        [Product(id=name) for name in "abcde"],
        [Fact(head=h, relation="also_viewed", tail=t) for h, t in pairs],
        [],
    )


class _Fixed:
    def __init__(self, row: list[float]) -> None:
        self._row = np.array(row, dtype=np.float32)

    def tail_scores(self, edge_type: EdgeType, heads: Numbers) -> Matrix:
        return np.tile(self._row, (len(heads), 1))


def test_rank_is_filtered_and_ties_count_half() -> None:
    held = HeldOut(train=_products("a>b"), edges={VIEWED: np.array([[0, 3]])})  # a>d is hidden
    # b is known and steps aside; c is better; d ties with e; a is worse: rank 2.5
    assert link_metrics(_Fixed([0.0, 9.0, 5.0, 1.0, 1.0]), held).mrr == pytest.approx(1 / 2.5)
    # everything equal: the middle of 4 candidates
    assert link_metrics(_Fixed([1.0] * 5), held).mrr == pytest.approx(1 / 2.5)
    best = link_metrics(_Fixed([0.0, 9.0, 5.0, 6.0, 1.0]), held)
    assert (best.mrr, best.hits_at_1, best.count) == (1.0, 1.0, 1)


def test_scores_that_are_not_numbers_lose() -> None:
    held = HeldOut(train=_products("a>b"), edges={VIEWED: np.array([[0, 3]])})
    assert link_metrics(_Fixed([0.0, 0.0, 0.0, float("nan"), 0.0]), held).hits_at_3 == 0.0


def test_degree_baseline_knows_popularity_only() -> None:
    held = HeldOut(train=_products("a>c b>c d>c a>b"), edges={VIEWED: np.array([[4, 2], [4, 1]])})
    metrics = link_metrics(DegreeScorer(held.train), held)
    assert metrics.mrr == metrics.degree_mrr == 1.0  # c first; with c filtered, b is next
    assert metrics.advantage == 1.0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), share=st.floats(0.01, 0.4), most=st.integers(1, 200))
def test_no_edge_between_held_out_nodes_is_left(seed: int, share: float, most: int) -> None:
    graph = planted(seed=1)
    held = hold_out(graph, share=share, most=most, seed=seed)
    assert len(held) <= most
    for edge_type, pairs in held.edges.items():
        for head, tail in pairs.tolist():
            for other, relation in held.train.relations.items():
                if (other.head, other.tail) == (edge_type.head, edge_type.tail):
                    assert tail not in relation.tails[relation.row(head)]
                if (other.tail, other.head) == (edge_type.head, edge_type.tail):
                    assert head not in relation.tails[relation.row(tail)]


def test_hold_out_of_one_relation_leaves_the_others() -> None:
    graph = planted()
    held = hold_out(graph, relations=["made_by"], share=0.1)
    assert {t.name for t in held.edges} == {"made_by"}
    assert len(held.train.relation("also_viewed") or ()) == len(graph.relation("also_viewed") or ())


@pytest.mark.parametrize(("share", "most"), [(1.0, 5), (-0.1, 5), (0.1, -1)])
def test_impossible_shares_are_refused(share: float, most: int) -> None:
    with pytest.raises(SettingsError, match="share"):
        hold_out(planted(), share=share, most=most)


def test_shuffle_keeps_every_degree_and_little_else() -> None:
    graph = planted()
    mixed = shuffle_tails(graph, seed=3)
    for edge_type, relation in graph.relations.items():
        other = mixed.relations[edge_type]
        np.testing.assert_array_equal(relation.indptr, other.indptr)
        np.testing.assert_array_equal(np.bincount(relation.tails), np.bincount(other.tails))
    before, after = graph.relation("made_by"), mixed.relation("made_by")
    assert before is not None
    assert after is not None
    assert (before.tails == after.tails).mean() < 0.2
