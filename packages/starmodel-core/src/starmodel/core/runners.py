"""How the body of an event runs on a draft, for each way it can be written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from typing import Any, Literal, TypeAlias, TypeVar

from .errors import EventError
from .snapshot import Snapshot, absorb, base_of, draft_of, is_draft, late_changes, settle

__all__ = ["Verb", "conclude", "follow", "runner_of"]

S = TypeVar("S", bound=Snapshot)

Verb: TypeAlias = Literal["return", "yield"]


def conclude(draft: S, returned: object) -> S:
    """Decide the next snapshot from what an event returned and what it did to its draft."""
    if not isinstance(returned, Snapshot) or returned is draft:
        return settle(draft)
    following = _following(draft, returned)
    start = base_of(draft)
    return start if following == start else following


def follow(draft: S, given: object, verb: Verb = "yield") -> S:
    """Take over into *draft* the snapshot that its event yields, or a nested event returns; return *draft*.

    Nothing to take over is in anything else, a draft included.  EventError when the snapshot cannot be what follows.
    """
    if isinstance(given, Snapshot) and not is_draft(given):
        absorb(draft, _following(draft, given, verb))
    return draft


def _following(draft: S, given: Snapshot, verb: Verb = "return") -> S:
    """Return *given*, or raise EventError when it cannot be what follows *draft*."""
    if type(given) is not type(draft) or is_draft(given) or given.__dict__["id"] != draft.__dict__["id"]:
        raise EventError(
            f"an event of {type(draft).__name__} {verb}ed {type(given).__name__} {given.__dict__['id']!r}; "
            f"{verb} self.evolve(...), or nothing after changing self"
        )
    late = late_changes(draft, given)
    if late:
        raise EventError(
            f"{', '.join(sorted(late))} changed on self but not in the {verb}ed snapshot; "
            f"change self before self.evolve(...), or {verb} nothing"
        )
    return given


def runner_of(fn: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """Wrap *fn* so that it runs on a draft; an event called by another event shares its draft."""
    return {
        "def": _plain,
        "async def": _async,
        "def with yield": _steps,
        "async def with yield": _async_steps,
    }[mode](fn)


def _plain(fn: Callable[..., Any]) -> Callable[..., Any]:
    def run(snapshot: Snapshot, /, *args: Any, **kwargs: Any) -> Snapshot:
        if is_draft(snapshot):
            return follow(snapshot, fn(snapshot, *args, **kwargs), "return")
        draft = draft_of(snapshot)
        return conclude(draft, fn(draft, *args, **kwargs))

    return run


def _async(fn: Callable[..., Any]) -> Callable[..., Any]:
    async def run(snapshot: Snapshot, /, *args: Any, **kwargs: Any) -> Snapshot:
        if is_draft(snapshot):
            return follow(snapshot, await fn(snapshot, *args, **kwargs), "return")
        draft = draft_of(snapshot)
        return conclude(draft, await fn(draft, *args, **kwargs))

    return run


def _steps(fn: Callable[..., Any]) -> Callable[..., Any]:
    def run(snapshot: Snapshot, /, *args: Any, **kwargs: Any) -> Iterator[Snapshot]:
        draft = snapshot if is_draft(snapshot) else draft_of(snapshot)
        with closing(fn(draft, *args, **kwargs)) as steps:
            while True:
                try:
                    follow(draft, next(steps))
                except StopIteration as end:
                    returned = end.value
                    break
                yield settle(draft)
        if draft is snapshot:
            follow(draft, returned, "return")
        else:
            yield conclude(draft, returned)

    return run


def _async_steps(fn: Callable[..., Any]) -> Callable[..., Any]:
    async def run(snapshot: Snapshot, /, *args: Any, **kwargs: Any) -> AsyncIterator[Snapshot]:
        draft = snapshot if is_draft(snapshot) else draft_of(snapshot)
        async with aclosing(fn(draft, *args, **kwargs)) as steps:
            async for value in steps:
                yield settle(follow(draft, value))
        if draft is not snapshot:
            yield settle(draft)

    return run
