"""The methods of a table: rows are read from the store of the open application, and changed by commands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlmodel import Field, Relationship

from starmodel.adapters.persistence.memory import MemoryRepo
from starmodel.adapters.persistence.sqlmodel import BaseTable, UnloadedError
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core import Actor, Entity, Private, Secret, event
from starmodel.core.errors import (
    ConfigurationError,
    DefinitionError,
    EventError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    QueryError,
    UnknownEventError,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


class Membership(Entity, BaseTable, table=True):
    song_id: str = Field(foreign_key="song.id")
    album_id: str = Field(foreign_key="album.id")


class Album(Entity, BaseTable, table=True):
    name: str
    songs: list[Song] = Relationship(back_populates="albums", link_model=Membership)


class Band(Entity, BaseTable, table=True):
    name: str
    songs: list[Song] = Relationship(back_populates="band", sa_relationship_kwargs={"order_by": "Song.plays.desc()"})


class Song(Entity, BaseTable, table=True):
    display_name = "Songs"
    default_sort_field = "title"
    table_view_fields = ["title", "plays"]

    title: str
    note: str | None = None
    plays: int = 0
    rating: float | None = None
    at: datetime = START
    tags: list[str] = []
    pin: Secret[str] = ""
    margin: Private[int] = 0
    band_id: str | None = Field(default=None, foreign_key="band.id")
    band: Band | None = Relationship(back_populates="songs")
    albums: list[Album] = Relationship(back_populates="songs", link_model=Membership)

    @event
    def earn(self, margin: int) -> None:
        self.margin = margin

    @event
    @classmethod
    async def sweep(cls) -> int:
        songs = await Song.filter(plays=0)
        for song in songs:
            song.note = "dusty"
        first = await Song.get("one")
        first.plays += 10
        await Song.update_record("two", {"note": "changed"})
        await Song.upsert({"id": "new", "title": "made"})
        await Song.upsert({"id": "one", "note": "kept"})
        await Song.delete_record("three")
        assert {song.id for song in await Song.filter(id=["two", "three"])} == {"two"}
        return await Song.total_records()


class Sealed(Entity, BaseTable, table=True):
    name: str
    model_config = {"default_events": ()}


KINDS = [Song, Band, Album, Membership, Sealed]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.long), "memory"])
async def app(request, store_of):
    store = MemoryRepo() if request.param == "memory" else store_of(request.param, KINDS)
    async with Application(KINDS, codec=PydanticCodec(), stores={"sql": store}) as app:
        yield app


@pytest.fixture
async def songs(app):
    await Band.upsert({"id": "b", "name": "Them"})
    await Song.upsert({"id": "one", "title": "Alpha", "plays": 1, "note": "A first", "rating": 0.5, "band_id": "b"})
    await Song.upsert({"id": "two", "title": "beta", "plays": 20, "at": START + timedelta(days=1), "band_id": "b"})
    await Song.upsert({"id": "three", "title": "Gamma", "plays": 0, "at": START + timedelta(days=2), "tags": ["x"]})
    return app


def titles(rows):
    return sorted(row.title for row in rows)


async def test_all_of_them_are_read_in_their_order(songs):
    assert len(await Song.all()) == 3
    assert await Song.total_records() == 3
    assert [row.id for row in await Band.all()] == ["b"]


async def test_one_is_read_by_its_id_or_another_field(songs):
    assert (await Song.get("one")).title == "Alpha"
    assert await Song.get("nobody") is None
    assert (await Song.get("beta", alt_key="title")).id == "two"
    assert await Song.get("nothing", alt_key="title") is None


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ({"plays": 20}, ["beta"]),
        ({"note": None}, ["Gamma", "beta"]),
        ({"plays": (1, 20)}, ["Alpha", "beta"]),
        ({"plays": (None, 1)}, ["Alpha", "Gamma"]),
        ({"rating": (0.1, 0.9)}, ["Alpha"]),
        ({"at": (START, START + timedelta(days=1))}, ["Alpha", "beta"]),
        ({"title": ["Alpha", "Gamma"]}, ["Alpha", "Gamma"]),
        ({"plays": [0, 1]}, ["Alpha", "Gamma"]),
        ({"plays": [1]}, ["Alpha"]),
        ({"plays": []}, []),
        ({"title": "ALPH", "exact_match": False}, ["Alpha"]),
        ({"title": "ALPH"}, []),
        ({"plays": {"gt": 1}}, ["beta"]),
        ({"title": "Alpha", "plays": 0}, []),
        ({}, ["Alpha", "Gamma", "beta"]),
    ],
)
async def test_a_filter_answers_as_its_arguments_say(songs, tests, expected):
    assert titles(await Song.filter(**tests)) == expected


async def test_a_filter_sorts_skips_and_stops(songs):
    rows = await Song.filter(sorting_field="plays", sort_direction="desc", limit=1, offset=1)
    assert [row.plays for row in rows] == [1]
    assert await Song.filter(offset=5) == []


async def test_plain_rows_hold_the_fields_asked_for(songs):
    assert await Song.filter(plays=1, as_dict=True, fields=["title"]) == [{"title": "Alpha"}]
    assert await Song.filter(plays=1, fields=["title", "plays"]) == [{"title": "Alpha", "plays": 1}]
    (row,) = await Song.filter(plays=1, as_dict=True)
    assert "title" in row
    assert {"pin", "margin"}.isdisjoint(row)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: Song.filter(titel="x"), "Song has no field 'titel' to query by; did you mean 'title'?"),
        (lambda: Song.filter(sorting_field="plais"), "did you mean 'plays'?"),
        (lambda: Song.filter(sort_direction="up"), "sort_direction='up' must be 'asc' or 'desc'"),
        (lambda: Song.filter(fields=["titel"]), "Song has no field 'titel' to show; did you mean 'title'?"),
        (lambda: Song.get("x", alt_key="titel"), "did you mean 'title'?"),
        (lambda: Song.filter(plays="many"), "'plays' cannot be compared with 'many'"),
    ],
)
async def test_a_question_that_does_not_fit_says_so(songs, call, says):
    with pytest.raises(QueryError) as caught:
        await call()
    assert says in str(caught.value)


async def test_a_search_looks_into_every_public_text(songs):
    assert titles(await Song.search("first")) == ["Alpha"]
    assert titles(await Song.search("A")) == ["Alpha", "Gamma", "beta"]
    assert titles(await Song.search(" ")) == ["Alpha", "Gamma", "beta"]
    assert await Song.search("alpha", as_dict=True, fields=["id"]) == [{"id": "one"}]
    assert await Song.search("zzz") == []


async def test_a_search_never_looks_into_secrets(songs):
    await Song.update_record("one", {"pin": "1234"})
    assert await Song.search("1234") == []


def asked(**query):
    return SimpleNamespace(query_params=query)


async def test_a_table_is_shown_page_by_page(songs):
    rows = await Song.table_view_data(asked(page="1", per_page="2"))
    assert [list(row) for row in rows] == [["id", "title", "plays"]] * 2
    assert len(await Song.table_view_data(asked(page="2", per_page="2"))) == 1
    assert [row["id"] for row in await Song.table_view_data(asked(search_value="gamma"))] == ["three"]
    assert Song.table_view_fields == ["title", "plays"]


@pytest.mark.parametrize("page", ["abc", "0", "-1", "1.5", "9" * 30])
async def test_a_bad_page_number_says_so(songs, page):
    with pytest.raises(QueryError, match=r"page=.* must be a whole number from 1"):
        await Song.table_view_data(asked(page=page))


async def test_many_rows_are_read_page_by_page(app, monkeypatch):
    monkeypatch.setattr("starmodel.adapters.persistence.sqlmodel.access.MAX_LIMIT", 2)
    for number in range(5):
        await Band.upsert({"name": f"b{number}"})
    assert len(await Band.all()) == 5
    assert [row.name for row in await Band.filter(sorting_field="name", offset=1, limit=3)] == ["b1", "b2", "b3"]


async def test_an_upsert_makes_or_changes(app):
    made = await Song.upsert({"title": "a"})
    changed = await Song.upsert({"id": made.id, "plays": "3"})
    assert changed == made.evolve(plays=3)
    assert (await app.load(Song, made.id)).version == 2
    assert (await Song.upsert({"id": made.id, "plays": 3})) == changed
    assert (await app.load(Song, made.id)).version == 2


async def test_an_update_changes_one(songs):
    assert (await Song.update_record("one", {"title": "A"})).title == "A"
    with pytest.raises(NotFoundError):
        await Song.update_record("nobody", {"title": "A"})
    with pytest.raises(InvalidError, match="plays: must be a whole number"):
        await Song.update_record("one", {"plays": "many"})
    with pytest.raises(InvalidError, match="did you mean 'title'"):
        await Song.update_record("one", {"titel": "A"})


async def test_a_record_is_deleted(songs):
    await Song.delete_record("one")
    assert await Song.get("one") is None
    with pytest.raises(NotFoundError):
        await Song.delete_record("one")


async def test_writes_are_commands_in_the_log(songs):
    await Song.update_record("one", {"title": "A"})
    commits = await songs.persistence.for_class(Song).history(Song, "one")
    assert [commit.command.event for commit in commits] == ["create", "update"]


async def test_whoever_writes_is_asked_for_the_right_to(songs):
    with pytest.raises(InvalidError):
        await Song.update_record("one", {"margin": 1}, actor=Actor("ada"))
    with pytest.raises((ForbiddenError, NotFoundError, UnknownEventError)):
        await Sealed.upsert({"name": "x"}, actor=Actor("ada"))


async def test_a_snapshot_is_saved(app):
    song = await Song(title="a", tags=["x"]).save()
    assert await Song.get(song.id) == song
    assert await song.evolve(plays=2).save() == song.evolve(plays=2)
    assert (await Song.get(song.id)).plays == 2


async def test_a_private_field_cannot_be_saved_past_the_events(songs):
    song = await Song.get("one")
    with pytest.raises(EventError, match=r"Song\.margin is private and cannot be saved"):
        await song.evolve(margin=3).save()
    await songs.dispatch(Song.earn(3).on("one"))
    assert (await (await Song.get("one")).evolve(plays=5).save()).plays == 5


async def test_inside_an_event_everything_belongs_to_it(songs):
    result = await songs.dispatch(Song.sweep())
    assert (await Song.get("one")).plays == 11
    assert (await Song.get("one")).note == "kept"
    assert (await Song.get("two")).note == "changed"
    assert (await Song.get("new")).title == "made"
    assert await Song.get("three") is None
    assert len(result.commit.changes) == 4


async def test_without_an_application_an_error_says_what_to_do():
    with pytest.raises(ConfigurationError, match=r"no application that is open keeps Song; .*Application\(\[Song\]"):
        await Song.all()


async def test_of_two_applications_one_must_be_named(sqlite_url):
    store = MemoryRepo
    async with (
        Application([Song], codec=PydanticCodec(), stores={"sql": store()}),
        Application([Song], codec=PydanticCodec(), stores={"sql": store()}),
    ):
        with pytest.raises(ConfigurationError, match="2 open applications keep Song"):
            await Song.all()


async def test_a_closed_application_is_out_of_the_way():
    for _ in range(2):
        async with Application([Song], codec=PydanticCodec(), stores={"sql": MemoryRepo()}):
            assert await Song.total_records() == 0


async def test_a_relationship_is_followed(songs):
    one = await Song.get("one")
    assert (await one.related("band")).name == "Them"
    assert (await one.related(Song.band)).name == "Them"
    assert await (await Song.get("three")).related("band") is None
    band = await Band.get("b")
    assert [song.id for song in await band.related("songs")] == ["two", "one"]


async def test_a_relationship_over_a_link_is_followed(songs):
    for album in ("x", "y"):
        await Album.upsert({"id": album, "name": album})
        await Membership.upsert({"song_id": "one", "album_id": album})
    await Membership.upsert({"song_id": "two", "album_id": "y"})
    assert [album.id for album in await (await Song.get("one")).related("albums")] == ["x", "y"]
    assert sorted(song.id for song in await (await Album.get("y")).related("songs")) == ["one", "two"]
    assert await (await Song.get("three")).related("albums") == []


async def test_many_records_are_followed_at_once(songs):
    related = await Song.related_records(await Song.all(), "band")
    assert {id: band and band.name for id, band in related.items()} == {"one": "Them", "two": "Them", "three": None}
    assert await Song.related_records([], "band") == {}


async def test_a_relationship_that_is_read_says_how_to_fetch_it(songs):
    one = await Song.get("one")
    with pytest.raises(UnloadedError, match=r"await song.related\('band'\)"):
        _ = one.band
    with pytest.raises(DefinitionError, match="Song has no relationship 'bnd'; did you mean 'band'"):
        await one.related("bnd")


async def test_two_upserts_at_once_make_one(app):
    await asyncio.gather(*(Song.upsert({"id": "same", "title": str(n)}) for n in range(4)))
    assert await Song.total_records() == 1


@pytest.mark.parametrize("count", [{"limit": -1}, {"limit": "3"}, {"limit": True}, {"offset": -1}, {"offset": None}])
async def test_rows_are_counted_in_whole_numbers(songs, count):
    [name] = count
    for found in (Song.filter(**count), Song.search("", **count)):
        with pytest.raises(QueryError, match=f"{name}=.* must be a whole number, 0 or more"):
            await found


async def test_what_is_searched_for_is_text(songs):
    with pytest.raises(QueryError, match="search_value takes words, not 3"):
        await Song.search(3)
