"""What is read of some products: titles, descriptions, brands and cells of attributes, numbered from 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kg.attribute_table import TEXT
from kg.derive.words import TYPE_NAMES
from kg.graph import Graph
from kg.ragged import spans

Numbers = npt.NDArray[np.int64]

SHORT = 40
"""A longer text is no value that products share."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Source:
    """Row i is product rows[i] of the graph.

    Cell k of the attributes belongs to row cell_row[k] and has the name names[cell_name[k]]; where
    cell_text[k] >= 0 it holds texts[cell_text[k]].
    """

    rows: Numbers
    titles: Sequence[str]
    descriptions: Sequence[str]
    brands: Sequence[str]
    cell_row: Numbers
    cell_name: Numbers
    cell_text: Numbers
    names: Sequence[str]
    texts: Sequence[str]

    def __len__(self) -> int:
        return len(self.rows)

    def some(self, chosen: Numbers) -> Source:
        """The products of some rows."""
        if len(chosen) == len(self):
            return self
        place = np.full(len(self), -1, dtype=np.int64)
        place[chosen] = np.arange(len(chosen))
        cells = np.flatnonzero(place[self.cell_row] >= 0)
        rows = chosen.tolist()
        return Source(
            rows=self.rows[chosen],
            titles=[self.titles[row] for row in rows],
            descriptions=[self.descriptions[row] for row in rows],
            brands=[self.brands[row] for row in rows],
            cell_row=place[self.cell_row[cells]],
            cell_name=self.cell_name[cells],
            cell_text=self.cell_text[cells],
            names=self.names,
            texts=self.texts,
        )

    @property
    def told(self) -> npt.NDArray[np.bool_]:
        """bool [rows]: products that say anything at all."""
        told = np.fromiter(map(bool, self.titles), dtype=np.bool_, count=len(self))
        told |= np.fromiter(map(bool, self.descriptions), dtype=np.bool_, count=len(self))
        told[self.cell_row] = True
        return told

    @cached_property
    def brand(self) -> Numbers:
        """int64 [rows]: a number for each brand, -1 for none."""
        numbers = {name: number for number, name in enumerate(sorted({*self.brands} - {""}))}
        return np.fromiter((numbers.get(name, -1) for name in self.brands), dtype=np.int64, count=len(self))

    @cached_property
    def types(self) -> npt.NDArray[np.bool_]:
        """bool [names]: whether an attribute is called 'type' or the like."""
        called = ("_".join(name.casefold().split()) in TYPE_NAMES for name in self.names)
        return np.fromiter(called, dtype=np.bool_, count=len(self.names))

    @cached_property
    def type_texts(self) -> list[str]:
        """For each row what its attributes called 'type' say, one clause each."""
        said: list[str] = [""] * len(self)
        if len(self.cell_name):
            for cell in np.flatnonzero(self.types[self.cell_name] & (self.cell_text >= 0)).tolist():
                text = self.texts[int(self.cell_text[cell])]
                if len(text) <= SHORT:
                    row = int(self.cell_row[cell])
                    said[row] = f"{said[row]}, {text}" if said[row] else text
        return said


def source_of(graph: Graph, rows: Numbers) -> Source:
    """Read some products of a graph."""
    table, cells_of = graph.products, graph.products.attributes
    lengths = np.diff(cells_of.indptr)[rows]
    cells = spans(cells_of.indptr[:-1][rows], lengths)
    form = cells_of.form[cells]
    return Source(
        rows=rows,
        titles=table.title.take(rows),
        descriptions=table.description.take(rows),
        brands=table.brand.take(rows),
        cell_row=np.repeat(np.arange(len(rows)), lengths),
        cell_name=cells_of.name[cells].astype(np.int64),
        cell_text=np.where(form == TEXT, cells_of.text[cells], -1).astype(np.int64),
        names=list(cells_of.names),
        texts=list(cells_of.texts),
    )
