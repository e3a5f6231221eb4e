"""Ask an ASGI application, by the standard library alone: a subset may bring no client."""

from __future__ import annotations

import asyncio
from typing import Any

Answer = tuple[int, dict[str, str], str]


async def ask(app: Any, method: str, path: str, *, body: bytes = b"", **headers: str) -> Answer:
    """Return status, headers and text of the answer to one request from this machine."""
    sent = {"host": "127.0.0.1:8000", **{name.replace("_", "-"): value for name, value in headers.items()}}
    address, _, query = path.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    parts: list[dict[str, Any]] = []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            await asyncio.Event().wait()
        asked = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        parts.append(message)

    await asyncio.wait_for(app(scope, receive, send), 30)
    heads = {name.decode(): value.decode() for name, value in parts[0]["headers"]}
    return parts[0]["status"], heads, b"".join(part.get("body", b"") for part in parts[1:]).decode()


class Running:
    """``async with`` it: the application is started before, and stopped after, as a server does."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def __aenter__(self) -> Any:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
        self._life = asyncio.create_task(self._app(scope, self._told.get, self._said.put))
        await self._tell("startup")
        return self._app

    async def __aexit__(self, *_: object) -> None:
        await self._tell("shutdown")
        await self._life

    async def _tell(self, what: str) -> None:
        await self._told.put({"type": f"lifespan.{what}"})
        said = await asyncio.wait_for(self._said.get(), 30)
        if said["type"] != f"lifespan.{what}.complete":
            raise RuntimeError(said.get("message") or said["type"])
