"""What the plugin takes part in."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from starmodel.core.hooks import hookimpl
from starmodel.core.settings import PluginSetting
from starmodel.core.ui import Link, Tile

STARMODEL_HOOK_API = (1, 0)


@hookimpl
def starmodel_settings() -> list[PluginSetting]:
    return [
        PluginSetting("WEATHER_PLACE", "Where the weather is told of.", default="Alexandria"),
        PluginSetting("WEATHER_TOKEN", "What opens the gate of the weather.", secret=True),
    ]


async def now(request: Request) -> JSONResponse:
    return JSONResponse({"place": request.app.state.settings["WEATHER_PLACE"], "sky": "clear"})


@hookimpl
def starmodel_routes() -> list[Route]:
    return [Route("/weather", now)]


@hookimpl
def starmodel_nav() -> list[Link]:
    return [Link(label="Weather today", href="/weather")]


@hookimpl
async def starmodel_dash_tiles() -> list[Tile]:
    return [Tile(link=Link(label="The sky", href="/weather"), value="clear")]


@hookimpl
def starmodel_cli(app: Any) -> None:
    @app.command("weather")
    def weather() -> None:
        """Tell of the weather."""
        print("clear")  # noqa: T201
