"""A test without a browser sees what a browser shows, and is told in time what does not come."""

from __future__ import annotations

import asyncio
from typing import Annotated

import pytest
from fasthtml.common import H1, A, Button, Form, Input, Label, Li, P, Ul

from starmodel.adapters.fasthtml import Shared, on_change, on_click, on_submit, show, view
from starmodel.adapters.fasthtml.testing import NeverCameError, NothingToDoError, PartNotFoundError
from starmodel.core import Entity, Notice, RefusedError, event


class Tally(Entity):
    count: int = 0
    name: str = ""

    @event
    def add(self, amount: int = 1) -> None:
        if amount > 100:
            raise RefusedError("That is too much.")
        self.count += amount

    @event(confirm="Back to nothing?")
    def reset(self) -> Notice:
        self.count = 0
        return Notice("It is nothing again.")

    @event
    def rename(self, name: str) -> None:
        self.name = name


class Chore(Entity):
    title: str
    done: bool = False

    @event
    def toggle(self) -> None:
        self.done = not self.done


@view
def chore_row(chore: Chore):
    return Li(Button("undo" if chore.done else "do", on_click(chore.toggle)), f" {chore.title}")


@view
def counted(tally: Tally):
    return P(f"counted {tally.count} of {tally.name}")


@pytest.fixture
def app(build, store):
    app = build(Tally, Chore, stores={"memory": store})

    @app.get("/")
    def home(tally: Annotated[Tally, Shared("one")]):
        return (
            H1("Tally"),
            counted(tally),
            show(tally, "count", id="number"),
            Button("+1", on_click(tally.add)),
            Button("+5", on_click(tally.add, 5)),
            Button("+1000", on_click(tally.add, 1000)),
            Button("Reset", on_click(tally.reset)),
            Button("Nothing", type="button"),
            Label("Name", Input(on_change(tally.rename, "name"), name="name")),
            A("Chores", href="/chores"),
        )

    @app.get("/chores")
    def chores(chores: list[Chore]):
        new = Input(name="title", aria_label="New chore", required=True)
        return H1("Chores"), Form(on_submit(Chore.create), new, Button("Add")), Ul(*map(chore_row, chores))

    return app


async def test_a_click_is_seen_in_every_open_tab(live_page, client):
    one, two = await live_page("/"), await client.another().open("/")
    await one.click("+5")
    await one.until("counted 5")
    await two.until("counted 5")
    assert two.document.id("number").get_text() == "5"


async def test_a_number_that_is_shown_by_a_signal_is_kept_up_to_date(live_page):
    page = await live_page("/")
    await page.click("+1")
    await page.until(lambda page: page.document.id("number").get_text() == "1")


async def test_a_form_makes_something_and_its_list_shows_it(live_page):
    page = await live_page("/chores")
    await page.fill("New chore", "Water the plants")
    outcome = await page.click("Add")
    assert outcome.is_done
    assert outcome.made.startswith("/chore/")
    await page.until("Water the plants")
    await page.click("do", beside="Water the plants")
    await page.until("undo Water the plants")


async def test_of_several_of_a_name_the_one_beside_a_text_is_meant(live_page):
    page = await live_page("/chores")
    for title in ("Sweep", "Cook"):
        await page.fill("New chore", title)
        await page.click("Add")
    await page.until(lambda page: "Sweep" in page.text and "Cook" in page.text)
    with pytest.raises(PartNotFoundError, match="2 of the page are called 'do'"):
        await page.click("do")
    await page.click("do", beside="Cook")
    await page.until("undo Cook")
    assert "do Sweep" in page.text


async def test_a_link_leads_to_another_page_and_its_stream(live_page, client):
    page, other = await live_page("/"), await live_page("/chores")
    await page.click("Chores")
    assert page.path == "/chores"
    await other.fill("New chore", "Sweep")
    await other.click("Add")
    await page.until("Sweep")


async def test_what_is_typed_into_a_field_that_sends_is_sent(live_page):
    page = await live_page("/")
    await page.fill("Name", "sheep & goats")
    await page.until("of sheep & goats")


async def test_what_is_refused_is_told_and_changes_nothing(live_page):
    page = await live_page("/")
    outcome = await page.click("+1000")
    assert not outcome.is_done
    assert (outcome.status, outcome.problem["detail"]) == (409, "That is too much.")
    assert page.toasts == ["That is too much."]
    assert "counted 0" in page.text


async def test_a_question_is_noted_and_may_be_refused(live_page):
    page = await live_page("/")
    await page.click("+1")
    assert not (await page.click("Reset", agree=False)).is_done
    await page.until("counted 1")
    await page.click("Reset")
    await page.until("counted 0")
    assert page.questions == ["Back to nothing?"] * 2
    assert page.toasts == ["It is nothing again."]


async def test_a_name_that_is_not_there_is_told_with_those_that_are(live_page):
    page = await live_page("/")
    with pytest.raises(PartNotFoundError, match=r"no button or link 'Rest'.*'Reset'"):
        await page.click("Rest")
    with pytest.raises(PartNotFoundError, match=r"no field 'Nmae'.*'Name'"):
        await page.fill("Nmae", "x")


async def test_a_click_that_does_nothing_is_no_click(live_page):
    page = await live_page("/")
    with pytest.raises(NothingToDoError, match="in a real browser"):
        await page.click("Nothing")


async def test_what_never_comes_is_told_with_what_is_there(live_page):
    page = await live_page("/")
    await page.click("+1000")
    with pytest.raises(NeverCameError, match=r"'counted 7' did not come within 0.05 s; .*counted 0.*That is too much"):
        await page.until("counted 7", within=0.05)


async def test_a_command_may_be_sent_without_a_page(client, live_page):
    page = await live_page("/")
    outcomes = await asyncio.gather(*(client.send(Tally(id="one").add, amount) for amount in (1, 2, 3)))
    assert all(outcome.is_done for outcome in outcomes)
    await page.until("counted 6")


async def test_a_page_of_somebody_else_is_another_visit(client):
    other = client.another()
    await client.get("/")
    await other.get("/")
    assert client.cookies != other.cookies
