"""The control of live pages: bare Starlette, one frame encoded once, and every stream woken by one shared event.

It has no log, no rights, no resuming and no entity; it is the least that sends one change to many.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

__all__ = ["Board", "app"]

FRAME = (
    "id: 0-%d\nevent: datastar-patch-elements\n"
    'data: elements <div id="counter-lobby-face"><h1>%d</h1>'
    '<button type="submit" form="sm-form" formaction="/counter/lobby/increment" formmethod="post" '
    'data-on:click__prevent="@send(&quot;/counter/lobby/increment&quot;,{})">+1</button></div>\n\n'
)


class Board:
    """The newest frame, and the event that says there is another."""

    def __init__(self) -> None:
        self.count = 0
        self.frame = b""
        self.changed = asyncio.Event()

    def show(self, count: int) -> None:
        """Wake every stream, to send *count*."""
        self.count = count
        self.frame = (FRAME % (self.count, self.count)).encode()
        self.changed.set()
        self.changed = asyncio.Event()

    async def frames(self) -> AsyncIterator[bytes]:
        yield b": open\n\n"
        while True:
            await self.changed.wait()
            yield self.frame


board = Board()


async def live(_: Request) -> StreamingResponse:
    return StreamingResponse(board.frames(), media_type="text/event-stream")


async def increment(request: Request) -> Response:
    await request.body()
    board.show(board.count + 1)
    return Response(status_code=204)


async def home(_: Request) -> Response:
    return Response("hello")


app = Starlette(
    routes=[
        Route("/", home),
        Route("/live", live),
        Route("/counter/lobby/increment", increment, methods=["POST"]),
    ]
)
