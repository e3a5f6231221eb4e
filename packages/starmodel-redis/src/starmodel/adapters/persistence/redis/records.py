"""Commits as entries of the log, and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from starmodel.core.changes import Change, Commit, Position
from starmodel.core.commands import Command
from starmodel.core.domain_events import DomainEvent
from starmodel.core.records import change_of, fact_from, fact_row

if TYPE_CHECKING:
    from starmodel.core.domain_events import Recorded

    from .shapes import Shapes

__all__ = ["Entry", "commit_from", "entry_of", "fact_of", "row_of"]


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
    recorded = _json([row_of(fact) for fact in commit.recorded])
    return Entry(head, _json(keys), b'{"changes":[' + changes + b'],"recorded":' + recorded + b"}")


def _plain(entity: str, values: Mapping[str, Any] | None, shapes: Shapes) -> bytes:
    shape = shapes.named(entity)
    return b"null" if values is None or shape is None else shape.plain(values)


def commit_from(position: Position, versions: bytes, entry: Entry, shapes: Shapes) -> Commit:
    """Return the commit that *entry* tells of; one that has no body names what changed, without values.

    *versions* are those of what changed, with commas between them.
    """
    head, keys = json.loads(entry.head), json.loads(entry.keys)
    body: dict[str, Any] = (
        json.loads(entry.body) if entry.body else {"changes": [[None, None]] * len(keys), "recorded": []}
    )
    changes = tuple(
        [
            _change(key, int(version), values, shapes)
            for key, version, values in zip(
                keys, versions.split(b",") if versions else (), body["changes"], strict=True
            )
        ]
    )
    at_version = {change.key: change.version for change in changes}
    recorded = [fact_of(data) for data in body["recorded"]]
    return Commit(
        position,
        Command.from_json(_json(head["command"])),
        head["fingerprint"],
        changes,
        tuple([replace(fact, version=at_version.get((fact.entity, fact.entity_id), 0)) for fact in recorded]),
        head["answer"],
        datetime.fromisoformat(head["at"]),
    )


def _change(key: Sequence[Any], version: int, values: Sequence[Any], shapes: Shapes) -> Change:
    name, id, hidden = key
    before, after = values
    return change_of(shapes.named(name), (name, id, version), before, after, hidden)


def row_of(fact: Recorded) -> dict[str, Any]:
    """Return a recorded event as JSON can hold it."""
    return fact_row(fact, _dumped)


def fact_of(data: Mapping[str, Any]) -> Recorded:
    """Return the recorded event that :func:`row_of` wrote."""
    return fact_from(data, _loaded)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _json(value: Any) -> bytes:
    return _encode(value).encode()


_ADAPTERS: dict[type[DomainEvent], TypeAdapter[Any]] = {}


def _adapter(kind: type[DomainEvent]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _dumped(event: DomainEvent) -> Any:
    return _adapter(type(event)).dump_python(event, mode="json")


def _loaded(kind: type[DomainEvent], data: Mapping[str, Any]) -> DomainEvent:
    event: DomainEvent = _adapter(kind).validate_python(data)
    return event
