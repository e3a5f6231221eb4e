"""One application, two stores: each entity is kept where its class says, and one event may change both."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.adapters.persistence.redis import RedisRepo
from starmodel.adapters.persistence.sqlmodel import BaseTable, SQLRepo
from starmodel.bootstrap import create_application
from starmodel.core import Command, Entity, StateStore, Unit, event
from starmodel.core.errors import NotFoundError
from starmodel.testing import FakeClock


@dataclass(frozen=True)
class Item:
    name: str
    count: int = 1


class Cart(Entity):
    items: list[Item] = []
    model_config = {"store": StateStore.SERVER_REDIS, "ttl": 7200}

    @event
    def tell(self, title: str) -> None:
        """Be first, and let the database follow."""
        Unit.current().add(BlogPost(title=title, body=f"{len(self.items)} things"))
        self.items = []

    @event(primary="sql")
    def publish(self, title: str) -> None:
        """Let the database be first, and follow."""
        Unit.current().add(BlogPost(title=title, body=f"{len(self.items)} things"))
        self.items = []


# SQL-backed (inherits BaseTable for full-relational storage)
class BlogPost(Entity, BaseTable, table=True):
    title: str
    body: str
    model_config = {"store": StateStore.CUSTOM, "auto_persist": True}


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(params=["redis", "memory"])
def stores(request, clock, tmp_path):
    """Memory may take the place of Redis: the class names a store, the application decides what that is."""
    carts = MemoryRepo(clock=clock) if request.param == "memory" else RedisRepo(request.getfixturevalue("redis_url"))
    return {"redis": carts, "sql": SQLRepo(f"sqlite:///{tmp_path}/blog.db", clock=clock)}


@pytest.fixture
async def app(stores):
    async with create_application(Cart, BlogPost, stores=stores) as app:
        yield app


async def made(app, command):
    return (await app.dispatch(command)).entity


async def test_each_entity_is_in_the_store_that_its_class_names(app, stores):
    cart = await made(app, Cart.create(items=[Item("pen")]))
    post = await made(app, BlogPost.create(title="Hello", body="World"))
    assert (await stores["redis"].get(Cart, cart.id)).entity == cart
    assert (await stores["sql"].get(BlogPost, post.id)).entity == post
    assert await stores["sql"].database.read(lambda on: on.exec_driver_sql("SELECT title FROM blogpost").all()) == [
        ("Hello",)
    ]


async def test_events_questions_and_histories_are_the_same_for_both(app):
    cart = await made(app, Cart.create())
    post = await made(app, BlogPost.create(title="Hello", body="World"))
    await app.dispatch(Cart.update(items=[Item("pen", 2)]).on(cart.id))
    await app.dispatch(BlogPost.update(title="Good morning").on(post.id))
    assert (await app.load(Cart, cart.id)).entity.items == [Item("pen", 2)]
    assert [found.entity.title for found in (await app.find(BlogPost, {"title": {"contains": "good"}})).items] == [
        "Good morning"
    ]
    for kind, id in ((Cart, cart.id), (BlogPost, post.id)):
        assert [commit.command.event for commit in await app.history.timeline(kind, id)] == ["create", "update"]
        await app.dispatch(kind.delete().on(id))
        with pytest.raises(NotFoundError):
            await app.load(kind, id)


@pytest.mark.parametrize("first", ["tell", "publish"])
async def test_one_event_changes_both_and_its_undo_takes_back_both(app, stores, first):
    cart = await made(app, Cart.create(items=[Item("pen"), Item("ink")]))
    result = await app.dispatch(getattr(Cart, first)(title="Hello").on(cart.id))
    assert await app.count(Cart if first == "tell" else BlogPost) == 1  # the primary is there at once
    assert await app.outbox.drain()
    (post,) = (await app.find(BlogPost)).items
    assert (post.entity.title, post.entity.body) == ("Hello", "2 things")
    assert (await app.load(Cart, cart.id)).entity.items == []
    assert (await app.dispatch(result.command)).replayed
    assert list(await app.outbox.lags()) == []
    undone = (await app.history.timeline(BlogPost, post.entity.id))[0].command.id
    await app.dispatch(Command(entity="BlogPost", event="undo", args={"command": undone}))
    assert await app.outbox.drain()
    assert (await app.count(BlogPost), (await app.load(Cart, cart.id)).entity.items) == (0, cart.items)


@pytest.mark.parametrize("stores", ["memory"], indirect=True)
async def test_the_cart_expires_two_hours_after_its_last_change_and_the_post_stays(app, clock):
    cart = await made(app, Cart.create())
    post = await made(app, BlogPost.create(title="Hello", body="World"))
    clock.advance(7000)
    await app.dispatch(Cart.update(items=[Item("pen")]).on(cart.id))
    clock.advance(7000)
    assert (await app.load(Cart, cart.id)).entity.items == [Item("pen")]
    clock.advance(201)
    with pytest.raises(NotFoundError):
        await app.load(Cart, cart.id)
    assert (await app.load(BlogPost, post.id)).entity == post


@pytest.mark.parametrize("stores", ["redis"], indirect=True)
async def test_in_redis_each_change_gives_the_cart_two_hours_more_and_no_other_program_needs_us_to_read_it(
    app, redis_server
):
    cart = await made(app, Cart.create(items=[Item("pen")]))
    key = f"starmodel:Cart:{cart.id}"
    assert redis_server.ask("TTL", key) == b":7200\r\n"
    redis_server.ask("EXPIRE", key, "60")
    await app.dispatch(Cart.update(items=[Item("ink", 2)]).on(cart.id))
    assert redis_server.ask("TTL", key) == b":7200\r\n"
    assert b'"items":[{"name":"ink","count":2}]' in redis_server.ask("GET", key)


@pytest.mark.parametrize("stores", ["redis"], indirect=True)
async def test_in_redis_the_cart_is_there_after_a_restart_as_well(app, redis_url, tmp_path):
    cart = await made(app, Cart.create(items=[Item("pen")]))
    post = await made(app, BlogPost.create(title="Hello", body="World"))
    await app.close()
    again = {"redis": RedisRepo(redis_url), "sql": SQLRepo(f"sqlite:///{tmp_path}/blog.db")}
    async with create_application(Cart, BlogPost, stores=again) as later:
        assert (await later.load(Cart, cart.id)).entity == cart
        assert (await later.load(BlogPost, post.id)).entity == post


@pytest.mark.parametrize("stores", ["memory"], indirect=True)
async def test_only_what_sql_keeps_is_there_after_a_restart(app, stores, tmp_path):
    cart = await made(app, Cart.create())
    post = await made(app, BlogPost.create(title="Hello", body="World"))
    await app.close()
    again = {"redis": MemoryRepo(), "sql": SQLRepo(f"sqlite:///{tmp_path}/blog.db")}
    async with create_application(Cart, BlogPost, stores=again) as later:
        assert (await later.load(BlogPost, post.id)).entity == post
        with pytest.raises(NotFoundError):
            await later.load(Cart, cart.id)
