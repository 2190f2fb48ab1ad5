"""Lists that the ranking `best` learns from: of each user the best products without what was hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.boosted.again import DEPTH, best_products, signs_of_lists, table_of_best
from recommend.boosted.features import Features
from recommend.boosted.growing import Examples
from recommend.rank.additive import Additive
from recommend.stages import Progress

Values: TypeAlias = npt.NDArray[np.float32]
Numbers: TypeAlias = npt.NDArray[np.int64]

NDCG_DEPTH = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class Fold:
    """What a model knew before some interactions: `hidden` bool CSR [users, products] are those that neither
    `behaviour` nor `additive` nor `features` have seen; `users` int64 [u] are those they were hidden from."""

    behaviour: Behaviour
    additive: Additive
    features: Features
    hidden: sp.csr_array
    users: Numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Lists:
    """One list a user, one after the other: `table` float32 [m, f] and `taken` bool [m] of all their
    products, best by the additive score first; `sizes` int64 [l], `user` int64 [l], `wanted` int64 [l] (how
    many products were hidden, found or not). `read` int64 [r] are the users of all lists, also of those that
    were not kept."""

    table: Values
    taken: npt.NDArray[np.bool_]
    sizes: Numbers
    user: Numbers
    wanted: Numbers
    read: Numbers

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def examples(self) -> Examples:
        return Examples(table=self.table, taken=self.taken)

    @property
    def starts(self) -> Numbers:
        return np.cumsum(self.sizes) - self.sizes

    def of(self, chosen: npt.NDArray[np.bool_]) -> Lists:
        """Some of the lists."""
        if chosen.all():  # tables are large
            return replace(self, read=self.user)
        cells = np.repeat(chosen, self.sizes)
        return Lists(
            table=self.table[cells],
            taken=self.taken[cells],
            sizes=self.sizes[chosen],
            user=self.user[chosen],
            wanted=self.wanted[chosen],
            read=self.user[chosen],
        )

    @property
    def teaching(self) -> Examples:
        """The examples of those lists in which something was found: the others teach no order."""
        return self.of(self.hit).examples

    @property
    def hit(self) -> npt.NDArray[np.bool_]:
        """bool [l]: something that was hidden is in the list."""
        return np.add.reduceat(self.taken, self.starts) > 0 if len(self) else np.zeros(0, dtype=np.bool_)

    def ndcg(self, said: npt.NDArray[np.float64] | None = None) -> npt.NDArray[np.float64]:
        """float64 [l]: NDCG@10 of the lists put into the order of what is `said` [m], ties as before; as
        they are, if nothing is."""
        found = np.zeros(len(self))
        discount = 1.0 / np.log2(np.arange(2, NDCG_DEPTH + 2))
        ideal = np.cumsum(discount)
        for row, (start, size) in enumerate(zip(self.starts.tolist(), self.sizes.tolist(), strict=True)):
            taken = self.taken[start : start + size]
            if said is not None:
                taken = taken[np.argsort(-said[start : start + size], kind="stable")]
            best = taken[:NDCG_DEPTH]
            found[row] = best @ discount[: len(best)] / ideal[min(int(self.wanted[row]), NDCG_DEPTH) - 1]
        return found


def joined(lists: Sequence[Lists]) -> Lists:
    """Several one after the other."""
    return Lists(
        table=np.concatenate([one.table for one in lists]),
        taken=np.concatenate([one.taken for one in lists]),
        sizes=np.concatenate([one.sizes for one in lists]),
        user=np.concatenate([one.user for one in lists]),
        wanted=np.concatenate([one.wanted for one in lists]),
        read=np.concatenate([one.read for one in lists]),
    )


def collect(
    fold: Fold,
    listed: npt.NDArray[np.bool_],
    users: Numbers,
    *,
    all_of_them: bool = True,
    depth: int = DEPTH,
    progress: Progress | None = None,
) -> Lists:
    """The lists of some users of a fold: `all_of_them`, or only those in which something hidden is found,
    since tables are large. Users for whom there is nothing to recommend have none."""
    tables: list[Values] = [np.zeros((0, len(signs_of_lists(fold.features))), dtype=np.float32)]
    taken: list[npt.NDArray[np.bool_]] = [np.zeros(0, dtype=np.bool_)]
    sizes, owners, wanted, read = [], [], [], []
    for number, user in enumerate(users.tolist()):
        if progress is not None and number % 100 == 0:
            progress("read the lists", number, len(users))
        history = fold.behaviour.history(user)
        products, scores = best_products(fold.additive, history, listed, depth)
        if not len(products):
            continue
        read.append(user)
        hidden = fold.hidden.indices[fold.hidden.indptr[user] : fold.hidden.indptr[user + 1]]
        found = np.isin(products, hidden)
        if not (all_of_them or found.any()):
            continue
        tables.append(table_of_best(fold.features, history, products, scores))
        taken.append(found)
        sizes.append(len(products))
        owners.append(user)
        wanted.append(len(hidden))
    return Lists(
        table=np.concatenate(tables),
        taken=np.concatenate(taken),
        sizes=np.array(sizes, dtype=np.int64),
        user=np.array(owners, dtype=np.int64),
        wanted=np.array(wanted, dtype=np.int64),
        read=np.array(read, dtype=np.int64),
    )
