"""Sets of vectors as stores take them in: with a name, whole or in blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from kg.errors import StoreError
from kg.vectors import Vectors

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}\Z")


def checked_name(name: str) -> str:
    """The name, if vectors may be kept under it; StoreError otherwise."""
    if not _NAME.match(name):
        raise StoreError(
            f"{name!r} cannot name vectors; use letters, digits, _ and - (at most 60, a letter first)"
        )
    return name


def blocks_of(vectors: Vectors | Iterable[Vectors]) -> tuple[int, Iterator[Vectors]]:
    """(how many numbers a vector has, the blocks); StoreError if the blocks disagree or there is none."""
    blocks = iter((vectors,) if isinstance(vectors, Vectors) else vectors)
    first = next(blocks, None)
    if first is None:
        raise StoreError("there is no block of vectors to keep; give one, if need be of no product")
    return first.dim, _alike(first, blocks)


def _alike(first: Vectors, others: Iterator[Vectors]) -> Iterator[Vectors]:
    for block in chain((first,), others):
        if block.dim != first.dim:
            raise StoreError(
                f"one block has vectors of {block.dim} numbers, the first of {first.dim}; make them alike"
            )
        yield block
