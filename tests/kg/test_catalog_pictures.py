"""Pictures that lie beside a catalog file are found from wherever a build runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kg.records import Product
from kg.resources import data_folder
from kg.shop import Shop


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def products(shop: Shop) -> dict[str, Product]:
    with shop.store() as store:
        return {p.id: p for p in store.products()}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.csv", "id,image\np,{image}\n"),
        ("c.jsonl", '{{"id": "p", "image": "{image}"}}\n'),
    ],
)
@pytest.mark.parametrize("image", ["p.jpg", "pictures/p.jpg", "./pictures/../p.jpg", "%20 灯.jpg"])
def test_a_picture_beside_the_file_is_found_from_everywhere(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, image: str
) -> None:
    file = write(tmp_path / "catalog" / name, text.format(image=image))
    picture = write(file.parent / image, "a picture") if "/.." not in image else file.parent / "p.jpg"
    monkeypatch.chdir(tmp_path / "catalog")
    shop.load(Path(name))
    monkeypatch.chdir("/")
    found = Path(products(shop)["p"].image)
    assert found.is_absolute()
    assert found == picture
    assert shop.load(file).unchanged == 1


@pytest.mark.parametrize(
    "image",
    [
        "https://example.com/a/../b.jpg",
        "http://x/y.png",
        "data:image/png;base64,AAAA",
        "s3://b/k",
        "/srv/p.jpg",
    ],
)
def test_addresses_and_full_paths_stay(shop: Shop, tmp_path: Path, image: str) -> None:
    report = shop.load(write(tmp_path / "c.jsonl", json.dumps({"id": "p", "image": image})))
    assert products(shop)["p"].image == image
    assert report.notes == ()


def test_a_picture_outside_the_folder_is_cleared_and_noted(shop: Shop, tmp_path: Path) -> None:
    write(tmp_path / "secret.jpg", "not theirs")
    rows = "a,../secret.jpg\nb,x/../../secret.jpg\nc,..\nd,..jpg\ne,\n"
    report = shop.load(write(tmp_path / "theirs" / "c.csv", "id,image\n" + rows))
    assert (report.loaded, report.rejected) == (5, 0)
    (note,) = report.notes
    assert "c.csv: 3 picture paths leave the catalog's folder" in note
    found = {p.id: p.image for p in products(shop).values()}
    assert found == {"a": "", "b": "", "c": "", "d": str(tmp_path / "theirs" / "..jpg"), "e": ""}


def test_pictures_of_records_and_frames_stay_as_they_are(shop: Shop) -> None:
    shop.load([Product(id="a", image="../a.jpg")])
    shop.load([{"id": "b", "image": "b.jpg"}])
    assert {p.image for p in products(shop).values()} == {"../a.jpg", "b.jpg"}


def test_every_picture_of_the_demo_catalog_is_there(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = data_folder() / "demo" / "products.jsonl"
    monkeypatch.chdir(tmp_path)
    report = shop.load(catalog)
    assert report.ok
    pictures = [p.image for p in products(shop).values() if p.image]
    assert len(pictures) > 600
    assert [p for p in pictures if not Path(p).is_file()] == []
