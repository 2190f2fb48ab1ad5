"""Texts as vectors, by any BERT-family model: product cards on one side, queries on the other.

The pooling follows sentence-transformers (Reimers & Gurevych 2019, arXiv:1908.10084), whose model
folders load as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, Literal, TypeAlias

import numpy as np

from encoders.base import Matrix, Progress
from encoders.pretrained import Pretrained, load_config, load_model, load_tokenizer, locate, read_json
from encoders.weights import MINILM
from kg.errors import ModelError, SettingsError

Pooling: TypeAlias = Literal["mean", "cls"]

_CHARACTERS_PER_TOKEN = 24
"""Texts are cut to this many characters per token first, so that a 1 MB title costs no time."""


class TextEncoder:
    """Unit vectors of texts. The default model is the packaged all-MiniLM-L6-v2 (English, 384 numbers).

    `model` is a Hugging Face id or a local folder. `pooling` None follows the model's own
    configuration, else means over the tokens. Models like E5 want a `query_prefix` ("query: ") and a
    `document_prefix`. `threads` None leaves torch's setting alone. Safe to use from many threads.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        revision: str | None = None,
        max_length: int = 64,
        batch_size: int = 16,
        pooling: Pooling | None = None,
        threads: int | None = None,
        query_prefix: str = "",
        document_prefix: str = "",
    ) -> None:
        if max_length < 4 or batch_size < 1 or (threads is not None and threads < 1):
            raise SettingsError(
                f"max_length={max_length} must be at least 4, batch_size={batch_size} and "
                f"threads={threads} at least 1"
            )
        self._model_name = model
        self._revision = revision
        self._max_length = max_length
        self._batch_size = batch_size
        self._asked_pooling = pooling
        self._threads = threads
        self._query_prefix = query_prefix
        self._document_prefix = document_prefix
        self._lock = Lock()

    @property
    def key(self) -> str:
        prefix = f"/{self._document_prefix!r}" if self._document_prefix else ""
        return f"text/{self._source.key}/{self._pooling}/{self._max_length}{prefix}"

    @property
    def dim(self) -> int:
        return int(self._config.hidden_size)

    def encode(self, items: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """float32 [n, dim]: unit rows for documents such as product cards."""
        return self._encode([self._document_prefix + text for text in items], progress)

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """float32 [m, dim]: unit rows for what people type."""
        return self._encode([self._query_prefix + text for text in texts], None)

    @cached_property
    def _source(self) -> Pretrained:
        return locate(self._model_name, default=MINILM, revision=self._revision)

    @cached_property
    def _config(self) -> Any:
        return load_config(self._source)

    @cached_property
    def _pooling(self) -> Pooling:
        modules = read_json(self._source, "modules.json") or []
        unknown = [m["type"] for m in modules if m["type"].rsplit(".", 1)[-1] not in _MODULES]
        if unknown:
            raise ModelError(
                f"the model {self._source.location} has a layer {unknown[0]} that is not supported; "
                "choose a model that pools and normalises only"
            )
        return self._asked_pooling or _stored_pooling(self._source)

    @cached_property
    def _network(self) -> tuple[Any, Any]:
        """Tokenizer and network, loaded on first use."""
        tokenizer = load_tokenizer(self._source)
        # BERT's pooler is not used here, and some models come without weights for it
        options = {"add_pooling_layer": False} if self._config.model_type in _HAVE_POOLER else {}
        return tokenizer, load_model(self._source, attn_implementation="sdpa", **options)

    def _encode(self, texts: list[str], progress: Progress | None) -> Matrix:
        import torch

        result = np.zeros((len(texts), self.dim), dtype=np.float32)
        if not texts:
            return result
        with self._lock:  # loads once; a tokenizer is not safe to use from several threads
            tokenizer, network = self._network
            tokens = self._tokens(tokenizer, texts)
        lengths = np.array([len(t) for t in tokens])
        order = np.argsort(lengths, kind="stable")
        with torch.inference_mode(), _threads(self._threads):
            for start in range(0, len(order), self._batch_size):
                rows = order[start : start + self._batch_size]
                width = int(lengths[rows].max())
                ids = np.full((len(rows), width), tokenizer.pad_token_id or 0, dtype=np.int64)
                for i, row in enumerate(rows):
                    ids[i, : lengths[row]] = tokens[row]
                mask = torch.from_numpy(np.arange(width) < lengths[rows, None])
                hidden = network(
                    input_ids=torch.from_numpy(ids), attention_mask=mask.long()
                ).last_hidden_state
                if self._pooling == "cls":
                    pooled = hidden[:, 0]
                else:
                    pooled = (hidden * mask[:, :, None]).sum(dim=1) / mask.sum(dim=1, keepdim=True)
                result[rows] = torch.nn.functional.normalize(pooled, dim=1).numpy()
                if progress is not None:
                    progress("text", min(start + self._batch_size, len(order)), len(order))
        return result

    def _tokens(self, tokenizer: Any, texts: list[str]) -> list[list[int]]:
        # positions of RoBERTa-like models start behind the padding index
        room = self._config.max_position_embeddings - (2 if "roberta" in self._config.model_type else 0)
        length = min(self._max_length, room, tokenizer.model_max_length)
        cut = length * _CHARACTERS_PER_TOKEN
        clean = [text[:cut].encode("utf-8", "replace").decode("utf-8") for text in texts]
        return list(tokenizer(clean, truncation=True, max_length=length, padding=False)["input_ids"])


_MODULES = ("Transformer", "Pooling", "Normalize")
_HAVE_POOLER = ("bert", "roberta", "xlm-roberta", "camembert", "mpnet")


def _stored_pooling(source: Pretrained) -> Pooling:
    """The pooling a sentence-transformers folder asks for, in its older or newer form."""
    stored = read_json(source, "1_Pooling/config.json")
    if stored is None:
        return "mean"
    mode = stored.get("pooling_mode") or [
        name
        for name in ("cls", "mean")
        if stored.get(f"pooling_mode_{name}{'_token' if name == 'cls' else '_tokens'}")
    ]
    modes = [mode] if isinstance(mode, str) else list(mode)
    if modes == ["mean"]:
        return "mean"
    if modes == ["cls"]:
        return "cls"
    raise ModelError(
        f"the model {source.location} asks for a pooling that is not supported; "
        'give pooling="mean" or pooling="cls" to choose one'
    )


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    if count is not None and count != before:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if count is not None and count != before:
            torch.set_num_threads(before)
