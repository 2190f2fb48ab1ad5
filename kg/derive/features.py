"""Products as sparse rows of features: words that name no type, shapes of model codes, attributes and their
values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.derive.source import SHORT, Source
from kg.derive.tokens import CODE, WORD, Tokens
from kg.derive.vocabulary import Vocabulary

Numbers = npt.NDArray[np.int64]

_SURE = 0.25
"""Words that are likelier nouns than this are left out: they are what is to be predicted."""
_FEWEST = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """The columns by name, and how much each says (idf float32 [columns])."""

    names: Sequence[str]
    idf: npt.NDArray[np.float32]

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.names)}

    def matrix(self, source: Source, vocabulary: Vocabulary, fields: Sequence[Tokens]) -> sp.csr_array:
        """float32 [rows, columns], rows of length 1 (or empty)."""
        rows, found = _found(source, vocabulary, fields, self._columns)
        return _unit(rows, found, self.idf, len(source))


def learn_features(
    source: Source, vocabulary: Vocabulary, fields: Sequence[Tokens]
) -> tuple[Features, sp.csr_array]:
    """(the features that at least three products have, the products as rows)."""
    names: dict[str, int] = {}
    rows, found = _found(source, vocabulary, fields, names, grow=True)
    keys = np.unique(rows * max(1, len(names)) + found)
    frequency = np.bincount(keys % max(1, len(names)), minlength=len(names))
    kept = frequency >= _FEWEST
    renumbered = np.where(kept, np.cumsum(kept) - 1, -1)
    idf = np.log(max(1, len(source)) / frequency[kept]).astype(np.float32)
    listed = list(names)
    features = Features(names=tuple(listed[number] for number in np.flatnonzero(kept).tolist()), idf=idf)
    found = renumbered[found]
    return features, _unit(rows[found >= 0], found[found >= 0], idf, len(source))


def _unit(rows: Numbers, columns: Numbers, idf: npt.NDArray[np.float32], count: int) -> sp.csr_array:
    matrix = sp.csr_array(
        (np.ones(len(rows), dtype=np.float32), (rows, columns)), shape=(count, len(idf))
    )  # repeated ones add up
    matrix.data = idf[matrix.indices]
    squares = np.bincount(
        np.repeat(np.arange(count), np.diff(matrix.indptr)), weights=matrix.data**2, minlength=count
    )
    norm = 1 / np.sqrt(np.maximum(squares, 1e-12))
    matrix.data *= np.repeat(norm, np.diff(matrix.indptr)).astype(np.float32)
    return matrix


def _found(
    source: Source,
    vocabulary: Vocabulary,
    fields: Sequence[Tokens],
    columns: dict[str, int],
    *,
    grow: bool = False,
) -> tuple[Numbers, Numbers]:
    """(rows, columns) of every feature that is known or, if `grow`, new."""
    rows: list[Numbers] = []
    found: list[Numbers] = []

    def add(row: Numbers, key: Numbers, name: Callable[[int], str]) -> None:
        """Features given by a number each, and what the numbers stand for."""
        distinct, key_of = np.unique(key, return_inverse=True)
        names = map(name, distinct.tolist())
        if grow:
            numbers = [columns.setdefault(one, len(columns)) for one in names]
        else:
            numbers = [columns.get(one, -1) for one in names]
        column = np.array(numbers, dtype=np.int64)[key_of]
        rows.append(row[column >= 0])
        found.append(column[column >= 0])

    words, texts = vocabulary.words, source.texts
    usable = np.append((vocabulary.noun < _SURE) & (vocabulary.count >= 2), False)
    for field in fields:
        known = (field.kind == WORD) & usable[field.word]  # the last is for unknown words
        lemma = vocabulary.lemma[field.word[known]].astype(np.int64)
        add(field.text[known], lemma, lambda number: f"w:{words[number]}")
        codes = (field.kind == CODE) & (field.word >= 0)
        shape = field.word[codes].astype(np.int64)
        add(field.text[codes], shape, lambda number: f"c:{words[number]}")
    add(source.cell_row, source.cell_name, lambda number: f"a:{source.names[number]}")
    valued = source.cell_text >= 0
    if valued.any():
        short = np.fromiter((len(text) <= SHORT for text in texts), dtype=np.bool_, count=len(texts))
        valued &= short[source.cell_text] & ~source.types[source.cell_name]
        key = source.cell_name[valued] * len(texts) + source.cell_text[valued]
        add(
            source.cell_row[valued],
            key,
            lambda number: f"v:{source.names[number // len(texts)]}={texts[number % len(texts)]}",
        )
    brands = sorted({*source.brands} - {""})
    known = source.brand >= 0
    add(np.flatnonzero(known), source.brand[known], lambda number: f"b:{brands[number]}")
    return np.concatenate(rows), np.concatenate(found)
