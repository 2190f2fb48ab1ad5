"""Derived edges: with a confidence and a source each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kg.graph import OF_TYPE, EdgeType
from kg.records import NodeKind

Numbers = npt.NDArray[np.int64]

SOURCES = ("title", "description", "attribute", "classifier", "phrase", "category")
"""How an edge was found; facts name it 'derived:title' and so on.

title, description, attribute: by words there. classifier: by attributes and words that products of a type
have. phrase: by the words of a type's name. category: by the words of a category's name.
"""

TYPED = EdgeType("product", OF_TYPE, "type")

OWN: tuple[NodeKind, NodeKind] = ("type", "series")
"""The kinds of nodes that are derived; all others are those of the graph."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Edges:
    """heads, tails int64 [m]; weight float32 [m] in (0, 1]; source uint8 [m], of SOURCES.

    Sorted by head and tail, each pair once. Nodes of the OWN kinds are numbered as `Derived.nodes` does, all
    others as the graph does.
    """

    heads: Numbers
    tails: Numbers
    weight: npt.NDArray[np.float32]
    source: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.heads)

    @classmethod
    def of(
        cls,
        heads: npt.NDArray[np.integer],
        tails: npt.NDArray[np.integer],
        weight: npt.NDArray[np.floating],
        source: npt.NDArray[np.integer],
    ) -> Edges:
        """Edges in any order; of the same pair the surest one stays."""
        order = np.lexsort((source, -weight, tails, heads))
        head, tail = heads[order].astype(np.int64), tails[order].astype(np.int64)
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = (head[1:] != head[:-1]) | (tail[1:] != tail[:-1])
        chosen = order[first]
        return cls(
            heads=head[first],
            tails=tail[first],
            weight=np.clip(weight[chosen], 0.01, 1.0).astype(np.float32),
            source=source[chosen].astype(np.uint8),
        )

    @classmethod
    def join(cls, several: Sequence[Edges]) -> Edges:
        return cls.of(
            np.concatenate([edges.heads for edges in several]),
            np.concatenate([edges.tails for edges in several]),
            np.concatenate([edges.weight for edges in several]),
            np.concatenate([edges.source for edges in several]),
        )

    def keep(self, mask: npt.NDArray[np.bool_]) -> Edges:
        return Edges(
            heads=self.heads[mask], tails=self.tails[mask], weight=self.weight[mask], source=self.source[mask]
        )


class Alias(NamedTuple):
    """Another name of a type or a series; `weight` in (0, 1]: how surely it means that node."""

    phrase: str
    kind: NodeKind
    id: str
    weight: float
