"""The Command: the record of an event call, which a button holds, a queue carries and a log replays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from .errors import InvalidError, Problem
from .swift import swift

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["COMMAND_SCHEMA", "REDACTED", "Command", "as_text"]

COMMAND_SCHEMA = 1
"""Version of the stored form of a command; an older one is upcast when it is read."""

REDACTED = "***"
"""What stands in a stored command for the value of a secret argument."""

_TEXT = ("id", "entity", "event")


@swift
@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Command:
    """A request to run one event of one entity.

    Everything that changes data is one of these, whatever door it came through.  ``id``, ``actor`` and
    ``at`` (UTC) are filled in by the Dispatcher when they are not given; ``entity_id`` is ``None`` for an
    event of the class itself; ``base_version`` is the version the sender had before it, when it knows.
    """

    entity: str
    event: str
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])
    entity_id: str | None = None
    id: str = ""
    actor: str | None = None
    at: datetime | None = None
    base_version: int | None = None
    schema: int = COMMAND_SCHEMA

    def __repr__(self) -> str:
        """Show what it asks for without the values, since some are secret."""
        target = "" if self.entity_id is None else f" on {self.entity_id!r}"
        named = f", id {self.id!r}" if self.id else ""
        return f"<command {self.entity}.{self.event}({', '.join(map(str, self.args))}){target}{named}>"

    def on(self, entity_id: str, /) -> Self:
        """Return the same call aimed at the entity with this id."""
        return replace(self, entity_id=entity_id)

    def to_json(self, default: Callable[[Any], Any] | None = None) -> str:
        """Return the record as JSON; *default* turns argument values JSON does not know into ones it does.

        Without one, numbers, times, enums and ids become text, as a codec reads them again.
        """
        data = {
            "id": self.id,
            "entity": self.entity,
            "entity_id": self.entity_id,
            "event": self.event,
            "args": dict(self.args),
            "actor": self.actor,
            "at": None if self.at is None else self.at.isoformat(),
            "base_version": self.base_version,
            "schema": self.schema,
        }
        return (_encode if default is None else _encoder(default))(data)

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read a record back; :class:`~starmodel.core.errors.InvalidError` says what is wrong with a bad one."""
        try:
            data = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise InvalidError([Problem((), f"a command must be a JSON object: {error}", "json")]) from error
        if not isinstance(data, dict):
            raise InvalidError([Problem((), "a command must be a JSON object", "json")])
        problems = list(_problems(data))
        if problems:
            raise InvalidError(problems)
        known = {name: value for name, value in data.items() if name in cls.__dataclass_fields__}
        return cls(**{**known, "at": _moment(data.get("at"))})


def as_text(value: Any) -> Any:
    """Return an argument that JSON does not know as text that a codec reads back; TypeError for what has none."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _encoder(default: Callable[[Any], Any]) -> Callable[[Any], str]:
    return json.JSONEncoder(default=default, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode


_encode = _encoder(as_text)


def _problems(data: dict[str, Any]) -> list[Problem]:
    found = [Problem((name,), "must be text", "type") for name in _TEXT if not isinstance(data.get(name), str)]
    if not isinstance(data.get("args", {}), dict):
        found.append(Problem(("args",), "must be an object with the arguments by name", "type"))
    schema = data.get("schema", COMMAND_SCHEMA)
    if type(schema) is not int or not 1 <= schema <= COMMAND_SCHEMA:
        found.append(Problem(("schema",), f"this version reads up to {COMMAND_SCHEMA}; update StarModel", "schema"))
    found += [
        Problem((name,), "must be text or null", "type")
        for name in ("entity_id", "actor")
        if not isinstance(data.get(name), str | None)
    ]
    base = data.get("base_version")
    if base is not None and (type(base) is not int or base < 0):
        found.append(Problem(("base_version",), "must be a whole number, 0 or more, or null", "type"))
    if not _is_moment(data.get("at")):
        found.append(Problem(("at",), "must be an ISO 8601 time with its offset from UTC, or null", "type"))
    return found


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no number that JSON knows")


def _is_moment(text: Any) -> bool:
    try:
        moment = _moment(text)
    except (TypeError, ValueError):
        return False
    return moment is None or moment.tzinfo is not None


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
