"""A way to one database of a graph server: reads and writes in transactions, repeated where that helps."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from random import Random
from typing import Any, TypeVar

from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    Driver,
    GraphDatabase,
    ManagedTransaction,
    NotificationMinimumSeverity,
)
from neo4j.exceptions import DriverError, Neo4jError

from kg.store.server_access import Credentials, server_url
from kg.store.server_errors import server_errors, told, worth_repeating
from kg.store.server_read import run
from kg.store.server_schema import Row

_FIRST_WAIT, _LONGEST_WAIT = 0.1, 2.0
_T = TypeVar("_T")
_Work = Callable[[ManagedTransaction], _T]

log = logging.getLogger(__name__)


class Connection:
    """Safe to use from several threads. All its errors are StoreErrors that name host, cause and fix.

    A transaction that meets trouble which passes (a restart, a deadlock, a lost connection) is
    repeated for `retry` seconds, so whatever it does must do no harm when done twice.
    """

    def __init__(
        self, driver: Driver, *, url: str, username: str, database: str | None, retry: float
    ) -> None:
        self.url = url
        self._driver = driver
        self._username = username
        self._database = database
        self._retry = retry
        self._random = Random()  # only spreads the waits of several loaders

    @classmethod
    def open(
        cls, url: str, *, credentials: Credentials, database: str | None, timeout: float, retry: float
    ) -> Connection:
        """Connect and see that the database answers; that is not repeated: who asks is waiting."""
        plain = server_url(url)
        database = database or credentials.database
        with server_errors(plain, username=credentials.username, database=database):
            driver = GraphDatabase.driver(
                plain,
                auth=(credentials.username, credentials.password),
                connection_timeout=timeout,
                connection_acquisition_timeout=4 * timeout,
                max_transaction_retry_time=0,  # `_repeated` knows better what may be repeated
                notifications_min_severity=NotificationMinimumSeverity.OFF,
                user_agent="shelfgraph",
            )
            try:
                with driver.session(database=database, default_access_mode=READ_ACCESS) as session:
                    session.run("RETURN 1").consume()
            except BaseException:
                driver.close()
                raise
        return cls(driver, url=plain, username=credentials.username, database=database, retry=retry)

    def read(self, query: str, /, **parameters: Any) -> list[Row]:
        """The rows of one query."""
        return self.read_in(lambda tx: run(tx, query, **parameters))

    def read_in(self, work: _Work[_T]) -> _T:
        """Do some reading in one transaction."""

        def once() -> _T:
            with self._driver.session(
                database=self._database, default_access_mode=READ_ACCESS, fetch_size=10_000
            ) as session:
                return session.execute_read(work)

        return self._repeated(once, time.sleep)

    def write(self, work: _Work[_T], *, wait: Callable[[float], object] = time.sleep) -> _T:
        """Do some writing in one transaction. `wait` is asked to pass the seconds before a repetition; if it
        gives something true, there is none."""

        def once() -> _T:
            with self._driver.session(database=self._database, default_access_mode=WRITE_ACCESS) as session:
                return session.execute_write(work)

        return self._repeated(once, wait)

    def execute(self, query: str, /, **parameters: Any) -> None:
        """Run one writing query, in a transaction of its own."""
        self.write(lambda tx: tx.run(query, parameters).consume())

    def errors(self) -> AbstractContextManager[None]:
        """Turns what the driver raises within into StoreError."""
        return server_errors(self.url, username=self._username, database=self._database)

    def close(self) -> None:
        self._driver.close()

    def _repeated(self, once: Callable[[], _T], wait: Callable[[float], object]) -> _T:
        began: float | None = None
        pause = _FIRST_WAIT
        with self.errors():
            while True:
                try:
                    return once()
                except (DriverError, Neo4jError) as error:
                    began = time.monotonic() if began is None else began
                    left = began + self._retry - time.monotonic()
                    if not worth_repeating(error) or left <= 0:
                        raise
                    # soon over, most of it: only longer trouble is worth a warning
                    level = logging.WARNING if pause < 1 <= 2 * pause else logging.INFO
                    log.log(level, "%s; trying again for %.0f s", self._told(error), left)
                    if wait(min(left, pause * self._random.uniform(0.8, 1.2))):
                        raise
                    pause = min(2 * pause, _LONGEST_WAIT)

    def _told(self, error: Exception) -> str:
        return told(error, self.url, username=self._username, database=self._database)
