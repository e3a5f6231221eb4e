"""Column types that give every value back as it was, on SQLite and on Postgres alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import BigInteger, DateTime, Numeric, String, Text
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from starmodel.core.frozen import freeze

from .errors import UnreadableError

if TYPE_CHECKING:
    from sqlalchemy import Dialect

__all__ = ["Choice", "Clock", "Exact", "Json", "Moment", "PlainJson", "Span", "Words"]

T = TypeVar("T")

_MICROSECOND = timedelta(microseconds=1)


def _read(kind: type[T], value: Any, read: Callable[[Any], T]) -> T:
    """Return what *read* makes of *value*; UnreadableError when that is no *kind*."""
    try:
        return read(value)
    except (ArithmeticError, TypeError, ValueError):
        raise UnreadableError(kind.__name__) from None  # the value may be nobody's business


class Words(TypeDecorator[str]):
    """Text, ordered by code point whatever the locale of the database."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Name the collation where the default is another."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Text(collation="C"))


class Exact(TypeDecorator[Decimal]):
    """A decimal number with all its digits: NUMERIC, or text on SQLite, whose numbers end at 15 digits."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep it as text on SQLite."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write it."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002  (as the base has it)
        """Read it."""
        return None if value is None else _read(Decimal, value, Decimal)


class Moment(TypeDecorator[datetime]):
    """A point in time: TIMESTAMPTZ, or ISO 8601 in UTC on SQLite, which also keeps a time without a zone."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep it as text on SQLite."""
        return dialect.type_descriptor(String() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write it, in one form whose text sorts as time does."""
        if value is None or dialect.name != "sqlite":
            return value
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat(" ", "microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002  (as the base has it)
        """Read it, also as another program wrote it."""
        return _read(datetime, value, datetime.fromisoformat) if isinstance(value, str) else value


class Clock(TypeDecorator[time]):
    """A time of day, with its zone if it has one."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002  (as the base has it)
        """Write it as ISO 8601."""
        return None if value is None else value.isoformat()

    def process_result_value(self, value: Any, dialect: Dialect) -> time | None:  # noqa: ARG002  (as the base has it)
        """Read it."""
        return None if value is None else _read(time, value, time.fromisoformat)


class Span(TypeDecorator[timedelta]):
    """A length of time, as whole microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002  (as the base has it)
        """Write it."""
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> timedelta | None:  # noqa: ARG002  (as the base has it)
        """Read it."""
        return None if value is None else _read(timedelta, value, self.length)

    @staticmethod
    def length(count: int) -> timedelta:
        """Return so many microseconds."""
        return timedelta(microseconds=count)


class Choice(TypeDecorator[Enum]):
    """A member of an enum, by its value where all values are text or all are numbers, else by its name."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[Enum]) -> None:
        super().__init__()
        self.kind = kind
        values = [member.value for member in kind]
        self.is_number = all(type(value) is int for value in values)
        self._by_name = not self.is_number and not all(isinstance(value, str) for value in values)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep it as what its values are."""
        return BigInteger() if self.is_number else Words().load_dialect_impl(dialect)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:  # noqa: ARG002  (as the base has it)
        """Write it; what is compared with may be the bare value."""
        if not isinstance(value, Enum):
            return value
        return value.name if self._by_name else value.value

    def process_result_value(self, value: Any, dialect: Dialect) -> Enum | None:  # noqa: ARG002  (as the base has it)
        """Read it."""
        return None if value is None else self.member(value)

    def member(self, value: Any) -> Enum:
        """Return the member that is kept as *value*."""
        try:
            return self.kind[value] if self._by_name else self.kind(value)
        except (KeyError, ValueError):
            raise UnreadableError(self.kind.__name__) from None  # the value may be nobody's business


class Json(TypeDecorator[Any]):
    """Whatever has no column type of its own, as JSON, read back as *annotation* says."""

    impl = Text
    cache_ok = True

    def __init__(self, annotation: Any) -> None:
        super().__init__()
        self.annotation = annotation
        self._adapter: TypeAdapter[Any] = TypeAdapter(annotation)

    @property
    def _static_cache_key(self) -> Any:  # the adapter is made of the annotation, which may not be hashable
        return (type(self), id(self._adapter))

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep it as text on SQLite; as JSON and not JSONB on Postgres, which would change numbers."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else postgresql.JSON(none_as_null=True))

    def plain(self, value: Any) -> Any:
        """Return *value* as JSON can hold it."""
        return self._adapter.dump_python(value, mode="json")

    def revived(self, plain: Any) -> Any:
        """Return the value that :meth:`plain` made *plain* of, frozen."""
        try:
            return freeze(self._adapter.validate_python(plain))
        except ValidationError:
            raise UnreadableError(str(self.annotation)) from None  # that one repeats the value

    def literal_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        """Return what writes a default into the definition of a table; Postgres's own JSON has nothing for it."""
        quoted: Any = String().literal_processor(dialect)  # type: ignore[no-untyped-call]  # so SQLAlchemy has it
        return lambda value: quoted(json.dumps(self.plain(value), ensure_ascii=False))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write it."""
        if value is None:
            return None
        plain = self.plain(value)
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")) if dialect.name == "sqlite" else plain

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read it."""
        if value is None:
            return None
        return self.revived(json.loads(value) if dialect.name == "sqlite" else value)


class PlainJson(TypeDecorator[Any]):
    """What :class:`Json` keeps, without the class it is read back as: revisions outlive classes."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Keep it as :class:`Json` does."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else postgresql.JSON(none_as_null=True))

    def literal_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        """Return what writes a default into the definition of a table."""
        quoted: Any = String().literal_processor(dialect)  # type: ignore[no-untyped-call]  # as above
        return lambda value: quoted(json.dumps(value, ensure_ascii=False))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write it."""
        if value is None or dialect.name != "sqlite":
            return value
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read it."""
        return json.loads(value) if value is not None and dialect.name == "sqlite" else value
