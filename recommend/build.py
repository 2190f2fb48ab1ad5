"""Building a version: a snapshot of the graph, fitted, saved beside what serves, and swapped in."""

from __future__ import annotations

from kg.errors import SettingsError, StoreError
from kg.shop import Shop
from kg.store import GraphStore
from kg.versions import Version
from recommend.index.graph_index import put_spaces
from recommend.recommender import Recommender
from recommend.settings import Profile, Settings
from recommend.stages import Progress


def build(
    shop: Shop,
    *,
    profile: Profile = "full",
    settings: Settings | None = None,
    seed: int = 0,
    vectors_to_graph: bool = False,
    allow_partial: bool = False,
    progress: Progress | None = None,
) -> Version:
    """Make a version from the shop's graph as it is now, and let it serve.

    `profile` is 'fast' (graph, lexical, text) or 'full' (all); `settings` replace it. Loads and answers may
    go on meanwhile; a second build waits a little, then fails with StoreLockedError. If the build fails or
    is interrupted, what served before serves on. Raises SettingsError if the shop lists no product, and
    StoreError, unless `allow_partial`, if a load into a graph server has not ended: it may be half a catalog.

    With `vectors_to_graph` the vectors that searches are compared with are put into the graph too, in place
    of those of the version before, for `Recommender.open(vectors=shop.store())`.
    """
    chosen = settings or Settings.of_profile(profile)
    with shop.built.locked("build"):
        with shop.store() as store:
            refuse_partial(store, allow_partial)
            now = store.current()
            refuse_partial(store, allow_partial)  # a load may have begun meanwhile
        if not now.graph.products.listed.any():
            raise SettingsError(f"{shop.path} lists no products; load a catalog first")
        model = Recommender.fit(now.graph, settings=chosen, seed=seed, cache=shop.cache, progress=progress)
        version = shop.built.write(
            model.write, settings=model.manifest_settings(now.revision), card=model.card
        )
        if vectors_to_graph:
            with shop.store() as store:
                ids = model.graph.nodes["product"]
                put_spaces(store, version.path, model.query_spaces, ids, progress=progress)
        return version


def refuse_partial(store: GraphStore, allowed: bool) -> None:
    """StoreError if a load has not ended, unless that is allowed."""
    unfinished = "" if allowed else store.unfinished_load()
    if unfinished:
        raise StoreError(
            f"the graph at {store.url} may be incomplete: {unfinished}; run that load again, "
            "or build from what there is with --allow-partial (in Python allow_partial=True)"
        )
