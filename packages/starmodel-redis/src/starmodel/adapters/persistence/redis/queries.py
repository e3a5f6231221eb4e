"""Questions: answered here from documents that Redis finds by the ids it keeps, never by looking for keys.

A page in the order of the ids, or of an index, is read from where it begins, however many there are.  What an index
narrows down is looked at; for anything else every entity of the class is: both up to a limit that is said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from starmodel.core.entity import Entity
from starmodel.core.errors import QueryError
from starmodel.core.ordering import cursor_at, places_at
from starmodel.core.query import Page, Query, Stored, directions, is_found, matches, order_key, select
from starmodel.core.relations import Steps, steps_of, target_of

from .finding import Finding
from .planning import tests_of
from .scripts import script

if TYPE_CHECKING:
    from starmodel.core.relations import Finder

    from .planning import Plan
    from .server import Server
    from .shapes import Shape, Shapes

__all__ = ["Queries"]

E = TypeVar("E", bound=Entity)
T = TypeVar("T")

IN_PASSING: Final = 100
"""Up to so many documents are read at once; more are left to a thread, while the event loop goes on."""


class Queries:
    """Answers questions; *most* is how many entities of a class are looked at for one."""

    def __init__(self, server: Server, shapes: Shapes, *, most: int) -> None:
        self._server, self._shapes, self._most = server, shapes, most
        self._finding = Finding(server, most=most)

    async def get(self, kind: type[E], ids: Sequence[str]) -> list[Stored[E]]:
        """Return what is stored of these *ids*, in their order."""
        if not ids:
            return []
        shape = self._shapes.of(kind)
        keys = [f"starmodel:{shape.name}:{id}" for id in ids]
        documents = await self._server.call(lambda link: link.ask("MGET", *keys))
        found = [(id, document) for id, document in zip(ids, documents, strict=True) if document is not None]
        return await self._stored(shape, found)

    async def page(self, kind: type[E], query: Query) -> Page[E]:
        """Return one page."""
        if not query.where and not query.search.strip() and [name for name, _ in directions(query)] == ["id"]:
            page = await self._by_id(kind, query)
            if page is not None:
                return page
        plan = await self._plan(kind, query)
        if plan is not None and plan.way:
            return await self._in_order(kind, query, plan)
        candidates = await self._candidates(kind, query, plan)
        find = await self._ends(kind, steps_of(query.where), candidates)
        return await self._read(lambda: select(query, candidates, find), len(candidates))

    async def count(self, kind: type[Entity], where: Mapping[str, Any], cap: int) -> int:
        """Return how many match, at most *cap*."""
        if not where:
            name = self._shapes.of(kind).name
            there: int = await self._server.call(lambda link: link.run(script("count"), name))
            return min(cap, there)
        query = Query(where=where)
        known = await self._finding.counted(self._shapes.of(kind), query)
        if known is not None:
            return min(cap, known)
        candidates = await self._candidates(kind, query, await self._plan(kind, query))
        find = await self._ends(kind, steps_of(where), candidates)
        count = await self._read(
            lambda: sum(matches(where, stored.entity, find) for stored in candidates), len(candidates)
        )
        return min(cap, count)

    async def _by_id(self, kind: type[E], query: Query) -> Page[E] | None:
        """Return a page of all there are, in the order of their ids; ``None`` when they stand in no such order."""
        way = "down" if directions(query)[0][1] else "up"
        after = "" if query.after is None else str(places_at(query.after, 1)[0][1])
        found: list[Stored[E]] = []
        while (wanted := query.limit + 1 - len(found)) > 0:
            part = await self._part(kind, way, after, wanted)
            if part is None:
                return None
            ids, there = part
            found += there
            if len(ids) < wanted:
                break
            after = ids[-1]
        items = tuple(found[: query.limit])
        return Page(items, cursor_at(order_key(query, items[-1].entity)) if len(found) > query.limit else None)

    async def _part(self, kind: type[E], way: str, after: str, wanted: int) -> tuple[list[str], list[Stored[E]]] | None:
        """Return the next ids, and what is stored of them."""
        shape = self._shapes.of(kind)
        outcome, *answer = await self._server.call(
            lambda link: link.run(script("look"), shape.name, "", way, after, wanted)
        )
        if outcome == b"mixed":
            return None
        ids = [id.decode() for id in answer[0]]
        pairs = [(id, document) for id, document in zip(ids, answer[1], strict=True) if document is not None]
        return ids, await self._stored(shape, pairs)

    async def _plan(self, kind: type[E], query: Query) -> Plan | None:
        """Return which index is asked; ``None`` when ids are named, or none of them helps."""
        shape = self._shapes.of(kind)
        if not shape.indexes or _named(query.where) is not None:
            return None
        return await self._finding.plan(shape, query)

    async def _in_order(self, kind: type[E], query: Query, plan: Plan) -> Page[E]:
        """Return a page from an index that is in the order of *query*, without what else it does not ask for."""
        shape, wanted = self._shapes.of(kind), query.limit + 1
        found: list[Stored[E]] = []
        looked_at, batch = 0, wanted if plan.is_whole else max(wanted, IN_PASSING)
        async for pairs, count in self._finding.walked(shape, plan, plan.spans[0], plan.start(query), batch):
            there = await self._stored(shape, pairs)
            if not plan.is_whole:
                find = await self._ends(kind, steps_of(query.where), there)
                there = [one for one in there if _is_wanted(query, one.entity, find)]
            found += there
            looked_at += count
            if len(found) >= wanted:
                break
            if looked_at >= self._most and not plan.is_whole:
                raise self._too_many(shape, query, f"more than {looked_at:,}")
        items = tuple(found[: query.limit])
        return Page(items, cursor_at(order_key(query, items[-1].entity)) if len(found) > query.limit else None)

    async def _stored(self, shape: Shape[E], pairs: Sequence[tuple[str, bytes]]) -> list[Stored[E]]:
        return await self._read(lambda: [shape.stored(document, id) for id, document in pairs], len(pairs))

    async def _candidates(self, kind: type[E], query: Query, plan: Plan | None) -> list[Stored[E]]:
        """Return the entities that *query* may find: those it names by id, those in *plan*, or all there are."""
        ids = _named(query.where)
        if ids is not None:
            return await self.get(kind, ids)
        shape = self._shapes.of(kind)
        if plan is not None:
            return await self._stored(shape, await self._finding.collected(shape, plan))
        outcome, found = await self._server.call(lambda link: link.run(script("look"), shape.name, self._most))
        if outcome == b"most":
            raise self._too_many(shape, query, f"{found:,}")
        return await self._stored(shape, [("?", document) for document in found if document is not None])

    def _too_many(self, shape: Shape[Any], query: Query, count: str) -> QueryError:
        """Return the refusal to look at so many, with the fields whose index would help."""
        tests, _ = tests_of(query.where)
        names = dict.fromkeys([*tests, *(name for name, _ in directions(query))])
        fields = [f"{shape.name}.{name}" for name in names if name in shape.indexable and name != "id"]
        advice = f"mark {' and '.join(fields)} as Indexed(), " if fields else ""
        return QueryError(
            f"there are {count} of {shape.name}, and no index finds what is asked for, so that each of them has to be "
            f"looked at: the store 'redis' does so for up to {self._most:,}; {advice}keep {shape.name} in the store "
            "'sql', or give the store another limit: RedisRepo(most=...)"
        )

    async def _ends(self, kind: type[Entity], steps: Steps, entities: Sequence[Stored[Any]]) -> Finder:
        """Return what finds the entities at the end of the references that conditions follow; they are read here."""
        known: dict[tuple[type[Entity], str], Entity] = {}
        await self._follow(kind, steps, [stored.entity for stored in entities], known)
        return lambda target, id: known.get((target, id))

    async def _follow(
        self,
        kind: type[Entity],
        steps: Steps,
        entities: Sequence[Entity],
        known: dict[tuple[type[Entity], str], Entity],
    ) -> None:
        for name, further in steps.items():
            target = target_of(kind, name)
            if target is None:
                continue
            ids = sorted({id for entity in entities if (id := getattr(entity, name)) is not None})
            ends = [stored.entity for stored in await self.get(target, ids)]
            known.update({(target, end.id): end for end in ends})
            await self._follow(target, further, ends, known)

    async def _read(self, work: Callable[[], T], count: int) -> T:
        return work() if count <= IN_PASSING else await asyncio.to_thread(work)


def _is_wanted(query: Query, entity: Entity, find: Finder) -> bool:
    return matches(query.where, entity, find) and is_found(query.search, entity)


def _named(where: Mapping[str, Any]) -> list[str] | None:
    """Return the ids that *where* names, each once; ``None`` when it names none."""
    test = where.get("id")
    if isinstance(test, str):
        return [test]
    if not isinstance(test, Mapping) or not test.keys() & {"eq", "in"}:
        return None
    return sorted({test["eq"]} if "eq" in test else set(test["in"]))
