"""The ranking 'best': it learns what words cannot say, keeps to sense, and survives a round trip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kg.errors import VersionError
from recommend.rank.blend import Part, blend
from recommend.training.boosting import train_ranker
from recommend.training.features import Features, signs
from recommend.training.ranker import Ranker, shifted
from recommend.training.split import by_group
from recommend.training.titles import Titles
from tests.recommend.training.planted import WRONG, Shop, open_shop


@pytest.fixture(scope="module")
def shop() -> Shop:
    return open_shop()


@pytest.fixture(scope="module")
def ranker(shop: Shop) -> Ranker:
    split = by_group(shop.queries.group)
    found = train_ranker(
        shop.pools.of(split.train), shop.pools.of(split.check), WRONG, shop.features, least=20, trees=60
    )
    assert found is not None
    return found


def test_it_beats_wrong_weights_on_kinds_that_it_never_saw(shop: Shop, ranker: Ranker) -> None:
    held = shop.pools.of(by_group(shop.queries.group).held)
    before, after = held.ndcg(held.exact(WRONG)).mean(), held.ndcg(ranker.scores(held, WRONG)).mean()
    assert after > before + 0.1


def test_a_search_for_a_device_no_longer_gives_its_bags(shop: Shop, ranker: Ranker) -> None:
    prepared = shop.prepare("drone")
    signals = [(one.name, one.signal(prepared)) for one in shop.channels]
    parts = [
        Part(name=name, weight=WRONG[name], signal=signal) for name, signal in signals if signal is not None
    ]
    products, additive = blend(parts, 100, shop.graph.products.listed)
    found = ranker.ranked(prepared, parts, products, additive)
    names = shop.graph.nodes["product"]
    assert "bag" in names[int(products[0])]
    assert not any("bag" in names[int(product)] for product in found.products[:10])
    np.testing.assert_array_equal(found.scores, found.additive + found.adjustment)
    assert (np.diff(found.scores) <= 0).all()
    longer = blend(parts, 250, shop.graph.products.listed)
    again = ranker.ranked(prepared, parts, *longer)
    np.testing.assert_array_equal(again.products[: len(found.products)], found.products)


def test_the_seed_decides(shop: Shop, ranker: Ranker) -> None:
    split = by_group(shop.queries.group)
    train, check = shop.pools.of(split.train), shop.pools.of(split.check)
    again = train_ranker(train, check, WRONG, shop.features, least=20, trees=60)
    assert again is not None
    assert again.trees.models == ranker.trees.models


def test_more_of_what_speaks_for_a_product_never_harms_it(shop: Shop, ranker: Ranker) -> None:
    named = signs(ranker.channels)
    rng = np.random.default_rng(0)
    held = shop.pools
    rows = np.concatenate([held.given, held.values, held.values[:, :, :1].repeat(3, axis=2)], axis=2)[
        held.valid
    ]
    rows = rows[rng.choice(len(rows), 400, replace=False)].astype(np.float64)
    moved = 0
    for column, sign in enumerate(named.values()):
        if sign == 0:
            continue
        last = ranker.trees.said(rows)
        for step in np.linspace(0.0, 1.0, 6):
            changed = rows.copy()
            changed[:, column] = rows[:, column] + sign * step
            now = ranker.trees.said(changed)
            assert (now >= last - 1e-9).all(), list(named)[column]
            moved += int((now > last).any())
            last = now
    assert moved > 0


def test_saved_and_loaded(shop: Shop, ranker: Ranker, tmp_path: Path) -> None:
    ranker.save(tmp_path / "best")
    again = Ranker.load(tmp_path / "best", shop.graph)
    assert again.trees.models == ranker.trees.models
    np.testing.assert_array_equal(again.scores(shop.pools, WRONG), ranker.scores(shop.pools, WRONG))
    products = np.arange(40)
    signals = {"lexical": np.linspace(0, 1, 40, dtype=np.float32)}
    asked = shop.prepare("tablet")
    for one, other in ((None, None), (asked.reading, asked.reading)):
        np.testing.assert_array_equal(
            again.adjustments(["tablet"], one, products, signals, signals["lexical"]),
            ranker.adjustments(["tablet"], other, products, signals, signals["lexical"]),
        )
    again.save(tmp_path / "again")
    for path in (tmp_path / "best").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes()


@pytest.mark.parametrize("damage", ["cut", "changed", "missing", "no about", "other features", "titles"])
def test_damage_is_found_before_anything_is_read(
    shop: Shop, ranker: Ranker, tmp_path: Path, damage: str
) -> None:
    ranker.save(tmp_path)
    trees, about = tmp_path / "trees.txt", tmp_path / "ranker.json"
    match damage:
        case "cut":
            trees.write_text(trees.read_text()[: len(trees.read_text()) // 2])
        case "changed":
            trees.write_text(trees.read_text().replace("leaf_value=", "leaf_value=1", 1))
        case "missing":
            trees.unlink()
        case "no about":
            about.write_text("{")
        case "other features":
            about.write_text(about.read_text().replace("title words", "words of the title"))
        case "titles":
            (tmp_path / "titles.safetensors").write_bytes(b"nothing")
    with pytest.raises(VersionError, match="build the shop again"):
        Ranker.load(tmp_path, shop.graph)


def test_without_queries_there_is_no_ranker(shop: Shop) -> None:
    nothing = shop.pools.of(np.zeros(len(shop.pools), dtype=np.bool_))
    assert train_ranker(nothing, shop.pools, WRONG, shop.features) is None
    assert train_ranker(shop.pools, nothing, WRONG, shop.features) is None


def test_no_products_no_adjustments(ranker: Ranker) -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert len(ranker.adjustments(["lamp"], None, nothing, {}, nothing.astype(np.float32))) == 0


def test_titles_are_read_again_only_where_they_differ(shop: Shop, ranker: Ranker) -> None:
    count = shop.graph.product_count
    origin = np.arange(count)
    origin[::3] = -1
    again = ranker.renewed(shop.graph, origin)
    fresh = Titles.of(shop.graph.products)
    assert again.features.titles.corpus.same(fresh.corpus)
    assert isinstance(again.features, Features)


def test_the_rest_of_a_list_stays_behind_the_first() -> None:
    additive = np.array([0.9, 0.8, 0.7, 0.6], dtype=np.float32)
    scores, adjustment = shifted(additive, np.array([-0.5, 0.1], dtype=np.float32))
    np.testing.assert_allclose(scores, [0.4, 0.9, 0.4, 0.3], atol=1e-6)
    np.testing.assert_allclose(adjustment, [-0.5, 0.1, -0.3, -0.3], atol=1e-6)
    scores, adjustment = shifted(additive, np.array([0.0, 0.1], dtype=np.float32))
    np.testing.assert_allclose(adjustment, [0.0, 0.1, 0.0, 0.0], atol=1e-6)
