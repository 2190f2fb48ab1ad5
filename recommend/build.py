"""Building a version: a snapshot of the graph, fitted, saved beside what serves, and swapped in."""

from __future__ import annotations

from kg.errors import SettingsError
from kg.lock import writer_lock
from kg.shop import Shop
from kg.versions import Version
from recommend.recommender import Recommender
from recommend.settings import Profile, Settings
from recommend.stages import Progress


def build(
    shop: Shop,
    *,
    profile: Profile = "full",
    settings: Settings | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Version:
    """Make a version from the shop's graph as it is now, and let it serve.

    `profile` is 'fast' (graph, lexical, text) or 'full' (all); `settings` replace it. Loads and answers may
    go on meanwhile; a second build waits a little, then fails with StoreLockedError. If the build fails or
    is interrupted, what served before serves on. Raises SettingsError if the shop lists no product.
    """
    chosen = settings or Settings.of_profile(profile)
    shop.built.root.mkdir(parents=True, exist_ok=True)
    with writer_lock(shop.built.root / "build.lock", purpose="build", timeout=10.0):
        graph = shop.graph()
        if not graph.products.listed.any():
            raise SettingsError(f"{shop.path} lists no products; load a catalog first")
        model = Recommender.fit(graph, settings=chosen, seed=seed, cache=shop.cache, progress=progress)
        return shop.built.write(model.write, settings=model.manifest_settings(), card=model.card)
