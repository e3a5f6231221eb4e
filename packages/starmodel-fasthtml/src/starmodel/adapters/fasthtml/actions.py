"""What makes an element send a command: attributes for FastHTML, typed by the event they call.

``Button("+5", on_click(counter.increment, 5))`` — a type checker refuses arguments that the event does not take.  Each
works without JavaScript too: a button posts the page's own form, a form posts itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ParamSpec, TypeAlias, cast
from urllib.parse import urlencode

from starmodel.core.commands import as_text
from starmodel.core.entity import Entity
from starmodel.core.errors import DefinitionError, hint
from starmodel.core.events import BoundEvent, ClassEvent, Event, EventRef, as_sent
from starmodel.core.parameters import parameters_of
from starmodel.core.snapshot import plain

from .reading import version_shown
from .wire import js

__all__ = ["on_change", "on_click", "on_input", "on_submit", "url_of"]

P = ParamSpec("P")

Attributes: TypeAlias = dict[str, Any]

_LIVE_VALUE = "el.type === 'checkbox' ? el.checked : el.value"


def on_click(event: BoundEvent[P, Any] | EventRef[P], /, *args: P.args, **kwargs: P.kwargs) -> Attributes:
    """Return the attributes of a button that runs *event* with these arguments when it is clicked.

    A question declared with the event, ``@event(confirm="…")``, is asked before.
    """
    declared = _declared(event)
    values = {name: _sendable(value) for name, value in declared.arguments(*args, **kwargs).items()}
    url = _url(event, declared)
    send = f"@send({js(url)},{js(values)}{_options(declared)})"
    plain_url = f"{url}?{urlencode(_flat(values), doseq=True)}" if values else url
    return {
        "type": "submit",
        "form": "sm-form",
        "formaction": plain_url,
        "formmethod": "post",
        "data-on:click__prevent": send,
    }


def on_submit(event: BoundEvent[..., Any] | EventRef[...], /, **fixed: Any) -> Attributes:
    """Return the attributes of a form that runs *event* with the values of its fields, and with *fixed* ones.

    A form for the fields of an entity, as with ``on_submit(todo.update)``, says which version it shows: what somebody
    else changed meanwhile is merged, and the same field changed by both is a conflict that shows both values.
    """
    declared = _declared(event)
    url = _url(event, declared)
    if fixed:
        url = f"{url}?{urlencode(_flat(_fixed(event, declared, fixed)), doseq=True)}"
    send = {"data-on:submit": f"@send({js(url)}{_no_args(_options(declared))})"}
    version = _version_shown(event, declared)
    if version is None:
        return {"method": "post", "action": url, **send}
    plain_url = f"{url}{'&' if fixed else '?'}_base={version}"
    return {"method": "post", "action": plain_url, "data-base": str(version), **send}


def _version_shown(event: Any, declared: Event[Any, Any] | ClassEvent[Any, Any]) -> int | None:
    if not declared.takes_fields or not isinstance(event, BoundEvent) or not isinstance(event.snapshot, Entity):
        return None
    return version_shown(event.snapshot)


def on_input(event: BoundEvent[..., Any], argument: str, /, *, delay: int = 200) -> Attributes:
    """Return the attributes of an input that runs *event* while it is typed in, *delay* milliseconds after a pause.

    *argument* is the name of the event's argument that gets the value.
    """
    return _as_typed(event, argument, f"data-on:input__debounce.{int(delay)}ms")


def on_change(event: BoundEvent[..., Any], argument: str | None = None, /) -> Attributes:
    """Return the attributes of an input that runs *event* when its value was changed and left, or a box was ticked.

    *argument* is the name of the event's argument that gets the value; without one the event gets none.
    """
    return _as_typed(event, argument, "data-on:change")


def _as_typed(event: BoundEvent[..., Any], argument: str | None, trigger: str) -> Attributes:
    declared = _declared(event)
    if declared.options.confirm:
        raise DefinitionError(
            f"{declared.name}() asks {declared.options.confirm!r} before, and a field sends without asking; "
            "use on_click or on_submit"
        )
    if argument is None:
        return {trigger: f"@send({js(_url(event, declared))},{{}})"}
    _check_argument(event, declared, argument)
    url = _url(event, declared)
    return {trigger: f"@send({js(url)},{{{js(argument)}: {_LIVE_VALUE}}},{{latest: true}})"}


def _check_argument(target: Any, declared: Event[Any, Any] | ClassEvent[Any, Any], name: str) -> None:
    kind = type(target.snapshot) if isinstance(target, BoundEvent) else target.owner
    known = [parameter.name for parameter in parameters_of(cast("type[Entity]", kind), declared)]
    if name not in known:
        raise DefinitionError(f"{declared.name}() takes no argument {name!r}; {hint(name, known)}")


def _fixed(target: Any, declared: Event[Any, Any] | ClassEvent[Any, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments a form sends besides its fields; DefinitionError for one that the event does not take."""
    for name in values:
        _check_argument(target, declared, name)
    return {name: _sendable(as_sent(value)) for name, value in values.items()}


def url_of(event: BoundEvent[..., Any] | EventRef[...]) -> str:
    """Return the path an event is posted to."""
    return _url(event, _declared(event))


def _declared(event: Any) -> Event[Any, Any] | ClassEvent[Any, Any]:
    if not isinstance(event, BoundEvent | EventRef):
        raise DefinitionError(
            f"{event!r} is not an event; give one of an entity with arguments, like on_click(counter.increment, 5), "
            "or one of a class, such as Todo.create"
        )
    return event.event


def _url(target: Any, declared: Event[Any, Any] | ClassEvent[Any, Any]) -> str:
    tail = (declared.options.path or declared.name).strip("/")
    if isinstance(target, BoundEvent):
        snapshot = target.snapshot
        if not isinstance(snapshot, Entity):
            raise DefinitionError(f"{snapshot!r} is not an entity")
        return f"/{type(snapshot).__entity_name__.lower()}/{plain(snapshot).id}/{tail}"
    if not declared.of_class:
        owner = target.owner.__name__
        raise DefinitionError(
            f"{owner}.{declared.name} is an event of one {owner}: give it from the instance, as in todo.toggle"
        )
    return f"/{target.owner.__entity_name__.lower()}/{tail}"


def _options(declared: Event[Any, Any] | ClassEvent[Any, Any]) -> str:
    question = declared.options.confirm
    return f",{{confirm: {js(question)}}}" if question else ""


def _no_args(options: str) -> str:
    return f",null{options}" if options else ""


def _flat(values: dict[str, Any]) -> dict[str, Any]:
    """Return arguments as a URL can hold them, for the way without JavaScript."""
    return {
        name: [_word(item) for item in value] if isinstance(value, list) else _word(value)
        for name, value in values.items()
        if value is not None
    }


def _sendable(value: Any) -> Any:
    if isinstance(value, list | tuple | set | frozenset):
        return [_sendable(part) for part in value]
    try:
        return as_text(value)
    except TypeError:
        return value  # JSON knows it, or the encoder says that it does not


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=as_text)
