"""The contract of channels, for whatever is registered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import ACCESSORY_OF, EdgeType, Graph, Relation
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from kg.vectors import Vectors
from recommend.behaviour import Behaviour
from recommend.channels import base, queries
from recommend.channels.base import FitContext, fit_links, fit_priors
from recommend.index.vector_index import SpaceIndex
from recommend.query import PreparedQuery, Query
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.understand.reader import Reader
from tests.recommend.contracts import check_links, check_prior, check_query_channel
from tests.recommend.shops import NASTY, PLAIN, by_hand, planted

SPACES = ("fused", "gnn", "image", "kge", "text")
DIM = 8
ITEM, QUERY, PRIOR = sorted(base._ITEM_CHANNELS), sorted(queries._QUERY_CHANNELS), sorted(base._PRIORS)
SPARING = ("around", "kinds_together", "learned", "matching", "onward", "tastes")
"""Channels that find nothing in small shops; their own tests have larger ones."""
TEXTS = (
    "black table lamp",
    "Lumo",
    "lighting E14",
    "home lighting for the white cup",
    "lamp lamp LAMPS lamp",
    "黄铜台灯",
    "wool rug & dimmable",
    "lamp under 50",
    "less than 100",
    "rug below 500 and over 10",
    "cup with at most 350 ml",
    "table lamps",
    "rugs",
    "Cups",
    NASTY,
    "nothing here matches zzz",
)


def _vectors(graph: Graph, space: str) -> Vectors:
    """Vectors that most listed products have, some of them equal."""
    rng = np.random.default_rng(len(space))
    matrix = rng.standard_normal((graph.product_count, DIM)).astype(np.float32)
    present = graph.products.listed & (rng.random(graph.product_count) < 0.8)
    if len(matrix) > 2:
        matrix[1] = matrix[0]
    matrix[~present] = 0
    return Vectors(ids=tuple(graph.products.id), matrix=matrix, present=present)


def _context(graph: Graph, settings: Settings = PLAIN) -> FitContext:
    vectors = {space: _vectors(graph, space) for space in SPACES}
    return FitContext(
        graph=graph,
        behaviour=Behaviour.of(graph),
        vectors=vectors,
        indexes={space: SpaceIndex.of(found) for space, found in vectors.items()},
        settings=settings,
        seed=0,
    )


def _queries(graph: Graph) -> list[PreparedQuery]:
    def vector(query: PreparedQuery) -> npt.NDArray[np.float32]:
        drawn = np.random.default_rng(len(query.text)).standard_normal(DIM).astype(np.float32)
        unit: npt.NDArray[np.float32] = drawn / np.linalg.norm(drawn)
        return unit

    encoders = dict.fromkeys(("text", "image", "fused"), vector)
    read = Reader.of(graph).read
    texts = (*TEXTS, *graph.nodes["product"][:3])
    return [PreparedQuery(query=Query(text=text), encoders=encoders, read=read) for text in texts]


def _with_accessories(graph: Graph) -> Graph:
    """The graph with the first product an accessory for every category."""
    n, categories = graph.product_count, len(graph.nodes["category"])
    indptr = np.full(n + 1, categories, dtype=np.int64)
    indptr[0] = 0
    made = Relation(
        type=EdgeType("product", ACCESSORY_OF, "category"),
        indptr=indptr,
        tails=np.arange(categories, dtype=np.int32),
        weight=np.full(categories, 0.8, dtype=np.float32),
        tail_count=categories,
    )
    return replace(graph, relations={**graph.relations, made.type: made})


def _barren() -> Mapping[str, Graph]:
    one = Product(id="only", title="One lamp", brand="Lumo", category=("Home", "Lamps"))
    two = Product(id="two", title="A cup")
    return {
        "empty": assemble([], [], []),
        "one product": assemble([one], [], []),
        "no users": assemble([one, two], [], []),
        "nameless": assemble([Product(id="a"), Product(id="b")], [], []),
        "only stubs": assemble([], [Fact(head="x", relation="also_viewed", tail="y")], []),
        "one user": assemble([one], [], [Interaction(user="u", product="only")]),
    }


@pytest.fixture(scope="module", params=["by hand", "planted"])
def context(request: pytest.FixtureRequest) -> FitContext:
    return _context(by_hand() if request.param == "by hand" else planted(60, 40))


@pytest.mark.parametrize("name", ITEM)
def test_links_are_sound_and_say_why(name: str, context: FitContext) -> None:
    links = list(base._ITEM_CHANNELS[name](context))
    assert links or name in SPARING, f"{name} finds nothing in a shop that has everything"
    apart = [replace(one, name=f"{place}{one.name}") for place, one in enumerate(links)]
    check_links(apart, context)


def test_all_links_together_have_names_of_their_own(context: FitContext) -> None:
    links = fit_links(context)
    names = [one.name for one in links] + [one.name for one in fit_priors(context)]
    assert len(set(names)) == len(names)
    assert [one.name for one in links] == sorted(one.name for one in links)


def test_a_relation_may_be_named_like_a_channel_or_a_prior() -> None:
    names = (
        "popularity",
        "co_purchase",
        "transitions",
        "also_viewed",
        "also_viewed_back",
        "made_by",
        "popularity_2",
    )
    products = [Product(id=name, brand="b") for name in "abcd"]
    facts = [
        Fact(head=head, relation=name, tail=tail)
        for name in names
        for head, tail in (("a", "b"), ("b", "c"), ("d", "a"))
    ]
    log = [Interaction(user=f"u{i}", product=p, time=float(t)) for i in range(4) for t, p in enumerate("abc")]
    graph = assemble(products, facts, log)
    check_links(fit_links(_context(graph)), _context(graph))
    hits = Recommender.fit(graph, settings=PLAIN).recommend(history=["a"])
    assert hits
    for hit in hits:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)


@pytest.mark.parametrize("most", [1, 3])
def test_links_keep_no_more_than_they_were_asked_for(most: int) -> None:
    settings = replace(PLAIN, links=most, neighbours=most)
    for one in fit_links(_context(planted(60, 40), settings)):
        assert np.diff(one.matrix.indptr).max() <= most, one.name


@given(seed=st.integers(0, 2**32 - 1), most=st.sampled_from([1, 3, 300]))
def test_some_rows_are_those_of_the_whole(seed: int, most: int) -> None:
    """Fitted for some products alone, a channel links them as it does among all others."""
    rng = np.random.default_rng(seed)
    graph = planted(25, 20, seed=seed % 5, noise=2)
    context = replace(_context(graph, replace(PLAIN, links=most)), vectors={}, indexes={})
    rows = np.flatnonzero(rng.random(graph.product_count) < rng.choice([0.0, 0.1, 0.5]))
    whole = {one.name: one for one in fit_links(context)}
    some = {one.name: one for one in fit_links(replace(context, rows=rows))}
    assert some.keys() <= whole.keys()
    for name, one in whole.items():
        expected = one.matrix[rows].toarray()
        found = some[name].matrix[rows].toarray() if name in some else np.zeros_like(expected)
        np.testing.assert_array_equal(found, expected, err_msg=name)


@pytest.mark.parametrize("name", ITEM)
def test_links_are_the_same_again(name: str) -> None:
    first, second = (list(base._ITEM_CHANNELS[name](_context(planted(60, 40)))) for _ in range(2))
    assert [one.name for one in first] == [one.name for one in second]
    for one, other in zip(first, second, strict=True):
        assert (one.scale, one.memory, one.defaults) == (other.scale, other.memory, other.defaults)
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(one.matrix, part), getattr(other.matrix, part))


def test_no_path_of_a_link_names_a_user(context: FitContext) -> None:
    for one in fit_links(context):
        coo = one.matrix.tocoo()
        for source, target, value in zip(coo.row.tolist(), coo.col.tolist(), coo.data.tolist(), strict=True):
            for path in one.trace.paths(context.graph, context.behaviour, source, target, value):
                ends = [node for edge in path.edges for node in (edge.start, edge.end)]
                assert all(getattr(node, "kind", "word") not in ("user", "query") for node in ends)


@pytest.mark.parametrize("name", PRIOR)
def test_priors_are_sound(name: str, context: FitContext) -> None:
    found = list(base._PRIORS[name](context))
    assert found
    for one in found:
        check_prior(one, context)


@pytest.mark.parametrize("name", QUERY)
def test_query_channels_equal_brute_force(name: str, context: FitContext) -> None:
    context = replace(context, graph=_with_accessories(context.graph))
    channels = list(queries._QUERY_CHANNELS[name][0](context))
    assert channels
    assert len({one.name for one in channels}) == len(channels)
    for channel in channels:
        check_query_channel(name, channel, context, _queries(context.graph))


@pytest.mark.parametrize("name", QUERY)
def test_query_channels_answer_some_query(name: str) -> None:
    context = _context(_with_accessories(by_hand()))
    for channel in queries._QUERY_CHANNELS[name][0](context):
        assert check_query_channel(name, channel, context, _queries(context.graph)) >= 3


@pytest.mark.parametrize("what", sorted(_barren()))
def test_a_barren_shop_stops_no_channel(what: str) -> None:
    context = _context(_barren()[what])
    check_links(fit_links(context), context)
    for one in fit_priors(context):
        check_prior(one, context)
    for name in QUERY:
        for channel in queries._QUERY_CHANNELS[name][0](context):
            check_query_channel(name, channel, context, _queries(context.graph))
    for name in ITEM:
        if what in ("empty", "one product", "one user"):
            assert all(one.matrix.nnz == 0 for one in base._ITEM_CHANNELS[name](context))


def test_what_channels_share_is_made_once_for_a_context_and_anew_for_a_changed_one() -> None:
    asked: list[int] = []

    def products(context: FitContext) -> int:
        asked.append(context.graph.product_count)
        return asked[-1]

    large, small = planted(20, 10), planted(12, 10)
    context = _context(large)
    assert context.once(products) == context.once(products) == large.product_count
    assert replace(context, graph=small).once(products) == small.product_count
    assert asked == [large.product_count, small.product_count]
