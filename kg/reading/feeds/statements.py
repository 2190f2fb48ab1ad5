"""The triples of an RDF file on disk, so that they can be asked in any order, in little memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_CACHE = 64_000  # KiB
_BATCH = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One triple. `form` is what the value is: 'node', 'text', '@' and a language, or its data type."""

    subject: str
    predicate: str
    value: str
    form: str
    line: int


class Statements:
    """A table of triples in a temporary file that nobody else sees; close it when done.

    Add all of them, then `settle`, then ask.
    """

    def __init__(self) -> None:
        self._table = sqlite3.connect("", isolation_level=None)
        self._table.executescript(
            f"PRAGMA cache_size = -{_CACHE}; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE said (subject TEXT, predicate TEXT, value TEXT, form TEXT, line INTEGER)"
        )
        self._waiting: list[tuple[str, str, str, str, int]] = []

    def close(self) -> None:
        self._table.close()

    def add(self, subject: str, predicate: str, value: str, form: str, line: int) -> None:
        self._waiting.append((subject, predicate, value, form, line))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        self._table.execute("BEGIN")
        self._table.executemany("INSERT INTO said VALUES (?, ?, ?, ?, ?)", self._waiting)
        self._table.execute("COMMIT")
        self._waiting.clear()

    def settle(self) -> None:
        self._flush()
        self._table.execute("CREATE INDEX by_subject ON said (subject)")

    def every(self) -> Iterator[Statement]:
        """All of them, as they came."""
        return self._ask("SELECT * FROM said ORDER BY rowid")

    def about(self, subject: str) -> list[Statement]:
        """What is said of one node, up to 10,000 statements."""
        return list(self._ask("SELECT * FROM said WHERE subject = ? ORDER BY rowid LIMIT 10000", subject))

    def values(self, subject: str, predicates: Iterable[str]) -> list[Statement]:
        """What is said of one node with these predicates, the first of them first."""
        every = self.about(subject)
        return [one for predicate in predicates for one in every if one.predicate == predicate]

    def subjects(self, predicate: str, values: Iterable[str]) -> Iterator[Statement]:
        """The first statement that relates each node to one of these, in their order."""
        return self._ask(
            "SELECT subject, predicate, value, form, min(line) AS first FROM said WHERE predicate = ? "
            "AND value IN (SELECT value FROM json_each(?)) GROUP BY subject ORDER BY first, subject",
            predicate,
            json.dumps(list(values)),
        )

    def pairs(self, predicate: str) -> Iterator[tuple[str, str]]:
        """What a predicate relates."""
        yield from self._table.execute("SELECT subject, value FROM said WHERE predicate = ?", (predicate,))

    def common(self, predicate: str, most: int) -> list[str]:
        """The commonest values of a predicate."""
        query = (
            "SELECT value FROM said WHERE predicate = ? GROUP BY value ORDER BY count(*) DESC, value LIMIT ?"
        )
        return [value for (value,) in self._table.execute(query, (predicate, most))]

    def language(self, predicates: Iterable[str]) -> str:
        """The language that most of the values of these predicates have; '' if they have none."""
        query = (
            "SELECT substr(form, 2) FROM said WHERE predicate IN (SELECT value FROM json_each(?)) "
            "AND form LIKE '@%' GROUP BY form ORDER BY count(*) DESC, form LIMIT 1"
        )
        rows = self._table.execute(query, (json.dumps(list(predicates)),))
        return next((str(language) for (language,) in rows), "")

    def _ask(self, query: str, *parameters: str) -> Iterator[Statement]:
        for subject, predicate, value, form, line in self._table.execute(query, parameters):
            yield Statement(subject=subject, predicate=predicate, value=value, form=form, line=line)
