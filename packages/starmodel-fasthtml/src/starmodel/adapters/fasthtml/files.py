"""The web doors for files: one takes what an event's argument is to hold, one gives out what a field holds."""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from starmodel.app import Upload, download, refusal_of, take_file
from starmodel.app.uploading import name_in

from .gate import header
from .replies import send_json, unread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping

    from starlette.types import Receive, Scope, Send

    from starmodel.app import Handler, Refusal
    from starmodel.core.entity import Entity

    from .runtime import Runtime

__all__ = ["FileDoor", "UploadDoor", "body_chunks"]

logger = logging.getLogger("starmodel.web")

_NO_LIMIT = 2**62


class UploadDoor:
    """Takes the file of one argument of an event: the body is the file, ``Content-Disposition`` says its name."""

    def __init__(self, runtime: Runtime, handler: Handler, field: str) -> None:
        self._runtime, self._handler, self._field = runtime, handler, field

    def takes(self, _scope: Scope) -> int:
        """Return how large the body may be, in bytes: the field has a limit of its own, which is counted here."""
        return _NO_LIMIT

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Keep the file and answer the reference to it."""
        incoming = _Body(receive)
        length = header(scope, b"content-length")
        upload = Upload(
            body_chunks(incoming),
            name=name_in(header(scope, b"content-disposition")),
            media=header(scope, b"content-type"),
            length=int(length) if length else None,
        )
        try:
            actor = await self._runtime.actor(scope)
            id = scope["path_params"].get("id")
            told = await take_file(self._runtime.app, self._handler, self._field, upload, actor=actor, id=id)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001  (every refusal is answered here)
            refusal = _refusal(error, scope)
            out = send if incoming.is_read else unread(incoming, send)
            await send_json(out, refusal.status, refusal.to_dict(), problem=True)
        else:
            await send_json(send, 201, told)


class FileDoor:
    """Gives out the file in one field of a class, to those who may read its entity."""

    def __init__(self, runtime: Runtime, kind: type[Entity], field: str) -> None:
        self._runtime, self._kind, self._field = runtime, kind, field

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file, or with the part of it that was asked for."""
        headers = {n.decode("latin-1"): value.decode("latin-1") for n, value in scope["state"]["headers"].items()}
        actor = await self._runtime.actor(scope)
        app, id, is_head = self._runtime.app, scope["path_params"]["id"], scope["method"] == "HEAD"
        found = await download(app, self._kind, id, self._field, headers, actor=actor, head=is_head)
        if found.chunks is None:
            await Response(status_code=found.status, headers=found.headers)(scope, receive, send)
            return
        await StreamingResponse(found.chunks, found.status, found.headers)(scope, receive, send)


class _Body:
    """A ``receive`` that knows whether the body was read to its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive, self.is_read = receive, False

    async def __call__(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        self.is_read = not message.get("more_body", False)
        return message


async def body_chunks(receive: Receive) -> AsyncIterator[bytes]:
    """Yield the body of a request; ClientDisconnect when there is no end to it."""
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if message.get("body"):
            yield message["body"]
        more = message.get("more_body", False)


def _refusal(error: Exception, scope: Scope) -> Refusal:
    refusal = refusal_of(error, secrets.token_hex(6))
    if refusal.status >= 500:  # the server's own fault
        logger.error("the file sent to %r failed (id %s)", scope["path"], refusal.id, exc_info=error)
    else:
        logger.info("the file sent to %r was refused: %s (id %s)", scope["path"], refusal.code, refusal.id)
    return replace(refusal, id="") if refusal.status == 404 else refusal
