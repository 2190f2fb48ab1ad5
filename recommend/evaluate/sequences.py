"""Leave-one-out on sequences: who met which items in which order, and what came last.

Files as Zhou et al., "S3-Rec" (2020), use them: one user a line, then the items in the order of time. The
last item is the target. 'strict': the model is built without each user's last two items, and the one before
the last only enters what is known of the user. 'refit': that item goes back into the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.errors import DataError, SettingsError
from kg.graph import FOUND, USER_RELATIONS, Graph
from kg.reading.opening import open_file, text_lines
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from kg.split import HoldOut
from recommend.behaviour import Behaviour
from recommend.evaluate.judging import judge
from recommend.evaluate.ranking import MEMORY
from recommend.evaluate.report import Report
from recommend.evaluate.trial import without_search
from recommend.measure.units import Units
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress

Protocol: TypeAlias = Literal["strict", "refit"]
CUTOFFS = (5, 10)


@dataclass(frozen=True, kw_only=True)
class Sequences:
    """Users and their items, oldest first."""

    users: tuple[str, ...]
    items: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.users)

    def without_last(self, count: int) -> list[tuple[str, ...]]:
        """The items of each user without the last `count`; of fewer than three items all stay."""
        return [line[: len(line) - count] if len(line) >= 3 else line for line in self.items]


def read_sequences(file: Path | str) -> Sequences:
    """Read 'user item item …' lines; DataError names the line that is none."""
    path = Path(file)
    users: dict[str, tuple[str, ...]] = {}
    with open_file(path) as opened:
        for number, line in enumerate(text_lines(opened), 1):
            user, *items = line.split() or [""]
            if not user:
                continue
            if user in users:
                raise DataError(
                    f"{path} line {number}: user {user!r} has a line already; write one line per user"
                )
            if not items:
                raise DataError(f"{path} line {number}: user {user!r} has no items; write 'user item item …'")
            users[user] = tuple(items)
    if not users:
        raise DataError(f"{path} has no sequences; write 'user item item …' lines")
    return Sequences(users=tuple(users), items=tuple(users.values()))


def evaluate_sequences(
    sequences: Sequences,
    *,
    protocol: Protocol = "strict",
    products: Iterable[Product] = (),
    facts: Iterable[Fact] = (),
    cutoffs: Sequence[int] = CUTOFFS,
    seed: int = 0,
    settings: Settings | None = None,
    ablation: bool = False,
    memory: int = MEMORY,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Look for the last item of every user with at least three, in the full catalog: all items of the
    sequences.

    `products` and `facts` say more about the items (those of other products are left out).
    """
    if protocol not in get_args(Protocol):
        raise SettingsError(f"protocol={protocol!r} must be 'strict' or 'refit'")
    settings = without_search(settings)
    items = {item for line in sequences.items for item in line}
    described = [product for product in products if product.id in items]
    plain = [Product(id=item) for item in sorted(items - {product.id for product in described})]
    catalog = [*described, *plain]
    stated = [fact for fact in facts if fact.head_kind != "product" or fact.head in items]
    target = [len(line) - 1 if len(line) >= 3 else -1 for line in sequences.items]
    tested = np.array([place >= 0 for place in target], dtype=np.bool_)
    if not tested.any():
        raise DataError("no user has three items, so nothing can be left out; give longer sequences")

    def graph_without(count: int) -> Graph:
        return assemble(catalog, stated, _interactions(sequences, sequences.without_last(count)))

    known, before = graph_without(1), graph_without(2)
    train = before if protocol == "strict" else known
    model = Recommender.fit(train, settings=settings, seed=seed, cache=cache, progress=progress)
    # every user keeps an item and every item is in the catalog, so all these graphs have the same axes
    behaviour = Behaviour.of(known) if protocol == "strict" else model.fitted.behaviour
    units = Units.of_hidden(behaviour, _hidden(sequences, known, tested, last=1))
    validation = HoldOut(graph=before, hidden=_hidden(sequences, before, tested, last=2))
    repeated = sum(line[-1] in line[:-1] for line in sequences.items if len(line) >= 3)
    return judge(
        model,
        units,
        validation=validation,
        protocol={
            "kind": "sequences",
            "protocol": protocol,
            "model_built_without": "the last two items of each user"
            if protocol == "strict"
            else "the last item",
            "known_of_user": "all items but the last",
            "targets": "the last item of each user, one each",
            "targets_met_before": repeated,
            "items": len(items),
            "items_described": len(described),
            "users_with_fewer_than_3_items": int((~tested).sum()),
        },
        cutoffs=tuple(cutoffs),
        ablation=ablation,
        seed=seed,
        progress=progress,
        memory=memory,
    )


def described_by(graph: Graph) -> tuple[list[Product], list[Fact]]:
    """The products of a shop's graph and the facts among them, without anything that users did."""
    table = graph.products
    products = [table.product(int(row)) for row in np.flatnonzero(table.listed)]
    names = graph.nodes["product"]
    behaviour = {*USER_RELATIONS.values(), FOUND}
    facts: list[Fact] = []
    for edge_type, relation in sorted(graph.relations.items()):
        if edge_type.name in behaviour or edge_type.head != "product" or edge_type.tail != "product":
            continue
        for head, tail, weight in zip(
            relation.heads.tolist(), relation.tails.tolist(), relation.weight.tolist(), strict=True
        ):
            facts.append(Fact(head=names[head], relation=edge_type.name, tail=names[tail], weight=weight))
    return products, facts


def _interactions(sequences: Sequences, kept: Sequence[tuple[str, ...]]) -> list[Interaction]:
    return [
        Interaction(user=user, product=item, kind="purchase", position=place)
        for user, items in zip(sequences.users, kept, strict=True)
        for place, item in enumerate(items)
    ]


def _hidden(sequences: Sequences, graph: Graph, tested: npt.NDArray[np.bool_], *, last: int) -> sp.csr_array:
    """bool CSR [users of the graph, products]: the item that is `last` (1: the very last) of each tested
    user."""
    chosen = np.flatnonzero(tested).tolist()
    rows = graph.nodes["user"].numbers(sequences.users[i] for i in chosen)
    columns = graph.nodes["product"].numbers(sequences.items[i][-last] for i in chosen)
    shape = (len(graph.nodes["user"]), graph.product_count)
    hidden = sp.csr_array((np.ones(len(rows), dtype=np.bool_), (rows, columns)), shape=shape)
    return hidden
