"""A file as the value of a column: kept as JSON, read again, and added to a table that is there."""

from __future__ import annotations

from typing import Annotated

import pytest

from starmodel.adapters.persistence.sqlmodel import BaseTable, SQLRepo
from starmodel.app import RandomIds
from starmodel.core import Accept, Actor, Entity, File, InvalidError
from starmodel.core.commands import Command
from starmodel.testing import application

pytestmark = pytest.mark.anyio

SCAN = File("0" * 32, 'a "b" é.pdf', 10, "application/pdf")
ADA = Actor("ada")


def before_and_after():
    class Old(Entity):
        title: str = ""
        model_config = {"store": "sql", "namespace": "Paper"}

    class New(Entity):
        title: str = ""
        scan: Annotated[File | None, Accept(".pdf")] = None
        model_config = {"store": "sql", "namespace": "Paper"}

    return Old, New


def cover():
    class Cover(Entity, BaseTable, table=True):
        title: str = ""
        scan: Annotated[File | None, Accept(".pdf")] = None

    return Cover


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    return request.getfixturevalue(f"{request.param}_url")


async def test_a_file_is_added_to_a_table_stored_and_read_again(url):
    old, new = before_and_after()
    async with application(old, stores={"sql": SQLRepo(url, schema="auto")}, ids=RandomIds()) as app:
        id = (await app.dispatch(old.create(title="One"))).entity.id
    async with application(new, stores={"sql": SQLRepo(url, schema="auto")}, ids=RandomIds()) as app:
        assert (await app.load(new, id)).entity.scan is None
        file = await app.files.receive(_chunks(b"%PDF-1.7"), Accept(), name=SCAN.name, media=SCAN.type)
        await app.dispatch(new.update(scan=file).on(id))
        [step, *_] = (await app.persistence.for_class(new).history(new, id))[::-1]
        assert step.changes[0].after == {"scan": file}
        stored = await app.find(new, {"scan": {"isnull": False}})
        assert [one.entity.scan for one in stored.items] == [file]
    async with application(new, stores={"sql": SQLRepo(url, schema="check")}, ids=RandomIds()) as app:
        assert (await app.load(new, id)).entity.scan == file


async def test_a_table_of_ones_own_has_files_like_any_other_and_brings_them_back(url):
    kind = cover()
    async with application(kind, stores={"sql": SQLRepo(url)}, ids=RandomIds()) as app:
        first = await app.files.receive(_chunks(b"1"), Accept(), name="one.pdf", media=SCAN.type)
        second = await app.files.receive(_chunks(b"2"), Accept(), name="two.pdf", media=SCAN.type)
        id = (await app.dispatch(kind.create(scan=first))).entity.id
        changed = await app.dispatch(kind.update(scan=app.files.reference(second, ADA)).on(id), actor=ADA)
        assert changed.entity.scan == second
        await app.dispatch(Command(entity="Cover", event="undo", args={"command": changed.command.id}))
        assert (await app.load(kind, id)).entity.scan == first
        with pytest.raises(InvalidError, match="scan: is not there any more"):
            await app.dispatch(kind.create(scan=SCAN))


async def _chunks(data):
    yield data
