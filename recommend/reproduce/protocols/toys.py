"""Amazon Toys & Games, leave-one-out: the files of S3-Rec."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from kg.errors import DataError
from kg.records import Product
from recommend.evaluate import evaluate_sequences, read_sequences
from recommend.evaluate.sequences import Protocol, described_by
from recommend.reproduce.protocol import SEQUENCES, Expected, Load, Published, Run, Table, protocol

_METRICS = ("hr@5", "ndcg@5", "hr@10", "ndcg@10")
_SEQUENCES, _ATTRIBUTES = "sequences.txt", "attributes.json"
_PUBLISHED = (
    Published(
        model="SASRec",
        values=dict(zip(_METRICS, (0.0463, 0.0306, 0.0675, 0.0374), strict=True)),
        source="Zhou et al. 2020 (S3-Rec), full ranking",
    ),
    Published(
        model="S3-Rec",
        values=dict(zip(_METRICS, (0.0443, 0.0294, 0.0700, 0.0376), strict=True)),
        source="Zhou et al. 2020, full ranking",
    ),
    Published(
        model="TIGER",
        values={"hr@10": 0.0712, "ndcg@10": 0.0432},
        source="Rajput et al. 2023",
    ),
    Published(
        model="SASRec, sampled softmax",
        values={"hr@10": 0.0970, "ndcg@10": 0.0580},
        source="eSASRec, RecSys 2025: README of its benchmark",
    ),
)


@protocol(
    "toys",
    title="Amazon Toys & Games, the last item of everybody, in the full catalog",
    folder="toys",
    source="the S3-Rec paper (github.com/RUCAIBox/CIKM2020-S3Rec, data/)",
    files=(
        Expected(name=_SEQUENCES, about="user, then items in the order of time (Toys_and_Games.txt)"),
        Expected(name=_ATTRIBUTES, about="item: its attributes (Toys_and_Games_item2attributes.json)"),
    ),
)
def toys(run: Run) -> tuple[Sequence[Table], Sequence[str]]:
    sequences = read_sequences(run.file(_SEQUENCES))
    products = _described(run)
    tables = []
    for name in get_args(Protocol):
        report = evaluate_sequences(
            sequences,
            protocol=name,
            products=products,
            settings=SEQUENCES,
            seed=run.seed,
            memory=run.memory,
            progress=run.progress,
        )
        title = {
            "strict": "strict: built without everybody's last two items",
            "refit": "refit: the last item but one goes back into the model",
        }[name]
        tables.append(Table.of(title, report, _METRICS, _PUBLISHED if name == "strict" else ()))
    return tables, [
        "purchases of one day lie in the order of ids, which models of order can learn",
        "of other users the model knows later purchases, as in all papers on these files",
    ]


def _described(run: Run) -> list[Product]:
    products, _ = described_by(run.shop(Load(name=_ATTRIBUTES)).graph())
    if not products:
        raise DataError(f"{run.file(_ATTRIBUTES)} describes no item; it must be an object of id: [labels]")
    return products
