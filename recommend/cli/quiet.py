"""What the libraries below may say: warnings of ours always, more with --verbose, noise never."""

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
    "numexpr",
    "PIL",
    "pykeen",
    "torch",
    "torch_geometric",
    "transformers",
    "urllib3",
)


class _ToStderr(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


def keep_quiet(*, verbose: bool, debug: bool) -> None:
    """Set up logging and warnings for one run of a command."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _ToStderr)]:
        root.removeHandler(handler)
    handler = _ToStderr()
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    for name in _OURS:
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.WARNING)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING if debug else logging.CRITICAL)
    if not debug:
        warnings.simplefilter("ignore")
