"""search, similar, recommend and explain: what they print, as words and as JSON."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from recommend import Recommender
from tests.recommend.cli.lampshop import run

ASKED: dict[str, tuple[str, ...]] = {
    "search": ("search", "desk lamp"),
    "search for somebody": ("search", "lamp", "--user", "anna"),
    "similar": ("similar", "L1"),
    "complete": ("complete", "L1"),
    "recommend to a visitor": ("recommend", "--viewed", "L1", "P1"),
    "recommend to a user": ("recommend", "--user", "anna"),
    "recommend after a history": ("recommend", "--history", "L1", "P1"),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_json_has_every_hit_with_its_signals(asked: tuple[str, ...], pristine: Path) -> None:
    ran = run(*asked, "-k", 4, "--json", "--shop", pristine)
    assert (ran.status, ran.err) == (0, "")
    assert set(ran.document) == {"query", "note", "hits"}
    assert ran.document["query"]["k"] == 4
    hits = ran.document["hits"]
    assert 0 < len(hits) <= 4
    assert [hit["score"] for hit in hits] == sorted((hit["score"] for hit in hits), reverse=True)
    for hit in hits:
        assert set(hit) == {"id", "title", "brand", "price", "currency", "score", "signals"}
        assert sum(hit["signals"].values()) == pytest.approx(hit["score"], rel=1e-4)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_explanations_add_up_to_the_score(asked: tuple[str, ...], pristine: Path) -> None:
    hits = run(*asked, "--explain", "--json", "--shop", pristine).document["hits"]
    assert any(hit["explanation"]["paths"] for hit in hits)
    for hit in hits:
        explanation = hit["explanation"]
        assert explanation["product"]["id"] == hit["id"]
        assert explanation["score"] == pytest.approx(hit["score"], rel=1e-4)
        assert explanation["explained"] <= hit["score"] * (1 + 1e-4)


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_words_name_the_same_products_in_the_same_order(asked: tuple[str, ...], pristine: Path) -> None:
    ids = [hit["id"] for hit in run(*asked, "--json", "--shop", pristine).document["hits"]]
    table = run(*asked, "--shop", pristine).out
    explained = run(*asked, "--explain", "--shop", pristine).out
    places = [table.index(f"  {product}  ") for product in ids]
    assert places == sorted(places)
    places = [explained.index(f"[{product}]  ") for product in ids]
    assert places == sorted(places)
    assert "%" in explained


def test_the_command_gives_what_the_library_gives(pristine: Path) -> None:
    results = Recommender.open(pristine).recommend("anna", where="price<=50", k=3)
    hits = run(
        "recommend", "--user", "anna", "--where", "price<=50", "-k", 3, "--json", "--shop", pristine
    ).document["hits"]
    assert [(hit["id"], hit["score"]) for hit in hits] == [(hit.product.id, hit.score) for hit in results]


def test_a_title_with_brackets_is_printed_as_it_is(pristine: Path) -> None:
    assert "[smart] bulb" in run("search", "smart bulb", "--shop", pristine).out


def test_a_chinese_query_finds_a_chinese_title(pristine: Path) -> None:
    ran = run("search", "煎锅", "--json", "--shop", pristine)
    assert ran.document["hits"][0]["title"] == "铸铁煎锅"
    assert "铸铁煎锅" in ran.out  # readable, not escaped


def test_filters_all_hold(pristine: Path) -> None:
    ran = run("search", "lamp", "--where", "brand=Lumo", "--where", "price<=50", "--json", "--shop", pristine)
    assert {hit["id"] for hit in ran.document["hits"]} == {"L1", "L5"}
    assert ran.document["query"]["where"] == ["brand=Lumo", "price<=50"]


def test_nothing_found_is_said(pristine: Path) -> None:
    ran = run("search", "lamp", "--where", "brand=Nobody", "--shop", pristine)
    assert (ran.status, ran.out) == (0, "(no products)\n")


def test_an_unknown_user_is_told_apart(pristine: Path) -> None:
    ran = run("recommend", "--user", "zoe", "--json", "--shop", pristine)
    assert ran.status == 0
    assert "nothing is known of this user" in ran.document["note"]
    assert {name for hit in ran.document["hits"] for name in hit["signals"]} == {"popularity"}
    assert "nothing is known of this user" in run("recommend", "--user", "zoe", "--shop", pristine).err


@pytest.mark.parametrize(
    "history",
    [
        ("--history", "L1", "P1", "B1"),
        ("--history", "L1", "--history", "P1", "B1"),
        ("--history=L1", "P1", "--history", "B1"),
    ],
)
def test_a_history_may_be_listed_or_repeated(history: tuple[str, ...], pristine: Path) -> None:
    ran = run("recommend", *history, "-k", 3, "--json", "--shop", pristine)
    assert ran.document["query"]["history"] == ["L1", "P1", "B1"]


def test_the_shop_may_come_from_the_environment(pristine: Path) -> None:
    ran = run("similar", "L1", "--json", env={"SHELFGRAPH_SHOP": str(pristine)})
    assert ran.document == run("similar", "L1", "--json", "--shop", pristine).document


@pytest.mark.parametrize(
    "reason",
    [("--user", "anna"), ("--history", "L1", "B1"), ("--query", "brass lamp"), ("--product", "L1")],
    ids=lambda reason: reason[0],
)
def test_explain_in_all_its_forms(reason: tuple[str, ...], pristine: Path) -> None:
    asked = ("explain", "L3", *reason, "--paths", 2, "--shop", pristine)
    document = run(*asked, "--format", "json").document
    assert run(*asked, "--json").document == document
    assert document["product"] == {"id": "L3", "title": "brass floor lamp"}
    assert 1 <= len(document["paths"]) <= 2

    words = run(*asked)
    assert words.status == 0
    assert words.out.startswith("brass floor lamp [L3], score ")
    cypher = run(*asked, "--format", "cypher").out
    assert '{id: "' in cypher or cypher.startswith("//")
    drawing = ElementTree.fromstring(run(*asked, "--format", "graphml").out)
    assert drawing.findall(".//{*}node[@id='product:L3']")


def test_what_nothing_leads_to_is_said(pristine: Path) -> None:
    assert (
        "nothing that is known leads to it"
        in run("explain", "P2", "--query", "paper", "--shop", pristine).out
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("similar", "NOPE"), "no product has the id 'NOPE'"),
        (("similar",), "Missing argument 'PRODUCT'"),
        (("recommend",), "--user ID or --history ID"),
        (("recommend", "--history", "NOPE"), "no product has the id 'NOPE'"),
        (("recommend", "--history", "-k", "3"), "--history is followed by -k and not by a value"),
        (("recommend", "--history", "--viewed", "L1"), "--history is followed by --viewed"),
        (("recommend", "--user", "anna", "--where", "prise<=3"), "unknown filter field 'prise'"),
        (("recommend", "--user", "anna", "--where", "price<=cheap"), "price<=cheap"),
        (("recommend", "--user", "anna", "--where", ""), "cannot read the filter"),
        (("similar", "L1", "-k", "0"), "k=0"),
        (("similar", "L1", "-k", "many"), "'many'"),
        (("search",), "nothing to search for"),
        (("search", "   "), "empty"),
        (("search", "--image", "nowhere.jpg"), "nowhere.jpg is not a file"),
        (("search", "--image", __file__), "built without pictures"),
        (("explain", "L1", "--image", __file__), "built without pictures"),
        (("explain", "L1"), "--user, --history, --query"),
        (("explain", "L1", "--product", "L2", "--user", "anna"), "--product stands alone"),
        (("explain", "NOPE", "--user", "anna"), "no product has the id 'NOPE'"),
        (("explain", "L1", "--product", "NOPE"), "no product has the id 'NOPE'"),
        (("explain", "L1", "--user", "anna", "--paths", "0"), "paths=0"),
        (("explain", "L1", "--user", "anna", "--format", "poem"), "'poem'"),
    ],
)
def test_wrong_use_is_one_line_on_stderr(args: tuple[str, ...], said: str, pristine: Path) -> None:
    ran = run(*args, "--shop", pristine)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_json_stays_json_with_a_user_that_nobody_could_type(pristine: Path) -> None:
    ran = run("recommend", "--user", 'x"\n\x1b[31m\ud800', "--json", "--shop", pristine)
    assert ran.status == 0
    assert json.loads(ran.out)["query"]["user"].startswith('x"\n\x1b[31m')
