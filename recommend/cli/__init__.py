"""The command line: `shelfgraph COMMAND …`. One file in `commands/` is one command."""

from __future__ import annotations

import os


def main() -> None:
    """What the script `shelfgraph` runs."""
    # Progress bars of libraries would be drawn across ours; tqdm and huggingface_hub look only here.
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    from recommend.cli.group import shelfgraph
    from recommend.cli.interrupts import postpone_in_imports

    postpone_in_imports()
    shelfgraph(prog_name="shelfgraph")
