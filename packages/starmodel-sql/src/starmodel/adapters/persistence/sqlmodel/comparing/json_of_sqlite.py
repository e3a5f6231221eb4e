"""How SQLite tests a column of JSON, which it keeps as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import and_, bindparam, func, select

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.types import TypeEngine

    from starmodel.adapters.persistence.sqlmodel.folding import Dialect

__all__ = ["JsonOfSQLite"]

_PARAMETERS: dict[str, TypeEngine[Any]] = {"number": sa.types.NullType()}


class JsonOfSQLite:
    """Tests of JSON by SQLite's functions."""

    def __init__(self, column: ColumnElement[Any], dialect: Dialect) -> None:
        self._folded = dialect.folded
        self.text = sa.type_coerce(column, sa.Text())

    def test(self, op: str, name: str) -> ColumnElement[bool]:
        """Return the condition for the test *op* with the value of the parameter *name*."""
        value = bindparam(name, type_=_PARAMETERS.get(op, sa.Text()))
        if op in {"eq", "ne"}:
            return func.starmodel_same_json(self.text, value) == sa.literal_column("1" if op == "eq" else "0")
        if op in {"eq_set", "ne_set"}:
            same = _as_set(self.text) == _as_set(value)
            return same if op == "eq_set" else ~same
        if op in {"contains", "startswith"}:
            place = func.instr(self._folded(func.json_extract(self.text, "$")), value)
            return and_(func.json_type(self.text) == "text", place > 0 if op == "contains" else place == 1)
        whole = "object" if op == "key" else "array"
        parts = func.json_each(self.text).table_valued("key", "value", "type")
        return and_(
            func.json_type(self.text) == whole,
            sa.exists(select(sa.literal_column("1")).select_from(parts).where(_part(op, parts.c, value))),
        )


def _part(op: str, part: Any, value: Any) -> ColumnElement[bool]:
    """Return the condition that one row of json_each() is what is looked for."""
    conditions: dict[str, ColumnElement[bool]] = {
        "key": part.key == value,
        "text": and_(part.type == "text", part.value == value),
        "number": and_(part.type.in_(["integer", "real", "true", "false"]), part.value == value),
        "decimal": func.starmodel_decimal(part.value) == value,
        "nothing": and_(part.type == "null", value.is_(None)),
        "whole": and_(part.type.in_(["array", "object"]), func.starmodel_same_json(part.value, value) == 1),
    }
    return conditions[op]


def _as_set(text: Any) -> ColumnElement[Any]:
    """Return the different elements of a JSON list as a text that is the same for equal sets."""
    parts = func.json_each(text).table_valued("value", "type")
    each = select(parts.c.value.label("value")).distinct().order_by(parts.c.type, parts.c.value).subquery()
    return select(func.json_group_array(each.c.value)).scalar_subquery()
