"""Versions that share what did not change stay whole, each by itself."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from kg import sealing
from kg.arrays import load_arrays, save_arrays
from kg.errors import SettingsError, VersionError
from kg.versions import Version, Versions, share, verify
from tests.crashing import KILLED, run, share_until_touch

LARGE = {"a": np.arange(5_000)}


def first_fill(folder: Path) -> None:
    save_arrays(folder / "large" / "one.safetensors", LARGE)
    save_arrays(folder / "large" / "deep" / "two.safetensors", {"b": np.eye(3)})
    (folder / "index").write_bytes(bytes(range(256)))
    (folder / "small.json").write_text('{"n": 1}', encoding="utf-8")


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    made = Versions(tmp_path / "shop" / "versions")
    made.write(first_fill, settings={}, card={})
    return made


def update(
    versions: Versions,
    names: tuple[str, ...] = ("large", "index"),
    also: Callable[[Path], None] | None = None,
) -> Version:
    base = versions.current()

    def fill(folder: Path) -> None:
        share(base.path, folder, names)
        (folder / "small.json").write_text('{"n": 2}', encoding="utf-8")
        if also is not None:
            also(folder)

    return versions.write(fill, settings={}, card={}, base=base)


def test_what_is_shared_is_one_file(versions: Versions) -> None:
    first, second = versions.current(), update(versions)
    assert verify(second.path)["files"].keys() == verify(first.path)["files"].keys()
    for name in ("large/one.safetensors", "large/deep/two.safetensors", "index"):
        assert os.path.samefile(first.path / name, second.path / name)
    assert not os.path.samefile(first.path / "small.json", second.path / "small.json")
    assert (second.path / "small.json").read_text() == '{"n": 2}'
    third = update(versions)
    assert os.path.samefile(first.path / "index", third.path / "index")
    assert versions.select("0001").current
    verify(first.path)


def test_what_is_shared_is_neither_read_nor_written_again(
    versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    synced: list[str] = []
    digest, sync = sealing._digest, sealing.sync

    def noted_digest(path: Path) -> str:
        hashed.append(path.name)
        return digest(path)

    def noted_sync(path: Path) -> None:
        synced.append(path.name)
        sync(path)

    monkeypatch.setattr(sealing, "_digest", noted_digest)
    monkeypatch.setattr(sealing, "sync", noted_sync)
    update(versions)
    assert set(hashed) == {"small.json", "manifest.json"}
    assert set(synced) == {"small.json", "manifest.json", "manifest.sha256", "large", "deep", ".draft-0002"}


@pytest.mark.parametrize("gone", ["0001", "0002"])
def test_a_version_can_be_removed_without_harm_to_the_other(versions: Versions, gone: str) -> None:
    update(versions)
    shutil.rmtree(versions.root / gone)
    (left,) = versions.list()
    verify(left.path)
    np.testing.assert_array_equal(load_arrays(left.path / "large" / "one.safetensors")["a"], LARGE["a"])


def test_damage_of_a_shared_file_is_found_in_both(versions: Versions) -> None:
    first, second = versions.current(), update(versions)
    with (second.path / "large" / "one.safetensors").open("r+b") as file:
        file.seek(100)
        file.write(b"?")
    for made in (first, second):
        with pytest.raises(VersionError, match=rf"{made.name}/large/one\.safetensors is damaged"):
            verify(made.path)


def test_damage_of_the_base_is_not_sealed_anew(versions: Versions) -> None:
    """A file that was damaged before it was shared does not match its checksum afterwards either."""
    (versions.current().path / "index").write_bytes(b"?" * 256)
    second = update(versions)
    with pytest.raises(VersionError, match=r"0002/index is damaged"):
        verify(second.path)


def test_a_base_with_a_damaged_manifest_is_refused(versions: Versions) -> None:
    manifest = versions.current().path / "manifest.json"
    manifest.write_text(manifest.read_text() + " ")
    with pytest.raises(VersionError, match=r"0001/manifest\.json is damaged"):
        update(versions)
    assert sorted(path.name for path in versions.root.iterdir()) == ["0001", "current"]


def test_writing_into_a_shared_file_is_caught(versions: Versions) -> None:
    def careless(folder: Path) -> None:
        (folder / "index").write_bytes(b"new")  # in place: the old version has it now too

    with pytest.raises(VersionError, match=r"0001/index is damaged .*0002/index"):
        update(versions, also=careless)
    assert [v.name for v in versions.list()] == ["0001"]

    def replacing(folder: Path) -> None:
        (folder / "large" / "one.safetensors").unlink()
        (folder / "large" / "one.safetensors").write_bytes(b"new")

    second = update(versions, names=("large",), also=replacing)
    verify(second.path)
    np.testing.assert_array_equal(
        load_arrays(versions.root / "0001" / "large" / "one.safetensors")["a"], LARGE["a"]
    )


def test_what_cannot_be_shared(versions: Versions, tmp_path: Path) -> None:
    base = versions.current().path
    with pytest.raises(VersionError, match=r"nothing\.bin is damaged \(it is missing\)"):
        share(base, tmp_path / "to", ["nothing.bin"])
    share(base, tmp_path / "to", ["index"])
    with pytest.raises(VersionError, match="is there already"):
        share(base, tmp_path / "to", ["index"])


def test_a_disk_without_links_gets_copies(versions: Versions, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "another disk")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    first, second = versions.current(), update(versions)
    assert not os.path.samefile(first.path / "index", second.path / "index")
    assert verify(second.path)["files"]["index"] == verify(first.path)["files"]["index"]


def test_a_crash_at_any_moment_leaves_the_old_version_whole(versions: Versions) -> None:
    touch, ended = 0, False
    while not ended:
        touch += 1
        ended = run(share_until_touch, versions.root, touch) != KILLED
        serving = versions.current()
        verify(serving.path)
        verify(versions.root / "0001")
        assert (serving.name == "0001") == ((serving.path / "small.json").read_text() == '{"n": 1}')
        for path in versions.root.glob("000[2-9]"):
            verify(path)
            shutil.rmtree(path)
        versions.select("0001")
    assert touch > 5
    assert update(versions).name == "0002"


# removing old versions


def test_only_the_newest_and_the_serving_version_stay(versions: Versions) -> None:
    for _ in range(5):
        update(versions)
    versions.select("0002")
    assert versions.prune(keep=2) == ("0001", "0003", "0004")
    assert [(v.name, v.current) for v in versions.list()] == [
        ("0002", True),
        ("0005", False),
        ("0006", False),
    ]
    for version in versions.list():
        verify(version.path)
    assert versions.prune(keep=2) == ()
    assert sorted(path.name for path in versions.root.iterdir()) == ["0002", "0005", "0006", "current"]
    assert update(versions).name == "0007"


def test_pruning_removes_what_is_not_whole(versions: Versions) -> None:
    update(versions)
    (versions.root / "0001" / "manifest.sha256").unlink()
    assert versions.prune(keep=9) == ("0001",)
    with pytest.raises(SettingsError, match="keep=0"):
        versions.prune(keep=0)
    assert Versions(versions.root / "none").prune(keep=1) == ()
