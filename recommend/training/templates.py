"""The forms of queries: each template draws what is wanted from the graph and says it in words.

To add one, write a function from a Draw to a Draft (or None, if nothing fits) and put it into `TEMPLATES`
with its share. The shares follow what shop logs look like: short queries, most of them for a kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from kg.graph import HAS_ATTRIBUTE, IN_SERIES, MADE_BY, Node
from recommend.training.draw import Draft, Draw
from recommend.training.kinds import for_kinds
from recommend.training.wanted import GOES_WITH, Wanted
from recommend.understand.tokens import tokens

_TRIES = 8
_MODEL = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])[\w./-]{4,}")
_CHINESE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
_ONE_MODEL = 12
"""A model number stands in no more titles than these: a device in its colours, and what fits it."""
_IN_TITLES = 0.05
"""How likely an attribute value is asked for that no title says: titles say what is asked for."""

Template: TypeAlias = Callable[[Draw], Draft | None]


def of_type(draw: Draw) -> Draft | None:
    kind = draw.kind()
    return None if kind is None else Draft(text=draw.name(kind), wanted=Wanted(kind=kind))


def brand_type(draw: Draw) -> Draft | None:
    kind = draw.kind()
    brand = None if kind is None else draw.edge(MADE_BY, draw.product_of(kind), "brand")
    if kind is None or brand is None:
        return None
    words = [draw.names.of_brand(brand), draw.name(kind)]
    if draw.rng.random() < 0.15:
        words.reverse()
    return Draft(text=_together(words), wanted=Wanted(kind=kind, brand=brand))


def attribute_type(draw: Draw) -> Draft | None:
    return _with_attribute(draw, draw.kind())


def category_attribute(draw: Draw) -> Draft | None:
    """An attribute with a wider kind: 'black cables'."""
    kind = draw.kind()
    parents = [] if kind is None else [p for p in draw.kinds.parents(kind) if draw.kinds.narrow(p)]
    return _with_attribute(draw, parents[0]) if parents else None


def _with_attribute(draw: Draw, kind: int | None) -> Draft | None:
    if kind is None:
        return None
    for _ in range(_TRIES):
        attribute = draw.edge(HAS_ATTRIBUTE, draw.product_of(kind), "attribute")
        said = "" if attribute is None else draw.names.of_attribute(attribute)
        words = tuple(tokens(said))
        name = draw.name(kind)
        odd = not said or set(words) <= set(tokens(name)) or not _one_script(said, name)
        if attribute is None or odd or said.casefold() in draw.brands:
            continue
        edges = draw.graph.relation(HAS_ATTRIBUTE, "product", "attribute")
        if edges is None:
            return None
        back = edges.backward
        holders = back.indices[back.indptr[attribute] : back.indptr[attribute + 1]]
        said_by = np.zeros(draw.graph.product_count, dtype=np.bool_)
        said_by[draw.titles.with_phrase(words)] = True
        in_titles = float(said_by[holders].mean())
        if draw.rng.random() < _IN_TITLES + (1 - _IN_TITLES) * in_titles:
            wanted = Wanted(kind=kind, attribute=attribute, attribute_words=words)
            return Draft(text=_together([said, name]), wanted=wanted)
    return None


def measure_type(draw: Draw) -> Draft | None:
    """A number with its unit: '15 inch monitor', 'monitor 15"'."""
    kind = draw.kind()
    if kind is None:
        return None
    for _ in range(_TRIES):
        found = draw.measures(draw.product_of(kind))
        if found:
            measure = found[int(draw.rng.integers(len(found)))]
            gap = "" if draw.rng.random() < 0.5 and len(measure.unit) <= 2 else " "
            words = [f"{measure.number:g}{gap}{measure.unit}", draw.name(kind)]
            if draw.rng.random() < 0.25:
                words.reverse()
            return Draft(text=_together(words), wanted=Wanted(kind=kind, measure=measure), exact=True)
    return None


def series(draw: Draw) -> Draft | None:
    return _of_series(draw, with_brand=False)


def brand_series(draw: Draw) -> Draft | None:
    return _of_series(draw, with_brand=True)


def _of_series(draw: Draw, *, with_brand: bool) -> Draft | None:
    edges = draw.graph.relation(IN_SERIES, "product", "series")
    place = None if edges is None else draw.of_relation(edges)
    if edges is None or place is None:
        return None
    source, number = int(edges.heads[place]), int(edges.tails[place])
    brand = draw.edge(MADE_BY, source, "brand")
    name = draw.names.of_series(number, brand)
    if with_brand:
        if brand is None:
            return None
        name = _together([draw.names.of_brand(brand), name])
    wanted = Wanted(series=number, source=source, brand=brand if with_brand else None)
    return Draft(text=name, wanted=wanted, exact=True)


def x_for_y(draw: Draw) -> Draft | None:
    """What goes with something: 'case for phone', 'laptop battery', 'toner hp laserjet'."""
    found = [
        relation
        for edge_type, relation in sorted(draw.graph.relations.items())
        if edge_type.head == "product" and edge_type.name in GOES_WITH
    ]
    whole = [relation for relation in for_kinds(draw.graph) if relation.type.head != "product"]
    found += whole
    if not found:
        return None
    relation = found[int(draw.rng.integers(len(found)))]
    place = draw.of_relation(relation)
    if place is None:
        return None
    head, target = int(relation.heads[place]), Node(relation.type.tail, int(relation.tails[place]))
    if relation.type.head == "product":
        kind = draw.kind_of(head)
    else:
        kind = draw.kinds.number(Node(relation.type.head, head))
    if target.kind == "product":  # nobody types a whole title after 'for'
        number = draw.kind_of(target.number)
        if number is None or number == kind:
            return None
        target = draw.kinds.node(number)
    said = _called(draw, target)
    if kind is None or not said or draw.kinds.sizes[kind] == 0:
        return None
    name = draw.name(kind)
    if set(tokens(name)) <= set(tokens(said)) or not _one_script(said, name):
        return None
    form = draw.rng.random()
    words = f"{name} for {said}" if form < 0.55 else f"{said} {name}" if form < 0.85 else f"{name} {said}"
    if _CHINESE.search(name):
        words = _together([said, name])
    return Draft(text=words, wanted=Wanted(kind=kind, target=target))


def _called(draw: Draw, target: Node) -> str:
    """How a shopper names what they have."""
    number = draw.kinds.number(target)
    if number is not None:
        return draw.name(number)
    if target.kind == "brand":
        return draw.names.of_brand(target.number)
    if target.kind == "series":
        brand = None if draw.rng.random() < 0.5 else _brand_of_series(draw, target.number)
        return draw.names.of_series(target.number, brand)
    return ""


def _brand_of_series(draw: Draw, number: int) -> int | None:
    edges = draw.graph.relation(IN_SERIES, "product", "series")
    if edges is None:
        return None
    back = edges.backward
    rows = back.indices[back.indptr[number] : back.indptr[number + 1]]
    return draw.edge(MADE_BY, int(rows[0]), "brand") if len(rows) else None


def model_number(draw: Draw) -> Draft | None:
    for _ in range(_TRIES):
        source = int(draw.rng.choice(draw.listed))
        found = _MODEL.findall(draw.graph.products.title[source])
        if found:
            text = found[int(draw.rng.integers(len(found)))]
            if len(draw.titles.with_words(tokens(text))) <= _ONE_MODEL:
                return _fragment(text, source)
    return None


def first_words(draw: Draw) -> Draft | None:
    source = int(draw.rng.choice(draw.listed))
    words = draw.graph.products.title[source].split()
    if len(words) < 3:
        return None
    return _fragment(" ".join(words[: int(draw.rng.integers(2, min(len(words), 6)))]), source)


def some_words(draw: Draw) -> Draft | None:
    """Words of a title, some dropped, sometimes in another order."""
    source = int(draw.rng.choice(draw.listed))
    title = draw.graph.products.title[source]
    runs = _CHINESE.search(title)
    words = title.split()
    if runs and len(words) < 3:
        start = int(draw.rng.integers(max(len(title) - 3, 1)))
        return _fragment(title[start : start + int(draw.rng.integers(3, 7))].strip(), source)
    if len(words) < 3:
        return None
    kept = np.sort(
        draw.rng.choice(len(words), int(draw.rng.integers(2, min(len(words), 5) + 1)), replace=False)
    )
    if draw.rng.random() < 0.4:
        draw.rng.shuffle(kept)
    said = [words[i].strip(",;:()[]\"'") for i in kept.tolist()]
    return _fragment(" ".join(word for word in said if tokens(word)), source)


def _fragment(text: str, source: int) -> Draft | None:
    words = tuple(tokens(text))
    if not words or sum(map(len, words)) < 3:
        return None
    return Draft(text=text, wanted=Wanted(words=words, source=source), exact=True)


def _one_script(one: str, other: str) -> bool:
    return bool(_CHINESE.search(one)) == bool(_CHINESE.search(other))


def _together(words: list[str]) -> str:
    """Words with spaces between them; Chinese has none."""
    said = [word for word in words if word]
    if all(_CHINESE.search(word) for word in said):
        return "".join(said)
    return " ".join(said)


TEMPLATES: Mapping[str, tuple[Template, float]] = {
    "type": (of_type, 0.26),
    "brand_type": (brand_type, 0.16),
    "attribute_type": (attribute_type, 0.16),
    "category_attribute": (category_attribute, 0.04),
    "measure_type": (measure_type, 0.07),
    "series": (series, 0.04),
    "brand_series": (brand_series, 0.04),
    "x_for_y": (x_for_y, 0.08),
    "model_number": (model_number, 0.04),
    "first_words": (first_words, 0.05),
    "some_words": (some_words, 0.06),
}
