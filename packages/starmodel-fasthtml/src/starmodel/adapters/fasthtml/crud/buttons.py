"""What runs an event from a page: a button, or the way to a form where it takes something or has a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.core.ui import Link, Tone

if TYPE_CHECKING:
    from starmodel.app import Handler
    from starmodel.core.ui import UIAdapter

    from .shape import Shape
    from .words import Words

__all__ = ["action_button", "command_button", "event_path", "form_link", "form_path", "has_form", "select_box"]


def event_path(shape: Shape, handler: Handler, id: str = "") -> str:
    """Return the address that an event is sent to."""
    tail = (handler.event.options.path or handler.event.name).strip("/")
    return f"{shape.path}/{tail}" if handler.event.of_class else f"{shape.path}/{id}/{tail}"


def form_path(shape: Shape, event: str, id: str = "") -> str:
    """Return the address of the form of an event: of the entity *id*, or of the class."""
    return f"{shape.path}/{id}/do/{event}" if id else f"{shape.path}/do/{event}"


def has_form(handler: Handler) -> bool:
    """Tell whether an event takes something, or is asked about before it is done."""
    return bool(handler.parameters or handler.event.options.confirm or handler.event.name == "delete")


def action_button(
    kit: UIAdapter,
    shape: Shape,
    handler: Handler,
    id: str,
    words: Words,
    *,
    tone: Tone = "quiet",
    icon: str = "",
    within: str = "",
) -> Any:
    """Return what runs an event of the entity *id*, or of the class; *within* is what its label begins with."""
    name = handler.event.name
    label = shape.event_label(name, words)
    if within:
        label = f"{within}: {label}"
    if has_form(handler):
        return form_link(kit, label, form_path(shape, name, id), tone=tone, icon=icon)
    attributes: dict[str, Any] = {
        "type": "submit",
        "form": "sm-form",
        "formaction": event_path(shape, handler, id),
        "data-sm-send": True,
    }
    return kit.button(label, attributes, tone=tone, icon=icon)


def command_button(
    kit: UIAdapter,
    shape: Shape,
    handler: Handler,
    label: str,
    argument: tuple[str, str],
    *,
    tone: Tone = "quiet",
    icon: str = "",
) -> Any:
    """Return what runs an event of the class with one *argument*, its name and its value."""
    name, value = argument
    attributes = {
        "type": "submit",
        "form": "sm-form",
        "formaction": event_path(shape, handler),
        "name": name,
        "value": value,
        "data-sm-send": True,
    }
    return kit.button(label, attributes, tone=tone, icon=icon)


def form_link(kit: UIAdapter, label: str, href: str, *, tone: Tone | None = None, icon: str = "") -> Any:
    """Return the way to a form: it opens in a dialog, and without scripts as a page."""
    return kit.link(Link(label=label, href=href, icon=icon, attributes={"data-sm-dialog": True}), tone=tone)


def select_box(id: str, name: str, words: Words) -> Any:
    """Return the box that picks the entity *id*, called *name*, for what is done to several."""
    attributes = {"id": f"sm-box-{id}", "aria-label": words("Select {name}", name=name)}
    return ft("input", void_=True, type="checkbox", name="id", value=id, form="sm-bulk", **attributes)
