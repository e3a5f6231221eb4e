"""Files at the web doors: sent, named by a command or brought by a form, shown, fetched; and everything hostile."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import quote

import pytest
from asgi_visitors import Visitor

from starmodel.adapters.files import DirectoryFileStore
from starmodel.core import Accept, Decision, Entity, File, Private, Secret, event
from starmodel.core.errors import StoreError

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
IMAGES = Accept("image/*", max_bytes=5_000_000)


class Person(Entity):
    name: str
    photo: Annotated[File | None, IMAGES] = None
    letter: File | None = None
    passport: Private[File | None] = None
    key: Secret[File | None] = None

    @event
    def show(self, photo: Annotated[File, IMAGES], remark: str = "") -> None:
        """Take a new photo."""
        self.photo = photo


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "files"


@pytest.fixture
async def app(start, folder):
    return await start(Person, files=DirectoryFileStore(folder))


@pytest.fixture
async def ada(app):
    made = await app.application.dispatch(Person.create(name="Ada"))
    return made.entity.id


def disposition(name):
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


async def upload(visitor, target="/person/create/files/photo", *, name="me.png", data=PNG, media="image/png", **more):
    return await visitor.ask("POST", target, data, content_type=media, content_disposition=disposition(name), **more)


async def with_photo(visitor, **options):
    """Make a person with a photo and return their id."""
    reference = (await upload(visitor, **options)).json["reference"]
    return (await visitor.post("/person/create", {"name": "Ada", "photo": reference}, accept="application/json")).json[
        "id"
    ]


def multipart(fields, files):
    """Return a form as browsers send it, and its content type."""
    parts = [(f'name="{name}"', b"", value.encode()) for name, value in fields]
    parts += [
        (f'name="{field}"; filename="{name}"', f"Content-Type: {media}\r\n".encode(), data)
        for field, name, media, data in files
    ]
    body = b"".join(
        b"--edge\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n" + media + b"\r\n" + value + b"\r\n"
        for head, media, value in parts
    )
    return body + b"--edge--\r\n", "multipart/form-data; boundary=edge"


async def send_form(visitor, target, fields, files, **headers):
    body, media = multipart(fields, files)
    return await visitor.ask("POST", target, body, content_type=media, accept="text/html", **headers)


def waiting(folder):
    return sorted(path.name for path in (folder / "waiting").iterdir()) if (folder / "waiting").exists() else []


# -- the usual way -----------------------------------------------------------------------------------------------------


async def test_a_file_is_sent_named_by_a_command_and_fetched(app, visitor):
    sent = await upload(visitor, name="Ada \u201cthe\u201d 1st.png")
    assert sent.status == 201
    assert {name: sent.json[name] for name in ("name", "size", "type")} == {
        "name": "Ada \u201cthe\u201d 1st.png",
        "size": len(PNG),
        "type": "image/png",
    }
    made = await visitor.post(
        "/person/create", {"name": "Ada", "photo": sent.json["reference"]}, accept="application/json"
    )
    shown = made.json["entity"]["photo"]
    assert shown == {
        "name": "Ada \u201cthe\u201d 1st.png",
        "size": len(PNG),
        "type": "image/png",
        "url": f"/person/{made.json['id']}/files/photo",
    }
    got = await visitor.get(shown["url"])
    assert (got.status, got.body) == (200, PNG)
    assert got.header("content-type") == "image/png"
    assert got.header("content-disposition").startswith("inline; filename=")
    assert "filename*=UTF-8''Ada%20%E2%80%9Cthe%E2%80%9D%201st.png" in got.header("content-disposition")
    assert got.header("x-content-type-options") == "nosniff"
    assert "sandbox" in got.header("content-security-policy")
    assert got.header("cache-control") == "private, no-cache"


async def test_whoever_has_a_file_already_is_told_that_it_is_the_same(app, visitor):
    url = f"/person/{await with_photo(visitor)}/files/photo"
    tag = (await visitor.get(url)).header("etag")
    again = await visitor.get(url, if_none_match=tag)
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=10-", 206, slice(10, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=0-99999", 200, slice(0, None)),
        ("bytes=5-1", 200, slice(0, None)),
        ("bytes=0-1,5-6", 200, slice(0, None)),
        ("lines=1-2", 200, slice(0, None)),
        ("bytes=99999-", 416, slice(0, 0)),
    ],
)
async def test_a_part_of_a_file_is_fetched(app, visitor, asked, status, part):
    got = await visitor.get(f"/person/{await with_photo(visitor)}/files/photo", range=asked)
    assert (got.status, got.body) == (status, PNG[part])


async def test_whoever_only_asks_for_the_head_gets_no_body(app, visitor):
    url = f"/person/{await with_photo(visitor)}/files/photo"
    head = await visitor.ask("HEAD", url)
    assert (head.status, head.body, head.header("content-length")) == (200, b"", str(len(PNG)))
    part = await visitor.ask("HEAD", url, range="bytes=0-9")
    assert (part.status, part.body, part.header("content-length")) == (206, b"", "10")


async def test_what_is_no_raster_image_is_never_shown_inline(app, visitor):
    for name, media, data in [
        ("a.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
        ("a.html", "text/html", b"<script>alert(1)</script>"),
        ("a.pdf", "application/pdf", b"%PDF-1.7"),
    ]:
        sent = await upload(visitor, "/person/create/files/letter", name=name, media=media, data=data)
        made = await visitor.post("/person/create", {"name": "x", "letter": sent.json["reference"]})
        got = await visitor.get(f"/person/{made.json['id']}/files/letter")
        assert got.header("content-disposition").startswith("attachment; ")
        assert got.header("x-content-type-options") == "nosniff"
        assert any("sandbox" in policy for policy in got.all("content-security-policy"))


async def test_a_form_brings_its_file_without_a_script(app, visitor):
    made = await send_form(
        visitor,
        "/person/create",
        [("_form", "/person"), ("name", "Ada"), ("photo", "")],
        [("photo", "me.png", "image/png", PNG)],
    )
    assert made.status == 303
    assert (await visitor.get(f"{made.header('location')}/files/photo")).body == PNG


async def test_a_control_that_nobody_put_a_file_into_changes_nothing(app, visitor):
    id = await with_photo(visitor)
    form = [("_form", "/person"), ("name", "Grace"), ("photo@", "file=1&blank=skip"), ("photo", "")]
    done = await send_form(visitor, f"/person/{id}/update", form, [("photo", "", "application/octet-stream", b"")])
    assert done.status == 303
    person = (await app.application.load(Person, id)).entity
    assert (person.name, person.photo.name) == ("Grace", "me.png")


async def test_a_file_is_taken_away_by_its_box(app, visitor):
    id = await with_photo(visitor)
    form = [("_form", "/person"), ("photo@", "file=1&blank=skip"), ("photo", ""), ("photo", "-")]
    assert (await send_form(visitor, f"/person/{id}/update", form, [])).status == 303
    assert (await app.application.load(Person, id)).entity.photo is None


async def test_a_refused_form_keeps_the_file_that_it_brought(app, visitor):
    form = [("_form", "/person"), ("name@", "blank=refuse"), ("name", ""), ("photo", "")]
    again = await send_form(visitor, "/person/create", form, [("photo", "me.png", "image/png", PNG)])
    assert again.status == 422
    assert "me.png (1 kB)" in again.text
    reference = re.search(r'id="person-create-photo-reference" name="photo" value="([^"]+)"', again.text)
    assert reference is not None
    made = await send_form(
        visitor, "/person/create", [("_form", "/person"), ("name", "Ada"), ("photo", reference[1])], []
    )
    assert (await visitor.get(f"{made.header('location')}/files/photo")).body == PNG


async def test_an_event_of_ones_own_takes_a_file(app, visitor, ada):
    reference = (await upload(visitor, f"/person/{ada}/show/files/photo")).json["reference"]
    assert (await visitor.post(f"/person/{ada}/show", {"photo": reference})).status == 200
    assert (await app.application.load(Person, ada)).entity.photo.name == "me.png"


async def test_pages_show_pictures_and_the_way_to_them(app, visitor):
    id = await with_photo(visitor)
    for page in (
        await visitor.get("/person"),
        await visitor.get(f"/person/{id}"),
        await visitor.get(f"/person/{id}/edit"),
    ):
        assert f'src="/person/{id}/files/photo?' in page.text, page.text
        assert "me.png" in page.text


async def test_a_form_says_what_it_takes_and_where_its_files_are_sent(app, visitor):
    page = (await visitor.get("/person/new")).text
    assert 'enctype="multipart/form-data"' in page
    assert 'accept="image/*"' in page
    assert 'data-sm-upload="/person/create/files/photo"' in page
    assert "passport" not in page


# -- who may -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["passport", "key", "name", "nothing"])
async def test_what_is_not_public_never_leaves(app, visitor, field):
    file = await app.application.files.receive(_chunks(PNG), Accept(), name="x.png", media="image/png")
    made = await app.application.dispatch(Person.create(name="Ada", key=file))
    assert (await visitor.get(f"/person/{made.entity.id}/files/{field}")).status == 404


async def _chunks(*chunks):
    for chunk in chunks:
        yield chunk


class OnlyAda:
    """Only one visitor may do anything."""

    ada = ""

    def decide(self, actor, action, kind, id, entity, /):
        return Decision(allowed=actor.id == self.ada, why="ask Ada", hidden=action == "read")


async def test_who_may_not_read_the_entity_gets_no_file_and_who_may_not_do_the_event_sends_none(start, folder):
    rule = OnlyAda()
    app = await start(Person, files=DirectoryFileStore(folder), policies=[rule])
    ada, bob = Visitor(app), Visitor(app)
    await ada.get("/"), await bob.get("/")
    rule.ada = ada.id
    id = await with_photo(ada)
    assert (await ada.get(f"/person/{id}/files/photo")).status == 200
    assert (await bob.get(f"/person/{id}/files/photo")).status == 404
    refused = await upload(bob)
    assert (refused.status, refused.json["detail"]) == (403, "Person.create is not allowed: ask Ada")
    form = await send_form(bob, "/person/create", [("name", "x")], [("photo", "me.png", "image/png", PNG)])
    assert form.status == 403
    assert waiting(folder) == []


async def test_somebody_elses_reference_is_refused(app, visitor):
    reference = (await upload(visitor)).json["reference"]
    other = Visitor(app)
    refused = await other.post("/person/create", {"name": "Bob", "photo": reference})
    assert refused.status == 422
    assert refused.json["errors"] == [
        {"loc": ["photo"], "message": "is not a file that you have sent; choose it again", "code": "file"}
    ]


async def test_an_expired_reference_is_refused(app, visitor):
    reference = (await upload(visitor)).json["reference"]
    app.application.clock.advance(3601)
    refused = await visitor.post("/person/create", {"name": "Bob", "photo": reference})
    assert refused.status == 422
    assert "more than an hour ago" in refused.json["errors"][0]["message"]


async def test_a_key_from_outside_is_refused(app, visitor):
    id = await with_photo(visitor)
    key = (await app.application.load(Person, id)).entity.photo.key
    stolen = {"key": key, "name": "x", "size": 1, "type": "image/png"}
    refused = await visitor.post("/person/create", {"name": "Bob", "photo": stolen})
    assert refused.status == 422
    nested = await visitor.form("/person/create", {"name": "Bob", "photo.key": key, "photo.name": "x"})
    assert nested.status == 422


async def test_a_file_from_another_site_is_refused(app, visitor, folder):
    for headers in ({"sec_fetch_site": "cross-site"}, {"origin": "https://evil.example"}):
        assert (await upload(visitor, **headers)).status == 403
    assert waiting(folder) == []


# -- what is hostile ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        ({"data": b""}, 422, "is empty; choose another one"),
        (
            {"media": "application/pdf", "name": "a.pdf"},
            415,
            "is of the type application/pdf, and only image/* is taken",
        ),
        ({"name": "me.exe"}, 415, "is of the type application/x-ms"),
        ({"data": b"<!DOCTYPE html><script>alert(1)</script>"}, 415, "says that it is image/png, and holds HTML"),
        (
            {"data": PNG + bytes(5_000_000)},
            413,
            "is larger than 5 MB, the most that is taken here; choose a smaller one",
        ),
    ],
)
async def test_what_the_field_does_not_take_is_refused_in_the_same_words_everywhere(
    app, visitor, folder, options, status, message
):
    refused = await upload(visitor, **options)
    assert refused.status == status
    assert refused.json["errors"][0]["loc"] == ["photo"]
    assert message in refused.json["errors"][0]["message"]
    file = ("photo", options.get("name", "me.png"), options.get("media", "image/png"), options.get("data", PNG))
    page = await send_form(visitor, "/person/create", [("_form", "/person"), ("name", "Ada")], [file])
    assert page.status == 422
    assert message in page.text.replace("&#39;", "'")
    assert waiting(folder) == []
    assert await app.application.count(Person) == 0


async def test_a_large_file_is_refused_before_it_is_read(app, visitor):
    refused = await upload(visitor, data=b"", content_length="100000000")
    assert refused.status == 413
    assert refused.header("connection") == "close"
    assert "larger than 5 MB" in refused.json["errors"][0]["message"]


async def test_a_form_that_is_too_large_is_refused_before_it_is_read(app, visitor):
    body, media = multipart([("name", "x")], [])
    refused = await visitor.ask("POST", "/person/create", body, content_type=media, content_length="100000000")
    assert refused.status == 413
    assert "larger than" in refused.text


async def test_everything_else_stays_as_small_as_it_was(app, visitor, ada):
    large = b'{"name": "' + b"x" * 2_000_000 + b'"}'
    assert (await visitor.ask("POST", "/person/create", large, content_type="application/json")).status == 413
    body, media = multipart([("name", "x" * 2_000_000)], [])
    assert (await visitor.ask("POST", f"/person/{ada}/delete", body, content_type=media)).status == 413
    assert (await visitor.ask("POST", "/person/create/files/name", large, content_type="image/png")).status == 413


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd.png", "passwd.png"),
        ("a\0b.png", "ab.png"),
        ('a"b\r\nSet-Cookie: x=y.png', 'a"bSet-Cookie: x=y.png'),
        ("gnp.\u202eexe.png", "gnp.exe.png"),
        ("x" * 10_240 + ".png", "x" * 196 + ".png"),
        ("<script>alert(1)</script>.png", "script>.png"),
    ],
)
async def test_hostile_names_are_cleaned_and_written_safely(app, visitor, name, kept):
    id = await with_photo(visitor, name=name)
    assert (await app.application.load(Person, id)).entity.photo.name == kept
    got = await visitor.get(f"/person/{id}/files/photo")
    assert got.header("content-disposition").isprintable()
    assert got.header("set-cookie") is None
    page = (await visitor.get(f"/person/{id}")).text
    assert kept.replace(">", "&gt;") in page.replace("&quot;", '"').replace("&#34;", '"')


async def test_a_name_is_not_needed(app, visitor):
    sent = await visitor.ask("POST", "/person/create/files/photo", PNG, content_type="image/png")
    assert sent.json["name"] == "file.png"


async def test_a_client_that_goes_away_leaves_nothing_behind(app, visitor, folder):
    scope = visitor.scope(
        "POST", "/person/create/files/photo", {"content-type": "image/png", "content-length": "99999"}
    )
    messages = [{"type": "http.request", "body": PNG, "more_body": True}, {"type": "http.disconnect"}]
    answered = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        answered.append(message)

    await app(scope, receive, send)
    assert answered == []
    assert waiting(folder) == []


class FullStore(DirectoryFileStore):
    async def save(self, chunks, /):
        async for _ in chunks:
            raise StoreError("no space left on device at /srv/files")
        return ""


async def test_a_full_disk_is_said_without_telling_where(start, folder):
    app = await start(Person, files=FullStore(folder))
    refused = await upload(Visitor(app))
    assert refused.status == 503
    assert "try again in a while" in refused.json["detail"]
    assert "/srv" not in refused.text


async def test_a_deleted_file_under_an_open_page_is_not_found(app, visitor):
    id = await with_photo(visitor)
    await app.application.files.store.delete((await app.application.load(Person, id)).entity.photo.key)
    assert (await visitor.get(f"/person/{id}/files/photo")).status == 404
    assert (await visitor.get(f"/person/{id}")).status == 200


async def test_a_form_takes_files_only_where_an_argument_is_one(app, visitor):
    refused = await send_form(visitor, "/person/create", [("name", "x")], [("name", "me.png", "image/png", PNG)])
    assert refused.status == 422
    twice = [("photo", "1.png", "image/png", PNG)] * 4
    assert (await send_form(visitor, "/person/create", [("name", "x")], twice)).status == 422


async def test_a_file_that_is_on_its_way_is_no_argument_of_a_query(app, visitor):
    assert (await visitor.get("/person?photo.isnull=true")).status in (200, 400)
    assert (await visitor.get("/person?sort=photo")).status in (200, 400)
