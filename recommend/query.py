"""What was asked, and the same made ready for the channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.filters import Filter, Where, parse_where
from recommend.leaving_out import without_left_out
from recommend.rank.balance import Balance
from recommend.understand.reading import Entity, Reading
from recommend.understand.tokens import written_tokens

RankingName: TypeAlias = Literal["exact", "best"]
MOST_RESULTS = 10_000
_THINGS = ("type", "category")


@dataclass(frozen=True, kw_only=True)
class Query:
    """One question. Exactly one of the four kinds: a search (text or image), a seed product, a history (of a
    user, or given as product ids, oldest first), or products to `complete`: those of `history`, else what the
    user owns.

    `viewed` are products that were only looked at, after those of the history; `without` are taken as never
    met. `fits` are products that the answers must be compatible with; with `fits_owned`, any that the user
    owns.

    `sort`, `facets` and `profile` are of searches: another order than by relevance, the fields to count by,
    and a ranking profile of the shop's rules (see `recommend.shopfront`). `balance` is what the list shall be
    beside relevant (see `recommend.rank.balance`), which no sorted list can be.
    """

    text: str | None = None
    image: str | None = None
    product: str | None = None
    user: str | None = None
    history: tuple[str, ...] = ()
    viewed: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    complete: bool = False
    fits: tuple[str, ...] = ()
    fits_owned: bool = False
    where: tuple[Filter, ...] = ()
    ranking: RankingName = "exact"
    k: int = 10
    sort: str | None = None
    facets: tuple[str, ...] = ()
    profile: str = ""
    balance: Balance | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.k, int | np.integer):
            raise SettingsError(f"k={self.k!r} must be a whole number")
        if not 1 <= self.k <= MOST_RESULTS:
            raise SettingsError(f"k={self.k} is outside 1 to {MOST_RESULTS:,}")
        if self.ranking not in get_args(RankingName):
            raise SettingsError(f"ranking={self.ranking!r} must be 'exact' or 'best'")
        if self.balance and self.sort not in (None, "relevance"):
            raise SettingsError(f"sort={self.sort!r} and a balance exclude each other; leave one of them out")

    @property
    def is_search(self) -> bool:
        return self.text is not None or self.image is not None


Fitting: TypeAlias = bool | str | Sequence[str]
"""What answers must be compatible with: products, or True for any that the user owns."""


def product_ids(given: str | Sequence[str]) -> tuple[str, ...]:
    """One product or several."""
    return (given,) if isinstance(given, str) else tuple(given)


def wished(fits: Fitting, user: str | None, where: Where, k: int, balance: Balance | None) -> dict[str, Any]:
    """What all recommendations can be asked for, as fields of a query."""
    if fits is True and user is None:
        raise SettingsError("fits=True means what a user owns; name the user, or the products themselves")
    return {
        "fits": () if isinstance(fits, bool) else product_ids(fits),
        "fits_owned": fits is True,
        "where": parse_where(where),
        "k": k,
        "balance": balance,
    }


QueryEncoder: TypeAlias = Callable[["PreparedQuery"], npt.NDArray[np.float32] | None]
"""Gives the vector of a query in one space, or None if the query has nothing to say there."""
QueryReader: TypeAlias = Callable[[str], Reading]
"""Reads what a text names."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedQuery:
    """A search with everything the channels ask of it, each computed once and only when asked for."""

    query: Query
    encoders: Mapping[str, QueryEncoder]
    read: QueryReader | None = None
    _vectors: dict[str, npt.NDArray[np.float32] | None] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return (self.query.text or "").strip()

    @cached_property
    def reading(self) -> Reading:
        """What the text names in this shop; nothing without a reader."""
        return Reading(text=self.text) if self.read is None else self.read(self.text)

    @cached_property
    def said(self) -> str:
        """What is wanted: the text without what it leaves out, with the shop's words in the place of others,
        and with words joined as the shop joins them: 'headset' for 'head set'."""
        text = without_left_out(self.text, self.reading)
        for typed, other in self.reading.instead:
            text = text.replace(typed, other, 1)
        for entity, name in self._renamed:
            if _joined(name) == _joined(entity.words):
                text = text.replace(entity.words, name, 1)
        return text

    @cached_property
    def rewordings(self) -> tuple[str, ...]:
        """What is said, each time with other words for a kind: 'notebook' for 'laptop'."""
        said = self.said
        return tuple(
            said.replace(entity.words, name, 1)
            for entity, name in self._renamed
            if entity.words in said and _joined(name) != _joined(entity.words)
        )

    @cached_property
    def _renamed(self) -> list[tuple[Entity, str]]:
        """Kinds that were named in other words than their own, with these."""
        reading = self.reading
        return [
            (entity, reading.name(entity.nodes[0][0]))
            for entity in reading.of_role("type")
            if entity.words
            and entity.source != "name"
            and entity.nodes
            and entity.nodes[0][0].kind in _THINGS
        ]

    @property
    def image(self) -> Path | None:
        return None if self.query.image is None else Path(self.query.image)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words that say something, folded; all words if none does.

        That a title has a "for" as well is no reason to show a product, however rare that is in a small shop.
        """
        small = frozenset(self.reading.small)
        telling = tuple(token for token, written in self._written if written not in small)
        return telling or tuple(token for token, _ in self._written)

    def word(self, tokens: str) -> str:
        """Tokens (separated by spaces) as they were written in the query."""
        written = dict(self._written)
        return " ".join(written.get(token, token) for token in tokens.split())

    @cached_property
    def _written(self) -> tuple[tuple[str, str], ...]:
        return tuple(written_tokens(self.said))

    def vector(self, space: str) -> npt.NDArray[np.float32] | None:
        """float32 [d]: the query in a vector space, or None. Of length 1, or less where the model behind it
        knows little of what is said."""
        if space not in self._vectors:
            encoder = self.encoders.get(space)
            self._vectors[space] = None if encoder is None else encoder(self)
        return self._vectors[space]


def _joined(words: str) -> str:
    return "".join(words.casefold().replace("-", " ").split())
