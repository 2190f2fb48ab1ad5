"""complete, and what else recommendations can be asked for: what was viewed, what fits, a balance."""

from __future__ import annotations

from pathlib import Path

import pytest

from recommend import Recommender
from recommend.rank.balance import Balance
from tests.recommend.cli.lampshop import run


def test_complete_gives_what_the_library_gives(pristine: Path) -> None:
    model = Recommender.open(pristine)
    found = run("complete", "L1", "P1", "--json", "--shop", pristine).document
    assert tuple(hit["id"] for hit in found["hits"]) == model.complete(["L1", "P1"]).ids
    assert found["query"]["history"] == ["L1", "P1"]
    assert found["query"]["complete"] is True
    assert not {hit["id"][0] for hit in found["hits"]} & {"L", "P"}


def test_a_user_who_has_lamps_and_bulbs_needs_neither(pristine: Path) -> None:
    found = run("complete", "--user", "anna", "--json", "--shop", pristine).document
    assert not {hit["id"][0] for hit in found["hits"]} & {"L", "B"}


def test_a_balance_is_told_with_every_hit(pristine: Path) -> None:
    model = Recommender.open(pristine)
    asked = ("recommend", "--viewed", "L1", "L2", "--balance", "diversity=.5,per_brand=1")
    document = run(*asked, "--json", "--shop", pristine).document
    balance = Balance(diversity=0.5, per_brand=1)
    assert [hit["id"] for hit in document["hits"]] == list(
        model.recommend(viewed=["L1", "L2"], balance=balance).ids
    )
    assert document["query"]["balance"] == "diversity=0.5, per_brand=1"
    assert all(hit["by_score"] >= 1 and "balance" in hit for hit in document["hits"])
    shown = run(*asked, "--shop", pristine)
    assert "re-ranked for diversity=0.5, per_brand=1" in shown.err
    assert "by score" in shown.out


def test_explain_says_what_completes(pristine: Path) -> None:
    first = run("complete", "L1", "-k", 1, "--json", "--shop", pristine).document["hits"][0]
    told = run("explain", first["id"], "--history", "L1", "--complete", "--json", "--shop", pristine).document
    assert told["score"] == pytest.approx(first["score"], rel=1e-5)
    assert told["query"]["complete"] is True


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("complete",), "complete what"),
        (("complete", "nothing"), "nothing"),
        (("complete", "L1", "--fits", "L1", "--fits-owned"), "exclude each other"),
        (("complete", "L1", "--fits-owned"), "name the user"),
        (("recommend", "--user", "anna", "--balance", "variety=.2"), "'variety' is unknown"),
        (("recommend", "--user", "anna", "--balance", "diversity=2"), "from 0 to 1"),
        (("explain", "B1", "--complete"), "explain it to whom"),
        (("explain", "B1", "--query", "lamp", "--complete"), "--complete is for"),
        (("evaluate", "--cold", ".1", "--balance", "diversity=.2"), "--balance is for"),
    ],
)
def test_wrong_use_is_one_line(asked: tuple[str, ...], said: str, pristine: Path) -> None:
    ran = run(*asked, "--shop", pristine)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_the_price_of_a_balance_is_printed(pristine: Path) -> None:
    asked = (
        "evaluate",
        "--holdout",
        ".3",
        "--balance",
        "diversity=.4",
        "--without",
        "text",
        "--profile",
        "fast",
    )
    told = run(*asked, "--json", "--shop", pristine).document
    assert told["protocol"]["balance"] == "diversity=0.4"
    assert [row["model"] for row in told["rows"]][:2] == ["by score", "balance x 0.25"]
    assert {"ndcg@10", "diversity", "novelty", "brand gap", "gini", "coverage"} <= set(told["rows"][0])
    shown = run(*asked, "--shop", pristine)
    assert shown.status == 0
    assert all(name in shown.out for name in ("diversity", "brand gap", "gini", "coverage"))
