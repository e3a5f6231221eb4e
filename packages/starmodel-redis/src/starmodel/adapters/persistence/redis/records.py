"""Commits as entries of the log, and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from starmodel.core.changes import Change, Commit, Position
from starmodel.core.commands import Command
from starmodel.core.domain_events import DomainEvent, Recorded
from starmodel.core.errors import EventError

if TYPE_CHECKING:
    from .shapes import Shapes

__all__ = ["Entry", "Lost", "commit_from", "entry_of"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lost(DomainEvent):
    """Stands for a recorded event whose class this process does not know, or can no longer read."""

    type: str
    data: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A commit in parts, as the log holds it; the versions are not known before it has its place.

    *keys* says which entities changed, *body* what of them, and what was recorded; a receipt of a commit that the log
    no longer holds has no body.
    """

    head: bytes
    keys: bytes
    body: bytes


def entry_of(commit: Commit, shapes: Shapes) -> Entry:
    """Return the entry for *commit*; its position and versions stand elsewhere."""
    said = {"fingerprint": commit.fingerprint, "answer": commit.answer, "at": commit.at.isoformat()}
    head = b'{"command":' + commit.command.to_json().encode() + b"," + _json(said)[1:]
    keys = [[change.entity, change.id, list(change.hidden)] for change in commit.changes]
    changes = b",".join(
        b"[" + _plain(change.entity, change.before, shapes) + b"," + _plain(change.entity, change.after, shapes) + b"]"
        for change in commit.changes
    )
    recorded = _json([_recorded_row(fact) for fact in commit.recorded])
    return Entry(head, _json(keys), b'{"changes":[' + changes + b'],"recorded":' + recorded + b"}")


def _plain(entity: str, values: Mapping[str, Any] | None, shapes: Shapes) -> bytes:
    shape = shapes.named(entity)
    return b"null" if values is None or shape is None else shape.plain(values)


def commit_from(
    position: Position, versions: Sequence[int], entry: Entry, shapes: Shapes, *, replayed: bool = False
) -> Commit:
    """Return the commit that *entry* tells of; one that has no body names what changed, without values."""
    head, keys = json.loads(entry.head), json.loads(entry.keys)
    body: dict[str, Any] = (
        json.loads(entry.body) if entry.body else {"changes": [[None, None]] * len(keys), "recorded": []}
    )
    changes = tuple(
        [
            _change(key, version, values, shapes)
            for key, version, values in zip(keys, versions, body["changes"], strict=True)
        ]
    )
    at_version = {change.key: change.version for change in changes}
    recorded = [_recorded(data) for data in body["recorded"]]
    return Commit(
        position,
        Command.from_json(_json(head["command"])),
        head["fingerprint"],
        changes,
        tuple([replace(fact, version=at_version.get((fact.entity, fact.entity_id), 0)) for fact in recorded]),
        head["answer"],
        datetime.fromisoformat(head["at"]),
        replayed,
    )


def _change(key: Sequence[Any], version: int, values: Sequence[Any], shapes: Shapes) -> Change:
    """Return one change; a value that no longer fits its field is as hidden as a secret."""
    name, id, hidden = key
    before, after = values
    shape = shapes.named(name)
    if shape is not None:
        known, unfit = shape.revived(before or {})
        new, more = shape.revived(after or {})
        hidden = [*map(shape.present_name, hidden), *sorted(unfit | more)]
        before = None if before is None else _without(known, more)
        after = None if after is None else _without(new, unfit)
    return Change(name, id, version, before, after, tuple(hidden))


def _without(values: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names} if names else values


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _json(value: Any) -> bytes:
    return _encode(value).encode()


_ADAPTERS: dict[type[DomainEvent], TypeAdapter[Any]] = {}


def _adapter(kind: type[DomainEvent]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _name(kind: type[DomainEvent]) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _recorded_row(fact: Recorded) -> dict[str, Any]:
    event: object = fact.event
    if not isinstance(event, DomainEvent):
        raise EventError(
            f"{fact.entity} recorded {type(event).__name__}, which cannot be stored; derive it from DomainEvent"
        )
    if isinstance(event, Lost):
        data = {"type": event.type, "data": dict(event.data)}
    else:
        data = {"type": _name(type(event)), "data": _adapter(type(event)).dump_python(event, mode="json")}
    return {"id": fact.id, "entity": fact.entity, "entity_id": fact.entity_id, "at": fact.at.isoformat(), **data}


def _recorded(data: Mapping[str, Any]) -> Recorded:
    at = datetime.fromisoformat(data["at"])
    return Recorded(data["id"], data["entity"], data["entity_id"], 0, _event(data["type"], data["data"]), at)


def _event(name: str, data: Mapping[str, Any]) -> DomainEvent:
    for kind in _derived(DomainEvent):
        if _name(kind) == name:
            try:
                event: DomainEvent = _adapter(kind).validate_python(data)
            except ValidationError:
                break
            return event
    return Lost(type=name, data=data)


def _derived(kind: type[DomainEvent]) -> Iterator[type[DomainEvent]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _derived(sub)
