"""Which words of RDF's common vocabularies mean what here: classes, properties, relations."""

from __future__ import annotations

import re

from kg.reading.feeds.linked_data import GROUP, PRODUCTS, local
from kg.records import NodeKind

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"
SKOS = "http://www.w3.org/2004/02/skos/core#"
_GR = "http://purl.org/goodrelations/v1#"
_DC, _DCTERMS = "http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/"
_FOAF = "http://xmlns.com/foaf/0.1/"
_SCHEMA = ("https://schema.org/", "http://schema.org/")

TYPE = RDF + "type"
SUBCLASS = RDFS + "subClassOf"
BROADER = (SKOS + "broader", SUBCLASS)
NAMES = (
    *(schema + "name" for schema in _SCHEMA),
    _GR + "name",
    RDFS + "label",
    SKOS + "prefLabel",
    _DCTERMS + "title",
    _DC + "title",
    _FOAF + "name",
)
"""What gives a node its name, the best first."""

_LEFT_OUT = (
    RDF,
    RDFS,
    SKOS,
    "http://www.w3.org/2002/07/owl#",
    "http://www.w3.org/ns/",
    "http://rdfs.org/ns/",
)
"""Statements about the data, not about products."""

KINDS: dict[str, NodeKind] = {
    **{schema + name: "product" for schema in _SCHEMA for name in PRODUCTS},
    **{
        _GR + name: "product"
        for name in [
            "ProductOrService",
            "Individual",
            "SomeItems",
            "ProductOrServiceModel",
            "ActualProductOrServiceInstance",
            "ProductOrServicesSomeInstancesPlaceholder",
        ]
    },
    **{schema + name: "brand" for schema in _SCHEMA for name in ("Brand", "Organization", "Corporation")},
    _GR + "Brand": "brand",
    _GR + "BusinessEntity": "brand",
    **{schema + "CategoryCode": "category" for schema in _SCHEMA},
    SKOS + "Concept": "category",
    **{schema + name: "collection" for schema in _SCHEMA for name in (GROUP, "Collection")},
}
"""Class → the kind of its nodes. Classes below these (rdfs:subClassOf) are of the same kind."""

_PROPERTIES = {
    RDFS + "comment": "description",
    _DCTERMS + "description": "description",
    _DC + "description": "description",
    _GR + "description": "description",
    _GR + "hasBrand": "brand",
    _GR + "hasManufacturer": "manufacturer",
    _GR + "category": "category",
    _GR + "hasEAN_UCC-13": "gtin13",
    _GR + "hasGTIN-14": "gtin14",
    _GR + "hasMPN": "mpn",
    _GR + "hasStockKeepingUnit": "sku",
    _GR + "hasPriceSpecification": "priceSpecification",
    _GR + "hasCurrencyValue": "price",
    _GR + "hasCurrency": "priceCurrency",
    _GR + "hasValue": "value",
    _GR + "hasUnitOfMeasurement": "unitCode",
    _GR + "color": "color",
    _GR + "weight": "weight",
    _GR + "width": "width",
    _GR + "height": "height",
    _GR + "depth": "depth",
    _GR + "condition": "itemCondition",
    _GR + "isSimilarTo": "isSimilarTo",
    _GR + "isAccessoryOrSparePartFor": "isAccessoryOrSparePartFor",
    _GR + "isConsumableFor": "isConsumableFor",
    _GR + "isVariantOf": "isVariantOf",
    _FOAF + "depiction": "image",
    _FOAF + "page": "url",
    _FOAF + "homepage": "url",
} | dict.fromkeys(NAMES, "name")


def property_of(predicate: str) -> str:
    """The property of schema.org that a predicate is, or ''."""
    name = local(predicate)
    return _PROPERTIES.get(predicate, "" if name == predicate else name)


def is_about_data(predicate: str) -> bool:
    """True for types, classes and the like, which say nothing of a product itself."""
    return predicate.startswith(_LEFT_OUT)


def short(address: str) -> str:
    """The last part of an address: 'http://shop.example/ns#screenSize' → 'screenSize'."""
    return re.split(r"[/#:]", address.rstrip("/#"))[-1] or address


def as_words(address: str) -> str:
    """The last part of an address as words: 'screenSize' → 'screen size'."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", short(address)).replace("_", " ").lower()
