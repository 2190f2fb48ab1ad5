"""Ways to search the same catalog, each as its makers document it: what Shelfgraph is measured beside.

All of them get the same cards (the short text that stands for a product) and the same vectors of them, from
the packaged MiniLM in float32; queries go through that encoder too. BM25 reads title, brand and description.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recommend.query import RankingName

Ask: TypeAlias = Callable[[str, int], Sequence[int]]
"""Up to so many product numbers for a query, best first."""

RRF = 60
_POOL = 200
"""How many products of each list are fused, at least."""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Where a method finds what it is to search: a built shop, and a `folder` with the texts and vectors of
    its products. `scratch` is for its own files."""

    shop: Path
    folder: Path
    scratch: Path

    def write(self, numbers: npt.NDArray[np.int64], cards: list[str], documents: list[str]) -> None:
        """`numbers` int64 [n] are those of the products that the texts belong to."""
        np.save(self.folder / "numbers.npy", numbers)
        (self.folder / "cards.json").write_text(json.dumps(cards))
        (self.folder / "documents.json").write_text(json.dumps(documents))

    @property
    def numbers(self) -> npt.NDArray[np.int64]:
        return np.asarray(np.load(self.folder / "numbers.npy"))

    @property
    def cards(self) -> list[str]:
        return list(json.loads((self.folder / "cards.json").read_text()))

    @property
    def documents(self) -> list[str]:
        return list(json.loads((self.folder / "documents.json").read_text()))

    @property
    def vectors(self) -> npt.NDArray[np.float32]:
        """float32 [n, d], unit rows."""
        return np.asarray(np.load(self.folder / "vectors.npy"))


def shelfgraph(catalog: Catalog, ranking: RankingName = "exact") -> Ask:
    from recommend import Recommender

    model = Recommender.open(catalog.shop)

    def ask(query: str, depth: int) -> Sequence[int]:
        results = model.search(query, k=depth, ranking=ranking)
        return _listed(model.graph.nodes["product"].numbers(results.ids))

    return ask


def shelfgraph_best(catalog: Catalog) -> Ask:
    return shelfgraph(catalog, "best")


def bm25(catalog: Catalog) -> Ask:
    import bm25s

    from recommend.understand.tokens import tokens

    numbers = catalog.numbers
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    index.index([tokens(text) for text in catalog.documents], show_progress=False)

    def ask(query: str, depth: int) -> Sequence[int]:
        found, scores = index.retrieve([tokens(query)], k=depth, show_progress=False)
        return _listed(numbers[found[0][scores[0] > 0]])

    return ask


def dense(catalog: Catalog) -> Ask:
    """An exact scan of the vectors."""
    numbers, vectors, encode = catalog.numbers, catalog.vectors, _encoder()

    def ask(query: str, depth: int) -> Sequence[int]:
        cosines = vectors @ encode([query])[0]
        best = np.argpartition(-cosines, depth)[:depth]
        return _listed(numbers[best[np.argsort(-cosines[best], kind="stable")]])

    return ask


def fused(catalog: Catalog) -> Ask:
    """Reciprocal ranks of BM25 and dense (Cormack, Clarke & Büttcher, 2009)."""
    lexical, semantic = bm25(catalog), dense(catalog)

    def ask(query: str, depth: int) -> Sequence[int]:
        pool = max(_POOL, depth)
        scores: dict[int, float] = {}
        for found in (lexical(query, pool), semantic(query, pool)):
            for place, number in enumerate(found, start=1):
                scores[number] = scores.get(number, 0.0) + 1 / (RRF + place)
        return sorted(scores, key=lambda number: (-scores[number], number))[:depth]

    return ask


def lancedb_hybrid(catalog: Catalog) -> Ask:
    """Full text and vectors of one table, merged by LanceDB's default reranker."""
    import lancedb
    import pyarrow as pa

    vectors = catalog.vectors
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    rows = pa.table({"number": catalog.numbers, "text": catalog.cards, "vector": column})
    table = lancedb.connect(catalog.scratch / "lancedb").create_table("products", rows)
    table.create_fts_index("text")
    encode = _encoder()

    def ask(query: str, depth: int) -> Sequence[int]:
        search: Any = table.search(query_type="hybrid").vector(encode([query])[0]).text(query)
        found: list[int] = search.limit(depth).to_arrow()["number"].to_pylist()
        return found

    return ask


def txtai_hybrid(catalog: Catalog) -> Ask:
    """txtai's vectors and BM25, half and half."""
    from txtai import Embeddings

    texts, vectors, encode = catalog.cards, catalog.vectors, _encoder()
    known = dict(zip(texts, vectors, strict=True))  # encoded before, as for the others

    def transform(given: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.stack([known[text] if text in known else encode([text])[0] for text in given])

    embeddings = Embeddings(method="external", transform=transform, hybrid=True)
    embeddings.index(zip(catalog.numbers.tolist(), texts, strict=True))
    known.clear()

    def ask(query: str, depth: int) -> Sequence[int]:
        return [int(number) for number, _ in embeddings.search(query, depth)]

    return ask


def _listed(numbers: npt.NDArray[np.int64]) -> list[int]:
    return [int(number) for number in numbers]


def _encoder() -> Callable[[list[str]], npt.NDArray[np.float32]]:
    from encoders.text import TextEncoder

    return TextEncoder(precision="float32", threads=1).encode_query


@dataclass(frozen=True, kw_only=True)
class Method:
    """One way to search. `encoded`: it needs the vectors, whose making is not in its build. `package` has to
    be installed for it."""

    name: str
    make: Callable[[Catalog], Ask]
    encoded: bool = True
    package: str = ""

    @property
    def missing(self) -> str:
        """Why it cannot run; empty if it can."""
        if self.package and find_spec(self.package) is None:
            return f"{self.package} is not installed; run: pip install '.[bench]'"
        return ""


EXACT = Method(name="Shelfgraph exact", make=shelfgraph, encoded=False)
BEST = Method(name="Shelfgraph best", make=shelfgraph_best, encoded=False)
PEERS = (
    Method(name="BM25, bm25s", make=bm25, encoded=False),
    Method(name="MiniLM, exact scan", make=dense),
    Method(name="RRF(60) of the two", make=fused),
    Method(name="LanceDB hybrid", make=lancedb_hybrid, package="lancedb"),
    Method(name="txtai hybrid", make=txtai_hybrid, package="txtai"),
)


def documents(titles: Iterable[str], brands: Iterable[str], descriptions: Iterable[str]) -> list[str]:
    """What BM25 reads."""
    return [" ".join(parts) for parts in zip(titles, brands, descriptions, strict=True)]
