"""Runs the checks over a source and puts their findings in order."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np

from kg.doctor.catalog import Progress, Source, gather
from kg.doctor.registry import Check, Found, all_checks
from kg.doctor.report import SEVERITIES, Finding, Report, examples_of
from kg.errors import SettingsError
from kg.records import Fact, Interaction, Product


class Records:
    """Records in memory as a source, where there is no store."""

    def __init__(
        self,
        products: Collection[Product],
        facts: Collection[Fact] = (),
        interactions: Collection[Interaction] = (),
    ) -> None:
        self._products = products
        self._facts = facts
        self._interactions = interactions

    def products(self) -> Iterator[Product]:
        return iter(self._products)

    def facts(self) -> Iterator[Fact]:
        return iter(self._facts)

    def interactions(self) -> Iterator[Interaction]:
        return iter(self._interactions)


def examine(
    source: Source,
    *,
    checks: Iterable[str] | None = None,
    examples: int = 5,
    pictures: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Look for what is wrong with a catalog: `examine(store)`; nothing is changed.

    `source` is a GraphStore or `Records`; its records are read once, as a stream. `checks` are names from
    `all_checks()` (default: all), `examples` is how many items of a finding are shown. `pictures` is the
    folder that relative picture paths start from (default: the working folder); remote pictures are
    not fetched. Raises SettingsError for an unknown check.
    """
    started = time.perf_counter()
    if examples < 0:
        raise SettingsError(f"examples={examples} must be 0 or more; 0 shows none")
    wanted = _wanted(checks)
    tell = progress or (lambda stage, done, total: None)
    reads = frozenset(part for check in wanted for part in check.reads)
    catalog = gather(source, reads=reads, pictures=pictures, tell=tell)
    findings: list[Finding] = []
    for check in wanted:
        tell(check.name, 0, 1)
        findings += [_finding(check, found, examples) for found in check.run(catalog) if len(found.items)]
        tell(check.name, 1, 1)
    findings.sort(key=lambda f: (SEVERITIES.index(f.severity), -f.products, f.check, f.kind))
    return Report(
        findings=tuple(findings),
        checks=tuple(check.name for check in wanted),
        products=len(catalog),
        facts=catalog.mentions.facts,
        interactions=catalog.mentions.interactions,
        notes=tuple(catalog.notes),
        seconds=time.perf_counter() - started,
    )


def _wanted(names: Iterable[str] | None) -> tuple[Check, ...]:
    there = {check.name: check for check in all_checks()}
    if names is None:
        return tuple(there.values())
    asked = dict.fromkeys([names] if isinstance(names, str) else names)
    for name in asked:
        if name not in there:
            raise SettingsError(f"there is no check {name!r}; there are: {', '.join(there)}")
    return tuple(there[name] for name in there if name in asked)


def _finding(check: Check, found: Found, examples: int) -> Finding:
    return Finding(
        check=check.name,
        kind=found.kind,
        severity=found.severity,
        title=found.title,
        fix=found.fix,
        count=len(found.items),
        products=len(np.unique(found.items.numbers)),
        examples=examples_of(found.items, examples),
        items=found.items,
    )
