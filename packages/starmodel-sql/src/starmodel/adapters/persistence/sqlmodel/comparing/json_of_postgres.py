"""How Postgres tests a column of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import JSONB

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.types import TypeEngine

    from starmodel.adapters.persistence.sqlmodel.folding import Dialect

__all__ = ["JsonOfPostgres"]

_PARAMETERS: dict[str, TypeEngine[Any]] = {"number": sa.Numeric(), "decimal": sa.Numeric()}


class JsonOfPostgres:
    """Tests of JSON by Postgres' functions."""

    def __init__(self, column: ColumnElement[Any], dialect: Dialect) -> None:
        self._folded = dialect.folded
        self.json = sa.cast(column, JSONB)

    def test(self, op: str, name: str) -> ColumnElement[bool]:
        """Return the condition for the test *op* with the value of the parameter *name*."""
        value = bindparam(name, type_=_PARAMETERS.get(op, sa.Text()))
        if op in {"eq", "ne"}:
            other = sa.cast(value, JSONB)
            return self.json == other if op == "eq" else self.json != other
        if op in {"eq_set", "ne_set"}:
            other = sa.cast(value, JSONB)
            same = and_(self.json.contains(other), self.json.contained_by(other))
            return same if op == "eq_set" else ~same
        kind = func.jsonb_typeof(self.json)
        if op in {"contains", "startswith"}:
            place = func.strpos(self._folded(_unquoted(self.json)), value)
            return and_(kind == "string", place > 0 if op == "contains" else place == 1)
        if op == "key":
            return and_(kind == "object", self.json.has_key(value))
        return and_(kind == "array", self._has(op, value))

    def _has(self, op: str, value: Any) -> ColumnElement[bool]:
        only_lists = sa.case(
            (func.jsonb_typeof(self.json) == "array", self.json), else_=sa.literal_column("'[]'::jsonb", JSONB)
        )
        parts = func.jsonb_array_elements(only_lists).table_valued(sa.column("value", JSONB))
        part = parts.c.value
        conditions: dict[str, Any] = {
            "text": lambda: part == func.to_jsonb(sa.cast(value, sa.Text())),
            "number": lambda: _is_number(part, value),
            "decimal": lambda: sa.cast(_unquoted(part), sa.Numeric) == value,
            "nothing": lambda: and_(func.jsonb_typeof(part) == "null", value.is_(None)),
            "whole": lambda: part == sa.cast(value, JSONB),
        }
        return sa.exists(select(sa.literal_column("1")).select_from(parts).where(conditions[op]()))


def _unquoted(json: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the text that *json* is, without its quotes."""
    return sa.type_coerce(json.op("#>>")(sa.literal_column("'{}'")), sa.Text())


def _is_number(part: Any, value: Any) -> ColumnElement[bool]:
    """Return the condition that *part* is the number *value*; true is 1 in Python."""
    kind = func.jsonb_typeof(part)
    is_true = sa.cast(sa.cast(part, sa.Boolean), sa.Integer)
    return sa.case(
        (kind == "number", sa.cast(part, sa.Numeric) == value), (kind == "boolean", is_true == value), else_=False
    )
