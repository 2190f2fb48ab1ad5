"""Search, similar products and recommendations: sums, filters, ties, errors and strange questions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import FilterError, SettingsError, ShelfgraphError, UnknownProductError
from kg.filters import Filter
from kg.graph import Graph
from kg.records import Interaction, Product, Quantity
from kg.snapshot import assemble
from recommend.recommender import Recommender
from recommend.results import Results
from tests.recommend.shops import NASTY, PLAIN, planted

Ask = Callable[..., Results]
ALL = 10_000


def _entrances(r: Recommender, user: str, product: str, text: str) -> Mapping[str, Ask]:
    """Every way to ask, as a function of k and where."""
    return {
        "search": lambda **a: r.search(text, **a),
        "search for a user": lambda **a: r.search(text, user=user, **a),
        "search with a history": lambda **a: r.search(text, history=[product], **a),
        "similar": lambda **a: r.similar(product, **a),
        "recommend": lambda **a: r.recommend(user, **a),
        "recommend to a history": lambda **a: r.recommend(history=[product], **a),
        "recommend to a user and a history": lambda **a: r.recommend(user, history=[product], **a),
        "recommend to a stranger": lambda **a: r.recommend("nobody", **a),
    }


ENTRANCES = tuple(_entrances(None, "", "", ""))  # type: ignore[arg-type]


@pytest.fixture(params=ENTRANCES)
def ask(request: pytest.FixtureRequest, shop: Recommender) -> Ask:
    """One way to ask the planted shop."""
    return _entrances(shop, "u003", "p010", "kind3 oak brand2")[request.param]


@pytest.fixture(params=[(which, name) for which in ("planted", "by hand") for name in ENTRANCES])
def everything(request: pytest.FixtureRequest, shop: Recommender, hand: Recommender) -> tuple[Recommender, Results]:
    """All that one way to ask gives, in either shop."""
    which, name = request.param
    if which == "planted":
        return shop, _entrances(shop, "u003", "p010", "kind3 oak brand2")[name](k=ALL)
    return hand, _entrances(hand, "u1", "lamp1", "black table lamp E14")[name](k=ALL)


def _same(one: Results, other: Results) -> None:
    assert one.ids == other.ids
    assert [hit.score for hit in one] == [hit.score for hit in other]


# --- sums ---


def test_a_score_is_the_sum_of_its_signals(everything: tuple[Recommender, Results]) -> None:
    _, results = everything
    assert len(results) > 0
    for hit in results:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        assert min(hit.signals.values()) > 0


def test_hits_come_best_first_and_equal_ones_by_id(everything: tuple[Recommender, Results]) -> None:
    _, results = everything
    order = [(-hit.score, hit.product.id) for hit in results]
    assert order == sorted(order)
    assert len(set(results.ids)) == len(results)


@pytest.mark.parametrize("k", [1, 2, 7])
def test_a_shorter_list_is_the_beginning_of_a_longer_one(ask: Ask, k: int) -> None:
    assert ask(k=k).ids == ask(k=ALL).ids[:k]


def test_products_that_nothing_tells_apart_come_in_the_order_of_their_ids() -> None:
    names = [f"{n}" for n in (9, 10, 2, 1, 33)]
    products = [Product(id=i, title="the same lamp") for i in names] + [Product(id="seed", title="a cup", brand="B")]
    log = [Interaction(user="u", product=i) for i in names] + [Interaction(user="u", product="seed")]
    r = Recommender.fit(assemble(products, [], log), settings=PLAIN)
    assert r.search("lamp").ids == tuple(sorted(names))
    assert r.similar("seed").ids == tuple(sorted(names))
    assert r.search("lamp", k=2).ids == tuple(sorted(names))[:2]


# --- one and many ---


def test_one_by_one_equals_all_at_once(shop: Recommender) -> None:
    users = ["u000", "u001", "nobody", "u149"]
    texts = ["kind3 oak", "brand2", "nothing known", "colour4 colour4"]
    for ranking, single in (
        (shop.recommend_many(users, k=7), [shop.recommend(user, k=7) for user in users]),
        (shop.search_many(texts, k=7), [shop.search(text, k=7) for text in texts]),
    ):
        assert ranking.ids.shape == ranking.scores.shape == (4, 7)
        assert ranking.scores.dtype == np.float32
        for row, results in enumerate(single):
            found = len(results)
            assert tuple(ranking.ids[row, :found]) == results.ids
            np.testing.assert_allclose(ranking.scores[row, :found], [h.score for h in results], rtol=1e-5)
            assert (ranking.ids[row, found:] == "").all()
            assert (ranking.scores[row, found:] == -np.inf).all()


def test_no_questions_no_answers(shop: Recommender) -> None:
    assert shop.recommend_many([], k=3).ids.shape == (0, 3)
    assert shop.search_many([], k=3).scores.shape == (0, 3)


def test_eight_threads_get_what_one_gets() -> None:
    """From a model that nobody has asked anything yet, so that they meet in whatever is loaded lazily."""
    r = Recommender.fit(planted(150, 100), settings=PLAIN)
    other = Recommender.fit(planted(150, 100), settings=PLAIN)

    def questions(r: Recommender) -> list[Callable[[], object]]:
        asks: list[Callable[[], object]] = []
        for n in range(40):
            user, product = f"u{n:03d}", f"p{n:03d}"
            asks += [
                lambda user=user: _plain(r.recommend(user)),
                lambda product=product: _plain(r.similar(product, where="price<=100")),
                lambda n=n, user=user: _plain(r.search(f"kind{n % 12} oak", user=user)),
                lambda product=product, user=user: r.explain(r.recommend(user).query, product).plain(),
            ]
        return asks

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda ask: ask(), questions(r)))
    assert together == [ask() for ask in questions(other)]


def _plain(results: Results) -> list[tuple[str, float, Mapping[str, float]]]:
    return [(hit.product.id, hit.score, hit.signals) for hit in results]


# --- filters ---

_COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _values(product: Product, field: str) -> list[object]:
    """What a product has in a field, as people would compare it."""
    match field:
        case "price":
            return [] if product.price is None else [float(product.price)]
        case "category":
            path = [name.casefold() for name in product.category]
            below = [" > ".join(path[: i + 1]) for i in range(len(path))]
            return [*path, *below, *(label.casefold() for label in product.labels)]
        case "id":
            return [product.id]
        case "brand" | "availability" | "language":
            value = getattr(product, field)
            return [value.casefold()] if value else []
    found: list[object] = []
    for value in product.values(field.removeprefix("attr.")):
        if isinstance(value, bool):
            found.append(str(value).casefold())
        elif isinstance(value, Quantity):
            found.append(value.number)
        else:
            found.append(value.casefold() if isinstance(value, str) else float(value))
    return found


def _holds(product: Product, one: Filter) -> bool:
    values = _values(product, one.field)
    wanted: list[object] = []
    for value in one.value if isinstance(one.value, tuple) else (one.value,):
        text = str(value) if one.field == "id" else str(value).casefold()
        wanted.append(text)
        try:
            wanted.append(float(text))
        except ValueError:
            continue
    if one.op == "!=":
        return not any(v == w for v in values for w in wanted)
    if one.op in ("=", "in"):
        return any(v == w for v in values for w in wanted)
    return any(_COMPARE[one.op](v, wanted[-1]) for v in values if isinstance(v, float))


def _filters() -> st.SearchStrategy[Filter]:
    def choices(field: str, values: Iterable[str], ops: str = "= !=") -> st.SearchStrategy[Filter]:
        one = st.sampled_from(sorted(values))
        several = st.lists(one, min_size=1, max_size=3).map(tuple)
        return st.one_of(
            st.builds(Filter, field=st.just(field), op=st.sampled_from(ops.split()), value=one),
            st.builds(Filter, field=st.just(field), op=st.just("in"), value=several),
        )

    order = "= != < <= > >="
    return st.one_of(
        choices("brand", ["Brand1", "brand2", "BRAND3", "nobody"]),
        choices("category", ["Root0", "root1", "Kind3", "Root0 > Kind3", "Kind99"]),
        choices("availability", ["in_stock", "sold_out"]),
        choices("language", ["en", "zh"]),
        choices("attr.colour", ["colour1", "Colour2", "green"]),
        choices("attr.eco", ["yes", "true", "no", "false"]).map(_boolean_words),
        choices("attr.missing", ["x"]),
        choices("id", ["p001", "p010", "P011", "stub1"]),
        choices("price", ["20", "50.0", "90", "150"], order),
        choices("attr.size", ["0", "2", "3.5"], order),
    )


def _boolean_words(one: Filter) -> Filter:
    """'yes' and 'true' are one value; the brute force knows only the latter."""
    said = {"yes": "true", "no": "false"}
    value = one.value
    told = tuple(said.get(str(v), str(v)) for v in value) if isinstance(value, tuple) else said.get(str(value), value)
    return Filter(field=one.field, op=one.op, value=told)


@pytest.fixture(scope="module")
def unfiltered(shop: Recommender) -> Mapping[str, Results]:
    asks = _entrances(shop, "u003", "p010", "kind3 oak brand2")
    return {name: ask(k=ALL) for name, ask in asks.items()}


@given(where=st.lists(_filters(), max_size=3), k=st.sampled_from([1, 5, 30, ALL]))
def test_filters_hold_in_every_entrance(
    where: list[Filter], k: int, shop: Recommender, unfiltered: Mapping[str, Results]
) -> None:
    for name, ask in _entrances(shop, "u003", "p010", "kind3 oak brand2").items():
        expected = [hit for hit in unfiltered[name] if all(_holds(hit.product, one) for one in where)][:k]
        results = ask(where=where, k=k)
        assert results.ids == tuple(hit.product.id for hit in expected), name
        assert [h.score for h in results] == [h.score for h in expected], name


def test_filters_may_be_text(shop: Recommender) -> None:
    as_text = shop.recommend("u003", where=["price<=50", "attr.colour in colour1,colour2"])
    as_filters = shop.recommend(
        "u003",
        where=[
            Filter(field="price", op="<=", value=50),
            Filter(field="attr.colour", op="in", value=("colour1", "colour2")),
        ],
    )
    _same(as_text, as_filters)
    assert all(hit.product.price is not None and hit.product.price <= Decimal(50) for hit in as_text)


def test_no_filter_lets_everything_through(ask: Ask) -> None:
    _same(ask(where=()), ask())
    _same(ask(where=[]), ask())


def test_a_filter_that_nothing_passes(ask: Ask) -> None:
    assert ask(where="price<0").ids == ()


@pytest.mark.parametrize("where", ["price", "weight=3", "price<cheap", "brand<3", "", "attr.=2"])
def test_a_filter_without_sense_is_an_error(ask: Ask, where: str) -> None:
    with pytest.raises(FilterError):
        ask(where=where)


# --- what is never answered ---


def test_stubs_are_never_answers(everything: tuple[Recommender, Results]) -> None:
    r, results = everything
    stubs = {r.graph.products.id[i] for i in np.flatnonzero(~r.graph.products.listed).tolist()}
    assert stubs
    assert stubs.isdisjoint(results.ids)


def test_what_was_bought_is_not_recommended_again(shop: Recommender) -> None:
    behaviour = shop.fitted.behaviour
    for number, user in list(enumerate(shop.graph.nodes["user"]))[::5]:
        owned = {shop.graph.products.id[p] for p in behaviour.history(number).products.tolist()}
        assert owned
        assert owned.isdisjoint(shop.recommend(user, k=ALL).ids)


def test_neither_is_what_a_history_names(shop: Recommender) -> None:
    assert {"p010", "p020"}.isdisjoint(shop.recommend(history=["p010", "p020"], k=ALL).ids)
    assert "p010" not in shop.recommend("u003", history=["p010"], k=ALL).ids
    assert "p010" not in shop.similar("p010", k=ALL).ids


def test_a_search_shows_also_what_was_bought(hand: Recommender) -> None:
    assert "lamp1" in hand.search("brass table lamp", user="u1").ids


# --- people ---


def test_a_history_given_equals_the_same_bought(hand: Recommender) -> None:
    """u4 bought lamp2, then bulb2."""
    bought, given_ = hand.recommend("u4"), hand.recommend(history=["lamp2", "bulb2"])
    assert bought.ids == given_.ids
    np.testing.assert_allclose([h.score for h in bought], [h.score for h in given_], rtol=1e-6)


def test_strangers_get_what_is_popular_and_are_told(hand: Recommender) -> None:
    for results in (hand.recommend("nobody"), hand.recommend()):
        assert "popular" in results.note
        assert len(results) == 10
        assert all(set(hit.signals) == {"popularity"} for hit in results)
        assert results.ids[0] == "bulb1"  # three buyers, more than any other
        assert str(results).startswith(results.note)


def test_a_stranger_with_a_history_is_no_stranger(hand: Recommender) -> None:
    _same(hand.recommend("nobody", history=["lamp1"]), hand.recommend(history=["lamp1"]))
    assert hand.recommend("nobody", history=["lamp1"]).note == ""
    assert hand.recommend("u1").note == ""


def test_taste_moves_a_search(hand: Recommender) -> None:
    plain, mine = hand.search("bulb"), hand.search("bulb", user="u3")
    assert set(plain.ids) <= set(mine.ids)
    assert any(name.startswith("taste.") for hit in mine for name in hit.signals)
    assert not any(name.startswith("taste.") for hit in plain for name in hit.signals)
    _same(hand.search("bulb", user="nobody"), plain)
    assert hand.search("zebra", user="u3").ids == ()  # taste alone is no answer to a search


def test_compatible_products_come_first(hand: Recommender) -> None:
    assert hand.similar("lamp2").ids[0] == "bulb2"
    hit = next(hit for hit in hand.similar("lamp2") if hit.product.id == "bulb2")
    assert hit.signals["compatible_with"] > 0


def test_a_record_comes_back_as_it_was_loaded(hand: Recommender) -> None:
    hit = next(hit for hit in hand.search("brass table lamp") if hit.product.id == "lamp1")
    assert hit.product.title == "Brass table lamp"
    assert hit.product.price == Decimal("49.00")
    assert hit.product.category == ("Home", "Lighting", "Table lamps")
    assert hit.product.attributes["power"] == Quantity(number=40, unit="W")
    assert hit.product.attributes["dimmable"] is True


# --- errors ---


@pytest.mark.parametrize("product", ["nothing", "", "gone", "LAMP1"])
def test_unknown_products_are_errors_that_name_them(hand: Recommender, product: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: hand.similar(product),
        lambda: hand.explain(hand.recommend("u1").query, product),
    ]
    if product != "gone":  # a stub may stand in a history: it was bought before it left the catalog
        calls += [lambda: hand.recommend(history=["lamp1", product]), lambda: hand.search("lamp", history=[product])]
    for call in calls:
        with pytest.raises(UnknownProductError) as caught:
            call()
        assert caught.value.product_id == product
        assert repr(product) in str(caught.value)


def test_a_stub_in_a_history_still_counts(hand: Recommender) -> None:
    assert hand.recommend(history=["gone"]).ids


@pytest.mark.parametrize("k", [0, -1, 10_001, 2.5, "10", None, float("nan")])
def test_a_bad_k_is_an_error(ask: Ask, k: object) -> None:
    with pytest.raises(SettingsError, match="k="):
        ask(k=k)


def test_k_beyond_the_catalog_gives_what_there_is(ask: Ask, shop: Recommender) -> None:
    assert len(ask(k=ALL)) <= shop.graph.product_count


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u3000"])
def test_an_empty_search_is_an_error(hand: Recommender, text: str) -> None:
    with pytest.raises(SettingsError, match="empty"):
        hand.search(text)
    with pytest.raises(SettingsError, match="empty"):
        hand.search_many(["lamp", text])


def test_a_search_for_nothing_is_an_error(hand: Recommender) -> None:
    with pytest.raises(SettingsError, match="text or an image"):
        hand.search()
    with pytest.raises(SettingsError, match="ranking"):
        hand.search("lamp", ranking="best")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="paths"):
        hand.explain(hand.recommend("u1").query, "lamp3", paths=0)


STRANGE = (
    "lamp " * 2_000,
    "x" * 10_000,
    "灯" * 10_000,
    "💡🛋️👩‍👩‍👧‍👦",
    "'; DROP TABLE products; --",
    '"}) MATCH (n) DETACH DELETE n //',
    "$where {id: 1} `x`",
    "!?…—&%§",
    "\x00\x01\x02lamp\x7f",
    "\u202elamp\u202c",
    "a\u0300\u0301\u0302" * 50,
    "lamp\ud800",
    "\udcff\udcfe",
    bytes(range(256)).decode("utf-8", "surrogateescape"),
    bytes(range(256)).decode("latin-1"),
    "NaN",
    "-1e999",
    "../../etc/passwd",
    "<script>alert(1)</script>",
)


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text[:12]))
def test_strange_searches_give_results_or_a_clear_error(hand: Recommender, text: str) -> None:
    try:
        results = hand.search(text, user="u1", k=3)
    except ShelfgraphError:
        return
    for hit in results:
        assert hit.score > 0
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        explanation = hand.explain(results.query, hit.product.id)
        assert explanation.text
        assert explanation.graphml()
        assert explanation.cypher()
    assert str(results)


@given(st.text(max_size=80))
def test_any_text_can_be_searched(hand: Recommender, text: str) -> None:
    if not text.strip():
        return
    for hit in hand.search(text):
        assert hand.explain(hand.search(text).query, hit.product.id).score == pytest.approx(hit.score, rel=1e-5)


@pytest.mark.parametrize("person", [NASTY, "", "\x00", "u1 ", "U1", "x" * 10_000, "\ud800"])
def test_strange_users_are_strangers(hand: Recommender, person: str) -> None:
    assert "popular" in hand.recommend(person).note


def test_products_with_ugly_names_are_products(hand: Recommender) -> None:
    assert hand.similar(NASTY).ids
    assert NASTY in hand.search("ugly").ids
    assert NASTY in hand.similar("rug1").ids
    assert hand.recommend(history=[NASTY], where=[Filter(field="id", op="=", value="lamp1")]).ids == ("lamp1",)


# --- shops with next to nothing ---


@pytest.mark.parametrize(
    "graph",
    [
        assemble([], [], []),
        assemble([Product(id="only")], [], []),
        assemble([Product(id="a", title="lamp"), Product(id="b", title="cup")], [], []),
        assemble([], [], [Interaction(user="u", product="stub")]),
    ],
    ids=["empty", "one", "no users", "only stubs"],
)
def test_shops_with_next_to_nothing_answer(graph: Graph) -> None:
    r = Recommender.fit(graph, settings=PLAIN)
    assert r.recommend("u").ids == ()
    assert r.recommend().ids == ()
    assert set(r.search("lamp").ids) <= {"a"}
    assert r.recommend_many(["u"], k=2).ids.tolist() == [["", ""]]
    for product in graph.products.id:
        if graph.products.listed[graph.nodes["product"].numbers([product])[0]]:
            assert r.similar(product).ids == ()
