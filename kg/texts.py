"""Many strings as two arrays, and a vocabulary on top: what a graph of millions of ids needs.

Strings are kept as one block of UTF-8 bytes and the offset where each starts, so that they are
saved and opened as plain arrays and only decoded when somebody looks at them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import overload

import numpy as np
import numpy.typing as npt


class Texts(Sequence[str]):
    """An immutable sequence of strings: data uint8 [bytes], offsets int64 [n + 1]."""

    def __init__(self, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> None:
        self.data = data
        self.offsets = offsets

    @classmethod
    def of(cls, strings: Iterable[str]) -> Texts:
        strings = list(strings)
        offsets = np.zeros(len(strings) + 1, dtype=np.int64)
        joined = "".join(strings)
        if joined.isascii():  # as many bytes as characters: one block can be encoded at once
            np.cumsum(np.fromiter(map(len, strings), dtype=np.int64, count=len(strings)), out=offsets[1:])
            return cls(np.frombuffer(joined.encode(), dtype=np.uint8), offsets)
        # surrogates can come from JSON escapes; they have no UTF-8 form, so they become '?'
        encoded = [s.encode("utf-8", "replace") for s in strings]
        np.cumsum(np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)), out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    @classmethod
    def chain(cls, *several: Texts) -> Texts:
        """All strings of some sequences, one after the other."""
        ends = np.cumsum([0, *(len(texts.data) for texts in several)])
        starts = (texts.offsets[:-1] + end for texts, end in zip(several, ends[:-1], strict=True))
        return cls(
            np.concatenate([texts.data for texts in several]),
            np.concatenate([*starts, ends[-1:]]).astype(np.int64, copy=False),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        data, offsets = self._views
        count = len(offsets) - 1
        i = int(index) + (count if index < 0 else 0)
        if not 0 <= i < count:
            raise IndexError(f"row {index} of {count}")
        return str(data[offsets[i] : offsets[i + 1]], "utf-8")

    @cached_property
    def _views(self) -> tuple[memoryview, memoryview]:
        """The arrays as Python's own views, which give single numbers and short pieces much faster."""
        return self.data.data, self.offsets.data

    def __iter__(self) -> Iterator[str]:
        whole = self.data.tobytes()
        ends = self.offsets.tolist()
        for start, end in pairwise(ends):
            yield whole[start:end].decode("utf-8")

    def take(self, rows: npt.NDArray[np.integer]) -> list[str]:
        """The strings of some rows, in their order."""
        return [self[int(i)] for i in rows]

    def pick(self, rows: npt.NDArray[np.integer]) -> Texts:
        """The strings of some rows, in their order, without decoding them.

        Quick where most rows follow one another: each run of such rows is copied as one block.
        """
        rows = np.asarray(rows, dtype=np.int64)
        offsets = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(np.diff(self.offsets)[rows], out=offsets[1:])
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        starts = rows[np.concatenate(([0], breaks))] if len(rows) else rows
        ends = rows[np.concatenate((breaks - 1, [len(rows) - 1]))] + 1 if len(rows) else rows
        spans = zip(self.offsets[starts].tolist(), self.offsets[ends].tolist(), strict=True)
        blocks = [self.data[start:end] for start, end in spans]
        return Texts(np.concatenate(blocks) if blocks else self.data[:0], offsets)

    def distinct(self) -> tuple[list[str], npt.NDArray[np.int64]]:
        """(the distinct strings in the order of code points, int64 [n]: the number of each row's string)."""
        whole = self.data.tobytes()
        rows = [whole[start:end] for start, end in pairwise(self.offsets.tolist())]
        found = sorted(set(rows))  # UTF-8 sorts as code points do
        numbers = {text: number for number, text in enumerate(found)}
        codes = np.fromiter(map(numbers.__getitem__, rows), dtype=np.int64, count=len(rows))
        return [text.decode("utf-8") for text in found], codes

    def arrays(self, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
        return {f"{prefix}.data": self.data, f"{prefix}.offsets": self.offsets}

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.generic]], prefix: str) -> Texts:
        return cls(arrays[f"{prefix}.data"].view(np.uint8), arrays[f"{prefix}.offsets"].view(np.int64))


class Vocabulary(Sequence[str]):
    """Distinct strings and their numbers, both ways. Numbers follow the order given."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    @classmethod
    def of(cls, strings: Iterable[str]) -> Vocabulary:
        return cls(Texts.of(strings))

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.generic]], prefix: str) -> Vocabulary:
        """The strings saved under a prefix; none if there are none, as with kinds of nodes that are new."""
        if f"{prefix}.offsets" not in arrays:
            return cls.of(())
        return cls(Texts.from_arrays(arrays, prefix))

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return self.texts[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __contains__(self, item: object) -> bool:
        return item in self._numbers

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {text: number for number, text in enumerate(self.texts)}

    def number(self, text: str) -> int | None:
        """The number of a string, or None."""
        return self._numbers.get(text)

    def numbers(self, texts: Iterable[str]) -> npt.NDArray[np.int64]:
        """int64 [n]: the numbers of some strings, -1 where unknown."""
        known = self._numbers
        return np.fromiter((known.get(t, -1) for t in texts), dtype=np.int64)
