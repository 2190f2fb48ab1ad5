"""A vector space that knows something is seen to gain, above all for new products; noise is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from kg.errors import SettingsError
from kg.graph import Graph
from kg.records import Interaction, Product
from kg.snapshot import assemble
from kg.vectors import Vectors
from recommend.evaluate import evaluate_cold
from recommend.evaluate.cold import CATALOG, WHOLE
from recommend.evaluate.spaces import PLAIN as BUILT_WITHOUT
from recommend.evaluate.spaces import SpaceAudit, audit_spaces
from recommend.settings import Settings
from recommend.vector_stages import Made
from tests.recommend.shops import PLAIN

SETTINGS = replace(PLAIN, kge=True, neighbours=12, learned=False, search_queries=0, best_lists=0)
KINDS, PRODUCTS = 12, 144


def shop(users: int = 500, *, seed: int = 0) -> Graph:
    """Users buy things of one kind, which nothing in the catalog tells."""
    rng = np.random.default_rng(seed)
    kind = np.arange(PRODUCTS) % KINDS
    log = [
        Interaction(user=f"u{user:03d}", product=f"p{p:03d}")
        for user in range(users)
        for p in (
            *rng.choice(np.flatnonzero(kind == user % KINDS), 4, replace=False).tolist(),
            int(rng.integers(PRODUCTS)),
        )
    ]
    return assemble([Product(id=f"p{i:03d}") for i in range(PRODUCTS)], [], log)


def planted(graph: Graph) -> dict[str, Vectors]:
    """Two spaces: in 'knowing' products of one kind are near one another; 'noise' is noise."""
    rng = np.random.default_rng(1)
    middles = rng.normal(size=(KINDS, 16))
    near = middles[np.arange(PRODUCTS) % KINDS] + 0.2 * rng.normal(size=(PRODUCTS, 16))
    there = np.ones(PRODUCTS, dtype=np.bool_)
    return {
        name: Vectors(ids=tuple(graph.products.id), matrix=matrix.astype(np.float32), present=there)
        for name, matrix in (("knowing", near), ("noise", rng.normal(size=(PRODUCTS, 16))))
    }


@pytest.fixture(scope="module", autouse=True)
def spaces() -> Iterator[None]:
    """Every build here that is to have vectors has the planted spaces."""

    def encoded(graph: Graph, settings: Settings, *_: object, **__: object) -> Made:
        return Made(vectors=planted(graph) if settings.kge else {})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recommend.fitting.encode_content", encoded)
        patch.setattr("recommend.fitting.learn_graph", lambda *_, **__: None)
        yield


@pytest.fixture(scope="module")
def found() -> SpaceAudit:
    return audit_spaces(shop(), settings=SETTINGS, cold=0.2)


def gains(found: SpaceAudit, *, new: bool = False) -> dict[tuple[str, str], float]:
    """The low end of each comparison's interval."""
    comparisons = found.new.comparisons if new else found.comparisons
    return {(one.model, one.against): one.difference.low for one in comparisons}


def test_every_space_is_taken_away_and_left_alone(found: SpaceAudit) -> None:
    assert found.spaces == ("knowing", "noise")
    variants = [f"{gone} {space}" for gone in ("without", "only") for space in found.spaces]
    expected = {WHOLE, f"{WHOLE}, without vectors", *(f"{WHOLE}, {variant}" for variant in variants)}
    assert {row.model for row in found.rows} == set(found.bands.hits) == expected | {BUILT_WITHOUT}
    assert expected < {row.model for row in found.new.rows}
    assert found.bands.pairs.sum() == found.protocol["hidden_pairs"]


def test_the_space_that_knows_gains_and_noise_does_not(found: SpaceAudit) -> None:
    low = gains(found)
    assert low[WHOLE, f"{WHOLE}, without knowing"] > 0
    assert low[f"{WHOLE}, only knowing", f"{WHOLE}, without vectors"] > 0
    assert low[WHOLE, f"{WHOLE}, without vectors"] > 0
    assert low[WHOLE, f"{WHOLE}, without noise"] <= 0
    assert low[f"{WHOLE}, only noise", f"{WHOLE}, without vectors"] <= 0


def test_a_build_that_never_had_vectors_stands_beside(found: SpaceAudit) -> None:
    """Weights learned again are near to those with vectors: a shop would have another build instead."""
    assert gains(found)[WHOLE, BUILT_WITHOUT] > 0
    means = {row.model: row.means["ndcg@10"] for row in found.rows}
    assert means[WHOLE] > means[BUILT_WITHOUT]
    (told,) = (one for one in found.sentences if one.startswith("A build with them, as it weighs them"))
    assert "over a build without any" in told


def test_new_products_live_on_the_space_that_knows(found: SpaceAudit) -> None:
    values = {row.model: row.means["recall@10"] for row in found.new.rows}
    for name in (WHOLE, CATALOG):
        assert gains(found, new=True)[name, f"{name}, without knowing"] > 0.1
        assert values[name] > 0.6
        assert values[f"{name}, without vectors"] == 0  # nobody bought them, and nothing else is known
        assert values[f"{name}, only noise"] < 0.5 * values[name]


def test_the_sentences_say_where_it_gains(found: SpaceAudit) -> None:
    knowing, noise, together, *_ = found.sentences
    assert knowing.startswith("knowing: ndcg@10 +")
    for part in ("over what needs no vectors", "1-5 purchases", "first day", "over all else"):
        assert part in knowing
    assert noise.startswith("noise: ")
    assert together.startswith("all together, as built: ndcg@10 +")


def test_a_build_measures_its_spaces(found: SpaceAudit) -> None:
    validation = found.validation
    assert set(validation) == {"knowing", "noise"}
    knowing = validation["knowing"]
    assert knowing["interval"][0] > 0
    assert knowing["kept"] == "on"
    assert knowing["with"] - knowing["without"] == pytest.approx(knowing["gain"], abs=2e-6)
    assert sum(band["pairs"] for band in knowing["bands"].values()) > 0
    assert validation["noise"]["gain"] < 0.1 * knowing["gain"]  # a 95 % interval leaves out 0 now and then
    assert validation["noise"]["kept"] == "off"
    assert "lets noise decide only where" in found.sentences[-1]


def test_it_is_plain_json(found: SpaceAudit) -> None:
    plain = json.loads(json.dumps(found.plain()))
    assert plain["protocol"]["kind"] == "audit of vectors"
    assert [row["model"] for row in plain["rows"]] == [row.model for row in found.rows]
    assert plain["new"]["protocol"]["kind"] == "cold"
    assert plain["validation"] == found.validation


def test_without_lessons_a_space_is_just_not_there() -> None:
    report = evaluate_cold(shop(40), settings=SETTINGS, cold=0.5)
    assert f"{WHOLE}, without knowing" in {row.model for row in report.rows}


def test_a_build_without_vectors_has_none_to_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommend.fitting.encode_content", lambda *_, **__: Made())
    with pytest.raises(SettingsError, match="makes no vectors"):
        audit_spaces(shop(60), settings=SETTINGS)
    alone = assemble([Product(id="a"), Product(id="b")], [], [Interaction(user="u", product="a")])
    with pytest.raises(SettingsError, match="no user of this shop"):
        audit_spaces(alone, settings=SETTINGS)
