"""Pieces of pages in Redis, for all nodes: nothing is waited for, and nothing is tried twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from redis.exceptions import RedisError
from starmodel.core.errors import StoreError
from starmodel.core.fragment_cache import MAX_FRAGMENT
from starmodel.core.settings import PluginSetting

from .errors import store_error
from .server import Server
from .url import DEFAULT_URL, RedisUrl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starmodel.core.settings import AdapterSettings

    from .server import Link, Work

__all__ = ["RedisFragments"]


class RedisFragments:
    """Keeps pieces of pages in the Redis at *url*, over connections of its own."""

    single_process = False
    declares = (PluginSetting("REDIS_URL", "The Redis that keeps fragments.", default=DEFAULT_URL, secret=True),)

    def __init__(self, url: str = DEFAULT_URL) -> None:
        self.url = RedisUrl(url)
        self._server = Server(self.url, _nothing)

    @classmethod
    def from_settings(cls, settings: AdapterSettings) -> RedisFragments:
        """Return the cache at ``REDIS_URL``."""
        return cls(settings.get("REDIS_URL") or DEFAULT_URL)

    async def open(self) -> None:
        """Allow calls; a server that is away may come later."""
        self._server.open()

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()

    async def get_many(self, keys: Sequence[str], /) -> Sequence[bytes | None]:
        """Return what is kept under each of *keys*, by one ``MGET``."""
        if not keys:
            return []
        found: list[bytes | None] = await self._once(lambda link: link.ask("MGET", *map(_name, keys)))
        return found

    async def put_many(self, values: Mapping[str, bytes], /, *, seconds: float) -> None:
        """Keep *values*, in one pipeline."""
        if not values:
            return
        lives = max(1, round(seconds * 1000))
        commands = [
            ("SET", _name(key), value, "PX", lives) if len(value) <= MAX_FRAGMENT else ("DEL", _name(key))
            for key, value in values.items()
        ]
        await self._once(lambda link: link.ask_all(commands))

    async def _once(self, work: Work[Any]) -> Any:
        try:
            return await self._server.attempt(work)
        except StoreError:
            raise
        except (RedisError, OSError, TimeoutError) as error:
            raise store_error(error, self.url) from error


def _name(key: str) -> str:
    return f"starmodel.fragment:{key}"


async def _nothing(_: Link) -> None:
    """Any server will do."""
