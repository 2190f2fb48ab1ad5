"""Where the picture is that a table names, seen from where the table came from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""https://…, data:…: not a path."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """`find(image)` gives the full path or address, or None; `lost` then says why, and what to do."""

    find: Callable[[str], str | None]
    lost: str


def beside(folder: Path) -> Pictures:
    """Pictures that lie beside the catalog file, by their full paths, because builds run in other folders.

    None for one that leads out of the folder: nothing outside the catalog is read on its word.
    """

    def find(image: str) -> str | None:
        if _ADDRESS.match(image) or image.startswith("/"):
            return image
        inside = os.path.normpath(image)
        return None if inside.split("/", 1)[0] == ".." else str(folder / inside)

    return Pictures(
        find=find,
        lost="picture paths leave the catalog's folder and were cleared; "
        "put the pictures beside the file, or give full paths",
    )


def packed() -> Pictures:
    """Pictures named by a table in an archive: only addresses and full paths lead anywhere."""
    return Pictures(
        find=lambda image: image if _ADDRESS.match(image) or image.startswith("/") else None,
        lost="picture paths lead into the archive and were cleared; unpack it and load what was unpacked",
    )


def below(address: str) -> Pictures:
    """Pictures named by a table from the web: relative to its address; a path on this machine is none."""

    def find(image: str) -> str | None:
        if _ADDRESS.match(image):
            return None if image.lower().startswith("file:") else image
        return urljoin(address, image)

    return Pictures(find=find, lost="picture addresses lead to files of this machine and were cleared")
