"""Where graphs are kept: one protocol, an embedded store and a server.

`open_store` picks by URL; the driver of the server is imported only then.
"""

from __future__ import annotations

from pathlib import Path

from kg.errors import StoreError
from kg.store.base import GraphStore, Snapshot, StoreCounts, WriteCounts
from kg.store.embedded import EmbeddedStore
from kg.store.server_access import Credentials, credentials, server_url

__all__ = [
    "Credentials",
    "EmbeddedStore",
    "GraphStore",
    "Snapshot",
    "StoreCounts",
    "WriteCounts",
    "credentials",
    "open_store",
]


def open_store(
    url: str | None, file: Path, *, credentials: Credentials | None = None, read_only: bool = False
) -> GraphStore:
    """The server at `url`, or, with no URL, the embedded store in `file`."""
    if url is None:
        return EmbeddedStore.open(file, read_only=read_only)
    url = server_url(url)  # before anything is said about it: it may hold a password
    if credentials is None:
        raise StoreError(
            f"the graph at {url} needs credentials; set NEO4J_USERNAME and NEO4J_PASSWORD, or give a "
            "credentials file (--credentials FILE, in Python credentials=)"
        )
    from kg.store.server import ServerStore  # the driver takes a while to import

    return ServerStore.open(url, credentials=credentials, read_only=read_only)
