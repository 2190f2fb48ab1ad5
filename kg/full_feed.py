"""A feed that names all products of a shop: what it does not name any more is deleted, within bounds."""

from __future__ import annotations

from collections.abc import Collection

from kg.errors import DataError
from kg.reading.named import NamedProducts

MOST_DELETED = 0.1
"""A feed that would delete more than this share of the listed products was probably cut short."""


class FullFeed:
    """Says which products go with a load, and keeps account of it: `deleted`, `notes`."""

    def __init__(self, *, confirm: bool) -> None:
        self.named = NamedProducts()
        self.deleted = 0
        self.notes: tuple[str, ...] = ()
        self._confirm = confirm

    def retire(self, listed: Collection[str]) -> tuple[str, ...]:
        """Of the products that were listed before, those that the feed does not name.

        Call it once the feed has been read. Without confirmation, DataError if they are more than
        MOST_DELETED of all, and none if some row does not say which product it is. None if there was no row.
        """
        named = self.named
        if not named.ids and not named.unnamed:
            self.notes = ("no product was read, so none was deleted",)
            return ()
        gone = tuple(sorted(set(listed) - named.ids))
        if gone and not self._confirm:
            if len(gone) > MOST_DELETED * len(listed):
                raise DataError(
                    f"this would delete {100 * len(gone) / len(listed):.0f} % of the catalog "
                    f"({len(gone):,} of {len(listed):,} products): refused without --confirm (confirm=True), "
                    f"because it is more than {100 * MOST_DELETED:.0f} %; see whether the feed is complete"
                )
            if named.unnamed:
                self.notes = (
                    f"{named.unnamed:,} rows do not say which product they are, so none of the {len(gone):,} "
                    "products that the feed does not name was deleted; correct the rows, or confirm "
                    "(--confirm, confirm=True)",
                )
                return ()
        self.deleted = len(gone)
        return gone

    def check(self, listed: Collection[str]) -> tuple[str, ...]:
        """Raise the error that `retire` would; no product goes yet."""
        self.retire(listed)
        return ()
