"""The one road: what an event changes is stored whole and told to everybody, or nothing is."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Self

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.core import (
    Actor,
    CheckFailedError,
    Command,
    DomainEvent,
    Entity,
    InvalidError,
    NotFoundError,
    Unit,
    event,
)
from starmodel.core.errors import ConfigurationError, ConflictError, EventError, GoneError, ReadOnlyError, StoreError
from starmodel.core.unit import running_unit
from starmodel.testing import FaultyStore, RecordingBus


@dataclass(frozen=True, kw_only=True)
class Moved(DomainEvent):
    n: int


WITHIN = ContextVar("what put_around awaits, run by run")


class Account(Entity):
    balance: int = 0

    def check(self):
        if self.balance < 0:
            raise ValueError("not enough money")

    @event
    def put(self, n: int = 1) -> None:
        self.balance += n
        self.record(Moved(n=n))

    @event
    def give(self, to: Account, n: int) -> None:
        self.balance -= n
        to.put(n)
        if n == 13:
            raise RuntimeError("unlucky")

    @event
    async def put_slowly(self, n: int = 1) -> None:
        before = self.balance
        await asyncio.sleep(0)
        self.balance = before + n

    @event
    async def put_around(self) -> None:
        inner = next(WITHIN.get())
        if inner is not None:
            await inner
        self.balance += 1

    @event
    def double(self) -> Self:
        return self.evolve(balance=self.balance * 2)

    @event
    def nothing(self) -> None: ...

    @event(method="get")
    def peek(self) -> int:
        return self.balance

    @event(method="get")
    def meddle(self) -> None:
        self.balance += 1

    @event(method="get")
    def whisper(self) -> None:
        self.record(Moved(n=0))

    @event
    def split(self) -> Other:
        self.balance -= 1
        return Other(n=1)

    @event
    def impostor(self) -> Self:
        return type(self)(balance=1)

    @event
    @classmethod
    def many(cls, n: int) -> list[Self]:
        return [cls(balance=number) for number in range(n)]

    @event
    @classmethod
    async def close_empty(cls) -> int:
        unit = Unit.current()
        empty = await unit.find(cls, {"balance": 0})
        for account in empty:
            unit.delete(account)
        return len(empty)

    @event
    @classmethod
    def nobody(cls) -> None: ...

    @event
    async def close_another(self, id: str) -> None:
        unit = Unit.current()
        unit.delete(await unit.get(Account, id))
        with pytest.raises(NotFoundError):
            await unit.get(Account, id)

    @event
    async def everything(self, id: str) -> None:
        unit = Unit.current()
        other = await unit.get(Account, id)
        assert other is await unit.get(Account, id)
        assert self is await unit.get(Account, self.id)
        new = unit.add(Account(balance=1))
        new.put(1)
        unit.record(new, Moved(n=7))
        assert [account.id for account in await unit.find(Account, {"balance": 5})] == [other.id]

    @event
    def add_again(self) -> None:
        Unit.current().add(self)

    @event
    def add_twice(self) -> None:
        new = Account()
        Unit.current().add(new)
        Unit.current().add(new)

    @event
    def delete_stranger(self) -> None:
        Unit.current().delete(Account(id="stranger"))

    @event
    def make_and_drop(self) -> None:
        unit = Unit.current()
        unit.delete(unit.add(Account(id="brief")))

    @event
    async def use_both_stores(self) -> None:
        self.balance += 1
        Unit.current().add(Elsewhere())

    @event
    def only_elsewhere(self) -> None:
        Unit.current().add(Elsewhere(id="there"))


class Other(Entity):
    n: int = 0


class Elsewhere(Entity):
    model_config = {"store": "second"}


class Fleeting(Entity):
    n: int = 0
    model_config = {"auto_persist": False}

    @event
    def add(self) -> None:
        self.n += 1
        self.record(Moved(n=self.n))


class Chatty(Entity):
    n: int = 0

    @event
    def count(self, to: int = 3) -> Iterator[str]:
        for number in range(to):
            self.n += 1
            yield f"step {number}"
        return self.evolve(n=self.n * 10)

    @event
    async def count_later(self, to: int = 3) -> AsyncIterator[str]:
        for number in range(to):
            self.n += 1
            yield f"step {number}"

    @event
    def break_off(self) -> Iterator[str]:
        self.n = 99
        yield "one"
        raise RuntimeError("broke off")

    @event
    @classmethod
    def announce(cls) -> Iterator[str]:
        yield "hello"
        return cls(n=5)


@pytest.fixture
def bus():
    return RecordingBus()


@pytest.fixture
def store():
    return FaultyStore(MemoryRepo())


@pytest.fixture
async def app(start, bus, store):
    return await start(
        Account, Other, Elsewhere, Fleeting, Chatty, bus=bus, stores={"memory": store, "second": MemoryRepo()}
    )


@pytest.fixture
async def account(app, bus):
    made = (await app.dispatch(Account.create(balance=10))).entity
    bus.published.clear()
    return made


async def balance(app, id):
    return (await app.load(Account, id)).entity.balance


class TestOneCommand:
    async def test_what_an_event_changed_is_stored_and_published_once(self, app, bus, account):
        result = await app.dispatch(Account.put(5).on(account.id))
        assert (await app.load(Account, account.id)).entity == result.entity
        assert (result.entity.balance, result.replayed, result.returned) == (15, False, None)
        assert bus.published == [result.commit]

    async def test_versions_grow_by_one(self, app, account):
        first = (await app.load(Account, account.id)).version
        await app.dispatch(Account.put().on(account.id))
        assert (await app.load(Account, account.id)).version == first + 1

    async def test_an_event_that_returns_the_next_snapshot_is_as_good(self, app, account):
        assert (await app.dispatch(Account.double().on(account.id))).entity.balance == 20

    async def test_an_event_that_changes_nothing_is_still_a_command_that_took_effect(self, app, bus, account):
        result = await app.dispatch(Account.nothing().on(account.id))
        assert (result.commit.changes, result.entity) == ((), None)
        assert bus.published == [result.commit]

    async def test_the_command_gets_id_actor_and_time(self, app, account):
        command = (await app.dispatch(Account.put().on(account.id), actor=Actor("ada"))).commit.command
        assert command.id
        assert command.actor == "ada"
        assert command.at.tzinfo is not None

    async def test_domain_events_carry_entity_version_and_an_id_that_stays(self, app, account):
        result = await app.dispatch(replace(Account.put(2).on(account.id), id="c1"))
        (fact,) = result.commit.recorded
        assert (fact.id, fact.entity, fact.entity_id, fact.event) == ("c1.0", "Account", account.id, Moved(n=2))
        assert fact.version == result.commit.changes[0].version
        assert fact.at == result.commit.at

    async def test_a_broken_rule_stores_and_publishes_nothing(self, app, bus, account):
        with pytest.raises(CheckFailedError, match="not enough money"):
            await app.dispatch(Account.put(-11).on(account.id))
        assert await balance(app, account.id) == 10
        assert bus.published == []

    @pytest.mark.parametrize("id", ["", "../x", "a" * 65, "missing"])
    async def test_an_entity_that_is_not_there_is_not_found(self, app, id):
        with pytest.raises(NotFoundError, match="there is no Account"):
            await app.dispatch(replace(Account.put(), entity_id=id))

    async def test_an_impossible_id_for_something_new_is_invalid(self, app):
        with pytest.raises(InvalidError, match="id: use 1 to 64"):
            await app.dispatch(Account.create().on("../x"))

    @pytest.mark.parametrize("args", [{"m": 1}, {"n": "x"}, {"n": None}, {"n": 1, "__class__": 2}])
    async def test_arguments_that_do_not_fit_are_refused(self, app, account, args):
        with pytest.raises(InvalidError):
            await app.dispatch(Command(entity="Account", event="put", args=args, entity_id=account.id))
        assert await balance(app, account.id) == 10

    async def test_arguments_from_a_form_are_text(self, app, account):
        await app.dispatch(Command(entity="Account", event="put", args={"n": "4"}, entity_id=account.id), text=True)
        assert await balance(app, account.id) == 14

    async def test_an_entity_that_is_not_to_be_kept_is_not(self, app, start):
        app.implicit.shared(Fleeting, "one")
        result = await app.dispatch(Fleeting.add().on("one"))
        assert result.commit.changes == ()
        assert [fact.event for fact in result.commit.recorded] == [Moved(n=1)]

    async def test_no_unit_is_left_behind(self, app, account):
        await app.dispatch(Account.put().on(account.id))
        with pytest.raises(CheckFailedError):
            await app.dispatch(Account.put(-99).on(account.id))
        assert running_unit.get() is None


class TestSeveralEntities:
    @pytest.fixture
    async def other(self, app, bus):
        made = (await app.dispatch(Account.create())).entity
        bus.published.clear()
        return made

    async def test_an_event_may_change_an_entity_it_was_given(self, app, bus, account, other):
        result = await app.dispatch(Account.give(other, 4).on(account.id))
        assert (await balance(app, account.id), await balance(app, other.id)) == (6, 4)
        assert len(result.commit.changes) == 2
        assert len(bus.published) == 1

    async def test_when_it_raises_nothing_of_all_is_stored_or_published(self, app, bus, account, other):
        with pytest.raises(CheckFailedError):
            await app.dispatch(Account.give(other, 11).on(account.id))
        await app.dispatch(Account.put(20).on(account.id))
        with pytest.raises(RuntimeError, match="unlucky"):
            await app.dispatch(Account.give(other, 13).on(account.id))
        assert (await balance(app, account.id), await balance(app, other.id)) == (30, 0)
        assert bus.events == ["Account.put"]

    async def test_an_entity_may_be_given_to_itself(self, app, account):
        await app.dispatch(Account.give(account, 4).on(account.id))
        assert await balance(app, account.id) == 10

    async def test_a_unit_finds_adds_and_records(self, app, account, other):
        await app.dispatch(Account.put(5).on(other.id))
        result = await app.dispatch(Account.everything(other.id).on(account.id))
        (new,) = [change for change in result.commit.changes if change.before is None]
        assert new.after["balance"] == 2
        assert [fact.event for fact in result.commit.recorded] == [Moved(n=1), Moved(n=7)]
        assert {fact.version for fact in result.commit.recorded} == {new.version}

    async def test_a_unit_deletes(self, app, account, other):
        await app.dispatch(Account.close_another(other.id).on(account.id))
        with pytest.raises(NotFoundError):
            await app.load(Account, other.id)

    async def test_what_was_made_and_dropped_is_never_stored(self, app, account):
        assert (await app.dispatch(Account.make_and_drop().on(account.id))).commit.changes == ()

    @pytest.mark.parametrize("name", ["add_again", "add_twice"])
    async def test_an_entity_in_use_cannot_be_added(self, app, account, name):
        with pytest.raises(EventError, match="is in use by this event already"):
            await app.dispatch(Command(entity="Account", event=name, entity_id=account.id))

    async def test_an_entity_that_was_not_loaded_cannot_be_deleted(self, app, account):
        with pytest.raises(EventError, match=r"get it by Unit.current\(\).get\(\) first"):
            await app.dispatch(Account.delete_stranger().on(account.id))

    async def test_an_event_may_return_something_new_of_another_class(self, app, account):
        result = await app.dispatch(Account.split().on(account.id))
        assert sorted(change.entity for change in result.commit.changes) == ["Account", "Other"]

    async def test_an_event_cannot_put_another_entity_in_its_own_place(self, app, account):
        with pytest.raises(EventError, match=r"return self.evolve\(...\)"):
            await app.dispatch(Account.impostor().on(account.id))

    async def test_a_store_without_an_outbox_cannot_be_the_first_of_two(self, app, bus, account):
        with pytest.raises(ConfigurationError, match=r"'memory' cannot keep what .*; name another .*primary="):
            await app.dispatch(Account.use_both_stores().on(account.id))
        assert bus.published == []

    async def test_one_event_may_change_another_store_alone(self, app, account):
        await app.dispatch(Account.only_elsewhere().on(account.id))
        assert (await app.load(Elsewhere, "there")).entity.id == "there"


class TestEventsOfTheClass:
    async def test_what_it_returns_is_stored(self, app):
        result = await app.dispatch(Account.many(3))
        assert [change.after["balance"] for change in result.commit.changes] == [0, 1, 2]
        assert result.entity == result.returned[0]

    async def test_it_may_work_on_many(self, app, account):
        await app.dispatch(Account.many(2))
        assert (await app.dispatch(Account.close_empty())).returned == 1
        assert await app.count(Account) == 2

    async def test_it_may_make_nothing(self, app):
        assert (await app.dispatch(Account.nobody())).entity is None

    async def test_the_id_of_what_it_makes_may_be_chosen(self, app):
        assert (await app.dispatch(Account.create().on("mine"))).entity.id == "mine"
        with pytest.raises(ConflictError):
            await app.dispatch(Account.create().on("mine"))


class TestReading:
    async def test_a_get_event_answers_and_stores_nothing(self, app, bus, account):
        result = await app.dispatch(Account.peek().on(account.id))
        assert (result.returned, result.commit, result.entity, result.replayed) == (10, None, None, False)
        assert bus.published == []

    @pytest.mark.parametrize("command", [Account.meddle(), Account.whisper()], ids=["change", "record"])
    async def test_a_get_event_cannot_write(self, app, bus, account, command):
        with pytest.raises(ReadOnlyError, match='declare it @event\\(method="post"\\)'):
            await app.dispatch(command.on(account.id))
        assert await balance(app, account.id) == 10
        assert bus.published == []


class TestSteps:
    @pytest.fixture
    async def chatty(self, app):
        return (await app.dispatch(Chatty.create())).entity

    @pytest.mark.parametrize(("name", "end"), [("count", 30), ("count_later", 3)])
    async def test_every_step_is_shown_with_the_snapshot_of_that_moment(self, app, chatty, name, end):
        shown = []

        async def on_step(value, snapshot):
            shown.append((value, snapshot.n))
            assert (await app.load(Chatty, chatty.id)).entity.n == 0

        result = await app.dispatch(Command(entity="Chatty", event=name, entity_id=chatty.id), on_step=on_step)
        assert shown == [("step 0", 1), ("step 1", 2), ("step 2", 3)]
        assert result.entity.n == end

    async def test_nobody_needs_to_watch(self, app, chatty):
        assert (await app.dispatch(Chatty.count_later(2).on(chatty.id))).entity.n == 2

    async def test_a_failure_half_way_stores_nothing(self, app, chatty):
        with pytest.raises(RuntimeError, match="broke off"):
            await app.dispatch(Chatty.break_off().on(chatty.id))
        assert (await app.load(Chatty, chatty.id)).entity.n == 0

    async def test_a_watcher_that_fails_ends_the_event_and_stores_nothing(self, app, chatty):
        async def on_step(value, snapshot):
            raise ConnectionError("gone")

        for name in ("count", "count_later"):
            with pytest.raises(ConnectionError):
                await app.dispatch(Command(entity="Chatty", event=name, entity_id=chatty.id), on_step=on_step)
        assert (await app.load(Chatty, chatty.id)).entity.n == 0

    async def test_an_event_of_the_class_has_steps_without_a_snapshot(self, app):
        shown = []

        async def on_step(value, snapshot):
            shown.append((value, snapshot))

        result = await app.dispatch(Chatty.announce(), on_step=on_step)
        assert shown == [("hello", None)]
        assert result.entity.n == 5


class TestConcurrency:
    async def test_a_thousand_commands_at_once_all_count(self, app, account):
        await asyncio.gather(*(app.dispatch(Account.put().on(account.id)) for _ in range(1000)))
        assert await balance(app, account.id) == 1010

    async def test_hundreds_of_waiting_events_at_once_all_count(self, start):
        app = await start(Account)
        account = (await app.dispatch(Account.create())).entity
        await asyncio.gather(*(app.dispatch(Account.put_slowly().on(account.id)) for _ in range(300)))
        assert await balance(app, account.id) == 300

    async def test_a_hundred_commands_are_a_hundred_deliveries_to_everybody(self, app, account):
        subscriptions = [app.bus.subscribe() for _ in range(3)]
        await asyncio.gather(*(app.dispatch(Account.put().on(account.id)) for _ in range(100)))
        for subscription in subscriptions:
            subscription.close()
            versions = [commit.changes[0].version async for commit in subscription]
            assert len(versions) == 100
            assert versions == sorted(versions)

    async def test_after_a_conflict_the_event_runs_again_on_fresh_state(self, app, store, account):
        store.conflict(times=20)
        await app.dispatch(Account.put().on(account.id))
        assert await balance(app, account.id) == 11

    async def test_who_comes_while_others_run_again_joins_the_line_behind_them(self, app, store, account):
        store.conflict()
        store.delay("commit", 0.1)
        overtaken = asyncio.create_task(app.dispatch(Account.put().on(account.id)))
        await asyncio.sleep(0.03)  # it is in line by now
        store.calls.clear()
        await asyncio.gather(overtaken, *(app.dispatch(Account.put().on(account.id)) for _ in range(3)))
        assert store.calls.count("commit") == 3  # nobody conflicted: each began when the one before had ended
        assert await balance(app, account.id) == 14

    async def test_an_event_that_sends_a_command_to_its_own_entity_does_not_wait_for_itself(self, app, store, account):
        within = iter([None, app.dispatch(Account.put().on(account.id)), None])
        store.conflict()
        async with asyncio.timeout(5):
            token = WITHIN.set(within)
            await app.dispatch(Account.put_around().on(account.id))
            WITHIN.reset(token)
        assert await balance(app, account.id) == 12

    async def test_after_twenty_more_attempts_it_is_refused(self, app, store, bus, account):
        store.conflict(times=21)
        store.calls.clear()
        with pytest.raises(ConflictError):
            await app.dispatch(Account.put().on(account.id))
        assert store.calls.count("commit") == 21
        assert await balance(app, account.id) == 10
        assert bus.published == []

    async def test_what_was_deleted_meanwhile_is_gone_and_not_tried_again(self, app, store, account):
        store.delay("commit", 0.01)
        doomed = asyncio.create_task(app.dispatch(Account.put().on(account.id)))
        await asyncio.sleep(0)
        await app.dispatch(Account.delete().on(account.id))
        with pytest.raises(GoneError):
            await doomed
        assert await app.count(Account) == 0


class TestFailures:
    async def test_a_store_that_fails_stores_and_publishes_nothing(self, app, store, bus, account):
        store.fail("commit")
        with pytest.raises(StoreError):
            await app.dispatch(Account.put().on(account.id))
        assert await balance(app, account.id) == 10
        assert bus.published == []

    async def test_a_commit_that_cannot_be_published_is_stored_and_logged(self, app, bus, account, caplog, monkeypatch):
        async def fail(commit, /):
            raise ConnectionError("bus down")

        monkeypatch.setattr(bus, "publish", fail)
        with caplog.at_level(logging.ERROR, "starmodel.dispatcher"):
            await app.dispatch(Account.put().on(account.id))
        assert await balance(app, account.id) == 11
        assert "could not publish commit" in caplog.text

    async def test_a_caller_that_goes_away_does_not_undo_a_commit(self, app, store, bus, account):
        store.delay("commit", 0.02)
        calling = asyncio.create_task(app.dispatch(Account.put().on(account.id)))
        await asyncio.sleep(0.005)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling
        await app.dispatcher.finish()
        assert await balance(app, account.id) == 11
        assert bus.events == ["Account.put"]

    async def test_closing_waits_for_a_commit_nobody_waits_for(self, start, bus):
        store = FaultyStore(MemoryRepo())
        app = await start(Account, bus=bus, stores={"memory": store})
        store.delay("commit", 0.02)
        calling = asyncio.create_task(app.dispatch(Account.create()))
        await asyncio.sleep(0.005)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        await app.close()
        assert store.calls[-2:] == ["commit", "close"]
        assert bus.events == ["Account.create"]

    async def test_a_caller_that_goes_away_early_stores_nothing(self, app, account):
        calling = asyncio.create_task(app.dispatch(Account.put_slowly().on(account.id)))
        await asyncio.sleep(0)
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        assert await balance(app, account.id) == 10


class TestWhatIsNoCommand:
    async def test_a_snapshot_is_told_from_a_command(self, app, account):
        with pytest.raises(
            EventError, match=r"such as Counter.increment\(5\).on\(id\); Account.* is the next snapshot"
        ):
            await app.dispatch(account.put(1))

    async def test_anything_else_is_refused_in_words(self, app):
        for road in (app.dispatch, app.preview):
            with pytest.raises(EventError, match=r"a command is asked for, .*; 'hello' is none"):
                await road("hello")

    async def test_a_command_that_does_not_say_whose_it_is_asks_for_it(self, app):
        with pytest.raises(InvalidError, match=r"say which Account: Account.put\(...\).on\(id\)"):
            await app.dispatch(Account.put(1))
