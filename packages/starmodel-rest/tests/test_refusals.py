"""Whatever is wrong is answered by a problem document that says what to do and repeats nothing secret."""

from __future__ import annotations

import json
import logging

import pytest
from rest_shop import MARGIN, PIN

from starmodel.app.bodies import BodyTooLargeError

POSTED = {
    "type": "http",
    "method": "POST",
    "path": "/item",
    "query_string": b"",
    "headers": [(b"content-type", b"application/json")],
    "root_path": "",
}
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "status", "words"),
    [
        (b"{", JSON, 422, "the body is not JSON"),
        (b"[1]", JSON, 422, "must be a JSON object"),
        (b'{"title": "\\ud800"}', JSON, 422, "half a character"),
        (b'{"title": NaN}', JSON, 422, "NaN"),
        (b'{"a":' * 100_000, JSON, 422, "not JSON"),
        (b'{"title": ' + b"[" * 40 + b"]" * 40 + b"}", JSON, 422, "nested more than"),
        (b'{"title": ' + b"9" * 5000 + b"}", JSON, 422, "a number in the body has too many digits; send it as text"),
        (b"\xff\xfe\xfd", JSON, 422, "not JSON"),
        (b'{"title": "\xff"}', JSON, 422, "the body is not JSON: it is not written in UTF-8"),
        (b'{"title": "x", "title": "y"}', JSON, 422, "a name occurs twice in the body; send each once"),
        (b"title=x", {"content-type": "application/x-www-form-urlencoded"}, 415, "application/json"),
        (b"title=x", {"content-type": "text/plain"}, 415, "not as 'text/plain'"),
        (b'{"title": "x"}', {}, 415, "nothing"),
        (b"{}", JSON, 422, "title"),
        (b'{"title": "x", "titel": 1}', JSON, 422, "did you mean 'title'"),
        (b'{"title": "x", "margin": 1}', JSON, 422, "margin"),
        (b'{"title": "x", "count": -1}', JSON, 422, "less than none"),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_a_body_that_does_not_fit_is_refused(client, body, headers, status, words):
    answer = await client.post("/item", content=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/item/x/y/z", 404),
        ("PUT", "/item", 405),
        ("POST", "/item/x", 405),
        ("DELETE", "/openapi.json", 405),
        ("POST", "/item/no%20id/add", 404),
        ("GET", "/item/" + "x" * 100, 404),
        ("GET", "/item/x%00", 404),
        ("GET", "/docs/passwd", 404),
        ("GET", "/docs/..%2fapi.py", 404),
    ],
)
async def test_an_address_or_method_that_is_not_there_is_refused(client, method, path, status):
    answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    if status == 405:
        assert answer.headers["allow"]


@pytest.mark.parametrize("path", ["/item?dry_rn=true", "/item?title=x"])
async def test_nothing_that_was_asked_of_a_command_is_passed_over(client, path):
    answer = await client.post(path, json={"title": "x"})
    assert (answer.status_code, "dry_run" in answer.json()["detail"]) == (422, True)


async def test_a_refused_event_says_why(client, make):
    place = (await make()).headers["location"]
    answer = await client.post(f"{place}/sold-out")
    assert (answer.status_code, answer.json()["detail"]) == (409, "there is none left")


async def test_a_failure_is_logged_and_tells_nothing(client, make, caplog):
    place = (await make()).headers["location"]
    with caplog.at_level(logging.ERROR, "starmodel.rest"):
        answer = await client.post(f"{place}/broken")
    assert answer.status_code == 500
    assert PIN not in answer.text
    assert answer.json()["id"] in caplog.text


async def test_a_body_without_end_is_refused(api):
    """The gate in front counts; what it raises while the body is read is told as everything else is."""
    sent = []

    async def receive():
        raise BodyTooLargeError(1024)

    async def send(message):
        sent.append(message)

    await api(dict(POSTED), receive, send)
    assert sent[0]["status"] == 413
    assert "larger than 1 KiB" in json.loads(sent[1]["body"])["detail"]


async def test_half_a_body_is_no_command(api, application):
    sent, messages = [], [{"type": "http.request", "body": b'{"title": "x"}', "more_body": True}]

    async def receive():
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await api(dict(POSTED), receive, send)
    assert sent == []
    assert (await application.persistence.store("memory").position()).number == 0


async def test_no_answer_holds_what_is_not_public(client, make, caplog):
    caplog.set_level(logging.DEBUG)
    made = await make("Milk", pin=PIN, count=1)
    place, texts = made.headers["location"], [made.text]
    old = {"if-match": made.headers["etag"]}
    calls = [
        ("GET", place, {}),
        ("GET", "/item?count=true", {}),
        ("PATCH", place, {"json": {"pin": PIN}}),
        ("PATCH", place, {"json": {"pin": "other"}, "headers": old}),
        ("PATCH", f"{place}?dry_run=true", {"json": {"pin": PIN}}),
        ("PATCH", place, {"json": {"pin": ["x", PIN]}}),
        ("POST", f"{place}/add", {"json": {}}),
        ("GET", f"{place}/worth", {}),
        ("POST", "/item?dry_run=true", {"json": {"title": "x", "pin": PIN}}),
        ("DELETE", f"{place}?dry_run=true", {}),
        ("GET", "/openapi.json", {}),
        ("GET", f"/item?pin={PIN[:3]}", {}),
        ("POST", "/item/stock", {"json": {"titles": ["a"]}}),
    ]
    for method, path, options in calls:
        answer = await client.request(method, path, **options)
        assert answer.status_code < 500
        texts.append(answer.text + str(answer.headers))
    for text in (*texts, caplog.text):
        assert PIN not in text
        assert str(MARGIN) not in text


async def test_an_endpoint_of_ones_own_is_answered_the_same_way(client, api):
    @api.get("/report")
    async def report(year: int) -> dict[str, int]:
        return {"year": year}

    assert (await client.get("/report?year=2030")).json() == {"year": 2030}
    wrong = await client.get("/report?year=x")
    assert (wrong.status_code, wrong.headers["content-type"]) == (422, "application/problem+json")
    assert wrong.json()["errors"][0]["loc"] == ["query", "year"]
    assert "/report" in (await client.get("/openapi.json")).json()["paths"]
