"""Answers: search, similar products, recommendations, and why.

    Graph ─ encoders ─▶ Vectors ─ fusion ─▶ item vectors ─▶ index + channels ─▶ Recommender

Every piece of evidence is a typed edge, every score a sum over edges, every explanation that sum read
aloud. A channel (`recommend.channels`) turns one kind of evidence into weighted links; `recommend.rank`
learns what each is worth; `recommend.explain` reads a score back as paths. Heavy libraries are loaded only
when they are needed.
"""

from recommend.build import build
from recommend.explain.counterfactual import Counterfactual
from recommend.explain.explanation import ExplainedEdge, ExplainedNode, ExplainedPath, Explanation
from recommend.query import Query
from recommend.recommender import Recommender
from recommend.results import Hit, Ranking, Results
from recommend.settings import Settings
from recommend.update import Update, update

__all__ = [
    "Counterfactual",
    "ExplainedEdge",
    "ExplainedNode",
    "ExplainedPath",
    "Explanation",
    "Hit",
    "Query",
    "Ranking",
    "Recommender",
    "Results",
    "Settings",
    "Update",
    "build",
    "update",
]
