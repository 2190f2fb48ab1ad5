"""Last.FM listening, KGCN's protocol: was it listened to or drawn by chance, and the whole catalog ranked."""

from __future__ import annotations

from collections.abc import Sequence

from recommend.evaluate.ctr import SEEDS, evaluate_ctr
from recommend.reproduce.protocol import BASKETS, Expected, Load, Published, Run, Table, protocol

_ITEMS, _GRAPH, _LISTENED = "item_index2entity_id.txt", "kg.txt", "user_artists.dat"
_METRICS = ("auc", "f1", "recall@10", "recall@20")
_PUBLISHED = (
    Published(model="KGCN", values={"auc": 0.796, "f1": 0.708}, source="Wang et al. 2019"),
    Published(model="CKAN", values={"auc": 0.842, "f1": 0.769}, source="Wang et al. 2020"),
    Published(
        model="MCCLK",
        values={"auc": 0.876, "f1": 0.801},
        source="Zou et al. 2022; its code stops at the best epoch of the test set",
    ),
)


@protocol(
    "lastfm",
    title="Last.FM, pairs of listened and drawn artists, and full ranking",
    folder="lastfm",
    source="the KGCN paper (github.com/hwwang55/KGCN, data/music)",
    files=(
        Expected(name=_ITEMS, about="artist, its number in the graph"),
        Expected(name=_GRAPH, about="head, relation, tail"),
        Expected(name=_LISTENED, about="userID, artistID, weight"),
    ),
)
def lastfm(run: Run) -> tuple[Sequence[Table], Sequence[str]]:
    shop = run.shop(
        Load(name=_ITEMS, feed="kgcn_items", kind="products"),
        Load(name=_GRAPH, feed="kgcn", kind="facts"),
        Load(name=_LISTENED, feed="kgcn_interactions", kind="interactions"),
    )
    seeds = tuple(seed + run.seed for seed in SEEDS)
    report = evaluate_ctr(shop.graph(), seeds=seeds, settings=BASKETS, progress=run.progress)
    table = Table.of(f"mean of {len(seeds)} splits", report, _METRICS, _PUBLISHED)
    return [table], [
        "AUC and F1 over all test pairs at once, everything chosen on the validation part",
        "as many pairs are drawn as a user has: how many are known says in part how many are left (the row "
        "balance)",
    ]
