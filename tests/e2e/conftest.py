"""Real servers and one real Chromium for the whole of the end-to-end tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from rig.forks import Fork, fork
from rig.nodes import free_port
from starmodel.adapters.ui_monster.style.toolchain import installed

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
APPS = Path(__file__).parent / "apps"


@dataclass
class Server:
    """A ``starmodel run`` of one file, in a process of its own.

    It is forked, unless the process is what a test is about: *program* starts it as a shell does.
    """

    target: str
    folder: Path
    arguments: tuple[str, ...] = ("--no-reload",)
    environment: dict[str, str] = field(default_factory=dict)
    program: bool = False
    port: int = field(default_factory=free_port)
    process: Fork | subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        arguments = ("run", self.target, "--port", str(self.port), *self.arguments)
        environment = {
            **os.environ,
            "PYTHONPATH": str(EXAMPLES),
            "STARMODEL_SECRET": "a secret for the end-to-end tests, long enough",
            **self.environment,
        }
        log = self.folder / "server.log"
        if self.program:
            command = [sys.executable, "-m", "starmodel.cli", *arguments]
            with log.open("ab") as out:
                self.process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=out, stderr=out)
        else:
            self.process = fork(*arguments, folder=self.folder, log=log, environment=environment)
        self.wait_until_up()
        return self

    def wait_until_up(self) -> None:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(self.url + "/", timeout=1).close()
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.02)
            else:
                return
        pytest.fail(f"{self.target} did not start:\n{(self.folder / 'server.log').read_text()[-3000:]}")

    def kill(self) -> None:
        """Kill it as the machine would: at once, with nothing said to anybody."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> float:
        """Ask it to stop and return how many seconds that took."""
        assert self.process is not None
        began = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        return time.monotonic() - began

    def send(self, path: str, **fields: Any) -> dict[str, Any]:
        """Send a command as a program does, and return what it is told."""
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(fields).encode(), headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def create(self, path: str, **fields: Any) -> str:
        """Make an entity as a program does; return its id."""
        id: str = self.send(f"{path}/create", **fields)["id"]
        return id


class Contexts:
    """Browsers of visitors who have left: emptied of all that a site could keep, they are as good as new ones.

    In each a blank page stays open, so that its process need not be started for the next visitor: that would take as
    long as all that most visitors do.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = {}

    def take(self, options: dict[str, Any]) -> BrowserContext:
        free = self._free.setdefault(repr(sorted(options.items())), [])
        if free:
            return free.pop()
        context = new_context(self._browser, **options)
        context.new_page()
        return context

    def give_back(self, context: BrowserContext, options: dict[str, Any], sites: set[str]) -> None:
        blank, *pages = context.pages
        for page in pages:
            page.close()
        context.clear_cookies()
        devtools = context.new_cdp_session(blank)
        for site in sites:
            devtools.send("Storage.clearDataForOrigin", {"origin": site, "storageTypes": "all"})
        devtools.detach()
        self._free[repr(sorted(options.items()))].append(context)


def new_context(browser: Browser, *, script: str = "", **options: Any) -> BrowserContext:
    """Return a new browser; *script* runs in each of its pages before all others."""
    context = browser.new_context(**options)
    if script:
        context.add_init_script(script)
    return context


class Visitor:
    """One person with a browser of their own; everything that goes wrong in its pages is noted."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.context.set_default_timeout(8000)
        self.context.on("request", self._asks)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.expected: tuple[str, ...] = ()

    def open(self, url: str) -> Page:
        page = self.context.new_page()
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self._complain("error", str(error)))
        page.goto(url)
        page.evaluate("window.__boot = Math.random()")
        return page

    @property
    def sites(self) -> set[str]:
        """The origins of all that was asked for."""
        parts = map(urlsplit, self.requests)
        return {f"{part.scheme}://{part.netloc}" for part in parts if part.netloc}

    def leave(self) -> None:
        self.context.remove_listener("request", self._asks)

    def _asks(self, request: Request) -> None:
        self.requests.append(request.url)

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(part in text for part in self.expected):
            self.complaints.append(text)


@pytest.fixture(scope="session")
def contexts(browser: Browser) -> Contexts:
    return Contexts(browser)


@pytest.fixture
def visitors(browser: Browser, contexts: Contexts) -> Iterator[Callable[..., Visitor]]:
    """Make visitors; at the end none of their pages may have complained or asked another host for anything.

    One with a *new* browser finds nothing in it that an earlier visitor has fetched.
    """
    made: list[tuple[Visitor, dict[str, Any] | None]] = []

    def make(*, new: bool = False, **options: Any) -> Visitor:
        visitor = Visitor(new_context(browser, **options) if new else contexts.take(options))
        made.append((visitor, None if new else options))
        return visitor

    yield make
    for visitor, options in made:
        visitor.leave()
        if options is None:
            visitor.context.close()
        else:
            contexts.give_back(visitor.context, options, visitor.sites)
    for visitor, _ in made:
        assert visitor.complaints == []
        assert [url for url in visitor.requests if not url.startswith(("http://127.0.0.1:", "data:"))] == []


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers of examples and of the apps beside these tests; stopped at the end."""
    with ExitStack() as running:

        def start(target: Path, **options: Any) -> Server:
            server = Server(str(target), tmp_path, **options)
            running.callback(server.stop)
            return server.start()

        yield start


@pytest.fixture(scope="module")
def serve_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start servers for all tests of a module, each in a folder of its own."""
    with ExitStack() as running:

        def start(target: Path, folder: Path | None = None, **options: Any) -> Server:
            server = Server(str(target), folder or tmp_path_factory.mktemp(target.stem), **options)
            running.callback(server.stop)
            return server.start()

        yield start


@pytest.fixture(scope="module")
def shared(serve_all: Callable[..., Server]) -> Server:
    """One server of the demo for the tests of a module that leave it running."""
    return serve_all(EXAMPLES / "demo.py")


ASK_AXE = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter((found) => ["serious", "critical"].includes(found.impact))
    .flatMap((found) => found.nodes.map((node) => `${found.id}: ${node.html} ${node.failureSummary}`));
}"""


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Return what asks axe-core about a page: every serious and every critical finding, one text each."""
    lock, cache = Path(__file__).parent / "axe.lock.toml", ROOT / ".cache" / "axe"
    source = (installed(lock, cache) / "axe-core" / "axe.min.js").read_text("utf-8")

    def findings(page: Page) -> list[str]:
        if page.evaluate("typeof axe === 'undefined'"):
            page.evaluate(source)
        found: list[str] = page.evaluate(ASK_AXE)
        return found

    return findings
