"""Passwords are hashed beside the event loop, only so many at a time, and a hash says when it is out of date."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher, extract_parameters

from starmodel.adapters.auth import PasswordHashing, TooBusyError

pytestmark = pytest.mark.anyio


@pytest.fixture
def hashing(request):
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    hashing = PasswordHashing(hasher, **getattr(request, "param", {}))
    yield hashing
    hashing.close()


async def test_a_password_fits_its_own_hash_alone(hashing):
    hashed = await hashing.hash("a few words")
    assert await hashing.verify(hashed, "a few words") == (True, False)
    assert await hashing.verify(hashed, "a few Words") == (False, False)
    assert await hashing.verify(None, "a few words") == (False, False)
    assert await hashing.verify("no hash at all", "a few words") == (False, False)


async def test_a_hash_of_other_parameters_fits_and_is_stale(hashing):
    older = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash("a few words")
    assert await hashing.verify(older, "a few words") == (True, True)
    assert await hashing.verify(older, "other words") == (False, False)


async def test_the_parameters_are_those_that_owasp_asks_for():
    hashing = PasswordHashing()
    parameters = extract_parameters(await hashing.hash("a few words"))
    hashing.close()
    assert (parameters.type.name, parameters.version) == ("ID", 19)
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19 * 1024, 2, 1)


class Slow(PasswordHasher):
    """Hashes that take as long as a test wants, and count how many are made at once."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        import threading

        self.go_on, self.under_way, self.most = threading.Event(), 0, 0

    def hash(self, password, **_):
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.go_on.wait(5)
        self.under_way -= 1
        return "made"


async def test_only_so_many_are_hashed_at_once_and_only_so_many_wait_for_it():
    slow = Slow()
    hashing = PasswordHashing(slow, at_once=1, waiting=2)
    waiting = [asyncio.create_task(hashing.hash("a few words")) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(TooBusyError):
        await hashing.hash("one more")
    waiting.pop().cancel()  # whoever goes away makes room
    await asyncio.sleep(0)
    waiting.append(asyncio.create_task(hashing.hash("one more")))
    await asyncio.sleep(0)
    slow.go_on.set()
    assert await asyncio.gather(*waiting) == ["made"] * 3
    assert slow.most == 1
    hashing.close()
