"""Pictures as vectors: EfficientNet-Lite0 from a package by default, any CLIP-like model by id or folder.

A CLIP-like model (Radford et al. 2021, arXiv:2103.00020; SigLIP: arXiv:2303.15343) also turns
queries into vectors of the same space; the default cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from encoders.base import Matrix, Progress
from encoders.cache import EncodingCache, content_digest
from encoders.pictures import (
    Picture,
    PictureProblem,
    PictureSource,
    open_picture,
    picture_path,
    read_picture,
    square,
)
from encoders.pretrained import Pretrained, load_config, load_model, load_processor, load_tokenizer, locate
from encoders.weights import EFFICIENTNET_LITE0
from kg.errors import DataError, ModelError, SettingsError
from kg.texts import Texts

_LITE_SIZE = 224
_LITE_DIM = 1280
_PREPROCESSING = 1
"""Part of the key: raised whenever a picture would come out differently."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ImageResult:
    """Vectors of picture files: matrix float32 [n, d], present bool [n], and what was wrong."""

    matrix: Matrix
    present: npt.NDArray[np.bool_]
    problems: tuple[PictureProblem, ...]


class ImageEncoder:
    """Unit vectors of pictures: paths, bytes or PIL images. Safe to use from many threads."""

    def __init__(
        self,
        model: str | Path | None = None,
        *,
        revision: str | None = None,
        batch_size: int = 8,
        max_pixels: int = 50_000_000,
    ) -> None:
        if batch_size < 1 or max_pixels < 1:
            raise SettingsError(f"batch_size={batch_size} and max_pixels={max_pixels} must be at least 1")
        self._model_name = model
        self._revision = revision
        self._batch_size = batch_size
        self._max_pixels = max_pixels
        self._lock = Lock()

    @property
    def key(self) -> str:
        return f"image/{self._source.key}/{_PREPROCESSING}"

    @property
    def dim(self) -> int:
        if self._model_name is None:
            return _LITE_DIM
        config = self._config
        width = getattr(config, "projection_dim", None)
        if width is None:
            width = getattr(getattr(config, "vision_config", config), "hidden_size", None)
        if width is None:
            raise ModelError(
                f"the model {self._source.location} has no width to read; choose a CLIP-like one"
            )
        return int(width)

    @property
    def reads_text(self) -> bool:
        """Whether `encode_text` works: true of CLIP-like models."""
        return self._model_name is not None and hasattr(self._config, "text_config")

    def encode(self, items: Sequence[PictureSource], *, progress: Progress | None = None) -> Matrix:
        """float32 [n, dim]: unit rows. Raises DataError for the first picture that cannot be opened."""
        result = np.zeros((len(items), self.dim), dtype=np.float32)
        for start in range(0, len(items), self._batch_size):
            part = [self._open(item)[0] for item in items[start : start + self._batch_size]]
            result[start : start + len(part)] = self._encode_opened(part)
            if progress is not None:
                progress("image", start + len(part), len(items))
        return result

    def encode_files(
        self,
        paths: Sequence[str | Path],
        *,
        root: Path,
        cache: EncodingCache | None = None,
        progress: Progress | None = None,
    ) -> ImageResult:
        """Encode what can be; an empty path is simply absent, anything else that is not there is a problem.

        Relative paths start at `root` and must stay inside it. Equal files are encoded once.
        """
        matrix = np.zeros((len(paths), self.dim), dtype=np.float32)
        present = np.zeros(len(paths), dtype=np.bool_)
        problems: list[PictureProblem] = []
        known: dict[bytes, tuple[int, str]] = {}  # content → the row that holds its vector, and the note

        def finish(waiting: dict[bytes, tuple[int, Picture]]) -> None:
            if waiting:
                rows = [row for row, _ in waiting.values()]
                matrix[rows] = self._encode_opened([image for _, image in waiting.values()])
                if cache is not None:
                    cache.put(list(waiting), matrix[rows])
                waiting.clear()

        waiting: dict[bytes, tuple[int, Picture]] = {}
        copies: list[tuple[int, int]] = []
        for row, path in enumerate(paths):
            if progress is not None and row % self._batch_size == 0:
                progress("image", row, len(paths))
            if not str(path):
                continue
            try:
                content = read_picture(picture_path(path, root))
                digest = content_digest(self.key, content)
                if digest in known:
                    first, note = known[digest]
                    copies.append((row, first))
                elif cache is not None and digest in (stored := cache.get([digest])):
                    matrix[row], note = stored[digest], ""
                    known[digest] = (row, note)
                else:
                    image, note = self._open(content)
                    waiting[digest] = (row, image)
                    known[digest] = (row, note)
            except DataError as error:
                problems.append(PictureProblem(path=str(path), reason=str(error)))
                continue
            present[row] = True
            if note:
                problems.append(PictureProblem(path=str(path), reason=note))
            if len(waiting) == self._batch_size:
                finish(waiting)
        finish(waiting)
        for row, first in copies:
            matrix[row] = matrix[first]
        if progress is not None:
            progress("image", len(paths), len(paths))
        return ImageResult(matrix=matrix, present=present, problems=tuple(problems))

    def encode_text(self, texts: Sequence[str]) -> Matrix:
        """float32 [m, dim]: queries in the space of the pictures.

        Raises ModelError if the model reads no text.
        """
        import torch

        if not self.reads_text:
            raise ModelError(
                f"the picture model {self._source.key} reads no text; "
                "choose a CLIP-like model such as openai/clip-vit-base-patch32"
            )
        result = np.zeros((len(texts), self.dim), dtype=np.float32)
        room = int(self._config.text_config.max_position_embeddings)
        for start in range(0, len(texts), self._batch_size):
            part = list(Texts.of(t[: 32 * room] for t in texts[start : start + self._batch_size]))
            with self._lock:
                # SigLIP was trained with every text padded to the full length; CLIP does not mind
                tokens = self._tokenizer(
                    part, padding="max_length", truncation=True, max_length=room, return_tensors="pt"
                )
            with torch.inference_mode():
                inputs = {name: tokens[name] for name in ("input_ids", "attention_mask") if name in tokens}
                result[start : start + len(part)] = _unit(_pooled(self._network.get_text_features(**inputs)))
        return result

    @cached_property
    def _source(self) -> Pretrained:
        return locate(self._model_name, default=EFFICIENTNET_LITE0, revision=self._revision)

    @cached_property
    def _config(self) -> Any:
        return load_config(self._source)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._source)

    @cached_property
    def _processor(self) -> Any:
        return load_processor(self._source)

    @cached_property
    def _network(self) -> Any:
        if self._model_name is None:
            return _lite0(Path(self._source.location))
        return load_model(self._source)

    def _open(self, source: PictureSource) -> tuple[Picture, str]:
        # shrunk at once: what waits for its batch costs little memory
        image, note = open_picture(source, size=2 * _LITE_SIZE, max_pixels=self._max_pixels)
        if self._model_name is None:
            return square(image, _LITE_SIZE), note
        image.thumbnail((1024, 1024))
        return image, note

    def _encode_opened(self, images: list[Picture]) -> Matrix:
        import torch

        with self._lock:
            network = self._network
        with torch.inference_mode():
            if self._model_name is None:
                pixels = np.stack([np.asarray(image, dtype=np.float32) for image in images])
                # a [n, h, w, 3] array seen as [n, 3, h, w] is already in the channels-last layout
                scaled = torch.from_numpy((pixels - _LITE_MEAN) / _LITE_SCALE).permute(0, 3, 1, 2)
                return _unit(network.extract_features(scaled).mean(dim=(2, 3)))
            inputs = self._processor(images=images, return_tensors="pt")
            features = getattr(network, "get_image_features", network)
            return _unit(_pooled(features(pixel_values=inputs["pixel_values"])))


_LITE_MEAN = np.float32(127.0)
_LITE_SCALE = np.float32(128.0)


def _lite0(folder: Path) -> Any:
    import torch
    from efficientnet_lite_pytorch import EfficientNet
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    network = EfficientNet.from_name("efficientnet-lite0")
    (name,) = EFFICIENTNET_LITE0.sha256
    network.load_state_dict(torch.load(folder / name, map_location="cpu", weights_only=True))
    network.eval().requires_grad_(False)
    # normalisation folded into the convolutions, and the layout that CPUs like: twice as fast together
    pairs = [(network, "_conv_stem", "_bn0"), (network, "_conv_head", "_bn1")]
    for block in network._blocks:
        pairs += [(block, "_depthwise_conv", "_bn1"), (block, "_project_conv", "_bn2")]
        pairs += [(block, "_expand_conv", "_bn0")] if hasattr(block, "_expand_conv") else []
    for owner, conv, norm in pairs:
        setattr(owner, conv, fuse_conv_bn_eval(getattr(owner, conv), getattr(owner, norm)))
        setattr(owner, norm, torch.nn.Identity())
    return network.to(memory_format=torch.channels_last)


def _pooled(output: Any) -> Any:
    """The pooled tensor [n, d] of what a model answers, whichever way it does."""
    pooled = getattr(output, "pooler_output", output)
    return output.last_hidden_state[:, 0] if pooled is None else pooled


def _unit(tensor: Any) -> Matrix:
    import torch

    unit: Matrix = torch.nn.functional.normalize(tensor.float(), dim=1).numpy()
    return unit
