"""The learned fusion in a planted world where the right answer is known."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from fusion.base import Fusion
from fusion.gate import fuse, initial
from fusion.gated import GatedFusion
from fusion.training import TrainingSettings, _forward
from kg.errors import SettingsError, VersionError
from tests.fusion.planted import World, planted, precision, vectors


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def trained(world: World, **options: int) -> GatedFusion:
    rows = np.arange(len(world.cluster))
    fusion = GatedFusion(dim=64, batch_size=256, **options)
    return fusion.fit(world.parts, pairs=world.pairs, queries=world.queries, query_rows=rows)


@pytest.fixture(scope="module")
def world() -> World:
    return planted()


@pytest.fixture(scope="module")
def fusion(world: World) -> GatedFusion:
    return trained(world)


def test_learning_beats_text_alone_and_its_own_start(world: World, fusion: GatedFusion) -> None:
    assert isinstance(fusion, Fusion)
    untrained = GatedFusion(dim=64).fit(world.parts)
    alone = precision(world.parts["text"].matrix, world.cluster)
    before = precision(untrained.items(world.parts).matrix, world.cluster)
    after = precision(fusion.items(world.parts).matrix, world.cluster)
    assert alone < before < after
    assert after > alone + 0.3
    metrics = fusion.metrics
    assert metrics is not None
    assert metrics.pairs_text is not None
    assert metrics.pairs_after is not None
    assert metrics.pairs_after > 1.2 * metrics.pairs_text


def test_pairs_never_seen_in_training_come_closer(world: World, fusion: GatedFusion) -> None:
    left, right = world.test_pairs[world.test_pairs[:, 0] != world.test_pairs[:, 1]].T

    def separation(matrix: np.ndarray) -> float:
        unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        return float((unit[left] * unit[right]).sum(axis=1).mean() - (unit @ unit.T).mean())

    assert separation(fusion.items(world.parts).matrix) > separation(world.parts["text"].matrix) + 0.2


@pytest.mark.parametrize("lost", ["text", "image", "kge"])
def test_losing_a_modality_degrades_gently(world: World, fusion: GatedFusion, lost: str) -> None:
    rest = {name: part for name, part in world.parts.items() if name != lost}
    alone = precision(world.parts["text"].matrix, world.cluster)
    whole = precision(fusion.items(world.parts).matrix, world.cluster)
    left = precision(fusion.items(rest).matrix, world.cluster)
    assert left > 0.65 * whole
    assert left > alone + 0.1


def test_queries_find_their_product(world: World, fusion: GatedFusion) -> None:
    scores = fusion.query({"text": world.queries}) @ fusion.items(world.parts).matrix.T
    own = scores[np.arange(len(scores)), np.arange(len(scores))]
    assert ((scores > own[:, None]).sum(axis=1) < 10).mean() > 0.9


def test_a_picture_can_ask_too(world: World, fusion: GatedFusion) -> None:
    with_picture = np.flatnonzero(world.parts["image"].present)
    fused = fusion.items(world.parts).matrix
    scores = fusion.query({"image": world.parts["image"].matrix[with_picture]}) @ fused.T
    nearest = scores.argsort(axis=1)[:, -5:]
    assert (world.cluster[nearest] == world.cluster[with_picture][:, None]).mean() > 0.8


def test_what_stands_in_an_absent_row_is_never_read(world: World, fusion: GatedFusion) -> None:
    expected = fusion.items(world.parts).matrix
    for filler in (0.0, 1e6, np.nan, np.inf):
        filled = dict(world.parts)
        for name, part in world.parts.items():
            matrix = part.matrix.copy()
            matrix[~part.present] = filler
            filled[name] = vectors(matrix, part.present)
        assert np.array_equal(fusion.items(filled).matrix, expected)
    image = world.parts["image"]
    changed = {**world.parts, "image": vectors(image.matrix, np.ones_like(image.present))}
    assert not np.allclose(fusion.items(changed).matrix[~image.present], expected[~image.present], atol=1e-3)


def test_permuted_products_give_a_permuted_result(world: World, fusion: GatedFusion) -> None:
    order = np.random.default_rng(1).permutation(len(world.cluster))
    permuted = {n: vectors(part.matrix[order], part.present[order]) for n, part in world.parts.items()}
    assert np.allclose(fusion.items(permuted).matrix, fusion.items(world.parts).matrix[order], atol=1e-5)


def test_a_product_without_any_modality_is_absent(world: World, fusion: GatedFusion) -> None:
    parts = {}
    for name, part in world.parts.items():
        present = part.present.copy()
        present[7] = False
        parts[name] = vectors(part.matrix, present)
    fused = fusion.items(parts)
    assert not fused.present[7]
    assert not fused.matrix[7].any()
    assert fused.present.sum() == len(fused) - 1
    again = GatedFusion(dim=64, epochs=1).fit(parts, pairs=world.pairs)
    assert np.isfinite(again.items(parts).matrix).all()


def test_training_and_answering_use_one_formula(world: World) -> None:
    inputs = {n: (part.unit(), part.present) for n, part in world.parts.items()}
    rng = np.random.default_rng(3)
    parameters = {
        name: array + 0.1 * rng.standard_normal(array.shape).astype(np.float32)
        for name, array in initial(inputs, dim=64, hidden=8, seed=0).items()
    }
    settings = TrainingSettings(
        epochs=0,
        patience=0,
        batch_size=2,
        pairs_per_epoch=1,
        learning_rate=1.0,
        modality_dropout=0.0,
        query_weight=0.0,
    )
    torched = _forward(
        {name: torch.from_numpy(array) for name, array in parameters.items()},
        {name: (torch.from_numpy(x), mask) for name, (x, mask) in inputs.items()},
        np.arange(len(world.cluster)),
        settings,
        rng,
    )
    assert np.abs(torched.numpy() - fuse(parameters, inputs)).max() < 1e-5


def test_the_same_seed_gives_the_same_model_and_leaves_torch_alone(world: World) -> None:
    state = torch.get_rng_state()
    first, second = trained(world, epochs=2), trained(world, epochs=2)
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(first.items(world.parts).matrix, second.items(world.parts).matrix)


def test_validation_never_ends_below_the_start(world: World) -> None:
    shuffled = world.pairs.copy()
    np.random.default_rng(0).shuffle(shuffled[:, 1])  # nothing to learn
    metrics = GatedFusion(dim=64, epochs=3).fit(world.parts, pairs=shuffled).metrics
    assert metrics is not None
    assert metrics.pairs_before is not None
    assert metrics.pairs_after is not None
    assert metrics.pairs_after >= metrics.pairs_before


def test_long_vectors_are_cut_for_training_only(world: World) -> None:
    fusion = GatedFusion(dim=24, epochs=1).fit(world.parts, pairs=world.pairs)
    fused = fusion.items(world.parts)  # image: 96 numbers, more than twice the dim
    assert fused.matrix.shape == (len(world.cluster), 24)
    assert fusion.query({"image": world.parts["image"].matrix}).shape == (len(world.cluster), 24)


def test_saved_and_loaded_it_answers_the_same(world: World, fusion: GatedFusion, tmp_path: Path) -> None:
    fusion.save(tmp_path / "a")
    loaded = GatedFusion.load(tmp_path / "a")
    assert np.array_equal(loaded.items(world.parts).matrix, fusion.items(world.parts).matrix)
    assert np.array_equal(loaded.query({"text": world.queries}), fusion.query({"text": world.queries}))
    assert loaded.metrics == fusion.metrics
    loaded.save(tmp_path / "b")
    for name in ("fusion.json", "fusion.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    (tmp_path / "a" / "fusion.safetensors").write_bytes(b"no arrays")
    with pytest.raises(VersionError, match=r"fusion\.safetensors"):
        GatedFusion.load(tmp_path / "a")


def test_answering_needs_no_torch(fusion: GatedFusion, tmp_path: Path) -> None:
    fusion.save(tmp_path)
    code = (
        "import sys, pathlib, numpy as np\n"
        "from fusion.gated import GatedFusion\n"
        "GatedFusion.load(pathlib.Path(sys.argv[1])).query({'text': np.ones((1, 48), dtype=np.float32)})\n"
        "assert 'torch' not in sys.modules\n"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=True, timeout=120)


def test_wrong_use_is_a_clear_error(world: World, fusion: GatedFusion) -> None:
    for options in ({"dim": 0}, {"modality_dropout": 1.0}, {"validation": 0.0}):
        with pytest.raises(SettingsError, match=next(iter(options))):
            GatedFusion(**options)
    with pytest.raises(SettingsError, match="not fitted"):
        GatedFusion().items(world.parts)
    with pytest.raises(SettingsError, match="rows from 0 to 599"):
        GatedFusion().fit(world.parts, pairs=np.array([[0, 600]]))
    with pytest.raises(SettingsError, match="belong together"):
        GatedFusion().fit(world.parts, queries=world.queries)
    with pytest.raises(SettingsError, match="'smell'"):
        fusion.items({"smell": world.parts["text"]})
    nothing = {"text": vectors(np.zeros((3, 4)), np.zeros(3, dtype=np.bool_))}
    with pytest.raises(SettingsError, match="without vectors"):
        GatedFusion().fit(nothing)
