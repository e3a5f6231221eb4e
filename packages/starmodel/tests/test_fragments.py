"""Nodes that draw for each other through Redis, as a setting says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from starmodel.adapters.persistence.memory import MemoryFragments
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError

SECRET = "a secret of all of them, long enough"


class Shelf(Entity):
    label: str = ""


def test_a_second_process_uses_what_the_first_has_drawn(redis_url, tmp_path):
    script = Path(__file__).with_name("two_nodes.py")
    told = subprocess.run(
        [sys.executable, str(script), redis_url, f"sqlite:///{tmp_path}/shelves.db"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    first, second = map(json.loads, told.stdout.splitlines())
    assert first["process"] != second["process"]
    assert [first["drawn"], second["drawn"]] == [20, 0]
    assert first["shown"] == second["shown"] == 20


def test_it_is_off_unless_it_is_said():
    def shared(**options):
        return create_app(Shelf, ui="plain", api=None, **options).runtime._shared

    assert shared(settings=Settings(secret=SECRET)) is None
    own = MemoryFragments()
    assert shared(settings=Settings(secret=SECRET), fragments=own).cache is own
    named = shared(settings=Settings(secret=SECRET, fragments="redis", redis_url="redis://far:1/2"))
    assert str(named.cache.url) == "redis://far:1/2"


def test_what_cannot_be_is_told_at_the_start():
    with pytest.raises(AdapterNotFoundError, match="'rediss'; did you mean 'redis'"):
        create_app(Shelf, settings=Settings(secret=SECRET, fragments="rediss"))
    with pytest.raises(ConfigurationError, match="needs STARMODEL_SECRET, the same on every node"):
        create_app(Shelf, settings=Settings(fragments="redis"))
