"""Draws the pictures of a catalog and writes them as WebP files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from pathlib import Path

from PIL import Image

from ..model import Item, Vocabulary, stream
from . import forms_active, forms_home, forms_kitchen, forms_tech, forms_wear
from .canvas import Canvas
from .look import Look, look_of

SIZE = 192
FLAT = frozenset(
    {
        "rug",
        "tshirt",
        "rain_jacket",
        "sock",
        "notebook",
        "planner",
        "fountain_pen",
        "running_watch",
        "pendant_lamp",
        "frying_pan",
        "knife",
        "chopping_board",
        "sleeping_bag",
    }
)
MODULES = (forms_home, forms_kitchen, forms_wear, forms_tech, forms_active)


def form(key: str) -> Callable[[Canvas, Look], None]:
    """The drawing of a product type: the function of that name in one of the forms modules."""
    for module in MODULES:
        found: Callable[[Canvas, Look], None] | None = getattr(module, key, None)
        if found is not None:
            return found
    raise KeyError(f"no form is drawn for the product type {key}")


def draw(item: Item, vocabulary: Vocabulary, seed: int) -> Image.Image:
    rng = stream(seed, f"picture {item.id}")
    canvas = Canvas(rng, SIZE)
    form(item.type.key)(canvas, look_of(item, vocabulary, rng))
    return canvas.finish(floor=item.type.key not in FLAT)


def webp(item: Item, vocabulary: Vocabulary, seed: int) -> bytes:
    out = BytesIO()
    draw(item, vocabulary, seed).save(out, "WEBP", quality=80, method=4)
    return out.getvalue()


def write_pictures(
    folder: Path, items: Sequence[Item], vocabulary: Vocabulary, seed: int, workers: int
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    n = len(items)
    with ProcessPoolExecutor(max_workers=workers) as pool:
        # Each picture has its own stream, so the order of the workers does not matter.
        for item, data in zip(
            items, pool.map(webp, items, [vocabulary] * n, [seed] * n, chunksize=16), strict=True
        ):
            (folder / f"{item.id}.webp").write_bytes(data)
