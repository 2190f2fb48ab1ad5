"""`shelfgraph update`: a change of a file shows, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recommend.cli.lampshop import run

WITHOUT = [word for part in ("text", "image", "kge", "gnn", "fusion") for word in ("--without", part)]
HEAD = "id,title,brand,price\n"
ROWS = {f"L{n}": f"L{n},oak lamp {n},Lumo,{10 + n}.00\n" for n in range(20)}


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return write(tmp_path / "feed.csv", ROWS)


@pytest.fixture
def shop(tmp_path: Path, feed: Path) -> Path:
    shop = tmp_path / "shop"
    assert run("load", feed, "--shop", shop).status == 0
    assert run("build", *WITHOUT, "--shop", shop).status == 0
    return shop


def write(file: Path, rows: dict[str, str]) -> Path:
    file.write_text(HEAD + "".join(rows.values()), encoding="utf-8")
    return file


def found(shop: Path, *words: str) -> list[str]:
    return [hit["id"] for hit in run("search", *words, "--json", "--shop", shop).document["hits"]]


def test_a_changed_feed_shows_after_one_command(shop: Path, feed: Path) -> None:
    write(feed, ROWS | {"L3": "L3,porcelain teapot,Lumo,5.00\n", "T1": "T1,teapot of tin,Lumo,3.00\n"})
    done = run("update", feed, "--shop", shop)
    assert done.status == 0
    assert "version 0002 serves now: 1 products added, 1 changed, 0 removed" in done.out
    assert set(found(shop, "teapot")) == {"L3", "T1"}


def test_what_was_loaded_before_is_taken_up_without_files(shop: Path, feed: Path) -> None:
    write(feed, ROWS | {"T1": "T1,teapot,Lumo,3.00\n"})
    run("load", feed, "--shop", shop)
    assert found(shop, "teapot") == []
    assert run("update", "--shop", shop, "--json").document == {
        "version": "0002",
        "new": True,
        "added": 1,
        "changed": 0,
        "removed": 0,
        "pruned": [],
        "load": None,
    }
    assert found(shop, "teapot") == ["T1"]


def test_a_patch_changes_only_its_columns(shop: Path, tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("id,price\nL3,1.00\n", encoding="utf-8")
    assert run("update", prices, "--mode", "patch", "--shop", shop).status == 0
    assert found(shop, "oak lamp", "--where", "price<=1") == ["L3"]


def test_a_full_feed_deletes_what_it_lacks_but_not_half_of_the_shop(shop: Path, feed: Path) -> None:
    write(feed, {key: row for key, row in ROWS.items() if key != "L19"})
    assert run("update", feed, "--full-feed", "--shop", shop).status == 0
    assert "L19" not in found(shop, "oak lamp 19", "-k", "30")
    write(feed, dict(list(ROWS.items())[:7]))
    refused = run("update", feed, "--full-feed", "--shop", shop)
    assert refused.status == 2
    assert "--confirm" in refused.err
    assert len(found(shop, "oak lamp", "-k", "30")) == 19
    assert run("update", feed, "--full-feed", "--confirm", "--shop", shop).status == 0
    assert len(found(shop, "oak lamp", "-k", "30")) == 7


def test_old_versions_go_when_asked(shop: Path, feed: Path) -> None:
    for number in range(3):
        write(feed, ROWS | {"T1": f"T1,teapot {number},Lumo,3.00\n"})
        run("update", feed, "--keep", "2", "--shop", shop)
    names = [version["version"] for version in run("versions", "--json", "--shop", shop).document["versions"]]
    assert names == ["0003", "0004"]
    assert found(shop, "teapot") == ["T1"]


def test_a_rejected_row_is_reported_and_the_rest_shows(shop: Path, feed: Path) -> None:
    write(feed, ROWS | {"T1": "T1,teapot,Lumo,3.00\n", "T2": "T2,teapot,Lumo,-1\n"})
    done = run("update", feed, "--shop", shop)
    assert done.status == 1
    assert "1 rejected" in done.out
    assert found(shop, "teapot") == ["T1"]


def test_a_shop_that_was_never_built_is_told_so(tmp_path: Path, feed: Path) -> None:
    shop = tmp_path / "unbuilt"
    run("load", feed, "--shop", shop)
    done = run("update", feed, "--shop", shop)
    assert done.status == 2
    assert "shelfgraph build" in done.err


def test_without_a_change_nothing_is_swapped(shop: Path, feed: Path) -> None:
    done = run("update", feed, "--shop", shop)
    assert done.status == 0
    assert "nothing has changed: version 0001 serves on" in done.out


def test_an_empty_full_feed_deletes_nothing_and_says_so(shop: Path, feed: Path) -> None:
    write(feed, {})
    done = run("update", feed, "--full-feed", "--confirm", "--shop", shop)
    assert "no product was read, so none was deleted" in done.out
    assert len(found(shop, "oak lamp", "-k", "30")) == 20


def test_a_folder_is_no_feed(shop: Path, tmp_path: Path) -> None:
    assert "is a folder; name the files in it" in run("update", tmp_path, "--shop", shop).err
