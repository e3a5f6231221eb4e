"""One event that changes two stores: the primary commits at once, the other follows, once and in order."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import Application, carrier, dispatcher
from starmodel.core import Command, ConflictError, DomainEvent, Entity, NotFoundError, Secret, Unit, event
from starmodel.core.changes import Changeset, Write
from starmodel.core.errors import ConfigurationError, DefinitionError, OnItsWayError, StoreError, UndoError
from starmodel.core.owed import origin_of, part_id
from starmodel.testing import FakeClock, FaultyStore, PlainCodec


@dataclass(frozen=True, kw_only=True)
class Ordered(DomainEvent):
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Emptied(DomainEvent):
    count: int


class Shelf(Entity):
    left: int = 10
    label: str = ""
    words: set[str] = set()
    model_config = {"store": "second"}

    @event
    def take(self, count: int = 1) -> None:
        self.left -= count


class Order(Entity):
    names: list[str]
    note: str = ""
    code: Secret[str] = ""
    model_config = {"store": "second"}


class Cart(Entity):
    names: list[str] = []
    model_config = {"store": "first", "ttl": 60}

    @event
    def put(self, name: str) -> None:
        self.names.append(name)

    @event
    def order(self, note: str = "", code: str = "") -> str:
        made = Unit.current().add(Order(id=f"order-{self.id}", names=list(self.names), note=note, code=code))
        made.record(Ordered(names=tuple(self.names)))
        self.record(Emptied(count=len(self.names)))
        self.names = []
        return "Thank you"

    @event
    async def buy(self, shelf: Shelf, count: int = 1) -> None:
        self.names.append(shelf.label)
        shelf.left -= count

    @event(primary="second")
    async def reserve(self, shelf: Shelf) -> None:
        self.names.append(shelf.label)
        shelf.left -= 1

    @event(primary="second")
    def drop(self, note: bool = False) -> None:
        if not self.names:
            raise ValueError("it is empty")
        self.names = []
        if note:
            Unit.current().add(Order(names=[]))

    @event
    async def close(self, shelf: Shelf) -> None:
        Unit.current().delete(shelf)
        self.names = ["closed"]

    @event
    async def tag(self, shelf: Shelf, words: list[str]) -> None:
        self.names.append("tagged")
        shelf.words = {*shelf.words, *words}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(carrier, "_PAUSE", 0.01)
    monkeypatch.setattr(carrier, "_LOOK", 0.05)
    monkeypatch.setattr(dispatcher, "_LONGEST_PAUSE", 0.01)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def first(clock):
    return MemoryRepo(clock=clock)


@pytest.fixture
def behind():
    return MemoryRepo()


@pytest.fixture
def second(behind):
    """The store that follows; it fails when it is told to."""
    return FaultyStore(behind)


@pytest.fixture
def told():
    return []


@pytest.fixture
async def app(first, second, told):
    app = Application([Cart, Order, Shelf], codec=PlainCodec(), stores={"first": first, "second": OutboxToo(second)})
    app.on(DomainEvent)(lambda recorded: told.append((recorded.entity, recorded.version > 0, recorded.event)))
    async with app:
        yield app


class OutboxToo:
    """A store that fails on demand, and keeps an outbox like the one behind it."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        store = self._store
        return getattr(store.store if name in {"owed", "settle", "park", "debts"} else store, name)


async def arrived(app):
    assert await app.outbox.drain(patience=2)


async def made(app, command):
    return (await app.dispatch(command)).entity


@pytest.fixture
async def cart(app):
    cart = await made(app, Cart.create(names=["pen", "ink"]).on("cart"))
    return cart.id


@pytest.fixture
async def shelf(app):
    return (await made(app, Shelf.create(label="pen").on("shelf"))).id


async def left(app):
    return (await app.load(Shelf, "shelf")).entity.left


async def names(app):
    return (await app.load(Cart, "cart")).entity.names


class TestBoth:
    async def test_the_primary_is_there_at_once_and_the_other_follows(self, app, cart):
        result = await app.dispatch(Cart.order(note="soon", code="1234").on(cart))
        assert (result.returned, result.entity.names) == ("Thank you", [])
        with pytest.raises(NotFoundError):
            await app.load(Order, "order-cart")
        await arrived(app)
        order = (await app.load(Order, "order-cart")).entity
        assert (order.names, order.note, order.code) == (["pen", "ink"], "soon", "1234")
        assert list(await app.outbox.lags()) == []

    async def test_each_part_is_in_the_log_of_its_store_with_what_it_recorded(self, app, cart, first, behind, told):
        result = await app.dispatch(Cart.order().on(cart))
        await arrived(app)
        id = result.command.id
        mine, theirs = await first.commit_of(id), await behind.commit_of(part_id(id, "second"))
        assert [change.key for change in mine.changes] == [("Cart", "cart")]
        assert [change.key for change in theirs.changes] == [("Order", "order-cart")]
        assert (theirs.command.event, theirs.command.actor) == ("order", result.command.actor)
        await app.close()
        assert told == [("Cart", True, Emptied(count=2)), ("Order", True, Ordered(names=("pen", "ink")))]

    async def test_a_repeated_command_does_nothing_more_on_either_side(self, app, cart, behind):
        once = Command(entity="Cart", event="order", entity_id=cart, id="once")
        await app.dispatch(once)
        assert (await app.dispatch(once)).replayed
        await arrived(app)
        assert (await app.dispatch(once)).replayed
        await arrived(app)
        assert (await behind.position()).number == 1

    async def test_an_event_may_name_another_primary(self, app, cart, shelf, first, behind):
        result = await app.dispatch(Cart.reserve(shelf).on(cart))
        assert await left(app) == 9
        await arrived(app)
        assert await names(app) == ["pen", "ink", "pen"]
        assert await behind.commit_of(result.command.id)
        assert await first.commit_of(part_id(result.command.id, "first"))
        assert (await app.dispatch(result.command)).replayed

    async def test_a_command_that_changes_only_the_other_store_counts_once_too(self, app, cart):
        once = Command(entity="Cart", event="drop", entity_id=cart, id="once")
        assert not (await app.dispatch(once)).replayed
        assert (await app.dispatch(once)).replayed
        assert await names(app) == []

    async def test_changes_deletions_and_sets_follow_too(self, app, cart, shelf):
        await app.dispatch(Cart.tag(shelf, ["a", "b"]).on(cart))
        await arrived(app)
        assert (await app.load(Shelf, shelf)).entity.words == {"a", "b"}
        await app.dispatch(Cart.close(shelf).on(cart))
        await arrived(app)
        with pytest.raises(NotFoundError):
            await app.load(Shelf, shelf)

    async def test_what_nobody_had_stored_follows_as_well(self, app, cart):
        app.implicit.shared(Shelf, "lobby")
        await app.dispatch(Cart.buy("lobby").on(cart))
        await arrived(app)
        assert (await app.load(Shelf, "lobby")).entity.left == 9

    async def test_a_change_of_what_is_on_its_way_waits_for_it(self, app, cart, shelf):
        carts = [(await made(app, Cart.create().on(f"cart-{n}"))).id for n in range(8)]
        await asyncio.gather(*[app.dispatch(Cart.buy(shelf).on(id)) for id in carts])
        await arrived(app)
        assert await left(app) == 2
        assert list(await app.outbox.lags()) == []

    def test_a_primary_is_the_name_of_a_store(self):
        with pytest.raises(DefinitionError, match="primary=' ' says nothing"):
            event(primary=" ")

    def test_a_primary_without_an_outbox_is_refused_at_the_start(self, second):
        with pytest.raises(ConfigurationError, match=r"Cart.reserve says primary='second', and that store cannot keep"):
            Application([Cart], codec=PlainCodec(), stores={"first": MemoryRepo(), "second": second})


class TestTrials:
    async def test_a_preview_shows_both_and_stores_nothing(self, app, cart, first):
        before = await first.position()
        preview = await app.preview(Cart.order().on(cart))
        assert [change.key for change in preview.changes] == [("Cart", "cart"), ("Order", "order-cart")]
        assert [fact.event for fact in preview.recorded] == [Emptied(count=2), Ordered(names=("pen", "ink"))]
        assert (await first.position(), await first.debts()) == (before, {})

    async def test_what_waits_too_long_for_what_is_on_its_way_is_told_so(self, app, cart, shelf, second):
        other = await made(app, Cart.create().on("other"))
        await app.dispatch(Cart.put("pen").on(cart))
        second.fail("commit", times=1000)
        await app.dispatch(Cart.buy(shelf).on(cart))
        with pytest.raises(OnItsWayError, match="what another command changed of Shelf shelf is still on its way"):
            await app.dispatch(Cart.buy(shelf).on(other.id))
        assert (await app.load(Cart, other.id)).entity.names == []
        second._faults.clear()

    async def test_what_the_other_store_would_refuse_now_is_refused_before_anything_is_stored(self, app, cart):
        await app.dispatch(Cart.order().on(cart))
        await arrived(app)
        await app.dispatch(Cart.put("more").on(cart))
        with pytest.raises(ConflictError, match="Order order-cart is at version"):
            await app.dispatch(Cart.order().on(cart))
        with pytest.raises(ConflictError):
            await app.preview(Cart.order().on(cart))
        assert await names(app) == ["more"]


def undoing(command, kind=Cart):
    return Command(entity=kind.__name__, event="undo", args={"command": command})


class TestUndo:
    async def test_undo_takes_back_what_both_have_done_from_either_side(self, app, cart, behind):
        for undone_by in (Cart, Order):
            command = (await app.dispatch(Cart.order().on(cart))).command.id
            await arrived(app)
            name = command if undone_by is Cart else part_id(command, "second")
            await app.dispatch(undoing(name, undone_by))
            await arrived(app)
            assert await names(app) == ["pen", "ink"]
            assert await app.count(Order) == 0

    async def test_redo_does_both_again(self, app, cart):
        command = (await app.dispatch(Cart.order().on(cart))).command.id
        await arrived(app)
        await app.dispatch(undoing(command))
        await arrived(app)
        await app.dispatch(Command(entity="Cart", event="redo", args={"command": command}))
        await arrived(app)
        assert await names(app) == []
        assert (await app.load(Order, "order-cart")).entity.names == ["pen", "ink"]

    async def test_what_has_not_arrived_cannot_be_undone_yet(self, app, cart, second):
        second.fail("commit", times=1000)
        command = (await app.dispatch(Cart.order().on(cart))).command.id
        with pytest.raises(UndoError, match="the store 'second' is not there: it is still on its way"):
            await app.dispatch(undoing(command))
        second._faults.clear()

    async def test_the_history_of_each_names_the_event(self, app, cart):
        await app.dispatch(Cart.order().on(cart))
        await arrived(app)
        assert [one.command.event for one in await app.history.timeline(Cart, cart)] == ["create", "order"]
        assert [one.command.event for one in await app.history.timeline(Order, "order-cart")] == ["order"]

    async def test_a_replay_makes_both_again(self, app, cart, first, behind):
        await app.dispatch(Cart.order().on(cart))
        await arrived(app)
        log = [commit for store in (first, behind) for commit in await _log(store)]
        stores = {"first": MemoryRepo(), "second": MemoryRepo()}
        async with Application([Cart, Order, Shelf], codec=PlainCodec(), stores=stores) as other:
            assert await other.history.replay(log, other.dispatcher) == 2
            await arrived(other)
            assert (await other.load(Order, "order-cart")).entity.names == ["pen", "ink"]


async def _log(store):
    position = await store.position()
    return (await store.changes(position._replace(number=0))).commits


class TestFailures:
    async def test_a_dead_follower_does_not_stop_the_primary_and_catches_up(self, app, second, caplog):
        for method in ("commit", "commit_of", "get"):
            second.fail(method, times=1000)
        for number in range(5):
            await made(app, Cart.create(names=[f"{number}"]).on(f"cart-{number}"))
            await app.dispatch(Cart.order().on(f"cart-{number}"))
        await asyncio.sleep(0.05)
        (lag,) = await app.outbox.lags()
        assert (lag.primary, lag.follower, lag.debt.waiting, lag.debt.parked) == ("first", "second", 5, 0)
        assert lag.debt.oldest is not None
        second._faults.clear()
        await arrived(app)
        log = await _log(second.store)
        assert sorted(commit.changes[0].id for commit in log) == [f"order-cart-{n}" for n in range(5)]
        told = [record.getMessage() for record in caplog.records if record.name == "starmodel.outbox"]
        assert sum("cannot follow 'first' now" in line for line in told) == 1
        assert "'second' follows 'first' again" in told[-1]

    async def test_an_answer_that_was_lost_is_no_second_effect(self, app, cart, shelf, second):
        second.fail("commit", after=True, times=3)
        await app.dispatch(Cart.buy(shelf).on(cart))
        await arrived(app)
        assert await left(app) == 9
        assert list(await app.outbox.lags()) == []

    async def test_a_process_that_could_not_settle_leaves_no_second_effect(self, app, cart, shelf, first, monkeypatch):
        settle, failures = first.settle, iter([StoreError("planned")] * 3)

        async def failing(landed):
            for failure in failures:
                raise failure
            await settle(landed)

        monkeypatch.setattr(first, "settle", failing)
        await app.dispatch(Cart.buy(shelf).on(cart))
        await arrived(app)
        assert await left(app) == 9

    async def test_what_is_owed_at_the_end_is_carried_first(self, app, cart, behind):
        await app.dispatch(Cart.order().on(cart))
        await app.close()
        assert await behind.get(Order, "order-cart")

    async def test_what_another_process_has_left_is_carried_at_the_start(self, app, cart, first, second, behind):
        second.fail("commit", times=1000)
        await app.dispatch(Cart.order().on(cart))
        for one in app.outbox._carriers:
            one._task.cancel()
        second._faults.clear()
        stores = {"first": first, "second": behind}
        async with Application([Cart, Order, Shelf], codec=PlainCodec(), stores=stores) as later:
            await arrived(later)
            assert (await later.load(Order, "order-cart")).entity.names == ["pen", "ink"]

    async def test_what_is_owed_to_a_store_that_is_no_more_is_told_at_the_start(self, app, cart, first, second, caplog):
        second.fail("commit", times=1000)
        await app.dispatch(Cart.order().on(cart))
        async with Application([], codec=PlainCodec(), stores={"first": first}):
            assert "'first' owes 1 changes to 'second', a store that this application does not have" in caplog.text
        second._faults.clear()


class TestSeveralProcesses:
    @pytest.fixture
    async def apps(self, make_shared, behind):
        stores = {"first": make_shared(), "second": behind}
        kinds = [Cart, Order, Shelf]
        async with (
            Application(kinds, codec=PlainCodec(), stores=stores) as one,
            Application(kinds, codec=PlainCodec(), stores=stores) as other,
        ):
            yield one, other

    async def test_they_share_the_work_and_each_part_is_there_once(self, apps, behind):
        await apps[0].dispatch(Shelf.create(left=100).on("shelf"))
        for number in range(20):
            await apps[0].dispatch(Cart.create(names=["pen"]).on(f"cart-{number}"))
        await asyncio.gather(*[apps[n % 2].dispatch(Cart.order().on(f"cart-{n}")) for n in range(20)])
        await asyncio.gather(*map(arrived, apps))
        ordered = [commit.command.id for commit in await _log(behind) if origin_of(commit.command.id)]
        assert (len(ordered), len(set(ordered))) == (20, 20)

    async def test_another_takes_over_from_one_that_died(self, apps, behind):
        await apps[0].dispatch(Cart.create(names=["pen"]).on("cart"))
        await apps[0].persistence.store("first").lease("outbox:second", "who died", seconds=0.3)
        await apps[0].dispatch(Cart.order().on("cart"))
        await asyncio.sleep(0.1)
        assert await behind.get(Order, "order-cart") is None
        await arrived(apps[0])
        assert await behind.get(Order, "order-cart")


class TestMovedOn:
    """What the store that follows has become between the event and its part."""

    @pytest.fixture
    async def between(self, app, cart, shelf, second):
        """Return a function: an event runs, then something else happens to the shelf, then the part arrives."""

        async def run(command, *others):
            second.fail("commit", times=1000)
            result = await app.dispatch(command.on(cart))
            second._faults.clear()
            second.delay("commit_of", 0.05)
            for number, change in enumerate(others):
                await second.store.commit(change(await second.store.get(Shelf, shelf), f"other-{number}"))
            await arrived(app)
            return result

        return run

    async def parked(self, app):
        return [one.parked for one in await app.outbox.parked()]

    async def test_other_fields_are_merged(self, app, shelf, between):
        await between(Cart.buy(shelf), changing(label="ink"))
        entity = (await app.load(Shelf, shelf)).entity
        assert (entity.left, entity.label) == (9, "ink")
        assert await self.parked(app) == []

    @pytest.mark.parametrize("value", [5, 9])
    async def test_the_same_field_is_parked_and_seen_and_nothing_is_overwritten(
        self, app, shelf, between, value, caplog
    ):
        await between(Cart.buy(shelf), changing(left=value))
        assert await left(app) == value
        assert await names(app) == ["pen", "ink", "pen"]
        assert await self.parked(app) == ["left of Shelf 'shelf' was changed meanwhile"]
        (lag,) = await app.outbox.lags()
        assert (lag.debt.waiting, lag.debt.parked) == (0, 1)
        assert "which is parked: left of Shelf 'shelf' was changed meanwhile" in caplog.text

    async def test_sets_are_compared_as_sets(self, app, shelf, between):
        await app.dispatch(Shelf.update(words=["x", "y", "z"]).on(shelf))
        await between(Cart.tag(shelf, ["a"]), changing(label="ink"))
        assert (await app.load(Shelf, shelf)).entity.words == {"x", "y", "z", "a"}

    async def test_what_is_gone_is_not_made_again(self, app, shelf, between):
        await between(Cart.buy(shelf), deleting)
        assert await app.count(Shelf) == 0
        assert await self.parked(app) == ["Shelf 'shelf' is not there any more"]

    async def test_what_is_to_go_and_is_gone_is_done(self, app, shelf, between, behind):
        result = await between(Cart.close(shelf), deleting)
        assert await self.parked(app) == []
        assert (await behind.commit_of(part_id(result.command.id, "second"))).changes == ()

    async def test_what_is_to_go_and_was_changed_stays(self, app, shelf, between):
        await between(Cart.close(shelf), changing(label="ink"))
        assert (await app.load(Shelf, shelf)).entity.label == "ink"
        assert await self.parked(app) == ["label of Shelf 'shelf' was changed meanwhile"]

    async def test_what_was_parked_can_be_tried_again(self, app, shelf, between):
        await between(Cart.buy(shelf), changing(left=5))
        (part,) = await app.outbox.parked()
        await app.dispatch(Shelf.update(left=10).on(shelf))
        await app.outbox.retry(part.id)
        await arrived(app)
        assert await left(app) == 9
        assert await self.parked(app) == []

    async def test_what_waits_again_does_not_go_along_with_what_came_after_it(self, app, shelf, between):
        await between(Cart.buy(shelf), changing(left=5))
        (part,) = await app.outbox.parked()
        await app.dispatch(Shelf.update(left=10).on(shelf))
        other = await made(app, Cart.create().on("other"))
        await app.outbox.retry(part.id)
        await app.dispatch(Cart.buy(shelf, 2).on(other.id))
        await arrived(app)
        assert (await left(app), await self.parked(app)) in [
            (7, []),
            (9, ["left of Shelf 'shelf' was changed meanwhile"]),
        ]

    async def test_what_was_parked_can_be_given_up(self, app, shelf, between):
        await between(Cart.buy(shelf), changing(left=5))
        (part,) = await app.outbox.parked()
        await app.outbox.drop(part.id)
        assert list(await app.outbox.lags()) == []
        for meddle in (app.outbox.drop, app.outbox.retry):
            with pytest.raises(NotFoundError):
                await meddle(part.id)

    async def test_what_cannot_be_read_is_parked_and_holds_nobody_up(self, app, cart, first, caplog):
        await app.dispatch(Cart.order().on(cart))
        (waiting,) = await first.owed("second")
        body = json.loads(waiting.body)
        body["writes"][0]["entity"] = "Ordr"
        object.__setattr__(waiting, "body", json.dumps(body))
        await made(app, Cart.create(names=["next"]).on("cart-2"))
        await app.dispatch(Cart.order().on("cart-2"))
        await arrived(app)
        assert (await app.load(Order, "order-cart-2")).entity.names == ["next"]
        (why,) = await self.parked(app)
        assert "Ordr" in why
        assert logging.ERROR in {record.levelno for record in caplog.records}


def changing(**values):
    return lambda stored, id: written(stored, stored.entity.evolve(**values), id)


def deleting(stored, id):
    return written(stored, None, id)


def written(stored, after, id):
    command = Command(entity="Shelf", event="other", entity_id="shelf", id=id)
    return Changeset(command, id, (Write(Shelf, "shelf", stored.entity, after, stored.version),))
