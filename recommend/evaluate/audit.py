"""What the graph is worth here: the same build with it, without it, and with its edges shuffled.

Shuffling keeps how many edges everything has, and destroys what they mean: what a shuffled graph still gains
comes from having more links, not from knowing something.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kg.errors import SettingsError
from kg.graph import Graph
from recommend.evaluate.hiding import hide_purchases
from recommend.evaluate.leaks import Caution, relation_cautions
from recommend.evaluate.ranking import MEMORY
from recommend.evaluate.report import Comparison, Row, profile_of
from recommend.evaluate.trial import Lists, Trial, additive_only
from recommend.evaluate.variants import additive, behaviour_only, product_relations, shuffled, without_vectors
from recommend.measure.bands import NAMES, Bands
from recommend.measure.units import Units
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress

ON, OFF, SHUFFLED = "on", "off", "shuffled"
_LIKELY = 3
"""Fewer wanted pairs than ten times this say nothing of a band."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One build: what it finds of the hidden purchases, and how it did on those it learned its weights from
    (None: too few users to learn)."""

    name: str
    row: Row
    validation: float | None


@dataclass(frozen=True, kw_only=True)
class Audit:
    """`comparisons` are on against each other variant; `best` is the variant that validates best, and `kept`
    what a build decides by itself ('on', 'off', or empty: nothing to decide by), `left_out` the relations
    that it goes without. `sentences` say it all in words."""

    protocol: dict[str, Any]
    variants: tuple[Variant, ...]
    comparisons: tuple[Comparison, ...]
    bands: Bands
    best: str
    kept: str
    left_out: tuple[str, ...]
    sentences: tuple[str, ...]
    cautions: tuple[Caution, ...]

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "protocol": self.protocol,
            "sentences": list(self.sentences),
            "cautions": [asdict(one) for one in self.cautions],
            "best": self.best,
            "kept": self.kept,
            "left_out": list(self.left_out),
            "rows": [{**one.row.plain(), "validation": one.validation} for one in self.variants],
            "comparisons": [one.plain() for one in self.comparisons],
            "bands": self.bands.plain(),
        }


def audit(
    graph: Graph,
    *,
    share: float = 0.25,
    seed: int = 0,
    settings: Settings | None = None,
    relations: Sequence[str] | None = None,
    k: int = 10,
    memory: int = MEMORY,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Hide `share` of each user's purchases and build every variant on the rest.

    Each relation of `relations` (None: all) is also taken away and shuffled alone: two builds each. Raises
    SettingsError if nobody has two products, if there is no graph, or for a relation that is not there.
    """
    settings = additive_only(settings)
    split = hide_purchases(graph, share=share, seed=seed)
    known = product_relations(graph)
    chosen = known if relations is None else tuple(relations)
    missing = [name for name in chosen if name not in known]
    if missing or not known:
        raise SettingsError(
            f"the graph of this shop has no relation {missing[0]!r}; choose of {', '.join(known)}"
            if missing and known
            else "the graph of this shop says nothing of its products; load a catalog with brands, "
            "categories or facts"
        )
    train = split.graph
    trial: Trial | None = None
    lists: dict[str, Lists] = {}
    variants: list[Variant] = []
    kept, left_out = "", tuple[str, ...]()
    for name, made, chosen_settings in _variants(train, known, chosen, settings, seed):
        model = Recommender.fit(
            made(), settings=chosen_settings, seed=seed, cache=cache, progress=_named(progress, name)
        )
        trial = trial or Trial(
            units=Units.of_hidden(model.fitted.behaviour, split.hidden),
            listed=graph.products.listed,
            cutoffs=(k,),
            seed=seed,
            memory=memory,
            progress=progress,
        )
        lists[name] = trial.lists(name, additive(model, model.weights["history"]))
        validation = model.card.get("validation", {}).get("ndcg@10")
        variants.append(Variant(name=name, row=trial.row(name, lists[name]), validation=validation))
        if name == ON:
            kept = model.card.get("graph", {}).get("kept", "")
            judged = model.card.get("relations", {})
            left_out = tuple(relation for relation, card in judged.items() if card["kept"] == "off")
    assert trial is not None
    rows = {one.name: one.row for one in variants}
    comparisons = trial.compared(rows, ((ON, name) for name in rows if name != ON), f"ndcg@{k}")
    bands = Bands.of(lists, trial.units, trial.units.behaviour, k)
    best = _best(variants)
    return Audit(
        protocol={
            "kind": "audit",
            "share": share,
            "hidden_pairs": int(split.hidden.nnz),
            "relations": list(chosen),
            "off": "behaviour only: no relations, no texts, no vectors",
            "shuffled": "the tails of every relation between a product and something else permuted",
            **trial.protocol("variants"),
            "validation": "ndcg@10 of each build on the purchases that it learned its weights from, hidden "
            "inside the training part",
            "profile": profile_of(settings),
            "settings": asdict(settings),
        },
        variants=tuple(variants),
        comparisons=tuple(comparisons),
        bands=bands,
        best=best,
        kept=kept,
        left_out=left_out,
        sentences=(
            *_sentences(comparisons, bands, chosen, variants, best, kept, seed),
            *(f"A build leaves out {name}: by its own test it harms." for name in left_out),
        ),
        cautions=tuple(relation_cautions(train, trial.units, seed=seed)),
    )


def _variants(
    train: Graph, known: Sequence[str], chosen: Sequence[str], settings: Settings, seed: int
) -> Iterator[tuple[str, Callable[[], Graph], Settings]]:
    yield ON, lambda: train, settings
    yield OFF, lambda: behaviour_only(train), without_vectors(settings)
    yield SHUFFLED, lambda: shuffled(train, known, seed=seed), settings
    if len(known) > 1:  # else these are the two above
        for name in chosen:
            yield f"without {name}", lambda name=name: train.without(relations=[name]), settings  # type: ignore[misc]
            yield f"{name} shuffled", lambda name=name: shuffled(train, [name], seed=seed), settings  # type: ignore[misc]


def _named(progress: Progress | None, variant: str) -> Progress | None:
    if progress is None:
        return None
    return lambda stage, done, total: progress(f"{variant}: {stage}", done, total)


def _best(variants: Sequence[Variant]) -> str:
    """The variant that validates best; of equals the first. Without validation, as it is built."""
    measured = [one for one in variants if one.validation is not None]
    return max(measured, key=lambda one: one.validation or 0.0).name if measured else ON


def _sentences(
    comparisons: Sequence[Comparison],
    bands: Bands,
    relations: Sequence[str],
    variants: Sequence[Variant],
    best: str,
    kept: str,
    seed: int,
) -> Iterator[str]:
    against = {one.against: one for one in comparisons}
    off, mixed = against[OFF], against[SHUFFLED]
    yield _worth(off)
    verdict = (
        "it is what the edges say" if mixed.difference.low > 0 else "what the edges say is worth nothing here"
    )
    yield f"With the edges shuffled the difference is {_span(mixed)}: {verdict}."
    for name in relations:
        one, other = against.get(f"without {name}"), against.get(f"{name} shuffled")
        if one is not None and other is not None:
            yield f"{name} {_pays(one, other)}"
    yield from _where(bands, seed)
    validated = next(one.validation for one in variants if one.name == best)
    if validated is None:
        yield (
            "There are too few users to learn weights from, so the default weights hold and nothing is "
            "validated."
        )
        return
    told = {ON: "the whole graph", OFF: "behaviour only", SHUFFLED: "the shuffled graph"}.get(best, best)
    yield f"On validation {told} is best (ndcg@10 {validated:.4f})."
    if kept:
        yield (
            "A build keeps the graph: by its own test on users who taught nothing it does not harm."
            if kept == ON
            else "A build lets the graph decide only where behaviour says nothing: by its own test it "
            "harms elsewhere."
        )


def _worth(off: Comparison) -> str:
    d = off.difference
    if d.low > 0:
        return f"The graph is worth {_span(off)} over behaviour alone."
    if d.high < 0:
        return f"The graph costs: against behaviour alone it makes {_span(off)}."
    return f"The graph is worth nothing that can be told from chance: {_span(off)} against behaviour alone."


def _pays(without: Comparison, mixed: Comparison) -> str:
    d = without.difference
    if d.low > 0:
        own = "" if mixed.difference.low > 0 else "; shuffled, it is worth as much"
        return f"pays: with it {_span(without)}{own}."
    if d.high < 0:
        return f"does not pay, it costs: with it {_span(without)}."
    return f"does not pay: with it {_span(without)}, which may be chance."


def _span(one: Comparison) -> str:
    d = one.difference
    if np.isfinite(d.relative):
        return f"{d.relative:+.1%} of {one.metric} (95 %: {d.relative_low:+.1%} to {d.relative_high:+.1%})"
    return f"{d.delta:+.4f} of {one.metric} (95 %: {d.low:+.4f} to {d.high:+.4f})"


def _where(bands: Bands, seed: int) -> Iterator[str]:
    low, high = bands.difference(ON, OFF, seed=seed)
    with_it, without_it = bands.recall(ON), bands.recall(OFF)
    pairs = bands.pairs.sum(axis=0)
    for better, which in ((low > 0, "It helps"), (high < 0, "It harms")):
        told = [
            f"{NAMES[band]} ({without_it[band]:.3f} to {with_it[band]:.3f})"
            for band in np.flatnonzero(better & (pairs >= 10 * _LIKELY)).tolist()
        ]
        if told:
            yield f"{which} for products with so many purchases: {', '.join(told)} (recall@{bands.k})."
