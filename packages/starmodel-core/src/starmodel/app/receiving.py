"""Files on their way in: looked at as they begin, counted as they come, refused before they are all there."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import AsyncIterable, AsyncIterator
from typing import TYPE_CHECKING

from starmodel.core.errors import StarModelError
from starmodel.core.files import RASTER_IMAGES, Accept, File, clean_name

from .sniffing import ENOUGH, image_type, looks_like_markup

if TYPE_CHECKING:
    from starmodel.core.file_store import FileStore

__all__ = ["EmptyFileError", "FileRefusedError", "FileTooLargeError", "FileTypeError", "received", "type_of"]

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_ANY = "application/octet-stream"


class FileRefusedError(StarModelError, ValueError):
    """A file is not one that its *field* takes; *problem* goes on after its name, or that of its field."""

    code = "invalid"
    field = ""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"The file {problem}.")


class EmptyFileError(FileRefusedError):
    """There is nothing in the file, or no file was sent."""

    def __init__(self) -> None:
        super().__init__("is empty; choose another one")


class FileTooLargeError(FileRefusedError):
    """The file ran over the limit of its field while it was being read."""

    code = "too_large"


class FileTypeError(FileRefusedError):
    """The file is of a type that its field does not take, or not of the type that it says."""

    code = "media_type"


async def received(store: FileStore, chunks: AsyncIterable[bytes], accept: Accept, name: str, declared: str) -> File:
    """Keep a file that waits and return what is known of it; FileRefusedError when *accept* does not take it.

    *declared* is the media type that its sender says it has.
    """
    incoming = _Incoming(chunks, accept.max_bytes, accept.too_large)
    head = await incoming.head()
    if not head:
        raise EmptyFileError
    cleaned = clean_name(name, declared)
    media = type_of(head, cleaned, declared)
    guess = mimetypes.guess_type(cleaned)[0]
    wrong = next((one for one in (media, guess) if one is not None and not accept.takes(cleaned, one)), None)
    if wrong is not None:
        raise FileTypeError(accept.refused(wrong))
    key = await store.save(incoming)
    return File(key, cleaned, incoming.size, media)


def type_of(head: bytes, name: str, declared: str) -> str:
    """Return the media type of a file that begins with *head*; FileTypeError when it says it is a picture, and is none.

    What it says counts only where it cannot do harm: nothing but raster images is ever shown by a browser.
    """
    said = declared.partition(";")[0].strip().lower()
    if _TYPE.fullmatch(said) is None or said == _ANY:
        said = mimetypes.guess_type(name)[0] or _ANY
    found = image_type(head)
    if found:
        return found if said == _ANY or said.startswith("image/") else said
    if said in RASTER_IMAGES:
        what = "HTML or XML" if looks_like_markup(head) else "something else"
        raise FileTypeError(f"says that it is {said}, and holds {what}; choose a picture")
    return said


class _Incoming:
    """The chunks of a file, of which the first are looked at before the rest is read."""

    def __init__(self, chunks: AsyncIterable[bytes], most: int, too_large: str) -> None:
        self._chunks, self._most, self._too_large = aiter(chunks), most, too_large
        self._head: list[bytes] = []
        self.size = 0

    async def head(self) -> bytes:
        """Return the first bytes, or all there are."""
        while sum(map(len, self._head)) < ENOUGH:
            chunk = await anext(self._chunks, None)
            if chunk is None:
                break
            self._head.append(self._counted(chunk))
        return b"".join(self._head)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._head:
            yield chunk
        async for chunk in self._chunks:
            yield self._counted(chunk)

    def _counted(self, chunk: bytes) -> bytes:
        self.size += len(chunk)
        if self.size > self._most:
            raise FileTooLargeError(self._too_large)
        return chunk
