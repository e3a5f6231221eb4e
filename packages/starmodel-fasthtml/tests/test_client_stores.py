"""What browsers keep: brought by each request, checked like everything from outside, and never kept by the server."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from typing import Annotated

import pytest
from asgi_visitors import Visitor, idle
from fasthtml.common import Div, P

from starmodel.adapters.fasthtml import Shared, find, show, view
from starmodel.adapters.fasthtml.browser import MAX_BYTES
from starmodel.core import Accept, DomainEvent, Entity, File, Private, Secret, StateStore, Unique, Unit, Was, event
from starmodel.core.errors import ConfigurationError, DefinitionError, PastNotKeptError, QueryError, RefusedError
from starmodel.testing import RecordingBus, application

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, kw_only=True)
class Filled(DomainEvent):
    count: int


class Basket(Entity):
    count: int = 0
    items: list[str] = []
    remark: Annotated[str, Was("note")] = ""
    model_config = {"store": StateStore.CLIENT_LOCAL, "ttl": 60}

    @event
    def put(self, item: str, times: int = 1) -> str:
        self.items = [*self.items, *[item] * times]
        self.count += times
        return f"put {item}"

    @event
    def tell(self) -> None:
        self.count += 1
        self.record(Filled(count=self.count))

    @event
    def order(self) -> None:
        self.count = 0
        Unit.current().add(Order(items=self.items))

    @event
    @classmethod
    def another(cls) -> Basket:
        return cls(count=1)

    def check(self) -> None:
        if self.count < 0:
            raise ValueError("a basket holds nothing less than nothing")


class Order(Entity):
    items: list[str] = []

    @event
    @classmethod
    def place(cls, basket: Basket) -> Order:
        return cls(items=basket.items)


@view
def face(basket: Basket):
    return Div(f"items={','.join(basket.items)};")


def pages(app):
    @app.get("/")
    def home(basket: Basket):
        return face(basket), P(show(basket, "count"))

    @app.get("/lobby")
    def lobby(basket: Annotated[Basket, Shared("lobby")], order: Annotated[Order, Shared("first")]):
        return face(basket), P(str(order.items))

    @app.get("/all")
    async def listed():
        return [face(one) for one in await find(Basket)]

    return app


@pytest.fixture
async def app(start, build):
    return await start(app=pages(build(Basket, Order, bus=RecordingBus())))


class Browser:
    """Keeps what it is told to keep, and brings it again, as the script of a page does."""

    def __init__(self, app) -> None:
        self.visitor = Visitor(app)
        self.kept: dict[str, dict] = {}

    async def open(self, path="/"):
        self.page = unescape((await self.visitor.open(path)).text)
        self.token = re.search(r'data-page="([^"]*)"', self.page)[1]
        return self.page

    @property
    def carried(self):
        return list(self.kept.values())

    async def send(self, target, **args):
        answer = await self.visitor.click(target, {**args, "_kept": self.carried})
        for one in told(answer, "sm-keep") or []:
            assert one["from"] == self.kept.get(one["id"], {"version": 0})["version"]
            self.kept[one["id"]] = {name: one[name] for name in ("entity", "id", "version", "schema", "data")}
            if one["data"] is None:
                del self.kept[one["id"]]
        return answer

    async def look(self, page=None):
        asked = {"page": page or self.token, "_kept": self.carried}
        return await self.visitor.post("/_starmodel/kept", asked, starmodel_request="1")


def told(answer, name):
    found = re.search(rf"event: {name}\ndata: (.*)\n", answer.text)
    return json.loads(found[1]) if found else None


@pytest.fixture
async def ada(app):
    made = Browser(app)
    await made.open()
    made.own = f"/basket/{made.visitor.id}"
    await made.send(f"{made.own}/put", item="pear")
    return made


async def test_a_page_names_what_it_shows_of_the_browsers_own_and_opens_no_stream_for_it(app):
    ada = Browser(app)
    page = await ada.open()
    shown = json.loads(re.search(r"data-kept=\"(\[.*?\])\"", page)[1])
    own = {"store": "client_local", "entity": "Basket", "id": ada.visitor.id, "version": 0}
    assert shown == [own]
    assert "sm-live" not in page
    assert app.runtime.assets.url("kept.js") in page


async def test_an_answer_takes_the_next_snapshot_back_and_the_server_keeps_nothing(app, ada):
    (kept,) = ada.carried
    assert json.loads(kept["data"]) == {"id": ada.visitor.id, "count": 1, "items": ["pear"], "remark": ""}
    assert "items=pear;" in (await ada.look()).text
    assert "items=;" in await Browser(app).open()
    assert "items=;" in await ada.open()
    assert await app.application.persistence.for_class(Basket).get(Basket, ada.visitor.id) is None


async def test_each_change_is_made_on_the_version_that_was_brought(ada):
    for item in ("fig", "plum"):
        before = ada.carried[0]["version"]
        answer = await ada.send(f"{ada.own}/put", item=item)
        (change,) = told(answer, "sm-keep")
        assert (change["from"], change["version"], change["ttl"]) == (before, before + 1, 60)
    assert "items=pear,fig,plum;" in (await ada.look()).text


async def test_a_command_that_is_sent_again_makes_the_same_of_the_same(ada):
    sent = {"item": "fig", "_kept": ada.carried}
    key = {"idempotency_key": "k"}
    first, second = [await ada.visitor.click(f"{ada.own}/put", sent, **key) for _ in range(2)]
    assert first.body == second.body


async def test_the_page_is_shown_anew_with_its_signals_and_marks(ada):
    answer = await ada.look()
    assert f'"version": {ada.carried[0]["version"]}' in unescape(answer.text)
    assert "datastar-patch-signals" in answer.text
    assert told(answer, "sm-live") == {"html": ""}
    assert "items=pear;" in await shown_of(ada)


async def shown_of(ada):
    return (await ada.look()).text


async def test_two_browsers_with_the_same_version_are_not_shown_each_others_values(app):
    first, second = Browser(app), Browser(app)
    for ada, item in ((first, "mine"), (second, "yours")):
        await ada.open("/lobby")
        await ada.send("/basket/lobby/put", item=item)
    second.kept["lobby"]["version"] = first.kept["lobby"]["version"]
    assert "items=mine;" in await shown_of(first)
    assert "items=yours;" in await shown_of(second)


async def test_a_server_entity_beside_it_keeps_its_stream_which_lets_the_browser_ask(app):
    ada = Browser(app)
    await ada.open("/lobby")
    page = await ada.visitor.open("/lobby")
    async with page.stream() as stream:
        await stream.hello()
        await app.application.dispatch(Order.update(items=["x"]).on("first"))
        asked = await stream.until("sm-ask")
    assert asked.type == "sm-ask"
    assert "'x'" in unescape(await shown_of(ada))


async def test_deleting_it_lets_the_browser_forget_it(ada):
    answer = await ada.send(f"{ada.own}/delete")
    assert told(answer, "sm-keep")[0]["data"] is None
    assert "items=;" in await shown_of(ada)


async def test_an_event_of_a_server_entity_reads_what_was_brought(app, ada):
    answer = await ada.send("/order/place", basket=ada.visitor.id)
    assert answer.status == 204
    assert (await app.application.find(Order)).items[0].entity.items == ["pear"]


async def test_a_form_brings_it_too(ada):
    fields = {"item": "fig", "_kept": json.dumps(ada.carried)}
    answer = await ada.visitor.form(f"{ada.own}/put", fields, starmodel_request="1")
    assert json.loads(told(answer, "sm-keep")[0]["data"])["items"] == ["pear", "fig"]


async def test_whoever_brings_nothing_is_told_where_it_is_kept(ada):
    for answer in (
        await ada.visitor.post(f"{ada.own}/put", {"item": "fig"}),
        await ada.visitor.form(f"{ada.own}/put", {"item": "fig"}, accept="text/html"),
    ):
        assert answer.status == 409
        assert "kept in the visitor's browser" in unescape(answer.text)


async def test_the_server_itself_cannot_change_it(app, ada):
    with pytest.raises(RefusedError, match="kept in the visitor's browser"):
        await app.application.dispatch(Basket.put("fig").on(ada.visitor.id))


async def test_no_second_one_can_be_made(ada):
    answer = await ada.send("/basket/another")
    assert answer.status == 409
    assert (await ada.send("/basket/create", count=3)).status == 404


BAD = {
    "wrong type": ({"count": "<b>"}, {}),
    "unknown field": ({"colour": "red"}, {}),
    "broken rule": ({"count": -1}, {}),
    "another id inside": ({"id": "lobby"}, {}),
    "a schema of before": ({}, {"schema": 0}),
    "no version": ({}, {"version": True}),
    "a version below": ({}, {"version": 0}),
    "no text": ({}, {"data": {"count": 1}}),
    "no JSON": ({}, {"data": "{"}),
    "a class of the server": ({}, {"entity": "Order"}),
    "no class": ({}, {"entity": "Nothing"}),
    "somebody else's": ({}, {"id": "visitor-0123456789abcdef0123456789abcdef"}),
    "an id of no page": ({}, {"id": "nowhere"}),
}


@pytest.mark.parametrize("name", BAD)
async def test_what_does_not_fit_is_refused_and_the_page_goes_on_afresh(ada, name):
    values, around = BAD[name]
    (kept,) = ada.carried
    data = json.dumps({**json.loads(kept["data"]), **values})
    ada.kept = {"one": {**kept, "data": data, **around}}

    refused = await ada.visitor.click(f"{ada.own}/put", {"item": "fig", "_kept": ada.carried})
    assert refused.status == 422
    assert "does not fit" in refused.json["detail"]
    assert refused.json["errors"][0]["loc"][0] == "_kept"
    assert "<b>" not in refused.text

    shown = await ada.look()
    assert told(shown, "sm-unfit")["entity"] == ada.carried[0]["entity"]
    assert "items=;" in shown.text


@pytest.mark.parametrize("sent", ["{", {}, [1], [{"entity": "Basket"}], [[]] * 101, "[" * 5000])
async def test_what_is_nothing_at_all_is_refused(ada, sent):
    answer = await ada.visitor.click(f"{ada.own}/put", {"item": "fig", "_kept": sent})
    assert answer.status == 422


async def test_a_field_is_found_under_its_former_name(ada):
    kept = ada.kept[ada.visitor.id]
    data = {name: value for name, value in json.loads(kept["data"]).items() if name != "remark"}
    kept["data"] = json.dumps({**data, "note": "ripe"})
    answer = await ada.send(f"{ada.own}/put", item="fig")
    assert json.loads(told(answer, "sm-keep")[0]["data"])["remark"] == "ripe"


async def test_what_would_be_too_large_is_not_kept(ada):
    answer = await ada.send(f"{ada.own}/put", item="x" * 1000, times=MAX_BYTES // 1000)
    assert answer.status == 413
    assert "512 K" in answer.json["detail"]
    assert "items=pear;" in await shown_of(ada)


async def test_nothing_of_it_goes_to_the_bus_and_what_it_recorded_to_handlers_here(app, ada):
    heard = []
    app.on(Filled)(heard.append)
    await ada.send(f"{ada.own}/tell")
    await idle()
    assert [recorded.event for recorded in heard] == [Filled(count=2)]
    assert app.application.bus.published == []


async def test_an_event_that_would_change_the_server_as_well_is_refused(ada):
    answer = await ada.send(f"{ada.own}/order")
    assert answer.status == 500
    assert told(answer, "sm-keep") is None


async def test_a_page_that_was_not_made_here_is_stale(ada):
    assert "sm-stale" in (await ada.look("/_starmodel/live.abc")).text


async def test_there_is_no_list_of_them_anywhere(app, ada):
    with pytest.raises(QueryError, match="no list"):
        await app.application.find(Basket)
    assert (await ada.visitor.get("/all")).status == 400
    nothing = await ada.visitor.get("/basket", accept="text/html")
    assert (nothing.status, "kept in each visitor's browser" in unescape(nothing.text)) == (404, True)
    with pytest.raises(DefinitionError, match="cannot ask for a list"):

        @app.get("/more")
        def more(baskets: list[Basket]):
            return baskets


async def test_there_is_no_past_of_it(app, ada):
    store = app.application.persistence.for_class(Basket)
    with pytest.raises(PastNotKeptError, match="no log"):
        await store.history(Basket, ada.visitor.id)
    with pytest.raises(PastNotKeptError):
        await store.commit_of("x")
    assert "undo" not in app.application.catalog.handlers(Basket)


@dataclass(frozen=True)
class Part:
    cost: Private[int] = 0


def kept_class(**parts):
    def fill(space):
        space["__annotations__"] = parts
        space["__module__"] = __name__
        space["model_config"] = {"store": StateStore.CLIENT_SESSION}

    import types

    return types.new_class("Kept", (Entity,), exec_body=fill)


@pytest.mark.parametrize("annotation", [Private[int], Secret[str]])
async def test_what_may_not_leave_the_server_cannot_be_kept_in_a_browser(annotation):
    with pytest.raises(DefinitionError, match="may not leave the server"):
        application(kept_class(hidden=annotation))


async def test_an_entity_with_hidden_fields_cannot_be_kept_within_another():
    class Account(Entity):
        margin: Private[int] = 0

    with pytest.raises(DefinitionError, match=r"Account\.margin"):
        application(kept_class(account=Account))


async def test_a_file_cannot_be_kept_in_a_browser():
    with pytest.raises(DefinitionError, match="browser keeps none"):
        application(kept_class(photo=Annotated[File | None, Accept("image/png")]))


async def test_what_is_unique_cannot_be_kept_in_a_browser():
    with pytest.raises(DefinitionError, match="is Unique"):
        application(kept_class(code=Annotated[str, Unique()]))


@pytest.mark.parametrize("setting", [{"pages": True}, {"api": True}, {"default_events": ["create"]}])
async def test_lists_cannot_be_asked_for(setting):
    with pytest.raises(DefinitionError, match="browser"):
        type("Kept", (Entity,), {"model_config": {"store": "client_local", **setting}})


async def test_a_browser_is_no_default_store():
    with pytest.raises(ConfigurationError, match="model_config"):
        application(default_store="client_local")


async def test_the_summary_says_where_they_are():
    assert application(Basket).summary()["client_local"] == "in each browser"
