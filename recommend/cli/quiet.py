"""What may be said on stderr: warnings of ours always, more with --verbose, the noise of libraries never."""

from __future__ import annotations

import logging
import warnings

import click

_OURS = ("kg", "encoders", "fusion", "recommend")
_NOISY = (
    "bm25s",
    "faiss",
    "httpcore",
    "httpx",
    "huggingface_hub",
    "neo4j",
    "pykeen",
    "torch",
    "torch_geometric",
    "transformers",
    "urllib3",
)


class _ToStderr(logging.Handler):
    """Sorts by name here, not by the levels of loggers: some libraries set their own at import."""

    def __init__(self, *, verbose: bool, debug: bool) -> None:
        super().__init__()
        self._ours = logging.INFO if verbose else logging.WARNING
        self._noisy = logging.WARNING if debug else logging.CRITICAL
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def filter(self, record: logging.LogRecord) -> bool:
        room = record.name.partition(".")[0]
        least = self._ours if room in _OURS else self._noisy if room in _NOISY else logging.WARNING
        return record.levelno >= least

    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


def keep_quiet(*, verbose: bool, debug: bool) -> None:
    """Set up logging and warnings for one run of a command."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _ToStderr)]:
        root.removeHandler(handler)
    root.addHandler(_ToStderr(verbose=verbose, debug=debug))
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    if not debug:
        warnings.simplefilter("ignore")
