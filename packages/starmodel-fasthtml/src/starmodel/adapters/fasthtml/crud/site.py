"""The pages of every class of an application: whatever address no page of its own answers."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from starmodel.adapters.fasthtml.arguments import media_of
from starmodel.adapters.fasthtml.fragments import Fragments
from starmodel.adapters.fasthtml.markup import Raw
from starmodel.adapters.fasthtml.pages import page_of
from starmodel.adapters.fasthtml.replies import send_bytes
from starmodel.app import is_ruled, may_ever
from starmodel.core.actors import VISITOR, Actor
from starmodel.core.options import READ
from starmodel.core.ui import Link

from .additions import NAV, add_plugin_parts, nav_links
from .allowing import offered_by
from .call import Content, PageCall, called, words_of
from .documents import Document, document, framed
from .keeping import Kept, KeptPages
from .languages import Languages
from .places import PAGES, Place, place_at
from .refusals import refusal_page
from .replacing import Replacing
from .rows import RowView
from .runner import Batches
from .sending import SiteForms
from .shape import Shape
from .templates import Template
from .uploads import Uploads

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from starmodel.adapters.fasthtml.runtime import Runtime
    from starmodel.core.entity import Entity
    from starmodel.core.ui import UIAdapter

    from .words import Words

__all__ = ["VISITING", "Site", "may_be_kept", "send_page"]

VISITING = Actor(VISITOR, VISITOR)
"""Stands for every visitor who has not signed in, where nothing is asked that differs among them."""

_TEMPLATES = 8 * 1024 * 1024
"""Bytes; each address of a list has one of some KiB."""


class Site(Replacing):
    """Answers GET for ``/todo`` and what is below it, for every class that has pages.

    An application's own routes are asked first: a page of its own takes the place of one of these.
    """

    def __init__(self, runtime: Runtime, title: str) -> None:
        super().__init__()
        self.runtime, self.title = runtime, title
        self._shapes: dict[type[Entity], Shape] = {}
        self._kinds: tuple[type[Entity], ...] = ()
        self._listed: Sequence[Shape] = ()
        self._ruled: Sequence[Shape] = ()
        self._views: dict[type[Entity], RowView] = {}
        self.kept = KeptPages(runtime.app.dispatcher.moves)
        self.counts: Kept[int] = Kept(runtime.app.dispatcher.moves)
        self._templates = Fragments(max_bytes=_TEMPLATES)
        runtime.caches |= {"pages": self.kept, "counts": self.counts}
        self.own_links: list[Link] = []
        self.people: type[Entity] | None = None
        """The class whose ids the actors have, set by whoever signs them in: a history then tells their names."""
        self.languages = Languages()
        runtime.forms = SiteForms(self)
        runtime.draw_refusals_by(partial(refusal_page, self))
        self.batches = Batches(runtime.app)
        self.uploads = Uploads(runtime.signer)

    @property
    def kit(self) -> UIAdapter:
        """What draws the pages, for parts of an application's own in its manner."""
        return self.runtime.kit

    @property
    def shapes(self) -> Sequence[Shape]:
        """The classes that have pages, in the order in which the application names them."""
        kinds = tuple(self.runtime.app.catalog)
        if kinds != self._kinds:
            self._listed = [self.shape(kind) for kind in kinds if kind.__entity_config__.get("pages", True)]
            self._kinds = kinds
            self._ruled = tuple(shape for shape in self._listed if is_ruled(shape.kind))
        return self._listed

    @property
    def places(self) -> Sequence[str]:
        """The addresses that the navigation leads to."""
        return [*[link.href for link in self.own_links], *[shape.path for shape in self.shapes]]

    @property
    def addresses(self) -> Sequence[tuple[str, str, str]]:
        """The method and the address of every page, and the class that it is about."""
        return [
            (method, f"{shape.path}/{pattern}".rstrip("/"), shape.kind.__entity_name__)
            for shape in self.shapes
            for method, pages in PAGES.items()
            for pattern, _ in pages
        ]

    @property
    def links(self) -> Sequence[Link]:
        """Where the navigation leads: the application's own pages, then the lists of its classes."""
        lists = [Link(label=shape.plural, href=shape.path, icon=shape.icon) for shape in self.shapes]
        return [*self.own_links, *lists]

    def shapes_for(self, actor: Actor) -> Sequence[Shape]:
        """Return the classes with pages that *actor* may read any of."""
        unseen = self.unseen_by(actor)
        return [shape for shape in self.shapes if shape.name not in unseen] if unseen else self.shapes

    def links_for(self, actor: Actor) -> Sequence[Link]:
        """Return where the navigation leads *actor*."""
        unseen = {f"/{name.lower()}" for name in self.unseen_by(actor)}
        return [link for link in self.links if link.href not in unseen] if unseen else self.links

    def unseen_by(self, actor: Actor) -> frozenset[str]:
        """Return the names of the classes that *actor* may read none of."""
        _ = self.shapes  # of today
        if not self._ruled:
            return frozenset()
        return frozenset(shape.name for shape in self._ruled if not may_ever(shape.kind, actor, READ))

    def add_catalogues(self, folder: Path) -> None:
        """Let the pages speak the catalogues in *folder* (``de.po``, ``fr.po``), which go before their own words.

        Labels of classes, fields and events are phrases like the others.  DefinitionError when there are none, or one
        is not right.
        """
        self.languages.add(folder)
        self.forget()

    def forget(self) -> None:
        """Draw everything anew from now on."""
        self._kinds = ()
        self._shapes.clear()
        self._views.clear()
        self._templates = Fragments(max_bytes=_TEMPLATES)
        self.kept.clear()

    def frame(self, content: Any, request: Request) -> Any:
        """Return the content of an application's own page in the frame of the others: FastHTML's ``body_wrap``."""
        path, read = request.scope["path"], page_of(request)
        actor = VISITING if read is None else read.actor
        added = [] if read is None else nav_links(self.runtime.plugins, actor)
        around = framed(self, words_of(self, request.scope), path, actor, added)
        before, after = around.texts[0], around.texts[-1]
        return Raw(before), content, Raw(after)

    def speak(self, request: Request, /) -> Words:
        """Return the words for whoever sent a request: in their language, with their time zone."""
        return words_of(self, request.scope)

    async def draw(self, request: Request, title: str, parts: Sequence[Any], /, *, status: int = 200) -> Response:
        """Return an answer that is a page of these *parts* in the frame of the others: for routes of plugins."""
        call = await called(self, request.scope, {})
        page = document(call, Content(title=title, parts=parts, status=status))
        return HTMLResponse(page.body(request.scope), status)

    def shape(self, kind: type[Entity]) -> Shape:
        """Return what there is to see of *kind*."""
        if kind not in self._shapes:
            shape = self._shapes[kind] = Shape(kind, self.runtime.app.catalog, self.own(kind))
            add_plugin_parts(self.runtime.plugins, shape)
        return self._shapes[kind]

    def row_view(self, shape: Shape) -> RowView:
        """Return how a class is shown in lists."""
        view = self._views.get(shape.kind)
        if view is None:
            view = self._views[shape.kind] = RowView(
                shape, self.runtime.kit, self.own(shape.kind), self.languages.words, offered_by(self.runtime.app, shape)
            )
            self.runtime.hub.views[view.name] = view
        return view

    def template(self, key: Hashable, draw: Callable[[], Any]) -> Template:
        """Return what *draw* makes as a template, drawn again only when it was not needed for long."""
        made: Template = self._templates.get(key, lambda: Template(draw()))
        return made

    def head(self, call: PageCall) -> Sequence[Any]:
        """Return what plugins add to the head of every page."""
        return self.runtime.plugins.collect("starmodel_page_head", request=Request(call.scope))

    def takes(self, scope: Scope) -> int:
        """Return how many bytes of files the address of a request takes, 0 for one that takes none."""
        if media_of(scope) != "multipart/form-data":
            return 0
        place = place_at(self.shapes, scope["method"], scope["path"].removeprefix(scope.get("root_path", "")))
        return 0 if place is None else place.files

    async def answer(self, scope: Scope, receive: Receive, send: Send, place: Place) -> None:
        """Make a page and send it."""
        since, is_new = self.kept.moves.total, may_be_kept(scope)
        call = await called(self, scope, place.named)
        key = self._key(scope, call.read.actor)
        page = self.kept.find(key) if is_new else None
        if page is None:
            made = await place.make(call)
            if not isinstance(made, Content):
                await made(scope, receive, send)
                return
            page = document(call, made, self.head(call))
            is_same = not any(map(self.runtime.plugins.has, ("starmodel_page_head", NAV)))  # for every request
            if made.lasting and is_new and is_same and self.is_lasting(call.read.kinds):
                self.kept.keep(key, tuple(sorted(call.read.kinds)), since, page)
        await send_page(scope, send, page)

    def kept_page(self, scope: Scope) -> Document | None:
        """Return the page for a request of a visitor without rights of their own, if one is kept for it."""
        if scope["method"] != "GET" or self.runtime.tells_actors_apart or not may_be_kept(scope):
            return None
        return self.kept.find(self._key(scope, VISITING))

    def _key(self, scope: Scope, actor: Actor) -> Hashable:
        """Return all that a page depends on besides what is stored."""
        headers = scope["state"]["headers"]
        cookie: bytes = headers.get(b"cookie", b"")
        chosen = words_of(self, scope) if b"sm-" in cookie else headers.get(b"accept-language")
        return headers.get(b"host"), scope["path"], scope["query_string"], chosen, actor.roles, self.unseen_by(actor)

    def is_lasting(self, kinds: Iterable[str]) -> bool:
        """Tell whether only what is stored may change what is made of *kinds*: no rule of the application, no clock."""
        app = self.runtime.app
        known = [app.catalog.kind(name) for name in kinds]
        return not app.has_policies and all(
            app.is_open(kind) and not kind.__entity_config__.get("ttl") for kind in known
        )


async def send_page(scope: Scope, send: Send, page: Document) -> None:
    """Answer with a page."""
    await send_bytes(send, page.status, b"text/html; charset=utf-8", page.body(scope))


def may_be_kept(scope: Scope) -> bool:
    """Tell whether a request asks for a page as it is to be sent: an open page that is made again is not."""
    return "starmodel.page" not in scope and (bool(scope["query_string"]) or b"sm-usual-" not in _cookies(scope))


def _cookies(scope: Scope) -> bytes:
    cookies: bytes = scope["state"]["headers"].get(b"cookie", b"")
    return cookies
