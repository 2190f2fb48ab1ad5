"""The table by popularity adds up to the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.measure.bands import NAMES, Bands, bought
from recommend.measure.metrics import find_hits
from recommend.measure.units import Units
from tests.recommend.evaluate.logs import random_log, units_of


def bought_so_often(*counts: int) -> Behaviour:
    interactions = [
        Interaction(user=f"u{user:03d}", product=f"p{product}")
        for product, count in enumerate(counts)
        for user in range(count)
    ]
    return Behaviour.of(assemble([Product(id=f"p{i}") for i in range(len(counts))], [], interactions))


def test_every_band_has_its_own() -> None:
    behaviour = bought_so_often(0, 1, 5, 6, 20, 21, 50, 51)
    assert bought(behaviour).tolist() == [0, 1, 5, 6, 20, 21, 50, 51]
    units = units_of(behaviour, [list(range(8))])
    lists = np.array([[0, 2, 6, 7, -1]])
    bands = Bands.of({"m": lists}, units, behaviour, 5)
    table = {one["purchases"]: (one["pairs"], one["recall@5"]["m"]) for one in bands.plain()}
    assert table == {
        "0": (1, 1.0),
        "1-5": (2, 0.5),
        "6-10": (1, 0.0),
        "11-20": (1, 0.0),
        "21-50": (2, 0.5),
        ">50": (1, 1.0),
    }


def test_what_the_shop_does_not_know_was_never_bought() -> None:
    behaviour = bought_so_often(3, 3)
    known = units_of(behaviour, [[0], [1]])
    units = Units(users=known.users, behaviour=behaviour, relevant=known.relevant, wanted=np.array([1, 4]))
    bands = Bands.of({"m": np.array([[0], [1]])}, units, behaviour, 1)
    assert bands.pairs.sum(axis=0).tolist() == [3, 2, 0, 0, 0, 0]
    assert bands.recall("m")[:2].tolist() == [0.0, 1.0]
    assert np.isnan(bands.recall("m")[2:]).all()


@given(seed=st.integers(0, 1_000), k=st.integers(1, 6))
def test_bands_sum_to_the_whole(seed: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    behaviour = Behaviour.of(random_log(25, 12, seed=seed))
    units = units_of(
        behaviour, [rng.choice(12, rng.integers(0, 4), replace=False).tolist() for _ in range(25)]
    )
    lists = np.array([rng.permutation(12)[:6] for _ in range(25)])
    bands = Bands.of({"m": lists}, units, behaviour, k)
    assert bands.pairs.shape[1] == len(NAMES)
    assert bands.pairs.sum(axis=1).tolist() == units.wanted.tolist()
    hits = find_hits(lists[:, :k], units.relevant)
    assert bands.hits["m"].sum(axis=1).tolist() == hits.sum(axis=1).tolist()


def test_intervals_of_a_model_against_itself_are_nothing() -> None:
    behaviour = Behaviour.of(random_log(25, 12, seed=0))
    units = units_of(behaviour, [[user % 12] for user in range(25)])
    lists = np.tile(np.arange(6), (25, 1))
    bands = Bands.of({"a": lists, "b": lists[:, ::-1] + 6}, units, behaviour, 6)
    low, high = bands.difference("a", "a", seed=0)
    assert (low == 0).all()
    assert (high == 0).all()
    low, high = bands.difference("a", "b", seed=0)
    gained = bands.recall("a") - bands.recall("b")
    some = bands.pairs.sum(axis=0) > 0
    assert (low[some] <= gained[some] + 1e-12).all()
    assert (high[some] >= gained[some] - 1e-12).all()
    assert low[some] != pytest.approx(high[some])
