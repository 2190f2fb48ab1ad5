"""What holds of every search, whatever the shop: filters, brands, titles, taste, nonsense."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kg import Shop
from kg.errors import ShelfgraphError
from kg.filters import Filter
from kg.graph import Graph
from kg.records import Interaction, Product
from kg.resources import data_folder
from kg.snapshot import assemble
from recommend.evaluate import evaluate_judgments, read_judgments
from recommend.query import RankingName
from recommend.rank.blend import TASTE
from recommend.recommender import Recommender
from recommend.results import Results
from recommend.settings import Settings
from recommend.understand.tokens import tokens
from tests.recommend.asking import ALL
from tests.recommend.shops import PLAIN, STRANGE
from tests.recommend.test_filters import holds

DEMO = data_folder() / "demo"
TYPES = ("lamp", "desk lamp", "cup", "rug", "kettle", "laptop bag")
MAKERS = ("Lumo", "Terra", "Noctis", "Vitro & Sons")
COLOURS = ("black", "white", "sea green")

asked = st.sampled_from(
    (
        "mug", "desk lamp", "running shoes", "coffee", "black backpack", "ceramic", "gift for a runner",
        "lamp for reading", "bulb for floor lamp", "keyboard without numpad", "cushion under 40",
        "linen shirt", "headphones", "something warm", "oak side table", "sleeping bag", "咖啡豆", "台灯",
    )
)  # fmt: skip
"""Searches of the demo shop."""

ranked: st.SearchStrategy[RankingName] = st.sampled_from(("exact", "best"))


@pytest.fixture(scope="module")
def demo_graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    shop = Shop.create(tmp_path_factory.mktemp("demo") / "shop")
    shop.load(DEMO / "products.jsonl")
    shop.load(DEMO / "facts.csv", kind="facts")
    shop.load(DEMO / "interactions.csv", kind="interactions")
    return shop.graph()


SETTINGS = replace(Settings.of_profile("fast"), search_queries=300, best_lists=0)
"""Only searches are asked."""


@pytest.fixture(scope="module")
def demo(demo_graph: Graph) -> Recommender:
    """The demo shop with the packaged text encoder, and both rankings."""
    model = Recommender.fit(demo_graph, settings=SETTINGS)
    assert model.rankings == ("exact", "best")
    return model


@st.composite
def catalogs(draw: st.DrawFn) -> list[Product]:
    """Up to thirty products of a few kinds, makers and colours; not every title names its maker."""
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(TYPES),
                st.sampled_from(MAKERS),
                st.sampled_from(COLOURS),
                st.booleans(),
                st.integers(1, 99),
            ),
            min_size=2,
            max_size=30,
        )
    )
    return [
        Product(
            id=f"p{number:02d}",
            title=" ".join((*([maker] if named else []), colour, kind)),
            brand=maker,
            category=("Shop", kind.title()),
            attributes={"colour": colour},
            price=Decimal(price),
        )
        for number, (kind, maker, colour, named, price) in enumerate(drawn)
    ]


phrases = st.lists(st.sampled_from((*TYPES, *COLOURS)), min_size=1, max_size=3).map(" ".join)


UNTAUGHT = replace(PLAIN, search_queries=0, best_lists=0)
"""Default weights: what was learned of a shop of ten products is the demo's to test."""


def fitted(products: Sequence[Product], log: Sequence[Interaction] = ()) -> Recommender:
    return fitted_to(assemble(products, [], log))


def fitted_to(graph: Graph) -> Recommender:
    return Recommender.fit(graph, settings=UNTAUGHT)


# filters


def filters_of(products: Sequence[Product]) -> st.SearchStrategy[Filter]:
    """Filters on what some products have."""
    one = st.sampled_from(products)
    order = st.sampled_from(("<", "<=", ">", ">="))
    return st.one_of(
        st.builds(Filter, field=st.just("brand"), op=st.sampled_from(("=", "!=")), value=one.map(_brand)),
        st.builds(
            Filter,
            field=st.just("brand"),
            op=st.just("in"),
            value=st.lists(one.map(_brand), min_size=1, max_size=3).map(tuple),
        ),
        st.builds(Filter, field=st.just("category"), op=st.just("="), value=one.map(_category)),
        st.builds(Filter, field=st.just("price"), op=order, value=one.map(_price)),
        st.builds(
            Filter, field=st.just("attr.colour"), op=st.sampled_from(("=", "!=")), value=one.map(_colour)
        ),
    )


def _brand(product: Product) -> str:
    return product.brand


def _category(product: Product) -> str:
    return product.category[-1] if product.category else "Shop"


def _price(product: Product) -> str:
    return str(product.price or 10)


def _colour(product: Product) -> str:
    return next((value for value in product.values("colour") if isinstance(value, str)), "black")


def check_filtered(model: Recommender, text: str, where: list[Filter], k: int) -> None:
    """A filtered search is what is left of an unfiltered one: the same products, order and scores.

    Unless nothing would be left of what the words ask for ("under 40"): then that is set aside, and said.
    """
    whole, found = model.search(text, k=ALL), model.search(text, where=where, k=k)
    assert all(holds(hit.product, one) for hit in found for one in where)
    if found.note == whole.note:
        expected = [hit for hit in whole if all(holds(hit.product, one) for one in where)][:k]
        assert found.ids == tuple(hit.product.id for hit in expected)
        assert [hit.score for hit in found] == [hit.score for hit in expected]


@given(data=st.data(), text=asked, k=st.sampled_from((1, 10, 50)))
@settings(max_examples=50)
def test_filters_equal_a_look_at_every_product(
    demo: Recommender, data: st.DataObject, text: str, k: int
) -> None:
    table = demo.graph.products
    some = [table.product(n) for n in range(0, len(table), 7)]
    check_filtered(demo, text, data.draw(st.lists(filters_of(some), min_size=1, max_size=3)), k)


@given(data=st.data(), text=asked)
@settings(max_examples=25)
def test_the_learned_order_keeps_to_filters(demo: Recommender, data: st.DataObject, text: str) -> None:
    """It orders what the sum found; with a filter that is not the same hundred products."""
    table = demo.graph.products
    some = [table.product(n) for n in range(0, len(table), 7)]
    where = data.draw(st.lists(filters_of(some), min_size=1, max_size=2))
    found, exact = demo.search(text, where=where, ranking="best"), demo.search(text, where=where)
    assert all(holds(hit.product, one) for hit in found for one in where)
    assert len(found) == len(exact)


@given(data=st.data(), products=catalogs(), text=phrases)
@settings(max_examples=40)
def test_filters_hold_in_any_shop(data: st.DataObject, products: list[Product], text: str) -> None:
    where = data.draw(st.lists(filters_of(products), min_size=1, max_size=3))
    check_filtered(fitted(products), text, where, 10)


# brands


def share(results: Results, brand: str) -> float:
    return sum(hit.product.brand == brand for hit in results) / max(1, len(results))


def check_brand(model: Recommender, text: str, brand: str, ranking: RankingName = "exact") -> None:
    before, after = (model.search(asked, ranking=ranking) for asked in (text, f"{text} {brand}"))
    assert share(after, brand) >= share(before, brand), (text, brand)


@given(data=st.data(), text=asked, ranking=ranked)
@settings(max_examples=100)
def test_a_brand_word_never_lowers_the_share_of_its_brand(
    demo: Recommender, data: st.DataObject, text: str, ranking: RankingName
) -> None:
    check_brand(demo, text, data.draw(st.sampled_from(list(demo.graph.nodes["brand"]))), ranking)


@given(products=catalogs(), text=phrases, brand=st.sampled_from(MAKERS))
@settings(max_examples=60)
def test_a_brand_word_never_lowers_its_share_in_any_shop(
    products: list[Product], text: str, brand: str
) -> None:
    assume(any(one.brand == brand for one in products))
    check_brand(fitted(products), text, brand)


# titles


def check_title(model: Recommender, title: str, ranking: RankingName = "exact") -> None:
    assert tokens(model.search(title, k=1, ranking=ranking)[0].product.title) == tokens(title)


@given(data=st.data(), ranking=ranked)
@settings(max_examples=60)
def test_a_title_finds_its_product_first(
    demo: Recommender, data: st.DataObject, ranking: RankingName
) -> None:
    check_title(demo, data.draw(st.sampled_from(list(demo.graph.products.title))), ranking)


@pytest.mark.long
def test_every_title_finds_its_product_first(demo: Recommender) -> None:
    for ranking in demo.rankings:
        for title in demo.graph.products.title:
            check_title(demo, title, ranking)


@given(products=catalogs())
@settings(max_examples=40)
def test_a_title_finds_its_product_first_in_any_shop(products: list[Product]) -> None:
    model = fitted(products)
    for title in {one.title for one in products}:
        check_title(model, title)


# taste


def check_taste(model: Recommender, text: str, user: str) -> None:
    """Taste orders what the query found; it brings in nothing that the query did not mean.

    A user may lift a product by at most the weight of taste. So whatever is shown has, by the query alone, at
    least the score of the tenth without a user, less that weight.
    """
    plain, personal = model.search(text), model.search(text, user=user)
    if not plain:
        assert not personal
        return
    intent = {hit.product.id: hit.score for hit in model.search(text, k=ALL)}
    assert len(personal) == len(plain)
    taste = max((sum(_taste(hit.signals)) for hit in personal), default=0.0)
    for hit in personal:
        assert intent.get(hit.product.id, 0.0) > 0, "the query says nothing of it"
        assert intent[hit.product.id] >= plain[-1].score - taste - 1e-5
    if len(plain) > 1 and plain[0].score - plain[1].score > taste:
        assert personal[0].product.id == plain[0].product.id


def _taste(signals: object) -> list[float]:
    assert isinstance(signals, dict)
    return [value for name, value in signals.items() if name.startswith(f"{TASTE}.")]


@given(data=st.data(), text=asked)
@settings(max_examples=60)
def test_a_query_never_drowns_in_taste(demo: Recommender, data: st.DataObject, text: str) -> None:
    user = data.draw(st.sampled_from(list(demo.graph.nodes["user"])))
    check_taste(demo, text, user)
    personal, meant = demo.search(text, user=user), demo.search(text, k=50)
    assert meant[0].product.id in personal.ids
    assert set(personal.ids) <= set(meant.ids)


@given(products=catalogs(), text=phrases, bought=st.lists(st.integers(0, 29), min_size=1, max_size=12))
@settings(max_examples=40)
def test_a_query_never_drowns_in_taste_in_any_shop(
    products: list[Product], text: str, bought: list[int]
) -> None:
    log = [
        Interaction(user=user, product=products[number % len(products)].id, time=float(step))
        for user in ("one", "two", "three")
        for step, number in enumerate(bought)
    ]
    check_taste(fitted(products, log), text, "one")


def test_whoever_bought_nothing_but_lamps_still_finds_cups() -> None:
    """The worst case: all of a user's life is about something else."""
    products = [
        Product(id=f"{kind}{n}", title=f"{colour} {kind}", brand="Lumo", category=("Shop", kind))
        for kind in ("lamp", "cup")
        for n, colour in enumerate(("black", "white", "green", "blue"))
    ]
    log = [
        Interaction(user=f"u{user}", product=f"lamp{n}", time=float(n))
        for user in range(40)
        for n in range(3)
    ]
    model = fitted(products, log)
    assert all(hit.product.id.startswith("cup") for hit in model.search("cup", user="u1")[:4])
    assert model.search("white cup", user="u1")[0].product.id == "cup1"


# judged searches


def test_searches_of_the_demo_beat_words_and_vectors_alone(demo: Recommender) -> None:
    report = evaluate_judgments(demo, read_judgments(DEMO / "queries.csv"))
    for other in ("bm25", "dense"):
        (comparison,) = (one for one in report.comparisons if one.against == other)
        assert comparison.difference.low > 0.05, other
    assert report.row("best").means["ndcg@10"] > report.row("exact").means["ndcg@10"] - 0.02


@pytest.mark.parametrize("text", [True, False], ids=["with an English encoder", "without any"])
def test_chinese_searches_find_their_products(demo: Recommender, demo_graph: Graph, text: bool) -> None:
    """A product that is exactly what was meant is among the first three."""
    model = demo if text else fitted_to(demo_graph)
    rated = read_judgments(DEMO / "queries.csv").ratings
    chinese = [query for query in rated if any(character > "\u2e80" for character in query)]
    assert len(chinese) >= 10
    for query in chinese:
        assert any(rated[query].get(product) == 3 for product in model.search(query, k=3).ids), query


# nonsense


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text[:12]))
def test_nonsense_gets_an_answer_or_a_clear_error(demo: Recommender, text: str) -> None:
    for ranking in demo.rankings:
        check_sane(demo, text, ranking)


@given(noise=st.binary(min_size=1, max_size=200), ranking=ranked)
@settings(max_examples=60)
def test_bytes_get_an_answer_or_a_clear_error(demo: Recommender, noise: bytes, ranking: RankingName) -> None:
    check_sane(demo, noise.decode("utf-8", "surrogateescape"), ranking)
    check_sane(demo, noise.decode("utf-16", "replace"), ranking)


@given(
    ranking=ranked,
    text=st.lists(
        st.sampled_from(
            (
                "lamp", "for", "without", "no", "under", "over", "between", "and", "not", "or", "-", "50",
                "1e999", "15 inch", "5.1", "€", "%", "compatible with", "brand=HP", "price<=", "*", "\"", "'",
                "(", "不带", "适用于", "💡", "ohne", "für", "<", "0", "-1", "NaN", "inf", "x" * 300,
            )
        ),
        min_size=1,
        max_size=12,
    ).map(" ".join)
)  # fmt: skip
@settings(max_examples=100)
def test_half_sentences_get_an_answer_or_a_clear_error(
    demo: Recommender, ranking: RankingName, text: str
) -> None:
    check_sane(demo, text, ranking)


def check_sane(model: Recommender, text: str, ranking: RankingName = "exact") -> None:
    """A clear error, or at most k listed products with finite scores that their parts add up to, soon."""
    started = time.perf_counter()
    try:
        results = model.search(text, k=5, ranking=ranking)
    except ShelfgraphError:
        return
    assert time.perf_counter() - started < 5
    assert len(results) <= 5
    scores = [hit.score for hit in results]
    assert scores == sorted(scores, reverse=True)
    for hit in results:
        assert model.graph.products.listed[model.graph.number(hit.product.id)]
        assert np.isfinite(hit.score)
        assert hit.additive > 0
        assert sum(hit.signals.values()) == pytest.approx(hit.additive, rel=1e-5)
        assert hit.additive + hit.adjustment == pytest.approx(hit.score, abs=1e-5)
    assert str(results)


def test_a_language_that_the_text_model_does_not_know_is_read_through_words_and_graph(
    demo: Recommender,
) -> None:
    """No product has "无线鼠标" in its title; to an English model it is as near to any Chinese title."""
    found = demo.search("无线鼠标", k=8)
    kinds = [hit.product.category[-1] for hit in found]
    assert kinds.count("Mice") >= 6
    assert "Frying pans" not in kinds
    assert max(hit.signals.get("text_similarity", 0) for hit in demo.search("无线鼠标", k=50)) <= 0.5
    assert demo.search("wireless mouse")[0].signals["text_similarity"] > 0.5


def test_a_limit_holds_for_what_is_meant_and_not_for_what_is_hardly_meant(demo: Recommender) -> None:
    found = demo.search("水壶 100到200元", k=3)  # bottles, of which none costs so much; hardly a teapot
    assert {hit.product.category[-1] for hit in found} == {"Water bottles"}
    assert "nothing here has price>=100" in found.note


def test_nothing_in_a_search_is_a_command(tmp_path: Path) -> None:
    """Whatever is asked, the shop on disk stays as it is."""
    shop = Shop.create(tmp_path / "shop")
    shop.load([Product(id="a", title="lamp"), Product(id="b", title="'; DROP TABLE product; --")])
    before = shop.counts()
    model = Recommender.fit(shop.graph(), settings=UNTAUGHT)
    for text in STRANGE:
        check_sane(model, text)
    assert shop.counts() == before
    assert model.search("drop table product")[0].product.id == "b"
