"""Conditions as SQL: first their shape and their values, then a statement for the shape, which is built once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import and_, false, not_, or_, true

from starmodel.core.errors import QueryError

from .comparisons import comparison_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from .comparing import Comparison
    from .mapper import Mapper

__all__ = ["Filter", "Shape"]

Shape: TypeAlias = tuple[Any, ...]
"""A condition without its values: what it has in common with all that one statement answers."""

_MAX_TESTS = 400
"""SQLite nests conditions at most 1,000 deep, and a list of them is as deep as it is long."""


class Filter:
    """The conditions on one table."""

    def __init__(self, mapper: Mapper[Any], *, sqlite: bool) -> None:
        self._mapper = mapper
        self._sqlite = sqlite
        self._comparisons: dict[str, Comparison] = {}

    def of(self, name: str) -> Comparison:
        """Return how the field *name* is compared."""
        known = self._comparisons.get(name)
        if known is None:
            column = self._mapper.table.c[name]
            known = self._comparisons[name] = comparison_of(column, sqlite=self._sqlite)
        return known

    def read(self, where: Mapping[str, Any]) -> tuple[Shape, dict[str, Any]]:
        """Return the shape of *where*, and its values by the names of parameters."""
        values: list[Any] = []
        shape = self._read(where, values)
        if len(values) > _MAX_TESTS:
            raise QueryError(f"a query can hold at most {_MAX_TESTS} tests here, not {len(values)}")
        return shape, {f"p{number}": value for number, value in enumerate(values)}

    def _read(self, where: Mapping[str, Any], values: list[Any]) -> Shape:
        return ("and", *[self._part(key, test, values) for key, test in where.items()])

    def _part(self, key: str, test: Any, values: list[Any]) -> Shape:
        if key in {"and", "or"}:
            return (key, *[self._read(part, values) for part in test])
        if key == "not":
            return ("not", self._read(test, values))
        tests = test if isinstance(test, Mapping) else {"eq": test}
        return ("and", *[self._test(key, op, value, values) for op, value in tests.items()])

    def _test(self, name: str, op: str, value: Any, values: list[Any]) -> Shape:
        decided, needed = self.of(name).test(op, value)
        values.extend(needed)
        return ("test", name, decided, len(needed))

    def built(self, shape: Shape) -> ColumnElement[bool]:
        """Return the condition of *shape*, with a parameter for each of its values."""
        return self._built(shape, (f"p{number}" for number in count()))

    def _built(self, shape: Shape, names: Iterator[str]) -> ColumnElement[bool]:
        sort, *parts = shape
        if sort == "test":
            name, decided, needed = parts
            return self.of(name).built(decided, [next(names) for _ in range(needed)])
        conditions = [self._built(part, names) for part in parts]
        if sort == "not":
            return not_(conditions[0])
        return and_(true(), *conditions) if sort == "and" else or_(false(), *conditions)
