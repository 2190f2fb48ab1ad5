"""What turns texts into vectors behind a TextEncoder: ONNX Runtime where it can, transformers elsewhere.

This is the module that wraps the tokenizers library.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tokenizers import Tokenizer

from encoders.base import Matrix, Progress
from encoders.bert_graph import bert_network
from encoders.bert_weights import Bert, Pooling, Precision
from kg.errors import ModelError

_REPORT_EVERY = 16


class TextNetwork(Protocol):
    """A loaded model."""

    def vectors(
        self, texts: Sequence[str], *, length: int, threads: int | None, progress: Progress | None = None
    ) -> Matrix:
        """float32 [n, dim]: unit rows, of texts cut at `length` tokens (or where the model ends)."""
        ...

    def known(self, text: str) -> float:
        """The share of a text's pieces that the vocabulary has; 1 where that cannot be told."""
        ...


class BertNetwork:
    """A BERT-family model in ONNX Runtime. One text at a time, on one thread each: so a text's vector is the
    same to the last bit whatever is encoded beside it, and nothing is spent on padding."""

    def __init__(self, bert: Bert, tokenizer: Path, *, pooling: Pooling, precision: Precision) -> None:
        # as plain arrays: every look into a memmap makes another one
        self._words = np.asarray(bert.words)
        self._positions = np.asarray(bert.positions)
        self._tokenizer = _tokenizer(tokenizer)
        self._network = bert_network(bert, pooling=pooling, precision=precision)

    def vectors(
        self, texts: Sequence[str], *, length: int, threads: int | None, progress: Progress | None = None
    ) -> Matrix:
        length = min(length, len(self._positions))
        result = np.zeros((len(texts), self._words.shape[1]), dtype=np.float32)

        def encode(row: int) -> None:
            result[row] = self._vector(texts[row], length)

        def finish(done: int) -> None:
            if progress is not None and (done % _REPORT_EVERY == 0 or done == len(texts)):
                progress("text", done, len(texts))

        workers = min(threads or _cores(), len(texts))
        if workers <= 1:
            for row in range(len(texts)):
                encode(row)
                finish(row + 1)
            return result
        longest_first = sorted(range(len(texts)), key=lambda row: -len(texts[row]))
        with ThreadPoolExecutor(workers) as pool:
            for done, _ in enumerate(pool.map(encode, longest_first), 1):
                finish(done)
        return result

    def known(self, text: str) -> float:
        stranger = getattr(self._tokenizer.model, "unk_token", None)
        found = self._tokenizer.encode(text, add_special_tokens=False).tokens
        return 1.0 if not found else sum(piece != stranger for piece in found) / len(found)

    def _vector(self, text: str, length: int) -> Matrix:
        found = self._tokenizer.encode(text)
        tokens = cut(found.ids, found.special_tokens_mask, length)
        if not tokens:  # an empty text, of a model that closes none with special tokens
            return np.zeros(self._words.shape[1], dtype=np.float32)
        embedded = self._words[tokens].astype(np.float32) + self._positions[: len(tokens)]
        pooled = self._network(embedded[None])[0]
        vector: Matrix = pooled / max(float(np.linalg.norm(pooled)), 1e-12)
        return vector


def cut(ids: list[int], special: list[int], length: int) -> list[int]:
    """At most `length` tokens, with the special ones that close a text kept at its end."""
    if len(ids) <= length:
        return ids
    closing = 0
    while closing < len(special) and special[-1 - closing]:
        closing += 1
    return ids[: length - closing] + ids[len(ids) - closing :]


def _tokenizer(path: Path) -> Any:
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise ModelError(
            f"the tokenizer {path} cannot be loaded: {error}; check that the folder holds a complete model"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
