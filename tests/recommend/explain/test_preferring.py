"""Which real paths are shown, and the figures that the choice is made by."""

from __future__ import annotations

import numpy as np
import pytest

from kg.errors import SettingsError
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import History
from recommend.explain.preferring import PREFERENCES, Prefer
from recommend.explain.quality import SMOOTHING, familiarity, recency, type_diversity
from recommend.query import Query
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN, planted


@pytest.fixture(scope="module")
def model() -> Recommender:
    return Recommender.fit(planted(50, 20, noise=2), settings=PLAIN)


def history(moments: list[float]) -> History:
    n = len(moments)
    return History(
        products=np.arange(n),
        weight=np.ones(n, dtype=np.float32),
        moment=np.array(moments),
        owned=np.ones(n, dtype=np.bool_),
    )


def test_recency_is_smoothed_and_stretched() -> None:
    # 1, then .7 · 1 + .3 · 2 = 1.3, then .7 · 1.3 + .3 · 4 = 2.11
    assert SMOOTHING == 0.3
    np.testing.assert_allclose(recency(history([4, 1, 2])), [1, 0, 0.3 / 1.11])
    np.testing.assert_array_equal(recency(history([7, 7])), [1, 1])
    np.testing.assert_allclose(recency(history([np.nan, 1, 5])), [0, 0, 1])
    assert len(recency(history([]))) == 0


def test_familiarity_is_by_degree_within_a_kind() -> None:
    products = [Product(id=f"p{i}", brand="big" if i else "small") for i in range(4)]
    brands = familiarity(assemble(products, [], []))["brand"]
    np.testing.assert_array_equal(brands, [1, 0])
    every = familiarity(planted(40, 30))
    assert all(((values >= 0) & (values <= 1)).all() for values in every.values())


def test_types_of_paths_over_how_many_there_could_be() -> None:
    assert type_diversity(["a", "a", "b"], 8) == pytest.approx(2 / 3)
    assert type_diversity(["a", "a", "b"], 2) == 1
    assert type_diversity([], 8) == 0


def shop() -> Graph:
    """Zoe met 'old' long ago and 'new' lately; both lead to 'wanted', 'old' also by a brand of many."""
    brands = {"old": "big", "wanted": "big", **{f"x{i}": "big" for i in range(5)}}
    names = ("old", "new", "wanted", *(f"x{i}" for i in range(5)))
    facts = [
        Fact(head="old", relation="first", tail="wanted", weight=3.0),
        Fact(head="old", relation="second", tail="wanted", weight=2.0),
        Fact(head="new", relation="second", tail="wanted", weight=1.0),
        Fact(head="new", relation="third", tail="wanted", weight=1.5),
    ]
    met = [Interaction(user="zoe", product=name, time=time) for name, time in (("old", 1.0), ("new", 9.0))]
    return assemble([Product(id=name, brand=brands.get(name, "")) for name in names], facts, met)


def shown(prefer: Prefer, paths: int) -> list[tuple[str, str]]:
    model = Recommender.fit(shop(), settings=PLAIN)
    explanation = model.explain(Query(user="zoe"), "wanted", paths=paths, prefer=prefer)
    return [(path.edges[0].end.id, path.channel) for path in explanation.paths]


def test_each_preference_shows_its_own() -> None:
    assert shown("strongest", 1) == [("old", "second")]
    assert {source for source, _ in shown("recent", 2)} == {"new"}
    assert len({channel for _, channel in shown("recent", 2)}) == 2
    assert shown("familiar", 1) == [("old", "made_by")]
    assert len({channel for _, channel in shown("diverse", 4)}) == 4


@pytest.mark.parametrize("prefer", PREFERENCES)
def test_only_the_choice_differs(prefer: Prefer, model: Recommender) -> None:
    for user in model.graph.nodes["user"][:8]:
        results = model.recommend(user)
        every = model.explain_all(results, paths=1_000)
        few = model.explain_all(results, paths=3, prefer=prefer)
        for all_of, some in zip(every, few, strict=True):
            assert len(some.paths) == min(3, all_of.path_count) == len(set(map(str, some.paths)))
            assert set(map(str, some.paths)) <= set(map(str, all_of.paths))
            assert (some.score, some.explained) == (all_of.score, all_of.explained)


def test_a_list_repeats_less_than_its_hits_one_by_one(model: Recommender) -> None:
    together = alone = 0
    for user in model.graph.nodes["user"]:
        results = model.recommend(user)
        one_by_one = [
            model.explain(results.query, hit.product.id, paths=1, prefer="diverse") for hit in results
        ]
        together += len({e.paths[0].pattern for e in model.explain_all(results, paths=1, prefer="diverse")})
        alone += len({e.paths[0].pattern for e in one_by_one})
    assert together > alone


def test_another_word_is_refused() -> None:
    model = Recommender.fit(shop(), settings=PLAIN)
    with pytest.raises(SettingsError, match="'strongest', 'recent', 'familiar', 'diverse'"):
        model.explain(Query(user="zoe"), "wanted", prefer="loudest")  # type: ignore[arg-type]
