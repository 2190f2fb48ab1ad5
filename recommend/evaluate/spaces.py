"""What each vector space is worth here: for all purchases, for rare products, and for new ones.

One model is fitted, and its weights are learned again without a space: nothing else differs. Beside it is a
build that never had any, which is what a shop would have instead. New products are tested as `evaluate_cold`
does, with all that is known of them and as they are on their first day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kg.errors import SettingsError
from kg.graph import Graph
from recommend.channels.neighbours import channels_of_spaces
from recommend.evaluate.cold import CATALOG, WHOLE, check_cold, evaluate_cold
from recommend.evaluate.hiding import hide_purchases
from recommend.evaluate.leaks import Caution, relation_cautions
from recommend.evaluate.ranking import MEMORY
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.evaluate.trial import Trial, additive_only
from recommend.evaluate.variants import (
    NO_SPACE,
    ONLY,
    RELEARNED,
    WITHOUT,
    additive,
    against_variants,
    space_variants,
    with_and_without,
    without_vectors,
)
from recommend.measure.bands import NAMES, Bands
from recommend.measure.units import Units
from recommend.rank.gains import RARE
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress

_ON = WHOLE
PLAIN = "built without vectors"


@dataclass(frozen=True, kw_only=True)
class SpaceAudit:
    """`validation` is what the build itself measured of each space on the purchases that its weights were
    learned from (card["vectors"]); `rows`, `comparisons` and `bands` are of purchases that nobody learned
    from, `new` is the same of new products. `sentences` say it in words."""

    protocol: Mapping[str, Any]
    spaces: tuple[str, ...]
    validation: Mapping[str, Any]
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]
    bands: Bands
    new: Report
    sentences: tuple[str, ...]
    cautions: tuple[Caution, ...]

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "protocol": dict(self.protocol),
            "sentences": list(self.sentences),
            "cautions": [asdict(one) for one in self.cautions],
            "spaces": list(self.spaces),
            "validation": dict(self.validation),
            "rows": [row.plain() for row in self.rows],
            "comparisons": [one.plain() for one in self.comparisons],
            "bands": self.bands.plain(),
            "new": self.new.plain(),
        }


def audit_spaces(
    graph: Graph,
    *,
    share: float = 0.25,
    cold: float = 0.15,
    seed: int = 0,
    settings: Settings | None = None,
    k: int = 10,
    memory: int = MEMORY,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> SpaceAudit:
    """Hide `share` of each user's purchases, and compare a build with itself without each vector space; then
    the same for `cold` of the products, made new.

    Raises SettingsError if nobody has two products, or if the build makes no vectors.
    """
    check_cold(cold)  # before anything is built
    settings = additive_only(settings)
    split = hide_purchases(graph, share=share, seed=seed)
    model = Recommender.fit(
        split.graph, settings=settings, seed=seed, cache=cache, progress=progress, keep_lessons=True
    )
    spaces = tuple(channels_of_spaces(model.fitted.links))
    if not spaces:
        raise SettingsError(
            f"a build of profile {profile_of(settings)!r} makes no vectors of this shop; "
            "choose --profile full, or leave less out"
        )
    trial = Trial(
        units=Units.of_hidden(model.fitted.behaviour, split.hidden),
        listed=graph.products.listed,
        cutoffs=(k,),
        seed=seed,
        memory=memory,
        progress=progress,
    )
    lists = {name: trial.lists(name, scorer) for name, scorer in with_and_without(_ON, model).items()}
    plain = Recommender.fit(split.graph, settings=without_vectors(settings), seed=seed, progress=progress)
    lists[PLAIN] = trial.lists(PLAIN, additive(plain, plain.weights["history"]))
    rows = {name: trial.row(name, found) for name, found in lists.items()}
    variants = [*against_variants(_ON, space_variants(model.fitted.links)), (_ON, PLAIN)]
    comparisons = trial.compared(rows, variants, f"ndcg@{k}")
    bands = Bands.of(lists, trial.units, trial.units.behaviour, k)
    new = evaluate_cold(
        graph,
        cold=cold,
        share=share,
        seed=seed,
        settings=settings,
        k=k,
        memory=memory,
        cache=cache,
        progress=progress,
    )
    validation = dict(model.card.get("vectors", {}))
    return SpaceAudit(
        protocol={
            "kind": "audit of vectors",
            "share": share,
            "hidden_pairs": int(split.hidden.nnz),
            "vectors": RELEARNED,
            PLAIN: "another model, fitted without any vector space",
            "new": f"{cold:g} of the products with all that was done with them hidden (see new.protocol)",
            **trial.protocol("variants"),
            "profile": profile_of(settings),
            "settings": asdict(settings),
        },
        spaces=spaces,
        validation=validation,
        rows=tuple(rows.values()),
        comparisons=tuple(comparisons),
        bands=bands,
        new=new,
        sentences=tuple(_sentences(spaces, comparisons, bands, new, validation, seed)),
        cautions=tuple(relation_cautions(split.graph, trial.units, seed=seed)),
    )


def _sentences(
    spaces: Sequence[str],
    comparisons: Sequence[Comparison],
    bands: Bands,
    new: Report,
    validation: Mapping[str, Any],
    seed: int,
) -> Iterator[str]:
    core = f"{_ON}, {NO_SPACE}"
    parts = {space: (f"{_ON}, {ONLY}{space}", core) for space in spaces}
    if len(spaces) > 1:
        parts["all together, as built"] = (_ON, core)
    for part, (there, gone) in parts.items():
        told = [
            *_of_all(comparisons, there, gone, "{} over what needs no vectors"),
            *_of_rare(bands, there, gone, seed),
        ]
        for name, when in ((WHOLE, "new products"), (CATALOG, "new products on their first day")):
            model, against = (one.replace(_ON, name, 1) for one in (there, gone))
            told += _of_all(new.comparisons, model, against, f"{when} {{}}")
        if there != _ON:
            told += _of_all(comparisons, _ON, f"{_ON}, {WITHOUT}{part}", "{} over all else that is built")
        yield f"{part}: {'; '.join(told)}."
    built = f"A build with {'it' if len(spaces) == 1 else 'them'}, as it weighs them"
    yield from _of_all(comparisons, _ON, PLAIN, f"{built}: {{}} over a build without any.")
    idle = [space for space, one in validation.items() if one["kept"] == "off"]
    if idle:
        yield (
            f"A build lets {', '.join(idle)} decide only where all else says nothing: by its own test "
            f"{'it does' if len(idle) == 1 else 'they do'} not surely gain."
        )


def _of_all(comparisons: Sequence[Comparison], model: str, against: str, form: str) -> Iterator[str]:
    for one in comparisons:
        if (one.model, one.against) == (model, against):
            yield form.format(f"{one.metric} {_span(one)}")


def _of_rare(bands: Bands, there: str, gone: str, seed: int) -> Iterator[str]:
    """Recall of products that were bought, but hardly."""
    band = NAMES.index(RARE)
    if bands.pairs[:, band].any():
        low, high = bands.difference(there, gone, seed=seed)
        delta = bands.recall(there)[band] - bands.recall(gone)[band]
        yield (
            f"products with {RARE} purchases recall@{bands.k} {delta:+.4f} "
            f"({low[band]:+.4f} to {high[band]:+.4f})"
        )


def _span(one: Comparison) -> str:
    d = one.difference
    if np.isfinite(d.relative):
        return f"{d.relative:+.1%} ({d.relative_low:+.1%} to {d.relative_high:+.1%})"
    return f"{d.delta:+.4f} ({d.low:+.4f} to {d.high:+.4f})"
