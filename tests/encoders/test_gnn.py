"""GNN: structure is learned and only structure; later products need no training."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from encoders.gnn import GNNEncoder
from encoders.link_prediction import hold_out, link_metrics
from kg.arrays import load_arrays, save_arrays
from kg.errors import SettingsError, UnknownProductError
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from kg.vectors import Vectors
from tests.encoders.planted import GROUPS, group, planted, siblings_first


def _content(graph: Graph, *, seed: int = 0, dim: int = 24) -> Vectors:
    """Content that tells the group of a product, with noise."""
    rng = np.random.default_rng(seed)
    ids = tuple(graph.nodes["product"])
    centre = rng.normal(size=(GROUPS, dim))
    matrix = centre[[group(i) for i in ids]] + rng.normal(size=(len(ids), dim)) * 0.3
    return Vectors(ids=ids, matrix=matrix.astype(np.float32), present=np.ones(len(ids), dtype=np.bool_))


@pytest.fixture(scope="module")
def fitted() -> GNNEncoder:
    encoder = GNNEncoder(dim=32, steps=60)
    encoder.fit(planted())
    return encoder


@pytest.fixture(scope="module")
def with_content() -> GNNEncoder:
    graph = planted()
    encoder = GNNEncoder(dim=32, steps=60)
    encoder.fit(graph, features={"text": _content(graph)})
    return encoder


def test_structure_beats_degree_twice() -> None:
    held = hold_out(planted(), relations=["also_viewed", "made_by"], seed=5)
    encoder = GNNEncoder(dim=32, steps=60)
    encoder.fit(held.train)
    assert link_metrics(encoder, held).advantage >= 2.0
    assert encoder.metrics is not None
    assert encoder.metrics.advantage > 1.0


def test_training_is_what_helps() -> None:
    held = hold_out(planted(), relations=["also_viewed", "made_by"], seed=5)
    untrained = GNNEncoder(dim=32, steps=1, learning_rate=1e-9)
    untrained.fit(held.train)
    trained = GNNEncoder(dim=32, steps=60)
    trained.fit(held.train)
    assert link_metrics(trained, held).mrr > 1.1 * link_metrics(untrained, held).mrr


def test_later_product_lands_among_its_siblings(fitted: GNNEncoder) -> None:
    later = fitted.extend(planted(newcomer=True), ["p03new"])
    vectors = fitted.vectors()
    assert later.present.all()
    assert siblings_first(vectors.matrix, later.matrix[0], list(vectors.ids), own=3) >= 0.8


def test_later_product_without_edges_is_placed_by_its_content(with_content: GNNEncoder) -> None:
    graph = planted()
    newer = assemble([Product(id="p05new")], [], [])
    features = _content(graph)
    like = features.matrix[features.ids.index("p0507")]
    new = Vectors(ids=("p05new",), matrix=like[None] + 0.01, present=np.array([True]))
    later = with_content.extend(newer, ["p05new"], features={"text": new})
    vectors = with_content.vectors()
    assert later.present.all()
    assert siblings_first(vectors.matrix, later.matrix[0], list(vectors.ids), own=5) >= 0.8
    assert not with_content.extend(newer, ["p05new"]).present.any()  # neither edges nor content


def test_extending_by_what_was_there_changes_nothing(fitted: GNNEncoder, with_content: GNNEncoder) -> None:
    graph = planted()
    for encoder in (fitted, with_content):
        vectors = encoder.vectors()
        again = encoder.extend(graph, vectors.ids)
        np.testing.assert_allclose(again.matrix, vectors.matrix, atol=1e-6)
        np.testing.assert_array_equal(again.present, vectors.present)


def test_content_in_another_order_is_the_same_content() -> None:
    graph = planted()
    content = _content(graph)
    order = np.random.default_rng(0).permutation(len(content))
    mixed = Vectors(
        ids=tuple(content.ids[i] for i in order), matrix=content.matrix[order], present=content.present[order]
    )
    runs = []
    for features in (content, mixed):
        encoder = GNNEncoder(dim=8, steps=3)
        encoder.fit(graph, features={"text": features})
        runs.append(encoder.vectors().matrix)
    np.testing.assert_array_equal(runs[0], runs[1])


def _brand_lovers(*, unmet: int) -> tuple[Graph, list[str], list[list[str]]]:
    """(graph, the products that nobody bought, what each user bought): users care for brands. As many facts
    link products of one label, for which nobody cares."""
    rng = np.random.default_rng(3)
    kinds = 8
    ids = [f"p{brand}{label}{i}" for brand in range(kinds) for label in range(kinds) for i in range(3)]
    products = [Product(id=p, brand=f"brand {p[1]}", labels=(f"label {p[2]}",)) for p in ids]
    by_label = {label: [p for p in ids if p[2] == str(label)] for label in range(kinds)}
    pairs = {(p, str(rng.choice(by_label[int(p[2])]))) for p in ids for _ in range(4)}
    facts = [Fact(head=a, relation="also_viewed", tail=b) for a, b in sorted(pairs) if a != b]
    new = sorted(rng.choice(ids, unmet, replace=False).tolist())
    histories = []
    for user in range(200):
        of_brand = [p for p in ids if p[1] == str(user % kinds) and p not in new]
        histories.append(rng.choice(of_brand, 5, replace=False).tolist())
    log = [Interaction(user=f"u{u:03}", product=p) for u, some in enumerate(histories) for p in some]
    return assemble(products, facts, log), new, histories


def _share_of_own_brand(vectors: Vectors, new: list[str], histories: list[list[str]], best: int) -> float:
    """Of the `best` new products by the mean cosine with what a user bought."""
    unit, row = vectors.unit(), {p: i for i, p in enumerate(vectors.ids)}
    late = unit[[row[p] for p in new]]
    shares = []
    for bought in histories:
        scores = unit[[row[p] for p in bought]].mean(axis=0) @ late.T
        first = np.argsort(-scores, kind="stable")[:best]
        shares.append(np.mean([new[i][1] == bought[0][1] for i in first]))
    return float(np.mean(shares))


def test_products_that_nobody_bought_find_their_users_by_what_users_care_for() -> None:
    graph, new, histories = _brand_lovers(unmet=32)
    trained, untrained = GNNEncoder(dim=32, steps=60), GNNEncoder(dim=32, steps=1, learning_rate=1e-9)
    for encoder in (trained, untrained):
        encoder.fit(graph)
    chance = float(np.mean([np.mean([p[1] == bought[0][1] for p in new]) for bought in histories]))
    found = _share_of_own_brand(trained.vectors(), new, histories, 3)
    assert found > 5 * chance
    assert found > 1.5 * _share_of_own_brand(untrained.vectors(), new, histories, 3)


def test_a_product_that_comes_later_finds_its_users_without_training() -> None:
    graph, new, histories = _brand_lovers(unmet=32)
    keeps = np.ones(graph.product_count, dtype=np.bool_)
    keeps[graph.nodes["product"].numbers(new)] = False
    before = assemble(
        [graph.products.product(row) for row in np.flatnonzero(keeps).tolist()],
        [],
        [Interaction(user=f"u{u:03}", product=p) for u, some in enumerate(histories) for p in some],
    )
    encoder = GNNEncoder(dim=32, steps=60)
    encoder.fit(before)
    later = encoder.extend(graph, graph.nodes["product"][:])
    assert _share_of_own_brand(later, new, histories, 3) > 0.8


def test_wrong_requests_are_refused(with_content: GNNEncoder) -> None:
    graph = planted()
    with pytest.raises(SettingsError, match="sound"):
        with_content.extend(graph, ["p0000"], features={"sound": _content(graph)})
    with pytest.raises(SettingsError, match="text"):
        with_content.extend(graph, ["p0000"], features={"text": _content(graph, dim=5)})
    with pytest.raises(UnknownProductError, match="missing"):
        with_content.extend(graph, ["missing"])
    with pytest.raises(SettingsError, match="fit"):
        GNNEncoder().vectors()


def test_one_saved_before_there_were_types_still_places_products(
    with_content: GNNEncoder, tmp_path: Path
) -> None:
    with_content.save(tmp_path)
    arrays = load_arrays(tmp_path / "gnn.safetensors")
    for kind in ("type", "series"):
        del arrays[f"ids.{kind}.data"], arrays[f"ids.{kind}.offsets"]
    arrays["network.kind"] = arrays["network.kind"][:-2]  # it knew two kinds less
    save_arrays(tmp_path / "gnn.safetensors", arrays)
    graph = planted()
    ids = list(graph.nodes["product"])[:5]
    older, newer = GNNEncoder.load(tmp_path).extend(graph, ids), with_content.extend(graph, ids)
    np.testing.assert_array_equal(older.matrix, newer.matrix)


def test_importing_loads_no_torch() -> None:
    code = "import sys, encoders.gnn; assert not {'torch', 'torch_geometric'} & set(sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


@pytest.mark.parametrize("bad", [{"dim": 0}, {"steps": 0}, {"layers": 0}, {"budget_seconds": -1.0}])
def test_settings_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(SettingsError):
        GNNEncoder(**bad)  # type: ignore[arg-type]
