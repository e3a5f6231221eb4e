"""An event that says how often: each sender has so many at once, and more as time goes by."""

from __future__ import annotations

from dataclasses import replace

import pytest

from starmodel.app import refusal_of
from starmodel.app.rates import Buckets
from starmodel.core import SYSTEM, Actor, Entity, event
from starmodel.core.errors import DefinitionError, TooManyError
from starmodel.core.rates import rate_of
from starmodel.testing import FakeClock

ADA, BOB = Actor("ada"), Actor("bob")


class Bell(Entity):
    rung: int = 0

    @event(rate="3/minute")
    def ring(self, times: int = 1) -> None:
        self.rung += times

    @event(rate="3/minute")
    def strike(self) -> None:
        self.rung += 1


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
async def ring(start, clock):
    app = await start(Bell, clock=clock)
    bell = (await app.dispatch(Bell.create())).entity.id

    async def ring(count=1, actor=ADA, do=app.dispatch, command=None):
        """Return how often it was done before it was too often."""
        for number in range(count):
            try:
                await do(command or Bell.ring().on(bell), actor=actor)
            except TooManyError:
                return number
        return count

    ring.app, ring.bell = app, bell
    return ring


def guest(number, address=None):
    return Actor(f"visitor-{number:032x}", f"visitor-{number:032x}", address=address)


async def test_each_sender_has_so_many_and_then_one_for_every_share_of_the_time(ring, clock):
    assert await ring(9) == 3
    assert await ring(9, BOB) == 3
    clock.advance(19)
    assert await ring() == 0
    clock.advance(1)
    assert await ring(9) == 1
    clock.advance(10_000)
    assert await ring(9) == 3


async def test_each_event_counts_for_itself_and_the_program_is_not_counted(ring):
    assert await ring(9) == 3
    assert await ring(9, command=Bell.strike().on(ring.bell)) == 3
    assert await ring(9, SYSTEM) == 9


async def test_what_is_refused_says_when_to_try_again_and_is_not_counted(ring, clock):
    await ring(9)
    with pytest.raises(TooManyError, match=r"Bell.ring was done too often; try again in 20 s") as refused:
        await ring.app.dispatch(Bell.ring().on(ring.bell), actor=ADA)
    refusal = refusal_of(refused.value, "")
    assert (refusal.status, refusal.headers["retry-after"]) == (429, "20")
    assert (await ring.app.load(Bell, ring.bell)).entity.rung == 3


async def test_a_command_that_is_sent_again_is_not_counted_again(ring):
    again = replace(Bell.ring().on(ring.bell), id="the-same")
    assert await ring(9, command=again) == 9
    assert await ring(9) == 2


async def test_a_trial_counts_and_so_does_what_does_not_fit(ring):
    assert await ring(1, do=ring.app.preview) == 1
    with pytest.raises(ValueError, match="times"):
        await ring.app.dispatch(Bell.ring(times="often").on(ring.bell), actor=ADA)
    assert await ring(9) == 1


async def test_whoever_gives_up_their_cookie_is_counted_with_their_network(ring):
    many = [await ring(1, guest(number, f"2001:db8::{number:x}")) for number in range(40)]
    assert sum(many) == 30
    assert await ring(9, guest(99, "2001:db8:1::1")) == 3
    assert await ring(9, guest(100)) == 3
    assert await ring(9, Actor("eve", "visitor-1", address="2001:db8::1")) == 3


def test_as_many_senders_are_remembered_as_there_is_room_for():
    buckets = Buckets(1, 60, most=10)
    for number in range(50):
        buckets.take(b"%d" % number, 0)
    assert len(buckets) == 10
    assert buckets.wait(b"49", 0) == 60


@pytest.mark.parametrize("text", ["often", "5", "0/minute", "5/fortnight", "-1/day", "5/minute/hour", "1.5/second"])
def test_what_is_no_rate_is_refused_where_it_is_written(text):
    with pytest.raises(DefinitionError, match="does not say how often, such as '5/minute'"):
        event(rate=text)


def test_a_misspelt_unit_is_answered_with_the_right_one():
    with pytest.raises(DefinitionError, match="did you mean 'minute'"):
        rate_of("5/minuet")
