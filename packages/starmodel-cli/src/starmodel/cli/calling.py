"""A call of an event as it is typed, ``Todo.postpone ID days=3``, made into a command."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import is_dataclass
from typing import Any, get_args, get_origin

from starmodel.app import Application, Handler
from starmodel.app.bodies import by_name, lists_of, object_in, refuse_impossible, with_lists
from starmodel.core.annotations import members_of
from starmodel.core.commands import Command
from starmodel.core.errors import InvalidError, Problem, UnknownEntityError, UnknownEventError, hint

from .errors import CallError

__all__ = ["command_of"]

_PAIR = re.compile(r"[^\W\d]\w*=", re.ASCII)


def command_of(application: Application, name: str, words: Sequence[str], *, args: str | None = None) -> Command:
    """Return what was typed as a command; CallError says how it is typed.

    *words* are the id, for an event of one entity, and ``name=value`` for each argument, several times for each member
    of a list; a value that has parts is JSON.  *args* has all arguments as JSON instead.
    """
    handler = _handler(application, name)
    pairs = [word for word in words if _PAIR.match(word)]
    others = [word for word in words if not _PAIR.match(word)]
    if args is not None and pairs:
        raise CallError(f"give the arguments as name=value or by --args, and not both: {' '.join(pairs)}")
    if args is None:
        _refuse_valueless(handler, others, pairs)
    id = _id(handler, others)
    values = _by_name(handler, pairs) if args is None else object_in(args.encode("utf-8", "surrogatepass"))
    return Command(entity=handler.kind.__entity_name__, event=handler.event.name, args=values, entity_id=id)


def _handler(application: Application, name: str) -> Handler:
    entity, dot, event = name.rpartition(".")
    kinds = [kind.__entity_name__ for kind in application.catalog]
    if not dot or not entity or not event:
        example = f"{kinds[0] if kinds else 'Todo'}.create"
        raise CallError(f"{name!r} is no event; write Entity.event, for example {example}")
    try:
        return application.catalog.handler(entity, event)
    except UnknownEntityError as error:
        raise CallError(f"there is no entity {entity!r}; {hint(entity, kinds)}") from error
    except UnknownEventError as error:
        raise CallError(str(error)) from error


def _refuse_valueless(handler: Handler, words: Sequence[str], pairs: Sequence[str]) -> None:
    """Raise CallError for a word that would be taken as the id, and names an argument that has no value here."""
    left = {one.name for one in handler.parameters} - {pair.partition("=")[0] for pair in pairs}
    for word in words:
        if word in left:
            way_out = "; if it is the id, give the arguments by --args" if word == words[0] else ""
            raise CallError(f"{word!r} is an argument of {handler}; write {word}=...{way_out}")


def _id(handler: Handler, words: Sequence[str]) -> str | None:
    if len(words) > 1:
        raise CallError(f"{words[1]!r} is no argument of {handler}; write name=value")
    if words:
        return words[0]
    if not handler.event.of_class:
        raise CallError(f"{handler} is for one {handler.kind.__entity_name__}; say which: {handler} ID")
    return None


def _by_name(handler: Handler, pairs: Sequence[str]) -> dict[str, object]:
    objects = {one.name for one in handler.parameters if _has_objects(one.annotation)}
    split = [pair.partition("=") for pair in pairs]
    read = [(name, _parsed(name, text) if name in objects else text) for name, _, text in split]
    lists, values = lists_of(handler), by_name(read)
    for name in lists & values.keys():
        if isinstance(values[name], dict):  # the only one of its list
            values[name] = [values[name]]
    values = with_lists(values, lists)
    refuse_impossible(values)
    return values


def _has_objects(annotation: Any) -> bool:
    """Tell whether an argument is a value with parts that have names, or holds such: JSON says which is which."""
    return any(
        kind is dict
        or get_origin(kind) is dict
        or is_dataclass(kind)
        or hasattr(kind, "model_fields")
        or (get_origin(kind) in (list, tuple) and any(map(_has_objects, get_args(kind))))
        for kind in members_of(annotation)
    )


def _parsed(name: str, text: str) -> Any:
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidError([Problem((name,), f"is not JSON: {why}", "json")]) from None
