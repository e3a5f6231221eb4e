"""A stored file as it goes out over HTTP: to those who may read its entity, and never so that a browser runs it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from starmodel.core.entity import fields_of
from starmodel.core.errors import NotFoundError
from starmodel.core.files import file_fields
from starmodel.core.visibility import Visibility

from .reading import readable

if TYPE_CHECKING:
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity
    from starmodel.core.files import File

    from .application import Application

__all__ = ["Download", "download", "shown_files"]

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "private, no-cache",
    "accept-ranges": "bytes",
}


@dataclass(frozen=True, slots=True)
class Download:
    """The answer to a request for a file; *chunks* are ``None`` where it has no body."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes] | None = None


def shown_files(kind: type[Entity]) -> tuple[str, ...]:
    """Return the fields of *kind* whose files may be fetched: the public ones."""
    infos = fields_of(kind)
    return tuple(name for name in file_fields(kind) if infos[name].visibility is Visibility.PUBLIC)


async def download(
    application: Application,
    kind: type[Entity],
    id: str,
    field: str,
    asked: Mapping[str, str],
    *,
    actor: Actor,
    head: bool = False,
) -> Download:
    """Return the file in a public *field* of an entity that *actor* may read, or the part that *asked* wants of it.

    *asked* are the headers of the request, in lower case; with *head* it is HEAD, and has no body.
    NotFoundError when there is none, for whatever reason.
    """
    entity = (await readable(application, kind, id, actor=actor)).entity
    file: File | None = getattr(entity, field) if field in shown_files(kind) else None
    if file is None:
        raise NotFoundError(kind.__entity_name__, id)
    tag = f'"{hashlib.blake2b(file.key.encode(), digest_size=12).hexdigest()}"'
    headers = {**_SAFE, "etag": tag, "content-type": file.type, "content-disposition": _disposition(file)}
    if tag in asked.get("if-none-match", "") or asked.get("if-none-match") == "*":
        return Download(304, headers)
    part = _part(asked.get("range", ""), file.size) if asked.get("if-range", tag) == tag else (0, file.size)
    if part is None:
        return Download(416, {**headers, "content-range": f"bytes */{file.size}", "content-length": "0"})
    start, stop = part
    chunks = await application.files.store.open(file.key, start=start, stop=stop)
    headers["content-length"] = str(stop - start)
    body = None if head else chunks
    if head:
        await anext(chunks, None)  # what was never begun has no end either
        await chunks.aclose()
    if stop - start == file.size:
        return Download(200, headers, body)
    return Download(206, {**headers, "content-range": f"bytes {start}-{stop - 1}/{file.size}"}, body)


def _part(text: str, size: int) -> tuple[int, int] | None:
    """Return what a ``Range`` asks for (RFC 9110): all for one that we do not read, ``None`` for what is not there."""
    found = _RANGE.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        return 0, size
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < start:
        return 0, size
    return (start, stop) if start < stop else None


def _disposition(file: File) -> str:
    """Return how a browser treats a file (RFC 6266): only raster images are shown, everything else is saved."""
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-") else "_" for char in file.name)
    shown = "inline" if file.is_image else "attachment"
    return f"{shown}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
