"""Files on their way into entities: sent, named by a reference, stored by a command, swept away if none came."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import Annotated

import pytest

from starmodel.adapters.files import DirectoryFileStore, MemoryFileStore
from starmodel.app import Application
from starmodel.app.receiving import EmptyFileError, FileTooLargeError, FileTypeError
from starmodel.core import Accept, Actor, Entity, File, InvalidError
from starmodel.core.commands import Command
from starmodel.core.errors import StoreError
from starmodel.core.events import event
from starmodel.core.marks import Unique
from starmodel.testing import FakeClock, PlainCodec

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(600)
IMAGES = Accept("image/*", max_bytes=5_000)
ADA, BOB = Actor("ada", "ada"), Actor("bob", "bob")


class Person(Entity):
    name: str
    photo: Annotated[File | None, IMAGES] = None

    @event
    def show(self, photo: Annotated[File, IMAGES]) -> None:
        """Take a photo that must be given."""
        self.photo = photo


async def stream(*chunks):
    for chunk in chunks:
        yield chunk


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
async def app(clock):
    async with Application([Person], codec=PlainCodec(), clock=clock, files=MemoryFileStore()) as application:
        yield application


async def sent(app, *, name="me.png", media="image/png", data=PNG, accept=IMAGES):
    return await app.files.receive(stream(data), accept, name=name, media=media)


async def is_there(app, file):
    return await app.files.store.sweep(seconds=-1) == 0


async def test_a_file_is_sent_then_named_by_a_command(app):
    file = await sent(app)
    made = await app.dispatch(Person.create(name="Ada", photo=app.files.reference(file, ADA)), actor=ADA)
    assert made.entity.photo == File(file.key, "me.png", len(PNG), "image/png")
    assert await is_there(app, file)


async def test_the_log_names_the_file_and_no_reference(app):
    reference = app.files.reference(await sent(app), ADA)
    made = await app.dispatch(Person.create(name="Ada", photo=reference), actor=ADA)
    assert made.command.args["photo"]["name"] == "me.png"


async def test_somebody_elses_reference_is_refused(app):
    reference = app.files.reference(await sent(app), ADA)
    with pytest.raises(InvalidError, match="not a file that you have sent"):
        await app.dispatch(Person.create(name="Bob", photo=reference), actor=BOB)


async def test_a_reference_that_was_tampered_with_is_refused(app):
    reference = app.files.reference(await sent(app), ADA)
    for bent in (reference[:-1], "x" + reference, "no reference", "é.é", "."):
        with pytest.raises(InvalidError, match="not a file that you have sent"):
            await app.dispatch(Person.create(name="Ada", photo=bent), actor=ADA)


async def test_nobody_outside_names_a_file_by_its_key(app):
    file = await sent(app)
    await app.dispatch(Person.create(name="Ada", photo=app.files.reference(file, ADA)), actor=ADA)
    stolen = {"key": file.key, "name": "mine.png", "size": 1, "type": "image/png"}
    with pytest.raises(InvalidError, match="must be the reference"):
        await app.dispatch(Person.create(name="Bob", photo=stolen), actor=BOB)


async def test_the_program_itself_names_a_file_as_it_is(app):
    made = await app.dispatch(Person.create(name="Ada", photo=await sent(app)))
    assert made.entity.photo.name == "me.png"


async def test_an_expired_reference_is_refused(app, clock):
    reference = app.files.reference(await sent(app), ADA)
    clock.advance(timedelta(hours=1, seconds=1).total_seconds())
    with pytest.raises(InvalidError, match="more than an hour ago"):
        await app.dispatch(Person.create(name="Ada", photo=reference), actor=ADA)


async def test_a_command_sent_again_an_hour_later_has_its_first_answer(app, clock):
    reference = app.files.reference(await sent(app), ADA)
    command = Person.create(name="Ada", photo=reference)
    command = type(command)(entity="Person", event="create", args=command.args, id="once")
    first = await app.dispatch(command, actor=ADA)
    clock.advance(7200)
    again = await app.dispatch(command, actor=ADA)
    assert again.replayed
    assert again.commit.position == first.commit.position


async def test_everything_that_is_wrong_is_told_at_once(app):
    with pytest.raises(InvalidError) as caught:
        await app.dispatch(Person.create(name=7, photo="nothing"), actor=ADA)
    assert {problem.loc for problem in caught.value.problems} == {("name",), ("photo",)}


async def test_a_file_fits_the_field_that_it_is_used_in_and_not_only_the_one_it_was_sent_for(app):
    pdf = await sent(app, name="a.pdf", media="application/pdf", accept=Accept(max_bytes=10_000))
    with pytest.raises(InvalidError, match=r"is of the type application/pdf, and only image/\* is taken here"):
        await app.dispatch(Person.create(name="Ada", photo=app.files.reference(pdf, ADA)), actor=ADA)
    large = await sent(app, data=PNG * 10, accept=Accept(max_bytes=10_000))
    with pytest.raises(InvalidError, match="larger than 5 kB"):
        await app.dispatch(Person.create(name="Ada", photo=app.files.reference(large, ADA)), actor=ADA)


async def test_an_event_of_ones_own_takes_a_file(app):
    made = await app.dispatch(Person.create(name="Ada"), actor=ADA)
    done = await app.dispatch(
        Person.show(photo=app.files.reference(await sent(app), ADA)).on(made.entity.id), actor=ADA
    )
    assert done.entity.photo.name == "me.png"
    with pytest.raises(InvalidError, match="photo"):
        await app.dispatch(Person.show(photo="").on(made.entity.id), actor=ADA, text=True)


async def test_a_preview_keeps_nothing(app):
    file = await sent(app)
    await app.preview(Person.create(name="Ada", photo=app.files.reference(file, ADA)), actor=ADA)
    assert not await is_there(app, file)


async def test_a_file_that_has_gone_is_refused_before_anything_is_stored(app):
    file = await sent(app)
    await app.files.store.delete(file.key)
    with pytest.raises(InvalidError, match="not there any more"):
        await app.dispatch(Person.create(name="Ada", photo=app.files.reference(file, ADA)), actor=ADA)
    assert await app.count(Person) == 0


class Member(Entity):
    name: Annotated[str, Unique()]
    photo: Annotated[File | None, IMAGES] = None


@pytest.fixture(params=[MemoryFileStore, DirectoryFileStore])
async def members(request, tmp_path):
    kept_in = DirectoryFileStore(tmp_path) if request.param is DirectoryFileStore else MemoryFileStore()
    async with Application([Member], codec=PlainCodec(), clock=FakeClock(), files=kept_in) as members:
        await members.dispatch(Member.create(name="Ada"))
        yield members


async def refused(app, photo, error=InvalidError, **more):
    with pytest.raises(error):
        await app.dispatch(Member.create(name="Ada", photo=app.files.reference(photo, ADA), **more), actor=ADA)


async def test_a_file_of_a_command_that_was_refused_waits_again_and_is_swept_away(members):
    photo = await sent(members)
    await refused(members, photo)
    assert not await is_there(members, photo)


async def test_after_a_refusal_the_same_file_can_be_stored(members):
    photo = await sent(members)
    await refused(members, photo)
    named = members.files.reference(photo, ADA)
    await members.dispatch(Member.create(name="Bea", photo=named), actor=ADA)
    assert await is_there(members, photo)


async def test_a_file_that_another_command_has_stored_meanwhile_stays(members):
    photo, store = await sent(members), members.files.store
    between = store.keep

    async def keep(key):
        store.keep = between
        waited = await between(key)
        await members.dispatch(Member.create(name="Bea", photo=members.files.reference(photo, ADA)), actor=ADA)
        return waited

    store.keep = keep
    await refused(members, photo)
    assert await is_there(members, photo)


async def test_a_file_that_may_have_been_stored_stays(members):
    photo, store = await sent(members), members.persistence.for_class(Member)

    async def commit(changeset):
        raise StoreError("the connection broke, and nobody knows")

    store.commit = commit
    await refused(members, photo, StoreError)
    assert await is_there(members, photo)


async def test_a_replaced_file_comes_back_by_undo(app):
    first, second = await sent(app, name="1.png"), await sent(app, name="2.png")
    made = await app.dispatch(Person.create(name="Ada", photo=app.files.reference(first, ADA)), actor=ADA)
    id = made.entity.id
    changed = await app.dispatch(Person.update(photo=app.files.reference(second, ADA)).on(id), actor=ADA)
    await app.files.store.sweep(seconds=-1)
    await app.dispatch(Command(entity="Person", event="undo", args={"command": changed.command.id}), actor=ADA)
    assert (await app.load(Person, id)).entity.photo == first
    assert b"".join([chunk async for chunk in await app.files.store.open(first.key)]) == PNG


async def test_who_was_deleted_comes_back_also_when_the_photo_was_deleted_for_good(app):
    photo = await sent(app)
    made = await app.dispatch(Person.create(name="Ada", photo=photo))
    deleted = await app.dispatch(Person.delete().on(made.entity.id))
    await app.files.store.delete(photo.key)
    await app.dispatch(Command(entity="Person", event="undo", args={"command": deleted.command.id}))
    assert (await app.load(Person, made.entity.id)).entity == made.entity


@pytest.mark.parametrize(
    ("name", "media", "data", "why"),
    [
        ("me.png", "text/html", PNG, "is of the type text/html"),
        ("me.exe", "image/png", PNG, "is of the type application/x-ms"),
        (
            "me.png",
            "image/png",
            b"<!DOCTYPE html><script>alert(1)</script>",
            "says that it is image/png, and holds HTML",
        ),
        ("me.png", "image/png", b"MZ\x90\0" + bytes(100), "holds something else"),
        ("me", "", b"just text", "is of the type application/octet-stream"),
    ],
)
async def test_what_is_no_picture_is_refused(app, name, media, data, why):
    with pytest.raises(FileTypeError, match=why):
        await sent(app, name=name, media=media, data=data)
    assert await app.files.store.sweep(seconds=-1) == 0


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + bytes(9), "image/jpeg"),
        (b"GIF89a" + bytes(9), "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x20ftypavif\0\0\0\0avif", "image/avif"),
    ],
)
async def test_a_picture_is_of_the_type_that_it_begins_like(app, data, media):
    assert (await sent(app, name="me", media="image/png", data=data)).type == media
    assert (await sent(app, name="me", media="application/octet-stream", data=data)).type == media


async def test_an_empty_file_is_refused(app):
    with pytest.raises(EmptyFileError, match="is empty"):
        await sent(app, data=b"")


async def test_a_file_is_refused_as_soon_as_it_is_too_large(app):
    taken = []

    async def endless():
        while True:
            taken.append(1)
            yield PNG

    with pytest.raises(FileTooLargeError, match="larger than 5 kB, the most that is taken here"):
        await app.files.receive(endless(), IMAGES, name="me.png", media="image/png")
    assert len(taken) < 12
    assert await app.files.store.sweep(seconds=-1) == 0


class Report(Entity):
    lines: int = 0

    @event
    def count(self, table: File) -> None:
        """Take a file and store none."""


@pytest.mark.parametrize("kind", [Person, Report])
async def test_what_nobody_stored_is_swept_away_when_an_application_starts(tmp_path, kind):
    store = DirectoryFileStore(tmp_path)
    late, young = await store.save(stream(PNG)), await store.save(stream(PNG))
    path = tmp_path / "waiting" / late
    os.utime(path, (0, 0))
    async with Application([kind], codec=PlainCodec(), files=store):
        for _ in range(200):
            if not path.exists():
                break
            await asyncio.sleep(0.01)
    assert not path.exists()
    assert (tmp_path / "waiting" / young).exists()
