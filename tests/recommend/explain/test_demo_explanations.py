"""Real answers of the demo shop: every edge is looked up in its file; shoppers read clean sentences."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from kg import Shop
from kg.graph import USER_RELATIONS
from kg.resources import data_folder
from recommend.explain.explanation import CONFIDENCE, ExplainedEdge, ExplainedNode, Explanation
from recommend.recommender import Recommender
from recommend.results import Results
from tests.recommend.shops import PLAIN

KIND_OF = {relation: kind for kind, relation in USER_RELATIONS.items()}
UNITS = ("users", "similarity", "BM25", "amount", "name", "orders", "pairs")


class Store:
    """Asks the SQLite file of a shop, by its tables alone."""

    def __init__(self, file: Path) -> None:
        self._file = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        self.close = self._file.close
        self.users = {user for (user,) in self._file.execute("SELECT DISTINCT user FROM interaction")}

    def has_node(self, node: ExplainedNode) -> bool:
        if node.kind == "user":
            return node.id in self.users
        if node.kind == "product":
            return bool(self._rows("SELECT 1 FROM product WHERE id = ?", node.id))
        if node.kind == "brand":
            return bool(self._rows("SELECT 1 FROM product WHERE brand = ?", node.id))
        stated = "SELECT 1 FROM fact WHERE (head = ?1 AND head_kind = ?2) OR (tail = ?1 AND tail_kind = ?2)"
        return node.id in self._nodes(node.kind) or bool(self._rows(stated, node.id, node.kind))

    def has_edge(self, edge: ExplainedEdge) -> bool:
        head, tail = (edge.start, edge.end) if edge.forward else (edge.end, edge.start)
        if head.kind == "user":
            kind = KIND_OF[edge.relation]
            sql = "SELECT 1 FROM interaction WHERE user = ? AND product = ? AND kind = ?"
            return bool(self._rows(sql, head.id, tail.id, kind))
        stated = "SELECT 1 FROM fact WHERE head = ? AND relation = ? AND tail = ? AND weight > 0"
        if self._rows(stated, head.id, edge.relation, tail.id):
            return True
        match edge.relation:
            case "made_by":
                return bool(self._rows("SELECT 1 FROM product WHERE id = ? AND brand = ?", head.id, tail.id))
            case "in_category":
                return tail.id in self._categories(head.id)[-1:]
            case "has_attribute" | "in_collection":
                return tail.id in self._linked(tail.kind, head.id)
            case "subcategory_of":
                return head.id.rpartition(" > ")[0] == tail.id
        return False

    def _rows(self, sql: str, *values: str) -> list[Any]:
        return self._file.execute(sql, values).fetchall()

    @cache  # noqa: B019 - one store for all tests
    def _nodes(self, kind: str) -> set[str]:
        """All categories, attributes or collections."""
        products = [product for (product,) in self._rows("SELECT id FROM product")]
        linked = self._categories if kind == "category" else partial(self._linked, kind)
        return {node for product in products for node in linked(product)}

    def _categories(self, product: str) -> list[str]:
        ((path,),) = self._rows("SELECT category FROM product WHERE id = ?", product)
        names = json.loads(path)
        return [" > ".join(names[: stop + 1]) for stop in range(len(names))]

    def _linked(self, kind: str, product: str) -> set[str]:
        ((attributes, collections),) = self._rows(
            "SELECT attributes, collections FROM product WHERE id = ?", product
        )
        if kind == "collection":
            return set(json.loads(collections))
        found = set()
        for name, value in json.loads(attributes).items():
            for one in value if isinstance(value, list) else [value]:
                said = {True: "yes", False: "no"}.get(one, one) if isinstance(one, bool) else one
                found.add(f"{name}={said}")
        return found


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recommender, Store]]:
    shop = Shop.create(tmp_path_factory.mktemp("demo") / "shop")
    source = data_folder() / "demo"
    shop.load(source / "products.jsonl")
    shop.load(source / "facts.csv", kind="facts")
    shop.load(source / "interactions.csv", kind="interactions")
    model = Recommender.fit(shop.graph(), settings=replace(PLAIN, search_queries=0, best_lists=0))
    with closing(Store(shop.path / "graph.sqlite")) as store:
        yield model, store


@pytest.fixture(scope="module")
def answers(demo: tuple[Recommender, Store]) -> list[tuple[Results, tuple[Explanation, ...]]]:
    """Recommendations, similar products and searches, with everything that explains them."""
    model, _ = demo
    users = list(model.graph.nodes["user"])
    products = list(model.graph.nodes["product"])
    asked = [model.recommend(user) for user in users[:200:5]]
    asked += [model.similar(product) for product in products[:200:10]]
    asked += [
        model.search(text, user=user)
        for text in (
            "black desk lamp",
            "台灯",
            "running shoes under 100",
            "Wattwise bulb",
            "coffee beans dark",
        )
        for user in (None, users[3])
    ]
    return [(results, model.explain_all(results, paths=1_000)) for results in asked]


def test_every_stored_edge_and_node_is_in_the_store(
    demo: tuple[Recommender, Store], answers: list[tuple[Results, tuple[Explanation, ...]]]
) -> None:
    _, store = demo
    edges = {e for _, told in answers for one in told for path in one.paths for e in path.edges}
    nodes = {node for edge in edges for node in (edge.start, edge.end) if node.stored and node.kind != "word"}
    stored = [edge for edge in edges if edge.stored]
    assert len(stored) > 1_000
    assert {edge.relation for edge in stored} >= {"made_by", "in_category", "has_attribute", "purchased"}
    assert [edge for edge in stored if not store.has_edge(edge)] == []
    assert [node for node in nodes if not store.has_node(node)] == []
    derived = [edge for edge in edges if not edge.stored and edge.relation != "names"]
    assert len(derived) > 1_000
    for edge in derived:
        assert edge.support is not None
        assert edge.support > 0
        assert edge.support_unit in UNITS or edge.support_unit.startswith(CONFIDENCE)


def test_paths_and_named_rests_make_up_the_score(
    answers: list[tuple[Results, tuple[Explanation, ...]]],
) -> None:
    for results, told in answers:
        for hit, one in zip(results, told, strict=True):
            assert one.score == pytest.approx(hit.score, rel=1e-5)
            paths = sum(path.contribution for path in one.paths)
            assert paths + sum(one.rests.values()) == pytest.approx(hit.score, rel=1e-5)
            assert one.share == pytest.approx(paths / hit.score, rel=1e-5)
            by_channel: dict[str, float] = dict(one.rests)
            for path in one.paths:
                by_channel[path.channel] = by_channel.get(path.channel, 0.0) + path.contribution
            assert by_channel == pytest.approx(dict(hit.signals), rel=1e-4, abs=1e-7)
            assert {name.rpartition(".")[2] for name in one.rests} <= {"popularity"}


def test_nearly_all_recommendations_have_paths(
    answers: list[tuple[Results, tuple[Explanation, ...]]],
) -> None:
    told = [one for results, found in answers for one in found if not results.query.is_search]
    assert sum(bool(one.paths) for one in told) >= 0.99 * len(told)


def test_a_list_is_explained_as_its_products_are_one_by_one(
    demo: tuple[Recommender, Store], answers: list[tuple[Results, tuple[Explanation, ...]]]
) -> None:
    model, _ = demo
    for results, _ in answers[::7]:
        for hit, one in zip(results, model.explain_all(results), strict=True):
            alone = model.explain(results.query, hit.product.id)
            assert [path.edges for path in one.paths] == [path.edges for path in alone.paths]
            assert (one.path_count, one.sentences()) == (alone.path_count, alone.sentences())
            assert one.explained == pytest.approx(alone.explained, rel=1e-5)
            assert 1 <= len(one.paths) <= 3


def test_shoppers_get_words_and_nobody_is_named(
    demo: tuple[Recommender, Store], answers: list[tuple[Results, tuple[Explanation, ...]]]
) -> None:
    """No user, not even the one who asked; no channel, no similarity, no score."""
    model, store = demo
    ids = re.compile(r"\b(" + "|".join(map(re.escape, store.users)) + r")\b")
    channels = {links.name for links in model.fitted.links if "_" in links.name}
    for results, _ in answers:
        for one in model.explain_all(results):
            for language in ("en", "zh"):
                said = one.sentences(language=language)
                assert said
                for sentence in said:
                    plain = re.sub("“[^”]*”", "“”", sentence)  # without titles
                    assert not ids.search(sentence)
                    assert not ids.search(one.svg(language=language))
                    assert "_" not in plain
                    assert not re.search(r"\d", plain), sentence
                    assert not [name for name in channels if name in plain]
                    assert "cosine" not in plain
                    assert "  " not in plain
                    assert sentence.endswith("." if language == "en" else "。")
                    if language == "zh":
                        assert re.search("[\u4e00-\u9fff]", plain)


def test_what_would_have_to_be_missing_is_verified(demo: tuple[Recommender, Store]) -> None:
    model, _ = demo
    found = 0
    for user in list(model.graph.nodes["user"])[:60:4]:
        results = model.recommend(user)
        hit = results[len(results) // 2]
        told = model.counterfactual(results.query, hit.product.id)
        assert told.place == len(results) // 2 + 1
        if not told.missing:
            continue
        found += 1
        assert told.without is not None
        gone = {node.id for node in told.missing}
        assert gone == set(told.without.without)
        assert set(told.instead).isdisjoint(results.ids)
        for fewer in [replace(told.without, without=tuple(gone - {one})) for one in gone]:
            assert len(gone) == 1 or model.counterfactual(fewer, hit.product.id).place is not None
        assert model.counterfactual(told.without, hit.product.id).place is None
    assert found >= 8


def test_without_what_has_to_be_missing_the_list_is_another(demo: tuple[Recommender, Store]) -> None:
    model, _ = demo
    history = ["SG-0070", "SG-0049", "SG-0099"]
    results = model.recommend(history=history)
    for hit in results:
        told = model.counterfactual(results.query, hit.product.id)
        assert told.missing
        rest = [product for product in history if product not in {node.id for node in told.missing}]
        without = model.recommend(history=rest)
        assert hit.product.id not in without.ids
        assert set(without.ids) - set(results.ids) == set(told.instead)
        assert all(node.label in told.text for node in told.missing)


def test_a_search_says_which_word_it_hangs_on(demo: tuple[Recommender, Store]) -> None:
    model, _ = demo
    results = model.search("black desk lamp")
    told = model.counterfactual(results.query, results[0].product.id)
    words = {node.id for node in told.missing}
    assert words
    assert words < {"black", "desk", "lamp"}
    rest = " ".join(word for word in ("black", "desk", "lamp") if word not in words)
    assert results[0].product.id not in model.search(rest).ids
    single = model.search("lamp")
    alone = model.counterfactual(single.query, single[0].product.id)
    assert not alone.missing
    assert "nothing that could be left out" in alone.text


def test_products_outside_the_list_and_lists_of_one_seed_say_so(demo: tuple[Recommender, Store]) -> None:
    model, _ = demo
    similar = model.similar("SG-0070")
    alone = model.counterfactual(similar.query, similar[0].product.id)
    assert (alone.missing, alone.looked, alone.place) == ((), 0, 1)
    absent = model.counterfactual(similar.query, "SG-0070")
    assert (absent.missing, absent.place) == ((), None)
    assert "not in the list" in absent.sentence()
    assert json.loads(json.dumps(alone.plain()))["missing"] == []
