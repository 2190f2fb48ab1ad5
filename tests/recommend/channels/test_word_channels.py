"""A query's words: BM25F, and names of brands, categories and attribute values."""

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
from kg.records import Fact, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.channels.base import FitContext
from recommend.channels.kinds import KindsChannel
from recommend.channels.lexical import FIELDS, K1, Field, LexicalChannel, bm25f, fields_of
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


def _bm25f(graph: Graph, query: str) -> npt.NDArray[np.float64]:
    """The formula of Robertson, Zaragoza and Taylor, written out."""
    rows = range(graph.product_count)
    corpus = [[Counter(tokens(text)) for text in fields_of(graph.products, row)] for row in rows]
    usual = []
    for number in range(len(FIELDS)):
        lengths = [size for fields in corpus if (size := fields[number].total())]
        usual.append(sum(lengths) / max(1, len(lengths)))
    scores = []
    for fields in corpus:
        score = 0.0
        for word in set(tokens(query)):
            df = sum(any(word in one for one in other) for other in corpus)
            idf = math.log(1 + (len(corpus) - df + 0.5) / (df + 0.5))
            count = 0.0
            for field, words, mean in zip(FIELDS, fields, usual, strict=True):
                if words[word]:
                    count += (
                        field.weight * words[word] / (1 - field.length + field.length * words.total() / mean)
                    )
            score += idf * count / (K1 + count)
        scores.append(score)
    return np.array(scores)


@pytest.mark.parametrize("query", ["red chair", "leather", "red leather cushions drawer", "chair chair red"])
def test_lexical_scores_are_bm25f(query: str) -> None:
    texts = zip(DOCUMENTS.items(), ["a leather seat", "", "red", "for a red room", ""], strict=True)
    made = [
        Product(id=i, title=title, brand="Chair & Co" if i == "d5" else "", description=more)
        for (i, title), more in texts
    ]
    graph = assemble(made, [], [])
    signal = _lexical(graph).signal(PreparedQuery(query=Query(text=query), encoders={}))
    assert signal is not None
    expected = _bm25f(graph, query)
    np.testing.assert_allclose(signal.values(np.arange(5)), expected / expected.max(), rtol=1e-5)


@given(
    texts=st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=12), min_size=1, max_size=12),
    length=st.sampled_from([0.0, 0.3, 0.75]),
)
def test_the_scores_of_one_field_are_those_of_bm25s(texts: list[list[str]], length: float) -> None:
    corpus = Corpus.of(texts)
    index = bm25s.BM25(k1=K1, b=length, method="lucene")
    numbers = {word: number for number, word in enumerate(corpus.words)}
    read = [[numbers[word] for word in text] for text in texts]
    index.index((read, numbers), show_progress=False, create_empty_token=False)
    cells = (index.scores["data"], index.scores["indices"], index.scores["indptr"])
    expected = sp.csc_array(cells, shape=(len(texts), len(corpus.words)))
    found = bm25f(corpus, [Field(weight=1.0, length=length)])
    np.testing.assert_allclose(found.toarray(), expected.toarray(), rtol=1e-6)
    assert found.dtype == np.float32
    assert found.has_sorted_indices


def test_a_word_counts_most_in_the_title_and_least_among_attributes() -> None:
    products = [
        Product(id="attribute", title="Plain thing", attributes={"style": "walnut"}),
        Product(id="brand", title="Plain thing", brand="Walnut"),
        Product(id="description", title="Plain thing", description="walnut"),
        Product(id="title", title="Walnut thing"),
        *(Product(id=f"other{n}", title="Plain thing", description="oak") for n in range(6)),
    ]
    channel = _lexical(assemble(products, [], []))
    signal = channel.signal(PreparedQuery(query=Query(text="walnut"), encoders={}))
    assert signal is not None
    values = dict(zip(sorted(p.id for p in products), signal.values(np.arange(10)).tolist(), strict=True))
    assert values["title"] > values["brand"] > values["description"] > values["attribute"] > 0
    assert values["other0"] == 0


def test_a_field_that_few_products_fill_is_not_taken_for_long() -> None:
    filled = [["a", "b"], ["c", "d"], *([[]] * 20)]
    scores = bm25f(Corpus.of(filled), [Field(weight=1.0, length=0.5)])
    rarity = math.log(1 + (22 - 1 + 0.5) / (1 + 0.5))
    np.testing.assert_allclose(scores.toarray()[0, :2], rarity / (K1 + 1), rtol=1e-6)


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


def _kinds(graph: Graph, query: str) -> dict[str, float]:
    """What the channel says of each product that it names."""
    prepared = PreparedQuery(query=Query(text=query), encoders={}, read=Reader.of(graph).read)
    signal = KindsChannel(graph).signal(prepared)
    assert signal is not None
    values = signal.values(np.arange(graph.product_count)).tolist()
    return {name: value for name, value in zip(graph.products.id, values, strict=True) if value > 0}


def test_a_kind_counts_as_far_as_the_query_is_understood(hand_graph: Graph) -> None:
    whole, half = _kinds(hand_graph, "lighting"), _kinds(hand_graph, "qzxqzvq lighting")
    assert set(whole.values()) == {1.0}
    assert half == pytest.approx(dict.fromkeys(whole, 0.5))
    assert _kinds(hand_graph, "lighting without a bulb") == whole  # words that join others are no riddles


@pytest.mark.parametrize(("confidence", "value"), [(0.9, 1.0), (0.5, 1.0), (0.25, 0.5)])
def test_what_is_more_likely_of_a_kind_than_not_is_of_it(confidence: float, value: float) -> None:
    facts = [
        Fact(head="p1", relation="of_type", tail="lamp", tail_kind="type", weight=confidence),
        Fact(head="p2", relation="of_type", tail="lamp", tail_kind="type", weight=1.0),
    ]
    graph = assemble([Product(id="p1", title="A thing"), Product(id="p2", title="Another")], facts, [])
    assert _kinds(graph, "lamp") == pytest.approx({"p1": value, "p2": 1.0})


def test_more_named_words_weigh_more(hand: Recommender) -> None:
    signals = {hit.product.id: hit.signals for hit in hand.search("lumo black")}
    assert signals["lamp2"]["entities"] == pytest.approx(0.3 * (0.5 * 1.0 + 0.5 * 0.7), rel=1e-5)
    assert signals["lamp1"]["entities"] == pytest.approx(0.3 * 0.5, rel=1e-5)
    assert signals["lamp3"]["entities"] == pytest.approx(0.3 * 0.5 * 0.7, rel=1e-5)


def test_words_that_only_join_others_are_no_evidence() -> None:
    lamp = Product(id="lamp", title="Warm light for late work, of oak", category=("Lamps",))
    bulb = Product(id="bulb", title="Bulb", category=("Bulbs",))
    shop = Recommender.fit(assemble([lamp, bulb], [], []), settings=PLAIN)
    results = shop.search("light for my kitchen of oak", k=1)
    said = {path.edges[0].start.label for path in shop.explain(results.query, "lamp", paths=100).paths}
    assert said == {"light", "oak"}
    assert shop.search("for", k=1).ids == ("lamp",), "a query of nothing else still finds who says it"
