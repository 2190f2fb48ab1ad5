"""Nodes of RDF, put together from their triples: as JSON-LD has them, and as a catalog calls them."""

from __future__ import annotations

from functools import lru_cache

from kg.reading.feeds import vocabularies as words
from kg.reading.feeds.linked_data import RELATIONS, Node
from kg.reading.feeds.schema_product import PROPERTIES
from kg.reading.feeds.statements import Statement, Statements
from kg.reading.values import number
from kg.records import CATEGORY_SEPARATOR, NodeKind

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = frozenset(_XSD + name for name in (
    "integer", "decimal", "double", "float", "int", "long", "short", "byte", "nonNegativeInteger",
    "positiveInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte", "negativeInteger",
    "nonPositiveInteger",
))  # fmt: skip
_AS_TEXT = frozenset(
    ["url", "itemCondition", "contentUrl", "unitCode", "availability", "image", "mainEntityOfPage"]
)
_INNER = frozenset({
    "name", "description", "brand", "manufacturer", "category", "material", "pattern", "sku", "url",
    "contentUrl", "productGroupID", "codeValue", "offers", "price", "priceCurrency", "priceSpecification",
    "priceType", "minPrice", "lowPrice", "availability", "value", "unitCode", "unitText", "minValue",
    "maxValue", "ratingValue", "ratingCount", "reviewCount",
})  # fmt: skip
"""What counts of a node that belongs to a product: offers, measures, brands, groups."""

_DEPTH = 4
_HIGHEST = 20
_MOST_INNER = 500
"""So many nodes may belong to one product; offers that lead to offers would never end."""


class Nodes:
    """What the triples of one file say of each node."""

    def __init__(self, said: Statements) -> None:
        self._said = said
        self._kinds = _kinds(said)
        self.language = said.language(words.NAMES)
        self._inner = 0
        self.kind_of = lru_cache(maxsize=1 << 16)(self._kind_of)
        self.name_of = lru_cache(maxsize=1 << 16)(self._name_of)

    def classes(self, kind: NodeKind) -> list[str]:
        """The classes whose nodes are of a kind."""
        return [address for address, its in self._kinds.items() if its == kind]

    def product(self, subject: str) -> Node:
        """A product as JSON-LD would have it, without its @id; its names in the order of their worth."""
        self._inner = 0
        node = self._node(subject, 0)
        titles = [one.get("@language", "") for one in node.get("name", ()) if isinstance(one, dict)]
        if titles and self.language not in titles:
            node.setdefault("inLanguage", [titles[0]])
        return node

    def _node(self, subject: str, depth: int) -> Node:
        node: Node = {}
        every = self._said.about(subject)
        names = [one for name in words.NAMES for one in every if one.predicate == name]
        others = [one for one in every if one.predicate not in words.NAMES]
        seen: set[tuple[str, str, str]] = set()
        for one in (*names, *others):
            if (one.predicate, one.value, one.form) in seen:
                continue
            seen.add((one.predicate, one.value, one.form))
            name = words.property_of(one.predicate)
            if one.predicate == words.TYPE:
                node.setdefault("@type", []).append(one.value)
            elif name in (_INNER if depth else PROPERTIES):
                node.setdefault(name, []).append(self._value(one, name, depth))
            elif not depth and name not in RELATIONS and not words.is_about_data(one.predicate):
                node.setdefault("additionalProperty", []).append(self._property(one))
            if not depth and name in ("sku", "productID"):
                node.setdefault("additionalProperty", []).append({"name": name, "value": one.value})
        return node

    def _value(self, one: Statement, name: str, depth: int) -> object:
        if one.form != "node":
            return _literal(one)
        if name in _AS_TEXT and not self._said.values(one.value, words.NAMES):
            inner = self._belonging(one.value, depth + 1) if name == "image" else {}
            return inner or one.value
        if name == "category":
            return CATEGORY_SEPARATOR.join(self.path_of(one.value))
        inner = self._belonging(one.value, depth + 1)
        if not one.value.startswith("_:"):
            inner["@id"] = one.value
            inner.setdefault("name", [words.short(one.value)])
        return inner

    def _belonging(self, subject: str, depth: int) -> Node:
        self._inner += 1
        return self._node(subject, depth) if depth <= _DEPTH and self._inner <= _MOST_INNER else {}

    def _property(self, one: Statement) -> Node:
        """A predicate we know nothing of is an attribute under its own name."""
        name = words.as_words(one.predicate)
        if one.form != "node":
            return {"name": name, "value": [_literal(one)]}
        inner = self._belonging(one.value, 1)
        if "value" in inner or "minValue" in inner or "maxValue" in inner:
            return inner | {"name": name}
        return {"name": name, "value": self.name_of(one.value)}

    def path_of(self, category: str) -> list[str]:
        """The names of a category and of those above it, from the top."""
        path: dict[str, str] = {}
        while category and category not in path and len(path) < _HIGHEST:
            path[category] = self.name_of(category)
            above = self._said.values(category, words.BROADER)
            category = next(
                (one.value for one in above if one.form == "node" and one.value not in self._kinds), ""
            )
        return list(reversed(path.values()))

    def _name_of(self, node: str) -> str:
        names = self._said.values(node, words.NAMES)
        ours = [one.value for one in names if one.form.removeprefix("@") == self.language]
        return next(
            iter([*ours, *(one.value for one in names)]), "" if node.startswith("_:") else words.short(node)
        )

    def _kind_of(self, node: str) -> NodeKind | None:
        types = (one.value for one in self._said.values(node, (words.TYPE,)))
        return next((self._kinds[name] for name in types if name in self._kinds), None)

    def id_of(self, node: str, kind: NodeKind) -> str:
        """What the catalog calls a node of a kind."""
        if kind == "category":
            return CATEGORY_SEPARATOR.join(self.path_of(node))
        if kind == "brand":
            return self.name_of(node)
        if kind == "collection":
            ids = (f"{schema}productGroupID" for schema in ("https://schema.org/", "http://schema.org/"))
            return next((one.value for one in self._said.values(node, ids)), node)
        return f"entity={node}" if kind == "attribute" else node


def _kinds(said: Statements) -> dict[str, NodeKind]:
    """What the nodes of each class are; a class is what the class above it is."""
    kinds = dict(words.KINDS)
    below: dict[str, list[str]] = {}
    for subject, value in said.pairs(words.SUBCLASS):
        below.setdefault(value, []).append(subject)
    ahead = list(kinds)
    while ahead:
        above = ahead.pop()
        for name in below.get(above, ()):
            if name not in kinds:
                kinds[name] = kinds[above]
                ahead.append(name)
    return kinds


def _literal(one: Statement) -> object:
    if one.form.startswith("@"):
        return {"@value": one.value, "@language": one.form[1:]}
    if one.form == _XSD + "boolean":
        return one.value.strip() in ("true", "1")
    if one.form in _NUMBERS:
        try:
            return number(one.value)
        except ValueError:
            return one.value
    return one.value
