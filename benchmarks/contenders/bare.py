"""The control of commands: no framework at all, a greeting and a counter that nobody checks, stores or tells."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["app"]

Receive = Any
Send = Any

counters: dict[str, int] = {}


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        answer = _greet if scope["method"] == "GET" else _increment
        await answer(scope, receive, send)
    else:
        await _live_and_die(receive, send)


async def _greet(_scope: dict[str, Any], _receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


async def _increment(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    message = await receive()
    amount = json.loads(message["body"])["amount"]
    counters[scope["path"]] = counters.get(scope["path"], 0) + amount
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _live_and_die(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
