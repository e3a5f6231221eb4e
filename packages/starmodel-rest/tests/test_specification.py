"""The OpenAPI document: everything that is offered, nothing that is not, and examples that work."""

from __future__ import annotations

import json
import re

import httpx
import pytest
from rest_shop import Item

from starmodel.adapters.rest import RestApp
from starmodel.adapters.rest.schemas import example_of
from starmodel.app import Application
from starmodel.core import SYSTEM, Entity
from starmodel.core.errors import DefinitionError
from starmodel.testing import PlainCodec


@pytest.fixture
async def document(client):
    return (await client.get("/openapi.json")).json()


async def test_what_is_offered_is_listed(document):
    found = {path: sorted(operations) for path, operations in document["paths"].items() if "/item" in path}
    assert found == {
        "/item": ["get", "post"],
        "/item/{id}": ["delete", "get", "patch"],
        "/item/{id}/add": ["post"],
        "/item/{id}/sold-out": ["post"],
        "/item/{id}/name": ["put"],
        "/item/{id}/worth": ["get"],
        "/item/{id}/leave": ["post"],
        "/item/{id}/broken": ["post"],
        "/item/stock": ["post"],
        "/item/kinds": ["get"],
        "/item/undo": ["post"],
        "/item/redo": ["post"],
    }
    assert not any("log" in path for path in document["paths"])


async def test_what_is_not_public_is_not_listed(document):
    text = json.dumps(document)
    assert "margin" not in text
    assert "rating" not in text
    assert "pin" not in document["components"]["schemas"]["Item"]["properties"]
    assert "pin" in document["components"]["schemas"]["Item.create"]["properties"]


async def test_every_reference_leads_somewhere(document):
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(document))) <= known


async def test_every_operation_has_a_name_of_its_own(document):
    names = [one["operationId"] for operations in document["paths"].values() for one in operations.values()]
    assert len(names) == len(set(names)) > 10


async def test_the_example_of_a_body_is_accepted(document, client):
    there = {"maker_id": (await client.post("/maker", json={"name": "Ada"})).json()["id"]}
    for path in ("/item", "/maker", "/note", "/item/stock"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        example = {name: there.get(name, value) for name, value in body["example"].items()}
        answer = await client.post(path, json=example)
        assert answer.status_code in (200, 201), (path, answer.text)


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2}, [1, "text"]),
        ({"items": {"type": "boolean"}, "minItems": 2}, [True, True]),
        ({"items": {"type": "boolean"}}, []),
        ({}, []),
    ],
)
def test_the_example_of_a_list_has_as_many_parts_as_it_needs(schema, example):
    assert example_of({"type": "array", **schema}, {}) == example


async def test_the_document_says_where_it_is_mounted(application):
    import httpx
    from starlette.applications import Starlette
    from starlette.routing import Mount

    async def identify(scope):
        return SYSTEM

    below = Starlette(routes=[Mount("/api/v1", RestApp(application, identify=identify))])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(below), base_url="http://shop") as client:
        assert (await client.get("/api/v1/openapi.json")).json()["servers"] == [{"url": "/api/v1"}]
        assert "/api/v1/docs/docs.js" in (await client.get("/api/v1/docs")).text
        made = await client.post("/api/v1/item", json={"title": "x"})
        assert made.headers["location"] == f"/api/v1/item/{made.json()['id']}"
        assert (await client.get("/api/v1/")).headers["location"] == "/api/v1/docs"


async def test_the_page_loads_local_files_only(client):
    page = (await client.get("/docs")).text
    places = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(place.startswith(("/", "data:,")) for place in places)
    for place in places:
        if place.startswith("/docs/"):
            assert (await client.get(place)).status_code == 200
    assert "<script>" not in page


async def test_a_title_is_text(application):
    api = RestApp(application, identify=None, title="<b>&")
    import httpx

    async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://shop") as client:
        assert "<title>&lt;b&gt;&amp;: API</title>" in (await client.get("/docs")).text


async def test_an_entity_cannot_take_the_address_of_the_documentation():
    class Docs(Entity):
        pass

    with pytest.raises(DefinitionError, match="address of the documentation"):
        RestApp(Application([Docs], codec=PlainCodec()), identify=None)


def test_an_event_without_arguments_has_no_body():
    api = RestApp(Application([Item], codec=PlainCodec()), identify=None)
    assert "requestBody" not in api.openapi()["paths"]["/item/{id}/sold-out"]["post"]
    assert "requestBody" in api.openapi()["paths"]["/item/{id}/add"]["post"]


def test_the_example_of_a_text_is_what_its_name_lets_expect():
    names = ("id", "contact_email", "homepage_url", "first_name", "short_word")
    properties = {name: {"type": "string"} for name in names}
    properties["short_word"]["maxLength"] = 5
    properties["kind"] = {"type": "string", "default": "text"}
    assert example_of({"type": "object", "properties": properties}, {}) == {
        "id": "8b95494c1642bc42",
        "contact_email": "ada@example.org",
        "homepage_url": "https://example.org/",
        "first_name": "Ada",
        "short_word": "Short",
        "kind": "text",
    }


async def test_a_refusal_is_shown_as_it_looks(document):
    answers = document["paths"]["/item/{id}"]["patch"]["responses"]
    for status in ("400", "403", "404", "409", "412", "415", "422"):
        example = answers[status]["content"]["application/problem+json"]["example"]
        assert example["status"] == int(status)
    assert answers["422"]["content"]["application/problem+json"]["example"]["errors"][0]["loc"] == ["title"]


async def nobody(_scope):
    return SYSTEM


class Pile(Entity):
    count: int = 0
    limit: int = 0


async def test_a_field_that_is_called_like_a_word_of_the_address_can_be_asked_for():
    async with Application([Pile], codec=PlainCodec()) as application:
        api = RestApp(application, identify=nobody)
        await application.dispatch(Pile.create(count=3))
        names = [one["name"] for one in api.openapi()["paths"]["/pile"]["get"]["parameters"]]
        assert {"count", "count.eq", "limit", "limit.eq"} <= set(names)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(api), base_url="http://shop") as client:
            assert len((await client.get("/pile?count.eq=3")).json()["items"]) == 1
            wrong = (await client.get("/pile?nothing_like_it_at_all=3")).json()["detail"]
            assert wrong.count("count") == 1
