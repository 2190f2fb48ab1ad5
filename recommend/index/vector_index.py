"""Nearest neighbours by inner product: exact for shops of ordinary size, a graph of neighbours (HNSW) beyond.

An exact answer to a single query looks at all rows rounded to 8 bits, and then as they are at those that
rounding leaves in question.

The one module that imports FAISS.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from threading import Lock, local
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays, load_arrays, save_arrays
from kg.errors import VersionError
from kg.vectors import Vectors
from recommend.rank.top import kth_best, top

if TYPE_CHECKING:
    from encoders.runtime import RoundedMatrix

Kind: TypeAlias = Literal["exact", "hnsw"]
EXACT_UP_TO = 200_000
"""An exact scan of so many vectors still answers within milliseconds."""
ROUNDED_FROM = 2_000
"""With fewer rows, or more queries at once than `_SINGLE`, a scan of the rows as they are is as fast."""
_SINGLE = 4
_SPARSE = 10
"""Where fewer than one row in ten is allowed, all of them are looked at."""
_AT_ONCE = 512
"""So many rows at once stay in the processor's cache."""
_LINKS, _BUILD_BREADTH, _SEARCH_BREADTH = 32, 200, 128


def _faiss() -> Any:
    """The library, loaded when first needed; its stubs know only a part of it."""
    return import_module("faiss")


class VectorIndex:
    """Rows of a float32 matrix [n, d], found by inner product (cosine, if they have length 1)."""

    def __init__(self, index: Any, kind: Kind) -> None:
        self._index = index
        self.kind: Kind = kind
        self._lock = Lock()
        self._matrix: npt.NDArray[np.float32] | None = None
        self._rounded: RoundedMatrix | None = None
        self._lately = local()

    @classmethod
    def build(
        cls, matrix: npt.NDArray[np.float32], *, kind: Kind | None = None, seed: int = 0
    ) -> VectorIndex:
        """`kind` defaults to exact up to 200,000 rows. HNSW after Malkov & Yashunin (2018)."""
        faiss = _faiss()

        kind = kind or ("exact" if len(matrix) <= EXACT_UP_TO else "hnsw")
        if kind == "exact":
            index = faiss.IndexFlatIP(matrix.shape[1])
        else:
            index = faiss.IndexHNSWFlat(matrix.shape[1], _LINKS, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = _BUILD_BREADTH
            index.hnsw.efSearch = _SEARCH_BREADTH
            index.hnsw.rng = faiss.RandomGenerator(seed)
        index.add(np.ascontiguousarray(matrix, dtype=np.float32))
        return cls(index, kind)

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def looks_twice(self) -> bool:
        """True if a single query is looked up in the rounded rows first."""
        return self.kind == "exact" and len(self) >= ROUNDED_FROM

    def search(
        self, queries: npt.NDArray[np.float32], k: int, *, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """(scores float32 [m, k], rows int64 [m, k]), best first; row -1 where there are no more.

        `allowed` (bool [n]) limits the search to some rows.
        """
        faiss = _faiss()

        parameters = None
        k = min(k, len(self))
        if allowed is not None and allowed.all():
            allowed = None
        if self.looks_twice and len(queries) <= _SINGLE:
            found = [self._look_twice(query, k, allowed) for query in queries]
            return np.stack([scores for scores, _ in found]), np.stack([rows for _, rows in found])
        if allowed is not None:
            if self.kind == "hnsw" and np.count_nonzero(allowed) * _SPARSE < len(self):
                return self._scan(queries, k, np.flatnonzero(allowed))
            chosen = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
            parameters = (
                faiss.SearchParameters(sel=chosen)
                if self.kind == "exact"
                else faiss.SearchParametersHNSW(sel=chosen, efSearch=max(_SEARCH_BREADTH, 2 * k))
            )
        elif self.kind == "hnsw":
            parameters = faiss.SearchParametersHNSW(efSearch=max(_SEARCH_BREADTH, 2 * k))
        scores, rows = self._index.search(np.ascontiguousarray(queries), k, params=parameters)
        if self.kind == "hnsw" and allowed is not None and (rows < 0).any():
            return self._scan(queries, k, np.flatnonzero(allowed))
        return scores, rows

    def _look_twice(
        self, query: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.bool_] | None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The same as `search`, of one query.

        The k rows whose rounded products are the largest show how large the k-th best product is at least;
        what rounding may have kept below that is looked at, too.
        """
        products, error = self._rounded_products(query), self._rounded_matrix().error(query)
        if allowed is not None:
            products = np.where(allowed, products, np.float32(-np.inf))
        scores = np.full(k, np.finfo(np.float32).min, dtype=np.float32)
        rows = np.full(k, -1, dtype=np.int64)
        if k and (last := kth_best(products, k)) > -np.inf:
            near = np.flatnonzero(products >= last - np.float32(2 * error))
            first = products[near] >= last
            looked_at = self.products(query, near[first])
            # all of the first are among them: their true products are their rounded ones but for that error
            least = float(np.sort(looked_at)[-k]) - error
            looked = products[near] >= np.minimum(last, least)
            candidates, known = near[looked], first[looked]
            exact = np.empty(len(candidates), dtype=np.float32)
            exact[known], exact[~known] = looked_at, self.products(query, candidates[~known])
        else:  # fewer are allowed than asked for
            candidates = np.flatnonzero(products > -np.inf)
            exact = self.products(query, candidates)
        best = top(exact, k)
        scores[: len(best)], rows[: len(best)] = exact[best], candidates[best]
        return scores, rows

    def roughly(self, query: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], float] | None:
        """(float32 [n]: about the product of every row with a query, how far off at most); None where that is
        not known of all rows at once."""
        if not self.looks_twice:
            return None
        return self._rounded_products(query), self._rounded_matrix().error(query)

    def _rounded_products(self, query: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """float32 [n]: the rounded product of every row with a query. Each thread keeps its last: more of the
        nearest are looked for, or some of them, right after the first."""
        key = query.tobytes()
        known: tuple[bytes, npt.NDArray[np.float32]] | None = getattr(self._lately, "products", None)
        if known is None or known[0] != key:
            known = self._lately.products = key, self._rounded_matrix().products(query)
        return known[1]

    def _rounded_matrix(self) -> RoundedMatrix:
        with self._lock:
            if self._rounded is None:
                from encoders.runtime import RoundedMatrix

                self._rounded = RoundedMatrix(self._view())
            return self._rounded

    def _view(self) -> npt.NDArray[np.float32]:
        """The rows of an exact index, in FAISS's memory."""
        if self._matrix is None:
            count, dim = len(self), int(self._index.d)
            self._matrix = _faiss().rev_swig_ptr(self._index.get_xb(), count * dim).reshape(count, dim)
        return self._matrix

    def _scan(
        self, queries: npt.NDArray[np.float32], k: int, allowed: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """The same as `search`, looking at every allowed row: the walk through a graph of neighbours finds
        little where most of what it meets must not be named."""
        found = np.full((len(queries), k), np.finfo(np.float32).min, dtype=np.float32)
        rows = np.full((len(queries), k), -1, dtype=np.int64)
        if len(allowed):
            scores = queries @ self.rows(allowed).T
            order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
            found[:, : order.shape[1]] = np.take_along_axis(scores, order, axis=1)
            rows[:, : order.shape[1]] = allowed[order]
        return found, rows

    def products(
        self, query: npt.NDArray[np.float32], numbers: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """float32 [m]: the product of a query [d] with some of the rows, each by itself: it does not depend
        on how many others are asked for."""
        found = np.empty(len(numbers), dtype=np.float32)
        for start in range(0, len(numbers), _AT_ONCE):
            some = numbers[start : start + _AT_ONCE]
            rows = self._view()[some] if self.kind == "exact" else self.rows(some)
            np.vecdot(rows, query, out=found[start : start + _AT_ONCE])
        return found

    def rows(self, numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """float32 [m, d]: some of the indexed rows."""
        found: npt.NDArray[np.float32] = self._index.reconstruct_batch(np.ascontiguousarray(numbers))
        return found

    def save(self, path: Path) -> None:
        faiss = _faiss()

        path.parent.mkdir(parents=True, exist_ok=True)
        faiss.write_index(self._index, str(path))

    @classmethod
    def load(cls, path: Path) -> VectorIndex:
        faiss = _faiss()

        try:
            index = faiss.read_index(str(path))
        except RuntimeError as error:
            raise VersionError(
                f"{path} cannot be read as an index ({error}); build the shop again"
            ) from error
        return cls(index, "exact" if isinstance(index, faiss.IndexFlat) else "hnsw")


class SpaceIndex:
    """The index of one vector space of products: rows of length 1, for the products that are present.

    `products` int64 [rows]: the product of each row, ascending. `mean` float32 [d]: the mean row. `there`
    bool [products]: which have a row.
    """

    def __init__(
        self, index: VectorIndex, products: npt.NDArray[np.int64], mean: npt.NDArray[np.float32], count: int
    ) -> None:
        self.index = index
        self.products = products
        self.mean = mean
        self._row = np.full(count, -1, dtype=np.int64)
        self._row[products] = np.arange(len(products))
        self.there = self._row >= 0

    @classmethod
    def of(cls, vectors: Vectors, *, seed: int = 0) -> SpaceIndex:
        """Index the present vectors by cosine."""
        products = np.flatnonzero(vectors.present)
        unit = vectors.unit()[products]
        mean = unit.mean(axis=0) if len(unit) else np.zeros(vectors.dim, dtype=np.float32)
        return cls(VectorIndex.build(unit, seed=seed), products, mean.astype(np.float32), len(vectors))

    def search(
        self, queries: npt.NDArray[np.float32], k: int, *, allowed: npt.NDArray[np.bool_] | None = None
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """(cosines float32 [m, k], product numbers int64 [m, k], -1 where there are no more)."""
        some = allowed is not None and self.limited(allowed)
        scores, rows = self.index.search(
            queries, k, allowed=allowed[self.products] if allowed is not None and some else None
        )
        return scores, np.where(rows >= 0, self.products[np.maximum(rows, 0)], -1)

    def cosine(
        self, query: npt.NDArray[np.float32], products: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """float32 [m]: the cosine of each product, 0 for products that have no vector."""
        rows = self._row[products]
        found = np.zeros(len(products), dtype=np.float32)
        known = rows >= 0
        if known.any():
            found[known] = self.index.products(query, rows[known])
        return found

    def roughly(self, query: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.float32], float] | None:
        """(float32 [products]: about the cosine of each, anything for those without a vector, how far off at
        most); None where that is not known of all at once."""
        found = self.index.roughly(query)
        if found is None or len(found[0]) == len(self._row):
            return found
        cosines = np.zeros(len(self._row), dtype=np.float32)
        cosines[self.there] = found[0]
        return cosines, found[1]

    def limited(self, allowed: npt.NDArray[np.bool_]) -> bool:
        """Whether some product that has a vector is not among the allowed (bool [n])."""
        return bool((self.there & ~allowed).any())

    def has(self, product: int) -> bool:
        return bool(self.there[product])

    def covers(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """bool [m]: which products have a vector."""
        found: npt.NDArray[np.bool_] = self.there[products]
        return found

    def arrays(self) -> Arrays:
        return {"products": self.products, "mean": self.mean, "count": np.array([len(self._row)])}

    def save(self, folder: Path, name: str) -> None:
        self.index.save(folder / f"{name}.faiss")
        save_arrays(folder / f"{name}.safetensors", self.arrays())

    @classmethod
    def load(cls, folder: Path, name: str) -> SpaceIndex:
        arrays = load_arrays(folder / f"{name}.safetensors")
        return cls(
            VectorIndex.load(folder / f"{name}.faiss"),
            arrays["products"].astype(np.int64, copy=False),
            arrays["mean"].astype(np.float32, copy=False),
            int(arrays["count"][0]),
        )
