"""What a product costs and whether it can be had: from the offers of schema.org to one price."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from kg.reading import values
from kg.reading.decimals import shown_by
from kg.reading.feeds.linked_data import Document, Node, listed, local, types

_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_NO_REAL_PRICES = frozenset(
    {"ListPrice", "StrikethroughPrice", "SRP", "MSRP", "InvoicePrice", "MinimumAdvertisedPrice"}
)
_NOT_TO_BE_HAD = frozenset({"out_of_stock", "sold_out", "discontinued", "backorder", "reserved"})
_ONE_WORD = {"pre_order": "preorder", "back_order": "backorder"}


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The offer that counts: `price` is as it was written, None without one."""

    price: object = None
    currency: str = ""
    availability: str = ""
    url: str = ""
    sku: str = ""


def best_offer(product: Node, document: Document) -> Offer | None:
    """The cheapest offer of those that can be had, else of all, in the currency of the first."""
    offers = _offers(product.get("offers"), document, "", set())
    if not offers:
        return None
    offers = [offer for offer in offers if offer.currency == offers[0].currency]
    to_be_had = [offer for offer in offers if offer.availability not in _NOT_TO_BE_HAD]
    best = min(to_be_had or offers, key=_amount)
    skus = {offer.sku for offer in offers}
    # several offers with codes of their own are variants: none of the codes is the product's
    return (
        best
        if len(skus) == 1
        else Offer(price=best.price, currency=best.currency, availability=best.availability, url=best.url)
    )


def _offers(value: object, document: Document, currency: str, seen: set[int]) -> list[Offer]:
    found: list[Offer] = []
    for node in document.nodes(value):
        if id(node) in seen:
            continue
        seen.add(id(node))
        money = document.text(node.get("priceCurrency")) or currency
        found += _offers(node.get("offers"), document, money, seen) or [_offer(node, document, money)]
    return found


def _offer(node: Node, document: Document, currency: str) -> Offer:
    price = document.text(node.get("price"))
    if not price and "AggregateOffer" in types(node):
        price = document.text(node.get("lowPrice"))
    if not price:
        for part in document.nodes(node.get("priceSpecification")):
            kind = local(document.text(part.get("priceType")) or part.get("@id", ""))
            amount = document.text(part.get("price")) or document.text(part.get("minPrice"))
            if amount and kind not in _NO_REAL_PRICES:
                price, currency = amount, document.text(part.get("priceCurrency")) or currency
                break
    return Offer(
        price=price or None,
        currency=currency,
        availability=availability(node.get("availability"), document),
        url=document.text(node.get("url")),
        sku=document.text(node.get("sku")),
    )


def availability(value: object, document: Document) -> str:
    """'https://schema.org/InStock' and 'In Stock' are 'in_stock'."""
    for one in listed(value):
        text = str(one["@id"]) if isinstance(one, dict) and "@id" in one else document.text(one)
        words = _WORDS.sub("_", local(text.strip()))
        name = re.sub(r"[\s\-_]+", "_", words).strip("_").lower()
        if name:
            return _ONE_WORD.get(name, name)
    return ""


def _amount(offer: Offer) -> tuple[bool, Decimal]:
    try:
        written = str(offer.price)
        return False, values.price(written, shown_by(written) or ".")[0]
    except ValueError:
        return True, Decimal(0)
