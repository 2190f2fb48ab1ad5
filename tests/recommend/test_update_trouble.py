"""Updates that meet a reader, or something that the build before them had never seen."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from kg.errors import VersionError
from kg.records import Fact, Interaction, Product
from kg.shop import Shop
from recommend import Recommender, Settings, build, update
from tests.recommend.shops import PLAIN
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS

FUSED = Settings(kge=False, gnn_steps=2, gnn_dim=16, fusion="weighted", threads=1)


def made(folder: Path, settings: Settings) -> Shop:
    """The tiny shop, loaded and built."""
    shop = Shop.create(folder)
    for records in (PRODUCTS, FACTS, INTERACTIONS):
        shop.load(records)
    build(shop, settings=settings)
    return shop


class TestReaders:
    def test_it_can_be_opened_at_any_moment_of_updates_and_prunes(self, tmp_path: Path) -> None:
        shop = made(tmp_path / "shop", PLAIN)
        over = threading.Event()
        errors: list[Exception] = []
        opened: list[int] = []

        def read() -> None:
            while not over.is_set():
                try:
                    opened.append(len(Recommender.open(shop.path).search("lamp")))
                except Exception as error:
                    errors.append(error)

        readers = [threading.Thread(target=read) for _ in range(2)]
        for reader in readers:
            reader.start()
        for turn in range(6):
            update(shop, [Product(id="lamp-new", title=f"lamp {turn}")])
            with shop.built.locked("prune"):
                shop.built.prune(keep=1)
        over.set()
        for reader in readers:
            reader.join()
        assert errors == []
        assert all(opened)

    def test_a_model_answers_on_when_its_version_is_pruned(self, tmp_path: Path) -> None:
        shop = made(tmp_path / "shop", FUSED)
        first, known = Recommender.open(shop.path), Recommender.open(shop.path)
        before = [(hit.product.id, hit.score) for hit in known.search("lamp for reading")]
        update(shop, [Product(id="lamp-new", title="lamp")])
        with shop.built.locked("prune"):
            assert shop.built.prune(keep=1) == ("0001",)
        assert [(hit.product.id, hit.score) for hit in first.search("lamp for reading")] == before

    def test_a_damaged_version_is_named_and_not_updated(self, tmp_path: Path) -> None:
        shop = made(tmp_path / "shop", PLAIN)
        notes = shop.built.current().path / "notes" / "words_by_field.safetensors"
        notes.write_bytes(notes.read_bytes()[:-1] + b"?")
        with pytest.raises(VersionError, match=r"words_by_field\.safetensors is damaged"):
            update(shop, [Product(id="lamp-new", title="lamp")])
        assert [version.name for version in shop.versions()] == ["0001"]


class TestWhatTheBuildHadNotSeen:
    def test_the_first_picture_can_be_searched_for_and_the_next_update_works(
        self, tmp_path: Path, pictures: Path
    ) -> None:
        shop = made(tmp_path / "shop", FUSED)
        assert "image" not in Recommender.open(shop.path).fitted.indexes
        picture = shutil.copy(pictures / "teapot-1.png", tmp_path / "teapot.png")
        for title in ("Teapot", "Porcelain teapot"):
            update(shop, [Product(id="teapot", title=title, image=str(picture))])
            r = Recommender.open(shop.path)
            assert r.search(image=picture)[0].product.id == "teapot"
            assert r.search("teapot")[0].product.title == title

    def test_what_was_learned_of_a_relation_stays_with_it_when_its_name_is_shared(
        self, tmp_path: Path
    ) -> None:
        shop = Shop.create(tmp_path / "shop")
        shop.load(PRODUCTS)
        shop.load([Fact(head=i, relation="fits", tail="Lumo", tail_kind="brand") for i in ("rake", "spade")])
        build(shop, settings=PLAIN)
        model = Recommender.open(shop.path)
        before = {one.name: one for one in model.fitted.links}
        assert "fits" in before
        trace = before["fits"].trace.plain()
        # 'fits' is now a relation between products; the other is called 'fits_brand'
        shop.load([Fact(head="lamp-black", relation="fits", tail="desk-oak", weight=50.0)])
        update(shop)
        after = {one.name: one for one in Recommender.open(shop.path).fitted.links}
        assert after["fits_brand"].trace.plain() == trace
        assert after["fits_brand"].scale == before["fits"].scale
        assert after["fits"].scale == pytest.approx(1 / 50)

    def test_the_first_user_who_only_looks_takes_no_weight_from_co_purchase(self, tmp_path: Path) -> None:
        shop = made(tmp_path / "shop", PLAIN)
        scales = {one.name: one.scale for one in Recommender.open(shop.path).fitted.links}
        update(shop, [Interaction(user="new", product=i, kind="view") for i in ("rake", "spade")])
        after = {one.name: one for one in Recommender.open(shop.path).fitted.links}
        assert after["co_purchase"].trace.plain()["relation"] == "met_together"
        assert after["co_purchase"].scale == scales["co_purchase"]
