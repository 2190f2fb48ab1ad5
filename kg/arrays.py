"""Named arrays in one file: the safetensors format, which holds no code and opens without copying."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from kg.errors import VersionError

Arrays: TypeAlias = dict[str, npt.NDArray[np.generic]]


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Write arrays so that the same arrays always give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}, str(path))


def load_arrays(path: Path) -> Arrays:
    """Read what `save_arrays` wrote.

    Raises VersionError if the file is missing or is not of this format.
    """
    try:
        return load_file(str(path))
    except (OSError, SafetensorError) as error:
        raise VersionError(f"{path} cannot be read: {error}; build the shop again or roll back") from error
