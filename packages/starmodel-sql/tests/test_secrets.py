"""What is secret stands in no message, no log and no copy."""

from __future__ import annotations

import sqlite3
import stat
import traceback

import pytest
from sqlalchemy import CheckConstraint

from starmodel.adapters.persistence.sqlmodel import BaseTable, SQLRepo
from starmodel.adapters.persistence.sqlmodel.database import Database
from starmodel.adapters.persistence.sqlmodel.migrations.trial import copied
from starmodel.adapters.persistence.sqlmodel.url import DatabaseUrl
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Entity, Secret
from starmodel.core.errors import StarModelError, StoreError

PIN = "hunter2"


class Safe(Entity, BaseTable, table=True):
    __table_args__ = (CheckConstraint("title <> 'open'", name="is_shut"),)
    title: str = ""
    pin: Secret[str] = ""


@pytest.fixture(params=["sqlite", "postgres"])
async def app(request, store_of):
    async with Application([Safe], codec=PydanticCodec(), stores={"sql": store_of(request.param, [Safe])}) as app:
        yield app


def logged(error):
    return "".join(traceback.format_exception(error))


async def test_a_rule_of_the_database_that_is_broken_repeats_no_row(app):
    with pytest.raises(StoreError, match="is_shut") as caught:
        await app.dispatch(Safe.create(title="open", pin=PIN))
    assert PIN not in logged(caught.value)


async def test_a_statement_that_fails_repeats_no_values(app):
    database = app.persistence.store("sql").database
    await database.write(lambda connection: connection.exec_driver_sql("ALTER TABLE safe RENAME TO gone"))
    with pytest.raises(StoreError, match="starmodel migrate up") as caught:
        await app.dispatch(Safe.create(title="shut", pin=PIN))
    assert PIN not in logged(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:hunter2@127.0.0.1:1/x",
        "postgresql://me:hunter%402@127.0.0.1:1/x",
        "postgresql://127.0.0.1:1/x?user=me&password=hunter2",
        "postgresql://me@127.0.0.1:1/x?sslpassword=hunter2",
        "postgresql://me:hunter2@[127.0.0.1:1/x",
        "postgresql://me:x@hunter2@127.0.0.1:1/x",
    ],
)
async def test_an_address_is_shown_without_its_passwords(address):
    with pytest.raises(StarModelError) as caught:
        async with Application([Safe], codec=PydanticCodec(), stores={"sql": SQLRepo(address)}):
            pass
    assert "hunter" not in logged(caught.value)


def test_the_copy_for_a_trial_is_read_by_nobody_who_may_not_read_the_database(tmp_path):
    path = tmp_path / "shop.db"
    sqlite3.connect(path).close()
    path.chmod(0o600)
    with copied(Database(DatabaseUrl(f"sqlite:///{path}"))):
        [copy] = tmp_path.glob(".shop.db.trial-*")
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".shop.db.trial-*")) == []
