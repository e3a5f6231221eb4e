"""What the tests of this package share; the server itself is the whole run's."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend():
    return "asyncio"
