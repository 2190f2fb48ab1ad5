"""What a relation between two products says by its name: the other goes with it, or may stand in for it."""

from __future__ import annotations

from collections.abc import Mapping

from kg.graph import SERVING
from recommend.channels.base import Task

GOES_WITH = frozenset(
    {
        *SERVING,
        "also_bought",
        "bought_together",
        "complements",
        "consumable_for",
        "goes_with",
        "needs",
        "pairs_with",
        "part_of",
        "refill_of",
        "spare_part_for",
        "used_with",
        "works_with",
    }
)
"""Relations of what is bought beside a product."""

INSTEAD_OF = frozenset(
    {
        "also_viewed",
        "alternative_to",
        "bought_after_viewing",
        "buy_after_viewing",
        "replaces",
        "similar_to",
        "substitute_for",
        "successor_of",
        "variant_of",
    }
)
"""Relations of what is looked at, or bought, in a product's place."""

_GOES: Mapping[Task, float] = {"history": 0.3, "product": 0.1, "complement": 1.0}
_INSTEAD: Mapping[Task, float] = {"history": 0.3, "product": 0.6, "complement": 0.05}
_EITHER: Mapping[Task, float] = {"history": 0.3, "product": 0.3, "complement": 0.3}


def goes_with(relation: str) -> bool:
    """Whether the name of a relation says that its two ends are used together."""
    return relation in GOES_WITH


def defaults_of(relation: str) -> Mapping[Task, float]:
    """The weights by task of a stored relation between products, where nothing was learned."""
    if goes_with(relation):
        return _GOES
    return _INSTEAD if relation in INSTEAD_OF else _EITHER
