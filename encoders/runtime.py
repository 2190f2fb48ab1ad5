"""Small networks for ONNX Runtime: written node by node, and run on one thread.

Matrices of 8 bits: 128 numbers of a row share one scale, and so do 128 numbers of the vector that is
multiplied (MatMulNBits). Nothing is shared between rows, so what one gives does not depend on the others.

This is the module that wraps the onnx and onnxruntime libraries.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import helper, numpy_helper

from encoders.base import Matrix
from kg.errors import ModelError

BLOCK = 128
FUSED = "com.microsoft"
_INT8 = 4
"""The `accuracy_level` at which the vector, too, is rounded to 8 bits."""
_OPSET, _IR = 18, 9
_ERRORS_ONLY = 3
_AT_ONCE = 5_000
_FLOAT_ERROR = 1e-5
"""What sums of float32 may be off, for vectors of length 1."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Rounded:
    """A matrix [n, width] of 8 bits: whole uint8 [n, blocks, 128], where 128 stands for 0, times the scales
    float32 [n, blocks]."""

    whole: npt.NDArray[np.uint8]
    scales: npt.NDArray[np.float32]
    width: int

    @classmethod
    def of(cls, matrix: Matrix) -> Rounded:
        count, width = matrix.shape
        blocks = -(-width // BLOCK)
        padded = np.zeros((count, blocks * BLOCK), dtype=np.float32)
        padded[:, :width] = matrix
        padded = padded.reshape(count, blocks, BLOCK)
        scales = np.abs(padded).max(axis=2, initial=0) / 127
        scales[scales < np.finfo(np.float32).tiny] = 1  # nothing but zeros, or as good as that
        whole = (np.rint(padded / scales[:, :, None]) + 128).astype(np.uint8)
        return cls(whole=whole, scales=scales.astype(np.float32), width=width)

    @classmethod
    def joined(cls, parts: Sequence[Rounded]) -> Rounded:
        """The rows of several, one after the other."""
        return cls(
            whole=np.concatenate([part.whole for part in parts]),
            scales=np.concatenate([part.scales for part in parts]),
            width=parts[0].width,
        )

    def restored(self) -> Matrix:
        """float32 [n, width]: what is left of the matrix."""
        found: Matrix = ((self.whole.astype(np.float32) - 128) * self.scales[:, :, None]).reshape(
            len(self.whole), -1
        )
        return found[:, : self.width]


class Writer:
    """Collects the nodes of a network. Every node is named after what it gives."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def node(self, kind: str, name: str, *given: str, **attributes: Any) -> str:
        return self.split(kind, (name,), *given, **attributes)[0]

    def split(self, kind: str, names: tuple[str, ...], *given: str, **attributes: Any) -> tuple[str, ...]:
        """A node that gives several things."""
        self._nodes.append(helper.make_node(kind, given, names, **attributes))
        return names

    def constant(self, name: str, values: npt.NDArray[Any]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def rounded(self, name: str, given: str, weight: Rounded, *bias: str) -> str:
        """`given` times the transpose of a matrix [out, in]."""
        inputs = [
            given,
            self.constant(f"{name}.weight", weight.whole),
            self.constant(f"{name}.scales", weight.scales),
        ]
        if bias:
            inputs += ["", "", *bias]  # neither zero points (the blocks are symmetric) nor an order
        return self.node(
            "MatMulNBits",
            name,
            *inputs,
            domain=FUSED,
            N=len(weight.whole),
            K=weight.width,
            bits=8,
            block_size=BLOCK,
            accuracy_level=_INT8,
        )

    def network(self, given: str, gives: str, rank: int, width: int) -> Network:
        """Load what was written: from float32 of so many axes, the last of `width`, to the node `gives`."""
        graph = helper.make_graph(
            self._nodes,
            "network",
            [helper.make_tensor_value_info(given, onnx.TensorProto.FLOAT, [None] * (rank - 1) + [width])],
            [helper.make_tensor_value_info(gives, onnx.TensorProto.FLOAT, None)],
            self._constants,
        )
        sets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(FUSED, 1)]
        return Network(
            helper.make_model(graph, opset_imports=sets, ir_version=_IR).SerializeToString(), given
        )


class Network:
    """A network that was loaded. Safe to use from many threads, each of which does its own work."""

    def __init__(self, model: bytes, given: str) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        options.enable_mem_pattern = False  # plans of memory are for inputs of one length
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the library raises nothing narrower
            first = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise ModelError(
                f"onnxruntime {onnxruntime.__version__} cannot run the model: {first}; "
                "run: pip install --upgrade onnxruntime"
            ) from error
        self._given = given

    def __call__(self, values: Matrix) -> Matrix:
        found: Matrix = self._session.run(None, {self._given: values})[0]
        return found


class RoundedMatrix:
    """A matrix [n, d] of 8 bits beside a float32 one: its products with a vector, ten times as fast and
    within a known error."""

    def __init__(self, matrix: Matrix) -> None:
        parts: list[Rounded] = []
        self._longest = self._moved = 0.0
        for start in range(0, max(1, len(matrix)), _AT_ONCE):
            rows = matrix[start : start + _AT_ONCE]
            parts.append(Rounded.of(rows))
            self._longest = max(self._longest, _longest(rows))
            self._moved = max(self._moved, _longest(rows - parts[-1].restored()))
        writer = Writer()
        writer.rounded("products", "vector", Rounded.joined(parts))
        self._network = writer.network("vector", "products", 2, matrix.shape[1])

    def products(self, vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """float32 [n]: the approximate product of every row with a vector [d]."""
        found: npt.NDArray[np.float32] = self._network(vector[None, :])[0]
        return found

    def error(self, vector: npt.NDArray[np.float32]) -> float:
        """No product is farther from the true one (Cauchy and Schwarz): what rounding did to the rows, times
        the vector's length, and what it does to the vector, times theirs."""
        length = math.sqrt(float(vector @ vector))
        moved = math.sqrt(float(((vector - _rounded(vector)) ** 2).sum()))
        return self._moved * length + (moved + _FLOAT_ERROR * length) * (self._longest + self._moved)


def _rounded(vector: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What 8 bits leave of one vector: as `Rounded`, with fewer steps on the way."""
    blocks = np.zeros((-(-len(vector) // BLOCK), BLOCK), dtype=np.float32)
    blocks.reshape(-1)[: len(vector)] = vector
    scales = np.maximum(np.abs(blocks).max(axis=1, keepdims=True) / 127, np.finfo(np.float32).tiny)
    left: npt.NDArray[np.float32] = (np.rint(blocks / scales) * scales).reshape(-1)[: len(vector)]
    return left


def _longest(rows: Matrix) -> float:
    return float(np.linalg.norm(rows, axis=1).max(initial=0.0))
