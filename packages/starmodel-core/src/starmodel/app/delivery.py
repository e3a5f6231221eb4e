"""A store follows with its part of a command: on what is there by now, or not at all, and then it is said why."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starmodel.core.changes import Changeset, Commit, Write
from starmodel.core.commands import Command
from starmodel.core.errors import ConflictError, GoneError, StarModelError, StoreError

if TYPE_CHECKING:
    from starmodel.core.entity import Entity
    from starmodel.core.owed import Owed
    from starmodel.core.ports import Codec, StatePersistenceBackend
    from starmodel.core.query import Stored

    from .catalog import Catalog
    from .commits import Commits
    from .persistence import PersistenceManager

__all__ = ["Delivery"]

logger = logging.getLogger("starmodel.outbox")

_RERUNS = 20
"""How often a part is made again when somebody else was faster."""


class _CannotFollowError(Exception):
    """A part does not fit what is there by now."""


class Delivery:
    """Stores parts, each once."""

    def __init__(self, persistence: PersistenceManager, catalog: Catalog, codec: Codec, commits: Commits) -> None:
        self._persistence, self._catalog, self._codec, self._commits = persistence, catalog, codec, commits

    async def deliver(self, owed: Owed) -> Mapping[str, int] | str:
        """Let the store follow with *owed*; return the versions that its keys have then, or why it cannot.

        StoreError when the store cannot be reached: it is tried again then.
        """
        try:
            return await self._followed(owed)
        except _CannotFollowError as refusal:
            return str(refusal)
        except StarModelError as error:
            if isinstance(error, StoreError) and not isinstance(error, ValueError):
                raise
            return str(error)
        except Exception as error:
            logger.exception("the part %r cannot be read or stored", owed.id)
            return f"{type(error).__name__}: the log of the process has the details"

    async def _followed(self, owed: Owed) -> Mapping[str, int] | str:
        store, body = self._persistence.store(owed.store), json.loads(owed.body)
        command = Command.from_json(json.dumps(body["command"]))
        for _ in range(_RERUNS):
            earlier = await store.commit_of(owed.id)  # a receipt is good for a day, the log goes back further
            if earlier is not None and earlier.fingerprint == body["fingerprint"]:
                return _versions(earlier)
            found = [await self._write(store, write) for write in body["writes"]]
            writes = tuple([write for write in found if write is not None])
            try:
                done = Changeset(command, body["fingerprint"], writes, owed.recorded)
                return _versions(await self._commits.whole(store, done))
            except (ConflictError, GoneError):
                continue
        return f"{', '.join(owed.keys)} is changed all the time"

    async def _write(self, store: StatePersistenceBackend, said: Mapping[str, Any]) -> Write | None:
        """Return what to store, on what is there by now; ``None`` for the deletion of what is not."""
        kind = self._catalog.kind(said["entity"])
        stored = await store.get(kind, said["id"])
        if stored is None:
            return self._of_nothing(kind, said)
        if stored.version != said["expected"]:
            self._compare(stored, said)
        after = said["after"]
        if after is None:
            return Write(kind, said["id"], stored.entity, None, stored.version)
        names = said["before"]
        loaded = self._codec.load(kind, {**self._codec.dump(stored.entity), **{name: after[name] for name in names}})
        entity = stored.entity.evolve(**{name: getattr(loaded, name) for name in names})
        return Write(kind, said["id"], stored.entity, entity, stored.version)

    def _of_nothing(self, kind: type[Entity], said: Mapping[str, Any]) -> Write | None:
        if said["after"] is None:
            return None
        if said["expected"]:
            raise _CannotFollowError(f"{said['entity']} {said['id']!r} is not there any more")
        return Write(kind, said["id"], None, self._codec.load(kind, said["after"]), 0)

    def _compare(self, stored: Stored[Any], said: Mapping[str, Any]) -> None:
        """Refuse to change a field that is not as the event saw it: what it found out from that would be wrong."""
        entity, before, what = stored.entity, said["before"], f"{said['entity']} {said['id']!r}"
        if before is None:
            raise _CannotFollowError(f"there is a {what} already")
        seen = self._codec.load(type(entity), {**self._codec.dump(entity), **before})
        other = [name for name in before if getattr(seen, name) != getattr(entity, name)]
        if other:
            raise _CannotFollowError(f"{', '.join(other)} of {what} was changed meanwhile")


def _versions(commit: Commit) -> Mapping[str, int]:
    """Return the versions of what is there after *commit*."""
    return {f"{one.entity} {one.id}": one.version for one in commit.changes if one.after is not None}
