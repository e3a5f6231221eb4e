"""A small server that does as the tests tell it, and one Chromium for all of them."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from starmodel.adapters.fasthtml.assets import Assets
from starmodel.adapters.fasthtml.wire import comment_frame

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{0}'; style-src 'self' 'nonce-{0}'; "
    "style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DROP = object()  # as an answer: execute, then break the connection


@dataclass
class Post:
    path: str
    key: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stage:
    """What the server shows, how it answers, and what it was asked."""

    assets: Assets = field(default_factory=Assets)
    port: int = 0
    body: str = ""
    live: str | None = None  # the token of the page's stream
    after: str = "e-0"
    answer: Callable[[Post], Any] = lambda _post: None
    latency: float = 0
    held: bool = False  # no answer before this is false again
    stream_status: int = 200
    posts: list[Post] = field(default_factory=list)
    afters: list[tuple[str, str]] = field(default_factory=list)
    streams: list[asyncio.Queue[bytes | None]] = field(default_factory=list)
    hello: bytes = b""
    running: int = 0
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def reset(self) -> None:
        """Forget the last test, once all that it asked for is answered."""
        self.held = False
        wait_until(lambda: not self.running)
        self.close_streams()
        self.body, self.live, self.after, self.hello, self.latency, self.stream_status = "", None, "e-0", b"", 0, 200
        self.answer = lambda _post: None
        self.posts, self.afters, self.streams = [], [], []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def push(self, frame: bytes | None) -> None:
        assert self.loop
        for queue in list(self.streams):
            self.loop.call_soon_threadsafe(queue.put_nowait, frame)

    def close_streams(self) -> None:
        if self.loop and self.loop.is_running():
            self.push(None)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        if scope["path"] == "/_starmodel/live":
            response = self._stream(request)
        elif scope["path"].startswith("/_starmodel/"):
            response = self.assets
        elif scope["method"] == "POST":
            response = await self._execute(request)
            if response is DROP:
                receive.__self__.transport.abort()
                return
        else:
            response = self._page()
        await response(scope, receive, send)

    async def _execute(self, request: Request) -> Any:
        self.loop = asyncio.get_running_loop()
        headers = dict(request.headers)
        post = Post(request.url.path, headers.get("idempotency-key", ""), headers, await request.body())
        self.posts.append(post)
        self.running += 1
        try:
            await asyncio.sleep(self.latency)
            while self.held:  # noqa: ASYNC110  the thread of the test changes it
                await asyncio.sleep(0.005)
            answer = self.answer(post)
        finally:
            self.running -= 1
        if answer is None:
            return Response(status_code=204)
        if isinstance(answer, dict):
            return JSONResponse(answer, answer["status"], media_type="application/problem+json")
        return Response(answer, media_type="text/event-stream") if isinstance(answer, bytes) else answer

    def _stream(self, request: Request) -> Response:
        self.loop = asyncio.get_running_loop()
        self.afters.append((request.query_params["page"], request.query_params.get("after", "")))
        if self.stream_status != 200:
            return Response(status_code=self.stream_status)
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.streams.append(queue)

        async def frames() -> Any:
            try:
                yield self.hello or comment_frame("open")
                while (frame := await queue.get()) is not None:
                    yield frame
            finally:
                self.streams.remove(queue) if queue in self.streams else None

        return StreamingResponse(frames(), media_type="text/event-stream")

    def _page(self) -> Response:
        nonce = "c3RhcnM"
        live = f'<div id="sm-live" hidden data-url="/_starmodel/live?page={self.live}" data-after="{self.after}"></div>'
        text = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Stage</title>'
            f'<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
            f"{self.assets.head(nonce)}</head>"
            f'<body><main id="sm-page">{self.body}</main>{live if self.live else ""}</body></html>'
        )
        return HTMLResponse(text, headers={"content-security-policy": POLICY.format(nonce)})

    def start(self) -> None:
        place = socket.socket()
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind(("127.0.0.1", self.port))
        self.port = place.getsockname()[1]
        self.server = uvicorn.Server(uvicorn.Config(self, log_level="error", lifespan="off"))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [place]}, daemon=True)
        self.thread.start()
        wait_until(lambda: bool(self.server and self.server.started))

    def stop(self) -> None:
        assert self.server
        assert self.thread
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(5)
        assert not self.thread.is_alive()
        self.streams = []


def wait_until(condition: Callable[[], bool], seconds: float = 5, page: Page | None = None) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "this did not come true in time"
        page.wait_for_timeout(20) if page else time.sleep(0.01)


@pytest.fixture(scope="session")
def _server() -> Iterator[Stage]:
    stage = Stage()
    stage.start()
    yield stage
    stage.stop()


@pytest.fixture
def stage(_server: Stage) -> Stage:
    _server.reset()
    return _server


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context() as context:
        context.new_page()  # stays, and the process that draws pages with it: to start that anew takes longest
        yield context


class Tab:
    """A page that remembers whatever went wrong in it."""

    def __init__(self, context: BrowserContext, stage: Stage) -> None:
        self.stage = stage
        self.context = context
        self.page = context.new_page()
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        self.page.on("console", lambda message: message.type in {"error", "warning"} and self._note(message.text))
        self.page.on("pageerror", lambda error: self._note(str(error)))
        self.page.on("request", lambda request: self._look(request.url))

    def _note(self, text: str) -> None:
        self.complaints.append(text)

    def _look(self, url: str) -> None:
        if not url.startswith((self.stage.url, "data:")):
            self.elsewhere.append(url)

    def open(self, body: str, *, live: str | None = None) -> Page:
        self.stage.body, self.stage.live = body, live
        self.page.goto(self.stage.url)
        if live:
            self.wait("document.documentElement.dataset.online === 'true'")
        return self.page

    def wait(self, expression: str, seconds: float = 5) -> None:
        """Wait until it is true in the page; Playwright's own wait_for_function needs 'unsafe-eval'."""
        wait_until(lambda: bool(self.page.evaluate(expression)), seconds, self.page)

    def assert_clean(self, *expected: str) -> None:
        """Only complaints that hold one of the expected words, and no request to anyone else."""
        assert [text for text in self.complaints if not any(word in text for word in expected)] == []
        assert self.elsewhere == []


@pytest.fixture
def tab(context: BrowserContext, stage: Stage, request: pytest.FixtureRequest) -> Iterator[Tab]:
    tab = Tab(context, stage)
    yield tab
    request.node.add_report_section("call", "page", "\n".join(tab.complaints))  # shown when the test fails
    tab.page.close()


@pytest.fixture
def until(tab: Tab) -> Callable[..., None]:
    return lambda condition, seconds=5: wait_until(condition, seconds, tab.page)


@pytest.fixture
def drop() -> object:
    return DROP


@pytest.fixture
def clock(tab: Tab) -> Iterator[Any]:
    """The clock of the browser, standing still: time passes only when the test says so."""
    tab.page.clock.install(time=datetime(2030, 1, 1))
    yield tab.page.clock
    tab.page.clock.resume()  # it is the clock of every page to come
