"""What a log has kept, read by the version of the classes that is here now: for stores that write their log down."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from .changes import Change
from .domain_events import DomainEvent, Recorded
from .errors import EventError

__all__ = ["Lost", "Revives", "change_of", "fact_from", "fact_row", "revived_by"]

Dump: TypeAlias = Callable[[DomainEvent], Any]
"""Returns the fields of a domain event as JSON can hold them."""

Load: TypeAlias = Callable[[type[DomainEvent], Mapping[str, Any]], DomainEvent]
"""Returns the domain event of a class from its fields; whatever it raises says that they do not fit."""


class Revives(Protocol):
    """Knows one class as it is now."""

    def revived(self, values: Mapping[str, Any], /) -> tuple[dict[str, Any], AbstractSet[str]]:
        """Return the values of fields that were kept, and the names of those that fit no longer."""

    def present_name(self, written: str, /) -> str:
        """Return what the field that was called *written* is called now."""


@dataclass(frozen=True, kw_only=True)
class Lost(DomainEvent):
    """Stands for a recorded event whose class this process does not know, or can no longer read."""

    type: str
    data: Mapping[str, Any]


def revived_by(
    revive: Callable[[str, Any], Any],
    values: Mapping[str, Any],
    *,
    fields: Container[str],
    secret: Container[str],
    present_name: Callable[[str], str],
) -> tuple[dict[str, Any], set[str]]:
    """Return the *values* of fields that were kept, each by *revive*, and the names of those that fit no longer.

    Another version of the class may have written them: a field has its present name, one that this version does
    not know stays as JSON has it, and none that is secret by now has a value.
    """
    known, unfit = {}, set()
    for written, value in values.items():
        name = present_name(written)
        if name in secret:
            unfit.add(name)
            continue
        try:
            known[name] = revive(name, value) if name in fields else value
        except (ValueError, TypeError):
            unfit.add(name)
    return known, unfit


def change_of(
    shape: Revives | None,
    key: tuple[str, str, int],
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    hidden: Sequence[str],
) -> Change:
    """Return one change of a log; a value that no longer fits its field is as hidden as a secret.

    *key* is the name of the class, the id and the version; *shape* knows the class, ``None`` where nobody does.
    """
    if shape is not None:
        known, unfit = shape.revived(before or {})
        new, more = shape.revived(after or {})
        hidden = [*map(shape.present_name, hidden), *sorted(unfit | more)]
        before = None if before is None else _without(known, more)
        after = None if after is None else _without(new, unfit)
    return Change(*key, before, after, tuple(hidden))


def _without(values: dict[str, Any], names: AbstractSet[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names} if names else values


def fact_row(fact: Recorded, dump: Dump) -> dict[str, Any]:
    """Return a recorded event as JSON can hold it; EventError for what is no DomainEvent."""
    event: object = fact.event
    if not isinstance(event, DomainEvent):
        raise EventError(
            f"{fact.entity} recorded {type(event).__name__}, which cannot be stored; derive it from DomainEvent"
        )
    if isinstance(event, Lost):
        data = {"type": event.type, "data": dict(event.data)}
    else:
        data = {"type": _name(type(event)), "data": dump(event)}
    where = {"id": fact.id, "entity": fact.entity, "entity_id": fact.entity_id, "version": fact.version}
    return {**where, "at": fact.at.isoformat(), **data}


def fact_from(row: Mapping[str, Any], load: Load) -> Recorded:
    """Return the recorded event of a row that :func:`fact_row` made, :class:`Lost` where its class does not read it."""
    event, at = _event(row["type"], row["data"], load), datetime.fromisoformat(row["at"])
    return Recorded(row["id"], row["entity"], row["entity_id"], row.get("version", 0), event, at)


def _event(name: str, data: Mapping[str, Any], load: Load) -> DomainEvent:
    for kind in _derived(DomainEvent):
        if _name(kind) == name:
            try:
                return load(kind, data)
            except Exception:  # noqa: BLE001  (the class may have code of its own, which another version's values upset)
                break
    return Lost(type=name, data=data)


def _name(kind: type[DomainEvent]) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _derived(kind: type[DomainEvent]) -> Iterator[type[DomainEvent]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _derived(sub)
