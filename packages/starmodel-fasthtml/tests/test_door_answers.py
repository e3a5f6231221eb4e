"""How a command is answered: what was done, what was refused and why, and never more than the visitor may know."""

from __future__ import annotations

import logging

import pytest
from fasthtml.common import Div

from starmodel.core import Entity, event
from starmodel.core.answers import GoTo, Notice
from starmodel.core.errors import ForbiddenError, RefusedError, StoreError
from starmodel.core.unit import Unit


class Account(Entity):
    balance: int = 100
    other: int = 0
    ratio: float = 0.0

    @event
    def withdraw(self, amount: int) -> None:
        self.balance -= amount

    @event
    def explode(self) -> None:
        self.balance = -1_000_000
        raise RuntimeError("the vault code is 1234")

    @event
    async def explode_after_another(self, id: str) -> None:
        other = await Unit.current().get(Account, id)
        other.balance = 0
        raise RuntimeError("the vault code is 1234")

    @event
    def decline(self) -> None:
        raise RefusedError("The bank is closed on Sundays.")

    @event
    def forbid(self) -> None:
        raise ForbiddenError("a withdrawal", "ask your bank")

    @event
    def lose(self) -> None:
        raise StoreError("the disk at /dev/vault is full")

    @event(method="get")
    def look(self) -> int:
        return self.balance

    @event(method="get")
    def steal(self) -> None:
        self.balance = 0

    @event
    def show(self) -> object:
        return Div("a piece of page", id="piece")

    @event
    def show_wrongly(self) -> object:
        self.other += 1
        return Div("x", **{"data-on-click": "x"})

    @event
    def overflow(self) -> None:
        self.ratio = float("inf")

    @event
    def say(self) -> str:
        return "done & dusted"

    @event
    def notify(self) -> Notice:
        return Notice("Saved.", "success")

    @event
    def leave(self, to: str = "/größe?x=1") -> GoTo:
        return GoTo(to)

    def check(self) -> None:
        if 0 > self.balance > -1000:
            raise ValueError("There is not enough money.")


@pytest.fixture
async def app(start):
    return await start(Account)


@pytest.fixture
async def url(visitor):
    return f"/account/{(await visitor.post('/account/create', {})).json['id']}"


async def stored(app, url):
    return await app.application.load(Account, url.rpartition("/")[2])


async def test_an_event_that_raises_tells_an_id_and_nothing_else(app, visitor, url, caplog):
    before, published = await stored(app, url), list(app.application.bus.published)

    answer = await visitor.post(f"{url}/explode")

    assert answer.status == 500
    assert "vault" not in answer.everything
    assert await stored(app, url) == before
    assert app.application.bus.published == published
    assert answer.json["id"] in caplog.text, "the log has the details under that id"
    assert "the vault code is 1234" in caplog.text


async def test_it_tells_as_little_in_a_page(visitor, url):
    answer = await visitor.form(f"{url}/explode")

    assert (answer.status, answer.header("content-type")) == (500, "text/html; charset=utf-8")
    assert "vault" not in answer.everything


async def test_what_it_had_changed_elsewhere_is_not_changed_either(app, visitor, url):
    other = f"/account/{(await visitor.post('/account/create', {})).json['id']}"

    answer = await visitor.post(f"{url}/explode_after_another", {"id": other[9:]})

    assert answer.status == 500
    assert (await stored(app, other)).entity.balance == 100


async def test_a_broken_rule_says_which(app, visitor, url):
    answer = await visitor.post(f"{url}/withdraw", {"amount": 101})

    assert (answer.status, answer.json["detail"]) == (422, "There is not enough money.")
    assert (await stored(app, url)).entity.balance == 100


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("decline", 409, "closed on Sundays"),
        ("forbid", 403, "ask your bank"),
        ("look", 200, '"returned":100'),
        ("show", 200, '"returned":null'),
        ("say", 200, "done & dusted"),
    ],
)
async def test_an_answer_says_what_the_event_said(visitor, url, name, status, words):
    answer = await visitor.post(f"{url}/{name}")

    assert answer.status == status
    assert words in answer.text


async def test_a_refusal_in_a_page_is_escaped_and_leads_back(visitor, url):
    answer = await visitor.form(f"{url}/withdraw", {"amount": "<b>x</b>"}, referer='http://localhost/a"><script>')

    assert answer.status == 422
    assert "<b>x" not in answer.text
    assert "<script>" not in answer.text.partition("<body>")[2]
    assert 'href="/a' in answer.text


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.example/x",
        "//evil.example",
        "/\\evil.example",
        "http://[",
        "javascript:alert(1)",
        "http://localhost//evil.example",
        "http://localhost/\\evil.example",
        "data:text/html,x",
        "\xff\xfe",
    ],
)
async def test_nobody_is_sent_to_another_site(visitor, url, referer):
    answer = await visitor.form(f"{url}/withdraw", {"amount": "1"}, referer=referer)

    assert answer.status == 303
    location = answer.header("location")
    assert location.startswith("/")
    assert location[1:2] not in ("/", "\\")


async def test_a_reading_event_cannot_write(app, visitor, url):
    answer = await visitor.get(f"{url}/steal", accept="application/json")

    assert answer.status == 405
    assert (await stored(app, url)).entity.balance == 100


async def test_head_never_stores_anything(app, visitor, url):
    published = len(app.application.bus.published)
    for name in ("look", "steal", "withdraw", "explode"):
        await visitor.ask("HEAD", f"{url}/{name}?amount=1")

    assert len(app.application.bus.published) == published


class TestInAPage:
    """Our own script asks: it understands frames."""

    async def test_nothing_to_show_is_no_content(self, visitor, url):
        assert (await visitor.click(f"{url}/withdraw", {"amount": 1})).status == 204

    async def test_a_piece_of_page_comes_as_a_patch(self, visitor, url):
        answer = await visitor.click(f"{url}/show")

        assert answer.header("content-type").startswith("text/event-stream")
        assert '<div id="piece">a piece of page</div>' in answer.text

    async def test_a_text_comes_as_a_message(self, visitor, url):
        assert '"toast":{"text":"done & dusted","level":"info"}' in (await visitor.click(f"{url}/say")).text

    async def test_a_notice_comes_as_a_message_with_its_level(self, visitor, url):
        assert '"toast":{"text":"Saved.","level":"success"}' in (await visitor.click(f"{url}/notify")).text

    async def test_another_page_comes_as_the_way_there(self, visitor, url):
        assert '"go":"/größe?x=1"' in (await visitor.click(f"{url}/leave")).text

    async def test_a_refusal_comes_as_a_problem(self, visitor, url):
        answer = await visitor.click(f"{url}/decline")

        assert (answer.status, answer.header("content-type")) == (409, "application/problem+json")

    async def test_a_piece_that_cannot_be_made_is_no_reason_to_call_it_undone(self, app, visitor, url, caplog):
        answer = await visitor.click(f"{url}/show_wrongly")

        assert answer.status == 500
        assert "done" in answer.json["detail"]
        assert "nothing was changed" not in answer.text
        assert (await stored(app, url)).entity.other == 1
        assert "data-on:click" in caplog.text, "the log says what to write instead"


async def test_a_form_is_sent_where_the_event_says(visitor, url):
    answer = await visitor.form(f"{url}/leave")

    assert (answer.status, answer.header("location")) == (303, "/gr%C3%B6%C3%9Fe?x=1")


@pytest.mark.parametrize("to", ["//evil.example", "/\\evil.example", "https://evil.example", "evil"])
async def test_an_event_cannot_be_talked_into_sending_anybody_elsewhere(visitor, url, to):
    answer = await visitor.form(f"{url}/leave", {"to": to})

    assert answer.header("location") is None


async def test_a_number_that_json_cannot_hold_does_not_spoil_the_answer(app, visitor, url):
    answer = await visitor.post(f"{url}/overflow")

    assert answer.status == 200
    assert answer.json["entity"]["ratio"] is None


async def test_a_store_that_cannot_be_reached_is_told_without_its_secrets(visitor, url):
    answer = await visitor.post(f"{url}/lose")

    assert answer.status == 503
    assert "/dev/vault" not in answer.everything


async def test_a_log_line_is_one_line_whatever_the_address(visitor, caplog):
    caplog.set_level(logging.INFO, "starmodel.web")

    await visitor.post("/account/x%0aERROR%20forged/explode")
    await visitor.post("/account/x%1b%5b2J/explode")

    assert not any("\n" in record.getMessage() or "\x1b" in record.getMessage() for record in caplog.records)


class TestAnOlderVersion:
    """A form that was opened before somebody else saved."""

    async def test_another_field_is_merged(self, app, visitor, url):
        await visitor.post(f"{url}/update", {"balance": 50})

        answer = await visitor.post(f"{url}/update", {"other": 7}, starmodel_base_version="1")

        assert answer.status == 200
        account = (await stored(app, url)).entity
        assert (account.balance, account.other) == (50, 7)

    async def test_the_same_field_is_a_conflict_that_shows_both_values(self, app, visitor, url):
        await visitor.post(f"{url}/update", {"balance": 50})

        answer = await visitor.post(f"{url}/update", {"balance": 60}, starmodel_base_version="1")

        assert answer.status == 409
        (problem,) = answer.json["errors"]
        assert problem["loc"] == ["balance"]
        assert "50" in problem["message"]
        assert "60" in problem["message"]
        assert (await stored(app, url)).entity.balance == 50

    @pytest.mark.parametrize("version", ["-1", "x", "1.0", "9" * 30, "²"])
    async def test_a_version_that_is_none_is_refused(self, visitor, url, version):
        answer = await visitor.post(f"{url}/update", {"other": 1}, starmodel_base_version=version)

        assert answer.status == 422
