"""A product of schema.org as a row. What is a property there is a column here, under the same name."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from kg.reading.feeds.linked_data import Document, Node, is_address, listed, local
from kg.reading.feeds.offers import best_offer
from kg.reading.feeds.unit_codes import measured, quantity
from kg.reading.formats.base import Cells
from kg.reading.wording import one_line, paragraphs

_GTINS = ("gtin", "gtin14", "gtin13", "gtin12", "gtin8", "isbn")
_FROM_GROUP = (
    "name", "description", "brand", "manufacturer", "category", "image", "material", "pattern",
    "additionalProperty", "url", "inLanguage",
)  # fmt: skip
_TEXTS = ("color", "material", "pattern", "model", "countryOfOrigin")
_MEASURES = ("size", "weight", "height", "width", "depth")
PROPERTIES = frozenset({
    "name", "description", "brand", "manufacturer", "category", "image", "url", "mainEntityOfPage", "mpn",
    "sku", "productID", "itemCondition", "inLanguage", "offers", "isVariantOf", "inProductGroupWithID",
    "additionalProperty", "hasMeasurement", "aggregateRating",
    *_GTINS, *_TEXTS, *_MEASURES,
})  # fmt: skip
"""The properties of a product that rows are made of."""

_STEPS = re.compile(r"\s*[>›»→]\s*|\s+/\s+")
_HOME = frozenset(
    {"home", "homepage", "start", "startseite", "accueil", "inicio", "início", "首页", "ホーム"}
)
_ROOT = re.compile(r"(?:https?://[^/]+)?/?(?:[?#].*)?")


def product_id(node: Node, document: Document) -> str:
    """sku, productID, an absolute @id, the sku of its only offer, a GTIN or the url; the first there is.

    An @id like '#product' is the same on every page, so it is none.
    """
    for name in ("sku", "productID"):
        if text := document.text(node.get(name)):
            return text
    if is_address(node.get("@id")):
        return str(node["@id"])
    offer = best_offer(node, document)
    if offer is not None and offer.sku:
        return offer.sku
    return _gtin(node, document) or document.text(node.get("url"))


def group_id(node: Node, document: Document) -> str:
    """productGroupID, an absolute @id, sku, url or name."""
    named = document.text(node.get("productGroupID"))
    if not named and is_address(node.get("@id")):
        named = str(node["@id"])
    texts = (document.text(node.get(name)) for name in ("sku", "url"))
    return named or next(filter(None, texts), "") or one_line(document.text(node.get("name")))


def groups_of(node: Node, document: Document) -> list[Node]:
    """The product groups that a product is a variant of."""
    groups = [group for group in document.nodes(node.get("isVariantOf")) if group is not node]
    listing = document.group_of.get(id(node))
    if listing is not None and not any(group is listing for group in groups):
        groups.append(listing)
    return groups


def cells_of(node: Node, document: Document) -> Cells:
    """The row of one product. A variant has from its group what it does not say itself."""
    groups = groups_of(node, document)
    for group in groups[:1]:
        node = {name: group[name] for name in _FROM_GROUP if name in group} | node
    language = _primary(document.text(node.get("inLanguage")) or document.language)
    cells: Cells = {
        "id": product_id(node, document),
        "name": one_line(document.text(node.get("name"), language)),
        "description": paragraphs(document.text(node.get("description"), language)),
        "brand": one_line(document.text(node.get("brand"), language))
        or document.text(node.get("manufacturer")),
        "url": document.text(node.get("url")) or _page(node),
        "gtin": _gtin(node, document),
        "mpn": document.text(node.get("mpn")),
        "inLanguage": language,
        "itemCondition": _condition(document.text(node.get("itemCondition"))),
        "collections": _collections(node, groups, document),
        "attributes": _properties(node, document, language),
    }
    url, node_id = str(cells["url"]), str(node.get("@id", ""))
    base = next(filter(is_address, (url, node_id)), "")
    cells["url"] = _absolute(url, base)
    cells["image"] = _pictures(node.get("image"), document, base)
    cells |= _categories(node, document, language)
    offer = best_offer(node, document)
    if offer is not None:
        cells |= {"price": offer.price, "priceCurrency": offer.currency, "availability": offer.availability}
        cells["url"] = cells["url"] or offer.url
    for name in _TEXTS:
        if name in node:
            texts = (one_line(document.text(one, language)) for one in _in_language(node[name], language))
            cells[name] = [text for text in texts if text]
    for name in _MEASURES:
        cells[name] = [_measure(one, document) for one in listed(node.get(name))]
    return {name: value for name, value in cells.items() if value not in (None, "", [], {})}


def _primary(language: str) -> str:
    return language.replace("_", "-").partition("-")[0].strip().lower()


def _in_language(value: object, language: str) -> list[object]:
    """The values without those in other languages, if any are in this one."""
    every = listed(value)
    ours = [
        one
        for one in every
        if not isinstance(one, dict) or _primary(str(one.get("@language") or language)) == language
    ]
    return ours or every


def _gtin(node: Node, document: Document) -> str:
    return next(filter(None, (document.text(node.get(name)) for name in _GTINS)), "")


def _page(node: Node) -> str:
    """The page that is about the product, if its own address is not told."""
    for one in listed(node.get("mainEntityOfPage")):
        address = one.get("@id") or one.get("url") if isinstance(one, dict) else one
        if is_address(address):
            return str(address)
    return str(node["@id"]) if str(node.get("@id", "")).startswith("http") else ""


def _pictures(value: object, document: Document, base: str) -> list[str]:
    """The addresses of the pictures: '/lamp.jpg' lies on the product's site, never on this machine."""
    found: list[str] = []
    for one in listed(value):
        node = document.node(one)
        named = (document.text(node.get(name)) for name in ("contentUrl", "url"))
        picture = next(filter(None, named), str(node.get("@id", ""))) if node else str(one)
        picture = _absolute(picture, base)
        if picture and not picture.startswith("/") and picture not in found:
            found.append(picture)
    return found


def _absolute(address: str, base: str) -> str:
    try:
        return urljoin(base or "https:", address) if base or address.startswith("//") else address
    except ValueError:  # no address at all
        return address


def _condition(text: str) -> str:
    return local(text).removesuffix("Condition").lower() if text else ""


def _collections(node: Node, groups: list[Node], document: Document) -> list[str]:
    named = [group_id(group, document) for group in groups]
    named += [document.text(one) for one in listed(node.get("inProductGroupWithID"))]
    return [name for name in dict.fromkeys(named) if name]


def _categories(node: Node, document: Document, language: str) -> Cells:
    """The category as a list of paths; what is only a number or an address is an attribute."""
    paths: list[list[str]] = []
    codes: list[str] = []
    for one in _in_language(node.get("category"), language):
        text = document.text(one, language)
        code = document.text(document.node(one).get("codeValue"))
        if not text:
            codes += [code] if code else []
        elif text.isdigit() or is_address(text):
            codes.append(text)
        else:
            paths.append([name for part in _STEPS.split(one_line(text)) if (name := part.strip())])
    if not paths and (trail := _trail(node, document)):
        paths.append(trail)
    return {"category": paths, "categoryCode": codes}


def _trail(node: Node, document: Document) -> list[str]:
    """The longest breadcrumb trail of the page, without the shop's front page and the product itself."""
    title = one_line(document.text(node.get("name"))).casefold()
    longest: list[str] = []
    # more trails than that are those of several pages
    for trail in document.breadcrumbs if len(document.breadcrumbs) <= 3 else ():
        steps = document.nodes(trail.get("itemListElement"))
        names: list[str] = []
        for number, step in enumerate(sorted(steps, key=_position)):
            item = document.node(step.get("item"))
            name = one_line(document.text(step.get("name")) or document.text(item.get("name")))
            target = (
                step.get("item") if isinstance(step.get("item"), str) else item.get("@id", item.get("url"))
            )
            front = isinstance(target, str) and _ROOT.fullmatch(target) is not None
            if name and not (number == 0 and (front or name.casefold() in _HOME)):
                names.append(name)
        if names and names[-1].casefold() == title:
            names.pop()
        longest = max(longest, names, key=len)
    return longest


def _position(step: Node) -> float:
    try:
        return float(step.get("position", 0))
    except (TypeError, ValueError):
        return 0.0


def _measure(value: object, document: Document) -> object:
    """'1.5 kg', 1.5, or a QuantitativeValue; a range is text."""
    node = document.node(value)
    if not node or "@value" in node:
        text = document.text(value)
        return value if isinstance(value, (int, float)) else measured(text)
    unit, code = document.text(node.get("unitText")), document.text(node.get("unitCode"))
    amount = next(iter(listed(node.get("value"))), None)
    if isinstance(amount, dict):
        return _measure(amount, document)
    if amount is None and ("minValue" in node or "maxValue" in node):
        low, high = document.text(node.get("minValue")), document.text(node.get("maxValue"))
        return str(
            quantity(f"{low}–{high}" if low and high else f"≥ {low}" if low else f"≤ {high}", unit, code)
        )
    if amount is None:
        return one_line(document.text(node.get("name")))
    if isinstance(amount, str) and not unit and not code:
        return measured(one_line(amount))
    return quantity(amount, unit, code)


def _properties(node: Node, document: Document, language: str) -> Cells:
    """additionalProperty, hasMeasurement and the ratings, by their names."""
    found: dict[str, list[object]] = {}
    for one in document.nodes([node.get("additionalProperty"), node.get("hasMeasurement")]):
        name = one_line(document.text(one.get("name"), language)) or document.text(one.get("propertyID"))
        several = _in_language(one.get("value"), language)
        parts = (
            [one | {"value": part} for part in several]
            if len(several) > 1
            else [one | {"value": several or None}]
        )
        for part in parts:
            value = _measure({key: part[key] for key in part if key not in ("name", "@id")}, document)
            if name and value not in (None, ""):
                found.setdefault(name, []).append(value)
    for rating in document.nodes(node.get("aggregateRating"))[:1]:
        count = rating.get("ratingCount", rating.get("reviewCount"))
        for name, value in (("rating", rating.get("ratingValue")), ("rating count", count)):
            if text := document.text(value):
                found.setdefault(name, []).append(quantity(text))
    return dict(found)
