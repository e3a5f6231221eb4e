"""How columns of JSON are compared: as the values they stand for, of which lists, dictionaries and sets hold others."""

# ruff: noqa: D102  (the base class says what each method does)

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime, time
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy import and_, or_

from starmodel.adapters.persistence.sqlmodel.functions import decimal_key
from starmodel.adapters.persistence.sqlmodel.misfits import HALF_LETTER, misfit
from starmodel.adapters.persistence.sqlmodel.types import Json
from starmodel.core.annotations import members_of
from starmodel.core.errors import QueryError
from starmodel.core.frozen import freeze

from .comparison import NEVER, Comparison, Near, Test
from .json_of_postgres import JsonOfPostgres
from .json_of_sqlite import JsonOfSQLite

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.types import TypeEngine

__all__ = ["Jsons"]


class Jsons(Comparison):
    """A column of JSON."""

    @cached_property
    def _annotation(self) -> Any:
        return self.column.type.annotation if isinstance(self.column.type, Json) else Any

    @cached_property
    def _whole(self) -> TypeAdapter[Any]:
        return TypeAdapter(self._annotation)

    @cached_property
    def _parts(self) -> TypeAdapter[Any]:
        """What a list or set of the field holds."""
        args = [arg for kind in members_of(self._annotation) for arg in get_args(kind) if arg is not Ellipsis]
        wanted: Any = Union[tuple(args)] if args else Any  # noqa: UP007  (made of a list)
        return TypeAdapter(wanted)

    @cached_property
    def _sorts(self) -> frozenset[str]:
        """What JSON may be there, of the sorts that can contain something."""
        return frozenset(sort for kind in members_of(self._annotation) for sort in _sorts_of(kind))

    @property
    def type(self) -> TypeEngine[Any]:
        return sa.Text()

    @property
    def rank(self) -> ColumnElement[Any]:
        raise QueryError(f"{self.name!r} cannot be ordered by: it is kept as JSON, which has no order")

    def ordered(self, op: str, value: Any) -> Test:  # noqa: ARG002  (there is no answer)
        raise QueryError(f"{self.name!r} cannot be tested by {op!r}: it is kept as JSON, which has no order")

    def near(self, value: Any) -> Near | None:
        found = _as_json(self._whole, value)
        return None if found is None or not self._can_hold(found[1]) else (_text(found[1]), 0)

    def _can_hold(self, plain: Any) -> bool:
        """Tell whether the database can hold *plain*: half a surrogate pair is nowhere, on Postgres no NUL either."""
        match plain:
            case str():
                return ("\0" not in plain or self.sqlite) and not HALF_LETTER.search(plain)
            case dict():
                return all(map(self._can_hold, (*plain, *plain.values())))
            case list():
                return all(map(self._can_hold, plain))
        return True

    def equal(self, op: str, value: Any) -> Test:
        decided, values = super().equal(op, value)
        if values and isinstance(value, AbstractSet):
            return decided + "_set", values
        if values and _holds_sets(value):
            raise QueryError(f"{self.name!r} cannot be compared with {value!r} here: JSON knows no sets inside others")
        return decided, values

    def among(self, values: Sequence[Any]) -> Test:
        if not values:
            return NEVER
        raise QueryError(f"{self.name!r} cannot be tested by 'in': it is kept as JSON; write an 'or' of 'eq'")

    def containing(self, op: str, part: Any) -> Test:
        tests: list[Test] = []
        if "string" in self._sorts:
            tests.append((op, (str(part).casefold(),)))
        if "array" in self._sorts and op == "contains":
            tests.append(self._element(part))
        if "object" in self._sorts and op == "contains" and isinstance(part, str):
            tests.append(("key", (str.__str__(part),)))
        tests = [test for test in tests if test is not NEVER and self._can_hold(test[1][0])]
        if not tests:
            return NEVER
        return "|".join(test[0] for test in tests), tuple(value for test in tests for value in test[1])

    def _element(self, part: Any) -> Test:
        found = _as_json(self._parts, part)
        if found is None or not self._can_hold(found[1]):
            return NEVER
        value, plain = found
        if isinstance(value, datetime | time):
            raise QueryError(f"{self.name!r} cannot be looked through for {part!r}: JSON writes a time in many ways")
        if isinstance(value, Decimal):
            if misfit(value, sqlite=self.sqlite):
                return NEVER
            return "decimal", (decimal_key(value) if self.sqlite else value,)
        if isinstance(plain, str):
            return "text", (plain,)
        if isinstance(plain, int | float):
            return "number", (plain if self.sqlite else Decimal(repr(plain + 0)),)
        return ("nothing", (None,)) if plain is None else ("whole", (_text(plain),))

    def built(self, op: str, names: Sequence[str]) -> ColumnElement[bool]:
        tests = op.split("|")
        if len(tests) == 1:
            return super().built(op, names)
        any_of = or_(*(self.decided(test, name) for test, name in zip(tests, names, strict=True)))
        return and_(self.column.is_not(None), any_of) if self.nullable else any_of

    def decided(self, op: str, name: str) -> ColumnElement[bool]:
        tests = JsonOfSQLite if self.sqlite else JsonOfPostgres
        return tests(self.column, self.dialect).test(op, name)


def _sorts_of(kind: Any) -> set[str]:
    if kind is Any or kind is object:
        return {"array", "object", "string"}
    origin = get_origin(kind) or kind
    if not isinstance(origin, type):
        return set()
    if issubclass(origin, str):
        return {"string"}
    if issubclass(origin, Mapping):
        return {"object"}
    return {"array"} if issubclass(origin, Collection) and not issubclass(origin, bytes) else set()


def _as_json(adapter: TypeAdapter[Any], value: Any) -> tuple[Any, Any] | None:
    """Return *value* as the field would hold it, and as JSON; ``None`` when the field cannot hold its like."""
    try:
        held = freeze(adapter.validate_python(adapter.dump_python(value, mode="json", warnings=False)))
        is_same, plain = bool(held == value), adapter.dump_python(held, mode="json")
    except (ArithmeticError, AttributeError, TypeError, ValueError):
        return None
    return (held, plain) if is_same else None


def _holds_sets(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_sets, value.values()))
    if isinstance(value, AbstractSet):
        return True
    return isinstance(value, list | tuple) and any(map(_holds_sets, value))


def _text(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
