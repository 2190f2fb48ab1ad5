"""The vectors of an update: taken over where nothing changed, made anew, without training, where it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from encoders.threads import torch_threads
from fusion.loading import load_fusion
from kg.errors import ModelError
from kg.vectors import Vectors
from recommend.earlier import Earlier, Numbers
from recommend.settings import Settings
from recommend.stages import Stages
from recommend.vector_stages import (
    Made,
    encode_images,
    encode_text,
    open_cache,
    picture_vectors,
    text_cards,
    text_encoder,
)

if TYPE_CHECKING:
    from encoders.cache import EncodingCache

_NONE = np.empty(0, dtype=np.int64)
_ROUNDING = 1e-6


def renew_vectors(earlier: Earlier, settings: Settings, stages: Stages, *, cache: Path | None) -> Made:
    """The vectors of every space of the earlier model, for the products of now.

    Text and pictures are encoded where the product's card or picture differs. A product with other edges,
    or other content, gets its GNN vector from a forward pass, a new one its KGE vector from its edges;
    products that were trained keep their KGE vector.
    """
    made = Made(keys=earlier.fitted.made.keys)
    fresh = earlier.fresh
    store = open_cache(cache)
    if settings.text:
        with stages.stage("text"):
            fresh["text"] = _renew_text(earlier, settings, stages, store, made)
    if settings.image:
        with stages.stage("image"):
            fresh["image"] = _renew_images(earlier, settings, stages, store, made)
    if "kge" in earlier.fitted.indexes:
        with stages.stage("kge"):
            fresh["kge"] = _renew_kge(earlier, made)
    if "gnn" in earlier.fitted.indexes:
        with stages.stage("gnn"), torch_threads(settings.threads):
            moved = np.unique(np.concatenate([earlier.relinked, *fresh.values()]))
            fresh["gnn"] = _renew_gnn(earlier, made, moved)
    if "fused" in earlier.fitted.indexes:
        with stages.stage("fusion"):
            moved = np.unique(np.concatenate(list(fresh.values())))
            fresh["fused"] = _renew_fused(earlier, made, moved)
    return made


def _renew_text(
    earlier: Earlier, settings: Settings, stages: Stages, store: EncodingCache | None, made: Made
) -> Numbers:
    """Encode the cards that differ; the rows that were."""
    vectors = earlier.vectors("text")
    if vectors is None:  # there was no text at all; perhaps there is some now
        encode_text(earlier.graph, settings, stages, store, made)
        return _all_of(made, "text")
    rows = earlier.changed
    cards = text_cards(earlier.graph.products, rows)
    old = np.maximum(earlier.origin[rows], 0)
    before = text_cards(earlier.fitted.graph.products, old)
    new = earlier.origin[rows] < 0
    differs = [at for at in range(len(rows)) if new[at] or cards[at] != before[at]]
    filled = [at for at in differs if cards[at]]
    vectors.present[rows[differs]] = False
    vectors.matrix[rows[differs]] = 0
    if filled:
        from encoders.cache import cached_encode

        encoder = text_encoder(settings, like=earlier.fitted.made.keys.text)
        _check("text", encoder.key, earlier.fitted.made.keys.text)
        found = cached_encode(
            encoder, [cards[at] for at in filled], cache=store, progress=stages.progress, stage="text"
        )
        vectors.matrix[rows[filled]] = found
        vectors.present[rows[filled]] = True
    made.vectors["text"] = vectors
    return rows[differs]


def _renew_images(
    earlier: Earlier, settings: Settings, stages: Stages, store: EncodingCache | None, made: Made
) -> Numbers:
    """Encode the pictures of products that changed; the rows that were.

    The file is read again for each of them, because a new picture may bear the old name.
    """
    vectors = earlier.vectors("image")
    if vectors is None:
        encode_images(earlier.graph, settings, stages, store, made)
        return _all_of(made, "image")
    rows = earlier.changed
    table = earlier.graph.products
    if any(table.image[row] for row in rows.tolist()):
        from encoders.image import ImageEncoder

        encoder = ImageEncoder(settings.image_model)
        _check("image", encoder.key, earlier.fitted.made.keys.image)
        found = picture_vectors(encoder, table, rows, stages, store, made)
        matrix, present = found.unit(), found.present
    else:
        matrix, present = (
            np.zeros((len(rows), vectors.dim), dtype=np.float32),
            np.zeros(len(rows), dtype=bool),
        )
    other = (present != vectors.present[rows]) | (np.abs(matrix - vectors.matrix[rows]) > _ROUNDING).any(
        axis=1
    )
    vectors.matrix[rows], vectors.present[rows] = matrix, present
    made.vectors["image"] = vectors
    changed: Numbers = rows[other]
    return changed


def _renew_kge(earlier: Earlier, made: Made) -> Numbers:
    vectors = earlier.vectors("kge")
    assert vectors is not None
    rows = earlier.relinked
    if len(rows):
        from encoders.kge import KGEEncoder

        found = KGEEncoder.load(earlier.folder / "kge").extend(
            earlier.graph, earlier.graph.products.id.take(rows)
        )
        vectors.matrix[rows], vectors.present[rows] = found.unit(), found.present
    made.vectors["kge"] = vectors
    return rows


def _renew_gnn(earlier: Earlier, made: Made, rows: Numbers) -> Numbers:
    vectors = earlier.vectors("gnn")
    assert vectors is not None
    if len(rows):
        from encoders.gnn import GNNEncoder

        # all content, not only that of the rows: others may have changed since the network was trained
        encoder = GNNEncoder.load(earlier.folder / "gnn")
        content = {name: made.vectors[name] for name in encoder.features if name in made.vectors}
        found = encoder.extend(earlier.graph, earlier.graph.products.id.take(rows), features=content)
        vectors.matrix[rows], vectors.present[rows] = found.unit(), found.present
    made.vectors["gnn"] = vectors
    return rows


def _renew_fused(earlier: Earlier, made: Made, rows: Numbers) -> Numbers:
    vectors = earlier.vectors("fused")
    made.fusion = load_fusion(earlier.folder / "fusion")
    assert vectors is not None
    if len(rows):
        ids = tuple(earlier.graph.products.id.take(rows))
        parts = {
            name: Vectors(ids=ids, matrix=part.matrix[rows], present=part.present[rows])
            for name, part in made.vectors.items()
            if name in made.fusion.parts  # a space may have come after the fusion was learned
        }
        found = made.fusion.items(parts)
        vectors.matrix[rows], vectors.present[rows] = found.unit(), found.present
    made.vectors["fused"] = vectors
    return rows


def _all_of(made: Made, space: str) -> Numbers:
    return np.flatnonzero(made.vectors[space].present) if space in made.vectors else _NONE


def _check(what: str, found: str, wanted: str | None) -> None:
    if found != wanted:
        raise ModelError(
            f"the {what} model is {found}, but the products were encoded with {wanted}; "
            "build the shop again: an update cannot change a model"
        )
