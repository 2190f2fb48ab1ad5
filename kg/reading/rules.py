"""Every rule a record must keep, in one place.

A rule is a function from a value to the value that is kept; it raises ValueError with the rule in
words. Pydantic runs them over a row and collects all that are broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Required

from pydantic import AfterValidator, PlainValidator, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from kg.graph import IN_SERIES, OF_TYPE, SUBCATEGORY_OF, SUBTYPE_OF
from kg.reading.values import finite, plain
from kg.records import (
    INTERACTION_KINDS,
    NODE_KINDS,
    AttributeValue,
    InteractionKind,
    NodeKind,
    Quantity,
    RecordKind,
)

MAX_ID = 200
MAX_NAME = 500
MAX_TITLE = 2_000
MAX_LINK = 4_000
MAX_ATTRIBUTE_NAME = 100
MAX_ATTRIBUTE = 20_000
MAX_DESCRIPTION = 100_000
MAX_PRICE = Decimal(10) ** 12
MAX_RANK = 1_000_000

# lone halves of surrogate pairs are no characters either: no store could write them
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# U+0080-U+009F mean nothing in text: they are Windows-1252 taken for Latin-1, as every browser knows
_WINDOWS = {
    chr(code): bytes([code]).decode("cp1252")
    for code in range(0x80, 0xA0)
    if code not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
}
_MISREAD = re.compile(f"[{''.join(_WINDOWS)}]")
_BREAKS = re.compile(r"[\t\n\r]+[ \t\n\r]*")


def as_text(value: object) -> str:
    """Text, or a number written as text: 123.0 → '123'."""
    if isinstance(value, str):
        return value
    value = plain(value)
    if isinstance(value, bool):
        raise ValueError("must be text, not true or false")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, (str, int, float, Decimal)):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)) and len(value) == 1:
        return as_text(value[0])
    raise ValueError(f"must be one text, not a {type(value).__name__}")


def _checked(value: object, limit: int) -> str:
    text = value if isinstance(value, str) else as_text(value)
    if len(text) > limit:
        raise ValueError(f"must have at most {limit:,} characters")
    if text.isprintable():
        return text
    if _MISREAD.search(text):
        text = _MISREAD.sub(lambda match: _WINDOWS[match[0]], text)
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters")
    return text


def one_line(value: object, limit: int) -> str:
    """Text without control characters; tabs and line breaks become a space."""
    if type(value) is str and len(value) <= limit and value.isprintable():
        return value.strip()  # nearly always
    text = _checked(value, limit)
    return _BREAKS.sub(" ", text).strip()


def identifier(value: object) -> str:
    """A key: short, on one line, never empty."""
    if type(value) is str and value.isprintable() and 0 < len(text := value.strip()) <= MAX_ID:
        return text  # nearly always
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("an id must be text or a whole number")
    text = _checked(value, MAX_ID).strip()
    if not text:
        raise ValueError("is required")
    if "\t" in text or "\n" in text or "\r" in text:
        raise ValueError("must not contain control characters")
    return text


def optional_identifier(value: object) -> str:
    return identifier(value) if value != "" else ""


def title(value: object) -> str:
    return one_line(value, MAX_TITLE)


@lru_cache(maxsize=4096)
def _known_name(text: str) -> str:
    return one_line(text, MAX_NAME)


def name(value: object) -> str:
    return _known_name(value) if type(value) is str and len(value) <= MAX_NAME else one_line(value, MAX_NAME)


def link(value: object) -> str:
    return one_line(value, MAX_LINK)


def description(value: object) -> str:
    text = "\n".join(map(as_text, value)) if isinstance(value, (list, tuple)) else as_text(value)
    return _checked(text.replace("\r\n", "\n").replace("\r", "\n"), MAX_DESCRIPTION).strip()


def price(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError("a price must be a number")
    amount = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not amount.is_finite():
        raise ValueError("a price must be a finite number")
    if amount < 0:
        raise ValueError("a price must not be negative")
    if amount > MAX_PRICE:
        raise ValueError(f"a price must be at most {MAX_PRICE:,}")
    return amount


def currency(value: object) -> str:
    text = as_text(value).strip().upper()
    if text and not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise ValueError("a currency must have three letters, as EUR")
    return text


def names(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"must be a list of names, not a {type(value).__name__}")
    return tuple(name(v) for v in value)


def identifiers(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"must be a list of ids, not a {type(value).__name__}")
    return tuple(identifier(v) for v in value)


def category(value: object) -> tuple[str, ...]:
    path = names(value)
    if len(set(path)) < len(path):
        raise ValueError("a category must not come twice in one path (a category cycle)")
    return path


def attribute_name(value: object) -> str:
    text = one_line(value, MAX_ATTRIBUTE_NAME)
    if not text:
        raise ValueError("an attribute must have a name")
    return text


def attribute(value: object) -> AttributeValue | tuple[AttributeValue, ...]:
    if isinstance(value, str):
        return one_line(value, MAX_ATTRIBUTE)
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return finite(value)
    if isinstance(value, Quantity):
        return Quantity(number=finite(value.number), unit=name(value.unit))
    if isinstance(value, tuple):
        return tuple(v for part in value for v in _several(attribute(part)))
    raise ValueError(f"must be text, a number, true or false, or a list, not a {type(value).__name__}")


def _several(value: AttributeValue | tuple[AttributeValue, ...]) -> tuple[AttributeValue, ...]:
    return value if isinstance(value, tuple) else (value,)


def time(value: object) -> float | None:
    return None if value is None else finite(value)


def position(value: object) -> int | None:
    if value is None:
        return None
    count = finite(value)
    if count < 0 or not count.is_integer():
        raise ValueError("a position must be a whole number from 0")
    return int(count)


def rank(value: object) -> int | None:
    if value is None:
        return None
    place = finite(value)
    if not 1 <= place <= MAX_RANK or not place.is_integer():
        raise ValueError(f"a rank must be a whole number from 1 (the first result) to {MAX_RANK:,}")
    return int(place)


def weight(value: object) -> float:
    result = finite(value)
    if result < 0:
        raise ValueError("a weight must not be negative; 0 denies what would be derived")
    return result


_KINDS: dict[str, InteractionKind] = {
    **{kind: kind for kind in INTERACTION_KINDS},
    **dict.fromkeys(("pv", "pageview", "page_view", "detail", "viewed", "浏览"), "view"),
    **dict.fromkeys(("add_to_cart", "addtocart", "add-to-cart", "basket", "加购", "加购物车"), "cart"),
    **dict.fromkeys(("buy", "bought", "transaction", "order", "purchased", "购买", "下单"), "purchase"),
    **dict.fromkeys(("rate", "rated", "review", "评分", "评价"), "rating"),
    **dict.fromkeys(("clicked", "点击"), "click"),
}


def interaction_kind(value: object) -> InteractionKind:
    kind = _KINDS.get(value) if isinstance(value, str) else None
    if kind is None:
        kind = _KINDS.get(as_text(value).strip().casefold())
    if kind is None:
        raise ValueError(f"must be one of {', '.join(INTERACTION_KINDS)}")
    return kind


@lru_cache(maxsize=1024)
def _relation(text: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text.strip())
    result = re.sub(r"[\s_\-./:]+", "_", spaced).strip("_").lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", result) or len(result) > MAX_ID:
        raise ValueError("a relation must be a name of letters a-z, digits and underscores")
    return result


def relation(value: object) -> str:
    """lower_snake_case: 'Compatible with' and 'compatibleWith' → 'compatible_with'."""
    return _relation(value if type(value) is str else as_text(value))


def node_kind(value: object) -> NodeKind:
    kind = as_text(value).strip().lower()
    for known in NODE_KINDS:
        if kind == known:
            return known
    raise ValueError(f"must be one of {', '.join(NODE_KINDS)}")


_ENDS: dict[str, tuple[NodeKind, NodeKind]] = {
    OF_TYPE: ("product", "type"),
    SUBTYPE_OF: ("type", "type"),
    IN_SERIES: ("product", "series"),
}
"""What these relations link, in a file that does not say so."""


def whole_fact(fact: FactRow) -> FactRow:
    head_kind, tail_kind = _ENDS.get(fact["relation"], (None, None))
    if head_kind is not None and tail_kind is not None:
        fact.setdefault("head_kind", head_kind)
        fact.setdefault("tail_kind", tail_kind)
    if fact["head"] == fact["tail"]:
        if fact["relation"] == SUBCATEGORY_OF:
            raise ValueError("a category must not be below itself (a category cycle)")
        if fact["relation"] == SUBTYPE_OF:
            raise ValueError("a type must not be below itself")
    return fact


class ProductRow(TypedDict, total=False):
    id: Required[Annotated[str, PlainValidator(identifier)]]
    title: Annotated[str, PlainValidator(title)]
    description: Annotated[str, PlainValidator(description)]
    brand: Annotated[str, PlainValidator(name)]
    category: Annotated[tuple[str, ...], PlainValidator(category)]
    labels: Annotated[tuple[str, ...], PlainValidator(names)]
    attributes: dict[
        Annotated[str, PlainValidator(attribute_name)],
        Annotated[Any, PlainValidator(attribute)],
    ]
    price: Annotated[Decimal | None, PlainValidator(price)]
    currency: Annotated[str, PlainValidator(currency)]
    image: Annotated[str, PlainValidator(link)]
    url: Annotated[str, PlainValidator(link)]
    gtin: Annotated[str, PlainValidator(name)]
    availability: Annotated[str, PlainValidator(name)]
    language: Annotated[str, PlainValidator(name)]
    collections: Annotated[tuple[str, ...], PlainValidator(identifiers)]


class InteractionRow(TypedDict, total=False):
    user: Required[Annotated[str, PlainValidator(identifier)]]
    product: Required[Annotated[str, PlainValidator(identifier)]]
    kind: Annotated[InteractionKind, PlainValidator(interaction_kind)]
    time: Annotated[float | None, PlainValidator(time)]
    position: Annotated[int | None, PlainValidator(position)]
    value: Annotated[float, PlainValidator(finite)]
    query: Annotated[str, PlainValidator(title)]
    rank: Annotated[int | None, PlainValidator(rank)]
    order: Annotated[str, PlainValidator(optional_identifier)]


class FactRow(TypedDict, total=False):
    head: Required[Annotated[str, PlainValidator(identifier)]]
    relation: Required[Annotated[str, PlainValidator(relation)]]
    tail: Required[Annotated[str, PlainValidator(identifier)]]
    weight: Annotated[float, PlainValidator(weight)]
    source: Annotated[str, PlainValidator(name)]
    head_kind: Annotated[NodeKind, PlainValidator(node_kind)]
    tail_kind: Annotated[NodeKind, PlainValidator(node_kind)]


_CHECKS: dict[RecordKind, TypeAdapter[Any]] = {
    "products": TypeAdapter(ProductRow),
    "interactions": TypeAdapter(InteractionRow),
    "facts": TypeAdapter(Annotated[FactRow, AfterValidator(whole_fact)]),
}


def checker(kind: RecordKind) -> Callable[[dict[str, object]], dict[str, Any]]:
    """What checks the fields of one kind of records: it returns them as they are kept, or raises
    pydantic's ValidationError, which `broken` explains."""
    return _CHECKS[kind].validator.validate_python


def broken(error: ValidationError) -> list[tuple[str, object, str]]:
    """(field, value, rule) for everything that is wrong with a row."""
    faults: list[tuple[str, object, str]] = []
    for fault in error.errors(include_url=False):
        where = [str(part) for part in fault["loc"] if part != "[key]"]
        field = "attr." + where[1] if len(where) > 1 and where[0] == "attributes" else (where or [""])[0]
        if fault["type"] == "missing":
            faults.append((field, "", "is required"))
        else:
            cause = fault.get("ctx", {}).get("error")
            faults.append((field, fault["input"], str(cause) if cause is not None else fault["msg"]))
    return faults
