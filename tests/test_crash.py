"""kill -9 at any moment of a load, a build or an update: the shop opens with its last good state."""

from __future__ import annotations

import csv
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from kg.errors import VersionError
from kg.records import Interaction
from kg.shop import Shop
from kg.versions import verify
from recommend import Recommender, build, update
from tests import crashing
from tests.crashing import KILLED, QUICK, ROWS, catalog
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS


def log_size(shop: Path) -> int:
    try:
        return (shop / "graph.sqlite-wal").stat().st_size
    except FileNotFoundError:
        return 0


@dataclass(frozen=True, kw_only=True)
class Loading:
    """A shop that holds one edition of a catalog, and a file with the next, which changes every row."""

    shop: Path
    file: Path
    before: str
    after: str
    log: int

    def copy(self, folder: Path) -> Path:
        return Path(shutil.copytree(self.shop, folder / "shop"))

    def check(self, folder: Path, *, allowed: set[str]) -> None:
        """It opens in a state that it may have, is not locked, and takes the load when it comes again."""
        shop = Shop.open(folder)
        assert crashing.digest(shop.graph()) in allowed
        shop.load(self.file)
        assert crashing.digest(shop.graph()) == self.after


@pytest.fixture(scope="module")
def loading(tmp_path_factory: pytest.TempPathFactory) -> Loading:
    folder = tmp_path_factory.mktemp("loading")
    shop = Shop.create(folder / "shop")
    shop.load(catalog("first"))
    before = crashing.digest(shop.graph())
    file = folder / "second.csv"
    with file.open("w", newline="", encoding="utf-8") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "title", "brand", "category", "price"])
        for p in catalog("second"):
            rows.writerow([p.id, p.title, p.brand, " > ".join(p.category), p.price])
    again = Path(shutil.copytree(folder / "shop", folder / "again"))
    sizes = [0]

    def watch() -> bool:
        sizes.append(log_size(again))
        return False

    assert crashing.run(crashing.load, again, file, 0, until=watch) == 0
    after = crashing.digest(Shop.open(again).graph())
    assert before != after
    assert max(sizes) > 0
    return Loading(shop=shop.path, file=file, before=before, after=after, log=max(sizes))


@pytest.mark.parametrize("row", [0, 1, 1_999, 2_001, 3_000, ROWS])
def test_killed_between_the_rows_of_a_load(loading: Loading, tmp_path: Path, row: int) -> None:
    folder = loading.copy(tmp_path)
    assert crashing.run(crashing.load_rows, folder, "second", row) == KILLED
    loading.check(folder, allowed={loading.before})


def test_killed_at_every_touch_of_the_files_in_a_load(loading: Loading, tmp_path: Path) -> None:
    """Its lock, the note who holds it, the database: before each, until a load gets through."""
    for touch in range(1, 100):
        folder = loading.copy(tmp_path / str(touch))
        code = crashing.run(crashing.load, folder, loading.file, touch)
        loading.check(folder, allowed={loading.before, loading.after})
        if code == 0:
            assert touch > 5
            return
        assert code == KILLED
    pytest.fail("a load touches its files without end")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.97, 1.0])
def test_killed_while_the_database_writes(loading: Loading, tmp_path: Path, share: float) -> None:
    """From outside, when its log has reached a part of the size that it has at the end."""
    folder = loading.copy(tmp_path)

    def until() -> bool:
        return log_size(folder) >= share * loading.log

    assert crashing.run(crashing.load, folder, loading.file, 0, until=until) in (0, KILLED)
    loading.check(folder, allowed={loading.before, loading.after})


@pytest.mark.long
@pytest.mark.parametrize("delay", [n * 0.02 for n in range(30)])
def test_killed_after_any_time_of_a_load(loading: Loading, tmp_path: Path, delay: float) -> None:
    folder = loading.copy(tmp_path)
    began = time.monotonic()
    code = crashing.run(
        crashing.load, folder, loading.file, 0, until=lambda: time.monotonic() - began >= delay
    )
    assert code in (0, KILLED)
    loading.check(folder, allowed={loading.before, loading.after})


# building

USERS = ("ann", "bob", "u3", "nobody")
TEXTS = ("brass lamp", "oak desk", "纸灯")


@dataclass(frozen=True, kw_only=True)
class Building:
    """A shop with a built version and with more in its graph than that version knows."""

    shop: Path
    old: str
    new: str

    def copy(self, folder: Path) -> Path:
        return Path(shutil.copytree(self.shop, folder / "shop"))

    def check(self, folder: Path) -> None:
        """What serves answers as before the build or as after it; the next build leaves no litter."""
        shop = Shop.open(folder)
        serving = shop.built.current().name
        assert crashing.answers(folder, USERS, TEXTS) == (self.old if serving == "0001" else self.new)
        if list(shop.built.root.glob(".draft*")) or serving != "0001":
            assert build(shop, settings=QUICK).current
            assert crashing.answers(folder, USERS, TEXTS) == self.new
            names = {path.name for path in shop.built.root.iterdir()}
            assert [name for name in names if name.startswith(".draft")] == []
            assert {v.name for v in shop.versions()} == {name for name in names if name[0].isdigit()}


@pytest.fixture(scope="module")
def building(tmp_path_factory: pytest.TempPathFactory) -> Building:
    folder = tmp_path_factory.mktemp("building")
    shop = Shop.create(folder / "shop")
    for records in (PRODUCTS, FACTS, INTERACTIONS):
        shop.load(records)
    build(shop, settings=QUICK)
    old = crashing.answers(shop.path, USERS, TEXTS)
    shop.load([replace(p, id=f"{p.id}-2", title=f"{p.title} mark two") for p in PRODUCTS])
    shop.load(
        [
            Interaction(user=f"u{n}", product=f"{PRODUCTS[(n + m) % 12].id}{'-2' * (m % 2)}", time=float(m))
            for n in range(40)
            for m in range(4)
        ]
    )
    again = Shop.open(shutil.copytree(folder / "shop", folder / "again"))
    build(again, settings=QUICK)
    new = crashing.answers(again.path, USERS, TEXTS)
    assert old != new
    return Building(shop=shop.path, old=old, new=new)


@pytest.mark.parametrize("work", [crashing.build_until_step, crashing.build_until_touch])
def test_killed_at_every_step_and_touch_of_a_build(
    building: Building, tmp_path: Path, work: Callable[..., None]
) -> None:
    """Before each stage, and before each file and folder that it makes or swaps, until one gets through."""
    served = []
    for point in range(1, 200):
        folder = building.copy(tmp_path / str(point))
        code = crashing.run(work, folder, point)
        served.append(Shop.open(folder).built.current().name)
        building.check(folder)
        if code == 0:
            assert point > 5
            assert served == sorted(served)  # once it serves, it serves
            assert (served[0], served[-1]) == ("0001", "0002")
            Shop.open(folder).rollback("0001")
            assert crashing.answers(folder, USERS, TEXTS) == building.old
            return
        assert code == KILLED
    pytest.fail("a build goes on without end")


@pytest.mark.long
@pytest.mark.parametrize("delay", [n * 0.015 for n in range(30)])
def test_killed_after_any_time_of_a_build(building: Building, tmp_path: Path, delay: float) -> None:
    folder = building.copy(tmp_path)
    began = time.monotonic()
    code = crashing.run(
        crashing.build_until_touch, folder, 0, until=lambda: time.monotonic() - began >= delay
    )
    assert code in (0, KILLED)
    building.check(folder)


# updating


@pytest.fixture(scope="module")
def updating(building: Building, tmp_path_factory: pytest.TempPathFactory) -> Building:
    """The same shop, and what it answers after an update instead of a build."""
    again = Shop.open(shutil.copytree(building.shop, tmp_path_factory.mktemp("updating") / "again"))
    update(again)
    return replace(building, new=crashing.answers(again.path, USERS, TEXTS))


def check_update(updating: Building, folder: Path) -> None:
    """No version is damaged, what serves is one of the two, and the next update makes good."""
    shop = Shop.open(folder)
    serving = shop.built.current().name
    assert crashing.answers(folder, USERS, TEXTS) == (updating.old if serving == "0001" else updating.new)
    update(shop)
    assert crashing.answers(folder, USERS, TEXTS) == updating.new
    names = {path.name for path in shop.built.root.iterdir()}
    assert [name for name in names if name.startswith(".draft") and serving == "0001"] == []
    assert {v.name for v in shop.versions()} == {name for name in names if name[0].isdigit()}
    for version in shop.versions():
        verify(version.path)


@pytest.mark.parametrize(
    ("work", "stride"), [(crashing.update_until_step, 1), (crashing.update_until_touch, 3)]
)
def test_killed_at_every_step_and_third_touch_of_an_update(
    updating: Building, tmp_path: Path, work: Callable[..., None], stride: int
) -> None:
    served = []
    for point in range(1, 200, stride):
        folder = updating.copy(tmp_path / str(point))
        code = crashing.run(work, folder, point)
        served.append(Shop.open(folder).built.current().name)
        check_update(updating, folder)
        if code == 0:
            assert point > 5
            assert served == sorted(served)
            assert (served[0], served[-1]) == ("0001", "0002")
            Shop.open(folder).rollback("0001")
            assert crashing.answers(folder, USERS, TEXTS) == updating.old
            return
        assert code == KILLED
    pytest.fail("an update goes on without end")


@pytest.mark.long
@pytest.mark.parametrize("delay", [n * 0.015 for n in range(30)])
def test_killed_after_any_time_of_an_update(updating: Building, tmp_path: Path, delay: float) -> None:
    folder = updating.copy(tmp_path)
    began = time.monotonic()
    code = crashing.run(
        crashing.update_until_touch, folder, 0, until=lambda: time.monotonic() - began >= delay
    )
    assert code in (0, KILLED)
    check_update(updating, folder)


# damage


def test_a_flipped_byte_in_any_file_of_a_built_version_is_named(building: Building, tmp_path: Path) -> None:
    folder = building.copy(tmp_path)
    version = Shop.open(folder).built.current().path
    files = sorted(path for path in version.rglob("*") if path.is_file())
    assert len(files) > 10
    for path in files:
        whole = path.read_bytes()
        for place in {0, len(whole) // 2, len(whole) - 1}:
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
            with pytest.raises(VersionError) as caught:
                Recommender.open(folder)
            assert str(path) in str(caught.value)
        path.unlink()
        with pytest.raises(VersionError) as caught:
            Recommender.open(folder)
        assert str(path) in str(caught.value)
        path.write_bytes(whole)
    assert crashing.answers(folder, USERS, TEXTS) == building.old
