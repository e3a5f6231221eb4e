"""The past of one entity as somebody may see it: what changed, by which command, and what could be taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from starmodel.core.entity import Entity
from starmodel.core.errors import NotFoundError, StarModelError

from .history import obstacle_to_undo
from .reading import entity_before, may_read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from starmodel.core.actors import Actor
    from starmodel.core.changes import Change, Commit
    from starmodel.core.query import Stored

    from .application import Application

__all__ = ["Past", "Step", "may_be_undone", "may_take_back", "past_of"]

E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, slots=True)
class Step(Generic[E]):
    """One change of an entity, and the commit that it is part of.

    *before* and *after* are the entity then, ``None`` where it was not there, or where the log does not hold enough
    to tell.  *is_open* says whether whoever asked may see what changed: whether they may read both.
    """

    commit: Commit
    change: Change
    before: E | None
    after: E | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class Past(Generic[E]):
    """A stretch of the past, newest first; *older* is the version before which it goes on, ``None`` at its end."""

    steps: tuple[Step[E], ...]
    older: int | None = None


async def past_of(
    application: Application,
    kind: type[E],
    id: str,
    /,
    *,
    actor: Actor,
    stored: Stored[E] | None,
    before_version: int | None = None,
    limit: int = 20,
) -> Past[E]:
    """Return the newest *limit* changes of an entity as *actor* may see them.

    *stored* is the entity as it is, ``None`` when it is not there.  With *before_version* those that made an earlier
    version than that.  A change of what is not the actor's to read is there, and not open.
    """
    commits = await application.history.timeline(kind, id, before_version=before_version, limit=limit + 1)
    key, end = (kind.__entity_name__, id), before_version
    told = [
        (commit, change)
        for commit in reversed(commits)
        for change in reversed(commit.changes)
        if change.key == key and (end is None or change.version < end)
    ]
    entity = None if stored is None else stored.entity
    if end is not None:
        entity = await _as_of(application, kind, id, end - 1)
    steps = tuple(_seen(application, actor, kind, id, _walked(kind, id, entity, told[:limit])))
    return Past(steps, told[limit - 1][1].version if len(told) > limit else None)


async def _as_of(application: Application, kind: type[E], id: str, version: int) -> E | None:
    try:
        return await application.history.as_of(kind, id, version=version)
    except NotFoundError:  # the log does not tell
        return None


def _walked(kind: type[E], id: str, newest: E | None, told: Iterable[tuple[Commit, Change]]) -> Iterable[Step[E]]:
    """Yield each change with the entity around it, going back from *newest*."""
    after = newest
    for commit, change in told:
        before = None if change.before is None else _made(kind, id, after, change)
        yield Step(commit, change, before, None if change.after is None else after, is_open=True)
        after = before


def _made(kind: type[E], id: str, after: E | None, change: Change) -> E | None:
    known = kind.__entity_fields__
    values: dict[str, Any] = {} if after is None else {name: getattr(after, name) for name in known}
    values.update((name, value) for name, value in (change.before or {}).items() if name in known)
    try:
        return kind(**{**values, "id": id}) if after is not None or change.after is None else None
    except (TypeError, StarModelError):  # a value is missing in the log, or breaks a rule that is newer than it
        return None


def _seen(
    application: Application, actor: Actor, kind: type[E], id: str, steps: Iterable[Step[E]]
) -> Iterable[Step[E]]:
    for step in steps:
        sides = [(step.change.before, step.before), (step.change.after, step.after)]
        yield replace(step, is_open=all(_may_read(application, actor, kind, id, *side) for side in sides))


def _may_read(
    application: Application, actor: Actor, kind: type[Entity], id: str, values: object, entity: Entity | None
) -> bool:
    """Tell whether *actor* may read one side of a change; where a rule cannot be asked about it, nobody may."""
    if values is None or actor.trusted:
        return True
    if entity is not None:
        return may_read(application, actor, entity)
    return application.is_open(kind) and application.policy.decide(actor, "read", kind, id, None).allowed


def may_be_undone(
    application: Application,
    kind: type[Entity],
    step: Step[Any],
    /,
    *,
    actor: Actor,
    stored: Stored[Any] | None,
    event: str = "undo",
) -> bool:
    """Tell whether *actor* may take back what *step* did to the entity, and nothing stands in the way.

    *event* is ``"redo"`` for a step that is itself an undo.  What the same command changed elsewhere is not looked at:
    the undo itself is refused if that is in its way.
    """
    if event not in application.catalog.handlers(kind) or obstacle_to_undo(kind, step.change, stored) is not None:
        return False
    entity = None if stored is None else stored.entity
    return actor.trusted or (
        application.policy.decide(actor, event, kind, None, None).allowed
        and _lets(application, actor, kind, step.commit, step.change, entity, lambda: step.before)
    )


def may_take_back(application: Application, kind: type[Entity], commit: Commit, /, *, actor: Actor) -> bool:
    """Tell whether *actor*, whose command of *kind* has just made *commit*, may take back every change in it."""
    if actor.trusted:
        return True
    kinds = [application.catalog.kind(change.entity) for change in commit.changes]
    return application.policy.decide(actor, "undo", kind, None, None).allowed and all(
        _lets(application, actor, of, commit, change, change.snapshot, partial(entity_before, of, change))
        for of, change in zip(kinds, commit.changes, strict=True)
    )


def _lets(
    application: Application,
    actor: Actor,
    kind: type[Entity],
    commit: Commit,
    change: Change,
    now: Entity | None,
    before: Callable[[], Entity | None],
) -> bool:
    """Ask what :func:`~starmodel.app.history.undo` will: may it be undone, and be done the other way round?"""
    does = "delete" if change.before is None else "create" if change.after is None else commit.command.event
    decide = application.policy.decide
    return (
        decide(actor, "undo", kind, change.id, before() if now is None else now).allowed
        and decide(actor, does, kind, change.id, now).allowed
    )
