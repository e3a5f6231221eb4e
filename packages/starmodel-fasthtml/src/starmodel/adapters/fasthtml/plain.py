"""The plain kit: pages as HTML alone can draw them, with the style sheet that pages without a kit have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastcore.xml import FT, ft

from starmodel.core.ui import REMOVE, TAKES_AWAY, Attributes, Column, Entry, Field, Frame, Level, Link, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PlainKit"]

_STYLES = Path(__file__).parent / "assets" / "src"
_CLASSES: Mapping[Tone, str] = {"default": "secondary", "primary": "primary", "danger": "danger", "quiet": "quiet"}
_INPUTS = {"datetime": "datetime-local", "reference": "text"}
_NONE: Attributes = {}


def _el(tag: str, *children: Any, **attributes: Any) -> FT:
    """Return an element; an attribute that is ``None``, ``False`` or ``""`` is left out."""
    kept = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items() if value not in (None, "")}
    shown = {name: value for name, value in kept.items() if value is not False}
    return ft(tag, *children, void_=tag == "input", **shown)


def _with(element: FT, attributes: Attributes) -> FT:
    element.attrs.update(
        {name: value for name, value in attributes.items() if value is not None and value is not False}
    )
    return element


def _actions(actions: Sequence[Any]) -> list[FT]:
    return [_el("div", *actions, class_="sm-actions")] if actions else []


class PlainKit:
    """Implements :class:`starmodel.core.ui.UIAdapter`; it has no icons."""

    styles: Mapping[str, Path] = {"starmodel.css": _STYLES / "starmodel.css"}
    scripts: Mapping[str, Path] = {}

    def page(self, frame: Frame, content: Sequence[Any], /) -> Any:
        """Return the frame of a page around its content."""
        links = [self.link(link) for link in frame.links]
        header = _el(
            "header",
            _el("a", frame.brand, href=frame.home, class_="brand"),
            *([_el("nav", *links, aria_label=frame.words.get("menu", "Menu"))] if links else ()),
            *frame.tools,
        )
        skip = _el("a", frame.words.get("skip", "Skip to content"), href="#sm-content", class_="sm-skip")
        return _el("div", skip, header, _el("div", *content, id="sm-content", tabindex="-1"), class_="sm-frame")

    def heading(self, title: str, /, *, subtitle: str = "", actions: Sequence[Any] = ()) -> Any:
        """Return the head of a page."""
        below = [_el("p", subtitle, class_="muted")] if subtitle else []
        return _el("div", _el("div", _el("h1", title), *below), *_actions(actions), class_="sm-head")

    def section(self, title: str, content: Sequence[Any], /, *, actions: Sequence[Any] = (), id: str = "") -> Any:
        """Return a part of a page in a box."""
        head = [_el("div", _el("h2", title), *_actions(actions), class_="sm-head")] if title else []
        return _el("section", *head, *content, class_="card", id=id)

    def toolbar(self, content: Sequence[Any], /) -> Any:
        """Return a line of controls."""
        return _el("div", *content, class_="row")

    def button(
        self, label: str, attributes: Attributes, /, *, tone: Tone = "default", icon: str = "", bare: bool = False
    ) -> Any:
        """Return a button; without icons even a bare one shows its label."""
        del icon, bare
        return _with(_el("button", label, type="button", class_=_CLASSES[tone]), attributes)

    def link(self, link: Link, /, *, tone: Tone | None = None) -> Any:
        """Return a link."""
        shown = _el(
            "a",
            link.label,
            href=link.href,
            class_="" if tone is None else _CLASSES[tone],
            aria_current="page" if link.current else None,
        )
        return _with(shown, link.attributes)

    def menu(self, label: str, items: Sequence[Any], /, *, icon: str = "", bare: bool = False) -> Any:
        """Return a button that opens a list."""
        del icon, bare
        return _el("details", _el("summary", label), _el("div", *items), class_="menu")

    def table(
        self,
        id: str,
        columns: Sequence[Column],
        rows: Sequence[Any],
        /,
        *,
        label: str = "",
        attributes: Attributes = _NONE,
    ) -> Any:
        """Return a table that scrolls sideways where there is no room."""
        head = _el("thead", _el("tr", *map(self._head, columns)))
        body = _with(_el("tbody", *rows, id=id), attributes)
        return _el(
            "div",
            _el("table", head, body, aria_label=label),
            class_="sm-table",
            tabindex="0",
            role="region",
            aria_label=label,
        )

    def _head(self, column: Column) -> FT:
        arrow = {"ascending": " ↑", "descending": " ↓"}.get(column.direction, "")
        shown = _el("a", column.label + arrow, href=column.href) if column.href else column.label
        cell = _el("th", shown, scope="col", class_="num" if column.numeric else "", aria_sort=column.direction)
        return _with(cell, column.attributes)

    def row(self, id: str, cells: Sequence[Any], /, *, attributes: Attributes = _NONE) -> Any:
        """Return one row."""
        return _with(_el("tr", *cells, id=id), attributes)

    def cell(self, content: Any, /, *, attributes: Attributes = _NONE, numeric: bool = False) -> Any:
        """Return one cell."""
        inner = _actions(content) if isinstance(content, list | tuple) else [content]
        return _with(_el("td", *inner, class_="num" if numeric else ""), attributes)

    def pager(self, summary: Any, previous: Link | None, following: Link | None, /) -> Any:
        """Return what stands below a list."""
        ways = [self.link(link, tone="default") for link in (previous, following) if link is not None]
        return _el("div", _el("div", summary), _el("div", *ways, class_="sm-actions"), class_="sm-pager")

    def form(self, fields: Sequence[Any], actions: Sequence[Any], /, *, attributes: Attributes) -> Any:
        """Return a form."""
        return _with(_el("form", *fields, *_actions(actions)), attributes)

    def field(self, field: Field, /) -> Any:
        """Return the labelled control of a field."""
        if field.widget == "hidden":
            return self._control(field)
        if field.widget in ("group", "list"):
            return self._fieldset(field)
        label = _el("label", field.label, *([" *"] if field.required else []), for_=field.id)
        control = self._control(field)
        if field.hide_label and field.widget != "file":
            control.attrs["aria-label"] = field.label
            return _el("div", control, *self._notes(field), class_="sm-field")
        if field.widget == "file":
            return self._file(field, label, control)
        parts = (control, label) if field.widget == "checkbox" else (label, control)
        return _el("div", *parts, *self._notes(field), class_="sm-field")

    def _file(self, field: Field, label: FT, control: FT) -> FT:
        if field.hide_label:
            label, control.attrs["aria-label"] = "", field.label
        kept = [] if field.current is None else [self._current(field, field.current)]
        if field.current is not None and not field.required:
            box = _el("input", type="checkbox", id=f"{field.id}-remove", name=field.name, value=REMOVE)
            box = _with(box, TAKES_AWAY)
            kept.append(_el("span", box, _el("label", field.remove, for_=box.attrs["id"])))
        now = [_el("div", *kept, data_sm_now=True)] if kept else []
        chosen = _el("output", for_=field.id, data_sm_chosen=True, data_ignore_morph=True)
        bar = _el("progress", max="1", hidden=True, aria_label=field.label)
        cancel = self.button(field.cancel, {"data-sm-cancel": True, "hidden": True})
        parts = (label, *now, control, chosen, _el("div", bar, cancel, data_sm_sending=True), *self._notes(field))
        return _el("div", *parts, class_="sm-field", data_sm_file=True)

    def _current(self, field: Field, current: Link) -> FT:
        picture = [_with(_el("img", src=field.preview), {"alt": ""})] if field.preview else []
        return self.link(current) if not picture else _el("span", *picture, " ", self.link(current))

    def _notes(self, field: Field) -> list[FT]:
        advice = [_el("p", field.help, id=f"{field.id}-help", class_="muted")] if field.help else []
        wrong = [_el("p", " ".join(field.errors), id=f"{field.id}-error", class_="sm-error")] if field.errors else []
        return advice + wrong

    def _fieldset(self, field: Field) -> FT:
        inner = [self.field(one) for one in field.fields]
        if field.widget == "list":
            items = [self._item(one, field.remove) for one in inner]
            blank = [] if field.blank is None else [_el("template", self._item(self.field(field.blank), field.remove))]
            add = self.button(field.add, {"data-sm-add": field.name})
            inner = [_el("div", *items, data_sm_items=field.name), *blank, add]
        return _with(
            _el("fieldset", _el("legend", field.label), *inner, *self._notes(field), id=field.id), field.attributes
        )

    def _item(self, drawn: Any, word: str) -> FT:
        remove = self.button(word, {"data-sm-remove": True}, tone="quiet")
        return _el("div", drawn, remove, class_="sm-item")

    def _control(self, field: Field) -> FT:
        described = [f"{field.id}-help"] if field.help else []
        described += [f"{field.id}-error"] if field.errors else []
        common = {
            "id": field.id,
            "name": field.name,
            "required": field.required,
            "aria_describedby": " ".join(described),
            "aria_invalid": "true" if field.errors else None,
        }
        match field.widget:
            case "textarea":
                # A browser drops one line break at the start.
                made = _el("textarea", f"\n{field.value}" if field.value.startswith("\n") else field.value, **common)
            case "select":
                chosen = field.values if field.multiple else (field.value,)
                options = [_el("option", c.label, selected=c.value in chosen) for c in field.choices]
                for option, choice in zip(options, field.choices, strict=True):
                    option.attrs["value"] = choice.value
                made = _el("select", *options, multiple=field.multiple, **common)
            case "checkbox":
                made = _el("input", type="checkbox", checked=field.value == "true", **common)
            case widget:
                made = _el("input", type=_INPUTS.get(widget, widget), **common)
                if widget != "file":
                    made.attrs["value"] = field.value
        return _with(made, field.attributes)

    def dialog(
        self, id: str, title: str, content: Sequence[Any], /, *, close: str = "Close", attributes: Attributes = _NONE
    ) -> Any:
        """Return a native dialog."""
        out = _el("form", self.button(close, {"type": "submit"}, tone="quiet"), method="dialog")
        head = _el("div", _el("h2", title, id=f"{id}-title"), out, class_="sm-head")
        return _with(_el("dialog", head, *content, id=id, aria_labelledby=f"{id}-title"), attributes)

    def badge(self, text: str, /, *, level: Level | None = None) -> Any:
        """Return a short word set off from the text."""
        return _el("span", text, class_="badge", data_level=level)

    def icon(self, name: str, /) -> Any:
        """Return nothing: the plain kit has no icons."""
        del name
        return ""

    def alert(self, title: str, detail: Any, /, *, level: Level = "info", actions: Sequence[Any] = ()) -> Any:
        """Return a message that stays."""
        role = "alert" if level == "error" else "status"
        return _el(
            "div",
            _el("strong", title),
            *([] if detail in {None, ""} else [_el("p", detail)]),
            *_actions(actions),
            class_="alert",
            data_level=level,
            role=role,
        )

    def empty(self, title: str, text: str, /, *, icon: str = "", actions: Sequence[Any] = ()) -> Any:
        """Return what a list without entries shows."""
        del icon
        return _el("div", _el("strong", title), _el("span", text), *_actions(actions), class_="empty")

    def facts(self, pairs: Sequence[tuple[str, Any]], /) -> Any:
        """Return names and values."""
        return _el(
            "dl", *[part for name, value in pairs for part in (_el("dt", name), _el("dd", value))], class_="facts"
        )

    def timeline(self, entries: Sequence[Entry], /) -> Any:
        """Return what happened."""
        return _el("ol", *map(self._entry, entries), class_="timeline")

    def _entry(self, entry: Entry) -> FT:
        moment = [_el("time", entry.when, datetime=entry.moment)] if entry.when else []
        about = _el("span", entry.who, *([" · "] if entry.who and moment else []), *moment, class_="muted")
        return _el("li", _el("strong", entry.title), " ", about, *entry.details, *_actions(entry.actions))

    def tiles(self, tiles: Sequence[tuple[Link, Any]], /) -> Any:
        """Return boxes that lead somewhere."""
        return _el(
            "div",
            *[_el("a", _el("strong", value), link.label, href=link.href) for link, value in tiles],
            class_="tiles",
        )
