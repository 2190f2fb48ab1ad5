"""JSON-LD as a graph: which nodes a document has, what their properties say, and which of them are products.

Only what the documents of shops need: no contexts are fetched, prefixes other than schema.org's are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]

PRODUCTS = frozenset({
    "Product", "IndividualProduct", "ProductModel", "SomeProducts", "DietarySupplement", "Drug", "Vehicle",
    "Car", "Motorcycle", "MotorizedBicycle", "BusOrCoach",
})  # fmt: skip
GROUP = "ProductGroup"
RELATIONS = ("isRelatedTo", "isSimilarTo", "isAccessoryOrSparePartFor", "isConsumableFor")
"""Properties that lead from a product to another one, which is only mentioned there."""

_SCHEMA = re.compile(r"(?:https?://(?:www\.)?schema\.org/|schema:)")
_ADDRESS = re.compile(r"(?:https?|urn):\S+", re.IGNORECASE)


def local(name: object) -> str:
    """'https://schema.org/Product' and 'schema:Product' are 'Product'."""
    text = str(name)
    match = _SCHEMA.match(text)
    return text[match.end() :] if match else text


def types(node: Node) -> set[str]:
    """The types of a node, without schema.org's address."""
    return {local(name) for name in listed(node.get("@type", node.get("type")))}


def is_product(node: Node) -> bool:
    return not PRODUCTS.isdisjoint(types(node))


def is_group(node: Node) -> bool:
    return GROUP in types(node)


def listed(value: object) -> list[Any]:
    """The values of a property: none, one or several."""
    if isinstance(value, list):
        return [one for part in value for one in listed(part)]
    if isinstance(value, dict) and (inner := value.get("@list", value.get("@set"))) is not None:
        return listed(inner)
    return [] if value is None else [value]


def is_address(text: object) -> bool:
    return isinstance(text, str) and _ADDRESS.match(text) is not None


@dataclass(kw_only=True)
class Document:
    """The nodes of one document, in their order; those of one @id are one node."""

    language: str = ""
    products: list[Node] = field(default_factory=list)
    groups: list[Node] = field(default_factory=list)
    breadcrumbs: list[Node] = field(default_factory=list)
    group_of: dict[int, Node] = field(default_factory=dict)
    """id() of a variant's node → the group that lists it."""
    _nodes: dict[str, Node] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Node) -> Document:
        document = cls(language=_language(value.get("@context")))
        named: dict[int, Node] = {}
        for node in _every_node(value):
            node_id = node.get("@id")
            if isinstance(node_id, str) and len(node) > 1:
                known = document._nodes.setdefault(node_id, node)
                if known is not node:
                    for key, part in node.items():
                        known.setdefault(key, part)
                    continue
            named.setdefault(id(node), node)
        for node in named.values():
            document._sort_in(node)
        return document

    def node(self, value: object) -> Node:
        """What a value stands for: the node itself, or the one that its @id refers to."""
        if not isinstance(value, dict):
            return {}
        shorten(value)
        known = self._nodes.get(str(value.get("@id", "")))
        return value if known is None else known

    def nodes(self, value: object) -> list[Node]:
        return [node for one in listed(value) if (node := self.node(one))]

    def text(self, value: object, language: str = "") -> str:
        """One text out of what a property holds: in the language if there is one in it, else the first.

        A node is called by its name.
        """
        first = ""
        for one in listed(value):
            node = self.node(one)
            if not node or "@value" in node:
                text, spoken = _literal(one)
            else:
                names = [_literal(name) for name in listed(node.get("name"))]
                text, spoken = next((name for name in names if name[1] == language), (names or [("", "")])[0])
            if text and language and spoken == language:
                return text
            first = first or text
        return first

    def _sort_in(self, node: Node) -> None:
        kinds = types(node)
        if GROUP in kinds:
            self.groups.append(node)
        elif not PRODUCTS.isdisjoint(kinds):
            self.products.append(node)
        elif "BreadcrumbList" in kinds:
            self.breadcrumbs.append(node)
        for product in self.nodes(node.get("itemOffered")):
            product.setdefault("offers", node)
        if GROUP in kinds or "hasVariant" in node:
            for variant in self.nodes(node.get("hasVariant")):
                self.group_of.setdefault(id(variant), node)


def _language(context: object) -> str:
    for part in listed(context):
        if isinstance(part, dict) and isinstance(part.get("@language"), str):
            return str(part["@language"])
    return ""


def _literal(value: object) -> tuple[str, str]:
    """The text of a literal and its language, '' for none."""
    language = ""
    if isinstance(value, dict):
        language = str(value.get("@language") or "").partition("-")[0].lower()
        value = value.get("@value")
    if isinstance(value, bool):
        return ("yes" if value else "no"), language
    if isinstance(value, float):
        return f"{value:.15g}", language
    return (str(value).strip() if isinstance(value, (str, int)) else ""), language


def _every_node(value: object) -> Iterator[Node]:
    """Every object of a document, outer ones first. Those that are only mentioned as related are left out."""
    ahead: list[object] = [value]
    while ahead:
        one = ahead.pop()
        if isinstance(one, list):
            ahead.extend(reversed(one))
        elif isinstance(one, dict):
            shorten(one)
            yield one
            ahead.extend(
                part
                for key, part in reversed(one.items())
                if isinstance(part, (dict, list)) and key != "@context" and key not in RELATIONS
            )


def shorten(node: Node) -> None:
    """Give the properties of schema.org their short names."""
    for key in [key for key in node if local(key) != key]:
        node.setdefault(local(key), node.pop(key))
