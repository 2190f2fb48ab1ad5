"""Triple files: KGAT's and KGCN's, with the lists that lie beside them, and plain ones."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest

from kg import Shop
from kg.errors import DataError
from kg.reading import Mapping, read
from kg.records import Fact, Interaction, Product
from tests.kg.reading.feeds.samples import FIXTURES, facts, interactions, load, products

KGAT = FIXTURES / "kgat"
KGCN = FIXTURES / "kgcn"
DATA = os.environ.get("SHELFGRAPH_TEST_DATA", "")


def test_kgat_numbers_get_their_names() -> None:
    records, reading = load(KGAT / "kg_final.txt")
    writer = "entity=m.0writer"
    assert records == [
        Fact(head="B0ALDER001", relation="book_written_work_author", tail=writer, tail_kind="attribute"),
        Fact(
            head=writer,
            relation="attributes_good_for_meal",
            tail="entity=m.0topic",
            head_kind="attribute",
            tail_kind="attribute",
        ),
        Fact(head="B0BIRCH002", relation="book_written_work_author", tail=writer, tail_kind="attribute"),
        Fact(head="entity=m.0topic", relation="relation_7", tail="B0BIRCH002", head_kind="attribute"),
    ]
    report = reading.report()
    assert (report.kind, report.ok) == ("facts", True)
    assert any(note.startswith("read as KGAT's knowledge graph") for note in report.notes)


def test_kgat_items_and_interactions_have_the_same_ids() -> None:
    items = products(load(KGAT / "item_list.txt")[0])
    assert list(items) == ["B0ALDER001", "B0BIRCH002", "B0CEDAR003"]
    assert interactions(load(KGAT / "train.txt")[0]) == [
        Interaction(user="AUSERONE", product="B0ALDER001"),
        Interaction(user="AUSERONE", product="B0CEDAR003"),
        Interaction(user="AUSERTWO", product="B0BIRCH002"),
    ]
    # a user without an item in the test is none of its users
    assert interactions(load(KGAT / "test.txt")[0]) == [Interaction(user="AUSERONE", product="B0BIRCH002")]


def test_kgat_without_its_lists(tmp_path: Path) -> None:
    for name in ("kg_final.txt", "train.txt"):
        shutil.copy(KGAT / name, tmp_path)
    with pytest.raises(DataError, match=r"says nothing without item_list\.txt"):
        load(tmp_path / "kg_final.txt", feed="kgat")
    numbers = interactions(load(tmp_path / "train.txt", feed="kgat_interactions")[0])
    assert numbers[0] == Interaction(user="0", product="0")
    shutil.copy(KGAT / "item_list.txt", tmp_path)
    (first, *_) = load(tmp_path / "kg_final.txt")[0]
    assert first == Fact(head="B0ALDER001", relation="relation_0", tail="entity=3", tail_kind="attribute")


def test_all_of_it_packed(tmp_path: Path) -> None:
    for file in KGAT.iterdir():
        (tmp_path / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    for name in ("kg_final.txt", "item_list.txt", "train.txt"):
        assert load(tmp_path / f"{name}.gz")[0] == load(KGAT / name)[0]


def test_a_shop_of_kgats_files(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    for name in ("kg_final.txt", "train.txt", "item_list.txt"):  # in any order
        assert shop.load(KGAT / name).ok
    counts = shop.counts()
    assert (counts.products, counts.stubs) == (3, 0)
    graph = shop.graph()
    assert set(graph.nodes["attribute"]) == {"entity=m.0writer", "entity=m.0topic"}
    assert set(graph.nodes["user"]) == {"AUSERONE", "AUSERTWO"}


def test_kgcn_names_items_as_the_ratings_do() -> None:
    records, reading = load(KGCN / "kg.txt")
    assert records == [
        Fact(head="2", relation="music_artist_origin", tail="entity=40", tail_kind="attribute"),
        Fact(head="entity=41", relation="film_actor_film", tail="62", head_kind="attribute"),
        Fact(head="61", relation="music_artist_genre", tail="2"),
    ]
    assert reading.report().ok
    assert list(products(load(KGCN / "item_index2entity_id.txt")[0])) == ["2", "61", "62"]
    assert interactions(load(KGCN / "user_artists.dat")[0]) == [
        Interaction(user="2", product="61", value=700.0),
        Interaction(user="2", product="99", value=12.0),
    ]


def test_kgcn_final_files_number_items_by_the_lines_of_the_list() -> None:
    assert list(facts(load(KGCN / "kg_final.txt")[0])) == [
        ("2", "relation_0", "entity=3"),
        ("entity=3", "relation_1", "62"),
    ]
    records, reading = load(KGCN / "ratings_final.txt")
    assert interactions(records) == [
        Interaction(user="0", product="61"),
        Interaction(user="1", product="2"),
    ]
    assert any("negatives, drawn by chance, were left out: 1" in note for note in reading.report().notes)


def test_plain_triples_are_read_when_named() -> None:
    path = FIXTURES / "triples.tsv"
    assert list(facts(load(path, feed="triples")[0])) == [
        ("Oak desk", "made_of", "Oak"),
        ("Oak", "is_a", "Wood"),
    ]
    text = '[constants]\ntail_kind = "attribute"\n[options]\nfeed = "triples"\n'
    (first, _) = read(path, kind="facts", mapping=Mapping.from_text('kind = "facts"\n' + text))
    assert first == Fact(head="Oak desk", relation="made_of", tail="Oak", tail_kind="attribute")


def test_damaged_lines(tmp_path: Path) -> None:
    path = tmp_path / "kg.tsv"
    path.write_text("a made_of b\n\na b\na\tmade of\tb\tc\na\t\tb\na\t123\tb\nx\tis a\ty")
    records, reading = load(path, feed="triples")
    assert list(facts(records)) == [("a", "made_of", "b"), ("a", "relation_123", "b"), ("x", "is_a", "y")]
    assert [(r.line, r.rule.partition(",")[0]) for r in reading.report().rejections] == [
        (3, "a line must be a head"),
        (4, "a line must be a head"),
        (5, "is required"),
    ]


@pytest.mark.parametrize(
    ("path", "feed", "right"),
    [
        (KGAT / "train.txt", "kgat", "kgat_interactions"),
        (KGAT / "kg_final.txt", "kgat_items", "kgat"),
        (KGAT / "item_list.txt", "kgat_interactions", "kgat_items"),
        (KGCN / "user_artists.dat", "kgcn", "kgcn_interactions"),
        (KGCN / "kg.txt", "kgcn_interactions", "kgcn"),
        (KGCN / "ratings_final.txt", "kgcn_items", "kgcn_interactions"),
    ],
)
def test_a_file_of_another_feed_is_refused(path: Path, feed: str, right: str) -> None:
    with pytest.raises(DataError, match=f"load it by itself, with feed '{right}'"):
        load(path, feed=feed)


def test_files_without_a_header_are_not_read_from_frames() -> None:
    with pytest.raises(DataError, match="give their paths"):
        list(read([{"head": "a", "relation": "b", "tail": "c"}], kind=None, feed="triples"))


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="SHELFGRAPH_TEST_DATA is not set: no real catalogs here")
def test_the_files_of_kgcn_load_whole() -> None:
    folder = Path(DATA) / "lastfm"
    items, reading = load(folder / "item_index2entity_id.txt.gz")
    assert (len(items), reading.report().ok) == (3_846, True)
    known = products(items)
    edges, reading = load(folder / "kg.txt.gz")
    assert (len(edges), reading.report().ok, reading.report().duplicates) == (15_518, True, 0)
    ends = [(e.head, e.head_kind) for e in edges if isinstance(e, Fact)]
    ends += [(e.tail, e.tail_kind) for e in edges if isinstance(e, Fact)]
    assert {kind for _, kind in ends} == {"product", "attribute"}
    assert all((end in known) == (kind == "product") for end, kind in ends)
    met, reading = load(folder / "user_artists.dat.gz")
    assert (len(met), reading.report().ok) == (92_834, True)
    assert known["2"] == Product(id="2")
