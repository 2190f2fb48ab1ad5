"""The weights of a BERT-family model, read from its folder without the library that made it.

BERT, RoBERTa and DistilBERT name the same things differently; here they become one thing. A file in the
safetensors format is mapped, not read: of the word vectors only those that occur are ever loaded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from encoders.base import Matrix
from kg.errors import ModelError

Activation: TypeAlias = Literal["gelu", "tanh gelu", "relu"]
Precision: TypeAlias = Literal["int8", "float32"]
Pooling: TypeAlias = Literal["mean", "cls"]
Tensors: TypeAlias = dict[str, npt.NDArray[np.generic]]

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer.json"


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear:
    """x @ weight.T + bias: weight [out, in], bias [out]."""

    weight: npt.NDArray[np.floating]
    bias: npt.NDArray[np.floating]


@dataclass(frozen=True, kw_only=True, eq=False)
class Norm:
    """Layer normalisation: scale [d], shift [d]."""

    scale: npt.NDArray[np.floating]
    shift: npt.NDArray[np.floating]


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """One layer: attention, then two dense layers; each part is added to its input and normalised."""

    query: Linear
    key: Linear
    value: Linear
    attended: Linear
    attended_norm: Norm
    inner: Linear
    outer: Linear
    outer_norm: Norm


@dataclass(frozen=True, kw_only=True, eq=False)
class Bert:
    """A whole encoder. words [vocabulary, d]; positions float32 [most tokens, d] include what is added to
    every token."""

    words: npt.NDArray[np.floating]
    positions: Matrix
    norm: Norm
    layers: tuple[Layer, ...]
    heads: int
    epsilon: float
    activation: Activation

    @property
    def dim(self) -> int:
        return int(self.words.shape[1])


@dataclass(frozen=True, kw_only=True)
class Unsuited:
    """Why a model must be run by the library that made it."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class _Names:
    """What one family calls its tensors, below the name of a layer."""

    layer: str
    attention: tuple[str, str, str, str]
    attended_norm: str
    inner: str
    outer: str
    outer_norm: str


_BERT = _Names(
    layer="encoder.layer.",
    attention=(
        "attention.self.query",
        "attention.self.key",
        "attention.self.value",
        "attention.output.dense",
    ),
    attended_norm="attention.output.LayerNorm",
    inner="intermediate.dense",
    outer="output.dense",
    outer_norm="output.LayerNorm",
)
_DISTILBERT = _Names(
    layer="transformer.layer.",
    attention=("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"),
    attended_norm="sa_layer_norm",
    inner="ffn.lin1",
    outer="ffn.lin2",
    outer_norm="output_layer_norm",
)
_FAMILIES = {
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "camembert": _BERT,
    "distilbert": _DISTILBERT,
}
_POSITIONS_BEHIND_PADDING = ("roberta", "xlm-roberta", "camembert")
_ACTIVATIONS: Mapping[str, Activation] = {
    "gelu": "gelu",
    "gelu_new": "tanh gelu",
    "gelu_pytorch_tanh": "tanh gelu",
    "relu": "relu",
}
_WORDS = "embeddings.word_embeddings.weight"
_NOT_NEEDED = ("pooler.", "cls.", "lm_head.", "vocab_", "embeddings.position_ids")
_DTYPES: Mapping[str, np.dtype[Any]] = {
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "F64": np.dtype("<f8"),
    "I64": np.dtype("<i8"),
}


def read_bert(folder: Path) -> Bert | Unsuited:
    """The encoder in a folder, or why it is not one of this kind.

    Every tensor must have been understood: one that is left over means another architecture. Raises
    ModelError for a damaged file.
    """
    missing = [name for name in (CONFIG, WEIGHTS, TOKENIZER) if not (folder / name).is_file()]
    if missing:
        return Unsuited(reason=f"it has no {missing[0]}")
    try:
        config = dict(json.loads((folder / CONFIG).read_text(encoding="utf-8")))
        tensors = map_tensors(folder / WEIGHTS)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"the model {folder} cannot be loaded: {error}; check that the folder holds a complete model"
        ) from error
    family = str(config.get("model_type"))
    activation = str(config.get("hidden_act", config.get("activation", "gelu")))
    if family not in _FAMILIES:
        return Unsuited(reason=f"its type is {family!r}, not one of {', '.join(_FAMILIES)}")
    if activation not in _ACTIVATIONS:
        return Unsuited(reason=f"its activation is {activation!r}")
    if config.get("position_embedding_type", "absolute") != "absolute" or config.get("is_decoder"):
        return Unsuited(reason="its attention is of another kind")
    if isinstance(tensors, Unsuited):
        return tensors
    try:
        return _bert(config, _unprefixed(tensors), _FAMILIES[family], _ACTIVATIONS[activation])
    except KeyError as error:
        return Unsuited(reason=f"its weights lack {error.args[0]!r}")


def _bert(
    config: Mapping[str, Any], tensors: Tensors, names: _Names, activation: Activation
) -> Bert | Unsuited:
    def linear(name: str) -> Linear:
        return Linear(weight=_take(tensors, f"{name}.weight"), bias=_take(tensors, f"{name}.bias"))

    def norm(name: str) -> Norm:
        return Norm(scale=_take(tensors, f"{name}.weight"), shift=_take(tensors, f"{name}.bias"))

    words = _take(tensors, _WORDS)
    positions = _take(tensors, "embeddings.position_embeddings.weight").astype(np.float32)
    if config["model_type"] in _POSITIONS_BEHIND_PADDING:
        positions = positions[config.get("pad_token_id", 1) + 1 :]
    if "embeddings.token_type_embeddings.weight" in tensors:  # a single text is of the first type
        positions += _take(tensors, "embeddings.token_type_embeddings.weight")[0]
    count = config["n_layers"] if "n_layers" in config else config["num_hidden_layers"]
    embedded = norm("embeddings.LayerNorm")
    layers = []
    for number in range(count):
        below = f"{names.layer}{number}."
        query, key, value, attended = (linear(below + name) for name in names.attention)
        layers.append(
            Layer(
                query=query,
                key=key,
                value=value,
                attended=attended,
                attended_norm=norm(below + names.attended_norm),
                inner=linear(below + names.inner),
                outer=linear(below + names.outer),
                outer_norm=norm(below + names.outer_norm),
            )
        )
    left = [name for name in tensors if not name.startswith(_NOT_NEEDED)]
    if left:
        return Unsuited(reason=f"it has weights of a kind that is not known here: {left[0]}")
    return Bert(
        words=words,
        positions=positions,
        norm=embedded,
        layers=tuple(layers),
        heads=config["n_heads"] if "n_heads" in config else config["num_attention_heads"],
        epsilon=config.get("layer_norm_eps", 1e-12),
        activation=activation,
    )


def _take(tensors: Tensors, name: str) -> npt.NDArray[Any]:
    return tensors.pop(name)


def _unprefixed(tensors: Tensors) -> Tensors:
    """The tensors by the names an encoder gives them; inside a larger model they have its name before."""
    prefix = next((name.removesuffix(_WORDS) for name in tensors if name.endswith(_WORDS)), "")
    return {name.removeprefix(prefix): value for name, value in tensors.items()}


def map_tensors(path: Path) -> Tensors | Unsuited:
    """The tensors of a safetensors file, as views of the mapped file."""
    whole = np.memmap(path, mode="r", dtype=np.uint8)
    size = int.from_bytes(whole[:8].tobytes(), "little")
    header = json.loads(whole[8 : 8 + size].tobytes())
    header.pop("__metadata__", None)
    tensors: Tensors = {}
    for name, entry in header.items():
        if entry["dtype"] not in _DTYPES:
            return Unsuited(reason=f"its weights are of the type {entry['dtype']}")
        start, stop = entry["data_offsets"]
        raw = whole[8 + size + start : 8 + size + stop]
        tensors[name] = raw.view(_DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors
