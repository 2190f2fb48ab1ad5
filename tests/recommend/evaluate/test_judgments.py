"""Judged search: plain and condensed, and files that make no sense."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kg.errors import DataError
from recommend.evaluate import Judgments, evaluate_judgments, read_judgments
from recommend.recommender import Recommender


def test_unjudged_products_cost_plain_but_not_condensed(hand: Recommender) -> None:
    found = hand.search("lamp", k=5).ids
    assert len(found) >= 3
    report = evaluate_judgments(hand, Judgments(ratings={"lamp": {found[2]: 3.0}}))
    row = report.row("exact").means
    assert row["ndcg@10"] == pytest.approx(1 / np.log2(4))
    assert row["condensed_ndcg@10"] == pytest.approx(1)
    assert row["recall@10"] == 1
    assert row["mrr@10"] == pytest.approx(1 / 3)


def test_gains_are_graded_and_the_ideal_is_all_that_was_judged(hand: Recommender) -> None:
    first, second, *_ = hand.search("lamp", k=5).ids
    judgments = Judgments(ratings={"lamp": {first: 1.0, second: 3.0, "no such product": 2.0}})
    report = evaluate_judgments(hand, judgments)
    expected = (1 + 7 / np.log2(3)) / (7 + 3 / np.log2(3) + 1 / 2)
    assert report.row("exact").means["condensed_ndcg@10"] == pytest.approx(expected)
    assert report.protocol["judged_products_not_in_the_shop"] == 1


def test_a_query_without_a_relevant_product_counts_zero(hand: Recommender) -> None:
    best = hand.search("lamp").ids[0]
    report = evaluate_judgments(hand, Judgments(ratings={"lamp": {best: 2.0}, "cup": {"cup1": 0.0}}))
    assert report.row("exact").units["condensed_ndcg@10"] == pytest.approx([1, 0])
    assert report.protocol["queries_without_relevant_product"] == 1


def test_the_shops_own_clicks_on_judged_queries_are_told(hand: Recommender) -> None:
    report = evaluate_judgments(hand, Judgments(ratings={"black lamp": {"lamp2": 3.0}, "cup": {"cup1": 1.0}}))
    assert report.protocol["queries_that_the_shop_has_clicks_for"] == 1


def test_bm25_and_each_channel_stand_beside_ours(reader: Recommender) -> None:
    ratings = {
        "armchair": {f"armchair-{n}": 3.0 for n in range(5)},
        "something to brew leaves": {f"teapot-{n}": 3.0 for n in range(5)},
    }
    report = evaluate_judgments(reader, Judgments(ratings=ratings))
    models = [row.model for row in report.rows]
    assert models[:3] == ["exact", "bm25", "dense"]
    assert report.row("bm25").units["ndcg@10"][0] == pytest.approx(1)
    assert report.row("dense").means["ndcg@10"] > 0.9
    assert {one.model for one in report.ablation} == {f"without {name}" for name in report.weights}
    alone = report.row("lexical alone").units["ndcg@10"]
    without = next(one for one in report.ablation if one.model == "without text_similarity")
    assert alone[0] == pytest.approx(1)
    assert without.value <= report.row("exact").means["condensed_ndcg@10"]


def test_a_query_that_says_nothing_to_bm25_counts(hand: Recommender) -> None:
    report = evaluate_judgments(hand, Judgments(ratings={"zzzz": {"cup1": 1.0}}))
    assert report.row("bm25").means["ndcg@10"] == 0


def test_reading(tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text('query,product_id,rating\n"lamp, black",a,3\nlamp,b,0\n"lamp, black",a,2\n')
    found = read_judgments(file)
    assert found.ratings == {"lamp, black": {"a": 2.0}, "lamp": {"b": 0.0}}
    assert found.replaced == 1
    assert len(found) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("query,product_id,rating\nlamp,a,much\n", "line 2: .*'much'"),
        ("query,product_id,rating\nlamp,a,-1\n", "line 2: .*'-1'"),
        ("query,product_id,rating\nlamp,a,nan\n", "line 2: .*'nan'"),
        ("query,product_id,rating\nlamp,a\n", "line 2: 2 cells"),
        ("query,product_id,rating\n,a,1\n", "line 2: the query"),
        ("query,rating\nlamp,1\n", "no column 'product_id'"),
        ("query,product_id,rating\n", "no judgments"),
        ("", "empty"),
    ],
)
def test_damaged_files_are_named(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_judgments(file)
