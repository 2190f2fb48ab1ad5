"""Other text models: local folders as transformers writes them, and folders that are none."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from encoders.any_transformer import TransformerNetwork
from encoders.bert_weights import Bert, Unsuited, read_bert
from encoders.pretrained import load_config, locate
from encoders.text import TextEncoder
from encoders.weights import MINILM
from kg.errors import ModelError

COMMIT = "c0ffee" + "0" * 34
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "blue", "lamp", "chair"]
TEXTS = ["red lamp", "blue", "", "chair lamp red red blue", "red lamp " * 30]
SIZE = {"vocab_size": len(WORDS), "max_position_embeddings": 14}
BERT = {**SIZE, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
DISTIL = {**SIZE, "dim": 16, "n_layers": 2, "n_heads": 2, "hidden_dim": 32}


def write(folder: Path, name: str, **options: Any) -> Path:
    """A tiny model with random weights, and its tokenizer."""
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    make_tokenizer: Any = transformers.PreTrainedTokenizerFast
    make_tokenizer(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = getattr(transformers, f"{name}Config")(**options)
        model = getattr(transformers, f"{name}Model")(config)
        with torch.no_grad():  # as made, biases are 0, and scales 1: they would not be missed
            for parameter in model.parameters():
                parameter += torch.randn_like(parameter) * (0.5 if parameter.ndim == 2 else 0.2)
        model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("bert"), "Bert", **BERT)


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(folder, tmp_path / "copy")


def reference(folder: Path, texts: list[str], **options: Any) -> Any:
    source = locate(folder, default=MINILM)
    network = TransformerNetwork(source, load_config(source), pooling=options.pop("pooling", "mean"))
    return network.vectors(texts, length=64, threads=1)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Bert", BERT),
        ("Bert", {**BERT, "hidden_act": "gelu_new", "layer_norm_eps": 1e-3, "type_vocab_size": 1}),
        ("Bert", {**BERT, "hidden_act": "relu", "hidden_size": 24, "num_attention_heads": 3}),
        ("Roberta", {**BERT, "pad_token_id": 0}),
        ("XLMRoberta", {**BERT, "pad_token_id": 1}),
        ("Camembert", {**BERT, "pad_token_id": 0}),
        ("DistilBert", DISTIL),
    ],
)
def test_every_family_agrees_with_transformers_itself(
    name: str, options: dict[str, Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write(tmp_path, name, **options)
    assert isinstance(read_bert(folder), Bert)
    texts = TEXTS[:-1]
    expected = reference(folder, texts)
    assert np.abs(TextEncoder(folder, precision="float32").encode(texts) - expected).max() < 1e-5
    rounded = TextEncoder(folder).encode(texts)
    assert (rounded * expected).sum(axis=1).min() > 0.99
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("Albert", {**BERT, "embedding_size": 8}, "'albert'"),
        ("MPNet", BERT, "'mpnet'"),
        ("Bert", {**BERT, "hidden_act": "silu"}, "'silu'"),
    ],
)
def test_what_is_not_known_here_is_run_by_transformers(
    name: str, options: dict[str, Any], reason: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write(tmp_path, name, **options)
    encoder = TextEncoder(folder, threads=1)
    assert encoder.key == TextEncoder(folder, precision="float32").key
    with caplog.at_level(logging.WARNING):
        found = TextEncoder(folder, threads=1).encode(TEXTS)
    assert np.abs(found - reference(folder, TEXTS)).max() < 1e-6
    assert reason in caplog.text
    assert str(folder) in caplog.text


def test_a_batch_of_a_transformer_equals_its_texts_one_by_one(folder: Path) -> None:
    together = reference(folder, TEXTS * 5)
    for text, row in zip(TEXTS * 5, together, strict=True):
        assert np.abs(reference(folder, [text])[0] - row).max() < 1e-5


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tensors: tensors.pop("encoder.layer.1.output.dense.bias"), "lack 'encoder.layer.1"),
        (
            lambda tensors: tensors.update({"encoder.relative.weight": np.ones((2, 2), np.float32)}),
            "not known",
        ),
        (lambda tensors: tensors.update({"encoder.step": np.ones(2, np.int8)}), "the type I8"),
    ],
)
def test_weights_that_were_not_all_understood_are_not_used(
    change: Callable[[dict[str, Any]], Any], reason: str, copied: Path
) -> None:
    tensors = load_file(copied / "model.safetensors")
    change(tensors)
    save_file(tensors, copied / "model.safetensors")
    read = read_bert(copied)
    assert isinstance(read, Unsuited)
    assert reason in read.reason


@pytest.mark.parametrize("missing", ["tokenizer.json", "model.safetensors"])
def test_a_folder_with_older_files_is_left_to_transformers(missing: str, copied: Path) -> None:
    (copied / missing).unlink()
    read = read_bert(copied)
    assert isinstance(read, Unsuited)
    assert missing in read.reason


def test_weights_of_half_precision_and_inside_a_larger_model_are_read(folder: Path, copied: Path) -> None:
    tensors = load_file(copied / "model.safetensors")
    halved = {f"bert.{name}": tensor.astype(np.float16) for name, tensor in tensors.items()}
    save_file({**halved, "cls.bias": np.ones(3, np.float16)}, copied / "model.safetensors")
    expected = reference(folder, TEXTS)
    found = TextEncoder(copied, precision="float32").encode(TEXTS)
    assert np.abs(found - expected).max() < 5e-3


def test_pooling_of_the_first_token(folder: Path) -> None:
    expected = reference(folder, TEXTS, pooling="cls")
    found = TextEncoder(folder, precision="float32", pooling="cls").encode(TEXTS)
    assert np.abs(found - expected).max() < 1e-5
    assert np.abs(found - reference(folder, TEXTS)).max() > 0.01


def test_texts_longer_than_the_model_can_read_are_cut(folder: Path) -> None:
    encoder = TextEncoder(folder, max_length=500)
    long, cut = encoder.encode(["red lamp " * 300, "red lamp " * 6])
    assert np.array_equal(long, cut)
    exact = TextEncoder(folder, max_length=500, precision="float32").encode(TEXTS)
    assert np.abs(exact - reference(folder, TEXTS)).max() < 1e-5  # the last one is longer than the model


def test_an_empty_text_of_a_model_without_special_tokens_is_nowhere(copied: Path) -> None:
    plain = Tokenizer.from_file(str(copied / "tokenizer.json"))
    bare = Tokenizer(plain.model)
    bare.pre_tokenizer = pre_tokenizers.Whitespace()
    bare.save(str(copied / "tokenizer.json"))
    nothing, lamp = TextEncoder(copied).encode(["", "lamp"])
    assert not nothing.any()
    assert np.linalg.norm(lamp) == pytest.approx(1, abs=1e-5)


def test_the_pooling_that_a_folder_asks_for_is_used(folder: Path, copied: Path) -> None:
    (copied / "1_Pooling").mkdir()
    stored = copied / "1_Pooling" / "config.json"
    asked = TextEncoder(folder, pooling="cls").encode(["red lamp"])
    for content in (
        {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False},
        {"pooling_mode": "cls"},
    ):
        stored.write_text(json.dumps(content))
        assert np.array_equal(TextEncoder(copied).encode(["red lamp"]), asked)
    stored.write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(ModelError, match="pooling"):
        TextEncoder(copied).encode(["red lamp"])


def test_the_key_follows_the_weights(folder: Path, copied: Path) -> None:
    assert TextEncoder(copied).key == TextEncoder(folder).key
    weights = copied / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert TextEncoder(copied).key != TextEncoder(folder).key


def test_a_layer_we_cannot_apply_is_refused(copied: Path) -> None:
    modules = [
        {"type": "sentence_transformers.models.Transformer"},
        {"type": "sentence_transformers.models.Dense"},
    ]
    (copied / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match="Dense"):
        TextEncoder(copied).encode(["lamp"])


def test_what_is_no_model_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder"):
        TextEncoder(tmp_path / "nowhere").encode(["lamp"])
    with pytest.raises(ModelError, match="holds no model"):
        TextEncoder(tmp_path).encode(["lamp"])
    (tmp_path / "config.json").write_text("{broken")
    with pytest.raises(ModelError, match=r"cannot be loaded.*complete model"):
        TextEncoder(tmp_path).encode(["lamp"])


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["cut", "emptied", "overwritten", "a list"])
def test_a_damaged_file_is_a_clear_error(name: str, damage: str, copied: Path) -> None:
    path = copied / name
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "emptied": b"",
            "overwritten": b"\xff" * len(content),
            "a list": b"[1, 2]",
        }[damage]
    )
    with pytest.raises(ModelError, match=r"cannot be loaded.*complete model"):
        TextEncoder(copied).encode(["red lamp"])


def test_a_model_of_a_hub_is_read_from_what_was_downloaded(folder: Path, tmp_path: Path) -> None:
    """As it lies in the cache of the hub's own library, which is set before that is imported."""
    repository = tmp_path / "hub" / "models--somebody--tiny"
    shutil.copytree(folder, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    code = (
        "import json\nfrom encoders.text import TextEncoder\nencoder = TextEncoder('somebody/tiny')\n"
        f"print(json.dumps([encoder.key, encoder.encode({TEXTS!r}).tolist()]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "HF_HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    key, vectors = json.loads(done.stdout.splitlines()[-1])
    assert key == f"text/somebody/tiny@{COMMIT}/mean/64/int8-128"
    assert np.array_equal(np.array(vectors, dtype=np.float32), TextEncoder(folder).encode(TEXTS))
