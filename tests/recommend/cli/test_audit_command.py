"""`shelfgraph audit`: sentences first, tables after, or one JSON document."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg import Shop
from recommend import build
from recommend.cli.reports import print_spaces
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


def test_every_variant_can_be_read_band_by_band(folder: Path) -> None:
    """However many relations there are: a variant is a line, a band a column, and nothing is cut off."""
    ran = run("audit", "--shop", folder)
    assert ran.status == 0, ran.err
    told = ran.out[ran.out.index("recall@10 by how often") :].split("\n\n")[0].splitlines()
    names = [line.split("  ")[0] for line in told[2:]]
    assert names[:4] == ["pairs", "on", "off", "shuffled"]
    assert {"without made_by", "made_by shuffled", "has_attribute shuffled"} <= set(names)
    assert "…" not in "".join(told)
    found = run("audit", "--shop", folder, "--json").document["bands"]
    on = next(line for line in told if line.startswith("on "))
    values = [one["recall@10"]["on"] for one in found]
    assert on.split()[1:] == [f"{value:.4f}" for value in values if value is not None]


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


def test_vectors_are_audited_too(folder: Path) -> None:
    asked = ("audit", "--shop", folder, "--vectors", "--profile", "fast", "--cold", ".4")
    ran = run(*asked)
    assert ran.status == 0, ran.err
    assert ran.out.startswith("text: ndcg@10 ")
    for word in (
        "exact, only text",
        "exact, without vectors",
        "new products",
        "purchases of the product",
        "exact, catalog only",
    ):
        assert word in ran.out
    ran = run(*asked, "--json")
    assert ran.document["protocol"]["kind"] == "audit of vectors"
    assert ran.document["spaces"] == ["text"]
    assert [row["model"] for row in ran.document["rows"]] == [
        "exact",
        "exact, without vectors",
        "exact, only text",
        "built without vectors",
    ]
    assert "exact, catalog only, only text" in {row["model"] for row in ran.document["new"]["rows"]}


def test_what_a_build_measured_of_a_space_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    measured = {"with": 0.0812, "without": 0.079, "interval": [0.001, 0.0034]}
    rare = {"pairs": 9, "with": 0.125, "without": 0.25, "interval": [-0.2, -0.05]}
    print_spaces(
        {
            "gnn": {**measured, "rare": rare, "kept": "on"},
            "kge": {**measured, "rare": {"pairs": 0}, "kept": "off"},
        }
    )
    gnn, kge = (line for line in capsys.readouterr().out.splitlines() if line.startswith(("gnn", "kge")))
    for cell in ("0.0790", "0.0812", "+0.0010 to +0.0034", "0.250", "0.125", "-0.200 to -0.050"):
        assert cell in gnn
    assert gnn.split()[-1] == "on"
    assert kge.split()[-1] == "off"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("--vectors",), "makes no vectors"),
        (("--vectors", "--relation", "made_by"), "--relation is for an audit of the graph"),
        (("--cold", ".2"), "--cold is for --vectors"),
        (("--vectors", "--cold", "2"), "cold=2.0 must lie between 0 and 1"),
        (("--relation", "also_seen"), "no relation 'also_seen'"),
        (("--holdout", "2"), "between 0 and 1"),
        (("--memory", "much"), "no size"),
    ],
)
def test_wrong_use_is_one_line(asked: tuple[str, ...], message: str, folder: Path) -> None:
    ran = run("audit", "--shop", folder, *asked)
    assert ran.status == 2
    assert message in ran.err
