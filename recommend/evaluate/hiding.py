"""Hiding purchases for a test."""

from __future__ import annotations

from kg.errors import SettingsError
from kg.graph import Graph
from kg.split import HoldOut, hold_out


def hide_purchases(graph: Graph, *, share: float, seed: int) -> HoldOut:
    """A share of what each user bought; SettingsError if nobody has two products."""
    split = hold_out(graph, share=share, seed=seed)
    if len(split.users) == 0:
        raise SettingsError(
            "no user of this shop has two products, so there is nothing to hide; load interactions"
        )
    return split
