"""KGE: structure is learned and only structure; later products land among their own."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from encoders.kge import KGEEncoder, KGEModel
from encoders.kge_placing import query
from encoders.link_prediction import HeldOut, hold_out, link_metrics, shuffle_tails
from kg.arrays import load_arrays, save_arrays
from kg.errors import SettingsError, UnknownProductError, VersionError
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from tests.encoders.planted import beauty, planted, siblings_first

MODELS: tuple[KGEModel, ...] = ("transe", "rotate", "complex", "tucker", "distmult")


@cache
def _trained(model: KGEModel) -> tuple[KGEEncoder, HeldOut]:
    held = hold_out(planted(), relations=["also_viewed", "made_by"], seed=5)
    encoder = KGEEncoder(model, dim=32, epochs=25)
    encoder.fit(held.train)
    return encoder, held


@pytest.fixture
def fitted() -> KGEEncoder:
    return _trained("transe")[0]


@pytest.mark.parametrize("model", MODELS)
def test_structure_beats_degree_twice(model: KGEModel) -> None:
    encoder, held = _trained(model)
    assert link_metrics(encoder, held).advantage >= 2.0
    assert encoder.metrics is not None
    assert encoder.metrics.advantage > 1.0
    assert 0 < encoder.metrics.hits_at_1 <= encoder.metrics.hits_at_3 <= encoder.metrics.hits_at_10 <= 1


def test_advantage_vanishes_on_shuffled_edges() -> None:
    held = hold_out(shuffle_tails(planted(), seed=1), share=0.2, seed=5)
    encoder = KGEEncoder(dim=32, epochs=12)
    encoder.fit(held.train)
    assert link_metrics(encoder, held).advantage < 1.25


def test_training_is_what_helps() -> None:
    trained, held = _trained("transe")
    untrained = KGEEncoder(dim=32, epochs=1, learning_rate=1e-9)
    untrained.fit(held.train)
    assert link_metrics(trained, held).mrr > 2 * link_metrics(untrained, held).mrr


@pytest.mark.parametrize("model", MODELS)
def test_scores_are_those_of_pykeen(model: KGEModel) -> None:
    from encoders.kge_training import make_model

    network = make_model(model, nodes=9, relations=4, dim=8, seed=3, cache=None)
    network.eval()
    with torch.no_grad():
        nodes = network.entity_representations[0](None).detach()
        relation = network.relation_representations[0](None)[2].detach()
        expected = network.score_t(torch.tensor([[4, 2]]))[0].numpy()
    if model == "tucker":
        core = network.interaction.core_tensor.detach()
        operator = torch.einsum("ijk,j->ik", core, relation).numpy()
    else:
        operator = (torch.view_as_real(relation).flatten() if relation.is_complex() else relation).numpy()
    flat = (torch.view_as_real(nodes).flatten(1) if nodes.is_complex() else nodes).numpy()
    asked = query(model, flat[4:5], operator)
    by_distance = model in ("transe", "rotate")
    ours = -np.linalg.norm(asked - flat, axis=1) if by_distance else (flat @ asked.T)[:, 0]
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", MODELS)
def test_later_product_lands_among_its_siblings(model: KGEModel) -> None:
    encoder, _ = _trained(model)
    later = encoder.extend(planted(newcomer=True), ["p03new"])
    assert later.present.all()
    vectors = encoder.vectors()
    assert siblings_first(vectors.matrix, later.matrix[0], list(vectors.ids), own=3) >= 0.8


def test_extend_keeps_what_was_trained_and_admits_ignorance(fitted: KGEEncoder) -> None:
    vectors = fitted.vectors()
    old = fitted.extend(planted(newcomer=True), ["p0105", "p0000"])
    np.testing.assert_array_equal(old.matrix, vectors.matrix[[vectors.ids.index(i) for i in old.ids]])
    stranger = assemble([Product(id="alone"), Product(id="odd", brand="never seen")], [], [])
    assert not fitted.extend(stranger, ["alone", "odd"]).present.any()
    assert len(fitted.extend(stranger, [])) == 0
    with pytest.raises(UnknownProductError, match="missing"):
        fitted.extend(stranger, ["missing"])


def test_same_seed_same_vectors() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        runs = []
        for seed in (4, 4, 5):
            encoder = KGEEncoder(dim=16, epochs=2)
            encoder.fit(planted(), seed=seed)
            runs.append(encoder.vectors().matrix)
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_saved_and_loaded_answers_are_the_same(fitted: KGEEncoder, tmp_path: Path) -> None:
    fitted.save(tmp_path / "kge")
    loaded = KGEEncoder.load(tmp_path / "kge")
    np.testing.assert_array_equal(loaded.vectors().matrix, fitted.vectors().matrix)
    assert loaded.metrics == fitted.metrics
    newer = planted(newcomer=True)
    np.testing.assert_array_equal(
        loaded.extend(newer, ["p03new"]).matrix, fitted.extend(newer, ["p03new"]).matrix
    )
    (tmp_path / "kge" / "kge.json").write_text("{")
    with pytest.raises(VersionError, match="build the shop again"):
        KGEEncoder.load(tmp_path / "kge")


def test_one_saved_before_there_were_types_opens(fitted: KGEEncoder, tmp_path: Path) -> None:
    fitted.save(tmp_path)
    arrays = load_arrays(tmp_path / "kge.safetensors")
    for kind in ("type", "series"):
        del arrays[f"ids.{kind}.data"], arrays[f"ids.{kind}.offsets"]
    save_arrays(tmp_path / "kge.safetensors", arrays)
    np.testing.assert_array_equal(KGEEncoder.load(tmp_path).vectors().matrix, fitted.vectors().matrix)


def test_loading_needs_neither_torch_nor_pykeen(fitted: KGEEncoder, tmp_path: Path) -> None:
    fitted.save(tmp_path / "kge")
    code = (
        "import sys; from pathlib import Path; from encoders.kge import KGEEncoder\n"
        f"KGEEncoder.load(Path({str(tmp_path / 'kge')!r})).vectors()\n"
        "assert not {'torch', 'pykeen'} & set(sys.modules), 'a heavy library was loaded'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=_env(tmp_path))


def test_pykeen_writes_into_our_folder_only(tmp_path: Path) -> None:
    home, cache = tmp_path / "home", tmp_path / "cache"
    home.mkdir()
    code = (
        "from pathlib import Path\nfrom encoders.kge import KGEEncoder\n"
        "from tests.encoders.planted import planted\n"
        f"KGEEncoder(dim=4, epochs=1, cache=Path({str(cache)!r})).fit(planted())\n"
        "import os; assert 'PYSTOW_HOME' not in os.environ"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=_env(home))
    assert list(home.rglob("*")) == []
    assert (cache / "pykeen").is_dir()


def _env(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("XDG_", "PYSTOW", "PYKEEN", "MPL"))}
    return {**kept, "HOME": str(home), "PYTHONPATH": str(Path(__file__).parents[2])}


def _tiny(products: int = 5, facts: int = 0, purchases: int = 0) -> Graph:
    return assemble(
        [Product(id=f"p{i}") for i in range(products)],
        [Fact(head=f"p{i}", relation="like", tail=f"p{i + 1}") for i in range(facts)],
        [Interaction(user="u", product=f"p{i}") for i in range(purchases)],
    )


def test_small_and_empty_graphs_are_no_trouble(tmp_path: Path) -> None:
    for graph, expected in ((_tiny(), 0), (_tiny(0), 0), (_tiny(facts=2), 3), (_tiny(purchases=3), 3)):
        encoder = KGEEncoder(dim=8)
        encoder.fit(graph)
        assert encoder.vectors().present.sum() == expected
        assert encoder.vectors().ids == tuple(graph.nodes["product"])
        assert encoder.metrics is None
        encoder.save(tmp_path / "tiny")
        assert KGEEncoder.load(tmp_path / "tiny").vectors().present.sum() == expected


def test_only_the_wanted_relations_are_learned() -> None:
    encoder = KGEEncoder(dim=8, epochs=1, relations=["like"])
    encoder.fit(_tiny(facts=1, purchases=5))
    assert encoder.vectors().present.tolist() == [True, True, False, False, False]


def test_product_with_only_held_out_edges_still_has_a_vector() -> None:
    graph = planted()
    encoder = KGEEncoder(dim=8, epochs=2, relations=["made_by"], validation=30)
    encoder.fit(graph)  # one edge per product: those kept for validation have no other
    assert encoder.vectors().present.all()


@pytest.mark.parametrize(
    "bad",
    [{"model": "foo"}, {"dim": 1}, {"model": "rotate", "dim": 7}, {"epochs": 0}, {"learning_rate": 0.0}],
)
def test_settings_out_of_range_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        KGEEncoder(**bad)  # type: ignore[arg-type]


def test_asking_before_fitting_says_so() -> None:
    with pytest.raises(SettingsError, match="fit"):
        KGEEncoder().vectors()


def test_an_interrupted_fit_leaves_what_was_there(fitted: KGEEncoder) -> None:
    before = fitted.vectors().matrix.copy()

    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    fitted._progress = stop
    try:
        with pytest.raises(KeyboardInterrupt):
            fitted.fit(planted(seed=9), seed=1)
    finally:
        fitted._progress = None
    np.testing.assert_array_equal(fitted.vectors().matrix, before)


def test_budget_ends_training_early() -> None:
    seen: list[int] = []
    encoder = KGEEncoder(
        dim=8, epochs=90, budget_seconds=1e-6, progress=lambda _, done, total: seen.append(done)
    )
    encoder.fit(planted())
    assert encoder.epoch == 1
    assert seen[-1] == 90  # a progress bar ends full


@pytest.mark.long
@pytest.mark.data
def test_beauty_structure_and_its_absence() -> None:
    folder = os.environ.get("SHELFGRAPH_TEST_DATA")
    if not folder:
        pytest.skip("SHELFGRAPH_TEST_DATA is not set: no real catalog to test on")
    graph = beauty(Path(folder))
    held = hold_out(graph, seed=7)
    encoder = KGEEncoder()
    encoder.fit(held.train)
    assert link_metrics(encoder, held).advantage >= 2.0
    mixed = hold_out(shuffle_tails(graph, seed=1), seed=7)
    encoder.fit(mixed.train)
    assert link_metrics(encoder, mixed).advantage < 1.25
