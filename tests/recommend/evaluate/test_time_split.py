"""One moment for everybody: what is later is tested, and known to nobody."""

from __future__ import annotations

import numpy as np
import pytest

from kg.errors import SettingsError
from kg.graph import FOUND, Graph
from kg.records import Interaction, InteractionKind, Product
from kg.snapshot import assemble
from kg.time_split import last_share, moment_of, parse_moment, split_at
from recommend.behaviour import Behaviour
from recommend.evaluate import evaluate_later
from recommend.evaluate.judging import TUNING_SHARE
from tests.recommend.evaluate.logs import DAY, START, random_log
from tests.recommend.shops import PLAIN


def shop() -> Graph:
    rows: list[tuple[str, str, float | None, InteractionKind]] = [
        ("ann", "a", 1, "purchase"),
        ("ann", "b", 5, "purchase"),
        ("ann", "c", 9, "purchase"),
        ("ann", "a", 9, "purchase"),  # again: she has it
        ("bob", "a", 8, "purchase"),  # unknown before
        ("cat", "c", 2, "view"),
        ("cat", "c", 7, "purchase"),
        ("dan", "b", None, "purchase"),
        ("dan", "c", 9, "view"),
    ]
    log = [
        Interaction(
            user=u,
            product=p,
            time=None if t is None else START + t * DAY,
            kind=kind,
            query="q" if t == 2 else "",
        )
        for u, p, t, kind in rows
    ]
    return assemble([Product(id=i) for i in "abc"], [], log)


def test_who_wants_what_after_the_moment() -> None:
    graph = shop()
    split = split_at(graph, START + 6 * DAY)
    users, products = graph.nodes["user"], graph.nodes["product"]
    wanted = {
        (users[int(u)], products[int(p)]) for u, p in zip(*split.hidden.toarray().nonzero(), strict=True)
    }
    assert wanted == {("ann", "c"), ("bob", "a"), ("cat", "c")}
    behaviour = Behaviour.of(split.graph)
    known = {
        (users[user], products[int(p)])
        for user in range(len(users))
        for p in behaviour.history(user).products
    }
    assert known == {("ann", "a"), ("ann", "b"), ("cat", "c"), ("dan", "b")}
    assert all(one.name != FOUND for one in split.graph.relations)
    assert np.nanmax(behaviour.moment) < START + 6 * DAY


def test_a_share_is_a_moment() -> None:
    graph = random_log(300, 30, seed=0, times=True)
    moment = moment_of(graph, share=0.3)
    times = graph.relation("purchased").time  # type: ignore[union-attr]
    assert times is not None
    assert np.mean(times >= moment) == pytest.approx(0.3, abs=0.02)


def test_dates() -> None:
    assert parse_moment("2024-05-01") == 1_714_521_600
    assert parse_moment("2024-05-01T02:00+02:00") == 1_714_521_600
    with pytest.raises(SettingsError, match="'May' is no date"):
        parse_moment("May")


def test_what_cannot_be_split_is_told() -> None:
    with pytest.raises(SettingsError, match="no times"):
        moment_of(random_log(10, 10, seed=0), share=0.2)
    positions = assemble([Product(id="a")], [], [Interaction(user="u", product="a", position=3)])
    with pytest.raises(SettingsError, match="no times"):
        split_at(positions, START)
    with pytest.raises(SettingsError, match=r"nothing lies after .* goes from 2020-09-14"):
        split_at(shop(), START + 99 * DAY)
    with pytest.raises(SettingsError, match="not both"):
        evaluate_later(shop(), share=0.2, until=START)
    with pytest.raises(SettingsError, match="between 0 and 1"):
        evaluate_later(shop(), share=2.0)


def test_everybody_counts_and_nobody_knows_the_future() -> None:
    graph = random_log(150, 30, seed=1, times=True)
    report = evaluate_later(graph, share=0.3, settings=PLAIN)
    assert report.protocol["kind"] == "time"
    assert report.protocol["users_unknown_before"] > 0
    assert report.bands is not None
    assert report.bands.pairs.sum() == report.protocol["hidden_pairs"]
    assert not [one for one in report.cautions if one.kind in ("later_interactions", "random_split")]
    tuning = last_share(split_at(graph, moment_of(graph, share=0.3)).graph, TUNING_SHARE)
    assert tuning is not None
    knn = next(row for row in report.rows if row.model == "item_knn")
    assert knn.about.endswith(f" on {len(tuning.users)} users")


def test_the_last_share() -> None:
    graph = shop()
    found = last_share(graph, 0.5)  # moments of purchases: 1, 5, 7, 8, 9, 9
    assert found is not None
    np.testing.assert_array_equal(found.hidden.toarray(), split_at(graph, START + 8 * DAY).hidden.toarray())
    assert last_share(random_log(10, 10, seed=0), 0.25) is None
    once = [Interaction(user=u, product=p, time=START) for u, p in ("ua", "ub", "va")]
    assert last_share(assemble([Product(id=i) for i in "ab"], [], once), 0.25) is None
