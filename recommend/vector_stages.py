"""The vectors of a build: text, pictures, PyKEEN, GNN, and all of them fused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from encoders.card import product_card
from encoders.threads import torch_threads
from kg.graph import Graph
from kg.product_table import ProductTable
from kg.split import without_behaviour
from kg.vectors import Vectors
from recommend.query_encoders import EncoderKeys
from recommend.settings import Settings
from recommend.stages import Stages

if TYPE_CHECKING:
    from encoders.cache import EncodingCache
    from encoders.image import ImageEncoder
    from encoders.text import TextEncoder
    from fusion.base import Fusion

_PSEUDO_QUERIES = 4_000
"""So many titles are encoded as queries to teach the fusion its query side."""


@dataclass(kw_only=True)
class Made:
    """What the vector stages made so far; `card` collects their metrics."""

    vectors: dict[str, Vectors] = field(default_factory=dict)
    keys: EncoderKeys = field(default_factory=EncoderKeys)
    fusion: Fusion | None = None
    models: dict[str, Any] = field(default_factory=dict)
    card: dict[str, Any] = field(default_factory=dict)


def encode_content(graph: Graph, settings: Settings, stages: Stages, *, cache: Path | None) -> Made:
    """Text and picture vectors of the listed products; they do not depend on behaviour."""
    made = Made()
    store = open_cache(cache)
    if settings.text:
        with stages.stage("text"):
            encode_text(graph, settings, stages, store, made)
    if settings.image:
        with stages.stage("image"):
            encode_images(graph, settings, stages, store, made)
    return made


def open_cache(folder: Path | None) -> EncodingCache | None:
    """The encodings kept in a folder."""
    if folder is None:
        return None
    from encoders.cache import EncodingCache

    return EncodingCache(folder / "encodings.sqlite")


def learn_graph(
    graph: Graph,
    settings: Settings,
    stages: Stages,
    made: Made,
    *,
    new: npt.NDArray[np.bool_] | None = None,
    cache: Path | None,
    seed: int,
) -> None:
    """KGE and GNN vectors from a graph (one without the interactions that are held out).

    The GNN is taught by nothing that was done with the products `new` (bool [n]), so that they can play new
    in what is learned afterwards; the vectors know it again.
    """
    content = {name: v for name, v in made.vectors.items() if name in ("text", "image")}
    if settings.kge and graph.edge_count:
        with stages.stage("kge"), torch_threads(settings.threads):
            from encoders.kge import KGEEncoder

            kge = KGEEncoder(
                settings.kge_model or "transe",
                dim=settings.kge_dim,
                epochs=settings.kge_epochs,
                cache=None if cache is None else cache / "pykeen",
                progress=stages.progress,
            )
            kge.fit(graph, seed=seed)
            _keep(made, "kge", kge)
    if settings.gnn and graph.edge_count:
        with stages.stage("gnn"), torch_threads(settings.threads):
            from encoders.gnn import GNNEncoder

            gnn = GNNEncoder(dim=settings.gnn_dim, steps=settings.gnn_steps, progress=stages.progress)
            gnn.fit(graph if new is None else without_behaviour(graph, new), features=content, seed=seed)
            _keep(made, "gnn", gnn)
            if new is not None:
                made.vectors["gnn"] = gnn.extend(graph, tuple(graph.products.id))


def fuse(
    graph: Graph,
    settings: Settings,
    stages: Stages,
    made: Made,
    *,
    pairs: npt.NDArray[np.int64],
    cache: Path | None,
    seed: int,
) -> None:
    """Fuse all modalities. `pairs` int64 [p, 2] are products that belong together."""
    parts = {name: v for name, v in made.vectors.items() if v.present.any()}
    if settings.fusion is None or len(parts) < 2:
        return
    with stages.stage("fusion"), torch_threads(settings.threads):
        fusion: Fusion
        if settings.fusion == "gated":
            from fusion.gated import GatedFusion

            fusion = GatedFusion(dim=settings.fusion_dim, epochs=settings.fusion_epochs)
        else:
            from fusion.weighted import WeightedFusion

            fusion = WeightedFusion()
        queries, rows = _pseudo_queries(graph, settings, made, cache=cache, seed=seed)
        fusion.fit(
            parts, graph, pairs=pairs, queries=queries, query_rows=rows, seed=seed, progress=stages.progress
        )
        made.fusion = fusion
        made.vectors["fused"] = fusion.items(parts)
        metrics = getattr(fusion, "metrics", None)
        if metrics is not None:
            made.card["fusion"] = _plain(metrics)


def encode_text(
    graph: Graph, settings: Settings, stages: Stages, store: EncodingCache | None, made: Made
) -> None:
    """Text vectors of the listed products, if any has a text."""
    from encoders.cache import cached_encode

    table = graph.products
    cards = text_cards(table, np.arange(len(table)))
    filled = [row for row, card in enumerate(cards) if card]
    if not filled:
        return
    encoder = text_encoder(settings)
    matrix = np.zeros((len(table), encoder.dim), dtype=np.float32)
    present = np.zeros(len(table), dtype=np.bool_)
    matrix[filled] = cached_encode(
        encoder, [cards[row] for row in filled], cache=store, progress=stages.progress, stage="text"
    )
    present[filled] = True
    made.vectors["text"] = Vectors(ids=tuple(table.id), matrix=matrix, present=present)
    made.keys = replace(made.keys, text=encoder.key)


def text_encoder(settings: Settings, *, like: str | None = None) -> TextEncoder:
    """The encoder of the product cards; with `like`, the key of an earlier one, in its precision."""
    from encoders.text import TextEncoder, precision_of

    return TextEncoder(
        settings.text_model,
        precision=settings.text_precision if like is None else precision_of(like),
        max_length=settings.text_length,
        threads=settings.threads,
    )


def text_cards(table: ProductTable, rows: npt.NDArray[np.int64]) -> list[str]:
    """The card of each of some products; '' for one that is not listed or has nothing to say."""
    cards = (product_card(table.product(row)) if table.listed[row] else "" for row in rows.tolist())
    return [card if card.strip() else "" for card in cards]


def encode_images(
    graph: Graph, settings: Settings, stages: Stages, store: EncodingCache | None, made: Made
) -> None:
    """Picture vectors of the listed products, if any has a picture."""
    table = graph.products
    if not any(table.image[row] for row in np.flatnonzero(table.listed).tolist()):
        return
    from encoders.image import ImageEncoder

    encoder = ImageEncoder(settings.image_model)
    found = picture_vectors(encoder, table, np.arange(len(table)), stages, store, made)
    if found.present.any():
        made.vectors["image"] = found
        made.keys = replace(made.keys, image=encoder.key)


def picture_vectors(
    encoder: ImageEncoder,
    table: ProductTable,
    rows: npt.NDArray[np.int64],
    stages: Stages,
    store: EncodingCache | None,
    made: Made,
) -> Vectors:
    """The picture vectors of some products, in the order of `rows`; the card counts the problems."""
    paths = [table.image[row] if table.listed[row] else "" for row in rows.tolist()]
    found = encoder.encode_files(paths, root=Path.cwd(), cache=store, progress=stages.progress)
    made.card["pictures"] = {
        "encoded": int(found.present.sum()),
        "problems": len(found.problems),
        "examples": [
            problem.reason if problem.path in problem.reason else f"{problem.path}: {problem.reason}"
            for problem in found.problems[:5]
        ],
    }
    return Vectors(ids=tuple(table.id.take(rows)), matrix=found.matrix, present=found.present)


def _pseudo_queries(
    graph: Graph, settings: Settings, made: Made, *, cache: Path | None, seed: int
) -> tuple[npt.NDArray[np.float32] | None, npt.NDArray[np.int64] | None]:
    """Titles of some products as queries that should find them."""
    if "text" not in made.vectors:
        return None, None
    from encoders.cache import cached_encode

    table = graph.products
    titled = np.array(
        [i for i in np.flatnonzero(table.listed).tolist() if table.title[i].strip()], dtype=np.int64
    )
    if len(titled) == 0:
        return None, None
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(titled, min(_PSEUDO_QUERIES, len(titled)), replace=False))
    return cached_encode(text_encoder(settings), table.title.take(rows), cache=open_cache(cache)), rows


def _keep(made: Made, name: str, encoder: Any) -> None:
    made.vectors[name] = encoder.vectors()
    made.models[name] = encoder
    if encoder.metrics is not None:
        made.card[name] = _plain(encoder.metrics)


def _plain(metrics: Any) -> Mapping[str, Any]:
    from dataclasses import asdict

    return {
        name: round(value, 6) if isinstance(value, float) else value
        for name, value in asdict(metrics).items()
    }
