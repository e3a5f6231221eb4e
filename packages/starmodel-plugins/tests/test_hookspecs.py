"""Every hook is documented, and every hook has a test here that takes part in it."""

from __future__ import annotations

import inspect
import sys
from types import SimpleNamespace

import pytest

from starmodel.plugins import Mounted, PluginHost, PluginSetting, Route, hookimpl, hookspecs

pytestmark = pytest.mark.anyio


def host_with(function):
    """Return a strict host whose one plugin takes part in the hook named as *function*."""

    class Plugin:
        pass

    setattr(Plugin, function.__name__, staticmethod(hookimpl(function)))
    host = PluginHost(strict=True)
    host.add(Plugin())
    return host


def value_of(host, hook, **arguments):
    (answer,) = host.each(hook, **arguments)
    return answer.value


def test_starmodel_plugin_info():
    def starmodel_plugin_info():
        return {"title": "Weather"}

    assert value_of(host_with(starmodel_plugin_info), "starmodel_plugin_info") == {"title": "Weather"}


async def test_starmodel_startup():
    async def starmodel_startup(app):
        app.append("open")

    app = []
    await host_with(starmodel_startup).startup(app)
    assert app == ["open"]


async def test_starmodel_shutdown():
    async def starmodel_shutdown(app):
        app.append("closed")

    app = []
    await host_with(starmodel_shutdown).shutdown(app)
    assert app == ["closed"]


def test_starmodel_settings():
    def starmodel_settings():
        return [PluginSetting("WEATHER_URL", "Where the weather comes from.")]

    (setting,) = host_with(starmodel_settings).collect("starmodel_settings")
    assert (setting.name, setting.required, setting.secret) == ("WEATHER_URL", False, False)


def test_starmodel_register():
    def starmodel_register(registry):
        registry.append("papyrus")

    registry = []
    value_of(host_with(starmodel_register), "starmodel_register", registry=registry)
    assert registry == ["papyrus"]


def test_starmodel_entities():
    def starmodel_entities():
        return [int, str]

    assert host_with(starmodel_entities).collect("starmodel_entities") == [int, str]


def test_starmodel_ui_adapter():
    def starmodel_ui_adapter(name):
        return f"the kit {name}" if name == "sea" else None

    host = host_with(starmodel_ui_adapter)
    assert host.first("starmodel_ui_adapter", name="sea").value == "the kit sea"
    assert host.first("starmodel_ui_adapter", name="land") is None


def test_starmodel_auth_providers():
    def starmodel_auth_providers():
        return ["who"]

    assert host_with(starmodel_auth_providers).items("starmodel_auth_providers")[0].value == "who"


def test_starmodel_mounts():
    def starmodel_mounts(app):
        return [SimpleNamespace(path="/weather", app=app)]

    (mount,) = host_with(starmodel_mounts).collect("starmodel_mounts", app="asgi")
    assert isinstance(mount, Mounted)
    assert (mount.path, mount.app) == ("/weather", "asgi")


def test_starmodel_ui_field():
    def starmodel_ui_field(kind, field, mode):
        return str.upper if (kind, field, mode) == (str, "title", "cell") else None

    host = host_with(starmodel_ui_field)
    assert host.first("starmodel_ui_field", kind=str, field="title", mode="cell").value("x") == "X"
    assert host.first("starmodel_ui_field", kind=str, field="title", mode="fact") is None


def test_starmodel_nav():
    def starmodel_nav(actor):
        return [f"{actor}'s weather"]

    assert host_with(starmodel_nav).collect("starmodel_nav", actor="ada") == ["ada's weather"]


async def test_starmodel_dash_tiles():
    async def starmodel_dash_tiles(actor):
        return [1, actor]

    tiles = await host_with(starmodel_dash_tiles).aitems("starmodel_dash_tiles", actor="ada")
    assert [tile.value for tile in tiles] == [1, "ada"]


async def test_starmodel_panels():
    def starmodel_panels(slot, entity):
        return [slot, entity]

    arguments = {"slot": "list", "actor": "ada", "entity": int}
    panels = await host_with(starmodel_panels).aitems("starmodel_panels", **arguments)
    assert [panel.value for panel in panels] == ["list", int]


def test_starmodel_routes():
    class Page:
        def matches(self, scope): ...
        async def handle(self, scope, receive, send): ...

    def starmodel_routes(app):
        return [Page()]

    (route,) = host_with(starmodel_routes).collect("starmodel_routes", app=None)
    assert isinstance(route, Route)


def test_starmodel_middleware():
    def starmodel_middleware(app):
        return [lambda inner: ("wrapped", inner)]

    (wrap,) = host_with(starmodel_middleware).collect("starmodel_middleware", app=None)
    assert wrap("inner") == ("wrapped", "inner")


def test_starmodel_page_head():
    def starmodel_page_head(request):
        return [f"<title>{request}</title>"]

    items = host_with(starmodel_page_head).collect("starmodel_page_head", request="home")
    assert items == ["<title>home</title>"]


async def test_starmodel_authorize():
    def starmodel_authorize(actor, command):
        return actor == command

    host = host_with(starmodel_authorize)
    assert (await host.authorize("ada", "ada")).allowed is True
    assert (await host.authorize("ada", "bob")).allowed is False


def test_starmodel_health_checks():
    def starmodel_health_checks():
        return {"disk": lambda: True}

    assert value_of(host_with(starmodel_health_checks), "starmodel_health_checks")["disk"]() is True


def specifications():
    return {name: value for name, value in vars(hookspecs).items() if hasattr(value, "starmodel_spec")}


def test_every_hook_has_its_test_here():
    tests = {name.removeprefix("test_") for name in vars(sys.modules[__name__]) if name.startswith("test_starmodel_")}
    assert tests == specifications().keys() == {hook.name for hook in PluginHost().hooks}


@pytest.mark.parametrize("hook", specifications())
def test_every_hook_is_documented_and_typed(hook):
    function = specifications()[hook]
    assert inspect.getdoc(function).splitlines()[0].endswith(".")
    assert hook in hookspecs.__all__
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(one.annotation is not inspect.Parameter.empty for one in signature.parameters.values())


def test_any_argument_may_be_left_out():
    def starmodel_page_head():
        return ["x"]

    assert host_with(starmodel_page_head).collect("starmodel_page_head", request=None) == ["x"]
