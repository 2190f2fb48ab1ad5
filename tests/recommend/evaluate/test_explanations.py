"""The figures of explanations: known answers, and explainers that do not tell the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from kg.errors import SettingsError
from kg.records import Product
from kg.snapshot import assemble
from recommend.evaluate import Report, evaluate_explanations
from recommend.explain.explanation import ExplainedPath, Explanation
from recommend.explain.preferring import PREFERENCES, Prefer
from recommend.recommender import Recommender
from recommend.results import Results
from tests.recommend.shops import PLAIN, planted

HITS = 40


@pytest.fixture(scope="module")
def model() -> Recommender:
    return Recommender.fit(planted(60, 45, noise=3), settings=PLAIN)


@pytest.fixture(scope="module")
def untaught() -> Recommender:
    """So few users that every channel has its default weight."""
    return Recommender.fit(planted(40, 25, noise=1), settings=PLAIN)


@pytest.fixture(scope="module")
def report(model: Recommender) -> Report:
    return evaluate_explanations(model, hits=HITS)


def against(report: Report, other: str) -> tuple[float, float]:
    """The interval of the fall by a shown path minus that by another one."""
    found = next(one for one in report.comparisons if other in one.against)
    return found.difference.low, found.difference.high


def test_a_faithful_explainer_passes(report: Report) -> None:
    deletion = report.paths["deletion"]
    assert deletion["paths"] >= HITS
    assert deletion["score_falls"] >= 0.95
    assert deletion["score_falls_with_the_purchase"] >= deletion["score_falls"]
    assert deletion["own_fall_of_claim"]["median"] == pytest.approx(1, abs=1e-4)
    for channel in ("co_purchase", "transitions", "random_link"):  # one path a link: it falls as a whole
        own = deletion["by_channel"][channel]["own_fall_of_claim"]
        assert own == {"median": pytest.approx(1, abs=1e-4), "p10": pytest.approx(1, abs=1e-4)}
    # the purchases behind a transition are behind co-purchase, too
    assert deletion["by_channel"]["transitions"]["fall_of_claim"]["p10"] > 1.1
    assert against(report, "a random path")[0] > 0
    assert report.paths["validity"] == {"paths": report.paths["validity"]["paths"], "valid": 1.0}
    assert report.paths["of_vectors"] == {"hits_on_them_alone": 0.0, "carried": 0.0, "paths": 0}
    assert report.paths["coverage"] == 1.0
    assert report.paths["largest_gap"] < 1e-5
    assert report.protocol["tested_hits"] == HITS


def drawn(model: Recommender, *, of_the_list: bool) -> Callable[[Results, Prefer], Sequence[Explanation]]:
    """Shows random real paths as if they were the reasons: of the hit, or of the whole list."""
    rng = np.random.default_rng(0)

    def explain(results: Results, prefer: Prefer) -> list[Explanation]:
        every = model.explain_all(results, paths=1_000)
        found = []
        for one in every:
            paths = [path for other in every for path in other.paths] if of_the_list else list(one.paths)
            chosen = rng.choice(len(paths), min(3, len(paths)), replace=False)
            found.append(replace(one, paths=tuple(paths[i] for i in chosen)))
        return found

    return explain


def test_claims_that_are_too_large_are_caught(untaught: Recommender) -> None:
    def explain(results: Results, prefer: Prefer) -> list[Explanation]:
        return [
            replace(one, paths=tuple(replace(path, contribution=2 * path.contribution) for path in one.paths))
            for one in untaught.explain_all(results)
        ]

    found = evaluate_explanations(untaught, hits=5, explainer=explain)
    assert found.paths["deletion"]["own_fall_of_claim"]["median"] == pytest.approx(0.5, abs=1e-4)


def test_random_paths_of_a_hit_are_caught(model: Recommender) -> None:
    """They lower the score, but by no more than other paths to the product would."""
    found = evaluate_explanations(model, hits=HITS, explainer=drawn(model, of_the_list=False))
    assert against(found, "another path")[0] <= 0


def test_paths_to_other_products_are_caught(model: Recommender, report: Report) -> None:
    found = evaluate_explanations(model, hits=HITS, explainer=drawn(model, of_the_list=True))
    assert found.paths["validity"]["valid"] < 0.5
    assert found.paths["deletion"]["score_falls"] < report.paths["deletion"]["score_falls"] - 0.2
    assert against(found, "a random path")[0] < against(report, "a random path")[0] / 2


def _false(path: ExplainedPath, what: str) -> ExplainedPath:
    """The path with one thing that is not so."""
    first, *between, last = path.edges
    if what == "node":
        return replace(path, edges=(first, *between, replace(last, end=replace(last.end, id="nowhere"))))
    if what == "edge":
        other = "p000" if first.end.id != "p000" else "p001"
        return replace(path, edges=(replace(first, end=replace(first.end, id=other)), *path.edges[1:]))
    if what == "start":
        return replace(path, edges=path.edges[1:])
    more = [
        replace(edge, support=(edge.support or 0) + 1) if edge.support_unit == "users" else edge
        for edge in path.edges
    ]
    return replace(path, edges=tuple(more))


@pytest.mark.parametrize("what", ["node", "edge", "support", "start"])
def test_what_is_not_so_is_not_valid(untaught: Recommender, what: str) -> None:
    def explain(results: Results, prefer: Prefer) -> list[Explanation]:
        return [
            replace(one, paths=tuple(_false(path, what) for path in one.paths))
            for one in untaught.explain_all(results, paths=1_000)
        ]

    assert evaluate_explanations(untaught, hits=5).paths["validity"]["valid"] == 1
    found = evaluate_explanations(untaught, hits=5, explainer=explain)
    assert found.paths["validity"]["valid"] < 1


def test_all_paths_carry_all_but_popularity(untaught: Recommender) -> None:
    found = evaluate_explanations(untaught, hits=20, paths=1_000)
    assert found.paths["carried_by_shown"] == found.paths["carried_by_all"]
    rests = []
    for user in untaught.graph.nodes["user"]:
        for one in untaught.explain_all(untaught.recommend(user), paths=1_000):
            rests.append(one.signals.get("popularity", 0.0) / one.score)
            assert one.shown_share == pytest.approx(1 - rests[-1], abs=1e-5)
    assert 1 - max(rests) - 1e-6 <= found.row("strongest").means["carried"] <= 1 - min(rests) + 1e-6


def test_each_knob_turns_its_own_figure(untaught: Recommender) -> None:
    report = evaluate_explanations(untaught, hits=20, paths=1)
    values = {prefer: report.row(prefer).means for prefer in PREFERENCES}
    assert values["recent"]["lir"] > values["strongest"]["lir"] + 0.05
    assert values["familiar"]["sep"] > values["strongest"]["sep"] + 0.02
    assert values["diverse"]["etd"] > values["strongest"]["etd"] + 0.1
    assert all(values["strongest"]["carried"] >= one["carried"] > 0 for one in values.values())


def test_the_same_seed_gives_the_same_report(model: Recommender) -> None:
    once, again, other = (evaluate_explanations(model, hits=8, seed=seed).plain() for seed in (0, 0, 1))
    assert once == again != other


def test_progress_is_told(model: Recommender) -> None:
    told: list[tuple[str, int, int]] = []
    evaluate_explanations(model, hits=3, progress=lambda *step: told.append(step))
    assert [stage for stage, *_ in told] == ["channels", *["explain"] * 3, *["delete"] * 3]


def test_more_hits_than_users_are_taken_from_the_same_lists(untaught: Recommender) -> None:
    users = len(untaught.graph.nodes["user"])
    found = evaluate_explanations(untaught, hits=users + 7)
    assert (found.protocol["users"], found.protocol["tested_hits"]) == (users, users + 7)


def test_nobody_to_explain_to() -> None:
    model = Recommender.fit(assemble([Product(id="a")], [], []), settings=PLAIN)
    with pytest.raises(SettingsError, match="load interactions"):
        evaluate_explanations(model)
