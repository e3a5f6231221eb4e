"""What another program does to a table has a version, a place in the log, and values before and after."""

from __future__ import annotations

import sqlite3
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from time import monotonic
from typing import Any
from uuid import UUID

import pytest

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.core import Entity, Private, Secret
from starmodel.core.errors import ConflictError
from starmodel.testing.store.base import changed, changeset, deleted, found, put


class Level(Enum):
    LOW = 1
    HIGH = 2


class Card(Entity):
    title: str = ""
    count: int = 0
    price: Decimal = Decimal(0)
    ratio: float = 0.0
    done: bool = False
    due: date | None = None
    at: datetime | None = None
    clock: time | None = None
    span: timedelta | None = None
    key: UUID | None = None
    raw: bytes | None = None
    level: Level = Level.LOW
    tags: list[str] = []
    extra: dict[str, Any] = {}
    cost: Private[int] = 0
    pin: Secret[str] = ""


FULL = Card(
    id="a",
    title="O'Brien % \" \\ ☕",
    count=2**62,
    price=Decimal("12345678901234567.89"),
    ratio=1 / 3,
    done=True,
    due=date(2025, 2, 3),
    at=datetime(2025, 2, 3, 4, 5, 6, 7, tzinfo=UTC),
    clock=time(1, 2, 3),
    span=timedelta(days=-1, microseconds=5),
    key=UUID(int=77),
    raw=b"\x00\xff",
    level=Level.HIGH,
    tags=["x", "y"],
    extra={"a": [1, None]},
    cost=5,
    pin="hunter2",
)


class Elsewhere:
    """Another program at the same database, which knows nothing of StarModel."""

    def __init__(self, url):
        self.url = url

    def run(self, *statements):
        if self.url.startswith("sqlite"):
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
        else:
            import psycopg

            connection = psycopg.connect(self.url)
            connection.execute("SET timezone TO 'Asia/Kathmandu'")
            connection.execute("SET datestyle TO 'German'")
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def url(request):
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture
async def store(url):
    store = SQLRepo(url)
    await store.open([Card])
    yield store
    await store.close()


@pytest.fixture
def elsewhere(url):
    return Elsewhere(url)


async def news(store, after):
    await store.wait(after, seconds=2)
    return (await store.changes(after)).commits


async def test_an_update_has_a_version_and_values_before_and_after(store, elsewhere):
    await put(store, Card(id="a", title="old", tags=["x"]))
    before, start = await found(store, Card(id="a")), await store.position()
    elsewhere.run("UPDATE card SET title = 'new', count = 5 WHERE id = 'a'")
    [commit] = await news(store, start)
    [change] = commit.changes
    after = await found(store, Card(id="a"))
    assert (after.version, change.version) == (before.version + 1, before.version + 1)
    assert (after.entity.title, after.entity.tags) == ("new", ["x"])
    assert (change.before, change.after) == ({"title": "old", "count": 0}, {"title": "new", "count": 5})
    assert (commit.command.event, commit.command.entity_id, commit.command.actor) == ("update", "a", "database")
    assert await store.history(Card, "a", after_version=before.version) == [commit]


async def test_every_type_of_value_is_read_as_it_is(store, elsewhere):
    await put(store, FULL)
    start = await store.position()
    columns = [name for name in Card.__entity_fields__ if name != "id"]
    elsewhere.run(
        "INSERT INTO card SELECT 'b', " + ", ".join(columns) + ", 0 FROM card WHERE id = 'a'",
        "DELETE FROM card WHERE id = 'a'",
    )
    made, gone = await news(store, start)
    [creation], [deletion] = made.changes, gone.changes
    shown = {name: getattr(FULL, name) for name in columns if name != "pin"}
    assert {name: value for name, value in (creation.after or {}).items() if name != "id"} == shown
    assert {name: value for name, value in (deletion.before or {}).items() if name != "id"} == shown
    assert (creation.before, deletion.after, creation.hidden) == (None, None, ("pin",))
    assert (await found(store, Card(id="b"))).entity == FULL.__class__(**{**vars(FULL), "id": "b"})
    assert await store.get(Card, "a") is None


async def test_a_row_that_gets_another_id_is_gone_and_another_is_made(store, elsewhere):
    await put(store, Card(id="a", title="old"))
    start = await store.position()
    elsewhere.run("UPDATE card SET id = 'b', title = 'new' WHERE id = 'a'")
    gone, made = [commit.changes[0] for commit in await news(store, start)]
    assert (gone.id, gone.before["title"], gone.after) == ("a", "old", None)
    assert (made.id, made.before, made.after["title"]) == ("b", None, "new")
    assert (await found(store, Card(id="b"))).version == made.version > start.number
    assert await store.get(Card, "a") is None


async def test_a_row_of_another_program_begins_above_every_version_it_ever_had(store, elsewhere):
    await put(store, Card(id="a"))
    for count in range(3):
        await store.commit(changeset(changed(await found(store, Card(id="a")), count=count + 1)))
    last = (await found(store, Card(id="a"))).version
    await store.commit(changeset(deleted(await found(store, Card(id="a")))))
    elsewhere.run("INSERT INTO card (id, title) VALUES ('a', 'again')", "INSERT INTO card (id) VALUES ('b')")
    first, second = await found(store, Card(id="a")), await found(store, Card(id="b"))
    assert first.version > last
    assert (first.entity.title, first.entity.tags, second.entity.level) == ("again", [], Level.LOW)
    commit = await store.commit(changeset(changed(first, title="ours")))
    assert commit.changes[0].version == first.version + 1
    assert [one.changes[0].version for one in await store.history(Card, "a", after_version=last)] == [
        last + 1,  # the deletion
        first.version,
        first.version + 1,
    ]


async def test_a_change_made_on_what_was_there_before_conflicts(store, elsewhere):
    await put(store, Card(id="a"))
    read = await found(store, Card(id="a"))
    elsewhere.run("UPDATE card SET count = 9")
    with pytest.raises(ConflictError):
        await store.commit(changeset(changed(read, title="late")))
    entity = (await found(store, Card(id="a"))).entity
    assert (entity.count, entity.title) == (9, "")


async def test_the_log_keeps_the_order_of_versions(store, elsewhere):
    await put(store, Card(id="a"))
    start = await store.position()
    for count in range(1, 4):
        elsewhere.run(f"UPDATE card SET count = {count}")
        await store.commit(changeset(changed(await found(store, Card(id="a")), title=str(count))))
    versions = [commit.changes[0].version for commit in (await store.changes(start)).commits]
    assert versions == list(range(versions[0], versions[0] + 6))


async def test_a_secret_is_named_and_not_told(store, elsewhere):
    await put(store, FULL)
    start = await store.position()
    elsewhere.run("UPDATE card SET pin = 'swordfish'")
    [commit] = await news(store, start)
    [change] = commit.changes
    assert (change.hidden, change.before, change.after) == (("pin",), {}, {})
    noted = await store.database.read(lambda on: str(on.exec_driver_sql("SELECT * FROM starmodel_change").all()))
    assert "swordfish" not in repr(commit) + noted
    assert "hunter2" not in repr(commit) + noted


async def test_a_statement_that_changes_nothing_is_no_change(store, elsewhere):
    await put(store, Card(id="a", title="x"))
    before, start = await found(store, Card(id="a")), await store.position()
    elsewhere.run("UPDATE card SET title = 'x'")
    await store.wait(start, seconds=0.2)
    assert (await found(store, Card(id="a")), await store.position()) == (before, start)


async def test_what_was_rolled_back_never_was(store, elsewhere):
    await put(store, Card(id="a"))
    start = await store.position()
    elsewhere.run("UPDATE card SET count = 7", "ROLLBACK", "BEGIN")
    await store.wait(start, seconds=0.2)
    assert await store.position() == start


async def test_a_replay_into_an_empty_store_ends_up_the_same(store, elsewhere):
    start = await store.position()
    await put(store, Card(id="a", title="x"))
    elsewhere.run("UPDATE card SET title = 'y', tags = '[\"z\"]'", "INSERT INTO card (id, title) VALUES ('b', 'b')")
    await store.wait(await store.position(), seconds=1)
    commits = (await store.changes(start)).commits
    assert [commit.command.event for commit in commits][1:] == ["update", "create"]
    assert commits[1].command.args == {"title": "y", "tags": ["z"]}
    assert MemoryRepo.single_process


class Stranger(Entity):
    """Of another application at the same database."""

    title: str = ""


async def test_what_other_applications_wait_for_wakes_nobody_here(url, elsewhere):
    theirs, ours = SQLRepo(url), SQLRepo(url)
    await theirs.open([Stranger])
    await theirs.close()
    await ours.open([Card])
    elsewhere.run("INSERT INTO stranger (id, title) VALUES ('a', 'new')")
    began = monotonic()
    await ours.wait(await ours.position(), seconds=0.3)
    assert monotonic() - began >= 0.3
    await ours.close()
    await theirs.open([Stranger])
    [commit] = await news(theirs, await theirs.position())
    assert commit.changes[0].after == {"id": "a", "title": "new"}
    await theirs.close()
