"""The form of an event as it is drawn: a page, or a dialog over one, with what was wrong in it."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.adapters.fasthtml.markup import Raw, checked_tree, html_of
from starmodel.adapters.fasthtml.pages import live_address
from starmodel.adapters.fasthtml.wanting import is_ours
from starmodel.app.uploading import upload_path
from starmodel.core.errors import NotFoundError, Problem
from starmodel.core.events import DEFAULT_BODIES
from starmodel.core.ui import Field, Link

from .buttons import event_path, form_path
from .call import Content
from .controls import Controls
from .describing import as_text
from .documents import KEY
from .pieces import Piece
from .replaced import Own, own_page
from .showing import holds
from .spots import Spot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import ASGIApp

    from starmodel.adapters.fasthtml.nesting import FormValues
    from starmodel.app import Handler, Refusal
    from starmodel.core.files import File
    from starmodel.core.query import Stored

    from .call import PageCall
    from .fields import FieldShape
    from .replacing import PageName
    from .shape import Shape

__all__ = ["FormView", "shows_entity"]

_FINE = 200
_PAGES: Mapping[str, PageName] = {"create": "new", "update": "edit"}
"""Which page the form of an event is, where it is one that an application may replace."""


def shows_entity(handler: Handler) -> bool:
    """Tell whether an event is given fields of the entity: its form begins with what they are."""
    return not handler.event.of_class and (handler.event.takes_fields or handler.event.name == "update")


@dataclass(frozen=True, slots=True)
class FormView:
    """One form as it is drawn."""

    call: PageCall
    shape: Shape
    handler: Handler
    stored: Stored[Any] | None
    asked: Sequence[FieldShape]
    spots: dict[str, Spot]
    back: str
    form: FormValues | None = None
    refusal: Refusal | None = None
    base: str = ""
    """The version that what stands in it was filled from, where that is another than the one that is stored."""

    @property
    def title(self) -> str:
        """What the form does, and to what."""
        words, name = self.call.words, self.handler.event.name
        thing = words.label(self.shape.label)
        if name == "create":
            return words("New {thing}", thing=words.within(thing))
        if self.stored is None:
            return self.shape.event_label(name, words)
        called = words.isolated(self.shape.called(self.stored.entity))
        if name == "update":
            return words("Edit {name}", name=called)
        return f"{self.shape.event_label(name, words)}: {called}"

    async def shown(self, status: int = 200) -> Content | ASGIApp:
        """Return the form for whoever asks: as a page, and for our script as a dialog.

        It stands in the application's own page, where there is one.  One that is no form of ours shows nothing of
        what was refused, and is a page also for our script.
        """
        is_dialog, usual = is_ours(self.call.scope), partial(self._usual, status)
        page = _PAGES.get(self.handler.event.name)
        own = None if page is None else self.shape.own.pages.get(page)
        found = None if own is None else await own_page(self.call, self.shape, own, usual)
        if found is None or not (found.has_usual or status == _FINE):
            found = Own(await usual(), has_usual=True)
        if not isinstance(found.made, Content):
            return found.made
        made = found.made if status == _FINE else replace(found.made, status=status)
        return Piece(self._dialog(made)) if is_dialog and found.has_usual else made

    async def _usual(self, status: int) -> Content:
        kit, is_dialog = self.call.kit, is_ours(self.call.scope)
        parts = [*self._before(), self._form(is_dialog=is_dialog)]
        if not is_dialog:
            parts = [kit.heading(self.title), kit.section("", parts)]
        return Content(title=self.title, parts=parts, status=status)

    def _dialog(self, content: Content) -> str:
        """Return a dialog; it tells where what it shows is kept up to date."""
        live = live_address(self.call.read, self.call.runtime, self.call.scope)
        attributes: dict[str, Any] = {"data-sm-form-dialog": True, "data-preserve-attr": "open"}
        if live is not None:
            attributes |= {"data-live": live.url, "data-after": live.after}
        id, close = f"{self._prefix}-dialog", self.call.words("Close")
        drawn = self.call.kit.dialog(id, content.title, content.parts, close=close, attributes=attributes)
        return html_of(checked_tree(drawn))

    def cell(self, name: str) -> str:
        """Return the form of one field alone; NotFoundError when the event does not take it."""
        found = next((one for one in self.asked if one.name == name), None)
        if found is None or self.stored is None:
            raise NotFoundError(self.shape.name, name)
        controls = replace(self._controls(), prefix=f"{self._prefix}-cell")
        fields = [replace(one, hide_label=True) for one in controls.fields(found, self.spots[name])]
        attributes = {
            "method": "post",
            "action": event_path(self.shape, self.handler, self.call.id),
            "novalidate": True,
            "data-sm-form": self._done(),
            "data-base": str(self.stored.version),
        }
        kit = self.call.kit
        drawn = [self.shape.own.drawn(kit, one) for one in fields]
        return html_of(checked_tree(kit.form(drawn, [], attributes=attributes)))

    @property
    def _prefix(self) -> str:
        return f"{self.shape.name.lower()}-{self.handler.event.name}"

    def _before(self) -> list[Any]:
        """Return what stands above the form: what went wrong, or what its event does."""
        if self.refusal is not None:
            return [self._summary(self.refusal)]
        options, words = self.handler.event.options, self.call.words
        if self.handler.event.fn in DEFAULT_BODIES:
            if self.handler.event.name != "delete":
                return []
            return [
                ft("p", words("Delete it? It is gone for everybody; you can undo this as long as the log reaches."))
            ]
        text = options.confirm or (inspect.getdoc(self.handler.event.fn) or "").partition("\n\n")[0]
        return [ft("p", words(" ".join(text.split())))] if text else []

    def _summary(self, refusal: Refusal) -> Any:
        """Return what went wrong, with the way to each field that it went wrong at."""
        words, controls = self.call.words, self._controls()
        listed: list[Any] = []
        for problem in refusal.errors:
            name = self._name_of(problem)
            label = words.label(self._label(name)) if name else ""
            text = f"{label}: {problem.message}" if label else problem.message
            where = f"#{controls.id_of(name)}" if name else ""
            listed += [ft("br", void_=True)] if listed else []
            listed.append(ft("a", text, href=where) if where else text)
        detail = ft("span", *listed) if listed else refusal.detail
        alert = self.call.kit.alert(refusal.title, detail, level="error")
        # Who has no scripts is led to it by the browser.
        return alert if is_ours(self.call.scope) else ft("div", alert, tabindex="-1", autofocus=True)

    def _name_of(self, problem: Problem) -> str:
        """Return the dotted name of the field a problem is at, ``""`` when it is at none of this form."""
        top = str(problem.loc[0]) if problem.loc else ""
        return ".".join(map(str, problem.loc)) if any(one.name == top for one in self.asked) else ""

    def _label(self, name: str) -> str:
        top, *_ = name.split(".")
        found = next(one for one in self.asked if one.name == top)
        for step in name.split(".")[1:]:
            found = next((one for one in found.members if one.name == step), found.item or found)
        return found.label

    def _controls(self) -> Controls:
        wrong: dict[str, list[str]] = {}
        for problem in self.refusal.errors if self.refusal is not None else ():
            name = self._name_of(problem)
            if name:
                wrong.setdefault(name, []).append(problem.message)
        call, site = self.call, self.call.site
        places = {shape.kind: f"{shape.path}/choices" for shape in site.shapes}
        return Controls(
            call.words,
            call.runtime.app.codec,
            self._prefix,
            call.names,
            self.form,
            wrong,
            places,
            upload_path(event_path(self.shape, self.handler, call.id), "").rstrip("/"),
            f"{self.shape.path}/{call.id}/files" if self.stored is not None and shows_entity(self.handler) else "",
            self._file_of,
        )

    def _file_of(self, reference: str) -> File | None:
        """Return the file that was sent with this form before it was refused; our script knows that by itself."""
        if is_ours(self.call.scope):
            return None
        found = self.call.runtime.app.files.named(reference, self.call.read.actor)
        return found[0] if found is not None and found[1] else None

    def _form(self, *, is_dialog: bool) -> Any:
        call, kit, handler = self.call, self.call.kit, self.handler
        address = event_path(self.shape, handler, call.id)
        shows = self.stored if shows_entity(handler) else None
        version = None if shows is None else self.base or str(shows.version)
        attributes: dict[str, Any] = {
            "id": f"{self._prefix}-form",
            "method": "post",
            "novalidate": True,  # the server checks, and says it in the words of every other door
            "action": address if version is None else f"{address}?_base={version}",
            "data-sm-form": self._done(),
            "data-sm-check": form_path(self.shape, handler.event.name, call.id),
        }
        if self.handler.files:
            attributes["enctype"] = "multipart/form-data"
        if version is not None:
            attributes["data-base"] = version
        hidden = [_hidden("_key", KEY if not is_dialog else ""), _hidden("_form", self.back)]
        drawn = [*hidden, *self._drawn()]
        return kit.form(drawn, self._buttons(is_dialog=is_dialog), attributes=attributes)

    def _done(self) -> str:
        """Return what is said when it was done."""
        words, name = self.call.words, self.handler.event.name
        usual = {"create": words("Created"), "update": words("Saved"), "delete": words("Deleted")}
        return usual.get(name) or words("{what}: done", what=self.shape.event_label(name, words))

    def _drawn(self) -> list[Any]:
        controls, kit = self._controls(), self.call.kit
        drawn: list[Any] = []
        conflicts = {} if self.refusal is None else self.refusal.conflicts
        for one in self.asked:
            pieces = [self.shape.own.drawn(kit, field) for field in controls.fields(one, self.spots[one.name])]
            if one.name in conflicts:
                pieces.append(kit.field(self._choice(controls, one, conflicts[one.name][0])))
            drawn += [self._conditional(one, pieces)] if one.when is not None else pieces
        return drawn

    def _conditional(self, shape: FieldShape, pieces: list[Any]) -> Any:
        when = json.dumps(self.call.runtime.app.codec.plain(shape.when), ensure_ascii=False)
        values = {name: spot.value for name, spot in self.spots.items()}
        is_off = self.form is None and not holds(shape.when or {}, values)  # of what was sent, the script knows
        return ft("div", *pieces, **{"data-sm-when": when, "data-sm-off": is_off})

    def _choice(self, controls: Controls, shape: FieldShape, theirs: Any) -> Field:
        """Return the choice between what was sent and what somebody else has stored meanwhile."""
        words = self.call.words
        shown = "***" if theirs == "***" else as_text(theirs, shape, self.call)
        return controls.choice(
            shape.name,
            words("{label}: which one?", label=words.label(shape.label)),
            {"yours": words("Keep yours"), "theirs": words("Take theirs: {value}", value=shown)},
            about=words("Somebody else has stored: {value}", value=words.isolated(shown)),
        )

    def _buttons(self, *, is_dialog: bool) -> list[Any]:
        words, kit, name = self.call.words, self.call.kit, self.handler.event.name
        label = words("Save") if name == "update" else self.shape.event_label(name, words)
        send = kit.button(label, {"type": "submit"}, tone="danger" if name == "delete" else "primary")
        if is_dialog:
            return [send, kit.button(words("Cancel"), {"data-sm-close": True}, tone="quiet")]
        return [send, kit.link(Link(label=words("Cancel"), href=self.back), tone="quiet")]


def _hidden(name: str, value: str) -> Any:
    return ft("input", void_=True, type="hidden", name=name, value=Raw(value) if name == "_key" else value)
