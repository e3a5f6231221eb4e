"""What only the database finds out is found out by a trial too, which leaves nothing behind."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Annotated

import pytest

from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Entity, Reference, Unique, Unit, event
from starmodel.core.errors import StarModelError


class Owner(Entity):
    model_config = {"store": "sql"}
    name: Annotated[str, Unique()]


class Task(Entity):
    model_config = {"store": "sql"}
    title: str = ""
    row: Annotated[int, Unique("seat")] = 0
    seat: Annotated[int | None, Unique("seat")] = None
    owner_id: Annotated[str | None, Reference(Owner)] = None
    above_id: Annotated[str | None, Reference("Task", on_delete="set_null")] = None

    @event
    def hand_over(self, to: str) -> None:
        self.owner_id = to

    @event
    async def leave_with_owner(self) -> None:
        (await Unit.current().get(Owner, self.owner_id)).delete()
        self.delete()


@pytest.fixture(params=["sqlite", "postgres"])
async def app(request, store_of):
    kinds = [Owner, Task]
    async with Application(kinds, codec=PydanticCodec(), stores={"sql": store_of(request.param, kinds)}) as app:
        await app.dispatch(replace(Owner.create(name="Ann"), entity_id="ann"))
        await app.dispatch(replace(Owner.create(name="Bob"), entity_id="bob"))
        await app.dispatch(replace(Task.create(owner_id="ann", row=1, seat=1), entity_id="t"))
        yield app


async def refusal(doing, command):
    with pytest.raises(StarModelError) as refused:
        await doing(command)
    return type(refused.value), str(refused.value)


REFUSED = {
    "a reference that is not there": Task.create(owner_id="nobody"),
    "a change to such a reference": Task.update(owner_id="nobody").on("t"),
    "an event that makes such a reference": Task.hand_over("nobody").on("t"),
    "a reference to its own kind": Task.create(above_id="nothing"),
    "a value that is taken": Owner.create(name="Ann"),
    "a change to such a value": Owner.update(name="Ann").on("bob"),
    "values that are together taken": Task.create(row=1, seat=1),
    "the deletion of what is referred to": Owner.delete().on("ann"),
}


async def test_a_preview_is_refused_in_the_words_of_the_commit(app):
    tried = {name: await refusal(app.preview, command) for name, command in REFUSED.items()}
    assert tried == {name: await refusal(app.dispatch, command) for name, command in REFUSED.items()}


DONE = [
    Task.create(owner_id="bob"),
    Task.create(row=1),
    Owner.update(name="Ann").on("ann"),
    Owner.delete().on("bob"),
    Task.leave_with_owner().on("t"),
    Task.delete().on("t"),
]


async def test_a_preview_of_what_can_be_done_leaves_no_trace(app):
    store = app.persistence.for_class(Owner)
    before = await store.position(), await app.find(Owner, {}), await app.find(Task, {})
    for command in DONE:
        await app.preview(command)
    assert (await store.position(), await app.find(Owner, {}), await app.find(Task, {})) == before


async def test_a_reference_that_was_broken_before_is_no_fault_of_another_change(store_of, tmp_path):
    async with Application(
        [Owner, Task], codec=PydanticCodec(), stores={"sql": store_of("sqlite", [Owner, Task])}
    ) as app:
        await app.dispatch(replace(Task.create(), entity_id="t"))
        with closing(sqlite3.connect(tmp_path / "test.db")) as other, other:
            other.execute("UPDATE task SET owner_id = 'nobody'")
        preview = await app.preview(Task.update(title="x").on("t"))
        assert [change.after for change in preview.changes] == [{"title": "x"}]
        assert (await app.dispatch(Task.update(title="x").on("t"))).entity.title == "x"
