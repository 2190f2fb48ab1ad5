"""An interrupt waits for an import to end, and comes then."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]

MODULE = """
import signal
signal.raise_signal(signal.SIGINT)
whole = True
"""

PROGRAM = """
import time
from recommend.cli.interrupts import postpone_in_imports
postpone_in_imports()
try:
    import interrupted_while_loading
    for _ in range(500):
        time.sleep(0.01)
    print("never interrupted")
except KeyboardInterrupt:
    print("interrupted", interrupted_while_loading.whole)
"""


def test_an_import_is_ended_first(tmp_path: Path) -> None:
    (tmp_path / "interrupted_while_loading.py").write_text(MODULE, encoding="utf-8")
    program = f"import sys; sys.path[:0] = [{str(ROOT)!r}, {str(tmp_path)!r}]\n{PROGRAM}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted True\n", "", 0)


def test_without_an_import_it_comes_at_once() -> None:
    program = (
        f"import signal, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from recommend.cli.interrupts import postpone_in_imports\n"
        "postpone_in_imports()\n"
        "try:\n    signal.raise_signal(signal.SIGINT)\nexcept KeyboardInterrupt:\n    print('at once')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("at once\n", 0)


LOST = """
import signal
from recommend.cli.interrupts import postpone_in_imports
from recommend.cli.progress import BuildProgress

class Removed:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

postpone_in_imports()
progress = BuildProgress()
progress("types", 0, 1)
removed = Removed()
del removed
print("lost")
try:
    progress("types", 1, 1)
except KeyboardInterrupt:
    print("found again")
"""


def test_one_that_python_ignores_comes_at_the_next_step() -> None:
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{LOST}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("lost\nfound again\n", 0)
