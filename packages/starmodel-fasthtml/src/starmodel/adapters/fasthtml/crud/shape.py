"""What there is to see of a class: its fields as columns, facts and controls, its events as actions, its words."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from starmodel.core.annotations import marks_of
from starmodel.core.entity import Entity, fields_of
from starmodel.core.marks import Indexed, Unique
from starmodel.core.query import text_fields
from starmodel.core.visibility import Visibility

from .fields import FieldShape, label_of, shape_of
from .replacing import OwnParts
from .words import later

if TYPE_CHECKING:
    from starmodel.app import Catalog, Handler
    from starmodel.core.parameters import Parameter

    from .words import Words

__all__ = ["Shape", "plural_of"]

_NAMING = ("title", "name", "label", "subject", "headline", "email", "code")
_EVENTS = {
    "create": later("Create"),
    "update": later("Edit"),
    "delete": later("Delete"),
    "undo": later("Undo"),
    "redo": later("Redo"),
}
_FEW_COLUMNS = 6


def plural_of(noun: str) -> str:
    """Return what many of *noun* are called in English; a class says its own with ``model_config["plural"]``."""
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(s|x|z|ch|sh)$", noun) else f"{noun}s"


class Shape:
    """What pages show of the class *kind*; made once."""

    def __init__(self, kind: type[Entity], catalog: Catalog, own: OwnParts | None = None) -> None:
        self.kind, self.own = kind, own or OwnParts()
        self.name = kind.__entity_name__
        self.path = f"/{self.name.lower()}"
        config = kind.__entity_config__
        self.label: str = config.get("label") or label_of(kind.__name__)
        self.plural: str = config.get("plural") or plural_of(self.label)
        self.icon: str = config.get("icon") or "table-2"
        self._catalog = catalog
        self._parameters: dict[str, tuple[FieldShape, ...]] = {}

    @cached_property
    def fields(self) -> Mapping[str, FieldShape]:
        """The public fields without the id, in the order of the class."""
        infos = fields_of(self.kind)
        return {
            name: self._renamed(shape_of(name, info.annotation, self.kind, required=info.default is None))
            for name, info in infos.items()
            if name != "id" and info.visibility is Visibility.PUBLIC
        }

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The fields that a list shows unless somebody chooses others: the naming one first, no long texts."""
        if self.own.columns:
            return self.own.columns
        small = [name for name, one in self.fields.items() if one.widget not in ("textarea", "group", "list")]
        first = [self.naming] if self.naming else []
        return tuple([*first, *(name for name in small if name not in first)][:_FEW_COLUMNS])

    @cached_property
    def naming(self) -> str:
        """The field that an entity is called by; ``""`` when it has only its id."""
        texts = [name for name, one in self.fields.items() if one.kind is str and one.widget != "reference"]
        return next((name for name in _NAMING if name in texts), texts[0] if texts else "")

    @cached_property
    def order(self) -> tuple[str, ...]:
        """How a list is ordered unless somebody chooses otherwise: by an index, the newest first.

        Ids are in the order in which they were made, so that of the ids always knows which came last.
        """
        indexed = [
            name
            for name, one in self.fields.items()
            if any(isinstance(mark, Indexed | Unique) and mark.group is None for mark in marks_of(one.annotation))
        ]
        dated = next((name for name in indexed if self.fields[name].widget in ("datetime", "date")), "")
        if dated:
            return (f"-{dated}",)
        return (self.naming,) if self.naming in indexed else ("-id",)

    @cached_property
    def search_fields(self) -> tuple[str, ...]:
        """The fields that a search looks at."""
        return text_fields(self.kind)

    @cached_property
    def references(self) -> Mapping[str, type[Entity]]:
        """The classes that its fields refer to, by field."""
        return {name: one.target for name, one in self.fields.items() if one.target is not None}

    @property
    def events(self) -> Mapping[str, Handler]:
        """All of its events by name."""
        return self._catalog.handlers(self.kind)

    @cached_property
    def handlers(self) -> Mapping[str, Handler]:
        """Its events by name, without those that the application offers on no page."""
        return {name: one for name, one in self.events.items() if name not in self.own.hidden}

    @cached_property
    def actions(self) -> tuple[Handler, ...]:
        """The events of one entity that are buttons: what the program declared, neither the defaults nor reading."""
        own = [one for name, one in self.handlers.items() if name not in ("update", "delete")]
        return tuple(one for one in own if not one.event.of_class and not one.reads_only)

    @cached_property
    def bulk_events(self) -> Mapping[str, Handler]:
        """The events that can be done to many: those of one entity that change something, and take no file."""
        found = {one.event.name: one for one in self.actions if not one.files}
        if "delete" in self.handlers:
            found["delete"] = self.handlers["delete"]
        return found

    @cached_property
    def class_actions(self) -> tuple[Handler, ...]:
        """The events of the class itself, besides *create*, *undo* and *redo*."""
        own = [one for name, one in self.handlers.items() if name not in ("create", "undo", "redo")]
        return tuple(one for one in own if one.event.of_class and not one.reads_only)

    def is_edited(self, field: str) -> bool:
        """Tell whether *field* can be changed where it stands in a list."""
        is_large = self.fields[field].many or self.fields[field].accept is not None
        return not is_large and self.is_in_form(field)

    def is_in_form(self, field: str) -> bool:
        """Tell whether *field* can be changed in the form of *update*."""
        return "update" in self.handlers and any(one.name == field for one in self.parameters("update"))

    def event_label(self, name: str, words: Words) -> str:
        """Return what an event is called in the reader's language."""
        if name in self.own.labels:
            return words.label(self.own.labels[name])
        return words(_EVENTS[name]) if name in _EVENTS else words.label(label_of(name))

    def parameters(self, event: str) -> tuple[FieldShape, ...]:
        """Return the shapes of what an event takes."""
        if event not in self._parameters:
            self._parameters[event] = tuple(self._argument(one) for one in self.events[event].parameters)
        return self._parameters[event]

    def _argument(self, parameter: Parameter) -> FieldShape:
        required = parameter.default is None and not parameter.optional
        shape = shape_of(parameter.name, parameter.annotation, self.kind, required=required)
        shape = self._renamed(dataclasses.replace(shape, default=parameter.default))
        if not parameter.secret:
            return shape
        return dataclasses.replace(shape, secret=True, widget="password" if shape.accept is None else "file")

    def _renamed(self, shape: FieldShape) -> FieldShape:
        """Return *shape* called as the application calls the field of that name."""
        label = self.own.labels.get(shape.name)
        return dataclasses.replace(shape, label=label) if label else shape

    def called(self, entity: Entity) -> str:
        """Return what *entity* is called."""
        name = getattr(entity, self.naming, None) if self.naming else None
        return str(name) if name else f"{self.label} {entity.id[-8:]}"
