"""Core, pydantic and REST: an API with OpenAPI, and no page."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from asking import ask
from counting import Counter

from starmodel.adapters.pydantic import PydanticCodec
from starmodel.adapters.rest import RestApp
from starmodel.app import Application
from starmodel.core import Actor


async def identify(_scope: Mapping[str, Any]) -> Actor:
    return Actor("somebody")


async def main() -> None:
    application = Application([Counter], codec=PydanticCodec())
    api = RestApp(application, identify=identify, title="Counters")
    async with application:
        await application.dispatch(Counter.create(count=1).on("lobby"))
        status, _, text = await ask(
            api, "POST", "/counter/lobby/increment", body=b'{"amount": 4}', content_type="application/json"
        )
        assert status == 200, text
        status, _, text = await ask(api, "GET", "/counter/lobby")
        assert (status, json.loads(text)["count"]) == (200, 5), text


asyncio.run(main())
assert find_spec("fasthtml") is None
