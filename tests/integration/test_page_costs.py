"""What a page costs the database, however much there is in it."""

from __future__ import annotations

import re
from typing import Annotated

import httpx
import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.app import InProcessBus
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity, Reference, event

pytestmark = pytest.mark.anyio

PREPARING = ("--", "PRAGMA", "BEGIN", "COMMIT", "ROLLBACK")


class Customer(Entity):
    name: str
    model_config = {"store": "sql"}


class Order(Entity):
    title: str
    count: int = 0
    customer_id: Annotated[str | None, Reference("Customer")] = None
    model_config = {"store": "sql"}

    @event
    def grow(self) -> None:
        self.count += 1

    @event
    @classmethod
    def many(cls, number: int) -> list[Order]:
        return [cls(title=f"Order {n}", customer_id=f"c{n % 10}") for n in range(number)]


class Line(Entity):
    text: str
    order_id: Annotated[str | None, Reference("Order")] = None
    model_config = {"store": "sql"}


class Payment(Entity):
    note: str
    order_id: Annotated[str | None, Reference("Order")] = None
    model_config = {"store": "sql"}


KINDS = (Customer, Order, Line, Payment)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def store(tmp_path):
    return SQLRepo(f"sqlite:///{tmp_path}/costs.db")


@pytest.fixture
async def app(store):
    app = create_app(*KINDS, stores={"sql": store}, bus=InProcessBus(), settings=Settings(secret="x" * 32))
    async with app.router.lifespan_context(app):
        dispatch = app.application.dispatch
        await dispatch(Customer.create(name="Ada").on("ada"))
        await dispatch(Order.create(title="First", customer_id="ada").on("first"))
        for number in range(8):
            await dispatch(Line.create(text=f"line {number}", order_id="first"))
            await dispatch(Payment.create(note=f"payment {number}", order_id="first"))
        for _ in range(30):
            await dispatch(Order.grow().on("first"))
        yield app


@pytest.fixture
async def get(app):
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        yield client.get


@pytest.fixture
async def sent(store, app, get):
    """Return what was sent to the database since every page was seen once."""
    for path in ("/order/first", "/"):
        await get(path)
    statements: list[str] = []

    def note(statement: str) -> None:
        if not statement.startswith(PREPARING):
            statements.append(statement)

    for connection in store.database._connections:
        connection.connection.driver_connection.set_trace_callback(note)
    return statements


async def test_a_page_of_an_entity_with_three_relations_is_five_questions(get, sent):
    answer = await get("/order/first")
    assert answer.status_code == 200
    for shown in ("Ada</a>", ">line ", ">payment ", ">Older</a>"):
        assert shown in answer.text
    assert len(sent) <= 5, "\n".join(sent)


async def test_a_list_is_three_questions_however_long_it_is_and_none_without_an_end(app, get, sent):
    for number in range(10):
        await app.application.dispatch(Customer.create(name=f"Customer {number}").on(f"c{number}"))
    await app.application.dispatch(Order.many(1500))
    sent.clear()

    answer = await get("/order?sort=-id")

    assert answer.text.count("<tr id=") == 20
    assert len(set(re.findall(r"Customer \d</a>", answer.text))) > 1
    assert "More than 1,000 orders" in answer.text
    assert len(sent) == 3, "\n".join(sent)  # the rows, all the names that they refer to, and how many there are
    assert [statement for statement in sent if "LIMIT" not in statement] == []
