"""What was asked, and the same made ready for the channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.filters import Filter
from recommend.understand.tokens import written_tokens

RankingName: TypeAlias = Literal["exact"]
MOST_RESULTS = 10_000


@dataclass(frozen=True, kw_only=True)
class Query:
    """One question. Exactly one of the three kinds: a search (text or image), a seed product, or a
    history (of a user, or given as product ids, oldest first)."""

    text: str | None = None
    image: str | None = None
    product: str | None = None
    user: str | None = None
    history: tuple[str, ...] = ()
    where: tuple[Filter, ...] = ()
    ranking: RankingName = "exact"
    k: int = 10

    def __post_init__(self) -> None:
        if not isinstance(self.k, int | np.integer):
            raise SettingsError(f"k={self.k!r} must be a whole number")
        if not 1 <= self.k <= MOST_RESULTS:
            raise SettingsError(f"k={self.k} is outside 1 to {MOST_RESULTS:,}")
        if self.ranking != "exact":
            raise SettingsError(f"ranking={self.ranking!r} is not built in this version; use 'exact'")

    @property
    def is_search(self) -> bool:
        return self.text is not None or self.image is not None


QueryEncoder: TypeAlias = Callable[["PreparedQuery"], npt.NDArray[np.float32] | None]
"""Gives the vector of a query in one space, or None if the query has nothing to say there."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PreparedQuery:
    """A search with everything the channels ask of it, each computed once and only when asked for."""

    query: Query
    encoders: Mapping[str, QueryEncoder]
    _vectors: dict[str, npt.NDArray[np.float32] | None] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return (self.query.text or "").strip()

    @property
    def image(self) -> Path | None:
        return None if self.query.image is None else Path(self.query.image)

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(token for token, _ in self._written)

    def word(self, tokens: str) -> str:
        """Tokens (separated by spaces) as they were written in the query."""
        written = dict(self._written)
        return " ".join(written.get(token, token) for token in tokens.split())

    @cached_property
    def _written(self) -> tuple[tuple[str, str], ...]:
        return tuple(written_tokens(self.text))

    def vector(self, space: str) -> npt.NDArray[np.float32] | None:
        """float32 [d] of length 1: the query in a vector space, or None."""
        if space not in self._vectors:
            encoder = self.encoders.get(space)
            self._vectors[space] = None if encoder is None else encoder(self)
        return self._vectors[space]
