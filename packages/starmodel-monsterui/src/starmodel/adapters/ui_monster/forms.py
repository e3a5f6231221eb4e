"""Forms: each control with its label, its help and its errors, bound to it for those who listen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fastcore.xml import FT
from monsterui.franken import CheckboxX, Fieldset, FormLabel, Input, Legend, TextArea

from starmodel.core.ui import REMOVE, TAKES_AWAY, Attributes, Field, Link, Widget

from .basics import Basics
from .elements import actions_of, el, named

__all__ = ["Forms"]

_INPUTS: Final[Mapping[Widget, str]] = {"datetime": "datetime-local", "reference": "text"}


class Forms(Basics):
    """Draws forms and what they hold."""

    def form(self, fields: Sequence[Any], actions: Sequence[Any], /, *, attributes: Attributes) -> Any:
        """Return a form with its buttons at the end."""
        return named(el("form", *fields, *actions_of(actions), class_="mk-form"), attributes)

    def field(self, field: Field, /) -> Any:
        """Return the labelled control of a field."""
        if field.widget == "hidden":
            return named(
                el("input", type="hidden", id=field.id, name=field.name), {"value": field.value, **field.attributes}
            )
        if field.widget in {"group", "list"}:
            return self._group(field)
        label, control = self._label(field), _control(field)
        if field.widget == "file":
            return el("div", label, *self._file(field, control), *_notes(field), class_="mk-field", data_sm_file=True)
        check = field.widget == "checkbox"
        parts = (control, label) if check else (label, control)
        choices = [_suggestions(field)] if field.widget == "reference" and field.choices else []
        return el("div", *parts, *choices, *_notes(field), class_="mk-field mk-check" if check else "mk-field")

    def _file(self, field: Field, control: FT) -> list[FT]:
        """Return the control of a file between what is there and what is being sent."""
        now = [] if field.current is None else [self._now(field, field.current)]
        chosen = el("output", data_sm_chosen=True, data_ignore_morph=True)
        chosen.attrs["for"] = field.id
        bar = el("progress", max="1", hidden=True, aria_label=field.label)
        cancel = self.button(field.cancel, {"data-sm-cancel": True, "hidden": True}, icon="x")
        return [*now, control, chosen, el("div", bar, cancel, data_sm_sending=True)]

    def _now(self, field: Field, current: Link) -> FT:
        picture = [named(el("img", src=field.preview), {"alt": ""})] if field.preview else []
        shown = [*picture, self.link(current)]
        if field.required:
            return el("div", *shown, data_sm_now=True)
        box = named(CheckboxX(), {"type": "checkbox", "id": f"{field.id}-remove", "name": field.name, **TAKES_AWAY})
        box.attrs["value"] = REMOVE
        label = named(FormLabel(field.remove), {"for": f"{field.id}-remove"})
        return el("div", *shown, el("span", box, label, class_="mk-check"), data_sm_now=True)

    def _label(self, field: Field) -> FT:
        star = [el("span", " *", class_="mk-star", aria_hidden="true")] if field.required else []
        return named(FormLabel(field.label, *star, cls="sr-only" if field.hide_label else ""), {"for": field.id})

    def _group(self, field: Field) -> FT:
        inner = [self.field(one) for one in field.fields]
        if field.widget == "list":
            inner = self._items(field, inner)
        legend = named(Legend(field.label), {"class": "sr-only" if field.hide_label else None})
        made = Fieldset(legend, *inner, *_notes(field), cls="mk-group")
        bound = {"id": field.id, "aria-describedby": _described(field) or None}
        return named(made, {**bound, **field.attributes})

    def _items(self, field: Field, drawn: Sequence[Any]) -> list[FT]:
        items = [self._item(one, field.remove) for one in drawn]
        blank = [] if field.blank is None else [el("template", self._item(self.field(field.blank), field.remove))]
        add = self.button(field.add, {"data-sm-add": field.name}, icon="plus")
        return [named(el("div", *items), {"data-sm-items": field.name}), *blank, add]

    def _item(self, drawn: Any, word: str) -> FT:
        remove = self.button(word, {"data-sm-remove": True}, tone="quiet", icon="trash-2", bare=True)
        return el("div", drawn, remove, class_="mk-item")


def _control(field: Field) -> FT:
    made = _CONTROLS.get(field.widget, _input)(field)
    bound = {
        "id": field.id,
        "name": field.name,
        "required": field.required,
        "aria-describedby": _described(field) or None,
        "aria-invalid": "true" if field.errors else None,
    }
    return named(made, {**bound, **field.attributes})


def _input(field: Field) -> FT:
    made = named(Input(), {"type": _INPUTS.get(field.widget, field.widget)})
    if field.widget == "reference" and field.choices:
        made.attrs["list"] = f"{field.id}-choices"
    if field.widget not in {"file", "password"}:
        made.attrs["value"] = field.value
    return named(made, {"multiple": field.multiple})


def _textarea(field: Field) -> FT:
    # A browser drops one line break at the start, so one is put before a text that begins with one.
    return TextArea(f"\n{field.value}" if field.value.startswith("\n") else field.value)


def _checkbox(field: Field) -> FT:
    return named(CheckboxX(), {"checked": field.value == "true"})


def _select(field: Field) -> FT:
    chosen = field.values if field.multiple else (field.value,)
    options = [
        named(el("option", choice.label), {"value": choice.value, "selected": choice.value in chosen})
        for choice in field.choices
    ]
    return named(el("select", *options, class_="uk-select"), {"multiple": field.multiple})


_CONTROLS: Final[Mapping[Widget, Callable[[Field], FT]]] = {
    "textarea": _textarea,
    "checkbox": _checkbox,
    "select": _select,
}


def _suggestions(field: Field) -> FT:
    options = [named(el("option", choice.label), {"value": choice.value}) for choice in field.choices]
    return el("datalist", *options, id=f"{field.id}-choices")


def _described(field: Field) -> str:
    return " ".join(
        f"{field.id}-{part}" for part in ("help", "error") if (field.help if part == "help" else field.errors)
    )


def _notes(field: Field) -> list[FT]:
    advice = [el("p", field.help, id=f"{field.id}-help", class_="mk-help")] if field.help else []
    wrong = [el("p", " ".join(field.errors), id=f"{field.id}-error", class_="mk-error")] if field.errors else []
    return advice + wrong
