"""How the cells of each field are read: one parser a field, for those that are not plain text."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from kg.reading import values
from kg.reading.mapping import Options, Target
from kg.reading.measures import measure, plain_quantity
from kg.reading.values import Decimals, blank, plain
from kg.reading.wording import one_line, paragraphs
from kg.records import AttributeValue, Quantity


@dataclass(frozen=True, kw_only=True, slots=True)
class Writing:
    """How the values of a column are written. `typed`: text is meant as text, '12' is no number."""

    options: Options
    typed: bool
    decimal: Decimals


@dataclass(kw_only=True, slots=True)
class Draft:
    """The fields of one row before the rules see them; filled by the parsers.

    `named` are the fields the row has a column for, blank or not; `faults` are the values that could not
    be read, as (field, value, rule); `dropped` are the fields of which only the first value was kept.
    """

    fields: dict[str, object]
    named: set[str]
    faults: list[tuple[str, object, str]]
    dropped: list[str]


Parser: TypeAlias = Callable[[str, object, Writing, Draft], None]
"""Puts a value that is not blank into the draft: as a field, or as a fault."""


def parse_attribute(name: str, value: object, target: Target, writing: Writing, draft: Draft) -> None:
    """Add one attribute; a name that came before gets one value more."""
    try:
        new = _attribute_value(value, target, writing)
    except ValueError as error:
        draft.faults.append(("attr." + name, value, str(error)))
        return
    attributes = draft.fields.setdefault("attributes", {})
    assert isinstance(attributes, dict)
    if name in attributes:
        old = attributes[name]
        new = (*(old if isinstance(old, tuple) else (old,)), *(new if isinstance(new, tuple) else (new,)))
    attributes[name] = new


def _attribute_value(value: object, target: Target, writing: Writing) -> object:
    """The value an attribute gets; what has no meaning here is left for the rules to refuse."""
    if isinstance(value, (list, tuple)):
        parts = tuple(_attribute_value(plain(v), target, writing) for v in value if not blank(v))
        return parts[0] if len(parts) == 1 else parts
    if isinstance(value, dict):
        return _quantity(value, writing)
    if target.type == "number":
        return _measure(value, target, writing)
    if target.type == "boolean":
        return values.boolean(value)
    if target.type == "text":
        return _as_words(value)
    if isinstance(value, str):
        if writing.typed:
            return value
        number = values.number_or_text(value, writing.decimal)
        return number if number is not value else plain_quantity(value, writing.decimal) or value
    if isinstance(value, bool):
        return value
    return values.number(value) if isinstance(value, values.NUMBERS) else _as_words(value)


def _measure(value: object, target: Target, writing: Writing) -> object:
    try:
        number = values.number(value, writing.decimal)
    except ValueError:
        if not isinstance(value, str):
            raise
        return measure(value, writing.decimal, target.unit)
    return Quantity(number=number, unit=target.unit) if target.unit else number


def _quantity(value: dict[str, object], writing: Writing) -> AttributeValue:
    if "number" not in value or not set(value) <= {"number", "unit"}:
        raise ValueError('an object must look like {"number": 1.2, "unit": "kg"}')
    number = values.number(plain(value["number"]), writing.decimal)
    unit = value.get("unit")
    return number if blank(unit) else Quantity(number=number, unit=str(unit).strip())


def _as_words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


_AS_IT_COMES = Target(field="attribute")


def _attributes(field: str, value: object, writing: Writing, draft: Draft) -> None:
    draft.named.discard(field)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if isinstance(value, (list, tuple)):  # Arrow's maps come as lists of pairs
        pairs = {str(p[0]): p[1] for p in value if isinstance(p, (list, tuple)) and len(p) == 2}
        value = pairs if len(pairs) == len(value) else None
    if not isinstance(value, dict):
        draft.faults.append((field, value, 'must be a JSON object, as {"colour": "black"}'))
        return
    for key, part in value.items():
        name = writing.options.attribute_name(str(key))
        draft.named.add("attr." + name)
        part = plain(part)
        if not blank(part):
            parse_attribute(name, part, _AS_IT_COMES, writing, draft)


def _price(field: str, value: object, writing: Writing, draft: Draft) -> None:
    try:
        amount, currency = values.price(value, writing.decimal, writing.options.price_scale)
    except ValueError as error:
        draft.faults.append((field, value, str(error)))
        return
    draft.fields[field] = amount
    if currency:
        draft.named.add("currency")
        draft.fields["price currency"] = currency


def settle_currency(draft: Draft, constants: dict[str, object]) -> None:
    """The currency that stands beside a price must be that of its own column."""
    beside = draft.fields.pop("price currency", "")
    stated = draft.fields.get("currency", "")
    if beside and stated and str(stated).strip().upper() != beside and "currency" not in constants:
        draft.faults.append(("currency", stated, "the currency must be the one that stands beside the price"))
    elif beside:
        draft.fields["currency"] = beside


def _category(field: str, value: object, writing: Writing, draft: Draft) -> None:
    path, labels = values.category_path(value, writing.options.category_separator)
    draft.fields[field] = path
    if labels:
        draft.named.add("labels")
        _add_names("labels", labels, draft)


def _names(field: str, value: object, writing: Writing, draft: Draft) -> None:
    _add_names(field, values.names(value, writing.options.list_separator), draft)


def _add_names(field: str, names: tuple[str, ...], draft: Draft) -> None:
    old = draft.fields.get(field, ())
    assert isinstance(old, tuple)
    draft.fields[field] = tuple(dict.fromkeys((*old, *names))) if old else names


def _first(field: str, value: object, writing: Writing, draft: Draft) -> None:
    # catalogs list several pictures and codes; a product has one of each
    if isinstance(value, (list, tuple)):
        several = [v for v in value if not blank(v)]
        value = several[0] if several else ""
        if len(several) > 1:
            draft.dropped.append(field)
    if not blank(value):
        draft.fields[field] = value


def _line(field: str, value: object, writing: Writing, draft: Draft) -> None:
    draft.fields[field] = one_line(value) if isinstance(value, str) else value


def _paragraphs(field: str, value: object, writing: Writing, draft: Draft) -> None:
    draft.fields[field] = paragraphs(value) if isinstance(value, str) else value


def _time(field: str, value: object, writing: Writing, draft: Draft) -> None:
    try:
        draft.fields[field] = values.seconds(value, writing.options.time_format)
    except ValueError as error:
        draft.faults.append((field, value, str(error)))


def _number(field: str, value: object, writing: Writing, draft: Draft) -> None:
    try:
        draft.fields[field] = values.number(value, writing.decimal)
    except ValueError as error:
        draft.faults.append((field, value, str(error)))


NUMBER_FIELDS = frozenset({"price", "position", "value", "rank", "weight"})

PARSERS: dict[str, Parser] = {
    "title": _line,
    "brand": _line,
    "description": _paragraphs,
    "attributes": _attributes,
    "price": _price,
    "category": _category,
    "labels": _names,
    "collections": _names,
    "image": _first,
    "url": _first,
    "gtin": _first,
    "time": _time,
    "position": _number,
    "value": _number,
    "rank": _number,
    "weight": _number,
}
