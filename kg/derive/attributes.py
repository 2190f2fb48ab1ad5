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
    source: Source,
    nodes: Mapping[tuple[str, ...], int],
    singular: Mapping[str, str],
    telling: Mapping[int, str],
) -> Numbers:
    """(row * len(nodes) + node of every phrase that is a whole value of an attribute, sorted), but for
    attributes that say of which kind a product is.

    `nodes` has the phrases by their words in the singular, `singular` those of words. An attribute called
    'type' says the kind of anything, others only of the phrases for which they are `telling`: 'scanner type'
    of a 'flatbed scanner'.
    """
    node_of = np.full(len(source.texts), -1, dtype=np.int64)
    for number, text in enumerate(source.texts):
        if len(text) <= SHORT:
            words = tuple(singular.get(word, word) for word in text.casefold().split())
            node_of[number] = nodes.get(words, -1)
    cells = np.flatnonzero(source.cell_text >= 0)
    cells = cells[~source.types[source.cell_name[cells]] & (node_of[source.cell_text[cells]] >= 0)]
    found = node_of[source.cell_text[cells]]
    names = [name.casefold() for name in source.names]
    told = [
        names[name] == telling.get(node)
        for name, node in zip(source.cell_name[cells].tolist(), found.tolist(), strict=True)
    ]
    silent = ~np.array(told, dtype=np.bool_)
    return np.unique(source.cell_row[cells[silent]] * max(1, len(nodes)) + found[silent])


def attribute_rows(source: Source) -> sp.csr_array:
    """float32 [rows, names]: which attributes products have, rare ones weighing more, rows of length 1."""
    width = max(1, len(source.names))
    keys = np.unique(source.cell_row * width + source.cell_name)
    row, name = keys // width, keys % width
    idf = np.log(max(1, len(source)) / np.maximum(1, np.bincount(name, minlength=width)))
    weight = idf[name]
    norm = np.sqrt(np.bincount(row, weights=weight**2, minlength=len(source)))
    unit = (weight / np.maximum(norm[row], 1e-9)).astype(np.float32)
    found = sp.csr_array((unit, (row, name)), shape=(len(source), width))
    found.eliminate_zeros()
    return found


def attribute_coherence(
    source: Source, words: int
) -> Callable[[Numbers, Numbers], npt.NDArray[np.float32]] | None:
    """Tells of words how alike the attributes of their products are; None for products without attributes."""
    if not len(source.cell_name):
        return None
    have = attribute_rows(source)
    described = np.diff(have.indptr) > 0

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
