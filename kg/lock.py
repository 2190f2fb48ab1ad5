"""One writer at a time, across processes, with a name to complain about."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from kg.errors import StoreLockedError


@contextmanager
def writer_lock(path: Path, *, purpose: str, timeout: float) -> Iterator[None]:
    """Hold the lock file at `path`; wait up to `timeout` seconds for another holder.

    The operating system frees the lock when its process ends, however it ends. Raises StoreLockedError
    that says who holds it, since when and for what.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    note = path.with_name(path.name + ".holder")
    lock = FileLock(path)
    started = time.monotonic()
    try:
        lock.acquire(timeout=timeout, poll_interval=0.05)
    except Timeout as error:
        waited = time.monotonic() - started
        raise StoreLockedError(
            f"{path.parent} is being written by {_holder(note)}; waited {waited:.1f} s. "
            "Wait for it to finish, or stop that process: the lock frees itself"
        ) from error
    try:
        _write_note(note, purpose)
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _write_note(note: Path, purpose: str) -> None:
    text = json.dumps(
        {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(UTC).isoformat(timespec="seconds"),
            "purpose": purpose,
        }
    )
    draft = note.with_name(note.name + f".{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(note)


def _holder(note: Path) -> str:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        return f"process {told['process']} on {told['host']} since {told['since']} ({told['purpose']})"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
