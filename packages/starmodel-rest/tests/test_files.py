"""Files over REST: sent, named by a command, shown with their address, fetched, and described in OpenAPI."""

from __future__ import annotations

from typing import Annotated

import httpx
import pytest
import rest_shop

from starmodel.adapters.files import MemoryFileStore
from starmodel.adapters.rest import RestApp
from starmodel.app import Application
from starmodel.core import Accept, Entity, File, Private, event
from starmodel.testing import PlainCodec

PDF = b"%PDF-1.7 " + bytes(500)


class Paper(Entity):
    title: str
    scan: Annotated[File | None, Accept("application/pdf", max_bytes=5_000)] = None
    hidden: Private[File | None] = None

    @event
    def attach(self, scan: Annotated[File, Accept(".pdf")]) -> None:
        """Take another scan."""
        self.scan = scan

    @event
    def which(self) -> File | None:
        """Return the scan."""
        return self.scan


async def identify(scope):
    return rest_shop.actor_of(dict(scope["headers"]).get(b"x-actor", b"ada").decode())


@pytest.fixture
async def client():
    async with Application([Paper], codec=PlainCodec(), files=MemoryFileStore()) as application:
        api = RestApp(application, identify=identify)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://shop") as client:
            client.api = api
            yield client


def upload(client, address="/paper/create/files/scan", data=PDF, media="application/pdf", name="a.pdf", **headers):
    told = {"content-type": media, "content-disposition": f"attachment; filename*=UTF-8''{name}", **headers}
    return client.post(address, content=data, headers=told)


async def test_a_file_is_sent_named_shown_and_fetched(client):
    sent = await upload(client, name="d%C3%A9j%C3%A0.pdf")
    assert sent.status_code == 201
    made = await client.post("/paper", json={"title": "One", "scan": sent.json()["reference"]})
    assert made.json()["scan"] == {
        "name": "déjà.pdf",
        "size": len(PDF),
        "type": "application/pdf",
        "url": f"/paper/{made.json()['id']}/files/scan",
    }
    got = await client.get(made.json()["scan"]["url"], headers={"range": "bytes=0-3"})
    assert (got.status_code, got.content) == (206, b"%PDF")
    assert got.headers["content-disposition"].startswith("attachment; ")
    assert "hidden" not in made.text


async def test_a_file_is_replaced_and_taken_away(client):
    id = (await client.post("/paper", json={"title": "One"})).json()["id"]
    reference = (await upload(client, f"/paper/{id}/update/files/scan")).json()["reference"]
    assert (await client.patch(f"/paper/{id}", json={"scan": reference})).json()["scan"]["name"] == "a.pdf"
    reference = (await upload(client, f"/paper/{id}/attach/files/scan", name="b.pdf")).json()["reference"]
    assert (await client.post(f"/paper/{id}/attach", json={"scan": reference})).json()["entity"]["scan"][
        "name"
    ] == "b.pdf"
    assert (await client.patch(f"/paper/{id}", json={"scan": None})).json()["scan"] is None
    assert (await client.get(f"/paper/{id}/files/scan")).status_code == 404


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"data": b""}, 422),
        ({"data": PDF * 20}, 413),
        ({"media": "text/html", "name": "a.html"}, 415),
        ({"address": "/paper/nobody/update/files/scan"}, 404),
        ({"address": "/paper/create/files/hidden"}, 404),
        ({"address": "/paper/create/files/title"}, 404),
    ],
)
async def test_what_is_not_taken_is_refused(client, options, status):
    assert (await upload(client, **options)).status_code == status


async def test_nobody_names_the_file_of_another_or_one_by_its_key(client):
    reference = (await upload(client)).json()["reference"]
    theirs = await client.post("/paper", json={"title": "x", "scan": reference}, headers={"x-actor": "bob"})
    shown = {"name": "a.pdf", "size": 1, "type": "application/pdf", "url": "/paper/x/files/scan"}
    copied = await client.post("/paper", json={"title": "x", "scan": shown})
    assert theirs.status_code == copied.status_code == 422
    assert theirs.json()["errors"][0]["loc"] == copied.json()["errors"][0]["loc"] == ["scan"]


@pytest.mark.parametrize("asked", ["scan=x", "scan.isnull=true", "sort=scan", "scan.key=x", "scan.contains=x"])
async def test_a_question_about_a_file_is_answered_or_refused(client, asked):
    await client.post("/paper", json={"title": "One"})
    assert (await client.get(f"/paper?{asked}")).status_code in (200, 400, 422)


async def test_the_document_tells_of_files(client):
    document = (await client.get("/openapi.json")).json()
    paths, schemas = document["paths"], document["components"]["schemas"]
    assert {path for path in paths if "files" in path} == {
        "/paper/create/files/scan",
        "/paper/{id}/update/files/scan",
        "/paper/{id}/attach/files/scan",
        "/paper/{id}/files/scan",
    }
    assert list(paths["/paper/create/files/scan"]["post"]["requestBody"]["content"]) == ["application/pdf"]
    shown = schemas["Paper"]["properties"]["scan"]["anyOf"][0]
    assert set(shown["properties"]) == {"name", "size", "type", "url"}
    sent = schemas["Paper.create"]["properties"]["scan"]["anyOf"][0]
    assert sent["type"] == "string"
    assert "up to 5 kB" in sent["description"]
    assert "key" not in str(schemas["Paper"])


async def test_only_the_address_of_a_file_takes_more_than_usual(client):
    scope = {"type": "http", "method": "POST", "path": "/paper/create/files/scan", "headers": []}
    assert client.api.takes(scope) > 10**9
    for path in ("/paper", "/paper/x/attach", "/paper/create/files/title"):
        assert client.api.takes({**scope, "path": path}) == 0


async def test_no_answer_has_the_key_of_a_file(client):
    first, second, third = [(await upload(client)).json()["reference"] for _ in range(3)]
    id = (await client.post("/paper", json={"title": "One", "scan": first})).json()["id"]
    answers = [
        await client.patch(f"/paper/{id}", json={"scan": second}, params={"dry_run": "true"}),
        await client.post(f"/paper/{id}/which"),
        await client.patch(f"/paper/{id}", json={"scan": second}),
        await client.patch(f"/paper/{id}", json={"scan": third}, headers={"if-match": '"1"'}),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 412]
    text = "".join(answer.text for answer in answers)
    assert text.count('"name":"a.pdf"') >= 4
    assert not [key for key in client.api.application.files.store._files if key in text]
