"""What everybody buys: a small prior that orders products when nothing better is known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recommend.channels.base import FitContext, Prior, prior


@prior("popularity")
def fit(context: FitContext) -> Iterator[Prior]:
    popularity = np.log1p(context.behaviour.popularity)
    top = float(popularity.max(initial=0.0))
    if top > 0:
        yield Prior(
            name="popularity",
            values=(popularity / top).astype(np.float32),
            defaults={"history": 0.01},
        )
