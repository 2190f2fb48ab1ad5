"""Opening pictures that strangers made: whatever is wrong with one is an error that says so.

This is the module that wraps Pillow.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageOps

from kg.errors import DataError
from kg.picture_formats import picture_formats

Picture: TypeAlias = Image.Image
PictureSource: TypeAlias = Path | bytes | Image.Image

_REMOTE = re.compile(r"^([a-z][a-z0-9+.-]+:)?//", re.IGNORECASE)
_WHITE = (255, 255, 255, 255)


@dataclass(frozen=True, kw_only=True)
class PictureProblem:
    """What was wrong with one picture, by its path as it was given."""

    path: str
    reason: str


def picture_path(path: str | Path, root: Path) -> Path:
    """Where a picture lies. A relative path starts at `root` and must stay inside.

    Raises DataError for a remote address, a path that leaves `root` and what is not a file.
    """
    text = str(path)
    if isinstance(path, str) and _REMOTE.match(text):
        raise DataError(
            f"{text[:200]} is a remote address, which is not fetched; download it and give its path"
        )
    try:
        full = Path(text) if Path(text).is_absolute() else root / text
        resolved = full.resolve()
        if not Path(text).is_absolute() and not resolved.is_relative_to(root.resolve()):
            raise DataError(
                f"{text[:200]} leads out of the folder {root}; a relative path must stay inside it"
            )
        if not resolved.is_file():
            raise DataError(f"{text[:200]} is missing or not a file; check the path")
    except (OSError, ValueError) as error:  # a name too long for the disk, a NUL byte
        if isinstance(error, DataError):
            raise
        raise DataError(f"{text[:200]!r} is not a usable path: {error}; check the path") from error
    return resolved


def read_picture(path: Path, *, max_bytes: int = 64 * 2**20) -> bytes:
    """The bytes of a picture file. Raises DataError if it is empty, too large or cannot be read."""
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise DataError(f"{path.name} has {size} bytes, at most {max_bytes} are read; make it smaller")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path.name} cannot be read: {error.strerror}; check the file") from error
    if not content:
        raise DataError(f"{path.name} is empty; give a picture")
    return content


def open_picture(
    source: PictureSource, *, size: int = 224, max_pixels: int = 50_000_000
) -> tuple[Picture, str]:
    """An upright RGB picture of at least `size` pixels where it has them, and a note ('' if none).

    Transparency lies on white, animations give their first frame. Raises DataError for what is no
    picture, is cut off, or has more than `max_pixels` (a decompression bomb).
    """
    name = source.name if isinstance(source, Path) else "the picture"
    if isinstance(source, Path):
        source = read_picture(source)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is stricter
            image = (
                source
                if isinstance(source, Image.Image)
                else Image.open(BytesIO(source), formats=picture_formats())
            )
        width, height = image.size
        if width * height > max_pixels:
            raise DataError(
                f"{name} has {width} x {height} pixels, at most {max_pixels} are decoded; scale it down"
            )
        animated = getattr(image, "n_frames", 1) > 1 and image.format != "MPO"
        image.draft("RGB", (size, size))  # a JPEG is decoded at 1/2, 1/4 or 1/8 when that is enough
        upright = ImageOps.exif_transpose(image)
        rgb = _on_white(image if upright is None else upright)
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"{name} has too many pixels to decode safely; scale it down") from error
    except Exception as error:  # decoders raise nearly anything on broken files
        raise DataError(
            f"{name} is broken or no picture ({type(error).__name__}: {error}); replace it"
        ) from error
    return rgb, "animated: only its first frame is used" if animated else ""


def square(image: Picture, size: int) -> Picture:
    """The whole picture, scaled into a white square."""
    return ImageOps.pad(image, (size, size), Image.Resampling.BICUBIC, color=_WHITE[:3])


def _on_white(image: Picture) -> Picture:
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        # 16 bits per pixel, which Pillow's own conversion would clip at 255
        values = np.asarray(image, dtype=np.float64)
        top = 65535.0 if image.mode != "F" else max(float(np.nanmax(values)), 1e-9)
        image = Image.fromarray((np.nan_to_num(values) / top * 255).clip(0, 255).astype(np.uint8))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, _WHITE), layer).convert("RGB")
    return image.convert("RGB")
