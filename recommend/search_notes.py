"""What somebody who searches should know of the result: what is not stocked, not known, or may be meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kg.filters import Filter, FilterIndex
from kg.graph import Graph
from recommend.channels.kinds import named_kinds
from recommend.linked import Linked
from recommend.search_order import Mask, Numbers
from recommend.titles import Titles
from recommend.understand.reading import BY_MEANING, Reading
from recommend.understand.tokens import tokens

UNKNOWN_USER = "nothing is known of this user yet: these are the products for everybody"
_NEAR = "what comes near is shown"
_AMOUNT = re.compile(r"\d")
"""Amounts are stated in many ways: that no attribute is called "12 v" does not say that nothing has it."""
_LONGEST = 40
_MOST = 3


def of_reading(reading: Reading) -> list[str]:
    """Words that the shop does not know, and the kind that may be meant beside one that words name."""
    notes = []
    if reading.unknown:
        words = [f"“{_short(word)}”" for word in reading.unknown[:_MOST]]
        more = len(reading.unknown) - _MOST
        words += [f"{more} more {'word' if more == 1 else 'words'}"] if more > 0 else []
        several = "are" if len(words) > 1 else "is"
        notes.append(f"{_listed(words)} {several} not in this shop: the nearest alternatives are shown")
    named = [node for one in named_kinds(reading) for node, _ in one.nodes]
    if named and reading.guesses and reading.guesses[0][0] not in named:
        node, chance = reading.guesses[0]
        notes.append(f"this may also mean {reading.name(node)} ({chance:.0%} sure, {BY_MEANING})")
    return notes


def never_both(reading: Reading, meant: Mask, linked: Linked, titles: Titles) -> list[str]:
    """Brands, series and properties that nothing of the wanted kind (`meant`, bool [n]) has: not by what is
    stated, nor by its title. Of "ink for a brass pen" nothing is said: it is the pen that is brass."""
    kinds = [] if reading.of_role("target") else named_kinds(reading)
    notes = []
    for entity in reading.entities if kinds and meant.any() else ():
        if entity.role not in ("brand", "series", "attribute") or _AMOUNT.search(entity.words):
            continue
        if any(meant[linked.members(node).numbers].any() for node, _ in entity.nodes):
            continue
        if next(titles.saying(entity.words, meant), None) is None:
            both = f"“{_short(entity.words)}” and “{_short(kinds[0].words)}”"
            notes.append(f"nothing here is known to be both {both}: {_NEAR}")
    return notes


def called_otherwise(reading: Reading, products: Numbers, graph: Graph) -> list[str]:
    """That none of the best products is called what a query says of which no kind was understood."""
    if reading.of_role("type") or reading.guesses or reading.unknown or not len(products):
        return []
    taken = {i for one in (*reading.entities, *reading.excluded) for i in range(one.start, one.stop)}
    small = set(reading.small)
    said = [word for i, word in enumerate(reading.words) if i not in taken and word.casefold() not in small]
    wanted = set(tokens(" ".join(said)))
    table = graph.products
    for row in products.tolist():
        names = (table.title[row], table.brand[row], *table.category_path(row), *table.label_names(row))
        if wanted <= set(tokens(" ".join(names))):
            return []
    return [f"nothing here is called “{_short(reading.text)}”: {_NEAR}"] if wanted else []


def filtered_away(where: Sequence[Filter], filters: FilterIndex, listed: Mask) -> list[str]:
    """Which filters leave nothing of the whole shop."""
    alone = [str(one) for one in where if not (listed & filters.mask((one,))).any()]
    if alone:
        return [f"no product of this shop has {_listed(alone)}"]
    if len(where) > 1 and not (listed & filters.mask(where)).any():
        return ["no product of this shop passes all of these filters"]
    return []


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def _listed(several: Sequence[str]) -> str:
    return several[0] if len(several) == 1 else f"{', '.join(several[:-1])} and {several[-1]}"
