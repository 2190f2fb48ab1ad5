"""Titles as bags of words, for finding those that are the same or nearly."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from kg.doctor.catalog import Catalog
from kg.doctor.lexicon import units
from kg.doctor.placeholders import is_placeholder
from kg.doctor.spelling import singular, words
from kg.doctor.words_of import word_list


@dataclass(frozen=True, kw_only=True, eq=False)
class Bags:
    """Titles as sorted bags of words: word numbers int32 [m], bounds int64 [n + 1], a sum uint64 [n]."""

    word: npt.NDArray[np.int32]
    indptr: npt.NDArray[np.int64]
    total: npt.NDArray[np.uint64]
    names: list[str]
    hashes: npt.NDArray[np.uint64]

    def of(self, row: int) -> list[str]:
        return [self.names[number] for number in self.word[self.indptr[row] : self.indptr[row + 1]].tolist()]


def title_bags(catalog: Catalog) -> Bags:
    """Every title as a bag, the brand added to its sum. Placeholders are empty bags."""
    names: dict[str, int] = {}
    word, ends = array("i"), array("q", [0])
    brand_words = [set(words(name)) for name in catalog.brand.names]
    for title, brand in zip(catalog.title, catalog.brand.numbers.tolist(), strict=True):
        if not is_placeholder(title):
            own = [w for w in title_words(title) if w not in brand_words[brand]]
            word.extend(names.setdefault(w, len(names)) for w in own)
        ends.append(len(word))
    rng = np.random.default_rng(0)  # any numbers do; the same ones give the same order of findings
    hashes = rng.integers(0, 2**64, size=len(names) + 1, dtype=np.uint64)
    brands: dict[str, int] = {}
    number = [brands.setdefault(" ".join(words(name)), len(brands)) for name in catalog.brand.names]
    brand_hashes = rng.integers(0, 2**64, size=len(brands), dtype=np.uint64)[number]
    numbers, indptr = np.array(word, dtype=np.int32), np.array(ends, dtype=np.int64)
    sums = np.zeros(len(numbers) + 1, dtype=np.uint64)
    np.cumsum(hashes[numbers], out=sums[1:])  # wraps around, as it may
    total = sums[indptr[1:]] - sums[indptr[:-1]] + brand_hashes[catalog.brand.numbers]
    return Bags(word=numbers, indptr=indptr, total=total, names=list(names), hashes=hashes)


def title_words(title: str) -> list[str]:
    """The words of a title for comparing; a number is bound to the unit behind it: '1 TB' is one word."""
    noise, counted, known = title_list("noise"), title_list("counted"), units()
    found: list[str] = []
    number = ""
    for word in words(title):
        if word in noise:
            continue
        if number and (word in counted or word in known):
            found.append(number + singular(word))
            number = ""
            continue
        if number:
            found.append(number)
        number = word if word.isdigit() else ""
        if not number:
            found.append(singular(word))
    return [*found, number] if number else found


@cache
def title_list(name: str) -> frozenset[str]:
    """A list of words/titles.toml: noise, directed, counted."""
    return frozenset(word_list("titles")[name].split())
