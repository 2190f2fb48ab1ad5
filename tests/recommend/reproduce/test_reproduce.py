"""Named protocols: what they need, what they print, and that a stranger can add one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from kg.errors import DataError, SettingsError
from recommend.evaluate import Report
from recommend.evaluate.report import Row
from recommend.reproduce import (
    Expected,
    Line,
    Load,
    Protocol,
    Published,
    Run,
    Table,
    all_protocols,
    reproduce,
)
from recommend.reproduce import protocol as register
from recommend.reproduce.protocol import _PROTOCOLS
from tests.recommend.cli.lampshop import run

NAMES = ("beauty", "beauty-cold", "icecat", "lastfm", "toys")


@pytest.fixture
def beauty(tmp_path: Path) -> Path:
    """A little shop laid out as the files of Beauty."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "data" / "beauty"
    folder.mkdir(parents=True)
    brand = np.arange(60) % 6
    rows = [f"B{i:02d},brand{brand[i]},Beauty|Kind {i % 4}" for i in range(60)]
    (folder / "products.csv").write_text("\n".join(["id,brand,categories", *rows]))
    pairs = [f"B{i:02d},B{int(rng.integers(60)):02d}" for i in range(60)]
    for name in ("also_viewed", "bought_together"):
        (folder / f"{name}.csv").write_text("\n".join(["id,related_id", *pairs]))
    bought = [
        f"u{user},B{p:02d}"
        for user in range(25)
        for p in rng.choice(np.flatnonzero(brand == user % 6), 6, replace=False).tolist()
    ]
    (folder / "purchases_train.csv").write_text("\n".join(["user,product_id", *bought]))
    return folder


def test_the_protocols_say_what_they_need() -> None:
    found = {one.name: one for one in all_protocols()}
    assert set(NAMES) <= set(found)
    for one in found.values():
        assert one.title
        assert one.source
        assert any(file.needed for file in one.files)
    listed = run("reproduce", "--list")
    assert listed.status == 0
    for name in NAMES:
        assert f"{name}: {found[name].title}" in listed.out
        assert all(file.name in listed.out for file in found[name].files)
    assert {one["name"] for one in run("reproduce", "--list", "--json").document} == set(found)


def test_beauty_without_its_test_file_hides_purchases_and_says_so(beauty: Path) -> None:
    ran = run("reproduce", "beauty", "--data", beauty.parent, "--json")
    assert ran.status == 0, ran.err
    (table,) = ran.document["tables"]
    rows = {row["model"]: row for row in table["rows"]}
    assert {"exact", "popularity", "item_knn", "ease", "knn_kg", "PGPR"} <= set(rows)
    assert rows["PGPR"]["ndcg@10"] == 0.05449
    assert "Xian" in rows["PGPR"]["source"]
    assert rows["exact"]["ndcg@10_low"] <= rows["exact"]["ndcg@10"] <= rows["exact"]["ndcg@10_high"]
    assert rows["exact"]["ndcg@10"] == table["report"]["rows"][0]["ndcg@10"]
    assert table["report"]["protocol"]["kind"] == "holdout"
    assert any("purchases_test.csv is not there" in note for note in ran.document["notes"])


def test_beauty_with_its_test_file_and_also_bought(beauty: Path) -> None:
    (beauty / "purchases_test.csv").write_text("user,product_id\nu0,B05\nu1,B44\nu18,B01\n")
    (beauty / "also_bought.csv").write_text("id,related_id\nB00,B06\n")
    found = reproduce("beauty", beauty, seed=1)  # its own folder will do too
    without, with_it = found.tables
    assert "without" in without.title
    assert without.report is not None
    assert with_it.report is not None
    assert without.report.protocol["kind"] == "test"
    assert without.report.protocol["users"] == 3
    assert "with also_bought" in with_it.title
    assert not any("not there" in note for note in found.notes)


def test_the_screen_shows_percent_and_where_figures_are_from(beauty: Path) -> None:
    ran = run("reproduce", "beauty", "--data", beauty.parent)
    assert ran.status == 0, ran.err
    for word in ("in percent", "5.449", "14.401", "PGPR", "Xian et al. 2019", "note: ", "here"):
        assert word in ran.out


def test_cold_products(beauty: Path) -> None:
    found = reproduce("beauty-cold", beauty.parent)
    (table,) = found.tables
    values = {line.model: line.values["recall@10"] for line in table.lines}
    assert values["exact"] > values["random"] or values["random"] == 1
    assert table.report is not None
    assert table.report.protocol["cold"] == 0.15


def test_toys_in_both_protocols(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [f"{user} " + " ".join(map(str, rng.permutation(30)[:6])) for user in range(25)]
    (tmp_path / "sequences.txt").write_text("\n".join(lines))
    (tmp_path / "attributes.json").write_text(json.dumps({str(i): [i % 3, 7] for i in range(30)}))
    found = reproduce("toys", tmp_path)
    strict, refit = found.tables
    assert [line.model for line in strict.lines][-1] == "SASRec, sampled softmax"
    assert strict.report is not None
    assert strict.report.protocol["items_described"] == 30
    assert refit.report is not None
    assert refit.report.protocol["protocol"] == "refit"
    (tmp_path / "attributes.json").write_text("[1, 2]")
    with pytest.raises(DataError, match="describes no item"):
        reproduce("toys", tmp_path)


def test_lastfm_in_the_layout_of_its_paper(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    folder = tmp_path / "lastfm"
    folder.mkdir()
    (folder / "item_index2entity_id.txt").write_text("".join(f"{100 + i}\t{i}\n" for i in range(60)))
    (folder / "kg.txt").write_text("".join(f"{i}\tmusic.genre\t{60 + i % 5}\n" for i in range(60)))
    listened = [
        f"{user}\t{100 + artist}\t{int(rng.integers(1, 99))}"
        for user in range(40)
        for artist in rng.choice(60, 10, replace=False).tolist()
    ]
    (folder / "user_artists.dat").write_text("\n".join(["userID\tartistID\tweight", *listened]))
    found = reproduce("lastfm", tmp_path)
    (table,) = found.tables
    models = [line.model for line in table.lines]
    assert models[-3:] == ["KGCN", "CKAN", "MCCLK"]
    assert {"exact", "best", "item_knn", "popularity"} <= set(models)
    assert all("recall@10" not in line.values for line in table.lines[-3:])
    assert table.report is not None
    assert table.report.protocol["candidates"] == 60


def test_icecat_searches_what_was_judged(tmp_path: Path) -> None:
    kinds = ("printer", "toner", "mouse", "screen")
    products = [
        {
            "id": str(i),
            "title": f"Brand{i % 3} {kinds[i % 4]} X{i}",
            "supplier": f"Brand{i % 3}",
            "price": 100 * i,
        }
        for i in range(24)
    ]
    (tmp_path / "products.jsonl").write_text("\n".join(map(json.dumps, products)))
    rated = [f"{kinds[i % 4]},{i},{1 + i % 3}" for i in range(12)]
    (tmp_path / "judgments.csv").write_text("\n".join(["query,product_id,rating", *rated]))
    (table,) = reproduce("icecat", tmp_path).tables
    values = {line.model: line.values for line in table.lines}
    assert values["exact"]["condensed_ndcg@10"] > 0.5
    assert {"bm25", "dense"} <= set(values)


def test_a_file_that_is_not_there_is_named_before_anything_runs(beauty: Path) -> None:
    (beauty / "also_viewed.csv").unlink()
    with pytest.raises(DataError, match=r"has no also_viewed\.csv .*github\.com/orcax/PGPR"):
        reproduce("beauty", beauty.parent)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((), "NAME --data DIR"),
        (("beauty",), "NAME --data DIR"),
        (("movies", "--data", "."), "no protocol 'movies'; choose one of beauty"),
        (("beauty", "--data", "nowhere"), "nowhere is not a folder"),
    ],
)
def test_wrong_use_is_one_line(asked: tuple[str, ...], message: str) -> None:
    ran = run("reproduce", *asked)
    assert ran.status == 2
    assert message in ran.err


def test_a_stranger_adds_one_with_a_function(tmp_path: Path) -> None:
    report = Report(protocol={}, rows=(Row.of("ours", {"hr@1": np.array([1.0, 0.0])}, seed=0),))

    @register(
        "tiny",
        title="two lines",
        folder="tiny",
        source="nowhere",
        files=[Expected(name="a.csv", about="id")],
    )
    def tiny(run: Run) -> tuple[list[Table], list[str]]:
        shop = run.shop(Load(name="a.csv"))
        assert shop.graph().product_count == 2
        theirs = Published(model="theirs", values={"hr@1": 0.25}, source="a paper")
        return [Table.of("first", report, ["hr@1", "auc"], [theirs])], ["a note"]

    try:
        (tmp_path / "a.csv").write_text("id,title\nx,X\ny,Y\n")
        found = reproduce("tiny", tmp_path)
    finally:
        kept: dict[str, Protocol] = _PROTOCOLS
        del kept["tiny"]
    (table,) = found.tables
    assert table.lines[0].values == {"hr@1": 0.5}
    assert table.lines[1] == Line(model="theirs", values={"hr@1": 0.25}, source="a paper")
    assert found.notes == ("a note",)


def test_the_list_loads_no_learning_library() -> None:
    code = "import sys; from recommend.cli.group import shelfgraph; shelfgraph.main(['reproduce', '--list'])"
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "| torch" not in ran.stderr


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(SettingsError, match="icecat"):
        reproduce("nothing", ".")


@pytest.mark.long
@pytest.mark.data
@pytest.mark.parametrize("name", ["toys"])
def test_real_files(name: str, test_data: Path) -> None:
    found = reproduce(name, test_data)
    strict = {line.model: line.values for line in found.tables[0].lines}
    assert strict["exact"]["ndcg@10"] > strict["TIGER"]["ndcg@10"]
    assert strict["exact"]["ndcg@10"] > strict["item_knn"]["ndcg@10"]
