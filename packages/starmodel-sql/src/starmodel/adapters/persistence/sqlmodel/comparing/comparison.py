"""What a test of a field means for its column: which values can be compared with it, and how that is said in SQL.

Python and a database do not compare alike: 2 < 2.5 where the column holds whole numbers, ``None`` is not unknown, and
a word is neither more nor less than a number.  Here each test is brought down to one the column decides as Python does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from sqlalchemy import and_, bindparam, false, or_, true

from starmodel.core.errors import QueryError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.sql.elements import KeyedColumnElement
    from sqlalchemy.types import TypeEngine

    from starmodel.adapters.persistence.sqlmodel.folding import Dialect
    from starmodel.core.ordering import Place

__all__ = ["NEVER", "Comparison", "Near", "Test"]

Test: TypeAlias = tuple[str, tuple[Any, ...]]
"""A test that the column decides as Python does, and the values it is made with."""

NEVER: Test = ("never", ())
_ALWAYS: Test = ("always", ())
_NULL: Test = ("null", ())
_PRESENT: Test = ("present", ())

_BELOW = {"lt": "le", "le": "le", "gt": "gt", "ge": "gt"}
_ABOVE = {"lt": "lt", "le": "lt", "gt": "ge", "ge": "ge"}
Near: TypeAlias = tuple[Any, int]
"""The nearest value a column can hold, and whether it lies below (-1) the wanted one, above it (1), or is it (0)."""


class Comparison:
    """How a column is compared whose values the database orders as Python does."""

    sort: ClassVar[str] = ""
    """The sort that a cursor gives its values."""

    def __init__(self, column: KeyedColumnElement[Any], dialect: Dialect) -> None:
        self.column = column
        self.name = column.name
        self.nullable = bool(getattr(column, "nullable", True))
        self.dialect = dialect
        self.sqlite = dialect.sqlite

    @property
    def key(self) -> ColumnElement[Any]:
        """What is compared and ordered."""
        return self.column

    @property
    def type(self) -> TypeEngine[Any]:
        """The type of the values that :attr:`key` is compared with."""
        return self.column.type

    @property
    def rank(self) -> ColumnElement[Any]:
        """What rows are ordered by; QueryError when there is no order."""
        return self.key

    @property
    def rank_type(self) -> TypeEngine[Any]:
        """The type of the values that :attr:`rank` is compared with."""
        return self.type

    def near(self, value: Any) -> Near | None:
        """Return the value nearest to *value* that the column can hold; ``None`` when they cannot be compared."""
        return value, 0

    def at(self, place: Place) -> Any:
        """Return the value that a cursor's *place* stands for; QueryError when the column cannot hold it."""
        if place[1] is None and self.nullable:
            return None
        found = self.near(place[1]) if place[0].removesuffix("+") == self.sort else None
        if place[1] is None or found is None or found[1]:
            raise QueryError("the cursor belongs to another order; start again from the first page")
        return found[0]

    def test(self, op: str, value: Any) -> Test:
        """Return the test that the column decides as ``OPERATORS[op]`` does with *value*."""
        if op == "isnull":
            return _NULL if value else _PRESENT
        if op == "in":
            return self.among(value)
        if op in {"eq", "ne"}:
            return self.equal(op, value)
        return self.containing(op, value) if op in {"contains", "startswith"} else self.ordered(op, value)

    def equal(self, op: str, value: Any) -> Test:
        """Return a test for ``eq`` or ``ne``."""
        if value is None:
            return _NULL if op == "eq" else _PRESENT
        found = self.near(value)
        if found is None or found[1]:
            return NEVER if op == "eq" else _ALWAYS
        return op, (found[0],)

    def ordered(self, op: str, value: Any) -> Test:
        """Return a test for ``lt`` and its like."""
        found = None if value is None else self.near(value)
        if found is None:
            return NEVER
        best, side = found
        return ({-1: _BELOW, 1: _ABOVE}[side][op] if side else op), (best,)

    def among(self, values: Sequence[Any]) -> Test:
        """Return a test for ``in``."""
        near = [self.near(value) for value in values if value is not None]
        exact = [found[0] for found in near if found is not None and not found[1]]
        if len(near) < len(values):
            return ("null_in", (exact,)) if exact else _NULL
        return ("in", (exact,)) if exact else NEVER

    def containing(self, op: str, part: Any) -> Test:  # noqa: ARG002  (for those who can)
        """Return a test for ``contains`` or ``startswith``."""
        return NEVER

    def built(self, op: str, names: Sequence[str]) -> ColumnElement[bool]:
        """Return the condition for a test whose values are the parameters *names*; it is never NULL itself."""
        if op in _CONSTANTS:
            constant: ColumnElement[bool] = _CONSTANTS[op](self.column)
            return constant
        name = names[0]
        if op == "null_in":
            return or_(self.column.is_(None), self.decided("in", name))
        if op == "ne":
            unlike = self.decided("ne", name)
            return or_(self.column.is_(None), unlike) if self.nullable else unlike
        decided = self.decided(op, name)
        return and_(self.column.is_not(None), decided) if self.nullable else decided

    def decided(self, op: str, name: str) -> ColumnElement[bool]:
        """Return the condition for a test of a column that is not empty."""
        if op == "in":
            return self.key.in_(bindparam(name, type_=self.type, expanding=True))
        compared: ColumnElement[bool] = _COMPARED[op](self.key, bindparam(name, type_=self.type))
        return compared


_CONSTANTS: dict[str, Any] = {
    "never": lambda _: false(),
    "always": lambda _: true(),
    "null": lambda column: column.is_(None) if column.nullable else false(),
    "present": lambda column: column.is_not(None) if column.nullable else true(),
}
_COMPARED: dict[str, Any] = {
    "eq": lambda key, value: key == value,
    "ne": lambda key, value: key != value,
    "lt": lambda key, value: key < value,
    "le": lambda key, value: key <= value,
    "gt": lambda key, value: key > value,
    "ge": lambda key, value: key >= value,
}
