"""Where a page begins: the order of its rows, and which of them lie beyond the cursor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, false, or_, true

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from starmodel.core.ordering import Place

    from .comparing import Comparison
    from .filters import Filter

__all__ = ["Start", "beyond", "ordering"]


@dataclass(frozen=True, slots=True)
class Start:
    """The row a page begins after: *shape* tells which of its places are empty, ``None`` for the first page."""

    shape: tuple[bool, ...] | None
    values: Mapping[str, Any]

    @classmethod
    def at(cls, of_kind: Filter, order: Sequence[tuple[str, bool]], places: Sequence[Place] | None) -> Start:
        """Return the start at the *places* of a cursor, one for each part of *order*."""
        if places is None:
            return _FIRST
        values = [of_kind.of(name).at(place) for (name, _), place in zip(order, places, strict=True)]
        given = {f"a{number}": value for number, value in enumerate(values) if value is not None}
        return cls(tuple([value is None for value in values]), given)


_FIRST = Start(None, {})


def ordering(of_kind: Filter, order: Sequence[tuple[str, bool]]) -> list[ColumnElement[Any]]:
    """Return what to order by.  What is empty comes first, or last when the order falls."""
    return [_ordered(of_kind.of(name), falling=falling) for name, falling in order]


def _ordered(by: Comparison, *, falling: bool) -> ColumnElement[Any]:
    key = by.rank.desc() if falling else by.rank.asc()
    if not by.nullable or by.sqlite:  # which has this order by itself
        return key
    return key.nulls_last() if falling else key.nulls_first()


def beyond(of_kind: Filter, order: Sequence[tuple[str, bool]], empty: Sequence[bool]) -> ColumnElement[bool]:
    """Return the condition for rows after the start: after it in the first part, or equal and after it in the next.

    The first part alone is said again in front, which lets an index begin there.
    """
    parts = [
        (of_kind.of(name), falling, None if is_empty else f"a{number}")
        for number, ((name, falling), is_empty) in enumerate(zip(order, empty, strict=True))
    ]
    condition: ColumnElement[bool] = false()
    for by, falling, name in reversed(parts):
        condition = or_(_after(by, name, falling=falling), and_(_equal(by, name), condition))
    return and_(_from(*parts[0]), condition) if len(parts) > 1 else condition


def _after(by: Comparison, name: str | None, *, falling: bool) -> ColumnElement[bool]:
    if name is None:
        return false() if falling else by.column.is_not(None)
    start = bindparam(name, type_=by.rank_type)
    if not falling:
        return by.rank > start
    return or_(by.rank < start, by.column.is_(None)) if by.nullable else by.rank < start


def _equal(by: Comparison, name: str | None) -> ColumnElement[bool]:
    return by.column.is_(None) if name is None else by.rank == bindparam(name, type_=by.rank_type)


def _from(by: Comparison, falling: bool, name: str | None) -> ColumnElement[bool]:  # noqa: FBT001  (a part of an order)
    if name is None:
        return by.column.is_(None) if falling else true()
    start = bindparam(name, type_=by.rank_type)
    if not falling:
        return by.rank >= start
    return or_(by.rank <= start, by.column.is_(None)) if by.nullable else by.rank <= start
