"""What users write and a type checker must understand; never run, only checked by test_promises.py."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar, assert_type

from sqlmodel import Field, Relationship

from starmodel.adapters.fasthtml import Content, PageCall, StarModelApp, load
from starmodel.adapters.fasthtml.testing import Client, Outcome
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.adapters.persistence.sqlmodel import BaseTable, table_config
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application, InProcessBus, Result, VisitorPolicy
from starmodel.core import Command, DomainEvent, Entity, Private, Recorded, Secret, StateStore, Unit, event
from starmodel.core.ports import Codec, EventBus, Policy, StatePersistenceBackend
from starmodel.core.query import Page as Found
from starmodel.core.query import Stored
from starmodel.core.ui import Field as Control
from starmodel.testing import FaultyStore, PlainCodec, RecordingBus

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    sku: str
    qty: int = 1


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount

    @event
    def double(self) -> Self:
        return self.evolve(count=self.count * 2)

    @event
    def twice(self, amount: int) -> None:
        self.increment(amount)

    @event
    async def later(self, n: int) -> None:
        self.count += n

    @event
    async def later_self(self) -> Self:
        return self.evolve(count=1)

    @event
    async def count_down(self) -> AsyncIterator[None]:
        while self.count:
            self.count -= 1
            yield


class Cart(Entity):
    items: list[Item] = []
    title: str
    _cache: dict[str, int] = {}
    model_config = {"store": "redis", "ttl": 7200}

    @event
    def add(self, sku: str, *, qty: int = 1) -> None:
        self.items.append(Item(sku, qty))


class Special(Counter):
    note: str


@dataclass(frozen=True, kw_only=True)
class Shipped(DomainEvent):
    carrier: str


class Order(Entity):
    cart: Cart | None = None
    margin: Private[int] = 0
    password: Secret[str] = ""
    model_config = {"store": StateStore.SERVER_MEMORY, "default_events": ("create", "delete"), "auto_persist": True}

    @event(method="post", blocking=True, confirm="Sure?")
    def ship(self, carrier: str) -> Iterator[str]:
        yield "packing"
        self.record(Shipped(carrier=carrier))

    @event
    def take_from(self, other: Counter, also: Counter | None = None) -> int:
        other.increment(-1)
        return other.count

    @event
    @classmethod
    def pair(cls, margin: int) -> list[Self]:
        return [cls(margin=margin), cls()]

    @event
    @classmethod
    async def clear(cls) -> None:
        unit = Unit.current()
        for order in await unit.find(cls):
            assert_type(order.margin, int)
            unit.delete(order)

    def check(self) -> None:
        if self.margin < 0:
            raise ValueError("a margin below zero")


class Page(Entity, Generic[T]):
    rows: list[T] = []


counter = Counter(count=1)
assert_type(counter.increment(2), Counter)
assert_type(counter.double(), Counter)
assert_type(Special(note="x").increment(2), Special)
assert_type(Special(note="x").double(), Special)
assert_type(Counter.increment(5), Command)
assert_type(Cart.add("x", qty=2), Command)
assert_type(Cart(title="t").items, list[Item])
assert_type(Page[int](rows=[1]).rows, list[int])
assert_type(Counter(id="x", count=1).id, str)
assert_type({counter}, set[Counter])


async def awaiting() -> None:
    assert_type(await counter.later(3), Counter)
    assert_type(await counter.later_self(), Counter)
    assert_type([step async for step in counter.count_down()], list[Counter])


order = Order(margin=1, password="x")
assert_type(order.margin, int)
assert_type(order.password, str)
assert_type(order.take_from(counter), Order)
assert_type(Order.take_from(counter, also=None), Command)
assert_type(Order.pair(3), Command)
assert_type(Order.clear(), Command)
assert_type(list(order.ship("post")), list[Order])
assert_type(counter.increment.command(2), Command)
assert_type(counter.evolve(count=2), Counter)
assert_type(Counter.create(count=1).on("a"), Command)

store: StatePersistenceBackend = MemoryRepo()
faulty: StatePersistenceBackend = FaultyStore(store)
codecs: list[Codec] = [PydanticCodec(), PlainCodec()]
buses: list[EventBus] = [InProcessBus(), RecordingBus()]
policy: Policy = VisitorPolicy()


async def applying() -> None:
    async with Application([Counter], codec=codecs[0], stores={"memory": store}, policies=[policy]) as app:
        assert_type(app, Application)
        assert_type(await app.dispatch(Counter.increment(5).on("a")), Result)
        assert_type(await app.load(Counter, "a"), Stored[Counter])
        assert_type((await app.load(Counter, "a")).entity.count, int)
        assert_type(await app.find(Counter, {"count": {"ge": 1}}), Found[Counter])

        @app.on(Shipped)
        async def told(recorded: Recorded) -> Any:
            return recorded.event


class Author(Entity, BaseTable, table=True):
    name: str
    posts: list[BlogPost] = Relationship(back_populates="author")


class BlogPost(Entity, BaseTable, table=True):
    title: str
    body: str
    model_config = {"store": StateStore.CUSTOM, "auto_persist": True}

    views: int = Field(default=0, index=True)
    pin: Secret[str] = ""
    author_id: str | None = Field(default=None, foreign_key="author.id")
    author: Author | None = Relationship(back_populates="posts")

    @event
    def rename(self, title: str) -> None:
        self.title = title


class Trimmed(Entity, BaseTable, table=True):
    name: str
    model_config = table_config(store="sql", str_strip_whitespace=True)


post = BlogPost(title="a", body="b")
assert_type(post.id, str)
assert_type(post.views, int)
assert_type(post.rename("x"), BlogPost)
assert_type(post.evolve(title="x"), BlogPost)
assert_type(post.model_dump(), dict[str, Any])
assert_type(BlogPost.rename("x"), Command)
assert_type(BlogPost.create(title="x", body="y").on("a"), Command)


async def asking() -> None:
    assert_type(await BlogPost.all(), list[BlogPost])
    assert_type(await BlogPost.get("a"), BlogPost | None)
    assert_type(await BlogPost.filter(title="x", limit=3), list[BlogPost])
    assert_type(await BlogPost.filter(title="x", as_dict=True), list[dict[str, Any]])
    assert_type(await BlogPost.search("x", fields=["title"]), list[dict[str, Any]])
    assert_type(await BlogPost.total_records(), int)
    assert_type(await BlogPost.upsert({"title": "x"}), BlogPost)
    assert_type(await BlogPost.update_record("a", {"title": "x"}), BlogPost)
    assert_type(await post.save(), BlogPost)
    assert_type(await post.related(BlogPost.author), Author | None)
    assert_type(await Author(name="x").related(Author.posts), list[BlogPost])
    assert_type(await BlogPost.related_records([post], BlogPost.author), dict[str, Author | None])


def replacing(web: StarModelApp) -> None:
    web.pages.columns(Counter, "count")
    web.pages.rename(Counter, count="How many")
    web.pages.hide(Counter, "double")

    @web.pages.cell(Counter, "count")
    def cell(counter: Counter) -> str:
        return f"{counter.count}!"

    @web.pages.fact(Counter, "count")
    def fact(counter: Counter) -> int:
        return counter.count

    @web.pages.control(Counter, "amount")
    def amount(field: Control) -> Any:
        return web.pages.kit.field(field)

    @web.pages.row(Counter)
    def row(counter: Counter, cells: list[Any]) -> Any:
        return [counter.count, *cells]

    @web.pages.page(Counter, "detail")
    async def detail(call: PageCall) -> Content:
        assert_type((await load(Counter, call.id)).count, int)
        return await call.default()

    assert_type(cell(Counter()), Any)


async def commands_without_a_page(client: Client) -> None:
    assert_type(await client.send(Counter(id="a").increment, 5), Outcome)
    assert_type(await client.send(Counter(id="a").increment, amount=5), Outcome)
