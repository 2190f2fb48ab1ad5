"""load, build, stats, versions, rollback, delete and export: what they do to a shop, and what they say."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import networkx as nx
import pytest

from kg import Shop
from tests.recommend.cli.lampshop import CATALOG, PLAIN, run

MODELS = ("text", "image", "kge", "gnn", "fusion")
WITHOUT = [word for part in MODELS for word in ("--without", part)]


@pytest.fixture
def products(tmp_path: Path) -> Path:
    file = tmp_path / "products.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(("id", "title", "brand", "category", "price", "attr_material"))
        writer.writerows(CATALOG)
    return file


@pytest.fixture
def purchases(tmp_path: Path) -> Path:
    file = tmp_path / "orders.csv"
    file.write_text(
        "user,product,time\nanna,L1,2024-01-01\nanna,B1,2024-01-02\nben,L1,2024-01-03\n", encoding="utf-8"
    )
    return file


def test_from_a_file_to_an_answer(products: Path, purchases: Path, tmp_path: Path) -> None:
    shop = tmp_path / "new"
    loaded = run("load", products, "--shop", shop)
    assert (loaded.status, loaded.err) == (0, "")
    assert "14 read, 14 loaded, 0 rejected" in loaded.out
    assert run("load", purchases, "--kind", "interactions", "--shop", shop).status == 0
    built = run("build", *WITHOUT, "--seed", 3, "--shop", shop)
    assert built.status == 0
    assert "version 0001 serves now" in built.out
    assert "index" in built.out
    assert "index: " in built.err  # a line a stage, as there is no terminal
    found = run("search", "frying pan", "--json", "--shop", shop).document["hits"]
    assert {hit["id"] for hit in found[:2]} == {"P1", "P2"}


def test_loading_twice_changes_nothing(products: Path, tmp_path: Path) -> None:
    shop = tmp_path / "new"
    run("load", products, "--shop", shop)
    before = run("stats", "--json", "--shop", shop).document
    again = run("load", products, "--json", "--shop", shop)
    assert again.status == 0
    assert again.document["unchanged"] == 14
    assert run("stats", "--json", "--shop", shop).document == before


def test_rejected_rows_are_told_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text("id,title,price\nA,good,1\nB,bad,-1\n,none,2\n", encoding="utf-8")
    ran = run("load", file, "--shop", tmp_path / "new")
    assert ran.status == 1
    assert "line 3: '-1'" in ran.out
    told = run("load", file, "--json", "--shop", tmp_path / "new")
    assert told.status == 1
    assert (told.document["read"], told.document["loaded"], told.document["rejected"]) == (3, 1, 2)
    assert {rule["field"]: rule["count"] for rule in told.document["by_rule"]} == {"price": 1, "id": 1}
    assert [r["line"] for r in told.document["rejections"]] == [3, 4]
    kept = Path(told.document["rejects_file"]).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["line"] for line in kept] == [3, 4]


def test_a_full_feed_deletes_what_it_does_not_name(products: Path, tmp_path: Path) -> None:
    shop, rows = tmp_path / "new", products.read_text(encoding="utf-8").splitlines(keepends=True)
    run("load", products, "--shop", shop)
    products.write_text("".join(rows[:-1]), encoding="utf-8")
    assert run("load", products, "--full-feed", "--json", "--shop", shop).document["deleted"] == 1
    products.write_text("".join(rows[:5]), encoding="utf-8")
    refused = run("load", products, "--full-feed", "--shop", shop)
    assert (refused.status, refused.out) == (2, "")
    assert "would delete 69 % of the catalog (9 of 13 products): refused without --confirm" in refused.err
    confirmed = run("load", products, "--full-feed", "--confirm", "--shop", shop)
    assert confirmed.status == 0
    assert "9 deleted" in confirmed.out
    assert run("load", products, "--confirm", "--shop", shop).status == 2


def test_a_mapping_and_a_patch(tmp_path: Path) -> None:
    shop, file, mapping = tmp_path / "new", tmp_path / "odd.csv", tmp_path / "odd.toml"
    file.write_text("number,what\nA,lamp\nB,pan\n", encoding="utf-8")
    mapping.write_text('kind = "products"\n[columns]\nnumber = "id"\nwhat = "title"\n', encoding="utf-8")
    assert run("load", file, "--mapping", mapping, "--shop", shop).status == 0
    patch = tmp_path / "prices.csv"
    patch.write_text("id,price\nA,12.50\n", encoding="utf-8")
    assert run("load", patch, "--mode", "patch", "--shop", shop).status == 0
    with Shop.open(shop).store() as store:
        first, second = store.products()
    assert (first.title, str(first.price)) == ("lamp", "12.50")
    assert (second.title, second.price) == ("pan", None)


def test_pictures_beside_the_file_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "catalog"
    (folder / "pictures").mkdir(parents=True)
    (folder / "pictures" / "a.png").write_bytes(b"a picture")
    (folder / "some.csv").write_text(
        "id,image\nA,pictures/a.png\nB,https://shop.example/b.png\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    run("load", "catalog/some.csv", "--shop", "new")
    with Shop.open(tmp_path / "new").store() as store:
        images = [product.image for product in store.products()]
    assert images == [str(folder / "pictures" / "a.png"), "https://shop.example/b.png"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["nowhere.csv"], "nowhere.csv is not a file"),
        ([], "Missing argument"),
        (["{products}", "--mapping", "nowhere.toml"], "nowhere.toml"),
        (["{products}", "--mapping", "nosuch"], "nosuch"),
        (["{products}", "--kind", "poems"], "'poems'"),
        (["{products}", "--kind", "interactions"], "user"),
        (["{products}", "--graph", "http://somewhere"], "neo4j://host:7687"),
        (["{products}", "--graph", "neo4j://user:secret@localhost:1"], "password for all to read"),
        (["{products}", "--graph", "neo4j://localhost:1"], "credentials"),
        (["{products}", "--credentials", "nowhere.env"], "nowhere.env"),
        (["{truncated}"], "truncated.csv.gz"),
        (["{binary}"], "binary.csv"),
    ],
)
def test_what_cannot_be_loaded(options: list[str], said: str, products: Path, tmp_path: Path) -> None:
    truncated, binary = tmp_path / "truncated.csv.gz", tmp_path / "binary.csv"
    truncated.write_bytes(gzip.compress(products.read_bytes())[:-20])
    binary.write_bytes(bytes(range(256)) * 8)
    files = {"products": products, "truncated": truncated, "binary": binary}
    ran = run("load", *(option.format(**files) for option in options), "--shop", tmp_path / "new")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert said in ran.err
    assert "secret" not in ran.err


def test_an_existing_shop_keeps_its_graph_where_it_is(products: Path, shop: Path) -> None:
    ran = run("load", products, "--graph", "neo4j://localhost:7687", "--shop", shop)
    assert ran.status == 2
    assert "keeps its graph at sqlite:///" in ran.err


def test_stats_count_by_kind_and_relation(pristine: Path) -> None:
    counts = run("stats", "--json", "--shop", pristine).document
    assert (counts["products"], counts["stubs"], counts["unfinished_load"]) == (14, 0, "")
    assert counts["nodes"]["user"] == 6
    assert counts["edges"]["purchased"] == 15
    table = run("stats", "--shop", pristine).out
    assert [line.split() for line in table.splitlines() if line.startswith("purchased")] == [
        ["purchased", "15"]
    ]


def test_versions_and_rollback(shop: Path) -> None:
    built = run("build", *WITHOUT, "--json", "--shop", shop)
    assert built.document["version"] == "0002"
    assert built.document["settings"]["settings"] == PLAIN.plain()
    listed = run("versions", "--json", "--shop", shop).document["versions"]
    assert [(v["version"], v["current"]) for v in listed] == [("0001", False), ("0002", True)]
    assert run("rollback", "--shop", shop).out == "version 0001 serves now\n"
    assert run("versions", "--shop", shop).out.splitlines()[1].startswith("*  0001")
    oldest = run("rollback", "--shop", shop)
    assert (oldest.status, oldest.out) == (2, "")
    assert run("rollback", "0002", "--shop", shop).status == 0
    unknown = run("rollback", "0007", "--shop", shop)
    assert unknown.status == 2
    assert "there are: 0001, 0002" in unknown.err


def test_old_versions_are_removed(shop: Path) -> None:
    for _ in range(2):
        run("build", *WITHOUT, "--shop", shop)
    run("rollback", "0001", "--shop", shop)
    pruned = run("versions", "--prune", "1", "--shop", shop)
    assert pruned.out.splitlines()[0] == "removed: 0002"
    told = run("versions", "--prune", "1", "--json", "--shop", shop).document
    assert ([v["version"] for v in told["versions"]], told["removed"]) == (["0001", "0003"], [])
    assert run("similar", "L1", "--shop", shop).status == 0
    assert run("versions", "--prune", "0", "--shop", shop).status == 2


def test_a_damaged_version_is_named_and_can_be_rolled_back(shop: Path) -> None:
    run("build", *WITHOUT, "--shop", shop)
    damaged = shop / "versions" / "0002" / "graph.safetensors"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    ran = run("similar", "L1", "--shop", shop)
    assert ran.status == 2
    assert str(damaged) in ran.err
    run("rollback", "--shop", shop)
    assert run("similar", "L1", "--shop", shop).status == 0


def test_deleted_products_and_users_are_gone_with_the_next_build(shop: Path) -> None:
    deleted = run("delete", "--product", "L1", "L2", "--user", "anna", "--shop", shop)
    assert deleted.status == 0
    assert run("similar", "L1", "--shop", shop).status == 0  # what serves is not touched
    run("build", *WITHOUT, "--shop", shop)
    assert run("similar", "L1", "--shop", shop).status == 2
    counts = run("stats", "--json", "--shop", shop).document
    assert counts["products"] == 12
    assert counts["nodes"]["user"] == 5
    assert run("delete", "--shop", shop).status == 2


def test_export_as_the_ending_says(pristine: Path, tmp_path: Path) -> None:
    counts = run("stats", "--json", "--shop", pristine).document
    nodes, edges = sum(counts["nodes"].values()), sum(counts["edges"].values())
    for name in ("g.json", "g.graphml", "g.cypher"):
        assert run("export", tmp_path / name, "--shop", pristine).status == 0
    linked = nx.node_link_graph(json.loads((tmp_path / "g.json").read_text(encoding="utf-8")), edges="edges")
    drawn = nx.read_graphml(tmp_path / "g.graphml")
    for graph in (linked, drawn):
        assert (graph.number_of_nodes(), graph.number_of_edges()) == (nodes, edges)
    assert linked.nodes["product", "P3"]["label"] == "铸铁煎锅"
    assert (tmp_path / "g.cypher").read_text(encoding="utf-8").count("UNWIND") >= 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.cypher", "g.graphml", "g.json"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("g.txt", ".graphml"), ("g", ".graphml"), ("nowhere/g.json", "nowhere is not a folder")],
)
def test_what_cannot_be_exported(name: str, said: str, pristine: Path, tmp_path: Path) -> None:
    ran = run("export", tmp_path / name, "--shop", pristine)
    assert ran.status == 2
    assert said in ran.err


def test_a_shop_without_a_build_says_what_to_do(products: Path, tmp_path: Path) -> None:
    run("load", products, "--shop", tmp_path / "new")
    assert "shelfgraph build" in run("versions", "--shop", tmp_path / "new").out
    ran = run("similar", "L1", "--shop", tmp_path / "new")
    assert ran.status == 2
    assert "shelfgraph build" in ran.err


def test_an_empty_shop_cannot_be_built(tmp_path: Path) -> None:
    Shop.create(tmp_path / "new")
    ran = run("build", *WITHOUT, "--shop", tmp_path / "new")
    assert ran.status == 2
    assert "lists no products" in ran.err
