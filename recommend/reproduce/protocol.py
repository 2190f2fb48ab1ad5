"""What a protocol is, the register of them, and what one of them gives."""

from __future__ import annotations

import importlib
import math
import pkgutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from kg import Shop
from kg.errors import DataError, SettingsError
from kg.records import RecordKind
from recommend.evaluate.ranking import MEMORY
from recommend.evaluate.report import Report
from recommend.settings import Settings
from recommend.stages import Progress

BASKETS = Settings(text=False, image=False, kge=False, gnn=False, fusion=None)
"""The configuration for logs of purchases: what the graph and the log say, without vectors."""
SEQUENCES = BASKETS
"""The same for logs in an order: the order is found in the data, not set."""
SEARCH = Settings.of_profile("fast")
"""The configuration for catalogs that are searched."""

_PACKAGE = "recommend.reproduce.protocols"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """A file that a protocol reads; also as `name`.gz. One that is not `needed` adds something."""

    name: str
    about: str
    needed: bool = True


@dataclass(frozen=True, kw_only=True)
class Load:
    """A file for the shop, with the mapping that comes along or the feed that it is."""

    name: str
    mapping: str | None = None
    feed: str | None = None
    kind: RecordKind | None = None


@dataclass(frozen=True, kw_only=True)
class Published:
    """Figures of others, as fractions by metric ('ndcg@10'), and where they were read."""

    model: str
    values: Mapping[str, float]
    source: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of a table: fractions by metric, with 95 % intervals where they are ours."""

    model: str
    values: Mapping[str, float]
    low: Mapping[str, float] = field(default_factory=dict)
    high: Mapping[str, float] = field(default_factory=dict)
    source: str = "here"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Our figures, those of simple methods and those published, under one protocol."""

    title: str
    metrics: tuple[str, ...]
    lines: tuple[Line, ...]
    percent: bool = False
    report: Report | None = None

    @classmethod
    def of(
        cls,
        title: str,
        report: Report,
        metrics: Sequence[str],
        published: Sequence[Published] = (),
        *,
        percent: bool = False,
    ) -> Table:
        """The rows of a report, then what is published."""
        lines = [
            Line(
                model=row.model,
                values={name: row.means[name] for name in metrics if name in row.means},
                low={name: row.low[name] for name in metrics if name in row.low},
                high={name: row.high[name] for name in metrics if name in row.high},
            )
            for row in report.rows
        ]
        lines += [Line(model=one.model, values=one.values, source=one.source) for one in published]
        return cls(title=title, metrics=tuple(metrics), lines=tuple(lines), percent=percent, report=report)

    def plain(self) -> dict[str, Any]:
        """JSON values; figures are fractions also where the screen shows percent."""
        return {
            "title": self.title,
            "rows": [
                {
                    "model": line.model,
                    "source": line.source,
                    **{name: _round(line.values[name]) for name in self.metrics if name in line.values},
                    **{f"{name}_low": _round(value) for name, value in line.low.items()},
                    **{f"{name}_high": _round(value) for name, value in line.high.items()},
                }
                for line in self.lines
            ],
            "report": None if self.report is None else self.report.plain(),
        }


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """What a protocol gave: its tables, and notes on what differs from what was published."""

    name: str
    title: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "notes": list(self.notes),
            "tables": [table.plain() for table in self.tables],
        }


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a protocol's function works with: where the files are, a folder for its shop, the seed."""

    data: Path
    scratch: Path
    folder: str
    source: str
    seed: int = 0
    memory: int = MEMORY
    progress: Progress | None = None

    def find(self, name: str) -> Path | None:
        """The file of that name in the data's folder (or its sub-folder of this protocol), plain or
        gzipped."""
        for place in (self.data / self.folder, self.data):
            for ending in ("", ".gz"):
                if (place / f"{name}{ending}").is_file():
                    return place / f"{name}{ending}"
        return None

    def file(self, name: str) -> Path:
        """The same; DataError, which says where it can be had, if it is not there."""
        found = self.find(name)
        if found is None:
            raise DataError(
                f"{self.data} has no {name} (or {name}.gz), nor has its folder {self.folder}; it is from "
                f"{self.source}"
            )
        return found

    def shop(self, *loads: Load) -> Shop:
        """A shop in the scratch folder, loaded from these files."""
        files = [(self.file(one.name), one) for one in loads]  # before anything takes long
        shop = Shop.create(self.scratch / "shop")
        for done, (path, one) in enumerate(files):
            if self.progress is not None:
                self.progress(f"load {path.name}", done, len(files))
            shop.load(path, kind=one.kind, mapping=one.mapping, feed=one.feed)
        return shop


RunProtocol: TypeAlias = Callable[[Run], tuple[Sequence[Table], Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A named protocol: its `files` lie in `folder`, and are from `source`."""

    name: str
    title: str
    folder: str
    source: str
    files: tuple[Expected, ...]
    run: RunProtocol


_PROTOCOLS: dict[str, Protocol] = {}


def protocol(
    name: str, *, title: str, folder: str, source: str, files: Sequence[Expected]
) -> Callable[[RunProtocol], RunProtocol]:
    """Register a function that gives (tables, notes)."""

    def register(run: RunProtocol) -> RunProtocol:
        _PROTOCOLS[name] = Protocol(
            name=name, title=title, folder=folder, source=source, files=tuple(files), run=run
        )
        return run

    return register


def all_protocols() -> tuple[Protocol, ...]:
    """Every protocol, by name: each file in `protocols/` registers its own."""
    package = importlib.import_module(_PACKAGE)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{_PACKAGE}.{module.name}")
    return tuple(_PROTOCOLS[name] for name in sorted(_PROTOCOLS))


def find_protocol(name: str) -> Protocol:
    """The protocol of that name; SettingsError names those that there are."""
    known = {one.name: one for one in all_protocols()}
    if name not in known:
        raise SettingsError(f"there is no protocol {name!r}; choose one of {', '.join(known)}")
    return known[name]


def reproduce(
    name: str,
    data: Path | str,
    *,
    seed: int = 0,
    memory: int = MEMORY,
    progress: Progress | None = None,
) -> Reproduction:
    """Run a protocol over the files in `data`, in a shop that is thrown away afterwards.

    Raises SettingsError for an unknown name and DataError for a file that is not there.
    """
    chosen = find_protocol(name)
    if not Path(data).is_dir():
        raise DataError(f"{data} is not a folder; --data names the one with the files of {chosen.source}")
    with tempfile.TemporaryDirectory(prefix="shelfgraph-") as scratch:
        run = Run(
            data=Path(data),
            scratch=Path(scratch),
            folder=chosen.folder,
            source=chosen.source,
            seed=seed,
            memory=memory,
            progress=progress,
        )
        for one in chosen.files:
            if one.needed:
                run.file(one.name)
        tables, notes = chosen.run(run)
    return Reproduction(name=name, title=chosen.title, tables=tuple(tables), notes=tuple(notes))


def _round(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
