"""How the gate learns: related products, and titles as queries, must find each other among the others.

In-batch sampled softmax in both directions (InfoNCE, van den Oord et al. 2018, arXiv:1807.03748), with
modality dropout (Neverova et al. 2016, arXiv:1501.00102) so that no product depends on one modality.
This is the module of the fusion that wraps torch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812 (the name everybody uses)

from fusion.base import Mask, Matrix, Progress, Rows
from fusion.gate import Inputs, Parameters, width


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How long and how fast to learn. `pairs_per_epoch` bounds the time, not the memory."""

    epochs: int
    patience: int
    batch_size: int
    pairs_per_epoch: int
    learning_rate: float
    modality_dropout: float
    query_weight: float


def train(
    parameters: Parameters,
    inputs: Inputs,
    *,
    pairs: Rows,
    queries: Matrix,
    query_rows: Rows,
    settings: TrainingSettings,
    score: Callable[[Parameters], float],
    seed: int,
    progress: Progress | None = None,
) -> tuple[Parameters, int]:
    """The best parameters by `score` (higher is better), the initial ones included, and the epochs run.

    All randomness is NumPy's, from `seed`: torch's global generator is neither used nor changed.
    """
    rng = np.random.default_rng(seed)
    tensors = {name: torch.from_numpy(array.copy()).requires_grad_() for name, array in parameters.items()}
    data = {name: (torch.from_numpy(x), mask) for name, (x, mask) in inputs.items()}
    query_data = torch.from_numpy(queries)
    # scales, biases and the gate are few and far from where they should be; the projections start close
    few = [tensor for tensor in tensors.values() if tensor.ndim == 1]
    many = [tensor for tensor in tensors.values() if tensor.ndim > 1]
    groups: list[dict[str, Any]] = [{"params": few, "lr": 5 * settings.learning_rate}, {"params": many}]
    optimiser = torch.optim.Adam(groups, lr=settings.learning_rate)
    best, best_score, since = parameters, score(parameters), 0
    epoch = 0
    for epoch in range(1, settings.epochs + 1):
        if progress is not None:
            progress("fusion", epoch - 1, settings.epochs)
        pair_batches = _batches(rng, len(pairs), settings)
        query_batches = _batches(rng, len(queries), settings)
        for i in range(max(len(pair_batches), len(query_batches))):
            losses = []
            if i < len(pair_batches):
                left, right = pairs[pair_batches[i]].T
                a = _forward(tensors, data, left, settings, rng)
                b = _forward(tensors, data, right, settings, rng)
                losses.append(_contrast(tensors, a, b, left, right))
            if i < len(query_batches):
                chosen = query_batches[i]
                rows = query_rows[chosen]
                found = _forward(tensors, data, rows, settings, rng)
                asked = F.normalize(query_data[torch.from_numpy(chosen)] @ tensors["query"], dim=1)
                losses.append(settings.query_weight * _contrast(tensors, asked, found, rows, rows))
            optimiser.zero_grad()
            torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        now = {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}
        reached = score(now)
        if reached > best_score:
            best, best_score, since = now, reached, 0
        else:
            since += 1
            if since > settings.patience:
                break
    if progress is not None:
        progress("fusion", settings.epochs, settings.epochs)
    return best, epoch


def _batches(rng: np.random.Generator, count: int, settings: TrainingSettings) -> list[Rows]:
    order = rng.permutation(count)[: settings.pairs_per_epoch]
    return [order[start : start + settings.batch_size] for start in range(0, len(order), settings.batch_size)]


def _forward(
    tensors: dict[str, torch.Tensor],
    data: dict[str, tuple[torch.Tensor, Mask]],
    rows: Rows,
    settings: TrainingSettings,
    rng: np.random.Generator,
) -> torch.Tensor:
    """`fusion.gate.fuse` with gradients, for some rows and with some modalities dropped."""
    index = torch.from_numpy(np.ascontiguousarray(rows))
    mask = _dropped(np.stack([m[rows] for _, m in data.values()], axis=1), settings.modality_dropout, rng)
    dim = width({"gate.hidden": tensors["gate.hidden"]})  # type: ignore[dict-item]
    projected, logits, residual = [], [], None
    for i, (name, (matrix, _)) in enumerate(data.items()):
        v = matrix[index]
        z = F.layer_norm(v @ tensors[f"{name}.project"], (dim,)) * tensors[f"{name}.scale"]
        z = z + tensors[f"{name}.shift"]
        projected.append(z)
        logits.append(torch.tanh(z @ tensors["gate.hidden"]) @ tensors["gate.out"] + tensors[f"{name}.bias"])
        if name == "text":
            weight = 2 * torch.sigmoid(logits[i]) * torch.from_numpy(mask[:, i])
            residual = weight[:, None] * (v @ tensors["residual"])
    present = torch.from_numpy(mask)
    # a row with nothing gets equal gates, which the mask then closes
    gates = torch.softmax(torch.stack(logits, dim=1).masked_fill(~present, -1e9), dim=1) * present
    out = (torch.stack(projected, dim=1) * gates[:, :, None]).sum(dim=1) * (tensors["strength"] / dim**0.5)
    if residual is not None:
        out = out + residual
    return F.normalize(out, dim=1)


def _dropped(mask: Mask, share: float, rng: np.random.Generator) -> Mask:
    """Without some modalities, but never without the last one of a product."""
    kept: Mask = mask & (rng.random(mask.shape) >= share)
    empty = ~kept.any(axis=1)
    kept[empty] = mask[empty]
    return kept


def _contrast(
    tensors: dict[str, torch.Tensor], a: torch.Tensor, b: torch.Tensor, left: Rows, right: Rows
) -> Any:
    """Symmetric cross entropy; the same product twice in a batch is no negative of itself."""
    scores = a @ b.T * tensors["temperature"].clamp(max=4.6).exp()
    same = (left[:, None] == right[None]) | (right[:, None] == right[None]) | (left[:, None] == left[None])
    np.fill_diagonal(same, False)
    scores = scores.masked_fill(torch.from_numpy(same), -1e9)
    target = torch.arange(len(a))
    return (F.cross_entropy(scores, target) + F.cross_entropy(scores.T, target)) / 2
