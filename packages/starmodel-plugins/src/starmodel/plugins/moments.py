"""The plugins of one application around its commands: some may refuse, some wrap, and some only watch."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Self, TypeAlias

from starmodel.core.actors import Decision
from starmodel.core.errors import ForbiddenError, NotFoundError

from .errors import HookFailedError
from .parts import BlockingError, within
from .roster import FAILURE, reason
from .watching import Watcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from types import TracebackType

    from starmodel.app import Result
    from starmodel.core.actors import Actor
    from starmodel.core.commands import Command
    from starmodel.core.domain_events import Recorded

    from .host import PluginHost
    from .parts import HookPart

__all__ = ["EventMoments"]

_Leave: TypeAlias = (
    "Callable[[type[BaseException] | None, BaseException | None, TracebackType | None], Awaitable[bool]]"
)

_UNDECIDED = Decision(allowed=False, why="a plugin that is required could not take part")


class EventMoments:
    """Calls the plugins of *host* that take part in commands; see :class:`starmodel.app.moments.Moments`."""

    def __init__(self, host: PluginHost) -> None:
        self._before = host.parts("starmodel_before_event")
        self._wraps = host.parts("starmodel_wrap_event")
        self._after = [Watcher(part) for part in host.parts("starmodel_after_event")]
        self._failed = [Watcher(part) for part in host.parts("starmodel_event_failed")]
        self.listeners = {part.plugin: _Listener(part) for part in host.parts("starmodel_domain_event")}

    @classmethod
    def of(cls, host: PluginHost) -> Self | None:
        """Return the moments of *host*; ``None`` when nobody takes part in any, so that commands cost no more."""
        moments = cls(host)
        parts = (moments._before, moments._wraps, moments._after, moments._failed, moments.listeners)
        return moments if any(parts) else None

    async def before(self, command: Command, actor: Actor, /) -> None:
        """Ask every plugin; ForbiddenError, or NotFoundError for what is hidden, by the first that refuses."""
        for part in self._before:
            decision = await _decision(part, command, actor)
            if decision is None or decision.allowed:
                continue
            if decision.hidden:
                raise NotFoundError(command.entity, str(command.entity_id))
            raise ForbiddenError(f"{command.entity}.{command.event}", decision.why)

    @asynccontextmanager
    async def around(self, command: Command, actor: Actor, /) -> AsyncIterator[None]:
        """Enter what every plugin wraps a command in; the first plugin's is the outermost."""
        async with AsyncExitStack() as stack:
            for part in self._wraps:
                wrap = await _entered(part, command, actor)
                if wrap is not None:
                    stack.push_async_exit(wrap)
                elif part.is_required:
                    raise ForbiddenError(f"{command.entity}.{command.event}", _UNDECIDED.why)
            yield

    def after(self, command: Command, actor: Actor, outcome: Result, /) -> None:
        """Note that a command is done."""
        for watcher in self._after:
            watcher.note(command=command, actor=actor, outcome=outcome)

    def failed(self, command: Command, actor: Actor, error: Exception, /) -> None:
        """Note that a command was refused, or its event raised."""
        for watcher in self._failed:
            watcher.note(command=command, actor=actor, error=error)

    async def close(self) -> None:
        """Let those who watch catch up, all at once and each within its time-out; a strict host raises a failure."""
        closing = [watcher.close() for watcher in (*self._after, *self._failed)]
        for failure in await asyncio.gather(*closing, return_exceptions=True):
            if failure is not None:
                raise failure


class _Listener:
    """Tells one plugin of domain events; a failure is recorded, and raised, so that it is told again."""

    def __init__(self, part: HookPart) -> None:
        self._part = part

    async def __call__(self, fact: Recorded, /) -> None:
        from starmodel.app.telling import being_told  # noqa: PLC0415 - a host is also made where no application is

        failure: BaseException | None = None
        with self._part.guarded():
            try:
                await self._part.call(event=fact, commit=being_told.get())
            except BlockingError:
                raise
            except FAILURE as error:
                failure = error
                raise
        if failure is not None:
            raise HookFailedError(self._part.plugin, "starmodel_domain_event", reason(failure)) from failure


async def _left(
    part: HookPart,
    wrap: AbstractAsyncContextManager[object],
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
) -> bool:
    """Leave what *part* wrapped a command in: it sees what the event raised, and changes nothing about it."""
    with part.guarded():
        try:
            await within(part.timeout, wrap.__aexit__(kind, error, trace))
        except Exception as raised:
            if raised is not error:
                raise
    return False


async def _entered(part: HookPart, command: Command, actor: Actor) -> _Leave | None:
    """Return the end of what *part* wraps a command in, which has begun; ``None`` when it could not."""
    if part.is_left_out():
        return None
    with part.guarded():
        wrap = await part.call(command=command, actor=actor)
        if not (hasattr(wrap, "__aenter__") and hasattr(wrap, "__aexit__")):
            raise TypeError(
                f"the answer must be an async context manager, not {type(wrap).__name__}; decorate the function with "
                "@contextlib.asynccontextmanager, below @hookimpl"
            )
        await within(part.timeout, wrap.__aenter__())
        return partial(_left, part, wrap)
    return None


async def _decision(part: HookPart, command: Command, actor: Actor) -> Decision | None:
    """Return what *part* says to a command; of a required plugin silence by mistake is a refusal."""
    decision = _UNDECIDED if part.is_required else None
    if part.is_left_out():
        return decision
    with part.guarded():
        try:
            return _read(await part.call(command=command, actor=actor))
        except ForbiddenError as refusal:
            return Decision(allowed=False, why=refusal.why or str(refusal))
        except BlockingError as late:
            decision = _read(late.answer)
            raise
    return decision


def _read(answer: object) -> Decision | None:
    if answer is None or isinstance(answer, Decision):
        return answer
    if answer is False:
        return Decision(allowed=False, why="a plugin refused")
    raise TypeError(f"the answer must be None, False or a Decision, not {answer!r}")
