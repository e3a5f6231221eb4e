"""What others may do around a command: refuse it before it begins, wrap it, and be told how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping
    from contextlib import AbstractAsyncContextManager

    from starmodel.core.actors import Actor
    from starmodel.core.commands import Command
    from starmodel.core.domain_events import Recorded

    from .attempts import Run
    from .dispatcher import Result

__all__ = ["Listener", "Moments", "observed"]


class Listener(Protocol):
    """Takes one recorded event of any class, with the id of the command that recorded it; at least once."""

    def __call__(self, fact: Recorded, /) -> Awaitable[object] | object:
        """Be told of *fact*; raise to be told again."""


class Moments(Protocol):
    """Takes part in the commands of an application; see :meth:`starmodel.app.Application.join`.

    Commands are shown in the form that may be stored: without secret arguments.  Nothing here is called while a store
    has a transaction open, nor by a command that has its turn at an entity: whoever takes long keeps one command
    waiting.
    """

    @property
    def listeners(self) -> Mapping[str, Listener]:
        """Who is told of domain events, by name: each has a line of its own, and a place of its own in each log."""

    async def before(self, command: Command, actor: Actor, /) -> None:
        """Look at a command that may begin and whose arguments fit; ForbiddenError refuses it.

        Called once for a command, however often its event is run, and once for a preview of it.  Not for one that had
        taken effect before.
        """

    def around(self, command: Command, actor: Actor, /) -> AbstractAsyncContextManager[None]:
        """Return what the whole of a command is run in, :meth:`before` included; it lets every exception pass."""

    def after(self, command: Command, actor: Actor, outcome: Result, /) -> None:
        """Note, without waiting for anybody, that a command is done."""

    def failed(self, command: Command, actor: Actor, error: Exception, /) -> None:
        """Note, without waiting for anybody, that a command was refused, or that its event raised."""

    async def close(self) -> None:
        """Tell what was noted, as long as patience lasts, and nothing any more."""


async def observed(moments: Moments, run: Run, done: Awaitable[Result]) -> Result:
    """Return what is *done*, and let *moments* note how it went; what nobody waits for any more is not noted."""
    try:
        result = await done
    except Exception as error:
        moments.failed(run.stored_form, run.actor, error)
        raise
    moments.after(run.stored_form, run.actor, result)
    return result
