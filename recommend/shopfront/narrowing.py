"""A result under some filters, seen from each field: the products that the other fields' filters leave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kg.filters import Filter, FilterIndex

Mask = npt.NDArray[np.bool_]


class Narrowed:
    """A result (bool [n]: its products before filters) and its filters; every filter is evaluated once."""

    def __init__(self, filters: FilterIndex, result: Mask, where: Sequence[Filter]) -> None:
        self._filters = filters
        self._result = result
        self._where = [(_field(one.field), one) for one in where]
        self._masks: dict[Filter, Mask] = {}
        self._without: dict[str, tuple[Mask, npt.NDArray[np.int64]]] = {}

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of the filters, each once."""
        return tuple(dict.fromkeys(name for name, _ in self._where))

    def chosen(self, field: str) -> list[Filter]:
        """The filters on one field."""
        return [one for name, one in self._where if name == _field(field)]

    def mask(self, field: str) -> Mask:
        """bool [n]: the products for which all filters on other fields hold."""
        return self._left(field)[0]

    def products(self, field: str) -> npt.NDArray[np.int64]:
        """The same as ascending product numbers."""
        return self._left(field)[1]

    def count_if(self, field: str, one: Filter) -> int:
        """How many products remain with one filter in place of the field's own."""
        return int(np.count_nonzero(self._filters.mask((one,)) & self.mask(field)))

    def _left(self, field: str) -> tuple[Mask, npt.NDArray[np.int64]]:
        own = _field(field) if any(name == _field(field) for name, _ in self._where) else ""
        if own not in self._without:
            mask = self._result
            for name, one in self._where:
                if name != own:
                    if one not in self._masks:
                        self._masks[one] = self._filters.mask((one,))
                    mask = mask & self._masks[one]
            self._without[own] = mask, np.flatnonzero(mask)
        return self._without[own]


def _field(name: str) -> str:
    """Attributes are told apart without regard to case, as filters do."""
    return name.casefold() if name.startswith("attr.") else name
