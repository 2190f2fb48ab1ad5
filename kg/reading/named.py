"""Which products a source names, whether or not their rows can be loaded."""

from __future__ import annotations

from kg.reading.formats.base import Cells
from kg.reading.rules import identifier


class NamedProducts:
    """The ids of all rows; `unnamed` counts the rows that do not say which product they are."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.unnamed = 0

    def loaded(self, product_id: str) -> None:
        self.ids.add(product_id)

    def rejected(self, values: Cells | None) -> None:
        """A row that broke a rule; `values` are its fields, None if it could not be taken apart."""
        try:
            self.ids.add(identifier((values or {})["id"]))
        except (KeyError, ValueError):
            self.unnamed += 1
