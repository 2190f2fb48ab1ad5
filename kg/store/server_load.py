"""One load into a graph server: a batch is written by a thread of its own while the next one is read.

The records are read in the caller's thread, always. At most four batches are in memory: the one being
written, the one waiting for it, the next, which must be known before a batch is known not to be the last, and
the one being read. A batch reads what is stored under its keys, works out here what is new, and writes only
that: the same batch again changes nothing.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from neo4j import ManagedTransaction

from kg.errors import StoreError
from kg.records import Fact, Interaction, ProductPatch, Record
from kg.store.base import WriteCounts
from kg.store.server_batches import Entry, batches, entry_of, name, sign, size
from kg.store.server_connection import Connection
from kg.store.server_errors import TransactionMemoryError
from kg.store.server_notes import Marker, mark, signs_of_unfinished, take_turn, unmark
from kg.store.server_products import write_products
from kg.store.server_relations import write_facts, write_interactions
from kg.store.server_rows import ProductRow

_SAME = 0.75
"""A load that has met this share of another's signs has loaded the same again."""
_T = TypeVar("_T")

log = logging.getLogger(__name__)


def load(
    connection: Connection, records: Iterable[Record | ProductPatch], *, batch: int, batch_bytes: int
) -> WriteCounts:
    """Write records in batches; what is written stays, whatever happens to the rest.

    `batch` bounds a transaction by records, `batch_bytes` by their estimated size. StoreError if the server
    cannot write; it says how many records are kept.
    """
    loading = _Loading(connection, batch_bytes)
    with ThreadPoolExecutor(1, thread_name_prefix="shelfgraph-load") as pool:
        flying: Future[None] | None = None
        try:
            for entries, last in batches(loading.entries(records), batch, lambda: loading.batch_bytes):
                if flying is not None:
                    flying.result()
                flying = pool.submit(loading.write, entries, last)
            if flying is not None:
                flying.result()
        except BaseException:
            loading.stopped.set()
            raise
    return loading.counts


def in_parts(items: Sequence[_T], write: Callable[[Sequence[_T], bool], None]) -> None:
    """write(items, True); or, if the server has not the memory for it, in halves of halves, the last one with
    True. TransactionMemoryError if it has not enough for a single item."""
    waiting = [items]
    while waiting:
        part = waiting.pop()
        try:
            write(part, not waiting)
        except TransactionMemoryError as error:
            if len(part) == 1:
                raise
            log.info("%s (%d records at once were too many)", error, len(part))
            half = len(part) // 2
            waiting += (part[half:], part[:half])


class _Loading:
    """What is known while a load goes on."""

    def __init__(self, connection: Connection, batch_bytes: int) -> None:
        self.batch_bytes = batch_bytes
        self.counts = WriteCounts()
        self.stopped = threading.Event()
        self._connection = connection
        now, self._others = signs_of_unfinished(connection.read)
        self._awaited = {sign for signs in self._others.values() for sign in signs}
        self._met: set[int] = set()
        self._marker = Marker(id=uuid.uuid4().hex, started=now, records=0, signs=[])

    def entries(self, records: Iterable[Record | ProductPatch]) -> Iterator[Entry]:
        for record in records:
            entry = entry_of(record)
            if self._awaited and (number := sign(entry.content)) in self._awaited:
                self._met.add(number)
            yield entry

    def write(self, entries: Sequence[Entry], last: bool) -> None:
        """Write a batch; it is the last one if the whole of it is."""
        try:
            in_parts(entries, lambda part, last_part: self._commit(part, last and last_part))
        except StoreError as error:
            told = [str(error)]
            if self._marker.records:
                told.append(
                    f"{self._marker.records:,} records of this load are kept, run it again to complete it"
                )
            raise StoreError("; ".join(told)) from error

    def _commit(self, batch: Sequence[Entry], last: bool) -> None:
        marker = replace(
            self._marker,
            records=self._marker.records + len(batch),
            signs=[*self._marker.signs, sign(batch[0].content)],
        )
        tried: list[WriteCounts] = []

        def work(tx: ManagedTransaction) -> None:
            take_turn(tx)
            tried.append(_write_batch(tx, batch))
            if not last:
                mark(tx, marker)
            elif self._marker.records or self._others:
                unmark(tx, marker, self._made_good())

        try:
            self._connection.write(work, wait=self.stopped.wait)
        except TransactionMemoryError as error:
            self.batch_bytes = min(self.batch_bytes, size(batch) // 2)
            if len(batch) == 1:
                raise TransactionMemoryError(
                    f"{name(batch[0].content)} alone is too large: {error}"
                ) from error
            raise
        # if the answer to a commit was lost, the second try found everything unchanged
        done = max(tried, key=lambda counts: counts.written)
        self._marker = marker
        self.counts = WriteCounts(
            written=self.counts.written + done.written, unchanged=self.counts.unchanged + done.unchanged
        )

    def _made_good(self) -> list[str]:
        """The unfinished loads that this one has repeated."""
        return [
            load
            for load, signs in self._others.items()
            if len(self._met & set(signs)) >= _SAME * len(set(signs))
        ]


def _write_batch(tx: ManagedTransaction, batch: Sequence[Entry]) -> WriteCounts:
    contents = [entry.content for entry in batch]
    written = (
        write_products(tx, [c for c in contents if isinstance(c, (ProductRow, ProductPatch))])
        + write_interactions(tx, [c for c in contents if isinstance(c, Interaction)])
        + write_facts(tx, [c for c in contents if isinstance(c, Fact)])
    )
    return WriteCounts(written=written, unchanged=len(batch) - written)
