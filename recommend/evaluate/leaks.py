"""What makes the figures of a protocol better than life: test data that the model could know.

Each check looks for one thing and says it in a sentence. A split that is only random where it could be by
time is told too: nothing is stolen then, but a shop does not know next week's purchases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import Graph
from kg.time_split import CLOCK
from recommend.behaviour import Behaviour
from recommend.measure.units import Units, has_entries
from recommend.rank.memory import ALL
from recommend.sparse import rows_of, without_diagonal

CautionKind: TypeAlias = Literal[
    "test_in_train", "leaking_relation", "linked_relation", "later_interactions", "random_split",
    "duplicate_users",
]  # fmt: skip

_UNITS = 5_000
_LEAK = 2.0
_STRIKING = 5.0
_SURE = 4.0
_FEWEST = 30
_LATER = 0.01
_BEHIND = 0.8
_TWINS = 0.01
_TWIN_PRODUCTS = 3


@dataclass(frozen=True, kw_only=True)
class Caution:
    """One thing to know before a figure is believed."""

    kind: CautionKind
    text: str


@dataclass(frozen=True, kw_only=True)
class Lift:
    """How often a relation links a product to what a user has: for pairs that are tested (`held`), for pairs
    of the training part (`inside`) and for random ones (`chance`), as shares. `pairs` counts the tested."""

    relation: str
    held: float
    inside: float
    chance: float
    pairs: int

    @property
    def lift(self) -> float:
        """Tested pairs over random ones."""
        return self.held / max(self.chance, 1.0 / max(self.pairs, 1))


def relation_lifts(graph: Graph, units: Units, *, seed: int) -> list[Lift]:
    """Every relation between products, with its three shares, on a sample of units."""
    rng = np.random.default_rng(seed)
    some = units.some(np.sort(rng.permutation(len(units))[:_UNITS]))
    owned = some.owned if some.owned.nnz else some.histories(ALL)
    rows = rows_of(some.relevant)
    listed = np.flatnonzero(graph.products.listed)
    if not len(rows) or not len(listed) or not owned.nnz:
        return []
    drawn = rng.choice(listed, len(rows))
    other = ~has_entries(owned, rows, drawn)
    inner = rows_of(owned)
    found: list[Lift] = []
    for edge_type, relation in sorted(graph.relations.items()):
        if not edge_type.head == edge_type.tail == "product":
            continue
        linked = without_diagonal((relation.matrix + relation.backward).tocsr())
        linked.eliminate_zeros()
        reached = (owned @ abs(linked)).tocsr()
        found.append(
            Lift(
                relation=edge_type.name,
                held=float(has_entries(reached, rows, some.relevant.indices).mean()),
                inside=float(has_entries(reached, inner, owned.indices).mean()),
                chance=float(has_entries(reached, rows[other], drawn[other]).mean()) if other.any() else 0.0,
                pairs=len(rows),
            )
        )
    return found


def relation_cautions(graph: Graph, units: Units, *, seed: int) -> Iterator[Caution]:
    """Relations that know the tested pairs, and those that might."""
    striking: list[Lift] = []
    for one in relation_lifts(graph, units, seed=seed):
        noise = np.sqrt(max(one.held * (1 - one.held), 1e-9) / max(one.pairs, 1))
        sure = one.held - _LEAK * one.inside > _SURE * noise and one.held * one.pairs >= _FEWEST
        if sure and one.lift >= _LEAK:
            yield Caution(
                kind="leaking_relation",
                text=f"{one.relation!r} links {one.held:.1%} of the tested pairs of user and product to what "
                f"the user has, but only {one.inside:.1%} of the pairs in the training part (random pairs: "
                f"{one.chance:.1%}): it seems to know the test; leave it out",
            )
        elif one.lift >= _STRIKING and one.held * one.pairs >= _FEWEST:
            striking.append(one)
    if striking:
        told = ", ".join(
            f"{one.relation} ({one.held:.1%}, {one.lift:.0f} times as often as random ones; training part "
            f"{one.inside:.1%})"
            for one in striking
        )
        yield Caution(
            kind="linked_relation",
            text=f"tested pairs are often linked by {told}: this split gives them no advantage over pairs of "
            "the training part, but a relation that was collected from later purchases knows more than the "
            "shop would have known",
        )


def overlap_caution(units: Units) -> Iterator[Caution]:
    """Wanted products that the user has already: they are masked, so nobody can find them."""
    both = units.owned.astype(np.bool_).multiply(units.relevant).nnz
    if both:
        yield Caution(
            kind="test_in_train",
            text=f"{both:,} of {int(units.wanted.sum()):,} wanted pairs are in the training part too: what "
            "a user has is not recommended again, so they count as misses",
        )


def time_cautions(train: Behaviour, units: Units, tested_at: npt.NDArray[np.float64]) -> Iterator[Caution]:
    """`tested_at` float64 [pairs of units.relevant]: when each wanted pair happened (NaN: unknown)."""
    known = tested_at[np.isfinite(tested_at)]
    before = train.moment[np.isfinite(train.moment)]
    if not len(known) or not len(before) or min(known.max(), before.max()) < CLOCK:
        return
    middle = float(np.median(known))
    later = float((before > middle).mean())
    if later > _LATER:
        yield Caution(
            kind="later_interactions",
            text=f"{later:.0%} of the training interactions are later than half of those tested "
            f"({datetime.fromtimestamp(middle, UTC):%Y-%m-%d}): of other users the model knows the future; "
            "`--protocol time` splits at one moment",
        )
    last = np.full(train.weight.shape[0], -np.inf)
    users = rows_of(train.weight)
    np.maximum.at(last, users, np.where(np.isnan(train.moment), -np.inf, train.moment))
    rows = rows_of(units.relevant)
    whose = units.users[rows]
    seen = (whose >= 0) & np.isfinite(tested_at)
    seen[seen] = np.isfinite(last[whose[seen]])
    if seen.sum() >= _FEWEST:
        behind = float((tested_at[seen] >= last[whose[seen]]).mean())
        if behind < _BEHIND:
            yield Caution(
                kind="random_split",
                text=f"only {behind:.0%} of the tested interactions come after all that is known of their "
                "user: the split is random although times exist",
            )


def twin_caution(train: Behaviour, units: Units) -> Iterator[Caution]:
    """Users who are there twice: one's test is the other's training."""
    shape = train.weight.shape
    met = sp.csr_array((np.ones(train.weight.nnz), train.weight.indices, train.weight.indptr), shape=shape)
    known = np.flatnonzero(units.users >= 0)
    if not len(known) or not shape[0]:
        return
    hidden = units.relevant.tocoo()
    inside = units.users[hidden.row] >= 0
    tested = sp.csr_array(
        (np.ones(int(inside.sum())), (units.users[hidden.row[inside]], hidden.col[inside])), shape=shape
    )
    whole = (met + tested).tocsr()
    whole.sort_indices()
    sets: dict[bytes, int] = {}
    keys: list[bytes] = []
    for start, stop in zip(whole.indptr[:-1].tolist(), whole.indptr[1:].tolist(), strict=True):
        key = whole.indices[start:stop].tobytes() if stop - start >= _TWIN_PRODUCTS else b""
        keys.append(key)
        sets[key] = sets.get(key, 0) + 1
    twins = sum(bool(keys[user]) and sets[keys[user]] > 1 for user in units.users[known].tolist())
    if twins > _TWINS * len(units):
        yield Caution(
            kind="duplicate_users",
            text=f"{twins:,} of {len(units):,} tested users have exactly the products of another user: if "
            "they are the same people, what is tested of one is known from the other",
        )
