"""A query's words: BM25, and names of brands, categories and attribute values."""

from __future__ import annotations

import math
from collections import Counter

import bm25s
import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Graph
from kg.records import Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.channels.base import FitContext
from recommend.channels.kinds import KindsChannel
from recommend.channels.lexical import K1, B, LexicalChannel, bm25, document
from recommend.channels.lexical import fit as fit_lexical
from recommend.query import PreparedQuery, Query
from recommend.recommender import Recommender
from recommend.understand.corpus import Corpus
from recommend.understand.reader import Reader
from recommend.understand.tokens import tokens
from tests.recommend.shops import PLAIN

DOCUMENTS = {
    "d1": "red leather chair",
    "d2": "red chair red cushion",
    "d3": "wooden table with red legs and a drawer for red pens",
    "d4": "leather sofa",
    "d5": "plain shelf",
}


def _lexical(graph: Graph) -> LexicalChannel:
    context = FitContext(
        graph=graph, behaviour=Behaviour.of(graph), vectors={}, indexes={}, settings=PLAIN, seed=0
    )
    (channel,) = fit_lexical(context)
    assert isinstance(channel, LexicalChannel)
    return channel


def _bm25(graph: Graph, query: str) -> npt.NDArray[np.float64]:
    """Robertson's formula, written out."""
    corpus = [Counter(tokens(document(graph.products, row))) for row in range(graph.product_count)]
    length = [sum(words.values()) for words in corpus]
    mean = sum(length) / len(length)
    scores = []
    for words, size in zip(corpus, length, strict=True):
        score = 0.0
        for word in set(tokens(query)):
            df = sum(word in other for other in corpus)
            idf = math.log(1 + (len(corpus) - df + 0.5) / (df + 0.5))
            score += idf * words[word] / (words[word] + K1 * (1 - B + B * size / mean))
        scores.append(score)
    return np.array(scores)


@pytest.mark.parametrize("query", ["red chair", "leather", "red leather cushions drawer", "chair chair red"])
def test_lexical_scores_are_bm25(query: str) -> None:
    graph = assemble([Product(id=i, title=t) for i, t in DOCUMENTS.items()], [], [])
    signal = _lexical(graph).signal(PreparedQuery(query=Query(text=query), encoders={}))
    assert signal is not None
    expected = _bm25(graph, query)
    np.testing.assert_allclose(signal.values(np.arange(5)), expected / expected.max(), rtol=1e-5)


@given(
    texts=st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=12), min_size=1, max_size=12).filter(any)
)
def test_the_scores_are_those_of_bm25s(texts: list[list[str]]) -> None:
    corpus = Corpus.of(texts)
    index = bm25s.BM25(k1=K1, b=B, method="lucene")
    numbers = {word: number for number, word in enumerate(corpus.words)}
    read = [[numbers[word] for word in text] for text in texts]
    index.index((read, numbers), show_progress=False, create_empty_token=False)
    cells = (index.scores["data"], index.scores["indices"], index.scores["indptr"])
    expected = sp.csc_array(cells, shape=(len(texts), len(corpus.words)))
    found = bm25(corpus)
    np.testing.assert_allclose(found.toarray(), expected.toarray(), rtol=1e-6)
    assert found.dtype == np.float32
    assert found.has_sorted_indices


def test_lexical_known_ranks() -> None:
    r = Recommender.fit(
        assemble([Product(id=i, title=t) for i, t in DOCUMENTS.items()], [], []), settings=PLAIN
    )
    assert r.search("red chair").ids == ("d2", "d1", "d3")
    assert r.search("leather").ids == ("d4", "d1")
    assert r.search("chairs").ids == r.search("chair").ids
    assert r.search("zebra").ids == ()


def test_every_text_of_a_product_can_be_found(hand: Recommender) -> None:
    for query, wanted in {
        "stoneware": "cup1",  # attribute
        "coffee": "cup1",  # description
        "vitro": "cup3",  # brand
        "woollen": "rug1",  # title
        "textiles": "rug1",  # label
        "dimmable": "lamp1",  # a boolean's name
    }.items():
        assert wanted in hand.search(query).ids, query


def test_a_chinese_query_finds_a_chinese_title(hand: Recommender) -> None:
    results = hand.search("台灯")
    assert results.ids[0] == "lamp4"
    assert set(results.ids) <= {"lamp1", "lamp2", "lamp3", "lamp4"}  # table lamps, in any language
    assert results[0].signals["lexical"] > 0
    assert hand.search("卧室 床头灯").ids[0] == "lamp4"
    assert "“台灯”" in hand.explain(results.query, "lamp4").text


def test_a_category_means_all_that_lies_below_it(hand: Recommender, hand_graph: Graph) -> None:
    channel = KindsChannel(hand_graph)
    read = Reader.of(hand_graph).read
    signal = channel.signal(PreparedQuery(query=Query(text="lighting"), encoders={}, read=read))
    assert signal is not None
    values = signal.values(np.arange(hand_graph.product_count))
    named = {hand_graph.products.id[i] for i in np.flatnonzero(values > 0).tolist()}
    assert named == {"lamp1", "lamp2", "lamp3", "lamp4", "bulb1", "bulb2", "gone"}
    results = hand.search("lighting")
    assert set(results.ids) == named - {"gone"}
    (path,) = (p for p in hand.explain(results.query, "lamp4").paths if p.channel == "kinds")
    assert [edge.end.id for edge in path.edges] == [
        "Home > Lighting",
        "Home > Lighting > Table lamps",
        "lamp4",
    ]


def test_more_named_words_weigh_more(hand: Recommender) -> None:
    signals = {hit.product.id: hit.signals for hit in hand.search("lumo black")}
    assert signals["lamp2"]["entities"] == pytest.approx(0.2 * (0.5 * 1.0 + 0.5 * 0.7), rel=1e-5)
    assert signals["lamp1"]["entities"] == pytest.approx(0.2 * 0.5, rel=1e-5)
    assert signals["lamp3"]["entities"] == pytest.approx(0.2 * 0.5 * 0.7, rel=1e-5)
