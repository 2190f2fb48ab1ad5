"""Work that kills itself, for tests of what a crash leaves behind.

The functions run in processes of their own (`run`), made by a server that has imported what they
need but never ran anything: a start takes milliseconds, not the seconds of a new interpreter.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from kg.graph import Graph
from kg.records import Product
from kg.shop import Shop
from kg.versions import Versions, share
from recommend import Recommender, build, update
from recommend.settings import Settings
from recommend.training.train import LEAST_QUERIES

ROWS = 4_000
KILLED = -signal.SIGKILL
QUICK = Settings(text=False, image=False, kge=False, gnn=False, fusion=None, search_queries=LEAST_QUERIES)
"""Every stage of a build without models, with as little to learn from as each accepts."""
_CHANGES = frozenset({"os.link", "os.rename", "os.remove", "os.rmdir", "sqlite3.connect"})

_server = multiprocessing.get_context("forkserver")
_LATE = ("lightgbm", "scipy.optimize")
"""What the product imports only when it learns."""


def run(work: Callable[..., None], *arguments: object, until: Callable[[], bool] | None = None) -> int:
    """Run `work` in a process of its own; its exit code, which is KILLED after kill -9.

    With `until`, it is killed from outside as soon as that is true.
    """
    _server.set_forkserver_preload([__name__, *_LATE])
    process = _server.Process(target=work, args=arguments)
    process.start()
    try:
        while until is not None and process.is_alive():
            if until():
                process.kill()
                break
            time.sleep(0.0002)
        process.join(300)  # a hang, not a busy machine
        assert process.exitcode is not None
        return process.exitcode
    finally:
        process.kill()
        process.join()
        process.close()


def catalog(edition: str) -> list[Product]:
    """ROWS products, which differ from edition to edition."""
    return [
        Product(
            id=f"p{n:05}",
            title=f"Product {n}, {edition} edition, " + "with a long name " * 5,
            brand=f"Brand {n % 40}",
            category=("All", f"Shelf {n % 9}"),
            price=Decimal(n % 90) + Decimal("0.50"),
        )
        for n in range(ROWS)
    ]


def die() -> None:
    """Nothing can catch this, and nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_touch(folder: Path, number: int) -> None:
    """Die right before this process does something to the files of a folder for the n-th time."""
    count = 0

    def touches(event: str, arguments: tuple[Any, ...]) -> bool:
        if event == "open":
            return bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))
        return event in _CHANGES or (event == "os.mkdir" and not os.path.exists(arguments[0]))

    def touched(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if arguments and str(folder) in str(arguments[0]) and touches(event, arguments):
            count += 1
            if count == number:
                die()

    sys.addaudithook(touched)


def load(folder: Path, source: Path, touch: int) -> None:
    """Load a file; die at the n-th touch of the shop's files."""
    die_at_touch(folder, touch)
    Shop.open(folder).load(source)


def load_rows(folder: Path, edition: str, row: int) -> None:
    """Load an edition of the catalog; die when so many products have been read."""

    def read() -> Iterator[Product]:
        yield from catalog(edition)[:row]
        die()

    Shop.open(folder).load(read())


def build_until_touch(folder: Path, touch: int) -> None:
    """Build; die at the n-th touch of the shop's files."""
    die_at_touch(folder, touch)
    build(Shop.open(folder), settings=QUICK)


def build_until_step(folder: Path, step: int) -> None:
    """Build; die at the n-th report of progress."""
    count = 0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal count
        count += 1
        if count == step:
            die()

    build(Shop.open(folder), settings=QUICK, progress=progress)


def update_until_touch(folder: Path, touch: int) -> None:
    """Update; die at the n-th touch of the shop's files."""
    die_at_touch(folder, touch)
    update(Shop.open(folder))


def update_until_step(folder: Path, step: int) -> None:
    """Update; die at the n-th report of progress."""
    count = 0

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal count
        count += 1
        if count == step:
            die()

    update(Shop.open(folder), progress=progress)


def share_until_touch(folder: Path, touch: int) -> None:
    """Write a version that shares files with the serving one; die at the n-th touch of the folder's files."""
    versions = Versions(folder)
    base = versions.current()

    def fill(draft: Path) -> None:
        share(base.path, draft, ["large", "index"])
        (draft / "small.json").write_text('{"n": 2}', encoding="utf-8")

    die_at_touch(folder, touch)
    versions.write(fill, settings={}, card={}, base=base)


def digest(graph: Graph) -> str:
    """The same for equal graphs only."""
    hasher = hashlib.sha256()
    for name, array in sorted(graph.arrays().items()):
        hasher.update(f"{name} {array.dtype} {array.shape}".encode())
        hasher.update(array.tobytes())
    return hasher.hexdigest()


def answers(folder: Path, users: Iterable[str], texts: Iterable[str]) -> str:
    """What the serving version of a shop answers, to the last bit."""
    model = Recommender.open(folder)
    found = [model.recommend(user) for user in users] + [model.search(text) for text in texts]
    found += [model.similar(hit.product.id) for hit in found[0][:2]]
    return repr([[(hit.product, hit.score, sorted(hit.signals.items())) for hit in some] for some in found])
