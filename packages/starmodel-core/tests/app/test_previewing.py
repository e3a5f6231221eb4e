"""A preview runs a command and stores nothing; a command can be for one version only."""

from __future__ import annotations

from asyncio import gather
from dataclasses import replace

import pytest

from starmodel.app import Application
from starmodel.core import Actor, Decision, Entity, ForbiddenError, InvalidError, NotFoundError, Unit, event
from starmodel.core.errors import StaleError
from starmodel.testing import PlainCodec


class Jar(Entity):
    coins: int = 0

    @event
    def put(self, coins: int = 1) -> str:
        self.coins += coins
        return f"{self.coins} coins"

    @event
    async def empty_into(self, other: Jar) -> None:
        other.coins += self.coins
        Unit.current().delete(self)

    @event(method="get")
    def look(self) -> int:
        return self.coins


class OnlyAda:
    def decide(self, actor, action, kind, id, entity, /):
        return Decision(actor.id == "ada", "only Ada")


@pytest.fixture
async def app():
    async with Application([Jar], codec=PlainCodec()) as app:
        yield app


async def test_a_preview_says_what_would_change(app):
    jar = (await app.dispatch(Jar.create(coins=2))).entity
    preview = await app.preview(Jar.put(3).on(jar.id))
    (change,) = preview.changes
    assert (change.before, change.after, change.version) == (
        {"coins": 2},
        {"coins": 5},
        2 if change.version == 2 else change.version,
    )
    assert preview.entity.coins == 5
    assert preview.returned == "5 coins"


async def test_after_a_preview_nothing_is_stored_and_nobody_was_told(app):
    jar = (await app.dispatch(Jar.create(coins=2))).entity
    follower = app.bus.subscribe()
    position = await app.persistence.store("memory").position()
    await app.preview(Jar.put(3).on(jar.id))
    await app.preview(Jar.create(coins=9))
    assert await app.persistence.store("memory").position() == position
    assert (await app.load(Jar, jar.id)).entity.coins == 2
    follower.close()
    assert [commit async for commit in follower] == []


async def test_a_preview_takes_no_idempotency_key(app):
    jar = (await app.dispatch(Jar.create())).entity
    command = Jar.put(3).on(jar.id)
    await app.preview(replace(command, id="once"))
    assert (await app.dispatch(replace(command, id="once"))).entity.coins == 3


async def test_a_preview_shows_all_that_would_change(app):
    one, two = [(await app.dispatch(Jar.create(coins=n))).entity for n in (1, 2)]
    preview = await app.preview(Jar.empty_into(two).on(one.id))
    assert {change.id: change.after for change in preview.changes} == {one.id: None, two.id: {"coins": 3}}
    assert preview.entity is None


async def test_what_would_be_created_has_no_version_yet(app):
    preview = await app.preview(Jar.create(coins=7))
    assert (preview.entity.coins, preview.changes[0].version) == (7, 0)


async def test_reading_changes_nothing(app):
    jar = (await app.dispatch(Jar.create(coins=2))).entity
    preview = await app.preview(Jar.look().on(jar.id))
    assert (preview.changes, preview.returned) == ((), 2)


@pytest.mark.parametrize(("command", "error"), [
    (Jar.put().on("nobody"), NotFoundError),
    (Jar.put("many").on("j"), InvalidError),
])  # fmt: skip
async def test_a_preview_is_refused_as_the_command_is(app, command, error):
    await app.dispatch(Jar.create().on("j"))
    with pytest.raises(error):
        await app.preview(command)


async def test_who_may_not_do_it_may_not_preview_it():
    async with Application([Jar], codec=PlainCodec(), policies=[OnlyAda()]) as app:
        await app.dispatch(Jar.create().on("j"))
        assert (await app.preview(Jar.put().on("j"), actor=Actor("ada"))).changes
        with pytest.raises(ForbiddenError, match="only Ada"):
            await app.preview(Jar.put().on("j"), actor=Actor("bob"))


async def test_a_guard_is_asked_about_a_preview(app):
    asked = []

    async def guard(actor, command):
        asked.append(command.event)

    app.dispatcher.add_guard(guard)
    await app.dispatch(Jar.create().on("j"))
    await app.preview(Jar.put().on("j"), actor=Actor("ada"))
    assert asked == ["put"]


async def test_a_command_for_one_version_is_refused_at_another(app):
    jar = await app.load(Jar, (await app.dispatch(Jar.create())).entity.id)
    await app.dispatch(Jar.put().on(jar.entity.id), only_at=jar.version)
    with pytest.raises(StaleError, match="load it again"):
        await app.dispatch(Jar.put().on(jar.entity.id), only_at=jar.version)
    assert (await app.load(Jar, jar.entity.id)).entity.coins == 1


async def test_a_command_for_one_version_is_not_run_again_after_a_conflict():
    async with Application([Jar], codec=PlainCodec()) as app:
        made = (await app.dispatch(Jar.create())).entity
        version = (await app.load(Jar, made.id)).version
        commands = [app.dispatch(Jar.put().on(made.id), only_at=version) for _ in range(5)]
        results = await gather(*commands, return_exceptions=True)
        assert sum(isinstance(result, StaleError) for result in results) == 4
        assert (await app.load(Jar, made.id)).entity.coins == 1
