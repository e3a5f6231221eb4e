"""Undo, redo, as-of and replay: everything that reads the command log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from starmodel.core.actors import Actor
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import NotFoundError, UndoError
from starmodel.core.events import ClassEvent, EventOptions
from starmodel.core.frozen import thaw
from starmodel.core.unit import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from starmodel.core.changes import Change, Commit
    from starmodel.core.query import Stored

    from .dispatcher import Dispatcher
    from .persistence import PersistenceManager
    from .uow import UnitOfWork

__all__ = ["SERVICES", "History", "redo", "undo"]

E = TypeVar("E", bound=Entity)


async def undo(kind: type[Entity], command: str) -> str:
    """Take back what a command changed, as a new change; later changes of other fields are kept."""
    unit = cast("UnitOfWork", Unit.current())
    await _revert(unit, await _commit_of(unit, kind, command))
    return command


async def redo(kind: type[Entity], command: str) -> str:
    """Do again what was undone: take back the newest undo of that command."""
    unit = cast("UnitOfWork", Unit.current())
    first = await _commit_of(unit, kind, command)
    store = unit.persistence.for_class(kind)
    for change in first.changes:
        for commit in reversed(await store.history(unit.kind_of(change.entity), change.id)):
            if commit.command.event == "undo" and commit.command.args.get("command") == command:
                await _revert(unit, commit)
                return command
    raise UndoError(f"command {command!r} was not undone, so there is nothing to redo")


SERVICES: Mapping[str, ClassEvent[Any, Any]] = {
    "undo": ClassEvent(undo, EventOptions()),
    "redo": ClassEvent(redo, EventOptions()),
}
"""Events that every entity class answers to, unless it declares its own of that name."""


_NO_VALUE = "the log holds neither secrets nor values of another version's type, and so none of"


async def _commit_of(unit: UnitOfWork, kind: type[Entity], command: str) -> Commit:
    commit = await unit.persistence.for_class(kind).commit_of(command)
    if commit is None or all(change.entity != kind.__entity_name__ for change in commit.changes):
        raise UndoError(f"command {command!r} changed no {kind.__entity_name__}, or is older than the log reaches back")
    return commit


async def _revert(unit: UnitOfWork, commit: Commit) -> None:
    for change in reversed(commit.changes):
        kind = unit.kind_of(change.entity)
        stored = await unit.persistence.for_class(kind).get(kind, change.id)
        entity = None if stored is None else stored.entity
        unit.allow("undo", kind, change.id, entity)
        does = "delete" if change.before is None else "create" if change.after is None else commit.command.event
        unit.allow(does, kind, change.id, entity)  # undo is no way round what may not be done directly
        if change.before is None:
            _revert_creation(unit, change, stored)
        elif change.after is None:
            _revert_deletion(unit, kind, change, stored)
        else:
            _revert_update(unit, change, stored)


def _revert_creation(unit: UnitOfWork, change: Change, stored: Stored[Any] | None) -> None:
    if stored is None:
        raise UndoError(f"{change.entity} {change.id!r} was deleted already")
    if stored.version != change.version:
        raise UndoError(f"{change.entity} {change.id!r} was changed since it was created; delete it instead")
    unit.delete(unit.opened(stored))


def _revert_deletion(unit: UnitOfWork, kind: type[Entity], change: Change, stored: Stored[Any] | None) -> None:
    if stored is not None:
        raise UndoError(f"there is a {change.entity} {change.id!r} again already")
    infos = fields_of(kind)
    known = {name: thaw(value) for name, value in (change.before or {}).items() if name in infos}
    lost = [name for name, info in infos.items() if info.default is None and name not in known]
    if lost:
        raise UndoError(f"{_NO_VALUE} {', '.join(lost)}, which cannot be brought back; create it again")
    unit.begun(kind(**known))


def _revert_update(unit: UnitOfWork, change: Change, stored: Stored[Any] | None) -> None:
    if stored is None:
        raise UndoError(f"{change.entity} {change.id!r} was deleted later; undo that first")
    if change.hidden:
        raise UndoError(f"{_NO_VALUE} {', '.join(change.hidden)}, which cannot be set back; set it anew")
    known, after = type(stored.entity).__entity_fields__, change.after or {}
    before = {name: value for name, value in (change.before or {}).items() if name in known}
    if change.before and not before:
        raise UndoError(f"{change.entity} has no {', '.join(change.before)} any more, so there is nothing to set back")
    later = [name for name in before if getattr(stored.entity, name) != after[name]]
    if later:
        raise UndoError(f"{', '.join(later)} of {change.entity} {change.id!r} was changed again later; undo that first")
    draft = unit.opened(stored)
    for name, value in before.items():
        setattr(draft, name, thaw(value))


class History:
    """The past of one application's entities, as far back as its stores' logs go."""

    def __init__(self, persistence: PersistenceManager) -> None:
        self._persistence = persistence

    async def timeline(self, kind: type[Entity], id: str) -> Sequence[Commit]:
        """Return the commits that changed an entity, oldest first."""
        return await self._persistence.for_class(kind).history(kind, id)

    async def as_of(
        self, kind: type[E], id: str, *, version: int | None = None, at: datetime | None = None
    ) -> E | None:
        """Return the entity as it was at *version*, or at the time *at* (UTC); ``None`` when it did not exist then.

        Secret fields have their present value.  NotFoundError when the log does not reach back that far.
        """
        store = self._persistence.for_class(kind)
        stored = await store.get(kind, id)
        values: dict[str, Any] | None = None
        if stored is not None:
            values = {name: getattr(stored.entity, name) for name in kind.__entity_fields__}
        for commit, change in reversed(await self._steps(kind, id)):
            if _is_reached(commit, change, version, at):
                break
            values = _before(values, change)
        else:
            if values is not None:
                raise NotFoundError(f"{kind.__entity_name__} that far back in the log", id)
        return None if values is None else _made_of(kind, id, values)

    async def _steps(self, kind: type[Entity], id: str) -> list[tuple[Commit, Change]]:
        key = (kind.__entity_name__, id)
        commits = await self.timeline(kind, id)
        return [(commit, change) for commit in commits for change in commit.changes if change.key == key]

    async def replay(self, commits: Iterable[Commit], dispatcher: Dispatcher) -> int:
        """Run the commands of *commits* again, in order, into the application of *dispatcher*; return how many.

        Each keeps its id, time and actor, so that an empty store ends up holding the same.  The values of secret
        arguments were never kept: they are left out.
        """
        done = 0
        for commit in commits:
            command = commit.command
            secrets = dispatcher.catalog.handler(command.entity, command.event).secrets
            kept = {name: value for name, value in command.args.items() if name not in secrets}
            await dispatcher.dispatch(replace(command, args=kept), actor=Actor(command.actor or "replay", trusted=True))
            done += 1
        return done


def _made_of(kind: type[E], id: str, values: Mapping[str, Any]) -> E:
    infos = fields_of(kind)
    lost = [name for name, info in infos.items() if info.default is None and name not in values]
    if lost:
        raise NotFoundError(f"{kind.__entity_name__} whose {', '.join(lost)} the log still holds", id)
    return kind(**{name: value for name, value in values.items() if name in infos})


def _is_reached(commit: Commit, change: Change, version: int | None, at: datetime | None) -> bool:
    if version is not None:
        return change.version <= version
    return at is None or commit.at <= at


def _before(values: dict[str, Any] | None, change: Change) -> dict[str, Any] | None:
    if change.before is None:
        return None
    return {**(values or {}), **change.before}
