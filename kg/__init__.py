"""What a shop knows: records, the graph that they make, and where both are kept.

    catalog files ─ reading ─▶ records ─ upsert ─▶ GraphStore ─ snapshot ─▶ Graph

`Shop` is the way in. This room never imports torch.
"""

from kg.errors import (
    DataError,
    FilterError,
    MappingError,
    ModelError,
    SettingsError,
    ShelfgraphError,
    ShopError,
    StoreError,
    StoreLockedError,
    UnknownProductError,
    VersionError,
)
from kg.filters import Filter
from kg.graph import EdgeType, Graph, Node, Relation
from kg.paths import Path, Step, find_paths
from kg.reading import LoadReport, Mapping, Rejection
from kg.records import Fact, Interaction, Product, ProductPatch, Quantity
from kg.shop import Shop
from kg.snapshot import assemble
from kg.store import Credentials, GraphStore, Snapshot
from kg.vectors import Vectors
from kg.versions import Version

__all__ = [
    "Credentials",
    "DataError",
    "EdgeType",
    "Fact",
    "Filter",
    "FilterError",
    "Graph",
    "GraphStore",
    "Interaction",
    "LoadReport",
    "Mapping",
    "MappingError",
    "ModelError",
    "Node",
    "Path",
    "Product",
    "ProductPatch",
    "Quantity",
    "Rejection",
    "Relation",
    "SettingsError",
    "ShelfgraphError",
    "Shop",
    "ShopError",
    "Snapshot",
    "Step",
    "StoreError",
    "StoreLockedError",
    "UnknownProductError",
    "Vectors",
    "Version",
    "VersionError",
    "assemble",
    "find_paths",
]
