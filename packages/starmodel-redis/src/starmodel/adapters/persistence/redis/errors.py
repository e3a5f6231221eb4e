"""What Redis complains of, as errors that say what to do; a password is never repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redis import exceptions
from starmodel.core.errors import ConfigurationError, StoreError

if TYPE_CHECKING:
    from .url import RedisUrl

__all__ = [
    "DurabilityError",
    "RedisUrlError",
    "UncertainError",
    "UnreadableError",
    "is_lost",
    "is_passing",
    "store_error",
]


class RedisUrlError(ConfigurationError):
    """An address of a Redis server that cannot be used."""

    code = "redis_url"


class DurabilityError(ConfigurationError):
    """The server does not keep what is stored as well as the application asks for."""

    code = "durability"


class UncertainError(StoreError):
    """What was being stored is there whole, or not at all: the connection was lost, or no replica has it yet."""

    code = "uncertain"

    def __init__(self, why: str, command_id: str) -> None:
        self.command_id = command_id
        super().__init__(
            f"{why}; whether the command {command_id!r} took effect is not known: send it again with the same "
            "id, and it takes effect once"
        )


class UnreadableError(StoreError, ValueError):
    """A key holds what is no snapshot of its class: another version of the code wrote it, or another program."""

    code = "unreadable"

    def __init__(self, kind: str, id: str) -> None:
        self.kind, self.id = kind, id
        super().__init__(
            f"the key starmodel:{kind}:{id} holds what is no {kind}: if a newer version of the code wrote it, run that "
            "one here too; if another program did, correct or delete the key"
        )


_LOST = (exceptions.ConnectionError, exceptions.TimeoutError, OSError, TimeoutError)
_NOT_LOST = (exceptions.AuthenticationError, exceptions.BusyLoadingError, exceptions.MaxConnectionsError)

_PASSING = (
    exceptions.BusyLoadingError,
    exceptions.MasterDownError,
    exceptions.ReadOnlyError,
    exceptions.TryAgainError,
)


def is_lost(error: BaseException) -> bool:
    """Tell whether the connection was lost, so that what became of the call is not known."""
    return isinstance(error, _LOST) and not isinstance(error, _NOT_LOST)


def is_passing(error: BaseException) -> bool:
    """Tell whether the server refused for the moment and did nothing: it loads its data, or is about to be primary."""
    return isinstance(error, _PASSING)


def store_error(error: BaseException, url: RedisUrl) -> StoreError:
    """Return *error* in words that say what to do."""
    text = (str(error).strip() or type(error).__name__).splitlines()[0]
    low = f"{type(error).__name__} {text}".lower()
    advice = next((advice for sign, advice in _ADVICE.items() if sign in low), "")
    return StoreError(f"{url}: {text}{'; ' if advice else ''}{advice}")


_CLUSTER = "this is a Redis Cluster, which is not supported: name a single server, or the primary of one with replicas"
_RIGHTS = "the user in REDIS_URL needs the right to scripts, streams and all keys that begin with starmodel"

_ADVICE = {
    "busyloading": "it still reads its data from the disk: try again in a moment",
    "loading": "it still reads its data from the disk: try again in a moment",
    "masterdown": "this is a replica whose primary is gone: let REDIS_URL name the one that took over",
    "readonly": "this is a replica, which takes no changes: let REDIS_URL name the primary",
    "read only replica": "this is a replica, which takes no changes: let REDIS_URL name the primary",
    "outofmemory": "nothing was stored: raise maxmemory on the server, or let entities expire sooner",
    "oom command": "nothing was stored: raise maxmemory on the server, or let entities expire sooner",
    "misconf": "the server cannot write to its disk, and nothing was stored: free some space there",
    "noreplicas": "nothing was stored: the server wants more replicas than are connected",
    "moved": _CLUSTER,
    "crossslot": _CLUSTER,
    "authentication required": "the server wants a password: redis://:password@host/0",
    "authentication": "see user and password in REDIS_URL",
    "invalid username-password": "see user and password in REDIS_URL",
    "wrongpass": "see user and password in REDIS_URL",
    "noauth": "the server wants a password: redis://:password@host/0",
    "noperm": _RIGHTS,
    "no permission": _RIGHTS,
    "db index is out of range": "see the number of the database in REDIS_URL",
    "name or service not known": "see the host in REDIS_URL",
    "name resolution": "see the host in REDIS_URL",
    "refused": "start the server, or see host and port in REDIS_URL",
    "error 111": "start the server, or see host and port in REDIS_URL",
    "timeout": "see whether the server is up and can be reached",
    "timed out": "see whether the server is up and can be reached",
    "wrongtype": "another program uses a name of StarModel's for something else: use another database",
}
