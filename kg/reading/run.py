"""Reading: one pass over a source that yields valid records and keeps account of the rest."""

from __future__ import annotations

import json
import time
from collections.abc import Hashable, Iterator
from contextlib import closing
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Any, TypeAlias

from pydantic import ValidationError

from kg.errors import DataError, MappingError
from kg.reading.feeds import feed_named, feed_of
from kg.reading.feeds.base import Feed
from kg.reading.fetching import Progress
from kg.reading.formats.base import BadRow, Cells, Table
from kg.reading.mapping import REQUIRED, Mapping
from kg.reading.named import NamedProducts
from kg.reading.plan import Plan
from kg.reading.report import LoadReport, Rejection, Tally, shorten
from kg.reading.rules import broken, checker
from kg.reading.seen import BLOCK, Seen
from kg.reading.sources import RECORD_KINDS, AnyRecord, Files, Records, resolve, tables
from kg.records import Fact, Interaction, Product, ProductPatch, RecordKind

Fault: TypeAlias = tuple[str, object, str]

_PLACES_PER_FILE = 1 << 40
_DEFAULTS = {field.name: getattr(Product(id=""), field.name) for field in fields(Product)}


class Reading:
    """An iterable of checked records, once through. `report()` says what became of every row.

    A product whose id comes again is yielded again: whoever stores them lets the last one win.
    """

    def __init__(
        self,
        source: object,
        *,
        kind: RecordKind | None,
        mapping: Mapping | None,
        feed: str | None,
        patch: bool,
        rejects_file: Path | None,
        named: NamedProducts | None = None,
        allow_private: bool = False,
        progress: Progress | None = None,
    ) -> None:
        if mapping is not None and mapping.kind and kind and mapping.kind != kind:
            raise MappingError(
                f"{mapping.name} is for {mapping.kind}, but {kind} are to be loaded; "
                "leave the kind out, or use another mapping"
            )
        self._source = resolve(source, allow_private=allow_private, progress=progress)
        if isinstance(self._source, Records) and mapping is not None:
            raise MappingError(f"{mapping.name} is for tables, not for records; leave it out")
        self._feed = self._find_feed(feed, kind, mapping)
        common = mapping is None and self._feed is not None
        if self._feed is not None and mapping is None:
            mapping = self._feed_mapping(self._feed, kind)
        self.kind: RecordKind = kind or self._implied_kind(mapping) or "products"
        if patch and self.kind != "products":
            raise DataError(f"only products can be patched, not {self.kind}; use mode='replace'")
        self.patch = patch
        self._mapping = mapping
        self._plan = Plan(self.kind, mapping, common=common)
        self._tally = Tally(self.kind)
        self._seen = Seen()
        self._notes: list[str] = []
        self._rejects = _RejectsFile(rejects_file)
        self._named = named
        self._line = 0
        self._last: tuple[int, int | None, str] = (0, None, "")
        self._row: object = None
        self._started = 0.0
        self._seconds = 0.0

    def _find_feed(self, name: str | None, kind: RecordKind | None, mapping: Mapping | None) -> Feed | None:
        """The feed that is named, here or in the mapping; else, without a mapping, the one that claims the
        first file."""
        name = name or (mapping.options.feed if mapping else "")
        if name:
            feed = feed_named(name)
            if feed is not None and isinstance(self._source, Records):
                raise DataError(f"the feed {name!r} is for files and tables, not for records; leave it out")
            if feed is not None and kind is not None and kind not in feed.kinds:
                raise DataError(f"{feed.title} holds {' and '.join(feed.kinds)}, not {kind}; change the kind")
            return feed
        if mapping is None and isinstance(self._source, Files) and self._source.paths:
            return feed_of(self._source.paths[0], "", kind)
        return None

    @staticmethod
    def _feed_mapping(feed: Feed, kind: RecordKind | None) -> Mapping | None:
        """The mapping that comes with a feed, if it is for what is to be loaded."""
        mapping = Mapping.builtin(feed.mapping) if feed.mapping else None
        return mapping if mapping is None or mapping.kind in (None, kind or feed.kinds[0]) else None

    def _implied_kind(self, mapping: Mapping | None) -> RecordKind | None:
        if mapping is not None and mapping.kind is not None:
            return mapping.kind
        if self._feed is not None:
            return self._feed.kinds[0]
        return self._source.kind if isinstance(self._source, Records) else None

    def __iter__(self) -> Iterator[AnyRecord]:
        if self._started:
            raise DataError("this source has been read already; call read() again")
        self._started = time.perf_counter()
        return self._records()

    def report(self) -> LoadReport:
        """What became of the rows so far; complete once the records are exhausted."""
        seconds = self._seconds or (time.perf_counter() - self._started if self._started else 0.0)
        notes = (*self._notes, *self._plan.notes())
        return self._tally.report(rejects_file=self._rejects.path, notes=notes, seconds=seconds)

    def reject(self, record: AnyRecord, *, field: str, value: object, rule: str) -> None:
        """Refuse the record that came last, for a rule that only the one who stores it can check."""
        row: object = self._row if isinstance(self._row, dict) else str(record)
        key, earlier, name = self._last
        self._seen.take_back(key, earlier, name)
        if earlier is not None:  # it did not replace anything after all
            self._tally.take_back(earlier=bool(name))
        self._reject(self._line, [(field, value, rule)], row, _taken_apart(record)[0])

    def _records(self) -> Iterator[AnyRecord]:
        with self._rejects:
            if isinstance(self._source, Records):
                self._tally.files.append("records")
                yield from self._from_records(self._source.records)
            else:
                yield from self._from_tables()
            self._settle()
        self._seconds = time.perf_counter() - self._started

    def _from_tables(self) -> Iterator[AnyRecord]:
        assert not isinstance(self._source, Records)
        delimiter = self._mapping.options.delimiter if self._mapping else ""
        if self._feed is not None:
            self._notes.append(
                f"read as {self._feed.title} (feed = {self._feed.name!r}; 'none' turns that off)"
            )
        encoding = self._mapping.options.encoding if self._mapping else ""
        with closing(tables(self._source, delimiter, encoding, self._feed, self.kind)) as every_table:
            for table in every_table:
                yield from self._from_table(table)

    def _from_table(self, table: Table) -> Iterator[AnyRecord]:
        tally, plan, check = self._tally, self._plan, checker(self.kind)
        tally.files.append(table.name)
        self._notes += table.notes
        before, strays = tally.read, 0
        for line, cells in plan.start(table):
            tally.read += 1
            if isinstance(cells, BadRow):
                self._reject(line, [("", cells.text, cells.rule)], cells.text)
                continue
            draft = plan.draft(cells, tally.read)
            faults = draft.faults
            try:
                row = check(draft.fields)
            except ValidationError as error:
                known = {field for field, _, _ in faults}
                faults += [fault for fault in broken(error) if fault[0] not in known]
            if faults:
                self._reject(line, faults, cells, draft.fields)
                continue
            if table.pictures is not None and row.get("image"):
                picture = table.pictures.find(row["image"])
                strays += picture is None
                row["image"] = picture or ""
            self._line, self._row = line, cells
            yield self._keep(row, line, draft.named)
        if tally.read == before:
            self._notes.append(f"{table.name} has no rows")
        if strays and table.pictures is not None:
            self._notes.append(f"{table.name}: {strays:,} {table.pictures.lost}")
        self._notes += table.late_notes

    def _from_records(self, records: Iterator[object]) -> Iterator[AnyRecord]:
        check = checker(self.kind)
        for number, record in enumerate(records, 1):
            self._tally.read += 1
            kind = RECORD_KINDS.get(type(record))
            if kind != self.kind or (isinstance(record, ProductPatch) and not self.patch):
                rule = f"records of {self.kind} must not contain a {type(record).__name__}"
                self._reject(number, [("", str(record), rule)], str(record))
                continue
            values, named = _taken_apart(record)
            try:
                row = check(values)
            except ValidationError as error:
                self._reject(number, broken(error), values, values)
                continue
            self._line, self._row = number, values
            yield self._keep(row, number, named)

    def _keep(self, row: dict[str, Any], line: int, named: set[str]) -> AnyRecord:
        record: AnyRecord
        key: Hashable
        name = ""
        if self.kind == "products":
            if "attributes" in row:
                row["attributes"] = MappingProxyType(row["attributes"])
            product = Product(**row)
            key = name = product.id
            if self._named is not None:
                self._named.loaded(name)
            record = (
                ProductPatch(product=product, fields=frozenset(named - {"id"})) if self.patch else product
            )
        elif self.kind == "facts":
            record = fact = Fact(**row)
            key = (fact.head, fact.relation, fact.tail, fact.source, fact.head_kind, fact.tail_kind)
        else:
            record = met = Interaction(**row)
            when = met.position if met.time is None else met.time
            key = (met.user, met.product, met.kind, when, met.time is None, met.query, met.order)
        place = (len(self._tally.files) - 1) * _PLACES_PER_FILE + line
        if self._tally.read % BLOCK == 0:
            self._settle()
        earlier = self._seen.add(hash(key), place, name)
        self._last = hash(key), earlier, name
        if earlier is not None:
            self._replaced(earlier, place, name)
        return record

    def _settle(self) -> None:
        for earlier, later, name in self._seen.older():
            self._replaced(earlier, later, name)

    def _replaced(self, earlier: int, later: int, name: str) -> None:
        if not name:  # only products are told one by one
            self._tally.replace(None)
            return
        (file, line), (later_file, later_line) = (
            divmod(earlier, _PLACES_PER_FILE),
            divmod(later, _PLACES_PER_FILE),
        )
        files = self._tally.files
        where = f"line {later_line}" + (f" of {files[later_file]}" if later_file != file else "")
        rule = f"replaced by {where}, which has the same id"
        self._tally.replace(
            Rejection(
                file=files[file],
                line=line,
                field="id",
                value=shorten(name),
                rule=rule,
                record_id=shorten(name),
            )
        )

    def _reject(self, line: int, faults: list[Fault], row: object, values: Cells | None = None) -> None:
        if self._named is not None:
            self._named.rejected(values)
        file = self._tally.files[-1]
        record_id = shorten((values or {}).get(REQUIRED[self.kind][0], ""))
        rejections = [
            Rejection(file=file, line=line, field=field, value=shorten(value), rule=rule, record_id=record_id)
            for field, value, rule in faults
        ]
        self._tally.reject(rejections)
        self._rejects.write(rejections, row)


def _taken_apart(record: object) -> tuple[dict[str, object], set[str]]:
    """The fields of a record, and which of them it names: for a Product those that are not empty."""
    if isinstance(record, ProductPatch):
        return _taken_apart(record.product)[0], set(record.fields)
    if isinstance(record, Product):
        pairs = ((name, getattr(record, name)) for name in _DEFAULTS)
        taken = {name: value for name, value in pairs if value != _DEFAULTS[name] or name == "id"}
        if "attributes" in taken:
            taken["attributes"] = dict(record.attributes)
        named = set(taken) - {"attributes"} | {f"attr.{name}" for name in record.attributes}
        return taken, named
    assert isinstance(record, (Interaction, Fact))
    return {field.name: getattr(record, field.name) for field in fields(record)}, set()


class _RejectsFile:
    """Rejected rows as JSON Lines, each with the reasons. Made when the first one comes."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, rejections: list[Rejection], row: object) -> None:
        if self.path is None:
            return
        reasons = [{"field": r.field, "value": r.value, "rule": r.rule} for r in rejections]
        first = rejections[0]
        entry = {"file": first.file, "line": first.line, "reasons": reasons, "row": row}
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace")
            self._file.write(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
        except OSError as error:
            raise DataError(f"{self.path} cannot be written ({error}); name another rejects file") from None
