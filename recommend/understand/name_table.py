"""Phrases and the nodes that they may name, as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.records import NODE_KINDS, NodeKind
from recommend.understand.names import KINDS_OF_THING, Entry
from recommend.understand.words import hashed

MOST_MEANINGS = 12
"""So many nodes of one phrase are kept, those with most products."""

_EXACTNESS = 3
"""The power by which a better fit outweighs more products."""

_SHARE: Mapping[NodeKind, float] = {
    "type": 1.0,
    "category": 1.0,
    "brand": 1.0,
    "series": 0.8,
    "attribute": 0.25,
}
"""What a product counts for the meaning of a word: a brand is more likely meant than an attribute value."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NameTable:
    """Phrases and the nodes that they may name, sorted by phrase, the likelier node first.

    phrase uint64 [m] (see `words.hashed`), node int32 [m] (numbered through all kinds, in the order of
    NODE_KINDS), fit float32 [m] (how well the phrase fits the node's name), weight float32 [m] (fit and
    number of products), source int8 [m] (in SOURCES).
    """

    phrase: npt.NDArray[np.uint64]
    node: npt.NDArray[np.int32]
    fit: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32]
    source: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.phrase)

    def find(self, phrase: str) -> slice | None:
        """Where the nodes of a phrase stand, or None."""
        wanted = np.uint64(hashed(phrase))
        start = int(self.phrase.searchsorted(wanted))
        if start == len(self.phrase) or self.phrase[start] != wanted:
            return None
        stop = start + 1
        end = min(len(self.phrase), start + MOST_MEANINGS)
        while stop < end and self.phrase[stop] == wanted:
            stop += 1
        return slice(start, stop)

    @classmethod
    def of(
        cls, entries: Iterable[Entry], counts: npt.NDArray[np.int64], offsets: Mapping[NodeKind, int]
    ) -> NameTable:
        """From all entries; counts int64 [all nodes]: the products of each node."""
        rows = list(entries)
        hashes = {phrase: hashed(phrase) for phrase in {row[0] for row in rows}}
        phrase = np.fromiter((hashes[row[0]] for row in rows), dtype=np.uint64, count=len(rows))
        node = np.fromiter((row[1] for row in rows), dtype=np.int64, count=len(rows))
        fit = np.fromiter((row[2] for row in rows), dtype=np.float32, count=len(rows))
        source = np.fromiter((row[3] for row in rows), dtype=np.int8, count=len(rows))
        # of several ways from a phrase to a node the best
        order = np.lexsort((source, -fit, node, phrase))
        first = np.ones(len(order), dtype=np.bool_)
        first[1:] = (np.diff(phrase[order]) != 0) | (np.diff(node[order]) != 0)
        order = order[first]
        phrase, node, fit, source = phrase[order], node[order], fit[order], source[order]
        share, role = _shares(counts, offsets)
        kept = _fitting(phrase, role[node], fit)
        phrase, node, fit, source = phrase[kept], node[kept], fit[kept], source[kept]
        weight = (fit**_EXACTNESS * np.sqrt(1.0 + counts[node]) * share[node]).astype(np.float32)
        order = np.lexsort((node, -weight, phrase))
        phrase = phrase[order]
        place = np.arange(len(order)) - np.searchsorted(phrase, phrase)
        order = order[place < MOST_MEANINGS]
        return cls(
            phrase=phrase[place < MOST_MEANINGS],
            node=node[order].astype(np.int32),
            fit=fit[order],
            weight=weight[order],
            source=source[order],
        )

    def arrays(self) -> Arrays:
        return {
            "names.phrase": self.phrase.view(np.int64),
            "names.node": self.node,
            "names.fit": self.fit,
            "names.weight": self.weight,
            "names.source": self.source,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> NameTable:
        return cls(
            phrase=arrays["names.phrase"].view(np.uint64),
            node=arrays["names.node"].astype(np.int32, copy=False),
            fit=arrays["names.fit"].astype(np.float32, copy=False),
            weight=arrays["names.weight"].astype(np.float32, copy=False),
            source=arrays["names.source"].astype(np.int8, copy=False),
        )


def _shares(
    counts: npt.NDArray[np.int64], offsets: Mapping[NodeKind, int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    """(what a product counts, the number of the role) by node."""
    share = np.zeros(len(counts))
    role = np.zeros(len(counts), dtype=np.int8)
    ends = [*list(offsets.values())[1:], len(counts)]
    for number, (kind, end) in enumerate(zip(NODE_KINDS, ends, strict=True)):
        span = slice(offsets[kind], end)
        share[span] = _SHARE.get(kind, 0.0)
        role[span] = -1 if kind in KINDS_OF_THING else number
    return share, role


def _fitting(
    phrase: npt.NDArray[np.uint64], role: npt.NDArray[np.int8], fit: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """bool [m]: entries that fit at least half as well as the best of the same phrase and role."""
    if not len(phrase):
        return np.zeros(0, dtype=np.bool_)
    order = np.lexsort((-fit, role, phrase))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = (np.diff(phrase[order]) != 0) | (np.diff(role[order]) != 0)
    best = fit[order][first][np.cumsum(first) - 1]
    kept = np.zeros(len(order), dtype=np.bool_)
    kept[order] = fit[order] >= 0.5 * best
    return kept
