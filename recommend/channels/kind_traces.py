"""How a link by kinds is read aloud: this is a lamp, lamps are bought with bulbs, that is a bulb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from kg.graph import IN_CATEGORY, OF_TYPE, Graph, Node
from recommend.behaviour import Behaviour
from recommend.channels.traces import Edge, TracedPath

ORDERS = "orders"
"""The unit of what was bought at once."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class KindsTrace:
    """Kinds that are bought together. `type` and `category` int64 [n] are those of each product (-1: none);
    of the pairs of kinds (`heads`, `tails` int64 [p], numbered as `Kinds.one` does) `support` float32 [p]
    says how many baskets hold both; `unit` what a basket is.
    """

    of_log: ClassVar[bool] = True
    of_relations: ClassVar[bool] = False

    relation: str
    unit: str
    type: Numbers
    category: Numbers
    heads: Numbers
    tails: Numbers
    support: npt.NDArray[np.float32]

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        (here, to_here), (there, from_there) = self._kind(source), self._kind(target)
        met = self._counts.get((self._one(source), self._one(target)))
        if here is None or there is None or met is None:
            return []
        edges = (
            Edge(start=Node("product", source), relation=to_here, end=here),
            Edge(
                start=here,
                relation=self.relation,
                end=there,
                stored=False,
                support=met,
                support_unit=self.unit,
            ),
            Edge(start=there, relation=from_there, end=Node("product", target), forward=False),
        )
        return [TracedPath(edges=edges, share=1.0)]

    def _kind(self, product: int) -> tuple[Node | None, str]:
        if self.type[product] >= 0:
            return Node("type", int(self.type[product])), OF_TYPE
        if self.category[product] >= 0:
            return Node("category", int(self.category[product])), IN_CATEGORY
        return None, ""

    def _one(self, product: int) -> int:
        if self.type[product] >= 0:
            return int(self.type[product])
        return int(self.category[product]) + self._beyond

    @cached_property
    def _beyond(self) -> int:
        return int(self.type.max(initial=-1)) + 1

    @cached_property
    def _counts(self) -> dict[tuple[int, int], float]:
        pairs = zip(self.heads.tolist(), self.tails.tolist(), strict=True)
        return dict(zip(pairs, self.support.tolist(), strict=True))

    def plain(self) -> dict[str, Any]:
        return {"trace": "kinds", "relation": self.relation, "unit": self.unit}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "type": self.type,
            "category": self.category,
            "heads": self.heads,
            "tails": self.tails,
            "support": self.support,
        }

    @classmethod
    def load(cls, plain: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]) -> KindsTrace:
        return cls(
            relation=plain["relation"],
            unit=plain["unit"],
            type=arrays["type"].astype(np.int64, copy=False),
            category=arrays["category"].astype(np.int64, copy=False),
            heads=arrays["heads"].astype(np.int64, copy=False),
            tails=arrays["tails"].astype(np.int64, copy=False),
            support=arrays["support"].astype(np.float32, copy=False),
        )
