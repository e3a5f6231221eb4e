"""What a UI kit draws, as data and one Protocol: pages say *what* stands on them, a kit says how it looks.

A kit knows nothing of entities, stores or addresses.  What its methods return goes into a page as it is: whatever
elements the web adapter understands.  Words come from outside, already in the reader's language, and are text: a kit
escapes them.  ``attributes`` are put on the element that is clicked, sent or patched, under exactly these names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

__all__ = [
    "REMOVE",
    "TAKES_AWAY",
    "Attributes",
    "Choice",
    "Column",
    "Entry",
    "Field",
    "Frame",
    "Level",
    "Link",
    "Panel",
    "Tile",
    "Tone",
    "UIAdapter",
    "Widget",
]

REMOVE = "-"
"""What a form sends for a file that is to be taken away: no reference is like this."""

TAKES_AWAY: Mapping[str, Any] = {"data-sm-takes-away": True, "data-preserve-attr": "checked"}
"""What the box that says so has besides: no live update ticks it or clears it."""

Attributes: TypeAlias = Mapping[str, Any]
"""Names and values of HTML attributes; ``True`` writes the name alone, ``False`` and ``None`` nothing."""

Tone = Literal["default", "primary", "danger", "quiet"]
"""How loud an action is: one *primary* a page, *danger* for what destroys, *quiet* for what stands in every row."""

Level = Literal["info", "success", "warning", "error"]

Widget = Literal[
    "text", "textarea", "number", "checkbox", "date", "time", "datetime", "select", "reference", "email", "url",
    "password", "file", "list", "group", "hidden",
]  # fmt: skip
"""Which control a field has.

``reference`` is a text control whose choices the server finds while it is typed in; ``list`` holds fields that can be
added and removed; ``group`` holds the fields of a nested value.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A way to another page; *current* is true for the one that is open, *icon* is the name of a Lucide icon."""

    label: str
    href: str
    icon: str = ""
    current: bool = False
    attributes: Attributes = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One value that may be chosen, and what it is called."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """The head of one column of a table.

    *href* sorts by it when it is followed; *direction* is how the table is sorted by it now.
    """

    name: str
    label: str
    href: str = ""
    direction: Literal["", "ascending", "descending"] = ""
    numeric: bool = False
    attributes: Attributes = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """One labelled control of a form.

    *id* is that of the control; the kit derives those of its help and its errors: ``{id}-help``, ``{id}-error``.
    *value* is the text it shows, for a checkbox ``"true"`` or ``""``; *values* are those of a select that takes
    several.  *fields* are the members of a group, or the items of a list; *blank* is the item that a list adds, its
    names and ids holding ``__index__`` where the number goes; *add* and *remove* are the words on the list's buttons.
    Of a file, *current* is the one that is there, without an address where it cannot be fetched yet, and *preview* the
    address of a picture of it; a box called *remove*, which sends :data:`REMOVE`, takes it away unless the field is
    required; *cancel* stops one that is being sent.
    *attributes* go on the control itself.
    """

    id: str
    name: str
    label: str
    widget: Widget = "text"
    value: str = ""
    values: tuple[str, ...] = ()
    choices: Sequence[Choice] = ()
    multiple: bool = False
    required: bool = False
    hide_label: bool = False
    help: str = ""
    errors: Sequence[str] = ()
    fields: Sequence[Field] = ()
    blank: Field | None = None
    add: str = "Add"
    remove: str = "Remove"
    cancel: str = "Cancel"
    current: Link | None = None
    preview: str = ""
    attributes: Attributes = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that happened, in a timeline; *details* are pieces of page below its title."""

    title: str
    who: str = ""
    when: str = ""
    moment: str = ""
    """When, as ISO 8601, for the machine."""
    icon: str = ""
    details: Sequence[Any] = ()
    actions: Sequence[Any] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tile:
    """A box on the start page: where it leads, and the one thing to know about it before, a number or a few words."""

    link: Link
    value: Any = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """A part that stands on a page of somebody else: elements under a title, with what can be done there."""

    title: str
    content: Sequence[Any]
    actions: Sequence[Any] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What stands around the content of every page.

    *tools* are elements for the corner of the page: search, language, whoever is signed in.  *words* are the kit's
    own, by key: ``menu``, ``theme``, ``light``, ``dark``, ``system``, ``skip``.
    """

    brand: str
    home: str = "/"
    links: Sequence[Link] = ()
    tools: Sequence[Any] = ()
    words: Mapping[str, str] = field(default_factory=dict[str, str])


@runtime_checkable
class UIAdapter(Protocol):
    """Draws everything the pages of entities are made of, in one kit's manner.

    *styles* and *scripts* are its own browser files by name, in the order in which a page takes them; scripts run
    before anything is painted, so they are short.  Both are served by the application itself: a kit loads nothing from
    elsewhere.
    """

    styles: Mapping[str, Path]
    scripts: Mapping[str, Path]

    def page(self, frame: Frame, content: Sequence[Any], /) -> Any:
        """Return the frame of a page around its content: a way past the navigation first, one ``<main>``-like part."""

    def heading(self, title: str, /, *, subtitle: str = "", actions: Sequence[Any] = ()) -> Any:
        """Return the head of a page: its ``<h1>``, and what can be done here."""

    def section(self, title: str, content: Sequence[Any], /, *, actions: Sequence[Any] = (), id: str = "") -> Any:
        """Return a part of a page under an ``<h2>``; without a *title* only its box."""

    def toolbar(self, content: Sequence[Any], /) -> Any:
        """Return a line of controls above a list; it wraps where there is no room."""

    def button(
        self, label: str, attributes: Attributes, /, *, tone: Tone = "default", icon: str = "", bare: bool = False
    ) -> Any:
        """Return a button; a *bare* one shows its icon alone, and still has its label for those who cannot see it."""

    def link(self, link: Link, /, *, tone: Tone | None = None) -> Any:
        """Return a link, with a *tone* one that looks like a button."""

    def menu(self, label: str, items: Sequence[Any], /, *, icon: str = "", bare: bool = False) -> Any:
        """Return a button that opens a list of buttons and links; works without scripts."""

    def table(
        self,
        id: str,
        columns: Sequence[Column],
        rows: Sequence[Any],
        /,
        *,
        label: str = "",
        attributes: Attributes = ...,
    ) -> Any:
        """Return a table; rows come from :meth:`row`, and a cell without a column of its own is for their actions.

        *attributes* go on the ``<tbody>``, whose id is *id*: rows are put into it while the page is open.
        """

    def row(self, id: str, cells: Sequence[Any], /, *, attributes: Attributes = ...) -> Any:
        """Return one ``<tr>`` whose id is *id*, so that it can be patched; *cells* come from :meth:`cell`."""

    def cell(self, content: Any, /, *, attributes: Attributes = ..., numeric: bool = False) -> Any:
        """Return one ``<td>``.  Keep it short: there are hundreds on a page, and each change sends one again."""

    def pager(self, summary: Any, previous: Link | None, following: Link | None, /) -> Any:
        """Return what stands below a list: how many there are, and the way to the pages before and after."""

    def form(self, fields: Sequence[Any], actions: Sequence[Any], /, *, attributes: Attributes) -> Any:
        """Return a ``<form>`` with its controls and, at its end, its buttons."""

    def field(self, field: Field, /) -> Any:
        """Return the labelled control of a field with its help and its errors, bound to it for those who listen.

        A list has buttons with ``data-sm-add`` and ``data-sm-remove``, its items stand in an element with
        ``data-sm-items``, its blank one in a ``<template>`` beside them.  A file stands in an element with
        ``data-sm-file``, together with an empty one with ``data-sm-chosen`` that no patch touches, and with a
        ``<progress>`` and a button with ``data-sm-cancel`` that are hidden at first.
        """

    def dialog(
        self, id: str, title: str, content: Sequence[Any], /, *, close: str = "Close", attributes: Attributes = ...
    ) -> Any:
        """Return a native ``<dialog>`` of this id, named by its title, with a button that closes it, called *close*."""

    def badge(self, text: str, /, *, level: Level | None = None) -> Any:
        """Return a short word set off from the text around it."""

    def icon(self, name: str, /) -> Any:
        """Return a Lucide icon, hidden from those who listen; nothing for a name that the kit does not have."""

    def alert(self, title: str, detail: Any, /, *, level: Level = "info", actions: Sequence[Any] = ()) -> Any:
        """Return a message that stays: ``role="alert"`` for an error."""

    def empty(self, title: str, text: str, /, *, icon: str = "", actions: Sequence[Any] = ()) -> Any:
        """Return what a list shows when there is nothing in it, and what to do about it."""

    def facts(self, pairs: Sequence[tuple[str, Any]], /) -> Any:
        """Return names and values of one thing, as a ``<dl>``."""

    def timeline(self, entries: Sequence[Entry], /) -> Any:
        """Return what happened, newest first, as a list."""

    def tiles(self, tiles: Sequence[tuple[Link, Any]], /) -> Any:
        """Return boxes that lead somewhere, each with something to know about it before."""
