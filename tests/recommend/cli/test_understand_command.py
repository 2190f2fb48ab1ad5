"""`shelfgraph understand` shows how a query is read."""

from __future__ import annotations

from pathlib import Path

from tests.recommend.cli.lampshop import run


def test_a_reading_is_printed(pristine: Path) -> None:
    ran = run("understand", "Lumo brass lmap under 50", "--shop", pristine)
    assert ran.status == 0
    for said in (
        "Lumo (brand) 100%",
        "material: brass",
        "Lamps (category)",
        "price<=50",
        "Lumo brass lamp under 50",
    ):
        assert said in ran.out


def test_as_json(pristine: Path) -> None:
    document = run("understand", "lamp without brass zzyzx", "--json", "--shop", pristine).document
    assert [entity["nodes"][0]["name"] for entity in document["entities"]] == ["Lamps"]
    assert [entity["nodes"][0]["id"] for entity in document["excluded"]] == ["material=brass"]
    assert document["unknown"] == ["zzyzx"]


def test_nothing_named(pristine: Path) -> None:
    ran = run("understand", "!?", "--shop", pristine)
    assert (ran.status, "names anything" in ran.out) == (0, True)


def test_no_shop(tmp_path: Path) -> None:
    ran = run("understand", "lamp", "--shop", tmp_path / "none")
    assert ran.status == 2
    assert "error:" in ran.err
