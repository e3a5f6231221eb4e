"""The language that a visitor chooses: a link for each, and the cookie that remembers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starmodel.adapters.fasthtml.commands import back_to
from starmodel.adapters.fasthtml.replies import send_see_other
from starmodel.core.errors import NotFoundError
from starmodel.core.ui import Link

from .call import LANGUAGE_COOKIE

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from .call import PageCall
    from .site import Site
    from .words import Words

__all__ = ["choose_language", "language_menu"]

_PATH = "/_starmodel/language"
_A_YEAR = 365 * 24 * 60 * 60


def language_menu(site: Site, words: Words) -> Any:
    """Return the menu of languages, each in its own words."""
    kit = site.runtime.kit
    links = [
        Link(label=name, href=f"{_PATH}/{code}", current=code == words.language, attributes={"lang": code})
        for code, name in site.languages.names.items()
    ]
    return kit.menu(words("Language"), [kit.link(link) for link in links], icon="languages", bare=True)


async def choose_language(call: PageCall) -> ASGIApp:
    """Remember the language at the end of the address and lead back; NotFoundError for one that we do not speak."""
    code = call.path.rpartition("/")[2]
    if code not in call.site.languages.names:
        raise NotFoundError("language", code[:40])

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        cookie = f"{LANGUAGE_COOKIE}={code}; Path=/; Max-Age={_A_YEAR}; HttpOnly; SameSite=Lax"
        secure = "; Secure" if scope["scheme"] == "https" else ""
        await send_see_other(send, back_to(scope), [(b"set-cookie", (cookie + secure).encode())])

    return answer
