"""What there is to see of one value: its control, its choices, its parts, and what it is called."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from starmodel.core.annotations import marks_of, members_of
from starmodel.core.entity import Entity
from starmodel.core.errors import QueryError
from starmodel.core.files import Accept, accept_of
from starmodel.core.marks import Shown
from starmodel.core.relations import target_of
from starmodel.core.secrecy import holds_secrets
from starmodel.core.ui import Choice, Widget
from starmodel.core.visibility import Visibility, visibility_of

__all__ = ["FieldShape", "label_of", "shape_of"]

_LONG = ("body", "content", "description", "details", "notes", "note", "text", "comment", "summary", "bio", "message")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")
_FOLLOWED = re.compile(r"_ids?$")
_WIDGETS: Mapping[type, Widget] = {
    Enum: "select",
    bool: "checkbox",
    int: "number",
    float: "number",
    Decimal: "number",
    datetime: "datetime",
    date: "date",
    time: "time",
}
_NUMBERS = (int, float, Decimal)
_HOLDERS = (list, tuple, set, frozenset)
_LEVELS = 6


def label_of(name: str) -> str:
    """Return a name of the program as people write it: ``due_date`` and ``dueDate`` are "Due date"."""
    words = [word if word.isupper() and len(word) > 1 else word.lower() for word in _WORDS.split(name) if word]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class FieldShape:
    """One value: a field of an entity, a member of a value in it, or an argument of an event.

    *kind* is the one type it has besides ``None``, or ``None`` for several.  *target* is the class whose id it holds;
    *members* are those of a nested value, *item* the shape of one of a list.  *accept* is which files it takes,
    ``None`` for what is no file.  *default* makes what it is when nothing is given; ``None`` where that cannot be said.
    """

    name: str
    label: str
    kind: Any
    widget: Widget
    optional: bool
    required: bool
    secret: bool = False
    choices: Sequence[Choice] = ()
    target: type[Entity] | None = None
    many: bool = False
    members: Sequence[FieldShape] = ()
    item: FieldShape | None = None
    help: str = ""
    when: Mapping[str, Any] | None = None
    accept: Accept | None = None
    default: Callable[[], Any] | None = field(default=None, repr=False)
    annotation: Any = field(default=None, repr=False)

    @property
    def numeric(self) -> bool:
        """True for what is aligned by its digits."""
        return isinstance(self.kind, type) and self.kind is not bool and issubclass(self.kind, _NUMBERS)

    @property
    def has_none(self) -> bool:
        """True for a text that may be none, which is another value than an empty one."""
        return self.optional and self.kind is str and self.target is None

    @property
    def is_sorted_by(self) -> bool:
        """True for what a list can be sorted by: one value."""
        return self.widget not in ("list", "group", "file") and not self.many

    def ids(self, value: Any) -> list[str]:
        """Return the ids that a value of a reference holds: none, one, or several of a list."""
        return [one for one in (value if self.many else [value]) or () if isinstance(one, str) and one]


def shape_of(
    name: str, annotation: Any, kind: type[Entity] | None, *, required: bool, levels: int = _LEVELS
) -> FieldShape:
    """Return the shape of a value of this *annotation*; what it says by :class:`starmodel.core.Shown` wins.

    Members are shown as many *levels* deep: a type may hold values of its own type.
    """
    members = [member for member in members_of(annotation) if member is not NoneType]
    alone = members[0] if len(members) == 1 else None
    target = _target(name, alone, kind)
    shape = FieldShape(
        name=name,
        label=label_of(_FOLLOWED.sub("", name) if target is not None else name),
        kind=alone,
        widget="reference" if target is not None else _widget(name, annotation, alone),
        optional=NoneType in members_of(annotation),
        required=required and alone is not bool,
        choices=tuple(_choices(alone)),
        target=target,
        many=get_origin(alone) in _HOLDERS,
        members=tuple(_members(alone, levels)) if target is None and levels else (),
        secret=holds_secrets(annotation),
        accept=accept_of(annotation, name),
        annotation=annotation,
    )
    if shape.accept is not None:
        shape = dataclasses.replace(shape, widget="file", members=())
    if shape.many and target is None:
        shape = _listed(shape, levels)
    marked = next((mark for mark in reversed(marks_of(annotation)) if isinstance(mark, Shown)), None)
    if marked is None:
        return shape
    label, widget = marked.label or shape.label, marked.widget or shape.widget
    return dataclasses.replace(shape, label=label, widget=widget, help=marked.help, when=marked.when)


def _listed(shape: FieldShape, levels: int) -> FieldShape:
    (part, *_) = get_args(shape.kind) or (str,)
    item = shape_of(shape.name, part, None, required=True, levels=max(0, levels - 1))
    return dataclasses.replace(shape, widget="select" if item.choices else "list", choices=item.choices, item=item)


def _target(name: str, alone: Any, kind: type[Entity] | None) -> type[Entity] | None:
    """Return the class whose entity is named by id: by a reference of the class, or by an argument of its type."""
    inner = get_args(alone)[0] if get_origin(alone) is list and get_args(alone) else alone
    if isinstance(inner, type) and issubclass(inner, Entity):
        return inner
    if kind is None:
        return None
    try:
        return target_of(kind, name)
    except QueryError:  # the class of that name is not there (yet): it is shown as the id it is
        return None


def _widget(name: str, annotation: Any, kind: Any) -> Widget:
    if not isinstance(kind, type):
        return "select" if any(_choices(kind)) else "text"
    for base, widget in _WIDGETS.items():
        if issubclass(kind, base):
            return widget
    if dataclasses.is_dataclass(kind) or hasattr(kind, "model_fields"):
        return "group"
    return _text_widget(name, annotation) if kind is str else "text"


def _text_widget(name: str, annotation: Any) -> Widget:
    longest = next(
        (n for mark in marks_of(annotation) if isinstance(n := getattr(mark, "max_length", None), int)), None
    )
    last = name.rpartition("_")[2]
    if last in ("email", "url"):
        return "email" if last == "email" else "url"
    return "textarea" if last in _LONG and (longest is None or longest > 120) else "text"


def _choices(kind: Any) -> Iterator[Choice]:
    if isinstance(kind, type) and issubclass(kind, Enum):
        for one in kind:
            yield Choice(value=str(one.value), label=label_of(str(one.name).lower()))
    elif str(get_origin(kind)) == "typing.Literal":
        for value in get_args(kind):
            yield Choice(value=str(value), label=label_of(str(value)))


def _members(kind: Any, levels: int) -> Iterator[FieldShape]:
    """Yield the members of a nested value; what is private stays on the server there too."""
    for name, annotation, default in _declared(kind):
        if visibility_of(annotation) is not Visibility.PRIVATE:
            shape = shape_of(name, annotation, None, required=default is None, levels=levels - 1)
            yield dataclasses.replace(shape, default=default)


def _declared(kind: Any) -> Iterator[tuple[str, Any, Callable[[], Any] | None]]:
    """Yield name, annotation and default of what a nested value is made of."""
    if not isinstance(kind, type):
        return
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        for one in dataclasses.fields(kind):
            yield one.name, hints[one.name], _default_of(one)
    elif isinstance(infos := getattr(kind, "model_fields", None), dict):
        hints = get_type_hints(kind, include_extras=True)
        for name, info in infos.items():
            make = None if info.is_required() else functools.partial(info.get_default, call_default_factory=True)
            yield name, hints.get(name, info.annotation), make


def _default_of(one: dataclasses.Field[Any]) -> Callable[[], Any] | None:
    if one.default_factory is not dataclasses.MISSING:
        return one.default_factory
    return None if one.default is dataclasses.MISSING else lambda: one.default
