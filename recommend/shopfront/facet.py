"""What a facet is: the choices of one field, each with the number of products that would remain."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.filters import Filter, as_number
from recommend.shopfront.ranges import plain, range_label

FIELDS = ("category", "type", "brand", "price", "availability", "language")
ATTRIBUTE = "attr."
ATTRIBUTES = "attributes"
"""Stands for the attributes that tell the products of a result apart best."""
DEFAULT = ("category", "type", "brand", "price", "availability", ATTRIBUTES)
MOST_VALUES = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class FacetValue:
    """One choice. `count` products remain with the filters `where` in place of the facet's own."""

    value: str
    label: str
    count: int
    selected: bool
    where: tuple[Filter, ...]

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "value": self.value,
            "label": self.label,
            "count": self.count,
            "selected": self.selected,
            "where": [str(one) for one in self.where],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet:
    """The choices of one field: values with the most frequent first, or ranges in ascending order.

    `total` products were counted, with a value or without; `more` further values are not listed.
    """

    field: str
    kind: Literal["values", "ranges"]
    total: int
    values: tuple[FacetValue, ...]
    more: int = 0

    @property
    def has_choice(self) -> bool:
        """Whether there is something to choose, or to take back."""
        return len(self.values) > 1 or any(value.selected for value in self.values)

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "field": self.field,
            "kind": self.kind,
            "total": self.total,
            "values": [value.plain() for value in self.values],
            "more": self.more,
        }


def facet_names(asked: Iterable[str] | bool) -> tuple[str, ...]:
    """The fields asked for, checked; True stands for those that make sense in most shops."""
    if isinstance(asked, bool):
        return DEFAULT if asked else ()
    names = (asked,) if isinstance(asked, str) else tuple(asked)
    for name in names:
        attribute = name.startswith(ATTRIBUTE) and len(name) > len(ATTRIBUTE)
        if name not in (*FIELDS, ATTRIBUTES) and not attribute:
            raise SettingsError(
                f"there is no facet {name!r}; facets are {', '.join(FIELDS)}, attr.NAME and "
                f"'{ATTRIBUTES}' (those that tell the products apart best)"
            )
    return tuple(dict.fromkeys(names))


class Choice(NamedTuple):
    """A value before the facet is put together, and how many products have it."""

    value: str
    label: str
    products: int


def value_facet(
    field: str,
    choices: Iterable[Choice],
    picked: Collection[str],
    *,
    total: int,
    most: int,
    left_out: int = 0,
) -> Facet:
    """The most frequent choices, and with them those that are picked (folded values). So many more were left
    out before, none of which is either."""
    ordered = sorted(choices, key=lambda one: (-one.products, one.label.casefold(), one.value))
    values: list[FacetValue] = []
    for place, one in enumerate(ordered):
        selected = one.value.casefold() in picked
        if place < most or selected:
            where = (Filter(field=field, op="=", value=one.value),)
            values.append(
                FacetValue(
                    value=one.value, label=one.label, count=one.products, selected=selected, where=where
                )
            )
    more = len(ordered) - len(values) + left_out
    return Facet(field=field, kind="values", total=total, values=tuple(values), more=more)


def range_facet(
    field: str,
    bounds: Sequence[float],
    counts: npt.NDArray[np.int64],
    chosen: Sequence[Filter],
    *,
    total: int,
    unit: str,
) -> Facet:
    """The ranges between some bounds: counts int64 [bounds + 1]; without bounds no choice."""
    picked = {(one.op, as_number(one.value)) for one in chosen}
    values: list[FacetValue] = []
    ends = [None, *bounds, None]
    for low, high, count in zip(ends, ends[1:], counts.tolist(), strict=False):
        where: list[Filter] = []
        if low is not None:
            where.append(Filter(field=field, op=">=", value=plain(low)))
        if high is not None:
            where.append(Filter(field=field, op="<", value=plain(high)))
        if where:
            values.append(
                FacetValue(
                    value=f"{plain(low)}..{plain(high)}",
                    label=range_label(low, high, unit),
                    count=count,
                    selected={(one.op, as_number(one.value)) for one in where} == picked,
                    where=tuple(where),
                )
            )
    return Facet(field=field, kind="ranges", total=total, values=tuple(values))
