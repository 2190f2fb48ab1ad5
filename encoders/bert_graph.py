"""A BERT-family encoder as a network for ONNX Runtime, with weights of 8 bits or as they are."""

from __future__ import annotations

import numpy as np

from encoders.bert_weights import Activation, Bert, Layer, Linear, Norm, Pooling, Precision
from encoders.runtime import FUSED, Network, Rounded, Writer

_GIVEN = "embedded"
_ACTIVATIONS: dict[Activation, tuple[str, str]] = {
    "gelu": ("Gelu", FUSED),
    "tanh gelu": ("FastGelu", FUSED),
    "relu": ("Relu", ""),
}


def bert_network(bert: Bert, *, pooling: Pooling, precision: Precision) -> Network:
    """From float32 [texts, tokens, d], words and positions added up, to float32 [texts, d].

    There is no mask: the texts of one call must be of one length.
    """
    drawing = _Drawing(bert, precision)
    hidden = drawing.norm("0", _GIVEN, bert.norm)
    for number, layer in enumerate(bert.layers, 1):
        hidden = drawing.layer(str(number), hidden, layer)
    writer = drawing.writer
    if pooling == "cls":
        pooled = writer.node("Gather", "pooled", hidden, writer.constant("first", np.array(0)), axis=1)
    else:
        tokens = writer.constant("tokens", np.array([1]))
        pooled = writer.node("ReduceMean", "pooled", hidden, tokens, keepdims=0)
    return writer.network(_GIVEN, pooled, 3, bert.dim)


class _Drawing:
    """The parts of one model."""

    def __init__(self, bert: Bert, precision: Precision) -> None:
        self.writer = Writer()
        self._bert = bert
        self._precision = precision
        self._thirds = self.writer.constant("thirds", np.full(3, bert.dim))

    def layer(self, name: str, hidden: str, layer: Layer) -> str:
        parts = (layer.query, layer.key, layer.value)
        together = Linear(
            weight=np.concatenate([part.weight for part in parts]),
            bias=np.concatenate([part.bias for part in parts]),
        )
        joined = self._linear(f"{name}.joined", hidden, together)
        thirds = (f"{name}.query", f"{name}.key", f"{name}.value")
        self.writer.split("Split", thirds, joined, self._thirds, axis=2)
        attention = self.writer.node(
            "MultiHeadAttention", f"{name}.attention", *thirds, domain=FUSED, num_heads=self._bert.heads
        )
        attended = self._linear(f"{name}.attended", attention, layer.attended)
        middle = self._added(f"{name}.middle", hidden, attended, layer.attended_norm)
        inner = self._linear(f"{name}.inner", middle, layer.inner)
        kind, domain = _ACTIVATIONS[self._bert.activation]
        outer = self._linear(
            f"{name}.outer", self.writer.node(kind, f"{name}.active", inner, domain=domain), layer.outer
        )
        return self._added(name, middle, outer, layer.outer_norm)

    def norm(self, name: str, given: str, norm: Norm) -> str:
        scale = self.writer.constant(f"{name}.scale", norm.scale.astype(np.float32))
        shift = self.writer.constant(f"{name}.shift", norm.shift.astype(np.float32))
        return self.writer.node("LayerNormalization", name, given, scale, shift, epsilon=self._bert.epsilon)

    def _added(self, name: str, one: str, other: str, norm: Norm) -> str:
        return self.norm(name, self.writer.node("Add", f"{name}.sum", one, other), norm)

    def _linear(self, name: str, given: str, linear: Linear) -> str:
        weight = linear.weight.astype(np.float32)
        bias = self.writer.constant(f"{name}.bias", linear.bias.astype(np.float32))
        if self._precision == "int8":
            return self.writer.rounded(name, given, Rounded.of(weight), bias)
        transposed = self.writer.constant(f"{name}.weight", weight.T)
        return self.writer.node(
            "Add", name, self.writer.node("MatMul", f"{name}.product", given, transposed), bias
        )
