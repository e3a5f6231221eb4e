"""A whole application by ``create_app``, of whatever is installed: its pages, drawn by the kit that is there.

The names of further distributions are arguments: what they bring must be there, and what the others bring must not.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from asking import Running, ask
from counting import Counter

from starmodel.bootstrap import Settings, create_app
from starmodel.core import Entity
from starmodel.core.errors import AdapterNotFoundError

wanted = set(sys.argv[1:])


class Note(Entity):
    text: str = ""
    model_config = {"store": "sql"}


async def main() -> None:
    kept = [Note] if "sql" in wanted else []
    app = create_app(Counter, *kept, settings=Settings(env="development"))
    async with Running(app):
        status, _, page = await ask(app, "GET", "/counter")
        assert status == 200, page
        assert ("uk-" in page) == ("monsterui" in wanted)
        assert (await ask(app, "GET", "/api/counter"))[0] == (200 if "rest" in wanted else 404)
        if kept:
            assert (await ask(app, "GET", "/note"))[0] == 200
    if not kept:
        said = refusal()
        assert "starmodel[sql]" in said, said


def refusal() -> str:
    """Return what is said about a store that is not installed."""
    try:
        create_app(Note, settings=Settings(env="development"))
    except AdapterNotFoundError as missing:
        return str(missing)
    raise AssertionError("a store that is not installed was found")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    asyncio.run(main())
    os.chdir(Path(folder).parent)
modules = {"sql": "sqlalchemy", "monsterui": "monsterui", "rest": "fastapi", "cli": "typer", "auth": "argon2"}
there = {name for name, module in modules.items() if find_spec(module) is not None}
assert there == wanted & modules.keys() | ({"cli"} if "auth" in wanted else set()), there
