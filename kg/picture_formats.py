"""The kinds of pictures that are opened."""

from __future__ import annotations

from functools import lru_cache

# what Pillow decodes itself: EPS, say, would start Ghostscript
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "MPO")


@lru_cache(maxsize=1)
def picture_formats() -> tuple[str, ...]:
    """Names of the formats, for `PIL.Image.open(formats=…)`; not every build of Pillow has all."""
    from PIL import Image

    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)
