"""Business rules: what a shop decides about its lists, whatever the ranking says.

They stand in a file that the shop edits, `rules.toml` in its folder. All of it is optional.

    [[synonym]]                            # words that mean the same, in both directions
    words = ["sofa", "couch", "settee"]
    [[synonym]]                            # in one direction: who says notebook also means laptop
    word = "notebook"
    means = ["laptop"]

    [[pin]]                                # a product at a place, if the filters let it through
    query = "desk lamp"
    product = "SG-0012"                    # or products = ["SG-0012", "SG-0044"]: this place and the next
    position = 1

    [[boost]]                              # scores of these products times a factor above 1
    name = "own brand"                     # what explanations call the rule
    where = "brand=Lumo"                   # filters as in a search; of several all must hold
    factor = 1.3
    types = ["lamp"]                       # only if the query names this type or category

    [[bury]]                               # the same with a factor between 0 and 1
    where = ["availability=sold_out", "price>500"]
    factor = 0.5

    [[hide]]                               # never shown: no search, no recommendation, no count
    where = "attr.recalled=yes"            # or product, products
    from = 2026-03-01                      # any rule but a synonym: its first day …
    to = 2026-03-31                        # … and its last

    [profiles.clearance]                   # chosen by a request: search(…, profile="clearance")
    channels = { lexical = 1.5 }           # weights of channels, times this
    taste = 0.1                            # how much a user's taste counts (of 1), instead of the settings'
    relevance = 0.4                        # share of the best score from which products count and are sorted
    sort = "price"                         # the order, if the request asks for none; or instead of it
    # balance = "per_brand=2, in_stock"    # what the list shall be beside relevant (recommend.rank.balance)
    boost = [ { where = "availability=clearance", factor = 2 } ]
    bury = [ { where = "brand=Lumo", factor = 0.8 } ]

    [sort]
    newest = "release date"                # the attribute that says since when a product is sold

Pins, boosts, buries and hides may be limited to queries: `query` is the whole query, `contains` some words of
it in a row, `types` a type or category that it names; each takes one or a list, of which one is enough. Words
are compared without regard to case and English endings. A pin needs one of them. Rules without a name are
called after their kind and place: 'boost 2'.

A pinned product is the answer of a rule, whatever its score; pins hold where the order is by relevance.
A boost adds score * (factor - 1) to a score, as a signal of its own called 'rule.NAME', so that signals still
add up to the score. Several boosts multiply.

A file that cannot be meant is an error when it is opened. What depends on the catalog is not: a product that
has left the shop, a filter that nothing passes or a channel that this version lacks must not take a shop
down; such a rule does nothing, and a warning says so.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from kg.filters import Filter
from kg.graph import Graph
from recommend.rank.balance import Balance
from recommend.shopfront.sorting import SortOrder
from recommend.understand.language import Synonyms
from recommend.understand.reading import Reading
from recommend.understand.tokens import tokens

RULES_FILE = "rules.toml"


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """The queries and days for which a rule holds. Words are tokens; empty means any."""

    queries: tuple[tuple[str, ...], ...] = ()
    contains: tuple[tuple[str, ...], ...] = ()
    types: frozenset[str] = frozenset()
    first: date = date.min
    last: date = date.max

    @property
    def asks_for_words(self) -> bool:
        return bool(self.queries or self.contains)

    def holds(self, words: Sequence[str], types: Collection[str], day: date) -> bool:
        """Whether it holds for a query (its tokens, and the folded names of the types and categories that it
        names) on a day."""
        if not self.first <= day <= self.last:
            return False
        if self.types and self.types.isdisjoint(types):
            return False
        if not self.asks_for_words:
            return True
        said = tuple(words)
        return said in self.queries or any(_in_a_row(some, said) for some in self.contains)


def _in_a_row(some: tuple[str, ...], said: tuple[str, ...]) -> bool:
    return any(said[at : at + len(some)] == some for at in range(len(said) - len(some) + 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """Products at a place (1 is the first) and those after it."""

    name: str
    products: tuple[str, ...]
    position: int
    when: When


@dataclass(frozen=True, kw_only=True, slots=True)
class Boost:
    """Products whose scores are multiplied: above 1 they rise, below 1 they sink."""

    name: str
    where: tuple[Filter, ...]
    factor: float
    when: When


@dataclass(frozen=True, kw_only=True, slots=True)
class Hide:
    """Products that are not shown: those of the filters, or those named."""

    name: str
    where: tuple[Filter, ...]
    products: tuple[str, ...]
    when: When


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A named way to rank. None leaves a choice as it is without a profile."""

    name: str = ""
    channels: Mapping[str, float] = field(default_factory=dict)
    taste: float | None = None
    relevance: float | None = None
    sort: SortOrder = "relevance"
    balance: Balance | None = None
    boosts: tuple[Boost, ...] = ()

    def weighted(self, weights: Mapping[str, float]) -> dict[str, float]:
        """The weights of channels under this profile."""
        return {name: weight * self.channels.get(name, 1.0) for name, weight in weights.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """All rules of a shop, as `recommend.shopfront.rules_file` reads them."""

    source: str = ""
    synonyms: Synonyms = field(default_factory=Synonyms)
    pins: tuple[Pin, ...] = ()
    boosts: tuple[Boost, ...] = ()
    hides: tuple[Hide, ...] = ()
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    newest: str = ""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a query as rules compare them."""
    return tuple(tokens(text))


def types_of(reading: Reading, graph: Graph) -> frozenset[str]:
    """The folded names of the types and categories that a query names, as `types` compares them."""
    nodes = [node for entity in reading.of_role("type") for node, _ in entity.nodes]
    return frozenset(name.casefold() for node in nodes for name in (graph.node_id(node), graph.label(node)))
