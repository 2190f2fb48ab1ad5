"""What attributes tell about words: which are their values, and which go with always the same attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.derive.source import SHORT, Source
from kg.ragged import spans

Numbers = npt.NDArray[np.int64]


def attribute_words(source: Source, numbers: dict[str, int]) -> tuple[Numbers, Numbers]:
    """(row * words + word of every word that is a whole value of an attribute, the same for types),
    sorted."""
    width = max(1, len(numbers))
    word_of: list[list[int]] = []
    for text in source.texts:
        parts = (
            text.casefold().replace(";", ",").replace("/", ",").split(",") if len(text) <= 3 * SHORT else ()
        )
        word_of.append([numbers[part] for part in map(str.strip, parts) if part in numbers])
    lengths = np.fromiter(map(len, word_of), dtype=np.int64, count=len(word_of))
    flat = np.array([number for some in word_of for number in some], dtype=np.int64)
    starts = np.cumsum(lengths) - lengths
    valued = np.flatnonzero(source.cell_text >= 0)
    said = source.cell_text[valued]
    words = flat[spans(starts[said], lengths[said])] if len(said) else flat[:0]
    cells = np.repeat(valued, lengths[said])
    keys = source.cell_row[cells] * width + words
    typed = source.types[source.cell_name[cells]] if len(cells) else np.zeros(0, dtype=np.bool_)
    return np.unique(keys[~typed]), np.unique(keys[typed])


def valued_phrases(
    source: Source, nodes: Mapping[tuple[str, ...], int], singular: Mapping[str, str]
) -> Numbers:
    """(row * len(nodes) + node of every phrase that is a whole value of an attribute not called 'type'),
    sorted.

    `nodes` has the phrases by their words in the singular, `singular` those of words.
    """
    node_of = np.full(len(source.texts), -1, dtype=np.int64)
    for number, text in enumerate(source.texts):
        if len(text) <= SHORT:
            words = tuple(singular.get(word, word) for word in text.casefold().split())
            node_of[number] = nodes.get(words, -1)
    cells = np.flatnonzero(source.cell_text >= 0)
    cells = cells[~source.types[source.cell_name[cells]] & (node_of[source.cell_text[cells]] >= 0)]
    return np.unique(source.cell_row[cells] * max(1, len(nodes)) + node_of[source.cell_text[cells]])


def attribute_coherence(
    source: Source, words: int
) -> Callable[[Numbers, Numbers], npt.NDArray[np.float32]] | None:
    """Tells of words how alike the attributes of their products are; None for products without attributes."""
    if not len(source.cell_name):
        return None
    keys = np.unique(source.cell_row * len(source.names) + source.cell_name)
    rows, names = keys // len(source.names), keys % len(source.names)
    idf = np.log(len(source) / np.maximum(1, np.bincount(names, minlength=len(source.names))))
    weight = idf[names]
    norm = np.sqrt(np.bincount(rows, weights=weight**2, minlength=len(source)))
    have = sp.csr_array(
        ((weight / np.maximum(norm[rows], 1e-9)).astype(np.float32), (rows, names)),
        shape=(len(source), len(source.names)),
    )
    described = norm > 0

    def coherence(word: Numbers, row: Numbers) -> npt.NDArray[np.float32]:
        """float32 [words]: the mean cosine of two products that have a word."""
        kept = described[row]
        pairs = np.unique(word[kept] * len(source) + row[kept])
        uses = sp.csr_array(
            (np.ones(len(pairs), dtype=np.float32), (pairs // len(source), pairs % len(source))),
            shape=(words, len(source)),
        )
        sums = (uses @ have).tocsr()
        squares = np.bincount(
            np.repeat(np.arange(words), np.diff(sums.indptr)), weights=sums.data**2, minlength=words
        )
        count = np.diff(uses.indptr)
        alike = (squares - count) / np.maximum(1, count * (count - 1))
        alike[count < 2] = 1.0  # nothing to compare
        found: npt.NDArray[np.float32] = np.maximum(alike, 0).astype(np.float32)
        return found

    return coherence
