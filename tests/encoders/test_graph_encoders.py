"""The contract of every graph encoder: seeds, saving, damage, small graphs, interrupts, and no structure
where there is none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from encoders.gnn import GNNEncoder
from encoders.kge import KGEEncoder
from encoders.link_prediction import hold_out, link_metrics, shuffle_tails
from kg.errors import SettingsError, UnknownProductError, VersionError
from tests.encoders.planted import beauty, planted, tiny


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of encoder: its class, the setting that says how long it trains, and how long is enough to learn
    `planted`."""

    name: str
    make: Any
    length: str
    short: int


KINDS = (
    Kind(name="kge", make=KGEEncoder, length="epochs", short=12),
    Kind(name="gnn", make=GNNEncoder, length="steps", short=60),
)


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def fitted(kind: Kind) -> Any:
    encoder = kind.make(dim=32, **{kind.length: kind.short})
    encoder.fit(planted())
    return encoder


def test_advantage_vanishes_on_shuffled_edges(kind: Kind) -> None:
    held = hold_out(shuffle_tails(planted(), seed=1), share=0.2, seed=5)
    encoder = kind.make(dim=32, **{kind.length: kind.short})
    encoder.fit(held.train)
    assert link_metrics(encoder, held).advantage < 1.25


def test_same_seed_same_vectors(kind: Kind) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        runs = []
        for seed in (4, 4, 5):
            encoder = kind.make(dim=16, **{kind.length: 4})
            encoder.fit(planted(), seed=seed)
            runs.append(encoder.vectors().matrix)
    finally:
        torch.set_num_threads(before)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_saved_and_loaded_answers_are_the_same(kind: Kind, fitted: Any, tmp_path: Path) -> None:
    folder = tmp_path / kind.name
    fitted.save(folder)
    loaded = kind.make.load(folder)
    np.testing.assert_array_equal(loaded.vectors().matrix, fitted.vectors().matrix)
    assert loaded.metrics == fitted.metrics
    newer = planted(newcomer=True)
    np.testing.assert_array_equal(
        loaded.extend(newer, ["p03new"]).matrix, fitted.extend(newer, ["p03new"]).matrix
    )


@pytest.mark.parametrize("damage", ["[]", "{", ""])
def test_a_damaged_file_is_told(kind: Kind, fitted: Any, tmp_path: Path, damage: str) -> None:
    fitted.save(tmp_path)
    (tmp_path / f"{kind.name}.json").write_text(damage)
    with pytest.raises(VersionError, match="build the shop again"):
        kind.make.load(tmp_path)


def test_what_it_cannot_know_is_refused(kind: Kind, fitted: Any) -> None:
    with pytest.raises(SettingsError, match="fit"):
        kind.make().vectors()
    with pytest.raises(UnknownProductError, match="missing"):
        fitted.extend(planted(), ["missing"])
    assert len(fitted.extend(planted(), [])) == 0


def test_small_and_empty_graphs_are_no_trouble(kind: Kind, tmp_path: Path) -> None:
    for graph, expected in (
        (tiny(), 0),
        (tiny(0), 0),
        (tiny(facts=1), 2),
        (tiny(facts=2), 3),
        (tiny(purchases=3), 3),
    ):
        encoder = kind.make(dim=8, **{kind.length: 4})
        encoder.fit(graph)
        assert encoder.vectors().present.sum() == expected
        assert encoder.vectors().ids == tuple(graph.nodes["product"])
        encoder.save(tmp_path / "tiny")
        loaded = kind.make.load(tmp_path / "tiny")
        assert loaded.vectors().present.sum() == expected
        assert loaded.extend(graph, graph.nodes["product"][:1]).dim == 8


def test_an_interrupted_fit_leaves_what_was_there(kind: Kind) -> None:
    def stop(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    encoder = kind.make(dim=8, **{kind.length: 4})
    encoder.fit(planted())
    before = encoder.vectors().matrix.copy()
    encoder._progress = stop
    with pytest.raises(KeyboardInterrupt):
        encoder.fit(planted(seed=9), seed=1)
    np.testing.assert_array_equal(encoder.vectors().matrix, before)


def test_budget_ends_training_early(kind: Kind) -> None:
    seen: list[tuple[int, int]] = []
    encoder = kind.make(
        dim=8,
        **{kind.length: 90},
        budget_seconds=1e-6,
        progress=lambda _, done, total: seen.append((done, total)),
    )
    encoder.fit(planted())
    assert len(seen) <= 2  # it stopped after the first
    assert seen[-1] == (90, 90)  # a progress bar ends full


@pytest.mark.long
@pytest.mark.data
def test_beauty_structure_and_its_absence(kind: Kind) -> None:
    folder = os.environ.get("SHELFGRAPH_TEST_DATA")
    if not folder:
        pytest.skip("SHELFGRAPH_TEST_DATA is not set: no real catalog to test on")
    graph = beauty(Path(folder))
    held = hold_out(graph, seed=7)
    encoder = kind.make()
    encoder.fit(held.train)
    assert link_metrics(encoder, held).advantage >= 2.0
    mixed = hold_out(shuffle_tails(graph, seed=1), seed=7)
    encoder.fit(mixed.train)
    assert link_metrics(encoder, mixed).advantage < 1.25
