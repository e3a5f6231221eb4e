"""What an event takes, as data: a codec binds by it, a UI kit draws a form from it, OpenAPI lists it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any, get_args, get_origin

from .annotations import members_of, type_hints
from .entity import Entity, FieldInfo, fields_of
from .errors import DefinitionError
from .events import DEFAULT_BODIES
from .owning import is_owner_field
from .secrecy import holds_secrets
from .visibility import Visibility, visibility_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from .events import ClassEvent, Event

__all__ = ["Parameter", "parameters_of"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of an event.

    *default* makes the value to use when it is not given; with ``None`` the argument must be given, unless it is
    *optional*: then it is simply left out.  *reference* is the class whose entity, or list of entities, the argument
    names by id.
    """

    name: str
    annotation: Any
    default: Callable[[], Any] | None = None
    optional: bool = False
    secret: bool = False
    reference: type[Entity] | None = None

    @property
    def sent_as(self) -> Any:
        """The type of what is sent from outside: the ids of entities, or the value itself."""
        if self.reference is None:
            return self.annotation
        members = members_of(self.annotation)
        ids: Any = list[str] if any(get_origin(member) is list for member in members) else str
        return ids | None if NoneType in members else ids


def parameters_of(kind: type[Entity], event: Event[Any, Any] | ClassEvent[Any, Any]) -> tuple[Parameter, ...]:
    """Return what *event* of *kind* takes.

    ``**fields`` stands for the fields of the entity that may be written from outside, public and secret ones:
    all of them for an event of the class, as in ``create``; any of them for one of an instance, as in ``update``.
    The one that says whose the entity is nobody sends.
    """
    hints = _hints(kind, event)
    found: dict[str, Parameter] = {}
    for parameter in event.signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            _refuse_unfillable(kind, event)
            for info in _writable(kind):
                found.setdefault(info.name, _from_field(info, partial=not event.of_class))
        else:
            found[parameter.name] = _from_signature(parameter, hints.get(parameter.name, Any))
    return tuple(found.values())


def _refuse_unfillable(kind: type[Entity], event: Event[Any, Any] | ClassEvent[Any, Any]) -> None:
    if not (event.of_class and event.fn in DEFAULT_BODIES):
        return
    for info in fields_of(kind).values():
        if info.default is None and info.visibility is Visibility.PRIVATE:
            raise DefinitionError(
                f"{info.name} of {kind.__name__} is private and has no default, so nobody could create one; "
                f'give it a default, or leave "create" out of model_config["default_events"]'
            )


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
        info
        for info in fields_of(kind).values()
        if info.name != "id" and info.visibility is not Visibility.PRIVATE and not is_owner_field(info)
    ]


def _from_field(info: FieldInfo, *, partial: bool) -> Parameter:
    return Parameter(
        info.name,
        info.annotation,
        None if partial else info.default,
        optional=partial,
        secret=_is_secret(info.annotation),
        reference=_reference(info.annotation),
    )


def _from_signature(parameter: inspect.Parameter, annotation: Any) -> Parameter:
    given = parameter.default
    return Parameter(
        parameter.name,
        annotation,
        None if given is parameter.empty else lambda: given,
        secret=_is_secret(annotation),
        reference=_reference(annotation),
    )


def _is_secret(annotation: Any) -> bool:
    """Tell whether the value sent must not be written down; of an entity itself only the id is sent."""
    if _reference(annotation) is not None:
        return visibility_of(annotation) is Visibility.SECRET
    return holds_secrets(annotation)


def _reference(annotation: Any) -> type[Entity] | None:
    """Return the class of an annotation that stands for an entity or a list of them, or for that or ``None``."""
    kinds = [kind for kind in members_of(annotation) if kind is not NoneType]
    alone = kinds[0] if len(kinds) == 1 else None
    if get_origin(alone) is list:
        alone = get_args(alone)[0]
    return alone if isinstance(alone, type) and issubclass(alone, Entity) else None
