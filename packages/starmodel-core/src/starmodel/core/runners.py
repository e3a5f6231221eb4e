"""How the body of an event runs on a draft, for each way it can be written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, closing
from typing import Any, TypeVar

from .errors import EventError
from .snapshot import Snapshot, absorb, base_of, draft_of, is_draft, late_changes, settle

__all__ = ["conclude", "runner_of"]

S = TypeVar("S", bound=Snapshot)


def conclude(draft: S, returned: object) -> S:
    """Decide the next snapshot from what an event returned and what it did to its draft."""
    if not isinstance(returned, Snapshot) or returned is draft:
        return settle(draft)
    following = _following(draft, returned)
    start = base_of(draft)
    return start if following == start else following


def _following(draft: S, returned: Snapshot) -> S:
    """Return *returned*, or raise EventError when it cannot be what follows *draft*."""
    if type(returned) is not type(draft) or is_draft(returned) or returned.__dict__["id"] != draft.__dict__["id"]:
        raise EventError(
            f"an event of {type(draft).__name__} returned {type(returned).__name__} {returned.__dict__['id']!r}; "
            "return self.evolve(...), or nothing after changing self"
        )
    late = late_changes(draft, returned)
    if late:
        raise EventError(
            f"{', '.join(sorted(late))} changed on self but not in the returned snapshot; "
            "change self before self.evolve(...), or return nothing"
        )
    return returned


def runner_of(fn: Callable[..., Any], mode: str) -> Callable[..., Any]:
    """Wrap *fn* so that it runs on a draft; an event called by another event shares its draft."""
    return {
        "def": _plain,
        "async def": _async,
        "def with yield": _steps,
        "async def with yield": _async_steps,
    }[mode](fn)


def _nested(draft: S, returned: object) -> S:
    if isinstance(returned, Snapshot) and not is_draft(returned):
        absorb(draft, _following(draft, returned))
    return draft


def _plain(fn: Callable[..., Any]) -> Callable[..., Any]:
    def run(snapshot: Snapshot, /, *args: Any, **kwargs: Any) -> Snapshot:
        if is_draft(snapshot):
            return _nested(snapshot, fn(snapshot, *args, **kwargs))
        draft = draft_of(snapshot)
        return conclude(draft, fn(draft, *args, **kwargs))

    return run


def _async(fn: Callable[..., Any]) -> Callable[..., Any]:
    async def run(snapshot: Snapshot, /, *args: Any, **kwargs: Any) -> Snapshot:
        if is_draft(snapshot):
            return _nested(snapshot, await fn(snapshot, *args, **kwargs))
        draft = draft_of(snapshot)
        return conclude(draft, await fn(draft, *args, **kwargs))

    return run


def _steps(fn: Callable[..., Any]) -> Callable[..., Any]:
    def run(snapshot: Snapshot, /, *args: Any, **kwargs: Any) -> Iterator[Snapshot]:
        draft = snapshot if is_draft(snapshot) else draft_of(snapshot)
        with closing(fn(draft, *args, **kwargs)) as steps:
            while True:
                try:
                    next(steps)
                except StopIteration as end:
                    returned = end.value
                    break
                yield settle(draft)
        if draft is snapshot:
            _nested(draft, returned)
        else:
            yield conclude(draft, returned)

    return run


def _async_steps(fn: Callable[..., Any]) -> Callable[..., Any]:
    async def run(snapshot: Snapshot, /, *args: Any, **kwargs: Any) -> AsyncIterator[Snapshot]:
        draft = snapshot if is_draft(snapshot) else draft_of(snapshot)
        async with aclosing(fn(draft, *args, **kwargs)) as steps:
            async for _ in steps:
                yield settle(draft)
        if draft is not snapshot:
            yield settle(draft)

    return run
