"""PasswordAuth keeps the contract of its port, by the sessions that its own page of signing in begins."""

from __future__ import annotations

import time

import pytest

from starmodel.testing import AuthContract, Credentials


async def signed_in(auth, name):
    """What is in the session of somebody who has just signed in."""
    user = await auth.accounts.get(name)
    session = {"starmodel.user": {"id": user.id, "stamp": user.stamp, "at": time.time()}, "cart": 3}
    return Credentials(actor=user.id, session=session)


class TestPasswordAuth(AuthContract):
    @pytest.fixture
    async def provider(self, app, auth):
        for name in ("Bob", "Eve"):
            await auth.accounts.add(name, f"a few words for {name}")
        return auth

    @pytest.fixture
    async def known(self, provider):
        return await signed_in(provider, "ada")

    @pytest.fixture
    async def other(self, provider):
        return await signed_in(provider, "bob")

    @pytest.fixture
    async def ended(self, provider):
        eve = await signed_in(provider, "eve")
        await provider.accounts.disable(await provider.accounts.get("eve"))
        return eve


async def test_a_session_of_these_tests_is_like_one_that_signing_in_makes(app, auth, visitor, sign_in):
    kept = {}

    @app.get("/kept")
    async def keep(request):
        kept.update(request.session)
        return "kept"

    await sign_in(visitor)
    await visitor.get("/kept")
    made = (await signed_in(auth, "ada")).session["starmodel.user"]
    assert {**kept["starmodel.user"], "at": made["at"]} == made
