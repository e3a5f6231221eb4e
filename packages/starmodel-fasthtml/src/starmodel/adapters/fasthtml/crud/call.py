"""One request for a page of an entity: what was asked, for whom, in which words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from starmodel.adapters.fasthtml.gate import header
from starmodel.adapters.fasthtml.reading import current_page
from starmodel.core.errors import EventError, QueryError

if TYPE_CHECKING:
    from starlette.types import Scope

    from starmodel.adapters.fasthtml.reading import PageRead
    from starmodel.adapters.fasthtml.runtime import Runtime
    from starmodel.core.ui import UIAdapter

    from .site import Site
    from .words import Words

__all__ = ["LANGUAGE_COOKIE", "ZONE_COOKIE", "Content", "PageCall", "called", "cookies_of", "words_of"]


LANGUAGE_COOKIE, ZONE_COOKIE = "sm-lang", "sm-tz"

_LONGEST = 200
"""Letters of a header that names languages: browsers send 50."""

_MOST_PAIRS = 1000
"""An import names a field for each column of its file, which has up to 500."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a page shows: its title, and the pieces within its frame.

    *lasting* says that it may be kept and shown again, to anybody with the same rights, until something is stored that
    it depends on.
    """

    title: str
    parts: Sequence[Any]
    status: int = 200
    lasting: bool = False


@dataclass(frozen=True, slots=True)
class PageCall:
    """What every page of the site is made from.

    *pairs* are those of the query string; *id* and *event* are what the address names; *names* are what entities that
    are referred to are called, by id, as far as the page has asked.
    """

    site: Site
    scope: Scope
    read: PageRead
    words: Words
    pairs: Sequence[tuple[str, str]]
    id: str = ""
    event: str = ""
    names: dict[str, str] = field(default_factory=dict)
    usual: Callable[[], Awaitable[Content]] | None = None

    async def default(self) -> Content:
        """Return the page as it is without the application's own: for a function that replaces one of those there are.

        EventError where there is no usual page.
        """
        if self.usual is None:
            raise EventError("this page takes the place of no other, so there is no default()")
        return await self.usual()

    @property
    def runtime(self) -> Runtime:
        """The web side of the application."""
        return self.site.runtime

    @property
    def kit(self) -> UIAdapter:
        """What draws the page."""
        return self.site.runtime.kit

    @property
    def path(self) -> str:
        """The address without its query."""
        return str(self.scope["path"])

    def first(self, name: str) -> str:
        """Return the first value of *name* in the address, ``""`` when it is not there."""
        return next((value for key, value in self.pairs if key == name), "")


async def called(site: Site, scope: Scope, named: Mapping[str, str]) -> PageCall:
    """Return the call of a request; what it reads from then on is noted for its page."""
    read = await site.runtime.page(scope)
    current_page.set(read)
    id, event = named.get("id", ""), named.get("event", "")
    return PageCall(site, scope, read, words_of(site, scope), _pairs(scope), id, event)


def _pairs(scope: Scope) -> list[tuple[str, str]]:
    try:
        return parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_PAIRS)
    except ValueError:
        raise QueryError(f"an address names at most {_MOST_PAIRS} values; ask for less") from None


def words_of(site: Site, scope: Scope) -> Words:
    """Return the words for a request: in the language that was chosen here, else the browser's, and its time zone."""
    cookies, languages = cookies_of(scope), site.languages
    language = cookies.get(LANGUAGE_COOKIE) or header(scope, b"accept-language")
    return languages.words(languages.chosen(language[:_LONGEST]), unquote(cookies.get(ZONE_COOKIE, "UTC"))[:64])


def cookies_of(scope: Scope) -> dict[str, str]:
    """Return the cookies of a request."""
    parts = (part.strip().partition("=") for part in header(scope, b"cookie").split(";"))
    return {name: value for name, _, value in parts if name}
