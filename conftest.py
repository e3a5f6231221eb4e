"""What tests of several packages share: one Chromium, whose tests run last, one Postgres and one Redis."""

from __future__ import annotations

import gc
import os
import shutil
import sys
import sysconfig
from importlib.metadata import Distribution, EntryPoints
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser

    from rig.postgres import Postgres
    from rig.redis import Redis

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CALM = (
    *("--no-sandbox", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-gpu", "--disable-quic", "--disable-sync"),
    "--renderer-process-limit=1",  # one for each visitor: fewer to start
)
# Fixtures that hold a browser for the rest of the session.
HOLD_A_BROWSER = {"browser", "context"}
# The folders of tests that may ask for them: where ./dev looks for them.
WITH_A_BROWSER = {"browser", "e2e"}


def pytest_sessionstart() -> None:
    """Collect no garbage while thousands of tests are collected, which all stay."""
    gc.disable()
    _remember_entry_points()


def _remember_entry_points() -> None:
    """Read but once what each package of this environment offers: every application asks all of them, several times."""
    read = Distribution.entry_points.fget
    installed, known = sysconfig.get_path("purelib"), {}

    def entry_points(distribution: Distribution) -> EntryPoints:
        place = str(getattr(distribution, "_path", ""))
        if not place.startswith(installed):
            return read(distribution)
        if place not in known:
            known[place] = read(distribution)
        return known[place]

    Distribution.entry_points = property(entry_points)


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None]:
    """Mark browser tests, so that -m can choose by it, and put them last, whatever else reorders.

    Playwright keeps an event loop running in this thread, where no other can start then.
    """
    for item in items:
        if not HOLD_A_BROWSER.isdisjoint(getattr(item, "fixturenames", ())):
            if item.path.parent.name not in WITH_A_BROWSER:
                raise pytest.UsageError(f"{item.nodeid} holds a browser: put it into a folder named browser or e2e")
            item.add_marker("browser")
    yield
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_collection_finish() -> None:
    """Keep byte code of the sources only: a module that a test writes twice in a second would have one for both."""
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The installed Chromium, headless.  Open contexts of your own in it: Playwright starts once in a thread."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - most wheels are tested without Playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "the browser tests need Chromium: apt-get install chromium"  # noqa: S101 - a test's own condition
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(CALM))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A Postgres of our own on a free port, with its data in a folder that goes when it stops."""
    from rig.postgres import Postgres, PostgresMissingError  # noqa: PLC0415 - most wheels are tested without it

    try:
        server = Postgres()
    except PostgresMissingError as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """A database that is empty: whatever the test leaves in it is dropped."""
    yield f"{postgres_server.url}/postgres"
    postgres_server.empty()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis of our own on a free port, with its data in a folder that goes when it stops."""
    from rig.redis import Redis, RedisMissingError  # noqa: PLC0415 - most wheels are tested without it

    try:
        server = Redis()
    except RedisMissingError as error:
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture
def redis_url(redis_server: Redis) -> Iterator[str]:
    """A database that is empty: whatever the test leaves in it is deleted."""
    yield redis_server.url
    redis_server.empty()
