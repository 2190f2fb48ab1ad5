"""`shelfgraph doctor`: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg import Shop
from kg.doctor import all_checks
from kg.records import Product
from tests.recommend.cli.lampshop import run


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten lamps: two share a GTIN, one has no brand, one shouts, one has a strange title."""
    folder = tmp_path_factory.mktemp("doctor") / "shop"
    lamps = [
        Product(id=f"L{i}", title=f"Lumo desk lamp {i}", brand="Lumo", category=("Lamps",), gtin=gtin)
        for i, gtin in enumerate(f"239823500001{digit}" for digit in range(8))
    ]
    odd = [
        Product(id="M1", title="LUMO DESK LAMP", brand="Lumo", category=("Lamps",), gtin="2398235000011"),
        Product(id="M2", title="[bold]<b>Lamp</b>", category=("Lamps",)),
    ]
    opened = Shop.create(folder)
    opened.load([*lamps, *odd])
    return folder


def test_text_the_most_important_first(shop: Path) -> None:
    ran = run("doctor", "--shop", shop)
    assert (ran.status, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("10 products")
    assert lines[2].startswith("ERROR")
    assert "GTINs that several products share: 1 (2 products)" in lines[2]
    assert "L1, M1" in ran.out
    assert "[bold]<b>Lamp</b>" in ran.out
    assert "fix: " in ran.out
    assert max(map(len, lines)) <= 110


def test_warnings_alone_end_well(shop: Path) -> None:
    ran = run("doctor", "--shop", shop, "--check", "titles", "gaps", "--limit", 0)
    assert ran.status == 0
    assert "Titles that shout: 1" in ran.out
    assert "Products without a brand: 1" in ran.out
    assert "GTIN" not in ran.out
    assert "M2" not in ran.out


def test_nothing_found(shop: Path) -> None:
    ran = run("doctor", "--shop", shop, "--check", "categories")
    assert ran.status == 0
    assert "nothing was found" in ran.out


def test_json_is_one_document(shop: Path) -> None:
    ran = run("doctor", "--shop", shop, "--json")
    assert ran.status == 1
    assert ran.document["products"] == 10
    assert ran.document["findings"][0]["kind"] == "same_gtin"
    assert ran.document["findings"][0]["examples"][0]["ids"] == ["L1", "M1"]


def test_the_page(shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert run("doctor", "--shop", shop, "--html", file).status == 1
    page = file.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "&lt;b&gt;Lamp&lt;/b&gt;" in page
    assert "<b>Lamp" not in page
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_wrong_use(shop: Path, tmp_path: Path) -> None:
    unknown = run("doctor", "--shop", shop, "--check", "nonsense")
    assert unknown.status == 2
    assert "no check 'nonsense'; there are: attribute-names" in unknown.err
    assert run("doctor", "--shop", shop, "--html", tmp_path / "none" / "x.html").status == 2
    assert run("doctor", "--shop", shop, "--limit", -1).status == 2
    assert run("doctor", "--shop", tmp_path).status == 2


def test_nothing_is_changed(shop: Path) -> None:
    before = {
        path: path.stat().st_mtime_ns for path in shop.rglob("*") if path.suffix in (".sqlite", ".json")
    }
    run("doctor", "--shop", shop)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert json.loads((shop / "shop.json").read_text(encoding="utf-8"))


def test_help_lists_every_check() -> None:
    out = run("doctor", "--help").out
    assert all(f"  {check.name}" in out for check in all_checks())
