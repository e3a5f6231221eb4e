"""Every hook is documented, and every hook has a test here that takes part in it."""

from __future__ import annotations

import inspect
import sys
from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from starmodel.core import Command
from starmodel.core.actors import Actor, Decision
from starmodel.core.contributions import Finding, Metric, Sample, ScaffoldTemplate
from starmodel.core.errors import ForbiddenError
from starmodel.plugins import (
    EventMoments,
    Mounted,
    PluginHost,
    PluginSetting,
    Route,
    amended,
    hookimpl,
    hookspecs,
    metrics_of,
)

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


def moments_of(function):
    """Return what an application asks around its commands, with the one plugin that *function* is the part of."""
    return EventMoments.of(host_with(function))


SENT, ADA = Command(entity="Counter", event="add", args={}), Actor("ada")


async def test_starmodel_before_event():
    async def starmodel_before_event(command, actor):
        return Decision(allowed=False, why=f"{actor.id} may not {command.event}")

    with pytest.raises(ForbiddenError, match="ada may not add"):
        await moments_of(starmodel_before_event).before(SENT, ADA)


async def test_starmodel_wrap_event():
    told = []

    @asynccontextmanager
    async def starmodel_wrap_event(command, actor):
        told.append((command.event, actor.id))
        yield
        told.append("left")

    async with moments_of(starmodel_wrap_event).around(SENT, ADA):
        assert told == [("add", "ada")]
    assert told[1:] == ["left"]


async def test_starmodel_after_event():
    async def starmodel_after_event(command, actor, outcome):
        outcome.append((command.event, actor.id))

    moments, outcome = moments_of(starmodel_after_event), []
    moments.after(SENT, ADA, outcome)
    await moments.close()
    assert outcome == [("add", "ada")]


async def test_starmodel_event_failed():
    def starmodel_event_failed(command, actor, error):
        error.append((command.event, actor.id))

    moments, error = moments_of(starmodel_event_failed), []
    moments.failed(SENT, ADA, error)
    await moments.close()
    assert error == [("add", "ada")]


async def test_starmodel_domain_event():
    async def starmodel_domain_event(event, commit):
        event.append(commit)

    (listener,) = moments_of(starmodel_domain_event).listeners.values()
    event = []
    await listener(event)
    assert event == [None]  # told outside of a commit, as from where it was parked


async def test_starmodel_metrics():
    async def starmodel_metrics():
        return [Metric("depth", "How deep it is.", [Sample(3)])]

    (metric,) = await metrics_of(host_with(starmodel_metrics))
    assert metric.samples == [Sample(3)]


def test_starmodel_openapi():
    def starmodel_openapi(document):
        document["info"]["title"] = "Weather"

    before = {"info": {"title": "Shop"}}
    assert amended(host_with(starmodel_openapi), "starmodel_openapi", before) == {"info": {"title": "Weather"}}
    assert before == {"info": {"title": "Shop"}}


def test_starmodel_cli():
    def starmodel_cli(app):
        app.append("weather")

    app = []
    host_with(starmodel_cli).each("starmodel_cli", app=app)
    assert app == ["weather"]


def test_starmodel_scaffold_templates(tmp_path):
    def starmodel_scaffold_templates():
        return [ScaffoldTemplate("weather", tmp_path)]

    (template,) = host_with(starmodel_scaffold_templates).collect("starmodel_scaffold_templates")
    assert template.name == "weather"


async def test_starmodel_doctor():
    async def starmodel_doctor():
        return [Finding("weather station", "warning", "it does not answer")]

    (answer,) = await host_with(starmodel_doctor).aeach("starmodel_doctor")
    assert answer.value[0].status == "warning"


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
