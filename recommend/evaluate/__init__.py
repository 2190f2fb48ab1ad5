"""How good the answers are: full-ranking metrics on models that never saw what is tested.

`evaluate_holdout`, `evaluate_test`, `evaluate_sequences` and `evaluate_judgments` each give a `Report`, which
carries its protocol, simple baselines beside ours, and intervals.
"""

from recommend.evaluate.holdout import evaluate_holdout, evaluate_test
from recommend.evaluate.judgments import evaluate_judgments
from recommend.evaluate.ratings import Judgments, read_judgments
from recommend.evaluate.report import Report
from recommend.evaluate.sequences import Sequences, evaluate_sequences, read_sequences

__all__ = [
    "Judgments",
    "Report",
    "Sequences",
    "evaluate_holdout",
    "evaluate_judgments",
    "evaluate_sequences",
    "evaluate_test",
    "read_judgments",
    "read_sequences",
]
