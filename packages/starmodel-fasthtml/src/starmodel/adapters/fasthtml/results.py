"""What a command shows besides the live update: steps as they happen, and pieces of page an event returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcore.xml import FT

from starmodel.app.doors import shown
from starmodel.app.history import SERVICES
from starmodel.core.answers import GoTo, Notice
from starmodel.core.entity import Entity

from .markup import checked_tree, html_of
from .replies import NO_STORE
from .wire import elements_frame, event_frame, signals_frame

if TYPE_CHECKING:
    from starlette.types import Send

    from starmodel.app import Handler, Result
    from starmodel.core.actors import Actor
    from starmodel.core.ports import Codec

    from .live import Hub

__all__ = ["Frames", "element_frame", "frames_of", "go", "is_element", "public_value", "toast"]


def toast(text: str, level: str = "info") -> bytes:
    """Return the frame that shows a passing message; *level* is info, success, warning or error."""
    return signals_frame({"_sm": {"toast": {"text": text, "level": level}}})


def go(path: str) -> bytes:
    """Return the frame that sends the browser to another page of ours."""
    return signals_frame({"_sm": {"go": path}})


def is_element(value: Any) -> bool:
    """Tell whether *value* is a piece of page: asked by type, because an element answers to every attribute."""
    if isinstance(value, list | tuple):
        return bool(value) and all(map(is_element, value))
    return isinstance(value, FT) or hasattr(type(value), "__ft__")


def element_frame(value: Any, handler: Handler) -> bytes:
    """Return the frame that puts a piece of page where its event says, or where its id is."""
    options = handler.event.options
    html = html_of(checked_tree(value))
    return elements_frame(html, selector=options.selector, mode=options.merge_mode)


def frames_of(result: Result, handler: Handler) -> bytes:
    """Return what the result of a command shows in the page it came from; nothing for most."""
    returned = result.returned
    if isinstance(returned, GoTo):
        return go(returned.path)
    if isinstance(returned, Notice):
        return toast(returned.text, returned.level)
    if returned is None or isinstance(returned, Entity) or result.replayed or handler.event in SERVICES.values():
        return b""
    if is_element(returned):
        return element_frame(returned, handler)
    if isinstance(returned, str):
        return toast(returned)
    return b""


def public_value(returned: Any, codec: Codec) -> Any:
    """Return what an event returned as JSON may show it; ``None`` also for a piece of page."""
    return None if is_element(returned) else shown(returned, codec)


class Frames:
    """The answer to an event with steps: it begins with the first one."""

    def __init__(self, send: Send, hub: Hub, actor: Actor, handler: Handler, id: str | None) -> None:
        self._send, self._hub, self._actor, self._handler, self._id = send, hub, actor, handler, id
        self.started = False
        self._previewed = False

    async def step(self, value: Any, snapshot: Any) -> None:
        """Show one step: a yielded piece of page in the page itself, the changed entity in the visitor's tabs."""
        if isinstance(snapshot, Entity) and self._id is not None and self._actor.visitor is not None:
            self._previewed = True
            self._hub.preview(self._actor.visitor, self._handler.kind, self._id, snapshot)
        if is_element(value):
            await self._write(element_frame(value, self._handler))
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            await self._write(event_frame("sm-step", {"value": value}))

    def done(self, result: Result) -> None:
        """Take back what steps have shown of an entity that was not stored, or was before they ran."""
        stored = () if result.commit is None or result.replayed else result.commit.changes
        if not any(change.key == (self._handler.kind.__entity_name__, self._id) for change in stored):
            self.failed()

    def failed(self) -> None:
        """Take back what the steps of a failed event have shown."""
        if self._previewed and self._id is not None and self._actor.visitor is not None:
            self._hub.restore(self._actor.visitor, self._handler.kind, self._id)

    async def _write(self, frame: bytes, *, more: bool = True) -> None:
        if not self.started:
            self.started = True
            headers = [(b"content-type", b"text/event-stream; charset=utf-8"), NO_STORE]
            await self._send({"type": "http.response.start", "status": 200, "headers": headers})
        await self._send({"type": "http.response.body", "body": frame, "more_body": more})

    async def finish(self, frame: bytes) -> None:
        """End the answer with *frame*."""
        await self._write(frame, more=False)
