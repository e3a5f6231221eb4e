"""What every door over HTTP does alike: addresses of events, keys of commands, versions, and what it may show."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from typing import TYPE_CHECKING, Any

from starmodel.core.config import CLIENT_STORES
from starmodel.core.entity import Entity
from starmodel.core.errors import InvalidError, Problem
from starmodel.core.showing import with_shown

from .reading import may_read
from .refusals import Refusal

if TYPE_CHECKING:
    from starmodel.core.actors import Actor
    from starmodel.core.ports import Codec

    from .application import Application
    from .catalog import Handler
    from .dispatcher import Result

__all__ = ["command_id", "kept_elsewhere", "outcome_of", "path_of", "shown", "version_in"]

MAX_KEY = 200
_is_key = re.compile(f"[!-~]{{0,{MAX_KEY}}}").fullmatch  # what a header holds, and as long


def path_of(handler: Handler) -> str:
    """Return the route of an event: ``/todo/{id}/toggle``, or ``/todo/create`` for one of the class."""
    kind = handler.kind.__entity_name__.lower()
    tail = (handler.event.options.path or handler.event.name).strip("/")
    return f"/{kind}/{tail}" if handler.event.of_class else f"/{kind}/{{id}}/{tail}"


def kept_elsewhere(kind: type[Entity]) -> Refusal | None:
    """Return what is told to whoever asks for a list of what only browsers have; ``None`` for every other class."""
    if kind.__entity_config__.get("store") not in CLIENT_STORES:
        return None
    text = f"{kind.__entity_name__} is kept in each visitor's browser, so there is no list of them here, and no record."
    return Refusal(404, "not_found", "Kept in browsers", text, "")


def command_id(actor: Actor, key: str) -> str:
    """Return the command id for an actor's idempotency *key*, ``""`` for none: two actors may choose the same key."""
    if not _is_key(key):
        message = f"use 1 to {MAX_KEY} visible ASCII characters, without spaces"
        raise InvalidError([Problem(("Idempotency-Key",), message, "command_id")])
    return hashlib.blake2b(f"{actor.id}\0{key}".encode(), digest_size=16).hexdigest() if key else ""


def version_in(text: str, header: str) -> int | None:
    """Return the version that *text* of *header* names, ``None`` for a blank; InvalidError when it is none."""
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:  # what a 64 bit number holds
        raise InvalidError([Problem((header,), "must be a whole number", "type")])
    return int(text)


def shown(value: Any, codec: Codec) -> Any:
    """Return what an event returned as JSON may show it: of entities in it only what is public.

    ``None`` for an entity itself, which an answer shows anyway, and for what JSON cannot hold.
    """
    if isinstance(value, Entity):
        return None
    try:
        return codec.plain(with_shown(value, partial(codec.dump, public=True)))
    except (TypeError, ValueError):
        return None


def outcome_of(application: Application, result: Result, actor: Actor, returned: Any) -> dict[str, Any]:
    """Return what became of a command, as JSON tells it to *actor*; *returned* is what may be shown of its answer."""
    entity, target = result.entity, result.command.entity_id
    changes = result.commit.changes if result.commit is not None else ()
    change = next((change for change in changes if target in (None, change.id)), None)
    if entity is not None and not may_read(application, actor, entity):
        entity = None  # who may change it need not see it
    return {
        "command": result.command.id,
        "replayed": result.replayed,
        "id": target if change is None else change.id,
        "version": None if change is None else change.version,
        "entity": None if entity is None else application.codec.dump(entity, public=True),
        "returned": returned,
    }
