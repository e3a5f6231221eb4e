"""The auth provider: knows who sent a request by the session, and brings the pages where a session begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starmodel.core.actors import Actor
from starmodel.core.config import CLIENT_STORES
from starmodel.core.errors import ConfigurationError
from starmodel.core.hooks import hookimpl
from starmodel.core.ports import Durability
from starmodel.core.ui import Link

from .accounts import Accounts
from .asking import LeadsToSignIn
from .hashing import PasswordHashing
from .limits import SignInLimits
from .pages import SignInPages
from .places import SIGN_IN, SIGN_OUT
from .session import signed_in
from .users import SessionsEnded, User

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.domain_events import Recorded

    from .web import WebApplication

__all__ = ["PasswordAuth"]

WEB = Actor("sign-in", trusted=True)
"""Who the log names for what the pages of signing in change."""


class PasswordAuth:
    """Users who sign in by name and password: ``create_app(..., auth="password")``, or ``STARMODEL_AUTH=password``.

    It is an :class:`~starmodel.core.ports.AuthProvider`, and a plugin that brings the users, the pages ``/login`` and
    ``/logout``, and the way there from a page that only somebody who is signed in may see.
    """

    def __init__(self, *, hashing: PasswordHashing | None = None, limits: SignInLimits | None = None) -> None:
        self.hashing = hashing or PasswordHashing()
        self.limits = limits or SignInLimits()
        self._accounts: Accounts | None = None

    async def identify(self, _headers: Mapping[str, str], session: Mapping[str, Any], visitor: str, /) -> Actor | None:
        """Return the user whose session it is, as they are now; ``None`` when it is nobody's, or counts no more."""
        remembered = signed_in(session)
        user = None if remembered is None else await self.accounts.of(remembered)
        return None if user is None else Actor(user.id, visitor, frozenset(user.roles))

    @property
    def accounts(self) -> Accounts:
        """The users of the application; ConfigurationError as long as this is part of none."""
        if self._accounts is None:
            raise ConfigurationError("PasswordAuth is part of no application: give it to create_app(auth=[...])")
        return self._accounts

    # -- what it brings to an application ------------------------------------------------------------------------------

    @hookimpl
    def starmodel_routes(self, app: WebApplication) -> Iterable[Any]:
        """Bring the pages, and end the sessions of a user on every node when they count no more."""
        application = app.application
        if User not in application.catalog:
            application.persistence.assign(User, _store_for_users(application))
            application.add(User)
        app.pages.people = User
        app.pages.add_catalogues(Path(__file__).parent / "locales")

        @application.on(SessionsEnded)
        async def end_sessions(ended: Recorded) -> None:
            await app.sign_out(ended.entity_id)

        self._accounts = Accounts(application, self.hashing, by=WEB)
        return SignInPages(app, self._accounts, self.limits).routes

    @hookimpl
    def starmodel_middleware(self) -> Iterable[Any]:
        """Lead whoever is not signed in to the page where they can be, from one that they may not see."""
        return [partial(LeadsToSignIn, knows=self.identify)]

    @hookimpl
    def starmodel_nav(self, actor: Actor) -> Iterable[Link]:
        """Show the way in, or out."""
        if actor.is_signed_in:
            return [Link(label="Sign out", href=SIGN_OUT, icon="log-out")]
        return [Link(label="Sign in", href=SIGN_IN, icon="log-in")]

    @hookimpl
    async def starmodel_startup(self) -> None:
        """Make ready what an unknown name is compared with."""
        await self.hashing.open()

    @hookimpl
    async def starmodel_shutdown(self) -> None:
        """Let go of the threads that hash."""
        self.hashing.close()


def _store_for_users(application: Application) -> str:
    """Return the application's usual store; where that forgets everything, the most lasting one that it uses."""
    persistence, lasting = application.persistence, list(Durability)
    usual = persistence.name_for(User)
    if persistence.store(usual).durability is not Durability.EPHEMERAL:
        return usual
    used = {usual, *[persistence.name_for(kind) for kind in application.catalog]} - CLIENT_STORES
    return max(sorted(used), key=lambda name: lasting.index(persistence.store(name).durability))
