"""Whether a condition fits a class: which fields it may name, and its values as those fields hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .annotations import has_parts
from .conditions import as_compared, as_contained, holds_several
from .entity import Entity, fields_of
from .errors import QueryError, hint
from .operators import OPERATORS
from .relations import target_of
from .visibility import Visibility

if TYPE_CHECKING:
    from .entity import FieldInfo

__all__ = ["Names", "fitted", "refuse_parts"]

_MAX_DEPTH = 16
_MAX_STEPS = 4


class Names:
    """The fields of a class that may be named, and with *follow* those at the end of its references."""

    def __init__(self, kind: type[Entity], *, follow: bool, public_only: bool) -> None:
        self._kind, self._infos = kind, fields_of(kind)
        self._follow, self._public_only = follow, public_only

    def known(self, name: Any) -> Any:
        """Return the annotation of the field *name*; QueryError when there is none that may be named."""
        info = self._infos.get(name) if isinstance(name, str) else None
        if info is not None and self._may_be_named(info):
            return info.annotation
        names = [name for name, info in self._infos.items() if self._may_be_named(info)]
        first = str(name).partition(".")[0]
        if first in names and first != name:
            refuse_parts(str(name), first, self._infos[first].annotation)
        raise QueryError(f"{self._kind.__name__} has no field {name!r} to query by; {hint(str(name), names)}")

    def _may_be_named(self, info: FieldInfo) -> bool:
        return not self._public_only or info.visibility is Visibility.PUBLIC

    def of(self, key: Any) -> Any:
        """Return the annotation of what is at the end of the path *key*; QueryError when there is nothing."""
        first, dot, rest = str(key).partition(".")
        if not dot or not isinstance(key, str):
            return self.known(key)
        annotation = self.known(first)
        if not self._follow:
            raise QueryError(f"{key!r} cannot be asked for from outside: it leads to another entity")
        if key.count(".") > _MAX_STEPS:
            raise QueryError(f"{key[:80]!r} follows more than {_MAX_STEPS} references")
        target = target_of(self._kind, first)
        if target is None:
            refuse_parts(key, first, annotation)
            raise QueryError(f"{key!r} leads nowhere: {first!r} of {self._kind.__name__} is no Reference")
        if holds_several(annotation):
            raise QueryError(f"{key!r} leads nowhere: {first!r} of {self._kind.__name__} holds several; ask for an id")
        return Names(target, follow=True, public_only=self._public_only).of(rest)


def refuse_parts(key: str, field: str, annotation: Any) -> None:
    """Raise QueryError where *key* names a part of the value in *field*: conditions and orders know whole fields."""
    if has_parts(annotation):
        raise QueryError(
            f"{key[:80]!r} cannot be asked for: {field!r} is one value with parts, and nothing is found or sorted by a "
            "part of it; keep what is to be found in a field of its own"
        )


def fitted(where: Any, names: Names, depth: int = 0) -> dict[str, Any]:
    """Return *where* with every value as its field holds it, or raise QueryError for the part that does not fit."""
    if not isinstance(where, Mapping):
        raise QueryError(f"where must be an object such as {{'done': False}}, not {where!r}")
    if depth > _MAX_DEPTH:
        raise QueryError(f"where is nested more than {_MAX_DEPTH} levels deep")
    found: dict[str, Any] = {}
    for key, test in where.items():
        if key in ("and", "or"):
            if isinstance(test, str) or not isinstance(test, list | tuple):
                raise QueryError(f"{key!r} takes a list of conditions, not {test!r}")
            found[key] = [fitted(part, names, depth + 1) for part in test]
        elif key == "not":
            found[key] = fitted(test, names, depth + 1)
        else:
            found[key] = _fitted_test(key, names.of(key), test)
    return found


def _fitted_test(key: str, annotation: Any, test: Any) -> Any:
    if not isinstance(test, Mapping):
        return as_compared(key, annotation, test)
    found: dict[str, Any] = {}
    for op, value in test.items():
        if op not in OPERATORS:
            raise QueryError(f"{key!r} cannot be tested by {op!r}; {hint(str(op), OPERATORS)}")
        found[op] = _fitted_value(key, annotation, op, value)
    return found


def _fitted_value(key: str, annotation: Any, op: str, value: Any) -> Any:
    if op == "in":
        if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
            raise QueryError(f"'in' takes a list of values for {key!r}, not {value!r}")
        return [as_compared(key, annotation, choice) for choice in value]
    if op == "isnull":
        return as_compared(f"{key} isnull", bool, value)
    if op == "contains":
        return as_contained(key, annotation, value)
    return value if op == "startswith" else as_compared(key, annotation, value)
