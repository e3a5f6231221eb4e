"""Commits as rows of the log, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pydantic import TypeAdapter

from starmodel.core.changes import Change, Commit, Position
from starmodel.core.commands import Command
from starmodel.core.domain_events import DomainEvent
from starmodel.core.records import change_of, fact_from, fact_row

if TYPE_CHECKING:
    from sqlalchemy import Row

    from starmodel.core.domain_events import Recorded

    from .mapper import Tables

__all__ = ["ChangeRow", "change_rows", "commit_from", "fact_of", "log_row", "row_of"]


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
        "recorded": _json([row_of(fact) for fact in commit.recorded]) if commit.recorded else "[]",
        "answer": "null" if commit.answer is None else _json(commit.answer),
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
        tuple([fact_of(data) for data in json.loads(row.recorded)]),
        json.loads(row.answer),
        datetime.fromisoformat(row.at),
        replayed,
    )


def _change(row: Row[Any] | ChangeRow, tables: Tables) -> Change:
    before = None if row.before is None else json.loads(row.before)
    after = None if row.after is None else json.loads(row.after)
    key = (row.entity, row.entity_id, row.version)
    return change_of(tables.named(row.entity), key, before, after, row.hidden.split())


def row_of(fact: Recorded) -> dict[str, Any]:
    """Return a recorded event as JSON can hold it."""
    return fact_row(fact, _dumped)


def fact_of(data: Mapping[str, Any]) -> Recorded:
    """Return the recorded event that :func:`row_of` wrote."""
    return fact_from(data, _loaded)


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


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
