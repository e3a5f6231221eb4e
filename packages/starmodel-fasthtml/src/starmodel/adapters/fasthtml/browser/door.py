"""The door that shows a page anew, with what its browser keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starmodel.adapters.fasthtml.arguments import read_arguments
from starmodel.adapters.fasthtml.pages import live_part
from starmodel.adapters.fasthtml.patches import signal_frames
from starmodel.adapters.fasthtml.reading import PageRead
from starmodel.adapters.fasthtml.remaking import what_makes_it_again
from starmodel.adapters.fasthtml.replies import send_frames, send_json
from starmodel.adapters.fasthtml.results import go, toast
from starmodel.adapters.fasthtml.wire import elements_frame, event_frame
from starmodel.app import refusal_of
from starmodel.app.bodies import UnsupportedMediaError
from starmodel.core.errors import InvalidError

from .carrying import carried, sorted_out
from .marking import page_named

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from starmodel.adapters.fasthtml.remaking import Remade
    from starmodel.adapters.fasthtml.runtime import Runtime

    from .carrying import KeptValueError

__all__ = ["KeptDoor"]

_BROKEN = "This page could not be brought up to date."


class KeptDoor:
    """Answers a page that has something else in its browser than it shows: with itself, made of that.

    What does not fit is named, so that the browser sets it aside, and the page is made without it.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the page again and send it."""
        runtime, actor = self._runtime, await self._runtime.actor(scope)
        try:
            arguments = await read_arguments(scope, receive)
            brought, wrong = sorted_out(runtime.app, actor, arguments.kept)
        except (InvalidError, UnsupportedMediaError) as error:
            refusal = refusal_of(error, "")
            await send_json(send, refusal.status, refusal.to_dict(), problem=True)
            return
        named = page_named(str(arguments.values.get("page", "")), runtime.signer)
        if named is None:
            await send_frames(send, event_frame("sm-stale", {}))
            return
        carried.set(brought)
        url, nonce = named
        read = PageRead(runtime.app, actor, runtime.fragments)
        made = await runtime.remake(what_makes_it_again(scope), url, nonce, read)
        await send_frames(send, b"".join([*_set_aside(wrong), *self._frames(made, scope, url, nonce)]))

    def _frames(self, made: Remade, scope: Scope, url: str, nonce: str) -> list[bytes]:
        if made.go_to is not None:
            return [go(made.go_to)]
        if not made.html:
            return [toast(_BROKEN, "error")]
        path, _, query = url.partition("?")
        asked: dict[str, Any] = {**scope, "path": unquote(path), "query_string": query.encode()}
        live = live_part(made.read, self._runtime, asked, nonce=nonce)
        return [event_frame("sm-live", {"html": live}), elements_frame(made.html), *signal_frames(made.read)]


def _set_aside(wrong: list[KeptValueError]) -> list[bytes]:
    return [
        event_frame("sm-unfit", {"entity": error.key[0], "id": error.key[1], "detail": str(error)}) for error in wrong
    ]
