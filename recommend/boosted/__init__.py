"""The ranking `best` of recommendations: trees, and what they read about a history and a product."""

from recommend.boosted.again import DEPTH, TasteRanker, rank_best

__all__ = ["DEPTH", "TasteRanker", "rank_best"]
