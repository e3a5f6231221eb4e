"""What handlers could not be told, kept beside the log: it stays when the log is cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starmodel.core.parking import Parked, Wish, parked_from, parked_row

from .records import fact_of, row_of
from .scripts import script

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from .server import Work

__all__ = ["RedisParking"]


class RedisParking:
    """The parking place that is a part of :class:`.repository.RedisRepo`; *call* gives work a connection."""

    def __init__(self, call: Callable[[Work[Any]], Awaitable[Any]]) -> None:
        self._do = call

    async def keep_parked(self, task: str, parked: Parked, /) -> int:
        """Keep *parked* and return its number."""
        what, row = f"{parked.handler} {parked.fact.id}", _json(parked_row(parked, row_of))
        return int(await self._do(lambda link: link.run(script("parking"), "park", task, what, row)))

    async def parked(self, task: str, /, *, after: int = 0, limit: int = 100, wished: bool = False) -> Sequence[Parked]:
        """Return those with a number above *after*, oldest first; with *wished* only those with a wish."""
        flag = "1" if wished else ""
        found = await self._do(lambda link: link.run(script("parking"), "list", task, after, limit, flag))
        return [parked_from(json.loads(row), int(number), wish.decode(), fact_of) for number, wish, row in found]

    async def count_parked(self, task: str, /) -> int:
        """Return how many are kept."""
        return int(await self._do(lambda link: link.ask("ZCARD", f"starmodel.untold:{task}")))

    async def wish(self, task: str, number: int, wish: Wish, /) -> bool:
        """Note what somebody asks for; false when there is none of that *number*."""
        return bool(await self._do(lambda link: link.run(script("parking"), "wish", task, number, wish)))

    async def unpark(self, task: str, number: int, /) -> None:
        """Let go of one."""
        await self._do(lambda link: link.run(script("parking"), "unpark", task, number))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
