"""A graph from one store into another, without loss: records in one pass, vectors after them, all in
blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar

from kg.errors import StoreError
from kg.records import Record
from kg.store.base import GraphStore
from kg.vectors import Vectors

Progress = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)`; the total is 0 where nobody knows it."""

_EVERY = 1_000
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyReport:
    """What was copied. `unchanged` records were in the target already, letter for letter."""

    products: int
    facts: int
    interactions: int
    vectors: int
    unchanged: int


def copy_graph(
    source: GraphStore, target: GraphStore, *, merge: bool = False, progress: Progress | None = None
) -> CopyReport:
    """Write everything that `source` holds into `target`, and see that it is there.

    The target must be empty, unless `merge`: then what has the same key is replaced and the rest stays. A
    copy that is interrupted leaves an embedded target without any of the records, a server with its
    unfinished-load marker; the same copy again, with `merge`, finishes it.
    """
    if source.url == target.url:
        raise StoreError(f"source and target are both {source.url}; name two different graphs")
    held = "" if merge else _holding(target)
    if held:
        raise StoreError(f"{target.url} already holds {held}; empty it, name another, or copy with --merge")
    tell = progress or (lambda stage, done, total: None)
    seen: dict[str, int] = {}
    records: Iterator[Record] = chain(
        _counted(source.products(), "products", seen, tell),
        _counted(source.facts(), "facts", seen, tell),
        _counted(source.interactions(), "interactions", seen, tell),
    )
    counts = target.upsert(records)
    vectors = 0
    for name in source.vector_names():
        stage = f"vectors {name}"
        target.put_vectors(name, _blocks(source.vectors(name), stage, seen, tell))
        vectors += seen[stage]
    _verify(source, target, seen, merge, tell)
    return CopyReport(
        products=seen["products"],
        facts=seen["facts"],
        interactions=seen["interactions"],
        vectors=vectors,
        unchanged=counts.unchanged,
    )


def _holding(target: GraphStore) -> str:
    """What the target holds, in one word; empty if nothing."""
    for kind, records in _streams(target).items():
        if next(iter(records), None) is not None:
            return kind
    return "vectors" if target.vector_names() else ""


def _streams(store: GraphStore) -> dict[str, Iterable[Record]]:
    return {"products": store.products(), "facts": store.facts(), "interactions": store.interactions()}


def _counted(records: Iterable[_T], stage: str, seen: dict[str, int], tell: Progress) -> Iterator[_T]:
    """The records; `seen[stage]` says how many there were."""
    seen[stage] = 0
    for record in records:
        seen[stage] += 1
        if seen[stage] % _EVERY == 0:
            tell(stage, seen[stage], 0)
        yield record
    tell(stage, seen[stage], seen[stage])


def _blocks(blocks: Iterable[Vectors], stage: str, seen: dict[str, int], tell: Progress) -> Iterator[Vectors]:
    seen[stage] = 0
    for block in blocks:
        seen[stage] += len(block)
        tell(stage, seen[stage], 0)
        yield block
    tell(stage, seen[stage], seen[stage])


def _verify(
    source: GraphStore, target: GraphStore, seen: dict[str, int], merge: bool, tell: Progress
) -> None:
    """Count in the target what came from the source; with `merge` there may be more."""
    found: dict[str, int] = {}
    for kind, records in _streams(target).items():
        for _ in _counted(records, f"checking {kind}", found, tell):
            pass
    for name in source.vector_names():
        for _ in _blocks(target.vectors(name), f"checking vectors {name}", found, tell):
            pass
    for kind, count in seen.items():
        there = found[f"checking {kind}"]
        if there < count or (there > count and not merge):
            raise StoreError(
                f"{count:,} {kind} were read from {source.url}, but {target.url} holds {there:,}; "
                "something else writes there: copy again with --merge once that has ended"
            )
