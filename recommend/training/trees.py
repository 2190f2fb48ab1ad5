"""Grown trees as text: what rankings keep of them, and how they are saved, checked and asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from kg.errors import ModelError, VersionError

if TYPE_CHECKING:
    import lightgbm

ABOUT = "ranker.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class Trees:
    """`models` are texts of the library, one for each seed; what they say is averaged."""

    models: tuple[str, ...]

    @cached_property
    def boosters(self) -> tuple[lightgbm.Booster, ...]:
        return tuple(library().Booster(model_str=model) for model in self.models)

    def said(self, table: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """float64 [m]: what they say of features [m, f]."""
        total = np.zeros(len(table))
        if len(table):
            for booster in self.boosters:
                total += np.asarray(
                    booster.predict(table, raw_score=True, num_threads=1, validate_features=False)
                )
        return total / len(self.models)

    def first(self, models: int) -> Trees:
        """Only the first models."""
        return Trees(models=self.models[:models])

    @property
    def count(self) -> int:
        return sum(model.count("\nTree=") for model in self.models)

    def save(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write the texts, and beside them what is needed to read them (JSON values)."""
        folder.mkdir(parents=True, exist_ok=True)
        for number, model in enumerate(self.models):
            (folder / _file(number)).write_text(model, encoding="utf-8")
        told = {**about, "sha256": [_digest(model) for model in self.models]}
        (folder / ABOUT).write_text(json.dumps(told, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> tuple[Trees, dict[str, Any]]:
        """(trees, what was written beside them); VersionError if a file is missing or damaged."""
        try:
            about: dict[str, Any] = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            wanted = about["sha256"]
            models = tuple((folder / _file(n)).read_text(encoding="utf-8") for n in range(len(wanted)))
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise unreadable(folder, error) from error
        if not models or [_digest(model) for model in models] != wanted:
            # the library that reads it may crash on a damaged text
            raise VersionError(
                f"the ranker in {folder} is damaged (its checksum differs); build the shop again"
            )
        return cls(models=models), about


def unreadable(folder: Path, error: Exception) -> VersionError:
    """What to say of a folder of which something is missing."""
    return VersionError(
        f"the ranker in {folder} cannot be read ({type(error).__name__}: {error}); build the shop again"
    )


def check_features(folder: Path, known: Sequence[str], wanted: Sequence[str]) -> None:
    """VersionError if trees were trained on other features than these."""
    if list(known) != list(wanted):
        raise VersionError(
            f"the ranker in {folder} was trained on other features than this Shelfgraph has; "
            "build the shop again"
        )


def feature_names(names: Sequence[str]) -> list[str]:
    """Names that the library takes."""
    return ["".join(c if c.isascii() and c.isalnum() else "_" for c in name) for name in names]


def library() -> Any:
    """The library of the trees; ModelError where it cannot be imported."""
    try:
        import lightgbm  # takes a while, and only the ranking 'best' needs it
    except (ImportError, OSError) as error:
        raise ModelError(
            f"the ranking 'best' needs lightgbm, which cannot be imported ({error}); pip install lightgbm "
            "(on Debian its OpenMP comes with: apt-get install libgomp1), or use ranking='exact'"
        ) from error
    return lightgbm


def _file(number: int) -> str:
    return "trees.txt" if number == 0 else f"trees-{number + 1}.txt"


def _digest(model: str) -> str:
    return hashlib.sha256(model.encode("utf-8")).hexdigest()
