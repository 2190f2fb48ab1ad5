"""Attributes in which things that go together agree: found without being named, and read aloud."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.records import Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.channels.base import FitContext, fit_links
from recommend.channels.matching import LEAST_PAIRS, advantages
from recommend.recommender import Recommender
from recommend.sparse import csr
from tests.recommend.complements.corner_shop import EACH, PLAIN, facts, kind, log, products
from tests.recommend.contracts import check_links

NEW = Product(id="lamp9", title="lamp 9", category=("Shop", "Lamps"), attributes={"fitting": "E27"})


@pytest.fixture(scope="module")
def shop() -> Recommender:
    """The corner shop with a lamp that nobody bought yet. Bulbs are bought for lamps of their fitting."""
    return Recommender.fit(assemble([*products(), NEW], facts(), log()), settings=PLAIN)


def test_a_new_lamp_gets_the_bulbs_that_fit_it(shop: Recommender) -> None:
    found = shop.complete("lamp9", k=3)
    assert [hit.product.attributes.get("fitting") for hit in found] == ["E27"] * 3
    assert all(kind(hit.product.id) == "bulb" and hit.signals["matching"] > 0 for hit in found)
    for explanation in shop.explain_all(found):
        (path,) = (one for one in explanation.paths if one.channel == "matching")
        assert [(edge.relation, edge.stored) for edge in path.edges] == [("has_attribute", True)] * 2
        assert explanation.explained == pytest.approx(explanation.score, rel=1e-5)


def test_it_is_no_reason_to_call_things_alike(shop: Recommender) -> None:
    assert all("matching" not in hit.signals for hit in shop.similar("lamp9", k=EACH))
    assert all("matching" not in hit.signals for hit in shop.recommend("u00", k=EACH))


def test_links_keep_the_contract(shop: Recommender) -> None:
    context = FitContext(
        graph=shop.graph,
        behaviour=Behaviour.of(shop.graph),
        vectors={},
        indexes={},
        settings=PLAIN,
        seed=0,
    )
    links = [one for one in fit_links(context) if one.name == "matching"]
    assert len(links) == 1
    check_links(links, context)


def _has(values: list[list[int]], count: int) -> npt.NDArray[np.float32]:
    table = np.zeros((len(values), count), dtype=np.float32)
    for row, some in enumerate(values):
        table[row, some] = 1
    return table


def _advantages(table: npt.NDArray[np.float32], name: list[int], pairs: list[tuple[int, int]]) -> list[float]:
    rows, columns = np.nonzero(table)
    indptr = np.concatenate([[0], np.cumsum((table > 0).sum(axis=1))])
    has = csr(np.ones(len(rows), dtype=np.float32), columns.astype(np.int32), indptr, table.shape)
    heads, tails = (np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True))
    group = np.zeros(len(pairs), dtype=np.int64)
    found: list[float] = advantages(has, np.array(name, dtype=np.int64), heads, tails, group).tolist()
    return found


def test_what_agrees_more_often_than_by_chance() -> None:
    # values 0, 1: the fitting, which always agrees; 2, 3: the colour, by chance; 4: all are dimmable
    lamps = [[i % 2, 2 + i // 2 % 2, 4] for i in range(4)]
    table = _has([*lamps, *lamps], 5)
    pairs = [(i % 4, 4 + i % 2 + 2 * (i // 4 % 2)) for i in range(80)]
    fitting, colour, dimmable = _advantages(table, [0, 0, 1, 1, 2], pairs)
    assert fitting == pytest.approx(0.5)  # all of them instead of half
    assert colour == dimmable == 0
    few = _advantages(table, [0, 0, 1, 1, 2], pairs[: LEAST_PAIRS - 1])
    assert few == [0, 0, 0]


@given(
    values=st.lists(st.sets(st.integers(0, 5), max_size=4), min_size=4, max_size=8),
    pairs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60),
    times=st.integers(1, 20),
)
def test_the_same_by_counting(values: list[set[int]], pairs: list[tuple[int, int]], times: int) -> None:
    name = [0, 0, 1, 1, 1, 2]
    table = _has([sorted(one) for one in values], 6)
    asked = [(i, len(values) - 1 - j) for i, j in pairs] * times
    found = _advantages(table, name, asked)
    for which in range(3):
        columns = [c for c in range(6) if name[c] == which]
        both = [(i, j) for i, j in asked if table[i, columns].any() and table[j, columns].any()]
        if not both:
            assert found[which] == 0
            continue
        heads, tails = (table[list(side)][:, columns] for side in zip(*both, strict=True))
        n = len(both)
        chance = min(n, float((heads.sum(axis=0) * tails.sum(axis=0)).sum()) / n)
        agree = int((heads * tails).any(axis=1).sum())
        spread = chance * (1 - chance / n)
        if n >= LEAST_PAIRS and agree - chance >= 4 * np.sqrt(spread + 1) + 1e-9:
            assert found[which] == pytest.approx((agree - chance) / n)
        elif n < LEAST_PAIRS or agree - chance < 4 * np.sqrt(spread + 1) - 1e-9:
            assert found[which] == 0
