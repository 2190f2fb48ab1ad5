"""The catalog doctor: what is wrong with a catalog, with examples and the fix.

    records ─ gather ─▶ Catalog (columns) ─ checks ─▶ Report of Findings ─▶ text, JSON, a page

`examine(store)` is the way in. A check is one file in `checks/`; what words mean is in `words/*.toml`.
"""

import kg.doctor.checks  # noqa: F401  registers every check
from kg.doctor.catalog import Source
from kg.doctor.examine import Records, examine
from kg.doctor.registry import all_checks
from kg.doctor.report import Finding, Item, Items, Report, Severity

__all__ = [
    "Finding",
    "Item",
    "Items",
    "Records",
    "Report",
    "Severity",
    "Source",
    "all_checks",
    "examine",
]
