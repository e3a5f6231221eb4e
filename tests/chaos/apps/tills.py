"""What the rig runs on two stores: tills in Redis whose receipts follow in SQL, and books the other way round.

``RIG_FAULT=hasty`` takes parts out of the outbox before they have arrived, so that the rig can be seen to notice that.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path

from starmodel.app import carrier
from starmodel.bootstrap import create_app
from starmodel.core import DomainEvent, Entity, Unit, event

MANY = 40


@dataclass(frozen=True, kw_only=True)
class Sold(DomainEvent):
    number: int


class Receipt(Entity):
    till: str
    number: int
    model_config = {"store": "sql"}


class Till(Entity):
    count: int = 0
    model_config = {"store": "redis"}

    @event
    def sell(self) -> int:
        """Count in Redis; the receipt follows in SQL, and says so when it is there."""
        self.count += 1
        receipt = Unit.current().add(Receipt(id=Unit.current().new_id(), till=self.id, number=self.count))
        receipt.record(Sold(number=self.count))
        return self.count

    @event
    @classmethod
    def open_all(cls) -> None:
        for number in range(MANY):
            Unit.current().add(cls(id=f"{number}"))


class Purse(Entity):
    coins: int = 0
    model_config = {"store": "redis"}

    @event
    @classmethod
    def open_all(cls) -> None:
        for number in range(MANY):
            Unit.current().add(cls(id=f"{number}"))


class Book(Entity):
    count: int = 0
    model_config = {"store": "sql"}

    @event
    async def enter(self) -> int:
        """Count in SQL; a purse in Redis, which is read and changed, follows."""
        purse = await Unit.current().get(Purse, self.id)
        self.count += 1
        purse.coins += 1
        return self.count

    @event
    @classmethod
    def open_all(cls) -> None:
        for number in range(MANY):
            Unit.current().add(cls(id=f"{number}"))


app = create_app(Till, Receipt, Book, Purse, title="Tills")


@app.on(Sold)
def note(recorded):
    line = {"id": recorded.id, "account": recorded.entity_id, "version": recorded.version}
    with Path(os.environ["RIG_TOLD"]).open("a", encoding="utf-8") as told:
        told.write(json.dumps(line) + "\n")


if os.environ.get("RIG_FAULT") == "hasty":

    async def carry_over(self, parts):
        """Settle first, deliver afterwards."""
        await self.store.settle({part.id: {} for part in parts})
        for part in parts:
            await asyncio.sleep(0.02)
            await self._delivery.deliver(part)

    carrier.Carrier._carry_over = carry_over
