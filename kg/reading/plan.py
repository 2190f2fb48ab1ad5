"""From the cells of a row to the fields of a record: which column means what, and how it is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn

from kg.errors import DataError, MappingError
from kg.reading.decimals import DecimalSigns, Numeric, look_ahead, settle
from kg.reading.formats.base import Cells, Row, Table
from kg.reading.mapping import REQUIRED, SEVERAL, Mapping, Options, Target, match_pattern
from kg.reading.parsing import NUMBER_FIELDS, PARSERS, Draft, Writing, parse_attribute, settle_currency
from kg.reading.synonyms import FIELDS, RATING_COLUMNS, attribute_of, field_of, simple
from kg.reading.values import blank, plain
from kg.records import RecordKind

_NAMED = -1  # better than any synonym
_USERS = frozenset(FIELDS["interactions"]["user"])
_FACT = {"head", "relation", "tail"}
_SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class _Binding:
    target: Target
    rank: int  # the lowest wins when two columns of a row mean the same field


class Plan:
    """Turns rows into drafts for one kind of records; remembers which columns were of no use.

    `common`: the mapping is for all feeds of a sort, so a column of it that does not occur is no news.
    """

    def __init__(self, kind: RecordKind, mapping: Mapping | None, *, common: bool = False) -> None:
        self.kind = kind
        self.mapping = mapping
        self._common = common
        self._options = mapping.options if mapping else Options()
        self._constants: dict[str, object] = dict(mapping.constants) if mapping else {}
        self._named = {column.casefold(): target for column, target in mapping.columns} if mapping else {}
        self._named_fields = {target.field for target in self._named.values()} - SEVERAL
        self._bindings: dict[str, _Binding | None] = {}
        self._unused: dict[str, None] = {}
        self._table = ""
        self._writing = Writing(options=self._options, typed=True, decimal=".")
        self._other_writing = self._writing
        self._other_sign: frozenset[str] = frozenset()
        self._sign_notes: list[str] = []
        self._direct: tuple[tuple[str, str], ...] = ()
        self._direct_named: set[str] = set()
        self._dropped: Counter[str] = Counter()

    def start(self, table: Table) -> Iterator[Row]:
        """Look at the columns and the first rows of the next table, and return all its rows.

        An error if a required column is missing.
        """
        self._table = table.name
        self._direct = ()
        if table.columns is not None:
            self._check(table, table.columns)
        return self._settle_decimals(table)

    def _settle_decimals(self, table: Table) -> Iterator[Row]:
        numeric = partial(self._numeric, table.typed)
        rows = table.rows
        signs = DecimalSigns(table=self._options.decimal or ".")
        columns = table.columns
        if not self._options.decimal and (columns is None or any(numeric(c) != "never" for c in columns)):
            sample, rows = look_ahead(rows)
            signs = settle(sample, numeric, table.name)
        self._sign_notes += signs.notes
        self._other_sign = signs.others
        self._writing = Writing(options=self._options, typed=table.typed, decimal=signs.table)
        self._other_writing = replace(self._writing, decimal="," if signs.table == "." else ".")
        return rows

    def _numeric(self, typed: bool, column: str) -> Numeric:
        """Whether the texts of a column are to be numbers."""
        binding = self._bindings[column] if column in self._bindings else self._bind(column)
        if binding is None:
            return "never"
        target = binding.target
        if target.field in NUMBER_FIELDS or target.type == "number":
            return "always"
        return "with a unit" if target.field == "attribute" and not target.type and not typed else "never"

    def _check(self, table: Table, columns: tuple[str, ...]) -> None:
        bound = {column: b.target for column in columns if (b := self._bind(column)) is not None}
        fields = {target.field for target in bound.values()}
        if not table.typed and len(fields) == len(bound) and not fields & (PARSERS.keys() | SEVERAL):
            self._direct = tuple((column, target.field) for column, target in bound.items())
            self._direct_named = fields | self._constants.keys()
        for field in REQUIRED[self.kind]:
            if field not in fields and field not in self._constants:
                self._missing(field, table.name, columns)

    def _missing(self, field: str, name: str, columns: tuple[str, ...]) -> NoReturn:
        shown = _list(columns)
        if self.mapping is not None:
            wanted = [column for column, target in self.mapping.columns if target.field == field]
            what = f"the column {wanted[0]!r} that is to hold" if wanted else "a column for"
            raise MappingError(
                f"{self.mapping.name}: {name} does not have {what} {field!r}; its columns are {shown}; "
                f'name the right one under [columns], as {columns[0]} = "{field}"'
            )
        if self.kind == "products" and {simple(column) for column in columns} >= _FACT:
            raise DataError(
                f"{name} has the columns head, relation and tail, so it looks like facts; "
                'load it with kind="facts"'
            )
        raise DataError(
            f"{name} has no column for {field!r}, which {self.kind} need; its columns are {shown}; "
            f'name one in a mapping, as {columns[0]} = "{field}"'
        )

    def draft(self, cells: Cells, number: int) -> Draft:
        """The fields of one row before the rules see them; `number` is its place among all rows."""
        if self._direct:
            return self._direct_draft(cells, number)
        draft = Draft(fields=self._constants.copy(), named=set(self._constants), faults=[], dropped=[])
        chosen: dict[str, tuple[int, str, object]] = {}
        bindings, writing, other_sign = self._bindings, self._writing, self._other_sign
        for column, value in cells.items():
            binding = bindings[column] if column in bindings else self._bind(column)
            if binding is None:
                continue
            target = binding.target
            field = target.field
            if not isinstance(value, str):
                value = plain(value)
            if field == "attribute":
                draft.named.add("attr." + target.attribute)
                if not blank(value):
                    written = writing if column not in other_sign else self._other_writing
                    parse_attribute(target.attribute, value, target, written, draft)
            elif field in SEVERAL:
                if field != "ignore":
                    draft.named.add(field)
                    if not blank(value):
                        PARSERS[field](field, value, writing, draft)
            elif field not in chosen or binding.rank < chosen[field][0]:
                if field in chosen:
                    self._unused[chosen[field][1]] = None
                chosen[field] = (binding.rank, column, value)
            else:
                self._unused[column] = None
        for field, (_, column, value) in chosen.items():
            draft.named.add(field)
            if blank(value):
                continue
            parser = PARSERS.get(field)
            if parser is None:
                draft.fields[field] = value
            else:
                parser(field, value, writing if column not in other_sign else self._other_writing, draft)
        if "price currency" in draft.fields:
            settle_currency(draft, self._constants)
        if draft.dropped:
            self._dropped.update(draft.dropped)
        if self.kind == "interactions":
            self._finish_interaction(draft, chosen["value"][1] if "value" in chosen else "", number)
        return draft

    def _direct_draft(self, cells: Cells, number: int) -> Draft:
        # the short way for tables of plain text, such as millions of edges
        fields = self._constants.copy()
        for column, field in self._direct:
            text = cells[column]
            if text and not blank(text):
                fields[field] = text
        draft = Draft(fields=fields, named=self._direct_named, faults=[], dropped=[])
        if self.kind == "interactions":
            self._finish_interaction(draft, "", number)
        return draft

    def _finish_interaction(self, draft: Draft, value_column: str, number: int) -> None:
        fields = draft.fields
        if "kind" not in fields and "value" in fields and simple(value_column) in RATING_COLUMNS:
            fields["kind"] = "rating"
        if self._options.position == "rows" and "time" not in fields and "position" not in fields:
            fields["position"] = number

    def _bind(self, column: str) -> _Binding | None:
        binding = self._find(column)
        self._bindings[column] = binding
        if binding is None:
            self._unused[column] = None
        return binding

    def _find(self, column: str) -> _Binding | None:
        if (target := self._named.get(column.casefold())) is not None:
            if target.field == "attribute" and not target.attribute:
                target = self._attribute(target, column)
            return _Binding(target=self._as_category(target), rank=_NAMED)
        patterns = self.mapping.patterns if self.mapping else ()
        for pattern, target in patterns:
            if pattern != "*" and (part := match_pattern(pattern, column)) is not None:
                return self._by_pattern(target, part)
        if (known := field_of(self.kind, column)) is not None:
            field, rank = known
            if field in self._named_fields or field in self._constants:
                return None
            return _Binding(target=self._as_category(Target(field=field)), rank=rank)
        if self.kind == "products" and (name := attribute_of(column)):
            return self._by_pattern(Target(field="attribute"), name)
        for pattern, target in patterns:
            if pattern == "*":
                return self._by_pattern(target, column)
        if self.kind == "products" and self.mapping is None and simple(column) in _USERS:
            # as products, a log would empty every product it names
            raise DataError(
                f"{self._table} has a column {column!r}, so it looks like interactions; load it "
                f'with kind="interactions", or set {column} = "ignore" in a mapping'
            )
        return None

    def _by_pattern(self, target: Target, part: str) -> _Binding | None:
        if target.field == "attribute":
            target = self._attribute(target, part)
            if not target.attribute:
                return None
        return _Binding(target=target, rank=_NAMED)

    def _attribute(self, target: Target, name: str) -> Target:
        return Target(
            field="attribute",
            attribute=self._options.attribute_name(name),
            type=target.type,
            unit=target.unit,
        )

    def _as_category(self, target: Target) -> Target:
        if target.field == "category" and self._options.category_kind == "labels":
            return Target(field="labels")
        return target

    def notes(self) -> tuple[str, ...]:
        """What a user may want to know about the columns, once the rows are read."""
        notes = list(self._sign_notes)
        if self._unused:
            notes.append(f"columns not used: {_list(tuple(self._unused))}; name them in a mapping")
        if self._bindings:
            seen = {column.casefold() for column in self._bindings}
            absent = (
                tuple(column for column, _ in self.mapping.columns if column.casefold() not in seen)
                if self.mapping and not self._common
                else ()
            )
            if absent:
                notes.append(f"columns of the mapping that did not occur: {_list(absent)}")
            fields = {b.target.field for b in self._bindings.values() if b is not None} - {"ignore"}
            lacking = [f for f in REQUIRED[self.kind] if f not in fields and f not in self._constants]
            if lacking:
                notes.append(f"no column holds {', '.join(lacking)}; name one in a mapping")
            elif fields == {"id"}:
                notes.append("products have nothing but an id; name more columns in a mapping")
        notes += [
            f"{count:,} products list several values of {f}: the first is kept"
            for f, count in self._dropped.items()
        ]
        return tuple(notes)


def _list(columns: tuple[str, ...]) -> str:
    more = f" and {len(columns) - _SHOWN:,} more" if len(columns) > _SHOWN else ""
    return ", ".join(columns[:_SHOWN]) + more
