"""Readings in few words, for tests."""

from __future__ import annotations

from recommend.understand.reading import Entity, Reading


def named(reading: Reading, role: str) -> list[str]:
    """The likeliest name of each entity of a role ('excluded': of what is left out)."""
    entities = reading.excluded if role == "excluded" else reading.entities
    return [top(reading, one) for one in entities if role == "excluded" or one.role == role]


def top(reading: Reading, entity: Entity) -> str:
    """The name of an entity's likeliest node; its words, if it has none."""
    return reading.name(entity.nodes[0][0]) if entity.nodes else entity.words


def conditions(reading: Reading) -> list[str]:
    """The filters as text, and the wishes behind them."""
    return [*map(str, reading.filters), *map(str, reading.wishes)]
