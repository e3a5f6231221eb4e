"""The suites' first customers: the stores, the bus and the codec of this very wheel."""

from __future__ import annotations

import pytest

from starmodel.adapters.files import DirectoryFileStore, MemoryFileStore
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import InProcessBus
from starmodel.testing import BusContract, CodecContract, FileStoreContract, PlainCodec, StoreContract


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
