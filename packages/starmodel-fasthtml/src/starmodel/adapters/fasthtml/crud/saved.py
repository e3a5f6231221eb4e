"""Questions to a list that somebody keeps under a name: their own, or shared with everybody to be read."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import quote

from fastcore.xml import ft

from starmodel.adapters.fasthtml.replies import send_see_other
from starmodel.app import permitted
from starmodel.app.policies import owned_id, owner_mark
from starmodel.core import Entity, Private, event
from starmodel.core.answers import GoTo
from starmodel.core.config import EntityConfig
from starmodel.core.query import Query
from starmodel.core.ui import Field, Link
from starmodel.core.unit import Unit

from .asking import list_address
from .call import cookies_of
from .panels import hidden, panel, submit, with_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from starmodel.app import UnitOfWork

    from .call import Content, PageCall
    from .shape import Shape

__all__ = ["SavedView", "has_usual", "usual_list", "views_panel"]

_LONGEST_NAME, _LONGEST_QUERY = 80, 8000
_MOST = 200


class SavedView(Entity):
    """A question to the list at the address *of*, as the *query* of that address; the id says whose it is."""

    name: str
    of: str
    query: str = ""
    shared: bool = False
    usual: bool = False
    owner: Private[str] = ""

    model_config: ClassVar[EntityConfig] = {
        "default_events": ("delete",),
        "pages": False,
        "api": False,
        "namespace": "StarModelView",
    }

    def check(self) -> None:
        """Refuse what no list could show."""
        if not self.name.strip() or len(self.name) > _LONGEST_NAME:
            raise ValueError(f"give the view a name of 1 to {_LONGEST_NAME} characters")
        if len(self.query) > _LONGEST_QUERY or not self.query.isprintable():
            raise ValueError(f"a view keeps an address of up to {_LONGEST_QUERY} printable characters")
        if not self.of.startswith("/") or "/" in self.of[1:] or not self.of[1:].isidentifier():
            raise ValueError("of must be the address of a list, such as /todo")

    @event
    @classmethod
    def keep(cls, name: str, of: str, query: str = "", shared: bool = False) -> GoTo:  # noqa: FBT001, FBT002  (a form)
        """Keep a question under a name; with *shared* everybody may use it."""
        unit = cast("UnitOfWork", Unit.current())
        actor = str(unit.command.actor)
        id = owned_id(actor, unit.new_id()[:31], "shared" if shared else "own")
        unit.add(cls(id=id, name=name.strip(), of=of, query=query, shared=shared, owner=owner_mark(actor)))
        return GoTo(_address(of, query))

    @event
    def rename(self, name: str) -> None:
        """Call it otherwise."""
        self.name = name.strip()

    @event
    def revise(self, query: str) -> GoTo:
        """Keep another question under the same name."""
        self.query = query
        return GoTo(_address(self.of, query))

    @event
    async def share(self, shared: bool) -> None:  # noqa: FBT001  (a form)
        """Let everybody use it, or nobody else any more; it has another id then, since the id says who may."""
        if shared == self.shared:
            return
        unit = cast("UnitOfWork", Unit.current())
        id = owned_id(str(unit.command.actor), unit.new_id()[:31], "shared" if shared else "own")
        is_usual, of, query = self.usual, self.of, self.query
        unit.add(SavedView(id=id, name=self.name, of=of, query=query, shared=shared, usual=is_usual, owner=self.owner))
        unit.delete(self)

    @event
    async def choose(self, usual: bool = True) -> GoTo:  # noqa: FBT001, FBT002  (a form)
        """Show the list so when nothing else is asked for, or no longer."""
        unit = Unit.current()
        for other in await unit.find(SavedView, {"owner": self.owner, "of": self.of, "usual": True}):
            other.usual = False
        self.usual = usual
        return GoTo(f"{self.of}/usual")


def _address(path: str, query: str) -> str:
    return f"{path}?{query}" if query else list_address(path, ())


async def _own(call: PageCall, shape: Shape, **more: Any) -> Sequence[SavedView]:
    where = {"owner": owner_mark(call.read.actor.id), "of": shape.path, **more}
    return await _found(call, where)


async def _found(call: PageCall, where: dict[str, Any]) -> Sequence[SavedView]:
    query = Query(where=where, order=("name",), limit=_MOST)
    page = await permitted(call.runtime.app, SavedView, query, actor=call.read.actor)
    return [stored.entity for stored in page.items]


# -- the usual view ---------------------------------------------------------------------------------------------------


def has_usual(call: PageCall, shape: Shape) -> bool:
    """Tell whether this browser was told that its user has chosen how to see the list when nothing is asked for."""
    return not call.pairs and _cookie(shape) in cookies_of(call.scope)


def _cookie(shape: Shape) -> str:
    return f"sm-usual-{quote(shape.path[1:], safe='')}"


async def usual_list(call: PageCall, shape: Shape) -> ASGIApp:
    """Go to the list as its reader has chosen to see it, and let the browser know that there is such a choice.

    So whoever has chosen nothing, nearly everybody, is not asked for at each look at the list.
    """
    chosen = next(iter(await _own(call, shape, usual=True)), None)
    address = _address(shape.path, chosen.query if chosen else "")
    age = 365 * 24 * 3600 if chosen else 0
    cookie = f"{_cookie(shape)}=1; Path=/; Max-Age={age}; SameSite=Lax; HttpOnly"

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send_see_other(send, address, [(b"set-cookie", cookie.encode())])

    return answer


# -- the panel --------------------------------------------------------------------------------------------------------


async def views_panel(call: PageCall, shape: Shape) -> Content | ASGIApp:
    """Return the views of a list: one's own, those that others share, and the form that keeps the present question."""
    words = call.words
    own = await _own(call, shape)
    shared = [one for one in await _found(call, {"of": shape.path, "shared": True}) if one not in own]
    pairs = [pair for pair in call.pairs if pair[0] not in ("after", "before", "view")]
    parts: list[Any] = [_listed(call, words("Your views"), own, pairs, is_own=True)] if own else []
    parts += [_listed(call, words("Shared with you"), shared, pairs, is_own=False)] if shared else []
    if not parts:
        parts.append(ft("p", words("Keep what the list shows now, and come back to it by its name.")))
    everything = call.kit.link(Link(label=words("Show all"), href=list_address(shape.path, ())), tone="quiet")
    return panel(call, shape, words("Views"), [*parts, _keeping(call, shape, pairs), everything])


def _listed(
    call: PageCall, title: str, views: Sequence[SavedView], pairs: Sequence[tuple[str, str]], *, is_own: bool
) -> Any:
    lines = []
    for view in views:
        name = call.kit.link(Link(label=view.name, href=_address(view.of, view.query)))
        marks = [call.kit.badge(call.words("usual"))] if view.usual else []
        marks += [call.kit.badge(call.words("shared"))] if view.shared else []
        actions = _actions(call, view, pairs) if is_own else []
        lines.append(ft("li", ft("div", name, *marks, klass="sm-actions"), *actions))
    return ft("div", ft("h3", title), ft("ul", *lines, role="list", klass="sm-views"))


def _actions(call: PageCall, view: SavedView, pairs: Sequence[tuple[str, str]]) -> list[Any]:
    words = call.words
    query = with_pairs("", pairs)[1:]
    rename = Field(id=f"sm-name-{view.id}", name="name", label=words("Name"), value=view.name, hide_label=True)
    items = [
        _post(call, view, "rename", words("Rename"), fields=[call.kit.field(rename)]),
        _post(call, view, "choose", words("Not the usual one") if view.usual else words("Show it first"),
              usual="false" if view.usual else "true"),
        _post(call, view, "share", words("Stop sharing") if view.shared else words("Share"),
              shared="false" if view.shared else "true"),
        *([_post(call, view, "revise", words("Keep the present question in it"), query=query)] if query else []),
        _post(call, view, "delete", words("Delete")),
    ]  # fmt: skip
    return [call.kit.menu(words("Change {name}", name=view.name), items)]


def _post(
    call: PageCall, view: SavedView, event_name: str, label: str, *, fields: Sequence[Any] = (), **values: str
) -> Any:
    button = submit(call, label, "1", tone="quiet", name="_", disabled=False)
    inner = [*fields, *hidden([("_key", secrets.token_urlsafe(12)), *values.items()]), button]
    return ft("form", *inner, action=f"/starmodelview/{view.id}/{event_name}", method="post")


def _keeping(call: PageCall, shape: Shape, pairs: Sequence[tuple[str, str]]) -> Any:
    words = call.words
    name = Field(id="sm-view-name", name="name", label=words("Name"), required=True, attributes={"maxlength": "80"})
    shared = Field(id="sm-view-shared", name="shared", label=words("Share it with everybody"), widget="checkbox")
    sent = [("_key", secrets.token_urlsafe(12)), ("of", shape.path), ("query", with_pairs("", pairs)[1:])]
    button = call.kit.button(words("Keep this view"), {"type": "submit"}, tone="primary")
    fields = [*hidden(sent), call.kit.field(name), *hidden([("shared", "false")]), call.kit.field(shared)]
    return call.kit.form(fields, [button], attributes={"action": "/starmodelview/keep", "method": "post"})
