"""What the network of encoders.gnn practises on: each fold hides a part of the graph, to be predicted.

In every fold a quarter of the products are as new: nobody has met them yet. Of everything else a small part
is hidden, the same for all edges between two nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import torch
from torch import Tensor

from encoders.gnn_network import Adjacency, adjacencies
from encoders.link_prediction import Numbers
from kg.graph import EdgeType, Graph
from kg.records import NodeKind

FOLDS = 4
_MET = 0.1
"""Share of what users and queries have to do with the other products that a fold hides."""
_STATED = 0.15
"""Share of all other edges that a fold hides."""
_COMERS: tuple[NodeKind, ...] = ("user", "query")
_MIX, _MIX_AGAIN = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """Hidden edges of one relation in one direction, as rows of all nodes.

    `row` is the decoder's; `first` and `count` say where the kind of the targets begins and how many it has.
    """

    row: int
    source: Tensor
    target: Tensor
    first: int
    count: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Taste:
    """Hidden pairs of users and products (numbers within their kinds), to be told from the products in
    `pool`; `by_degree` if it helps to know how many users each of these has."""

    users: Tensor
    products: Tensor
    pool: Tensor
    by_degree: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class Fold:
    """What is shown: `ways` for messages, `seen` [users, products] and how many users each product has
    (`degree`). What is hidden: `blocks` and `tastes`. `new` bool [products]: as if nobody had met them."""

    ways: list[Adjacency | None]
    seen: Adjacency
    degree: Tensor
    new: Tensor
    blocks: list[Block]
    tastes: list[Taste]


def folds_of(graph: Graph, types: Sequence[EdgeType], *, seed: int) -> list[Fold]:
    """The folds of a graph; they hide different things."""
    turn = np.random.default_rng(seed).permutation(graph.product_count) % FOLDS
    pairs = _pairs(graph, types)
    return [_fold(graph, types, pairs, number, turn == number) for number in range(FOLDS)]


def _fold(graph: Graph, types: Sequence[EdgeType], pairs: sp.coo_array, number: int, new: Mask) -> Fold:
    def hides(edge_type: EdgeType, heads: Numbers, tails: Numbers) -> Mask:
        met = edge_type.head in _COMERS
        share = _MET if met else _STATED
        place = _place(heads + graph.offsets[edge_type.head], tails + graph.offsets[edge_type.tail])
        hidden = (place >= number * share) & (place < (number + 1) * share)
        return hidden | new[tails] if met and edge_type.tail == "product" else hidden

    kept: dict[EdgeType, Mask] = {}
    blocks: list[Block] = []
    for row, edge_type in enumerate(types):
        edges = graph.relations[edge_type].matrix.tocoo()
        heads, tails = edges.row.astype(np.int64), edges.col.astype(np.int64)
        hidden = hides(edge_type, heads, tails)
        kept[edge_type] = ~hidden
        if not hidden.any():
            continue
        source = torch.from_numpy(heads[hidden] + graph.offsets[edge_type.head])
        target = torch.from_numpy(tails[hidden] + graph.offsets[edge_type.tail])
        blocks.append(_block(graph, row, source, target, edge_type.tail))
        if edge_type.head not in _COMERS:
            blocks.append(_block(graph, row + len(types), target, source, edge_type.head))
    hidden = hides(EdgeType("user", "", "product"), pairs.row.astype(np.int64), pairs.col.astype(np.int64))
    shown = sp.csr_array(
        (np.ones(int((~hidden).sum()), dtype=np.float32), (pairs.row[~hidden], pairs.col[~hidden])),
        shape=pairs.shape,
    )
    able = hidden & (np.diff(shown.indptr) > 0)[pairs.row]
    known = np.bincount(pairs.col, minlength=len(new)) > 0
    tastes = [
        Taste(
            users=torch.from_numpy(pairs.row[some].astype(np.int64)),
            products=torch.from_numpy(pairs.col[some].astype(np.int64)),
            pool=torch.from_numpy(np.flatnonzero(among)),
            by_degree=by_degree,
        )
        for some, among, by_degree in (
            (able & new[pairs.col], new & known, False),
            (able & ~new[pairs.col], ~new & known, True),
        )
        if some.any()
    ]
    return Fold(
        ways=adjacencies(graph, types, kept),
        seen=Adjacency(shown, 0, 0),
        degree=torch.from_numpy(np.asarray(shown.sum(axis=0), dtype=np.float32).ravel()),
        new=torch.from_numpy(new),
        blocks=blocks,
        tastes=tastes,
    )


def _block(graph: Graph, row: int, source: Tensor, target: Tensor, kind: NodeKind) -> Block:
    return Block(
        row=row, source=source, target=target, first=graph.offsets[kind], count=len(graph.nodes[kind])
    )


def _pairs(graph: Graph, types: Sequence[EdgeType]) -> sp.coo_array:
    """Users × products: who had to do with what, each pair once, whatever they did."""
    total = sp.csr_array((len(graph.nodes["user"]), graph.product_count), dtype=np.float32)
    for edge_type in types:
        if (edge_type.head, edge_type.tail) == ("user", "product"):
            total = total + graph.relations[edge_type].matrix
    return total.tocoo()


def _place(heads: Numbers, tails: Numbers) -> npt.NDArray[np.float64]:
    """A number in [0, 1) for each pair of nodes, the same in both directions: theirs, mixed."""
    low, high = np.minimum(heads, tails).astype(np.uint64), np.maximum(heads, tails).astype(np.uint64)
    key = low * _MIX + high
    key = (key ^ (key >> np.uint64(31))) * _MIX_AGAIN
    return np.asarray((key >> np.uint64(11)).astype(np.float64) / 2.0**53, dtype=np.float64)
