"""What a database complains of, as errors that say what to do; a password is never repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exc

from starmodel.core.errors import ConfigurationError, StarModelError, StoreError

if TYPE_CHECKING:
    from .url import DatabaseUrl

__all__ = [
    "DatabaseUrlError",
    "SchemaError",
    "UnloadedError",
    "UnreadableError",
    "is_disconnect",
    "is_outdated",
    "is_transient",
    "store_error",
]

_TRANSIENT = frozenset({"40001", "40P01"})  # serialization_failure, deadlock_detected
_OUTDATED = "cached plan must not change result type"
"""What Postgres says to a connection that prepared a statement before a migration gave a column another type."""


class DatabaseUrlError(ConfigurationError):
    """An address of a database that cannot be used."""

    code = "database_url"


class SchemaError(ConfigurationError):
    """The tables in the database do not fit the code."""

    code = "schema"


class UnloadedError(StarModelError, AttributeError):
    """A relationship was read as if it were a field; what it leads to must be fetched."""

    code = "unloaded"

    def __init__(self, owner: str, relation: str) -> None:
        self.owner, self.relation = owner, relation
        super().__init__(
            f"{owner}.{relation} leads to other entities, which a snapshot does not hold; "
            f"fetch them: await {owner.lower()}.related({relation!r})"
        )


class UnreadableError(StoreError, ValueError):
    """A column holds what is no value of its field: another version of the code wrote it, or another program."""

    code = "unreadable"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(
            f"a row holds what is no {kind}: if a newer version of the code wrote it, run that one here too; "
            "if another program did, correct the row"
        )


def is_transient(error: BaseException) -> bool:
    """Tell whether a transaction failed only because another one came between, so that it may simply run again."""
    return isinstance(error, exc.DBAPIError) and getattr(error.orig, "sqlstate", None) in _TRANSIENT


def is_disconnect(error: BaseException) -> bool:
    """Tell whether the connection was lost, so that what was being committed is not known."""
    return isinstance(error, exc.DBAPIError) and error.connection_invalidated


def is_outdated(error: BaseException) -> bool:
    """Tell whether a connection still has statements from before a migration, so that a new one will do."""
    return isinstance(error, exc.DBAPIError) and _OUTDATED in str(error.orig)


def store_error(error: exc.SQLAlchemyError | OSError, url: DatabaseUrl) -> StoreError:
    """Return *error* in words that say what to do; what it says itself is cut to its first line.

    Postgres adds the whole row that breaks a rule, secrets among its values, and causes are logged.
    """
    text = _first_line(error)
    for one in (error, getattr(error, "orig", None)):
        if one is not None and one.args and isinstance(one.args[0], str):
            one.args = (one.args[0].strip().partition("\n")[0], *one.args[1:])
    low = text.lower()
    for sign, advice in _ADVICE.items():
        if sign in low:
            return StoreError(f"{url}: {text}; {advice}")
    return StoreError(f"{url}: {text}")


def _first_line(error: BaseException) -> str:
    cause = getattr(error, "orig", None) or error
    return next((line.strip() for line in str(cause).splitlines() if line.strip()), type(cause).__name__)


_OTHER_VERSION = (
    "bring the schema up: starmodel migrate up; or start this code's newer version, if the schema is ahead of this one"
)

_ADVICE = {
    "readonly database": "make the file and its folder writable for this user",
    "read-only": "connect with a role that may write, or to the primary server",
    "unable to open database": "see that the folder exists and that this user may write in it",
    "database is locked": "another program holds a write lock on the file: let it finish, or close it",
    "lock timeout": "another program holds locks on what is to be changed: let it finish, or end it",
    "disk is full": "free some space on the disk; nothing of this change was stored",
    "no space left": "free some space on the disk; nothing of this change was stored",
    "disk i/o error": "see whether the disk is full or failing; nothing of this change was stored",
    "not a database": "the file holds something else: name another file in DATABASE_URL",
    "malformed": "the file is damaged: restore it from a backup",
    "no such table": _OTHER_VERSION,
    "no such column": _OTHER_VERSION,
    "has no column": _OTHER_VERSION,
    "does not exist": f"see whether DATABASE_URL names the right database; for a table or a column, {_OTHER_VERSION}",
    "password authentication failed": "see user and password in DATABASE_URL",
    "connection refused": "start the server, or see host and port in DATABASE_URL",
    "could not translate host": "see the host in DATABASE_URL",
    "name or service not known": "see the host in DATABASE_URL",
    "permission denied": "grant this role the right to it",
    "terminating connection": "the server ended the connection; try again",
    "server closed the connection": "the server ended the connection; try again",
}
