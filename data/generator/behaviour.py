"""A year in the shop: orders in which complements follow their main product, and the browsing around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from .model import Catalog, Event, Item, Pair, stream
from .searching import typed_query
from .tastes import Floats, Shopper

YEAR = 365 * 24 * 60
SHARPNESS = 1.15  # how sharply taste decides; lower is noisier
REFILLED = frozenset(
    {"beans", "coffee_filter", "ink", "gas_cartridge", "bulb", "sock", "notebook", "mug", "tshirt"}
)


@dataclass(frozen=True, kw_only=True)
class Due:
    """A wish that an earlier purchase left behind."""

    minute: float
    pair: Pair
    main: int


@dataclass(kw_only=True)
class Basket:
    """What one user has and wants, as the year goes on."""

    shopper: Shopper
    rng: np.random.Generator
    owned: set[int] = field(default_factory=set)
    due: list[Due] = field(default_factory=list)


def make_events(
    seed: int, catalog: Catalog, pairs: Sequence[Pair], shoppers: Sequence[Shopper]
) -> tuple[Event, ...]:
    events: list[Event] = []
    for shopper in shoppers:
        basket = Basket(shopper=shopper, rng=stream(seed, f"year {shopper.id}"))
        events.extend(_year(basket, catalog, pairs))
    # A log is written as it happens; the rest of the key settles ties.
    return tuple(sorted(set(events), key=lambda e: (e.minute, e.user, e.kind, e.product, e.query)))


def choose(
    rng: np.random.Generator,
    likes: Floats,
    candidates: Sequence[int],
    bonus: Floats | None = None,
    heat: float = 1.0,
) -> int:
    """One candidate, by taste; more heat is more chance."""
    score = likes[list(candidates)] + (bonus if bonus is not None else 0.0)
    weights = np.exp((score - score.max()) * SHARPNESS / heat)
    return candidates[int(rng.choice(len(candidates), p=weights / weights.sum()))]


def fits(a: Item, b: Item, name: str) -> bool:
    return not name or a.specs.get(name) == b.specs.get(name)


def kinship(items: Sequence[Item], main: int, candidates: Sequence[int]) -> Floats:
    """People like what they buy together to belong together."""
    m = items[main]
    return np.array(
        [
            0.7 * (items[c].style == m.style)
            + 0.9 * (items[c].brand == m.brand)
            + 0.5 * (items[c].material == m.material)
            + 0.6 * (items[c].colour == m.colour)
            for c in candidates
        ]
    )


def _year(basket: Basket, catalog: Catalog, pairs: Sequence[Pair]) -> list[Event]:
    rng, shopper = basket.rng, basket.shopper
    minute = float(rng.uniform(0, 0.2 * YEAR))
    events: list[Event] = []
    bought = 0
    number = 0
    while bought < shopper.purchases and minute < YEAR - 2000:
        moment = _evening(rng, minute)
        number += 1
        picks = _order(basket, catalog, pairs, moment, shopper.purchases - bought)
        for at in picks:
            events.extend(_purchase(basket, catalog, at, moment, f"{shopper.id}-{number:02d}"))
        bought += len(picks)
        # What is left of the year is shared among the orders still to come.
        pace = max(0.97 * YEAR - minute, 5000) / max((shopper.purchases - bought) / 1.5, 1)
        if rng.random() < 0.5:
            events.extend(
                _browse(basket, catalog, _evening(rng, minute + float(rng.uniform(0.3, 0.8)) * pace))
            )
        minute += float(rng.gamma(4.0, pace / 4)) + 60
    return [e for e in events if 0 <= e.minute < YEAR]


def _evening(rng: np.random.Generator, minute: float) -> int:
    """Most people shop after work."""
    hour = float(np.clip(rng.normal(19, 3), 7, 23))
    return int(minute // 1440) * 1440 + int(hour * 60) + int(rng.integers(60))


def _order(basket: Basket, catalog: Catalog, pairs: Sequence[Pair], moment: int, room: int) -> list[int]:
    """What goes into one order: wishes whose time has come first, then something new."""
    rng = basket.rng
    picks: list[int] = []
    ready = [d for d in basket.due if d.minute <= moment]
    basket.due = [d for d in basket.due if d.minute > moment]
    basket.due += ready[3:]
    for wish in ready[: min(3, room)]:
        _add(basket, catalog, pairs, picks, moment, _complement(basket, catalog, wish))
    fresh = int(rng.choice(3, p=[0.3, 0.5, 0.2])) if picks else 1 + int(rng.random() < 0.35)
    types = list(catalog.vocabulary.types)
    for _ in range(max(0, min(fresh, room - len(picks)))):
        key = types[int(rng.choice(len(types), p=basket.shopper.wants))]
        free = _free(basket, catalog, key)
        if free:
            bonus = 0.5 * kinship(catalog.items, picks[-1], free) if picks else None
            _add(basket, catalog, pairs, picks, moment, choose(rng, basket.shopper.likes, free, bonus))
    return picks


def _complement(basket: Basket, catalog: Catalog, wish: Due) -> int | None:
    free = _free(basket, catalog, wish.pair.follow)
    main = catalog.items[wish.main]
    # Now and then somebody buys the wrong socket.
    if basket.rng.random() < 0.95:
        free = [c for c in free if fits(main, catalog.items[c], wish.pair.match)]
    if not free:
        return None
    return choose(basket.rng, basket.shopper.likes, free, kinship(catalog.items, wish.main, free))


def _free(basket: Basket, catalog: Catalog, key: str) -> list[int]:
    """Items of a type the user may still buy; one desk is enough for a while."""
    owned = [c for c in catalog.by_type[key] if c in basket.owned]
    if owned and key not in REFILLED and basket.rng.random() < 0.5:
        return []
    return [c for c in catalog.by_type[key] if c not in basket.owned]


def _add(
    basket: Basket, catalog: Catalog, pairs: Sequence[Pair], picks: list[int], moment: int, at: int | None
) -> None:
    if at is None or at in basket.owned:
        return
    rng = basket.rng
    picks.append(at)
    basket.owned.add(at)
    for pair in pairs:
        if pair.main == catalog.items[at].type.key and rng.random() < pair.chance:
            delay = 0.0 if rng.random() < 0.25 else float(rng.exponential(pair.days * 1440))
            wish = Due(minute=moment + delay, pair=pair, main=at)
            if delay == 0 and len(picks) < 4:
                _add(basket, catalog, pairs, picks, moment, _complement(basket, catalog, wish))
            else:
                basket.due.append(wish)


def _purchase(basket: Basket, catalog: Catalog, at: int, moment: int, order: str) -> list[Event]:
    """A purchase with the looking around before it and, sometimes, a rating after it."""
    rng, user, items = basket.rng, basket.shopper.id, catalog.items
    back = int(rng.integers(8, 40)) if rng.random() < 0.7 else int(rng.integers(1440, 4 * 1440))
    out: list[Event] = []
    if rng.random() < 0.4:
        query = typed_query(rng, items[at], catalog.vocabulary)
        out.append(
            Event(user=user, product=items[at].id, kind="click", minute=moment - back - 2, query=query)
        )
    out.append(Event(user=user, product=items[at].id, kind="view", minute=moment - back))
    rivals = [c for c in catalog.by_type[items[at].type.key] if c != at]
    for step in range(int(rng.integers(0, 4))):
        rival = choose(rng, basket.shopper.likes, rivals, heat=1.6)
        out.append(Event(user=user, product=items[rival].id, kind="view", minute=moment - back + 1 + step))
    if rng.random() < 0.75:
        out.append(Event(user=user, product=items[at].id, kind="cart", minute=moment - 4))
    out.append(Event(user=user, product=items[at].id, kind="purchase", minute=moment, order=order, value="1"))
    if rng.random() < 0.35:
        standing = float(
            (basket.shopper.likes[at] - np.mean(basket.shopper.likes)) / np.std(basket.shopper.likes)
        )
        stars = int(np.clip(round(3.5 + 0.7 * standing + 0.7 * float(rng.standard_normal())), 1, 5))
        later = moment + int(rng.integers(3 * 1440, 15 * 1440))
        out.append(Event(user=user, product=items[at].id, kind="rating", minute=later, value=str(stars)))
    return out


def _browse(basket: Basket, catalog: Catalog, moment: int) -> list[Event]:
    """Looking without buying, and some carts left standing."""
    rng, user, items = basket.rng, basket.shopper.id, catalog.items
    types = list(catalog.vocabulary.types)
    key = types[int(rng.choice(len(types), p=basket.shopper.wants))]
    out: list[Event] = []
    for step in range(int(rng.integers(2, 5))):
        at = choose(rng, basket.shopper.likes, catalog.by_type[key], heat=1.8)
        if step == 0 and rng.random() < 0.3:
            query = typed_query(rng, items[at], catalog.vocabulary)
            out.append(Event(user=user, product=items[at].id, kind="click", minute=moment - 1, query=query))
        out.append(Event(user=user, product=items[at].id, kind="view", minute=moment + 2 * step))
        if rng.random() < 0.12:
            out.append(Event(user=user, product=items[at].id, kind="cart", minute=moment + 2 * step + 1))
    return out
