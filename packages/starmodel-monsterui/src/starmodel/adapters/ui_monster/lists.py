"""Tables, what stands below them, and the other ways to show many things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastcore.xml import FT
from monsterui.franken import Table

from starmodel.core.ui import Attributes, Column, Entry, Link

from .basics import Basics
from .elements import NOTHING, actions_of, el, named

__all__ = ["Lists"]

_ARROWS: Final[Mapping[str, str]] = {
    "": "chevrons-up-down",
    "ascending": "arrow-up",
    "descending": "arrow-down",
}


class Lists(Basics):
    """Draws many things at once.  Rows and cells are kept bare: there are hundreds, and each change sends one again."""

    def table(
        self,
        id: str,
        columns: Sequence[Column],
        rows: Sequence[Any],
        /,
        *,
        label: str = "",
        attributes: Attributes = NOTHING,
    ) -> Any:
        """Return a table that scrolls sideways where there is no room."""
        head = el("thead", el("tr", *map(self._head, columns)))
        body = named(el("tbody", *rows, id=id), attributes)
        made = named(Table(head, body, cls=()), {"aria-label": label or None})
        around = {"tabindex": "0", "role": "region", "aria-label": label} if label else {"tabindex": "0"}
        return named(el("div", made, class_="mk-table"), around)

    def _head(self, column: Column) -> FT:
        shown: Any = column.label
        if column.href:
            shown = el("a", column.label, self.icons.drawn(_ARROWS[column.direction]), href=column.href)
        if not column.label:  # a head that says nothing is no head
            return named(el("td"), column.attributes)
        made = el("th", shown, scope="col", class_="mk-num" if column.numeric else "", aria_sort=column.direction)
        return named(made, column.attributes)

    def row(self, id: str, cells: Sequence[Any], /, *, attributes: Attributes = NOTHING) -> Any:
        """Return one row."""
        return named(el("tr", *cells, id=id), attributes)

    def cell(self, content: Any, /, *, attributes: Attributes = NOTHING, numeric: bool = False) -> Any:
        """Return one cell; a list of elements is a line of actions."""
        inner = actions_of(content) if isinstance(content, list | tuple) else [content]
        return named(el("td", *inner, class_="mk-num" if numeric else ""), attributes)

    def pager(self, summary: Any, previous: Link | None, following: Link | None, /) -> Any:
        """Return what stands below a list."""
        back = [self._turn(previous, "chevron-left", last=False)] if previous else []
        forth = [self._turn(following, "chevron-right", last=True)] if following else []
        return el("div", el("div", summary), *actions_of([*back, *forth]), class_="mk-pager")

    def _turn(self, link: Link, icon: str, *, last: bool) -> FT:
        arrow = self.icons.drawn(icon)
        content = [link.label, arrow] if last else [arrow, link.label]
        return named(el("a", *content, href=link.href, class_="uk-btn uk-btn-default"), link.attributes)

    def facts(self, pairs: Sequence[tuple[str, Any]], /) -> Any:
        """Return names and values side by side, below each other where there is no room."""
        parts = [part for name, value in pairs for part in (el("dt", name), el("dd", value))]
        return el("dl", *parts, class_="mk-facts")

    def timeline(self, entries: Sequence[Entry], /) -> Any:
        """Return what happened, each at its dot on a line."""
        return el("ol", *map(self._entry, entries), class_="mk-timeline")

    def _entry(self, entry: Entry) -> FT:
        moment = [el("time", entry.when, datetime=entry.moment)] if entry.when else []
        about = [*([entry.who] if entry.who else []), *([" · "] if entry.who and moment else []), *moment]
        when = [el("div", *about, class_="mk-when")] if about else []
        what = [el("strong", entry.title), *when, *entry.details, *actions_of(entry.actions)]
        drawn = self.icons.drawn(entry.icon) if entry.icon else ""
        dot = el("span", *([drawn] if drawn else []), class_="mk-dot")
        return el("li", dot, el("div", *what, class_="mk-what"))

    def tiles(self, tiles: Sequence[tuple[Link, Any]], /) -> Any:
        """Return boxes that lead somewhere."""
        return el("div", *[self._tile(link, value) for link, value in tiles], class_="mk-tiles")

    def _tile(self, link: Link, value: Any) -> FT:
        drawn = self.icons.drawn(link.icon) if link.icon else ""
        label = el("span", *([drawn] if drawn else []), link.label)
        return named(el("a", label, el("strong", value), href=link.href, class_="mk-tile"), link.attributes)
