"""How a material looks: a patch of colour for a box of pixels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..model import Rgb

Field = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Surface:
    texture: str
    rgb: Rgb

    @property
    def gloss(self) -> float:
        return GLOSS.get(self.texture, 0.35)

    @property
    def opacity(self) -> float:
        return 0.62 if self.texture == "glass" else 1.0


GLOSS = {
    "metal": 0.8,
    "ceramic": 0.75,
    "glass": 0.7,
    "plastic": 0.45,
    "leather": 0.5,
    "velvet": 0.6,
    "iron": 0.5,
}


def paint(surface: Surface, rng: np.random.Generator, height: int, width: int) -> Field:
    """The patch as floats 0-255, height x width x 3."""
    tone = TEXTURES.get(surface.texture, _plain)(rng, height, width)
    base = np.array(surface.rgb, dtype=np.float32)
    patch: Field = np.clip(
        base[None, None, :] * tone[:, :, None] + 26 * (tone[:, :, None] - 1), 0, 255
    ).astype(np.float32)
    return patch


def noise(rng: np.random.Generator, height: int, width: int, cell: tuple[float, float]) -> Field:
    """Smooth noise in -1..1 whose blobs are `cell` pixels high and wide."""
    rows, columns = max(2, int(height / cell[0]) + 2), max(2, int(width / cell[1]) + 2)
    grid = rng.random((rows, columns), dtype=np.float32) * 2 - 1
    picture = Image.fromarray(grid).resize((width, height), Image.Resampling.BICUBIC)
    tone: Field = np.asarray(picture, dtype=np.float32)
    return tone


def _axes(height: int, width: int) -> tuple[Field, Field]:
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None, :]


def _plain(rng: np.random.Generator, height: int, width: int) -> Field:
    tone: Field = 1 + 0.012 * noise(rng, height, width, (2, 2))
    return tone


def _wood(rng: np.random.Generator, height: int, width: int) -> Field:
    y, x = _axes(height, width)
    along, across = (y, x) if height > 1.6 * width else (x, y)
    cell = (70, 16) if height > 1.6 * width else (16, 70)
    warp = noise(rng, height, width, cell)
    rings = np.sin(across * 0.42 + 5.5 * warp + along * 0.004)
    fibres = noise(rng, height, width, (24, 1.5) if height > 1.6 * width else (1.5, 24))
    tone: Field = (1 + 0.115 * rings + 0.10 * fibres + 0.05 * warp).astype(np.float32)
    return tone


def _metal(rng: np.random.Generator, height: int, width: int) -> Field:
    _, x = _axes(height, width)
    u = x / max(width, 1)
    bands = 0.26 * np.cos(2 * np.pi * (u * 1.25 - 0.32)) + 0.10 * np.cos(2 * np.pi * (u * 3.1 + 0.2))
    tone: Field = (1.0 + bands + 0.045 * noise(rng, height, width, (1.2, 40))).astype(np.float32)
    return tone


def _iron(rng: np.random.Generator, height: int, width: int) -> Field:
    tone: Field = (
        1 + 0.14 * noise(rng, height, width, (1.6, 1.6)) + 0.08 * noise(rng, height, width, (30, 30))
    ).astype(np.float32)
    return tone


def _ceramic(rng: np.random.Generator, height: int, width: int) -> Field:
    _, x = _axes(height, width)
    u = x / max(width, 1)
    streak = 0.30 * np.exp(-(((u - 0.24) / 0.055) ** 2)) + 0.08 * np.exp(-(((u - 0.8) / 0.08) ** 2))
    tone: Field = (0.96 + streak + 0.02 * noise(rng, height, width, (40, 40))).astype(np.float32)
    return tone


def _stone(rng: np.random.Generator, height: int, width: int) -> Field:
    specks = noise(rng, height, width, (2.6, 2.6))
    tone: Field = (1 - 0.42 * (specks > 0.62) + 0.06 * noise(rng, height, width, (14, 14))).astype(np.float32)
    return tone


def _glass(rng: np.random.Generator, height: int, width: int) -> Field:
    _, x = _axes(height, width)
    u = x / max(width, 1)
    tone: Field = (
        0.98
        + 0.22 * np.exp(-(((u - 0.2) / 0.04) ** 2))
        + 0.12 * np.abs(2 * u - 1) ** 6
        + 0 * noise(rng, height, width, (40, 40))
    ).astype(np.float32)
    return tone


def _fabric(rng: np.random.Generator, height: int, width: int) -> Field:
    y, x = _axes(height, width)
    weave = np.sin(x * 1.15) * np.sin(y * 1.15)
    tone: Field = (
        1
        + 0.12 * weave
        + 0.07 * noise(rng, height, width, (2, 9))
        + 0.05 * noise(rng, height, width, (30, 30))
    ).astype(np.float32)
    return tone


def _wool(rng: np.random.Generator, height: int, width: int) -> Field:
    y, x = _axes(height, width)
    knit = np.sin(0.62 * (y + 5 * np.abs(((x / 11) % 2) - 1)))
    tone: Field = (1 + 0.13 * knit + 0.09 * noise(rng, height, width, (2, 2))).astype(np.float32)
    return tone


def _velvet(rng: np.random.Generator, height: int, width: int) -> Field:
    tone: Field = (
        1 + 0.26 * noise(rng, height, width, (36, 22)) + 0.03 * noise(rng, height, width, (2, 2))
    ).astype(np.float32)
    return tone


def _leather(rng: np.random.Generator, height: int, width: int) -> Field:
    cells = np.abs(noise(rng, height, width, (4.5, 4.5)))
    tone: Field = (1.04 - 0.20 * np.exp(-cells * 7) + 0.09 * noise(rng, height, width, (50, 40))).astype(
        np.float32
    )
    return tone


def _rubber(rng: np.random.Generator, height: int, width: int) -> Field:
    y, x = _axes(height, width)
    dots = (np.sin(x * 0.7) * np.sin(y * 0.7)) > 0.72
    tone: Field = (1 - 0.13 * dots + 0.015 * noise(rng, height, width, (2, 2))).astype(np.float32)
    return tone


def _mesh(rng: np.random.Generator, height: int, width: int) -> Field:
    y, x = _axes(height, width)
    holes = (np.sin(x * 0.85 + (y // 7.4 % 2) * np.pi) * np.sin(y * 0.85)) > 0.35
    tone: Field = (1.04 - 0.36 * holes + 0.02 * noise(rng, height, width, (2, 2))).astype(np.float32)
    return tone


def _cork(rng: np.random.Generator, height: int, width: int) -> Field:
    specks = noise(rng, height, width, (3.2, 4.5))
    tone: Field = (
        1 - 0.30 * (specks > 0.45) + 0.14 * (specks < -0.55) + 0.05 * noise(rng, height, width, (2, 2))
    ).astype(np.float32)
    return tone


def _paper(rng: np.random.Generator, height: int, width: int) -> Field:
    tone: Field = (
        1 + 0.025 * noise(rng, height, width, (2, 2)) + 0.02 * noise(rng, height, width, (30, 30))
    ).astype(np.float32)
    return tone


def _quilt(rng: np.random.Generator, height: int, width: int) -> Field:
    y, x = _axes(height, width)
    bumps = np.abs(np.sin((y if height >= width else x) * 0.105 + 0.25 * noise(rng, height, width, (20, 20))))
    tone: Field = (0.78 + 0.34 * np.sqrt(bumps)).astype(np.float32)
    return tone


TEXTURES: dict[str, Callable[[np.random.Generator, int, int], Field]] = {
    "wood": _wood,
    "metal": _metal,
    "iron": _iron,
    "ceramic": _ceramic,
    "stone": _stone,
    "glass": _glass,
    "fabric": _fabric,
    "wool": _wool,
    "velvet": _velvet,
    "leather": _leather,
    "rubber": _rubber,
    "mesh": _mesh,
    "cork": _cork,
    "paper": _paper,
    "quilt": _quilt,
}
