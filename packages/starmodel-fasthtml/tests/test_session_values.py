"""What a session holds: JSON and not much of it, changed value by value, and read only where somebody looks."""

from __future__ import annotations

import asyncio
from enum import Enum
from html import unescape

import pytest
from asgi_visitors import Visitor
from fasthtml.common import P
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from starmodel.adapters.fasthtml.session import Session, SessionTooLargeError, SessionUnreadError, SessionValueError
from starmodel.adapters.fasthtml.sessions import Sessions
from starmodel.adapters.persistence.memory import MemorySessions
from starmodel.app.signing import Signer
from starmodel.core import Entity, event
from starmodel.core.actors import Actor
from starmodel.core.errors import ConfigurationError, StoreError
from starmodel.core.hooks import hookimpl
from starmodel.plugins import PluginHost


class Basket(Entity):
    items: int = 0

    @event
    def put(self) -> None:
        self.items += 1


class FarSessions(MemorySessions):
    """A store somewhere else: it counts what it is asked, takes a moment, and may be out of reach."""

    single_process = False
    instant = False

    def __init__(self):
        super().__init__()
        self.asked, self.is_away = [], False

    async def _ask(self, what):
        await asyncio.sleep(0)
        self.asked.append(what)
        if self.is_away:
            raise StoreError("the sessions cannot be reached")

    async def read(self, key, /, *, seconds):
        await self._ask("read")
        return await super().read(key, seconds=seconds)

    async def write(self, key, patch, /, *, seconds, instead_of=None):
        await self._ask("write")
        await super().write(key, patch, seconds=seconds, instead_of=instead_of)

    async def delete(self, key, /):
        await self._ask("delete")
        await super().delete(key)


class Color(Enum):
    RED = "red"


def pages(app):
    @app.get("/")
    def home(basket: Basket):
        return P(f"{basket.items} things of {basket.id}")

    @app.get("/set/{name}")
    def put(session, name: str):
        session[name] = name
        return P("set")

    @app.get("/more")
    def more(session):
        session.setdefault("list", []).append({"at": len(session["list"])})
        return P("more")

    @app.get("/all")
    def all_of_it(request: Request):
        return P(str(dict(request.session)))

    @app.get("/login")
    def login(session):
        session["user"] = "ada"
        session.rotate()
        return P("hello")

    @app.get("/logout")
    def logout(session):
        session.clear()
        return P("bye")

    @app.get("/late")
    def late(session):
        async def parts():
            yield b"begun"
            session["late"] = True

        return StreamingResponse(parts())

    return app


class BySession:
    async def identify(self, headers, session, visitor):
        return Actor(session["user"], visitor) if "user" in session else None


@pytest.fixture
def far():
    return FarSessions()


@pytest.fixture
async def app(start, build, far):
    return await start(app=pages(build(Basket, sessions=far)))


def fresh(**options):
    sessions = Sessions(Signer("x" * 32), **options)
    return Session(sessions, sessions.begin())


class TestAValue:
    @pytest.mark.parametrize(
        "value", ["", "ключ", 0, -1.5, True, None, [], {}, {"a": [1, {"b": None}]}, 2**70, "\ud800"]
    )
    async def test_comes_back_as_it_was(self, value):
        session = fresh()
        session["x"] = value
        await session.store()
        again = Session(session._sessions, session.visit)
        assert again["x"] == value

    @pytest.mark.parametrize(
        "value", [(1, 2), {1: 2}, {1, 2}, float("nan"), float("inf"), b"x", object(), Color.RED, [[(1,)]]]
    )
    def test_that_would_not_is_refused_where_it_is_set(self, value):
        session = fresh()
        with pytest.raises(SessionValueError, match=r"session\['x'\] cannot be kept: .* what JSON can"):
            session["x"] = value
        assert dict(session) == {}

    @pytest.mark.parametrize("name", ["", "x" * 201, "a\0b", "\ud800", 7])
    def test_has_a_name_that_can_be_read(self, name):
        with pytest.raises(SessionValueError, match="its name must be text"):
            fresh()[name] = 1

    def test_that_is_too_much_is_refused_and_leaves_the_rest(self):
        session = fresh()
        session["a"] = "x" * 40_000
        with pytest.raises(SessionTooLargeError, match=r"would have 80,0\d\d bytes, and 65,536 are allowed"):
            session["b"] = "x" * 40_000
        assert list(session) == ["a"]

    async def test_may_be_changed_inside(self, app):
        visitor = Visitor(app)
        for _ in range(3):
            await visitor.get("/more")
        assert "[{'at': 0}, {'at': 1}, {'at': 2}]" in unescape((await visitor.get("/all")).text)

    async def test_that_was_made_unfit_inside_is_an_error_and_changes_nothing(self, app):
        @app.get("/break")
        def unfit(session):
            session["list"].append(object())
            session["other"] = 1
            return P("broken")

        visitor = Visitor(app)
        await visitor.get("/more")
        assert (await visitor.get("/break")).status == 500
        assert "other" not in (await visitor.get("/all")).text


class TestTheStore:
    async def test_is_left_alone_by_whoever_does_not_look_at_the_session(self, app, far):
        visitor = Visitor(app)
        await visitor.get("/set/x")
        far.asked.clear()
        assert (await visitor.get("/")).status == 200
        assert (await visitor.post(f"/basket/{visitor.id}/put", {})).status == 200
        assert far.asked == []

    async def test_is_not_asked_about_a_visit_of_which_nothing_is_kept(self, start, build, far):
        visitor = Visitor(await start(app=pages(build(Basket, sessions=far, auth=[BySession()]))))
        for path in ("/", "/all", "/"):
            await visitor.get(path)
        await visitor.post(f"/basket/{visitor.id}/put", {})
        assert far.asked == []

    async def test_is_read_once_and_written_only_when_something_is_another(self, app, far):
        visitor = Visitor(app)
        await visitor.get("/set/x")
        far.asked.clear()
        await visitor.get("/set/x")
        assert far.asked == ["read"]
        await visitor.get("/set/y")
        assert far.asked == ["read", "read", "write"]

    async def test_keeps_what_two_tabs_change_at_once(self, app):
        visitor = Visitor(app)
        await visitor.get("/set/first")
        await asyncio.gather(*(visitor.get(f"/set/tab{number}") for number in range(5)))
        text = (await visitor.get("/all")).text
        assert all(f"tab{number}" in text for number in range(5))

    async def test_knows_no_id_of_a_cookie(self, app, far):
        visitor = Visitor(app)
        await visitor.get("/login")
        [key] = far._kept
        ((_, cookie),) = visitor.cookies.items()
        assert len(key) == 30
        assert key not in cookie
        assert cookie.partition("~")[0] not in str(far._kept)

    async def test_that_is_away_is_told_to_whoever_needs_it_alone(self, app, far):
        visitor = Visitor(app)
        await visitor.get("/set/x")
        far.is_away = True
        assert (await visitor.get("/all")).status == 503
        assert (await visitor.get("/")).status == 200

    async def test_that_is_away_at_a_logout_leaves_everything_as_it_was(self, app, far):
        visitor = Visitor(app)
        await visitor.get("/login")
        cookies, delete = dict(visitor.cookies), far.delete

        async def away(key):
            raise StoreError("the sessions cannot be reached")

        far.delete = away
        assert (await visitor.get("/logout")).status == 503
        assert visitor.cookies == cookies
        far.delete = delete
        assert "ada" in (await visitor.get("/all")).text
        assert (await visitor.get("/logout")).status == 200
        assert "ada" not in (await visitor.get("/all")).text
        assert len(far) == 0

    async def test_moves_a_session_with_everything_in_it(self, app, far):
        visitor = Visitor(app)
        await visitor.get("/set/cart")
        [before] = far._kept
        await visitor.get("/login")
        [after] = far._kept
        assert before != after
        text = (await visitor.get("/all")).text
        assert "cart" in text
        assert "ada" in text

    async def test_has_nothing_of_a_request_that_was_under_way_at_a_logout(self, app, far):
        visitor, slow = Visitor(app), Visitor(app)
        await visitor.get("/login")
        slow.cookies = dict(visitor.cookies)
        await visitor.get("/logout")
        assert (await slow.get("/set/x")).all("set-cookie") == []
        assert len(far) == 0

    async def test_hears_of_what_comes_after_the_answer_has_begun(self, app, caplog):
        visitor = Visitor(app)
        await visitor.get("/set/x")
        await visitor.get("/late")
        assert "late" in (await visitor.get("/all")).text
        await Visitor(app).get("/late")
        assert "began after its answer" in caplog.text


class TestWhoeverLooks:
    async def test_in_a_route_of_a_plugin_may(self, start, build):
        class Plugin:
            @hookimpl
            def starmodel_routes(self):
                async def answer(request):
                    return PlainTextResponse(str(request.session.get("x")))

                return [Route("/plugin", answer)]

        host = PluginHost()
        host.add(Plugin(), "plugin")
        visitor = Visitor(await start(app=pages(build(Basket, sessions=FarSessions(), plugins=host))))
        await visitor.get("/set/x")
        assert (await visitor.get("/plugin")).text == "x"

    async def test_before_every_page_may(self, start, build):
        def before(request):
            request.scope["auth"] = request.session.get("x")

        app = await start(app=pages(build(Basket, sessions=FarSessions(), before=[before])))

        @app.get("/auth")
        def who(auth):
            return P(auth)

        visitor = Visitor(app)
        await visitor.get("/set/x")
        assert ">x<" in (await visitor.get("/auth")).text

    async def test_elsewhere_is_told_what_to_do(self, far):
        session = fresh(store=far)
        assert dict(session) == {}, "of a new visit nothing can be kept"
        session["x"] = 1
        await session.store()
        again = Session(session._sessions, session.visit)
        with pytest.raises(SessionUnreadError, match=r"await request\.session\.read"):
            again.get("x")
        await again.read()
        assert again["x"] == 1


async def test_sessions_are_kept_where_they_were_told_to_be_or_nowhere(start, build):
    with pytest.raises(ConfigurationError, match="no store of this name that keeps sessions"):
        await start(app=build(Basket, sessions="redis"))


async def test_what_was_not_used_for_long_is_over():
    session = fresh(idle=0.02)
    session["x"] = 1
    await session.store()
    await asyncio.sleep(0.03)
    assert dict(Session(session._sessions, session.visit)) == {}


async def test_a_process_keeps_so_many_and_forgets_those_that_were_not_used_for_longest():
    store = MemorySessions(most=3, max_bytes=200)
    made = []
    for _ in range(5):
        made.append(fresh(store=store))
        made[-1]["x"] = 1
        await made[-1].store()
    assert [bool(Session(one._sessions, one.visit)) for one in made] == [False, False, True, True, True]
    made[4]["x"] = "y" * 196
    await made[4].store()
    assert len(store) == 1
