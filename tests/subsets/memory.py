"""Core and pydantic: commands over the memory store, with what comes from outside checked."""

from __future__ import annotations

import asyncio

from counting import Counter

from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application
from starmodel.core.errors import InvalidError


async def main() -> None:
    async with Application([Counter], codec=PydanticCodec()) as app:
        made = (await app.dispatch(Counter.create(count=1))).entity
        assert made is not None
        await app.dispatch(Counter.increment(4).on(made.id))
        stored = await app.load(Counter, made.id)
        assert stored is not None
        assert stored.entity.count == 5
        try:
            await app.dispatch(Counter.increment("many").on(made.id))  # type: ignore[arg-type]
        except InvalidError:
            return
        raise AssertionError("text was taken for a number")


asyncio.run(main())
