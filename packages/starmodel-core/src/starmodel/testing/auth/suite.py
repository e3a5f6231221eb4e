"""Recognising whoever sent a request: by what it brings, by nothing else, and never with an error."""

# ruff: noqa: D102  (the name of a test is its sentence)

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from starmodel.core.actors import VISITOR, Actor
from starmodel.core.ports import AuthProvider
from starmodel.testing.base import Contract

from .samples import HOSTILE_TEXTS, Credentials

__all__ = ["AuthContract"]

_VISITOR = f"{VISITOR}of-the-suite"


class AuthContract(Contract):
    """What every auth provider must do.

    Subclass it, give it a provider with two people that it knows and one whom it knew, and run pytest::

        class TestMyAuth(AuthContract):
            @pytest.fixture
            def provider(self):
                return MyAuth(tokens={"a long token": "ada", "another one": "bob"})

            @pytest.fixture
            def known(self):
                return Credentials(actor="ada", headers={"authorization": "Bearer a long token"})

            @pytest.fixture
            def other(self):
                return Credentials(actor="bob", headers={"authorization": "Bearer another one"})

            @pytest.fixture
            def ended(self):
                return Credentials(actor="eve", headers={"authorization": "Bearer that was taken back"})

    ``ended`` are credentials that counted once: a token that was taken back, the session of somebody who is disabled.
    """

    @pytest.fixture
    def provider(self) -> AuthProvider:
        """Make a provider: every subclass gives this fixture."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture provider that returns an auth provider")

    @pytest.fixture
    def known(self) -> Credentials:
        """Return what somebody brings whom the provider knows: every subclass gives this fixture."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture known that returns Credentials")

    @pytest.fixture
    def other(self) -> Credentials:
        """Return what somebody else brings whom the provider knows: every subclass gives this fixture."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture other that returns Credentials")

    @pytest.fixture
    def ended(self) -> Credentials:
        """Return what counted once and counts no more: every subclass gives this fixture."""
        raise NotImplementedError(f"give {type(self).__name__} a fixture ended that returns Credentials")

    async def asked(
        self, provider: AuthProvider, headers: Mapping[str, str], session: Mapping[str, Any], visitor: str = _VISITOR
    ) -> Actor | None:
        """Ask a provider as a door does; what it says is an actor, or nothing."""
        said: object = await provider.identify(headers, session, visitor)
        assert said is None or isinstance(said, Actor), f"{said!r} is neither an Actor nor None"
        return said

    async def who(self, provider: AuthProvider, one: Credentials, visitor: str = _VISITOR) -> Actor | None:
        """Ask who it is that brings these credentials."""
        return await self.asked(provider, one.headers, one.session, visitor)

    async def test_a_provider_has_the_shape_of_one(self, provider: AuthProvider) -> None:
        assert isinstance(provider, AuthProvider)
        assert inspect.iscoroutinefunction(provider.identify)

    async def test_whoever_is_known_is_recognised(
        self, provider: AuthProvider, known: Credentials, other: Credentials
    ) -> None:
        found = [await self.who(provider, one) for one in (known, other)]
        assert [actor and actor.id for actor in found] == [known.actor, other.actor]
        assert known.actor != other.actor

    async def test_an_actor_is_what_policies_can_decide_about(self, provider: AuthProvider, known: Credentials) -> None:
        actor = await self.who(provider, known)
        assert actor is not None
        assert actor.is_signed_in, f"the id {actor.id!r} is that of an anonymous visitor"
        assert isinstance(actor.roles, frozenset)
        assert all(isinstance(role, str) for role in actor.roles)

    async def test_nobody_who_sends_a_request_is_the_program_itself(
        self, provider: AuthProvider, known: Credentials
    ) -> None:
        actor = await self.who(provider, known)
        assert actor is not None
        assert actor.trusted is False, "a trusted actor is asked by no policy"

    async def test_an_actor_belongs_to_the_browser_that_asked(self, provider: AuthProvider, known: Credentials) -> None:
        for visitor in (_VISITOR, f"{VISITOR}two"):
            actor = await self.who(provider, known, visitor)
            assert actor is not None
            assert actor.visitor == visitor

    async def test_a_request_that_brings_nothing_is_nobodys(self, provider: AuthProvider) -> None:
        assert await self.asked(provider, {}, {}) is None
        assert await self.asked(provider, {"host": "localhost", "cookie": "a=b"}, {"cart": 3}) is None

    async def test_who_asked_before_says_nothing_of_who_asks_now(
        self, provider: AuthProvider, known: Credentials
    ) -> None:
        assert await self.who(provider, known) is not None
        assert await self.asked(provider, {}, {}) is None, "the visitor alone, or the request before, names nobody"

    async def test_people_who_ask_at_once_are_not_mixed_up(
        self, provider: AuthProvider, known: Credentials, other: Credentials
    ) -> None:
        asking = [known, other, Credentials(actor="")] * 10
        found = await asyncio.gather(*(self.who(provider, one) for one in asking))
        assert [actor.id if actor else "" for actor in found] == [one.actor for one in asking]

    async def test_what_a_request_brings_is_only_read(self, provider: AuthProvider, known: Credentials) -> None:
        headers, session = copy.deepcopy(dict(known.headers)), copy.deepcopy(dict(known.session))
        actor = await self.asked(provider, MappingProxyType(headers), MappingProxyType(session))
        assert actor is not None
        assert (headers, session) == (dict(known.headers), dict(known.session))

    async def test_what_counts_no_more_is_nobodys(self, provider: AuthProvider, ended: Credentials) -> None:
        assert await self.who(provider, ended) is None

    async def test_a_header_that_was_altered_is_not_that_of_whoever_had_it(
        self, provider: AuthProvider, known: Credentials
    ) -> None:
        for headers in known.altered_headers():
            actor = await self.asked(provider, headers, known.session)
            assert known.session or actor is None or actor.id != known.actor, f"{headers} were taken for the right ones"

    async def test_whatever_stands_in_a_request_nobody_is_let_in_or_harmed_by_it(
        self, provider: AuthProvider, known: Credentials
    ) -> None:
        for headers, session in known.unfit():
            actor = await self.asked(provider, headers, session)
            assert actor is None or not actor.trusted
        for name in {"authorization", "cookie", "x-api-key", "x-forwarded-user"} - known.headers.keys():
            for text in HOSTILE_TEXTS:
                assert await self.asked(provider, {name: text}, {}) is None
        assert await self.who(provider, known) is not None, "what others have sent harms nobody"
