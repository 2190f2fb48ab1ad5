"""A folder of files, sealed: a manifest with the SHA-256 of each, and the manifest's own beside it.

A sealed file is never written to again, so that a later folder may hold it too, as a hard link.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

from kg.errors import VersionError

FORMAT = 1
MANIFEST = "manifest.json"
SEAL = "manifest.sha256"
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
class SealedFile:
    """What the manifest says of a file, and how the file looked when that was read."""

    path: Path
    digest: str
    size: int
    changed: int


SealedFiles: TypeAlias = Mapping[tuple[int, int], SealedFile]
"""Sealed files by device and inode."""


def sealed_files(folder: Path) -> SealedFiles:
    """The files of a sealed folder that are there; VersionError if the manifest is damaged."""
    found: dict[tuple[int, int], SealedFile] = {}
    for name, digest in _manifest(folder)["files"].items():
        path = folder / name
        if path.is_file():
            stat = path.stat()
            found[stat.st_dev, stat.st_ino] = SealedFile(
                path=path, digest=digest, size=stat.st_size, changed=stat.st_mtime_ns
            )
    return found


def share(source: Path, folder: Path, names: Iterable[str]) -> None:
    """Give files of a sealed folder to another one too, without copying them where the disk allows it.

    `names` are files, or folders with all that is in them, relative to `source` ('links/brand.safetensors',
    'fusion'). They are one file with two names then: never write to one in place. Raises VersionError for
    a name that is not there, or that `folder` has already.
    """
    for name in names:
        start = source / name
        paths = [path for path in sorted(start.rglob("*")) if path.is_file()] if start.is_dir() else [start]
        for path in paths:
            to = folder / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            if to.exists():
                raise VersionError(f"{to} is there already; share a file only where nothing was written")
            try:
                _link(path, to)
            except FileNotFoundError as error:
                raise damaged(path, "it is missing") from error


def _link(path: Path, to: Path) -> None:
    try:
        to.hardlink_to(path)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(path, to)


def seal(
    folder: Path,
    *,
    settings: Mapping[str, Any],
    card: Mapping[str, Any],
    known: SealedFiles | None = None,
) -> None:
    """Write the manifest over everything that lies in `folder`.

    Files that are `known`, by way of `share`, are neither read nor written to disk again. Raises
    VersionError if one of them was written to since.
    """
    files: dict[str, str] = {}
    new: list[Path] = []
    for path in _files(folder):
        digest = _known_digest(path, known or {})
        if digest is None:
            new.append(path)
            digest = _digest(path)
        files[path.relative_to(folder).as_posix()] = digest
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
    folders = [path for path in folder.rglob("*") if path.is_dir()]
    for path in (*new, folder / MANIFEST, folder / SEAL, *folders, folder):
        sync(path)


def verify(folder: Path) -> Mapping[str, Any]:
    """The manifest of a sealed folder, once every file matches it; VersionError names the one that does
    not."""
    manifest = _manifest(folder)
    for name, digest in manifest["files"].items():
        try:
            found = _digest(folder / name)
        except OSError as error:
            raise damaged(folder / name, f"it cannot be read: {error}") from error
        if found != digest:
            raise damaged(folder / name, "its checksum is not the one in the manifest")
    return manifest


def damaged(path: Path, why: str) -> VersionError:
    """The error for a file of a version that is not as it was."""
    return VersionError(
        f"{path} is damaged ({why}); restore the file, roll back (`shelfgraph rollback`) or build again"
    )


def sync(path: Path) -> None:
    """Have a file or folder on the disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _manifest(folder: Path) -> Mapping[str, Any]:
    path = folder / MANIFEST
    try:
        # whatever bytes it holds: if they are not the digest, the two do not match
        sealed = (folder / SEAL).read_text(encoding="utf-8", errors="replace").strip()
        content = path.read_bytes()
    except OSError as error:
        raise VersionError(
            f"{folder} is not a complete version ({error}); roll back to another one or build again"
        ) from error
    if sealed != hashlib.sha256(content).hexdigest():
        raise damaged(path, f"it does not match {folder / SEAL}")
    manifest: Mapping[str, Any] = json.loads(content)
    if manifest["format"] != FORMAT:
        raise VersionError(
            f"{folder} has format {manifest['format']}, this Shelfgraph reads {FORMAT}; build the shop again"
        )
    return manifest


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in (MANIFEST, SEAL):
            yield path


def _known_digest(path: Path, known: SealedFiles) -> str | None:
    stat = path.stat()
    file = known.get((stat.st_dev, stat.st_ino))
    if file is None:
        return None
    if (stat.st_size, stat.st_mtime_ns) != (file.size, file.changed):
        raise damaged(file.path, f"it was written to through {path}, which is the same file")
    return file.digest


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
