"""Mistakes that a type checker must find, each on a line marked so; never run, only checked by test_promises.py."""

from __future__ import annotations

from starmodel.core import Entity, event


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


class Misspelled(Entity):
    model_config = {"stroe": "redis"}  # refused: an unknown key


counter = Counter(count=1)
Counter(1)  # refused: fields have names
Counter(cuont=1)  # refused: an unknown field
Counter(count="x")  # refused: the wrong type
counter.increment("x")  # refused: the wrong type of an argument
Counter.increment("x")  # refused: the same on the class
counter.increment(amount=1, b=2)  # refused: an unknown argument
counter.missing  # refused: an unknown attribute
