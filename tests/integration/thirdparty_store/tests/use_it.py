"""An application that keeps one of its entities in the store, knowing nothing but its name."""

from __future__ import annotations

import asyncio
import sys

from starmodel.app import PersistenceManager
from starmodel.core import Entity, event
from starmodel.testing import application


class Note(Entity):
    text: str
    tags: list[str] = []
    model_config = {"store": "jsonfile"}

    @event
    def tag(self, word: str) -> None:
        self.tags.append(word)


class Passing(Entity):
    text: str = ""


async def first() -> str:
    async with application(Note, Passing) as app:
        assert app.summary() == {"jsonfile": "disk", "memory": "ephemeral"}
        made = await app.dispatch(Note.create(text="kept ☕"))
        await app.dispatch(Note.tag("a").on(made.entity.id))
        await app.dispatch(Passing.create())
        return made.entity.id


async def second(id: str) -> None:
    persistence = PersistenceManager()
    store = persistence.for_class(Note)
    assert type(store).__module__ == "jsonfile_store.store"
    await persistence.open()
    assert (await persistence.get(Note, id)).entity == Note(id=id, text="kept ☕", tags=["a"])
    assert [commit.command.event for commit in await store.history(Note, id)] == ["create", "tag"]
    await persistence.close()


id = asyncio.run(first())
asyncio.run(second(id))
assert "jsonfile_store" in sys.modules
sys.stdout.write("kept\n")
