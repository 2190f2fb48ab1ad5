"""The formula of the gated fusion, in plain NumPy: what a built shop needs to answer.

    z_m = LayerNorm(P_m v_m)                       every modality m of a product, projected
    g   = softmax over those present of w·tanh(H z_m) + b_m
    out = normalise(r R v_text + s Σ g_m z_m / √d) text stays as a residual, s is the gate's strength

r = 2 sigmoid(the logit of text): a text that says nothing can step back, product by product.

A query's text goes through its own projection: normalise(Q v).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from fusion.base import TEXT, Mask, Matrix, align, normalise, principal

Parameters: TypeAlias = dict[str, Matrix]
Inputs: TypeAlias = Mapping[str, tuple[Matrix, Mask]]
"""By modality: unit rows float32 [n, d_m] and which are present, bool [n]."""

_EPSILON = 1e-5


def initial(inputs: Inputs, *, dim: int, hidden: int, seed: int) -> Parameters:
    """Parameters that already make sense: text by its principal directions, the rest rotated onto it."""
    rng = np.random.default_rng(seed)
    anchor = TEXT if TEXT in inputs else next(iter(inputs))
    rows, there = inputs[anchor]
    target = _widened(principal(rows[there], dim), dim)
    parameters: Parameters = {}
    for name, (matrix, present) in inputs.items():
        both = present & there
        if name == anchor:
            project = target
        else:
            reduce = principal(matrix[present], dim)
            project = reduce @ align(matrix[both] @ reduce, rows[both] @ target)
        parameters[f"{name}.project"] = project
        parameters[f"{name}.scale"] = np.ones(dim, dtype=np.float32)
        parameters[f"{name}.shift"] = np.zeros(dim, dtype=np.float32)
        parameters[f"{name}.bias"] = np.zeros(1, dtype=np.float32)
    parameters["gate.hidden"] = (rng.standard_normal((dim, hidden)) / np.sqrt(dim)).astype(np.float32)
    parameters["gate.out"] = np.zeros(hidden, dtype=np.float32)
    parameters["strength"] = np.ones(1, dtype=np.float32)
    parameters["temperature"] = np.full(1, np.log(1 / 0.07), dtype=np.float32)
    if TEXT in inputs:
        parameters["residual"] = target.copy()
        parameters["query"] = target.copy()
    return parameters


def fuse(parameters: Parameters, inputs: Inputs, *, block: int = 8192) -> Matrix:
    """float32 [n, dim]: unit rows; zero for a product without any modality."""
    count = len(next(iter(inputs.values()))[1])
    parts = []
    for start in range(0, count, block):
        part = slice(start, start + block)
        parts.append(_fuse(parameters, {name: (x[part], mask[part]) for name, (x, mask) in inputs.items()}))
    return np.concatenate(parts) if parts else np.zeros((0, width(parameters)), dtype=np.float32)


def query_rows(parameters: Parameters, text: Matrix) -> Matrix:
    """float32 [m, dim]: unit rows for the text vectors of queries, unit [m, d_text]."""
    return normalise(text @ parameters["query"])


def width(parameters: Parameters) -> int:
    return int(parameters["gate.hidden"].shape[0])


def input_dims(parameters: Parameters) -> dict[str, int]:
    """What each modality must measure, by its name."""
    return {
        name.removesuffix(".project"): len(array)
        for name, array in parameters.items()
        if name.endswith(".project")
    }


def _fuse(parameters: Parameters, inputs: Inputs) -> Matrix:
    dim = width(parameters)
    projected, logits, masks = [], [], []
    residual: Matrix | None = None
    for name, (matrix, present) in inputs.items():
        z = matrix @ parameters[f"{name}.project"]
        z = z - z.mean(axis=1, keepdims=True)
        z /= np.sqrt((z * z).mean(axis=1, keepdims=True) + _EPSILON)
        z = z * parameters[f"{name}.scale"] + parameters[f"{name}.shift"]
        logit = np.tanh(z @ parameters["gate.hidden"]) @ parameters["gate.out"] + parameters[f"{name}.bias"]
        if name == TEXT:
            residual = (2 / (1 + np.exp(-logit)))[:, None] * (matrix @ parameters["residual"])
        projected.append(z)
        logits.append(logit)
        masks.append(present)
    gates = _masked_softmax(np.stack(logits, axis=1), np.stack(masks, axis=1))
    out = np.zeros((len(gates), dim), dtype=np.float32)
    for i, z in enumerate(projected):
        out += gates[:, i : i + 1] * z
    out *= parameters["strength"] / np.float32(np.sqrt(dim))
    if residual is not None:
        out += residual
    return normalise(out)


def _masked_softmax(logits: Matrix, mask: Mask) -> Matrix:
    """Softmax over what is present; all zero where nothing is."""
    top = np.where(mask, logits, -np.inf).max(axis=1, keepdims=True)
    weights = np.where(mask, np.exp(logits - np.where(np.isfinite(top), top, 0)), 0)
    total = weights.sum(axis=1, keepdims=True)
    gates: Matrix = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0).astype(np.float32)
    return gates


def _widened(columns: Matrix, dim: int) -> Matrix:
    """The same columns, with zeros up to `dim` of them."""
    padding = np.zeros((len(columns), dim - columns.shape[1]), dtype=np.float32)
    return np.concatenate([columns, padding], axis=1)
