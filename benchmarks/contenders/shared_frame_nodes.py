"""The control of live pages on several nodes: the shared frame once more, with its count in Redis, and a channel.

A command is one call of Redis, which counts and tells every node; each encodes the frame once.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from .shared_frame import Board

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

__all__ = ["app"]

CHANNEL = "board"
INCREMENT = "redis.call('PUBLISH', KEYS[1], redis.call('INCR', 'count'))"

board = Board()
client = Redis.from_url(os.environ["REDIS_URL"])
increment_and_tell = client.register_script(INCREMENT)


@asynccontextmanager
async def lifespan(_: Starlette) -> AsyncIterator[None]:
    async with client, client.pubsub(ignore_subscribe_messages=True) as channel:
        await channel.subscribe(CHANNEL)
        following = asyncio.create_task(follow(channel))
        yield
        following.cancel()


async def follow(channel: object) -> None:
    async for message in channel.listen():  # type: ignore[attr-defined]  # redis-py's class is untyped
        board.show(int(message["data"]))


async def live(_: Request) -> StreamingResponse:
    return StreamingResponse(board.frames(), media_type="text/event-stream")


async def increment(request: Request) -> Response:
    await request.body()
    await increment_and_tell(keys=[CHANNEL])
    return Response(status_code=204)


async def home(_: Request) -> Response:
    return Response("hello")


app = Starlette(
    routes=[
        Route("/", home),
        Route("/live", live),
        Route("/counter/lobby/increment", increment, methods=["POST"]),
    ],
    lifespan=lifespan,
)
