"""The query is the very title, id or GTIN of a product: whoever types it wants that product."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from kg.product_table import ProductTable
from recommend.channels.base import FitContext
from recommend.channels.queries import LoadContext, query_channel
from recommend.channels.signals import CertainSignal, Signal
from recommend.channels.traces import Edge, TracedPath, Word
from recommend.query import PreparedQuery

_FIELDS = ("title", "id", "gtin")
_BETWEEN = re.compile(r"[\W_]+")


class IdentityChannel:
    """`keys` uint64 [m], ascending: digests of what identifies a product; `products` int32 [m]."""

    name = "identity"
    default = 3.0
    leads = True

    def __init__(self, keys: npt.NDArray[np.uint64], products: npt.NDArray[np.int32]) -> None:
        self._keys = keys
        self._products = products

    def signal(self, query: PreparedQuery) -> Signal | None:
        found = self._called(query.text)
        return CertainSignal(found) if len(found) else None

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        if product not in self._called(query.text):
            return []
        edge = Edge.said(Word(query.text), "identifies", product, support=1.0, unit="name")
        return [TracedPath(edges=(edge,), share=1.0)]

    def _called(self, text: str) -> npt.NDArray[np.int64]:
        """The products of that name, ascending."""
        name = _folded(text)
        if not name:
            return np.empty(0, dtype=np.int64)
        key = np.uint64(_key(name))  # a number of Python's own would turn all keys into another type first
        start, stop = (int(np.searchsorted(self._keys, key, side=side)) for side in ("left", "right"))
        return np.unique(self._products[start:stop]).astype(np.int64)

    def plain(self) -> dict[str, Any]:
        return {}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {"keys": self._keys, "products": self._products}

    @classmethod
    def load(
        cls, plain: Mapping[str, Any], arrays: dict[str, npt.NDArray[np.generic]], context: LoadContext
    ) -> IdentityChannel:
        return cls(
            arrays["keys"].astype(np.uint64, copy=False), arrays["products"].astype(np.int32, copy=False)
        )


@query_channel("identity", IdentityChannel.load)
def fit(context: FitContext) -> Iterator[IdentityChannel]:
    table, earlier = context.graph.products, context.earlier
    known = None if earlier is None else earlier.query_channel(IdentityChannel.name)
    if earlier is None or not isinstance(known, IdentityChannel):
        yield _joined(*_read(table, np.flatnonzero(table.listed).tolist()))
        return
    if not len(earlier.changed) and not earlier.renumbered:
        yield known
        return
    moved = earlier.moved[known._products]
    is_changed = np.zeros(len(table), dtype=np.bool_)
    is_changed[earlier.changed] = True
    kept = (moved >= 0) & ~is_changed[np.maximum(moved, 0)]
    fresh = earlier.changed[table.listed[earlier.changed]]
    keys, products = _read(table, fresh.tolist())
    yield _joined(
        np.concatenate((known._keys[kept], keys)), np.concatenate((moved[kept].astype(np.int32), products))
    )


def _read(table: ProductTable, rows: Iterable[int]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int32]]:
    """What identifies some products, as it comes."""
    keys: list[int] = []
    products: list[int] = []
    for row in rows:
        for field in _FIELDS:
            name = _folded(getattr(table, field)[row])
            if name:
                keys.append(_key(name))
                products.append(row)
    return np.array(keys, dtype=np.uint64), np.array(products, dtype=np.int32)


def _joined(keys: npt.NDArray[np.uint64], products: npt.NDArray[np.int32]) -> IdentityChannel:
    order = np.lexsort((products, keys))
    return IdentityChannel(keys[order], products[order])


def _folded(text: str) -> str:
    """'Lumo  Desk-Lamp' and 'lumo desk lamp' are one name."""
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
