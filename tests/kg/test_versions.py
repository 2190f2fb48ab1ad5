"""Versions are complete or absent, and damage is found and named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kg.arrays import save_arrays
from kg.errors import VersionError
from kg.versions import Version, Versions, seal, verify


def fill(folder: Path) -> None:
    """As a build does: arrays, a folder of more, some text, an empty file."""
    save_arrays(folder / "graph.safetensors", {"a": np.arange(20)})
    save_arrays(folder / "links" / "co_purchase.safetensors", {"b": np.eye(3)})
    (folder / "model.json").write_text('{"links": ["co_purchase"]}', encoding="utf-8")
    (folder / "index").mkdir()
    (folder / "index" / "text.faiss").write_bytes(bytes(range(256)))


def write(versions: Versions) -> Version:
    return versions.write(fill, settings={"seed": 3}, card={"ndcg@10": 0.5})


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    return Versions(tmp_path / "shop" / "versions")


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_a_version_is_what_was_written(versions: Versions) -> None:
    made = write(versions)
    assert (made.name, made.current, made.settings, made.card) == (
        "0001",
        True,
        {"seed": 3},
        {"ndcg@10": 0.5},
    )
    assert versions.list() == (made,)
    assert versions.current() == made
    manifest = verify(made.path)
    assert set(manifest["files"]) == {
        "graph.safetensors",
        "links/co_purchase.safetensors",
        "model.json",
        "index/text.faiss",
    }
    assert manifest["libraries"]["numpy"] == np.__version__


def test_a_new_version_stands_beside_the_old(versions: Versions) -> None:
    first, second = write(versions), write(versions)
    assert [(v.name, v.current) for v in versions.list()] == [("0001", False), ("0002", True)]
    verify(first.path)
    verify(second.path)
    versions.select("0001")
    assert [(v.name, v.current) for v in versions.list()] == [("0001", True), ("0002", False)]
    assert write(versions).name == "0003"
    shutil.rmtree(second.path)
    assert write(versions).name == "0004"


def test_the_card_may_be_known_only_at_the_end(versions: Versions) -> None:
    card: dict[str, float] = {}

    def late(folder: Path) -> None:
        fill(folder)
        card["seconds"] = 1.5

    assert versions.write(late, settings={}, card=lambda: card).card == {"seconds": 1.5}


class Interrupted(BaseException):
    """As a KeyboardInterrupt: no Exception."""


@pytest.mark.parametrize("error", [ValueError, Interrupted])
def test_a_failure_in_the_middle_leaves_what_was(versions: Versions, error: type[BaseException]) -> None:
    def fails(folder: Path) -> None:
        fill(folder)
        raise error("half way")

    with pytest.raises(error):
        versions.write(fails, settings={}, card={})
    assert versions.list() == ()
    assert list(versions.root.iterdir()) == []
    made = write(versions)
    with pytest.raises(error):
        versions.write(fails, settings={}, card={})
    assert versions.list() == (made,)
    assert sorted(path.name for path in versions.root.iterdir()) == ["0001", "current"]
    with pytest.raises(TypeError, match="not JSON"):
        versions.write(fill, settings={}, card={"what": object()})
    assert versions.list() == (made,)


def test_what_a_crash_left_behind_is_cleared_away(versions: Versions) -> None:
    write(versions)
    fill(versions.root / ".draft-0002")
    assert len(versions.list()) == 1
    assert write(versions).name == "0002"
    assert sorted(path.name for path in versions.root.iterdir()) == ["0001", "0002", "current"]


def test_a_flipped_byte_in_any_file_is_found_and_named(versions: Versions) -> None:
    made = write(versions)
    assert len(files(made.path)) == 6
    for path in files(made.path):
        whole = path.read_bytes()
        for place in sorted({0, 1, len(whole) // 3, len(whole) // 2, len(whole) - 1}):
            for flip in (0x01, 0x20, 0x80, 0xFF):
                damaged = bytearray(whole)
                damaged[place] ^= flip
                path.write_bytes(damaged)
                with pytest.raises(VersionError) as caught:
                    verify(made.path)
                assert str(path) in str(caught.value)
                assert "roll back" in str(caught.value)
        path.write_bytes(whole)
    verify(made.path)


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
def test_a_lost_or_shortened_file_is_named(versions: Versions, damage: Callable[[Path], object]) -> None:
    made = write(versions)
    for path in files(made.path):
        whole = path.read_bytes()
        damage(path)
        with pytest.raises(VersionError) as caught:
            verify(versions.current().path)
        assert str(path) in str(caught.value)
        path.write_bytes(whole)
    verify(made.path)


def test_a_damaged_version_does_not_hide_the_others(versions: Versions) -> None:
    first, second = write(versions), write(versions)
    (second.path / "manifest.json").write_text("[]")
    assert [v.name for v in versions.list()] == ["0001", "0002"]
    with pytest.raises(VersionError, match=r"0002/manifest\.json"):
        versions.current()
    assert versions.select("0001").current
    verify(versions.current().path)
    assert versions.current().path == first.path


@pytest.mark.parametrize("name", ["", "0007", "../..", ".", "0001/..", "\x00", "中", "x" * 5000])
def test_a_pointer_to_nowhere(versions: Versions, name: str) -> None:
    write(versions)
    (versions.root / "current").write_text(name, encoding="utf-8")
    with pytest.raises(VersionError, match=r"versions/current.*there are: 0001"):
        versions.current()
    assert [v.current for v in versions.list()] == [False]
    assert versions.select("0001").current  # and this repairs it


def test_a_pointer_that_is_no_text(versions: Versions) -> None:
    write(versions)
    (versions.root / "current").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VersionError, match="versions/current"):
        versions.current()


def test_nothing_built_yet(versions: Versions) -> None:
    assert versions.list() == ()
    with pytest.raises(VersionError, match="shelfgraph build"):
        versions.current()
    with pytest.raises(VersionError, match="no version '0001'"):
        versions.select("0001")


def test_a_version_of_another_format(versions: Versions) -> None:
    made = write(versions)
    manifest = json.loads((made.path / "manifest.json").read_text())
    manifest["format"] = 99
    (made.path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(VersionError, match=r"manifest\.sha256"):
        verify(made.path)
    other = versions.root.parent / "other"
    other.mkdir()
    fill(other)
    seal(other, settings={}, card={})
    assert verify(other)["format"] == 1


def test_what_is_no_version(tmp_path: Path) -> None:
    with pytest.raises(VersionError, match="not a complete version"):
        verify(tmp_path)
