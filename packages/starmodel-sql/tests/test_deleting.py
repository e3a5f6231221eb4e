"""What refers to what: deleted together, emptied by the database, and told in the words of the entities."""

from __future__ import annotations

from typing import Annotated

import pytest
from sqlmodel import Field

from starmodel.adapters.persistence.sqlmodel import BaseTable
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Entity, Reference, Unique, Unit, event
from starmodel.core.errors import InvalidError, RefusedError


class Writer(Entity):
    model_config = {"store": "sql"}
    name: Annotated[str, Unique()]

    @event
    async def leave(self) -> None:
        notes = await Unit.current().find(Note, {"writer_id": self.id})
        self.delete()
        for note in notes:
            note.text = "by somebody who left"

    @event
    async def burn(self) -> None:
        notes = await Unit.current().find(Note, {"writer_id": self.id})
        self.delete()
        for note in notes:
            note.delete()

    @event
    async def reborn(self) -> None:
        Unit.current().add(Writer(name=self.name))
        self.delete()


class Note(Entity):
    model_config = {"store": "sql"}
    text: str = ""
    writer_id: Annotated[str | None, Reference(Writer, on_delete="set_null")] = None
    above_id: Annotated[str | None, Reference("Note", on_delete="set_null")] = None

    @event
    async def drop_all(self) -> None:
        below = await Unit.current().find(Note, {"above_id": self.id})
        self.delete()
        for note in below:
            note.delete()


class Boss(Entity, BaseTable, table=True):
    __tablename__ = "bosses"
    name: str = ""


class Helper(Entity, BaseTable, table=True):
    boss_id: str | None = Field(default=None, foreign_key="bosses.id")


@pytest.fixture(params=["sqlite", "postgres"])
async def app(request, store_of):
    kinds = [Writer, Note, Boss, Helper]
    async with Application(kinds, codec=PydanticCodec(), stores={"sql": store_of(request.param, kinds)}) as app:
        yield app


async def made(app, command):
    return (await app.dispatch(command)).entity


async def test_one_event_deletes_and_changes_what_refers_to_it(app):
    ann = await made(app, Writer.create(name="Ann"))
    note = await made(app, Note.create(writer_id=ann.id))
    await app.dispatch(Writer.leave().on(ann.id))
    left = (await app.load(Note, note.id)).entity
    assert (left.text, left.writer_id) == ("by somebody who left", None)


async def test_one_event_deletes_what_refers_to_what_it_deletes(app):
    ann = await made(app, Writer.create(name="Ann"))
    note = await made(app, Note.create(writer_id=ann.id))
    await app.dispatch(Writer.burn().on(ann.id))
    assert (await app.find(Note, {})).items == ()
    assert [commit.command.event for commit in await app.history.timeline(Note, note.id)] == ["create", "burn"]


async def test_one_event_deletes_a_tree_from_its_root(app):
    root = await made(app, Note.create(text="root"))
    await made(app, Note.create(above_id=root.id))
    await app.dispatch(Note.drop_all().on(root.id))
    assert (await app.find(Note, {})).items == ()


async def test_what_is_new_may_have_the_unique_value_of_what_goes(app):
    ann = await made(app, Writer.create(name="Ann"))
    await app.dispatch(Writer.reborn().on(ann.id))
    assert [found.entity.name for found in (await app.find(Writer, {})).items] == ["Ann"]


async def test_a_table_with_a_name_of_its_own_is_still_referred_to(app):
    boss = await made(app, Boss.create(name="Ann"))
    await made(app, Helper.create(boss_id=boss.id))
    with pytest.raises(RefusedError, match="still a helper that refers to it"):
        await app.dispatch(Boss.delete().on(boss.id))
    with pytest.raises(InvalidError, match="boss_id: names nothing that is there"):
        await app.dispatch(Helper.create(boss_id="nobody"))
