"""Hypothesis strategies for entities, read off their fields."""

from __future__ import annotations

import dataclasses
import types
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, get_args, get_origin

from starmodel.core.annotations import field_hints, members_of
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import CheckFailedError

from .errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["entities"]

E = TypeVar("E", bound=Entity)

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
_SMALL = 5


def entities(kind: type[E], /, **fields: Any) -> SearchStrategy[E]:
    """Return a strategy for entities of *kind* that pass its ``check()``.

    Every value fits the annotation of its field and every store: text is valid Unicode without NUL, numbers are
    finite, datetimes are in UTC.  *fields* gives a strategy of your own for a field, by its name.

    MissingExtraError when hypothesis is not installed.
    """
    st = _hypothesis()
    infos = fields_of(kind)
    unknown = fields.keys() - infos
    if unknown:
        raise TypeError(f"{kind.__name__} has no field {min(unknown)!r} to draw; it has {', '.join(infos)}")
    drawn = {
        name: fields[name] if name in fields else _for_field(name, info.annotation) for name, info in infos.items()
    }

    @st.composite  # type: ignore[untyped-decorator]  # hypothesis is imported late, so a checker cannot see its types
    def checked(draw: DrawFn) -> E:
        from hypothesis import reject  # noqa: PLC0415  (an extra: only who draws entities needs it)

        try:
            return kind(**{name: draw(strategy) for name, strategy in drawn.items()})
        except CheckFailedError:
            reject()

    return cast("SearchStrategy[E]", checked())


def _hypothesis() -> Any:
    try:
        from hypothesis import strategies  # noqa: PLC0415  (an extra: only who draws entities needs it)
    except ModuleNotFoundError as error:
        raise MissingExtraError("entities()", "hypothesis") from error
    return strategies


def _for_field(name: str, annotation: Any) -> SearchStrategy[Any]:
    st = _hypothesis()
    ids = st.text(_ID_ALPHABET, min_size=1, max_size=64)
    return cast("SearchStrategy[Any]", ids if name == "id" else _for_type(annotation))


def _for_type(annotation: Any) -> SearchStrategy[Any]:
    st = _hypothesis()
    allowed = members_of(annotation)
    if len(allowed) > 1:
        return cast("SearchStrategy[Any]", st.one_of(*map(_for_type, allowed)))
    kind = allowed[0]
    origin, args = get_origin(kind) or kind, get_args(kind)
    atoms = _atoms(st)
    strategy: Any
    if origin in atoms:
        strategy = atoms[origin]()
    elif origin is Literal:
        strategy = st.sampled_from(args)
    elif isinstance(origin, type) and issubclass(origin, Enum):
        strategy = st.sampled_from(list(origin))
    elif isinstance(origin, type) and issubclass(origin, Entity):
        strategy = entities(origin)
    elif isinstance(origin, type) and dataclasses.is_dataclass(origin):
        hints = field_hints(origin, [field.name for field in dataclasses.fields(origin)])
        parts = {field.name: _for_type(hints[field.name]) for field in dataclasses.fields(origin) if field.init}
        strategy = st.builds(origin, **parts)
    else:
        strategy = _for_container(origin, args)
    return cast("SearchStrategy[Any]", strategy)


def _atoms(st: Any) -> dict[Any, Callable[[], Any]]:
    plain = {"blacklist_categories": ["Cs"], "blacklist_characters": "\0"}
    return {
        Any: lambda: _for_type(str | int | bool | None),
        str: lambda: st.text(st.characters(**plain)),
        int: st.integers,
        bool: st.booleans,
        float: lambda: st.floats(allow_nan=False, allow_infinity=False),
        Decimal: lambda: st.decimals(
            allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4
        ),
        datetime: lambda: st.datetimes(timezones=st.just(UTC)),
        types.NoneType: st.none,
    }


def _for_container(origin: Any, args: tuple[Any, ...]) -> Any:  # noqa: PLR0911  (one line for each kind)
    """Return a strategy for a list, set, tuple or dict, of at most a few parts; hypothesis knows the rest."""
    st = _hypothesis()
    part = _for_type(args[0]) if args and args[0] is not Ellipsis else _for_type(Any)
    if origin is list:
        return st.lists(part, max_size=_SMALL)
    if origin is set:
        return st.sets(part, max_size=_SMALL)
    if origin is frozenset:
        return st.frozensets(part, max_size=_SMALL)
    if origin is tuple and (not args or args[-1] is Ellipsis):
        return st.lists(part, max_size=_SMALL).map(tuple)
    if origin is tuple:
        return st.tuples(*map(_for_type, args))
    if origin is dict:
        return st.dictionaries(part, _for_type(args[1] if args else Any), max_size=_SMALL)
    return st.from_type(origin[args] if args else origin)
