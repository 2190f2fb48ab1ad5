"""A query's words: BM25, and names of brands, categories and attribute values."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest

from kg.graph import Graph
from kg.records import Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.channels.base import FitContext
from recommend.channels.entities import EntityChannel
from recommend.channels.lexical import K1, B, LexicalChannel, document
from recommend.channels.lexical import fit as fit_lexical
from recommend.query import PreparedQuery, Query
from recommend.recommender import Recommender
from recommend.understand.entities import Names
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
    assert results.ids == ("lamp4",)
    assert results[0].signals["lexical"] > 0
    assert hand.search("卧室 床头灯").ids[0] == "lamp4"
    assert "“台灯”" in hand.explain(results.query, "lamp4").text


def _mentions(graph: Graph, query: str) -> list[tuple[str, set[str]]]:
    found = Names.of(graph).mentions(tokens(query))
    return [(mention.text, {graph.node_id(node) for node in mention.nodes}) for mention in found]


def test_words_that_name_something_are_understood(hand_graph: Graph) -> None:
    assert _mentions(hand_graph, "black lumo table lamps for tea") == [
        ("black", {"colour=black"}),
        ("lumo", {"Lumo"}),
        ("tabl lamp", {"Home > Lighting > Table lamps"}),
    ]
    assert _mentions(hand_graph, "DIMMABLE") == [("dimmabl", {"dimmable=yes"})]
    assert _mentions(hand_graph, "zebra crossing") == []


def test_the_longest_name_wins() -> None:
    products = [
        Product(id="a", brand="Elm"),
        Product(id="b", brand="Elm & Sons"),
        Product(id="c", brand="Sons"),
    ]
    graph = assemble(products, [], [])
    assert _mentions(graph, "elm & sons sofa") == [("elm son", {"Elm & Sons"})]
    assert _mentions(graph, "sons of elm") == [("son", {"Sons"}), ("elm", {"Elm"})]


def test_chinese_names_are_understood() -> None:
    graph = assemble([Product(id="a", brand="小米", category=("家居", "布艺沙发"))], [], [])
    wanted = [("小米", {"小米"}), ("布艺 艺沙 沙发", {"家居 > 布艺沙发"})]
    assert _mentions(graph, "小米布艺沙发") == wanted
    assert _mentions(graph, "小米 新款布艺沙发") == wanted


def test_a_category_means_all_that_lies_below_it(hand: Recommender, hand_graph: Graph) -> None:
    channel = EntityChannel(hand_graph, Names.of(hand_graph))
    signal = channel.signal(PreparedQuery(query=Query(text="lighting"), encoders={}))
    assert signal is not None
    values = signal.values(np.arange(hand_graph.product_count))
    named = {hand_graph.products.id[i] for i in np.flatnonzero(values > 0).tolist()}
    assert named == {"lamp1", "lamp2", "lamp3", "lamp4", "bulb1", "bulb2", "gone"}
    results = hand.search("lighting")
    assert set(results.ids) == named - {"gone"}
    (path,) = (p for p in hand.explain(results.query, "lamp4").paths if p.channel == "entities")
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
