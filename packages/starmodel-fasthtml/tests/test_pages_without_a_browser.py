"""The site's own pages, its forms, and what a browser keeps: as the page's scripts would use them."""

from __future__ import annotations

from typing import Annotated

import pytest
from fasthtml.common import Button, Form, Input, Label, Option, P, Select, Textarea

from starmodel.adapters.fasthtml import Shared, on_click
from starmodel.adapters.fasthtml.browser import LocalStore, SessionStore
from starmodel.adapters.fasthtml.testing import Client, NeverCameError, NothingToDoError, PartNotFoundError
from starmodel.core import Entity, event

SIZES = ("Small", "Large")


class Recipe(Entity):
    title: str
    serves: int = 2
    vegan: bool = False

    def check(self) -> None:
        if self.serves < 1:
            raise ValueError("It has to serve somebody.")


class Basket(Entity):
    pieces: int = 0
    model_config = {"store": "client_local"}

    @event
    def put(self) -> None:
        self.pieces += 1


class Draft(Entity):
    words: int = 0
    model_config = {"store": "client_session"}

    @event
    def write(self) -> None:
        self.words += 1


@pytest.fixture
def app(build, store):
    stores = {"memory": store, "client_local": LocalStore(), "client_session": SessionStore()}
    app = build(Recipe, Basket, Draft, stores=stores)

    @app.get("/shop")
    def shop(basket: Annotated[Basket, Shared("mine")], draft: Annotated[Draft, Shared("mine")]):
        return (
            P(f"{basket.pieces} pieces, {draft.words} words"),
            Button("Put in", on_click(basket.put)),
            Button("Write", on_click(draft.write)),
        )

    return app


async def test_a_form_of_the_site_is_filled_in_and_sent(live_page):
    page = await live_page("/recipe")
    await page.click("New recipe")
    await page.fill("Title", "Soup")
    await page.fill("Serves", "4")
    await page.fill("Vegan", True)
    await page.click("Create")
    assert page.path.startswith("/recipe/")
    for part in ("Soup", "4", "Yes"):
        assert part in page.text


async def test_what_is_wrong_in_a_form_is_shown_and_nothing_typed_is_lost(live_page, client):
    page = await live_page("/recipe/new")
    await page.fill("Title", "Soup")
    await page.fill("Serves", "0")
    outcome = await page.click("Create")
    assert outcome.status == 422
    assert "It has to serve somebody." in page.text
    await page.fill("Serves", "1")
    assert (await page.click("Create")).is_done
    assert await client.app.application.count(Recipe) == 1


async def test_a_form_whose_answer_was_lost_is_sent_again_and_makes_one(live_page, faults, client):
    page = await live_page("/recipe/new")
    await page.fill("Title", "Soup")
    faults.drop("answer")
    assert not (await page.click("Create")).is_done
    assert page.toasts == ["The server cannot be reached. What you have entered is still here."]
    assert (await page.click("Create")).is_done
    assert await client.app.application.count(Recipe) == 1


async def test_a_list_of_the_site_is_live_and_its_buttons_work(live_page, client):
    page = await live_page("/recipe")
    await client.send(Recipe.create, title="Soup")
    await page.until("Soup")
    await page.click("Soup")
    await page.click("Delete")
    assert "Delete it?" in page.text
    await page.click("Delete")
    assert page.path == "/recipe"
    assert "Soup" not in page.text
    assert await client.app.application.count(Recipe) == 0


async def test_every_kind_of_field_sends_what_a_browser_would(live_page, app):
    sent = []

    @app.post("/order")
    async def order(request):
        sent.append(sorted((await request.form()).multi_items()))
        return P("ordered")

    @app.get("/ask")
    def ask():
        radio, spices = {"type": "radio", "name": "size"}, (Option("Salt", value="s"), Option("Oil", value="o"))
        sizes = [Label(word, Input(**radio, value=word[0], checked=word == "Small")) for word in SIZES]
        more = Select(*spices, name="more", multiple=True, aria_label="More")
        one = Select(Option("Rice"), Option("Bread", selected=True), Option("None", value=""), name="with")
        note = Textarea("as it is", name="note", aria_label="Note")
        gone = Input(name="gone", disabled=True, value="x")
        box = Label("Hot", Input(type="checkbox", name="hot", value="very"))
        file = Input(type="file", name="file", aria_label="File")
        buttons = Button("Order", name="by", value="me"), Button("Off", disabled=True)
        parts = (*sizes, more, Label("With", one), note, gone, box, file, *buttons)
        return Form(*parts, method="post", action="/order")

    page = await live_page("/ask")
    await page.click("Order")
    await page.go("/ask")
    await page.fill("Large", True)
    await page.fill("More", ["Salt", "Oil"])
    await page.fill("With", "None")
    await page.fill("Note", "two\nlines & more")
    await page.fill("Hot", True)
    await page.click("Order")
    assert sent == [
        [("by", "me"), ("note", "as it is"), ("size", "S"), ("with", "Bread")],
        [
            ("by", "me"),
            ("hot", "very"),
            *(("more", "o"), ("more", "s")),
            *(("note", "two\nlines & more"), ("size", "L"), ("with", "")),
        ],
    ]
    await page.go("/ask")
    with pytest.raises(PartNotFoundError, match=r"no option 'Beans'; .*Bread"):
        await page.fill("With", "Beans")
    for name in ("gone", "File"):
        with pytest.raises(NothingToDoError):
            await page.fill(name, "x")
    with pytest.raises(NothingToDoError):
        await page.click("Off")


async def test_what_the_browser_keeps_is_brought_and_shown(live_page):
    page = await live_page("/shop")
    await page.click("Put in")
    await page.click("Write")
    await page.until("1 pieces, 1 words")
    await page.reload()
    assert "1 pieces, 1 words" in page.text


async def test_tabs_share_what_a_browser_keeps_and_not_what_a_tab_keeps(live_page, client):
    one, stranger = await live_page("/shop"), client.another()
    await one.click("Put in")
    await one.click("Write")
    assert "1 pieces, 0 words" in (await live_page("/shop")).text
    assert "0 pieces, 0 words" in (await stranger.open("/shop")).text


async def test_a_lost_answer_about_what_the_browser_keeps_changes_it_once(live_page, faults):
    page = await live_page("/shop")
    faults.drop("answer")
    await page.click("Put in")
    await page.click("Put in")
    await page.until("2 pieces")


async def test_a_page_that_is_not_there_says_so(live_page):
    page = await live_page("/nowhere")
    assert (page.status, page.is_live) == (404, False)
    assert "Not found" in page.text


async def test_a_stream_that_does_not_open_is_told(build):
    async with Client(build(Recipe, max_streams=0), patience=0.05) as client:
        with pytest.raises(NeverCameError, match="its live stream did not come"):
            await client.open("/recipe")
