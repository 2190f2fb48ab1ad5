"""How a link by two steps is read aloud: who met this met that too, and that is linked to the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import EdgeType, Graph
from recommend.behaviour import Behaviour
from recommend.channels.traces import BehaviourTrace, StoredTrace, TracedPath
from recommend.sparse import csr


@dataclass(frozen=True, kw_only=True, eq=False)
class OnwardTrace:
    """What is linked to the products that were met together with one. `near` float32 [products, products]:
    how strongly the product between (row) was met together with the first (column); the second step is an
    edge of `edge_type`, along the arrow if `forward`."""

    of_log: ClassVar[bool] = True
    of_relations: ClassVar[bool] = True

    relation: str
    edge_type: EdgeType
    forward: bool
    near: sp.csr_array

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        relation = graph.relations[self.edge_type]
        linked = relation.backward if self.forward else relation.matrix
        between = linked.indices[linked.indptr[target] : linked.indptr[target + 1]]
        strength = self.near[between][:, [source]].toarray().ravel().astype(np.float64)
        total = float(strength.sum())
        first = BehaviourTrace(relation=self.relation)
        then = StoredTrace(edge_type=self.edge_type, forward=self.forward)
        found = []
        for product, part in zip(between.tolist(), strength.tolist(), strict=True):
            if part > 0:
                steps = [
                    first.paths(graph, behaviour, source, product, part)[0],
                    then.paths(graph, behaviour, product, target, 1.0)[0],
                ]
                edges = tuple(edge for step in steps for edge in step.edges)
                found.append(TracedPath(edges=edges, share=part / total))
        return found

    def plain(self) -> dict[str, Any]:
        return {
            "trace": "onward",
            "relation": self.relation,
            "edge_type": list(self.edge_type),
            "forward": self.forward,
        }

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "near_data": self.near.data,
            "near_indices": self.near.indices,
            "near_indptr": self.near.indptr,
        }

    @classmethod
    def load(cls, plain: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]) -> OnwardTrace:
        n = len(arrays["near_indptr"]) - 1
        return cls(
            relation=plain["relation"],
            edge_type=EdgeType(*plain["edge_type"]),
            forward=plain["forward"],
            near=csr(
                arrays["near_data"].astype(np.float32, copy=False),
                arrays["near_indices"],
                arrays["near_indptr"],
                (n, n),
            ),
        )
