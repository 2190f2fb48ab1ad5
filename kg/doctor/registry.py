"""What a check is, and the list of them all.

A check is one file in `checks/` that calls `register`; importing `kg.doctor` imports every file there, and
nothing else knows their names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kg.doctor.catalog import Catalog
from kg.doctor.report import Items, Severity

Reads: TypeAlias = Literal["attributes", "facts", "interactions", "languages"]
"""What is gathered only if some check asks for it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """What a check says; `examine` makes a Finding of it. `title` is a sentence with the counts in it."""

    kind: str
    severity: Severity
    title: str
    fix: str
    items: Items


@dataclass(frozen=True, kw_only=True)
class Check:
    """A name as people write it after --check, one line that says what is looked for, and the function."""

    name: str
    about: str
    reads: frozenset[Reads]
    run: Callable[[Catalog], Iterator[Found]]


_CHECKS: dict[str, Check] = {}


def register(
    name: str, about: str, *, reads: tuple[Reads, ...] = ()
) -> Callable[[Callable[[Catalog], Iterator[Found]]], Callable[[Catalog], Iterator[Found]]]:
    """Make a generator of findings a check: `@register("titles", "empty or shouting titles")`."""

    def add(run: Callable[[Catalog], Iterator[Found]]) -> Callable[[Catalog], Iterator[Found]]:
        if name in _CHECKS:
            raise ValueError(f"two checks are called {name!r}; give the second another name")
        _CHECKS[name] = Check(name=name, about=about, reads=frozenset(reads), run=run)
        return run

    return add


def all_checks() -> tuple[Check, ...]:
    """Every check there is, by name."""
    return tuple(_CHECKS[name] for name in sorted(_CHECKS))
