"""Commits as rows of the log, and back."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pydantic import TypeAdapter, ValidationError

from starmodel.core.changes import Change, Commit, Position
from starmodel.core.commands import Command
from starmodel.core.domain_events import DomainEvent, Recorded
from starmodel.core.errors import EventError

if TYPE_CHECKING:
    from sqlalchemy import Row

    from .mapper import Tables

__all__ = ["ChangeRow", "Lost", "change_rows", "commit_from", "log_row"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Lost(DomainEvent):
    """Stands for a recorded event whose class this process does not know, or can no longer read."""

    type: str
    data: Mapping[str, Any]


def log_row(commit: Commit, stored_at: float) -> dict[str, Any]:
    """Return the row of the log for *commit*."""
    command = commit.command
    return {
        "number": commit.position.number,
        "command_id": command.id,
        "entity": command.entity,
        "entity_id": command.entity_id,
        "event": command.event,
        "actor": command.actor,
        "at": commit.at.isoformat(),
        "stored_at": stored_at,
        "fingerprint": commit.fingerprint,
        "command": command.to_json(),
        "recorded": _json([_recorded_row(fact) for fact in commit.recorded]) if commit.recorded else "[]",
        "answer": _json(commit.answer),
    }


def change_rows(commit: Commit, tables: Tables) -> list[dict[str, Any]]:
    """Return the rows for what *commit* changed."""
    return [
        {
            "number": commit.position.number,
            "place": place,
            "entity": change.entity,
            "entity_id": change.id,
            "version": change.version,
            "before": _plain(change.entity, change.before, tables),
            "after": _plain(change.entity, change.after, tables),
            "hidden": " ".join(change.hidden),
        }
        for place, change in enumerate(commit.changes)
    ]


def _plain(entity: str, values: Mapping[str, Any] | None, tables: Tables) -> str | None:
    mapper = tables.named(entity)
    return None if values is None or mapper is None else _json(mapper.plain(values))


class ChangeRow(NamedTuple):
    """A row of changes, out of one that holds more."""

    entity: str
    entity_id: str
    version: int
    before: str | None
    after: str | None
    hidden: str

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        """Return the change in a row whose columns for it are called ``of_…``."""
        return cls(row.of_entity, row.of_entity_id, row.of_version, row.of_before, row.of_after, row.of_hidden)


def commit_from(epoch: str, row: Row[Any], changes: Sequence[Any], tables: Tables, *, replayed: bool) -> Commit:
    """Return the commit that a row of the log and its rows of changes tell of."""
    return Commit(
        Position(epoch, row.number),
        Command.from_json(row.command),
        row.fingerprint,
        tuple([_change(change, tables) for change in changes]),
        tuple([_recorded(data) for data in json.loads(row.recorded)]),
        json.loads(row.answer),
        datetime.fromisoformat(row.at),
        replayed,
    )


def _change(row: Row[Any] | ChangeRow, tables: Tables) -> Change:
    """Return what a row of changes tells; a value that no longer fits its field is as hidden as a secret."""
    mapper = tables.named(row.entity)
    before = None if row.before is None else json.loads(row.before)
    after = None if row.after is None else json.loads(row.after)
    hidden = row.hidden.split()
    if mapper is not None:
        known, unfit = mapper.revived(before or {})
        new, more = mapper.revived(after or {})
        hidden = [*map(mapper.present_name, hidden), *sorted(unfit | more)]
        before = None if before is None else _without(known, more)
        after = None if after is None else _without(new, unfit)
    return Change(row.entity, row.entity_id, row.version, before, after, tuple(hidden))


def _without(values: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names} if names else values


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


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
    data = {"type": event.type, "data": dict(event.data)} if isinstance(event, Lost) else _event_row(event)
    where = {"id": fact.id, "entity": fact.entity, "entity_id": fact.entity_id, "version": fact.version}
    return {**where, "at": fact.at.isoformat(), **data}


def _event_row(event: DomainEvent) -> dict[str, Any]:
    kind = type(event)
    return {"type": _name(kind), "data": _adapter(kind).dump_python(event, mode="json")}


def _recorded(data: Mapping[str, Any]) -> Recorded:
    at = datetime.fromisoformat(data["at"])
    event = _event(data["type"], data["data"])
    return Recorded(data["id"], data["entity"], data["entity_id"], data["version"], event, at)


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
