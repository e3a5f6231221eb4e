"""Which store keeps which entity."""

from __future__ import annotations

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import PersistenceManager
from starmodel.core import Entity, NotFoundError, Query, StateStore
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError, QueryError, StoreError
from starmodel.testing import FaultyStore


class Plain(Entity):
    n: int = 0


class Special(Entity):
    model_config = {"store": "special"}


class Remembered(Entity):
    model_config = {"store": StateStore.SERVER_MEMORY}


class Missing(Entity):
    model_config = {"store": "memori"}


class Shared(MemoryRepo):
    single_process = False


def test_an_entity_is_kept_in_the_store_its_config_names():
    special = MemoryRepo()
    assert PersistenceManager({"special": special}).for_class(Special) is special


def test_an_entity_that_names_none_is_kept_in_the_default_store():
    manager = PersistenceManager({"special": MemoryRepo()}, default="special")
    assert manager.name_for(Plain) == "special"
    assert manager.for_class(Plain) is manager.for_class(Special)


def test_a_store_that_was_not_given_is_looked_up_among_the_installed_ones():
    manager = PersistenceManager()
    assert isinstance(manager.for_class(Remembered), MemoryRepo)
    assert manager.for_class(Remembered) is manager.store("memory")


def test_a_store_that_nobody_offers_is_an_error_with_a_hint():
    with pytest.raises(
        AdapterNotFoundError, match=r"did you mean 'memory'.*, or hand in one of your own: stores=\{'memori': \.\.\.\}"
    ):
        PersistenceManager().for_class(Missing)


def test_nothing_is_made_before_it_is_asked_for():
    manager = PersistenceManager()
    assert manager.stores == {}
    manager.for_class(Plain)
    assert list(manager.stores) == ["memory"]


async def test_every_store_is_opened_and_closed_once_even_under_two_names():
    store = FaultyStore(MemoryRepo())
    manager = PersistenceManager({"memory": store, "special": store})
    await manager.open()
    await manager.close()
    assert store.calls == ["open", "close"]


async def test_when_one_store_cannot_be_opened_the_others_are_closed_again():
    good, bad = FaultyStore(MemoryRepo()), FaultyStore(MemoryRepo())
    bad.fail("open")
    manager = PersistenceManager({"good": good, "bad": bad})
    with pytest.raises(StoreError):
        await manager.open()
    assert good.calls == ["open", "close"]


async def test_when_one_store_cannot_be_closed_the_others_are_closed_all_the_same():
    good, bad = FaultyStore(MemoryRepo()), FaultyStore(MemoryRepo())
    bad.fail("close")
    manager = PersistenceManager({"good": good, "bad": bad})
    await manager.open()
    with pytest.raises(StoreError):
        await manager.close()
    assert good.calls == ["open", "close"]


async def test_a_store_that_comes_too_late_to_be_opened_is_refused():
    manager = PersistenceManager({"special": MemoryRepo()})
    await manager.open()
    with pytest.raises(ConfigurationError, match=r"'memory' .*before the application is opened"):
        manager.for_class(Remembered)
    await manager.close()


def test_more_than_one_worker_is_refused_when_they_would_not_see_the_same_data():
    manager = PersistenceManager({"memory": MemoryRepo(), "shared": Shared()})
    manager.refuse_workers(1)
    with pytest.raises(ConfigurationError, match=r"2 workers cannot share the store memory: .* run one worker"):
        manager.refuse_workers(2)
    PersistenceManager({"shared": Shared()}).refuse_workers(4)


async def test_what_is_not_there_is_not_found():
    with pytest.raises(NotFoundError, match="there is no Plain with the id 'a'"):
        await PersistenceManager({"memory": MemoryRepo()}).get(Plain, "a")


async def test_a_query_is_checked_before_any_store_sees_it():
    store = FaultyStore(MemoryRepo())
    with pytest.raises(QueryError):
        await PersistenceManager({"memory": store}).query(Plain, Query(where={"m": 1}))
    assert store.calls == []
