"""From plain data to typed values and back, by annotations: the arithmetic of the codec in this package."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, TypeAlias, TypeVar, get_args, get_origin
from uuid import UUID

from starmodel.core.annotations import field_hints, members_of
from starmodel.core.entity import ID_RULE, Entity, valid_id
from starmodel.core.errors import InvalidError, Problem, hint

from .atoms import ATOMS

__all__ = ["Loc", "Reading", "converted", "converted_fields", "plain_value"]

Loc: TypeAlias = tuple[str | int, ...]
"""Where a value stands in the data."""

_Container: TypeAlias = "Callable[[Reading, tuple[Any, ...], Any, Loc], Any]"


class Reading:
    """Reads the parts of one value and goes on after a misfit, so that every one of them is named."""

    def __init__(self, *, text: bool) -> None:
        self.text = text
        self.problems: list[Problem] = []

    def take(self, annotation: Any, value: Any, loc: Loc, *, text: bool | None = None) -> Any:
        """Return one part converted, or note what is wrong with it."""
        try:
            return converted(annotation, value, loc, text=self.text if text is None else text)
        except InvalidError as error:
            self.problems += error.problems

    def end(self) -> None:
        """Raise InvalidError if anything was wrong."""
        if self.problems:
            raise InvalidError(self.problems)


def converted(annotation: Any, value: Any, loc: Loc = (), *, text: bool = False) -> Any:
    """Return *value* as *annotation* wants it; InvalidError names the place of everything that does not fit.

    With *text* a number or a truth value may be written as text, as a form sends it.
    """
    wanted = members_of(annotation)
    if value is None and types.NoneType in wanted:
        return None
    exact = [member for member in wanted if member is type(value)]
    problems: tuple[Problem, ...] = ()
    for member in exact or [member for member in wanted if member is not types.NoneType] or wanted:
        try:
            return _as(member, value, loc, text=text)
        except InvalidError as error:
            problems = error.problems
    raise InvalidError(problems)


def _as(kind: Any, value: Any, loc: Loc, *, text: bool) -> Any:
    if kind is Any or isinstance(kind, TypeVar):
        return value
    origin = get_origin(kind) or kind
    if origin is Literal:
        return _choice(get_args(kind), value, loc, text=text)
    if origin in _CONTAINERS:
        return _CONTAINERS[origin](Reading(text=text), get_args(kind), value, loc)
    if isinstance(origin, type) and issubclass(origin, Enum):
        return _choice(tuple(origin), value, loc, text=text)
    if isinstance(origin, type) and dataclasses.is_dataclass(origin):
        return value if isinstance(value, origin) else converted_fields(origin, value, loc, text=text)
    return _atom(origin, value, loc, text=text)


def _atom(kind: Any, value: Any, loc: Loc, *, text: bool) -> Any:
    if kind not in ATOMS:
        raise _misfit(loc, f"cannot be read: PlainCodec does not know the type {kind!r}", "unsupported")
    try:
        return ATOMS[kind](value, text)
    except (ArithmeticError, TypeError, ValueError):
        raise _misfit(loc, f"should be a valid {kind.__name__}") from None


def _choice(choices: tuple[Any, ...], value: Any, loc: Loc, *, text: bool) -> Any:
    for choice in choices:
        bare = choice.value if isinstance(choice, Enum) else choice
        if choice is value or (type(bare) is type(value) and bare == value) or (text and str(bare) == value):
            return choice
    offered = ", ".join(repr(choice.value if isinstance(choice, Enum) else choice) for choice in choices)
    raise _misfit(loc, f"should be one of {offered}", "choice")


def converted_fields(kind: type[Any], data: Any, loc: Loc = (), *, text: bool = False, known_only: bool = False) -> Any:
    """Return the dataclass or entity *kind* made of the fields in *data*.

    A name that is no field is a problem, or with *known_only* passed over.
    """
    if not isinstance(data, Mapping):
        raise _misfit(loc, "should be an object with the fields by name")
    fields = {field.name: field for field in dataclasses.fields(kind)}
    hints = field_hints(kind, fields)
    reading = Reading(text=text)
    given = {name: reading.take(hints[name], data[name], (*loc, name)) for name in fields if name in data}
    for name in () if known_only else [name for name in data if name not in fields]:
        text_of = f"is not expected; {hint(str(name), fields)}"
        reading.problems.append(Problem((*loc, str(name)), text_of, "extra_forbidden"))
    missing = [name for name, field in fields.items() if name not in data and _is_required(field)]
    reading.problems += [Problem((*loc, name), "is required", "missing") for name in missing]
    if issubclass(kind, Entity) and "id" in given and not valid_id(given["id"]):
        reading.problems.append(Problem((*loc, "id"), ID_RULE, "id"))
    reading.end()
    try:
        return kind(**given)
    except ValueError as error:
        raise InvalidError([Problem(loc, str(error), "check")]) from error


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _misfit(loc: Loc, message: str, code: str = "type") -> InvalidError:
    return InvalidError([Problem(loc, message, code)])


def _items(reading: Reading, args: tuple[Any, ...], value: Any, loc: Loc) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence | AbstractSet):
        raise _misfit(loc, "should be a list")
    kind = args[0] if args else Any
    made = [reading.take(kind, item, (*loc, number)) for number, item in enumerate(value)]
    reading.end()
    return made


def _set(reading: Reading, args: tuple[Any, ...], value: Any, loc: Loc) -> set[Any]:
    try:
        return set(_items(reading, args, value, loc))
    except TypeError:
        raise _misfit(loc, "should be a set of values that can be told apart") from None


def _frozenset(reading: Reading, args: tuple[Any, ...], value: Any, loc: Loc) -> frozenset[Any]:
    return frozenset(_set(reading, args, value, loc))


def _tuple(reading: Reading, args: tuple[Any, ...], value: Any, loc: Loc) -> tuple[Any, ...]:
    if not args or args[-1] is Ellipsis:
        return tuple(_items(reading, args[:1], value, loc))
    items = _items(reading, (), value, loc)
    if len(items) != len(args):
        raise _misfit(loc, f"should be a list of {len(args)}")
    made = [
        reading.take(kind, item, (*loc, number)) for number, (kind, item) in enumerate(zip(args, items, strict=True))
    ]
    reading.end()
    return tuple(made)


def _dict(reading: Reading, args: tuple[Any, ...], value: Any, loc: Loc) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise _misfit(loc, "should be an object")
    key_kind, item_kind = args or (Any, Any)
    keys = [reading.take(key_kind, key, (*loc, str(key)), text=True) for key in value]
    items = [reading.take(item_kind, item, (*loc, str(key))) for key, item in value.items()]
    reading.end()
    return dict(zip(keys, items, strict=True))


_CONTAINERS: dict[Any, _Container] = {
    list: _items,
    set: _set,
    frozenset: _frozenset,
    tuple: _tuple,
    dict: _dict,
    Sequence: _items,
    Mapping: _dict,
}


def plain_value(value: Any) -> Any:  # noqa: PLR0911  (one line for each kind of value)
    """Return *value* as JSON can hold it; TypeError when there is no way."""
    if isinstance(value, Enum):
        return plain_value(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(plain_value(key)): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple | AbstractSet):
        return [plain_value(item) for item in value]
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, timedelta):
        return str(Decimal(value // timedelta(microseconds=1)).scaleb(-6))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_value(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON by PlainCodec; use a field of a simpler type")
