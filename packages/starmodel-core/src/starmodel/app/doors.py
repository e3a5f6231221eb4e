"""What every door over HTTP does alike: addresses of events, bodies as JSON, keys of commands, and what it may show."""

from __future__ import annotations

import hashlib
import json
import math
from functools import partial
from typing import TYPE_CHECKING, Any

from starmodel.core.entity import Entity
from starmodel.core.errors import DefinitionError, InvalidError, Problem
from starmodel.core.showing import with_shown

if TYPE_CHECKING:
    from starmodel.core.actors import Actor
    from starmodel.core.ports import Codec

    from .catalog import Handler

__all__ = ["command_id", "object_in", "path_of", "refuse_impossible", "shown", "version_in"]

MAX_DEPTH = 32
MAX_KEY = 200

_HOLDERS = (dict, list)
_decode = json.JSONDecoder().decode


def path_of(handler: Handler) -> str:
    """Return the route of an event: ``/todo/{id}/toggle``, or ``/todo/create`` for one of the class."""
    name = handler.event.options.path or handler.event.name
    kind = handler.kind.__entity_name__.lower()
    tail = name.strip("/")
    if not tail or "{" in tail:
        raise DefinitionError(f"{handler}: path={name!r} cannot end an address; give a name such as 'archive'")
    return f"/{kind}/{tail}" if handler.event.of_class else f"/{kind}/{{id}}/{tail}"


def command_id(actor: Actor, key: str) -> str:
    """Return the command id for an actor's idempotency *key*, ``""`` for none: two actors may choose the same key."""
    if len(key) > MAX_KEY or not key.isprintable():  # as long as a header should be
        raise InvalidError([Problem(("Idempotency-Key",), f"use 1 to {MAX_KEY} printable characters", "command_id")])
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


def object_in(body: bytes) -> dict[str, Any]:
    """Return the JSON object in *body*, an empty one for none; InvalidError for what is no object or nothing can hold.

    No value is repeated in the refusal.
    """
    if not body:
        return {}
    try:
        data = _decode(body.decode(_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError) as error:
        text = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise InvalidError([Problem((), f"the body is not JSON: {text}", "json")]) from None
    if not isinstance(data, dict):
        raise InvalidError([Problem((), "the body must be a JSON object with the arguments by name", "json")])
    refuse_impossible(data)
    return data


def _encoding(body: bytes) -> str:
    """Return what :func:`json.detect_encoding` does, in the usual case without looking at it from every side."""
    return "utf-8" if body[:1] == b"{" and body[1:2] != b"\0" else json.detect_encoding(body)


def refuse_impossible(values: dict[str, Any] | list[Any], levels: int = MAX_DEPTH) -> None:
    """Raise InvalidError for what Python reads and neither JSON nor a page can hold; no value is repeated in it."""
    if levels == 0:
        raise InvalidError([Problem((), f"the body is nested more than {MAX_DEPTH} levels deep", "depth")])
    for value in (*values, *values.values()) if isinstance(values, dict) else values:
        if isinstance(value, str):
            if not value.isascii():
                _refuse_half_characters(value)
        elif isinstance(value, _HOLDERS):
            refuse_impossible(value, levels - 1)
        elif isinstance(value, float) and not math.isfinite(value):
            raise InvalidError([Problem((), "NaN and infinite numbers cannot be sent", "finite")])


def _refuse_half_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidError([Problem((), "a text holds half a character (a lone surrogate)", "unicode")]) from None
