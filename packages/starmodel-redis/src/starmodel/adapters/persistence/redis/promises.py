"""What a server promises of an acknowledged commit, read from its settings when it is first met."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from redis.exceptions import ResponseError
from starmodel.core.errors import ConfigurationError
from starmodel.core.ports import Durability

from .errors import DurabilityError

if TYPE_CHECKING:
    from .server import Link
    from .url import RedisUrl

__all__ = ["Promise", "promise_of", "refuse_unfit", "said_by"]

OLDEST: Final = (6, 2)
_ORDER = list(Durability)
_NAMES = ("appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy")


@dataclass(frozen=True, slots=True)
class Promise:
    """A durability class, and *why* it is no better than that: what to change on the server."""

    durability: Durability
    why: str

    def refuse_less_than(self, asked: Durability | None, url: RedisUrl) -> None:
        """Raise DurabilityError when *asked* is more than this."""
        if asked is not None and _ORDER.index(asked) > _ORDER.index(self.durability):
            raise DurabilityError(
                f"{url} asks for durability={asked.value}, and the server gives {self.durability.value}: {self.why}; "
                f"change that on the server, or ask for durability={self.durability.value}"
            )


async def said_by(link: Link) -> dict[str, str]:
    """Return what the server says of itself by INFO, and of its settings as far as this user may read them."""
    said: str = (await link.ask("INFO")).decode(errors="replace")
    found = dict(line.split(":", 1) for line in said.splitlines() if ":" in line and not line.startswith("#"))
    for name in _NAMES:
        try:
            answer = await link.ask("CONFIG", "GET", name)
        except ResponseError:  # some who let servers allow no CONFIG
            return found
        if len(answer) == 2:
            found[name] = answer[1].decode(errors="replace")
    return found


def refuse_unfit(said: Mapping[str, str], url: RedisUrl) -> None:
    """Raise ConfigurationError for a server this store cannot work with."""
    version = said.get("redis_version", "")
    if tuple(map(int, re.findall(r"\d+", version)[:2])) < OLDEST:
        raise ConfigurationError(f"{url} is Redis {version or '?'}, and 6.2 or newer is needed; update the server")
    if said.get("cluster_enabled") == "1":
        raise ConfigurationError(
            f"{url} is a Redis Cluster, which is not supported: a commit changes several keys at once; name a single "
            "server, or the primary of one with replicas"
        )


def promise_of(said: Mapping[str, str], asked: Durability | None = None) -> Promise:
    """Return what an acknowledged commit survives on a server that says this of itself.

    Replicas count where they are *asked* for: each commit then waits for one of them.
    """
    alone = _promise_of_one(said)
    if asked is not Durability.REPLICATED or alone.durability is Durability.EPHEMERAL:
        return alone
    if said.get("connected_slaves", "0") == "0":
        return Promise(alone.durability, "no replica is connected to it; set replicaof on another server")
    return Promise(Durability.REPLICATED, "one replica confirms each commit")


def _promise_of_one(said: Mapping[str, str]) -> Promise:
    policy = said.get("maxmemory-policy", said.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction" and said.get("maxmemory", "0") != "0":
        return Promise(
            Durability.EPHEMERAL,
            f"maxmemory-policy is {policy}, which throws away what was stored when memory runs short; "
            "set maxmemory-policy noeviction",
        )
    if said.get("appendonly", "yes" if said.get("aof_enabled") == "1" else "no") != "yes":
        return Promise(
            Durability.EPHEMERAL,
            "appendonly is no, so that what came after the last snapshot file is lost with the server's process; "
            "set appendonly yes",
        )
    if said.get("appendfsync") == "always":
        return Promise(Durability.DISK, "it is one machine")
    return Promise(
        Durability.PROCESS,
        f"appendfsync is {said.get('appendfsync', 'not told')}, so that a machine that dies may lose the last second; "
        "set appendfsync always",
    )
