"""Undo, redo, as-of and replay: everything that reads the command log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from starmodel.core.actors import Actor
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import NotFoundError, UndoError
from starmodel.core.events import ClassEvent
from starmodel.core.frozen import thaw
from starmodel.core.options import EventOptions
from starmodel.core.owed import Continued, origin_of, part_id
from starmodel.core.unit import Unit

from .reading import entity_before

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from starmodel.core.changes import Change, Commit
    from starmodel.core.query import Stored

    from .dispatcher import Dispatcher
    from .persistence import PersistenceManager
    from .uow import UnitOfWork

__all__ = ["SERVICES", "History", "obstacle_to_undo", "redo", "undo"]

E = TypeVar("E", bound=Entity)


async def undo(kind: type[Entity], command: str) -> str:
    """Take back what a command changed, as a new change; later changes of other fields are kept."""
    unit = cast("UnitOfWork", Unit.current())
    for commit in reversed(await _commits_of(unit, kind, command)):
        await _revert(unit, commit)
    return command


async def redo(kind: type[Entity], command: str) -> str:
    """Do again what was undone: take back the newest undo of that command."""
    unit = cast("UnitOfWork", Unit.current())
    commits = await _commits_of(unit, kind, command)
    names = {commit.command.id for commit in commits}  # it may have been undone by what it is called in any store
    for change in [change for commit in commits for change in commit.changes]:
        of_kind = unit.kind_of(change.entity)
        for commit in reversed(await unit.persistence.for_class(of_kind).history(of_kind, change.id)):
            if commit.command.event == "undo" and commit.command.args.get("command") in names:
                for part in reversed(await _commits_of(unit, of_kind, commit.command.id)):
                    await _revert(unit, part)
                return command
    raise UndoError(f"command {command!r} was not undone, so there is nothing to redo")


SERVICES: Mapping[str, ClassEvent[Any, Any]] = {
    "undo": ClassEvent(undo, EventOptions()),
    "redo": ClassEvent(redo, EventOptions()),
}
"""Events that every entity class answers to, unless it declares its own of that name."""


_NO_VALUE = "the log holds neither secrets nor values of another version's type, and so none of"


async def _commits_of(unit: UnitOfWork, kind: type[Entity], command: str) -> Sequence[Commit]:
    """Return what a command stored: one commit, and one for each other store that followed."""
    own = await unit.persistence.for_class(kind).commit_of(command)
    if own is None or all(change.entity != kind.__entity_name__ for change in own.changes):
        raise UndoError(f"command {command!r} changed no {kind.__entity_name__}, or is older than the log reaches back")
    origin = origin_of(command)
    first = own if origin is None else await _origin(unit, origin)
    goes_on = [fact.event for fact in first.recorded if isinstance(fact.event, Continued)]
    return [first, *[await _part(unit, first, name) for event in goes_on for name in event.stores]]


async def _origin(unit: UnitOfWork, command: str) -> Commit:
    for store in unit.persistence.distinct.values():
        commit = await store.commit_of(command)
        if commit is not None:
            return commit
    raise UndoError(f"command {command!r} began in another store, whose log does not reach back to it any more")


async def _part(unit: UnitOfWork, first: Commit, store: str) -> Commit:
    known = unit.persistence.distinct.get(store)
    commit = None if known is None else await known.commit_of(part_id(first.command.id, store))
    if commit is None:
        raise UndoError(
            f"what command {first.command.id!r} changes in the store {store!r} is not there: it is still on its way, "
            "was put aside, or is older than the log reaches back"
        )
    return commit


async def _revert(unit: UnitOfWork, commit: Commit) -> None:
    for change in reversed(commit.changes):
        kind = unit.kind_of(change.entity)
        stored = await unit.persistence.for_class(kind).get(kind, change.id)
        entity = None if stored is None else stored.entity
        unit.allow("undo", kind, change.id, entity_before(kind, change) if stored is None else entity)
        does = "delete" if change.before is None else "create" if change.after is None else commit.command.event
        unit.allow(does, kind, change.id, entity)  # undo is no way round what may not be done directly
        wrong = obstacle_to_undo(kind, change, stored)
        if wrong is not None:
            raise wrong
        _take_back(unit, kind, change, stored)


def _take_back(unit: UnitOfWork, kind: type[Entity], change: Change, stored: Stored[Any] | None) -> None:
    if stored is None:
        infos = fields_of(kind)
        unit.begun(kind(**{name: thaw(value) for name, value in (change.before or {}).items() if name in infos}))
    elif change.before is None:
        unit.delete(unit.opened(stored))
    else:
        draft, known = unit.opened(stored), type(stored.entity).__entity_fields__
        for name, value in change.before.items():
            if name in known:
                setattr(draft, name, thaw(value))


def obstacle_to_undo(kind: type[Entity], change: Change, stored: Stored[Any] | None, /) -> UndoError | None:
    """Return why *change* cannot be taken back from an entity of *kind* as it is now; ``None`` when it can.

    *stored* is the entity now, ``None`` when it is not there.
    """
    if change.before is None:
        text = _creation_stays(change, stored)
    elif change.after is None:
        text = _deletion_stays(kind, change, stored)
    else:
        text = _update_stays(change, stored)
    return UndoError(text) if text else None


def _creation_stays(change: Change, stored: Stored[Any] | None) -> str:
    if stored is None:
        return f"{change.entity} {change.id!r} was deleted already"
    if stored.version != change.version:
        return f"{change.entity} {change.id!r} was changed since it was created; delete it instead"
    return ""


def _deletion_stays(kind: type[Entity], change: Change, stored: Stored[Any] | None) -> str:
    if stored is not None:
        return f"there is a {change.entity} {change.id!r} again already"
    infos = fields_of(kind)
    known = change.before or {}
    lost = [name for name, info in infos.items() if info.default is None and name not in known]
    return f"{_NO_VALUE} {', '.join(lost)}, which cannot be brought back; create it again" if lost else ""


def _update_stays(change: Change, stored: Stored[Any] | None) -> str:
    if stored is None:
        return f"{change.entity} {change.id!r} was deleted later; undo that first"
    if change.hidden:
        return f"{_NO_VALUE} {', '.join(change.hidden)}, which cannot be set back; set it anew"
    known, after = type(stored.entity).__entity_fields__, change.after or {}
    before = [name for name in change.before or {} if name in known]
    if change.before and not before:
        return f"{change.entity} has no {', '.join(change.before)} any more, so there is nothing to set back"
    later = [name for name in before if getattr(stored.entity, name) != after[name]]
    if not later:
        return ""
    what = f"{', '.join(later)} of {change.entity} {change.id!r}"
    if all(getattr(stored.entity, name) == (change.before or {})[name] for name in later):
        return f"{what} is as it was before already; it may be undone"
    return f"{what} was changed again later; undo that first"


class History:
    """The past of one application's entities, as far back as its stores' logs go."""

    def __init__(self, persistence: PersistenceManager) -> None:
        self._persistence = persistence

    async def timeline(
        self, kind: type[Entity], id: str, *, before_version: int | None = None, limit: int | None = None
    ) -> Sequence[Commit]:
        """Return the commits that changed an entity, oldest first.

        With *limit* the newest so many of them, with *before_version* of those that made an earlier version than that.
        """
        return await self._persistence.for_class(kind).history(kind, id, before_version=before_version, limit=limit)

    async def as_of(
        self, kind: type[E], id: str, *, version: int | None = None, at: datetime | None = None
    ) -> E | None:
        """Return the entity as it was at *version*, or at the time *at* (UTC); ``None`` when it did not exist then.

        Secret fields have their present value.  NotFoundError when the log does not reach back that far.
        """
        stored = await self._persistence.for_class(kind).get(kind, id)
        newest = 0 if stored is None else stored.version
        if at is None and (version is None or 0 < newest <= version):
            return None if stored is None else stored.entity
        steps = await self._steps(kind, id, version or 0)
        values = None if stored is None else {name: getattr(stored.entity, name) for name in kind.__entity_fields__}
        is_known = values is None
        for commit, change in reversed(steps):
            if at is not None and commit.at <= at:
                is_known = True
                break
            values = _before(values, change)
            is_known = values is None or change.version - 1 == version
        if not is_known:
            raise NotFoundError(f"{kind.__entity_name__} that far back in the log", id)
        return None if values is None else _made_of(kind, id, values)

    async def _steps(self, kind: type[Entity], id: str, after_version: int) -> list[tuple[Commit, Change]]:
        key = (kind.__entity_name__, id)
        commits = await self._persistence.for_class(kind).history(kind, id, after_version=after_version)
        return [
            (commit, change)
            for commit in commits
            for change in commit.changes
            if change.key == key and change.version > after_version
        ]

    async def replay(self, commits: Iterable[Commit], dispatcher: Dispatcher) -> int:
        """Run the commands of *commits* again, in order, into the application of *dispatcher*; return how many.

        Each keeps its id, time and actor, so that an empty store ends up holding the same.  The values of secret
        arguments were never kept: they are left out.  What followed in another store is not run: it follows again.
        """
        done = 0
        for commit in commits:
            if origin_of(commit.command.id) is not None:
                continue
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


def _before(values: dict[str, Any] | None, change: Change) -> dict[str, Any] | None:
    if change.before is None:
        return None
    return {**(values or {}), **change.before}
