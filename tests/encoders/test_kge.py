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
from encoders.link_prediction import HeldOut, hold_out, link_metrics
from kg.arrays import load_arrays, save_arrays
from kg.errors import SettingsError, UnknownProductError
from kg.records import Product
from kg.snapshot import assemble
from tests.encoders.planted import planted, siblings_first, tiny

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


def test_only_the_wanted_relations_are_learned() -> None:
    encoder = KGEEncoder(dim=8, epochs=1, relations=["like"])
    encoder.fit(tiny(facts=1, purchases=5))
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
