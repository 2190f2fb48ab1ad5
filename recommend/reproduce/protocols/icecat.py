"""Icecat electronics, searched: human ratings of the Chorus search stack."""

from __future__ import annotations

from collections.abc import Sequence

from recommend import Recommender, build
from recommend.evaluate import evaluate_judgments, read_judgments
from recommend.reproduce.protocol import SEARCH, Expected, Load, Run, Table, protocol

_PRODUCTS, _JUDGMENTS = "products.jsonl", "judgments.csv"


@protocol(
    "icecat",
    title="Icecat electronics, judged searches of the Chorus stack",
    folder="icecat",
    source="the Chorus search stack (github.com/querqy/chorus): its sample of the Icecat open catalog and "
    "the ratings",
    files=(
        Expected(name=_PRODUCTS, about="a product a line"),
        Expected(name=_JUDGMENTS, about="query, product_id, rating from 0 to 3"),
    ),
)
def icecat(run: Run) -> tuple[Sequence[Table], Sequence[str]]:
    judgments = read_judgments(run.file(_JUDGMENTS))
    shop = run.shop(Load(name=_PRODUCTS, mapping="icecat"))
    build(shop, settings=SEARCH, seed=run.seed, progress=run.progress)
    report = evaluate_judgments(Recommender.open(shop.path), judgments, seed=run.seed, progress=run.progress)
    table = Table.of("the first ten", report, ("condensed_ndcg@10", "ndcg@10", "recall@10", "mrr@10"))
    return [table], [
        "there are no published figures on these ratings",
        "plain ndcg counts an unjudged product as useless, which favours engines like the one whose results "
        "were judged; condensed leaves unjudged products out",
    ]
