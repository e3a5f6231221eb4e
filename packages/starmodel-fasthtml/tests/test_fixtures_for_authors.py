"""The fixtures that pytest finds by itself, as the author of an application meets them: with nothing set."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

APPLICATION = """
import pytest
from typing import Annotated
from fasthtml.common import Button, P
from starmodel.adapters.fasthtml import Shared, StarModelApp, on_click, view
from starmodel.core import Entity, event
from starmodel.testing import application


class Counter(Entity):
    count: int = 0

    @event
    def increment(self) -> None:
        self.count += 1


@view
def counted(counter: Counter):
    return P(f"counted {counter.count}")


@pytest.fixture
def app(store):
    app = StarModelApp(application(Counter, stores={"memory": store}))

    @app.get("/")
    def home(counter: Annotated[Counter, Shared("one")]):
        return counted(counter), Button("+1", on_click(counter.increment))

    return app
"""

TESTS = """
async def test_two_clicks_one_lost_answer(live_page, faults):
    page = await live_page("/")
    faults.drop("answer")
    await page.click("+1")
    await page.click("+1")
    await page.until("counted 2")


async def test_the_store_is_empty_again_and_the_network_well(client, faults):
    page = await client.open("/")
    assert "counted 0" in page.text
    assert not faults.happened


async def test_a_store_that_fails_is_told(live_page, store):
    page = await live_page("/")
    store.fail("commit", ValueError("the disk is gone"))
    assert (await page.click("+1")).status == 500


class TestInAClass:
    async def test_a_browser(self, client):
        assert (await client.get("/")).status == 200


async def test_a_mistake_is_seen(live_page):
    page = await live_page("/")
    await page.until("counted 9", within=0.01)


@pytest.mark.parametrize("times", [1, 2])
async def test_with_parameters(live_page, times):
    page = await live_page("/")
    for _ in range(times):
        await page.click("+1")
    await page.until(f"counted {times}")
"""

WITHOUT_APP = """
async def test_without_an_application(client):
    pass
"""

LAZY = """
import sys

LOADED = {*sys.modules}  # before the files of the other tests are imported


def test_nothing_was_imported():
    ours = {name for name in LOADED if name.startswith("starmodel")}
    assert ours == {"starmodel", "starmodel.fixtures", "starmodel.fixtures.plugin"}
    assert not {"fasthtml", "bs4", "hypothesis"} & LOADED
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run these files the way an author would, in a process of its own, with no configuration."""
    folder = tmp_path_factory.mktemp("authors")
    files = {"test_app.py": APPLICATION + TESTS, "test_without.py": WITHOUT_APP, "test_lazy.py": LAZY}
    for name, text in files.items():
        (folder / name).write_text(text)
    others = ("no:cacheprovider", "no:hypothesispytest", "no:schemathesis", "no:xdist")
    quiet = [option for name in others for option in ("-p", name)]
    command = [sys.executable, "-m", "pytest", "-v", "-W", "error", "--tb=short", *quiet]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    first = ["test_lazy.py", "test_app.py", "test_without.py"]
    done = subprocess.run([*command, *first], cwd=folder, env=clean, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_everything_runs_that_an_author_would_write_first(run):
    assert "1 failed, 7 passed, 1 error" in run, run
    for name in ("two_clicks_one_lost_answer", "with_parameters", "a_browser"):
        assert re.search(rf"test_{name}\[(\d-)?asyncio\] PASSED", run)


def test_a_test_that_should_fail_fails_with_what_the_page_says(run):
    assert "'counted 9' did not come within 0.01 s; the page says 'counted 0 +1'" in run


def test_whoever_has_no_application_is_told_how_to_give_one(run):
    assert "write the fixture `app`" in run
    assert 'stores={"memory": store}' in run


def test_the_plugin_costs_nothing_until_it_is_used(run):
    assert "test_nothing_was_imported PASSED" in run
