"""How long a channel remembers, in shops of which we know what the next purchase hangs on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kg.graph import Graph
from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.measure.units import Units
from recommend.rank.memory import ALL, Memory
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN

SETTINGS = replace(PLAIN, search_queries=0, best_lists=0)
PRODUCTS, USERS = 60, 240


def _shop(histories: list[list[int]], *, timed: bool = True) -> Graph:
    log = [
        Interaction(user=f"u{u:03d}", product=f"p{p:02d}", position=place if timed else None)
        for u, history in enumerate(histories)
        for place, p in enumerate(dict.fromkeys(history))
    ]
    return assemble([Product(id=f"p{p:02d}") for p in range(PRODUCTS)], [], log)


def _chains(seed: int) -> list[list[int]]:
    """Three even numbers, then the one after the last of them: what came before has nothing to say."""
    rng = np.random.default_rng(seed)
    evens = [(rng.permutation(PRODUCTS // 2)[:3] * 2).tolist() for _ in range(USERS)]
    return [[*row, row[-1] + 1] for row in evens]


def _tastes(seed: int) -> list[list[int]]:
    """Everybody buys from one of six groups, with three gifts for others before the last product."""
    rng = np.random.default_rng(seed)
    histories = []
    for user in range(USERS):
        *own, last = (rng.permutation(10)[:5] + 10 * (user % 6)).tolist()
        histories.append([*own, *rng.integers(PRODUCTS, size=3).tolist(), last])
    return histories


def _memories(histories: list[list[int]], *, timed: bool = True) -> dict[str, Memory]:
    r = Recommender.fit(_shop(histories, timed=timed), settings=SETTINGS)
    return {one.name: one.memory for one in r.fitted.links if r.weights["history"][one.name] > 0}


@pytest.mark.parametrize("seed", [0, 1])
def test_where_only_the_last_product_counts_memory_is_short(seed: int) -> None:
    assert _memories(_chains(seed))["transitions"].decay <= 0.3


@pytest.mark.parametrize("seed", [0, 1])
def test_where_taste_counts_nothing_is_forgotten(seed: int) -> None:
    found = _memories(_tastes(seed))
    assert max(memory.decay for memory in found.values()) >= 0.9


def test_without_times_all_counts_alike() -> None:
    found = _memories(_tastes(0), timed=False)
    assert found
    assert set(found.values()) == {ALL}


def test_what_was_learned_is_saved_and_stays(tmp_path: Path) -> None:
    r = Recommender.fit(_shop(_chains(0)), settings=SETTINGS)
    r.save(tmp_path / "model")
    again = Recommender.open(tmp_path / "model")
    assert [one.memory for one in again.fitted.links] == [one.memory for one in r.fitted.links]
    assert again.recommend("u007") == r.recommend("u007")
    assert again.recommend("u007").ids


def test_a_history_counts_the_same_alone_and_among_others() -> None:
    r = Recommender.fit(_shop(_tastes(1)), settings=SETTINGS)
    behaviour = r.fitted.behaviour
    users = np.arange(0, USERS, 7)
    units = Units(users=users, behaviour=behaviour, relevant=behaviour.owned, wanted=users)  # type: ignore[arg-type]
    rows = units.histories(Memory(decay=0.5)).toarray()
    for row, user in zip(rows, users.tolist(), strict=True):
        history = behaviour.history(user)
        assert row[history.products].tolist() == (0.5**history.age).tolist()


def test_what_a_few_find_by_chance_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    found = _memories([rng.permutation(PRODUCTS)[:6].tolist() for _ in range(USERS)])
    usual = {"co_purchase": Memory(decay=0.9), "transitions": Memory(decay=0.5)}
    assert found
    assert found.items() <= usual.items()
