"""What an event takes, as data: a codec binds by it, a UI kit draws a form from it, OpenAPI lists it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

from .entity import Entity, FieldInfo, fields_of
from .errors import DefinitionError
from .visibility import Visibility, type_hints, visibility_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .events import ClassEvent, Event

__all__ = ["Parameter", "parameters_of"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of an event.

    *default* makes the value to use when it is not given; with ``None`` the argument must be given, unless it is
    *optional*: then it is simply left out.  *reference* is the class whose entity the argument names by id.
    """

    name: str
    annotation: Any
    default: Callable[[], Any] | None = None
    optional: bool = False
    secret: bool = False
    reference: type[Entity] | None = None


def parameters_of(kind: type[Entity], event: Event[Any, Any] | ClassEvent[Any, Any]) -> tuple[Parameter, ...]:
    """Return what *event* of *kind* takes.

    ``**fields`` stands for the fields of the entity that may be written from outside, public and secret ones:
    all of them for an event of the class, as in ``create``; any of them for one of an instance, as in ``update``.
    """
    hints = _hints(kind, event)
    found: list[Parameter] = []
    for parameter in event.signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            found += [_from_field(info, partial=not event.of_class) for info in _writable(kind)]
        else:
            found.append(_from_signature(parameter, hints.get(parameter.name, Any)))
    return tuple(found)


def _hints(kind: type[Entity], event: Event[Any, Any] | ClassEvent[Any, Any]) -> dict[str, Any]:
    try:
        return type_hints(event.fn, {base.__name__: base for base in reversed(kind.__mro__)})
    except NameError as error:
        raise DefinitionError(
            f"the annotations of {kind.__name__}.{event.name} name something that cannot be found at run time: "
            f"{error}; import it outside `if TYPE_CHECKING`"
        ) from error


def _writable(kind: type[Entity]) -> list[FieldInfo]:
    return [
        info for info in fields_of(kind).values() if info.name != "id" and info.visibility is not Visibility.PRIVATE
    ]


def _from_field(info: FieldInfo, *, partial: bool) -> Parameter:
    return Parameter(
        info.name,
        info.annotation,
        None if partial else info.default,
        optional=partial,
        secret=info.visibility is Visibility.SECRET,
        reference=_reference(info.annotation),
    )


def _from_signature(parameter: inspect.Parameter, annotation: Any) -> Parameter:
    given = parameter.default
    return Parameter(
        parameter.name,
        annotation,
        None if given is parameter.empty else lambda: given,
        secret=visibility_of(annotation) is Visibility.SECRET,
        reference=_reference(annotation),
    )


def _reference(annotation: Any) -> type[Entity] | None:
    bare = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    return bare if isinstance(bare, type) and issubclass(bare, Entity) else None
