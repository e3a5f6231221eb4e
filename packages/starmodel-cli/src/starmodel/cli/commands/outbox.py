"""``starmodel outbox``: which store is behind another, and what could not follow, tried again or given up."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from starmodel.cli.errors import CallError
from starmodel.cli.options import App, Json
from starmodel.cli.project import open_project
from starmodel.cli.terminal import fail, say, say_json, table
from starmodel.core.errors import StarModelError
from starmodel.core.owed import origin_of, part_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starmodel.app import Application
    from starmodel.app.outbox import Lag
    from starmodel.core.owed import Owed

__all__ = ["outbox"]


def outbox(
    *,
    retry: Annotated[
        list[str] | None, typer.Option(help="Have this part tried again, by its name in the list.")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Give this part up, and what it would have changed.")] = None,
    app: App = None,
    json: Json = False,
) -> None:
    """See which store is behind another; retry or drop a part."""
    again, dropped = [_id(name) for name in retry or []], [_id(name) for name in drop or []]
    application = open_project(app).application
    try:
        lags, parked = asyncio.run(_seen_to(application, again, dropped))
    except StarModelError as error:
        raise typer.Exit(fail(str(error))) from error
    if json:
        say_json({"behind": [_lag(lag) for lag in lags], "parked": [_part(one) for one in parked]})
        return
    for lag in lags:
        say(f"{lag.follower} is behind {lag.primary}: {lag.debt.waiting} waiting, {lag.debt.parked} parked")
    if parked:
        table(["Part", "Of", "Since", "Why"], [list(map(str, _part(one).values())) for one in parked])
    if not lags:
        say("No store is behind another.")


async def _seen_to(
    application: Application, again: Sequence[str], dropped: Sequence[str]
) -> tuple[Sequence[Lag], Sequence[Owed]]:
    async with application:
        for id in again:
            await application.outbox.retry(id)
        for id in dropped:
            await application.outbox.drop(id)
        await application.outbox.drain()
        return await application.outbox.lags(), await application.outbox.parked()


def _id(name: str) -> str:
    """Return the id of the part called *name*: that of its command and its store, with a letter that can be typed."""
    command, _, store = name.rpartition("@")
    if not command or not store:
        raise CallError(f"{name!r} is no part; write it as it is listed, for example 5f3a2b@sql")
    return part_id(command, store)


def _part(one: Owed) -> dict[str, str]:
    name, keys = f"{origin_of(one.id)}@{one.store}", ", ".join(one.keys)
    return {"part": name, "of": keys, "since": one.at.isoformat(timespec="seconds"), "why": one.parked}


def _lag(lag: Lag) -> dict[str, object]:
    return {
        "primary": lag.primary,
        "follower": lag.follower,
        "waiting": lag.debt.waiting,
        "oldest": None if lag.debt.oldest is None else lag.debt.oldest.isoformat(),
        "parked": lag.debt.parked,
    }
