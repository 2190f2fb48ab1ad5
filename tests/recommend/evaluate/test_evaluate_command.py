"""`shelfgraph evaluate`: one JSON document or tables, and clear refusals."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kg import Interaction, Shop
from recommend import build
from tests.recommend.cli.lampshop import PLAIN, Ran, behaviour, catalog, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("evaluate") / "shop"
    shop = Shop.create(made)
    shop.load(catalog())
    shop.load(behaviour())
    shop.load(
        Interaction(user=user, product=product, kind="click", time=time, query=query)
        for user, product, query, time in (
            ("anna", "L1", "desk lamp", 10.0),
            ("dan", "P1", "pan", 20.0),
            ("finn", "B3", "bulb", 90_000.0),
        )
    )
    build(shop, settings=PLAIN)
    return made


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "later.csv").write_text(
        "user,product,kind\nanna,B2,purchase\ndan,P3,purchase\nnew,L1,purchase\n"
    )
    (tmp_path / "sequences.txt").write_text("u1 L1 B1 B2\nu2 L1 B1 B3 B2\nu3 P1 P2 P3\n")
    (tmp_path / "ratings.csv").write_text(
        "query,product_id,rating\ndesk lamp,L1,3\ndesk lamp,L2,3\npan,P1,2\n"
    )
    return tmp_path


def check(ran: Ran, kind: str, metric: str) -> None:
    assert ran.status == 0, ran.err
    document = ran.document
    assert document["protocol"]["kind"] == kind
    assert document["protocol"]["seed"] == 0
    assert document["protocol"]["profile"] == "graph"
    assert document["protocol"]["settings"]["text"] is False
    first = document["rows"][0]
    assert first["model"] == "exact"
    assert 0 <= first[f"{metric}_low"] <= first[metric] <= first[f"{metric}_high"] <= 1
    assert len(document["rows"]) >= 2


def test_holdout(folder: Path) -> None:
    """Without a profile the model is made as what serves was."""
    ran = run("evaluate", "--shop", folder, "--holdout", ".25", "--ablation", "--json")
    check(ran, "holdout", "ndcg@10")
    models = [row["model"] for row in ran.document["rows"]]
    assert models[:3] == ["exact", "popularity", "item_knn"]
    assert ran.document["ablation"]
    assert "direct_edge" in ran.document["paths"]


def test_test_file(folder: Path, files: Path) -> None:
    ran = run("evaluate", "--shop", folder, "--test", files / "later.csv", "--json", "-k", "5")
    check(ran, "test", "ndcg@5")
    assert ran.document["protocol"]["users"] == 3


@pytest.mark.parametrize("protocol", ["strict", "refit"])
def test_sequences_with_and_without_a_shop(protocol: str, folder: Path, files: Path) -> None:
    asked = ("evaluate", "--sequences", files / "sequences.txt", "--protocol", protocol, "--json")
    with_shop = run(*asked, "--shop", folder)
    check(with_shop, "sequences", "hr@5")
    assert with_shop.document["protocol"]["items_described"] == 7
    parts = [word for part in ("text", "image", "kge", "gnn", "fusion") for word in ("--without", part)]
    alone = run(*asked, *parts)
    check(alone, "sequences", "ndcg@10")
    assert alone.document["protocol"]["items_described"] == 0


def test_judgments(folder: Path, files: Path) -> None:
    ran = run("evaluate", "--shop", folder, "--judgments", files / "ratings.csv", "--json")
    check(ran, "judgments", "condensed_ndcg@10")
    assert [row["model"] for row in ran.document["rows"]][:2] == ["exact", "bm25"]


@pytest.mark.parametrize("kind", ["clicks", "personal"])
def test_searches(kind: str, folder: Path) -> None:
    ran = run("evaluate", "--shop", folder, f"--{kind}", ".3", "--json")
    assert ran.status == 0, ran.err
    document = ran.document
    assert document["protocol"]["kind"] == kind
    assert document["protocol"]["settings"]["text"] is False
    first = document["rows"][0]
    assert first["model"].startswith("exact")
    assert 0 <= first["ndcg@10_low"] <= first["ndcg@10"] <= first["ndcg@10_high"] <= 1
    metrics = {"precision@10", "recall@10", "f1@10", "auc"} if kind == "clicks" else {"hr@10", "mrr@10"}
    assert metrics <= set(first)


def test_tables_name_the_protocol(folder: Path, files: Path) -> None:
    for asked in (("--holdout", ".25", "--ablation"), ("--judgments", files / "ratings.csv")):
        ran = run("evaluate", "--shop", folder, *asked)
        assert ran.status == 0, ran.err
        for word in ("protocol", "kind", "seed", "masked", "exact", "95 %", "ndcg@10", "against"):
            assert word in ran.out


def test_nothing_in_the_shop_changes(folder: Path) -> None:
    def state() -> dict[str, int]:
        kept = (path for path in folder.rglob("*") if path.is_file() and "cache" not in path.parts)
        return {
            str(path): path.stat().st_mtime_ns for path in kept if not path.name.endswith(("-shm", "-wal"))
        }

    before = state()
    assert run("evaluate", "--shop", folder, "--holdout", ".25").status == 0
    assert state() == before


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((), "say what to test on"),
        (("--holdout", ".2", "--judgments", "x.csv"), "say what to test on"),
        (("--holdout", "1.5"), "between 0 and 1"),
        (("--holdout", ".2", "--protocol", "strict"), "--sequences"),
        (("--cold", ".2", "--protocol", "time"), "--protocol time is for"),
        (("--until", "2024-01-01", "--holdout", ".2"), "leave one out"),
        (("--until", "soon"), "is no date"),
        (("--until", "2024-01-01"), "no times"),
        (("--holdout", ".2", "--memory", "12"), "no size"),
        (("--holdout", ".2", "--mapping", "icecat"), "--test"),
        (("--judgments", "x.csv", "--profile", "fast"), "what serves"),
        (("--clicks", ".2", "--personal", ".2"), "say what to test on"),
        (("--clicks", "0"), "between 0 and 1"),
        (("--personal", "2"), "between 0 and 1"),
        (("--clicks", ".2", "--ablation"), "--ablation is for"),
        (("--judgments", "nowhere.csv"), "nowhere.csv does not exist"),
        (("--test", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_wrong_use_is_one_line(asked: tuple[str, ...], message: str, folder: Path) -> None:
    ran = run("evaluate", "--shop", folder, *asked)
    assert ran.status == 2
    assert message in ran.err
    assert ran.err.count(os.linesep) <= 2


def test_a_shop_is_needed() -> None:
    ran = run("evaluate", "--holdout", ".2")
    assert ran.status == 2
    assert "SHELFGRAPH_SHOP" in ran.err


def test_explanations_of_what_serves(folder: Path) -> None:
    ran = run("evaluate", "--shop", folder, "--explanations", "--json", "-k", "4")
    assert ran.status == 0, ran.err
    document = ran.document
    assert document["protocol"]["kind"] == "explanations"
    assert [row["model"] for row in document["rows"]] == ["strongest", "recent", "familiar", "diverse"]
    assert document["paths"]["validity"]["valid"] == 1
    assert document["paths"]["deletion"]["paths"] > 0
    told = run("evaluate", "--shop", folder, "--explanations")
    assert told.status == 0, told.err
    assert "score_falls" in told.out
    assert "diverse" in told.out
    refused = run("evaluate", "--shop", folder, "--explanations", "--profile", "fast")
    assert refused.status == 2
    assert "--explanations measures what serves" in refused.err
