"""What opens beside a list: a dialog for our script, a page of its own for everybody else; and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastcore.xml import ft

from starmodel.adapters.fasthtml.markup import checked_tree, html_of
from starmodel.adapters.fasthtml.replies import send_see_other
from starmodel.adapters.fasthtml.wanting import is_ours
from starmodel.core.ui import Choice, Field, Link

from .call import Content
from .pieces import Piece

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from starmodel.core.ui import Tone

    from .call import PageCall
    from .shape import Shape

__all__ = [
    "back_to_list",
    "going_to",
    "hidden",
    "panel",
    "panel_form",
    "panel_link",
    "select",
    "submit",
    "unfit_panel",
    "with_pairs",
]

_PANEL = "sm-panel"
"""The id of the dialog that a panel is shown in."""


def panel(call: PageCall, shape: Shape, title: str, content: Sequence[Any], status: int = 200) -> Content | ASGIApp:
    """Return a panel: the dialog alone where our script asks for it, else a page."""
    if not is_ours(call.scope):
        parts = [
            call.kit.heading(title, actions=[back_to_list(call, shape, shape.path)]),
            call.kit.section("", content),
        ]
        return Content(title=title, parts=parts, status=status)
    drawn = call.kit.dialog(_PANEL, title, content, close=call.words("Close"))
    return Piece(html_of(checked_tree(drawn)), status)


def unfit_panel(call: PageCall, shape: Shape, title: str, error: Exception) -> Content | ASGIApp:
    """Return the panel of an address that asks for what there is not."""
    alert = call.kit.alert(call.words("That question does not fit"), str(error), level="error")
    return panel(call, shape, title, [alert], 400)


def panel_form(call: PageCall, address: str, content: Sequence[Any], *, clear: tuple[str, str]) -> Any:
    """Return the form of a panel: it shows the list that it asks for; *clear*, a label and an act, begins anew."""
    words, (label, does) = call.words, clear
    first = submit(call, words("Show"), "apply", hidden=True)  # what Enter means in any field
    show, rest = submit(call, words("Show"), "apply", tone="primary"), submit(call, label, does, tone="quiet")
    form = ft("form", first, *content, ft("div", show, rest, klass="sm-actions"), action=address)
    form.attrs["data-sm-panel-form"] = True
    return form


def back_to_list(call: PageCall, shape: Shape, address: str) -> Any:
    """Return the way back to a list at its *address*."""
    label = call.words("Back to {things}", things=call.words.within(call.words.label(shape.plural)))
    return call.kit.link(Link(label=label, href=address, icon="arrow-left"), tone="default")


def going_to(address: str) -> ASGIApp:
    """Return the answer that sends the browser to a page of ours."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send_see_other(send, address)

    return answer


def panel_link(call: PageCall, label: str, href: str, *, icon: str = "") -> Any:
    """Return the way to a panel."""
    return call.kit.link(Link(label=label, href=href, icon=icon, attributes={"data-sm-panel": True}), tone="default")


def with_pairs(path: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Return an address."""
    query = urlencode(list(pairs))
    return f"{path}?{query}" if query else path


def hidden(pairs: Iterable[tuple[str, str]]) -> list[Any]:
    """Return what a form sends along without showing it."""
    return [ft("input", void_=True, type="hidden", name=name, value=value) for name, value in pairs]


def select(name: str, label: str, value: str, choices: Sequence[Choice], **more: Any) -> Field:
    """Return what asks for one of several."""
    return Field(id=f"sm-{name}", name=name, label=label, widget="select", value=value, choices=choices, **more)


def submit(
    call: PageCall, label: str, does: str, *, tone: Tone = "default", icon: str = "", name: str = "do", **more: Any
) -> Any:
    """Return a button that sends its form and says what for."""
    attributes = {"type": "submit", "name": name, "value": does, **more}
    return call.kit.button(label, attributes, tone=tone, icon=icon)
