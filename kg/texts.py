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
        # surrogates can come from JSON escapes; they have no UTF-8 form, so they become '?'
        encoded = [s.encode("utf-8", "replace") for s in strings]
        offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
        np.cumsum([len(e) for e in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), dtype=np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        i = int(index) + (len(self) if index < 0 else 0)
        if not 0 <= i < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        return self.data[self.offsets[i] : self.offsets[i + 1]].tobytes().decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        whole = self.data.tobytes()
        ends = self.offsets.tolist()
        for start, end in pairwise(ends):
            yield whole[start:end].decode("utf-8")

    def take(self, rows: npt.NDArray[np.integer]) -> list[str]:
        """The strings of some rows, in their order."""
        return [self[int(i)] for i in rows]

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
