"""Deep freezing and thawing of field values.

A snapshot may hold ordinary ``list``, ``dict`` and ``set`` fields.  Freezing swaps them for subclasses
that read like the original and refuse to change; thawing gives a private, mutable copy back.
Parts that are frozen already are returned as they are, so two snapshots share what did not change.
"""

from __future__ import annotations

import copy
import dataclasses
import operator
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta, tzinfo
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any, NoReturn
from uuid import UUID

from .annotations import field_hints, members_of

__all__ = ["FrozenDict", "FrozenList", "FrozenSet", "freeze", "is_immutable", "thaw"]

_ATOMS = (
    *(bool, int, float, complex, str, bytes, type(None), type, range, frozenset),
    *(Decimal, UUID, Enum, PurePath, date, time, timedelta, tzinfo),
)


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    kind = type(self).__mro__[1].__name__
    raise TypeError(f"this {kind} belongs to an immutable snapshot; change it inside an @event method or with evolve()")


class FrozenList(list[Any]):
    """A ``list`` that belongs to a snapshot."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenList, (list(self),)

    def __copy__(self) -> FrozenList:
        return self

    def __deepcopy__(self, _: object) -> FrozenList:
        return self

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = extend = insert = pop = remove = clear = sort = reverse = _refuse


class FrozenDict(dict[Any, Any]):
    """A ``dict`` that belongs to a snapshot."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (dict(self),)

    def __copy__(self) -> FrozenDict:
        return self

    def __deepcopy__(self, _: object) -> FrozenDict:
        return self

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class FrozenSet(set[Any]):
    """A ``set`` that belongs to a snapshot."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenSet, (list(self),)

    def __copy__(self) -> FrozenSet:
        return self

    def __deepcopy__(self, _: object) -> FrozenSet:
        return self

    __ior__ = __iand__ = __isub__ = __ixor__ = _refuse
    add = clear = discard = pop = remove = update = _refuse
    difference_update = intersection_update = symmetric_difference_update = _refuse


def freeze(value: Any) -> Any:
    """Return *value* with every list, dict, set and tuple in it frozen; their relatives become the frozen kind too."""
    kind: type[Any] = type(value)
    try:
        freezer = _FREEZERS[kind]
    except KeyError:
        freezer = _FREEZERS[kind] = _freezer_of(kind)
    return value if freezer is None else freezer(value)


def _freeze_list(value: list[Any]) -> FrozenList:
    return FrozenList(_freeze_items(value))


def _freeze_dict(value: dict[Any, Any]) -> FrozenDict:
    return FrozenDict({key: freeze(item) for key, item in value.items()})


def _freeze_tuple(value: tuple[Any, ...]) -> tuple[Any, ...]:
    frozen = tuple(_freeze_items(value))
    return value if all(map(operator.is_, value, frozen)) else frozen


def _freeze_named_tuple(value: Any) -> Any:
    return value._make(map(freeze, value))


def _freeze_dataclass(value: Any) -> Any:
    """Return *value*, a frozen dataclass, with what its fields hold frozen too; itself when it was."""
    changed = {}
    for field in dataclasses.fields(value):
        held = getattr(value, field.name)
        frozen = freeze(held)
        if frozen is not held:
            changed[field.name] = frozen
    if not changed:
        return value
    twin = copy.copy(value)
    for name, frozen in changed.items():
        object.__setattr__(twin, name, frozen)
    return twin


def _holds_atoms_only(kind: type[Any]) -> bool:
    """Tell whether the annotations of *kind* alone say that its fields hold nothing that could change."""
    try:
        hints = field_hints(kind, [field.name for field in dataclasses.fields(kind)])
    except (NameError, TypeError):
        return False
    allowed = (member for hint in hints.values() for member in members_of(hint))
    return all(isinstance(member, type) and issubclass(member, _ATOMS) for member in allowed)


def _freeze_items(items: Iterable[Any]) -> Iterable[Any]:
    return items if _all_frozen(items) else [freeze(item) for item in items]


def _all_frozen(items: Iterable[Any]) -> bool:
    return all(_FREEZERS.get(kind, _freeze_list) is None for kind in set(map(type, items)))


_FREEZERS: dict[type[Any], Callable[[Any], Any] | None] = {
    **dict.fromkeys((bool, int, float, str, bytes, type(None), FrozenList, FrozenDict, FrozenSet)),
    dict: _freeze_dict,
    list: _freeze_list,
    set: FrozenSet,
    tuple: _freeze_tuple,
}
"""How values of a type are frozen; ``None``: they are as they are.  Types that are met are added."""


def _freezer_of(kind: type[Any]) -> Callable[[Any], Any] | None:
    own: Callable[[Any], Any] | None = getattr(kind, "__entity_frozen__", None)
    if own is not None:
        return own
    if issubclass(kind, tuple):
        return _freeze_named_tuple if hasattr(kind, "_make") else None
    if is_immutable(kind) and dataclasses.is_dataclass(kind) and not _holds_atoms_only(kind):
        return _freeze_dataclass
    return next((_FREEZERS[base] for base in (dict, list, set) if issubclass(kind, base)), None)


def thaw(value: Any) -> Any:
    """Return a private copy of *value* that may be changed without touching the snapshot."""
    kind: type[Any] = type(value)
    if is_immutable(kind):
        return value
    if kind is FrozenList or kind is list:
        return list(value) if _all_immutable(value) else [thaw(item) for item in value]
    if kind is FrozenDict or kind is dict:
        return {key: thaw(item) for key, item in value.items()}
    if kind is FrozenSet or kind is set:
        return set(value)
    return _thaw_tuple(kind, value) if issubclass(kind, tuple) else copy.deepcopy(value)


def _thaw_tuple(kind: type[Any], value: tuple[Any, ...]) -> Any:
    if _all_immutable(value):
        return value
    if hasattr(kind, "_make"):
        return kind._make(map(thaw, value))
    return tuple(map(thaw, value)) if kind is tuple else copy.deepcopy(value)


_IMMUTABLE: dict[type[Any], bool] = {}  # a dict, because mypy calls type[Any] unhashable under functools.cache


def is_immutable(kind: type[Any]) -> bool:
    """Tell whether instances of *kind* never change, so that they need no copy."""
    known = _IMMUTABLE.get(kind)
    if known is None:
        known = _IMMUTABLE[kind] = _decide(kind)
    return known


def _decide(kind: type[Any]) -> bool:
    params = getattr(kind, "__dataclass_params__", None)
    return issubclass(kind, _ATOMS) or bool(params is not None and params.frozen)


def _all_immutable(items: Iterable[Any]) -> bool:
    return all(map(is_immutable, set(map(type, items))))
