"""How far a build is: bars on a terminal, one line a stage elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

import click

from recommend.cli.interrupts import check

_SILENCE = 30.0
"""Seconds after which a stage that goes on says so where there are no bars."""


class BuildProgress:
    """Is the `progress` of a build, and a context manager around it. Writes to stderr only."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

        self._console = Console(file=sys.stderr, highlight=False, markup=False)
        self._bars: Progress | None = None
        if self._console.is_terminal:
            self._bars = Progress(
                TextColumn("{task.description:8}"), BarColumn(), TimeElapsedColumn(), console=self._console
            )
        self._tasks: dict[str, TaskID] = {}
        self._stage = ""
        self._started = self._spoke = 0.0

    def __call__(self, stage: str, done: int, total: int) -> None:
        check()
        if stage != self._stage:
            self._finish()
            self._stage, self._started = stage, time.perf_counter()
            self._spoke = self._started
        if self._bars is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._bars.add_task(stage, total=max(total, 1))
            self._bars.update(self._tasks[stage], completed=done, total=max(total, 1))
        elif total > 1 and done < total and time.perf_counter() - self._spoke > _SILENCE:
            self._spoke = time.perf_counter()
            click.echo(f"  {stage}: {done:,} of {total:,}", err=True)

    def __enter__(self) -> Self:
        if self._bars is not None:
            self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._finish()
        if self._bars is not None:
            self._bars.stop()

    def _finish(self) -> None:
        if not self._stage:
            return
        if self._bars is not None:
            task = self._tasks[self._stage]
            self._bars.update(task, completed=1, total=1)
            self._bars.stop_task(task)
        else:
            click.echo(f"  {self._stage}: {time.perf_counter() - self._started:.1f} s", err=True)
