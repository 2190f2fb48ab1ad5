"""What a shop shows around its hits: facets, orders, suggestions, and its own rules.

    ranking ─ rules, order, result ─▶ page of hits ─▶ facets
    graph ─▶ suggester ─▶ what may be typed next

Nothing in here ranks: it takes the ranking of a search and what the shop decided about it. A plain search
passes through without any of it.
"""

from recommend.shopfront.correction import Correction
from recommend.shopfront.facet import Facet, FacetValue, facet_names
from recommend.shopfront.page import Page, Ranking, Shopfront
from recommend.shopfront.rulebook import NO_RULES, Active, Rulebook
from recommend.shopfront.rules import RULES_FILE, Profile, Rules
from recommend.shopfront.rules_file import read_rules, rules_of_shop
from recommend.shopfront.sorting import SORT_ORDERS, SortOrder, check_sort
from recommend.shopfront.suggesting import Suggester, Suggestion

__all__ = [
    "NO_RULES",
    "RULES_FILE",
    "SORT_ORDERS",
    "Active",
    "Correction",
    "Facet",
    "FacetValue",
    "Page",
    "Profile",
    "Ranking",
    "Rulebook",
    "Rules",
    "Shopfront",
    "SortOrder",
    "Suggester",
    "Suggestion",
    "check_sort",
    "facet_names",
    "read_rules",
    "rules_of_shop",
]
