"""Entities as arguments of page functions, beside everything that FastHTML gives them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import pytest
from asgi_visitors import Visitor
from fasthtml.common import APIRouter, Div, Li, P, Ul
from starlette.requests import Request

from starmodel.adapters.fasthtml import Shared, find, load
from starmodel.core import Entity, event
from starmodel.core.errors import DefinitionError, EventError, QueryError
from starmodel.core.query import Query


class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1) -> None:
        self.count += amount


class Task(Entity):
    title: str
    done: bool = False


@pytest.fixture
async def app(start):
    return await start(Counter, Task)


async def text(visitor, path):
    return (await visitor.open(path)).main


async def test_each_visitor_gets_their_own(app, visitor):
    @app.get("/")
    def home(counter: Counter):
        return P(counter.count)

    assert "<p>0</p>" in await text(visitor, "/")
    await visitor.post(f"/counter/{visitor.id}/increment", {})
    assert "<p>1</p>" in await text(visitor, "/")
    assert "<p>0</p>" in await text(Visitor(app), "/")


async def test_everybody_gets_a_shared_one(app, visitor):
    @app.get("/")
    def home(counter: Annotated[Counter, Shared("lobby")]):
        return P(counter.count)

    assert "<p>0</p>" in await text(visitor, "/"), "it is there before anything was stored"
    await visitor.post("/counter/lobby/increment", {"amount": 5})
    assert "<p>5</p>" in await text(Visitor(app), "/")


@pytest.mark.parametrize("path", ["/task/{task}", "/task/{task_id}", "/task/{id}", "/task/{task:str}"])
async def test_the_path_names_one_by_its_id(app, visitor, path):
    @app.get(path)
    def one(task: Task):
        return P(task.title)

    id = (await visitor.post("/task/create", {"title": "dishes"})).json["id"]

    assert "<p>dishes</p>" in await text(visitor, f"/task/{id}")


async def test_it_does_so_also_in_a_part_of_a_step(app, visitor):
    @app.get("/counter-{counter}.html")
    def one(counter: Counter):
        return P(counter.count)

    id = (await visitor.post("/counter/create", {"count": 7})).json["id"]

    assert "<p>7</p>" in await text(visitor, f"/counter-{id}.html")


async def test_one_that_is_not_there_is_not_found(app, visitor):
    @app.get("/task/{task}")
    def one(task: Task):
        return P(task.title)

    answers = [await visitor.get(path) for path in ("/task/nobody", "/task/a%20b", "/task/..", f"/task/{'x' * 99}")]

    assert {answer.status for answer in answers} == {404}
    assert len({answer.without_nonce for answer in [*answers, await visitor.get("/no/such/page")]}) == 1


async def test_somebody_elses_own_is_not_found_by_its_id(app, visitor):
    @app.get("/counter/{counter}")
    def one(counter: Counter):
        return P(counter.count)

    @app.get("/")
    def own(counter: Counter):
        return P(counter.count)

    await visitor.get("/")
    assert (await visitor.get(f"/counter/{visitor.id}")).status == 200
    answer = await Visitor(app).get(f"/counter/{visitor.id}")
    nowhere = await Visitor(app).get("/counter/nobody")
    assert (answer.status, answer.without_nonce) == (404, nowhere.without_nonce)


async def test_a_list_is_what_a_query_finds(app, visitor):
    @app.get("/")
    def home(tasks: Annotated[list[Task], Query(where={"done": False}, order=("-title",), limit=2)]):
        return Ul(*(Li(task.title) for task in tasks))

    for title in "abc":
        await visitor.post("/task/create", {"title": title})
    await visitor.post("/task/create", {"title": "z", "done": True})

    main = await text(visitor, "/")
    assert main.index("<li>c") < main.index("<li>b")
    assert "<li>a" not in main
    assert "<li>z" not in main


async def test_a_list_without_a_query_is_all_of_them(app, visitor):
    @app.get("/")
    def home(tasks: list[Task]):
        return P(len(tasks))

    await visitor.post("/task/create", {"title": "a"})

    assert "<p>1</p>" in await text(visitor, "/")


async def test_an_async_page_may_find_and_load(app, visitor):
    @app.get("/")
    async def home():
        (task,) = await find(Task, {"title": "a"})
        return P((await load(Task, task.id)).title)

    await visitor.post("/task/create", {"title": "a"})

    assert "<p>a</p>" in await text(visitor, "/")


async def test_nobody_can_find_anything_outside_a_page():
    with pytest.raises(EventError, match="inside a page function"):
        await find(Task)


async def test_everything_else_is_as_fasthtml_gives_it(app, visitor):
    @app.get("/{section}")
    def page(
        counter: Counter,
        section: str,
        n: int,
        req: Request,
        session,
        tags: list[str],
        when: dt.date,
        q: str = "x",
    ):
        session["seen"] = n
        return P(counter.count, section, n + 1, req.method, session["seen"], "-".join(tags), when.year, q)

    assert "0news6GET5a-b2026x" in (await text(visitor, "/news?n=5&tags=a&tags=b&when=2026-01-02")).replace("\n", "")
    assert (await visitor.get("/news?when=2026-01-02")).status == 400
    assert (await visitor.get("/news?n=five&when=2026-01-02")).status == 404


async def test_a_posted_form_reaches_its_page(app, visitor):
    @app.post("/search")
    def search(counter: Counter, q: str):
        return P(counter.count, q)

    assert "0hits" in (await visitor.form("/search", {"q": "hits"})).text.replace("\n", "")


async def test_a_page_answers_get_alone_unless_it_says_otherwise(app, visitor):
    @app.route("/plain")
    def plain():
        return P("plain")

    def named():
        return P("named")

    named.__qualname__ = "named"  # as at module level
    app.route(named)

    @app.route("/both", methods=["get", "post"])
    def both():
        return P("both")

    @app.route("/verb")
    def post():
        return P("verb")

    assert (await visitor.get("/plain")).status == 200
    assert (await visitor.post("/plain")).status == 405
    assert (await visitor.get("/named")).status == 200
    assert (await visitor.post("/both")).status == 200
    assert (await visitor.post("/verb")).status == 200
    assert (await visitor.get("/verb")).status == 405


async def test_a_page_may_call_another(app, visitor):
    @app.get("/inner")
    def inner(counter: Counter):
        return P("inner", counter.count)

    @app.get("/outer")
    async def outer(counter: Counter):
        return Div(await inner(counter))

    assert "inner" in await text(visitor, "/outer")


async def test_a_closure_may_use_what_is_around_it(app, visitor):
    greeting = "hello"

    class Local(Entity):
        x: int = 7

    @app.get("/")
    def home(local: Local):
        return P(greeting, local.x, Local.__name__)

    assert "hello7Local" in (await text(visitor, "/")).replace("\n", "")
    assert (await visitor.post("/local/create", {})).status == 200, "and its events are open"


async def test_what_a_page_returns_may_be_known_to_a_checker_alone(app, visitor):
    def home(counter: Counter):
        return P(counter.count)

    home.__annotations__["return"] = "OnlyUnderTypeChecking"
    app.get("/")(home)

    assert (await visitor.get("/")).status == 200


async def test_the_pages_of_a_router_get_entities_too(app, visitor):
    router = APIRouter(prefix="/sub")

    @router.get("/home")
    def home(counter: Counter):
        return P("count", counter.count)

    router.to_app(app)
    page = await visitor.open("/sub/home?count=9&id=x")

    assert "count0" in page.main.replace("\n", "")
    assert page.is_live


async def test_the_methods_of_a_class_get_entities_too(app, visitor):
    @app.route("/cards")
    class Cards:
        @staticmethod
        def get(counter: Counter):
            return P("get", counter.count)

        @staticmethod
        def post(counter: Counter):
            return P("post", counter.count)

    assert "get0" in (await text(visitor, "/cards")).replace("\n", "")
    assert "post0" in (await visitor.form("/cards")).text.replace("\n", "").replace(" ", "")


class TestAWrongDeclaration:
    """Is refused where it is made, not when the first visitor comes."""

    def test_one_of_each_visitor_needs_every_default(self, build):
        with pytest.raises(DefinitionError, match="title"):

            @build(Task).get("/")
            def home(task: Task):
                return P(task.title)

    def test_so_does_a_shared_one(self, build):
        with pytest.raises(DefinitionError, match="title"):

            @build(Task).get("/")
            def home(task: Annotated[Task, Shared("lobby")]):
                return P(task.title)

    @pytest.mark.parametrize("id", ["visitor-1", "", "a b", "x" * 65])
    def test_the_id_of_a_shared_one_must_be_one(self, id):
        with pytest.raises(DefinitionError, match="Shared"):
            Shared(id)

    def test_a_query_must_fit(self, build):
        with pytest.raises(QueryError, match="titel"):

            @build(Task).get("/")
            def home(tasks: Annotated[list[Task], Query(where={"titel": "x"})]):
                return P(len(tasks))

    def test_an_entity_or_something_else_cannot_be_asked_for(self, build):
        with pytest.raises(DefinitionError, match="task"):

            @build(Task).get("/task/{task}")
            def home(task: Task | None):
                return P("x")

    def test_a_name_that_cannot_be_found_says_which(self, build):
        with pytest.raises(DefinitionError, match="Nowhere"):

            @build(Task).get("/")
            def home(thing: Nowhere):  # noqa: F821
                return P("x")


async def test_a_list_is_searched_for_words(app, visitor):
    @app.get("/")
    async def home(tasks: Annotated[list[Task], Query(search="MILK", order=("title",))]):
        found = await find(Task, search="buy  Bread")
        return Ul(*[Li(task.title) for task in tasks], *[P(task.title) for task in found])

    for title in ("Buy milk", "buy bread", "Milk the cow"):
        await visitor.post("/task/create", {"title": title})
    main = await text(visitor, "/")
    assert main.index("<li>Buy milk") < main.index("<li>Milk the cow")
    assert main.count("<li>") == 2
    assert main.count("<p>buy bread</p>") == 1
