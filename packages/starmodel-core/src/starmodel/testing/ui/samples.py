"""One of everything that a kit draws, with words that must stay words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, get_args

from starmodel.core.ui import Choice, Column, Entry, Field, Frame, Link, UIAdapter, Widget

__all__ = ["ATTRIBUTES", "DRAWINGS", "HOSTILE", "KEPT", "PLAIN_WIDGETS", "blank_list", "group", "sample_field"]

HOSTILE: Final = """<img src=x onerror=alert(1)> "a" 'b' &amp; </td></form>"""

ATTRIBUTES: Final[Mapping[str, Any]] = {
    "data-on:click": """@post("/x?a=1&b=2", {a: '<b>'})""",
    "data-bare": True,
    "data-number": 5,
    "data-off": False,
    "data-none": None,
}
KEPT: Final = {"data-on:click": ATTRIBUTES["data-on:click"], "data-bare": "", "data-number": "5"}

_TOGETHER = ("group", "list", "hidden")
PLAIN_WIDGETS: Final[tuple[Widget, ...]] = tuple(widget for widget in get_args(Widget) if widget not in _TOGETHER)
_VALUES: Final = {"number": "2.5", "date": "2026-01-31", "time": "10:00", "datetime": "2026-01-31T10:00", "select": "b"}


def sample_field(widget: Widget = "text", **changes: Any) -> Field:
    """Return a field of a widget with a value that fits it."""
    choices = [Choice(value="a", label="One"), Choice(value="b", label=HOSTILE), Choice(value="", label="None")]
    value = {**_VALUES, "checkbox": "true", "file": ""}.get(widget, HOSTILE)
    known = {"id": "f", "name": "item.f", "label": "A label", "widget": widget, "value": value}
    return Field(**{**known, "choices": choices if widget == "select" else (), **changes})


def group(**changes: Any) -> Field:
    """Return a group of two fields."""
    members = [sample_field(id="g-a", name="g.a"), sample_field("checkbox", id="g-b", name="g.b")]
    return Field(**{"id": "g", "name": "g", "label": "A group", "widget": "group", "fields": members, **changes})


def blank_list(**changes: Any) -> Field:
    """Return a list with two items, and the blank one that is added."""
    items = [sample_field(id=f"l-{n}", name=f"l.{n}", label=f"Item {n}", hide_label=True) for n in (0, 1)]
    blank = sample_field(id="l-__index__", name="l.__index__", label="Item", value="")
    known = {"id": "l", "name": "l", "label": "A list", "widget": "list", "fields": items, "blank": blank}
    return Field(**{**known, "add": f"More {HOSTILE}", "remove": f"Less {HOSTILE}", **changes})


def _link(**changes: Any) -> Link:
    return Link(**{"label": HOSTILE, "href": "/x?a=1&b='2'", **changes})


def _table(kit: UIAdapter) -> Any:
    columns = [
        Column(name="a", label=HOSTILE, href="/?sort=a", direction="ascending"),
        Column(name="b", label="Hours", href="/?sort=b", numeric=True),
        Column(name="c", label="State"),
    ]
    cells = [kit.cell(HOSTILE), kit.cell("2", numeric=True), kit.cell([kit.button(HOSTILE, {})])]
    return kit.table("rows", columns, [kit.row("row-1", cells)], label="Things")


def _page(kit: UIAdapter) -> Any:
    links = [_link(label="Here", href="/here", icon="house", current=True), _link(icon="no-such-icon")]
    frame = Frame(brand=HOSTILE, home="/home", links=links, tools=[kit.button("Tool", {})])
    return kit.page(frame, [kit.heading("Title"), kit.section("Part", ["text"])])


def _timeline(kit: UIAdapter) -> Any:
    full = Entry(title=HOSTILE, who=HOSTILE, when=HOSTILE, moment="2026-01-31", icon="pencil", details=[kit.badge("d")])
    return kit.timeline([full, Entry(title="Bare"), Entry(title="Undo", actions=[kit.button("Undo", {})])])


_Drawn = Callable[[UIAdapter], Any]


def _fields() -> dict[str, _Drawn]:
    def drawn(field: Field) -> _Drawn:
        return lambda kit: kit.field(field)

    wrong: Sequence[str] = [HOSTILE, "Another."]
    every: dict[str, Field] = {f"field-{w}": sample_field(w, label=HOSTILE, help=HOSTILE) for w in PLAIN_WIDGETS}
    every |= {f"wrong-{w}": sample_field(w, errors=wrong, required=True) for w in PLAIN_WIDGETS}
    every |= {"field-hidden": sample_field("hidden"), "group": group(), "wrong-group": group(errors=wrong)}
    every |= {"list": blank_list(), "empty-list": blank_list(fields=()), "fixed-list": blank_list(blank=None)}
    return {name: drawn(field) for name, field in every.items()}


DRAWINGS: Final[Mapping[str, _Drawn]] = {
    **_fields(),
    "page": _page,
    "heading": lambda kit: kit.heading(HOSTILE, subtitle=HOSTILE, actions=[kit.button("Do", {})]),
    "section": lambda kit: kit.section(HOSTILE, [HOSTILE], actions=[kit.button("Do", {})], id="part"),
    "toolbar": lambda kit: kit.toolbar([HOSTILE, kit.button("Do", {})]),
    "button": lambda kit: kit.button(HOSTILE, {}, tone="primary", icon="plus"),
    "bare-button": lambda kit: kit.button(HOSTILE, {}, tone="quiet", icon="plus", bare=True),
    "link": lambda kit: kit.link(_link(icon="plus"), tone="danger"),
    "menu": lambda kit: kit.menu(HOSTILE, [kit.button(HOSTILE, {}), kit.link(_link())]),
    "bare-menu": lambda kit: kit.menu(HOSTILE, [kit.button("Do", {})], icon="ellipsis", bare=True),
    "table": _table,
    "pager": lambda kit: kit.pager(HOSTILE, _link(), _link(href="/next")),
    "form": lambda kit: kit.form([kit.field(sample_field())], [kit.button("Go", {})], attributes={"action": "/"}),
    "dialog": lambda kit: kit.dialog("d", HOSTILE, [HOSTILE, kit.button("Do", {})], close=HOSTILE),
    "badge": lambda kit: kit.badge(HOSTILE, level="warning"),
    "alert": lambda kit: kit.alert(HOSTILE, HOSTILE, level="error", actions=[kit.button("Again", {})]),
    "empty": lambda kit: kit.empty(HOSTILE, HOSTILE, icon="inbox", actions=[kit.button("New", {})]),
    "facts": lambda kit: kit.facts([(HOSTILE, HOSTILE), ("State", kit.badge("done"))]),
    "timeline": _timeline,
    "tiles": lambda kit: kit.tiles([(_link(icon="plus"), HOSTILE), (_link(href="/two"), 2)]),
}
