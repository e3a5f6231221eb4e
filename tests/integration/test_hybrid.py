"""One application, two stores: each entity is kept where its class says, and neither knows of the other."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.adapters.persistence.sqlmodel import BaseTable, SQLRepo
from starmodel.bootstrap import create_application
from starmodel.core import Entity, StateStore
from starmodel.core.errors import NotFoundError
from starmodel.testing import FakeClock


@dataclass(frozen=True)
class Item:
    name: str
    count: int = 1


class Cart(Entity):
    items: list[Item] = []
    model_config = {"store": StateStore.SERVER_REDIS, "ttl": 7200}


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


@pytest.fixture
def stores(clock, tmp_path):
    """Memory takes the place of Redis: the class names a store, the application decides what that is."""
    return {"redis": MemoryRepo(clock=clock), "sql": SQLRepo(f"sqlite:///{tmp_path}/blog.db", clock=clock)}


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


async def test_only_what_sql_keeps_is_there_after_a_restart(app, stores, tmp_path):
    cart = await made(app, Cart.create())
    post = await made(app, BlogPost.create(title="Hello", body="World"))
    await app.close()
    again = {"redis": MemoryRepo(), "sql": SQLRepo(f"sqlite:///{tmp_path}/blog.db")}
    async with create_application(Cart, BlogPost, stores=again) as later:
        assert (await later.load(BlogPost, post.id)).entity == post
        with pytest.raises(NotFoundError):
            await later.load(Cart, cart.id)
