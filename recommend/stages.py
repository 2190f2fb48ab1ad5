"""The stages of a build, each timed, logged and shown."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

logger = logging.getLogger(__name__)

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called as `progress(stage, done, total)`."""


class Stages:
    """Collects how long each stage took, in seconds."""

    def __init__(self, progress: Progress | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    def progress(self, stage: str, done: int, total: int) -> None:
        """Report how far a stage is."""
        if self._progress is not None:
            self._progress(stage, done, total)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self.progress(name, 0, 1)
        started = time.perf_counter()
        yield
        taken = time.perf_counter() - started
        self.seconds[name] = round(self.seconds.get(name, 0.0) + taken, 3)
        logger.info("%s: %.1f s", name, taken)
        self.progress(name, 1, 1)
