"""What a page's buttons and forms send: to the right address, with the right arguments, with and without JavaScript."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest
from fasthtml.common import Button, Div, Form, Input

from starmodel.adapters.fasthtml import on_change, on_click, on_input, on_submit, url_of
from starmodel.core import Entity, event
from starmodel.core.errors import DefinitionError


class Item(Entity):
    name: str = ""
    count: int = 0
    tags: list[str] = []
    on: bool = False

    @event
    def put(self, name: str = "-", count: int = 1, tags: list[str] | None = None, on: bool = False) -> None:
        self.name, self.count, self.tags, self.on = name, count, tags or [], on

    @event(confirm="Really 'all' of it?", path="throw/away", method="delete")
    def discard_all(self) -> None:
        self.count = 0

    @event(method="get")
    def peek(self) -> str:
        return "peeked"


class Trip(Entity):
    @event
    def move(self, day: date, days: list[date], guide: Item) -> None: ...


@pytest.fixture
async def app(start):
    return await start(Item)


def attributes(page, tag):
    opening = re.search(rf"<{tag} ([^>]*)>", page)[1]
    return {n: unescape(a or b) for n, a, b in re.findall(r"""([\w:.@-]+)=(?:"([^"]*)"|'([^']*)')""", opening)}


async def click_without_script(app, visitor, make):
    """Show a button for a stored item, click it as a browser without JavaScript does, and return the item."""
    await app.application.dispatch(Item.create().on("i"))

    @app.get("/{item}")
    def page(item: Item):
        return Div(make(item))

    opened = await visitor.open("/i")
    button = attributes(opened.main, "button")
    key = re.search(r'name="_key" value="([\w-]+)"', opened.text)[1]
    assert (button["type"], button["form"], button["formmethod"]) == ("submit", "sm-form", "post")
    answer = await visitor.form(button["formaction"], {"_key": key}, referer="http://localhost/i")
    assert (answer.status, answer.header("location")) == (303, "/i"), answer.text
    return (await app.application.load(Item, "i")).entity


async def test_a_click_sends_its_arguments_without_a_script(app, visitor):
    item = await click_without_script(app, visitor, lambda item: Button("x", on_click(item.put, "a&b=c", 5, on=True)))

    assert (item.name, item.count, item.on) == ("a&b=c", 5, True)


async def test_lists_too(app, visitor):
    item = await click_without_script(app, visitor, lambda item: Button("x", on_click(item.put, tags=["a", "b, c"])))

    assert item.tags == ["a", "b, c"]


async def test_an_event_of_another_method_and_path_too(app, visitor):
    item = await click_without_script(app, visitor, lambda item: Button("x", on_click(item.discard_all)))

    assert item.count == 0


async def test_a_form_sends_its_fields_and_what_is_fixed(app, visitor):
    await app.application.dispatch(Item.create().on("i"))

    @app.get("/{item}")
    def page(item: Item):
        return Form(on_submit(item.put, count=7), Input(name="name"))

    form = attributes((await visitor.open("/i")).main, "form")
    assert form["method"] == "post"
    await visitor.form(form["action"], {"name": "typed"})
    item = (await app.application.load(Item, "i")).entity
    assert (item.name, item.count) == ("typed", 7)


async def test_a_form_of_the_class_creates(app, visitor):
    app.get("/")(lambda: Form(on_submit(Item.create), Input(name="name")))

    form = attributes((await visitor.open("/")).main, "form")
    assert form["action"] == "/item/create"
    assert (await visitor.form(form["action"], {"name": "new"})).status == 303


async def test_a_reading_event_may_be_clicked_too(app, visitor):
    await app.application.dispatch(Item.create().on("i"))

    answer = await visitor.click(url_of(Item(id="i").peek))

    assert '"text":"peeked"' in answer.text


class TestTheExpression:
    def test_of_a_click(self):
        item = Item(id="i")

        assert on_click(item.put)["data-on:click__prevent"] == '@send("/item/i/put",{})'
        assert on_click(item.put, "x", 5)["data-on:click__prevent"] == '@send("/item/i/put",{"name":"x","count":5})'

    def test_of_a_question(self):
        expression = on_click(Item(id="i").discard_all)["data-on:click__prevent"]

        assert expression.startswith('@send("/item/i/throw/away",{},{confirm: "Really')
        assert "'" not in expression

    def test_of_a_form(self):
        assert on_submit(Item(id="i").put)["data-on:submit"] == '@send("/item/i/put")'
        assert on_submit(Item(id="i").put, count=1)["data-on:submit"] == '@send("/item/i/put?count=1")'

    def test_of_values_that_json_does_not_know(self):
        trip, days = Trip(id="t"), [date(2025, 1, 2), date(2025, 1, 3)]

        action = on_submit(trip.move, day=days[0], days=days, guide=Item(id="i"))["action"]
        assert action == "/trip/t/move?day=2025-01-02&days=2025-01-02&days=2025-01-03&guide=i"
        click = on_click(trip.move, days[0], days, Item(id="i"))
        assert click["formaction"] == action
        assert '{"day":"2025-01-02","days":["2025-01-02","2025-01-03"],"guide":"i"}' in click["data-on:click__prevent"]

    def test_of_a_fixed_argument_that_the_event_does_not_take(self):
        with pytest.raises(DefinitionError, match=r"move\(\) takes no argument 'dya'; did you mean 'day'"):
            on_submit(Trip(id="t").move, dya=1)

    @pytest.mark.parametrize("make", [lambda event: on_change(event), lambda event: on_input(event, "count")])
    def test_of_a_question_that_a_field_could_not_ask(self, make):
        with pytest.raises(DefinitionError, match="a field sends without asking; use on_click or on_submit"):
            make(Item(id="i").discard_all)

    def test_of_an_input(self):
        ((trigger, expression),) = on_input(Item(id="i").put, "name", delay=50).items()

        assert trigger == "data-on:input__debounce.50ms"
        assert expression.startswith('@send("/item/i/put",{"name": el.type')
        assert "latest: true" in expression

    def test_of_a_change(self):
        assert on_change(Item(id="i").put) == {"data-on:change": '@send("/item/i/put",{})'}
        assert '"name": el.type' in on_change(Item(id="i").update, "name")["data-on:change"]

    def test_holds_no_text_that_could_leave_it(self):
        hostile = "');alert(1)//\"}}`${x}@get('/x')</script>"

        expression = on_click(Item(id="i").put, hostile)["data-on:click__prevent"]

        assert "'" not in expression
        assert "<" not in expression
        assert expression.count("@") == 1
        assert "$" not in expression


class TestAMistake:
    @pytest.mark.parametrize("wrong", [None, "put", lambda: None, Item.put("x")])
    def test_is_something_that_is_no_event(self, wrong):
        with pytest.raises(DefinitionError, match="is not an event"):
            on_click(wrong)

    def test_is_an_event_of_one_item_given_from_the_class(self):
        with pytest.raises(DefinitionError, match="from the instance"):
            on_click(Item.put)

    def test_is_an_argument_that_the_event_does_not_take(self):
        with pytest.raises(TypeError, match="put"):
            on_click(Item(id="i").put, wrong=1)
        with pytest.raises(DefinitionError, match="'nam'"):
            on_input(Item(id="i").put, "nam")

    def test_is_the_same_path_for_two_events(self, build):
        class Twice(Entity):
            @event(path="x")
            def one(self) -> None: ...

            @event(path="/x/")
            def two(self) -> None: ...

        with pytest.raises(DefinitionError, match=r"one.*two|two.*one"):
            build(Twice)
