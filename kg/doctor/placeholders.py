"""What people type into a field that must not stay empty."""

from __future__ import annotations

from functools import cache

from kg.doctor.words_of import word_list


def is_placeholder(text: str) -> bool:
    """Whether a text is empty or stands for nothing: '', '-', 'n/a', 'unknown', 'Untitled' …"""
    plain = text.strip().casefold()
    return plain in _fillers() or not any(c.isalnum() for c in plain)


@cache
def _fillers() -> frozenset[str]:
    return frozenset(word_list("placeholders")["phrases"])
