"""Training the network of encoders.gnn_network on edges that it does not see; see encoders.gnn."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from encoders.base import Progress
from encoders.gnn_network import Adjacency, Inputs, Network, adjacencies
from encoders.link_prediction import Numbers
from kg.graph import EdgeType, Graph
from kg.records import NODE_KINDS, NodeKind
from kg.texts import Vocabulary
from kg.vectors import Vectors

_log = logging.getLogger(__name__)

_FOLDS = 4
_MUTED = 0.15
"""Share of the products whose anchor is silent in a step, as that of a new product is."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """`budget_seconds` None: results do not depend on the clock."""

    steps: int
    batch: int
    negatives: int
    learning_rate: float
    budget_seconds: float | None


def make_inputs(
    graph: Graph,
    types: Sequence[EdgeType],
    anchored: Mapping[NodeKind, Vocabulary],
    features: Mapping[str, Vectors],
    content: Tensor | None = None,
) -> Inputs:
    """Look up what is known about the nodes of a graph. Anchors are numbered kind by kind."""
    kind = torch.empty(graph.node_count, dtype=torch.long)
    anchor = torch.full((graph.node_count,), -1, dtype=torch.long)
    own = torch.zeros(graph.node_count, dtype=torch.bool)
    first = 0
    for number, name in enumerate(NODE_KINDS):
        rows = slice(graph.offsets[name], graph.offsets[name] + len(graph.nodes[name]))
        kind[rows] = number
        if name in anchored:
            known = torch.from_numpy(anchored[name].numbers(graph.nodes[name]))
            anchor[rows] = torch.where(known >= 0, known + first, -1)
            own[rows] = name != "product"
            first += len(anchored[name])
    listeners = [n for n, t in enumerate(types) if t.tail not in anchored]
    listeners += [n + len(types) for n, t in enumerate(types) if t.head not in anchored]
    start = graph.offsets["product"]
    return Inputs(
        kind=kind,
        anchor=anchor,
        own=own,
        products=slice(start, start + graph.product_count),
        features={name: _aligned(graph, vectors) for name, vectors in sorted(features.items())},
        content=content,
        listeners=listeners,
    )


def _aligned(graph: Graph, vectors: Vectors) -> tuple[Tensor, Tensor]:
    """([products, size], [products] 1 where present), as unit rows in the order of the graph."""
    if tuple(graph.nodes["product"]) == vectors.ids:
        return torch.from_numpy(vectors.unit()), torch.from_numpy(vectors.present.astype(np.float32))
    rows = graph.nodes["product"].numbers(vectors.ids)
    there = (rows >= 0) & vectors.present
    matrix = np.zeros((graph.product_count, vectors.dim), dtype=np.float32)
    present = np.zeros(graph.product_count, dtype=np.float32)
    matrix[rows[there]], present[rows[there]] = vectors.unit()[there], 1.0
    return torch.from_numpy(matrix), torch.from_numpy(present)


def degrees(graph: Graph, types: Sequence[EdgeType]) -> list[Tensor]:
    """Edges of each target node per relation and direction, and last those of products with users."""
    along: list[npt.NDArray[np.float32]] = []
    against: list[npt.NDArray[np.float32]] = []
    taken = np.zeros(graph.product_count, dtype=np.float32)
    for edge_type in types:
        relation = graph.relations.get(edge_type)
        heads, tails = len(graph.nodes[edge_type.head]), len(graph.nodes[edge_type.tail])
        if relation is None:
            along.append(np.zeros(tails, dtype=np.float32))
            against.append(np.zeros(heads, dtype=np.float32))
            continue
        along.append(np.bincount(relation.matrix.indices, minlength=tails).astype(np.float32))
        against.append(np.diff(relation.matrix.indptr).astype(np.float32))
        if (edge_type.head, edge_type.tail) == ("user", "product"):
            taken += along[-1]
    return [torch.from_numpy(d) for d in [*along, *against, taken]]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Block:
    """Edges to predict in one fold: one relation and direction, or pairs of products of one user (last)."""

    row: int
    source: Tensor
    target: Tensor
    first: int
    count: int
    size: int  # how many to draw in a step


class Trainer:
    """One network under training, with the message graphs of its folds."""

    def __init__(
        self,
        network: Network,
        graph: Graph,
        types: Sequence[EdgeType],
        inputs: Inputs,
        *,
        schedule: Schedule,
        seed: int,
    ) -> None:
        self._network, self._graph, self._types, self._inputs = network, graph, types, inputs
        self._plan = schedule
        self._generator = torch.Generator().manual_seed(seed)
        self._degrees = degrees(graph, types)
        folds = _folds(graph, types)
        self._ways: list[list[Adjacency | None]] = []
        self._blocks: list[list[_Block]] = []
        for number in range(_FOLDS):
            kept = {t: folds[t] != number for t in types}
            self._ways.append(adjacencies(graph, types, kept))
            self._blocks.append(self._fold_blocks(kept))

    def run(self, validate: Callable[[], float] | None, progress: Progress | None) -> int:
        """Train; keep the state that `validate` (higher is better) likes best. Returns its step."""
        plan = self._plan
        optimizer = torch.optim.Adam(self._network.parameters(), lr=plan.learning_rate, betas=(0.9, 0.99))
        every = max(1, plan.steps // 10)
        started, best, best_step = time.monotonic(), -np.inf, 0
        best_state: dict[str, Tensor] | None = None
        for step in range(1, plan.steps + 1):
            for group in optimizer.param_groups:  # falls in a straight line
                group["lr"] = plan.learning_rate * max(0.05, 1.0 - (step - 1) / plan.steps)
            self._network.train()
            optimizer.zero_grad(set_to_none=True)
            fold = (step - 1) % _FOLDS
            if self._blocks[fold]:  # a fold of a tiny graph may be empty
                torch.autograd.backward(self._loss(fold))
                optimizer.step()
            spent = time.monotonic() - started
            last = step == plan.steps or (
                plan.budget_seconds is not None and spent * (step + 1) / step > plan.budget_seconds
            )
            if step % every == 0 or last:
                score = validate() if validate is not None else float(step)
                _log.info("gnn step %d of %d: validation %.4f", step, plan.steps, score)
                if score > best:
                    best, best_step = score, step
                    if validate is not None:
                        best_state = {n: v.detach().clone() for n, v in self._network.state_dict().items()}
                if progress is not None:
                    progress("gnn", plan.steps if last else step, plan.steps)
            if last:
                break
        if best_state is not None:
            self._network.load_state_dict(best_state)
        return best_step

    def _loss(self, fold: int) -> Tensor:
        inputs = self._inputs
        muted = torch.rand(len(inputs.kind), generator=self._generator) < _MUTED
        muted[: inputs.products.start] = False
        muted[inputs.products.stop :] = False
        vectors = self._network(self._ways[fold], inputs, muted=muted)
        total, count = vectors.new_zeros(()), 0
        for block in self._blocks[fold]:
            rows = torch.randint(len(block.source), (block.size,), generator=self._generator)
            total = total + self._block_loss(vectors, block, block.source[rows], block.target[rows])
            count += block.size
        loss: Tensor = total / max(1, count)
        return loss

    def _block_loss(self, vectors: Tensor, block: _Block, source: Tensor, target: Tensor) -> Tensor:
        if block.count <= self._plan.negatives:
            others = torch.arange(block.count)
        else:
            others = torch.randint(block.count, (self._plan.negatives,), generator=self._generator)
        degree = self._degrees[block.row]
        network = self._network
        heads = vectors[source]
        rest = network.scores(heads, block.row, vectors[others + block.first], degree[others])
        own = network.pair_scores(heads, block.row, vectors[target], degree[target - block.first])
        rest = rest + float(np.log(block.count / len(others)))
        rest = rest.masked_fill(target[:, None] == (others + block.first)[None, :], -1e9)
        scores = torch.cat([own[:, None], rest], dim=1)
        return nn.functional.cross_entropy(
            scores, torch.zeros(len(source), dtype=torch.long), reduction="sum"
        )

    def _fold_blocks(self, kept: Mapping[EdgeType, npt.NDArray[np.bool_]]) -> list[_Block]:
        graph, found = self._graph, []
        pairs: list[tuple[Numbers, Numbers]] = []
        for number, edge_type in enumerate(self._types):
            edges = graph.relations[edge_type].matrix.tocoo()
            hidden = ~kept[edge_type]
            if not hidden.any():
                continue
            heads = edges.row.astype(np.int64) + graph.offsets[edge_type.head]
            tails = edges.col.astype(np.int64) + graph.offsets[edge_type.tail]
            found.append((number, heads[hidden], tails[hidden], edge_type.tail))
            if (edge_type.head, edge_type.tail) == ("user", "product"):
                pairs.append(_same_user(heads, tails, kept[edge_type], self._generator))
            else:
                found.append((number + len(self._types), tails[hidden], heads[hidden], edge_type.head))
        if pairs:
            a, b = (np.concatenate(side) for side in zip(*pairs, strict=True))
            if len(a):
                found.append((2 * len(self._types), a, b, "product"))
        edges_of = np.array([len(source) for _, source, _, _ in found], dtype=np.float64)
        weights = edges_of**0.75 / max((edges_of**0.75).sum(), 1e-9)  # small relations get a little more
        sizes = np.maximum(1, min(self._plan.batch, 4 * edges_of.sum()) * weights)
        return [
            _Block(
                row=row,
                source=torch.from_numpy(source),
                target=torch.from_numpy(target),
                first=graph.offsets[kind],
                count=len(graph.nodes[kind]),
                size=int(size),
            )
            for (row, source, target, kind), size in zip(found, sizes, strict=True)
        ]


def _folds(graph: Graph, types: Sequence[EdgeType]) -> dict[EdgeType, npt.NDArray[np.int64]]:
    """The fold of each edge, the same for all edges between two nodes (their numbers mixed, then cut)."""
    folds = {}
    for edge_type in types:
        edges = graph.relations[edge_type].matrix.tocoo()
        heads = edges.row.astype(np.uint64) + np.uint64(graph.offsets[edge_type.head])
        tails = edges.col.astype(np.uint64) + np.uint64(graph.offsets[edge_type.tail])
        key = np.minimum(heads, tails) * np.uint64(0x9E3779B97F4A7C15) + np.maximum(heads, tails)
        key = (key ^ (key >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        folds[edge_type] = ((key >> np.uint64(33)) % np.uint64(_FOLDS)).astype(np.int64)
    return folds


def _same_user(
    users: Numbers, products: Numbers, kept: npt.NDArray[np.bool_], generator: torch.Generator
) -> tuple[Numbers, Numbers]:
    """For each hidden edge of a user, one product of an edge that is shown (edges are sorted by user)."""
    shown_users, shown = users[kept], products[kept]
    hidden_users, hidden = users[~kept], products[~kept]
    low = np.searchsorted(shown_users, hidden_users, side="left")
    high = np.searchsorted(shown_users, hidden_users, side="right")
    some = high > low
    draw = torch.rand(int(some.sum()), generator=generator, dtype=torch.float64).numpy()
    at = low[some] + np.floor(draw * (high - low)[some]).astype(np.int64)
    return shown[at], hidden[some]
