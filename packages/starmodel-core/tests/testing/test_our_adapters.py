"""The suites' first customers: the stores, the bus and the codec of this very wheel."""

from __future__ import annotations

import pytest

from starmodel.adapters.files import DirectoryFileStore, MemoryFileStore
from starmodel.adapters.persistence.memory import MemoryFragments, MemoryRepo, MemorySessions
from starmodel.app import InProcessBus, InProcessTasks
from starmodel.core import Actor
from starmodel.testing import (
    AuthContract,
    BusContract,
    CodecContract,
    Credentials,
    FileStoreContract,
    FragmentCacheContract,
    PlainCodec,
    SessionStoreContract,
    StoreContract,
    TaskQueueContract,
)


class TestMemoryRepo(StoreContract):
    @pytest.fixture
    def new_store(self, clock):
        return MemoryRepo(clock=clock)

    @pytest.fixture
    def short_log_store(self, clock):
        return MemoryRepo(clock=clock, keep=3)


class TestInProcessBus(BusContract):
    @pytest.fixture
    def new_bus(self):
        return InProcessBus(capacity=50)


class TestPlainCodec(CodecContract):
    @pytest.fixture
    def codec(self):
        return PlainCodec()


class TestMemoryFileStore(FileStoreContract):
    @pytest.fixture
    def file_store(self):
        return MemoryFileStore()


class TestDirectoryFileStore(FileStoreContract):
    @pytest.fixture
    def file_store(self, tmp_path):
        return DirectoryFileStore(tmp_path / "files")


class HeaderTokens:
    """The smallest provider that is one: whoever sends a token that is known."""

    def __init__(self, names):
        self._names = names

    async def identify(self, headers, _session, visitor):
        scheme, _, token = headers.get("authorization", "").partition(" ")
        name = self._names.get(token) if scheme == "Bearer" else None
        return None if name is None else Actor(name, visitor, frozenset({"api"}))


def bearer(name, token):
    return Credentials(actor=name, headers={"authorization": f"Bearer {token}"})


class TestHeaderTokens(AuthContract):
    @pytest.fixture
    def provider(self):
        return HeaderTokens({"a long token": "ada", "another one": "bob"})

    @pytest.fixture
    def known(self):
        return bearer("ada", "a long token")

    @pytest.fixture
    def other(self):
        return bearer("bob", "another one")

    @pytest.fixture
    def ended(self):
        return bearer("eve", "one that was taken back")


class TestMemorySessions(SessionStoreContract):
    @pytest.fixture
    def session_store(self):
        return MemorySessions()


class TestMemoryFragments(FragmentCacheContract):
    @pytest.fixture
    def fragment_cache(self):
        return MemoryFragments()


class TestInProcessTasks(TaskQueueContract):
    @pytest.fixture
    def new_task_queue(self):
        return InProcessTasks(tries=self.tries, pause=self.pause)


async def test_a_memory_of_fragments_is_bounded():
    cache = MemoryFragments(max_bytes=100)
    for number in range(9):
        await cache.put_many({f"{number}": b"x" * 40}, seconds=60)
    assert list(await cache.get_many(["6", "7", "8"])) == [None, b"x" * 40, b"x" * 40]
    assert cache.size == 80
