"""The fakes do what their tests rely on."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import ConflictError, Entity, event
from starmodel.core.errors import InvalidError, StoreError
from starmodel.core.ports import Clock, Codec, EventBus, IdSource, StatePersistenceBackend
from starmodel.testing import FakeClock, FaultyStore, PlainCodec, RecordingBus, SequentialIds, application


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


def test_a_fake_clock_stands_still_until_it_is_told_to_go_on():
    clock = FakeClock(datetime(2025, 1, 1, tzinfo=UTC))
    assert (clock.now(), clock.now()) == (datetime(2025, 1, 1, tzinfo=UTC),) * 2
    clock.advance(90)
    assert (clock.now(), clock.monotonic()) == (datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=90), 90)


def test_a_fake_clock_does_not_go_back():
    with pytest.raises(ValueError, match="cannot go back by 1"):
        FakeClock().advance(-1)


def test_sequential_ids_can_be_foretold():
    ids = SequentialIds("todo")
    assert [ids.new(), ids.new(), ids.made] == ["todo-1", "todo-2", 2]


def test_the_fakes_have_the_shape_of_their_ports():
    clock: Clock = FakeClock()
    ids: IdSource = SequentialIds()
    assert clock.now().tzinfo is UTC
    assert ids.new()
    assert isinstance(RecordingBus(), EventBus)
    assert isinstance(FaultyStore(MemoryRepo()), StatePersistenceBackend)
    assert isinstance(PlainCodec(), Codec)


async def test_an_application_of_fakes_can_be_foretold():
    async with application(Counter) as app:
        made = await app.dispatch(Counter.create(count=1))
        assert (made.command.id, made.command.at) == ("command-1", FakeClock().now())
        assert (await app.dispatch(Counter.increment(2).on(made.entity.id))).entity.count == 3


async def test_an_application_of_fakes_takes_other_parts():
    bus = RecordingBus()
    async with application(Counter, bus=bus, ids=SequentialIds("x")) as app:
        made = await app.dispatch(Counter.create())
    assert made.command.id == "x-1"
    assert bus.events == ["Counter.create"]


async def test_a_recording_bus_remembers_and_delivers():
    bus = RecordingBus()
    async with application(Counter, bus=bus) as app:
        subscription = bus.subscribe()
        made = await app.dispatch(Counter.create())
        await app.dispatch(Counter.increment().on(made.entity.id))
        delivered = [await anext(subscription), await anext(subscription)]
    assert bus.published == delivered
    assert bus.events == ["Counter.create", "Counter.increment"]


@pytest.fixture
async def faulty():
    async with application(Counter, stores={"memory": FaultyStore(MemoryRepo())}) as app:
        made = await app.dispatch(Counter.create())
        yield app, app.persistence.store("memory"), made.entity.id


async def test_a_store_that_fails_before_stores_nothing(faulty):
    app, store, id = faulty
    store.fail("commit")
    with pytest.raises(StoreError, match=r"planned failure of commit\(\)"):
        await app.dispatch(Counter.increment().on(id))
    assert (await app.load(Counter, id)).entity.count == 0
    await app.dispatch(Counter.increment().on(id))
    assert (await app.load(Counter, id)).entity.count == 1


async def test_a_store_that_fails_after_has_stored_everything(faulty):
    app, store, id = faulty
    store.fail("commit", ConnectionError("the line went dead"), after=True)
    with pytest.raises(ConnectionError, match="the line went dead"):
        await app.dispatch(Counter.increment().on(id))
    assert (await app.load(Counter, id)).entity.count == 1


async def test_planned_conflicts_make_the_event_run_again(faulty):
    app, store, id = faulty
    store.conflict(times=3)
    assert (await app.dispatch(Counter.increment().on(id))).entity.count == 1
    assert store.calls.count("commit") == 1 + 3 + 1
    store.conflict(times=99)
    with pytest.raises(ConflictError):
        await app.dispatch(Counter.increment().on(id))


async def test_a_delayed_call_takes_its_time_and_then_happens(faulty):
    app, store, id = faulty
    store.delay("get", 0.05)
    slow = asyncio.ensure_future(app.load(Counter, id))
    await asyncio.sleep(0)
    quick = await app.load(Counter, id)
    assert not slow.done()
    assert await slow == quick


async def test_faults_of_one_method_happen_in_the_order_they_were_planned(faulty):
    _, store, id = faulty
    store.fail("get", LookupError("first"))
    store.fail("get", LookupError("second"), times=2)
    for text in ("first", "second", "second"):
        with pytest.raises(LookupError, match=text):
            await store.get(Counter, id)
    assert (await store.get(Counter, id)).entity.id == id


def test_a_fault_of_a_method_that_no_store_has_is_refused():
    with pytest.raises(AttributeError, match="MemoryRepo has no method 'comit' to fail"):
        FaultyStore(MemoryRepo()).fail("comit")


def run(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_without_pytest_the_error_says_what_to_install():
    done = run("import sys; sys.modules['pytest'] = None; import starmodel.testing")
    assert 'starmodel.testing needs pytest; run: pip install "starmodel-core[testing]"' in done.stderr


def test_hypothesis_is_imported_only_by_who_draws_entities():
    assert run("import sys, starmodel.testing; sys.exit('hypothesis' in sys.modules)").returncode == 0


def test_a_type_that_the_plain_codec_does_not_know_is_named():
    class Odd(Entity):
        odd: complex = 1j

    with pytest.raises(InvalidError, match="odd: cannot be read: PlainCodec does not know the type"):
        PlainCodec().parse(Odd, {"odd": 5})
