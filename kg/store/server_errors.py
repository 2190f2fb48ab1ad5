"""What the driver and the server complain about, as one error that names host, cause and fix."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from neo4j.exceptions import (
    AuthError,
    ConfigurationError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    ServiceUnavailable,
    SessionExpired,
)

from kg.errors import DataError, StoreError

_FIXES: tuple[tuple[str, str, str], ...] = (
    # a part of the server's code, what it means, what to do
    ("DatabaseNotFound", "has no database of that name", "check NEO4J_DATABASE (Community has one, 'neo4j')"),
    ("DatabaseUnavailable", "has the database stopped or starting", "wait a moment, or start the database"),
    ("ReadOnly", "keeps this database for reading only", "make it writable, or give another database"),
    ("AccessMode", "was asked to write in a session for reading", "open the graph for writing"),
    ("Forbidden", "does not allow this user to do that", "give the user an editor's rights, or use another"),
    ("AuthenticationRateLimit", "met too many wrong passwords", "wait some seconds and check NEO4J_PASSWORD"),
    (
        "CredentialsExpired",
        "wants the password changed first",
        "log in once with Neo4j Browser and change it",
    ),
    (
        "OutOfMemory",
        "ran out of memory for a transaction",
        "raise db.memory.transaction.max or dbms.memory.transaction.total.max in neo4j.conf, or the heap",
    ),
    (
        "TransactionMemoryLimit",
        "ran out of memory for a transaction",
        "raise server.memory.off_heap.transaction_max_size in neo4j.conf",
    ),
    ("ConstraintCreationFailed", "holds nodes that share an id", "remove them, or use an empty database"),
    ("ConstraintValidationFailed", "holds another node with that id", "load again, or look for duplicates"),
    ("LockClient", "waited too long for another writer", "load again once the other has finished"),
    (
        "LockAcquisitionTimeout",
        "waited too long for another writer",
        "load again once the other has finished",
    ),
    ("Deadlock", "met two writers that block each other", "load again once the other has finished"),
)

_MEMORY = ("OutOfMemory", "TransactionMemoryLimit", "StackOverFlow")
"""Parts of the codes of a transaction that was too large. The server calls most of them transient, but the
same transaction would only fail again."""


class TransactionMemoryError(StoreError):
    """The server has not the memory for a transaction; a smaller one may succeed."""


def worth_repeating(error: Exception) -> bool:
    """Whether the same transaction may succeed if it is sent again, because it meets a new moment."""
    if isinstance(error, Neo4jError):
        return error.is_retryable() and not _is_in(_MEMORY, error.code)
    # what we write may be written twice, so a commit without an answer may be repeated
    return isinstance(error, IncompleteCommit) or (isinstance(error, DriverError) and error.is_retryable())


@contextmanager
def server_errors(url: str, *, username: str = "", database: str | None = None) -> Iterator[None]:
    """Turn errors of the driver into StoreError (DataError for a value that it cannot send)."""
    try:
        yield
    except (AuthError, Neo4jError, DriverError, ConfigurationError, OSError) as error:
        message = told(error, url, username=username, database=database)
        if isinstance(error, Neo4jError) and _is_in(_MEMORY, error.code):
            raise TransactionMemoryError(message) from error
        raise StoreError(message) from error
    except (UnicodeEncodeError, OverflowError) as error:
        raise DataError(
            f"a record cannot be sent to {url} ({error}); remove half characters (lone surrogates) "
            "and numbers beyond 64 bits"
        ) from error


def told(error: Exception, url: str, *, username: str = "", database: str | None = None) -> str:
    """An error of the driver in our words: host, cause and fix."""
    deepest = _deepest(error)
    told = deepest if isinstance(deepest, Neo4jError) else error
    code = (told.code or "") if isinstance(told, Neo4jError) else ""
    for part, meaning, fix in _FIXES:
        if part in code:
            which = f" (database {database!r})" if database else ""
            return f"the graph server {url}{which} {meaning}; {fix} [{code}]"
    if isinstance(error, AuthError):
        return (
            f"the graph server {url} does not accept the password of user {username!r}; "
            f"check NEO4J_USERNAME and NEO4J_PASSWORD or the credentials file [{code}]"
        )
    if isinstance(error, (ServiceUnavailable, SessionExpired, OSError)):
        return (
            f"no graph server answers at {url} ({_cause(error)}); "
            "start Neo4j there, or check host, port and scheme"
        )
    return f"the graph server {url} refused ({_cause(error)})" + (f" [{code}]" if code else "")


def _is_in(parts: tuple[str, ...], code: str | None) -> bool:
    return any(part in (code or "") for part in parts)


def _deepest(error: BaseException) -> BaseException:
    """The cause at the bottom: the driver wraps what the server or the socket said."""
    for _ in range(10):
        inner = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error.__cause__
        if inner is None:
            break
        error = inner
    return error


def _cause(error: BaseException) -> str:
    """The deepest cause, in one line."""
    deepest = _deepest(error)
    text = (deepest.message if isinstance(deepest, Neo4jError) else str(deepest)) or type(deepest).__name__
    return text.strip().splitlines()[0][:300]
