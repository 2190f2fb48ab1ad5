"""Texts as vectors, by any BERT-family model: product cards on one side, queries on the other.

The pooling follows sentence-transformers (Reimers & Gurevych 2019, arXiv:1908.10084), whose model
folders load as they are.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from encoders.base import Matrix, Progress
from encoders.bert_weights import CONFIG, TOKENIZER, WEIGHTS, Bert, Pooling, Precision, Unsuited, read_bert
from encoders.pretrained import Pretrained, load_config, locate, model_file, read_json
from encoders.weights import MINILM
from kg.errors import ModelError, SettingsError

if TYPE_CHECKING:
    from encoders.text_network import TextNetwork

_log = logging.getLogger(__name__)

_CHARACTERS_PER_TOKEN = 24
"""Texts are cut to this many characters per token first, so that a 1 MB title costs no time."""
_WORD_BEGINS = "Ġ▁"
"""How vocabularies that are not BERT's mark the piece that begins a word."""
_INT8 = "/int8-128"
"""Ends the key of an encoder whose weights are rounded; a key without it is of float32. It names
how they are rounded (encoders.runtime), and changes with that."""


class TextEncoder:
    """Unit vectors of texts. The default model is the packaged all-MiniLM-L6-v2 (English, 384 numbers).

    `model` is a Hugging Face id or a local folder. `precision` 'int8' rounds the weights of BERT-like models
    (BERT, RoBERTa, XLM-RoBERTa, CamemBERT, DistilBERT with safetensors) to 8 bits when they are loaded, which
    is three to five times as fast; any other architecture is run in float32, and the log says why. `pooling`
    None follows the model's own configuration, else means over the tokens. Texts are cut at `max_length`
    tokens, queries at `query_length` if that is more. Models like E5 want a `query_prefix` ("query: ") and a
    `document_prefix`. `threads` None uses every core. Safe to use from many threads.
    """

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        revision: str | None = None,
        precision: Precision = "int8",
        max_length: int = 64,
        query_length: int = 64,
        pooling: Pooling | None = None,
        threads: int | None = None,
        query_prefix: str = "",
        document_prefix: str = "",
    ) -> None:
        if max_length < 4 or (threads is not None and threads < 1):
            raise SettingsError(
                f"max_length={max_length} must be at least 4 and threads={threads} at least 1"
            )
        if precision not in ("int8", "float32"):
            raise SettingsError(f"precision={precision!r} must be 'int8' or 'float32'")
        self._model_name = model
        self._revision = revision
        self._precision = precision
        self._max_length = max_length
        self._query_length = max(max_length, query_length)
        self._asked_pooling = pooling
        self._threads = threads
        self._query_prefix = query_prefix
        self._document_prefix = document_prefix
        self._lock = Lock()

    @property
    def key(self) -> str:
        prefix = f"/{self._document_prefix!r}" if self._document_prefix else ""
        rounded = _INT8 if self._precision == "int8" and isinstance(self._bert, Bert) else ""
        return f"text/{self._source.key}/{self._pooling}/{self._max_length}{prefix}{rounded}"

    @property
    def dim(self) -> int:
        return self._bert.dim if isinstance(self._bert, Bert) else int(self._config.hidden_size)

    def encode(self, items: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        """float32 [n, dim]: unit rows for documents such as product cards."""
        texts = [self._document_prefix + text for text in items]
        return self._encode(texts, self._max_length, progress)

    def encode_query(self, texts: Sequence[str]) -> Matrix:
        """float32 [m, dim]: unit rows for what people type."""
        return self._encode([self._query_prefix + text for text in texts], self._query_length, None)

    def known(self, text: str) -> float:
        """The share of a text's pieces that the model has ever seen: an English model knows next to nothing
        of a Chinese text, and 'means' by it no more than that it is Chinese. 1 where that cannot be told."""
        if text.isascii() and text.isprintable():
            return 1.0  # its letters, at least, are in every vocabulary
        with self._lock:
            network = self._loaded
        return network.known(_written(text, self._query_length))

    def language(self) -> tuple[str, ...]:
        """Whole words of the model's vocabulary, of four small letters or more: its language has them."""
        file = model_file(self._source, TOKENIZER)
        if file is None:
            return ()
        pieces = json.loads(file.read_text(encoding="utf-8"))["model"].get("vocab", ())
        names = pieces if isinstance(pieces, dict) else [piece[0] for piece in pieces]
        words = {name.lstrip(_WORD_BEGINS) for name in names if not name.startswith("##")}
        return tuple(sorted(word for word in words if len(word) >= 4 and word.isalpha() and word.islower()))

    @cached_property
    def _source(self) -> Pretrained:
        return locate(self._model_name, default=MINILM, revision=self._revision)

    @cached_property
    def _config(self) -> Any:
        return load_config(self._source)

    @cached_property
    def _bert(self) -> Bert | Unsuited:
        """The weights, if they are of a kind that is known here."""
        found = [model_file(self._source, name) for name in (CONFIG, WEIGHTS, TOKENIZER)]
        folder = Path(self._source.location) if found[0] is None else found[0].parent
        bert = read_bert(folder)
        if isinstance(bert, Unsuited):
            _log.warning(
                "the text model %s is run by transformers, in float32 and slowly: %s",
                self._source.location,
                bert.reason,
            )
        return bert

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
    def _loaded(self) -> TextNetwork:
        if isinstance(self._bert, Bert):
            tokenizer = model_file(self._source, TOKENIZER)
            assert tokenizer is not None  # or the model would be unsuited
            from encoders.text_network import BertNetwork

            return BertNetwork(self._bert, tokenizer, pooling=self._pooling, precision=self._precision)
        from encoders.any_transformer import TransformerNetwork

        return TransformerNetwork(self._source, self._config, pooling=self._pooling)

    def _encode(self, texts: list[str], length: int, progress: Progress | None) -> Matrix:
        with self._lock:  # loads once
            network = self._loaded
        clean = [_written(text, length) for text in texts]
        return network.vectors(clean, length=length, threads=self._threads, progress=progress)


def _written(text: str, length: int) -> str:
    """What may be encoded of a text: valid Unicode, and no more than `length` tokens can hold."""
    return text[: length * _CHARACTERS_PER_TOKEN].encode("utf-8", "replace").decode("utf-8")


def precision_of(key: str) -> Precision:
    """The precision of the encoder that has this key."""
    return "int8" if key.endswith(_INT8) else "float32"


_MODULES = ("Transformer", "Pooling", "Normalize")


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
