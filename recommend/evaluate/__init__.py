"""How good the answers are: full-ranking metrics on models that never saw what is tested.

`evaluate_holdout`, `evaluate_later`, `evaluate_test`, `evaluate_sequences`, `evaluate_cold` and
`evaluate_arriving` test recommendations, `evaluate_balance` what a re-ranking of them costs;
`evaluate_judgments`, `evaluate_clicks` and `evaluate_personal` test search, `evaluate_explanations` the
reasons that are given. Each gives a `Report`, which carries its protocol, simple baselines beside ours, and
intervals.
"""

from recommend.evaluate.arriving import evaluate_arriving
from recommend.evaluate.balancing import evaluate_balance
from recommend.evaluate.clicks import evaluate_clicks
from recommend.evaluate.cold import evaluate_cold
from recommend.evaluate.explanations import evaluate_explanations
from recommend.evaluate.holdout import evaluate_holdout, evaluate_later, evaluate_test
from recommend.evaluate.judgments import evaluate_judgments
from recommend.evaluate.personal import evaluate_personal
from recommend.evaluate.ratings import Judgments, read_judgments
from recommend.evaluate.report import Report
from recommend.evaluate.sequences import Sequences, evaluate_sequences, read_sequences

__all__ = [
    "Judgments",
    "Report",
    "Sequences",
    "evaluate_arriving",
    "evaluate_balance",
    "evaluate_clicks",
    "evaluate_cold",
    "evaluate_explanations",
    "evaluate_holdout",
    "evaluate_judgments",
    "evaluate_later",
    "evaluate_personal",
    "evaluate_sequences",
    "evaluate_test",
    "read_judgments",
    "read_sequences",
]
