"""The rules of a shop, bound to its products: which hold for one request, and what they do to a list."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.filters import Filter, FilterIndex
from kg.graph import Graph
from recommend.shopfront.relevance import Mask, Numbers, Rank, Scores
from recommend.shopfront.rules import RULES_FILE, Boost, Hide, Pin, Profile, Rules, words_of
from recommend.shopfront.rules_file import read_rules

logger = logging.getLogger(__name__)

SIGNAL = "rule."
"""What the signals of rules begin with."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pinned:
    """A product that a rule wants at a place (1 is the first)."""

    rule: str
    product: int
    position: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Active:
    """The rules that hold for one request: boosts with the products they mean (bool [n]), and pins."""

    boosts: tuple[tuple[Boost, Mask], ...] = ()
    pins: tuple[Pinned, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.boosts or self.pins)

    def factors(self, products: Numbers) -> npt.NDArray[np.float32]:
        """float32 [m]: what the scores of some products are multiplied by."""
        found = np.ones(len(products), dtype=np.float32)
        for boost, mask in self.boosts:
            found[mask[products]] *= np.float32(boost.factor)
        return found

    def ranked(self, rank: Rank, k: int, allowed: Mask) -> tuple[Numbers, Scores]:
        """The k best with their boosted scores; exact, because products of one factor keep their order."""
        factor = np.ones(len(allowed), dtype=np.float32)
        for boost, mask in self.boosts:
            factor[mask] *= np.float32(boost.factor)
        found = [rank(k, allowed & (factor == one)) for one in np.unique(factor[allowed]).tolist()]
        if not found:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        products = np.concatenate([numbers for numbers, _ in found])
        scores = self.boosted(products, np.concatenate([some for _, some in found]))
        order = np.lexsort((products, -scores))[:k]
        return products[order], scores[order]

    def boosted(self, products: Numbers, scores: Scores) -> Scores:
        """float32 [m]: scores after the boosts. One below 0 is divided, so that a boost never sinks it."""
        total = scores.astype(np.float32)
        for added in self.signals(products, scores).values():
            total = total + added
        return total

    def signals(self, products: Numbers, scores: Scores) -> dict[str, Scores]:
        """What each boost adds to the scores (as they are without any) of some products."""
        found: dict[str, Scores] = {}
        now = scores.astype(np.float32)
        for boost, mask in self.boosts:
            factor = np.where(now >= 0, np.float32(boost.factor), np.float32(1 / boost.factor))
            added = np.where(mask[products], now * (factor - 1), 0).astype(np.float32)
            found[f"{SIGNAL}{boost.name}"] = added
            now = now + added
        return found

    def pinned(self, products: Numbers, k: int, allowed: Mask) -> tuple[Numbers, dict[int, str]]:
        """(k products with the pinned ones at their places, the rule by place counted from 0).

        `products` are the k + len(pins) best. Of two pins for one place, the rule that stands first in the
        file has it; the other follows. A list that is too short for a place ends with the pinned product.
        """
        wanted: dict[int, Pinned] = {}
        for pin in self.pins:
            if allowed[pin.product]:
                wanted.setdefault(pin.product, pin)
        ordered = products[~np.isin(products, list(wanted))].tolist()
        rules: dict[int, str] = {}
        for pin in sorted(wanted.values(), key=lambda one: one.position):
            place = max(min(pin.position - 1, len(ordered)), max(rules, default=-1) + 1)
            ordered.insert(place, pin.product)
            rules[place] = pin.rule
        return np.array(ordered[:k], dtype=np.int64), {at: name for at, name in rules.items() if at < k}

    def told(self, product: int, pinned: str = "") -> tuple[str, ...]:
        """What an explanation says of the rules that moved a product."""
        moved = [
            f"moved by the rule “{boost.name}” (score × {boost.factor:g})"
            for boost, mask in self.boosts
            if mask[product]
        ]
        return (*((f"pinned by the rule “{pinned}”",) if pinned else ()), *moved)

    def pin_of(self, product: int) -> str:
        """The rule that pins a product, or ''."""
        return next((pin.rule for pin in self.pins if pin.product == product), "")


NO_RULES = Active()


class Rulebook:
    """Rules over one graph. Masks are made when a rule first holds; `warnings` say what does nothing here."""

    def __init__(
        self, rules: Rules, graph: Graph, filters: FilterIndex, *, channels: Collection[str] | None = None
    ) -> None:
        self.rules = rules
        self._graph = graph
        self._filters = filters
        self._masks: dict[str, Mask] = {}
        self._numbers: dict[str, int] = {}
        self.warnings = tuple(self._examine(channels))
        for warning in self.warnings:
            logger.warning("%s", warning)

    @classmethod
    def open(
        cls,
        path: Path | None,
        graph: Graph,
        filters: FilterIndex,
        *,
        channels: Collection[str] | None = None,
    ) -> Rulebook:
        """The rules of a file; without one there are none. `channels` are the names a profile may weigh."""
        return cls(Rules() if path is None else read_rules(path), graph, filters, channels=channels)

    def profile(self, name: str) -> Profile:
        """A profile by its name, '' being none; SettingsError names those there are."""
        if not name:
            return Profile()
        if name not in self.rules.profiles:
            known = ", ".join(sorted(self.rules.profiles))
            where = self.rules.source or f"{RULES_FILE} in the shop's folder"
            said = f"there are {known}" if known else f"write [profiles.{name}] into {where}"
            raise SettingsError(f"profile={name!r} is unknown; {said}")
        return self.rules.profiles[name]

    def active(
        self,
        text: str,
        day: date,
        *,
        profile: Profile | None = None,
        types: Callable[[], Collection[str]] = tuple,
    ) -> Active:
        """The rules that hold for a search. `types` gives the names of the types and categories that its
        text names; it is called only if a rule asks."""
        boosts = (*self.rules.boosts, *(() if profile is None else profile.boosts))
        if not (boosts or self.rules.pins):
            return NO_RULES
        said = _Said(text, types, day)
        held = [one for one in boosts if said.holds(one)]
        pins = [
            Pinned(rule=pin.name, product=self._numbers[product], position=pin.position + place)
            for pin in self.rules.pins
            if said.holds(pin)
            for place, product in enumerate(pin.products)
            if product in self._numbers
        ]
        masked = ((one, self._mask(one.name, one.where)) for one in held)
        return Active(boosts=tuple((one, mask) for one, mask in masked if mask.any()), pins=tuple(pins))

    def hidden(
        self, day: date, text: str = "", *, types: Callable[[], Collection[str]] = tuple
    ) -> Mask | None:
        """bool [n]: the products that may not be shown now; None if all may."""
        if not self.rules.hides:
            return None
        said = _Said(text, types, day)
        hidden: Mask | None = None
        for one in self.rules.hides:
            if said.holds(one):
                mask = self._mask(one.name, one.where) if one.where else self._named(one.name, one.products)
                hidden = mask if hidden is None else hidden | mask
        return hidden

    def _mask(self, name: str, where: Sequence[Filter]) -> Mask:
        if name not in self._masks:
            self._masks[name] = self._filters.mask(where)
            if not self._masks[name].any():
                told = " and ".join(map(str, where))
                logger.warning("%s: the rule “%s” means no product: %s", self.rules.source, name, told)
        return self._masks[name]

    def _named(self, name: str, products: Sequence[str]) -> Mask:
        if name not in self._masks:
            mask = np.zeros(self._graph.product_count, dtype=np.bool_)
            mask[[self._numbers[one] for one in products if one in self._numbers]] = True
            self._masks[name] = mask
        return self._masks[name]

    def _examine(self, channels: Collection[str] | None) -> list[str]:
        found: list[str] = []
        listed, names = self._graph.products.listed, self._graph.nodes["product"]
        naming: tuple[Pin | Hide, ...] = (*self.rules.pins, *self.rules.hides)
        for rule in naming:
            for product in rule.products:
                number = names.number(product)
                if number is not None and listed[number]:
                    self._numbers[product] = number
                else:
                    found.append(
                        f"{self.rules.source}: the rule “{rule.name}” names the product {product!r}, which "
                        "the shop does not list (any more); correct the id or remove the rule"
                    )
        for profile in self.rules.profiles.values():
            for name in profile.channels:
                if channels is not None and name not in channels:
                    found.append(
                        f"{self.rules.source}: the profile “{profile.name}” weighs the channel {name!r}, "
                        f"which this version does not have; there are {', '.join(sorted(channels))}"
                    )
        return found


class _Said:
    """What a request says, read when a rule first asks."""

    def __init__(self, text: str, types: Callable[[], Collection[str]], day: date) -> None:
        self._text = text
        self._named = types
        self._day = day

    def holds(self, rule: Boost | Pin | Hide) -> bool:
        words = self._words if rule.when.asks_for_words else ()
        types = self._types if rule.when.types else frozenset()
        return rule.when.holds(words, types, self._day)

    @cached_property
    def _words(self) -> tuple[str, ...]:
        return words_of(self._text)

    @cached_property
    def _types(self) -> frozenset[str]:
        return frozenset(name.casefold() for name in self._named())
