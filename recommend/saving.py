"""A fitted model as files; `recommend.opening` reads them again.

graph.safetensors          the graph as the store had it;  derived.safetensors  what was derived from it
reader.safetensors         names that queries may say;  intent.safetensors  what kinds of products are like
links/NAME.safetensors     each item channel
query/NAME.safetensors     each query channel
index/SPACE.faiss, .safetensors
suggest.safetensors        what may be typed next;  best/, best_taste/  the trees of the ranking 'best'
fusion/, kge/, gnn/        the models, for queries and for products that come later
notes/NAME.safetensors     what a channel wants to find at the next update
model.json                 names, weights, scales, keys
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.arrays import Arrays, save_arrays
from recommend.channels import Links
from recommend.channels.queries import QueryChannel
from recommend.fitting import Fitted
from recommend.index.vector_index import SpaceIndex
from recommend.opening import MODEL, Opened

TRAINED = ("kge", "gnn", "fusion")
"""The folders of what an update does not train."""

Share: TypeAlias = Callable[[str], None]
"""Takes over a file, or a folder, of the earlier version by its name."""


def save_fitted(
    folder: Path,
    fitted: Fitted,
    *,
    earlier: Opened | None = None,
    share: Share | None = None,
) -> None:
    """Write all files of a model; the same model gives the same bytes.

    After an update, `share(name)` is called instead for each file (or folder) that is that of `earlier`.
    """
    files = SharedFiles(folder, earlier, share)
    files.write("graph", fitted.stated.arrays)
    files.write("derived", fitted.derived.arrays, files.equals(lambda one: one.derived, fitted.derived))
    files.write("reader", fitted.reader.arrays, files.equals(lambda one: one.reader, fitted.reader))
    if fitted.intent is not None:
        files.write("intent", fitted.intent.arrays, files.has(lambda one: one.intent, fitted.intent))
    if earlier is None:
        files.write("suggest", fitted.suggester().arrays)
    elif fitted.suggester is earlier.fitted.suggester:  # else it is made when it is first asked for
        files.keep("suggest")
    if fitted.ranker is not None:
        fitted.ranker.save(folder / "best")
    if fitted.taste_ranker is not None:
        fitted.taste_ranker.save(folder / "best_taste")
    for one in fitted.links:
        files.write(f"links/{one.name}", partial(_links_arrays, one), files.has_links(one))
    if fitted.priors:
        files.write("priors", lambda: {one.name: one.values for one in fitted.priors})
    for _, channel in fitted.query_channels:
        arrays = channel.arrays()
        if arrays:
            known = files.has_query(channel)
            files.write(f"query/{channel.name}", partial(dict, arrays), known)
            if known and channel.name not in fitted.notes:
                files.keep(f"notes/{channel.name}")
    for name, arrays in fitted.notes.items():
        files.write(f"notes/{name}", partial(dict, arrays))
    for space, index in fitted.indexes.items():
        if share is not None and files.has_index(space, index):
            share(f"index/{space}.faiss")
            share(f"index/{space}.safetensors")
        else:
            index.save(folder / "index", space)
    for name, trained in fitted.made.models.items():
        trained.save(folder / name)
    if earlier is not None and share is not None:
        for name in TRAINED:
            if (earlier.folder / name).is_dir():
                share(name)
    elif fitted.made.fusion is not None:
        fitted.made.fusion.save(folder / "fusion")
    model: dict[str, Any] = {
        "links": [
            {
                "name": one.name,
                "memory": one.memory.plain(),
                "scale": one.scale,
                "defaults": dict(one.defaults),
                "trace": one.trace.plain(),
                "way": None if one.way is None else asdict(one.way),
            }
            for one in fitted.links
        ],
        "priors": [{"name": one.name, "defaults": dict(one.defaults)} for one in fitted.priors],
        "query_channels": [
            {"kind": kind, "name": one.name, "plain": one.plain(), "arrays": bool(one.arrays())}
            for kind, one in fitted.query_channels
        ],
        "spaces": sorted(fitted.indexes),
        "weights": fitted.weights,
        "keys": asdict(fitted.made.keys),
        "fusion": fitted.made.fusion is not None,
        "best": fitted.ranker is not None,
        "best_taste": fitted.taste_ranker is not None,
        "intent": fitted.intent is not None,
    }
    text = json.dumps(model, indent=1, sort_keys=True)
    (folder / MODEL).write_text(text, encoding="utf-8")


class HasArrays(Protocol):
    def arrays(self) -> Arrays: ...


class SharedFiles:
    """Writes files of arrays, or shares those that an earlier version holds already."""

    def __init__(self, folder: Path, earlier: Opened | None, share: Share | None) -> None:
        self._folder = folder
        self._earlier = earlier
        self._share = share

    def write(self, name: str, arrays: Callable[[], Arrays], known: bool = False) -> None:
        if known and self._share is not None:
            self._share(f"{name}.safetensors")
        else:
            save_arrays(self._folder / f"{name}.safetensors", arrays())

    def keep(self, name: str) -> None:
        """Share a file that the earlier version may have."""
        path = f"{name}.safetensors"
        if self._earlier is not None and self._share is not None and (self._earlier.folder / path).is_file():
            self._share(path)

    def has(self, part: Callable[[Fitted], object], now: object) -> bool:
        """True if the earlier model has the very same object there."""
        return self._earlier is not None and part(self._earlier.fitted) is now

    def equals(self, part: Callable[[Fitted], HasArrays], now: HasArrays) -> bool:
        """True if the earlier model has the same there, made anew or not."""
        if self._earlier is None:
            return False
        before = part(self._earlier.fitted)
        return before is now or _equal(before.arrays(), now.arrays())

    def has_links(self, links: Links) -> bool:
        if self._earlier is None:
            return False
        return any(
            one.name == links.name and one.matrix is links.matrix for one in self._earlier.fitted.links
        )

    def has_query(self, channel: QueryChannel) -> bool:
        if self._earlier is None:
            return False
        known = next(
            (one for _, one in self._earlier.fitted.query_channels if one.name == channel.name), None
        )
        return known is not None and _equal(known.arrays(), channel.arrays())

    def has_index(self, space: str, index: SpaceIndex) -> bool:
        return self._earlier is not None and self._earlier.fitted.indexes.get(space) is index


def _equal(one: Arrays, other: Arrays) -> bool:
    return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)


def _same(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> bool:
    if one is other:
        return True
    is_float = np.issubdtype(one.dtype, np.floating)
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=is_float)


def _links_arrays(links: Links) -> Arrays:
    return {**_csr(links.matrix), **links.trace.arrays()}


def _csr(matrix: sp.csr_array) -> Arrays:
    return {
        "data": matrix.data.astype(np.float32, copy=False),
        "indices": matrix.indices.astype(np.int32, copy=False),
        "indptr": matrix.indptr.astype(np.int64, copy=False),
    }
