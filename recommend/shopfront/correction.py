"""What is said of a query that seems to be misspelt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Correction:
    """`text` is what was probably meant; if `searched`, the hits are those of it and not of `typed`."""

    typed: str
    text: str
    searched: bool

    @property
    def note(self) -> str:
        if self.searched:
            return f"nothing fits “{self.typed}”: these are the products for “{self.text}”"
        return f"did you mean “{self.text}”?"

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return {"typed": self.typed, "text": self.text, "searched": self.searched}
