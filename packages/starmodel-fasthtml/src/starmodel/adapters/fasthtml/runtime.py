"""The web side of one application: what its doors, pages and streams share."""

from __future__ import annotations

import asyncio
import logging
import secrets
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TypeAlias

from starmodel.app.policies import owner_mark
from starmodel.app.signing import Signer
from starmodel.core.actors import Actor
from starmodel.core.errors import ConfigurationError, QueryError
from starmodel.plugins import PluginHost

from .answering import nonce_of
from .fingerprint import fingerprint_of, known_values
from .fragments import Fragments
from .keeping import session_store
from .live import Hub
from .pages import error_page
from .reading import PageRead
from .relevance import ANY_CHANGE
from .remaking import Remade, remade
from .session import Session
from .sessions import Sessions
from .sharing import SharedFragments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from starlette.types import ASGIApp, Scope

    from starmodel.app import Application, Refusal
    from starmodel.core.ports import AuthProvider, FragmentCache, SessionStore, UIAdapter
    from starmodel.core.query import Query

    from .assets import Assets
    from .commands import Forms
    from .tab import Tab
    from .tokens import PageToken

__all__ = ["Cache", "DrawRefusal", "Runtime"]

logger = logging.getLogger("starmodel.web")

DrawRefusal: TypeAlias = "Callable[[Scope, Refusal, str], str]"
"""Returns a whole page that tells of a refusal and leads back to an address."""


class Cache(Protocol):
    """What is kept so that it need not be made again: *size* bytes of it, and never more than *max_bytes*."""

    size: int
    max_bytes: int


class Runtime:
    """Kept as ``app.state.starmodel``.

    *fragments* is where processes find what others have drawn, with the same *settings*.  *max_streams* bounds the
    live pages of one process; one more is refused with 503 and tries again.
    """

    def __init__(
        self,
        app: Application,
        assets: Assets,
        *,
        kit: UIAdapter,
        secret: str,
        auth: Sequence[AuthProvider] = (),
        plugins: PluginHost | None = None,
        max_streams: int = 5000,
        sessions: SessionStore | str | None = None,
        fragments: FragmentCache | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.app = app
        self.plugins = plugins or PluginHost()
        self.boot = secrets.token_hex(4)
        self.assets, self.kit = assets, kit
        self.signer = Signer(secret)
        self.sessions, self._kept_in = Sessions(self.signer), sessions
        self.fragments = Fragments()
        self._shared = None
        if fragments is not None:
            self._shared = SharedFragments(fragments, self.fragments, self.signer, app.codec)
        self._settings = dict(settings or {})
        self.caches: dict[str, Cache] = {"fragments": self.fragments}
        self.hub = Hub(app, self.fragments, self._remake)
        self.max_streams = max_streams
        self.forms: Forms | None = None
        self.drains: list[Callable[[], None]] = []
        self._auth = tuple(auth)
        self._pages: ASGIApp | None = None
        self._draw_refusal: DrawRefusal | None = None

    def draw_refusals_by(self, draw: DrawRefusal) -> None:
        """Say what draws the page of an error in the frame of the others."""
        self._draw_refusal = draw

    def refusal_page(self, scope: Scope, refusal: Refusal, back: str) -> str:
        """Return the page that says what went wrong and leads *back*; without its frame if that fails too."""
        try:
            if self._draw_refusal is not None:
                return self._draw_refusal(scope, refusal, back)
        except Exception:
            logger.exception("the page of an error could not be drawn in its frame")
        return error_page(self.assets, refusal, nonce_of(scope), back)

    def serve_pages_by(self, app: ASGIApp) -> None:
        """Say which ASGI application makes the pages, so that an open one can be made again."""
        self._pages = app

    async def open(self) -> None:
        """Make stores, bus and live pages ready; when the pages fail, close the others again."""
        await self.app.open()
        async with AsyncExitStack() as undo:
            undo.push_async_callback(self.app.close)
            store = session_store(self.app, self._kept_in)
            self.sessions.store = self.sessions.store if store is None else store
            await self.sessions.store.open()
            undo.push_async_callback(self.sessions.store.close)
            if self._shared is not None:
                await self._share(self._shared)
                undo.push_async_callback(self._shared.close)
            await self.hub.open()
            undo.pop_all()

    async def _share(self, shared: SharedFragments) -> None:
        """Begin to draw for other processes as well, where they can know that they would draw the same."""
        kinds, kit = list(self.app.catalog), self.kit
        modules = {kind.__module__ for kind in kinds} | {type(kit).__module__}
        parts = [
            type(kit).__qualname__,
            *kit.styles,
            *kit.scripts,
            *known_values(getattr(kit, "__dict__", {})),
            str(self._settings),
        ]
        parts += [f"{record.name} {record.status}" for record in self.plugins.records]
        found = await asyncio.to_thread(fingerprint_of, modules, parts)
        if found is None:
            logger.warning("fragments are not shared: a class of the application was read from no file")
        else:
            await shared.open(found)

    async def close(self) -> None:
        """End the streams, then let go of everything."""
        await self.hub.close()
        if self._shared is not None:
            await self._shared.close()
        await self.sessions.store.close()
        await self.app.close()

    def drain(self) -> None:
        """End every stream at once; what a server calls before it stops."""
        self.hub.drain()
        for drain in self.drains:
            drain()

    @property
    def has_auth(self) -> bool:
        """True when somebody may be told apart from an anonymous visitor."""
        return bool(self._auth)

    def summary(self) -> dict[str, str]:
        """Return the durability class of each store."""
        return self.app.summary()

    @property
    def tells_actors_apart(self) -> bool:
        """False when every visitor has the same rights: nobody says who they are."""
        return bool(self._auth)

    async def actor(self, scope: Scope) -> Actor:
        """Return who sent a request: what the first auth provider that knows says, else the anonymous visitor."""
        visitor: str = scope["state"]["visit"].visitor
        client = scope.get("client")
        guest = Actor(visitor, visitor, address=client[0] if client else None)
        if self._auth:
            session: Session = scope["session"]
            await session.read()
            headers = {n.decode("latin-1"): value.decode("latin-1") for n, value in scope["state"]["headers"].items()}
            for provider in self._auth:
                found = await provider.identify(headers, session, visitor)
                if found is not None:
                    session.belongs_to(owner_mark(found.id))
                    actor = found if found.visitor is not None else replace(found, visitor=visitor)
                    scope["starmodel.actor"] = session.actor = actor
                    return actor
            scope["starmodel.actor"] = session.actor = guest
        return guest

    def knows(self, token: PageToken) -> bool:
        """Tell whether every class and view a page names is still part of the program."""
        named = {use.view for uses in token.views.values() for use in uses}
        known = {kind.__entity_name__ for kind in self.app.catalog}
        if not (all(map(self.hub.view, named)) and token.kinds <= known):
            return False
        return all(self._knows_query(name, query) for name, query in token.queries)

    def _knows_query(self, name: str, query: Query) -> bool:
        try:
            if query.order != ANY_CHANGE.order:
                query.checked(self.app.catalog.kind(name))
        except QueryError:
            return False
        return True

    async def page(self, scope: Scope) -> PageRead:
        """Return what the page of this request reads into: begun by its first read, or handed in to be made again."""
        page: PageRead | None = scope.get("starmodel.page")
        if page is None:
            page = scope["starmodel.page"] = PageRead(
                self.app, await self.actor(scope), self.fragments, self.hub.logs.standing
            )
        return page

    async def _remake(self, tab: Tab) -> Remade:
        """Make the page of *tab* again."""
        read = PageRead(self.app, tab.actor, self.fragments)  # asks the stores themselves: the hub may lag behind
        if self.sessions.is_retired(tab.visit):
            tab.end()  # it comes back with the cookie it has now
            return Remade("", read)
        # What it puts into the session is not kept: nobody asked for it.  What is in it by now can be looked at.
        session = Session(self.sessions, replace(tab.visit, is_kept=True))
        return await self.remake({**tab.scope, "session": session}, tab.token.url, tab.token.nonce, read)

    async def remake(self, asked: Scope, url: str, nonce: str, read: PageRead) -> Remade:
        """Make the page at *url* again for whoever *asked*; see :func:`~starmodel.adapters.fasthtml.remaking.remade`.

        ConfigurationError when nobody was said to make pages.
        """
        if self._pages is None:
            raise ConfigurationError("no page can be made again: say by serve_pages_by() which application makes them")
        return await remade(self._pages, asked, url, nonce, read)
