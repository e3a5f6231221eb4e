"""What plugins add to pages: each piece stands where it belongs, and one that fails costs itself."""

from __future__ import annotations

import asyncio

import pytest
from asgi_visitors import Visitor
from fasthtml.common import B, P, Strong

from starmodel.core import SYSTEM, Entity
from starmodel.core.ui import Link, Panel, Tile
from starmodel.plugins import PluginHost, hookimpl

pytestmark = pytest.mark.anyio


class Town(Entity):
    name: str = ""
    people: int = 0


class Weather:
    """One of everything that stands on a page."""

    @hookimpl
    def starmodel_nav(self, actor):
        return [Link(label="Weather", href="/weather", icon="cloud"), Link(label=f"<i>{actor.id}</i>", href="/me")]

    @hookimpl
    async def starmodel_dash_tiles(self, actor):
        return [Tile(link=Link(label="Degrees", href="/weather"), value=B("21 °C")), Tile(link=WAY, value=12345)]

    @hookimpl
    async def starmodel_panels(self, slot, actor, entity):
        called = entity.name if slot == "detail" else entity.__name__
        return [Panel(title=f"Sky over {called}", content=[P("blue <sky>"), "and <b>text</b>"])]

    @hookimpl
    def starmodel_ui_field(self, kind, field, mode):
        drawn = {"cell": lambda town: Strong(f"{town.people} heads"), "fact": lambda town: f"<{town.people}>"}
        return drawn.get(mode) if field == "people" else None


WAY = Link(label="Clouds", href="/clouds")
BROKEN = [
    ("starmodel_nav", lambda *_: ["no link"]),
    ("starmodel_nav", lambda *_: [Link(label="x", href="javascript:alert(1)")]),
    ("starmodel_nav", lambda *_: 1 / 0),
    ("starmodel_dash_tiles", lambda *_: [("a", 1)]),
    ("starmodel_dash_tiles", lambda *_: 1 / 0),
    ("starmodel_panels", lambda *_: [Panel(title="x", content=3)]),
    ("starmodel_panels", lambda *_: "text"),
    ("starmodel_ui_field", lambda *_: "no function"),
    ("starmodel_ui_field", lambda *_: lambda *_: 1 / 0),
]


def broken(hook, answer):
    class Broken:
        @hookimpl(specname=hook)
        def part(self):
            return answer()

    return Broken()


def host_of(*plugins, **options):
    host = PluginHost(**options)
    for number, plugin in enumerate(plugins):
        host.add(plugin, f"{type(plugin).__name__.lower()}{number}")
    return host


@pytest.fixture
async def town(start):
    """Return a function that makes an application with plugins, a visitor to it, and a town."""

    async def town(*plugins, **options):
        app = await start(Town, plugins=host_of(*plugins, **options))
        made = await app.application.dispatch(Town.create(name="Ulm", people=7), actor=SYSTEM)
        return app, Visitor(app), f"/town/{made.entity.id}"

    return town


async def test_an_entry_stands_in_the_navigation_of_every_page(town):
    app, visitor, at = await town(Weather())
    app.page("/own", "Own")(lambda: P("x"))
    for path in ("/", "/town", at, "/town/new", "/own"):
        page = (await visitor.get(path)).text
        assert 'href="/weather"' in page, path
        assert f"&lt;i&gt;{visitor.id}&lt;/i&gt;" in page
        assert "<i>" not in page


async def test_the_entry_of_the_open_page_is_marked(town):
    app, visitor, _ = await town(Weather())
    app.page("/weather", "Skies", listed=False)(lambda: P("x"))
    assert 'href="/weather" aria-current="page"' in (await visitor.get("/weather")).text
    assert 'href="/weather" aria-current="page"' not in (await visitor.get("/town")).text


async def test_one_visitors_entry_is_not_shown_to_another(town):
    app, first, _ = await town(Weather())
    second = Visitor(app)
    await first.get("/town")
    page = (await second.get("/town")).text
    assert second.id in page
    assert first.id not in page


async def test_tiles_stand_on_the_start_page_after_those_of_the_classes(town):
    _, visitor, _ = await town(Weather())
    page = (await visitor.get("/")).text
    assert page.index('href="/town"') < page.index("<b>21 °C</b>") < page.index("12,345")


async def test_panels_stand_on_the_page_of_an_entity_and_of_its_list(town):
    _, visitor, at = await town(Weather())
    detail, listed = (await visitor.get(at)).text, (await visitor.get("/town")).text
    assert "Sky over Ulm" in detail
    assert "Sky over Town" in listed
    assert "blue &lt;sky&gt;" in detail
    assert "and &lt;b&gt;text&lt;/b&gt;" in detail


async def test_a_plugin_draws_a_field_unless_the_application_does(town):
    app, visitor, at = await town(Weather())
    assert "<strong>7 heads</strong>" in (await visitor.get("/town")).text
    assert "&lt;7&gt;" in (await visitor.get(at)).text
    app.pages.cell(Town, "people")(lambda town: f"ours: {town.people}")
    assert "ours: 7" in (await visitor.get("/town")).text


async def test_a_plugin_draws_a_control_and_its_value_is_sent(town):
    class Slider:
        @hookimpl
        def starmodel_ui_field(self, field, mode):
            if (field, mode) == ("people", "control"):
                return lambda control: P(f"slide {control.name}={control.value}")
            return None

    _, visitor, at = await town(Slider())
    assert "slide people=7" in (await visitor.get(f"{at}/edit")).text


@pytest.mark.parametrize(("hook", "answer"), BROKEN, ids=[f"{n}-{hook}" for n, (hook, _) in enumerate(BROKEN)])
async def test_what_fails_costs_itself_and_is_put_on_record(town, hook, answer):
    app, visitor, at = await town(broken(hook, answer), Weather())
    for path in ("/", "/town", at, f"{at}/edit"):
        page = await visitor.get(path)
        assert page.status == 200, path
        assert 'href="/weather"' in page.text
    assert "javascript:" not in page.text
    record = next(one for one in app.runtime.plugins.records if one.name == "broken0")
    assert record.failures > 0
    assert record.error.startswith(f"{hook}: ")


async def test_a_plugin_that_fails_to_draw_a_field_leaves_it_to_the_kit(town):
    _, visitor, at = await town(broken("starmodel_ui_field", lambda: lambda _: 1 / 0))
    listed, detail, form = [(await visitor.get(path)).text for path in ("/town", at, f"{at}/edit")]
    assert f'href="{at}"' in listed
    assert ">Ulm<" in listed
    assert "7" in detail
    assert 'name="people"' in form


async def test_a_slow_plugin_costs_its_own_panel(town):
    class Slow:
        @hookimpl
        async def starmodel_panels(self):
            await asyncio.sleep(60)

    app, visitor, at = await town(Slow(), Weather(), page_timeout=0.05)
    assert "Sky over Ulm" in (await visitor.get(at)).text
    assert "no answer within 0.05 s" in app.runtime.plugins.records[0].error


async def test_a_page_is_made_again_with_its_panel_when_its_entity_changes(town):
    app, visitor, at = await town(Weather())
    page = await visitor.open(at)
    async with page.stream() as stream:
        await app.application.dispatch(Town.update(name="Bonn").on(at[6:]), actor=SYSTEM)
        assert await stream.until("Sky over Bonn")
