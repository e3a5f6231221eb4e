"""What users write and a type checker must understand; never run, only checked by test_promises.py."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Generic, Self, TypeVar, assert_type

from starmodel.core import Command, Entity, event

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
