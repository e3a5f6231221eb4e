"""Indexes are begun, and given what they lack: at the start, and where another version of the code has written."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from starmodel.core.errors import ConfigurationError

from .scripts import script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from .indexes import Index
    from .server import Link
    from .shapes import Shape

__all__ = ["begin", "catching_up", "declare"]

logger = logging.getLogger("starmodel.redis")

_BATCH: Final = 500


async def begin(shape: Shape[Any], link: Link) -> None:
    """See to it that the indexes of *shape* are there and hold everything.

    ConfigurationError when values are alike that a new rule wants to be unique; that index is then not begun.
    """
    await declare(shape, link)
    for index in shape.indexes:
        async for one, other in catching_up(shape, index, link):
            await link.run(script("withdraw"), shape.name, index.label)
            raise ConfigurationError(
                f"{shape.name} holds the same {', '.join(index.fields)} more than once, for example in {one!r} and "
                f"{other!r}, so it cannot be unique; correct that first, or take the mark Unique() away"
            )


async def declare(shape: Shape[Any], link: Link) -> None:
    """Let every commit keep the indexes of *shape* from now on; they lack what is there already."""
    if shape.indexes:
        await link.run(script("declare"), shape.name, *(index.label for index in shape.indexes))


async def catching_up(shape: Shape[Any], index: Index, link: Link) -> AsyncIterator[tuple[str, str]]:
    """Put into *index* whatever it lacks; yield pairs of ids that are alike where none should be."""
    began, count = time.monotonic(), 0
    while (found := await link.run(script("behind"), shape.name, index.label, _BATCH))[0]:
        ids, documents = found
        parts = _parts(shape, index, ids, documents)
        alike = [id.decode() for id in await link.run(script("catch_up"), shape.name, index.label, *parts)]
        for pair in zip(alike[::2], alike[1::2], strict=True):
            yield pair
        count += len(ids)
    if count:
        seconds = time.monotonic() - began
        logger.info("%s: the index of %s took in %d in %.1f s", shape.name, ", ".join(index.fields), count, seconds)


def _parts(
    shape: Shape[Any], index: Index, ids: Sequence[bytes], documents: Sequence[bytes | None]
) -> list[bytes | int | str]:
    parts: list[bytes | int | str] = []
    for id, document in zip(ids, documents, strict=True):
        if document is None:
            parts += [id, "", b"", ""]
        else:
            stored = shape.stored(document, id.decode())
            member, is_alone = index.member(stored.entity)
            parts += [id, stored.version, member, "1" if is_alone else ""]
    return parts
