"""The Amazon review data sets of 2014, 2018 and 2023: what was sold, what went with it, who rated what.

Metadata lines are products; loaded as facts they are the edges of also_bought, also_viewed, bought_together
and buy_after_viewing. The lines of 2014 are Python literals. What pages left behind in the data is taken out:
HTML, scripts as titles, style sheets as prices. Sales ranks and mean ratings change daily and are left out.

A review is one rating and nothing else, also of a verified purchase: as a purchase beside it, the same event
would stand twice in the history of its user, and could be hidden and known at once when a model is tested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from kg.reading.feeds.base import Feed, Sample
from kg.reading.feeds.tidying import described, listed, path_of, words
from kg.reading.formats.base import BadRow, Cells, Row, Table
from kg.reading.values import blank
from kg.reading.wording import one_line
from kg.records import RecordKind

RELATIONS: dict[str, str] = {
    "also_bought": "also_bought",
    "also_buy": "also_bought",
    "also_viewed": "also_viewed",
    "also_view": "also_viewed",
    "bought_together": "bought_together",
    "buy_after_viewing": "buy_after_viewing",
}
"""What the data sets call a relation → its name here."""

_2014 = ("imUrl", "salesRank", "related", "categories")
_2018 = ("also_buy", "also_view", "main_cat", "imageURLHighRes", "tech1", "similar_item")
_2023 = ("main_category", "rating_number", "average_rating", "details", "bought_together", "store")
_CODES = ("gtin", "ean", "upc", "isbn-13", "isbn 13")
_NO_ATTRIBUTE = re.compile(
    r"asin|isbn.*|gtin|ean|upc|brand|brand name|date first .*|.*best.?sellers rank|.*customer reviews|"
    r"(?:domestic |international )?shipping.*"
)
_WEIGHT = re.compile(r"\d[\d.,]* ?[A-Za-z]{1,12}")
_MONEY = re.compile(r"(?:from )?(?:US)?\$? ?(\d[\d,]*(?:\.\d+)?)(?: ?- ?\$? ?\d[\d,]*(?:\.\d+)?)?")
_ROLE = re.compile(r".*\((?:Author|Editor|Illustrator|Artist|Actor|Director|Format)\b.*", re.DOTALL)
_BY = re.compile(r"by\s*\n\s*")
_NOTHING = frozenset({"", "none", "unknown", "n/a"})


def _is_catalog(sample: Sample) -> bool:
    has, columns = sample.has, sample.columns
    if sample.format == "CSV" or not (has("asin") or has("parent_asin")):
        return False
    return (
        (has("asin") and len(columns.intersection(_2014)) >= 2)
        or (has("asin") and len(columns.intersection(_2018)) >= 2)
        or (has("parent_asin") and len(columns.intersection(_2023)) >= 3)
    )


def _is_reviews(sample: Sample) -> bool:
    return sample.has("user_id", "parent_asin", "rating", "timestamp") or sample.has(
        "reviewerID", "asin", "overall"
    )


def _convert(table: Table, kind: RecordKind) -> Table:
    if kind == "facts":
        columns = ("head", "relation", "tail", "source")
        return replace(table, columns=columns, rows=_each(table.rows, _edges), typed=False)
    return replace(table, columns=None, rows=_each(table.rows, _products), typed=False)


def _convert_reviews(table: Table, kind: RecordKind) -> Table:
    columns = ("user", "product", "kind", "value", "time")
    return replace(table, columns=columns, rows=_each(table.rows, _ratings))


FEED = Feed(
    name="amazon",
    title="Amazon product metadata",
    kinds=("products", "facts"),
    claims=_is_catalog,
    convert=_convert,
)
REVIEWS = Feed(
    name="amazon_reviews",
    title="Amazon reviews",
    kinds=("interactions",),
    claims=_is_reviews,
    convert=_convert_reviews,
)


def _each(rows: Iterator[Row], made: Callable[[Cells], Iterator[Cells]]) -> Iterator[Row]:
    for line, cells in rows:
        if isinstance(cells, BadRow):
            yield line, cells
        else:
            for record in made(cells):
                yield line, record


def _ratings(cells: Cells) -> Iterator[Cells]:
    yield {
        "user": _first(cells, "user_id", "reviewerID"),
        "product": _first(cells, "parent_asin", "asin"),
        "kind": "rating",
        "value": _first(cells, "rating", "overall"),
        "time": _first(cells, "timestamp", "unixReviewTime"),
    }


def _edges(cells: Cells) -> Iterator[Cells]:
    head = _first(cells, "parent_asin", "asin")
    related = cells.get("related")
    stated = {**cells, **related} if isinstance(related, dict) else cells
    for column, relation in RELATIONS.items():
        tails = stated.get(column)
        for tail in listed(tails) if isinstance(tails, (list, tuple)) else ():
            yield {"head": head, "relation": relation, "tail": tail, "source": "amazon"}


def _products(cells: Cells) -> Iterator[Cells]:
    details = _details(cells.get("details"))
    made: Cells = {"id": _first(cells, "parent_asin", "asin")}
    if "title" in cells:
        made["title"] = _title(words(cells["title"]))
    if cells.keys() & {"description", "feature", "features"}:
        features = (cells.get("feature"), cells.get("features"))
        made["description"] = described(cells.get("description"), *features)
    if cells.keys() & {"brand", "store", "details"}:
        made["brand"] = _brand(cells, details)
    if cells.keys() & {"categories", "category", "main_category", "main_cat"}:
        made["category"], made["labels"] = _categories(cells)
    if "price" in cells:
        made["price"] = _price(cells["price"])
        made["currency"] = "USD" if made["price"] else ""
    if cells.keys() & {"images", "imageURLHighRes", "imageURL", "image", "imUrl"}:
        made["image"] = _picture(cells)
    if "details" in cells:
        made["gtin"] = next((code for name in _CODES if (code := _code(details, name))), "")
    if cells.keys() & {"details", "author"}:
        made["attributes"] = _attributes(details, cells.get("author"))
    yield made


def _first(cells: Cells, *columns: str) -> object:
    return next((cells[column] for column in columns if not blank(cells.get(column))), "")


def _title(text: str) -> str:
    return "" if "getTime(" in text else one_line(text)  # a script of the page, not a title


def _brand(cells: Cells, details: Cells) -> str:
    stated = (cells.get("brand"), details.get("Brand"), details.get("Brand Name"), cells.get("store"))
    brands = (one_line(_BY.sub("", words(brand))) for brand in stated)
    named = (brand for brand in brands if brand.casefold() not in _NOTHING)
    return next((brand for brand in named if not _ROLE.fullmatch(brand)), "")


def _categories(cells: Cells) -> tuple[list[str], list[str]]:
    """The first path, and the names of further ones; the department where there is no path."""
    paths = _first(cells, "categories", "category")
    if isinstance(paths, (list, tuple)) and paths and not isinstance(paths[0], (list, tuple)):
        paths = [paths]
    several = paths if isinstance(paths, (list, tuple)) else ()
    found = [path_of(path) for path in several if isinstance(path, (list, tuple))]
    first, *others = found or [[]]
    if not first:
        first = path_of([_first(cells, "main_category", "main_cat")])
    further = dict.fromkeys(name for path in others for name in path)
    return first, [name for name in further if name not in first]


def _price(value: object) -> object:
    """A number, also of '$12.50', and the lower end of '$10.00 - $20.00'; '' for what is none."""
    if isinstance(value, str):
        match = _MONEY.fullmatch(value.strip())
        return match[1] if match else ""
    return value


def _picture(cells: Cells) -> str:
    """The main picture, the largest one of it."""
    images = cells.get("images")
    if isinstance(images, dict):  # a list of structs comes as a struct of lists from some exports
        lists = {size: part for size, part in images.items() if isinstance(part, (list, tuple))}
        images = [dict(zip(lists, image, strict=False)) for image in zip(*lists.values(), strict=False)]
    if isinstance(images, (list, tuple)):
        pictures = [image for image in images if isinstance(image, dict)]
        pictures.sort(key=lambda image: image.get("variant") != "MAIN")
        sizes = (image.get(size) for image in pictures for size in ("hi_res", "large", "thumb"))
        return next((words(address) for address in sizes if not blank(address)), "")
    return next(iter(listed(_first(cells, "imageURLHighRes", "imageURL", "image", "imUrl"))), "")


def _details(value: object) -> Cells:
    """The table of details, which some exports hold as JSON text; names without the colons of the page."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    if not isinstance(value, dict):
        return {}
    return {" ".join(str(name).split()).rstrip(" :"): part for name, part in value.items()}


def _code(details: Cells, name: str) -> str:
    codes = next((words(value) for key, value in details.items() if key.casefold() == name), "")
    return codes.split()[0].rstrip(",") if codes else ""


def _attributes(details: Cells, author: object) -> Cells:
    attributes: Cells = {}
    for name, value in details.items():
        if not name or _NO_ATTRIBUTE.fullmatch(name.casefold()) or isinstance(value, dict):
            continue
        text = one_line(value) if isinstance(value, str) else value
        size, _, weight = str(text).partition("; ")
        if _WEIGHT.fullmatch(weight):  # '7 x 5 x 3 inches; 2.4 Pounds'
            attributes[name] = size
            attributes.setdefault(re.sub("(?i)dimensions", "Weight", name), weight)
        else:
            attributes[name] = text
    if isinstance(author, dict) and (person := words(author.get("name"))):
        attributes["Author"] = person
    return attributes
