"""The contract of auth providers, kept by the one of names and passwords."""

from __future__ import annotations

import time

import pytest

from starmodel.adapters.auth import User
from starmodel.testing.auth import AuthContract, Credentials

PASSWORD = "a few words for all"


def signed_in_as(user):
    return Credentials(
        actor=user.id, session={"starmodel.user": {"id": user.id, "stamp": user.stamp, "at": time.time()}}
    )


class TestPasswordAuth(AuthContract):
    @pytest.fixture
    async def users(self, auth, start):
        await start(auth=auth)
        return [await auth.accounts.add(name, PASSWORD) for name in ("ada", "bob", "eve")]

    @pytest.fixture
    def provider(self, auth, users):
        return auth

    @pytest.fixture
    def known(self, users):
        return signed_in_as(users[0])

    @pytest.fixture
    def other(self, users):
        return signed_in_as(users[1])

    @pytest.fixture
    async def ended(self, auth, users):
        await auth.accounts.set_password(users[2], PASSWORD)
        assert isinstance(users[2], User)
        return signed_in_as(users[2])
