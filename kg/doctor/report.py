"""What an examination says: findings, each with its items, and the report that holds them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args, overload

import numpy as np
import numpy.typing as npt

from kg.texts import Texts

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""error: customers see it or get the wrong thing. warning: search and filters suffer. note: worth a look."""

_EXAMPLE_IDS = 5


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing found: the products that have it, the title of the first, and what is wrong.

    `count` says how many products; an example carries the ids of the first few only. `subject` names what
    is no product: an attribute ('Farbe'), a value of one ('colour=Blk'), a category; else it is ''.
    """

    ids: tuple[str, ...]
    count: int
    title: str
    value: str
    subject: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Items(Sequence[Item]):
    """All items of a finding as columns, made into `Item`s only when somebody looks.

    Item k is about numbers[indptr[k]:indptr[k + 1]] (int32), which are rows of `names` (ids) and of
    `titles` (None where there are none, as for ids that no product has); values[k] tells what is wrong,
    subjects[k] whose value it is.
    """

    numbers: npt.NDArray[np.int32]
    indptr: npt.NDArray[np.int64]
    values: Texts
    names: Texts
    titles: Texts | None
    subjects: Texts

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return [self.item(k) for k in range(*index.indices(len(self)))]
        k = index + len(self) if index < 0 else index
        if not 0 <= k < len(self):
            raise IndexError(f"item {index} of {len(self)}")
        return self.item(k)

    def item(self, k: int, most: int | None = None) -> Item:
        """Item k, with at most so many ids."""
        rows = self.numbers[self.indptr[k] : self.indptr[k + 1]]
        title = self.titles[int(rows[0])] if self.titles is not None and len(rows) else ""
        return Item(
            ids=tuple(self.names.take(rows[:most])),
            count=len(rows),
            title=title,
            value=self.values[k],
            subject=self.subjects[k],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Finding:
    """One kind of fault that one check has found.

    `kind` tells the findings of a check apart ('same_gtin'), `count` is how many items there are and
    `products` how many products they touch. `examples` are the first items, `items` all of them.
    """

    check: str
    kind: str
    severity: Severity
    title: str
    fix: str
    count: int
    products: int
    examples: tuple[Item, ...]
    items: Items

    def ids(self) -> Iterator[str]:
        """Every id that is touched, once, in the order of the ids."""
        for number in np.unique(self.items.numbers).tolist():
            yield self.items.names[number]

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "check": self.check,
            "kind": self.kind,
            "severity": self.severity,
            "title": self.title,
            "fix": self.fix,
            "count": self.count,
            "products": self.products,
            "examples": [
                {
                    "ids": list(e.ids),
                    "count": e.count,
                    "title": e.title,
                    "subject": e.subject,
                    "value": e.value,
                }
                for e in self.examples
            ],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Report:
    """The findings, the most important first, and how much was looked at (0 where no check asked for it).

    `notes` say what was not looked at and why, such as pictures at remote addresses.
    """

    findings: tuple[Finding, ...]
    checks: tuple[str, ...]
    products: int
    facts: int
    interactions: int
    notes: tuple[str, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """True if nothing of severity 'error' was found."""
        return all(finding.severity != "error" for finding in self.findings)

    @property
    def looked_at(self) -> str:
        """'844 products, 851 facts', without what no check asked for."""
        parts = (("products", self.products), ("facts", self.facts), ("interactions", self.interactions))
        return ", ".join(f"{count:,} {name}" for name, count in parts if count or name == "products")

    def of(self, check: str) -> tuple[Finding, ...]:
        """The findings of one check."""
        return tuple(finding for finding in self.findings if finding.check == check)

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "products": self.products,
            "facts": self.facts,
            "interactions": self.interactions,
            "checks": list(self.checks),
            "ok": self.ok,
            "findings": [finding.plain() for finding in self.findings],
            "notes": list(self.notes),
            "seconds": round(self.seconds, 3),
        }


def examples_of(items: Items, limit: int) -> tuple[Item, ...]:
    """The first items, short enough to be shown."""
    return tuple(items.item(k, _EXAMPLE_IDS) for k in range(min(limit, len(items))))
