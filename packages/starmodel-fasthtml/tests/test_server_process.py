"""A real server in a process of its own: how it stops, reloads and starts with live streams open."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from textwrap import dedent
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[..., "Served"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")

# A live application as StarModel's own is: `drain` ends every stream; `/deaf` stands for one that does not listen.
APP = """
    import asyncio, os
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse, StreamingResponse
    from starlette.routing import Route

    ANSWER = "one"
    over = asyncio.Event()

    async def beats():
        yield "data: hello\\n\\n"
        await over.wait()
        yield "data: bye\\n\\n"

    async def endless():
        while True:
            yield "data: hello\\n\\n"
            await asyncio.sleep(0.05)

    def stream(body):
        return lambda request: StreamingResponse(body(), media_type="text/event-stream")

    async def home(request):
        return PlainTextResponse(ANSWER)

    async def slow(request):
        await asyncio.sleep(0.5)
        return PlainTextResponse("done")

    class Live:
        def drain(self):
            over.set()

    app = Starlette(routes=[
        Route("/", home), Route("/slow", slow),
        Route("/stream", stream(beats)), Route("/deaf", stream(endless)),
    ])
    app.state.starmodel = Live()
"""
CANNOT_START = """
    from starlette.applications import Starlette

    def stop(app):
        raise OSError("no table")

    app = Starlette(lifespan=stop)
"""
RUN = "import sys; from starmodel.adapters.fasthtml.server import serve; serve('shop', on_ready=print, {options})"


class Served:
    """A server process and the lines it has printed."""

    def __init__(self, folder: Path, options: str) -> None:
        command = [sys.executable, "-c", RUN.format(options=f"app_dir={str(folder)!r}, {options}")]
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        pipe = subprocess.PIPE
        # A session of its own, so that a signal to the group reaches the server and its children alone.
        self.process = subprocess.Popen(
            command, stdout=pipe, stderr=subprocess.STDOUT, text=True, env=env, start_new_session=True
        )
        self.url = ""

    def line(self, word: str) -> str:
        """Wait for a line with *word* in it."""
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if word in line:
                return line
        pytest.fail(f"no {word!r} in: {''.join(seen)}")

    def ready(self) -> Served:
        self.url = self.line("http://").split()[0]
        return self

    def ended(self, timeout: float = 10) -> float:
        """Wait for the end of the process, and return how long it took."""
        begun = time.monotonic()
        self.process.wait(timeout)
        return time.monotonic() - begun

    @contextmanager
    def stream(self, path: str = "/stream") -> Iterator[socket.socket]:
        """Open a stream, and have read its first event."""
        address = urlsplit(self.url)
        with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            received = b""
            while b"hello" not in received:
                chunk = connection.recv(4096)
                assert chunk, received
                received += chunk
            yield connection


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server of *code* with the given options of ``serve``."""
    begun: list[Served] = []

    def start(options: str = "port=0", code: str = APP) -> Served:
        (tmp_path / "shop.py").write_text(dedent(code))
        begun.append(Served(tmp_path, options))
        return begun[-1]

    yield start
    for served in begun:
        if served.process.poll() is None:
            os.killpg(served.process.pid, signal.SIGKILL)
        served.process.wait()
        served.process.stdout.close()


def rest_of(connection: socket.socket) -> bytes:
    received = b""
    while chunk := connection.recv(4096):
        received += chunk
    return received


def test_it_serves(start):
    answer = httpx.get(start().ready().url)
    assert answer.text == "one"
    assert "server" not in answer.headers


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_once_with_open_streams_and_ends_them_cleanly(start, number):
    served = start().ready()
    with served.stream() as one, served.stream() as two:
        served.process.send_signal(number)
        assert served.ended() < 2
        assert all(b"bye" in (end := rest_of(stream)) and end.endswith(b"0\r\n\r\n") for stream in (one, two))


def test_a_stream_that_does_not_listen_holds_it_up_for_two_seconds_at_most(start):
    served = start().ready()
    with served.stream("/deaf"):
        served.process.send_signal(signal.SIGTERM)
        assert 1.5 < served.ended() < 3.5


def test_a_second_ctrl_c_stops_it_at_once(start):
    served = start().ready()
    with served.stream("/deaf"):
        served.process.send_signal(signal.SIGINT)
        time.sleep(0.4)
        served.process.send_signal(signal.SIGINT)
        assert served.ended() < 1.5  # and not the two seconds of grace


def test_a_request_in_progress_is_finished(start):
    served = start().ready()
    address = urlsplit(served.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        time.sleep(0.2)
        served.process.send_signal(signal.SIGTERM)
        assert rest_of(connection).endswith(b"done")
    assert served.ended() < 2


def test_it_reloads_with_a_stream_open(start, tmp_path):
    served = start("port=0, reload=True").ready()
    with served.stream():
        taken = []
        for word in ("two", "three", "four"):  # a machine that is busy with something else gets another try
            time.sleep(1)  # the watcher notices changes from its start on
            begun = time.monotonic()
            (tmp_path / "shop.py").write_text(dedent(APP).replace('"one"', f'"{word}"'))
            served.ready()
            taken.append(time.monotonic() - begun)
            assert httpx.get(served.url).text == word
            if taken[-1] < 3:
                return
    pytest.fail(f"with a stream open it took {taken} seconds")


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_the_reloading_server_stops_at_once_with_open_streams(start, number):
    served = start("port=0, reload=True").ready()
    with served.stream():
        os.killpg(served.process.pid, number)  # as a terminal does
        assert served.ended() < 2


def test_a_mistake_in_the_module_is_told_and_a_change_of_it_mends_it(start, tmp_path):
    served = start("port=0, reload=True", code="app = Starlett()\n")
    assert served.line("could not be loaded") == (
        "✘ shop could not be loaded: NameError: name 'Starlett' is not defined\n"
    )
    assert f"{tmp_path}/shop.py:1: app = Starlett()" in served.line("shop.py:1")
    time.sleep(1)
    (tmp_path / "shop.py").write_text(dedent(APP))
    assert httpx.get(served.ready().url).text == "one"


def test_a_mistake_is_told_in_the_browser_too_and_to_nobody_else(start, tmp_path):
    served = start("port=0, reload=True").ready()
    time.sleep(1)
    (tmp_path / "shop.py").write_text("app = '<b>' +\n")
    served.line("shop.py:1")
    page = httpx.get(served.url, headers={"accept": "text/html"})
    assert (page.status_code, page.headers["refresh"], page.headers["retry-after"]) == (503, "1", "1")
    assert f"{tmp_path}/shop.py:1: app = &#x27;&lt;b&gt;&#x27; +" in page.text
    assert "<b>" not in page.text
    assert "shop.py:1" in httpx.post(served.url).text
    assert "shop.py" not in httpx.get(served.url, headers={"host": "evil.example"}).text
    time.sleep(1)
    (tmp_path / "shop.py").write_text(dedent(APP))
    assert httpx.get(served.ready().url).text == "one"


def test_what_keeps_it_from_starting_is_told_in_the_browser_too(start, tmp_path):
    served = start("port=0, reload=True").ready()
    time.sleep(1)
    (tmp_path / "shop.py").write_text(dedent(CANNOT_START))
    served.line("✘ shop could not start: ")
    page = httpx.get(served.url, headers={"accept": "text/html"})
    assert page.status_code == 503
    assert "no table" in page.text
    assert "no table" not in httpx.get(served.url, headers={"host": "evil.example"}).text


@pytest.mark.parametrize(
    ("wrong", "words"), [("app = '<b>' +\n", "shop.py:1: app = '<b>' +"), (CANNOT_START, "no table")]
)
def test_open_pages_are_told_of_a_mistake_on_their_stream_until_a_change(start, tmp_path, wrong, words):
    served = start("port=0, reload=True").ready()
    time.sleep(1)
    (tmp_path / "shop.py").write_text(dedent(wrong))
    served.line("✘ shop could not ")
    live = f"{served.url}/_starmodel/live?page=x"
    assert httpx.get(live, headers={"host": "evil.example"}).status_code == 503
    time.sleep(1)
    with httpx.stream("GET", live, timeout=10) as stream:
        lines = stream.iter_lines()
        assert (stream.status_code, next(lines)) == (200, "event: sm-broken")
        told = json.loads(next(lines).removeprefix("data: "))
        assert words in told
        assert told.endswith("\nMend it and save the file: the page comes back by itself.")
        (tmp_path / "shop.py").write_text(dedent(APP))
        begun = time.monotonic()
        assert list(lines) == [""]
        assert time.monotonic() - begun < 3
    assert httpx.get(served.ready().url).text == "one"


def test_without_reload_a_mistake_ends_it(start):
    served = start(code="1 / 0\n")
    served.line("AppFailedError: shop could not be loaded: ZeroDivisionError")
    served.ended()
    assert served.process.returncode == 1


def test_a_port_in_use_is_an_error_that_names_a_free_one(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = start(f"port={port}").line("PortInUseError")
    assert f"cannot listen on 127.0.0.1:{port}: another program is there" in line
    free = int(line.partition("--port ")[2].split()[0])
    assert port < free <= port + 50


def test_workers_serve_and_speak_once_and_stop(start):
    served = start("port=0, workers=2").ready()
    assert httpx.get(served.url).text == "one"
    time.sleep(1.5)  # both are up
    with served.stream():
        served.process.send_signal(signal.SIGTERM)
        assert served.ended() < 3
    assert "http://" not in served.process.stdout.read()


def test_workers_that_cannot_start_end_it_and_say_why_once(start):
    served = start("port=0, workers=2", code="1 / 0\n")
    served.ended(20)
    assert served.process.returncode == 3
    assert served.process.stdout.read().count("could not be loaded") == 1
