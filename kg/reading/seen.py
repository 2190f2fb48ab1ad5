"""Which keys came before, for ten million of them in little memory.

Kept are 64-bit hashes in sorted NumPy runs, 16 bytes a key (hash and where it stood): 160 MB for ten
million keys, where a Python dict takes ten times that and a SQLite table several times as long. Two
different keys with one hash (one chance in 370,000 for ten million keys) would make a count too high by
one, and nothing else: no data depends on it.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

BLOCK = 1 << 16

Run: TypeAlias = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""Sorted hashes of keys, and where each key last stood."""


class Seen:
    """Takes hashes of keys with a place (a number); tells which places were replaced by later ones.

    Call `older` about every `BLOCK` keys, and at the end.
    """

    def __init__(self) -> None:
        self._recent: dict[int, tuple[int, str]] = {}
        self._runs: list[Run] = []

    def add(self, key: int, place: int, name: str = "") -> int | None:
        """Note a key. Returns the earlier place if it is a recent one; those before come from `older`."""
        earlier = self._recent.get(key)
        self._recent[key] = place, name
        return None if earlier is None else earlier[0]

    def take_back(self, key: int, earlier: int | None, name: str = "") -> None:
        """Undo the `add` that came last and returned `earlier`."""
        if earlier is None:
            self._recent.pop(key, None)
        else:
            self._recent[key] = earlier, name

    def older(self) -> list[tuple[int, int, str]]:
        """(earlier place, later place, name) of recent keys that came before; the recent ones become old."""
        recent = self._recent
        keys = np.fromiter(recent, dtype=np.int64, count=len(recent))
        order = np.argsort(keys)
        keys = keys[order]
        places = np.fromiter((place for place, _ in recent.values()), dtype=np.int64, count=len(recent))[
            order
        ]
        fresh = np.ones(len(keys), dtype=bool)
        found: list[tuple[int, int, str]] = []
        for old_keys, old_places in self._runs:
            at = np.searchsorted(old_keys, keys)
            at[at == len(old_keys)] = 0
            again = np.flatnonzero(old_keys[at] == keys)
            for row in again.tolist():
                found.append((int(old_places[at[row]]), int(places[row]), recent[int(keys[row])][1]))
            old_places[at[again]] = places[again]
            fresh[again] = False
        run = keys[fresh], places[fresh]
        # runs double in size, so a key is merged at most log2(n / block) times
        while self._runs and len(self._runs[-1][0]) <= len(run[0]):
            run = _merge(self._runs.pop(), run)
        if len(run[0]):
            self._runs.append(run)
        recent.clear()
        return sorted(found)


def _merge(a: Run, b: Run) -> Run:
    keys = np.concatenate((a[0], b[0]))
    places = np.concatenate((a[1], b[1]))
    order = np.argsort(keys, kind="stable")  # a merge sort: quick on two sorted runs
    return keys[order], places[order]
