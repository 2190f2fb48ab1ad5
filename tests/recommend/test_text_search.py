"""Search and neighbours by meaning, with the packaged text encoder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from kg.errors import ShelfgraphError
from kg.records import Product
from kg.snapshot import assemble
from recommend.query_encoders import QueryEncoders
from recommend.recommender import Recommender
from recommend.settings import Settings
from tests.recommend.shops import STRANGE, TEXTS
from tests.recommend.test_saving import LIGHT, elsewhere


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("somewhere comfortable to sit", {"armchair", "sofa"}),
        ("brew a hot drink", {"teapot"}),
        ("it rains outside", {"umbrella"}),
        ("listen to songs", {"headphones"}),
        ("notebook computer", {"laptop"}),
        ("cutting vegetables", {"chef's-knife"}),
    ],
)
def test_products_are_found_by_meaning(reader: Recommender, query: str, wanted: set[str]) -> None:
    kinds = [product.rsplit("-", 1)[0] for product in reader.search(query, k=3).ids]
    assert set(kinds) <= wanted


def test_scores_add_up(reader: Recommender) -> None:
    for results in (
        reader.search("a light for reading", k=60),
        reader.search("a light for reading", user="u1", k=60),
        reader.similar("teapot-1", k=60),
        reader.recommend("u1", k=60),
    ):
        assert results
        for hit in results:
            assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
            found = reader.explain(results.query, hit.product.id, paths=1_000)
            priors = sum(v for name, v in found.signals.items() if name.endswith("popularity"))
            assert found.score == pytest.approx(hit.score, rel=1e-5)
            assert sum(p.contribution for p in found.paths) + priors == pytest.approx(hit.score, rel=1e-5)


def test_one_by_one_equals_all_at_once(reader: Recommender) -> None:
    fresh = _again(reader)
    ranking = fresh.search_many(TEXTS, k=8)
    for row, text in enumerate(TEXTS):
        single = reader.search(text, k=8)
        assert tuple(ranking.ids[row]) == single.ids
        np.testing.assert_allclose(ranking.scores[row], [hit.score for hit in single], rtol=1e-5)


def _again(r: Recommender) -> Recommender:
    """The same model with nothing loaded and nothing remembered."""
    encoders = QueryEncoders(
        keys=r.fitted.made.keys,
        text_model=None,
        text_length=r.settings.text_length,
        image_model=None,
        fusion=None,
    )
    return Recommender(r.fitted, encoders, settings=r.settings, seed=r.seed)


def test_eight_threads_get_what_one_gets(reader: Recommender) -> None:
    fresh = _again(reader)
    texts = [*TEXTS, *(f"{text} please" for text in TEXTS)]
    with ThreadPoolExecutor(8) as pool:
        together = list(
            pool.map(lambda text: [(h.product.id, h.score) for h in fresh.search(text)], texts * 2)
        )
    assert together == [[(h.product.id, h.score) for h in reader.search(text)] for text in texts * 2]


def test_filters_equal_brute_force(reader: Recommender) -> None:
    everything = reader.search("a light for reading", k=60)
    few = reader.search("a light for reading", where=["price<=60", "brand!=Ardea"], k=5)
    expected = [
        h
        for h in everything
        if h.product.price is not None and h.product.price <= 60 and h.product.brand != "Ardea"
    ]
    assert few.ids == tuple(hit.product.id for hit in expected[:5])


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text[:12]))
def test_strange_searches_give_results_or_a_clear_error(reader: Recommender, text: str) -> None:
    try:
        results = reader.search(text, k=3)
    except ShelfgraphError:
        return
    assert len(results) == 3  # meaning finds something for whatever is said
    assert all(np.isfinite(hit.score) for hit in results)
    assert reader.explain(results.query, results.ids[0]).text


@pytest.mark.long  # the full profile's test of the same runs always
def test_a_new_process_gives_the_same_answers_to_the_last_bit(reader: Recommender, tmp_path: Path) -> None:
    reader.save(tmp_path / "model")
    code = f"""
light = [r.recommend("u1").ids, r.similar("teapot-1").ids]
loaded = [name for name in {LIGHT!r} if name in sys.modules]
found = [[(h.product.id, h.score.hex()) for h in r.search(text)] for text in {TEXTS!r}]
print(json.dumps([light, loaded, found]))"""
    light, loaded, found = elsewhere(tmp_path / "model", code)
    assert loaded == []
    assert light == [list(reader.recommend("u1").ids), list(reader.similar("teapot-1").ids)]
    assert found == [[[h.product.id, h.score.hex()] for h in reader.search(text)] for text in TEXTS]


@pytest.mark.parametrize("count", [1, 2])
def test_a_shop_of_one_or_two_can_be_searched(count: int) -> None:
    products = [Product(id="lamp", title="Table lamp"), Product(id="cup", title="Tea cup")][:count]
    settings = Settings(image=False, kge=False, gnn=False, fusion=None, threads=1)
    r = Recommender.fit(assemble(products, [], []), settings=settings)
    assert r.search("something that gives light").ids[0] == "lamp"
