"""Built versions of a shop: folders that are written beside the serving one and swapped in whole.

    versions/
        0001/   manifest.json, manifest.sha256 and whatever the build saved
        0002/
        current the name of the serving version (replaced atomically)

A version is complete before its folder gets its name, so a crash leaves at most a draft that the next build
removes. Every file's SHA-256 is in the manifest, and the manifest's own beside it. What a version shares with
an earlier one is linked, not copied: either may go without harm to the other, and no file is ever written to
again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import SettingsError, VersionError
from kg.lock import writer_lock
from kg.sealing import MANIFEST, SEAL, damaged, seal, sealed_files, share, sync, verify

__all__ = ["MANIFEST", "SEAL", "Version", "Versions", "seal", "share", "verify"]

_CURRENT = "current"
_DRAFT = ".draft-"


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
        while True:
            name = self.current_name()
            if name is None:
                raise VersionError(f"{self.root.parent} has no built version; run `shelfgraph build` first")
            try:
                return self._named(name)
            except VersionError as error:
                if self.current_name() == name:
                    where = self.root / _CURRENT
                    raise VersionError(f"{where} names the serving version, but {error}") from error
                # another version serves by now, and this one was pruned

    @contextmanager
    def locked(self, purpose: str) -> Iterator[None]:
        """Hold the lock under which versions are made and removed; StoreLockedError if another has it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with writer_lock(self.root / "build.lock", purpose=purpose, timeout=10.0):
            yield

    def write(
        self,
        fill: Callable[[Path], None],
        *,
        settings: Mapping[str, Any],
        card: Mapping[str, Any] | Callable[[], Mapping[str, Any]],
        base: Version | None = None,
    ) -> Version:
        """Let `fill` write into a draft folder, seal it and make it the serving version.

        Files that `fill` takes from the version `base` with `share` are linked; their checksums are those of
        its manifest. Either version can be removed without harm to the other.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self._clear_away()
        known = None if base is None else sealed_files(base.path)
        numbers = [int(path.name) for path in self.root.glob("[0-9]*") if path.name.isdigit()]
        name = f"{max(numbers, default=0) + 1:04d}"
        draft = self.root / f"{_DRAFT}{name}"
        draft.mkdir()
        try:
            fill(draft)
            seal(draft, settings=settings, card=card() if callable(card) else card, known=known)
            draft.rename(self.root / name)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return self.select(name)

    def prune(self, *, keep: int) -> tuple[str, ...]:
        """Remove all versions but the serving one and the newest `keep` (one at least); their names.

        Not while a version is being made: hold the lock (`locked`).
        """
        if keep < 1:
            raise SettingsError(f"keep={keep} must be at least 1: the newest version stays")
        kept = {version.name for version in self.list()[-keep:]} | {self.current_name()}
        gone = [path for path in sorted(self.root.glob("[0-9]*")) if path.is_dir() and path.name not in kept]
        for path in gone:
            # out of sight first: a crash must not leave half a version
            path.rename(self.root / f"{_DRAFT}removed-{path.name}")
        self._clear_away()
        return tuple(path.name for path in gone)

    def _clear_away(self) -> None:
        for draft in self.root.glob(f"{_DRAFT}*"):
            shutil.rmtree(draft, ignore_errors=True)

    def select(self, name: str) -> Version:
        """Make a version the serving one."""
        self._named(name)  # it must be there and readable
        note = self.root / f".{_CURRENT}-{os.getpid()}"
        note.write_text(name, encoding="utf-8")
        sync(note)
        note.replace(self.root / _CURRENT)
        sync(self.root)
        return self._named(name)

    def _named(self, name: str) -> Version:
        path = self.root / name
        if name not in {found.name for found in self.root.glob("[0-9]*")}:
            known = ", ".join(v.name for v in self.list()) or "none"
            raise VersionError(f"there is no version {name!r} in {self.root}; there are: {known}")
        if not (path / SEAL).is_file():
            raise damaged(path / SEAL, "it is missing")
        return _version(path, current=name == self.current_name())

    def current_name(self) -> str | None:
        """The name that `current` holds, whether or not there is such a version; None if there is none."""
        try:
            return (self.root / _CURRENT).read_text(encoding="utf-8", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise damaged(self.root / _CURRENT, str(error)) from error


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
        raise damaged(path / MANIFEST, str(error)) from error
