"""A call of an event as it is typed, ``Todo.postpone ID days=3``, made into a command."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starmodel.app import Application, Handler
from starmodel.app.bodies import by_name, lists_of, object_in, refuse_impossible, with_lists
from starmodel.core.commands import Command
from starmodel.core.errors import UnknownEntityError, UnknownEventError, hint

from .errors import CallError

__all__ = ["command_of"]

_PAIR = re.compile(r"[^\W\d]\w*=", re.ASCII)


def command_of(application: Application, name: str, words: Sequence[str], *, args: str | None = None) -> Command:
    """Return what was typed as a command; CallError says how it is typed.

    *words* are the id, for an event of one entity, and ``name=value`` for each argument, several times for each member
    of a list.  *args* has all arguments as JSON instead.
    """
    handler = _handler(application, name)
    pairs = [word for word in words if _PAIR.match(word)]
    id = _id(handler, [word for word in words if not _PAIR.match(word)])
    if args is not None and pairs:
        raise CallError(f"give the arguments as name=value or by --args, and not both: {' '.join(pairs)}")
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


def _id(handler: Handler, words: Sequence[str]) -> str | None:
    if len(words) > 1:
        raise CallError(f"{words[1]!r} is no argument of {handler}; write name=value")
    if words:
        return words[0]
    if not handler.event.of_class:
        raise CallError(f"{handler} is for one {handler.kind.__entity_name__}; say which: {handler} ID")
    return None


def _by_name(handler: Handler, pairs: Sequence[str]) -> dict[str, object]:
    split = [pair.partition("=") for pair in pairs]
    values = with_lists(by_name((name, value) for name, _, value in split), lists_of(handler))
    refuse_impossible(values)
    return values
