"""The words of all titles, and the products whose titles hold some of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce

import numpy as np
import numpy.typing as npt

from kg.product_table import ProductTable
from recommend.understand.corpus import Corpus
from recommend.understand.tokens import tokens

Rows = npt.NDArray[np.int64]


class Titles:
    """`corpus`: one text per product, the tokens of its title (none for a product that is not listed)."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus

    @classmethod
    def of(cls, table: ProductTable) -> Titles:
        """Read all titles."""
        return cls(Corpus.of(_read(table, np.arange(len(table)))))

    def renewed(self, table: ProductTable, origin: Rows) -> Titles:
        """The titles of a newer table: row i was row origin[i] of this one, -1 where it must be read."""
        return Titles(self.corpus.renewed(origin, _read(table, np.flatnonzero(origin < 0))))

    @cached_property
    def _rows(self) -> Rows:
        """int64 [m]: the product of each token."""
        return np.repeat(np.arange(len(self.corpus.indptr) - 1), np.diff(self.corpus.indptr))

    @cached_property
    def _places(self) -> tuple[Rows, Rows]:
        """(the places of the tokens sorted by word, where each word's begin)."""
        order = np.argsort(self.corpus.token, kind="stable")
        starts = np.searchsorted(self.corpus.token[order], np.arange(len(self.corpus.words) + 1))
        return order, starts

    def _of_word(self, number: int) -> Rows:
        order, starts = self._places
        return order[starts[number] : starts[number + 1]]

    def with_words(self, words: Sequence[str]) -> Rows:
        """int64 [m], ascending: the products whose titles hold all of some tokens."""
        numbers = self.corpus.words.numbers(dict.fromkeys(words))
        if len(numbers) == 0 or (numbers < 0).any():
            return np.empty(0, dtype=np.int64)
        held = sorted((self._of_word(number) for number in numbers.tolist()), key=len)
        both: Rows = reduce(_in_both, (_distinct(self._rows[places]) for places in held))
        return both

    def with_phrase(self, words: Sequence[str]) -> Rows:
        """int64 [m], ascending: the products whose titles hold some tokens one after the other."""
        numbers = self.corpus.words.numbers(words)
        if len(numbers) == 0 or (numbers < 0).any():
            return np.empty(0, dtype=np.int64)
        token, rows = self.corpus.token, self._rows
        first = self._of_word(int(numbers[0]))
        first = first[first + len(numbers) <= len(token)]
        for step, number in enumerate(numbers.tolist()):
            first = first[token[first + step] == number]
        first = first[rows[first] == rows[first + len(numbers) - 1]]
        return _distinct(rows[first])

    @cached_property
    def rarity(self) -> npt.NDArray[np.float32]:
        """float32 [words + 1]: how telling each word is, about 1 for the rarest; the last stands for words
        that no title holds."""
        count = np.bincount(self.corpus.token, minlength=len(self.corpus.words)) + 1.0
        texts = max(len(self.corpus.indptr) - 1, 1)
        rarity = np.log(1 + texts / np.append(count, 1.0)) / np.log(1 + texts)
        return np.asarray(rarity, dtype=np.float32)


def _distinct(rows: Rows) -> Rows:
    """Ascending rows, each once."""
    first = np.ones(len(rows), dtype=np.bool_)
    first[1:] = rows[1:] != rows[:-1]
    return rows[first]


def _in_both(few: Rows, many: Rows) -> Rows:
    """The rows of two ascending arrays that are in both."""
    at = np.minimum(np.searchsorted(many, few), len(many) - 1)
    found: Rows = few[many[at] == few]
    return found


def _read(table: ProductTable, rows: Rows) -> list[list[str]]:
    return [tokens(table.title[row]) if table.listed[row] else [] for row in rows.tolist()]
