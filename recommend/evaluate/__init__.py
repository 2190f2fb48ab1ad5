"""How good the answers are: full-ranking metrics on models that never saw what is tested.

`evaluate_holdout`, `evaluate_test` and `evaluate_sequences` test recommendations; `evaluate_judgments`,
`evaluate_clicks` and `evaluate_personal` test search. Each gives a `Report`, which carries its protocol,
simple baselines beside ours, and intervals.
"""

from recommend.evaluate.clicks import evaluate_clicks
from recommend.evaluate.holdout import evaluate_holdout, evaluate_test
from recommend.evaluate.judgments import evaluate_judgments
from recommend.evaluate.personal import evaluate_personal
from recommend.evaluate.ratings import Judgments, read_judgments
from recommend.evaluate.report import Report
from recommend.evaluate.sequences import Sequences, evaluate_sequences, read_sequences

__all__ = [
    "Judgments",
    "Report",
    "Sequences",
    "evaluate_clicks",
    "evaluate_holdout",
    "evaluate_judgments",
    "evaluate_personal",
    "evaluate_sequences",
    "evaluate_test",
    "read_judgments",
    "read_sequences",
]
