"""What a list shall be beside relevant: varied, new to people, fresh, to be had, fair to brands.

The re-ranking gives an order, not a score. Places are filled one after the other with the product whose
relevance (its score as a share of the best) plus what the strengths add is greatest:

    relevance + novelty · ν(j) + freshness · φ(j) + fairness · e(brand of j) − diversity · max similarity to
    those above

Diversity is maximal marginal relevance (Carbonell & Goldstein, 1998). ν is the self-information of a product
among all interactions, φ how new it is beside the others, e how far its brand is shown less than its share.
Caps always hold; what is out of stock comes after all that is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError

Numbers: TypeAlias = npt.NDArray[np.int64]
Scores: TypeAlias = npt.NDArray[np.float32]

Rank: TypeAlias = Callable[[int, npt.NDArray[np.bool_]], tuple[Numbers, Scores]]
"""Gives the k best of the allowed products (bool [n]) and their scores, best first."""

Goal: TypeAlias = Literal["diversity", "novelty", "freshness", "fairness"]
GOALS: tuple[Goal, ...] = get_args(Goal)
Group: TypeAlias = Literal["brand", "category", "seller"]
GROUPS: tuple[Group, ...] = get_args(Group)
FAIR_TO = ("catalog", "sales")
LEAST_POOL = 200
_CAPPED_POOL = 2_000
_TINY = 1e-12
_OF_LIST = 10
"""The pool is so many times as long as the list, at least."""


@dataclass(frozen=True, kw_only=True)
class Balance:
    """How much each goal counts beside relevance, from 0 (nothing) to 1 (as much as the best product's whole
    score); caps, 0 being none; `in_stock`: what cannot be had comes last.

    `fair_to` says which share of what is shown is fair for a brand: its share of the catalog, or of sales.
    """

    diversity: float = 0.0
    novelty: float = 0.0
    freshness: float = 0.0
    fairness: float = 0.0
    in_stock: bool = False
    per_brand: int = 0
    per_category: int = 0
    per_seller: int = 0
    fair_to: str = "catalog"

    def __post_init__(self) -> None:
        for name in GOALS:
            value = getattr(self, name)
            good = isinstance(value, int | float) and not isinstance(value, bool)
            if not good or not 0 <= value <= 1:
                raise SettingsError(f"balance: {name}={value!r} must be a number from 0 to 1, such as 0.2")
        for group in GROUPS:
            value = getattr(self, f"per_{group}")
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise SettingsError(f"balance: per_{group}={value!r} must be a whole number, 0 for no cap")
        if not isinstance(self.in_stock, bool):
            raise SettingsError(f"balance: in_stock={self.in_stock!r} must be True or False")
        if self.fair_to not in FAIR_TO:
            raise SettingsError(f"balance: fair_to={self.fair_to!r} must be one of {', '.join(FAIR_TO)}")

    def __bool__(self) -> bool:
        """Whether it changes any order."""
        return bool(any(getattr(self, name) for name in GOALS) or self.in_stock or self.caps)

    @property
    def caps(self) -> Mapping[Group, int]:
        found: dict[Group, int] = {group: getattr(self, f"per_{group}") for group in GROUPS}
        return {group: most for group, most in found.items() if most}

    @property
    def note(self) -> str:
        """What a reader of a list should know."""
        return f"re-ranked for {self}: not in the order of scores"

    def scaled(self, factor: float) -> Balance:
        """The same caps with strengths times a factor, 1 at most."""
        return replace(self, **{name: min(1.0, factor * getattr(self, name)) for name in GOALS})

    @classmethod
    def parse(cls, text: str) -> Balance:
        """Read 'diversity=.2,per_brand=2,in_stock'; SettingsError names what cannot be read."""
        given: dict[str, object] = {}
        for part in filter(None, (one.strip() for one in text.split(","))):
            name, _, value = (one.strip() for one in part.partition("="))
            if name in given:
                raise SettingsError(f"balance: {name} stands there twice; keep one")
            given[name] = _value(name, value, part)
        if not given:
            raise SettingsError("balance: nothing is asked for; write such as diversity=0.2,per_brand=2")
        return cls(**given)  # type: ignore[arg-type]

    def __str__(self) -> str:
        told: list[str] = []
        for one in fields(self):
            value = getattr(self, one.name)
            if value != one.default:
                told.append(one.name if value is True else f"{one.name}={value}")
        return ", ".join(told)


def _value(name: str, value: str, part: str) -> object:
    if name in GOALS:
        try:
            return float(value)
        except ValueError:
            raise SettingsError(f"balance: {part!r} needs a number from 0 to 1: {name}=0.2") from None
    if name in {f"per_{group}" for group in GROUPS}:
        try:
            return int(value)
        except ValueError:
            raise SettingsError(f"balance: {part!r} needs a whole number: {name}=2") from None
    if name == "in_stock":
        if value.lower() not in ("", "yes", "true", "no", "false"):
            raise SettingsError(f"balance: {part!r} is yes or no; write in_stock")
        return value.lower() in ("", "yes", "true")
    if name == "fair_to":
        return value
    raise SettingsError(
        f"balance: {name!r} is unknown; there are {', '.join(one.name for one in fields(Balance))}"
    )


class Shelf(Protocol):
    """What the goals ask of products."""

    def novelty(self, products: Numbers) -> Scores:
        """float32 [m] from 0 to 1."""
        ...

    def freshness(self, products: Numbers) -> Scores:
        """float32 [m] from 0 to 1; 0 where unknown."""
        ...

    def fairness(self, products: Numbers, fair_to: str) -> Scores:
        """float32 [m] from -1 (its brand is shown far too often) to 1 (far too seldom)."""
        ...

    def likeness(self, products: Numbers) -> Callable[[int], Scores]:
        """A function that gives for a place among some products float32 [m] from 0 to 1: how alike the
        product there is to each of them."""
        ...

    def absent(self, products: Numbers) -> npt.NDArray[np.bool_]:
        """bool [m]: cannot be had now."""
        ...

    def group(self, group: Group, products: Numbers) -> Numbers:
        """int64 [m]: the brand (category, seller) of each; -1 for none, which no cap counts."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Balanced:
    """Products in their new order. `by_score` int64 [m]: the place of each by score alone, from 1; `terms`
    float32 [m] by goal: what was added to its share of the best score when it was chosen."""

    products: Numbers
    by_score: Numbers
    terms: Mapping[str, Scores] = field(default_factory=dict)

    def added(self, place: int) -> dict[str, float]:
        """What each goal added for the product at a place, counted from 0."""
        return {name: float(term[place]) for name, term in self.terms.items() if term[place]}

    def at(self, products: Numbers) -> Balanced:
        """The same of another list: a product that was not chosen has place 0, and nothing added."""
        place = {product: at for at, product in enumerate(self.products.tolist())}
        at = np.array([place.get(product, -1) for product in products.tolist()], dtype=np.int64)

        def of(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
            found = np.zeros(len(products), dtype=values.dtype)
            found[at >= 0] = values[at[at >= 0]]
            return found

        terms = {name: of(term) for name, term in self.terms.items()}
        return Balanced(products=products, by_score=of(self.by_score), terms=terms)


def balanced(rank: Rank, k: int, balance: Balance, shelf: Shelf, allowed: npt.NDArray[np.bool_]) -> Balanced:
    """The k best of a ranking under a balance. What cannot be had makes room for what can, however far down
    that is."""
    size = pool_size(balance, k)
    products, scores = rank(len(allowed) if balance.in_stock else size, allowed)
    pool = np.arange(len(products))
    if balance.in_stock:
        pool = np.union1d(pool[:size], np.flatnonzero(~shelf.absent(products))[:size])
    found = rebalanced(products[pool], scores[pool], k, balance, shelf)
    return replace(found, by_score=pool[found.by_score - 1] + 1)


def pool_size(balance: Balance, k: int) -> int:
    """How many products, best first, are enough to choose k from."""
    return max(_CAPPED_POOL if balance.caps else LEAST_POOL, _OF_LIST * k)


def rebalanced(products: Numbers, scores: Scores, k: int, balance: Balance, shelf: Shelf) -> Balanced:
    """The k best of a pool under a balance. `products` come best first, with their scores > 0.

    Without any goal it is the pool's own order. Caps may leave fewer than k.
    """
    places = np.arange(1, len(products) + 1)
    if not balance or not len(products):
        return Balanced(products=products[:k], by_score=places[:k])
    added: dict[str, Scores] = {}
    if balance.novelty:
        added["novelty"] = np.float32(balance.novelty) * shelf.novelty(products)
    if balance.freshness:
        added["freshness"] = np.float32(balance.freshness) * shelf.freshness(products)
    if balance.fairness:
        added["fairness"] = np.float32(balance.fairness) * shelf.fairness(products, balance.fair_to)
    value = scores.astype(np.float64) / max(float(scores.max()), _TINY)
    for term in added.values():
        value += term
    here = ~shelf.absent(products) if balance.in_stock else np.ones(len(products), dtype=np.bool_)
    groups = [(shelf.group(group, products), most) for group, most in balance.caps.items()]
    alike = np.zeros(len(products), dtype=np.float32)
    likeness = shelf.likeness(products) if balance.diversity else None
    free = np.ones(len(products), dtype=np.bool_)
    chosen: list[int] = []
    penalty: list[float] = []
    while len(chosen) < k:
        able = free & here
        if not able.any():
            able = free
            if not able.any():
                break
        best = int(np.argmax(np.where(able, value - balance.diversity * alike, -np.inf)))
        chosen.append(best)
        penalty.append(float(alike[best]))
        free[best] = False
        for group, most in groups:
            if group[best] >= 0 and int((group[chosen] == group[best]).sum()) >= most:
                free &= group != group[best]
        if likeness is not None and len(chosen) < k:
            alike = np.maximum(alike, likeness(best))
    at = np.array(chosen, dtype=np.int64)
    terms = {name: term[at] for name, term in added.items()}
    if balance.diversity:
        terms["diversity"] = (-balance.diversity * np.array(penalty)).astype(np.float32)
    return Balanced(products=products[at], by_score=places[at], terms=terms)
