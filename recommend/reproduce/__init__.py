"""Named protocols over public files: the same figures again, beside the published ones.

A protocol is one file in `protocols/` that registers a function; nothing else knows its name. The files are
not ours to pass on: each protocol says which it expects and where they are from.
"""

from recommend.reproduce.protocol import (
    Expected,
    Line,
    Load,
    Protocol,
    Published,
    Reproduction,
    Run,
    Table,
    all_protocols,
    find_protocol,
    protocol,
    reproduce,
)

__all__ = [
    "Expected",
    "Line",
    "Load",
    "Protocol",
    "Published",
    "Reproduction",
    "Run",
    "Table",
    "all_protocols",
    "find_protocol",
    "protocol",
    "reproduce",
]
