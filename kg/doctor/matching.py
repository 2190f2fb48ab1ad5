"""Joining pairs into groups, and finding rows that share a key, without comparing all with all."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt


class Groups:
    """Disjoint sets of rows, joined pair by pair."""

    def __init__(self) -> None:
        self._set_of: dict[int, list[int]] = {}

    def join(self, first: int, second: int) -> None:
        one, other = self.of(first), self.of(second)
        if one is other:
            return
        if len(one) < len(other):
            one, other = other, one
        one += other
        for row in (first, second, *other):
            self._set_of[row] = one

    def joined(self, first: int, second: int) -> bool:
        one = self._set_of.get(first)
        return one is not None and one is self._set_of.get(second)

    def of(self, row: int) -> list[int]:
        """The set that a row is in: itself alone, as long as nothing is joined to it."""
        return self._set_of.setdefault(row, [row])

    def __iter__(self) -> Iterator[list[int]]:
        """The sets of two or more, each in order, by their first row."""
        distinct = {id(rows): rows for rows in self._set_of.values() if len(rows) > 1}
        return iter(sorted(map(sorted, distinct.values())))


def same_keys(keys: npt.NDArray[np.uint64], rows: npt.NDArray[np.int32]) -> Iterator[npt.NDArray[np.int32]]:
    """The rows of every key that at least two different rows have, sorted."""
    order = np.lexsort((rows, keys))
    keys, rows = keys[order], rows[order]
    starts = (
        np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.empty(0, int)
    )
    ends = np.append(starts[1:], len(keys))
    for at in np.flatnonzero(ends - starts > 1).tolist():
        found = np.unique(rows[starts[at] : ends[at]])
        if len(found) > 1:
            yield found
