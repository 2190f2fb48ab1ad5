"""Errors as the user sees them: one line, and what to do."""

from __future__ import annotations

import click


class Failure(click.ClickException):
    """Ends a command with one line on stderr and exit status 2."""

    exit_code = 2


def failure(error: Exception) -> Failure:
    """Any error as one line. Ours explain themselves; of others the kind is told too."""
    from kg.errors import ShelfgraphError

    if isinstance(error, ShelfgraphError):
        return Failure(str(error))
    if isinstance(error, OSError) and error.strerror:
        names = " -> ".join(str(name) for name in (error.filename, error.filename2) if name is not None)
        return Failure(f"{names}: {error.strerror}" if names else error.strerror)
    if isinstance(error, MemoryError):
        return Failure(
            "the memory of this machine is not enough; build with --profile fast, or in a larger one"
        )
    return Failure(
        f"unexpected {type(error).__name__}: {error}; `shelfgraph --debug …` shows where it came from"
    )


def one_line(text: str) -> str:
    """Without line breaks and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
