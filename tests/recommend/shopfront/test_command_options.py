"""search --sort --facets --profile --rules, and suggest, on the lamp shop."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.recommend.cli.conftest import pristine
from tests.recommend.cli.lampshop import run

__all__ = ["pristine"]

RULES = """
[[pin]]
name = "spring"
query = "lamp"
product = "L4"
[profiles.cheap]
sort = "price"
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(RULES, encoding="utf-8")
    return path


def test_facets_in_json_and_in_words(pristine: Path) -> None:
    asked = ("search", "lamp", "--facets", "brand,price", "--facets", "attr.material", "--shop", pristine)
    document = run(*asked, "--json").document
    assert document["query"]["facets"] == ["brand", "price", "attr.material"]
    assert document["total"] == len(document["hits"])
    brand, price, material = document["facets"]
    assert (brand["field"], brand["kind"], price["kind"], material["kind"]) == (
        "brand",
        "values",
        "ranges",
        "values",
    )
    assert brand["total"] == sum(value["count"] for value in brand["values"]) == document["total"]
    lumo = next(value for value in brand["values"] if value["value"] == "Lumo")
    assert lumo["where"] == ["brand=Lumo"]
    chosen = run(*asked, "--where", lumo["where"][0], "--json").document
    assert chosen["total"] == len(chosen["hits"]) == lumo["count"]

    words = run(*asked, "--where", "brand=Lumo").out
    assert f"[Lumo {lumo['count']}]" in words
    assert f"\n{chosen['total']} products\n" in words


def test_facets_all_are_those_that_leave_a_choice(pristine: Path) -> None:
    fields = {
        one["field"]
        for one in run("search", "lamp", "--facets", "all", "--json", "--shop", pristine).document["facets"]
    }
    assert {"brand", "price", "attr.material"} <= fields
    assert "availability" not in fields


def test_nothing_of_it_is_printed_unless_asked_for(pristine: Path) -> None:
    assert set(run("search", "lamp", "--json", "--shop", pristine).document) == {"query", "note", "hits"}
    assert "products" not in run("search", "lamp", "--shop", pristine).out


def test_orders(pristine: Path) -> None:
    hits = run("search", "lamp", "--sort", "price", "--json", "--shop", pristine).document["hits"]
    prices = [hit["price"] for hit in hits]
    assert prices == sorted(prices)
    assert len(prices) >= 3
    down = run("search", "lamp", "--sort", "price_desc", "--json", "--shop", pristine).document["hits"]
    assert [hit["price"] for hit in down] == prices[::-1]


def test_rules_from_a_file_and_from_the_folder_of_the_shop(
    pristine: Path, rules: Path, tmp_path: Path
) -> None:
    pinned = run("search", "lamp", "--rules", rules, "--json", "--shop", pristine).document["hits"]
    assert (pinned[0]["id"], pinned[0]["pinned"]) == ("L4", "spring")
    told = run("search", "lamp", "--rules", rules, "--explain", "--shop", pristine).out
    assert "pinned by the rule “spring”" in told
    cheap = run(
        "search", "lamp", "--rules", rules, "--profile", "cheap", "--json", "--shop", pristine
    ).document
    assert cheap["query"]["profile"] == "cheap"
    assert [hit["id"] for hit in cheap["hits"]] == [
        hit["id"]
        for hit in run("search", "lamp", "--sort", "price", "--json", "--shop", pristine).document["hits"]
    ]
    shop = Path(shutil.copytree(pristine, tmp_path / "shop"))
    (shop / "rules.toml").write_text(RULES, encoding="utf-8")
    assert run("search", "lamp", "--json", "--shop", shop).document["hits"][0]["pinned"] == "spring"


def test_suggestions(pristine: Path) -> None:
    document = run("suggest", "des", "--json", "--shop", pristine).document
    assert document["typed"] == "des"
    first = document["suggestions"][0]
    assert set(first) == {"text", "kind", "id", "count", "brand"}
    assert "brass desk lamp" in [one["text"] for one in document["suggestions"]]
    assert "brass desk lamp" in run("suggest", "des", "--shop", pristine).out
    assert len(run("suggest", "l", "-k", 2, "--json", "--shop", pristine).document["suggestions"]) == 2
    assert run("suggest", "煎", "--json", "--shop", pristine).document["suggestions"][0]["text"] == "铸铁煎锅"
    assert run("suggest", "qqqq", "--shop", pristine).out == "(no suggestions)\n"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("search", "lamp", "--sort", "cheapest"), "choose one of relevance, price"),
        (("search", "lamp", "--sort", "newest"), "[sort] newest"),
        (("search", "lamp", "--facets", "colour"), "there is no facet 'colour'"),
        (("search", "lamp", "--profile", "x"), "[profiles.x]"),
        (("search", "lamp", "--rules", "nowhere.toml"), "nowhere.toml cannot be read"),
        (("suggest", "lamp", "-k", "0"), "k=0"),
        (("suggest",), "Missing argument 'TEXT'"),
    ],
)
def test_wrong_use_is_one_line(args: tuple[str, ...], said: str, pristine: Path) -> None:
    ran = run(*args, "--shop", pristine)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_damaged_rules_file_names_its_line(pristine: Path, tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text('# ours\n[[boost]]\nwhere = "brand=Lumo"\nfactor = -1\n', encoding="utf-8")
    ran = run("search", "lamp", "--rules", path, "--shop", pristine)
    assert ran.status == 2
    assert "rules.toml, line 4: boost 1: factor = -1" in ran.err
