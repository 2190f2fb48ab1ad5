"""Work in a process of its own, so that its memory and its threads are its own too."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def alone(work: Callable[..., T], *arguments: Any, cores: int | None = None) -> T:
    """Run it in a new process; with `cores`, on no more than so many.

    Threads beyond that share the cores: LanceDB never ends where it is given one thread only.
    """
    with _limited(cores), ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_pinned, work, arguments, cores).result()


def _pinned(work: Callable[..., T], arguments: tuple[Any, ...], cores: int | None) -> T:
    if cores is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    return work(*arguments)


@contextmanager
def _limited(cores: int | None) -> Iterator[None]:
    """The number of threads that a new process may have, as libraries read it when they are loaded."""
    before = {name: os.environ.get(name) for name in _LIMITS}
    try:
        if cores is not None:
            os.environ.update(dict.fromkeys(_LIMITS, str(cores)))
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def memory(*, peak: bool = False) -> float:
    """MB that this process has in memory now, or has had at most; NaN where that cannot be told."""
    wanted = "VmHWM:" if peak else "VmRSS:"
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith(wanted):
            return int(line.split()[1]) / 1024
    return float("nan")
