"""A shop: one folder that holds a graph, its built versions and what was rejected on the way in.

shop.json       format and, for a graph on a server, its URL
graph.sqlite    the embedded graph (absent when the graph is on a server)
versions/       built versions (kg.versions)
cache/          encodings, so that a second build encodes only what changed
rejects/        rows that could not be loaded, with the reason
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias

from kg.category_cycles import CategoryTree
from kg.errors import SettingsError, ShopError
from kg.full_feed import FullFeed
from kg.graph import Graph
from kg.reading import Mapping, read
from kg.reading.fetching import Progress
from kg.reading.report import LoadReport
from kg.records import RecordKind
from kg.store import Credentials, GraphStore, open_store
from kg.store.base import Snapshot, StoreCounts, WriteCounts
from kg.versions import Version, Versions

FORMAT = 1
_SHOP_FILE = "shop.json"
LoadMode: TypeAlias = Literal["replace", "patch"]


class Shop:
    """A folder on disk with everything about one shop. Make one with `create`, come back with `open`."""

    def __init__(self, path: Path, *, graph_url: str | None, credentials: Credentials | None) -> None:
        self.path = path
        self._graph_url = graph_url
        self._credentials = credentials

    @classmethod
    def create(
        cls, path: Path | str, *, graph: str | None = None, credentials: Credentials | None = None
    ) -> Shop:
        """Make a shop in a folder that does not hold one yet.

        `graph` is the URL of a Neo4j server ('neo4j://host:7687'); by default the graph is embedded, in
        one file inside the shop. `credentials` are for the server and are never stored.
        """
        folder = Path(path)
        if (folder / _SHOP_FILE).exists():
            raise ShopError(f"{folder} already is a shop; open it, or choose another folder")
        if folder.is_file():
            raise ShopError(f"{folder} is a file; a shop needs a folder")
        if folder.is_dir() and any(path.name != f".{_SHOP_FILE}" for path in folder.iterdir()):
            raise ShopError(f"{folder} is not empty; choose a folder that is, or a new one")
        shop = cls(folder, graph_url=graph, credentials=credentials)
        if graph is not None:
            shop.store().close()  # fail now, not after an hour, if the server cannot be reached
        draft = folder / f".{_SHOP_FILE}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"format": FORMAT, "graph": graph}), encoding="utf-8")
            draft.replace(folder / _SHOP_FILE)
        except OSError as error:
            raise ShopError(f"{folder} cannot become a shop ({error}); choose another folder") from error
        return shop

    @classmethod
    def open(cls, path: Path | str, *, credentials: Credentials | None = None) -> Shop:
        """Open a shop that `create` made."""
        folder = Path(path)
        try:
            told = json.loads((folder / _SHOP_FILE).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ShopError(
                f"{folder} is not a shop (it has no {_SHOP_FILE}); "
                f"create one with `shelfgraph load … --shop {folder}`"
            ) from error
        except (OSError, ValueError) as error:
            raise ShopError(
                f"{folder / _SHOP_FILE} cannot be read ({error}); restore it from a copy"
            ) from error
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise ShopError(
                f"{folder / _SHOP_FILE} is of another format than {FORMAT}; restore it from a copy"
            )
        return cls(folder, graph_url=told.get("graph"), credentials=credentials)

    @classmethod
    def exists(cls, path: Path | str) -> bool:
        return (Path(path) / _SHOP_FILE).is_file()

    def store(self, *, read_only: bool = False) -> GraphStore:
        """The graph store; close it (it is a context manager) when done."""
        return open_store(
            self._graph_url, self.path / "graph.sqlite", credentials=self._credentials, read_only=read_only
        )

    def load(
        self,
        source: Any,
        *,
        mapping: Mapping | Path | str | None = None,
        kind: RecordKind | None = None,
        mode: LoadMode = "replace",
        feed: str | None = None,
        full_feed: bool = False,
        confirm: bool = False,
        allow_private: bool = False,
        progress: Progress | None = None,
    ) -> LoadReport:
        """Load products, interactions or facts into the graph; what serves is not touched.

        `source` is a file, several files, a web address (https://…), a pandas or polars DataFrame, or an
        iterable of records or dicts. `mapping` says which column is which field: a `Mapping`, a TOML file
        or the name of one that comes with Shelfgraph; without it columns are matched by name. `kind`
        defaults to the mapping's, else 'products'. With `mode='patch'` only the named columns change. `feed`
        says whose export it is ('shopify', 'google_merchant' …) where that is not to be found out by
        itself, or 'none'.

        With `full_feed` the source names all products of the shop: those that it does not name are deleted
        after the load, with all that touches them. A rejected row names its product too; a source without
        rows deletes nothing. If more than 10 % of the listed products would go, or if rows do not say which
        product they are, that takes `confirm`: in the first case DataError says so and nothing is changed
        (a server that is loaded from an iterator keeps what was loaded), in the second nothing is deleted.

        Addresses of this machine and of the local network are refused unless `allow_private`. `progress` is
        called as (stage, done, total).

        Rows that break a rule are reported, kept in the shop's `rejects` folder, and do not stop the rest.
        Raises DataError if the source as a whole cannot be read; nothing of it is kept then.
        """
        if mode not in ("replace", "patch"):
            raise SettingsError(f"mode={mode!r} must be 'replace' or 'patch'")
        if full_feed and mode != "replace":
            raise SettingsError(
                f"full_feed=True needs mode='replace', not {mode!r}: a patch names some products"
            )
        if confirm and not full_feed:
            raise SettingsError("confirm=True confirms what full_feed=True would delete; leave it out")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        start = partial(
            read,
            source,
            kind=kind,
            mapping=_mapping(mapping),
            feed=feed,
            patch=mode == "patch",
            allow_private=allow_private,
            progress=progress,
        )
        whole = FullFeed(confirm=confirm)
        reading = start(
            named=whole.named if full_feed else None, rejects_file=self.path / "rejects" / f"{stamp}.jsonl"
        )
        if full_feed and reading.kind != "products":
            raise SettingsError(f"full_feed=True is for products, not {reading.kind}; leave it out")
        with self.store() as store:
            if full_feed and not confirm and self._graph_url is not None and not isinstance(source, Iterator):
                # a server cannot take batches back: see first whether they may be written
                first = FullFeed(confirm=False)
                for _ in start(named=first.named):
                    pass
                store.upsert((), retire=first.check)
            tree = CategoryTree(store.facts)
            counts = store.upsert(tree.guard(reading), retire=whole.retire if full_feed else None)
            report = reading.report()
            return replace(
                report,
                unchanged=counts.unchanged,
                deleted=whole.deleted,
                stubs=store.stub_count(),
                notes=(*report.notes, *whole.notes),
            )

    def delete(self, products: Collection[str] = (), users: Collection[str] = ()) -> WriteCounts:
        """Remove products and users, with every edge that touches them, from the graph."""
        with self.store() as store:
            return store.delete(products=_ids(products), users=_ids(users))

    def graph(self) -> Graph:
        """The whole graph as arrays, as it is now."""
        with self.store() as store:
            return store.snapshot()

    def snapshot(self, since: Snapshot | None = None) -> Snapshot:
        """The whole graph and the name of its present state, read at one moment.

        With an earlier snapshot (`Snapshot(graph=…, revision=…)`) only what changed since is read, where the
        store can tell; `changed` then names the products. The graph is the same either way.
        """
        with self.store() as store:
            return store.current(since)

    def counts(self) -> StoreCounts:
        """How many nodes and edges of each kind the graph has now."""
        with self.store() as store:
            return store.counts()

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    @property
    def built(self) -> Versions:
        return Versions(self.path / "versions")

    def versions(self) -> tuple[Version, ...]:
        """All built versions, oldest first."""
        return self.built.list()

    def rollback(self, version: str | None = None) -> Version:
        """Let another version serve: the named one, or the one before the current."""
        if version is None:
            names = [v.name for v in self.versions()]
            # the name is enough: a version too damaged to be read is a reason to go back
            current = self.built.current_name() or self.built.current().name
            earlier = [name for name in names if name < current]
            if not earlier:
                raise ShopError(
                    f"version {current} is the oldest of {self.path}; there is nothing to roll back to"
                )
            version = earlier[-1]
        return self.built.select(version)


def _mapping(mapping: Mapping | Path | str | None) -> Mapping | None:
    if mapping is None or isinstance(mapping, Mapping):
        return mapping
    if Path(mapping).suffix == ".toml":
        return Mapping.from_toml(Path(mapping))
    return Mapping.builtin(str(mapping))


def _ids(ids: Collection[str] | Iterable[str]) -> tuple[str, ...]:
    return (ids,) if isinstance(ids, str) else tuple(ids)
