"""A file as it comes over HTTP: who may send it, what it is called, and the reference that it is answered."""

from __future__ import annotations

from email.message import Message
from typing import TYPE_CHECKING, Any

from .receiving import FileRefusedError, FileTooLargeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

    from starmodel.core.actors import Actor
    from starmodel.core.files import File

    from .application import Application
    from .catalog import Handler

__all__ = ["Upload", "name_in", "take_file", "upload_path"]


class Upload:
    """One file on its way: its *chunks*, the *name* and *media* type that it says it has, and its *length* if known."""

    def __init__(self, chunks: AsyncIterable[bytes], *, name: str, media: str, length: int | None = None) -> None:
        self.chunks, self.name, self.media, self.length = chunks, name, media, length


def upload_path(event_path: str, field: str) -> str:
    """Return where the file of an argument is sent to: below the address of its event."""
    return f"{event_path}/files/{field}"


async def take_file(
    application: Application, handler: Handler, field: str, upload: Upload, *, actor: Actor, id: str | None
) -> dict[str, Any]:
    """Keep a file for the argument *field* of an event until its command comes; return what is known, with a reference.

    It is refused to whoever may not do the event; FileRefusedError when it is not one that the argument takes.
    """
    await application.dispatcher.allow(handler, id, actor)
    file = await _taken(application, handler, field, upload)
    return {"reference": application.files.reference(file, actor), **file.told}


async def _taken(application: Application, handler: Handler, field: str, upload: Upload) -> File:
    accept = handler.files[field]
    try:
        if upload.length is not None and upload.length > accept.max_bytes:
            raise FileTooLargeError(accept.too_large)
        return await application.files.receive(upload.chunks, accept, name=upload.name, media=upload.media)
    except FileRefusedError as error:
        error.field = field
        raise


def name_in(disposition: str) -> str:
    """Return the file name in a ``Content-Disposition`` header (RFC 6266), ``""`` for none."""
    message = Message()
    try:
        message["content-disposition"] = disposition
        return str(message.get_filename(""))
    except (ValueError, LookupError):
        return ""
