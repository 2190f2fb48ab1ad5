"""CLIP-like models from a local folder: pictures and words in one space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPConfig,
    CLIPModel,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipModel,
    ViTConfig,
    ViTModel,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from encoders.image import ImageEncoder
from kg.errors import ModelError

_TEXT: dict[str, Any] = {
    "vocab_size": 8,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 10,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
_VISION: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 16,
}


@pytest.fixture(scope="module", params=["clip", "siglip"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp(request.param)
    words = {"[PAD]": 0, "[BOS]": 1, "[EOS]": 2, "[UNK]": 3, "red": 4, "blue": 5, "disc": 6, "lamp": 7}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[BOS] $A [EOS]", special_tokens=[("[BOS]", 1), ("[EOS]", 2)]
    )
    make_tokenizer: Any = PreTrainedTokenizerFast
    fast = make_tokenizer(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", bos_token="[BOS]", eos_token="[EOS]"
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        if request.param == "clip":
            CLIPModel(
                CLIPConfig(text_config=_TEXT, vision_config=_VISION, projection_dim=12)
            ).save_pretrained(target)
        else:
            SiglipModel(SiglipConfig(text_config=_TEXT, vision_config=_VISION)).save_pretrained(target)
    fast.save_pretrained(target)
    size = {"height": 32, "width": 32}
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size=size).save_pretrained(target)
    return target


def test_pictures_and_words_share_a_space(folder: Path) -> None:
    encoder = ImageEncoder(folder)
    assert encoder.reads_text
    pictures = encoder.encode([Image.new("RGB", (50, 70), colour) for colour in ("red", "blue")])
    words = encoder.encode_text(["red disc", "blue lamp " * 50, ""])
    assert pictures.shape == (2, encoder.dim)
    assert words.shape == (3, encoder.dim)
    for rows in (pictures, words):
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.abs(encoder.encode_text(["red disc"])[0] - words[0]).max() < 1e-5
    assert np.abs(words[0] - words[1]).max() > 1e-3


@pytest.mark.parametrize("folder", ["clip"], indirect=True)
def test_the_vectors_are_the_model_s_own(folder: Path) -> None:
    image = Image.new("RGB", (32, 32), "red")
    pixels = CLIPImageProcessorPil.from_pretrained(folder)(images=[image], return_tensors="pt")[
        "pixel_values"
    ]
    loaded: Any = CLIPModel.from_pretrained(folder)
    with torch.inference_mode():
        expected = loaded.eval().get_image_features(pixel_values=pixels).pooler_output
    expected = torch.nn.functional.normalize(expected, dim=1).numpy()
    assert np.abs(ImageEncoder(folder).encode([image]) - expected).max() < 1e-5


def test_a_model_for_pictures_only_works_without_words(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        ViTModel(ViTConfig(**_VISION)).save_pretrained(tmp_path)
    CLIPImageProcessorPil(size={"height": 32, "width": 32}, do_center_crop=False).save_pretrained(tmp_path)
    encoder = ImageEncoder(tmp_path)
    assert encoder.encode([Image.new("RGB", (50, 70), "red")]).shape == (1, 16)
    with pytest.raises(ModelError, match="reads no text"):
        encoder.encode_text(["red"])
