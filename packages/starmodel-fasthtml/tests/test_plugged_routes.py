"""Routes and mounts of plugins: behind the gate like every other, and none at an address that is taken."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from asgi_visitors import Visitor
from fasthtml.common import P
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from starmodel.core import Entity
from starmodel.core.actors import Actor
from starmodel.core.settings import AdapterSettings
from starmodel.plugins import HookFailedError, PluginHost, hookimpl

pytestmark = pytest.mark.anyio


class Town(Entity):
    name: str = ""


async def hello(request):
    body = await request.body()
    return PlainTextResponse(f"hello {request.method} {len(body)}")


async def mounted(scope, receive, send):
    await PlainTextResponse(f"mounted {scope['path']}")(scope, receive, send)


def routing(*routes, mounts=()):
    class Routing:
        @hookimpl
        def starmodel_routes(self):
            return list(routes)

        @hookimpl
        def starmodel_mounts(self):
            return list(mounts)

    return Routing()


def host_of(*plugins, **options):
    host = PluginHost(**options)
    for name, plugin in zip("abcd", plugins, strict=False):
        host.add(plugin, name)
    return host


@pytest.fixture
def served(build):
    """Return a function that makes an application with plugins, a visitor to it, and its records by name."""

    def served(*plugins, **options):
        app = build(Town, plugins=host_of(*plugins), **options)
        return app, Visitor(app), lambda: {one.name: one for one in app.runtime.plugins.records}

    return served


def mount(path, **more):
    return SimpleNamespace(path=path, app=mounted, **more)


async def test_a_route_and_a_mount_answer(served):
    _, visitor, records = served(routing(Route("/weather", hello), mounts=[mount("/sky/")]))
    assert (await visitor.get("/weather")).text == "hello GET 0"
    assert (await visitor.get("/sky/clouds")).text.startswith("mounted ")
    assert records()["a"].failures == 0


async def test_a_route_is_behind_the_gate_like_every_other(served):
    _, visitor, _ = served(routing(Route("/weather", hello, methods=["POST"]), mounts=[mount("/sky")]))
    foreign = {"origin": "https://evil.example", "sec_fetch_site": "cross-site"}
    for path in ("/weather", "/sky/x"):
        assert (await visitor.ask("POST", path, **foreign)).status == 403
        large = await visitor.ask("POST", path, b"x" * 20_000_000, origin="http://localhost")
        assert large.status == 413
    assert (await visitor.get("/sky/x")).header("x-content-type-options") == "nosniff"
    assert (await Visitor(visitor.app, host="evil.example").get("/sky/x")).status == 400


async def test_what_a_route_changes_goes_past_the_same_policies(served):
    async def rename(request: Request):
        runtime = request.app.state.starmodel
        actor = await runtime.actor(request.scope)
        await runtime.app.dispatch(Town.create(name="Ulm"), actor=actor)

    class Nobody:
        @hookimpl
        def starmodel_authorize(self):
            return False

    app, visitor, _ = served(routing(Route("/rename", rename, methods=["POST"])), Nobody())
    async with app.router.lifespan_context(app):
        answer = await visitor.ask("POST", "/rename", origin="http://localhost")
        assert answer.status == 403
        assert await app.application.count(Town) == 0


@pytest.mark.parametrize(
    "route",
    [
        Route("/", hello),
        Route("/town", hello),
        Route("/{x}/{y}", hello),
        Route("/town/{id}/update", hello, methods=["POST"]),
        Route("/_starmodel/{rest:path}", hello),
        Mount("/town", app=mounted),
        Mount("", app=mounted),
        "no route",
        lambda: None,
    ],
    ids=lambda route: str(getattr(route, "path", "none")) or "everything",
)
async def test_a_route_at_an_address_of_the_application_is_refused(served, route):
    _, visitor, records = served(routing(route, Route("/fine", hello)))
    assert records()["a"].failures == 1
    assert "starmodel_routes: " in records()["a"].error
    assert (await visitor.get("/fine")).text == "hello GET 0"
    assert "Town" in (await visitor.get("/town")).text


@pytest.mark.parametrize("path", ["", "/", "town", "/town", "/_starmodel", "/{x}", "//evil", "/weather"])
async def test_a_mount_that_cannot_stand_there_is_refused(served, path):
    _, visitor, records = served(routing(Route("/weather/now", hello), mounts=[mount(path), mount("/fine")]))
    assert records()["a"].failures == 1
    assert (await visitor.get("/fine/x")).text.startswith("mounted")
    assert (await visitor.get("/weather/now")).text == "hello GET 0"


async def test_of_two_plugins_at_one_address_the_first_stays(served):
    _, visitor, records = served(
        routing(Route("/weather/{town}", hello)), routing(Route("/weather/{place}", mounted), Route("/b", hello))
    )
    assert (await visitor.get("/weather/x")).text == "hello GET 0"
    assert (await visitor.get("/b")).status == 200
    assert "/weather/x, which the plugin a does; choose another path" in records()["b"].error


async def test_two_methods_of_one_path_are_two_addresses(served):
    _, _, records = served(
        routing(Route("/weather", hello, methods=["GET"])), routing(Route("/weather", hello, methods=["POST"]))
    )
    assert {record.failures for record in records().values()} == {0}


async def test_an_own_page_that_comes_later_takes_the_address_of_a_plugin(served):
    app, visitor, records = served(routing(Route("/weather", hello)))
    app.get("/weather")(lambda: P("ours"))
    assert "ours" in (await visitor.get("/weather")).text
    assert "/weather, which the application does" in records()["a"].error


def test_a_strict_host_raises_a_conflict(build):
    with pytest.raises(HookFailedError, match="would answer /town, which the class Town does"):
        build(Town, plugins=host_of(routing(Route("/town", hello)), strict=True))


def test_an_application_is_not_built_without_what_a_required_plugin_adds(build):
    class Guard:
        @hookimpl
        def starmodel_middleware(self):
            raise ZeroDivisionError

    host = host_of(Guard(), required=["a"])
    with pytest.raises(HookFailedError, match="'a' failed in starmodel_middleware"):
        build(Town, plugins=host)


async def test_middleware_that_cannot_wrap_is_left_out(served):
    class Torn:
        @hookimpl
        def starmodel_middleware(self):
            return [lambda app: 1 / 0, lambda app: "no application"]

    _, visitor, records = served(Torn())
    assert (await visitor.get("/town")).status == 200
    assert records()["a"].failures == 2


async def test_a_mount_is_asked_what_it_takes_and_told_to_drain(served):
    drained = []
    one = mount("/sky", takes=lambda scope: 20_000_000, drain=lambda: drained.append("sky"))
    app, visitor, _ = served(routing(mounts=[one]))
    large = await visitor.ask("POST", "/sky/x", b"x" * 10_000_000, origin="http://localhost")
    assert large.status == 200
    app.runtime.drain()
    assert drained == ["sky"]


async def test_a_plugin_says_who_sent_a_request(served):
    class Ada:
        async def identify(self, headers, session, visitor):
            return Actor("ada", visitor)

    class Auth:
        @hookimpl
        def starmodel_auth_providers(self):
            return ["no provider", Ada()]

    app, visitor, records = served(Auth())
    app.get("/me")(lambda req: P("x"))
    seen = []

    async def who(request):
        seen.append(await request.app.state.starmodel.actor(request.scope))
        return PlainTextResponse("x")

    app.router.routes.append(Route("/who", who))
    await visitor.get("/who")
    assert [actor.id for actor in seen] == ["ada"]
    assert "an auth provider has identify" in records()["a"].error


def test_settings_are_at_hand_while_the_application_is_built(build):
    seen = []

    class Reader:
        @hookimpl
        def starmodel_routes(self, app):
            seen.append(app.state.settings["WEATHER_URL"])
            return []

    settings = AdapterSettings(values={"WEATHER_URL": "https://sky.example", "WEATHER_KEY": "hush"})
    build(Town, plugins=host_of(Reader()), settings=settings)
    assert seen == ["https://sky.example"]
    assert "hush" not in repr(settings)
