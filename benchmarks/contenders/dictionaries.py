"""Starlette's and FastAPI's side of a command: the number in a dictionary, as their tutorials write a route."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

__all__ = ["fastapi", "starlette"]

counters: dict[str, int] = {}


def _add(name: str, amount: int) -> None:
    counters[name] = counters.get(name, 0) + amount


async def _greet(_request: Request) -> Response:
    return PlainTextResponse("hello")


async def _increment(request: Request) -> Response:
    _add(request.path_params["name"], (await request.json())["amount"])
    return Response(status_code=204)


starlette = Starlette(routes=[Route("/", _greet), Route("/counter/{name}/increment", _increment, methods=["POST"])])


class Increment(BaseModel):
    amount: int = 1


fastapi = FastAPI()


@fastapi.get("/")
async def home() -> Any:
    return {}


@fastapi.post("/counter/{name}/increment", status_code=204)
async def increment(name: str, sent: Increment) -> None:
    _add(name, sent.amount)
