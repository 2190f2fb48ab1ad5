"""stats and export: what they say of derived edges, and how a shop corrects them."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.kg.derive.shelf import products
from tests.recommend.cli.lampshop import run

WITHOUT = [word for part in ("text", "image", "kge", "gnn", "fusion") for word in ("--without", part)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "products.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        rows = csv.writer(opened)
        rows.writerow(("id", "title", "brand"))
        rows.writerows((p.id, p.title, p.brand) for p in products())
    assert run("load", file, "--shop", tmp_path / "shop").status == 0
    return tmp_path / "shop"


def build(shop: Path) -> None:
    assert run("build", *WITHOUT, "--shop", shop).status == 0


def facts(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_nothing_is_derived_before_the_first_build(shop: Path, tmp_path: Path) -> None:
    assert run("stats", "--json", "--shop", shop).document["derived"] is None
    assert "derived" not in run("stats", "--shop", shop).out
    refused = run("export", tmp_path / "facts.csv", "--shop", shop)
    assert refused.status == 2
    assert "shelfgraph build" in refused.err
    assert not (tmp_path / "facts.csv").exists()


def test_stats_counts_derived_edges_by_source(shop: Path) -> None:
    build(shop)
    derived = run("stats", "--json", "--shop", shop).document["derived"]
    assert derived["version"] == "0001"
    assert derived["typed"] == pytest.approx(29 / 30)
    counts = {(c["relation"], c["source"]): c for c in derived["counts"]}
    assert counts["of_type", "title"]["edges"] == 29
    assert 0 < counts["of_type", "title"]["confidence"] <= 1
    told = run("stats", "--shop", shop).out
    assert "96.7% of the products have a category or a type" in told
    assert "product of_type type" in told


def test_exported_facts_correct_the_next_build(shop: Path, tmp_path: Path) -> None:
    build(shop)
    file = tmp_path / "facts.csv"
    assert "derived edges of version 0001" in run("export", file, "--shop", shop).out
    rows = facts(file)
    (wrong,) = [
        row for row in rows if row["relation"] == "of_type" and row["head"].endswith("Rok teapot 1 l")
    ]
    (link,) = [row for row in rows if row["relation"] == "service_for" and row["head_kind"] == "type"]
    wrong["tail"], link["weight"] = "tea kettle", "0"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, list(wrong))
        writer.writeheader()
        writer.writerows([wrong, link])
    assert run("load", file, "--kind", "facts", "--shop", shop).status == 0
    build(shop)
    run("export", file, "--shop", shop)
    after = facts(file)
    assert not [row for row in after if row["head"] == wrong["head"] and row["relation"] == "of_type"]
    assert not [row for row in after if row["relation"] == "service_for" and row["head_kind"] == "type"]
    assert len(after) == len(rows) - 2
