"""The first page of an application that has none of its own, and the pages of errors in the same frame."""

from __future__ import annotations

import re

import pytest
from asgi_visitors import Visitor
from fasthtml.common import H1

from starmodel.adapters.fasthtml.plain import PlainKit
from starmodel.core import Entity, Unit, event
from starmodel.core.actors import ALLOWED, Decision


class Task(Entity):
    title: str = ""
    done: bool = False

    @event
    @classmethod
    async def clear_done(cls) -> None:
        unit = Unit.current()
        for task in await unit.find(cls, {"done": True}):
            unit.delete(task)


class Person(Entity):
    name: str = ""
    model_config = {"plural": "People"}


class Inner(Entity):
    model_config = {"pages": False}


@pytest.fixture
async def app(start):
    return await start(Task, Person, Inner, title="Desk")


def tiles(text):
    return dict(re.findall(r'<a href="(/\w+)"><strong>([^<]*)</strong>', text))


async def make(app, kind, count, **fields):
    return [(await app.application.dispatch(kind.create(**fields))).entity for _ in range(count)]


class TestHome:
    async def test_it_says_how_many_there_are_of_each_class(self, app, visitor):
        await make(app, Task, 3)
        page = await visitor.open("/")
        assert tiles(page.main) == {"/task": "3", "/person": "0"}
        assert "<title>Desk</title>" in page.text

    async def test_it_has_the_events_of_classes_as_buttons(self, app, visitor):
        page = await visitor.open("/")
        assert re.search(r'<button[^>]*formaction="/task/clear_done"[^>]*>Tasks: Clear done</button>', page.main)
        assert "undo" not in page.main.lower()

    async def test_it_is_live_when_one_comes_or_goes(self, app, visitor):
        [task] = await make(app, Task, 1)
        page = await visitor.open("/")
        async with page.stream() as stream:
            await stream.hello()
            await make(app, Task, 1)
            assert "<strong>2</strong>" in str(await stream.until("datastar-patch-elements"))
            await app.application.dispatch(Task.update(title="x").on(task.id))
            await app.application.dispatch(Task.delete().on(task.id))
            assert "<strong>1</strong>" in str(await stream.next())

    async def test_it_counts_up_to_a_thousand(self, app, visitor, monkeypatch):
        monkeypatch.setattr("starmodel.adapters.fasthtml.crud.home._CAP", 4)
        await make(app, Task, 6)
        assert tiles((await visitor.get("/")).text)["/task"] == "4+"

    async def test_what_belongs_to_a_visitor_is_not_counted(self, app, visitor):
        await visitor.get("/")
        await app.application.dispatch(Task.create().on(visitor.id))
        assert tiles((await Visitor(app).get("/")).text)["/task"] == "0"

    async def test_only_what_may_be_seen_is_counted(self, start):
        class OnlyDone:
            def decide(self, actor, action, kind, id, entity, /):
                is_open = action != "read" or entity is None or getattr(entity, "done", True)
                return ALLOWED if is_open else Decision(allowed=False, hidden=True)

        app = await start(Task, policies=[OnlyDone()])
        await make(app, Task, 3)
        await make(app, Task, 2, done=True)
        assert tiles((await Visitor(app).get("/")).text) == {"/task": "2"}

    async def test_an_application_without_classes_is_told_what_to_do(self, start):
        page = await Visitor(await start()).get("/")
        assert page.status == 200
        assert "Nothing here yet" in page.text

    async def test_a_page_of_the_applications_own_takes_its_place(self, start, build):
        app = build(Task)

        @app.get("/")
        def home():
            return H1("Mine")

        page = await Visitor(await start(app=app)).get("/")
        assert "<h1>Mine</h1>" in page.text
        assert "tiles" not in page.text


class TestErrors:
    @pytest.mark.parametrize(
        ("path", "status", "words"),
        [
            ("/nothing", 404, "There is nothing at this address"),
            ("/task/none", 404, "There is nothing at this address"),
            ("/task?sort=titel", 400, "did you mean"),
            ("/task/undo", 405, "This address cannot be opened like a page"),
        ],
    )
    async def test_they_stand_in_the_frame_with_the_navigation(self, app, visitor, path, status, words):
        answer = await visitor.get(path)
        assert answer.status == status
        assert '<a href="/person">People</a>' in answer.text
        assert words in answer.text
        assert "<h1>" in answer.text

    async def test_a_refused_form_leads_back_to_its_page(self, app, visitor):
        answer = await visitor.form("/task/create", {"nonsense": "1"}, referer="http://localhost/task?q=x")
        assert answer.status == 422
        assert 'href="/task?q=x"' in answer.text
        assert '<a href="/person">People</a>' in answer.text

    async def test_a_list_that_is_asked_for_what_it_has_not_leads_to_itself(self, app, visitor):
        answer = await visitor.get("/task?nonsense=1")
        assert re.search(r'<a href="/task\?view=all"[^>]*>Show all</a>', answer.text)

    async def test_a_failure_has_its_id_in_the_frame(self, start, build, caplog):
        app = build(Task)

        @app.get("/broken")
        def broken():
            raise RuntimeError("secret words")

        answer = await Visitor(await start(app=app)).get("/broken")
        assert answer.status == 500
        assert '<a href="/task">Tasks</a>' in answer.text
        assert re.search(r"Id of this problem: ?<code>[0-9a-f]+</code>", answer.text)
        assert "secret words" not in answer.text

    async def test_a_kit_that_fails_leaves_the_error_without_a_frame(self, start, caplog):
        class Broken(PlainKit):
            def page(self, frame, content, /):
                raise RuntimeError("no frame")

        answer = await Visitor(await start(Task, ui=Broken())).get("/nothing")
        assert answer.status == 404
        assert "There is nothing at this address" in answer.text
        assert "could not be drawn" in caplog.text
