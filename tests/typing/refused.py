"""Mistakes that a type checker must find, each on a line marked so; never run, only checked by test_promises.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starmodel.adapters.fasthtml import StarModelApp
from starmodel.adapters.fasthtml.testing import Client
from starmodel.adapters.persistence.sqlmodel import BaseTable
from starmodel.app import Application
from starmodel.core import Actor, Command, DomainEvent, Entity, Secret, StateStore, event
from starmodel.core.ports import Codec, StatePersistenceBackend


class Counter(Entity):
    count: int = 0
    pin: Secret[str] = ""

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount

    @event
    async def later(self, *, amount: int) -> None:
        self.count += amount

    @event
    @classmethod
    def pair(cls, name: str) -> list[Counter]:
        return [cls(), cls()]

    @event(method="fetch")  # refused: an HTTP method that is none
    def fetch(self) -> None: ...

    @event(metod="get")  # refused: a misspelled option
    def misspelled(self) -> None: ...


class Misspelled(Entity):
    model_config = {"stroe": "redis"}  # refused: an unknown key


class Mistyped(Entity):
    model_config = {"store": StateStore.SERVER_SQL, "ttl": "soon"}  # refused: the wrong type of a setting


class Halfway:
    async def get(self, kind: type[Entity], id: str, /) -> None:
        return None


counter = Counter(count=1)
Counter(1)  # refused: fields have names
Counter(cuont=1)  # refused: an unknown field
Counter(count="x")  # refused: the wrong type
Counter(pin=3)  # refused: a secret has a type too
counter.increment("x")  # refused: the wrong type of an argument
Counter.increment("x")  # refused: the same on the class
counter.increment(amount=1, b=2)  # refused: an unknown argument
Counter.increment(amount=1, b=2)  # refused: the same on the class
counter.increment.command("x")  # refused: the same for the command of one entity
Counter.later(1)  # refused: an argument that must be named
Counter.pair()  # refused: a missing argument
Counter.pair(3)  # refused: the wrong type on an event of the class
counter.missing  # refused: an unknown attribute
counter.increment().missing  # refused: the same on the next snapshot
Counter.increment().on(3)  # refused: an id is text
Command(entity="Counter", event="increment", arguments={})  # refused: an unknown part of a command
Actor("ada", roles=["admin"])  # refused: roles are a frozen set
counter.increment().count.upper()  # refused: the type of a field is known
Application([Counter])  # refused: an application needs a codec
Application([int], codec=counter)  # refused: neither an entity nor a codec
backend: StatePersistenceBackend = Halfway()  # refused: half a store is none


class Told(DomainEvent):
    n: int


def configure(codec: Codec, stores: Mapping[str, Any]) -> Application:
    return Application([Counter], codec=codec, stores=stores, bus="redis")  # refused: a bus is an object


class BlogPost(Entity, BaseTable, table=True):
    title: str
    views: int = 0

    @event
    def rename(self, title: str) -> None:
        self.title = title


class Misset(Entity, BaseTable, table=True):
    model_config = {"stroe": "sql"}  # refused: an unknown key


BlogPost("a")  # refused: fields have names
BlogPost(title=3)  # refused: the wrong type
BlogPost(title="a", veiws=3)  # refused: an unknown field
BlogPost(title="a").rename(3)  # refused: the wrong type of an argument
BlogPost(title="a").views.upper()  # refused: the type of a field is known
BlogPost.search(3)  # refused: text is searched for


def of_another(post: BlogPost) -> str:
    return post.title


def replacing(web: StarModelApp) -> None:
    web.pages.cell(Counter, "count")(of_another)  # refused: it draws another class
    web.pages.cell(str, "count")  # refused: no entity
    web.pages.page(Counter, "detial")  # refused: there is no such page
    web.pages.rename(Counter, count=3)  # refused: a name is text


async def commands_without_a_page(client: Client) -> None:
    await client.send(Counter(id="a").increment, "x")  # refused: the wrong type of an argument
    await client.send(Counter(id="a").increment, b=2)  # refused: an unknown argument
