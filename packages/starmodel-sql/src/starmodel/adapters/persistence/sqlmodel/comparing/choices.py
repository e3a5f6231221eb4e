"""How columns of an enum are compared: by asking its members."""

# ruff: noqa: D102  (the base class says what each method does)

from __future__ import annotations

from enum import Enum, Flag
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from starmodel.core.errors import QueryError
from starmodel.core.operators import passes
from starmodel.core.ordering import place_of

from .comparison import Comparison, Near, Test

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.elements import KeyedColumnElement
    from sqlalchemy.types import TypeEngine

    from starmodel.adapters.persistence.sqlmodel.folding import Dialect
    from starmodel.core.ordering import Place

__all__ = ["Choices"]


class Choices(Comparison):
    """Members of an enum: all but equality is found out from the members themselves."""

    def __init__(self, column: KeyedColumnElement[Any], kind: type[Enum], dialect: Dialect) -> None:
        super().__init__(column, dialect)
        self.kind = kind

    def near(self, value: Any) -> Near | None:
        if isinstance(value, self.kind):
            return value, 0
        return next(((member, 0) for member in self.kind if member == value), None)

    def ordered(self, op: str, value: Any) -> Test:
        return self._of_members(op, value)

    def containing(self, op: str, part: Any) -> Test:
        return self._of_members(op, part)

    def _of_members(self, op: str, value: Any) -> Test:
        if issubclass(self.kind, Flag):
            raise QueryError(f"{self.name!r} cannot be tested by {op!r} here: it holds flags")
        return self.among([member for member in self.kind if passes(op, member, value)])

    @cached_property
    def _places(self) -> list[Place]:
        return sorted({place_of(member) for member in self.kind})

    @cached_property
    def _is_ranked(self) -> bool:
        """True when what is stored has another order than the members, as of an enum of words and numbers."""
        return isinstance(self.column.type, sa.Enum) or len({type(member.value) for member in self.kind}) > 1

    @property
    def rank(self) -> ColumnElement[Any]:
        if not self._is_ranked:
            return self.key
        ranks = [(self.column == member, self._places.index(place_of(member))) for member in self.kind]
        return sa.case(*ranks, else_=-1)

    @property
    def rank_type(self) -> TypeEngine[Any]:
        return sa.Integer() if self._is_ranked else self.type

    def at(self, place: Place) -> Any:
        if place[1] is None and self.nullable:
            return None
        if place not in self._places:
            raise QueryError("the cursor belongs to another order; start again from the first page")
        if self._is_ranked:
            return self._places.index(place)
        return next(member for member in self.kind if place_of(member) == place)
