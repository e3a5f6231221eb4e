"""Fields shown through Datastar signals: only what changed travels, and only public fields."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from fastcore.xml import FT, Span

from starmodel.app.signing import short_hash
from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, hint
from starmodel.core.snapshot import plain
from starmodel.core.visibility import Visibility

from .reading import current_page

__all__ = ["field_name", "show", "shown_values", "signal_name", "signal_value"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")
_LARGEST = 2**53 - 1


def signal_name(kind: str, id: str) -> str:
    """Return the signal that holds the shown fields of an entity."""
    return f"{_plain_name(kind)}_{short_hash(id)}"


def field_name(field: str) -> str:
    """Return the name of a field within its entity's signal."""
    return _plain_name(field)


def _plain_name(name: str) -> str:
    """Return *name*, or a stand-in where Datastar would read something else in it."""
    return name if _NAME.fullmatch(name) else f"x{short_hash(name)}"


def signal_value(value: Any) -> Any:
    """Return a field's value as a signal: what a browser shows of it is what the page showed.

    So only text and numbers that a browser shows alike travel as they are.  ``None`` is no text: to Datastar ``null``
    means "delete".
    """
    if value is None:
        return ""
    if isinstance(value, str) or (type(value) is int and abs(value) <= _LARGEST):
        return value
    return str(value)


def shown_values(entity: Entity, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the signal of an entity with these fields of it; what is not public is left out."""
    infos = fields_of(type(entity))
    public = [name for name in sorted(names) if infos[name].visibility is Visibility.PUBLIC]
    values = {field_name(name): signal_value(getattr(entity, name)) for name in public}
    return {signal_name(type(entity).__entity_name__, entity.id): values}


def show(entity: Entity, field: str, **attributes: Any) -> FT:
    """Return a ``<span>`` with the value of one public field, kept up to date by a signal of its own.

    Lighter than a view where one number changes often: only the value travels.
    """
    base = plain(entity)
    kind = type(base)
    infos = fields_of(kind)
    if field not in infos or infos[field].visibility is not Visibility.PUBLIC:
        public = [name for name, info in infos.items() if info.visibility is Visibility.PUBLIC]
        raise DefinitionError(f"{kind.__name__} has no public field {field!r} to show; {hint(field, public)}")
    page = current_page.get()
    text = str(signal_value(getattr(base, field)))
    if page is None or page.stored(entity) is None:
        return Span(text, **attributes)
    page.uses_signal((kind.__entity_name__, base.id), field)
    expression = f"${signal_name(kind.__entity_name__, base.id)}.{field_name(field)}"
    return Span(text, **{"data-text": expression, **attributes})
