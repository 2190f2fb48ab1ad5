"""How a link by what lies around is read aloud: this is viewed with that, which is of a brand, as this is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import EdgeType, Graph, Node
from recommend.behaviour import Behaviour
from recommend.channels.traces import Edge, TracedPath
from recommend.sparse import csr


@dataclass(frozen=True, kw_only=True, eq=False)
class AroundTrace:
    """What products are like that are linked to one, by whatever relation. `edge_type` links products to the
    nodes, `reach` float32 [products, nodes] says how much of what lies around has them."""

    of_log: ClassVar[bool] = True  # what nobody met lies between no two products
    of_relations: ClassVar[bool] = False

    edge_type: EdgeType
    reach: sp.csr_array

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        has = graph.relations[self.edge_type].matrix
        near = slice(int(self.reach.indptr[source]), int(self.reach.indptr[source + 1]))
        own = has.indices[has.indptr[target] : has.indptr[target + 1]]
        nodes, at, _ = np.intersect1d(self.reach.indices[near], own, return_indices=True)
        strength = self.reach.data[near][at].astype(np.float64)
        total = float(strength.sum())
        steps: dict[int, list[Edge]] = {node: [] for node in nodes.tolist()}
        for edge_type, forward, matrix in between(graph):
            for product in matrix.indices[matrix.indptr[source] : matrix.indptr[source + 1]].tolist():
                if behaviour.unmet[product] or product == source:
                    continue
                first = Edge(
                    start=Node("product", source),
                    relation=edge_type.name,
                    end=Node("product", product),
                    forward=forward,
                )
                for node in has.indices[has.indptr[product] : has.indptr[product + 1]].tolist():
                    if node in steps:
                        steps[node].append(first)
        return [
            TracedPath(
                edges=(first, *self._through(first.end, node, target)),
                share=float(part / total / len(steps[node])),
            )
            for node, part in zip(nodes.tolist(), strength.tolist(), strict=True)
            for first in steps[node]
        ]

    def _through(self, product: Node, node: int, target: int) -> tuple[Edge, Edge]:
        name, shared = self.edge_type.name, Node(self.edge_type.tail, node)
        return (
            Edge(start=product, relation=name, end=shared),
            Edge(start=shared, relation=name, end=Node("product", target), forward=False),
        )

    def plain(self) -> dict[str, Any]:
        return {"trace": "around", "edge_type": list(self.edge_type)}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "reach_data": self.reach.data,
            "reach_indices": self.reach.indices,
            "reach_indptr": self.reach.indptr,
            "reach_shape": np.array(self.reach.shape, dtype=np.int64),
        }

    @classmethod
    def load(cls, plain: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]) -> AroundTrace:
        rows, columns = arrays["reach_shape"].tolist()
        return cls(
            edge_type=EdgeType(*plain["edge_type"]),
            reach=csr(
                arrays["reach_data"].astype(np.float32, copy=False),
                arrays["reach_indices"],
                arrays["reach_indptr"],
                (rows, columns),
            ),
        )


def between(graph: Graph) -> Iterator[tuple[EdgeType, bool, sp.csr_array]]:
    """(the type of edge, whether it is walked along the arrow, [products, products]) for every relation
    between products, both ways."""
    for edge_type, relation in sorted(graph.relations.items()):
        if edge_type.head == "product" == edge_type.tail:
            yield edge_type, True, relation.matrix
            yield edge_type, False, relation.backward
