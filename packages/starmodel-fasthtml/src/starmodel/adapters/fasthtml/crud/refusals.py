"""The page of an error, in the frame of the others: what went wrong, in the reader's words, and where to go now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastcore.xml import ft

from starmodel.adapters.fasthtml.reading import PageRead
from starmodel.core.actors import VISITOR, Actor
from starmodel.core.ui import Link

from .asking import list_address
from .call import Content, PageCall, words_of
from .documents import document

if TYPE_CHECKING:
    from starlette.types import Scope

    from starmodel.app import Refusal

    from .site import Site

__all__ = ["refusal_page"]

_VISITOR = Actor(VISITOR, VISITOR)
_ICONS = {404: "search-x", 403: "lock", 410: "trash-2"}


def refusal_page(site: Site, scope: Scope, refusal: Refusal, back: str) -> str:
    """Return the whole page; it reads nothing that is stored."""
    read = PageRead(site.runtime.app, scope.get("starmodel.actor", _VISITOR), site.runtime.fragments)
    call = PageCall(site, scope, read, words_of(site, scope), ())
    refusal = call.words.refusal(refusal)
    title = refusal.title
    content = Content(title=title, parts=_parts(call, refusal, title, back), status=refusal.status)
    return document(call, content, is_error=True).body(scope).decode()


def _parts(call: PageCall, refusal: Refusal, title: str, back: str) -> list[Any]:
    kit, words = call.kit, call.words
    detail = refusal.detail if refusal.detail.lower() != refusal.title.lower() else ""
    ways = [kit.link(Link(label=words("Go back"), href=back), tone="primary")]
    if refusal.status == 400 and call.scope["query_string"]:  # a list whose address asks for what it has not
        ways.insert(0, kit.link(Link(label=words("Show all"), href=list_address(call.path, ())), tone="default"))
    head = kit.heading(title)
    if not detail:
        return [head, kit.toolbar(ways)]
    if refusal.status in _ICONS:
        return [head, kit.empty(detail, "", icon=_ICONS[refusal.status], actions=ways)]
    return [head, kit.alert(detail, _more(call, refusal), level="error", actions=ways)]


def _more(call: PageCall, refusal: Refusal) -> Any:
    parts: list[Any] = []
    problems = [str(problem) for problem in refusal.errors]
    if problems and problems != [refusal.detail]:
        parts.append(ft("ul", *[ft("li", problem) for problem in problems]))
    if refusal.status >= 500 and refusal.id:
        parts += [call.words("Id of this problem:"), " ", ft("code", refusal.id)]
    return ft("div", *parts) if parts else ""
