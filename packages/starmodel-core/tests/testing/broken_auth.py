"""Auth providers with one fault each, and the tests that must notice it.  Run by test_the_suites_bite.py."""

from __future__ import annotations

from typing import ClassVar

import pytest

from starmodel.core import Actor
from starmodel.testing import AuthContract, Credentials


class Tokens:
    """A provider that is right: each broken one changes one thing."""

    names: ClassVar[dict[str, str]] = {"a long token": "ada", "another one": "bob"}

    async def identify(self, headers, session, visitor):
        name = self.names.get(self.token(headers, session))
        return None if name is None else self.actor(name, visitor)

    def token(self, headers, session):
        kept = session.get("who")
        return kept["token"] if isinstance(kept, dict) and isinstance(kept.get("token"), str) else headers.get("key")

    def actor(self, name, visitor):
        return Actor(name, visitor)


class Suite(AuthContract):
    """The suite on one broken provider."""

    __test__ = False
    Provider: ClassVar[type[Tokens]]
    caught_by: ClassVar[tuple[str, ...]]

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.__test__ = True

    @pytest.fixture
    def provider(self):
        return self.Provider()

    @pytest.fixture
    def known(self):
        return Credentials(actor="ada", headers={"key": "a long token"})

    @pytest.fixture
    def other(self):
        return Credentials(actor="bob", headers={"key": "another one"})

    @pytest.fixture
    def ended(self):
        return Credentials(actor="eve", headers={"key": "taken back"})


class TestKnowsNobody(Suite):
    caught_by = ("test_whoever_is_known_is_recognised",)

    class Provider(Tokens):
        names: ClassVar = {}


class TestAnswersAtOnce(Suite):
    caught_by = ("test_a_provider_has_the_shape_of_one",)

    class Provider(Tokens):
        def identify(self, headers, session, visitor):
            return super().identify(headers, session, visitor)


class TestAnswersWithAName(Suite):
    caught_by = ("test_whoever_is_known_is_recognised", "test_an_actor_is_what_policies_can_decide_about")

    class Provider(Tokens):
        def actor(self, name, visitor):
            return name


class TestTakesEverybodyForTheProgram(Suite):
    caught_by = ("test_nobody_who_sends_a_request_is_the_program_itself",)

    class Provider(Tokens):
        def actor(self, name, visitor):
            return Actor(name, visitor, trusted=True)


class TestGivesRolesAsAList(Suite):
    caught_by = ("test_an_actor_is_what_policies_can_decide_about",)

    class Provider(Tokens):
        def actor(self, name, visitor):
            return Actor(name, visitor, ["editor"])


class TestTakesPeopleForVisitors(Suite):
    caught_by = ("test_an_actor_is_what_policies_can_decide_about",)

    class Provider(Tokens):
        def actor(self, name, visitor):
            return Actor(visitor, visitor)


class TestForgetsTheBrowser(Suite):
    caught_by = ("test_an_actor_belongs_to_the_browser_that_asked",)

    class Provider(Tokens):
        def actor(self, name, visitor):
            return Actor(name)


class TestLetsEverybodyIn(Suite):
    caught_by = ("test_a_request_that_brings_nothing_is_nobodys", "test_what_counts_no_more_is_nobodys")

    class Provider(Tokens):
        async def identify(self, headers, session, visitor):
            return Actor("guest", visitor)


class TestRemembersTheVisitor(Suite):
    caught_by = ("test_who_asked_before_says_nothing_of_who_asks_now",)

    class Provider(Tokens):
        def __init__(self):
            self.seen = {}

        async def identify(self, headers, session, visitor):
            self.seen[visitor] = await super().identify(headers, session, visitor) or self.seen.get(visitor)
            return self.seen[visitor]


class TestMixesUpPeople(Suite):
    caught_by = ("test_people_who_ask_at_once_are_not_mixed_up",)

    class Provider(Tokens):
        async def identify(self, headers, session, visitor):
            import asyncio

            self.asking = headers
            await asyncio.sleep(0)
            return await super().identify(self.asking, session, visitor)


class TestWritesIntoTheSession(Suite):
    caught_by = ("test_what_a_request_brings_is_only_read",)

    class Provider(Tokens):
        async def identify(self, headers, session, visitor):
            session["seen"] = True
            return await super().identify(headers, session, visitor)


class TestForgetsNothing(Suite):
    caught_by = ("test_what_counts_no_more_is_nobodys",)

    class Provider(Tokens):
        names: ClassVar = {**Tokens.names, "taken back": "eve"}


class TestComparesTheBeginningOnly(Suite):
    caught_by = ("test_a_header_that_was_altered_is_not_that_of_whoever_had_it",)

    class Provider(Tokens):
        def token(self, headers, session):
            given = headers.get("key") or " "
            return next((token for token in self.names if given.startswith(token)), None)


class TestFailsAtWhatItDoesNotExpect(Suite):
    caught_by = ("test_whatever_stands_in_a_request_nobody_is_let_in_or_harmed_by_it",)

    class Provider(Tokens):
        def token(self, headers, session):
            return headers.get("key", "").encode("latin-1").decode()


class TestTakesTheSessionAsItIs(Suite):
    caught_by = ("test_whatever_stands_in_a_request_nobody_is_let_in_or_harmed_by_it",)

    @pytest.fixture
    def known(self):
        return Credentials(actor="ada", session={"who": {"token": "a long token"}})

    class Provider(Tokens):
        def token(self, headers, session):
            return session["who"]["token"] if "who" in session else headers.get("key")


class TestIsConfusedByAttacks(Suite):
    caught_by = ("test_whatever_stands_in_a_request_nobody_is_let_in_or_harmed_by_it",)

    class Provider(Tokens):
        confused = False

        async def identify(self, headers, session, visitor):
            self.confused = self.confused or len(headers.get("key", "")) > 1000
            return None if self.confused else await super().identify(headers, session, visitor)
