"""``starmodel outbox`` says which store is behind another, and sees to what could not follow."""

from __future__ import annotations

import json

import pytest

MAIN = """
from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import Entity, RefusedError, Unit, event
from starmodel.testing import application
from pathlib import Path

class Order(Entity):
    name: str = ""
    model_config = {"store": "strict"}

class Cart(Entity):
    count: int = 0

    @event
    def order(self, name: str) -> None:
        self.count += 1
        Unit.current().add(Order(name=name))

class Strict(MemoryRepo):
    async def commit(self, changeset, /):
        if not Path("open").exists():
            raise RefusedError("the strict store is closed")
        return await super().commit(changeset)

app = application(Cart, Order, stores={"strict": Strict()})
"""


@pytest.fixture
def outbox(cli, project):
    (project / "main.py").write_text(MAIN)
    id = json.loads(cli("event", "Cart.create", "--json").out)["changes"][0]["id"]
    cli("event", "Cart.order", id, "--key", "one", "--args", '{"name": "hunter2"}')
    return lambda *arguments: cli("outbox", *arguments)


def test_what_was_put_aside_is_listed_with_why_and_without_what_it_holds(outbox):
    told = json.loads(outbox("--json").out)
    (lag,), (part,) = told["behind"], told["parked"]
    assert (lag["primary"], lag["follower"], lag["waiting"], lag["parked"]) == ("memory", "strict", 0, 1)
    assert part["part"].endswith("@strict")
    assert part["of"].startswith("Order ")
    assert part["why"] == "the strict store is closed"
    shown = outbox().out
    assert "strict is behind memory: 0 waiting, 1 parked" in shown
    assert "hunter2" not in shown + str(told)


def test_what_is_tried_again_follows(outbox, project):
    (part,) = json.loads(outbox("--json").out)["parked"]
    (project / "open").touch()
    assert outbox("--retry", part["part"]).out == "No store is behind another.\n"


def test_what_is_dropped_is_gone(outbox):
    (part,) = json.loads(outbox("--json").out)["parked"]
    assert json.loads(outbox("--drop", part["part"], "--json").out) == {"behind": [], "parked": []}


@pytest.mark.parametrize(("name", "why"), [("3", "write it as it is listed"), ("a@sql", "no parked part")])
def test_what_is_not_parked_is_told_of(outbox, name, why):
    ended = outbox("--retry", name)
    assert (ended.code, why in ended.err) == (1, True)
