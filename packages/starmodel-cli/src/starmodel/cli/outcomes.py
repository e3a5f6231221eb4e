"""What a command did or would do, as lines for people and as a document for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from starmodel.app import Application, Preview, Result
from starmodel.app.doors import shown
from starmodel.core.changes import Change
from starmodel.core.entity import fields_of
from starmodel.core.showing import with_shown
from starmodel.core.visibility import Visibility

__all__ = ["document_of", "lines_of"]


def lines_of(application: Application, outcome: Result | Preview) -> Iterator[str]:
    """Yield what became of a command: each entity with each changed field; nothing that is private or secret."""
    changes = _changes(outcome)
    if isinstance(outcome, Preview):
        yield "Nothing was stored. This would change:" if changes else "Nothing would change."
    elif outcome.replayed:
        yield "It had taken effect before; this is what it changed then:"
    elif not changes and outcome.returned is None:
        yield "Nothing changed."
    for change in changes:
        yield from _told(application, change)
    returned = _returned(application, outcome)
    if returned is not None:
        yield f"→ {_inert(str(returned))}"


def _inert(text: str) -> str:
    """Return *text* with everything escaped by which it could steer a terminal: a visitor may have written it."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def document_of(application: Application, outcome: Result | Preview) -> Mapping[str, Any]:
    """Return what became of a command, as JSON holds it; what is private or secret is named, without its value."""
    return {
        "command": outcome.command.id,
        "dry_run": isinstance(outcome, Preview),
        "replayed": isinstance(outcome, Result) and outcome.replayed,
        "changes": [_document(application, change) for change in _changes(outcome)],
        "returned": _returned(application, outcome),
    }


def _changes(outcome: Result | Preview) -> tuple[Change, ...]:
    if isinstance(outcome, Preview):
        return outcome.changes
    return outcome.commit.changes if outcome.commit is not None else ()


def _told(application: Application, change: Change) -> Iterator[str]:
    document = _document(application, change)
    before, after = document["before"], document["after"]
    if after is None:
        yield f"- {change.entity} {change.id} is deleted"
        return
    if before is None:
        yield f"+ {change.entity} {change.id} is new"
    else:
        yield f"~ {change.entity} {change.id}, version {change.version}"
    for name, value in after.items():
        if name != "id":
            yield f"    {name}: {value!r}" if before is None else f"    {name}: {before.get(name)!r} → {value!r}"
    for name in document["hidden"]:
        yield f"    {name}: not shown"


def _document(application: Application, change: Change) -> dict[str, Any]:
    kind = application.catalog.kind(change.entity)
    infos = fields_of(kind)
    closed = {name for name in change.fields if name not in infos or infos[name].visibility is not Visibility.PUBLIC}

    def public(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        return {name: _plain(application, value) for name, value in values.items() if name not in closed}

    return {
        "entity": change.entity,
        "id": change.id,
        "version": change.version,
        "before": public(change.before),
        "after": public(change.after),
        "hidden": sorted(closed),
    }


def _returned(application: Application, outcome: Result | Preview) -> Any:
    """Return what the event answered; an entity is told by its change already."""
    return shown(outcome.returned, application.codec)


def _plain(application: Application, value: Any) -> Any:
    """Return *value* as JSON holds it, entities by their public side; a text in its place where JSON cannot."""
    try:
        return application.codec.plain(with_shown(value, lambda one: application.codec.dump(one, public=True)))
    except (TypeError, ValueError):
        return f"<{type(value).__name__}>"
