"""An updated shop answers as one that was built anew, shares what did not change, and changes all at once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encoders.cache import EncodingCache
from kg.errors import ShopError, VersionError
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.resources import data_folder
from kg.shop import Shop
from recommend import Recommender, Settings, build, update
from recommend.opening import open_fitted
from recommend.results import Ranking
from tests.recommend.shops import FEW_QUERIES, PLAIN
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS

WITH_TEXT = replace(Settings.of_profile("fast"), threads=1, search_queries=FEW_QUERIES)
EVERYTHING = replace(
    Settings(),
    threads=1,
    kge_epochs=2,
    gnn_steps=10,
    fusion_epochs=1,
    kge_dim=16,
    gnn_dim=16,
    search_queries=FEW_QUERIES,
)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The tiny shop, loaded and built without models."""
    shop = Shop.create(tmp_path / "shop")
    shop.load(PRODUCTS)
    shop.load(FACTS)
    shop.load(INTERACTIONS)
    build(shop, settings=PLAIN)
    return shop


def fresh(graph: Graph, like: Recommender, cache: Path | None = None) -> Recommender:
    """A model fitted anew, with what another has learned (weights, scales, memories, the intent of queries):
    what an update must amount to."""
    model = Recommender.fit(graph, settings=like.settings, seed=like.seed, cache=cache)
    fitted = model.fitted
    learned = {one.name: (one.scale, one.memory) for one in like.fitted.links}
    fitted.links = tuple(
        replace(one, scale=learned[one.name][0], memory=learned[one.name][1]) for one in fitted.links
    )
    fitted.weights = {task: dict(weights) for task, weights in like.weights.items()}
    fitted.intent = like.fitted.intent
    return Recommender(fitted, model._encoders, settings=model.settings, seed=model.seed)


def assert_same(one: Ranking, other: Ranking) -> None:
    """The same scores, and the same products wherever scores tell them apart."""
    scores = np.nan_to_num(one.scores, neginf=-1.0)
    others = np.nan_to_num(other.scores, neginf=-1.0)
    np.testing.assert_allclose(scores, others, rtol=2e-5, atol=1e-6)
    for row in range(len(scores)):
        for place in np.flatnonzero(one.ids[row] != other.ids[row]).tolist():
            ties = np.isclose(scores[row], scores[row][place], rtol=2e-5, atol=1e-6)
            last = scores[row][-1]
            assert ties.sum() > 1 or np.isclose(scores[row][place], last, rtol=2e-5, atol=1e-6)


def assert_answers_like(updated: Recommender, anew: Recommender, queries: list[str]) -> None:
    graph = updated.graph
    assert list(graph.products.id) == list(anew.graph.products.id)
    for (kind, one), (_, other) in zip(
        updated.fitted.query_channels, anew.fitted.query_channels, strict=True
    ):
        arrays, others = one.arrays(), other.arrays()
        assert arrays.keys() == others.keys()
        for name in arrays:
            np.testing.assert_array_equal(arrays[name], others[name], err_msg=f"{kind} {name}")
    assert_same(updated.search_many(queries), anew.search_many(queries))
    users = list(graph.nodes["user"])[:40]
    assert_same(updated.recommend_many(users), anew.recommend_many(users))
    for number in np.flatnonzero(graph.products.listed)[:: max(1, graph.product_count // 25)].tolist():
        product = graph.products.id[number]
        np.testing.assert_allclose(
            [hit.score for hit in updated.similar(product)],
            [hit.score for hit in anew.similar(product)],
            rtol=2e-5,
            atol=1e-6,
        )


class TestWhatShows:
    def test_changed_new_and_deleted_products_show_in_every_answer(self, shop: Shop) -> None:
        shop.load(
            [
                Product(id="lamp-black", title="Green reading lantern", brand="Lumo"),
                Product(id="lantern", title="Paper lantern", brand="Nori", category=("Home", "Lighting")),
            ]
        )
        shop.delete(products=["rake"])
        done = update(shop)
        assert (done.added, done.changed, done.removed) == (1, 1, 1)
        r = Recommender.open(shop.path)
        assert {hit.product.id for hit in r.search("lantern")} == {"lamp-black", "lantern"}
        assert r.search("lantern", where="brand=Nori")[0].product.title == "Paper lantern"
        assert "rake" not in {hit.product.id for hit in r.search("rake")}
        assert "lamp-paper" in {hit.product.id for hit in r.similar("lantern")}
        assert r.explain(r.similar("lantern").query, "lamp-paper").paths

    def test_a_load_is_part_of_the_call_if_there_is_a_source(self, shop: Shop) -> None:
        done = update(shop, [Product(id="lantern", title="Lantern")])
        assert done.report is not None
        assert done.report.loaded == 1
        assert Recommender.open(shop.path).search("lantern")[0].product.id == "lantern"

    def test_new_facts_and_interactions_make_their_channels(self, shop: Shop) -> None:
        shop.load([Fact(head="spade", relation="comes_with", tail="rake")])
        shop.load([Interaction(user="new", product="spade"), Interaction(user="new", product="rake")])
        update(shop)
        r = Recommender.open(shop.path)
        hit = next(hit for hit in r.similar("spade") if hit.product.id == "rake")
        assert "comes_with" in hit.signals
        assert r.recommend("new").note == ""

    def test_what_was_rolled_back_from_is_made_good_by_the_next_update(self, shop: Shop) -> None:
        update(shop, [Product(id="lantern", title="Lantern")])
        shop.rollback()
        assert not len(Recommender.open(shop.path).search("lantern"))
        update(shop)
        assert len(Recommender.open(shop.path).search("lantern")) == 1


class TestWhatIsShared:
    def test_without_a_change_no_version_is_made(self, shop: Shop) -> None:
        shop.load(PRODUCTS)
        done = update(shop)
        assert done.version.name == "0001"
        assert [version.name for version in shop.versions()] == ["0001"]

    def test_a_price_encodes_nothing_and_shares_all_but_the_graph(self, tmp_path: Path) -> None:
        shop = Shop.create(tmp_path / "shop")
        shop.load(PRODUCTS)
        before = build(shop, settings=WITH_TEXT)
        encoded = len(EncodingCache(shop.cache / "encodings.sqlite"))
        shop.load([replace(PRODUCTS[0], price=Decimal("1.00"))])
        after = update(shop).version
        assert len(EncodingCache(shop.cache / "encodings.sqlite")) == encoded
        assert Recommender.open(shop.path).search("lamp", where="price<=1")[0].product.id == PRODUCTS[0].id
        own = {
            path.relative_to(after.path).as_posix()
            for path in after.path.rglob("*")
            if path.is_file() and not path.samefile(before.path / path.relative_to(after.path))
        }
        # the reader of queries knows the range of prices
        kept = {"graph.safetensors", "manifest.json", "manifest.sha256", "model.json", "reader.safetensors"}
        assert own == kept

    @pytest.mark.parametrize("field", ["price", "currency", "availability", "image", "url", "gtin"])
    def test_what_names_nothing_leaves_types_words_and_names_alone(self, shop: Shop, field: str) -> None:
        before = open_fitted(shop.path)
        changes: dict[str, Any] = {"price": Decimal("9999.00"), "currency": "USD"}
        changed = replace(PRODUCTS[0], **{field: changes.get(field, "changed")})
        shop.load([changed])
        model = Recommender.refit(before, shop.graph(), written=(changed.id,))
        assert model.graph.products.product(model.graph.number(changed.id)) == changed
        assert model.fitted.derived is before.fitted.derived
        assert model.fitted.reader.names is before.fitted.reader.names
        anew = fresh(shop.graph(), model)
        arrays, others = model.fitted.reader.arrays(), anew.fitted.reader.arrays()
        for name in arrays:
            np.testing.assert_array_equal(arrays[name], others[name], err_msg=name)
        assert_answers_like(model, anew, ["lamp", "desk under 100", "rug"])

    @pytest.mark.parametrize("field", ["title", "description", "brand", "category", "attributes"])
    def test_what_names_something_is_read(self, shop: Shop, field: str) -> None:
        before = open_fitted(shop.path)
        changes: dict[str, Any] = {"category": ("Oddments",), "attributes": {"made": "oddment"}}
        shop.load([replace(PRODUCTS[0], **{field: changes.get(field, "oddment")})])
        model = Recommender.refit(before, shop.graph(), written=(PRODUCTS[0].id,))
        assert model.search("oddment")[0].product.id == PRODUCTS[0].id
        assert not before.fitted.reader.vocabulary.knows("oddment")
        assert model.fitted.reader.vocabulary.knows("oddment")

    def test_what_users_do_leaves_types_and_words_alone(self, shop: Shop) -> None:
        before = open_fitted(shop.path)
        user = Recommender.open(shop.path).graph.nodes["user"][0]
        shop.load([Interaction(user=user, product=PRODUCTS[0].id, time=9.0, kind="view")])
        model = Recommender.refit(before, shop.graph(), written=())
        assert model.fitted.derived is before.fitted.derived
        assert_answers_like(model, fresh(shop.graph(), model), ["lamp", "rug"])

    def test_a_fact_is_something_new(self, shop: Shop) -> None:
        before = open_fitted(shop.path)
        shop.load([Fact(head=PRODUCTS[0].id, relation="of_type", tail="oddment", tail_kind="type")])
        model = Recommender.refit(before, shop.graph(), written=())
        assert model.search("oddment")[0].product.id == PRODUCTS[0].id
        assert model.fitted.reader.read("oddment").of_role("type")

    def test_another_title_encodes_that_product_alone(self, tmp_path: Path) -> None:
        shop = Shop.create(tmp_path / "shop")
        shop.load(PRODUCTS)
        build(shop, settings=WITH_TEXT)
        encoded = len(EncodingCache(shop.cache / "encodings.sqlite"))
        update(shop, [replace(PRODUCTS[0], title="Porcelain teapot")])
        assert len(EncodingCache(shop.cache / "encodings.sqlite")) == encoded + 1
        assert Recommender.open(shop.path).search("teapot of china")[0].product.id == PRODUCTS[0].id

    def test_the_version_before_is_whole_and_serves_again(self, shop: Shop) -> None:
        answers = [hit.product.id for hit in Recommender.open(shop.path).search("lamp")]
        update(shop, [Product(id="lamp-new", title="lamp lamp lamp")])
        shop.rollback("0001")
        assert [hit.product.id for hit in Recommender.open(shop.path).search("lamp")] == answers


class TestAllOrNothing:
    def test_before_the_first_build_there_is_nothing_to_update(self, tmp_path: Path) -> None:
        shop = Shop.create(tmp_path / "shop")
        with pytest.raises(VersionError, match="shelfgraph build"):
            update(shop, [Product(id="lantern")])
        assert shop.counts().products == 0

    @pytest.mark.parametrize("stage", ["graph", "index"])
    def test_interrupted_it_leaves_what_served(self, shop: Shop, stage: str) -> None:
        def interrupt(name: str, done: int, total: int) -> None:
            if name == stage:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            update(shop, [Product(id="lantern", title="Lantern")], progress=interrupt)
        assert not len(Recommender.open(shop.path).search("lantern"))
        assert update(shop).added == 1
        assert len(Recommender.open(shop.path).search("lantern")) == 1

    def test_a_shop_that_was_emptied_is_not_served(self, shop: Shop) -> None:
        shop.delete(products=[product.id for product in PRODUCTS])
        with pytest.raises(ShopError, match="lists no products"):
            update(shop)
        assert len(Recommender.open(shop.path).search("lamp"))

    def test_options_of_a_load_need_a_source(self, shop: Shop) -> None:
        with pytest.raises(ShopError, match="kind"):
            update(shop, kind="facts")


WORDS = ("lamp", "desk", "oak", "brass", "rug", "garden")
edits = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "delete", "fact", "meet"]),
        st.sampled_from(["aa", "zz", *(product.id for product in PRODUCTS)]),
        st.sampled_from(WORDS),
        st.sampled_from(WORDS),
    ),
    min_size=1,
    max_size=6,
)


def apply(shop: Shop, edit: tuple[str, str, str, str]) -> None:
    kind, product, word, other = edit
    if kind == "delete":
        shop.delete(products=[product])
    elif kind == "fact":
        shop.load([Fact(head=product, relation="goes_with", tail="desk-oak")])
    elif kind == "meet":
        shop.load([Interaction(user=word, product=product, time=float(len(other)))])
    else:
        made = Product(
            id=product,
            title=f"{word} {other}",
            brand=word.title(),
            labels=(other,),
            attributes={"made": word},
        )
        shop.load([made])


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rounds=st.lists(edits, min_size=1, max_size=3))
def test_whatever_is_written_an_update_answers_like_a_build(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[str, str, str, str]]]
) -> None:
    shop = Shop.create(tmp_path_factory.mktemp("edited") / "shop")
    for records in (PRODUCTS, FACTS, INTERACTIONS):
        shop.load(records)
    build(shop, settings=PLAIN)
    for made in rounds:
        for edit in made:
            apply(shop, edit)
        update(shop)
    updated = Recommender.open(shop.path)
    assert_answers_like(updated, fresh(shop.graph(), updated), list(WORDS))


def random_edits(products: dict[str, Product], count: int, seed: int) -> Iterator[Product | str]:
    """Products to write and ids to delete, a third each of changes, newcomers and deletions."""
    rng = random.Random(seed)
    for number in range(count):
        ids = sorted(products)
        one, other = (products[rng.choice(ids)] for _ in range(2))
        match rng.randrange(3):
            case 0:
                part = rng.choice(["title", "price", "attributes", "category", "brand", "description"])
                edited = replace(one, **{part: getattr(other, part)})
            case 1:
                edited = replace(one, id=f"new-{number}", title=f"{one.title} {other.brand}")
            case _:
                del products[one.id]
                yield one.id
                continue
        products[edited.id] = edited
        yield edited


@pytest.mark.timeout(600)
def test_a_thousand_edits_of_the_demo_shop_leave_the_answers_of_a_build(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    demo = data_folder() / "demo"
    shop.load(demo / "products.jsonl")
    shop.load(demo / "interactions.csv", kind="interactions")
    shop.load(demo / "facts.csv", kind="facts")
    build(shop, settings=WITH_TEXT)
    with shop.store() as store:
        products = {product.id: product for product in store.products()}
    for turn, count in enumerate((1, 9, 90, 900)):
        written: list[Product] = []
        for edit in random_edits(products, count, seed=turn):
            if isinstance(edit, str):
                shop.load(written)
                written = []
                shop.delete(products=[edit])
            else:
                written.append(edit)
        shop.load(written)
        update(shop)
    updated = Recommender.open(shop.path)
    anew = fresh(shop.graph(), updated, cache=shop.cache)
    with (demo / "queries.csv").open(encoding="utf-8") as lines:
        queries = sorted({line.split(",")[0] for line in lines} - {"query"})[:40]
    assert_answers_like(updated, anew, queries)


@pytest.mark.timeout(300)
def test_with_all_models_new_products_are_placed_without_training(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    demo = data_folder() / "demo"
    shop.load(demo / "products.jsonl")
    shop.load(demo / "interactions.csv", kind="interactions")
    with shop.store() as store:
        known = [product for product, _ in zip(store.products(), range(150), strict=False)]
    small = Shop.create(tmp_path / "small")
    small.load(known)
    build(small, settings=EVERYTHING)
    before = Recommender.open(small.path).fitted
    twin = replace(known[0], id="twin")
    update(small, [twin])
    r = Recommender.open(small.path)
    assert r.similar("twin")[0].product.id == known[0].id
    for space in ("text", "image", "kge", "gnn", "fused"):
        index = r.fitted.indexes[space]
        number = r.graph.number("twin")
        assert index.has(number)
        # nothing of the others has moved
        ids = [product.id for product in known]
        old = before.indexes[space].index.rows(np.arange(len(before.indexes[space].products)))
        place = np.array([r.graph.number(i) for i in ids])
        new = index.index.rows(np.searchsorted(index.products, place))
        np.testing.assert_allclose(new, old, atol=1e-6)
