"""Undo, redo, as-of and replay read the command log."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.app import may_be_undone, obstacle_to_undo, past_of
from starmodel.core import Actor, Command, Entity, ForbiddenError, NotFoundError, Secret, event
from starmodel.core.actors import ALLOWED, Decision
from starmodel.core.errors import UndoError
from starmodel.testing import FakeClock, RecordingBus


class Todo(Entity):
    title: str = ""
    done: bool = False
    tags: list[str] = []

    @event
    def toggle(self) -> None:
        self.done = not self.done

    @event
    def tag(self, name: str) -> None:
        self.tags.append(name)

    @event
    def swap_titles(self, other: Todo) -> None:
        self.title, other.title = other.title, self.title

    @event
    def split(self) -> Note:
        self.done = True
        return Note(text=self.title)


class Note(Entity):
    text: str = ""


class Account(Entity):
    owner: str
    password: Secret[str]
    model_config = {"default_events": ["create", "update", "delete"]}


class Frozen:
    """Lets Ada do everything, and others only what touches no note."""

    def decide(self, actor, action, kind, id, entity, /):
        return ALLOWED if actor.id == "ada" or kind is not Note else Decision(allowed=False, why="a note stays")


@pytest.fixture
def bus():
    return RecordingBus()


@pytest.fixture
def clock():
    return FakeClock(datetime(2025, 1, 1, tzinfo=UTC))


@pytest.fixture
async def app(start, bus, clock):
    return await start(Todo, Note, Account, bus=bus, clock=clock)


async def send(app, command, id=None):
    return (await app.dispatch(command if id is None else command.on(id))).command.id


def undo(command, kind="Todo"):
    return Command(entity=kind, event="undo", args={"command": command})


def redo(command, kind="Todo"):
    return Command(entity=kind, event="redo", args={"command": command})


async def todo(app, id="a"):
    return (await app.load(Todo, id)).entity


@pytest.fixture
async def made(app):
    return await send(app, Todo.create(title="one"), "a")


class OnlyTitled:
    """What is called after somebody only they may change."""

    def decide(self, actor, action, kind, id, entity, /):
        own = action == "read" or entity is None or entity.title == actor.id
        return ALLOWED if own else Decision(allowed=False, why="it is another's")


class TestUndo:
    async def test_a_change_is_taken_back_as_a_new_change(self, app, made):
        version = (await app.load(Todo, "a")).version
        toggled = await send(app, Todo.toggle(), "a")
        await app.dispatch(undo(toggled))
        stored = await app.load(Todo, "a")
        assert (stored.entity.done, stored.version) == (False, version + 2)

    async def test_later_changes_of_other_fields_are_kept(self, app, made):
        toggled = await send(app, Todo.toggle(), "a")
        await send(app, Todo.update(title="two"), "a")
        await app.dispatch(undo(toggled))
        assert ((await todo(app)).title, (await todo(app)).done) == ("two", False)

    async def test_a_later_change_of_the_same_field_stands_in_the_way(self, app, made):
        renamed = await send(app, Todo.update(title="two"), "a")
        await send(app, Todo.update(title="three"), "a")
        with pytest.raises(UndoError, match="title of Todo 'a' was changed again later; undo that first"):
            await app.dispatch(undo(renamed))
        assert (await todo(app)).title == "three"

    async def test_what_is_undone_cannot_be_undone_again_and_says_so(self, app, made):
        renamed = await send(app, Todo.update(title="two"), "a")
        await app.dispatch(undo(renamed))
        with pytest.raises(UndoError, match="title of Todo 'a' is as it was before already; it may be undone"):
            await app.dispatch(undo(renamed))

    async def test_what_was_put_back_by_hand_stands_in_nobodys_way(self, app, made):
        first = await send(app, Todo.update(title="two"), "a")
        await send(app, Todo.update(title="one"), "a")
        await send(app, Todo.update(title="two"), "a")
        await app.dispatch(undo(first))
        assert (await todo(app)).title == "one"

    async def test_a_creation_is_taken_back_by_deleting(self, app, made):
        await app.dispatch(undo(made))
        assert await app.count(Todo) == 0

    async def test_a_creation_that_was_built_upon_is_not(self, app, made):
        await send(app, Todo.toggle(), "a")
        with pytest.raises(UndoError, match="was changed since it was created; delete it instead"):
            await app.dispatch(undo(made))

    async def test_a_creation_whose_entity_was_deleted_is_done_already(self, app, made):
        await send(app, Todo.delete(), "a")
        with pytest.raises(UndoError, match="was deleted already"):
            await app.dispatch(undo(made))

    async def test_a_deletion_is_taken_back_by_making_it_again(self, app, made):
        await send(app, Todo.tag("x"), "a")
        before = await todo(app)
        deleted = await send(app, Todo.delete(), "a")
        await app.dispatch(undo(deleted))
        assert await todo(app) == before

    async def test_a_deletion_is_not_taken_back_over_something_new(self, app, made):
        deleted = await send(app, Todo.delete(), "a")
        await send(app, Todo.create(title="new"), "a")
        with pytest.raises(UndoError, match="there is a Todo 'a' again already"):
            await app.dispatch(undo(deleted))

    async def test_a_change_of_what_was_deleted_later_says_so(self, app, made):
        toggled = await send(app, Todo.toggle(), "a")
        await send(app, Todo.delete(), "a")
        with pytest.raises(UndoError, match="was deleted later; undo that first"):
            await app.dispatch(undo(toggled))

    async def test_everything_one_command_did_is_taken_back(self, app, made):
        await send(app, Todo.create(title="two"), "b")
        swapped = await send(app, Todo.swap_titles("b"), "a")
        assert (await todo(app)).title == "two"
        await app.dispatch(undo(swapped))
        assert [(await todo(app, id)).title for id in "ab"] == ["one", "two"]

    async def test_when_a_part_cannot_be_taken_back_nothing_is(self, app, made):
        await send(app, Todo.create(title="two"), "b")
        swapped = await send(app, Todo.swap_titles("b"), "a")
        await send(app, Todo.update(title="three"), "a")
        with pytest.raises(UndoError):
            await app.dispatch(undo(swapped))
        assert (await todo(app, "b")).title == "one"

    async def test_entities_of_several_classes_are_taken_back_together(self, app, made):
        split = await send(app, Todo.split(), "a")
        await app.dispatch(undo(split))
        assert await app.count(Note) == 0
        assert not (await todo(app)).done

    async def test_an_unknown_command_cannot_be_undone(self, app):
        with pytest.raises(UndoError, match="command 'c9' changed no Todo, or is older than the log"):
            await app.dispatch(undo("c9"))

    async def test_a_command_of_another_class_cannot_be_undone(self, app, made):
        with pytest.raises(UndoError, match="changed no Note"):
            await app.dispatch(undo(made, "Note"))

    async def test_the_policy_is_asked_for_every_entity(self, start):
        app = await start(Todo, Note, policies=[Frozen()])
        await send(app, Todo.create(title="one"), "a")
        split = await send(app, Todo.split(), "a")
        with pytest.raises(ForbiddenError, match=r"Note.undo is not allowed: a note stays"):
            await app.dispatch(undo(split), actor=Actor("eve"))
        await app.dispatch(undo(split), actor=Actor("ada"))

    async def test_the_policy_is_asked_about_what_comes_back(self, start):
        app = await start(Todo, policies=[OnlyTitled()])
        await send(app, Todo.create(title="ada"), "a")
        gone = await send(app, Todo.delete(), "a")
        with pytest.raises(ForbiddenError, match=r"Todo.undo is not allowed: it is another's"):
            await app.dispatch(undo(gone), actor=Actor("eve"))
        past = await past_of(app, Todo, "a", actor=Actor("eve"), stored=None)
        offered = {
            who: may_be_undone(app, Todo, past.steps[0], actor=Actor(who), stored=None) for who in ("eve", "ada")
        }
        assert offered == {"eve": False, "ada": True}
        await app.dispatch(undo(gone), actor=Actor("ada"))


class TestUndoAndSecrets:
    @pytest.fixture
    async def account(self, app):
        return await send(app, Account.create(owner="ada", password="x"), "s")

    async def test_a_secret_cannot_be_set_back(self, app, account):
        changed = await send(app, Account.update(password="y"), "s")
        with pytest.raises(UndoError, match=r"neither secrets nor .* of password, which cannot be set back"):
            await app.dispatch(undo(changed, "Account"))

    async def test_other_fields_of_an_account_can(self, app, account):
        changed = await send(app, Account.update(owner="bob"), "s")
        await app.dispatch(undo(changed, "Account"))
        assert (await app.load(Account, "s")).entity.owner == "ada"

    async def test_what_needs_a_secret_cannot_be_made_again(self, app, account):
        deleted = await send(app, Account.delete(), "s")
        with pytest.raises(UndoError, match="password, which cannot be brought back; create it again"):
            await app.dispatch(undo(deleted, "Account"))

    async def test_its_past_has_the_present_secret(self, app, account):
        first = (await app.load(Account, "s")).version
        await send(app, Account.update(owner="bob", password="y"), "s")
        past = await app.history.as_of(Account, "s", version=first)
        assert (past.owner, past.password) == ("ada", "y")

    async def test_its_past_cannot_be_shown_once_the_secret_is_gone(self, app, account):
        first = (await app.load(Account, "s")).version
        await send(app, Account.delete(), "s")
        with pytest.raises(NotFoundError, match="password"):
            await app.history.as_of(Account, "s", version=first)


class TestRedo:
    async def test_what_was_undone_is_done_again(self, app, made):
        toggled = await send(app, Todo.toggle(), "a")
        await app.dispatch(undo(toggled))
        await app.dispatch(redo(toggled))
        assert (await todo(app)).done

    async def test_it_may_go_back_and_forth(self, app, made):
        toggled = await send(app, Todo.toggle(), "a")
        for _ in range(3):
            await app.dispatch(undo(toggled))
            assert not (await todo(app)).done
            await app.dispatch(redo(toggled))
            assert (await todo(app)).done

    async def test_a_creation_may_be_redone(self, app, made):
        await app.dispatch(undo(made))
        await app.dispatch(redo(made))
        assert (await todo(app)).title == "one"

    async def test_what_was_not_undone_cannot_be_redone(self, app, made):
        toggled = await send(app, Todo.toggle(), "a")
        with pytest.raises(UndoError, match="was not undone, so there is nothing to redo"):
            await app.dispatch(redo(toggled))

    async def test_it_is_redone_once(self, app, made):
        toggled = await send(app, Todo.toggle(), "a")
        await app.dispatch(undo(toggled))
        await app.dispatch(redo(toggled))
        with pytest.raises(UndoError):
            await app.dispatch(redo(toggled))

    async def test_the_undo_of_an_undo_is_a_redo_too(self, app, made):
        toggled = await send(app, Todo.toggle(), "a")
        undone = await send(app, undo(toggled))
        await app.dispatch(undo(undone))
        assert (await todo(app)).done


class TestWhatStandsInTheWay:
    async def why(self, app):
        [*_, commit] = await app.history.timeline(Todo, "a", limit=1)
        stored = await app.persistence.for_class(Todo).get(Todo, "a")
        return obstacle_to_undo(Todo, commit.changes[0], stored)

    async def test_nothing_does_right_after_a_change(self, app, made):
        await send(app, Todo.toggle(), "a")
        assert await self.why(app) is None

    async def test_it_is_told_without_trying(self, app, made):
        [create] = await app.history.timeline(Todo, "a")
        await send(app, Todo.toggle(), "a")
        wrong = obstacle_to_undo(Todo, create.changes[0], await app.load(Todo, "a"))
        assert isinstance(wrong, UndoError)
        with pytest.raises(UndoError, match=re.escape(str(wrong))):
            await app.dispatch(Command(entity="Todo", event="undo", args={"command": create.command.id}))


class TestPast:
    async def test_an_entity_can_be_seen_as_it_was_at_each_version(self, app, made):
        first = (await app.load(Todo, "a")).version
        seen = [await todo(app)]
        for name in ("x", "y"):
            await send(app, Todo.tag(name), "a")
            seen.append(await todo(app))
        assert [await app.history.as_of(Todo, "a", version=first + n) for n in range(3)] == seen

    async def test_an_entity_can_be_seen_as_it_was_at_a_time(self, app, clock, made):
        born = clock.now()
        clock.advance(60)
        await send(app, Todo.update(title="two"), "a")
        clock.advance(60)
        await send(app, Todo.delete(), "a")
        titles = [
            past and past.title
            for past in [
                await app.history.as_of(Todo, "a", at=born + timedelta(seconds=after)) for after in (-1, 0, 59, 60, 120)
            ]
        ]
        assert titles == [None, "one", "one", "two", None]

    async def test_without_a_time_it_is_as_it_is(self, app, made):
        assert await app.history.as_of(Todo, "a") == await todo(app)

    async def test_what_never_was_is_none(self, app):
        assert await app.history.as_of(Todo, "never", version=1) is None

    async def test_a_log_that_does_not_reach_back_is_an_error_and_no_guess(self, start):
        app = await start(Todo, stores={"memory": MemoryRepo(keep=2)})
        await send(app, Todo.create(title="one"), "a")
        first = (await app.load(Todo, "a")).version
        for name in "xyz":
            await send(app, Todo.tag(name), "a")
        assert (await app.history.as_of(Todo, "a", version=first + 2)).tags == ["x", "y"]
        with pytest.raises(NotFoundError, match="that far back"):
            await app.history.as_of(Todo, "a", version=first)

    async def test_the_timeline_lists_the_commits_of_one_entity(self, app, made):
        await send(app, Todo.create(), "b")
        await send(app, Todo.toggle(), "a")
        events = [commit.command.event for commit in await app.history.timeline(Todo, "a")]
        assert events == ["create", "toggle"]


async def dump(app):
    """Everything an application holds, with versions."""
    held = {}
    for kind in app.catalog:
        page = await app.find(kind, limit=1000)
        held.update(
            {
                (kind.__name__, stored.entity.id): (app.codec.dump(stored.entity), stored.version)
                for stored in page.items
            }
        )
    return held


class TestReplay:
    async def test_the_log_makes_the_same_again_in_an_empty_application(self, app, bus, start):
        one = (await app.dispatch(Todo.create(title="one"))).entity.id
        two = (await app.dispatch(Todo.create(title="*** two"))).entity.id
        await send(app, Todo.swap_titles(two), one)
        split = await send(app, Todo.split(), one)
        await send(app, Todo.tag("x"), two)
        await app.dispatch(undo(split))
        await app.dispatch(redo(split))
        await send(app, Todo.delete(), two)
        again = await start(Todo, Note, Account)
        assert await app.history.replay(bus.published, again.dispatcher) == 8
        assert await dump(again) == await dump(app)
        original = {commit.command.id: commit for commit in bus.published}
        for commit in await again.history.timeline(Todo, one):
            assert commit.command == original[commit.command.id].command

    async def test_a_value_that_looks_like_a_stand_in_is_replayed(self, app, bus, start):
        await send(app, Todo.create(title="***"), "a")
        again = await start(Todo)
        await app.history.replay(bus.published, again.dispatcher)
        assert (await todo(again)).title == "***"

    async def test_secrets_are_left_out(self, app, bus, start):
        await send(app, Account.create(owner="ada", password="x"), "s")
        await send(app, Account.update(owner="bob", password="y"), "s")
        again = await start(Account)
        await again.dispatch(Account.create(owner="", password="kept").on("s"))
        await app.history.replay(bus.published[1:], again.dispatcher)
        account = (await again.load(Account, "s")).entity
        assert (account.owner, account.password) == ("bob", "kept")

    async def test_replaying_twice_changes_nothing(self, app, bus, start):
        await send(app, Todo.create(title="one"), "a")
        await send(app, Todo.toggle(), "a")
        again = await start(Todo)
        for _ in range(2):
            await app.history.replay(bus.published, again.dispatcher)
        assert (await todo(again)).done

    async def test_what_was_typed_is_replayed_as_it_was_read(self, app, bus, start):
        create, toggle = Todo.create().on("a"), Todo.update().on("a")
        await app.dispatch(replace(create, args={"title": "3", "done": "true"}), text=True)
        await app.dispatch(replace(toggle, args={"done": "false", "tags": []}), text=True)
        assert [commit.command.args for commit in bus.published] == [
            {"title": "3", "done": True},
            {"done": False, "tags": []},
        ]
        again = await start(Todo)
        for _ in range(2):
            await app.history.replay(bus.published, again.dispatcher)
        assert await dump(again) == await dump(app)
        await app.history.replay(bus.published, app.dispatcher)

    async def test_an_action_of_nobody_is_replayed_by_the_replay(self, app, bus, start):
        await app.dispatch(Todo.create(), actor=Actor(""))
        (commit,) = bus.published
        again = await start(Todo)
        await app.history.replay([replace(commit, command=replace(commit.command, actor=None))], again.dispatcher)
        (stored,) = (await again.find(Todo)).items
        assert (await again.history.timeline(Todo, stored.entity.id))[0].command.actor == "replay"
