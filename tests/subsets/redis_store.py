"""Core, pydantic and Redis: the store alone, on a server of this program's own."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import tempfile
import time

from counting import Counter

from starmodel.adapters.persistence.redis import RedisRepo
from starmodel.adapters.pydantic import PydanticCodec
from starmodel.app import Application


async def main(url: str) -> None:
    async with Application([Counter], codec=PydanticCodec(), stores={"memory": RedisRepo(url)}) as app:
        await app.dispatch(Counter.create(count=1).on("lobby"))
        await app.dispatch(Counter.increment(4).on("lobby"))
        stored = await app.load(Counter, "lobby")
        assert stored is not None
        assert stored.entity.count == 5


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
with tempfile.TemporaryDirectory() as folder:
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with socket.socket() as trying:
                if trying.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        asyncio.run(main(f"redis://127.0.0.1:{port}/0"))
    finally:
        server.terminate()
        server.wait(10)
