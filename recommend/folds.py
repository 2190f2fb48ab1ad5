"""What teaches: things that users did, hidden from a model that is then asked for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import Graph
from kg.split import HoldOut, hold_out
from kg.time_split import last_share
from recommend.behaviour import Behaviour
from recommend.channels import FitContext, Links, Prior
from recommend.channels.base import fit_links, fit_priors
from recommend.settings import Settings
from recommend.sparse import empty

Numbers: TypeAlias = npt.NDArray[np.int64]

LEAST_USERS = 30
"""With fewer users to learn from, the default weights are the better guess."""
FEW = 1_000
"""Fewer are too few: all users teach, a part at a time. What users did last is most like what is asked for,
but one thing each of so few teaches too little."""
_SIDES = 3
"""Each fold hides things of one user in three at most: the others still show what shops have."""
_MORE_USERS = 2
"""So many times more users teach where there is an order: of each only the last moment is hidden."""
_COME_AGAIN = 100
"""With fewer users who come again after a moment, what they teach counts less than the default weights."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Folds:
    """What each fold hides of its `learners`. The first is always there.

    Where the log has real times, it is the only one, and hides all that anybody did from one moment on (kept
    in `later`): the model knows no more than the shop did then, and is asked for the weeks to come. Were only
    the latest things of each user hidden, most of the visit in which they were bought would still be known,
    and what is like the product just looked at would seem to be all that anybody wants.

    Else there are others with users of their own where users are few, or where there is an order: then only
    what is latest can be hidden, so users can teach but once.
    """

    graph: Graph
    learners: tuple[Numbers, ...]
    share: float
    seed: int
    later: HoldOut | None = None

    @classmethod
    def of(cls, graph: Graph, behaviour: Behaviour, settings: Settings, *, seed: int) -> Folds:
        """The users are samples of those of whom something can be hidden."""
        later = _later(graph, settings, seed)
        if later is not None:
            return cls(
                graph=graph, learners=(later.users,), share=settings.learn_share, seed=seed, later=later
            )
        able = np.flatnonzero(np.diff(behaviour.weight.indptr) >= 2)
        wanted = settings.learn_users * (_MORE_USERS if behaviour.has_times else 1)
        most = min(wanted, max(LEAST_USERS, len(able) // _SIDES))
        random = np.random.default_rng(seed)
        first = able if len(able) <= most else np.sort(random.choice(able, most, replace=False))
        learners = [first]
        if len(first) < FEW or (settings.best_lists and behaviour.has_times):
            rest = np.array_split(random.permutation(np.setdiff1d(able, first)), _SIDES - 1)
            learners += [np.sort(some[:most]) for some in rest if len(some)]
        return cls(graph=graph, learners=tuple(learners), share=settings.learn_share, seed=seed)

    @property
    def few(self) -> bool:
        """True if everybody must teach."""
        return len(self.learners[0]) < FEW

    @cached_property
    def first(self) -> HoldOut:
        return self.later if self.later is not None else self._hidden(self.learners[0])

    def others(self) -> Iterator[HoldOut]:
        """The folds after the first."""
        return map(self._hidden, self.learners[1:])

    @cached_property
    def unseen(self) -> Graph:
        """The graph without all that any fold hides: for what is made once, for all of them."""
        if len(self.learners) == 1:
            return self.first.graph
        return self._hidden(np.concatenate(self.learners)).graph

    def _hidden(self, users: Numbers) -> HoldOut:
        return hold_out(self.graph, share=self.share, seed=self.seed, users=users, only_last=not self.few)


def _later(graph: Graph, settings: Settings, seed: int) -> HoldOut | None:
    """What users that were known by some moment did after it; None without real times, or if too few came
    again."""
    split = last_share(graph, settings.learn_share)
    if split is None:
        return None
    known = np.diff(Behaviour.of(split.graph).weight.indptr) > 0
    users = split.users[known[split.users]]
    if len(users) < _COME_AGAIN:
        return None
    if len(users) > settings.learn_users:
        users = np.sort(np.random.default_rng(seed).choice(users, settings.learn_users, replace=False))
    return split.only(users)


@dataclass(frozen=True, kw_only=True, eq=False)
class Blind:
    """Channels and priors made without what was `hidden` (bool CSR [users, products]): `graph` and
    `behaviour` do not have it either. Channels that are left out know nothing of users."""

    graph: Graph
    behaviour: Behaviour
    links: Sequence[Links]
    priors: Sequence[Prior]
    hidden: sp.csr_array

    @classmethod
    def of(
        cls,
        split: HoldOut,
        names: Collection[str],
        settings: Settings,
        *,
        seed: int,
        ways: Mapping[str, Mapping[str, float]] = MappingProxyType({}),
    ) -> Blind:
        """With the channels of some names: those that learn from what users did, without vectors. `ways` say
        how they make their links (see `FitContext`)."""
        context = FitContext.plain(split.graph, settings, seed=seed, ways=ways)
        return cls(
            graph=split.graph,
            behaviour=context.behaviour,
            links=[one for one in fit_links(context) if one.name in names],
            priors=fit_priors(context),
            hidden=split.hidden,
        )

    @property
    def users(self) -> Numbers:
        """int64 [m]: those of whom something is hidden."""
        return np.flatnonzero(np.diff(self.hidden.indptr))

    def known(self, links: Sequence[Links], names: Collection[str]) -> list[Links]:
        """Channels as they were learned, with what is known without the hidden part; those of `names` learn
        from what users did."""
        mine = {one.name: one for one in self.links}
        found = []
        for one in links:
            if one.name in mine:
                here = mine[one.name]
                one = replace(one, matrix=here.matrix, scale=here.scale, way=here.way)
            elif one.name in names:
                one = replace(one, matrix=empty(*one.matrix.shape))
            found.append(one)
        return found
