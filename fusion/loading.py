"""A saved fusion of any kind."""

from __future__ import annotations

import json
from pathlib import Path

from fusion.base import Fusion
from kg.errors import VersionError


def load_fusion(folder: Path) -> Fusion:
    """The fusion that was saved in a folder; VersionError if it is damaged."""
    from fusion.gated import GatedFusion
    from fusion.weighted import WeightedFusion

    kinds: dict[str, type[GatedFusion] | type[WeightedFusion]] = {
        "gated": GatedFusion,
        "weighted": WeightedFusion,
    }
    path = folder / "fusion.json"
    try:
        kind = json.loads(path.read_text(encoding="utf-8"))["fusion"]
        return kinds[kind].load(folder)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise VersionError(f"{path} cannot be read ({error!r}); build the shop again") from error
