"""A client that never finishes its request is shown the door; one that waits for us is not."""

from __future__ import annotations

import logging
import queue
import socket
import sys
import threading
import time
from contextlib import ExitStack
from textwrap import dedent
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn

from starmodel.adapters.fasthtml.server import RequestLimits, ServerConfig, bind
from starmodel.adapters.fasthtml.server.binding import url_of
from starmodel.adapters.fasthtml.server.protocol_h11 import GuardedH11Protocol
from starmodel.adapters.fasthtml.server.protocol_httptools import GuardedHttpToolsProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD, BODY = 0.4, 0.6
# What a busy machine may add.  A client that drips would go on for 20 s.
MARGIN = 8.0
APP = """
    import asyncio
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route

    async def echo(request):
        return PlainTextResponse(str(len(await request.body())))

    async def late(request):
        await asyncio.sleep(1.5)
        return PlainTextResponse(str(len(await request.body())))

    async def hasty(request):
        return PlainTextResponse("read nothing")

    async def broken(request):
        return 1 / 0

    async def beats():
        for _ in range(15):
            yield "data: x\\n\\n"
            await asyncio.sleep(0.1)

    async def stream(request):
        return StreamingResponse(beats(), media_type="text/event-stream")

    forms = [Route(f"/{form.__name__}", form, methods=["POST"]) for form in (echo, late, hasty, broken)]
    routes = [*forms, Route("/stream", stream, methods=["GET", "POST"])]
    app = Starlette(routes=routes)
"""


@pytest.fixture(params=[GuardedHttpToolsProtocol, GuardedH11Protocol], ids=["httptools", "h11"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve in a thread, by each of the two protocols, with short limits."""
    (tmp_path / "limited_shop.py").write_text(dedent(APP))
    monkeypatch.syspath_prepend(str(tmp_path))
    limits = RequestLimits(head_seconds=HEAD, body_seconds=BODY, head_bytes=4000)
    with bind("127.0.0.1", 0) as listener:
        config = ServerConfig("limited_shop", folder=tmp_path, url=url_of(listener), limits=limits)
        config.http = request.param
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield config.url
        server.should_exit = True
        thread.join()
    sys.modules.pop("limited_shop")


def connect(url):
    address = httpx.URL(url)
    connection = socket.create_connection((address.host, address.port), timeout=10)
    connection.settimeout(5)
    return connection


def talk(connection, data, pause=0.1):
    """Send *data* bit by bit until the server has closed; return what it said, and after how long."""
    begun = time.monotonic()
    connection.settimeout(pause)
    received = b""
    for number in range(200):
        try:
            connection.sendall(data[number : number + 1])
            chunk = connection.recv(4096)
        except TimeoutError:
            continue
        except OSError:
            break
        received += chunk
        if not chunk:
            break
    return received, time.monotonic() - begun


def test_a_head_that_drips_is_ended_at_the_deadline(url):
    with connect(url) as connection:
        received, took = talk(connection, b"GET /stream HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"a" * 200)
    assert received.startswith(b"HTTP/1.1 408")
    assert HEAD / 2 < took < HEAD + MARGIN


def test_a_body_that_drips_is_ended_at_the_deadline(url):
    with connect(url) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        received, took = talk(connection, b"a" * 200)
    assert received.startswith(b"HTTP/1.1 408")
    assert BODY / 2 < took < BODY + MARGIN


def test_a_silent_connection_is_ended_at_the_deadline(url):
    begun = time.monotonic()
    with connect(url) as connection:
        connection.recv(4096)
        assert HEAD / 2 < time.monotonic() - begun < HEAD + MARGIN


def test_a_second_request_on_a_connection_has_its_own_deadline(url):
    with connect(url) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        time.sleep(HEAD)
        received, took = talk(connection, b"POST /echo HTTP/1.1\r\nX-Slow: " + b"a" * 200)
    assert received.startswith(b"HTTP/1.1 408")
    assert HEAD / 2 < took < HEAD + MARGIN


def test_a_body_that_drips_on_after_its_answer_is_ended_too(url):
    with connect(url) as connection:
        connection.sendall(b"POST /hasty HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
        received, took = talk(connection, b"a" * 200)
    assert received.startswith(b"HTTP/1.1 200")
    assert took < BODY + MARGIN


def test_a_head_without_end_is_refused(url):
    with connect(url) as connection:
        # All of it is read before the answer, so that no reset can overtake the answer.
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Long: aaaaaaaaaaaaaaaaaaaaaaa\r\n" * 3000)
        status = connection.recv(4096).split()[1]
    assert status in {b"431", b"400"}  # h11 calls it a bad request


def test_many_half_open_connections_are_all_gone_and_nobody_else_waits(url):
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(url)) for _ in range(300)]
        for connection in slow:
            connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na")
        begun = time.monotonic()
        assert httpx.post(f"{url}/echo", content=b"abc").text == "3"
        assert time.monotonic() - begun < MARGIN
        time.sleep(BODY)
        assert all(connection.recv(4096).startswith(b"HTTP/1.1 408") for connection in slow)
        assert all(connection.recv(4096) == b"" for connection in slow)


class Heard(logging.Handler):
    """Keeps the exceptions that are logged."""

    def __init__(self):
        super().__init__()
        self.errors = queue.Queue()

    def emit(self, record):
        self.errors.put(type(record.exc_info[1]).__name__)


def test_a_client_that_went_away_leaves_no_traceback(url):
    heard, logger = Heard(), logging.getLogger("uvicorn.error")
    logger.addHandler(heard)
    with connect(url) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na")
        time.sleep(0.2)  # the application waits for the rest
    time.sleep(0.2)  # it has noticed that there is none
    with connect(url) as connection:
        connection.sendall(b"POST /broken HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 500")
    assert heard.errors.get(timeout=5) == "ZeroDivisionError"
    logger.removeHandler(heard)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stream_lives_beyond_every_deadline(url, method):
    with httpx.stream(method, f"{url}/stream", content=b"") as stream:
        assert sum(chunk.count("data:") for chunk in stream.iter_text()) == 15


def test_a_client_is_not_blamed_for_an_application_that_reads_late(url):
    assert httpx.post(f"{url}/late", content=b"a" * 500_000, timeout=10).text == "500000"


def test_a_client_is_not_blamed_for_an_application_that_asks_late(url):
    with connect(url) as connection:
        connection.sendall(b"POST /late HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(b"a")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")


def test_requests_one_after_the_other_are_all_answered(url):
    with httpx.Client() as client:
        answers = [client.post(f"{url}/echo", content=b"a" * size).text for size in (0, 1, 70_000, 3)]
    assert answers == ["0", "1", "70000", "3"]


def test_requests_sent_at_once_are_all_answered(url):
    with connect(url) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na" * 3)
        received = b""
        while received.count(b"200 OK") < 3:
            chunk = connection.recv(4096)
            assert chunk
            received += chunk
