"""Edits that race with the end of what they edit: in time, or gone; nothing comes back, and nothing fails.

``python -m rig.expiry`` does 10,000 on a Redis of its own, and the control with a script that does not look.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from starmodel.adapters.persistence.redis import RedisRepo, writing
from starmodel.adapters.persistence.redis.scripts import script
from starmodel.adapters.persistence.redis.server import Script
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application, refusal_of
from starmodel.core import Entity, Indexed, Unique, event

from .redis import Redis

__all__ = ["Blink", "Expiry", "Outcome"]

TTL = 0.15
_SLACK = 0.01
"""Seconds by which the server may round."""

_about_to_store: dict[str, float] = {}


class Blink(Entity):
    """Is there for a moment after its last change."""

    code: Annotated[str, Unique()] = ""
    times: Annotated[int, Indexed()] = 0
    model_config = {"ttl": TTL, "store": "redis"}

    @event
    async def edit(self, pause: float) -> None:
        """Take a while: what was read may be gone when this is stored."""
        await asyncio.sleep(pause)
        self.times += 1
        _about_to_store[self.id] = time.monotonic()


@dataclass
class Outcome:
    """What became of the edits: *ended* counts them by HTTP status, *back* those that came back from the dead."""

    ended: Counter[int] = field(default_factory=Counter)
    back: int = 0
    failures: set[str] = field(default_factory=set)
    left: int = 0
    """What is still found by an index, or counted, after everything has expired."""

    @property
    def failed(self) -> int:
        """How many edits were neither in time nor too late."""
        return sum(count for status, count in self.ended.items() if status not in (200, 404, 410))


@dataclass(frozen=True)
class Expiry:
    """So many *edits* by so many *clients* at a time; *fault* takes the look at what is there out of the script."""

    edits: int = 10_000
    clients: int = 50
    fault: bool = False

    async def run(self, url: str) -> Outcome:
        """Let them race on the Redis at *url*."""
        outcome, left = Outcome(), iter(range(self.edits))
        application = Application([Blink], codec=PydanticCodec(), stores={"redis": RedisRepo(url)})
        with _forgetful() if self.fault else _as_it_is():
            async with application:
                await asyncio.gather(*(_client(application, outcome, left, seed) for seed in range(self.clients)))
                await asyncio.sleep(2 * TTL)
                outcome.left = await application.count(Blink) + await application.count(Blink, {"times": {"ge": 0}})
        return outcome


async def _client(application: Application, outcome: Outcome, left: Iterator[int], seed: int) -> None:
    chance = random.Random(seed)
    for number in left:
        code = f"code {seed}"  # free again as soon as the one before has gone
        while True:
            try:
                made = await application.dispatch(Blink.create(code=code))
                break
            except ValueError:
                await asyncio.sleep(0.002)
        assert made.entity is not None
        begun = time.monotonic()
        await asyncio.sleep(TTL * chance.uniform(0.4, 1))
        edit = Blink.edit(TTL * chance.uniform(0, 0.4)).on(made.entity.id)
        try:
            await application.dispatch(edit)
            status = 200
        except Exception as error:  # noqa: BLE001  (whatever it is, it is counted)
            status = refusal_of(error, f"{number}-{secrets.token_hex(3)}").status
            outcome.failures.add(f"{type(error).__name__}: {error}" if status >= 500 else f"{status}")
            outcome.back += await application.persistence.for_class(Blink).get(Blink, made.entity.id) is not None
        else:
            outcome.back += _about_to_store[made.entity.id] > begun + TTL + _SLACK
        outcome.ended[status] += 1


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


@contextmanager
def _forgetful() -> Iterator[None]:
    """Let the script make again what it does not find."""
    right, wrong = "if (found or '0') ~= w.expected then", "if found and found ~= w.expected then"
    source = script("commit").source
    if right not in source:
        raise RuntimeError("the script of a commit looks at versions in other words: say here how")
    faulty = Script(source.replace(right, wrong))
    before = writing.script
    writing.script = lambda name: faulty if name == "commit" else before(name)
    try:
        yield
    finally:
        writing.script = before


def main() -> int:
    """Do the long form; 1 when something came back, failed, or was left."""
    with Redis() as redis:
        outcome = asyncio.run(Expiry().run(redis.url))
        redis.empty()
        control = asyncio.run(Expiry(edits=500, fault=True).run(redis.url))
    print(f"{outcome.ended.total():,} edits: {dict(outcome.ended)}, {outcome.back} back, {outcome.left} left")
    print(f"the control, a script that does not look: {dict(control.ended)}, {control.back} back")
    is_right = not outcome.back and not outcome.failed and not outcome.left and outcome.ended[410] > 0
    return 0 if is_right and control.back > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
