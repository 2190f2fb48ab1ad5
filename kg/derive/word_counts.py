"""How the words of a catalog are used: how often, by whom, how they are written and where they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.derive.tokens import INNER, NONE, NUMBER, UPPER, WORD, Tokens

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Shares = npt.NDArray[np.float64]

_RARE_SINGULAR = 50
"""'Windows' is not the plural of the one window that a catalog has."""


@dataclass(frozen=True, kw_only=True, eq=False)
class WordCounts:
    """For each word: `count` int64, its uses in titles; `lemma` int32, its singular (itself, if there is
    none); `plural` bool, it is seen in singular and plural; `brands` int64, how many brands use it.

    As shares of its uses: `top` of the brand that uses it most; `lower` written small, in all texts; `inner`
    with a capital inside, `upper` all in capitals; `early` as one of the first two words; `counted` right
    behind a number, `counted_thing` the same of singular and plural together.
    """

    count: Numbers
    lemma: npt.NDArray[np.int32]
    plural: Flags
    brands: Numbers
    top: Shares
    lower: Shares
    inner: Shares
    upper: Shares
    early: Shares
    counted: Shares
    counted_thing: Shares

    @classmethod
    def of(cls, words: Sequence[str], titles: Tokens, others: Tokens, brand: Numbers) -> WordCounts:
        """`brand` int64 [titles]: a number for each product's brand, -1 for none."""
        n = len(words)
        plain = titles.kind == WORD
        word = titles.word[plain].astype(np.int64)
        count = np.bincount(word, minlength=n)
        lemma = lemmas(words, count + np.bincount(others.word[others.kind == WORD], minlength=n))
        plural = lemma != np.arange(n)
        plural[lemma[plural]] = True
        small = np.zeros(n)
        small += np.bincount(word[titles.lower[plain]], minlength=n)
        small += np.bincount(others.word[others.lower], minlength=n)
        counted = np.zeros(len(titles.word), dtype=np.bool_)
        counted[1:] = (titles.kind[:-1] == NUMBER) & (titles.gap[1:] == NONE)
        early = np.arange(len(titles.word)) - titles.indptr[titles.text] < 2
        brands, top = _brands(word, brand[titles.text[plain]], n)

        def share_of(mask: Flags) -> Shares:
            return share(np.bincount(word[mask[plain]], minlength=n), count)

        return cls(
            count=count,
            lemma=lemma,
            plural=plural,
            brands=brands,
            top=top,
            lower=share(small, count + np.bincount(others.word, minlength=n)),
            inner=share_of(np.equal(titles.case, INNER)),
            upper=share_of(np.equal(titles.case, UPPER)),
            early=share_of(early),
            counted=share_of(counted),
            counted_thing=_in_any_form(counted, word, plain, lemma),
        )


def _in_any_form(mask: Flags, word: Numbers, plain: Flags, lemma: npt.NDArray[np.int32]) -> Shares:
    """The share of uses, of singular and plural together, where a mask (bool [tokens]) is set."""
    n = len(lemma)
    every = np.bincount(lemma[word], minlength=n)
    return share(np.bincount(lemma[word[mask[plain]]], minlength=n), every)[lemma]


def share(part: npt.NDArray[np.number], whole: npt.NDArray[np.number]) -> Shares:
    """part / whole, 0 where there is nothing."""
    found: Shares = np.divide(part, np.maximum(1, whole), dtype=np.float64)
    return found


def lemmas(words: Sequence[str], count: Numbers) -> npt.NDArray[np.int32]:
    """int32 [n]: the singular of each word where the catalog has both forms, else the word itself."""
    numbers = {word: number for number, word in enumerate(words)}
    found = np.arange(len(words), dtype=np.int32)
    for number, word in enumerate(words):
        if len(word) < 4 or not word.endswith("s") or not count[number]:
            continue
        for singular in singulars(word):
            other = numbers.get(singular)
            if other is not None and count[other] * _RARE_SINGULAR >= count[number]:
                found[number] = other
                break
    return found


def singulars(word: str) -> list[str]:
    """What the singular of a word in -s may be, the likeliest first."""
    if word.endswith("ies"):
        return [word[:-3] + "y", word[:-1]]
    if word.endswith(("ches", "shes", "sses", "xes", "zes")):
        return [word[:-2], word[:-1]]
    if word.endswith("ss"):
        return []
    return [word[:-1]]


def _brands(word: Numbers, brand: Numbers, n: int) -> tuple[Numbers, Shares]:
    """(int64 [n]: how many brands use a word, float64 [n]: the share of the one that uses it most)."""
    width = int(brand.max(initial=-1)) + 2
    pairs, counts = np.unique(word * width + brand + 1, return_counts=True)
    owner = pairs // width
    most = np.zeros(n, dtype=np.int64)
    np.maximum.at(most, owner, counts)
    return np.bincount(owner, minlength=n), share(most, np.bincount(word, minlength=n))
