"""The word lists that come along, read once."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_WORDS = Path(__file__).with_name("words")


@cache
def word_list(name: str) -> dict[str, Any]:
    """The tables of words/NAME.toml."""
    return tomllib.loads((_WORDS / f"{name}.toml").read_text(encoding="utf-8"))
