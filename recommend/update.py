"""Bringing the serving version up to date: a new version that shares with it whatever did not change."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from kg.errors import ShopError
from kg.reading.report import LoadReport
from kg.shop import Shop
from kg.store.base import Snapshot
from kg.versions import Version, share
from recommend.build import refuse_partial
from recommend.index.graph_index import has_spaces, put_spaces
from recommend.opening import Opened, open_fitted
from recommend.recommender import Recommender
from recommend.stages import Progress


@dataclass(frozen=True, kw_only=True)
class Update:
    """What an update did: the version that serves now, whether it is new, how many listed products came,
    changed and went, and what was loaded first, if anything was."""

    version: Version
    new: bool = True
    added: int = 0
    changed: int = 0
    removed: int = 0
    report: LoadReport | None = None


def update(
    shop: Shop,
    source: Any = None,
    *,
    allow_partial: bool = False,
    progress: Progress | None = None,
    **load_options: Any,
) -> Update:
    """Load a changed feed and let a version that knows it serve; without a source, what was loaded before.

    `load_options` are those of `Shop.load`. Graph, vectors, words, index and channels change together: the
    new version is swapped in as a whole, and until then (and if anything fails) the one before serves.
    Nothing is trained: encoders, fusion and learned weights stay those of the last build, and new products
    get their graph embeddings from their edges. Where nothing changed, no version is made. If the vectors of
    the version before were put into the graph, so are the new ones.

    Raises VersionError if nothing was built yet, and what `Shop.load` raises; then nothing has changed.
    StoreError, unless `allow_partial`, if a load into a graph server has not ended.
    """
    current = shop.built.current()  # fail before anything is loaded
    report = None
    if source is not None:
        report = shop.load(source, **load_options)
    elif load_options:
        raise ShopError(f"{', '.join(load_options)} are options of a load; give a source to load")
    with shop.built.locked("update"):
        current = shop.built.current()
        opened = open_fitted(current.path)
        with shop.store() as store:
            refuse_partial(store, allow_partial)
            now = store.current(Snapshot(graph=opened.fitted.stated, revision=opened.revision))
            refuse_partial(store, allow_partial)
        if now.revision == opened.revision or now.changed == ():
            return Update(version=current, new=False, report=report)
        if not now.graph.products.listed.any():
            raise ShopError(f"{shop.path} lists no products any more; what was built serves on")
        model = Recommender.refit(opened, now.graph, written=now.changed, cache=shop.cache, progress=progress)
        counts = model.fitted.card["update"]
        version = shop.built.write(
            partial(_write, model, opened),
            settings=model.manifest_settings(now.revision),
            card=model.card,
            base=current,
        )
        _renew_vectors_in_graph(shop, opened, model, version, progress)
    return Update(
        version=version,
        added=counts["added"],
        changed=counts["changed"],
        removed=counts["removed"],
        report=report,
    )


def _renew_vectors_in_graph(
    shop: Shop, opened: Opened, model: Recommender, version: Version, progress: Progress | None
) -> None:
    with shop.store() as store:
        if has_spaces(store, opened.folder, model.query_spaces):
            ids = model.graph.nodes["product"]
            put_spaces(store, version.path, model.query_spaces, ids, progress=progress)


def _write(model: Recommender, opened: Opened, folder: Path) -> None:
    def take_over(name: str) -> None:
        share(opened.folder, folder, [name])

    model.write(folder, earlier=opened, share=take_over)
