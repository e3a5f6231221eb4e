"""The controls of a form: one for each value, drawn from what is stored or from what was sent in vain."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starmodel.core.files import File, size_text
from starmodel.core.ui import Choice, Field, Link

from .limits import limits_of
from .spots import INDEX, Spot
from .writing import hint_of, is_json, text_of

if TYPE_CHECKING:
    from starmodel.adapters.fasthtml.nesting import FormValues
    from starmodel.core.files import Accept
    from starmodel.core.ports import Codec
    from starmodel.core.ui import Widget

    from .fields import FieldShape
    from .words import Words

__all__ = ["Controls"]

_NO_CHOICE = Choice(value="", label="—")
_TYPED = ("text", "textarea", "reference")
_SIGNS = (".", "@", "~", "?")


def _no_file(_reference: str) -> File | None:
    return None


@dataclass(frozen=True, slots=True)
class Controls:
    """Draws the controls of one form; *names* are what entities are called, by id; *wrong* are messages by name.

    *uploads_to* is the address that files are sent to, *files_at* the one of those that are stored; *file_of* finds the
    one that was sent with the form by its reference.
    """

    words: Words
    codec: Codec
    prefix: str
    names: Mapping[str, str]
    form: FormValues | None = None
    wrong: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    choices_at: Mapping[type[Any], str] = field(default_factory=dict[type[Any], str])
    uploads_to: str = ""
    files_at: str = ""
    file_of: Callable[[str], File | None] = _no_file

    def fields(self, shape: FieldShape, spot: Spot) -> list[Field]:
        """Return what asks for one value: its control, and before it the hidden fields that go with it."""
        if shape.accept is not None:
            return self._file(shape, shape.accept, spot)
        if shape.target is not None:
            return self._list(_of_references(shape), spot) if shape.many else self._reference(shape, spot)
        if is_json(shape, spot.value):
            return self._leaf(dataclasses.replace(shape, widget="textarea"), spot)
        if shape.widget == "list" and shape.item is not None:
            return self._list(shape, spot)
        if shape.widget == "group" and shape.members:
            return self._group(shape, spot)
        return self._several(shape, spot) if shape.many else self._leaf(shape, spot)

    def id_of(self, name: str) -> str:
        """Return the id of the control called *name*."""
        return f"{self.prefix}-{name.replace('.', '-')}"

    def choice(self, name: str, label: str, offered: Mapping[str, str], *, about: str) -> Field:
        """Return the control that decides which of two values of a field holds."""
        choices = [Choice(value=value, label=text) for value, text in offered.items()]
        id = f"{self.id_of(name)}-choice"
        return Field(id=id, name=f"{name}?", label=label, widget="select", choices=choices, help=about)

    def _sent(self, spot: Spot) -> Any:
        return None if self.form is None else self.form.sent.get(spot.sent)

    def _text(self, shape: FieldShape, spot: Spot) -> str:
        if shape.secret:
            return ""
        sent = self._sent(spot)
        return sent if isinstance(sent, str) else text_of(spot.value, shape, self.words, self.codec)

    def _control(self, shape: FieldShape, spot: Spot, **more: Any) -> Field:
        made: dict[str, Any] = {
            "id": self.id_of(spot.name),
            "name": spot.name,
            "label": self.words.label(shape.label),
            "widget": shape.widget,
            "help": self._help(shape),
            "errors": self.wrong.get(spot.name, ()),
            "required": shape.required and not shape.optional and not spot.relaxed,
            "attributes": limits_of(shape),
        }
        made |= more
        if made["widget"] in _TYPED:
            made["attributes"] = {**made["attributes"], "dir": "auto"}  # as what is typed is read
        if spot.is_extra:
            made["attributes"] = {**made["attributes"], "data-sm-extra": True}
        return Field(**made)

    def _help(self, shape: FieldShape) -> str:
        if shape.help:
            return self.words.label(shape.help)
        return self.words("As hours, minutes and seconds: 1:30:00") if shape.kind is timedelta else ""

    def _hidden(self, name: str, value: str, id: str = "") -> Field:
        return Field(id=id or f"{self.prefix}-{name}", name=name, label="", widget="hidden", value=value)

    # -- one value -------------------------------------------------------------------------------------------------

    def _leaf(self, shape: FieldShape, spot: Spot) -> list[Field]:
        text = self._text(shape, spot)
        hint = hint_of(spot.value, shape, self.words, self.codec, is_change=spot.is_change)
        before = [self._hidden(f"{spot.name}@", hint)] if hint else []
        widget = _widget(shape, text)
        if widget == "checkbox":
            off = self._hidden(spot.name, "false", f"{self.prefix}-{spot.name}-off")
            is_on = text in ("true", "on", "1")
            return [off, self._control(shape, spot, widget=widget, value="true" if is_on else "", required=False)]
        attributes = {**limits_of(shape), **({"data-sm-hint": hint} if INDEX in spot.name and hint else {})}
        made = self._control(
            shape, spot, widget=widget, value=text, choices=self._choices(shape, text), attributes=attributes
        )
        return [*before, made]

    def _choices(self, shape: FieldShape, text: str) -> Sequence[Choice]:
        found = [Choice(value=one.value, label=self.words.label(one.label)) for one in shape.choices]
        if shape.kind is bool:
            found = [Choice(value="true", label=self.words("Yes")), Choice(value="false", label=self.words("No"))]
        return [_NO_CHOICE, *found] if found and (shape.optional or not text) else found

    def _several(self, shape: FieldShape, spot: Spot) -> list[Field]:
        """Return a select that takes several; a mark beside it says that it is there, also when nothing is chosen."""
        item = shape.item or shape
        kept = [text_of(one, item, self.words, self.codec) for one in spot.value or ()]
        sent = self._sent(spot)
        values = kept if self.form is None else [sent] if isinstance(sent, str) else list(sent or ())
        control = self._control(shape, spot, widget="select", multiple=True, values=tuple(values))
        control = dataclasses.replace(control, choices=self._choices(dataclasses.replace(shape, optional=False), "x"))
        return [self._hidden(f"{spot.name}.", ""), dataclasses.replace(control, required=False)]

    def _reference(self, shape: FieldShape, spot: Spot) -> list[Field]:
        """Return a control that shows what an entity is called, and a hidden one that holds its id."""
        id = self._text(shape, spot)
        called = self.names.get(id, id)
        typed = called
        if self.form is not None and spot.sent in self.form.typed:
            typed, called = self.form.typed[spot.sent]
        blank = hint_of(spot.value, shape, self.words, self.codec, is_change=spot.is_change)
        hint = "&".join(filter(None, (blank, urlencode({"named": called}))))
        attributes = {"autocomplete": "off"}
        if shape.target is not None and shape.target in self.choices_at:
            attributes |= {
                "role": "combobox",
                "aria-autocomplete": "list",
                "aria-expanded": "false",
                "data-sm-choices": self.choices_at[shape.target],
            }
        if INDEX in spot.name and blank:
            attributes["data-sm-hint"] = blank
        control = self._control(shape, spot, widget="reference", value=typed, attributes=attributes)
        control = dataclasses.replace(control, name=f"{spot.name}~")
        return [
            self._hidden(spot.name, id, f"{control.id}-id"),
            self._hidden(f"{spot.name}@", hint, f"{control.id}-hint"),
            control,
        ]

    def _file(self, shape: FieldShape, accept: Accept, spot: Spot) -> list[Field]:
        """Return the control of a file, before it what it was last sent as."""
        sent = self._sent(spot)
        waiting = self.file_of(sent) if isinstance(sent, str) else None
        attributes = {"accept": None if accept.types == "*/*" else accept.types}
        if self.uploads_to:
            attributes |= {
                "data-sm-upload": f"{self.uploads_to}/{spot.name}",
                "data-sm-most": str(accept.max_bytes),
                "data-sm-too-large": accept.too_large,
            }
        control = self._control(shape, spot, attributes=attributes, **self._current(spot, waiting))
        reference = self._hidden(spot.name, sent if waiting is not None else "", f"{control.id}-reference")
        return [
            self._hidden(f"{spot.name}@", "file=1&blank=skip", f"{control.id}-hint"),
            dataclasses.replace(reference, attributes={"data-preserve-attr": "value"}),
            control,
        ]

    def _current(self, spot: Spot, waiting: File | None) -> dict[str, Any]:
        """Return what a control says of the file that is there: the one that was sent, else the one that is stored."""
        words = {"remove": self.words("Remove"), "cancel": self.words("Cancel")}
        file = waiting or spot.value
        if not isinstance(file, File):
            return words
        label = f"{file.name} ({size_text(file.size)})"
        href = "" if waiting is not None or not self.files_at else f"{self.files_at}/{spot.name}"
        preview = f"{href}?{file.key[:8]}" if href and file.is_image else ""
        return {**words, "current": Link(label=label, href=href), "preview": preview}

    # -- values inside of values -----------------------------------------------------------------------------------

    def _group(self, shape: FieldShape, spot: Spot) -> list[Field]:
        drawn = self._members(shape, spot)
        if spot.value is None and (shape.optional or spot.may_be_blank):
            blank = dataclasses.replace(self, form=None)._members(shape, spot)  # noqa: SLF001  (its own)
            start = len(spot.name) + 1
            told = {name[start:]: text for name, text in _leaves(blank) if text}
            drawn = [*([self._hidden(f"{spot.name}.", urlencode(told))] if told else []), *drawn]
        return [self._control(shape, spot, fields=drawn, required=False, attributes={})]

    def _members(self, shape: FieldShape, spot: Spot) -> list[Field]:
        found: list[Field] = []
        may_be_nothing = spot._replace(relaxed=spot.relaxed or shape.optional)
        for member in shape.members:
            made = None if spot.value is not None or member.default is None else member.default()
            value = made if spot.value is None else getattr(spot.value, member.name, None)
            found += self.fields(member, may_be_nothing.part(member.name, value))
        return found

    def _list(self, shape: FieldShape, spot: Spot) -> list[Field]:
        """Return a list with its items, and one more to be filled in where no script can add it."""
        item = shape.item or shape
        before: list[Field] = [self._hidden(f"{spot.name}.", "")]
        items: list[Field] = []
        places = list(self._items(spot))
        for number, place in enumerate([*places, spot.next(str(len(places)))._replace(relaxed=True, is_extra=True)], 1):
            *hidden, control = self.fields(
                dataclasses.replace(item, label=f"{self.words.label(item.label)} {number}"), place
            )
            before += hidden
            items.append(_as_item(control))
        blank = _as_item(self.fields(item, spot.next(INDEX))[-1])
        add, remove = self.words("Add"), self.words("Remove")
        made = {"widget": "list", "fields": items, "blank": blank, "required": False, "attributes": {}}
        return [*before, self._control(shape, spot, add=add, remove=remove, **made)]

    def _items(self, spot: Spot) -> Iterator[Spot]:
        kept = list(spot.value or ())
        if self.form is None:
            yield from (spot.part(str(number), value) for number, value in enumerate(kept))
            return
        for number, index in enumerate(self.form.indexes(spot.sent)):
            yield spot.part(str(number), kept[index] if index < len(kept) else None, str(index))


def _as_item(control: Field) -> Field:
    return control if control.widget == "group" else dataclasses.replace(control, hide_label=True)


def _of_references(shape: FieldShape) -> FieldShape:
    item = dataclasses.replace(shape, many=False, required=True, optional=False, help="")
    return dataclasses.replace(shape, widget="list", item=item, target=None)


def _widget(shape: FieldShape, text: str) -> Widget:
    if shape.secret:
        return "password"
    if shape.kind is bool and shape.optional:
        return "select"
    return "textarea" if shape.widget == "text" and "\n" in text else shape.widget


def _leaves(fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    """Yield what the controls would send if nobody touched them."""
    for one in fields:
        if one.name.endswith(_SIGNS):
            continue
        if one.fields or one.widget in ("group", "list"):
            yield from _leaves(one.fields)
        elif one.widget == "checkbox":
            yield one.name, one.value or "false"
        else:
            yield one.name, one.value
