"""Values as pages show them: text of the reader's language, escaped, in the kit's manner."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from html import escape
from typing import TYPE_CHECKING, Any

from starmodel.adapters.fasthtml.markup import checked_tree, html_of
from starmodel.core.entity import Entity
from starmodel.core.files import File, size_text

if TYPE_CHECKING:
    from starmodel.core.ui import UIAdapter

    from .fields import FieldShape
    from .words import Words

__all__ = ["NOTHING", "Painter"]

NOTHING = "—"
_LONGEST = 200
_MOST_PARTS = 5


class Painter:
    """Draws the values of fields for readers of one language; pieces that come again are drawn once."""

    def __init__(self, kit: UIAdapter, words: Words) -> None:
        self._kit, self.words = kit, words
        self._badges: dict[tuple[str, str | None], str] = {}

    def html(self, value: Any, field: FieldShape, *, short: bool = False) -> str:
        """Return *value* as HTML; a *short* one fits into the cell of a table."""
        if field.secret:
            return "•••"
        kind = type(value)
        if kind is str and not field.choices:
            return self._text(value, short=short)
        if kind is bool:
            return self._badge(self.words("Yes") if value else self.words("No"), "success" if value else None)
        if field.choices and not field.many:
            text = next((c.label for c in field.choices if c.value == _plain(value)), None)
            return NOTHING if text is None else self._badge(self.words.label(text), None)
        return self._other(value, field, short=short)

    def fact(
        self, value: Any, field: FieldShape, names: Mapping[str, str], *, short: bool = False, at: str = ""
    ) -> str:
        """Return *value* as HTML, what it refers to by its name: *names* are those of the entities by id.

        *at* is the address of the entity whose value it is now: a file leads to what is stored there.
        """
        if isinstance(value, File) and at:
            return _file(value, f"{at}/files/{field.name}", short=short)
        if field.target is not None:
            return ", ".join(self._linked(field.target, id, names) for id in field.ids(value)) or NOTHING
        html = self.html(value, field, short=short)
        return f'<div class="sm-text">{html}</div>' if field.widget == "textarea" and value and not short else html

    def _other(self, value: Any, field: FieldShape, *, short: bool) -> str:
        match value:
            case None:
                return NOTHING
            case File():
                return f"<bdi>{escape(value.name)}</bdi> ({size_text(value.size)})"
            case int() | float() | Decimal():
                return escape(self.words.number(value))
            case datetime() | date() | time() | timedelta():
                return self._moment(value)
            case list() | tuple() | set() | frozenset():
                return self._several(list(value), field, short=short)
            case _:
                return self._nested(value, field, short=short)

    def _moment(self, value: Any) -> str:
        if isinstance(value, timedelta):
            return escape(self.words.moment(value))
        return f'<time datetime="{value.isoformat()}">{escape(self.words.moment(value))}</time>'

    def _several(self, values: list[Any], field: FieldShape, *, short: bool) -> str:
        if not values:
            return NOTHING
        item = field.item or field
        parts = [self.html(value, item, short=short) for value in (values[:_MOST_PARTS] if short else values)]
        more = f" +{len(values) - _MOST_PARTS}" if short and len(values) > _MOST_PARTS else ""
        joint = " " if item.choices else ", "
        return joint.join(parts) + more if short or not item.members else "".join(f"<div>{one}</div>" for one in parts)

    def _nested(self, value: Any, field: FieldShape, *, short: bool) -> str:
        if not field.members:
            return self._text(_as_text(value), short=short)
        pairs = [
            (
                self.words.isolated(self.words.label(one.label)),
                self.html(getattr(value, one.name, None), one, short=True),
            )
            for one in field.members
        ]
        if short:
            return ", ".join(text for _, text in pairs if text != NOTHING) or NOTHING
        return "<br>".join(f"{escape(label)}: {text}" for label, text in pairs)

    def _text(self, value: str, *, short: bool) -> str:
        html = _text(value, short=short)
        return f"<bdi>{html}</bdi>" if self.words.turns(value) else html

    def _linked(self, target: type[Entity], id: str, names: Mapping[str, str]) -> str:
        name = names.get(id)
        if name is None:
            return NOTHING
        html = f"<bdi>{escape(name)}</bdi>" if self.words.turns(name) else escape(name)
        if not target.__entity_config__.get("pages", True):
            return html
        return f'<a href="/{target.__entity_name__.lower()}/{escape(id)}">{html}</a>'

    def _badge(self, text: str, level: Any) -> str:
        key = text, level
        if key not in self._badges:
            self._badges[key] = html_of(checked_tree(self._kit.badge(text, level=level)))
        return self._badges[key]


def _file(file: File, address: str, *, short: bool) -> str:
    """Return the way to a stored file, with a picture for one that is shown."""
    href = f"{address}?{file.key[:8]}"  # another one is at another address, so that an open page shows it at once
    size = "" if short else f" ({size_text(file.size)})"
    kind = "sm-thumb" if short else "sm-picture"
    picture = f'<img src="{href}" alt="" loading="lazy" class="{kind}"> ' if file.is_image else ""
    return f'<a href="{href}" class="sm-stored">{picture}<bdi>{escape(file.name)}</bdi></a>{size}'


def _plain(value: Any) -> str:
    return str(value.value) if isinstance(value, Enum) else str(value)


def _text(value: str, *, short: bool) -> str:
    if not value:
        return NOTHING
    return escape(value[: _LONGEST - 1] + "…" if short and len(value) > _LONGEST else value)


def _as_text(value: Any) -> str:
    """Return a value whose type says nothing about its parts; of an entity, or of any object, no more than its name."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_as_text(part)}" for key, part in value.items())
    if isinstance(value, Entity):
        return value.id
    return type(value).__name__ if dataclasses.is_dataclass(value) else _plain(value)
