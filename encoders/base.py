"""What an encoder is: two protocols, one for content and one for the graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from kg.vectors import Vectors

if TYPE_CHECKING:
    from kg.graph import Graph

Matrix: TypeAlias = npt.NDArray[np.float32]
Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)` while a long step runs."""

T_contra = TypeVar("T_contra", contravariant=True)


@runtime_checkable
class ContentEncoder(Protocol[T_contra]):
    """Turns content (texts, pictures) into vectors, each row depending on its own item only."""

    @property
    def key(self) -> str:
        """Names everything a vector depends on besides the item: weights, preprocessing, length.

        Two encoders with one key give the same vectors; it is part of the key of the cache.
        """
        ...

    @property
    def dim(self) -> int: ...

    def encode(self, items: Sequence[T_contra], *, progress: Progress | None = None) -> Matrix:
        """float32 [n, dim]: one row per item, in their order."""
        ...


@runtime_checkable
class GraphEncoder(Protocol):
    """Learns a vector per product from the graph; later products are placed without retraining."""

    def fit(self, graph: Graph, *, features: Mapping[str, Vectors] | None = None, seed: int = 0) -> None:
        """Train on a graph. `features` are content vectors by modality ('text', 'image')."""
        ...

    def vectors(self) -> Vectors:
        """The vectors of the products of the graph that was fitted. NotFitted → SettingsError."""
        ...

    def extend(self, graph: Graph, ids: Sequence[str]) -> Vectors:
        """Vectors of products that came after `fit`, from their edges in the newer graph."""
        ...
