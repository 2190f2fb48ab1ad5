"""Training the network of encoders.gnn_network on edges that it does not see; see encoders.gnn."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from encoders.base import Progress
from encoders.gnn_folds import FOLDS, Block, Fold, Taste, folds_of
from encoders.gnn_network import Inputs, Network
from kg.graph import EdgeType, Graph
from kg.records import NODE_KINDS, NodeKind
from kg.texts import Vocabulary
from kg.vectors import Vectors

_STATED = 0.5
"""What predicting stated edges counts beside predicting what users want."""


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
    """Edges of each target node per relation and direction."""
    along: list[npt.NDArray[np.float32]] = []
    against: list[npt.NDArray[np.float32]] = []
    for edge_type in types:
        relation = graph.relations.get(edge_type)
        heads, tails = len(graph.nodes[edge_type.head]), len(graph.nodes[edge_type.tail])
        if relation is None:
            along.append(np.zeros(tails, dtype=np.float32))
            against.append(np.zeros(heads, dtype=np.float32))
            continue
        along.append(np.bincount(relation.matrix.indices, minlength=tails).astype(np.float32))
        against.append(np.diff(relation.matrix.indptr).astype(np.float32))
    return [torch.from_numpy(d) for d in [*along, *against]]


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
        self._folds = folds_of(graph, types, seed=seed)

    def run(self, progress: Progress | None) -> None:
        """Train to the last step: predicting stated edges well would stop too early for new products."""
        plan = self._plan
        optimizer = torch.optim.Adam(self._network.parameters(), lr=plan.learning_rate, betas=(0.9, 0.99))
        every = max(1, plan.steps // 10)
        started = time.monotonic()
        self._network.train()
        for step in range(1, plan.steps + 1):
            for group in optimizer.param_groups:  # falls in a straight line
                group["lr"] = plan.learning_rate * max(0.05, 1.0 - (step - 1) / plan.steps)
            optimizer.zero_grad(set_to_none=True)
            fold = self._folds[(step - 1) % FOLDS]
            if fold.blocks:  # a fold of a tiny graph may hide nothing
                torch.autograd.backward(self._loss(fold))
                optimizer.step()
            spent = time.monotonic() - started
            last = step == plan.steps or (
                plan.budget_seconds is not None and spent * (step + 1) / step > plan.budget_seconds
            )
            if progress is not None and (step % every == 0 or last):
                progress("gnn", plan.steps if last else step, plan.steps)
            if last:
                break

    def _loss(self, fold: Fold) -> Tensor:
        inputs, network = self._inputs, self._network
        muted = torch.zeros(len(inputs.kind), dtype=torch.bool)
        muted[inputs.products] = fold.new
        vectors = network(fold.ways, inputs, muted=muted)
        products = vectors[inputs.products]
        asked = network.layers[0].means(products, fold.seen)  # type: ignore[operator]
        loss = _STATED * self._stated_loss(vectors, fold.blocks)
        for taste in fold.tastes:
            loss = loss + self._taste_loss(asked, products, fold, taste)
        return loss

    def _taste_loss(self, asked: Tensor, products: Tensor, fold: Fold, taste: Taste) -> Tensor:
        """Of pairs of users and products; `asked` [users, dim] are the means of what each user is seen with,
        so that the score of a product is the mean of its cosines with these."""
        network, pool, degree = self._network, taste.pool, fold.degree
        rows = torch.randint(
            len(taste.users),
            (max(1, self._plan.batch // (4 if taste.by_degree else 2)),),
            generator=self._generator,
        )
        target = taste.products[rows]
        if len(pool) > self._plan.negatives:
            pool = pool[torch.randint(len(pool), (self._plan.negatives,), generator=self._generator)]
        queries = asked[taste.users[rows]] * network.sharpness[-1].exp()
        own, rest = (queries * products[target]).sum(dim=1), queries @ products[pool].T
        if taste.by_degree:
            own = own + network.popular[-1] * degree[target].log1p()
            rest = rest + network.popular[-1] * degree[pool].log1p()
        rest = rest + float(np.log(len(taste.pool) / len(pool)))
        return _cross_entropy(own, rest.masked_fill(target[:, None] == pool[None, :], -1e9))

    def _stated_loss(self, vectors: Tensor, blocks: Sequence[Block]) -> Tensor:
        edges = np.array([len(block.source) for block in blocks], dtype=np.float64)
        shares = edges**0.75 / (edges**0.75).sum()  # small relations get a little more
        total = vectors.new_zeros(())
        for block, share in zip(blocks, shares.tolist(), strict=True):
            size = max(1, int(self._plan.batch / 4 * share))
            rows = torch.randint(len(block.source), (size,), generator=self._generator)
            total = total + share * self._block_loss(vectors, block, block.source[rows], block.target[rows])
        return total

    def _block_loss(self, vectors: Tensor, block: Block, source: Tensor, target: Tensor) -> Tensor:
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
        return _cross_entropy(own, rest.masked_fill(target[:, None] == (others + block.first)[None, :], -1e9))


def _cross_entropy(own: Tensor, rest: Tensor) -> Tensor:
    """The mean over rows, of own [m] against rest [m, negatives]."""
    scores = torch.cat([own[:, None], rest], dim=1)
    return nn.functional.cross_entropy(scores, torch.zeros(len(own), dtype=torch.long))
