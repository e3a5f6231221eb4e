"""The moments of an application that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.hooks import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from starmodel.app import Result
    from starmodel.core.actors import Actor, Decision
    from starmodel.core.changes import Commit
    from starmodel.core.commands import Command
    from starmodel.core.contributions import Metric
    from starmodel.core.domain_events import Recorded

    from .protocols import AsgiApplication, HealthCheck

__all__ = [
    "starmodel_after_event",
    "starmodel_authorize",
    "starmodel_before_event",
    "starmodel_domain_event",
    "starmodel_event_failed",
    "starmodel_health_checks",
    "starmodel_metrics",
    "starmodel_shutdown",
    "starmodel_startup",
    "starmodel_wrap_event",
]

# A specification has no body, which is what the checkers are asked to ignore below.


@hookspec
async def starmodel_startup(app: AsgiApplication) -> None:
    """Open what the plugin needs, such as a connection.  Runs once, before the first request."""


@hookspec
async def starmodel_shutdown(app: AsgiApplication) -> None:
    """Close what the plugin opened.  Runs once, after the last request, in the reverse order of the start."""


@hookspec
async def starmodel_authorize(actor: Actor, command: Command) -> bool | None:
    """Return ``True`` to allow *command*, ``False`` to refuse it, ``None`` to leave it to the others.

    One refusal is enough.  Raise :class:`~starmodel.core.errors.ForbiddenError` to refuse with a reason.  Any other
    error, any other answer and an answer that is too late also refuse: this hook fails closed.
    """


@hookspec
def starmodel_health_checks() -> Mapping[str, HealthCheck]:  # type: ignore[empty-body]
    """Return checks by name; each returns, or awaits to, whether the part it looks at can serve."""


@hookspec
async def starmodel_before_event(command: Command, actor: Actor) -> Decision | bool | None:
    """Look at *command* just before it begins; ``None`` lets it go on.

    To refuse it raise :class:`~starmodel.core.errors.ForbiddenError`, or answer ``False`` or a
    :class:`~starmodel.core.actors.Decision` that is not allowed; nothing that is answered allows what a policy refuses.
    Any other error and an answer that is too late stop nothing, unless the plugin is required: then they refuse.

    Called once for each command of everybody, trusted actors included, whose arguments fit; also before a preview of
    it, since that shows what it would change.  Not called again when the event is run again after a conflict, nor for
    a command that had taken effect before.  The entity is not read yet, and no other command waits for this one: only
    one that an event sends while it runs keeps that event waiting.  *command* is without secret arguments.
    """


@hookspec
def starmodel_wrap_event(command: Command, actor: Actor) -> AbstractAsyncContextManager[None]:  # type: ignore[empty-body]
    """Return an async context manager in which *command* is carried out: for traces, timings, context variables.

    It is entered once for a command, before ``starmodel_before_event``, and left when it is stored or refused, however
    often its event is run in between.  What the event raised is passed to it; it can neither swallow nor replace that.
    Whatever fails in it stops nothing, unless the plugin is required and cannot enter: then the command is refused.
    Not called for a preview, nor for a command that had taken effect before.
    """


@hookspec
async def starmodel_after_event(command: Command, actor: Actor, outcome: Result) -> None:
    """Be told that *command* is done: an observer, whom nobody waits for.

    ``outcome.commit`` is what it changed, ``None`` for a reading event; ``outcome.replayed`` is true when it had taken
    effect before.  Each plugin is told by a task of its own, in order, some moments later; what it raises changes
    nothing, and of what it cannot keep up with it misses the newest.  Nothing is told of a command whose caller went
    away.  For what must not be missed there is ``starmodel_domain_event``.
    """


@hookspec
async def starmodel_event_failed(command: Command, actor: Actor, error: Exception) -> None:
    """Be told that *command* was refused, or that its event raised *error*: an observer, as in the hook before.

    Nothing was stored.  Not told: what could not be read as a command at all.
    """


@hookspec
async def starmodel_domain_event(event: Recorded, commit: Commit | None) -> None:
    """Be told of a domain event that an entity recorded, after it was stored: at least once, in order for each entity.

    It travels the road of the application's own handlers: raise to be told again, up to five times; then the event is
    parked, as ``starmodel parked`` shows.  ``event.id`` is the same each time.  A plugin has a line of its own, so that
    the slowest keeps nobody else waiting; of several processes that share a store one tells it.  *commit* is ``None``
    for an event that is told again from where it was parked.
    """


@hookspec
async def starmodel_metrics() -> Iterable[Metric]:  # type: ignore[empty-body]
    """Return numbers to watch, as they are now; read whenever ``/_starmodel/metrics`` is.

    Say in the name whose they are: ``acme_queue_depth``.  Label by what is few; never by an id.
    """
