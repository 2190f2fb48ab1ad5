"""Pictures that are named but not there, cannot be opened, or are not named at all."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from kg.doctor.catalog import Catalog
from kg.doctor.registry import Found, register
from kg.picture_formats import picture_formats

_REMOTE = re.compile(r"^([a-z][a-z0-9+.-]+:)?//", re.IGNORECASE)
_MOST_PIXELS = 50_000_000
_MOST_BYTES = 64 * 2**20
_USUAL = 0.5
"""A product without a picture is a fault where more than this share of the others have one."""
_EVERY = 100


@register("pictures", "pictures that are missing or cannot be opened")
def pictures(catalog: Catalog) -> Iterator[Found]:
    missing: list[tuple[list[int], str]] = []
    broken: list[tuple[list[int], str]] = []
    without: list[int] = []
    remote = 0
    seen: dict[str, str] = {}
    for row, image in enumerate(catalog.image):
        if row % _EVERY == 0:
            catalog.tell("pictures", row, len(catalog))
        name = image.strip()
        if not name:
            without.append(row)
        elif _REMOTE.match(name):
            remote += 1
        else:
            fault = seen.get(name)
            if fault is None:
                fault = seen[name] = _fault(name, catalog.pictures or Path())
            if fault:
                (missing if fault == _GONE else broken).append(([row], f"{fault}: {_short(name)}"))
    if remote:
        catalog.notes.append(f"pictures at remote addresses, which are not fetched: {remote:,}")
    yield Found(
        kind="missing",
        severity="error",
        title=f"Products whose picture is missing: {len(missing):,}",
        fix="Put the files where the catalog says, or correct the paths (they count from the folder of the "
        "catalog's file), and load again.",
        items=catalog.items(missing),
    )
    yield Found(
        kind="broken",
        severity="error",
        title=f"Products whose picture cannot be opened: {len(broken):,}",
        fix="Export these pictures again, as JPEG, PNG or WebP: the files are empty, cut off, or something "
        "else.",
        items=catalog.items(broken),
    )
    usual = len(without) < (1 - _USUAL) * len(catalog)
    yield Found(
        kind="none",
        severity="warning" if usual else "note",
        title=f"Products that name no picture: {len(without):,} of {len(catalog):,}",
        fix="Add a picture: shoppers pass over products without one, and picture search cannot find them.",
        items=catalog.items(([row], "no picture") for row in without),
    )


_GONE = "no such file"
_SHOWN = 60


def _short(name: str) -> str:
    """The end of a path, which tells pictures apart."""
    return name if len(name) <= _SHOWN else "…" + name[1 - _SHOWN :]


def _fault(name: str, root: Path) -> str:
    """What is wrong with one file, or ''."""
    from PIL import Image, UnidentifiedImageError

    try:
        path = root / name
        if not path.is_file():
            return "not a file" if path.exists() else _GONE
        size = path.stat().st_size
        if not size:
            return "empty file"
        if size > _MOST_BYTES:
            return f"{size / 2**20:,.0f} MB, at most {_MOST_BYTES // 2**20} are read"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path, formats=picture_formats()) as image:
                width, height = image.size
                if width * height > _MOST_PIXELS:
                    return f"{width:,} x {height:,} pixels, too many to be opened"
                image.draft("RGB", (64, 64))  # a JPEG is decoded at an eighth: faults show all the same
                image.load()
    except UnidentifiedImageError:
        return "no picture, or a cut one"
    except PermissionError:
        return "may not be read"
    except (OSError, ValueError):
        return "cut off or damaged"
    except Exception as error:  # decoders raise nearly anything on broken files
        return f"damaged ({type(error).__name__})"
    return ""
