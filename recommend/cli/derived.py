"""What the serving version of a shop holds beside its stated graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kg import Shop
    from kg.derive import Derived


def derived_of(shop: Shop) -> tuple[str, Derived] | None:
    """(the name of the serving version, what was derived for it); None if nothing was built or derived."""
    from kg.arrays import load_arrays
    from kg.derive import Derived
    from kg.graph import Graph

    if shop.built.current_name() is None:
        return None
    version = shop.built.current()
    file: Path = version.path / "derived.safetensors"
    if not file.is_file():  # built before there was such a thing
        return None
    graph = Graph.from_arrays(load_arrays(version.path / "graph.safetensors"))
    return version.name, Derived.from_arrays(load_arrays(file), graph)
