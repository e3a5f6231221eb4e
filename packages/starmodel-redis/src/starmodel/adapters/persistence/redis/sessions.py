"""Sessions in Redis: a hash for each, which expires by itself, and for each actor the keys of theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starmodel.core.session_store import KeptSession, SessionPatch

from .scripts import script
from .server import Server
from .url import DEFAULT_URL, RedisUrl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .server import Link

__all__ = ["RedisSessions"]


class RedisSessions:
    """Keeps sessions in the Redis at *url*, or over the connections of a store that is there already."""

    single_process = False
    instant = False

    def __init__(self, url: str | Server = DEFAULT_URL) -> None:
        self._is_own = isinstance(url, str)
        self._server = Server(RedisUrl(url), _nothing) if isinstance(url, str) else url
        self.url = self._server.url

    async def open(self) -> None:
        """Meet the server; StoreError when it cannot be reached."""
        if not self._is_own:
            return
        self._server.open()
        try:
            await self._server.call(lambda link: link.ask("PING"))
        except BaseException:
            await self._server.close()
            raise

    async def close(self) -> None:
        """Close the connections, if they are its own."""
        if self._is_own:
            await self._server.close()

    async def read(self, key: str, /, *, seconds: float) -> KeptSession | None:
        """Return what is kept under *key*."""
        said = await self._server.call(lambda link: link.run(script("session_read"), key, _lives(seconds)))
        if not said:
            return None
        texts = [text.decode() for text in said]
        fields = dict(zip(texts[::2], texts[1::2], strict=True))
        owner = fields.pop("owner", "")
        return KeptSession({name[1:]: text for name, text in fields.items()}, owner)

    async def write(self, key: str, patch: SessionPatch, /, *, seconds: float, instead_of: str | None = None) -> None:
        """Do what *patch* says, in one script."""
        texts = [part for name, text in patch.changed.items() if text is not None for part in (name, text)]
        gone = [name for name, text in patch.changed.items() if text is None]
        owner = ("0", "") if patch.owner is None else ("1", patch.owner)
        arguments = (key, _lives(seconds), instead_of or "", *owner, len(texts) // 2, *texts, *gone)
        await self._server.call(lambda link: link.run(script("session_write"), *arguments))

    async def delete(self, key: str, /) -> None:
        """Forget everything under *key*."""
        await self._server.call(lambda link: link.run(script("session_end"), "key", key))

    async def delete_those_of(self, owner: str, /) -> Sequence[str]:
        """Forget every session of *owner*."""
        gone = await self._server.call(lambda link: link.run(script("session_end"), "owner", owner))
        return [key.decode() for key in gone]


def _lives(seconds: float) -> int:
    return max(1, round(seconds * 1000))


async def _nothing(_: Link) -> None:
    """Any server will do."""
