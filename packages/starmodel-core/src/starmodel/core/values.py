"""Frozen dataclasses that are made as fast as mutable ones: every command makes a dozen of them on its way.

A frozen dataclass sets each field through ``object.__setattr__``, which takes five times as long as an assignment.
A value is assigned to while it is being made: until then its class is one that looks the same and lets it.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import Field

__all__ = ["value"]

T = TypeVar("T")

_set_class: Any = object.__dict__["__class__"].__set__


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """Make a class a ``dataclass(frozen=True, slots=True)`` with a fast ``__init__``."""

    def decorate(cls: type[T]) -> type[T]:
        finished: Any = dataclass(frozen=True, slots=True, kw_only=kw_only)(cls)
        unfinished = type(f"_Unfinished{cls.__name__}", cls.__bases__, {"__slots__": finished.__slots__})
        finished.__init__ = _faster(finished.__init__, fields(finished), finished, unfinished)
        return finished  # type: ignore[no-any-return]  # the class itself, which dataclass() made anew

    return decorate


def _faster(init: Any, parts: tuple[Field[Any], ...], finished: type, unfinished: type) -> Any:
    """Compile an ``__init__`` that assigns each of *parts*; one of a subclass is left to *init*."""
    names: dict[str, Any] = {"init": init, "finished": finished, "unfinished": unfinished, "set_class": _set_class}
    parameters, made, assigned = ["self"], [], []
    for part in parts:
        name, default = part.name, part.default
        if part.kw_only and "*" not in parameters:
            parameters.append("*")
        if part.default_factory is not MISSING:
            names[f"make_{name}"] = part.default_factory
            made.append(f"if {name} is default_{name}: {name} = make_{name}()")
            default = _MADE
        names[f"default_{name}"] = default
        parameters.append(name if default is MISSING else f"{name}=default_{name}")
        assigned.append(f"self.{name} = {name}")
    given = ", ".join(f"{part.name}={part.name}" for part in parts)
    lines = [
        *made,
        f"if self.__class__ is not finished: return init(self, {given})",
        "set_class(self, unfinished)",
        *assigned,
        "self.__class__ = finished",
    ]
    source = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines)
    exec(source, names)  # noqa: S102  # made of names of fields alone, as dataclasses makes its own
    faster = names["__init__"]
    faster.__qualname__, faster.__annotations__ = init.__qualname__, init.__annotations__
    return faster


class _Made:
    def __repr__(self) -> str:
        return "<factory>"


_MADE: Any = _Made()
