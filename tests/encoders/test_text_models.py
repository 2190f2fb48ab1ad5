"""Other text models: local folders as transformers writes them, and folders that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from encoders.text import TextEncoder
from kg.errors import ModelError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "blue", "lamp", "chair"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny BERT with random weights."""
    target = tmp_path_factory.mktemp("bert")
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    make_tokenizer: Any = PreTrainedTokenizerFast
    make_tokenizer(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(target)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = BertConfig(
            vocab_size=len(WORDS),
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=32,
            max_position_embeddings=12,
        )
        BertModel(config).save_pretrained(target)
    return target


def test_a_local_folder_loads_and_agrees_with_transformers_itself(folder: Path) -> None:
    encoder = TextEncoder(folder)
    loaded: Any = BertModel.from_pretrained(folder)
    model = loaded.eval()
    ids = torch.tensor([[2, 5, 7, 3]])  # [CLS] red lamp [SEP]
    with torch.inference_mode():
        hidden = model(input_ids=ids).last_hidden_state[0].numpy()
    mean, cls = hidden.mean(axis=0), hidden[0]
    assert np.allclose(encoder.encode(["red lamp", "blue"])[0], mean / np.linalg.norm(mean), atol=1e-5)
    first = TextEncoder(folder, pooling="cls").encode(["red lamp"])[0]
    assert np.allclose(first, cls / np.linalg.norm(cls), atol=1e-5)


def test_texts_longer_than_the_model_can_read_are_cut(folder: Path) -> None:
    encoder = TextEncoder(folder, max_length=500)
    long, cut = encoder.encode(["red lamp " * 300, "red lamp " * 5])
    assert np.allclose(long, cut, atol=1e-5)


def test_the_pooling_that_a_folder_asks_for_is_used(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "1_Pooling").mkdir()
    stored = tmp_path / "1_Pooling" / "config.json"
    asked = TextEncoder(folder, pooling="cls").encode(["red lamp"])
    for content in (
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
        {"pooling_mode": "cls"},
    ):
        stored.write_text(json.dumps(content))
        assert np.array_equal(TextEncoder(tmp_path).encode(["red lamp"]), asked)
    stored.write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(ModelError, match="pooling"):
        TextEncoder(tmp_path).encode(["red lamp"])


def test_the_key_follows_the_weights(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert TextEncoder(tmp_path).key == TextEncoder(folder).key
    weights = tmp_path / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert TextEncoder(tmp_path).key != TextEncoder(folder).key


def test_a_layer_we_cannot_apply_is_refused(folder: Path, tmp_path: Path) -> None:
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    modules = [
        {"type": "sentence_transformers.models.Transformer"},
        {"type": "sentence_transformers.models.Dense"},
    ]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="Dense"):
        TextEncoder(tmp_path).encode(["lamp"])


def test_what_is_no_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder"):
        TextEncoder(tmp_path / "nowhere").encode(["lamp"])
    with pytest.raises(ModelError, match="holds no model"):
        TextEncoder(tmp_path).encode(["lamp"])
    (tmp_path / "config.json").write_text("{broken")
    with pytest.raises(ModelError, match=r"cannot be loaded.*complete model"):
        TextEncoder(tmp_path).encode(["lamp"])
