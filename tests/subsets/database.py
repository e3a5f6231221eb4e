"""Core, pydantic and SQL: what one application stores the next one finds, and no web anywhere."""

from __future__ import annotations

import asyncio
import tempfile
from importlib.util import find_spec
from pathlib import Path

from counting import Counter

from starmodel.adapters.persistence.sqlmodel import SQLRepo
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application


async def main(file: Path) -> None:
    def application() -> Application:
        return Application([Counter], codec=PydanticCodec(), stores={"memory": SQLRepo(f"sqlite:///{file}")})

    async with application() as app:
        await app.dispatch(Counter.create(count=1).on("lobby"))
        await app.dispatch(Counter.increment(4).on("lobby"))
    async with application() as app:
        stored = await app.load(Counter, "lobby")
        assert stored is not None
        assert (stored.entity.count, stored.version) == (5, 2)


with tempfile.TemporaryDirectory() as folder:
    asyncio.run(main(Path(folder) / "counters.db"))
assert find_spec("starlette") is None
assert find_spec("pluggy") is None
