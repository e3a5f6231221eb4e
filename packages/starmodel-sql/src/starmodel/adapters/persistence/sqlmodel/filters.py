"""Conditions as SQL: first their shape and their values, then a statement for the shape, which is built once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import FromClause, and_, bindparam, false, not_, or_, select, true

from starmodel.core.errors import QueryError
from starmodel.core.query import text_fields
from starmodel.core.relations import target_of

from .comparing import NEVER, comparison_of
from .mapper import EXPIRES

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from .comparing import Comparison
    from .folding import Dialect
    from .mapper import Mapper, Tables
    from .search import SearchIndex

__all__ = ["Filter", "Shape"]

Shape: TypeAlias = tuple[Any, ...]
"""A condition without its values: what it has in common with all that one statement answers."""

_MAX_TESTS = 400
"""SQLite nests conditions at most 1,000 deep, and a list of them is as deep as it is long."""


class Filter:
    """The conditions on one table, or on *table*, another name of it."""

    def __init__(
        self,
        tables: Tables,
        mapper: Mapper[Any],
        dialect: Dialect,
        index: SearchIndex | None = None,
        *,
        table: FromClause | None = None,
    ) -> None:
        self.mapper = mapper
        self.table: FromClause = mapper.table if table is None else table
        self._tables = tables
        self._dialect = dialect
        self._index = index
        self._comparisons: dict[str, Comparison] = {}
        self._ends: dict[str, Filter] = {}

    def of(self, name: str) -> Comparison:
        """Return how the field *name* is compared."""
        known = self._comparisons.get(name)
        if known is None:
            column = self.table.c[name]
            known = self._comparisons[name] = comparison_of(column, self._dialect)
        return known

    def at_end_of(self, name: str) -> Filter:
        """Return the conditions on the table that the field *name* refers to."""
        known = self._ends.get(name)
        if known is None:
            target = target_of(self.mapper.kind, name)
            if target is None:
                raise QueryError(f"{name!r} of {self.mapper.name} is no Reference")
            mapper = self._tables.of(target)
            known = self._ends[name] = Filter(self._tables, mapper, self._dialect, table=mapper.table.alias())
        return known

    def read(self, where: Mapping[str, Any], search: str = "") -> tuple[Shape, dict[str, Any]]:
        """Return the shape of *where* and *search*, and their values by the names of parameters."""
        values: list[Any] = []
        shape = self._read(where, values)
        words, given = self._words(search) if search else ((), {})
        if len(values) > _MAX_TESTS:
            raise QueryError(f"a query can hold at most {_MAX_TESTS} tests here, not {len(values)}")
        return (shape, words), {**{f"p{number}": value for number, value in enumerate(values)}, **given}

    def built(self, shape: Shape) -> ColumnElement[bool]:
        """Return the condition of *shape*, with a parameter for each of its values."""
        where, words = shape
        condition = self._built(where, (f"p{number}" for number in count()))
        return and_(condition, *self._searched(words)) if words else condition

    @property
    def alive(self) -> ColumnElement[bool]:
        """The condition that a row has not expired at the parameter ``_now``."""
        if self.mapper.ttl is None:
            return true()
        expires = self.table.c[EXPIRES]
        return or_(expires.is_(None), expires > bindparam("_now"))

    def _read(self, where: Mapping[str, Any], values: list[Any]) -> Shape:
        return ("and", *[self._part(key, test, values) for key, test in where.items()])

    def _part(self, key: str, test: Any, values: list[Any]) -> Shape:
        if key in {"and", "or"}:
            return (key, *[self._read(part, values) for part in test])
        if key == "not":
            return ("not", self._read(test, values))
        first, dot, rest = key.partition(".")
        if dot:
            return ("through", first, self.at_end_of(first)._part(rest, test, values))  # noqa: SLF001  (one of its own)
        tests = test if isinstance(test, Mapping) else {"eq": test}
        return ("and", *[self._test(key, op, value, values) for op, value in tests.items()])

    def _test(self, name: str, op: str, value: Any, values: list[Any]) -> Shape:
        decided, needed = self.of(name).test(op, value)
        values.extend(needed)
        return ("test", name, decided, len(needed))

    def _built(self, shape: Shape, names: Iterator[str]) -> ColumnElement[bool]:
        sort, *parts = shape
        if sort == "test":
            name, decided, needed = parts
            return self.of(name).built(decided, [next(names) for _ in range(needed)])
        if sort == "through":
            return self._through(parts[0], parts[1], names)
        conditions = [self._built(part, names) for part in parts]
        if sort == "not":
            return not_(conditions[0])
        return and_(true(), *conditions) if sort == "and" else or_(false(), *conditions)

    def _through(self, name: str, shape: Shape, names: Iterator[str]) -> ColumnElement[bool]:
        """Return the condition that what *name* refers to is among those that meet *shape*: no join, no more rows."""
        end, own = self.at_end_of(name), self.of(name)
        met = select(end.table.c.id).where(end.alive, end._built(shape, names))  # noqa: SLF001  (one of its own)
        condition = own.column.in_(met)
        return and_(own.column.is_not(None), condition) if own.nullable else condition

    def _words(self, search: str) -> tuple[Shape, dict[str, Any]]:
        words = search.casefold().split()
        tests = [self._word(word) for word in words]
        given = {f"s{number}": test for number, test in enumerate(tests) if test is not None}
        patterns = self._index.patterns(words) if self._index is not None and None not in tests else []
        given.update({f"m{number}": pattern for number, pattern in enumerate(patterns)})
        return (len(patterns), *[test is not None for test in tests]), given

    def _word(self, word: str) -> str | None:
        """Return *word* as the parameter of each text; ``None`` when no text of this database can hold it."""
        test, values = self.of(text_fields(self.mapper.kind)[0]).test("contains", word)
        return None if test is NEVER[0] else values[0]

    def _searched(self, words: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
        patterns, *present = words
        if patterns and self._index is not None:
            yield self._index.candidates(self.table, [f"m{number}" for number in range(patterns)])
        fields = [self.of(name) for name in text_fields(self.mapper.kind)]
        for number, is_possible in enumerate(present):
            name = f"s{number}"
            yield or_(*(field.built("contains", [name]) for field in fields)) if is_possible else false()
