"""The short text that stands for a product in front of a text model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kg.records import Product

_SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[。！？])|\n")
_WORD = re.compile(r"\w+")
_DEFINING = re.compile(
    r"type|colou?r|material|style|finish|pattern|fabric|shape|form|flavou?r|scent|gender|genre|occasion|"
    r"类型|种类|颜色|材质|材料|款式|风格|形状|口味|香味",
    re.IGNORECASE,
)


def product_card(
    product: Product, *, title: int = 300, description: int = 200, attributes: int = 4, enough: int = 8
) -> str:
    """What a shopper would say the product is: name, brand, kind, a sentence, a few traits.

    Short on purpose: a text model blurs what is buried under specifications. At most so many
    characters of title and description; attributes, at most so many, only join while the card has
    fewer than `enough` different words. What repeats earlier words is left out.
    """
    parts: list[str] = []
    said: set[str] = set()

    def add(text: str) -> bool:
        words = {w.casefold() for w in _WORD.findall(text)}
        if not words or words <= said:
            return False
        said.update(words)
        parts.append(text.strip())
        return True

    name = _squeeze(product.title[: 4 * title])[:title]
    brand = _squeeze(product.brand[:100])
    add(f"{brand} {name}" if brand and brand.casefold() not in name.casefold() else name)
    for kind in product.category[-1:] or product.labels[-3:]:
        add(_squeeze(kind[:100]))
    add(_first_sentence(product.description, description))
    kept = 0
    for value in _traits(product):
        if kept == attributes or len(said) >= enough:
            break
        kept += add(value)
    return ". ".join(part.rstrip(" .") for part in parts)


def _first_sentence(text: str, limit: int) -> str:
    """The first sentence that says something, cut at a word."""
    for sentence in _SENTENCE_END.split(text[: 4 * limit].strip()):
        squeezed = _squeeze(sentence)
        if len(_WORD.findall(squeezed)) > 1 or len(squeezed) > 12:
            return squeezed if len(squeezed) <= limit else squeezed[:limit].rsplit(" ", 1)[0]
    return _squeeze(text)[:limit]


def _traits(product: Product) -> Iterator[str]:
    """Short text values, those of type-, colour- or material-like attributes only."""
    for name in product.attributes:
        if _DEFINING.search(name):
            for value in product.values(name):
                if isinstance(value, str) and 1 < len(value) <= 40:
                    yield _squeeze(value)


def _squeeze(text: str) -> str:
    return " ".join(text.split())
