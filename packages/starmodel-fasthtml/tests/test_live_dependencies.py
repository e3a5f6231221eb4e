"""What an open page is told: its views when their entities change, the page itself when what it read has changed."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import pytest
from asgi_visitors import Visitor, idle, query_of
from fasthtml.common import A, Button, Div, Li, P, Redirect, Ul

from starmodel.adapters.fasthtml import Shared, find, load, on_click, show, view
from starmodel.adapters.fasthtml.tokens import PageToken
from starmodel.core import Entity, event
from starmodel.core.actors import ALLOWED, Decision
from starmodel.core.errors import NotFoundError
from starmodel.core.query import Query
from starmodel.core.unit import Unit
from starmodel.core.visibility import Private


class Task(Entity):
    title: str = "?"
    done: bool = False
    rank: int = 0
    due: dt.date | None = None
    pair: tuple[int, int] = (0, 0)
    margin: Private[int] = 0

    @event
    def toggle(self) -> None:
        self.done = not self.done

    @event
    async def swap(self, id: str) -> None:
        other = await Unit.current().get(Task, id)
        self.title, other.title = other.title, self.title

    @event
    async def set_both(self, id: str, title: str) -> None:
        other = await Unit.current().get(Task, id)
        self.title = other.title = title

    @event
    def raise_margin(self) -> None:
        self.margin += 1


@view
def row(task: Task):
    return Li(task.title, Button("x", on_click(task.toggle)))


@pytest.fixture
async def app(start):
    return await start(Task)


class Told:
    """An open page and what it is told, one command after the other."""

    def __init__(self, app, stream):
        self.app, self.stream = app, stream

    async def by(self, *commands):
        """Send commands and return what the tab is told of them: ``row`` for a view, ``page`` for a page made again."""
        for command in commands:
            await self.app.application.dispatch(command)
        # A last change that every page in here shows: what comes before it is all there is.
        await self.app.application.dispatch(Task.update(title=f"mark {len(self.stream.chunks)}").on("mark"))
        kinds = []
        while True:
            told = await self.stream.next()
            if "mark " in told.data and "-mark-" in told.data and "sm-page" not in told.data:
                return kinds
            kinds.append("page" if 'id="sm-page"' in told.data else "row" if "-row" in told.data else told.type)
            if "mark " in told.data:
                return kinds


@pytest.fixture
async def open_page(app, visitor):
    """Open the page of a function, which always shows a view of the entity ``mark`` as well."""
    streams = []

    async def open_page(body, path="/", target=None):
        await app.application.dispatch(Task.create(title="mark").on("mark"))

        @app.get(path)
        async def page():
            mark = await load(Task, "mark")
            return await body(), row(mark)

        stream = (await visitor.open(target or path)).stream()
        streams.append(stream)
        await stream.__aenter__()
        await stream.hello()
        return Told(app, stream)

    yield open_page
    for stream in streams:
        await stream.leave()


async def make(app, *ids, **fields):
    for id in ids:
        await app.application.dispatch(Task.create(title=id, **fields).on(id))


async def test_an_entity_in_a_view_is_patched_there_and_the_page_is_left_alone(app, open_page):
    await make(app, "a")

    async def body():
        return row(await load(Task, "a"))

    told = await open_page(body)

    assert await told.by(Task.update(title="new").on("a")) == ["row"]


async def test_an_entity_that_is_nowhere_on_the_page_is_none_of_its_business(app, open_page):
    await make(app, "a", "b")

    async def body():
        return row(await load(Task, "a"))

    told = await open_page(body)

    assert await told.by(Task.update(title="new").on("b"), Task.create(title="c"), Task.delete().on("b")) == []


async def test_a_field_that_the_page_read_makes_the_page_again(app, open_page):
    await make(app, "a")

    async def body():
        return P((await load(Task, "a")).title)

    told = await open_page(body)

    assert await told.by(Task.update(title="new").on("a")) == ["page"]


@pytest.mark.parametrize(
    "use", [lambda task: A("x", href=f"/task/{task.id}"), lambda task: Button("x", on_click(task.toggle))]
)
async def test_an_id_and_an_event_are_no_fields(app, open_page, use):
    await make(app, "a")

    async def body():
        return use(await load(Task, "a"))

    told = await open_page(body)

    assert await told.by(Task.update(title="new").on("a")) == []


async def test_an_entity_that_was_loaded_and_not_used_is_not_depended_on(app, open_page):
    await make(app, "a")

    async def body():
        await load(Task, "a")

    told = await open_page(body)

    assert await told.by(Task.update(title="new").on("a")) == []


async def test_a_field_shown_by_a_signal_is_all_that_is_sent(app, open_page):
    await make(app, "a")

    async def body():
        return show(await load(Task, "a"), "title")

    told = await open_page(body)

    assert await told.by(Task.update(title="new").on("a")) == ["datastar-patch-signals"]


async def test_two_entities_of_one_command_are_told_together(app, open_page):
    await make(app, "a", "b")

    async def body():
        return row(await load(Task, "a")), row(await load(Task, "b"))

    told = await open_page(body)

    assert await told.by(Task.swap("b").on("a")) == ["row", "row"]


class TestThePageAsTheBrowserHasIt:
    @pytest.fixture
    async def stream(self, app, visitor):
        await make(app, "a", "b")

        @app.get("/")
        async def home():
            return P("length", len((await load(Task, "a")).title)), row(await load(Task, "b"))

        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.update(title="1").on("a"))
            await stream.until("sm-page")
            yield stream

    async def test_is_not_sent_a_second_time(self, app, stream):
        await app.application.dispatch(Task.update(title="2").on("a"))
        await idle()
        await app.application.dispatch(Task.update(title="last").on("b"))

        assert "sm-page" not in (await stream.next()).data

    async def test_is_sent_when_a_view_has_changed_it_meanwhile(self, app, stream):
        await app.application.dispatch(Task.update(title="other").on("b"))
        await stream.until("other")
        await app.application.dispatch(Task.set_both("b", "b").on("a"))  # all looks as it did when it was made again

        assert "sm-page" in (await stream.next()).data


class TestAList:
    @pytest.mark.parametrize(
        ("where", "order", "command", "expected"),
        [
            ({"done": False}, (), Task.create(title="new"), ["page"]),
            ({"done": True}, (), Task.create(title="new"), []),
            ({"done": False}, (), Task.toggle().on("a"), ["page"]),
            ({"done": True}, (), Task.toggle().on("a"), ["page"]),
            ({"done": False}, (), Task.update(rank=5).on("a"), []),
            ({"done": True}, (), Task.update(rank=5).on("a"), []),
            ({"done": False}, ("rank",), Task.update(rank=5).on("a"), ["page"]),
            ({"done": False}, ("-rank",), Task.update(rank=5).on("a"), ["page"]),
            ({"done": True}, ("rank",), Task.update(rank=5).on("a"), []),
            ({"done": False}, (), Task.delete().on("a"), ["page"]),
            ({"done": True}, (), Task.delete().on("a"), []),
            ({"or": [{"rank": {"gt": 3}}, {"title": "z"}]}, (), Task.update(rank=5).on("a"), ["page"]),
            ({"not": {"rank": 5}}, (), Task.update(rank=5).on("a"), ["page"]),
            ({"title": {"startswith": "a"}}, (), Task.update(title="b").on("a"), ["page"]),
        ],
    )
    async def test_makes_the_page_again_when_other_entities_are_in_it(
        self, app, open_page, where, order, command, expected
    ):
        await make(app, "a")

        async def body():
            found = await find(Task, where, order=order)
            return Ul(*(Li(A("x", href=task.id)) for task in found if task.id != "mark"))

        told = await open_page(body)
        await told.by()

        assert await told.by(command) == expected

    @pytest.mark.parametrize(
        ("where", "fields"),
        [
            ({"due": {"lt": dt.date(2026, 1, 1)}}, {"due": dt.date(2025, 1, 1)}),
            ({"margin": {"gt": 0}}, None),
            ({"pair": (1, 2)}, {"pair": [1, 2]}),
        ],
        ids=["what JSON cannot hold", "what is private", "what JSON holds otherwise"],
    )
    async def test_by_a_condition_that_no_browser_may_carry_is_kept_up_to_date_too(self, app, open_page, where, fields):
        await make(app, "a")
        change = Task.raise_margin().on("a") if fields is None else Task.update(**fields).on("a")

        async def body():
            return Ul(*(Li(A("in the list", href=task.id)) for task in await find(Task, where)))

        told = await open_page(body)
        await app.application.dispatch(change)

        assert "in the list" in (await told.stream.until("sm-page")).data

    async def test_of_what_was_searched_for_is_kept_up_to_date_too(self, app, open_page):
        async def body():
            return Ul(*[Li(task.title) for task in await find(Task, search="milk")])

        await make(app, "a")
        told = await open_page(body)
        assert await told.by(Task.update(title="milk").on("a")) == ["page"]

    async def test_is_of_those_who_may_be_seen(self, start):
        class OnlyDone:
            def decide(self, actor, action, kind, id, entity):
                return (
                    ALLOWED if actor.trusted or entity is None or entity.done else Decision(allowed=False, hidden=True)
                )

        app = await start(Task, policies=[OnlyDone()])

        @app.get("/")
        async def home():
            return Ul(*(row(task) for task in await find(Task)))

        await make(app, "seen", done=True)
        await make(app, "unseen")
        page = await Visitor(app).open("/")
        assert "seen" in page.main
        assert "unseen" not in page.text

        async with page.stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.update(title="secret").on("unseen"))
            await app.application.dispatch(Task.toggle().on("seen"))
            assert "seen" not in (await stream.until("sm-page")).data
            await app.application.dispatch(Task.toggle().on("unseen"))
            assert "secret" in (await stream.until("sm-page")).data
            assert "secret" not in b"".join(stream.chunks[:-1]).decode()


class TestDeletion:
    async def test_of_what_a_view_shows_makes_the_page_again(self, app, visitor):
        await make(app, "a")

        @app.get("/")
        async def home():
            try:
                return row(await load(Task, "a"))
            except NotFoundError:
                return P("it is gone")

        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.delete().on("a"))

            assert "it is gone" in (await stream.next()).data

    async def test_of_what_the_page_is_about_says_so(self, app, visitor):
        await make(app, "a")

        @app.get("/{task}")
        def one(task: Task):
            return row(task)

        async with (await visitor.open("/a")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.delete().on("a"))

            assert "Not found" in (await stream.next()).data

    async def test_and_coming_back_is_told(self, app, visitor):
        await make(app, "a")

        @app.get("/")
        async def home():
            return [row(task) for task in await find(Task, {"title": {"startswith": "a"}})], P("list")

        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.delete().on("a"))
            assert "task-a-row" not in (await stream.next()).data
            await make(app, "a")
            assert "task-a-row" in (await stream.next()).data
            await app.application.dispatch(Task.update(title="a again").on("a"))
            assert "a again" in (await stream.next()).data


class TestMadeAgain:
    """A page made again is made as its own browser would get it."""

    @pytest.mark.parametrize(
        ("path", "target"),
        [
            ("/p/{name}", "/p/a%20b"),
            ("/p/{name}", "/p/100%25"),
            ("/p/{name}", "/p/a%2541"),
            ("/p/{name}", "/p/%C3%A4%E2%82%AC"),
            ("/p/{name}", "/p/a%3Fb"),
            ("/p/{name}", "/p/a%23b"),
            ("/p/{name}", "/p/a+b;c=d"),
            ("/p/{name:path}", "/p//evil.example/x"),
        ],
    )
    async def test_at_the_same_path(self, app, visitor, path, target):
        await make(app, "a")

        @app.get(path)
        async def page(name: str, q: str = ""):
            return P(f"[{name!r} {q!r} {(await load(Task, 'a')).title}]")

        opened = await visitor.open(f"{target}?q=1%262+3")
        said = opened.main.strip()
        async with opened.stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.update(title="new").on("a"))

            assert said.replace(" a]", " new]") in (await stream.next()).data

    async def test_for_the_same_visitor_with_the_same_session(self, app, visitor):
        @app.get("/")
        async def home(session, task: Annotated[Task, Shared("t")]):
            session.setdefault("name", "Ada")
            return P(session["name"], task.title)

        page = await visitor.open("/")
        async with page.stream() as stream:
            await stream.hello()
            await visitor.post("/task/t/update", {"title": "new"})
            told = await stream.next()
        assert "Ada" in told.data
        assert "new" in told.data

    async def test_with_the_nonce_that_its_browser_knows(self, app, visitor):
        from fasthtml.common import Script

        await make(app, "a")

        @app.get("/")
        async def home():
            return Script("x()"), P((await load(Task, "a")).title)

        page = await visitor.open("/")
        nonce = page.main.partition('nonce="')[2].partition('"')[0]
        async with page.stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.update(title="new").on("a"))

            assert f'nonce="{nonce}"' in (await stream.next()).data

    async def test_with_the_state_of_the_servers_life(self, build):
        async def lifespan(app):
            yield {"greeting": "hello"}

        app = build(Task, lifespan=lifespan)

        @app.get("/")
        async def home(req):
            return P(req.state.greeting, (await load(Task, "a")).title)

        async with app.router.lifespan_context(app) as state:
            visitor = _WithState(app, state)
            await make(app, "a")
            async with (await visitor.open("/")).stream() as stream:
                await stream.hello()
                await app.application.dispatch(Task.update(title="new").on("a"))

                assert "hello" in (await stream.next()).data

    async def test_depends_on_what_it_reads_then(self, app, visitor):
        await make(app, "a", "b")

        @app.get("/")
        async def home():
            shown = (await load(Task, "a")).title
            return row(await load(Task, "b")) if shown == "show b" else P(shown)

        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.update(title="show b").on("a"))
            assert "task-b-row" in (await stream.next()).data
            await app.application.dispatch(Task.update(title="b changed").on("b"))
            assert "b changed" in (await stream.next()).data
            await app.application.dispatch(Task.update(title="not any more").on("a"))
            assert "not any more" in (await stream.next()).data
            await app.application.dispatch(
                Task.update(title="unseen").on("b"),
            )
            await app.application.dispatch(Task.update(title="last").on("a"))
            assert "last" in (await stream.next()).data

    async def test_and_failing_leaves_the_open_page_as_it_is(self, app, visitor, caplog):
        await make(app, "a")

        @app.get("/")
        async def home():
            title = (await load(Task, "a")).title
            if title == "bad":
                raise RuntimeError("cannot")
            return P(title)

        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.update(title="bad").on("a"))
            await app.application.dispatch(Task.update(title="good").on("a"))

            assert "good" in (await stream.next()).data

    async def test_and_leading_elsewhere_takes_the_browser_there(self, app, visitor):
        await make(app, "a")

        @app.get("/")
        async def home():
            return Redirect("/done") if (await load(Task, "a")).done else P("open")

        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.toggle().on("a"))

            assert '"go":"/done"' in (await stream.next()).data

    async def test_is_not_told_of_what_it_shows_already(self, app, visitor):
        await make(app, "a", "b")

        @app.get("/")
        async def home():
            if (await load(Task, "b")).done:  # this change comes after the place the page begins at, and is on it
                await app.application.dispatch(Task.update(title="on the page").on("a"))
                await idle()
            return row(await load(Task, "a"))

        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.toggle().on("b"))
            assert "on the page" in (await stream.until("sm-page")).data
            await app.application.dispatch(Task.update(title="next").on("a"))

            assert "next" in (await stream.next()).data

    async def test_sees_the_headers_of_a_page_and_not_of_a_stream(self, app, visitor):
        await make(app, "a")

        @app.get("/")
        async def home(req):
            return P((await load(Task, "a")).title, "last-event-id" in req.headers)

        page = await visitor.open("/")
        async with page.stream(last_event_id=page.after) as stream:
            await stream.hello()
            await app.application.dispatch(Task.update(title="new").on("a"))

            assert "False" in (await stream.next()).data

    async def test_is_told_of_what_changed_while_it_was_made(self, app, visitor):
        await make(app, "a", done=True)

        @app.get("/")
        async def home():
            found = [row(task) for task in await find(Task, {"done": False})]
            if found:  # whatever happens now is not on this page yet
                await app.application.dispatch(Task.update(title="changed meanwhile").on("a"))
                await idle()
            return Div(*found), P("list")

        async with (await visitor.open("/")).stream() as stream:
            await stream.hello()
            await app.application.dispatch(Task.toggle().on("a"))
            await stream.until("sm-page")

            assert "changed meanwhile" in (await stream.next()).data


class _WithState(Visitor):
    """Asks as a server does whose lifespan has left something for every request."""

    def __init__(self, app, state):
        super().__init__(app)
        self._state = state

    def scope(self, method, target, headers=None):
        return {**super().scope(method, target, headers), "state": dict(self._state)}


class TestTheToken:
    """What a page depends on travels with it."""

    async def test_is_the_same_after_the_journey(self, app, visitor):
        await make(app, "a", "b")

        @app.get("/")
        async def home():
            a, b = await load(Task, "a"), await load(Task, "b")
            tasks = await find(Task, {"done": False}, order=["-rank"])
            return row(a), row(b), show(a, "title"), P(b.rank), P(len(tasks))

        page = await visitor.open("/?x=1")
        token = PageToken.read(query_of(page.url)["page"], app.runtime.signer)

        assert token.url == "/?x=1"
        assert set(token.views) == {("Task", "a"), ("Task", "b")}
        assert token.fields == {("Task", "b")}
        assert token.signals == {("Task", "a"): {"title"}}
        assert token.queries == (("Task", Query(where={"done": False}, order=("-rank",))),)
        assert token.kinds == {"Task"}

    async def test_of_a_long_list_fits_into_an_address(self, app, visitor):
        for number in range(1000):
            await app.application.dispatch(Task.create(title=str(number)))

        @app.get("/")
        async def home():
            return [(row(task), show(task, "title"), P(task.rank)) for task in await find(Task, limit=1000)]

        page = await visitor.open("/")

        assert page.is_live
        assert len(page.url) < 60_000, "what a server reads of a request's head ends at 64 KiB"

    async def test_of_a_page_that_is_too_long_is_left_out_and_the_page_stands(self, app, visitor, caplog):
        await make(app, "a")

        @app.get("/")
        async def home():
            task = await load(Task, "a")
            return [labelled(task, f"{number:x}" * 40) for number in range(5000)]

        page = await visitor.open("/")

        assert not page.is_live
        assert "too much" in caplog.text

    async def test_is_not_made_for_a_page_that_read_nothing(self, app, visitor):
        app.get("/")(lambda: P("x"))

        assert not (await visitor.open("/")).is_live


@view
def labelled(task: Task, label: str):
    return P(task.title)
