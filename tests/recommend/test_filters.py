"""Filters hold in every entrance: the same as asking for everything and leaving out."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import FilterError
from kg.filters import Filter
from kg.records import Product, Quantity
from recommend.recommender import Recommender
from recommend.results import Results
from tests.recommend.asking import ALL, Ask, entrances, same

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _values(product: Product, field: str) -> list[object]:
    """What a product has in a field, as people would compare it."""
    match field:
        case "price":
            return [] if product.price is None else [float(product.price)]
        case "category":
            path = [name.casefold() for name in product.category]
            below = [" > ".join(path[: i + 1]) for i in range(len(path))]
            return [*path, *below, *(label.casefold() for label in product.labels)]
        case "id":
            return [product.id]
        case "brand" | "availability" | "language":
            value = getattr(product, field)
            return [value.casefold()] if value else []
    found: list[object] = []
    for value in product.values(field.removeprefix("attr.")):
        if isinstance(value, bool):
            found.append(str(value).casefold())
        elif isinstance(value, Quantity):
            found.append(value.number)
        else:
            found.append(value.casefold() if isinstance(value, str) else float(value))
    return found


def holds(product: Product, one: Filter) -> bool:
    values = _values(product, one.field)
    wanted: list[object] = []
    for value in one.value if isinstance(one.value, tuple) else (one.value,):
        text = str(value) if one.field == "id" else str(value).casefold()
        wanted.append(text)
        try:
            wanted.append(float(text))
        except ValueError:
            continue
    if one.op == "!=":
        return not any(v == w for v in values for w in wanted)
    if one.op in ("=", "in"):
        return any(v == w for v in values for w in wanted)
    return any(_COMPARE[one.op](v, wanted[-1]) for v in values if isinstance(v, float))


def _filters() -> st.SearchStrategy[Filter]:
    def choices(field: str, values: Iterable[str], ops: str = "= !=") -> st.SearchStrategy[Filter]:
        one = st.sampled_from(sorted(values))
        several = st.lists(one, min_size=1, max_size=3).map(tuple)
        return st.one_of(
            st.builds(Filter, field=st.just(field), op=st.sampled_from(ops.split()), value=one),
            st.builds(Filter, field=st.just(field), op=st.just("in"), value=several),
        )

    order = "= != < <= > >="
    return st.one_of(
        choices("brand", ["Brand1", "brand2", "BRAND3", "nobody"]),
        choices("category", ["Root0", "root1", "Kind3", "Root0 > Kind3", "Kind99"]),
        choices("availability", ["in_stock", "sold_out"]),
        choices("language", ["en", "zh"]),
        choices("attr.colour", ["colour1", "Colour2", "green"]),
        choices("attr.eco", ["yes", "true", "no", "false"]).map(_boolean_words),
        choices("attr.missing", ["x"]),
        choices("id", ["p001", "p010", "P011", "stub1"]),
        choices("price", ["20", "50.0", "90", "150"], order),
        choices("attr.size", ["0", "2", "3.5"], order),
    )


def _boolean_words(one: Filter) -> Filter:
    """'yes' and 'true' are one value; the brute force knows only the latter."""
    said = {"yes": "true", "no": "false"}
    value = one.value
    told = (
        tuple(said.get(str(v), str(v)) for v in value)
        if isinstance(value, tuple)
        else said.get(str(value), value)
    )
    return Filter(field=one.field, op=one.op, value=told)


@pytest.fixture(scope="module")
def unfiltered(shop: Recommender) -> Mapping[str, Results]:
    asks = entrances(shop, "u003", "p010", "kind3 oak brand2")
    return {name: ask(k=ALL) for name, ask in asks.items()}


@given(where=st.lists(_filters(), max_size=3), k=st.sampled_from([1, 5, 30, ALL]))
def test_filters_hold_in_every_entrance(
    where: list[Filter], k: int, shop: Recommender, unfiltered: Mapping[str, Results]
) -> None:
    for name, ask in entrances(shop, "u003", "p010", "kind3 oak brand2").items():
        expected = [hit for hit in unfiltered[name] if all(holds(hit.product, one) for one in where)][:k]
        results = ask(where=where, k=k)
        assert results.ids == tuple(hit.product.id for hit in expected), name
        assert [h.score for h in results] == [h.score for h in expected], name


def test_filters_may_be_text(shop: Recommender) -> None:
    as_text = shop.recommend("u003", where=["price<=50", "attr.colour in colour1,colour2"])
    as_filters = shop.recommend(
        "u003",
        where=[
            Filter(field="price", op="<=", value=50),
            Filter(field="attr.colour", op="in", value=("colour1", "colour2")),
        ],
    )
    same(as_text, as_filters)
    assert all(hit.product.price is not None and hit.product.price <= Decimal(50) for hit in as_text)


def test_no_filter_lets_everything_through(ask: Ask) -> None:
    same(ask(where=()), ask())
    same(ask(where=[]), ask())


def test_a_filter_that_nothing_passes(ask: Ask) -> None:
    assert ask(where="price<0").ids == ()


@pytest.mark.parametrize("where", ["price", "weight=3", "price<cheap", "brand<3", "", "attr.=2"])
def test_a_filter_without_sense_is_an_error(ask: Ask, where: str) -> None:
    with pytest.raises(FilterError):
        ask(where=where)
