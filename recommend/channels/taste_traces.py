"""How a link by taste is read aloud: people who met this met things of a brand, and that is of this brand."""

from __future__ import annotations

from collections.abc import Mapping
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
class TasteTrace:
    """What users went for who met a product. `edge_type` links products to the nodes that `reach` float32
    [products, nodes] compares them with."""

    of_log: ClassVar[bool] = True
    of_relations: ClassVar[bool] = False

    relation: str
    edge_type: EdgeType
    reach: sp.csr_array

    def paths(
        self, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
    ) -> list[TracedPath]:
        linked = graph.relations[self.edge_type].matrix
        near = slice(int(self.reach.indptr[source]), int(self.reach.indptr[source + 1]))
        own = linked.indices[linked.indptr[target] : linked.indptr[target + 1]]
        _, at, _ = np.intersect1d(self.reach.indices[near], own, return_indices=True)
        nodes, strength = self.reach.indices[near][at], self.reach.data[near][at].astype(np.float64)
        total = float(strength.sum())
        return [
            TracedPath(edges=self._edges(graph, behaviour, source, node, target), share=part / total)
            for node, part in zip(nodes.tolist(), strength.tolist(), strict=True)
        ]

    def _edges(
        self, graph: Graph, behaviour: Behaviour, source: int, node: int, target: int
    ) -> tuple[Edge, Edge]:
        name, between = self.edge_type.name, Node(self.edge_type.tail, node)
        return (
            Edge(
                start=Node("product", source),
                relation=self.relation,
                end=between,
                stored=False,
                support=float(self._users(graph, behaviour, source, node)),
                support_unit="users",
            ),
            Edge(start=between, relation=name, end=Node("product", target), forward=False),
        )

    def _users(self, graph: Graph, behaviour: Behaviour, source: int, node: int) -> int:
        """How many met the product and another one of the node."""
        members = graph.relations[self.edge_type].backward
        of_node = np.zeros(graph.product_count, dtype=np.bool_)
        of_node[members.indices[members.indptr[node] : members.indptr[node + 1]]] = True
        of_node[source] = False
        met = behaviour.weight[behaviour.users_of(source)].tocsr()
        return len(np.unique(np.repeat(np.arange(met.shape[0]), np.diff(met.indptr))[of_node[met.indices]]))

    def plain(self) -> dict[str, Any]:
        return {"trace": "taste", "relation": self.relation, "edge_type": list(self.edge_type)}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            "reach_data": self.reach.data,
            "reach_indices": self.reach.indices,
            "reach_indptr": self.reach.indptr,
            "reach_shape": np.array(self.reach.shape, dtype=np.int64),
        }

    @classmethod
    def load(cls, plain: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[np.generic]]) -> TasteTrace:
        rows, columns = arrays["reach_shape"].tolist()
        return cls(
            relation=plain["relation"],
            edge_type=EdgeType(*plain["edge_type"]),
            reach=csr(
                arrays["reach_data"].astype(np.float32, copy=False),
                arrays["reach_indices"],
                arrays["reach_indptr"],
                (rows, columns),
            ),
        )
