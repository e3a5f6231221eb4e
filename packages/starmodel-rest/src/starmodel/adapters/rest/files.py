"""The doors for files: one takes what an argument of an event is to hold, one gives out what a field holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from starmodel.app import Upload, download, take_file
from starmodel.app.uploading import name_in
from starmodel.core.errors import InvalidError, Problem

from .answers import Json
from .doors import Door

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from starmodel.app import Handler
    from starmodel.core.entity import Entity

    from .service import Service

__all__ = ["FileDoor", "UploadDoor", "file_schema"]

_DIGITS = 18  # what a 64 bit number holds


class UploadDoor(Door):
    """``/todo/{id}/attach/files/paper``: POST sends the file itself, and a reference to it comes back."""

    def __init__(self, service: Service, handler: Handler, field: str) -> None:
        super().__init__(service, handler.kind)
        self._handler, self._field = handler, field

    async def answer(self, request: Request) -> ASGIApp:
        """Keep the file until a command names it."""
        length = request.headers.get("content-length")
        if length is not None and not (length.isascii() and length.isdigit() and len(length) <= _DIGITS):
            raise InvalidError([Problem(("Content-Length",), "must be a number of bytes", "type")])
        upload = Upload(
            _body(request),
            name=name_in(request.headers.get("content-disposition", "")),
            media=request.headers.get("content-type", ""),
            length=None if length is None else int(length),
        )
        actor = await self._service.identify(request.scope)
        id = request.path_params.get("id")
        told = await take_file(self._service.application, self._handler, self._field, upload, actor=actor, id=id)
        return Json(told, 201)


class FileDoor(Door):
    """``/todo/{id}/files/paper``: GET gives out the file, or the part of it that ``Range`` names."""

    def __init__(self, service: Service, kind: type[Entity], field: str) -> None:
        super().__init__(service, kind)
        self._field = field

    async def answer(self, request: Request) -> ASGIApp:
        """Give out the file to those who may read its entity."""
        actor = await self._service.identify(request.scope)
        app, id = self._service.application, request.path_params["id"]
        is_head = request.method == "HEAD"
        found = await download(app, self._kind, id, self._field, dict(request.headers), actor=actor, head=is_head)
        if found.chunks is None:
            return Response(status_code=found.status, headers=found.headers)
        return StreamingResponse(found.chunks, found.status, found.headers)


async def _body(request: Request) -> AsyncIterator[bytes]:
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body", False):
            return


def file_schema(handler: Handler, field: str) -> dict[str, Any]:
    """Return the body of an upload and its answer, as OpenAPI describes them."""
    types = [one.strip() for one in handler.files[field].types.split(",") if "/" in one] or ["application/octet-stream"]
    told = {"reference": "string", "name": "string", "size": "integer", "type": "string"}
    answer = {
        "type": "object",
        "required": list(told),
        "properties": {name: {"type": kind} for name, kind in told.items()},
    }
    name = {
        "name": "Content-Disposition",
        "in": "header",
        "description": "What the file is called: attachment; filename*=UTF-8''letter.pdf",
        "schema": {"type": "string", "pattern": "^[ -~]*$"},
    }
    return {"content": {one: {"schema": {}} for one in types}, "answer": answer, "name": name}
