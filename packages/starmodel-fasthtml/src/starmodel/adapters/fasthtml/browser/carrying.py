"""What one request carries of entities that its browser keeps: read as the untrusted input it is, and never kept."""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starmodel.app.bodies import object_in
from starmodel.app.policies import belongs_to_one
from starmodel.core.annotations import marks_in
from starmodel.core.config import CLIENT_STORES
from starmodel.core.entity import fields_of, valid_id
from starmodel.core.errors import InvalidError, Problem, RefusedError, StarModelError
from starmodel.core.files import size_text
from starmodel.core.marks import Was
from starmodel.core.query import Stored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starmodel.app import Application
    from starmodel.core.actors import Actor
    from starmodel.core.entity import Entity
    from starmodel.core.typing import Key

__all__ = [
    "ARGUMENT",
    "MAX_BYTES",
    "SCHEMA",
    "Carried",
    "Kept",
    "KeptTooLargeError",
    "KeptValueError",
    "NotCarriedError",
    "carried",
    "is_kept_by_browsers",
    "may_bring",
    "read_kept",
    "sorted_out",
]

ARGUMENT = "_kept"
"""The name of what is carried, beside the arguments of a command."""

SCHEMA = 1
"""The form in which browsers keep a value; another one is not read."""

MAX_BYTES = 512 * 1024
"""How much of all that one page shows a browser may keep, as JSON: a request holds 1 MiB, and its arguments besides."""

_MOST = 100
_LARGEST = 2**53 - 1
_PARTS = {"entity", "id", "version", "schema", "data"}


class NotCarriedError(RefusedError):
    """A change was asked for of something that only a browser has, by whoever did not bring it."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(
            f"A {kind} is kept in the visitor's browser and changed from a page that shows it, by its script; here it "
            "was not sent along, and nothing was changed. In a browser, switch JavaScript on and open the page again."
        )


class KeptValueError(InvalidError):
    """What a browser kept of an entity is not, or not any more, one that the program would have made."""

    def __init__(self, key: Key, problems: tuple[Problem, ...]) -> None:
        self.key = key
        super().__init__([Problem((ARGUMENT, key[0], *one.loc), one.message, one.code) for one in problems])
        why = "; ".join(map(str, problems))
        self.args = (
            f"What this browser has kept of {key[0]} does not fit, and is set aside; the page begins afresh ({why}).",
        )


class KeptTooLargeError(StarModelError):
    """A change would make more of what a page shows than its browser may keep."""

    code = "too_large"

    def __init__(self, what: str, size: int) -> None:
        self.what, self.size = what, size
        super().__init__(
            f"With this change {what} would take {size_text(size)} in your browser, and {size_text(MAX_BYTES)} is the "
            "most for one page; nothing was changed. Remove something first."
        )


class Kept(Stored[Any]):
    """An entity as a browser has it.  Its version says nothing about its values: another browser has others."""

    __slots__ = ()


@dataclass(slots=True)
class Carried:
    """The entities that one request has brought, and what became of them in the course of it."""

    app: Application
    actor: Actor
    stored: dict[Key, Kept] = field(default_factory=dict)
    sizes: dict[Key, int] = field(default_factory=dict)
    changed: dict[Key, dict[str, Any]] = field(default_factory=dict)
    """What the browser is to keep from now on, by entity, as it is told."""

    def begins(self, kind: type[Entity], id: str) -> bool:
        """Tell whether an entity of this id may be here without having been made: the visitor's own, or a named one."""
        return may_bring(self.actor, id) and self.app.implicit.fresh(kind, id) is not None

    def take(self, kind: type[Entity], id: str, entity: Entity | None, version: int) -> None:
        """Keep the next snapshot for the answer; KeptTooLargeError when that would be too much."""
        key = (kind.__entity_name__, id)
        before = self.stored.get(key)
        data = None if entity is None else _written(self.app, entity)
        self.sizes[key] = len(data or "")
        total = sum(self.sizes.values())
        if total > MAX_BYTES and data is not None:
            raise KeptTooLargeError(key[0], total)
        if entity is None:
            self.stored.pop(key, None)
        else:
            self.stored[key] = Kept(entity, version)
        first = self.changed.get(key)
        self.changed[key] = {
            "store": kind.__entity_config__["store"],
            "entity": key[0],
            "id": id,
            "from": (0 if before is None else before.version) if first is None else first["from"],
            "version": version,
            "schema": SCHEMA,
            "ttl": kind.__entity_config__.get("ttl"),
            "data": data,
        }


carried: ContextVar[Carried | None] = ContextVar("starmodel_carried", default=None)
"""What the request of this context has brought; ``None`` when it could not bring anything."""


def is_kept_by_browsers(kind: type[Entity]) -> bool:
    """Tell whether *kind* is kept in browsers and not here."""
    return kind.__entity_config__.get("store") in CLIENT_STORES


def may_bring(actor: Actor, id: str) -> bool:
    """Tell whether *actor* may bring an entity of this id: nobody brings one that is another visitor's own."""
    return not belongs_to_one(id) or id == actor.visitor


def read_kept(app: Application, actor: Actor, sent: object) -> Carried:
    """Return what was *sent*, all of it right; KeptValueError and InvalidError say what is not."""
    found, wrong = sorted_out(app, actor, sent)
    if wrong:
        raise wrong[0]
    return found


def sorted_out(app: Application, actor: Actor, sent: object) -> tuple[Carried, list[KeptValueError]]:
    """Return what of *sent* is right, and what is wrong with the rest; InvalidError when it is nothing at all."""
    found, wrong = Carried(app, actor), list[KeptValueError]()
    for one in _parts_of(sent):
        key = (str(one["entity"])[:80], str(one["id"])[:80])
        try:
            entity = _entity(app, actor, key, one)
        except KeptValueError as error:
            wrong.append(error)
        except InvalidError as error:
            wrong.append(KeptValueError(key, error.problems))
        except StarModelError as error:
            wrong.append(KeptValueError(key, (Problem((), str(error), error.code),)))
        else:
            found.stored[key] = Kept(entity, one["version"])
            found.sizes[key] = len(one["data"])
    return found, wrong


def _parts_of(sent: object) -> list[dict[str, Any]]:
    if isinstance(sent, str):
        try:
            sent = json.loads(sent)
        except (ValueError, RecursionError):
            sent = None
    if not isinstance(sent, list) or len(sent) > _MOST:
        raise InvalidError([Problem((ARGUMENT,), f"give a list of at most {_MOST} kept entities", "type")])
    for one in sent:
        if not isinstance(one, dict) or one.keys() != _PARTS:
            names = ", ".join(sorted(_PARTS))
            raise InvalidError([Problem((ARGUMENT,), f"each kept entity is an object with {names}", "type")])
    return sent


def _entity(app: Application, actor: Actor, key: Key, one: Mapping[str, Any]) -> Entity:
    """Return the entity that *one* says it is; whatever StarModelError says why it is none."""
    kind = app.catalog.kind(key[0])
    if not is_kept_by_browsers(kind):
        raise _wrong(key, "is kept on the server, and nobody else says what it is", "entity")
    if not valid_id(one["id"]) or not may_bring(actor, key[1]) or app.implicit.fresh(kind, key[1]) is None:
        raise _wrong(key, "is of somebody else, or of a page that is no more", "id")
    version = one["version"]
    if type(version) is not int or not 0 < version <= _LARGEST:
        raise _wrong(key, "has no version", "version")
    if one["schema"] != SCHEMA:
        raise _wrong(key, "was kept by another version of the program", "schema")
    if not isinstance(one["data"], str) or len(one["data"]) > MAX_BYTES:
        raise _wrong(key, f"is not text of at most {size_text(MAX_BYTES)}", "type")
    values = _present(kind, object_in(one["data"].encode("utf-8", "surrogatepass")))
    if values.get("id") != key[1]:
        raise _wrong(key, "holds the values of another one", "id")
    return app.codec.parse(kind, values)


def _wrong(key: Key, why: str, code: str) -> KeptValueError:
    return KeptValueError(key, (Problem((), why, code),))


def _present(kind: type[Entity], values: dict[str, Any]) -> dict[str, Any]:
    """Return *values* under the names that the fields have now: ``Was`` says what they were called."""
    former = {
        mark.name: name
        for name, info in fields_of(kind).items()
        for mark in marks_in(info.annotation)
        if isinstance(mark, Was) and name not in values
    }
    return {former.get(name, name): value for name, value in values.items()}


def _written(app: Application, entity: Entity) -> str:
    """Return an entity as a browser keeps it; InvalidError for what would not be read again."""
    try:
        text = json.dumps(app.codec.dump(entity), allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise InvalidError([Problem((), f"this cannot be kept in a browser: {error}", "json")]) from error
    object_in(text.encode())
    return text
