"""What a server promises is read from it, said, and refused where it is too little."""

from __future__ import annotations

import asyncio
import logging

import pytest

from rig.redis import Redis
from starmodel.adapters.persistence.redis import (
    DurabilityError,
    RedisRepo,
    RedisUrl,
    RedisUrlError,
    UncertainError,
    writing,
)
from starmodel.adapters.persistence.redis.promises import promise_of, refuse_unfit
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.core.ports import Durability
from starmodel.testing.store.base import changeset, created, found, put
from starmodel.testing.store.samples import Item

URL = RedisUrl("redis://127.0.0.1/0")


@pytest.mark.parametrize(
    ("said", "durability", "advice"),
    [
        ({"appendonly": "no"}, "ephemeral", "set appendonly yes"),
        ({}, "ephemeral", "set appendonly yes"),
        ({"aof_enabled": "1"}, "process", "appendfsync is not told"),
        ({"appendonly": "yes", "appendfsync": "everysec"}, "process", "set appendfsync always"),
        ({"appendonly": "yes", "appendfsync": "no"}, "process", "set appendfsync always"),
        ({"appendonly": "yes", "appendfsync": "always"}, "disk", "one machine"),
        (
            {"appendonly": "yes", "appendfsync": "always", "maxmemory": "100", "maxmemory-policy": "allkeys-lru"},
            "ephemeral",
            "set maxmemory-policy noeviction",
        ),
        (
            {"appendonly": "yes", "appendfsync": "always", "maxmemory": "0", "maxmemory-policy": "allkeys-lru"},
            "disk",
            "one machine",
        ),
    ],
)
def test_settings_are_worth_what_they_keep(said, durability, advice):
    promise = promise_of(said)
    assert promise.durability.value == durability
    assert advice in promise.why


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"redis_version": "6.0.16"}, "6.2 or newer is needed"),
        ({}, "6.2 or newer is needed"),
        ({"redis_version": "7.2.4", "cluster_enabled": "1"}, "Redis Cluster, which is not supported"),
    ],
)
def test_a_server_that_cannot_do_it_is_refused(said, why):
    refuse_unfit({"redis_version": "7.0.15", "cluster_enabled": "0"}, URL)
    with pytest.raises(ConfigurationError, match=why):
        refuse_unfit(said, URL)


@pytest.mark.parametrize(("asked", "advice"), [("disk", "appendfsync always"), ("replicated", "set replicaof")])
async def test_more_than_a_server_gives_is_refused_with_what_to_change(redis_url, asked, advice):
    store = RedisRepo(f"{redis_url}?durability={asked}")
    with pytest.raises(DurabilityError, match=rf"asks for durability={asked}, .* gives process: .*{advice}"):
        await store.open()


async def test_with_a_replica_a_commit_is_acknowledged_when_that_has_it(monkeypatch):
    monkeypatch.setattr(writing, "CONFIRM_MS", 10_000)
    quick = {"repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1"}
    with Redis(**quick) as primary, Redis(**quick, replicaof=f"127.0.0.1 {primary.port}") as replica:
        while b"state=online" not in primary.ask("INFO", "replication"):  # noqa: ASYNC110  (it tells nobody)
            await asyncio.sleep(0.01)
        store = RedisRepo(f"{primary.url}?durability=replicated")
        await store.open()
        assert store.durability is Durability.REPLICATED
        await store.commit(changeset(created(Item(id="first"))))
        replica.kill()
        monkeypatch.setattr(writing, "CONFIRM_MS", 50)
        wanted = changeset(created(Item(id="second")), id="again")
        with pytest.raises(UncertainError, match="no replica has confirmed it"):
            await store.commit(wanted)
        replica.start()
        monkeypatch.setattr(writing, "CONFIRM_MS", 10_000)
        while b"state=online" not in primary.ask("INFO", "replication"):  # noqa: ASYNC110  (as above)
            await asyncio.sleep(0.01)
        assert (await store.commit(wanted)).replayed is True
        primary.kill()
        replica.ask("REPLICAOF", "NO", "ONE")
        taken_over = RedisRepo(replica.url)
        await taken_over.open()
        for id in ("first", "second"):
            assert await taken_over.get(Item, id) is not None
        await store.close()
        await taken_over.close()


async def test_what_a_server_gives_is_said(redis_url):
    store = RedisRepo(f"{redis_url}?durability=ephemeral")
    assert store.durability is Durability.EPHEMERAL
    await store.open()
    assert store.durability is Durability.PROCESS
    await store.close()


async def test_a_server_as_it_is_installed_is_warned_of_and_one_that_got_weaker_is_refused(caplog):
    with Redis(appendonly="yes") as server, caplog.at_level(logging.WARNING, "starmodel.redis"):
        strict = RedisRepo(f"{server.url}?durability=process")
        await strict.open()
        server.kill()
        server.settings["appendonly"] = "no"
        server.start()
        lenient = RedisRepo(server.url)
        await lenient.open()
        assert lenient.durability is Durability.EPHEMERAL
        assert "keeps nothing for sure: appendonly is no" in caplog.text
        with pytest.raises(StoreError, match="asks for durability=process, and the server gives ephemeral"):
            await strict.position()
        await strict.close()
        await lenient.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must begin with redis://"),
        ("127.0.0.1:6379", "must begin with redis://"),
        ("http://me:hunter2@db", "not 'http'"),
        ("redis://me:hunter2@db:port/0", "cannot be read"),
        ("redis://me:hunter2@db/first", "must be a number"),
        ("redis://db/0?durability=always", "must be one of ephemeral, process, disk, replicated"),
        ("redis://db/0?durabilty=disk", "did you mean 'durability'"),
        ("redis://db/0?ssl_cert_reqs=none", "begin it with rediss://"),
        ("unix://", "names no socket"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(text, why):
    with pytest.raises(RedisUrlError, match=why) as refusal:
        RedisUrl(text)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://me:hunter2@db:6380/1", "redis://me:***@db:6380/1"),
        ("redis://:hunter2@db", "redis://:***@db"),
        ("redis://me:hun@ter2@db", "redis://me:***@db"),
        ("redis://db/0?durability=disk", "redis://db/0?durability=disk"),
        ("unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2"),
    ],
)
def test_an_address_is_shown_without_its_password(text, shown):
    assert str(RedisUrl(text)) == shown
    assert repr(RedisRepo(text).url) == f"<{shown}>"


def test_an_address_says_all_that_the_driver_needs():
    assert RedisUrl("redis://a%40b:p%3Aw@db:6380/3").settings == {
        "host": "db",
        "port": 6380,
        "db": 3,
        "username": "a@b",
        "password": "p:w",
    }
    assert RedisUrl("unix:///run/redis.sock?db=2").settings == {"path": "/run/redis.sock", "db": 2}
    assert RedisUrl("rediss://db?ssl_check_hostname=false").settings["ssl_check_hostname"] is False


async def test_a_wrong_password_is_told_of_and_not_told(redis_server):
    with Redis(requirepass="hunter2") as server:
        for access, why in (("", "wants a password"), (":nonsense@", "see user and password")):
            with pytest.raises(StoreError, match=why) as refusal:
                await RedisRepo(f"redis://{access}127.0.0.1:{server.port}/0").open()
            assert "nonsense" not in str(refusal.value)


async def test_a_full_server_stores_nothing_and_says_so(redis_url, redis_server, store):
    redis_server.ask("CONFIG", "SET", "maxmemory", "1")
    try:
        with pytest.raises(StoreError, match="nothing was stored: raise maxmemory"):
            await put(store, Item(id="a"))
        assert await store.get(Item, "a") is None
    finally:
        redis_server.ask("CONFIG", "SET", "maxmemory", "0")


async def test_a_socket_will_do_and_each_database_is_one_of_its_own(tmp_path):
    socket = tmp_path / "redis.sock"
    with Redis(unixsocket=str(socket)):
        stores = [RedisRepo(f"unix://{socket}?db={number}") for number in (0, 1)]
        for store in stores:
            await store.open()
        await put(stores[1], Item(id="a"))
        assert [await store.count(Item, {}, cap=9) for store in stores] == [0, 1]
        for store in stores:
            await store.close()


async def test_a_user_who_may_see_no_settings_and_no_other_keys_is_enough(redis_url, redis_server):
    rights = ("on", ">hunter2", "~starmodel*", "+@all", "-@admin", "-@dangerous", "+info")
    redis_server.ask("ACL", "SETUSER", "shop", *rights)
    try:
        store = RedisRepo(redis_url.replace("redis://", "redis://shop:hunter2@"))
        await store.open()
        assert store.durability is Durability.PROCESS
        commit = await put(store, Item(id="a"))
        assert (await found(store, Item(id="a"))).version == commit.changes[0].version
        assert len((await store.changes(commit.position._replace(number=0))).commits) == 1
        await store.close()
    finally:
        redis_server.ask("ACL", "DELUSER", "shop")
