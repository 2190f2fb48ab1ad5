"""Ctrl+C that is neither too early nor lost.

It waits until imports are over: a compiled library that is interrupted while it loads may take the process
down, or raise an ImportError in place of the interrupt. And where Python has to ignore what is raised (in a
callback of compiled code, in the removal of an object), it comes at the next `check`.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

_AGAIN = 0.05
"""Seconds until a postponed interrupt is tried again."""

_heard = threading.Event()


def postpone_in_imports() -> None:
    """Have interrupts wait for imports from now on; for the start of a process, in its main thread."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    if not importing(frame):
        _heard.set()
        raise KeyboardInterrupt
    later = threading.Timer(_AGAIN, signal.raise_signal, (number,))
    later.daemon = True
    later.start()


def check() -> None:
    """Raise KeyboardInterrupt if one was raised before and got lost."""
    if _heard.is_set():
        raise KeyboardInterrupt


def importing(frame: FrameType | None) -> bool:
    """True if the code that runs in `frame` was called by an import."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
