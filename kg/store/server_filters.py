"""Filters as conditions in Cypher.

Cypher folds letters otherwise than Python does and knows no `casefold`, so a condition may let a product
through that the filter does not mean, and never the other way round: who asks looks at the products found
once more, through `FilterIndex`, unless it `is_exact`. What numbers with units mean depends on all values of
the attribute, and what a type means on those below it, so such filters are answered first, by `settled`, and
become conditions on ids. Types that are derived are not in the graph.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kg.filters import Filter, FilterIndex, as_number, as_truth
from kg.measured import as_measure
from kg.product_table import ProductTable
from kg.records import CATEGORY_SEPARATOR, AttributeValue, Product, Quantity
from kg.store.server_read import Read
from kg.texts import Texts

_ATTRIBUTE = "attr."


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """Filters taken apart: `plain` ones can be asked of one product alone; of each set in `within` a product
    must have an id, of those in `without` none."""

    plain: tuple[Filter, ...]
    within: tuple[frozenset[str], ...] = ()
    without: tuple[frozenset[str], ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether `cypher` says exactly what the filters mean."""
        return all(one.field in ("id", "price") for one in self.plain)

    @property
    def names_ids(self) -> bool:
        return any(one.field == "id" and one.op in ("=", "in") for one in self.plain)

    def cypher(self, node: str) -> tuple[str, dict[str, Any]]:
        """A condition on a Product node (its variable's name) and its parameters; 'true' if there is none."""
        parts: list[str] = []
        parameters: dict[str, Any] = {}
        for number, one in enumerate(self.plain):
            name = f"filter{number}"
            part, values = _one(one, node, name)
            if part:
                parts.append(part)
                parameters |= {f"{name}{key}": value for key, value in values.items()}
        for negation, sets in (("", self.within), ("NOT ", self.without)):
            for number, ids in enumerate(sets):
                name = f"{'without' if negation else 'within'}{number}"
                parts.append(f"{negation}{node}.id IN ${name}")
                parameters[name] = sorted(ids)
        return " AND ".join(parts) or "true", parameters


def settled(read: Read, filters: Sequence[Filter]) -> Conditions:
    """The filters, those on types and on numbers of attributes answered."""
    plain: list[Filter] = []
    within: list[frozenset[str]] = []
    without: list[frozenset[str]] = []
    for one in filters:
        answer = _typed if one.field == "type" else _products
        if one.field != "type" and not _measures(one):
            plain.append(one)
        elif one.op == "!=":
            without.append(answer(read, Filter(field=one.field, op="=", value=one.value)))
        else:
            within.append(answer(read, one))
    return Conditions(plain=tuple(plain), within=tuple(within), without=tuple(without))


def _measures(one: Filter) -> bool:
    return one.field.startswith(_ATTRIBUTE) and any(
        as_number(value) is not None or as_measure(str(value)) is not None for value in one.values
    )


def _typed(read: Read, one: Filter) -> frozenset[str]:
    """The products that one filter on types means."""
    rows = read(
        "MATCH (p:Product)-[:OF_TYPE]->(:Type)-[:SUBTYPE_OF*0..]->(t:Type) "
        f"WHERE {_folded('t.id')} IN [x IN $wanted | {_folded('x')}] "
        "RETURN DISTINCT p.id AS id, t.id AS type",
        wanted=[str(value) for value in one.values],
    )
    wanted = {str(value).casefold() for value in one.values}
    return frozenset(str(row["id"]) for row in rows if str(row["type"]).casefold() in wanted)


def _products(read: Read, one: Filter) -> frozenset[str]:
    """The products that one filter on an attribute means, of all that have the attribute."""
    name = one.field.removeprefix(_ATTRIBUTE)
    rows = read(
        "MATCH (p:Product)-[r:HAS_ATTRIBUTE]->() "
        f"WHERE p.listed AND r.fact IS NULL AND r.value IS NOT NULL AND {_folded('r.name')} = "
        f"{_folded('$name')} RETURN p.id AS id, collect([r.name, r.value, r.unit]) AS cells",
        name=name,
    )
    products: list[Product] = []
    for row in sorted(rows, key=lambda row: str(row["id"])):
        values: dict[str, list[AttributeValue]] = defaultdict(list)
        for attribute, value, unit in row["cells"]:
            values[attribute].append(value if unit is None else Quantity(number=value, unit=unit))
        attributes = {attribute: tuple(several) for attribute, several in values.items()}
        products.append(Product(id=row["id"], attributes=attributes))
    mask = FilterIndex(ProductTable.of(Texts.of(p.id for p in products), products)).mask((one,))
    return frozenset(products[i].id for i in np.flatnonzero(mask).tolist())


def _one(one: Filter, node: str, name: str) -> tuple[str, dict[str, Any]]:
    if one.field in ("id", "price"):
        numbers = [number for value in one.values if (number := as_number(value)) is not None]
        wanted: Sequence[object] = [str(v) for v in one.values] if one.field == "id" else numbers
        column = f"{node}.{one.field}"
        if one.op in ("=", "in"):
            return f"{column} IN ${name}", {"": wanted}
        if one.op == "!=":
            return f"coalesce(NOT {column} IN ${name}, true)", {"": wanted}
        return f"{column} {one.op} ${name}", {"": numbers[0]}
    if one.op == "!=":
        return "", {}  # to let too much through must not become to let too little through
    values: dict[str, Any] = {"": [str(value) for value in one.values]}
    among = f"IN [x IN ${name} | {_folded('x')}]"
    if one.field == "brand":
        test = f"({node})-[r:MADE_BY]->(b:Brand) WHERE r.fact IS NULL AND {_folded('b.id')} {among}"
    elif one.field == "category":
        values["separator"] = CATEGORY_SEPARATOR
        test = (
            f"({node})-[r:IN_CATEGORY]->(c:Category) WHERE r.fact IS NULL AND ("
            f"{_folded('c.id')} {among} OR any(x IN coalesce(r.path, []) WHERE {_folded('x')} {among}) OR "
            f"any(x IN ${name} WHERE {_folded('c.id')} STARTS WITH {_folded('x')} + ${name}separator))"
        )
    elif one.field.startswith(_ATTRIBUTE):
        values["name"] = one.field.removeprefix(_ATTRIBUTE)
        values["truths"] = [truth for value in one.values if (truth := as_truth(value)) is not None]
        test = (
            f"({node})-[r:HAS_ATTRIBUTE]->() WHERE r.fact IS NULL AND "
            f"{_folded('r.name')} = {_folded(f'${name}name')} AND "
            f"({_folded('toString(r.value)')} {among} OR r.value IN ${name}truths)"
        )
    else:
        return f"{_folded(f'{node}.{one.field}')} {among}", values
    return f"EXISTS {{ {test} }}", values


def _folded(text: str) -> str:
    return f"toUpper(toLower({text}))"
