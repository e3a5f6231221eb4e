"""The bus on a Redis stream: the published contract, and what only a bus between processes can do."""

from __future__ import annotations

import pytest

from starmodel.adapters.bus.redis import RedisBus
from starmodel.testing import BusContract


class TestRedisBus(BusContract):
    @pytest.fixture
    def new_bus(self, redis_url):
        return RedisBus(redis_url, capacity=50)
