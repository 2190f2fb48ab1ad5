"""The weighted sum, checked against sums done by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fusion.base import Fusion, align
from fusion.weighted import WeightedFusion
from kg.errors import SettingsError, VersionError
from kg.vectors import Vectors
from tests.fusion.planted import planted, precision, vectors

EYE = np.eye(3, dtype=np.float32)


def test_the_sum_is_the_one_of_the_formula() -> None:
    parts = {"text": vectors(EYE), "image": vectors(2 * EYE), "gnn": vectors(EYE)}
    fusion = WeightedFusion(text=3, image=1, gnn=2, alpha=0.25).fit(parts)
    assert isinstance(fusion, Fusion)
    # all three spaces are already aligned, so these are the numbers of the formula
    other = {
        "text": vectors(np.array([[1, 0, 0]])),
        "image": vectors(np.array([[0, 5, 0]])),
        "gnn": vectors(np.array([[0, 0, 7]])),
    }
    expected = np.array([0.75 * 3 / 4, 0.75 * 1 / 4, 0.25])
    fused = fusion.items(other)
    assert np.allclose(fused.matrix[0], expected / np.linalg.norm(expected), atol=1e-6)


def test_a_missing_modality_gives_its_weight_to_the_others() -> None:
    parts = {"text": vectors(EYE), "image": vectors(EYE), "gnn": vectors(EYE)}
    fusion = WeightedFusion(text=3, image=1, gnn=2, alpha=0.25).fit(parts)
    rows = np.array([[1, 0, 0], [1, 0, 0], [9, 9, 9], [9, 9, 9]])
    graph = np.array([[0, 0, 1], [9, 9, 9], [0, 0, 1], [9, 9, 9]])
    fused = fusion.items(
        {
            "text": vectors(rows, np.array([True, True, False, False])),
            "image": vectors(rows, np.zeros(4, dtype=np.bool_)),
            "gnn": vectors(graph, np.array([True, False, True, False])),
        }
    )
    both = np.array([0.75, 0, 0.25])
    assert np.allclose(fused.matrix[0], both / np.linalg.norm(both), atol=1e-6)
    assert np.allclose(fused.matrix[1:], [[1, 0, 0], [0, 0, 1], [0, 0, 0]], atol=1e-6)
    assert fused.present.tolist() == [True, True, True, False]


def test_a_rotated_copy_of_the_texts_is_turned_back() -> None:
    rng = np.random.default_rng(0)
    text = rng.standard_normal((50, 6)).astype(np.float32)
    rotation = np.linalg.qr(rng.standard_normal((6, 6)))[0].astype(np.float32)
    assert np.allclose(text @ rotation @ align(text @ rotation, text), text, atol=1e-5)
    parts = {"text": vectors(text), "image": vectors(text @ rotation)}
    fusion = WeightedFusion().fit(parts)
    asked = fusion.query({"image": text @ rotation})
    assert np.allclose(asked, fusion.query({"text": text}), atol=1e-5)
    assert np.allclose(fusion.items(parts).matrix, asked, atol=1e-5)


def test_fusing_beats_text_alone_where_text_says_nothing() -> None:
    world = planted()
    fusion = WeightedFusion().fit(world.parts)
    alone = precision(world.parts["text"].matrix, world.cluster)
    assert precision(fusion.items(world.parts).matrix, world.cluster) > alone + 0.2
    asked, fused = fusion.query({"text": world.queries}), fusion.items(world.parts).matrix
    assert ((asked @ fused.T).argsort(axis=1)[:, -10:] == np.arange(len(fused))[:, None]).any(
        axis=1
    ).mean() > 0.9


def test_saved_and_loaded_it_answers_the_same(tmp_path: Path) -> None:
    world = planted(200)
    fusion = WeightedFusion(alpha=0.2, kge=0.7).fit(world.parts)
    fusion.save(tmp_path / "a")
    loaded = WeightedFusion.load(tmp_path / "a")
    assert np.array_equal(loaded.items(world.parts).matrix, fusion.items(world.parts).matrix)
    loaded.save(tmp_path / "b")
    for name in ("fusion.json", "fusion.safetensors"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    (tmp_path / "a" / "fusion.json").write_text("{")
    with pytest.raises(VersionError, match=r"fusion\.json"):
        WeightedFusion.load(tmp_path / "a")


def test_wrong_use_is_a_clear_error() -> None:
    with pytest.raises(SettingsError, match="alpha=2"):
        WeightedFusion(alpha=2)
    with pytest.raises(SettingsError, match="not fitted"):
        WeightedFusion().items({"text": vectors(EYE)})
    with pytest.raises(SettingsError, match="'smell'"):
        WeightedFusion().fit({"smell": vectors(EYE)})
    fusion = WeightedFusion().fit({"text": vectors(EYE)})
    with pytest.raises(SettingsError, match="'image'"):
        fusion.items({"image": vectors(EYE)})
    with pytest.raises(SettingsError, match=r"\[m, 3\]"):
        fusion.query({"text": np.zeros((2, 4), dtype=np.float32)})
    renamed = Vectors(ids=("a", "b", "c"), matrix=EYE, present=np.ones(3, dtype=np.bool_))
    with pytest.raises(SettingsError, match="same products"):
        WeightedFusion().fit({"text": vectors(EYE), "image": renamed})
