"""Judged search: plain and condensed, and files that make no sense."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

from kg.errors import DataError
from kg.records import Fact, Product
from kg.snapshot import assemble
from recommend.evaluate import Judgments, evaluate_judgments, read_judgments
from recommend.recommender import Recommender
from tests.kg.reading.feeds.samples import FIXTURES, write_esci_examples, write_esci_products
from tests.recommend.shops import PLAIN


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
    assert models[: len(reader.rankings) + 2] == [*reader.rankings, "bm25", "dense"]
    assert report.row("bm25").units["ndcg@10"][0] == pytest.approx(1)
    assert report.row("dense").means["ndcg@10"] > 0.9
    assert {one.model for one in report.ablation} == {f"without {name}" for name in report.weights}
    alone = report.row("lexical alone").units["ndcg@10"]
    without = next(one for one in report.ablation if one.model == "without text_similarity")
    assert alone[0] == pytest.approx(1)
    assert without.value <= report.row("exact").means["condensed_ndcg@10"]


def test_a_channel_that_only_takes_away_does_not_stand_alone() -> None:
    products = [
        Product(id=f"{kind}{number}", title=f"{colour} {kind}", category=("Home", f"{kind}s".capitalize()))
        for kind in ("lamp", "shade")
        for number, colour in enumerate(("Brass", "Steel", "Oak"))
    ]
    serves = Fact(
        head="Home > Shades",
        relation="accessory_of",
        tail="Home > Lamps",
        head_kind="category",
        tail_kind="category",
    )
    model = Recommender.fit(assemble(products, [serves], []), settings=PLAIN)
    report = evaluate_judgments(model, Judgments(ratings={"lamp": {"lamp0": 3.0}}))
    assert report.weights["apart"] > 0
    models = {row.model for row in report.rows}
    assert "kinds alone" in models
    assert "apart alone" not in models
    assert "without apart" in {one.model for one in report.ablation}


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


def test_esci_examples_have_the_gains_of_their_authors(tmp_path: Path) -> None:
    found = read_judgments(write_esci_examples(tmp_path))
    # the test split of the small version; the Japanese lamp has an id of its own
    assert set(found.ratings) == {"clamp lamp", "クランプ"}
    assert set(found.ratings["クランプ"]) == {"B0LAMP0001@jp"}
    gains = {product: 2**rating - 1 for product, rating in found.ratings["clamp lamp"].items()}
    assert gains == pytest.approx(
        {"B0LAMP0001": 1.0, "B0MUG00002": 0.1, "B0BULB0003": 0.01, "B0SOCK0004": 0.0}
    )
    assert found.about == "ESCI, the test split of the small version; gains E 1, S 0.1, C 0.01, I 0"


def test_wands_labels_find_their_queries_beside_them(tmp_path: Path) -> None:
    for name in ("label", "query"):
        shutil.copy(FIXTURES / f"wands_{name}.csv", tmp_path / f"{name}.csv")
    found = read_judgments(tmp_path / "label.csv")
    assert set(found.ratings) == {"platform bed", "garden light, iron"}
    gains = {query: {p: 2**r - 1 for p, r in rated.items()} for query, rated in found.ratings.items()}
    assert gains["platform bed"] == pytest.approx({"0": 1.0, "1": 0.0})
    assert gains["garden light, iron"] == pytest.approx({"1": 0.5, "0": 0.0})
    packed = tmp_path / "packed"
    packed.mkdir()
    for name in ("label.csv", "query.csv"):
        (packed / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
    assert read_judgments(packed / "label.csv.gz") == found


def test_the_report_says_what_labels_stand_behind_the_ratings(hand: Recommender) -> None:
    judgments = Judgments(ratings={"lamp": {"lamp2": 1.0}}, about="WANDS; gains Exact 1")
    assert evaluate_judgments(hand, judgments).protocol["labels"] == "WANDS; gains Exact 1"
    plain = Judgments(ratings={"lamp": {"lamp2": 1.0}})
    assert "labels" not in evaluate_judgments(hand, plain).protocol


def test_the_ideal_order_of_labels_has_an_ndcg_of_one(hand: Recommender) -> None:
    first, second, *_ = hand.search("lamp", k=5).ids
    rows = [
        (0, "lamp", 1, first, "us", "E", 1, 1, "test"),
        (1, "lamp", 1, second, "us", "S", 1, 1, "test"),
    ]
    swapped = [(*row[:5], label, *row[6:]) for row, label in zip(rows, "SE", strict=True)]
    judgments = {}
    for name, some in (("ideal", rows), ("swapped", swapped)):
        with tempfile.TemporaryDirectory() as folder:
            judgments[name] = read_judgments(write_esci_examples(Path(folder), some))
    assert evaluate_judgments(hand, judgments["ideal"]).row("exact").means["ndcg@10"] == pytest.approx(1)
    expected = (0.1 + 1 / np.log2(3)) / (1 + 0.1 / np.log2(3))
    found = evaluate_judgments(hand, judgments["swapped"]).row("exact").means["ndcg@10"]
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("label", "query", "message"),
    [
        (
            "id\tquery_id\tproduct_id\tlabel\n0\t0\t7\tGood\n",
            "query_id\tquery\n0\tlamp\n",
            "'Good' must be one of",
        ),
        (
            "id\tquery_id\tproduct_id\tlabel\n0\t9\t7\tExact\n",
            "query_id\tquery\n0\tlamp\n",
            "no query_id '9'",
        ),
        (
            "id\tquery_id\tproduct_id\tlabel\n0\t0\n",
            "query_id\tquery\n0\tlamp\n",
            "line 2: the row has fewer",
        ),
        (
            "id\tquery_id\tproduct_id\tlabel\n0\t0\t7\tExact\n",
            "number\tquery\n0\tlamp\n",
            "no column 'query_id'",
        ),
        ("id\tquery_id\tproduct_id\tlabel\n0\t0\t7\tExact\n", "", r"put WANDS' query\.csv beside it"),
        ("id\tquery_id\tproduct_id\tlabel\n", "query_id\tquery\n0\tlamp\n", "holds nothing of WANDS"),
    ],
)
def test_damaged_wands_files_are_named(label: str, query: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "label.csv").write_text(label)
    if query:
        (tmp_path / "query.csv").write_text(query)
    with pytest.raises(DataError, match=message):
        read_judgments(tmp_path / "label.csv")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({5: "X"}, "line 1: the label 'X' must be one of E, S, C, I"),
        ({8: "train"}, "holds nothing of ESCI, the test split"),
        ({3: ""}, "the product id is missing"),
    ],
)
def test_damaged_esci_files_are_named(changed: dict[int, object], message: str, tmp_path: Path) -> None:
    row = [0, "lamp", 1, "B0LAMP0001", "us", "E", 1, 1, "test"]
    for place, value in changed.items():
        row[place] = value
    with pytest.raises(DataError, match=message):
        read_judgments(write_esci_examples(tmp_path, [tuple(row)]))


def test_other_parquet_files_are_no_judgments(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'query'"):
        read_judgments(write_esci_products(tmp_path))
