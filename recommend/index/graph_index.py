"""Vector spaces of a version kept in the graph store, and searched there.

The graph holds the vectors of one version: those of another go when new ones are put. Their names carry
the space, the version and the beginning of its seal, so that nobody takes the vectors of one version, or of
another shop on the same server, for those of another.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock

import numpy as np
import numpy.typing as npt

from kg.errors import StoreError, VersionError
from kg.filters import Filter
from kg.store import GraphStore
from kg.texts import Vocabulary
from kg.vectors import Vectors
from kg.versions import SEAL
from recommend.index.vector_index import SpaceIndex
from recommend.stages import Progress

_BLOCK = 2_000
_FEW, _FARTHEST = 5_000, 5_000
"""So few allowed products are named to the store, which then compares only these; of more, so many of the
nearest at most are looked through for allowed ones."""
_MARGIN = 2
_REMEMBERED = 64
_OURS = re.compile(r"[a-z]+_v.+_[0-9a-f]{8}\Z")


def put_spaces(
    store: GraphStore,
    folder: Path,
    spaces: Mapping[str, SpaceIndex],
    ids: Sequence[str],
    *,
    progress: Progress | None = None,
) -> None:
    """Put the spaces of the version in `folder` into the store; `ids` are those of its products, by number.

    The vectors of other versions are removed once these are there.
    """
    names = {space: vectors_name(folder, space) for space in sorted(spaces)}
    for space, name in names.items():
        store.put_vectors(name, _blocks(spaces[space], ids, f"{space} to the graph", progress))
    for name in store.vector_names():
        if _OURS.match(name) and name not in names.values():
            store.drop_vectors(name)


def has_spaces(store: GraphStore, folder: Path, spaces: Mapping[str, SpaceIndex]) -> bool:
    """True if the store holds the vectors of the version in `folder`."""
    there = store.vector_names()
    return bool(spaces) and all(vectors_name(folder, space) in there for space in spaces)


def spaces_in_graph(
    store: GraphStore, folder: Path, spaces: Mapping[str, SpaceIndex], ids: Vocabulary
) -> dict[str, GraphIndex]:
    """The same spaces, searched in the store. VersionError if it does not hold those of this version."""
    found: dict[str, GraphIndex] = {}
    there = store.vector_names()
    for space, index in spaces.items():
        name = vectors_name(folder, space)
        if name not in there:
            raise _missing(store, name)
        found[space] = GraphIndex(store, name, ids, index.products, index.mean)
    return found


def vectors_name(folder: Path, space: str) -> str:
    """The name in the graph of one space of the version in `folder`: text_v0003_1a2b3c4d."""
    try:
        seal = (folder / SEAL).read_text(encoding="utf-8").strip()[:8]
    except (OSError, UnicodeDecodeError) as error:
        raise VersionError(f"{folder} is not a complete version ({error}); build the shop again") from error
    version = re.sub(r"[^A-Za-z0-9-]", "-", folder.resolve().name)[:30]
    return f"{space}_v{version}_{seal}"


class GraphIndex:
    """One vector space that a graph store searches; see `recommend.index.base.ProductIndex`.

    Answers are as exact as the store's: an index of neighbours may miss some of the nearest.
    """

    def __init__(
        self,
        store: GraphStore,
        name: str,
        ids: Vocabulary,
        products: npt.NDArray[np.int64],
        mean: npt.NDArray[np.float32],
    ) -> None:
        self.products = products
        self.mean = mean
        self._store = store
        self._name = name
        self._ids = ids
        self.there = np.zeros(len(ids), dtype=np.bool_)
        self.there[products] = True
        self._known: OrderedDict[bytes, dict[int, float]] = OrderedDict()
        self._lock = Lock()

    def roughly(self, query: npt.NDArray[np.float32]) -> None:
        """The store tells the nearest only."""

    def search(
        self, queries: npt.NDArray[np.float32], k: int, *, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """(cosines float32 [m, k], product numbers int64 [m, k], -1 where there are no more)."""
        k = min(k, len(self.products))
        scores = np.full((len(queries), k), np.finfo(np.float32).min, dtype=np.float32)
        numbers = np.full((len(queries), k), -1, dtype=np.int64)
        if allowed is not None and not self.limited(allowed):
            allowed = None
        for row, query in enumerate(queries):
            found = list(self._nearest(query, k, allowed).items())[:k]
            numbers[row, : len(found)] = [number for number, _ in found]
            scores[row, : len(found)] = [cosine for _, cosine in found]
        return scores, numbers

    def cosine(
        self, query: npt.NDArray[np.float32], products: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """float32 [m]: the cosine of each product, 0 for products that have no vector."""
        known = self._remembered(query)
        wanted = products[self.there[products]].tolist()
        unknown = [number for number in dict.fromkeys(wanted) if number not in known]
        known = {**known, **self._among(query, unknown, len(unknown))}
        return np.array([known.get(number, 0.0) for number in products.tolist()], dtype=np.float32)

    def limited(self, allowed: npt.NDArray[np.bool_]) -> bool:
        """Whether some product that has a vector is not among the allowed (bool [n])."""
        return bool((self.there & ~allowed).any())

    def has(self, product: int) -> bool:
        return bool(self.there[product])

    def covers(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """bool [m]: which products have a vector."""
        found: npt.NDArray[np.bool_] = self.there[products]
        return found

    def _nearest(
        self, query: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None
    ) -> dict[int, float]:
        """Product numbers and cosines, best first. Which products are allowed is the version's to say: the
        graph may have changed since."""
        if allowed is None:
            return self._ask(query, k)
        these = self.products[allowed[self.products]]
        reach = _MARGIN * k * len(self.products) // max(1, len(these))
        while len(these) > _FEW and reach <= _FARTHEST:
            found = self._ask(query, reach)
            kept = {number: cosine for number, cosine in found.items() if allowed[number]}
            if len(kept) >= k or len(found) < reach:
                return kept
            reach *= 4
        return self._among(query, these.tolist(), k)

    def _among(self, query: npt.NDArray[np.float32], numbers: Sequence[int], k: int) -> dict[int, float]:
        """The best of some products, compared one by one."""
        if not numbers:
            return {}
        ids = tuple(self._ids[number] for number in numbers)
        return self._ask(query, k, (Filter(field="id", op="in", value=ids),))

    def _ask(
        self, query: npt.NDArray[np.float32], k: int, where: tuple[Filter, ...] = ()
    ) -> dict[int, float]:
        try:
            found = self._store.nearest(self._name, query, k=k, where=where)
        except StoreError as error:
            if self._name not in self._store.vector_names():
                raise _missing(self._store, self._name) from error
            raise
        numbers = self._ids.numbers(node_id for node_id, _ in found).tolist()
        cosines = {n: cosine for n, (_, cosine) in zip(numbers, found, strict=True) if n >= 0}
        with self._lock:
            self._known.setdefault(query.tobytes(), {}).update(cosines)
            self._known.move_to_end(query.tobytes())
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return cosines

    def _remembered(self, query: npt.NDArray[np.float32]) -> dict[int, float]:
        """The cosines that the store has told of this query."""
        with self._lock:
            return dict(self._known.get(query.tobytes(), {}))


def _blocks(
    index: SpaceIndex, ids: Sequence[str], stage: str, progress: Progress | None
) -> Iterator[Vectors]:
    total = len(index.products)
    for start in range(0, max(1, total), _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, total))
        yield Vectors(
            ids=tuple(ids[int(number)] for number in index.products[rows]),
            matrix=index.index.rows(rows) if total else np.empty((0, len(index.mean)), dtype=np.float32),
            present=np.ones(len(rows), dtype=np.bool_),
        )
        if progress is not None:
            progress(stage, min(start + _BLOCK, total), total)


def _missing(store: GraphStore, name: str) -> VersionError:
    space, version = name.split("_v", 1)
    others = sorted({other.split("_v", 1)[1] for other in store.vector_names() if _OURS.match(other)})
    return VersionError(
        f"the graph at {store.url} does not hold the {space} vectors of version {version} "
        f"(it holds those of {', '.join(others) or 'none'}); run `shelfgraph build --vectors-to-graph`, "
        "or search without --vectors graph"
    )
