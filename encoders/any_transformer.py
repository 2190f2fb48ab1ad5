"""Any text model that the transformers library knows, run by it in batches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np

from encoders.base import Matrix, Progress
from encoders.bert_weights import Pooling
from encoders.pretrained import Pretrained, load_model, load_tokenizer
from encoders.threads import torch_threads

_BATCH = 16
_POSITIONS_BEHIND_PADDING = ("roberta", "xlm-roberta", "camembert", "mpnet", "longformer", "xmod")
_HAVE_POOLER = ("bert", "roberta", "xlm-roberta", "camembert", "mpnet")


class TransformerNetwork:
    """Slow beside `encoders.text_network.BertNetwork`, but of every architecture."""

    def __init__(self, source: Pretrained, config: Any, *, pooling: Pooling) -> None:
        self._source = source
        self._config = config
        self._pooling = pooling
        self._lock = Lock()

    def vectors(
        self, texts: Sequence[str], *, length: int, threads: int | None, progress: Progress | None = None
    ) -> Matrix:
        import torch

        result = np.zeros((len(texts), self._config.hidden_size), dtype=np.float32)
        if not texts:
            return result
        with self._lock:  # loads once; the tokenizer is not safe to use from several threads
            tokenizer, network = self._loaded
            tokens = self._tokens(tokenizer, texts, length)
        lengths = np.array([len(t) for t in tokens])
        order = np.argsort(lengths, kind="stable")
        with torch.inference_mode(), torch_threads(threads):
            for start in range(0, len(order), _BATCH):
                rows = order[start : start + _BATCH]
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
                    progress("text", min(start + _BATCH, len(order)), len(order))
        return result

    def known(self, text: str) -> float:
        with self._lock:
            pieces = self._loaded[0].tokenize(text)
            stranger = self._loaded[0].unk_token
        return 1.0 if not pieces else sum(piece != stranger for piece in pieces) / len(pieces)

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        # BERT's pooler is not used here, and some models come without weights for it
        options = {"add_pooling_layer": False} if self._config.model_type in _HAVE_POOLER else {}
        return load_tokenizer(self._source), load_model(self._source, **options)

    def _tokens(self, tokenizer: Any, texts: Sequence[str], length: int) -> list[list[int]]:
        room = self._config.max_position_embeddings
        if self._config.model_type in _POSITIONS_BEHIND_PADDING:
            room -= self._config.pad_token_id + 1
        length = min(length, room, tokenizer.model_max_length)
        return list(tokenizer(list(texts), truncation=True, max_length=length, padding=False)["input_ids"])
