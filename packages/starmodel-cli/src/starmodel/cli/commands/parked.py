"""``starmodel parked``: what handlers could not be told, told again or dropped."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starmodel.cli.errors import CallError
from starmodel.cli.options import App, Json
from starmodel.cli.project import open_project
from starmodel.cli.terminal import fail, say, say_json, table
from starmodel.core.errors import StarModelError

if TYPE_CHECKING:
    from starmodel.app import Application
    from starmodel.core.parking import Parked

__all__ = ["parked"]

_WISHES = {"": "", "again": "is told again soon", "drop": "is dropped soon"}


def parked(
    *,
    retry: Annotated[list[str] | None, typer.Option(help="Have this one told again, such as sql/3.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Drop this one for good, such as sql/3.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="List so many of each store, oldest first.")] = 100,
    app: App = None,
    json: Json = False,
) -> None:
    """See what handlers could not be told; retry or drop it."""
    again, dropped = [_read(name) for name in retry or []], [_read(name) for name in drop or []]
    application = open_project(app).application
    try:
        found = asyncio.run(_seen_to(application, again, dropped, limit))
    except StarModelError as error:
        raise typer.Exit(fail(str(error))) from error
    if json:
        say_json({"parked": [_document(store, one) for store, one in found]})
    elif found:
        rows = [_row(store, one) for store, one in found]
        table(["Number", "Handler", "Event", "Of", "Tries", "Why"], rows)
    else:
        say("Nothing is parked: every handler was told everything.")


def _read(name: str) -> tuple[str, int]:
    store, _, number = name.rpartition("/")
    if not store or not number.isascii() or not number.isdigit() or len(number) > 18:
        raise CallError(f"{name!r} is no parked event; write it as it is listed, for example sql/3")
    return store, int(number)


async def _seen_to(
    application: Application, again: list[tuple[str, int]], dropped: list[tuple[str, int]], limit: int
) -> list[tuple[str, Parked]]:
    async with application:
        for store, number in again:
            await application.parking.retry(store, number)
        for store, number in dropped:
            await application.parking.drop(store, number)
        return await application.parking.list(limit=limit)


def _document(store: str, one: Parked) -> dict[str, Any]:
    fact = one.fact
    where = {"event": type(fact.event).__name__, "id": fact.id, "entity": fact.entity, "entity_id": fact.entity_id}
    said = {"tries": one.tries, "error": one.error, "at": one.at.isoformat(), "wish": one.wish}
    return {"number": f"{store}/{one.number}", "handler": one.handler, **where, **said}


def _row(store: str, one: Parked) -> list[str]:
    of = f"{one.fact.entity} {one.fact.entity_id}"
    why = _WISHES[one.wish] or one.error
    return [f"{store}/{one.number}", one.handler, type(one.fact.event).__name__, of, str(one.tries), why]
