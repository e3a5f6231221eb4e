"""Paging by keys in both directions: the page before is asked for backwards, so no page costs more than the first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from starmodel.core.ordering import cursor_at
from starmodel.core.query import Query, Stored, order_key

if TYPE_CHECKING:
    from starmodel.adapters.fasthtml.reading import PageRead
    from starmodel.core.entity import Entity

__all__ = ["Slice", "read_slice"]


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a list, and the cursors of those around it; ``""`` where there is none."""

    rows: tuple[Stored[Any], ...]
    before: str = ""
    after: str = ""


async def read_slice(read: PageRead, kind: type[Entity], query: Query, before: str) -> Slice:
    """Return the page that *query* asks for, or with the cursor *before* the one that ends there."""
    query = replace(query, order=_told(query.order))
    if before:
        backward = _backward(query)
        page = await read.slice(kind, replace(backward, after=before), query)
        rows = tuple(reversed(page.items))
        return Slice(rows, _cursor(backward, rows[:1]) if page.next else "", _cursor(query, rows[-1:]))
    page = await read.slice(kind, query, query)
    start = _cursor(_backward(query), page.items[:1]) if query.after else ""
    return Slice(page.items, start, page.next or "")


def _told(order: tuple[str, ...]) -> tuple[str, ...]:
    """Return *order* with the field that breaks its ties, so that it can be turned round."""
    return order if any(name.removeprefix("-") == "id" for name in order) else (*order, "id")


def _backward(query: Query) -> Query:
    turned = tuple(name[1:] if name.startswith("-") else f"-{name}" for name in query.order)
    return replace(query, order=turned)


def _cursor(query: Query, rows: tuple[Stored[Any], ...]) -> str:
    return cursor_at(order_key(query, rows[0].entity)) if rows else ""
