"""Built versions of a shop: folders that are written beside the serving one and swapped in whole.

    versions/
        0001/   manifest.json, manifest.sha256 and whatever the build saved
        0002/
        current the name of the serving version (replaced atomically)

A version is complete before its folder gets its name, so a crash leaves at most a draft that the next build
removes. Every file's SHA-256 is in the manifest, and the manifest's own beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from kg.errors import VersionError

FORMAT = 1
MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
_CURRENT = "current"
_LIBRARIES = (
    "shelfgraph",
    "numpy",
    "scipy",
    "faiss-cpu",
    "bm25s",
    "torch",
    "transformers",
    "pykeen",
    "torch-geometric",
)


@dataclass(frozen=True, kw_only=True)
class Version:
    """One built version: its name ('0003'), folder, when it was made (ISO 8601, UTC) and what it is.

    `settings` and `card` (metrics, timings) are plain JSON values; `current` says that it serves now.
    """

    name: str
    path: Path
    created: str
    settings: Mapping[str, Any]
    card: Mapping[str, Any]
    current: bool = False


def seal(folder: Path, *, settings: Mapping[str, Any], card: Mapping[str, Any]) -> None:
    """Write the manifest over everything that lies in `folder`."""
    files = {
        str(path.relative_to(folder).as_posix()): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in (MANIFEST, SEAL)
    }
    manifest = {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "libraries": {name: found for name in _LIBRARIES if (found := _installed(name)) is not None},
        "settings": dict(settings),
        "card": dict(card),
        "files": files,
    }
    text = json.dumps(manifest, indent=1, ensure_ascii=False, sort_keys=True)
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    (folder / SEAL).write_text(_digest(folder / MANIFEST), encoding="utf-8")
    for path in (*folder.rglob("*"), folder):
        _sync(path)


def verify(folder: Path) -> Mapping[str, Any]:
    """The manifest of a sealed folder, once every file matches it; VersionError names the one that does
    not."""
    manifest_path = folder / MANIFEST
    try:
        # whatever bytes it holds: if they are not the digest, the two do not match
        sealed = (folder / SEAL).read_text(encoding="utf-8", errors="replace").strip()
        actual = _digest(manifest_path)
    except OSError as error:
        raise VersionError(
            f"{folder} is not a complete version ({error}); roll back to another one or build again"
        ) from error
    if sealed != actual:
        raise _damaged(manifest_path, f"it does not match {folder / SEAL}")
    manifest: Mapping[str, Any] = json.loads(manifest_path.read_text(encoding="utf-8"))
    if manifest["format"] != FORMAT:
        raise VersionError(
            f"{folder} has format {manifest['format']}, this Shelfgraph reads {FORMAT}; build the shop again"
        )
    for name, digest in manifest["files"].items():
        try:
            found = _digest(folder / name)
        except OSError as error:
            raise _damaged(folder / name, f"it cannot be read: {error}") from error
        if found != digest:
            raise _damaged(folder / name, "its checksum is not the one in the manifest")
    return manifest


class Versions:
    """The versions of one shop."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def list(self) -> tuple[Version, ...]:
        """All complete versions, oldest first."""
        current = self.current_name()
        found = []
        for path in sorted(self.root.glob("[0-9]*")):
            if (path / SEAL).is_file():
                try:
                    found.append(_version(path, current=path.name == current))
                except VersionError as error:  # one damaged version must not hide the others
                    card = {"damaged": str(error)}
                    found.append(Version(name=path.name, path=path, created="", settings={}, card=card))
        return tuple(found)

    def current(self) -> Version:
        """The serving version; VersionError if nothing was built yet."""
        name = self.current_name()
        if name is None:
            raise VersionError(f"{self.root.parent} has no built version; run `shelfgraph build` first")
        try:
            return self._named(name)
        except VersionError as error:
            raise VersionError(f"{self.root / _CURRENT} names the serving version, but {error}") from error

    def write(
        self,
        fill: Callable[[Path], None],
        *,
        settings: Mapping[str, Any],
        card: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
    ) -> Version:
        """Let `fill` write into a draft folder, seal it and make it the serving version."""
        self.root.mkdir(parents=True, exist_ok=True)
        for draft in self.root.glob(".draft-*"):
            shutil.rmtree(draft, ignore_errors=True)
        numbers = [int(path.name) for path in self.root.glob("[0-9]*") if path.name.isdigit()]
        name = f"{max(numbers, default=0) + 1:04d}"
        draft = self.root / f".draft-{name}"
        draft.mkdir()
        try:
            fill(draft)
            seal(draft, settings=settings, card=card() if callable(card) else card)
            draft.rename(self.root / name)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return self.select(name)

    def select(self, name: str) -> Version:
        """Make a version the serving one."""
        self._named(name)  # it must be there and readable
        note = self.root / f".{_CURRENT}-{os.getpid()}"
        note.write_text(name, encoding="utf-8")
        _sync(note)
        note.replace(self.root / _CURRENT)
        _sync(self.root)
        return self._named(name)

    def _named(self, name: str) -> Version:
        path = self.root / name
        if name not in {found.name for found in self.root.glob("[0-9]*")}:
            known = ", ".join(v.name for v in self.list()) or "none"
            raise VersionError(f"there is no version {name!r} in {self.root}; there are: {known}")
        if not (path / SEAL).is_file():
            raise _damaged(path / SEAL, "it is missing")
        return _version(path, current=name == self.current_name())

    def current_name(self) -> str | None:
        """The name that `current` holds, whether or not there is such a version; None if there is none."""
        try:
            return (self.root / _CURRENT).read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _damaged(self.root / _CURRENT, str(error)) from error


def _version(path: Path, *, current: bool) -> Version:
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        return Version(
            name=path.name,
            path=path,
            created=manifest["created"],
            settings=manifest["settings"],
            card=manifest["card"],
            current=current,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path / MANIFEST, str(error)) from error


def _damaged(path: Path, why: str) -> VersionError:
    return VersionError(
        f"{path} is damaged ({why}); restore the file, roll back (`shelfgraph rollback`) or build again"
    )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
