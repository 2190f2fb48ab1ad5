"""Amazon Beauty with its knowledge graph: the split of PGPR and CAFE, full ranking, everybody counted."""

from __future__ import annotations

from collections.abc import Sequence

from kg.reading import Mapping, read
from kg.records import Interaction
from recommend.evaluate import evaluate_cold, evaluate_holdout, evaluate_test
from recommend.reproduce.protocol import BASKETS, Expected, Load, Published, Run, Table, protocol

_SOURCE = (
    "the PGPR and CAFE papers' Amazon Beauty (github.com/orcax/PGPR, github.com/zyfu0000/CAFE), as tables: "
    "ids in place of numbers, a row each"
)
_CATALOG = (
    Expected(name="products.csv", about="id, brand, categories"),
    Expected(name="also_viewed.csv", about="id, related_id"),
    Expected(name="bought_together.csv", about="id, related_id"),
    Expected(name="purchases_train.csv", about="user, product_id"),
)
_LOADS = (
    Load(name="products.csv", mapping="beauty_products"),
    Load(name="also_viewed.csv", mapping="beauty_also_viewed"),
    Load(name="bought_together.csv", mapping="beauty_bought_together"),
    Load(name="purchases_train.csv", mapping="beauty_purchases"),
)
_ALSO = ("also_bought.csv", "beauty_also_bought")
_TEST = "purchases_test.csv"
_METRICS = ("ndcg@10", "recall@10", "hr@10", "precision@10")
_PGPR = Published(
    model="PGPR",
    values={"ndcg@10": 0.05449, "recall@10": 0.08324, "hr@10": 0.14401, "precision@10": 0.01707},
    source="Xian et al. 2019, table 2; users with fewer than ten recommendations left out",
)


@protocol(
    "beauty",
    title="Amazon Beauty, split of PGPR and CAFE, with its graph",
    folder="beauty",
    source=_SOURCE,
    files=(
        *_CATALOG,
        Expected(name=_TEST, about="user, product_id: the test purchases of the papers", needed=False),
        Expected(name=_ALSO[0], about="id, related_id: a second table, with it", needed=False),
    ),
)
def beauty(run: Run) -> tuple[Sequence[Table], Sequence[str]]:
    shop = run.shop(*_LOADS)
    tested = run.find(_TEST)
    notes = [
        "the split is random: everything is learned from purchases before and after those tested, as in all "
        "papers on these files"
    ]
    if tested is None:
        notes.append(
            f"{_TEST} is not there, so 25 % of each user's training purchases were hidden: less to learn "
            "from and other targets than the published figures have"
        )
    tables = []
    for title in ("without also_bought (the headline)", "with also_bought"):
        if title.startswith("with "):
            if run.find(_ALSO[0]) is None:
                continue
            shop.load(run.file(_ALSO[0]), mapping=_ALSO[1])
            notes.append("also_bought was made of all purchases, those tested among them")
        if tested is None:
            report = evaluate_holdout(
                shop.graph(), settings=BASKETS, seed=run.seed, memory=run.memory, progress=run.progress
            )
        else:
            reading = read(tested, kind="interactions", mapping=Mapping.builtin("beauty_purchases"))
            report = evaluate_test(
                shop.graph(),
                (one for one in reading if isinstance(one, Interaction)),
                settings=BASKETS,
                seed=run.seed,
                memory=run.memory,
                progress=run.progress,
            )
        tables.append(Table.of(title, report, _METRICS, (_PGPR,), percent=True))
    return tables, notes


@protocol(
    "beauty-cold",
    title="Amazon Beauty, products that nobody has bought yet",
    folder="beauty",
    source=_SOURCE,
    files=_CATALOG,
)
def beauty_cold(run: Run) -> tuple[Sequence[Table], Sequence[str]]:
    shop = run.shop(*_LOADS)
    report = evaluate_cold(
        shop.graph(), settings=BASKETS, seed=run.seed, memory=run.memory, progress=run.progress
    )
    title = (
        "all purchases of 15 % of the products hidden; these are ranked, for who bought one in the hold-out"
    )
    return [Table.of(title, report, _METRICS, percent=True)], [
        "there are no published figures: other work ranks known products only"
    ]
