"""Annotations as data: what their text means where it was written, which types they allow, which marks they carry."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping
from types import SimpleNamespace, UnionType
from typing import Annotated, Any, ClassVar, NewType, Union, get_args, get_origin, get_type_hints

__all__ = [
    "field_hints",
    "has_parts",
    "is_class_variable",
    "marks_in",
    "marks_of",
    "may_hold_several",
    "members_of",
    "own_annotations",
    "type_hints",
]

_CONTAINERS = (list, set, frozenset, tuple, dict)


def type_hints(function: Any, names: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the resolved annotations of *function* with their ``Annotated`` marks.

    *names* are known besides those of its module.  NameError for one that cannot be found.
    """
    return get_type_hints(function, localns=dict(names or {}), include_extras=True)


def field_hints(cls: type, names: Iterable[str]) -> dict[str, Any]:
    """Return the resolved annotations of these fields of *cls*, each read where it was written.

    Nothing else is resolved, since nobody else needs it at run time.  A class may name itself, also one that was made
    inside a function.
    """
    wanted = set(names)
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        own = {name: kind for name, kind in own_annotations(base).items() if name in wanted}
        if own:
            module = sys.modules.get(base.__module__)
            around = {} if module is None else vars(module)
            inside = {cls.__name__: cls, base.__name__: base, **_types_inside(base)}
            found.update(get_type_hints(SimpleNamespace(__annotations__=own), around, inside, include_extras=True))
    return found


def _types_inside(cls: type) -> dict[str, Any]:
    """Return what an annotation may mean of the class body: no field and no method, so ``date: date`` is the type."""
    fields = own_annotations(cls)
    return {name: value for name, value in vars(cls).items() if name not in fields and not hasattr(value, "__get__")}


def own_annotations(cls: type) -> dict[str, Any]:
    """Return the annotations in the body of *cls* itself, as they are written."""
    if sys.version_info >= (3, 14):
        import annotationlib  # noqa: PLC0415  (new in 3.14)

        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(cls)


def is_class_variable(annotation: Any) -> bool:
    """Tell whether a name annotated so belongs to the class and is no field."""
    text = annotation if isinstance(annotation, str) else ""
    return get_origin(annotation) is ClassVar or annotation is ClassVar or "ClassVar" in text.split("[")[0]


def marks_of(annotation: Any) -> tuple[Any, ...]:
    """Return the marks of an ``Annotated`` type, outermost last; nothing for a plain type."""
    if get_origin(annotation) is Annotated:
        return tuple(get_args(annotation)[1:])
    return ()


def marks_in(annotation: Any) -> tuple[Any, ...]:
    """Return the marks of *annotation*, at its outside and inside ``| None``."""
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    members = get_args(inner) if get_origin(inner) in (Union, UnionType) else ()
    return (*marks_of(annotation), *(mark for member in members for mark in marks_of(member)))


def members_of(annotation: Any) -> tuple[Any, ...]:
    """Return the types *annotation* allows: the parts of a union, else itself, without ``Annotated`` marks.

    Instead of a ``NewType`` it is what that is made of.
    """
    if get_origin(annotation) is Annotated:
        return members_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return tuple(member for part in get_args(annotation) for member in members_of(part))
    if isinstance(annotation, NewType):
        return members_of(annotation.__supertype__)
    return (annotation,)


def may_hold_several(annotation: Any) -> bool:
    """Tell whether a value of *annotation* may be a list, a set, a tuple or a dict."""
    return any((get_origin(member) or member) in _CONTAINERS for member in members_of(annotation))


def has_parts(annotation: Any) -> bool:
    """Tell whether a value of *annotation* is made of named parts: a dataclass, or a model of pydantic's."""
    return any(hasattr(one, "__dataclass_fields__") or hasattr(one, "model_fields") for one in members_of(annotation))
