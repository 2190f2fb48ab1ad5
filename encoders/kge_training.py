"""Training PyKEEN's models with many shared negatives; see encoders.kge for the idea.

PyKEEN makes its data folder while it is imported, in the home folder unless told otherwise: `pykeen_in` tells
it otherwise. Nothing else here touches the disk.
"""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from encoders.base import Matrix, Progress
from kg.graph import Graph

_log = logging.getLogger(__name__)

DISTANCE_SCALE = 8.0
"""Distances are multiplied by this before the softmax: the sharpness of TransE and RotatE."""
_temporary: list[tempfile.TemporaryDirectory[str]] = []


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast to train. `budget_seconds` None: results do not depend on the clock."""

    epochs: int
    batch: int
    negatives: int
    learning_rate: float
    penalty: float
    patience: int
    budget_seconds: float | None


@contextmanager
def pykeen_in(cache: Path | None) -> Iterator[None]:
    """Import PyKEEN inside this block and its folder is `cache` (None: one that goes with the process)."""
    if "pykeen" in sys.modules:
        yield
        return
    if cache is None:
        _temporary.append(tempfile.TemporaryDirectory(prefix="shelfgraph-pykeen-"))
        cache = Path(_temporary[-1].name)
    cache.mkdir(parents=True, exist_ok=True)
    wanted = {"PYSTOW_HOME": str(cache), "PYKEEN_HOME": str(cache / "pykeen")}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        with warnings.catch_warnings():  # of PyKEEN's own dependencies, about each other
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def make_model(name: str, *, nodes: int, relations: int, dim: int, seed: int, cache: Path | None) -> Any:
    """PyKEEN's model of that name; `dim` counts real numbers, so complex models have dim / 2 entries."""
    with pykeen_in(cache):
        from pykeen import models
        from pykeen.triples import KGInfo

    shared: dict[str, Any] = {"triples_factory": KGInfo(nodes, relations, False), "random_seed": seed}
    if name == "transe":
        return models.TransE(embedding_dim=dim, scoring_fct_norm=2, entity_constrainer=None, **shared)
    if name == "rotate":
        return models.RotatE(embedding_dim=dim // 2, **shared)
    if name == "complex":
        return models.ComplEx(embedding_dim=dim // 2, **shared)
    if name == "tucker":
        return models.TuckER(
            embedding_dim=dim,
            apply_batch_normalization=False,  # batches hold one relation each: their statistics would mislead
            dropout_0=0.0,
            dropout_1=0.0,
            dropout_2=0.2,
            core_tensor_initializer="uniform",
            core_tensor_initializer_kwargs={"a": -0.1, "b": 0.1},
            **shared,
        )
    return models.DistMult(embedding_dim=dim, entity_constrainer=None, regularizer=None, **shared)


class Trainer:
    """One model under training. Rows of the node table are updated lazily: only those a batch touched."""

    def __init__(
        self, name: str, graph: Graph, *, dim: int, seed: int, schedule: Schedule, cache: Path | None
    ) -> None:
        self.name, self.schedule = name, schedule
        self.distance = name in ("transe", "rotate")
        types = sorted(graph.relations)
        self.model = make_model(
            name, nodes=graph.node_count, relations=2 * len(types), dim=dim, seed=seed, cache=cache
        )
        self.model.entity_representations[0].requires_grad_(False)
        self._generator = torch.Generator().manual_seed(seed)
        weight = self.model.entity_representations[0]._embeddings.weight.data
        self._nodes: Tensor = torch.view_as_real(weight).flatten(1) if weight.is_complex() else weight
        self._nodes.normal_(0.0, 0.3 if name == "tucker" else 0.1, generator=self._generator)
        self._mean, self._square = torch.zeros_like(self._nodes), torch.zeros_like(self._nodes)
        self._steps = torch.zeros(len(self._nodes))
        self._other = [p for p in self.model.parameters() if p.requires_grad]
        self._optimizer = torch.optim.Adam(self._other, lr=schedule.learning_rate)
        # per relation and direction: its number, sources, targets, first node and size of the targets' kind
        self._blocks: list[tuple[int, Tensor, Tensor, int, int]] = []
        for number, edge_type in enumerate(types):
            edges = graph.relations[edge_type].matrix.tocoo()
            heads = torch.from_numpy(edges.row.astype(np.int64) + graph.offsets[edge_type.head])
            tails = torch.from_numpy(edges.col.astype(np.int64) + graph.offsets[edge_type.tail])
            for way, source, target, kind in (
                (number, heads, tails, edge_type.tail),
                (number + len(types), tails, heads, edge_type.head),
            ):
                self._blocks.append((way, source, target, graph.offsets[kind], len(graph.nodes[kind])))

    def nodes(self) -> Matrix:
        """float32 [nodes, dim]: a copy of the vectors as they are now."""
        return np.array(self._nodes.numpy(), dtype=np.float32)

    def operators(self) -> Matrix:
        """float32 [2 relations, dim] or, for TuckER, [2 relations, dim, dim]: see Embedding."""
        with torch.no_grad():
            relations = self.model.relation_representations[0](None)
            if self.name == "tucker":
                relations = torch.einsum("ijk,nj->nik", self.model.interaction.core_tensor, relations)
            elif relations.is_complex():
                relations = torch.view_as_real(relations).flatten(1)
            return np.array(relations.numpy(), dtype=np.float32)

    def run(self, validate: Callable[[], float] | None, progress: Progress | None) -> int:
        """Train; keep the state of the best epoch, by `validate` (higher is better). Returns that epoch."""
        plan = self.schedule
        started, best, best_epoch = time.monotonic(), -np.inf, 0
        best_state: tuple[Tensor, list[Tensor]] | None = None
        for epoch in range(1, plan.epochs + 1):
            loss = self._epoch(epoch - 1)
            score = validate() if validate is not None else float(epoch)
            _log.info(
                "%s epoch %d of %d: loss %.3f, validation %.4f", self.name, epoch, plan.epochs, loss, score
            )
            if progress is not None:
                progress("kge", epoch, plan.epochs)
            if score > best:
                best, best_epoch = score, epoch
                if validate is not None:
                    best_state = (self._nodes.clone(), [p.detach().clone() for p in self._other])
            elif epoch - best_epoch >= plan.patience:
                break
            if plan.budget_seconds is not None:
                spent = time.monotonic() - started
                if spent * (epoch + 1) / epoch > plan.budget_seconds:  # the next epoch would not fit
                    break
        if best_state is not None:
            with torch.no_grad():
                self._nodes.copy_(best_state[0])
                for parameter, value in zip(self._other, best_state[1], strict=True):
                    parameter.copy_(value)
        if progress is not None:
            progress("kge", plan.epochs, plan.epochs)
        return best_epoch

    def _epoch(self, epoch: int) -> float:
        plan = self.schedule
        self.model.train()
        batches: list[tuple[int, Tensor]] = []
        for number, block in enumerate(self._blocks):
            order = torch.randperm(len(block[1]), generator=self._generator)
            batches += [(number, rows) for rows in torch.split(order, plan.batch) if len(rows)]
        total = 0.0
        for step, at in enumerate(torch.randperm(len(batches), generator=self._generator).tolist()):
            # the rate falls in a straight line over the planned epochs
            left = 1.0 - (epoch + step / len(batches)) / plan.epochs
            number, rows = batches[at]
            total += self._step(self._blocks[number], rows, plan.learning_rate * max(0.02, left))
        return total / max(1, len(batches))

    def _step(self, block: Any, rows: Tensor, rate: float) -> float:
        plan = self.schedule
        way, source, target, first, count = block
        targets = target[rows]
        if count <= plan.negatives:
            others = torch.arange(first, first + count)
        else:
            others = torch.randint(first, first + count, (plan.negatives,), generator=self._generator)
        used, where = torch.unique(torch.cat([source[rows], targets, others]), return_inverse=True)
        leaf = self._nodes.index_select(0, used).requires_grad_(True)
        h, t, o = torch.split(leaf.index_select(0, where), [len(rows), len(rows), len(others)])
        query = self._query(h, way)
        own, rest = self._pairs(query, t), self._all(query, o)
        # a sample stands for all nodes of the kind; the target itself is no negative
        rest = rest + float(np.log(count / len(others)))
        rest = rest.masked_fill(targets[:, None] == others[None, :], -1e9)
        scores = torch.cat([own[:, None], rest], dim=1)
        loss = functional.cross_entropy(scores, torch.zeros(len(rows), dtype=torch.long))
        full = loss
        if plan.penalty:  # the N3 norm (Lacroix et al. 2018)
            full = loss + plan.penalty * sum(x.abs().pow(3).sum(1).mean() for x in (h, t, o))
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(full)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()
        assert leaf.grad is not None
        self._update(used, leaf.grad, rate)
        if self.name == "rotate":
            with torch.no_grad():  # a rotation has modulus 1
                weight = self.model.relation_representations[0]._embeddings.weight
                weight /= weight.abs().clamp_min(1e-9)
        return float(loss.detach())

    def _update(self, used: Tensor, gradient: Tensor, rate: float) -> None:
        """Adam (Kingma & Ba 2015) on some rows only, each with its own step count."""
        self._steps[used] += 1
        steps = self._steps[used][:, None]
        mean = self._mean.index_select(0, used).lerp_(gradient, 0.1)
        square = self._square.index_select(0, used).lerp_(gradient.square(), 0.01)
        self._mean.index_copy_(0, used, mean)
        self._square.index_copy_(0, used, square)
        step = (mean / (1 - 0.9**steps)) / ((square / (1 - 0.99**steps)).sqrt() + 1e-8)
        self._nodes.index_add_(0, used, step, alpha=-rate)

    def _query(self, h: Tensor, way: int) -> Tensor:
        query: Tensor
        relation = self.model.relation_representations[0](torch.tensor([way]))
        if self.name == "transe":
            query = h + relation
        elif self.name == "distmult":
            query = h * relation
        elif self.name == "tucker":
            interaction = self.model.interaction
            matrix = torch.einsum("ijk,j->ik", interaction.core_tensor, relation[0])
            query = interaction.head_relation_dropout(h @ matrix)
        else:
            pairs = torch.view_as_complex(h.reshape(len(h), -1, 2))
            query = torch.view_as_real(pairs * relation).flatten(1)
        return query

    def _pairs(self, query: Tensor, nodes: Tensor) -> Tensor:
        if not self.distance:
            return (query * nodes).sum(dim=1)
        return -DISTANCE_SCALE * (query - nodes).square().sum(dim=1).clamp_min(1e-12).sqrt()

    def _all(self, query: Tensor, nodes: Tensor) -> Tensor:
        product = query @ nodes.T
        if not self.distance:
            return product
        square = query.square().sum(dim=1, keepdim=True) + nodes.square().sum(dim=1) - 2 * product
        return -DISTANCE_SCALE * square.clamp_min(1e-12).sqrt()
