"""What happens to a command at the door: it gets its id, time and actor, and a form that may be kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starmodel.core.answers import GoTo, Notice, answer_to_json
from starmodel.core.commands import REDACTED, Command
from starmodel.core.errors import InvalidError, Problem, StarModelError
from starmodel.core.showing import with_shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.core.actors import Actor
    from starmodel.core.ports import Clock, Codec, IdSource

    from .catalog import Handler

__all__ = ["MAX_COMMAND_ID", "answer_of", "fingerprint_of", "read_args", "stamped"]

MAX_COMMAND_ID = 200

_EXACT = frozenset({str, int, bool, type(None)})
_ATOMS = _EXACT | {float}
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def stamped(
    command: Command, handler: Handler, actor: Actor, codec: Codec, clock: Clock, ids: IdSource
) -> tuple[Command, Command]:
    """Return *command* with its id, actor and time filled in, and the form of it that may be stored.

    They are the same object unless an argument is secret.
    """
    if len(command.id) > MAX_COMMAND_ID or not command.id.isprintable():
        raise InvalidError(
            [Problem(("id",), f"a command id is 1 to {MAX_COMMAND_ID} printable characters", "command_id")]
        )
    args = _plain_args(command, codec)
    full = Command(  # written out: every command passes here, and `replace` takes three times as long
        entity=command.entity,
        event=command.event,
        args=args,
        entity_id=command.entity_id,
        id=command.id or ids.new(),
        actor=(actor.trusted and command.actor) or actor.id,  # nobody speaks for another
        at=(command.at if actor.trusted else None) or clock.now(),
        base_version=command.base_version,
        schema=command.schema,
    )
    if handler.secrets.isdisjoint(args):
        return full, full
    kept = {name: REDACTED if name in handler.secrets else value for name, value in args.items()}
    return full, replace(full, args=kept)


def read_args(
    command: Command, stored: Command, handler: Handler, codec: Codec, *, text: bool
) -> tuple[dict[str, Any] | None, Command]:
    """Return the typed arguments of *command*, and its form that is *stored* with the arguments as they were read.

    So the log holds the same whether they were typed or sent as JSON, and can be replayed: ``"3"`` of a form is 3.
    Arguments that do not fit are ``None``.
    """
    try:
        args = handler.bind(command.args, text=text)
    except StarModelError:
        return None, stored
    if args == stored.args and list(map(type, args.values())) == list(map(type, stored.args.values())):
        return args, stored  # as nearly all are
    as_sent = handler.secrets | handler.files.keys()
    kept = {name: stored.args[name] if name in as_sent else value for name, value in args.items()}
    if kept == stored.args and all(type(value) is type(stored.args[name]) for name, value in kept.items()):
        return args, stored
    try:
        return args, replace(stored, args=kept if _ATOMS.issuperset(map(type, kept.values())) else codec.plain(kept))
    except (TypeError, ValueError, RecursionError):  # a type that can be read and not be written
        return args, stored


def _plain_args(command: Command, codec: Codec) -> Mapping[str, Any]:
    args = command.args
    if _ATOMS.issuperset(map(type, args.values())):
        return args
    try:
        plain: Mapping[str, Any] = codec.plain(dict(args))
    except (TypeError, ValueError, RecursionError) as error:
        raise _not_json(error) from error
    return plain


def _not_json(error: Exception) -> InvalidError:
    return InvalidError([Problem((), f"the arguments cannot be written as JSON: {error}", "json")])


def fingerprint_of(command: Command) -> str:
    """Return what stands for the body of a command: the same only for the same call of the same event."""
    called, args = [command.entity, command.entity_id, command.event], command.args
    is_flat = _EXACT.issuperset(map(type, args.values()))  # as nearly all are: then Python writes it faster than JSON
    try:
        text = repr([*called, sorted(args.items())]) if is_flat else _encode([*called, args])
    except (TypeError, ValueError, RecursionError) as error:
        raise _not_json(error) from error
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def answer_of(returned: Any, codec: Codec) -> Any:
    """Return what a repeated command is answered: the returned value where JSON can hold it, entities by their ids."""
    if type(returned) in _ATOMS:
        return returned
    if isinstance(returned, GoTo | Notice):
        return answer_to_json(returned)
    try:
        return codec.plain(with_shown(returned, lambda entity: entity.id))
    except (TypeError, ValueError, RecursionError):
        return None
