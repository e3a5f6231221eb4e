"""Nothing of the surrounding environment reaches these tests."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """Start with none of our variables."""
    for name in [name for name in os.environ if name.startswith("STARMODEL_") or name == "REDIS_URL"]:
        monkeypatch.delenv(name)
