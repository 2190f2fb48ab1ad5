"""The words of the query in the words of a product: BM25F over title, brand and categories, description and
attributes.

Robertson, Zaragoza & Taylor, "Simple BM25 extension to multiple weighted fields" (2004): a word in the title
says more than one in the description, and each field's length is measured against the same field of other
products. The scores of every word in every product are computed when the index is built, so a query only adds
up columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import Graph
from kg.product_table import ProductTable
from kg.texts import Texts, Vocabulary
from recommend.channels.base import FitContext
from recommend.channels.queries import LoadContext, query_channel
from recommend.channels.signals import DenseSignal, Signal
from recommend.channels.traces import Edge, TracedPath, Word
from recommend.query import PreparedQuery
from recommend.sparse import csr
from recommend.understand.corpus import Corpus
from recommend.understand.tokens import tokens

K1 = 1.2
_DESCRIPTION = 1_000
_NOTES = "words_by_field"


@dataclass(frozen=True, kw_only=True)
class Field:
    """A part of a product's text: how often each of its words counts, and how much its length matters (0: not
    at all, 1: in proportion)."""

    weight: float
    length: float


FIELDS = (
    Field(weight=3.0, length=0.5),  # title
    Field(weight=2.0, length=0.0),  # brand and categories: names, of which there are as many as there are
    Field(weight=1.0, length=0.5),  # description
    Field(weight=0.5, length=0.5),  # attributes
)
"""In the order of `fields_of`."""
_OTHER = 0.8
"""A match of other words for the same thing counts a little less than one of the words typed, if these match
anything."""


class LexicalChannel:
    """`scores` float32 CSC [products, words]: BM25F of each word in each product."""

    name = "lexical"
    default = 0.8
    leads = True

    def __init__(self, words: Vocabulary, scores: sp.csc_array) -> None:
        self._words = words
        self._scores = scores

    def signal(self, query: PreparedQuery) -> Signal | None:
        found: npt.NDArray[np.float32] | None = None
        having: list[npt.NDArray[np.int32]] = []
        for share, words in _wordings(query):
            total, where = self._total(words)
            peak = float(total[where].max(initial=0.0))
            if peak <= 0:
                continue
            values = total[where] * np.float32((share if found is not None else 1.0) / peak)
            having.append(where)
            if found is None:
                found = total
                found[where] = values
            else:
                found[where] = np.maximum(found[where], values)
        return None if found is None else DenseSignal(found, np.concatenate(having))

    def _total(self, words: Iterable[str]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
        """(float32 [n]: the BM25 of some words together, the products that have one of them, some perhaps
        several times)."""
        numbers = self._words.numbers(dict.fromkeys(words))
        total = np.zeros(self._scores.shape[0], dtype=np.float32)
        having = [self._scores.indices[:0]]
        for number in numbers[numbers >= 0].tolist():
            cells = slice(self._scores.indptr[number], self._scores.indptr[number + 1])
            having.append(self._scores.indices[cells])
            total[having[-1]] += self._scores.data[cells]
        return total, np.concatenate(having)

    def mentioning(self, words: Sequence[str]) -> npt.NDArray[np.int64]:
        """The products, ascending, that have all of some words in their texts."""
        numbers = self._words.numbers(dict.fromkeys(words))
        if len(numbers) == 0 or (numbers < 0).any():
            return np.empty(0, dtype=np.int64)
        starts, ends = self._scores.indptr[numbers], self._scores.indptr[numbers + 1]
        found, *others = (
            self._scores.indices[starts[place] : ends[place]] for place in np.argsort(ends - starts)
        )
        for some in others:
            found = found[some[np.minimum(np.searchsorted(some, found), len(some) - 1)] == found]
        return found.astype(np.int64)

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        parts: list[tuple[str, float]] = []
        best, first = 0.0, True
        for share, words in _wordings(query):
            total, where = self._total(words)
            peak = float(total[where].max(initial=0.0))
            if peak > 0:
                value = float(total[product]) * (1.0 if first else share) / peak
                first = False
                if value > best:
                    best, parts = value, self._matches(words, product)
        total_score = sum(score for _, score in parts)
        return [
            TracedPath(
                edges=(
                    Edge.said(Word(query.word(word)), "mentioned_in", product, support=score, unit="BM25"),
                ),
                share=score / total_score,
            )
            for word, score in parts
        ]

    def _matches(self, words: Iterable[str], product: int) -> list[tuple[str, float]]:
        """The words that a product has, with their scores."""
        found: list[tuple[str, float]] = []
        for word in dict.fromkeys(words):
            number = self._words.number(word)
            if number is not None:
                cells = slice(self._scores.indptr[number], self._scores.indptr[number + 1])
                at = np.flatnonzero(self._scores.indices[cells] == product)
                if len(at):
                    found.append((word, float(self._scores.data[cells][at[0]])))
        return found

    def plain(self) -> dict[str, Any]:
        return {"products": int(self._scores.shape[0])}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            **self._words.texts.arrays("words"),
            "data": self._scores.data,
            "indices": self._scores.indices,
            "indptr": self._scores.indptr,
        }

    @classmethod
    def load(
        cls, plain: Mapping[str, Any], arrays: dict[str, npt.NDArray[np.generic]], context: LoadContext
    ) -> LexicalChannel:
        words = Vocabulary(Texts.from_arrays(arrays, "words"))
        cells: Any = (arrays["data"], arrays["indices"], arrays["indptr"])
        return cls(words, sp.csc_array(cells, shape=(plain["products"], len(words))))


def _wordings(query: PreparedQuery) -> list[tuple[float, Sequence[str]]]:
    """What is said, and the same in other words, with what a match of each is worth."""
    return [(1.0, query.tokens), *((_OTHER, tokens(text)) for text in query.rewordings)]


@query_channel("lexical", LexicalChannel.load)
def fit(context: FitContext) -> Iterator[LexicalChannel]:
    earlier = context.earlier
    known = None if earlier is None else earlier.query_channel(LexicalChannel.name)
    if earlier is not None and isinstance(known, LexicalChannel) and earlier.says_the_same:
        yield known
        return
    corpus, known = _corpus(context)
    if known is not None:
        yield known
        return
    context.notes[_NOTES] = corpus.arrays()
    if len(corpus.words):
        yield LexicalChannel(corpus.words, bm25f(corpus))


def bm25f(corpus: Corpus, fields: Sequence[Field] = FIELDS) -> sp.csc_array:
    """float32 CSC [products, words]: the score of each word in each product, by Lucene's formula. There must
    be words.

    The texts of the corpus are the fields of a product, product after product. Lengths are measured against
    the mean of the texts that say something.
    """
    count, words = len(fields), len(corpus.words)
    lengths = np.diff(corpus.indptr)
    products = len(lengths) // count
    table = lengths.reshape(products, count)
    usual = table.sum(axis=0) / np.maximum(1, (table > 0).sum(axis=0))
    matters = np.array([field.length for field in fields])
    discount = 1 - matters + matters * table / np.maximum(1, usual)
    worth = np.tile([field.weight for field in fields], products)
    weights = np.repeat(worth, lengths) / np.repeat(discount.reshape(-1), lengths)
    counts = csr(weights, corpus.token, corpus.indptr[::count], (products, words)).tocsc()
    counts.sum_duplicates()
    holding = np.diff(counts.indptr)
    rarity = np.log(1 + (products - holding + 0.5) / (holding + 0.5)).astype(np.float32)
    scores = counts.data / (K1 + counts.data)
    scores *= np.repeat(rarity, holding)
    cells: Any = (scores.astype(np.float32), counts.indices, counts.indptr)
    return sp.csc_array(cells, shape=(products, words))


def _corpus(context: FitContext) -> tuple[Corpus, LexicalChannel | None]:
    """The words of all products, field by field, and the earlier channel if they are still the same."""
    table, earlier = context.graph.products, context.earlier
    notes = None if earlier is None else earlier.notes(_NOTES)
    if earlier is None or notes is None:
        return Corpus.of(_read(table, np.arange(len(table)))), None
    before = Corpus.from_arrays(notes)
    origin = earlier.origin.copy()
    origin[earlier.changed] = -1
    fresh = _read(table, np.flatnonzero(origin < 0))
    parts = np.arange(len(FIELDS))
    of_fields = np.where(origin[:, None] < 0, -1, origin[:, None] * len(FIELDS) + parts)
    corpus = before.renewed(of_fields.reshape(-1), fresh)
    known = earlier.query_channel(LexicalChannel.name)
    return corpus, known if isinstance(known, LexicalChannel) and corpus.same(before) else None


def _read(table: ProductTable, rows: npt.NDArray[np.int64]) -> list[list[str]]:
    """The words of every field of some products."""
    nothing = ("",) * len(FIELDS)
    return [
        tokens(text)
        for row in rows.tolist()
        for text in (fields_of(table, row) if table.listed[row] else nothing)
    ]


def fields_of(table: ProductTable, row: int) -> tuple[str, str, str, str]:
    """All words of a product: its title; its brand and categories; its description; its attributes."""
    attributes = table.attributes
    values = []
    for cell in range(int(attributes.indptr[row]), int(attributes.indptr[row + 1])):
        value = attributes.value(cell)
        if isinstance(value, str):
            values.append(value)
        elif value is True:
            values.append(attributes.names[int(attributes.name[cell])])
    names = (table.brand[row], *table.category_path(row), *table.label_names(row))
    return table.title[row], " ".join(names), table.description[row][:_DESCRIPTION], "\n".join(values)
