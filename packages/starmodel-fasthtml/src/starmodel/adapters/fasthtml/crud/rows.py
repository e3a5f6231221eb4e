"""The row of an entity in a list: drawn from a template, kept by version, and patched cell by cell."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from fastcore.xml import FT

from starmodel.adapters.fasthtml.markup import Raw, checked_tree, html_of
from starmodel.adapters.fasthtml.sealing import look_of
from starmodel.app.signing import short_hash
from starmodel.core.errors import DefinitionError
from starmodel.core.ui import Link

from .buttons import action_button, select_box
from .replacing import USUAL
from .templates import Template, slot
from .values import NOTHING, Painter
from .words import Words

if TYPE_CHECKING:
    from starmodel.adapters.fasthtml.fragments import Fragments
    from starmodel.core.entity import Entity
    from starmodel.core.query import Stored
    from starmodel.core.ui import UIAdapter

    from .allowing import Offered
    from .replacing import OwnParts, RowMaker
    from .shape import Shape

__all__ = ["RowView"]

_BUTTONS = 2
_CLICKED = re.compile(r"<(a|button|details|input|label|select|textarea)\b")
"""What HTML does not let stand in a link: https://html.spec.whatwg.org/#interactive-content"""


class RowView:
    """One row of a class, as :class:`starmodel.adapters.fasthtml.views.View` is one piece of page.

    *params* say which columns, in which language and time zone: they are the same for every row of a page.  A row
    that shows what another entity is called is not drawn without it: *names* are given by the page.
    """

    def __init__(
        self,
        shape: Shape,
        kit: UIAdapter,
        own: OwnParts,
        words: Callable[[str, str], Words],
        offered: Offered | None = None,
    ) -> None:
        self.shape, self._kit, self._own, self._row, self._words = shape, kit, own.cells, own.row, words
        self.name = f"row of {shape.name}"
        self._offered = offered
        self._template = lru_cache(maxsize=64)(self._made_template)
        self._look = lru_cache(maxsize=64)(self._made_look)
        self._cell_template = lru_cache(maxsize=256)(self._made_cell)
        self._ends = lru_cache(maxsize=64)(self._made_ends)
        self._called = lru_cache(maxsize=64)(self._made_called)
        self._way = Template(kit.link(Link(label=slot("content"), href=f"{shape.path}/{slot('')}")))
        self._painter = lru_cache(maxsize=64)(self._made_painter)

    @staticmethod
    def params(columns: tuple[str, ...], words: Words) -> str:
        """Return what a page's rows have in common, as text."""
        return _params(columns, words.language, words.zone)

    def needs_page(self, params: str, fields: frozenset[str] | None) -> bool:
        """Tell whether a change of these *fields*, ``None`` for any, can only be shown by making the page again."""
        shown = [name for name in _columns(params) if name in self.shape.references]
        if not shown:
            return False
        return self._row is not None or fields is None or not fields.isdisjoint(shown)

    def html(
        self, stored: Stored[Any], params: str, rights: object, kept: Fragments, names: Mapping[str, str] | None = None
    ) -> str:
        """Return the row of a stored entity; *names* are what the entities it refers to are called, by id."""
        entity, offers = stored.entity, self._offers(rights, stored.entity)
        key = self._key(stored, params, rights if offers is None else offers, names)
        html: str = kept.get(key, lambda: self.render(entity, params, names, offers))
        return html

    def _offers(self, rights: object, entity: Entity) -> tuple[str, ...] | None:
        return None if self._offered is None else self._offered(rights, entity)

    def _key(
        self, stored: Stored[Any], params: str, shared_by: object, names: Mapping[str, str] | None
    ) -> tuple[Any, ...]:
        """Return all that the row depends on: those it is *shared_by* have equal rights, or are offered the same."""
        known = self._known(stored.entity, names) if names and self.shape.references else ()
        return (self, stored.entity.id, stored.version, params, shared_by, known)

    def pieces(
        self, shown: Iterable[Stored[Any]], params: str, rights: object, names: Mapping[str, str]
    ) -> Iterator[tuple[tuple[Any, ...], Entity, str]]:
        """Yield what other processes may have drawn, where an application draws cells or the row itself.

        What the kit alone draws is there before anybody has answered: see ``benchmarks/fragments.py``.  Nothing is
        shared where the code of the application's functions does not tell all that they do.
        """
        own: list[Callable[..., Any]] = [self._own[name] for name in _columns(params) if name in self._own]
        if self._row is not None:
            own.append(self._row)
        drawn_by = look_of(*own) if own else None
        if drawn_by is None:
            return
        for stored in shown:
            offers = self._offers(rights, stored.entity)
            look = f"{drawn_by} {self._look(params, offers)}"
            yield self._key(stored, params, rights if offers is None else offers, names), stored.entity, look

    def _made_look(self, params: str, offers: tuple[str, ...] | None) -> str:
        """Return what stands for the kit, the words and the buttons: all that is around the values."""
        return short_hash("\0".join([*self._template(params, offers).texts, *self._template(params, offers).names]))

    def previewed(self, entity: Entity, params: str, rights: object) -> str:
        """Return the row of a snapshot that is not stored, with what somebody with *rights* may do to it."""
        return self.render(entity, params, None, None if self._offered is None else self._offered(rights, entity))

    def _known(self, entity: Entity, names: Mapping[str, str]) -> tuple[str, ...]:
        """Return what the entities that it refers to are called, as far as the page knows."""
        fields = self.shape.fields
        ids = [fields[name].ids(getattr(entity, name)) for name in self.shape.references]
        return tuple([names.get(id, "") for some in ids for id in some])

    def render(
        self,
        entity: Entity,
        params: str = "",
        names: Mapping[str, str] | None = None,
        offers: tuple[str, ...] | None = None,
    ) -> str:
        """Return the row of a snapshot; *offers* are the events that it has buttons for, by default all."""
        fill = self._filler(entity, params, names or {})
        if self._row is None:
            return self._template(params, offers).filled(fill)
        return self._own_row(self._row, entity, self._usual_cells(params, offers, fill))

    def _filler(self, entity: Entity, params: str, names: Mapping[str, str]) -> Callable[[str], str]:
        """Return what tells the HTML of each slot in the templates of a row."""
        painter, at = self._painter(params), f"{self.shape.path}/{entity.id}"

        def fill(name: str) -> str:
            if name == "":
                return entity.id
            if name == "called":
                return escape(self.shape.called(entity))
            if name in self._own:
                drawn = self._own_cell(entity, name, is_first=name == _columns(params)[0])
                if drawn is not None:
                    return drawn
            return painter.fact(getattr(entity, name), self.shape.fields[name], names, short=True, at=at)

        return fill

    def _own_cell(self, entity: Entity, name: str, *, is_first: bool) -> str | None:
        """Return what an application draws in a cell, ``None`` where that is left to the kit after all.

        The first one leads to the entity, if it leads nowhere itself.
        """
        made = self._own[name](entity)
        if made is USUAL and not is_first:
            return None
        html = escape(self.shape.called(entity)) if made is USUAL else html_of(checked_tree(made)) or NOTHING
        if not is_first or _CLICKED.search(html):
            return html
        return self._way.filled(lambda part: html if part else entity.id)

    def _usual_cells(self, params: str, offers: tuple[str, ...] | None, fill: Callable[[str], str]) -> list[Any]:
        columns, (box, actions) = _columns(params), self._ends(params, offers)
        templates = [box, *[self._cell_template(name, name == columns[0]) for name in columns], actions]
        return [Raw(one.filled(fill)) for one in templates]

    def _own_row(self, row: RowMaker, entity: Entity, cells: list[Any]) -> str:
        """Return the row that an application makes of the usual cells, under the id that it is patched by."""
        made = checked_tree(row(entity, cells))
        if getattr(made, "tag", "") != "tr":
            raise DefinitionError(f"the function for the rows of {self.shape.label} must return a Tr, not {made!r:.80}")
        return html_of(FT("tr", made.children, {**made.attrs, "id": f"{self._prefix}{entity.id}"}))

    def cells(self, stored: Stored[Any], params: str, fields: frozenset[str]) -> str | None:
        """Return the cells of the changed *fields*, to be put in the place of the old ones; ``None`` for the whole row.

        A cell that an application draws itself may show anything of the entity.  With a new name come the parts of the
        other cells that say it, after the cells: an HTML parser takes no cell after anything else.
        """
        if self._row is not None or self._offered is not None:  # what is offered may have changed as well
            return None
        columns = _columns(params)
        changed = [name for name in columns if name in fields or name in self._own]
        templates = [self._cell_template(name, name == columns[0]) for name in changed]
        if self.shape.naming in fields:
            templates.append(self._called(params))
        fill = self._filler(stored.entity, params, {})
        return "".join(one.filled(fill) for one in templates)

    def _made_painter(self, params: str) -> Painter:
        _, language, zone = json.loads(params)
        return Painter(self._kit, self._words(language, zone))

    def _made_template(self, params: str, offers: tuple[str, ...] | None) -> Template:
        columns, language, zone = json.loads(params)
        words = self._words(language, zone)
        cells = [self._drawn_cell(name, is_first=name == columns[0]) for name in columns]
        return Template(
            self._kit.row(f"{self._prefix}{slot('')}", [self._box(words, offers), *cells, self._actions(words, offers)])
        )

    def _made_ends(self, params: str, offers: tuple[str, ...] | None) -> tuple[Template, Template]:
        """Return the cells before and after those of the columns."""
        _, language, zone = json.loads(params)
        words = self._words(language, zone)
        return Template(self._box(words, offers)), Template(self._actions(words, offers))

    def _made_called(self, params: str) -> Template:
        """Return all that says what the row is called, besides the cells of its columns."""
        _, language, zone = json.loads(params)
        words = self._words(language, zone)
        return Template([self._select_box(words, None), self._more(words, None)])

    def _made_cell(self, name: str, is_first: bool) -> Template:  # noqa: FBT001  (the key of a cache)
        return Template(self._drawn_cell(name, is_first=is_first))

    @property
    def _prefix(self) -> str:
        return f"{self.shape.name.lower()}-"

    def _drawn_cell(self, name: str, *, is_first: bool) -> Any:
        content: Any = slot(name)
        is_link = name in self._own or name in self.shape.references or self.shape.fields[name].accept is not None
        if is_first and not is_link:
            content = self._kit.link(Link(label=content, href=f"{self.shape.path}/{slot('')}"))
        attributes = {"id": f"{self._prefix}{slot('')}-{name}"}
        return self._kit.cell(content, attributes=attributes, numeric=self.shape.fields[name].numeric)

    def _box(self, words: Words, offers: tuple[str, ...] | None) -> Any:
        return self._kit.cell(self._select_box(words, offers), attributes={})

    def _select_box(self, words: Words, offers: tuple[str, ...] | None) -> Any:
        """Return the box that picks the row, ``""`` where nothing can be done to it together with others."""
        events = self.shape.bulk_events.keys()
        return select_box(slot(""), slot("called"), words) if events & (events if offers is None else offers) else ""

    def _actions(self, words: Words, offers: tuple[str, ...] | None) -> Any:
        offered = [one for one in self.shape.actions if offers is None or one.event.name in offers]
        buttons = [action_button(self._kit, self.shape, one, slot(""), words) for one in offered[:_BUTTONS]]
        return self._kit.cell([*buttons, self._more(words, offers)])

    def _more(self, words: Words, offers: tuple[str, ...] | None) -> Any:
        attributes = {
            **({} if offers is None else {"data-sm-may": " ".join(offers)}),
            "id": f"sm-more-{slot('')}",
            "data-sm-more": slot(""),
            "aria-label": words("More actions for {name}", name=slot("called")),
        }
        more = Link(label="⋯", href=f"{self.shape.path}/{slot('')}", attributes=attributes)
        return self._kit.link(more, tone="quiet")


@lru_cache(maxsize=256)
def _params(columns: tuple[str, ...], language: str, zone: str) -> str:
    return json.dumps([columns, language, zone], separators=(",", ":"))


@lru_cache(maxsize=256)
def _columns(params: str) -> tuple[str, ...]:
    return tuple(json.loads(params)[0])
