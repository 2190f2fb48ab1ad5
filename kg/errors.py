"""Every error that Shelfgraph raises on purpose.

A message says three things: the value that was met, the rule it breaks and what to do about it.

    ShelfgraphError
    ├── DataError             a file or record that cannot be read        (ValueError)
    ├── MappingError          a mapping file that makes no sense          (ValueError)
    ├── FilterError           a filter that makes no sense                (ValueError)
    ├── SettingsError         an option outside its range                 (ValueError)
    ├── UnknownProductError   an id that is not a listed product          (KeyError)
    ├── ShopError             a folder that is not, or already is, a shop (RuntimeError)
    ├── StoreError            the graph store cannot do what was asked    (RuntimeError)
    │   └── StoreLockedError  another process is writing                  (TimeoutError)
    ├── VersionError          a built version that is missing or damaged  (RuntimeError)
    └── ModelError            a pretrained model that cannot be had       (RuntimeError)
"""

from __future__ import annotations


class ShelfgraphError(Exception):
    """The base of them all; the command line prints its message as one line."""


class DataError(ShelfgraphError, ValueError):
    """A file, row or record that cannot be used."""


class MappingError(ShelfgraphError, ValueError):
    """A mapping from columns to fields that makes no sense."""


class FilterError(ShelfgraphError, ValueError):
    """A filter with an unknown field, operator or value."""


class SettingsError(ShelfgraphError, ValueError):
    """A setting or argument outside its range."""


class UnknownProductError(ShelfgraphError, KeyError):
    """An id that no listed product has."""

    def __init__(self, product_id: str, hint: str = "") -> None:
        super().__init__(product_id)
        self.product_id = product_id
        self._message = f"no product has the id {product_id!r}" + (f"; {hint}" if hint else "")

    def __str__(self) -> str:  # KeyError would print the repr of the id alone
        return self._message


class ShopError(ShelfgraphError, RuntimeError):
    """A folder that is not a shop, or already is one."""


class StoreError(ShelfgraphError, RuntimeError):
    """The graph store cannot be reached or refuses the operation."""


class StoreLockedError(StoreError, TimeoutError):
    """Another process kept the write lock for longer than we were told to wait."""


class VersionError(ShelfgraphError, RuntimeError):
    """A built version that is missing, damaged or of another format."""


class ModelError(ShelfgraphError, RuntimeError):
    """A pretrained model that is not installed, not downloadable or damaged."""
