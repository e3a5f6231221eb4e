"""Who may do what is asked for every command; one refusal is enough."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import AllOf, VisitorPolicy
from starmodel.core import (
    SYSTEM,
    Actor,
    Decision,
    Entity,
    ForbiddenError,
    NotFoundError,
    Secret,
    Unit,
    event,
    events_of,
)
from starmodel.core.actors import ALLOWED
from starmodel.core.errors import ConfigurationError, DefinitionError, FrozenEntityError
from starmodel.testing import FaultyStore


class Todo(Entity):
    title: str = ""
    owner: str = ""

    @event
    def rename(self, title: str) -> None:
        self.title = title

    @event
    @classmethod
    async def rename_all(cls, title: str) -> int:
        todos = await Unit.current().find(cls)
        for todo in todos:
            todo.rename(title)
        return len(todos)

    @event
    def take_from(self, other: Todo, also: Todo | None = None) -> None:
        self.title = other.title + (also.title if also else "")

    @event
    def collect(self, others: list[Todo]) -> None:
        self.title += "".join(other.title for other in others)


class Frame(Entity):
    todo: Todo | None = None
    all: list[Todo] = []


ADA, EVE = Actor("ada", visitor="visitor-ada"), Actor("eve", visitor="visitor-eve")


class Owners:
    """Only the owner may change; what belongs to nobody is everybody's."""

    def __init__(self, *, hidden=False):
        self.hidden = hidden
        self.asked = []

    def decide(self, actor, action, kind, id, entity, /):
        self.asked.append((actor.id, action, kind, id, entity))
        if entity is None or entity.owner in {"", actor.id}:
            return ALLOWED
        return Decision(allowed=False, why=f"it belongs to {entity.owner}", hidden=self.hidden)


class Broken:
    def decide(self, actor, action, kind, id, entity, /):
        raise RuntimeError("the directory is down")


@pytest.mark.parametrize(
    ("actor", "id", "allowed"),
    [
        (ADA, "visitor-ada", True),
        (EVE, "visitor-ada", False),
        (Actor("nobody"), "visitor-ada", False),
        (SYSTEM, "visitor-ada", True),
        (EVE, "lobby", True),
        (EVE, None, True),
    ],
)
def test_what_belongs_to_a_visitor_is_hidden_from_all_others(actor, id, allowed):
    decision = VisitorPolicy().decide(actor, "read", Todo, id, None)
    assert decision.allowed is allowed
    assert decision.hidden is not allowed


def test_one_refusal_is_enough():
    refusing = Decision(allowed=False, why="no")
    policy = AllOf([VisitorPolicy(), type("No", (), {"decide": lambda *_: refusing})(), Broken()])
    assert policy.decide(ADA, "read", Todo, "a", None) is refusing
    assert AllOf([]).decide(ADA, "read", Todo, "a", None).allowed


def test_a_policy_that_fails_refuses_and_is_logged(caplog):
    with caplog.at_level(logging.ERROR, "starmodel.policies"):
        decision = AllOf([Broken()]).decide(ADA, "read", Todo, "a", None)
    assert not decision.allowed
    assert "directory" not in decision.why
    assert "the directory is down" in caplog.text


async def test_a_refused_command_changes_nothing_and_says_why(start):
    app = await start(Todo, policies=[Owners()])
    todo = (await app.dispatch(Todo.create(title="a", owner="ada"))).entity
    with pytest.raises(ForbiddenError, match=r"Todo.rename is not allowed: it belongs to ada"):
        await app.dispatch(Todo.rename("b").on(todo.id), actor=EVE)
    await app.dispatch(Todo.rename("c").on(todo.id), actor=ADA)
    assert (await app.load(Todo, todo.id)).entity.title == "c"


async def test_what_is_hidden_answers_like_what_is_not_there(start):
    app = await start(Todo, policies=[Owners(hidden=True)])
    todo = (await app.dispatch(Todo.create(owner="ada"))).entity
    with pytest.raises(NotFoundError) as hidden:
        await app.dispatch(Todo.rename("b").on(todo.id), actor=EVE)
    with pytest.raises(NotFoundError) as missing:
        await app.dispatch(Todo.rename("b").on("missing"), actor=EVE)
    assert str(hidden.value).replace(todo.id, "missing") == str(missing.value)


async def test_the_policy_is_told_what_is_asked(start):
    owners = Owners()
    app = await start(Todo, policies=[owners])
    todo = (await app.dispatch(Todo.create(), actor=ADA)).entity
    await app.dispatch(Todo.rename("b").on(todo.id), actor=ADA)
    assert owners.asked == [("ada", "create", Todo, None, None), ("ada", "rename", Todo, todo.id, todo)]


async def test_the_program_itself_is_not_asked(start):
    owners = Owners()
    app = await start(Todo, policies=[owners])
    await app.dispatch(Todo.create(owner="ada"))
    assert owners.asked == []


async def test_what_is_not_allowed_is_not_run(start):
    app = await start(Todo, policies=[Broken()])
    with pytest.raises(ForbiddenError):
        await app.dispatch(Todo.rename_all("x"), actor=ADA)


async def test_an_entity_named_by_an_argument_must_be_readable(start):
    app = await start(Todo, policies=[Owners(hidden=True)])
    mine = (await app.dispatch(Todo.create(owner="eve"))).entity
    theirs = (await app.dispatch(Todo.create(title="secret plan", owner="ada"))).entity
    for command in (Todo.take_from(theirs), Todo.take_from(mine, theirs), Todo.take_from("missing")):
        with pytest.raises(NotFoundError):
            await app.dispatch(command.on(mine.id), actor=EVE)
    assert (await app.load(Todo, mine.id)).entity.title == ""


async def test_an_entity_that_may_be_left_out_is_loaded_when_it_is_named(start):
    app = await start(Todo)
    one, two = [(await app.dispatch(Todo.create(title=title))).entity for title in "ab"]
    await app.dispatch(Todo.take_from(one).on(two.id))
    assert (await app.load(Todo, two.id)).entity.title == "a"
    await app.dispatch(Todo.take_from(one, also=two).on(one.id))
    assert (await app.load(Todo, one.id)).entity.title == "aa"
    await app.dispatch(Todo.take_from(one, also=None).on(two.id))


async def test_every_entity_of_a_list_is_loaded_through_the_same_gate(start):
    app = await start(Todo, policies=[Owners(hidden=True)])
    one, two, theirs = [
        (await app.dispatch(Todo.create(title=title, owner=owner))).entity
        for title, owner in [("a", ""), ("b", ""), ("c", "ada")]
    ]
    await app.dispatch(Todo.collect([two, two]).on(one.id), actor=EVE)
    assert (await app.load(Todo, one.id)).entity.title == "abb"
    with pytest.raises(NotFoundError):
        await app.dispatch(Todo.collect([two, theirs]).on(one.id), actor=EVE)


async def test_an_entity_in_a_field_is_the_snapshot_it_was(start):
    app = await start(Todo, Frame)
    todo = (await app.dispatch(Todo.create(title="a"))).entity
    frame = (await app.dispatch(Frame.create(todo=todo, all=[todo, todo]))).entity
    await app.dispatch(Todo.rename("b").on(todo.id))
    stored = (await app.load(Frame, frame.id)).entity
    assert (stored.todo, stored.all) == (todo, [todo, todo])
    with pytest.raises(FrozenEntityError):
        stored.todo.title = "c"


async def test_an_id_chosen_for_something_new_is_asked_about(start):
    app = await start(Todo)
    with pytest.raises(NotFoundError):
        await app.dispatch(Todo.create(title="planted").on("visitor-ada"), actor=EVE)
    assert await app.count(Todo) == 0
    assert (await app.dispatch(Todo.create().on("visitor-eve"), actor=EVE)).entity.id == "visitor-eve"


async def test_a_repeated_command_is_not_answered_to_somebody_else(start):
    app = await start(Todo, policies=[Owners()])
    todo = (await app.dispatch(Todo.create(owner="ada"))).entity
    command = replace(Todo.rename("x").on(todo.id), id="c1")
    await app.dispatch(command, actor=ADA)
    with pytest.raises(ForbiddenError):
        await app.dispatch(command, actor=EVE)
    creation = replace(Todo.create(owner="ada"), id="c2")
    await app.dispatch(creation, actor=ADA)
    assert (await app.dispatch(creation, actor=EVE)).replayed


async def test_nor_when_somebody_else_sends_it_at_the_same_moment(start):
    store = FaultyStore(MemoryRepo())
    app = await start(Todo, stores={"memory": store}, policies=[Owners()])
    todo = (await app.dispatch(Todo.create(owner="ada"))).entity
    command = replace(Todo.rename("x").on(todo.id), id="c1")
    store.delay("get", 0.02)
    late = asyncio.ensure_future(app.dispatch(command, actor=EVE))
    await asyncio.sleep(0.005)
    await app.dispatch(command, actor=ADA)
    with pytest.raises(ForbiddenError):
        await late


async def test_whoever_gave_something_away_still_gets_the_first_answer(start):
    app = await start(Todo, policies=[Owners()])
    todo = (await app.dispatch(Todo.create(owner="ada"))).entity
    command = replace(Todo.update(owner="eve").on(todo.id), id="c1")
    await app.dispatch(command, actor=ADA)
    assert (await app.dispatch(command, actor=ADA)).replayed


async def test_nobody_can_speak_in_the_name_of_another(start):
    app = await start(Todo)
    long_ago = datetime(1999, 1, 1, tzinfo=UTC)
    forged = replace(Todo.create(), actor="ada", at=long_ago)
    taken = (await app.dispatch(forged, actor=EVE)).command
    assert taken.actor == "eve"
    assert taken.at.year > 2000
    trusted = (await app.dispatch(forged)).command
    assert (trusted.actor, trusted.at) == ("ada", long_ago)


class Limits:
    """A guard that lets so many through."""

    def __init__(self, left):
        self.left, self.seen = left, []

    async def __call__(self, actor, command):
        self.seen.append((actor.id, command.event, dict(command.args)))
        if self.left == 0:
            raise ForbiddenError("more", "wait a minute")
        self.left -= 1


class Locker(Entity):
    pin: Secret[str] = ""


async def test_a_guard_is_asked_about_every_command_from_outside(start):
    app = await start(Locker)
    guard = Limits(1)
    app.dispatcher.add_guard(guard)
    await app.dispatch(Locker.create(pin="1234"), actor=ADA)
    with pytest.raises(ForbiddenError, match="wait a minute"):
        await app.dispatch(Locker.create(), actor=ADA)
    await app.dispatch(Locker.create())
    assert await app.count(Locker) == 2
    assert guard.seen == [("ada", "create", {"pin": "***"}), ("ada", "create", {})]


class Vault(Entity):
    opened: int = 0

    @event(policy="owner", auth="pin")
    def unlock(self) -> None:
        self.opened += 1

    @event
    def knock(self) -> None: ...


class OnlyNamed:
    """Lets only those do an event who are called as its policy says."""

    enforces = ("policy", "auth")

    def decide(self, actor, action, kind, id, entity, /):
        declared = events_of(kind).get(action)
        wanted = None if declared is None else declared.options.policy
        return ALLOWED if wanted in (None, actor.id) else Decision(allowed=False, why=f"only the {wanted} may")


class TestProtectionsOfAnEvent:
    @pytest.mark.parametrize("option", ["policy", "auth"])
    async def test_one_that_nothing_enforces_keeps_the_application_from_starting(self, start, option):
        class Bare(Entity):
            @event(**{option: "strict"})
            def go(self) -> None: ...

        words = rf"Bare.go says {option}='strict', and nothing here enforces it: .*enforces = \('{option}',\)"
        with pytest.raises(DefinitionError, match=words):
            await start(Bare)

    async def test_an_application_that_refused_a_class_does_not_know_it(self, start):
        app = await start(Todo)
        with pytest.raises(DefinitionError, match=r"Vault.unlock says policy='owner'"):
            app.add(Vault)
        assert Vault not in app.catalog

    async def test_one_that_a_policy_enforces_is_enforced(self, start):
        app = await start(Vault, policies=[OnlyNamed()])
        vault = (await app.dispatch(Vault.create())).entity
        with pytest.raises(ForbiddenError, match="only the owner may"):
            await app.dispatch(Vault.unlock().on(vault.id), actor=Actor("stranger"))
        await app.dispatch(Vault.knock().on(vault.id), actor=Actor("stranger"))
        done = await app.dispatch(Vault.unlock().on(vault.id), actor=Actor("owner"))
        assert done.entity.opened == 1

    async def test_a_policy_that_enforces_one_is_not_taken_for_all(self, start):
        class Pin(OnlyNamed):
            enforces = "auth"

        with pytest.raises(DefinitionError, match="policy='owner'"):
            await start(Vault, policies=[Pin()])

    async def test_a_policy_that_enforces_what_there_is_not_is_refused(self, start):
        class Misspelt(OnlyNamed):
            enforces = ("polcy",)

        with pytest.raises(ConfigurationError, match="enforces 'polcy'; did you mean 'policy'"):
            await start(Vault, policies=[Misspelt()])
