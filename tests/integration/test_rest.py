"""REST in a whole application: behind the gate, over SQL, in the same words as the web door."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated

import pytest
from pydantic import Field
from starlette.testclient import TestClient

from starmodel.bootstrap import Settings, create_app
from starmodel.core import Actor, Decision, Entity, Private, Reference, Secret, event
from starmodel.core.errors import AdapterNotFoundError, ConfigurationError


class Author(Entity):
    name: str


class Book(Entity):
    title: Annotated[str, Field(min_length=1, max_length=40)]
    price: Annotated[Decimal, Field(ge=0)] = Decimal(1)
    sold: int = 0
    out: date | None = None
    at: datetime = datetime(2030, 1, 1, tzinfo=UTC)
    tags: list[str] = []
    author_id: Annotated[str | None, Reference(Author)] = None
    margin: Private[int] = 4711
    key: Secret[str] = "hush"

    @event
    def sell(self, many: Annotated[int, Field(ge=1)] = 1) -> None:
        self.sold += many


def app_over(store, tmp_path, **options):
    settings = Settings(store=store, database_url=f"sqlite:///{tmp_path / 'books.db'}", env="development")
    return create_app(Author, Book, settings=settings, **options)


@pytest.fixture(params=["memory", "sql"])
def client(request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with TestClient(app_over(request.param, tmp_path)) as client:
        yield client


def made(client, **fields):
    answer = client.post("/api/book", json={"title": "Emma", **fields})
    assert answer.status_code == 201, answer.text
    return answer


def test_either_store_answers_the_same_questions(client):
    author = client.post("/api/author", json={"name": "Ada"}).json()["id"]
    for number, title in enumerate(["Emma", "Dune", "Ulysses"]):
        made(client, title=title, price=f"{number}.5", out=f"203{number}-01-01", tags=[title[0]])
    made(client, title="Ada's", price="9.99", author_id=author)

    def titles(query):
        return [book["title"] for book in client.get(f"/api/book?sort=title&{query}").json()["items"]]

    assert titles("price.ge=1.5&price.lt=9") == ["Dune", "Ulysses"]
    assert titles("out.gt=2030-06-01") == ["Dune", "Ulysses"]
    assert titles("out.isnull=true") == ["Ada's"]
    assert titles("author_id.name=Ada") == ["Ada's"]
    assert titles("author_id.name.startswith=A&price.gt=1") == ["Ada's"]
    assert titles("tags.contains=E") == ["Emma"]
    assert titles('where={"or":[{"title":"Emma"},{"price":{"ge":9}}]}') == ["Ada's", "Emma"]
    assert titles("q=mm") == ["Emma"]
    assert titles("title=%00") == []


def test_either_store_pages_merges_and_repeats(client):
    for number in range(5):
        made(client, title=f"T{number}", price="3")
    address, found = "/api/book?sort=-price&limit=2", []
    while address:
        page = client.get(address)
        found += [book["title"] for book in page.json()["items"]]
        address = page.links.get("next", {}).get("url")
    assert sorted(found) == [f"T{number}" for number in range(5)]

    book = made(client)
    address, old = book.headers["location"], {"if-match": book.headers["etag"]}
    assert client.patch(address, json={"title": "Persuasion"}, headers=old).status_code == 200
    assert client.patch(address, json={"sold": 3}, headers=old).json()["title"] == "Persuasion"
    assert client.patch(address, json={"title": "Sanditon"}, headers=old).status_code == 412
    assert client.post(f"{address}/sell", headers=old).status_code == 412
    key = {"idempotency-key": "k"}
    first = client.post(f"{address}/sell", json={"many": 2}, headers=key).json()
    assert client.post(f"{address}/sell", json={"many": 2}, headers=key).json()["replayed"] is True
    assert (first["entity"]["sold"], client.get(address).json()["sold"]) == (5, 5)
    assert client.post("/api/book?dry_run=true", json={"title": "x"}).json()["changes"][0]["before"] is None
    assert client.delete(address).status_code == 204


BODIES = [
    {"content": b"{"},
    {"content": b"[]"},
    {"content": b'{"title": "\\ud800"}'},
    {"content": b'{"price": NaN}'},
    {"content": b'{"title": ' + b"[" * 50 + b"]" * 50 + b"}"},
    {"json": {}},
    {"json": {"title": "", "price": -1}},
    {"json": {"titel": "x"}},
    {"json": {"title": "x" * 41, "out": "tomorrow", "tags": "x"}},
    {"json": {"title": "x", "margin": 1}},
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(body)[:40])
def test_both_doors_refuse_what_does_not_fit_in_the_same_words(tmp_path, body):
    with TestClient(app_over("memory", tmp_path)) as client:
        headers = {"content-type": "application/json", "accept": "application/json"}
        web = client.post("/book/create", headers=headers, **body)
        rest = client.post("/api/book", headers=headers, **body)
        assert web.status_code == rest.status_code == 422
        assert {**web.json(), "id": ""} == {**rest.json(), "id": ""}
        assert web.headers["content-type"] == rest.headers["content-type"] == "application/problem+json"


def test_one_key_is_the_same_command_through_both_doors(tmp_path):
    with TestClient(app_over("memory", tmp_path)) as client:
        book = made(client)
        key = {"idempotency-key": "same", "accept": "application/json"}
        id = book.json()["id"]
        first = client.post(f"/book/{id}/sell", json={}, headers=key).json()
        again = client.post(f"/api/book/{id}/sell", json={}, headers=key).json()
        assert (first["replayed"], again["replayed"], again["command"]) == (False, True, first["command"])


def test_what_the_gate_turns_away_is_told_to_programs_as_every_other_refusal(tmp_path):
    with TestClient(app_over("memory", tmp_path)) as client:
        elsewhere = client.get("/api/book", headers={"host": "evil.example"})
        foreign = client.post("/api/book", json={"title": "x"}, headers={"origin": "http://evil.example"})
        for answer, status, title, why in (
            (elsewhere, 400, "Bad request", "does not answer to the host 'evil.example'"),
            (foreign, 403, "Forbidden", "came from another site"),
        ):
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["x-content-type-options"] == "nosniff"
            told = answer.json()
            assert (answer.status_code, told["status"], told["title"]) == (status, status, title)
            assert why in told["detail"]


def test_the_gate_stands_before_it(tmp_path):
    with TestClient(app_over("memory", tmp_path)) as client:
        for foreign in ({"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}):
            assert client.post("/api/book", json={"title": "x"}, headers=foreign).status_code == 403
        assert client.get("/api/book", headers={"host": "evil.example"}).status_code == 400
        assert client.get("/api/book", headers={"host": "evil.example", "accept": "text/html"}).text.startswith("This ")
        large = client.post("/api/book", content=b"x" * 2_000_000)
        assert (large.status_code, large.headers["content-type"]) == (413, "application/problem+json")
        assert large.json()["type"] == "urn:starmodel:problem:too_large"
        endless = client.post(
            "/api/book", content=iter([b"x" * 600_000] * 3), headers={"content-type": "application/json"}
        )
        assert (endless.status_code, endless.headers["content-type"]) == (413, "application/problem+json")
        page = client.get("/api/docs")
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_a_program_without_cookies_may_use_it(tmp_path):
    app = app_over("memory", tmp_path)
    with TestClient(app, cookies={}) as client:
        address = made(client).headers["location"]
        client.cookies.clear()
        assert client.post(f"{address}/sell").status_code == 200


class ByKey:
    async def identify(self, headers, session, visitor, /):
        return Actor(headers["x-key"]) if "x-key" in headers else None


class OnlyKnown:
    def decide(self, actor, action, kind, id, entity, /):
        return Decision(actor.id == "known", "sign in")


def test_who_asks_is_who_the_web_says(tmp_path):
    with TestClient(app_over("memory", tmp_path, auth=[ByKey()], policies=[OnlyKnown()])) as client:
        assert client.post("/api/book", json={"title": "x"}).status_code == 403
        assert client.post("/api/book", json={"title": "x"}, headers={"x-key": "known"}).status_code == 201
        assert client.get("/api/book").json()["items"] == []
        assert len(client.get("/api/book", headers={"x-key": "known"}).json()["items"]) == 1


def test_nothing_secret_is_in_any_answer(client):
    book = made(client, key="canary-0815")
    address = book.headers["location"]
    answers = [
        book,
        client.get("/api/book?count=true"),
        client.patch(address, json={"key": "canary-0815", "price": "x"}),
        client.post(f"{address}/sell?dry_run=true"),
        client.patch(f"{address}?dry_run=true", json={"key": "canary-0815"}),
        client.post(f"{address}/sell"),
        client.get("/api/openapi.json"),
    ]
    for answer in answers:
        assert "canary-0815" not in answer.text
        assert "4711" not in answer.text
        assert "hush" not in answer.text


def test_a_page_of_ones_own_comes_first(tmp_path):
    app = app_over("memory", tmp_path)

    @app.get("/api/book")
    def books():
        return "my own"

    with TestClient(app) as client:
        assert "my own" in client.get("/api/book").text
        assert client.get("/api/author").json()["items"] == []


def test_it_can_stand_elsewhere_or_be_left_out(tmp_path):
    with TestClient(app_over("memory", tmp_path, api="/rest/v1")) as client:
        assert client.get("/rest/v1/book").status_code == 200
        assert client.get("/api/book").status_code == 404
    with TestClient(app_over("memory", tmp_path, api=None)) as client:
        assert client.get("/api/book").status_code == 404


@pytest.mark.parametrize("path", ["api", "", "/{api}"])
def test_a_path_that_is_none_is_refused(tmp_path, path):
    with pytest.raises(ConfigurationError, match="must be a path"):
        app_over("memory", tmp_path, api=path)


def test_the_address_of_an_entity_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="is the address of Book"):
        app_over("memory", tmp_path, api="/book")


def test_without_the_package_there_is_none_unless_it_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "starmodel.adapters.rest", None)
    with TestClient(app_over("memory", tmp_path)) as client:
        assert client.get("/api/book").status_code == 404
    with pytest.raises(AdapterNotFoundError, match=r"starmodel\[rest\]"):
        app_over("memory", tmp_path, api="/api")


def test_a_server_that_stops_ends_the_feeds(tmp_path):
    app = app_over("memory", tmp_path)
    with TestClient(app):
        (drain,) = app.runtime.drains
        assert not drain.__self__.app.feeds.is_full
        app.runtime.drain()
        assert drain.__self__.app.feeds.is_full
