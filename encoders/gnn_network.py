"""The network behind encoders.gnn: means of neighbours per relation, mixed by matrices with shared bases.

After R-GCN (Schlichtkrull et al. 2018, arXiv:1703.06103) and, in leaving out activations, LightGCN (He et
al. 2020, arXiv:2002.02126). The whole graph goes through at once.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch
from torch import Tensor, nn

from encoders.gnn_inference import State
from kg.graph import EdgeType, Graph

with warnings.catch_warnings():  # it warns of its own use of torch.jit
    warnings.simplefilter("ignore")
    from torch_geometric.nn import MessagePassing


class Adjacency:
    """One direction of one relation, its rows summing to 1, with its transpose for the way back.

    `targets` and `sources` are where the two kinds begin in the row of all nodes.
    """

    def __init__(self, matrix: sp.csr_array, target_start: int, source_start: int) -> None:
        self.targets = slice(target_start, target_start + matrix.shape[0])
        self.sources = slice(source_start, source_start + matrix.shape[1])
        self.degree = torch.from_numpy(np.diff(matrix.indptr).astype(np.float32))
        weight = np.repeat(1.0 / np.maximum(self.degree.numpy(), 1.0), np.diff(matrix.indptr))
        means = sp.csr_array((weight.astype(np.float32), matrix.indices, matrix.indptr), shape=matrix.shape)
        self.forward, self.backward = _sparse(means), _sparse(means.T.tocsr())


def adjacencies(
    graph: Graph, types: Sequence[EdgeType], masks: Mapping[EdgeType, npt.NDArray[np.bool_]] | None = None
) -> list[Adjacency | None]:
    """Both directions of every relation: the second half of the list runs against the arrows.

    `masks` (bool [m] over the entries of `relation.matrix`) leaves edges out where False. None stands for
    a relation without edges.
    """
    along: list[Adjacency | None] = []
    against: list[Adjacency | None] = []
    for edge_type in types:
        relation = graph.relations.get(edge_type)
        if relation is None or not len(relation):
            along.append(None)
            against.append(None)
            continue
        matrix = relation.matrix
        if masks is not None:
            edges = matrix.tocoo()
            keep = masks[edge_type]
            matrix = sp.csr_array((edges.data[keep], (edges.row[keep], edges.col[keep])), shape=matrix.shape)
        head, tail = graph.offsets[edge_type.head], graph.offsets[edge_type.tail]
        along.append(Adjacency(matrix.T.tocsr(), tail, head))  # tails hear from heads
        against.append(Adjacency(matrix, head, tail))
    return along + against


class NeighbourMeans(MessagePassing):  # type: ignore[misc]
    """The mean of the neighbours of one relation, as one sparse product."""

    def __init__(self) -> None:
        super().__init__(aggr="mean")

    def forward(self, x: Tensor, adjacency: Adjacency) -> Tensor:
        means: Tensor = self.message_and_aggregate(adjacency, x)
        return means

    def message_and_aggregate(self, adjacency: Adjacency, x: Tensor) -> Tensor:
        return _Product.apply(x, adjacency)  # type: ignore[no-any-return, no-untyped-call]


class Layer(nn.Module):
    """out[v] = sum over relations r of mean of x over N_r(v), times W_r; W_r = sum of b of c_rb B_b.

    It starts as the plain mean over the relations of a node.
    """

    def __init__(self, dim: int, relations: int, bases: int) -> None:
        super().__init__()
        self.means = NeighbourMeans()
        basis = torch.randn(bases, dim, dim) * (0.1 / dim**0.5)
        basis[0] = torch.eye(dim)
        self.basis = nn.Parameter(basis)
        share = torch.zeros(relations, bases)
        share[:, 0] = 1.0
        share[:, 1:] = torch.randn(relations, bases - 1) * 0.3
        self.share = nn.Parameter(share)

    def forward(self, x: Tensor, ways: Sequence[Adjacency | None], scale: Tensor) -> Tensor:
        matrices = torch.einsum("rb,bij->rij", self.share, self.basis)
        out = torch.zeros_like(x)
        for number, adjacency in enumerate(ways):
            if adjacency is not None:
                out[adjacency.targets] += self.means(x[adjacency.sources], adjacency) @ matrices[number]
        return out * scale


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """What is known about the nodes before any message.

    kind int64 [nodes]; anchor int64 [nodes], -1 for none; own bool [nodes]: reads its own anchor;
    products: where they are in the row of nodes; features: by name ([products, size], [products], 0
    where absent); content [products, dim]: features that were projected earlier; listeners: the ways that
    lead into nodes without anchors.
    """

    kind: Tensor
    anchor: Tensor
    own: Tensor
    products: slice
    features: Mapping[str, tuple[Tensor, Tensor]]
    content: Tensor | None
    listeners: Sequence[int]


class Network(nn.Module):
    """Vectors of all nodes from anchors, features and edges; scores of edges from these vectors.

    An *anchor* is what a known node tells its neighbours. A product never reads its own, so a product
    that has none (because it is new) gets its vector just like any other.
    """

    def __init__(
        self,
        *,
        dim: int,
        kinds: int,
        relations: int,
        layers: int,
        bases: int,
        anchors: int,
        features: Mapping[str, int],
    ) -> None:
        super().__init__()
        self.anchors = nn.Parameter(torch.randn(anchors, dim) * 0.1)
        self.kind = nn.Parameter(torch.randn(kinds, dim) * 0.01)
        self.project = nn.ModuleDict(
            {name: nn.Linear(size, dim, bias=False) for name, size in sorted(features.items())}
        )
        for parameter in self.project.parameters():
            nn.init.normal_(parameter, std=0.1)
        self.layers = nn.ModuleList(Layer(dim, 2 * relations, bases) for _ in range(layers))
        self.depth = nn.Parameter(torch.ones(layers + 1))
        # the decoder: one row per relation and direction, and a last one for what users want (plain cosines)
        self.diagonal = nn.Parameter(torch.ones(2 * relations + 1, dim))
        self.sharpness = nn.Parameter(torch.full((2 * relations + 1,), 2.3))
        self.popular = nn.Parameter(torch.full((2 * relations + 1,), 0.5))

    def arrays(self) -> State:
        """All parameters, by name: what encoders.gnn_inference reads."""
        return {name: value.numpy().copy() for name, value in self.state_dict().items()}

    def content(self, features: Mapping[str, tuple[Tensor, Tensor]]) -> Tensor | None:
        """[products, dim]: the sum of the projected features of each product."""
        total: Tensor | None = None
        for name, (matrix, present) in features.items():
            part = self.project[name](matrix) * present[:, None]
            total = part if total is None else total + part
        return total

    def forward(
        self, ways: Sequence[Adjacency | None], inputs: Inputs, *, muted: Tensor | None = None
    ) -> Tensor:
        """[nodes, dim]: unit rows. `muted` (bool [nodes]): anchors that are not to be heard this time."""
        base = self.kind[inputs.kind]
        content = self.content(inputs.features)
        if inputs.content is not None:
            content = inputs.content if content is None else content + inputs.content
        if content is not None:
            base = base + nn.functional.pad(
                content, (0, 0, inputs.products.start, len(base) - inputs.products.stop)
            )
        heard = inputs.anchor >= 0 if muted is None else (inputs.anchor >= 0) & ~muted
        anchors = self.anchors.index_select(0, inputs.anchor.clamp_min(0)) * heard[:, None]
        said = base + anchors
        for number in inputs.listeners:
            adjacency = ways[number]
            if adjacency is not None:
                means = self.layers[0].means(said[adjacency.sources], adjacency)  # type: ignore[operator]
                after = len(base) - adjacency.targets.stop
                said = said + nn.functional.pad(means, (0, 0, adjacency.targets.start, after))
        scale = _inverse_relation_count(ways, len(base))
        total = (base + anchors * inputs.own[:, None]) * self.depth[0]
        for number, layer in enumerate(self.layers):
            said = layer(said, ways, scale)
            total = total + said * self.depth[number + 1]
        return nn.functional.normalize(total, dim=1)

    def scores(self, heads: Tensor, row: int, tails: Tensor, degree: Tensor) -> Tensor:
        """[heads, tails]: how likely each tail is; `degree` [tails] counts its edges of that relation."""
        return self._queries(heads, row) @ tails.T + self.popular[row] * degree.log1p()

    def pair_scores(self, heads: Tensor, row: int, tails: Tensor, degree: Tensor) -> Tensor:
        """[pairs]: the same for heads[i] and tails[i] only."""
        return (self._queries(heads, row) * tails).sum(dim=1) + self.popular[row] * degree.log1p()

    def _queries(self, heads: Tensor, row: int) -> Tensor:
        return heads * self.diagonal[row] * self.sharpness[row].exp()


class _Product(torch.autograd.Function):
    """A sparse product whose transpose is ready for the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, adjacency: Adjacency) -> Tensor:
        ctx.adjacency = adjacency
        return adjacency.forward @ x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.adjacency.backward @ gradient.contiguous(), None


def _sparse(matrix: sp.csr_array) -> Tensor:
    with warnings.catch_warnings():  # "Sparse CSR tensor support is in beta state"
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int64)),
            torch.from_numpy(matrix.indices.astype(np.int64)),
            torch.from_numpy(matrix.data.astype(np.float32)),
            size=matrix.shape,
            check_invariants=False,
        )


def _inverse_relation_count(ways: Sequence[Adjacency | None], nodes: int) -> Tensor:
    """[nodes, 1]: 1 / number of relations that a node has."""
    count = torch.zeros(nodes)
    for adjacency in ways:
        if adjacency is not None:
            count[adjacency.targets] += (adjacency.degree > 0).float()
    return (1.0 / count.clamp_min(1.0))[:, None]
