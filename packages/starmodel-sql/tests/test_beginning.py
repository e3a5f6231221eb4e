"""Who may read a new SQLite file."""

from __future__ import annotations

import os
import stat

import pytest
from sqlalchemy import exc

from starmodel.adapters.persistence.sqlmodel import DatabaseUrl, SQLRepo
from starmodel.adapters.persistence.sqlmodel.database import Database
from starmodel.adapters.persistence.sqlmodel.migrations.applying import connected
from starmodel.core import Entity
from starmodel.core.errors import StoreError
from starmodel.testing import application

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(os.name != "posix", reason="rights of files are others there"),
]


class Note(Entity):
    text: str = ""
    model_config = {"store": "sql"}


def rights(folder):
    return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in folder.iterdir()}


async def test_a_new_database_and_its_log_are_readable_for_their_owner_alone(tmp_path):
    async with application(Note, stores={"sql": SQLRepo(f"sqlite:///{tmp_path}/notes.db")}) as app:
        await app.dispatch(Note.create(text="a secret"))
        assert rights(tmp_path) == dict.fromkeys(("notes.db", "notes.db-shm", "notes.db-wal"), "0o600")


async def test_one_that_is_shared_with_a_group_stays_so_and_its_log_too(tmp_path):
    file = tmp_path / "notes.db"
    file.touch()
    file.chmod(0o660)
    async with application(Note, stores={"sql": SQLRepo(f"sqlite:///{file}")}) as app:
        await app.dispatch(Note.create(text="ours"))
        assert rights(tmp_path) == dict.fromkeys(("notes.db", "notes.db-shm", "notes.db-wal"), "0o660")


async def test_a_folder_that_is_not_there_is_still_said_by_sqlite(tmp_path):
    with pytest.raises(StoreError, match="unable to open database file"):
        await SQLRepo(f"sqlite:///{tmp_path}/nowhere/notes.db").open([Note])
    assert not (tmp_path / "nowhere").exists()


def test_an_address_of_sqlites_own_makes_no_file(tmp_path):
    database = Database(DatabaseUrl(f"sqlite:///file:{tmp_path}/notes.db?mode=ro&uri=true"))
    with pytest.raises((exc.OperationalError, StoreError)), connected(database):
        pass
    assert rights(tmp_path) == {}
