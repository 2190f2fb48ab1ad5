"""EASE and merged neighbours do what their papers say, and their parameters come from validation data."""

from __future__ import annotations

import numpy as np
import pytest

from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from kg.split import hold_out
from recommend.behaviour import Behaviour
from recommend.evaluate import ease as ease_module
from recommend.evaluate.baselines import tuned_item_knn
from recommend.evaluate.ease import LAMBDAS, tuned_ease, why_not_ease
from recommend.evaluate.knn_kg import merged, similarities, tuned_knn_kg
from recommend.evaluate.ranking import rank
from recommend.measure.metrics import find_hits, ndcg
from recommend.measure.units import Units


def test_ease_is_tuned_on_what_most_buy_and_fitted_on_all(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = rings(users=120)
    split = hold_out(graph)
    train = Behaviour.of(split.graph)
    inner = hold_out(split.graph, seed=1)
    validation = Units.of_hidden(Behaviour.of(inner.graph), inner.hidden)
    listed = graph.products.listed
    units = Units.of_hidden(train, split.hidden)
    values = []
    for kept in (30, 40):
        monkeypatch.setattr(ease_module, "TUNED_PRODUCTS", kept)
        found = tuned_ease(train, validation, listed=listed)
        assert found.chosen["lambda"] in LAMBDAS
        assert f"the {kept} most bought" in found.about
        lists = rank(found.model, units, k=10, listed=listed)
        values.append(ndcg(find_hits(lists, units.relevant), units.wanted).mean())
    assert min(values) > 0.3  # chance is about a tenth of it


def test_ease_is_left_out_with_a_sentence() -> None:
    assert why_not_ease(12_000) == ""
    assert "20,001 products are more than 20,000" in why_not_ease(20_001, 10**12)
    assert "it needs 1.7 GB, and 0.5 GB are allowed" in why_not_ease(12_000, 500_000_000)


def rings(users: int = 150, products: int = 40, *, seed: int = 0) -> Graph:
    """Users buy neighbours on a ring; the relation 'next_to' holds the ring, 'noise' holds nothing, and so
    do brands."""
    rng = np.random.default_rng(seed)
    facts = [
        Fact(head=f"p{i:03d}", relation="next_to", tail=f"p{(i + 1) % products:03d}") for i in range(products)
    ]
    facts += [
        Fact(head=f"p{i:03d}", relation="noise", tail=f"p{int(rng.integers(products)):03d}")
        for i in range(products)
    ]
    interactions = []
    for user in range(users):
        start = int(rng.integers(products))
        interactions += [
            Interaction(user=f"u{user:03d}", product=f"p{(start + int(step)) % products:03d}")
            for step in rng.permutation(5)[:4]
        ]
    catalog = [Product(id=f"p{i:03d}", brand=f"b{int(rng.integers(6))}") for i in range(products)]
    return assemble(catalog, facts, interactions)


def test_similarities_of_the_graph_have_both_directions_and_shared_things() -> None:
    catalog = [Product(id=i, brand=b) for i, b in zip("abcd", ("X", "Y", "X", "Y"), strict=True)]
    facts = [Fact(head="a", relation="goes_with", tail="b"), Fact(head="c", relation="goes_with", tail="b")]
    parts = {one.name: one for one in similarities(assemble(catalog, facts, []))}
    assert set(parts) == {"goes_with (direct)", "goes_with (shared)", "made_by (shared)"}
    direct = parts["goes_with (direct)"].matrix.toarray()
    assert direct[0, 1] == direct[1, 0] == direct[1, 2] == 1
    assert direct[0, 2] == 0
    assert parts["goes_with (shared)"].matrix.toarray()[0, 2] > 0  # both go with b
    assert parts["made_by (shared)"].matrix.toarray()[1, 3] > 0
    only = similarities(assemble(catalog, facts, []), ["made_by"])
    assert [one.name for one in only] == ["made_by (shared)"]


def test_merged_neighbours_weigh_what_helps_and_beat_counting() -> None:
    graph = rings(users=200, products=80)
    split = hold_out(graph)
    train = Behaviour.of(split.graph)
    inner = hold_out(split.graph, seed=1)
    validation = Units.of_hidden(Behaviour.of(inner.graph), inner.hidden)
    listed = graph.products.listed
    knn = tuned_item_knn(train, validation, listed=listed)
    parts = similarities(split.graph)
    found = tuned_knn_kg(train, validation, knn, parts, listed=listed)
    assert found.chosen["next_to (direct)"] > 2 * found.chosen["noise (direct)"]
    units = Units.of_hidden(train, split.hidden)

    def value(model: object) -> float:
        lists = rank(model, units, k=10, listed=listed)  # type: ignore[arg-type]
        return float(ndcg(find_hits(lists, units.relevant), units.wanted).mean())

    assert value(found.model) > 1.1 * value(knn.model) > 0


def test_weights_are_what_the_sum_is_made_of() -> None:
    parts = similarities(rings())
    weights = {one.name: float(number) for number, one in enumerate(parts)}
    expected = sum(weights[one.name] * one.scale * one.matrix.toarray() for one in parts)
    assert merged(parts, weights).toarray() == pytest.approx(expected, rel=1e-5)
    assert merged(parts, dict.fromkeys(weights, 0.0)).nnz == 0
