"""What the trees of the ranking `best` look at: numbers about a history and each of some products.

Nothing here knows what a user is: a history is read in the same way whoever it belongs to. So features are
out of fold as soon as `links`, `priors`, `behaviour` and `latent` were made without the interactions that
are to be predicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import IN_CATEGORY, MADE_BY, USER_RELATIONS, Graph
from kg.ragged import spans
from kg.records import NodeKind
from recommend.behaviour import Behaviour, History
from recommend.boosted.latent import RANKS, Latent
from recommend.boosted.order import OF_ORDER, QUICK, Order, links_of
from recommend.boosted.people import People
from recommend.channels.base import Links, Prior
from recommend.channels.traces import BehaviourTrace
from recommend.rank.memory import remembered
from recommend.sparse import csr
from recommend.training.cells import weighed

Values: TypeAlias = npt.NDArray[np.float32]
Numbers: TypeAlias = npt.NDArray[np.int64]

CHANNELS = 12
"""So many channels have features of their own: those with the most links."""
OF_CHANNEL: Mapping[str, int] = {
    "sum": 1,  # what the whole history says, as in the additive score
    "best": 1,  # what the product of the history says that says most
    "met": 0,  # how many products of the history say something
    "last": 0,  # what the latest says
}
"""The features of each channel, and the direction in which each may move a score: 1 up, -1 down, 0 either."""
IN_ORDER: Mapping[str, int] = {
    "quick": 0,  # what the history says if it is forgotten quickly
    "all": 0,  # … if nothing is forgotten
    "before": 0,  # what the latest but one says
}
"""Further ones of each channel where histories have an order."""
OF_PRODUCT: Mapping[str, int] = {
    "exact": 1,  # the additive score as a share of the best one
    "place": -1,  # its place by the additive score, as a logarithm
    "popularity": 0,  # logarithm of how many met it
    "familiar": 0,  # the same above what the history's own products have
    "brand": 0,  # share of the history that is of its brand
    "category": 0,  # … of the one of its categories that most is of
    "price": 0,  # doublings of the price above the median of the history
    "facts": 0,  # logarithm of how many edges it has in the graph, users aside
    "company": 0,  # mean popularity of the products that the graph links to it
    "fans busy": 0,  # how much the users who met it meet
    "fans taste": 0,  # how popular what they meet is
    "people": 1,  # users with similar histories who met it
    "people share": 1,  # … of all similar users
    "nearest": 0,  # … of the most similar ones alone
    "history": 0,  # logarithm of how many products the history has
    "spread": 0,  # how different their popularity is
}
"""The features beside those of channels, priors and patterns."""

PATTERNS = "patterns "
_DOUBLINGS = 4.0


def signs(channels: Iterable[str], priors: Iterable[str], *, latent: bool, ordered: bool) -> dict[str, int]:
    """All features in order, with their directions."""
    return {
        **{f"{name} {kind}": sign for name in channels for kind, sign in _kinds(ordered).items()},
        **{f"prior {name}": 0 for name in priors},
        **({f"{PATTERNS}{rank}": 0 for rank in RANKS} if latent else {}),
        **OF_PRODUCT,
        **(OF_ORDER if ordered else {}),
    }


def _kinds(ordered: bool) -> dict[str, int]:
    return {**OF_CHANNEL, **(IN_ORDER if ordered else {})}


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """Reads the features of products for a history. `channels` and `prior_names` are what is read, in order:
    one that a model does not have (None) says nothing. If `ordered`, the order of histories is read, too."""

    graph: Graph
    behaviour: Behaviour
    links: Sequence[Links | None]
    priors: Sequence[Prior | None]
    channels: tuple[str, ...]
    prior_names: tuple[str, ...]
    latent: Latent | None = None
    ordered: bool = False

    @classmethod
    def of(
        cls,
        graph: Graph,
        behaviour: Behaviour,
        links: Iterable[Links],
        priors: Iterable[Prior],
        *,
        latent: Latent | None = None,
        channels: Sequence[str] | None = None,
        prior_names: Sequence[str] | None = None,
        ordered: bool | None = None,
    ) -> Features:
        """Of the channels with the most links and all priors, or of those of some names. `ordered` is True
        where there are times, if nothing else is said."""
        by_name, values = {one.name: one for one in links}, {one.name: one for one in priors}
        if channels is None:
            most = sorted(by_name, key=lambda name: (-by_name[name].matrix.nnz, name))[:CHANNELS]
            channels = sorted(most)
        kept = tuple(values if prior_names is None else prior_names)
        return cls(
            graph=graph,
            behaviour=behaviour,
            links=tuple(by_name.get(name) for name in channels),
            priors=tuple(values.get(name) for name in kept),
            channels=tuple(channels),
            prior_names=kept,
            latent=latent,
            ordered=behaviour.has_times if ordered is None else ordered,
        )

    @cached_property
    def signs(self) -> dict[str, int]:
        return signs(self.channels, self.prior_names, latent=self.latent is not None, ordered=self.ordered)

    def table(self, history: History, products: Numbers, exact: Values, place: Numbers) -> Values:
        """float32 [m, f]: the features of products for a history. `exact` [m] are their additive scores as
        shares of the best score of any product, `place` [m] their places by it in the whole catalog, from 1.
        """
        m, past = len(products), history.products
        row = np.full(self.graph.product_count, -1, dtype=np.int64)
        row[products] = np.arange(m)
        found = np.zeros((m, len(self.signs)), dtype=np.float32)
        at, kinds = 0, len(_kinds(self.ordered))
        for one in self.links:
            if one is not None and len(past):
                found[:, at : at + kinds] = _of_channel(one, history, row, m, ordered=self.ordered)
            at += kinds
        for given in self.priors:
            if given is not None:
                found[:, at] = given.values[products]
            at += 1
        if self.latent is not None:
            if len(past):
                found[:, at : at + len(RANKS)] = self.latent.said(history, products)
            at += len(RANKS)
        known = self._popularity[products]
        mine = self._popularity[past]
        people = self._people.met(history, products)
        columns: tuple[Values | float, ...] = (
            exact,
            np.log2(place).astype(np.float32),
            known,
            known - (mine.mean() if len(past) else 0.0),
            _share(self._brands, past, products),
            _share(self._categories, past, products),
            self._priced(past, products),
            self._facts[products],
            self._company[products],
            self._fans[0][products],
            self._fans[1][products],
            *people,
            float(np.log2(1 + len(past))),
            float(mine.std()) if len(past) else 0.0,
        )
        for column in columns:
            found[:, at] = column
            at += 1
        if self.ordered:
            found[:, at:] = self._order.table(history, products, row)
        return found

    @cached_property
    def _order(self) -> Order:
        return Order.of(self.behaviour)

    @cached_property
    def _popularity(self) -> Values:
        found: Values = np.log2(1.0 + self.behaviour.popularity).astype(np.float32)
        return found

    @cached_property
    def _brands(self) -> sp.csr_array | None:
        return self._edges(MADE_BY, "brand")

    @cached_property
    def _categories(self) -> sp.csr_array | None:
        return self._edges(IN_CATEGORY, "category")

    def _edges(self, relation: str, tail: NodeKind) -> sp.csr_array | None:
        """float32 [products, nodes]: 1 for each edge of a product."""
        edges = self.graph.relation(relation, "product", tail)
        if edges is None:
            return None
        shape = (self.graph.product_count, len(self.graph.nodes[tail]))
        return csr(np.ones(len(edges), dtype=np.float32), edges.tails, edges.indptr, shape)

    @cached_property
    def _facts(self) -> Values:
        count = np.zeros(self.graph.product_count)
        for edge_type, relation in self.graph.relations.items():
            if edge_type.head == "product" and edge_type.name not in USER_RELATIONS.values():
                count += np.diff(relation.indptr)
        return np.log2(1.0 + count).astype(np.float32)

    @cached_property
    def _company(self) -> Values:
        total = np.zeros(self.graph.product_count)
        mass = np.zeros(self.graph.product_count)
        for one in self.links:
            if one is not None and not isinstance(one.trace, BehaviourTrace):
                turned = one.matrix.T
                total += one.scale * (turned @ self._popularity)
                mass += one.scale * (turned @ np.ones_like(self._popularity))
        return np.divide(total, mass, out=np.zeros_like(total), where=mass > 0).astype(np.float32)

    @cached_property
    def _fans(self) -> tuple[Values, Values]:
        """What users who met each product are like: how much they met, and how popular it is."""
        weight = self.behaviour.weight
        length = np.asarray(weight.sum(axis=1)).ravel()
        taste = (weight @ self._popularity) / np.maximum(length, 1.0)
        met = np.maximum(self.behaviour.popularity, 1e-9)
        turned = weight.T.tocsr()
        busy, popular = turned @ np.log2(1.0 + length) / met, turned @ taste / met
        return busy.astype(np.float32), popular.astype(np.float32)

    @cached_property
    def _people(self) -> People:
        return People.of(self.behaviour)

    def _priced(self, past: Numbers, products: Numbers) -> Values | float:
        """float32 [m]: doublings above the median price of a history; 0 where either is unknown."""
        price = self.graph.products.price
        known = price[past][price[past] > 0]
        if not len(known):
            return 0.0
        ratio = np.where(price[products] > 0, price[products], np.median(known)) / np.median(known)
        return np.clip(np.log2(ratio), -_DOUBLINGS, _DOUBLINGS).astype(np.float32)


def _share(edges: sp.csr_array | None, past: Numbers, products: Numbers) -> Values | float:
    """float32 [m]: the largest share of a history that shares a node with each product."""
    if edges is None or not len(past):
        return 0.0
    starts = edges.indptr[past].astype(np.int64)
    tails = edges.indices[spans(starts, edges.indptr[past + 1] - starts)]
    share = np.bincount(tails, minlength=edges.shape[1]) / np.float32(len(past))
    return weighed(edges, share.astype(np.float32), products)


def _of_channel(links: Links, history: History, row: Numbers, products: int, *, ordered: bool) -> Values:
    """float32 [m, f]: the features of one channel; `row` is the place of each product, -1 for others."""
    said = links_of(links.matrix, history.products, row, products) * np.float32(links.scale)
    found = np.empty((products, len(_kinds(ordered))), dtype=np.float32)
    found[:, 0] = remembered(history, links.memory) @ said
    found[:, 1] = said.max(axis=0)
    found[:, 2] = (said > 0).sum(axis=0)
    found[:, 3] = said[-1]
    if ordered:
        found[:, 4] = remembered(history, QUICK) @ said
        found[:, 5] = history.weight @ said
        found[:, 6] = said[-2] if len(said) > 1 else 0
    return found
