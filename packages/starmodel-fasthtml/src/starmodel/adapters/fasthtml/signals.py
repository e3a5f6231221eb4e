"""Fields shown through Datastar signals: only what changed travels, and only public fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcore.xml import FT

from starmodel.core.entity import Entity, fields_of
from starmodel.core.errors import DefinitionError, hint
from starmodel.core.snapshot import plain
from starmodel.core.visibility import Visibility

from .reading import current_page
from .signing import short_hash

if TYPE_CHECKING:
    from starmodel.core.ports import Codec

__all__ = ["show", "signal_name", "signal_value"]


def signal_name(kind: str, id: str) -> str:
    """Return the signal that holds the shown fields of an entity."""
    return f"{kind}_{short_hash(id)}"


def signal_value(value: Any, codec: Codec) -> Any:
    """Return a field's value as a signal can hold it: Datastar takes ``null`` for "delete", so none is sent."""
    return "" if value is None else codec.plain(value)


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
    value = getattr(base, field)
    text = "" if value is None else str(value)
    if page is None or page.stored(entity) is None:
        return FT("span", (text,), attributes)
    page.uses_signal((kind.__entity_name__, base.id), field)
    expression = f"${signal_name(kind.__entity_name__, base.id)}.{field}"
    return FT("span", (text,), {"data-text": expression, **attributes})
