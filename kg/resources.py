"""Where the files that come with Shelfgraph are: the demo catalog, the mappings, the word lists."""

from __future__ import annotations

from pathlib import Path

from kg.errors import DataError

_HERE = Path(__file__).resolve().parent


def data_folder() -> Path:
    """The folder of the packaged data: `kg/_data` in an installed wheel, `data` in a checkout."""
    candidates = (_HERE / "_data", _HERE.parent / "data")
    for folder in candidates:
        if (folder / "mappings").is_dir():
            return folder
    raise DataError(
        f"the data that comes with Shelfgraph is in neither {candidates[0]} nor {candidates[1]}; "
        "install the package again"
    )
