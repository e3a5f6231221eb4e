"""A command that is sent again takes effect once: networks repeat, browsers retry, people click twice."""

from __future__ import annotations

import asyncio

import pytest
from asgi_visitors import Visitor

from starmodel.core import Entity, event

ran: list[str] = []


class Meter(Entity):
    value: int = 0

    @event
    def tick(self, by: int = 1) -> int:
        ran.append(self.id)
        self.value += by
        return self.value

    @event
    def reset(self) -> None:
        self.value = 0


@pytest.fixture
async def app(start):
    ran.clear()
    return await start(Meter)


@pytest.fixture
async def url(visitor):
    return f"/meter/{(await visitor.post('/meter/create', {})).json['id']}"


async def value(app, url):
    return (await app.application.load(Meter, url.rpartition("/")[2])).entity.value


async def test_the_same_key_with_the_same_body_gets_the_first_answer(app, visitor, url):
    first = await visitor.post(f"{url}/tick", {"by": 5}, idempotency_key="k1")
    again = await visitor.post(f"{url}/tick", {"by": 5}, idempotency_key="k1")

    assert (first.json["replayed"], again.json["replayed"]) == (False, True)
    assert again.json["returned"] == first.json["returned"] == 5
    assert again.json["command"] == first.json["command"]
    assert await value(app, url) == 5
    assert len(ran) == 1, "the body ran once"


async def test_fifty_at_once_take_effect_once(app, visitor, url):
    answers = await asyncio.gather(*(visitor.post(f"{url}/tick", {"by": 5}, idempotency_key="k1") for _ in range(50)))

    assert {answer.status for answer in answers} == {200}
    assert await value(app, url) == 5


@pytest.mark.parametrize(("path", "args"), [("tick", {"by": 6}), ("tick", {}), ("reset", {})])
async def test_the_same_key_with_another_command_is_refused(app, visitor, url, path, args):
    await visitor.post(f"{url}/tick", {"by": 5}, idempotency_key="k1")

    answer = await visitor.post(f"{url}/{path}", args, idempotency_key="k1")

    assert answer.status == 422
    assert await value(app, url) == 5


async def test_two_visitors_may_choose_the_same_key(app, visitor, url):
    await visitor.post(f"{url}/tick", {"by": 5}, idempotency_key="k1")
    answer = await Visitor(app).post(f"{url}/tick", {"by": 5}, idempotency_key="k1")

    assert answer.json["replayed"] is False
    assert await value(app, url) == 10


async def test_a_key_says_nothing_to_another_visitor(app, visitor, url):
    first = await visitor.post(f"{url}/tick", {"by": 5}, idempotency_key="k1")
    answer = await Visitor(app).post(f"{url}/reset", {}, idempotency_key=first.json["command"])

    assert answer.status == 200, "not even the id it became can be used up by somebody else"


@pytest.mark.parametrize("key", ["x" * 201, "a\x01b", "x\xa0y"])
async def test_a_key_that_is_too_long_or_cannot_be_printed_is_refused(app, visitor, url, key):
    assert (await visitor.post(f"{url}/tick", {}, idempotency_key=key)).status == 422
    assert await value(app, url) == 0


async def test_a_key_of_200_characters_is_taken(app, visitor, url):
    assert (await visitor.post(f"{url}/tick", {}, idempotency_key="x" * 200)).status == 200


async def test_an_empty_key_is_none(app, visitor, url):
    await visitor.post(f"{url}/tick", {}, idempotency_key="")
    await visitor.post(f"{url}/tick", {}, idempotency_key="")

    assert await value(app, url) == 2


async def test_without_a_key_each_is_a_command_of_its_own(app, visitor, url):
    await visitor.post(f"{url}/tick", {})
    await visitor.post(f"{url}/tick", {})

    assert await value(app, url) == 2


async def test_a_command_that_was_refused_may_be_sent_again_with_its_key(app, visitor, url):
    refused = await visitor.post("/meter/nobody/tick", {}, idempotency_key="k1")
    answer = await visitor.post(f"{url}/tick", {}, idempotency_key="k1")

    assert (refused.status, answer.status) == (404, 200)


class TestAFormWithoutAScript:
    """Its page brings one key for all of its buttons."""

    async def test_a_double_click_takes_effect_once(self, app, visitor, url):
        for _ in range(2):
            assert (await visitor.form(f"{url}/tick?by=5", {"_key": "page"})).status == 303

        assert await value(app, url) == 5

    async def test_another_button_of_the_same_page_is_another_command(self, app, visitor, url):
        await visitor.form(f"{url}/tick?by=5", {"_key": "page"})
        await visitor.form(f"{url}/tick?by=1", {"_key": "page"})

        assert await value(app, url) == 6

    async def test_the_key_is_no_argument(self, app, visitor, url):
        assert (await visitor.form(f"{url}/reset", {"_key": "page"})).status == 303
        assert (await visitor.form(f"{url}/reset?_key=page")).status == 303

    async def test_a_key_given_twice_does_no_harm(self, app, visitor, url):
        answer = await visitor.form(f"{url}/tick", {"_key": ["a", "b"]})

        assert answer.status == 303
        assert await value(app, url) == 1
