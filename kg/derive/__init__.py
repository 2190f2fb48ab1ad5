"""What a graph implies but nobody states: types of products, series, accessories and services.

    Graph (stated) ─ derive ─▶ Derived ─ added_to ─▶ Graph (enriched: what models use)

Every derived edge has a confidence (its weight) and a source; facts correct it.
"""

from kg.derive.derive import derive
from kg.derive.derived import Count, Derived, DerivedSummary
from kg.derive.edges import SOURCES, Alias, Edges

__all__ = ["SOURCES", "Alias", "Count", "Derived", "DerivedSummary", "Edges", "derive"]
