"""One application in two processes, one after the other; each says what it drew.  Run by test_fragments.py."""

from __future__ import annotations

import json
import os
import sys
import time

from fasthtml.common import Div
from starlette.testclient import TestClient

from starmodel.adapters.fasthtml import StarModelApp, find, view
from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity

DRAWN: list[str] = []
MANY = 20


class Shelf(Entity):
    label: str = ""
    model_config = {"store": "sql"}


@view
def board(shelf: Shelf):
    DRAWN.append(shelf.id)
    return Div(shelf.label, cls="board")


async def shelves():
    return [board(one) for one in await find(Shelf)]


def made(redis_url: str, database_url: str) -> StarModelApp:
    settings = Settings(
        secret="a secret of all of them, long enough",
        env="development",
        redis_url=redis_url,
        database_url=database_url,
        fragments="redis",
    )
    app = create_app(Shelf, settings=settings, ui="plain", api=None)
    app.runtime._shared._patience = 0.5  # a busy machine takes longer than a page would wait
    app.get("/shelves")(shelves)
    return app


def serve(app: StarModelApp, *, is_first: bool) -> None:
    async def fill() -> None:
        for number in range(MANY):
            await app.application.dispatch(Shelf.create(label=f"shelf {number}").on(f"s{number}"))

    with TestClient(app) as client:
        if is_first and client.portal is not None:
            client.portal.call(fill)
        shown = client.get("/shelves").text.count('class="board"')
        shared = app.runtime._shared
        while shared._drawn or shared._tasks:  # what was drawn is written down after the answer
            time.sleep(0.01)
    sys.stdout.write(json.dumps({"process": os.getpid(), "drawn": len(DRAWN), "shown": shown}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    app = made(*sys.argv[1:])
    for is_first in (True, False):
        child = os.fork()
        if not child:
            serve(app, is_first=is_first)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(1)
