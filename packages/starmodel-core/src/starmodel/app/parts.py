"""An event that changes several stores: one of them commits first, and keeps what the others follow with."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starmodel.core.domain_events import Recorded
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import events_of
from starmodel.core.owed import Continued, OutboxStore, Owed, part_id
from starmodel.core.swift import swift

from .commits import is_discreet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.core.changes import Changeset, Commit, Write
    from starmodel.core.entity import Entity
    from starmodel.core.ports import Codec, StatePersistenceBackend

    from .catalog import Handler
    from .persistence import PersistenceManager
    from .uow import UnitOfWork

__all__ = ["Division", "Part", "Parts", "refuse_unable"]


@dataclass(frozen=True, slots=True)
class Part:
    """What one store that follows is to store, as it would be now."""

    name: str
    store: StatePersistenceBackend
    changeset: Changeset


@swift
@dataclass(frozen=True, slots=True)
class Division:
    """What *store* commits first, with what it owes; and the *parts* that follow in others, mostly none."""

    store: StatePersistenceBackend
    changeset: Changeset
    parts: tuple[Part, ...] = ()


class Parts:
    """Divides changesets."""

    def __init__(self, persistence: PersistenceManager, codec: Codec) -> None:
        self._persistence, self._codec = persistence, codec

    def primary(self, handler: Handler) -> StatePersistenceBackend:
        """Return the store that commits first when an event changes entities of several."""
        named = handler.event.options.primary
        return self._persistence.for_class(handler.kind) if named is None else self._persistence.store(named)

    async def receipt(self, handler: Handler, command_id: str, fingerprint: str) -> Commit | None:
        """Return what a command of the last 24 hours has stored, in its primary or alone in the store of its class."""
        first, own = self.primary(handler), self._persistence.for_class(handler.kind)
        found = await first.receipt(command_id, fingerprint)
        return found if found is not None or own is first else await own.receipt(command_id, fingerprint)

    def divide(self, unit: UnitOfWork, changeset: Changeset, handler: Handler) -> Division:
        """Return who commits what; ConfigurationError when the primary cannot keep what others have to follow with."""
        own, kinds = self.primary(handler), {write.kind for write in changeset.writes}
        if handler.event.options.primary is None and kinds <= {handler.kind}:
            return Division(own, changeset)
        used = {id(store): store for store in map(self._persistence.for_class, kinds)}
        if len(used) <= 1:
            return Division(next(iter(used.values()), own), changeset)
        if any(map(is_discreet, used.values())):
            names = ", ".join(sorted(self._persistence.name_of(store) for store in used.values()))
            raise ConfigurationError(
                f"{handler} changes entities of the stores {names}, and what a browser keeps changes alone: it can "
                "neither commit first nor follow; let the page send two events"
            )
        if not isinstance(own, OutboxStore):
            raise ConfigurationError(
                f"{handler} changes entities of several stores, and {self._persistence.name_of(own)!r} cannot keep "
                'what the others have to follow with; name another that commits first: @event(primary="...")'
            )
        return self._divided(unit, changeset, own, [store for store in used.values() if store is not own])

    def _divided(
        self,
        unit: UnitOfWork,
        changeset: Changeset,
        own: StatePersistenceBackend,
        others: Sequence[StatePersistenceBackend],
    ) -> Division:
        stores = {self._persistence.name_of(store): store for store in others}
        parts = tuple([self._part(unit, changeset, name, stores[name]) for name in sorted(stores)])
        command, at = changeset.command, changeset.command.at
        assert at is not None  # noqa: S101  (the dispatcher has stamped it)
        elsewhere = {fact.id for part in parts for fact in part.changeset.recorded}
        goes_on = Recorded(
            f"{command.id}.+", command.entity, command.entity_id or "", 0, Continued(stores=tuple(sorted(stores))), at
        )
        mine = replace(
            changeset,
            writes=tuple([write for write in changeset.writes if self._persistence.for_class(write.kind) is own]),
            recorded=(*[fact for fact in changeset.recorded if fact.id not in elsewhere], goes_on),
            owed=tuple([self._owed(unit, part) for part in parts]),
        )
        return Division(own, mine, parts)

    def _part(self, unit: UnitOfWork, changeset: Changeset, name: str, store: StatePersistenceBackend) -> Part:
        of = self._persistence.for_class
        writes = tuple([write for write in changeset.writes if of(write.kind) is store])
        recorded = tuple([fact for fact in changeset.recorded if of(unit.kind_of(fact.entity)) is store])
        command = replace(changeset.command, id=part_id(changeset.command.id, name))
        return Part(name, store, replace(changeset, command=command, writes=writes, recorded=recorded, answer=None))

    def _owed(self, unit: UnitOfWork, part: Part) -> Owed:
        changeset = part.changeset
        command = changeset.command
        assert command.at is not None  # noqa: S101  (as above)
        body = {
            "command": json.loads(command.to_json()),
            "fingerprint": changeset.fingerprint,
            "writes": [self._written(write, unit.begun_on(write)) for write in changeset.writes],
        }
        keys = {f"{write.kind.__entity_name__} {write.id}": write.expected for write in changeset.writes}
        return Owed(command.id, part.name, keys, _encode(body), changeset.recorded, command.at)

    def _written(self, write: Write, begun_on: Entity | None) -> dict[str, Any]:
        """Return *write* as JSON: all of what is new or goes, of what changes the fields that do, before and after.

        What nobody had stored and was there all the same has both.
        """
        before, after = write.before or begun_on, write.after
        old = None if before is None else self._codec.dump(before)
        new = None if after is None else self._codec.dump(after)
        if before is not None and after is not None and old is not None and new is not None:
            changed = [n for n in type(after).__entity_fields__ if getattr(before, n) != getattr(after, n)]
            old = {name: old[name] for name in changed}
            new = new if write.before is None else {name: new[name] for name in changed}
        name = write.kind.__entity_name__
        return {"entity": name, "id": write.id, "expected": write.expected, "before": old, "after": new}


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def refuse_unable(kind: type[Entity], persistence: PersistenceManager) -> None:
    """ConfigurationError when an event of *kind* names a store as its primary that cannot be one.

    AdapterNotFoundError when no package offers it.
    """
    for name, event in events_of(kind).items():
        primary = event.options.primary
        if primary is not None and not isinstance(persistence.store(primary), OutboxStore):
            raise ConfigurationError(
                f"{kind.__entity_name__}.{name} says primary={str(primary)!r}, and that store cannot keep what others "
                "have to follow with; name another, or leave it away"
            )
