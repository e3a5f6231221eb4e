"""An event that was done too often is answered so at every door, with when to try again."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity, event


class Horn(Entity):
    blown: int = 0

    @event(rate="1/minute")
    def blow(self) -> None:
        self.blown += 1

    @event(rate="1/minute")
    def call(self, words: str) -> None:
        self.blown += len(words)


@pytest.fixture
def web():
    settings = Settings(store="memory", env="production", secret="a secret that is long enough for tests")
    app = create_app(Horn, settings=settings)
    with TestClient(app, base_url="http://localhost", client=("192.0.2.1", 1)) as web:
        yield web


@pytest.mark.parametrize(
    ("start", "headers", "words"),
    [
        ("", {"starmodel-request": "1"}, "Try again in 60 seconds"),
        ("", {"accept": "text/html"}, "Try again in 60 seconds"),
        ("/api", {}, "try again in 60 s"),
    ],
)
def test_every_door_says_when_to_try_again(web, start, headers, words):
    path = f"{start}/horn/{web.post('/horn/create', json={}).json()['id']}/blow"
    blow = {"json": {}} if "text/html" not in headers.values() else {"data": {"_form": "/horn"}}
    assert web.post(path, headers=headers, follow_redirects=False, **blow).status_code < 400
    refused = web.post(path, headers=headers, **blow)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert refused.headers["starmodel-refused"] == "too_many"
    assert words in refused.text


def test_a_visitor_who_gives_up_their_cookie_is_counted_by_where_they_ask_from(web):
    path = f"/horn/{web.post('/horn/create', json={}).json()['id']}/blow"
    statuses = []
    for _ in range(12):
        web.cookies.clear()
        statuses.append(web.post(path, json={}).status_code)
    assert statuses == [200] * 10 + [429] * 2


def test_a_form_that_was_sent_too_often_keeps_what_was_typed(web):
    path = f"/horn/{web.post('/horn/create', json={}).json()['id']}/call"
    sent = {"_form": "/horn", "words": "zq-typed"}
    web.post(path, headers={"accept": "text/html"}, data=sent, follow_redirects=False)
    again = web.post(path, headers={"accept": "text/html"}, data=sent)
    assert again.status_code == 429
    assert "zq-typed" in again.text
    assert "Try again in" in again.text
