"""Human ratings of products for queries, and the files they come in.

Plain tables have ratings from 0 up, with a gain of 2^rating - 1. The labels of ESCI and WANDS become the
ratings that have the gains usual with these data sets: a gain g is the rating log2(1 + g), so nDCG means the
same as elsewhere.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from kg.errors import DataError
from kg.reading.feeds.esci import esci_product
from kg.reading.feeds.tidying import words
from kg.reading.formats import format_of
from kg.reading.formats.base import BadRow, Cells
from kg.reading.opening import OpenFile, open_file, text_lines

ESCI_GAINS: Mapping[str, float] = {"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0}
"""Exact, substitute, complement, irrelevant; Reddy et al., "Shopping Queries Dataset" (2022)."""

WANDS_GAINS: Mapping[str, float] = {"Exact": 1.0, "Partial": 0.5, "Irrelevant": 0.0}
"""Labels of Chen et al., "WANDS: Dataset for Product Search Relevance Assessment" (2022)."""

_MOST_RATING = 20.0
_COLUMNS = {
    "query": ("query", "query_text", "q"),
    "product": ("product_id", "product", "id", "doc_id"),
    "rating": ("rating", "grade", "label", "relevance"),
}
_Rated: TypeAlias = tuple[int, str, str, float]
"""Line, query, product and rating."""


@dataclass(frozen=True, kw_only=True)
class Judgments:
    """Ratings by query and product id: 0 is useless, more is better. `replaced` counts pairs that came
    twice; `about` says what labels stand behind the ratings, if they were no numbers."""

    ratings: Mapping[str, Mapping[str, float]]
    replaced: int = 0
    about: str = ""

    def __len__(self) -> int:
        return sum(len(rated) for rated in self.ratings.values())


def read_judgments(file: Path | str) -> Judgments:
    """Read a CSV or TSV with columns query, product_id, rating; DataError names the line that breaks a rule.

    Read as they come are ESCI's examples (Parquet; the test split of the small version, on which rankings
    are compared) and WANDS' label.csv, with query.csv beside it. A pair that comes twice has its last rating.
    """
    path = Path(file)
    ratings: dict[str, dict[str, float]] = {}
    replaced = 0
    with open_file(path) as opened:
        about, rows = _rows(path, opened)
        for line, query, product, rating in rows:
            if not query.strip() or not product.strip():
                raise DataError(f"{path} line {line}: the query or the product id is missing; fill it in")
            rated = ratings.setdefault(query.strip(), {})
            replaced += product.strip() in rated
            rated[product.strip()] = rating
    if not ratings:
        needed = f"it holds nothing of {about}" if about else "write rows of query, product_id, rating"
        raise DataError(f"{path} has no judgments; {needed}")
    return Judgments(ratings=ratings, replaced=replaced, about=about)


def _rows(path: Path, file: OpenFile) -> tuple[str, Iterator[_Rated]]:
    """What the labels of a file mean, if they are no numbers, and its rows."""
    header = _header(file)
    if "esci_label" in header or file.head.startswith(b"PAR1"):
        return f"ESCI, the test split of the small version; gains {_shown(ESCI_GAINS)}", _esci(path, file)
    if {"query_id", "product_id", "label"} <= header and not header.intersection(_COLUMNS["query"]):
        return f"WANDS; gains {_shown(WANDS_GAINS)}", _wands(path, file)
    return "", _plain(path, text_lines(file))


def _header(file: OpenFile) -> set[str]:
    start = file.head.decode(file.encoding.name, "replace").lstrip("\ufeff \r\n")
    first = next(iter(start.splitlines()), "")
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    return {name.strip(' "').casefold() for name in first.split(delimiter)}


def _shown(gains: Mapping[str, float]) -> str:
    return ", ".join(f"{label} {gain:g}" for label, gain in gains.items())


def _esci(path: Path, file: OpenFile) -> Iterator[_Rated]:
    for line, cells in _cells(path, file, "query", "product_id", "esci_label"):
        if str(cells.get("split", "test")) != "test" or str(cells.get("small_version", "1")) != "1":
            continue
        product = esci_product(cells["product_id"], cells.get("product_locale"))
        yield line, words(cells["query"]), product, _rating(path, line, cells["esci_label"], ESCI_GAINS)


def _wands(path: Path, file: OpenFile) -> Iterator[_Rated]:
    queries = _wands_queries(path)
    for line, cells in _cells(path, file, "query_id", "product_id", "label"):
        query = queries.get(str(cells["query_id"]))
        if query is None:
            raise DataError(
                f"{path} line {line}: query.csv has no query_id {cells['query_id']!r}; complete it"
            )
        yield line, query, words(cells["product_id"]), _rating(path, line, cells["label"], WANDS_GAINS)


def _wands_queries(path: Path) -> dict[str, str]:
    file = next(
        (path.with_name(n) for n in ("query.csv", "query.csv.gz") if path.with_name(n).is_file()), None
    )
    if file is None:
        raise DataError(f"{path} has the numbers of its queries only; put WANDS' query.csv beside it")
    with open_file(file) as opened:
        return {
            str(cells["query_id"]): str(cells["query"])
            for _, cells in _cells(file, opened, "query_id", "query")
        }


def _cells(path: Path, file: OpenFile, *needed: str) -> Iterator[tuple[int, Cells]]:
    table = format_of(file).table(file, "")
    missing = [column for column in needed if column not in (table.columns or ())]
    if missing:
        shown = ", ".join(table.columns or ())
        raise DataError(f"{path} has no column {missing[0]!r}; its columns are {shown}")
    for line, cells in table.rows:
        if isinstance(cells, BadRow):
            raise DataError(f"{path} line {line}: {cells.rule}; mend it")
        yield line, cells


def _rating(path: Path, line: int, label: object, gains: Mapping[str, float]) -> float:
    gain = gains.get(str(label).strip())
    if gain is None:
        raise DataError(f"{path} line {line}: the label {label!r} must be one of {', '.join(gains)}")
    return math.log2(1 + gain)


def _plain(path: Path, lines: Iterator[str]) -> Iterator[_Rated]:
    first = next(lines, "")
    delimiter = "\t" if first.count("\t") > first.count(",") else ","
    header = [name.strip().casefold() for name in next(csv.reader([first], delimiter=delimiter), [])]
    places: list[int] = []
    for field, names in _COLUMNS.items():
        at = [header.index(name) for name in names if name in header]
        if not at:
            raise DataError(
                f"{path} has no column {names[0]!r} for the {field}; its header is {', '.join(header)}"
            )
        places.append(at[0])
    reader = csv.reader(lines, delimiter=delimiter)
    for row in reader:
        if not row:
            continue
        line = reader.line_num + 1
        if len(row) <= max(places):
            raise DataError(f"{path} line {line}: {len(row)} cells where {len(header)} are needed")
        query, product, text = (row[place] for place in places)
        try:
            rating = float(text)
        except ValueError:
            rating = math.nan
        if not 0 <= rating <= _MOST_RATING:
            raise DataError(
                f"{path} line {line}: rating {text!r} must be a number from 0 to {_MOST_RATING:g}"
            )
        yield line, query, product, rating
