"""What a database cannot take or cannot do is said in words that help, and nothing of it is stored."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from typing import Annotated

import pytest

from starmodel.adapters.persistence.sqlmodel import DatabaseUrl, DatabaseUrlError, SQLRepo
from starmodel.core import Entity, Query, Reference, RefusedError, Unique
from starmodel.core.errors import InvalidError, QueryError, StoreError
from starmodel.testing.store.base import changed, changeset, created, deleted, found, put


class Author(Entity):
    name: str = ""
    email: Annotated[str | None, Unique()] = None


class Post(Entity):
    title: str = ""
    author_id: Annotated[str | None, Reference(Author)] = None
    editor_id: Annotated[str | None, Reference("Author", on_delete="set_null")] = None


class Anthology(Entity):
    author_ids: Annotated[list[str], Reference(Author)] = []


class Seat(Entity):
    row: Annotated[int, Unique("place")] = 0
    number: Annotated[int, Unique("place")] = 0


class Moment(Entity):
    at: datetime | None = None
    text: str = ""
    number: int = 0


KINDS = [Author, Post, Anthology, Seat, Moment]


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request, store_of):
    store = store_of(request.param, KINDS)
    await store.open(KINDS)
    yield store
    await store.close()


def codes(error):
    return [(problem.loc, problem.code) for problem in error.problems]


async def opened_and_written(store):
    await store.open([Author])
    await put(store, Author())


async def nothing_was_stored(store, start):
    return await store.position() == start


async def test_a_value_that_is_taken_names_its_field(store):
    await put(store, Author(id="a", email="x@y"))
    start = await store.position()
    with pytest.raises(InvalidError, match="taken already") as refusal:
        await put(store, Author(id="ok"), Author(id="b", email="x@y"))
    assert codes(refusal.value) == [(("email",), "unique")]
    assert await nothing_was_stored(store, start)
    assert await store.get(Author, "ok") is None
    await put(store, Author(id="c"), Author(id="d"))  # no value is no double


async def test_values_that_are_taken_together_name_all_their_fields(store):
    await put(store, Seat(row=1, number=1), Seat(row=1, number=2))
    with pytest.raises(InvalidError) as refusal:
        await put(store, Seat(row=1, number=2))
    assert codes(refusal.value) == [(("row",), "unique"), (("number",), "unique")]


async def test_a_reference_to_nothing_names_its_field(store):
    start = await store.position()
    with pytest.raises(InvalidError, match="names nothing that is there") as refusal:
        await put(store, Post(author_id="nobody"))
    assert codes(refusal.value) == [(("author_id",), "reference")]
    assert await nothing_was_stored(store, start)


async def test_what_is_referred_to_is_not_deleted(store):
    await put(store, Author(id="a"), Post(id="p", author_id="a"))
    with pytest.raises(RefusedError, match="there is still a post that refers to it"):
        await store.commit(changeset(deleted(await found(store, Author(id="a")))))
    assert (await found(store, Author(id="a"))).entity == Author(id="a")
    both = [deleted(await found(store, Author(id="a"))), deleted(await found(store, Post(id="p")))]
    await store.commit(changeset(*both))  # in whatever order, as long as it is right in the end
    assert await store.count(Author, {}, cap=9) == 0


async def test_a_reference_that_may_be_emptied_is_and_the_log_tells(store):
    await put(store, Author(id="a"), Post(id="p", editor_id="a"))
    before = await found(store, Post(id="p"))
    await store.commit(changeset(deleted(await found(store, Author(id="a")))))
    await store.wait(await store.position(), seconds=1)
    after = await found(store, Post(id="p"))
    assert (after.entity.editor_id, after.version) == (None, before.version + 1)
    [commit] = await store.history(Post, "p", after_version=before.version)
    assert commit.changes[0].before == {"editor_id": "a"}


async def test_a_number_beyond_64_bits_is_refused(store):
    start = await store.position()
    for number in (2**63, -(2**63) - 1):
        with pytest.raises(InvalidError, match="number: is too big"):
            await put(store, Moment(number=number))
    await put(store, Moment(id="a"))
    with pytest.raises(InvalidError, match="too big"):
        await store.commit(changeset(changed(await found(store, Moment(id="a")), number=2**70)))
    assert (await store.position()).number == start.number + 1


async def test_what_postgres_cannot_keep_is_refused_and_said_by_name(postgres_url):
    store = SQLRepo(postgres_url)
    await store.open([Moment])
    with pytest.raises(InvalidError, match=r"at: has no time zone.*text: holds a NUL"):
        await put(store, Moment(at=datetime(2025, 1, 1), text="a\0b"))
    await put(store, Moment(at=datetime(2025, 1, 1, tzinfo=UTC), text="ab"))
    assert await store.count(Moment, {}, cap=9) == 1
    await store.close()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nonsense", "cannot be read as an address; write for example"),
        ("", "cannot be read as an address"),
        ("oracle://scott:tiger@db/x", "no support for 'oracle' databases; there is postgresql, sqlite; write for ex"),
        ("postgresql://scott:ti@ger/hunter2@db/x", "holds an @ or /; in a user or password write %40 for @, %2F for /"),
        ("postgresql://scott:tiger@db:hunter2/x", "%3A for :"),
        ("mysql://root:hunter2@localhost/x", "no support for 'mysql'"),
        ("sqlite:///x.db?durability=forever", "must be disk or process"),
    ],
)
def test_an_address_that_cannot_be_used_says_so_without_the_password(text, says):
    with pytest.raises(DatabaseUrlError, match=says) as refusal:
        DatabaseUrl(text)
    assert "tiger" not in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_an_address_is_shown_without_its_password():
    url = DatabaseUrl("postgres://ada:hunter2@db.example:5433/shop?sslmode=require")
    assert str(url) == "postgresql://ada:***@db.example:5433/shop?sslmode=require"
    assert "hunter2" not in repr(url)


@pytest.mark.parametrize(
    "text", ["sqlite:///x.db", "sqlite+aiosqlite:///x.db", "sqlite+pysqlite:///x.db", "sqlite:////tmp/x.db"]
)
def test_whatever_driver_is_named_sqlite_is_sqlite(text):
    assert DatabaseUrl(text).url.drivername == "sqlite+pysqlite"


async def test_a_server_that_is_not_there_says_what_to_do():
    store = SQLRepo("postgresql://ada:hunter2@127.0.0.1:1/shop")
    with pytest.raises(StoreError, match="start the server, or see host and port") as refusal:
        await store.open([Author])
    assert "hunter2" not in str(refusal.value)
    await store.close()


async def test_a_database_that_is_not_there_says_what_to_do(postgres_url):
    store = SQLRepo(f"{postgres_url}_never_made")
    with pytest.raises(StoreError, match="DATABASE_URL names the right database"):
        await store.open([Author])
    await store.close()


async def test_a_folder_that_is_not_there_says_what_to_do(tmp_path):
    store = SQLRepo(f"sqlite:///{tmp_path}/missing/x.db")
    with pytest.raises(StoreError, match="see that the folder exists"):
        await store.open([Author])
    await store.close()


async def test_a_file_that_is_something_else_says_what_to_do(tmp_path):
    (tmp_path / "x.db").write_text("this is a letter and no database, and it is long enough to be looked at" * 20)
    store = SQLRepo(f"sqlite:///{tmp_path}/x.db")
    with pytest.raises(StoreError, match="holds something else"):
        await store.open([Author])
    assert (tmp_path / "x.db").read_text().startswith("this is a letter")
    await store.close()


async def test_a_file_that_another_program_holds_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr("starmodel.adapters.persistence.sqlmodel.line.BUSY_SECONDS", 0.2)
    store = SQLRepo(f"sqlite:///{tmp_path}/x.db")
    await store.open([Author])
    start = await store.position()
    holder = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program holds a write lock"):
        await put(store, Author(id="a"))
    assert await store.get(Author, "a") is None  # reading goes on meanwhile
    holder.execute("ROLLBACK")
    holder.close()
    assert await nothing_was_stored(store, start)
    await put(store, Author(id="a"))
    await store.close()


FULL_DISK = """
import asyncio, resource, signal, sys
from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core import Entity, StarModelError
from starmodel.core.errors import StoreError
from starmodel.testing.store.base import put

class Note(Entity):
    text: str = ""

async def main():
    store = SQLRepo("sqlite:///" + sys.argv[1])
    await store.open([Note])
    await put(store, Note(id="before"))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    try:
        await put(store, Note(id="big", text="x" * 2_000_000))
    except StoreError as error:
        print(error)
    else:
        raise SystemExit("a full disk went unnoticed")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    assert await store.get(Note, "big") is None
    assert await store.get(Note, "before") is not None
    await put(store, Note(id="after"))
    assert await store.count(Note, {}, cap=9) == 2
    await store.close()

asyncio.run(main())
"""


def test_a_disk_that_is_full_loses_nothing_and_says_so(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "x.db")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "nothing of this change was stored" in done.stdout


async def test_a_file_that_may_not_be_written_says_what_to_do_at_the_start_and_at_a_change(tmp_path, caplog):
    store = SQLRepo(f"sqlite:///{tmp_path}/x.db")
    await store.open([Author])
    await store.close()
    assert not [line for line in caplog.messages if "nothing can be changed" in line]
    again = SQLRepo(f"sqlite:///file:{tmp_path}/x.db?mode=ro&uri=true")
    with pytest.raises(StoreError, match="writable for this user"):
        await opened_and_written(again)
    [warning] = [line for line in caplog.messages if "nothing can be changed" in line]
    assert "writable for this user" in warning
    await again.close()


async def test_postgres_that_lets_nobody_write_says_what_to_do(postgres_url):
    store = SQLRepo(postgres_url)
    await store.open([Author])
    await store.database.write(
        lambda on: on.exec_driver_sql("ALTER DATABASE postgres SET default_transaction_read_only = on")
    )
    await store.close()
    again = SQLRepo(postgres_url)
    with pytest.raises(StoreError, match="a role that may write, or to the primary server"):
        await opened_and_written(again)
    await again.close()
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("SET default_transaction_read_only = off")
        admin.execute("ALTER DATABASE postgres RESET default_transaction_read_only")


async def test_a_store_that_is_not_open_says_what_to_do(tmp_path):
    store = SQLRepo(f"sqlite:///{tmp_path}/x.db")
    store.tables.of(Author)
    with pytest.raises(StoreError, match="open the application first"):
        await store.get(Author, "a")


async def test_a_refused_write_leaves_no_transaction_behind(store):
    await put(store, Author(id="a", email="x@y"))
    for _ in range(3):
        with pytest.raises(InvalidError):
            await store.commit(changeset(created(Author(id="b", email="x@y"))))
    await put(store, Author(id="c", email="z"))
    assert await store.count(Author, {}, cap=9) == 2


async def test_a_list_of_references_is_kept_and_leads_to_no_single_row(store):
    await put(store, Author(id="a"), Anthology(id="none"), Anthology(id="some", author_ids=["a", "b"]))
    assert (await store.get(Anthology, "some")).entity.author_ids == ["a", "b"]
    with pytest.raises(QueryError, match="'author_ids' of Anthology holds several; ask for an id"):
        await store.query(Anthology, Query(where={"author_ids.name": "Ada"}))
