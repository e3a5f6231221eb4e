"""A file as the value of a column: kept as JSON, read again, and added to a table that is there."""

from __future__ import annotations

from typing import Annotated

import pytest

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.app import RandomIds
from starmodel.core import Accept, Entity, File
from starmodel.testing import application

pytestmark = pytest.mark.anyio

SCAN = File("0" * 32, 'a "b" é.pdf', 10, "application/pdf")


def before_and_after():
    class Old(Entity):
        title: str = ""
        model_config = {"store": "sql", "namespace": "Paper"}

    class New(Entity):
        title: str = ""
        scan: Annotated[File | None, Accept(".pdf")] = None
        model_config = {"store": "sql", "namespace": "Paper"}

    return Old, New


async def test_a_file_is_added_to_a_table_stored_and_read_again(sqlite_url):
    old, new = before_and_after()
    async with application(old, stores={"sql": SQLRepo(sqlite_url, schema="auto")}, ids=RandomIds()) as app:
        id = (await app.dispatch(old.create(title="One"))).entity.id
    async with application(new, stores={"sql": SQLRepo(sqlite_url, schema="auto")}, ids=RandomIds()) as app:
        assert (await app.load(new, id)).entity.scan is None
        file = await app.files.receive(_chunks(b"%PDF-1.7"), Accept(), name=SCAN.name, media=SCAN.type)
        await app.dispatch(new.update(scan=file).on(id))
        [step, *_] = (await app.persistence.for_class(new).history(new, id))[::-1]
        assert step.changes[0].after == {"scan": file}
        stored = await app.find(new, {"scan": {"isnull": False}})
        assert [one.entity.scan for one in stored.items] == [file]
    async with application(new, stores={"sql": SQLRepo(sqlite_url, schema="check")}, ids=RandomIds()) as app:
        assert (await app.load(new, id)).entity.scan == file


async def _chunks(data):
    yield data
