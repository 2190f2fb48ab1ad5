"""`shelfgraph audit`: sentences first, tables after, or one JSON document."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg import Shop
from recommend import build
from tests.recommend.cli.lampshop import PLAIN, behaviour, catalog, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("audit") / "shop"
    shop = Shop.create(made)
    shop.load(catalog())
    shop.load(behaviour())
    build(shop, settings=PLAIN)
    return made


def test_sentences_and_tables(folder: Path) -> None:
    ran = run("audit", "--shop", folder, "--relation", "made_by", "in_category")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("The graph ")
    for word in ("shuffled", "without made_by", "in_category shuffled", "validation", "on against", "95 %"):
        assert word in ran.out
    assert "without has_attribute" not in ran.out


def test_json(folder: Path) -> None:
    ran = run("audit", "--shop", folder, "--relation", "made_by", "--json")
    assert ran.status == 0, ran.err
    assert ran.document["protocol"]["kind"] == "audit"
    assert [row["model"] for row in ran.document["rows"]] == [
        "on",
        "off",
        "shuffled",
        "without made_by",
        "made_by shuffled",
    ]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("--relation", "also_seen"), "no relation 'also_seen'"),
        (("--holdout", "2"), "between 0 and 1"),
        (("--memory", "much"), "no size"),
    ],
)
def test_wrong_use_is_one_line(asked: tuple[str, ...], message: str, folder: Path) -> None:
    ran = run("audit", "--shop", folder, *asked)
    assert ran.status == 2
    assert message in ran.err
