"""Questions that an index answers: counted, collected, or read page by page in its order."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starmodel.core.entity import Entity
from starmodel.core.query import Query

from .building import catching_up, declare
from .planning import Plan, Span, plans_for
from .scripts import script

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from .server import Link, Server
    from .shapes import Shape

__all__ = ["Finding"]

E = TypeVar("E", bound=Entity)

logger = logging.getLogger("starmodel.redis")

FEW: Final = 100
"""Up to so many are rather collected and sorted here than read in the order of an index, and mostly passed over."""
_BATCH: Final = 500


class Finding:
    """Asks the indexes; what one lacks, because another version of the code has written it, it is given first."""

    def __init__(self, server: Server, *, most: int) -> None:
        self._server, self._most = server, most

    async def plan(self, shape: Shape[Any], query: Query) -> Plan | None:
        """Return the best plan for a page of *query*; ``None`` when no index helps enough.

        With ``way`` it is to be read in order, without to be collected: then it has no more than the limit.
        """
        plans = plans_for(query, shape.indexes)
        exact = next((plan for plan in plans if plan.way and plan.is_whole), None)
        if exact is not None or not plans:
            return exact
        counts = [await self._count(shape, plan) for plan in plans]
        count, number = min((count, number) for number, count in enumerate(counts))
        ordered = next((plan for plan in plans if plan.way), None)
        if ordered is not None and count > min(FEW, self._most):
            return ordered
        fewest = plans[number]
        return Plan(fewest.index, fewest.spans, fewest.is_whole) if count <= self._most else None

    async def counted(self, shape: Shape[Any], query: Query) -> int | None:
        """Return how many *query* finds, where an index knows; else ``None``."""
        whole = next((plan for plan in plans_for(query, shape.indexes) if plan.is_whole), None)
        return None if whole is None else await self._count(shape, whole)

    async def _count(self, shape: Shape[Any], plan: Plan) -> int:
        """Return how many are in the parts of *plan*."""
        bounds = [bound for span in plan.spans for bound in span]
        counts = await self._ask(shape, plan, "count", *bounds) if bounds else []
        return sum(counts)

    async def collected(self, shape: Shape[Any], plan: Plan) -> list[tuple[str, bytes]]:
        """Return the ids and documents in all parts of *plan*."""
        found: list[tuple[str, bytes]] = []
        for span in plan.spans:
            async for part, _ in self.walked(shape, plan, span, b"", _BATCH):
                found += part
        return found

    async def walked(
        self, shape: Shape[Any], plan: Plan, span: Span, start: bytes, batch: int
    ) -> AsyncIterator[tuple[list[tuple[str, bytes]], int]]:
        """Yield ids and documents in the order of *plan* after the member *start*, and how many members that were.

        What is in the index and not there, since somebody deleted its key, is passed over.
        """
        values, names = plan.way or ("up", "up")
        place = _inside(span, start, values)
        while place is not None:
            where = (*span, values, names, len(plan.index.fields), place, batch)
            members, documents = await self._ask(shape, plan, "walk", *where)
            pairs = zip(members, documents, strict=True)
            found = [(_id(plan, member), document) for member, document in pairs if document is not None]
            yield found, len(members)
            place = members[-1] if len(members) == batch else None

    async def _ask(self, shape: Shape[Any], plan: Plan, *question: Any) -> Sequence[Any]:
        """Return the answer of an index that holds everything."""
        return await self._server.call(lambda link: self._answer(shape, plan, question, link))

    async def _answer(self, shape: Shape[Any], plan: Plan, question: Sequence[Any], link: Link) -> Sequence[Any]:
        while True:
            outcome, *found = await link.run(script("span"), shape.name, plan.index.label, *question)
            if outcome in (b"counts", b"page"):
                return tuple(found)
            if outcome == b"index":
                await declare(shape, link)
            elif outcome == b"behind":
                async for one, other in catching_up(shape, plan.index, link):
                    fields = ", ".join(plan.index.fields)
                    logger.error("%s %r and %r have the same %s, which is Unique", shape.name, one, other, fields)


def _inside(span: Span, start: bytes, values: str) -> bytes | None:
    """Return *start* where it is inside of *span*, nothing before it, ``None`` beyond: a cursor may say anything."""
    low, high = (bound[1:] for bound in span)
    is_below = start < low
    is_above = bool(high) and start >= high
    if not start or (is_below if values == "up" else is_above):
        return b""
    return None if is_below or is_above else start


def _id(plan: Plan, member: bytes) -> str:
    return member.split(b"\x00", len(plan.index.fields))[-1].decode()
