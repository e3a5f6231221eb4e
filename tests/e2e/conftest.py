"""Real servers and one real Chromium for the whole of the end-to-end tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from starmodel.adapters.ui_monster.style.toolchain import installed

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
APPS = Path(__file__).parent / "apps"


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Server:
    """A ``starmodel run`` of one file, in a process of its own."""

    target: str
    folder: Path
    arguments: tuple[str, ...] = ("--no-reload",)
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        command = [sys.executable, "-m", "starmodel.cli", "run", self.target, "--port", str(self.port), *self.arguments]
        env = {
            **os.environ,
            "PYTHONPATH": str(EXAMPLES),
            "STARMODEL_SECRET": "a secret for the end-to-end tests, long enough",
            **self.environment,
        }
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=env, stdout=log, stderr=log)
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
                time.sleep(0.05)
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


class Visitor:
    """One person with a browser of their own; everything that goes wrong in its pages is noted."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(8000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.expected: tuple[str, ...] = ()

    def open(self, url: str) -> Page:
        page = self.context.new_page()
        page.on("console", lambda message: self._complain(message.type, message.text))
        page.on("pageerror", lambda error: self._complain("error", str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(url)
        page.evaluate("window.__boot = Math.random()")
        return page

    def _complain(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and not any(part in text for part in self.expected):
            self.complaints.append(text)


@pytest.fixture
def visitors(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Make visitors; at the end none of their pages may have complained or asked another host for anything."""
    made: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        made.append(Visitor(browser, **options))
        return made[-1]

    yield make
    for visitor in made:
        visitor.context.close()
    for visitor in made:
        assert visitor.complaints == []
        assert [url for url in visitor.requests if not url.startswith(("http://127.0.0.1:", "data:"))] == []


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start servers of examples and of the apps beside these tests; stopped at the end."""
    started: list[Server] = []

    def start(target: Path, **options: Any) -> Server:
        started.append(Server(str(target), tmp_path, **options))
        return started[-1].start()

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server of the demo for the tests of a module that leave it running."""
    server = Server(str(EXAMPLES / "demo.py"), tmp_path_factory.mktemp("demo")).start()
    yield server
    server.stop()


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
